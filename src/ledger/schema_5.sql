-- Schema version 5: what is known of the tenant's method to update users.
-- The conventions are those of version 1.

-- When the tenant last said that it has none; empty once it has taken an update.
ALTER TABLE meta ADD COLUMN updates_refused_at TEXT;
