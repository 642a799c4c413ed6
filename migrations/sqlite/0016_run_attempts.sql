-- How often a run's tasks were tried.

ALTER TABLE run ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;  -- with those of sub-runs where settings.max_attempts counts them
