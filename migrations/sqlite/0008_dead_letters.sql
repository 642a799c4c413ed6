-- Dead letters with their bulk actions, and what retention needs to know of ended runs.

CREATE TABLE dead_letter (
    workspace_id BLOB NOT NULL,
    id BLOB NOT NULL,                -- UUIDv7: newest first is id descending
    run_id BLOB NOT NULL,
    flow_id BLOB NOT NULL,
    flow_version INTEGER NOT NULL,
    flow_name TEXT NOT NULL,
    step TEXT NOT NULL,              -- the path of the step that failed or whose end is unknown
    cause TEXT NOT NULL CHECK (cause IN ('failed', 'unknown')),
    code TEXT NOT NULL,              -- the error's class: upstream_failed, timeout, …; unknown
    message TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    created_at_us INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'redriven', 'discarded')),
    reason TEXT,                     -- why it was discarded, or what became of it
    decided_by TEXT,
    decided_at_us INTEGER,
    redriven_run_id BLOB,            -- the run that took it up: itself after a retry
    PRIMARY KEY (workspace_id, id)
) STRICT, WITHOUT ROWID;

-- One open letter for each step; also: what keeps its run from being removed.
CREATE UNIQUE INDEX dead_letter_open_step ON dead_letter (workspace_id, run_id, step) WHERE state = 'open';
CREATE INDEX dead_letter_of_run ON dead_letter (workspace_id, run_id);
CREATE INDEX dead_letter_open ON dead_letter (workspace_id, id) WHERE state = 'open';

CREATE TABLE bulk_action (
    workspace_id BLOB NOT NULL,
    id BLOB NOT NULL,
    kind TEXT NOT NULL,              -- dead_letters.redrive
    filter TEXT NOT NULL,            -- JSON
    state TEXT NOT NULL CHECK (state IN ('running', 'done', 'stopped', 'cancelled')),
    total INTEGER NOT NULL,          -- objects that matched when it was made
    done INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    canary INTEGER NOT NULL,         -- the first so many are awaited one by one
    rate_per_second REAL NOT NULL,
    position BLOB,                   -- the last object that was dealt with
    until_id BLOB NOT NULL,          -- later objects are not part of it
    canary_run_id BLOB,              -- the canary that is awaited
    reason TEXT,                     -- why it stopped
    created_by TEXT NOT NULL,
    created_at_us INTEGER NOT NULL,
    finished_at_us INTEGER,
    PRIMARY KEY (workspace_id, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX bulk_action_running ON bulk_action (workspace_id, id) WHERE state = 'running';

-- Set when a run ends.
ALTER TABLE run ADD COLUMN stored_bytes INTEGER NOT NULL DEFAULT 0;  -- what its journal takes, roughly
ALTER TABLE run ADD COLUMN expires_at_us INTEGER;                    -- by its flow's own retention; null: by the server's
UPDATE run SET stored_bytes = (SELECT coalesce(sum(e.value_bytes + 128), 0) FROM run_event e WHERE e.run_id = run.id)
    WHERE finished_at_us IS NOT NULL;

CREATE INDEX run_by_end ON run (finished_at_us, workspace_id, id, status, expires_at_us, stored_bytes)
    WHERE finished_at_us IS NOT NULL;
CREATE INDEX run_by_expiry ON run (expires_at_us) WHERE expires_at_us IS NOT NULL;

-- Runs whose row is gone and whose journal is being deleted piece by piece.
CREATE TABLE run_removal (
    workspace_id BLOB NOT NULL,
    run_id BLOB NOT NULL,
    PRIMARY KEY (workspace_id, run_id)
) STRICT, WITHOUT ROWID;
