-- What a run's report keeps beside its metrics: JSON by name.
CREATE TABLE run_documents (
    run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (run, name)
) WITHOUT ROWID;

-- The run that a baseline was trained for, and which baseline it is.
ALTER TABLE runs ADD COLUMN parent TEXT REFERENCES runs (id);
ALTER TABLE runs ADD COLUMN baseline TEXT;
CREATE INDEX runs_parent ON runs (parent, number);

-- How far the metrics were sent on (the number of the last one), by what they were sent to.
CREATE TABLE exporters (
    name TEXT PRIMARY KEY,
    position INTEGER NOT NULL
) WITHOUT ROWID;

-- What a run is called there.
CREATE TABLE exported_runs (
    exporter TEXT NOT NULL,
    run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    foreign_id TEXT NOT NULL,
    PRIMARY KEY (exporter, run)
) WITHOUT ROWID;
