-- Schema version 4: attempts without an end, found without reading the others,
-- which hold a whole user each. The conventions are those of version 1.

CREATE INDEX open_attempts ON attempts (plan_id, step_id) WHERE ended IS NULL;
