-- Schema version 2: rows that nobody could act on, and from which columns an
-- input was read. The conventions are those of version 1.

-- A row of an incremental HR file that is reported until something settles it.
-- Personal data: for IT.
CREATE TABLE unsettled_rows (
    row_id          TEXT PRIMARY KEY,
    listed          TEXT NOT NULL,        -- JSON: the row and what became of it
    first_listed_at TEXT NOT NULL,
    settled_at      TEXT                  -- by a later row, by a person, or by its age
) STRICT;

-- JSON: field -> header of the column that it was read from. Nothing is known of older inputs.
ALTER TABLE accepted_inputs ADD COLUMN columns TEXT NOT NULL DEFAULT '{}';
