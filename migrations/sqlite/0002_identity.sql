-- Tenants, their projects, and who may ask.

CREATE TABLE workspace (
    id            BLOB PRIMARY KEY,
    name          TEXT NOT NULL UNIQUE,
    created_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE project (
    workspace_id  BLOB NOT NULL REFERENCES workspace (id),
    id            BLOB NOT NULL,
    name          TEXT NOT NULL,
    created_at_us INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE api_key (
    workspace_id    BLOB NOT NULL REFERENCES workspace (id),
    id              BLOB NOT NULL,
    name            TEXT NOT NULL,
    project         TEXT NOT NULL,
    role            TEXT NOT NULL,
    permissions     TEXT,               -- JSON list of a key with the role "custom"; null: the role's
    prefix          TEXT NOT NULL,      -- the part that may be shown
    hash            BLOB NOT NULL UNIQUE, -- SHA-256 of the whole key
    created_by      TEXT NOT NULL,
    created_at_us   INTEGER NOT NULL,
    expires_at_us   INTEGER,
    last_used_at_us INTEGER,            -- written at most once a minute
    revoked_at_us   INTEGER,
    PRIMARY KEY (workspace_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
    workspace_id    BLOB NOT NULL REFERENCES workspace (id),
    id              BLOB NOT NULL,
    hash            BLOB NOT NULL UNIQUE, -- SHA-256 of the cookie's secret
    role            TEXT NOT NULL,
    created_at_us   INTEGER NOT NULL,
    last_used_at_us INTEGER NOT NULL,   -- it ends 24 hours later
    PRIMARY KEY (workspace_id, id)
) STRICT, WITHOUT ROWID;

-- Random bytes made once per data directory; the keys of cursors and tokens are derived from them.
CREATE TABLE instance_secret (
    name   TEXT PRIMARY KEY,
    secret BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Answers of writes that came with an Idempotency-Key; committed with the effect, kept 7 days.
CREATE TABLE idempotency_record (
    number        INTEGER PRIMARY KEY,  -- ascends with time, so that old records are found without an index
    workspace_id  BLOB NOT NULL,
    principal     TEXT NOT NULL,
    route         TEXT NOT NULL,        -- verb and pattern
    key           TEXT NOT NULL,        -- the client's
    body_hash     BLOB NOT NULL,        -- SHA-256 of path, query and body
    status        INTEGER NOT NULL,
    answer        TEXT NOT NULL,
    etag          TEXT NOT NULL,
    created_at_us INTEGER NOT NULL,
    UNIQUE (workspace_id, principal, route, key)
) STRICT;
