-- Model providers of a workspace, and names that stand for models of several of them.
CREATE TABLE provider (
    workspace_id BLOB NOT NULL,
    id BLOB NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    base_url TEXT NOT NULL,
    settings TEXT NOT NULL,             -- JSON object: what its type wants to know
    models TEXT NOT NULL,               -- JSON list, as the API has it
    enabled INTEGER NOT NULL,
    sealed_key BLOB,                    -- encrypted with the workspace's key for providers
    key_version INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    created_at_us INTEGER NOT NULL,
    updated_at_us INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE model_route (
    workspace_id BLOB NOT NULL,
    name TEXT NOT NULL,
    strategy TEXT NOT NULL CHECK (strategy IN ('priority', 'weighted', 'latency')),
    targets TEXT NOT NULL,              -- JSON list of {model, weight}
    max_attempts INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    created_at_us INTEGER NOT NULL,
    updated_at_us INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, name)
) STRICT, WITHOUT ROWID;
