-- Keys at rest: each is encrypted with the instance's root key, which is in no database.

-- The roots that were in use: what tells them apart, never a key.
CREATE TABLE root_key (
    id            TEXT PRIMARY KEY,     -- the first eight digits of its check value
    check_value   BLOB NOT NULL,        -- a MAC by the key over a constant
    salt          BLOB,                 -- of a passphrase
    origin        TEXT NOT NULL CHECK (origin IN ('credential', 'key_file', 'passphrase')),
    state         TEXT NOT NULL CHECK (state IN ('active', 'retired')),
    created_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX root_key_active ON root_key (state) WHERE state = 'active';

CREATE TABLE wrapped_key (
    workspace_id  BLOB NOT NULL,        -- sixteen zero bytes: the instance's own
    purpose       TEXT NOT NULL,
    version       INTEGER NOT NULL,     -- from 1; the greatest encrypts, the others still decrypt
    root          TEXT NOT NULL REFERENCES root_key (id),
    wrapped       BLOB NOT NULL,        -- AES-256-GCM, bound to workspace, purpose and version
    created_at_us INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, purpose, version)
) STRICT, WITHOUT ROWID;
