-- Models on their way in. The row goes when the model is there, in the same transaction; one that
-- failed stays until it is deleted, so that its model can be asked why it is not there.

CREATE TABLE imports (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    -- Of the model that it will be.
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    created REAL NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('importing', 'failed')),
    -- JSON: where it comes from.
    source TEXT NOT NULL,
    phase TEXT NOT NULL DEFAULT 'waiting',
    bytes_done INTEGER NOT NULL DEFAULT 0,
    -- 0 while it is not known.
    bytes_total INTEGER NOT NULL DEFAULT 0,
    error_code TEXT,
    error_message TEXT
);
