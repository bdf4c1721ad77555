use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{
    AccountKey, AccountRow, AccountStatus, LicenseName, OpenRequest, PersonKey, Pool, SourceRow,
    TaskRecord, TerminationId, TerminationRecord, UnsettledRow, short_digest,
};

/// The ledger's snapshot as plain data: what planning knows of earlier nights.
/// Planning takes it as an argument and never opens the ledger.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Memory {
    /// Grows with every accepted plan and every recorded outcome.
    pub generation: u64,
    /// Whether a plan was ever applied against this target.
    pub has_applied: bool,
    /// Every termination ever accepted.
    pub terminations: BTreeMap<TerminationId, TerminationRecord>,
    /// Rows of incremental HR files that nothing has settled yet.
    pub unsettled: Vec<UnsettledRow>,
    /// What was verified of accounts, newer than any report made before it.
    pub accounts: BTreeMap<AccountKey, AccountMemory>,
    /// Holds written by a review sheet or by hand, that are still in force.
    pub holds: Vec<HoldRecord>,
    /// Approvals given, by plan.
    pub approvals: BTreeMap<String, ApprovalRecord>,
    /// People whose accounts changed lately, for the limits over several days.
    pub recent: Vec<RecentPerson>,
    /// Manual tasks ever issued.
    pub tasks: BTreeMap<String, TaskRecord>,
    /// Cancellation requests that are not withdrawn or lapsed.
    pub requests: Vec<OpenRequest>,
    /// Seats on accounts per pool and night, oldest first.
    pub observations: Vec<PoolObservation>,
    /// Inputs of the accepted plans, newest last.
    pub accepted_inputs: Vec<AcceptedInput>,
    /// Accounts written by runs, with the plan that wrote them, newest last.
    pub touched: Vec<TouchedAccount>,
    /// Ids of the actions that failed when they were last tried.
    pub failed_actions: BTreeSet<String>,
    /// Whether the tenant refused to free a licence of a deactivated account.
    pub stranded_refused: bool,
    /// When the tenant last said that it has no method to update users, and has
    /// not taken an update since.
    pub updates_refused_at: Option<Timestamp>,
    /// Accounts that a run reactivated to free their licences and that were not
    /// read as deactivated again since.
    pub open_reclaims: BTreeMap<AccountKey, ReclaimRecord>,
}

impl Memory {
    /// The same with what was seen of accounts since.
    #[must_use]
    pub fn with(&self, sightings: &[Sighting]) -> Self {
        let mut memory = self.clone();
        for sighting in sightings {
            let known = memory.accounts.entry(sighting.account.clone());
            let known = known.or_insert_with(|| AccountMemory {
                status: sighting.status,
                status_at: sighting.at,
                removed: Vec::new(),
            });
            if known.status_at <= sighting.at {
                known.status = sighting.status;
                known.status_at = sighting.at;
            }
        }
        memory
    }
}

/// The status of an account that was looked up for a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sighting {
    /// The account.
    pub account: AccountKey,
    /// Its status.
    pub status: AccountStatus,
    /// When.
    pub at: Timestamp,
}

/// What the ledger verified of one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountMemory {
    /// The status last read back.
    pub status: AccountStatus,
    /// When that was.
    pub status_at: Timestamp,
    /// Licences verified as removed, one entry a seat, with the time.
    pub removed: Vec<(LicenseName, Timestamp)>,
}

/// Someone or some account not to be touched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldRecord {
    /// Employee id, e-mail, username or user id, compared without case.
    pub who: String,
    /// Why, for people.
    pub why: String,
    /// Last day of the hold; `None` for no end.
    pub until: Option<Date>,
    /// Where it is written down.
    pub source: HoldSource,
}

/// Where a hold is written down, and so where it is ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum HoldSource {
    /// A line of the holds file.
    File(SourceRow),
    /// The ledger, since a review or `tasks hold`; the first ledgers did not
    /// keep when.
    Ledger(Option<Timestamp>),
}

impl HoldRecord {
    /// `hold-5d2e…`, a digest of who is held: the ledger has one hold for each.
    pub fn id(&self) -> String {
        format!("hold-{}", short_digest(self.who.to_lowercase()))
    }

    /// Whether it still holds on this day.
    pub fn is_in_force(&self, today: Date) -> bool {
        self.until.is_none_or(|until| until >= today)
    }
}

/// One approval of one plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalRecord {
    /// Who gave it: the login name on the machine.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// One person whose account was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecentPerson {
    /// Who.
    pub person: PersonKey,
    /// The verified deactivation, if that is what happened.
    pub deactivated_at: Option<Timestamp>,
    /// The first verified licence removal, if that is what happened.
    pub removed_at: Option<Timestamp>,
    /// Whether an approval covered it; approved people do not count.
    pub approved: bool,
}

/// How one pool stood on the night of one accepted users report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolObservation {
    /// When the report was made.
    pub at: Timestamp,
    /// The pool.
    pub pool: Pool,
    /// Seats on active accounts.
    pub active: u32,
    /// Seats on deactivated accounts.
    pub stranded: u32,
    /// What else was known; nothing of the observations of older versions,
    /// whose plans have to keep their digests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stock: Option<PoolStock>,
    /// Its seats on accounts by place; nothing of older versions, and of nights
    /// that are long over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<PlaceObservation>,
}

/// Seats of a pool on the accounts of one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceObservation {
    /// The place.
    #[serde(flatten)]
    pub place: Place,
    /// Seats on active accounts.
    pub active: u32,
    /// Seats on deactivated accounts.
    pub stranded: u32,
}

/// Where a person works, as far as the users report says.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The site, or empty.
    pub site: String,
    /// The cost center, or empty.
    pub cost_center: String,
}

impl Place {
    /// Where the account's person works.
    pub fn of(row: &AccountRow) -> Self {
        Self {
            site: row.site.to_string(),
            cost_center: row.cost_center.to_string(),
        }
    }
}

impl PoolObservation {
    /// Whether the places were kept: seats on accounts are somewhere.
    pub fn knows_places(&self) -> bool {
        !self.places.is_empty() || self.active + self.stranded == 0
    }

    /// Removals that were verified after this are not in its numbers.
    pub fn removals_until(&self) -> Timestamp {
        self.stock
            .map_or(self.at, |stock| stock.removals_until.max(self.at))
    }
}

/// The seats of a pool that are on no account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolStock {
    /// Seats owned, where the licences file or a contract says.
    pub owned: Option<u32>,
    /// Seats that nobody holds. Below zero when more were assigned than were
    /// known to be free.
    pub unassigned: i64,
    /// Suspended seats without a user.
    pub suspended: u32,
    /// Seats of all requests that ever took effect.
    pub ended: u32,
    /// The latest verified removal that is in the numbers.
    pub removals_until: Timestamp,
}

/// An input file that a plan was accepted with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptedInput {
    /// `hr`, `users`, `licenses`, `holds` or `map`.
    pub role: String,
    /// Digest of its bytes, in hex.
    pub sha256: String,
    /// Data rows.
    pub rows: u64,
    /// Digest of its header row, in hex.
    pub header_fingerprint: String,
    /// Field → header of the column that it was read from; empty where an
    /// older version did not record it.
    pub columns: BTreeMap<String, String>,
    /// When the plan was accepted.
    pub at: Timestamp,
}

/// An account that a run wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TouchedAccount {
    /// The account.
    pub account: AccountKey,
    /// The plan.
    pub plan_id: String,
    /// When.
    pub at: Timestamp,
}

/// One time that an account was made active again, so that its licences could
/// be removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReclaimRecord {
    /// The plan that did it.
    pub plan_id: String,
    /// The account.
    pub account: AccountKey,
    /// The account's id at the vendor.
    pub user_id: String,
    /// The first moment at which the account can have been active.
    pub opened_at: Timestamp,
    /// When it was read as deactivated again, and nothing was under way any more.
    pub closed_at: Option<Timestamp>,
}

impl ReclaimRecord {
    /// Whole seconds, begun ones included, for which the account can have been
    /// active; `None` while nobody knows that it is over.
    pub fn seconds_alive(&self) -> Option<i64> {
        Some(seconds_between(self.opened_at, self.closed_at?))
    }
}

/// Whole seconds from one moment to a later one, begun ones included.
pub fn seconds_between(from: Timestamp, to: Timestamp) -> i64 {
    let milliseconds = to.duration_since(from).as_millis();
    i64::try_from((milliseconds + 999) / 1000).unwrap_or(i64::MAX)
}
