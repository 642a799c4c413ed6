-- Where a run came from, and how often it was taken up again.

ALTER TABLE run ADD COLUMN depth INTEGER NOT NULL DEFAULT 0;    -- sub-runs around it
ALTER TABLE run ADD COLUMN retries INTEGER NOT NULL DEFAULT 0;  -- how often the ended run was retried

CREATE INDEX run_by_parent ON run (workspace_id, parent_run_id, id) WHERE parent_run_id IS NOT NULL;

-- A failed run's call of its error flow: written with the run's end, removed with the start of the called run.
CREATE TABLE error_flow_call (
    workspace_id BLOB NOT NULL,
    run_id BLOB NOT NULL,
    flow_name TEXT NOT NULL,
    PRIMARY KEY (workspace_id, run_id)
) STRICT, WITHOUT ROWID;
