-- Schema version 10: where the seats of a pool were when they were observed.
-- The conventions are those of version 1. Nothing is known of older observations.

ALTER TABLE observations ADD COLUMN places TEXT;  -- JSON: site, cost_center, active, stranded of each; of the newest nights only
