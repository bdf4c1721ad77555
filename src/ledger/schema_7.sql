-- Schema version 7: what became of a request after it was drafted, and to whom it was
-- delivered. The conventions are those of version 1.

-- What was said with the step; unknown of older events and of steps that do not say it.
ALTER TABLE request_events ADD COLUMN case_number TEXT;   -- the vendor's
ALTER TABLE request_events ADD COLUMN handed_in_on TEXT;  -- the day on which the vendor got it
ALTER TABLE request_events ADD COLUMN effective_on TEXT;  -- the day that the vendor named
ALTER TABLE request_events ADD COLUMN fees TEXT;          -- JSON: exact amount and currency

-- A draft that reached the company's own people, once for each revision and channel. For IT
-- and finance.
CREATE TABLE deliveries (
    request_id   TEXT NOT NULL REFERENCES requests,
    revision     INTEGER NOT NULL,        -- drafted events of the request so far
    channel      TEXT NOT NULL,           -- file, webhook, email
    quantity     INTEGER NOT NULL,
    key          TEXT NOT NULL,           -- the idempotency key that it was sent with
    delivered_at TEXT NOT NULL,
    PRIMARY KEY (request_id, revision, channel)
) STRICT;
