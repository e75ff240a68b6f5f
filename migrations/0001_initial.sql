-- Times are seconds since 1970. Every listed thing has a monotonic `number` that pages go by.

CREATE TABLE datasets (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    created REAL NOT NULL,
    sha256 TEXT NOT NULL,
    summary TEXT NOT NULL
);
CREATE INDEX datasets_sha256 ON datasets (sha256);

CREATE TABLE runs (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    created REAL NOT NULL,
    updated REAL NOT NULL,
    started REAL,
    finished REAL,
    status TEXT NOT NULL
        CHECK (status IN ('queued', 'running', 'paused', 'succeeded', 'failed', 'cancelled')),
    spec TEXT NOT NULL,
    -- The base model's file when the run was created; its alias may move on.
    base_sha256 TEXT,
    -- Grows with every lease; a worker's write with an older one changes nothing.
    fence INTEGER NOT NULL DEFAULT 0,
    cancel_requested INTEGER NOT NULL DEFAULT 0,
    failures_since_checkpoint INTEGER NOT NULL DEFAULT 0,
    step INTEGER NOT NULL DEFAULT 0,
    steps INTEGER NOT NULL DEFAULT 0,
    epoch INTEGER NOT NULL DEFAULT 0,
    tokens_per_second REAL NOT NULL DEFAULT 0,
    eta_seconds REAL,
    training_seconds REAL NOT NULL DEFAULT 0,
    phase TEXT NOT NULL DEFAULT 'queued',
    error_code TEXT,
    error_message TEXT,
    model TEXT,
    checkpoint_sha256 TEXT,
    checkpoint_step INTEGER
);
CREATE INDEX runs_status ON runs (status, number);

-- The data sets a run reads. No foreign key to datasets: they may go once the run has ended.
CREATE TABLE run_datasets (
    run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    dataset TEXT NOT NULL,
    PRIMARY KEY (run, dataset)
) WITHOUT ROWID;
CREATE INDEX run_datasets_dataset ON run_datasets (dataset);

CREATE TABLE events (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    time REAL NOT NULL,
    kind TEXT NOT NULL,
    message TEXT NOT NULL
);
CREATE INDEX events_run ON events (run, number);

CREATE TABLE metrics (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    time REAL NOT NULL,
    -- Empty for values of the whole run.
    task TEXT NOT NULL,
    name TEXT NOT NULL,
    split TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    step INTEGER NOT NULL,
    -- NULL stands for NaN.
    value REAL,
    UNIQUE (run, task, name, split, step)
);
CREATE INDEX metrics_run ON metrics (run, number);

CREATE TABLE models (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    created REAL NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('base', 'finetuned')),
    base_sha256 TEXT NOT NULL,
    weights_sha256 TEXT,
    run TEXT REFERENCES runs (id),
    summary TEXT NOT NULL
);

CREATE TABLE aliases (
    name TEXT PRIMARY KEY,
    model TEXT NOT NULL REFERENCES models (id),
    updated REAL NOT NULL
) WITHOUT ROWID;

CREATE TABLE idempotency_keys (
    route TEXT NOT NULL,
    key TEXT NOT NULL,
    body_sha256 TEXT NOT NULL,
    -- What the request made.
    object TEXT NOT NULL,
    created REAL NOT NULL,
    PRIMARY KEY (route, key)
) WITHOUT ROWID;
