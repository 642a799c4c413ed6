-- The users' named files; their content is a blob, named by hash and kept by a row of blob_ref with the artifact's id.

CREATE TABLE artifact (
    workspace_id  BLOB NOT NULL,
    id            BLOB NOT NULL,
    name          TEXT NOT NULL,
    media_type    TEXT NOT NULL,
    size_bytes    INTEGER NOT NULL,
    hash          TEXT NOT NULL,    -- SHA-256, lower-case hex
    run_id        BLOB,             -- null: uploaded
    step_path     TEXT NOT NULL,
    created_by    TEXT NOT NULL,
    created_at_us INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX artifact_by_run ON artifact (workspace_id, run_id, id) WHERE run_id IS NOT NULL;
