-- The queue: where a run that has not ended stands, and what its workspace's queue was told.

ALTER TABLE job ADD COLUMN state TEXT NOT NULL DEFAULT 'running'
    CHECK (state IN ('queued', 'running', 'waiting'));           -- waiting: read back when due or needed, not at the start
ALTER TABLE job ADD COLUMN priority INTEGER NOT NULL DEFAULT 3;    -- 1 (first) to 5
ALTER TABLE job ADD COLUMN number INTEGER NOT NULL DEFAULT 0;      -- order of acceptance
ALTER TABLE job ADD COLUMN ready_at_us INTEGER NOT NULL DEFAULT 0; -- not started before
ALTER TABLE job ADD COLUMN wake_at_us INTEGER;                     -- of a waiting run: its next timer; null: none
ALTER TABLE job ADD COLUMN flow_id BLOB;                           -- with a limit: whose
ALTER TABLE job ADD COLUMN limit_runs INTEGER NOT NULL DEFAULT 0;  -- runs of the flow and key at once; 0: no limit
ALTER TABLE job ADD COLUMN limit_key TEXT NOT NULL DEFAULT '';
ALTER TABLE job ADD COLUMN inside INTEGER NOT NULL DEFAULT 0;      -- a step of another run waits for it: needs no free slot

CREATE TABLE queue (
    workspace_id BLOB NOT NULL,
    name TEXT NOT NULL,
    paused INTEGER NOT NULL,
    draining INTEGER NOT NULL,
    changed_at_us INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    PRIMARY KEY (workspace_id, name)
) STRICT, WITHOUT ROWID;

-- One row: the process that takes up runs, and when it last said that it does.
CREATE TABLE lease (
    worker BLOB NOT NULL PRIMARY KEY,
    started_at_us INTEGER NOT NULL,
    heartbeat_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
