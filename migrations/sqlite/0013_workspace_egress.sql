-- Where a workspace's requests may go, beside what the instance allows.

CREATE TABLE workspace_egress (
    workspace_id BLOB NOT NULL PRIMARY KEY,
    hosts TEXT,              -- JSON list of the only hosts; null: every host that the instance's guard lets through
    allow TEXT NOT NULL,     -- JSON list of internal addresses that are open to it
    changed_at_us INTEGER NOT NULL,
    changed_by TEXT NOT NULL
) STRICT, WITHOUT ROWID;
