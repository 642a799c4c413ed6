-- How many runs a workspace starts in its turn.

ALTER TABLE queue ADD COLUMN weight INTEGER NOT NULL DEFAULT 1 CHECK (weight BETWEEN 1 AND 100);
