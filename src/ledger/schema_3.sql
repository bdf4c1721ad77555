-- Schema version 3: since when somebody is on hold, and when that was ended.
-- The conventions are those of version 1.

ALTER TABLE holds ADD COLUMN since TEXT;     -- unknown of older holds
ALTER TABLE holds ADD COLUMN ended_at TEXT;  -- by a person
