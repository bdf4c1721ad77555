-- Schema version 8: what else was known of a pool when its seats were observed.
-- The conventions are those of version 1. Nothing is known of older observations.

ALTER TABLE observations ADD COLUMN stock TEXT;  -- JSON: owned, unassigned, suspended, ended, removals_until
