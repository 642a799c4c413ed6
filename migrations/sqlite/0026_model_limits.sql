-- Limits on calls of models: how many requests and tokens a minute, and which models, by whose call it is.
CREATE TABLE model_limit (
    workspace_id        BLOB NOT NULL REFERENCES workspace (id),
    id                  BLOB NOT NULL,
    scope_type          TEXT NOT NULL CHECK (scope_type IN ('workspace', 'project', 'agent', 'flow', 'api_key', 'user', 'model')),
    scope_id            TEXT NOT NULL,     -- a name or an id, as a budget's; empty for workspace
    model               TEXT NOT NULL,     -- of these models alone: a name, or a beginning and *; empty: of all
    requests_per_minute INTEGER CHECK (requests_per_minute > 0),
    tokens_per_minute   INTEGER CHECK (tokens_per_minute > 0),
    models              TEXT,              -- JSON list: these may be called; null: all
    revision            INTEGER NOT NULL,  -- counts every change, for If-Match
    created_by          TEXT NOT NULL,
    created_at_us       INTEGER NOT NULL,
    updated_at_us       INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, scope_type, scope_id, model)
) STRICT, WITHOUT ROWID;
