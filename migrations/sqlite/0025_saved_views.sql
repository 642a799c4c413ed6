-- What people have set on a list of the dashboard, under a name.
CREATE TABLE saved_view (
    workspace_id  BLOB NOT NULL REFERENCES workspace (id),
    id            BLOB NOT NULL,
    owner         TEXT NOT NULL,        -- id of a principal: usr_…, key_…, local
    page          TEXT NOT NULL,        -- runs, dead-letters, …
    name          TEXT NOT NULL,
    search        TEXT NOT NULL,        -- the page's search parameters, as they stand in its address
    shared        INTEGER NOT NULL,     -- 1: everybody in the workspace sees it
    revision      INTEGER NOT NULL,     -- counts every change, for If-Match
    created_at_us INTEGER NOT NULL,
    updated_at_us INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, owner, page, name)
) STRICT, WITHOUT ROWID;

-- With the flow, so that the runs of one flow are told apart and counted in the index alone. It has no entry for a run that runs
-- or succeeded, as before: a run's usual way costs nothing here.
DROP INDEX run_by_status;
CREATE INDEX run_by_status ON run (workspace_id, status, id, flow_id) WHERE status NOT IN ('succeeded', 'running');
