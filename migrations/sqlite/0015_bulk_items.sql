-- Bulk actions on runs, and what became of each object of a bulk action.

ALTER TABLE bulk_action ADD COLUMN options TEXT NOT NULL DEFAULT '{}';  -- JSON: how it is done to each object

CREATE TABLE bulk_item (
    workspace_id BLOB NOT NULL,
    bulk_id BLOB NOT NULL,
    object_id BLOB NOT NULL,         -- a run or a dead letter, by the action's kind
    run_id BLOB,                     -- the run that goes on, was made or was cancelled; null: it was refused
    code TEXT,                       -- why it was refused
    message TEXT,
    at_us INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, bulk_id, object_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX bulk_item_refused ON bulk_item (workspace_id, bulk_id, object_id) WHERE run_id IS NULL;
CREATE INDEX bulk_action_by_end ON bulk_action (finished_at_us) WHERE finished_at_us IS NOT NULL;
