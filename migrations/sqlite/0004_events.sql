-- The outbox. Rows are small and only ever appended at the end of their workspace, so one tree without rowid is enough.

CREATE TABLE event (
    workspace_id BLOB NOT NULL,
    number       INTEGER NOT NULL,  -- gapless in commit order; given by the one writer inside the unit
    id           BLOB NOT NULL,
    type         TEXT NOT NULL,
    subject      TEXT NOT NULL,
    at_us        INTEGER NOT NULL,
    data         TEXT NOT NULL,     -- JSON object
    PRIMARY KEY (workspace_id, number)
) STRICT, WITHOUT ROWID;
