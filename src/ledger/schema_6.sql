-- Schema version 6: reclaims. The conventions are those of version 1.

-- One time that an account was made active again, so that its licences could be
-- removed. An account that is not closed is to be deactivated before anything
-- else is done. For IT and auditors.
CREATE TABLE reclaims (
    ordinal   INTEGER PRIMARY KEY AUTOINCREMENT,
    plan_id   TEXT NOT NULL REFERENCES plans,
    account   TEXT NOT NULL,
    user_id   TEXT NOT NULL,              -- the account's id at the vendor
    opened_at TEXT NOT NULL,              -- before the reactivation was sent
    closed_at TEXT                        -- read as deactivated, with nothing under way
) STRICT;

CREATE UNIQUE INDEX open_reclaims ON reclaims (account) WHERE closed_at IS NULL;
