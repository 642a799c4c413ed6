-- Runs, their journal, and the jobs of runs that have not ended.

CREATE TABLE run (
    workspace_id BLOB NOT NULL,
    id BLOB NOT NULL,                -- UUIDv7: newest first is id descending
    flow_id BLOB NOT NULL,
    flow_version INTEGER NOT NULL,
    flow_name TEXT NOT NULL,         -- as it was at the start
    project TEXT NOT NULL,
    trigger TEXT NOT NULL,           -- api | cli | …
    status TEXT NOT NULL CHECK (status IN
        ('queued', 'running', 'waiting', 'paused', 'succeeded', 'failed', 'cancelled', 'timed_out')),
    created_at_us INTEGER NOT NULL,
    started_at_us INTEGER,
    finished_at_us INTEGER,
    error TEXT,                      -- JSON {code, message, step}
    steps INTEGER NOT NULL DEFAULT 0,
    input_tokens INTEGER NOT NULL DEFAULT 0,
    output_tokens INTEGER NOT NULL DEFAULT 0,
    cost_nano_usd INTEGER NOT NULL DEFAULT 0,
    simulated INTEGER NOT NULL DEFAULT 0,
    parent_run_id BLOB,
    PRIMARY KEY (workspace_id, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX run_by_flow ON run (workspace_id, flow_id, id);
-- Succeeded and running runs are found through the primary key and the jobs; the rest are few and looked for.
CREATE INDEX run_by_status ON run (workspace_id, status, id) WHERE status NOT IN ('succeeded', 'running');

CREATE TABLE run_event (
    workspace_id BLOB NOT NULL,
    run_id BLOB NOT NULL,
    seq INTEGER NOT NULL,            -- from 1, gapless
    kind TEXT NOT NULL,              -- step.succeeded, …
    at_us INTEGER NOT NULL,
    path TEXT NOT NULL,              -- of the step; empty for the run's own
    attempt INTEGER NOT NULL,
    data TEXT,                       -- JSON: ports, usage, times
    value TEXT,                      -- JSON: input, output or error, up to 64 KiB
    value_blob TEXT,                 -- the hash of a larger one
    value_bytes INTEGER NOT NULL,    -- size of the JSON text
    PRIMARY KEY (run_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE job (
    workspace_id BLOB NOT NULL,
    run_id BLOB NOT NULL,
    worker BLOB NOT NULL,            -- the boot that holds it: the fence of every later commit
    created_at_us INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, run_id)
) STRICT, WITHOUT ROWID;
