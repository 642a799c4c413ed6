-- What a key is limited to, the workspaces' own roles, who started a run, and where objects belong.

ALTER TABLE api_key ADD COLUMN scope TEXT;           -- JSON {"projects": [names], "flows": [names]}; null: the whole workspace
ALTER TABLE api_key ADD COLUMN networks TEXT;        -- JSON list of CIDR; null: from anywhere
ALTER TABLE api_key ADD COLUMN rate_per_second REAL; -- of its own; null: the setting
ALTER TABLE api_key ADD COLUMN rate_burst REAL;
ALTER TABLE api_key ADD COLUMN last_address TEXT;    -- written with last_used_at_us

CREATE TABLE workspace_role (
    workspace_id  BLOB NOT NULL REFERENCES workspace (id),
    id            BLOB NOT NULL,
    name          TEXT NOT NULL,
    description   TEXT NOT NULL,
    permissions   TEXT NOT NULL,    -- JSON list
    created_by    TEXT NOT NULL,
    created_at_us INTEGER NOT NULL,
    updated_at_us INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, name)
) STRICT, WITHOUT ROWID;

ALTER TABLE run ADD COLUMN started_by_kind TEXT;     -- api_key, user, …, run, bulk_action; null: before this was kept
ALTER TABLE run ADD COLUMN started_by TEXT;          -- the id

-- Of the run that made it; empty: uploaded.
ALTER TABLE artifact ADD COLUMN project TEXT NOT NULL DEFAULT '';
ALTER TABLE artifact ADD COLUMN flow TEXT NOT NULL DEFAULT '';
UPDATE artifact SET (project, flow) = (SELECT r.project, r.flow_name FROM run r WHERE r.workspace_id = artifact.workspace_id
                                       AND r.id = artifact.run_id)
    WHERE EXISTS (SELECT 1 FROM run r WHERE r.workspace_id = artifact.workspace_id AND r.id = artifact.run_id);

ALTER TABLE dead_letter ADD COLUMN project TEXT NOT NULL DEFAULT '';
UPDATE dead_letter SET project = (SELECT r.project FROM run r WHERE r.workspace_id = dead_letter.workspace_id AND r.id = dead_letter.run_id)
    WHERE EXISTS (SELECT 1 FROM run r WHERE r.workspace_id = dead_letter.workspace_id AND r.id = dead_letter.run_id);
