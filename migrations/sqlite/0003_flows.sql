-- Flows and their immutable versions.

CREATE TABLE flow (
    workspace_id   BLOB NOT NULL REFERENCES workspace (id),
    id             BLOB NOT NULL,
    name           TEXT NOT NULL,
    project        TEXT NOT NULL,       -- name of a row of project; projects are not renamed
    description    TEXT NOT NULL,
    live_version   INTEGER NOT NULL,    -- 0: none
    latest_version INTEGER NOT NULL,
    revision       INTEGER NOT NULL,    -- raised by every change; the ETag
    created_at_us  INTEGER NOT NULL,
    updated_at_us  INTEGER NOT NULL,
    deleted_at_us  INTEGER,             -- set: only its runs know it, and its name is free
    PRIMARY KEY (workspace_id, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX flow_name ON flow (workspace_id, name) WHERE deleted_at_us IS NULL;
CREATE INDEX flow_project ON flow (workspace_id, project, id) WHERE deleted_at_us IS NULL;

-- Rows are never changed or deleted: runs name them.
CREATE TABLE flow_version (
    workspace_id  BLOB NOT NULL,
    flow_id       BLOB NOT NULL,
    version       INTEGER NOT NULL,     -- from 1
    document      TEXT NOT NULL,        -- canonical JSON
    content_hash  TEXT NOT NULL,        -- SHA-256 of the document with sorted keys, hexadecimal
    note          TEXT NOT NULL,
    created_by    TEXT NOT NULL,        -- id of a principal
    created_at_us INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, flow_id, version),
    FOREIGN KEY (workspace_id, flow_id) REFERENCES flow (workspace_id, id)
) STRICT;
