-- Budgets, how their periods stand, what calls cost, and what a crash left open.

CREATE TABLE budget (
    workspace_id     BLOB NOT NULL REFERENCES workspace (id),
    id               BLOB NOT NULL,
    scope_type       TEXT NOT NULL CHECK (scope_type IN ('instance', 'workspace', 'project', 'agent', 'flow', 'run', 'session',
                                                         'api_key', 'user', 'model', 'tag')),
    scope_id         TEXT NOT NULL,        -- a name or an id; empty for instance and workspace
    time_window      TEXT NOT NULL CHECK (time_window IN ('hour', 'day', 'week', 'month', 'total')),
    limit_nano_usd   INTEGER NOT NULL CHECK (limit_nano_usd >= 0),
    action           TEXT NOT NULL CHECK (action IN ('block', 'require_approval', 'downgrade', 'warn')),
    downgrade_to     TEXT NOT NULL,        -- a model, of the action downgrade
    time_zone        TEXT NOT NULL,        -- IANA
    carry_over       INTEGER NOT NULL,
    alerts           TEXT NOT NULL,        -- JSON: percents of the limit, ascending
    raised_nano_usd  INTEGER NOT NULL CHECK (raised_nano_usd >= 0),
    raised_until_us  INTEGER NOT NULL,     -- 0: no raise
    revision         INTEGER NOT NULL,     -- counts every change, for If-Match
    created_by       TEXT NOT NULL,
    created_at_us    INTEGER NOT NULL,
    updated_at_us    INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, scope_type, scope_id, time_window)
) STRICT, WITHOUT ROWID;

-- The newest row of a budget is its present period; it is made when the first call after the turn is admitted.
CREATE TABLE budget_period (
    workspace_id     BLOB NOT NULL,        -- the budget's
    budget_id        BLOB NOT NULL,
    period_start_us  INTEGER NOT NULL,
    period_end_us    INTEGER,              -- null: never
    spent_nano_usd   INTEGER NOT NULL CHECK (spent_nano_usd >= 0),      -- settled, with unknown entries
    unknown_nano_usd INTEGER NOT NULL CHECK (unknown_nano_usd >= 0),    -- of that: open unknown entries
    granted_nano_usd INTEGER NOT NULL CHECK (granted_nano_usd >= 0),    -- the tranche that the running process draws from
    carried_nano_usd INTEGER NOT NULL,     -- what the period before left, added to the limit
    alerted_percent  INTEGER NOT NULL,     -- the highest alert that was written
    exceeded         INTEGER NOT NULL,     -- 1: the event of that was written
    PRIMARY KEY (workspace_id, budget_id, period_start_us),
    FOREIGN KEY (workspace_id, budget_id) REFERENCES budget (workspace_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX budget_period_granted ON budget_period (granted_nano_usd) WHERE granted_nano_usd > 0;

-- What a process that ended without a word had granted and not settled; spent until a person says otherwise.
CREATE TABLE budget_unknown (
    workspace_id      BLOB NOT NULL,
    id                BLOB NOT NULL,
    budget_id         BLOB NOT NULL,
    period_start_us   INTEGER NOT NULL,
    at_us             INTEGER NOT NULL,    -- when it was found
    amount_nano_usd   INTEGER NOT NULL,
    resolved_nano_usd INTEGER,             -- what it really was; null: open
    resolved_by       TEXT NOT NULL,
    resolved_at_us    INTEGER,
    reason            TEXT NOT NULL,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, budget_id) REFERENCES budget (workspace_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX budget_unknown_of_budget ON budget_unknown (workspace_id, budget_id, id);

-- One row a call of a model. Ids are UUIDv7: a range of time is a range of ids.
CREATE TABLE spend (
    workspace_id     BLOB NOT NULL,
    id               BLOB NOT NULL,        -- made when the call began
    at_us            INTEGER NOT NULL,     -- when it was settled
    status           TEXT NOT NULL CHECK (status IN ('ok', 'failed', 'aborted', 'unknown', 'cached', 'refused')),
    kind             TEXT NOT NULL,        -- chat | embedding | …
    door             TEXT NOT NULL,        -- where it came in: openai.chat, flow, …
    provider         TEXT NOT NULL,
    model            TEXT NOT NULL,
    requested_model  TEXT NOT NULL,
    project          TEXT NOT NULL,
    agent            TEXT NOT NULL,
    flow             TEXT NOT NULL,
    run_id           TEXT NOT NULL,
    step             TEXT NOT NULL,        -- path of the step, of a flow's call
    session          TEXT NOT NULL,
    api_key_id       TEXT NOT NULL,
    user_id          TEXT NOT NULL,
    tags             TEXT,                 -- JSON list; null: none
    cost_nano_usd    INTEGER NOT NULL,
    held_nano_usd    INTEGER NOT NULL,
    estimated        INTEGER NOT NULL,     -- 1: counted here, not by the provider
    streamed         INTEGER NOT NULL,
    input_uncached   INTEGER NOT NULL,     -- tokens, as the ones below
    cache_read       INTEGER NOT NULL,
    cache_write_5m   INTEGER NOT NULL,
    cache_write_1h   INTEGER NOT NULL,
    output_visible   INTEGER NOT NULL,
    output_reasoning INTEGER NOT NULL,
    price_version    TEXT NOT NULL,
    request_id       TEXT NOT NULL,        -- the provider's
    duration_us      INTEGER NOT NULL,
    first_token_us   INTEGER NOT NULL,
    attempts         INTEGER NOT NULL,
    raw_usage        TEXT NOT NULL,        -- JSON, as the provider sent it
    tool_uses        TEXT NOT NULL,        -- JSON
    route            TEXT NOT NULL,        -- JSON: the targets that were tried
    error            TEXT NOT NULL,
    PRIMARY KEY (workspace_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX spend_of_run ON spend (workspace_id, run_id, id) WHERE run_id <> '';
