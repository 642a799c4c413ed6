-- Secrets of a workspace: names and bindings in clear, values under two keys.

CREATE TABLE secret (
    workspace_id  BLOB NOT NULL REFERENCES workspace (id),
    id            BLOB NOT NULL,
    name          TEXT NOT NULL,
    description   TEXT NOT NULL,
    bindings      TEXT NOT NULL,        -- JSON: where it may be used
    version       INTEGER NOT NULL,     -- the one in use, from 1
    revision      INTEGER NOT NULL,     -- counts every change, for If-Match
    created_by    TEXT NOT NULL,
    created_at_us INTEGER NOT NULL,
    updated_at_us INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE secret_version (
    workspace_id  BLOB NOT NULL,
    secret_id     BLOB NOT NULL,
    version       INTEGER NOT NULL,
    key_version   INTEGER NOT NULL,     -- of the workspace's key that wraps the data key
    data_key      BLOB NOT NULL,        -- made for this version alone
    value         BLOB NOT NULL,        -- encrypted with the data key
    created_by    TEXT NOT NULL,
    created_at_us INTEGER NOT NULL,
    ends_at_us    INTEGER,              -- a replaced version: a day after that
    PRIMARY KEY (workspace_id, secret_id, version),
    FOREIGN KEY (workspace_id, secret_id) REFERENCES secret (workspace_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX secret_version_ending ON secret_version (ends_at_us) WHERE ends_at_us IS NOT NULL;
