-- Guardrails: what calls of models are judged by. And what is kept of calls, and for how long.

CREATE TABLE guardrail (
    workspace_id  BLOB NOT NULL REFERENCES workspace (id),
    id            BLOB NOT NULL,
    name          TEXT NOT NULL,
    enabled       INTEGER NOT NULL,
    position      INTEGER NOT NULL,     -- rules are asked in this order, then by name
    direction     TEXT NOT NULL CHECK (direction IN ('input', 'output', 'both')),
    applies       TEXT NOT NULL,        -- JSON: {"models", "api_keys", "flows", "projects"}, lists
    rule          TEXT NOT NULL,        -- JSON: what is looked for, and what happens then
    revision      INTEGER NOT NULL,     -- counts every change, for If-Match
    created_by    TEXT NOT NULL,
    created_at_us INTEGER NOT NULL,
    updated_at_us INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, name)
) STRICT, WITHOUT ROWID;

-- A workspace without a row keeps nothing.
CREATE TABLE content_policy (
    workspace_id  BLOB PRIMARY KEY REFERENCES workspace (id),
    keep          TEXT NOT NULL CHECK (keep IN ('none', 'errors', 'all')),
    retention_us  INTEGER NOT NULL CHECK (retention_us > 0),
    revision      INTEGER NOT NULL,
    updated_by    TEXT NOT NULL,
    updated_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What was asked and answered in a call, in a blob that its row of spend owns.
CREATE TABLE spend_content (
    workspace_id  BLOB NOT NULL,
    spend_id      BLOB NOT NULL,
    hash          TEXT NOT NULL,        -- of the blob
    size_bytes    INTEGER NOT NULL,
    expires_at_us INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, spend_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX spend_content_expiry ON spend_content (expires_at_us);

-- JSON list of the rules that found something: {"rule", "direction", "kind", "action", "count"}. Never what they found.
ALTER TABLE spend ADD COLUMN guardrails TEXT NOT NULL DEFAULT '';
