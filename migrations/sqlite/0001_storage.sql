-- Storage's own tables. The list of applied migrations (schema_migration) is made by the migrator itself.

-- Who needs a blob file; a file without a row here is collected. One owner may hold several blobs.
CREATE TABLE blob_ref (
    workspace_id BLOB NOT NULL,
    owner BLOB NOT NULL,        -- raw bytes of the owner's id (a run, an artifact, …)
    hash TEXT NOT NULL,         -- lower-case SHA-256 of the content, also the file's name
    size_bytes INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, owner, hash)
) STRICT, WITHOUT ROWID;

CREATE INDEX blob_ref_by_hash ON blob_ref (workspace_id, hash);
