-- Schema version 1 of the ledger: what seatsweep remembers between runs.
--
-- The file is for its owner only (mode 0600): it holds names, addresses and
-- telephone settings. Nothing of it is logged. Conventions: ids are text;
-- `*_at` is run-clock time as RFC 3339 in UTC with nine decimals, so that the
-- order of the text is the order in time; `*_wall_ms` is wall-clock time in Unix
-- milliseconds; dates are YYYY-MM-DD; 0 and 1 stand for no and yes.

-- The one row that says whose ledger this is. Anybody may be told.
CREATE TABLE meta (
    only_row            INTEGER PRIMARY KEY CHECK (only_row = 1),
    tenant              TEXT NOT NULL,
    target              TEXT NOT NULL,
    customer_id         TEXT,             -- once the vendor's API or the configuration said it
    created_wall_ms     INTEGER NOT NULL,
    generation          INTEGER NOT NULL DEFAULT 0,
    stranded_refused_at TEXT              -- when the tenant first refused to free a deactivated account's seat
) STRICT;

-- A plan that was saved. The document holds names and addresses: for IT.
CREATE TABLE plans (
    plan_id     TEXT PRIMARY KEY,
    document    TEXT NOT NULL,            -- plan.json as written
    made_at     TEXT NOT NULL,
    accepted_at TEXT                      -- when its guards were passed and its baselines taken over
) STRICT;

-- A run, begun and usually finished. No personal data but the approver's login: for IT and auditors.
CREATE TABLE runs (
    ordinal          INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id           TEXT NOT NULL UNIQUE,
    plan_id          TEXT NOT NULL REFERENCES plans,
    command          TEXT NOT NULL,
    as_of            TEXT NOT NULL,
    started_at       TEXT NOT NULL,
    started_wall_ms  INTEGER NOT NULL,
    approved_by      TEXT,
    finished_at      TEXT,
    finished_wall_ms INTEGER,
    exit_code        INTEGER,
    exit_codes       TEXT,                -- JSON: every code that applied
    superseded_by    TEXT REFERENCES runs (run_id)
) STRICT;

-- An input file of an accepted plan, against which the next one is measured. Digests only.
CREATE TABLE accepted_inputs (
    ordinal            INTEGER PRIMARY KEY AUTOINCREMENT,
    plan_id            TEXT NOT NULL REFERENCES plans,
    role               TEXT NOT NULL,
    sha256             TEXT NOT NULL,
    rows               INTEGER NOT NULL,
    header_fingerprint TEXT NOT NULL,
    accepted_at        TEXT NOT NULL
) STRICT;

-- One person leaving on one date, with all that is known of it. Personal data: for IT and auditors.
CREATE TABLE terminations (
    termination_id   TEXT PRIMARY KEY,
    listed           TEXT NOT NULL,       -- JSON: the termination as HR listed it
    account          TEXT,
    user_id          TEXT,
    account_username TEXT,
    matched_by       TEXT NOT NULL,
    state            TEXT NOT NULL,       -- open, spent, settled, closed; never backwards
    first_listed_at  TEXT NOT NULL,
    deactivated_at   TEXT,
    approved         INTEGER NOT NULL,
    vanished_at      TEXT
) STRICT;

-- One intent to write one account, recorded before the write is sent. The
-- before-image is the whole user with name and telephone settings: for undo
-- and for IT, never printed.
CREATE TABLE attempts (
    plan_id              TEXT NOT NULL REFERENCES plans,
    step_id              TEXT NOT NULL,
    attempt              INTEGER NOT NULL,
    account              TEXT NOT NULL,
    user_id              TEXT NOT NULL,
    before_image         TEXT NOT NULL,   -- JSON: the user as read
    wanted               TEXT NOT NULL,   -- JSON: what the step wants
    request_id           TEXT,
    intended_at          TEXT NOT NULL,
    operation_id         TEXT,
    operation_started_at TEXT,
    ended                TEXT,            -- changed, not_applied, failed, unknown
    ended_at             TEXT,
    PRIMARY KEY (plan_id, step_id, attempt)
) STRICT;

-- How one action of one plan ended. For IT and auditors. No reference to runs:
-- what an earlier run left open is settled before the next run begins.
CREATE TABLE outcomes (
    plan_id   TEXT NOT NULL REFERENCES plans,
    action_id TEXT NOT NULL,
    run_id    TEXT NOT NULL,
    record    TEXT NOT NULL,              -- JSON: the whole outcome
    outcome   TEXT NOT NULL GENERATED ALWAYS AS (record ->> '$.outcome') VIRTUAL,
    PRIMARY KEY (plan_id, action_id)
) STRICT;

-- Who approved a plan: a login name. For auditors. No reference to plans: an
-- approval may be given before the plan is saved here.
CREATE TABLE approvals (
    plan_id     TEXT PRIMARY KEY,
    approved_by TEXT NOT NULL,
    approved_at TEXT NOT NULL
) STRICT;

-- Someone or some account not to be touched; the latest word counts. Personal data: for IT.
CREATE TABLE holds (
    folded_who TEXT PRIMARY KEY,          -- in lower case: holds are compared without case
    who        TEXT NOT NULL,
    why        TEXT NOT NULL,
    until_date TEXT                       -- last day; without it there is no end
) STRICT;

-- A manual task, issued once. For whoever does it.
CREATE TABLE tasks (
    task_id     TEXT PRIMARY KEY,
    kind        TEXT NOT NULL,
    termination TEXT,
    state       TEXT NOT NULL,            -- open, done, observed
    due_at      TEXT,
    issued_at   TEXT NOT NULL,
    closed_at   TEXT
) STRICT;

-- A partial-cancellation request as it stands now. No personal data: for IT and finance.
CREATE TABLE requests (
    request_id   TEXT PRIMARY KEY,
    license      TEXT NOT NULL,
    country      TEXT NOT NULL,
    term_ends    TEXT NOT NULL,
    quantity     INTEGER NOT NULL,
    state        TEXT NOT NULL,
    effective_on TEXT,
    drafted_at   TEXT NOT NULL
) STRICT;

-- Every change of a request, in order. For IT and finance.
CREATE TABLE request_events (
    ordinal    INTEGER PRIMARY KEY AUTOINCREMENT,
    request_id TEXT NOT NULL REFERENCES requests,
    at         TEXT NOT NULL,
    state      TEXT NOT NULL,
    quantity   INTEGER NOT NULL,
    note       TEXT NOT NULL              -- case number, fees, or empty
) STRICT;

-- Seats of one pool on accounts in one accepted users report. For IT and finance.
CREATE TABLE observations (
    at       TEXT NOT NULL,
    license  TEXT NOT NULL,
    country  TEXT NOT NULL,
    active   INTEGER NOT NULL,
    stranded INTEGER NOT NULL,
    PRIMARY KEY (at, license, country)
) STRICT;

-- The status of one account as last read back. For IT and auditors.
CREATE TABLE account_memory (
    account   TEXT PRIMARY KEY,
    status    TEXT NOT NULL,              -- active, inactive
    status_at TEXT NOT NULL
) STRICT;

-- One seat verified as removed from an account. For IT, auditors and finance.
CREATE TABLE removed_licenses (
    ordinal    INTEGER PRIMARY KEY AUTOINCREMENT,
    account    TEXT NOT NULL REFERENCES account_memory,
    license    TEXT NOT NULL,             -- JSON: the licence's name, taken apart
    removed_at TEXT NOT NULL
) STRICT;

-- The first verified deactivation and the first verified removal of a
-- termination, which the limits over several days count. For IT.
CREATE TABLE recent_people (
    termination_id TEXT NOT NULL REFERENCES terminations,
    change         TEXT NOT NULL,         -- deactivated, removed
    at             TEXT NOT NULL,
    approved       INTEGER NOT NULL,
    PRIMARY KEY (termination_id, change)
) STRICT;

-- An account that a plan's run wrote, with the latest time. For IT.
CREATE TABLE touched (
    account TEXT NOT NULL,
    plan_id TEXT NOT NULL,
    at      TEXT NOT NULL,
    PRIMARY KEY (account, plan_id)
) STRICT;

-- One request sent to the vendor in the last two minutes, for the next run's limiter. No personal data.
CREATE TABLE sends (
    ordinal      INTEGER PRIMARY KEY,
    sent_wall_ms INTEGER NOT NULL
) STRICT;
