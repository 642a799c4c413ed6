-- Drafts, pinned sample outputs, and the hidden versions that runs of drafts name.

CREATE TABLE flow_draft (
    workspace_id  BLOB NOT NULL,
    flow_id       BLOB NOT NULL,
    owner         TEXT NOT NULL,        -- whose it is: key_…, or local for the machine's owner and the browsers they signed in
    document      TEXT NOT NULL,        -- JSON as it was sent: it may be invalid
    based_on      INTEGER NOT NULL,     -- the version that was edited
    revision      INTEGER NOT NULL,     -- raised by every change; with created_at_us the ETag
    created_at_us INTEGER NOT NULL,
    updated_at_us INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, flow_id, owner),
    FOREIGN KEY (workspace_id, flow_id) REFERENCES flow (workspace_id, id)
) STRICT;

-- A sample output of a node, used by runs of drafts instead of executing it.
CREATE TABLE flow_pin (
    workspace_id  BLOB NOT NULL,
    flow_id       BLOB NOT NULL,
    node          TEXT NOT NULL,        -- its id; a version that has such a node need not exist yet
    output        TEXT NOT NULL,        -- JSON
    size_bytes    INTEGER NOT NULL,     -- of output, so that lists and sums do not read it
    content_hash  TEXT NOT NULL,        -- SHA-256 of output, hexadecimal; the ETag
    updated_by    TEXT NOT NULL,        -- id of a principal
    updated_at_us INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, flow_id, node),
    FOREIGN KEY (workspace_id, flow_id) REFERENCES flow (workspace_id, id)
) STRICT;

-- A run of a draft names a hidden version, a row of flow_version as others are, so that it can be read back after a
-- restart in the same way. Hidden versions have negative numbers, -1, -2, … per flow: they stand in no list (lists ask for
-- numbers above 0), cannot be live, and cannot meet the number of a version to come. One content has one hidden version, and
-- a number that was given is never given again, also when its version has been removed.
ALTER TABLE flow ADD COLUMN hidden_versions INTEGER NOT NULL DEFAULT 0;  -- numbers given so far
ALTER TABLE flow_version ADD COLUMN frozen_at_us INTEGER;                -- of a hidden version: when a run last asked for it

CREATE UNIQUE INDEX flow_version_hidden ON flow_version (workspace_id, flow_id, content_hash) WHERE version < 0;
CREATE INDEX flow_version_frozen ON flow_version (frozen_at_us) WHERE version < 0;
-- Whether a run names a hidden version; runs of published versions are not in it.
CREATE INDEX run_of_hidden_version ON run (workspace_id, flow_id, flow_version) WHERE flow_version < 0;
