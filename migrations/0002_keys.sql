-- API keys. The key itself is shown once, when it is made; only its digest is kept.

CREATE TABLE api_keys (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    created REAL NOT NULL,
    -- SHA-256 of the key, lower-case hex.
    digest TEXT NOT NULL UNIQUE,
    -- A JSON array of names.
    scopes TEXT NOT NULL,
    -- NULL: no limit.
    requests_per_minute INTEGER,
    concurrent INTEGER,
    revoked REAL
);
