use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Channel, Money, Pool};

/// Everything an administrator decides that changes what a plan holds. It is
/// written into every plan, so that a plan explains itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// IANA zone in which dates end, e.g. `America/Los_Angeles`.
    pub time_zone: String,
    /// Zones of sites that differ from it, by site name in lower case.
    pub site_time_zones: BTreeMap<String, String>,
    /// Whether HR's file holds every leaver or only news.
    pub hr_file: HrFileKind,
    /// Which of status and date is believed.
    pub trust: Trust,
    /// When on its date a termination takes effect.
    pub effective: Effective,
    /// Which date acts.
    pub act_on: ActOn,
    /// Whole days between taking effect and deactivation.
    pub deactivate_after_days: u16,
    /// Whole days between the verified deactivation and licence removal.
    pub remove_license_after_days: u16,
    /// What to do about licences on deactivated accounts.
    pub stranded_seats: StrandedSeats,
    /// What licence removal waits for besides its date.
    pub data_gate: DataGate,
    /// Licences left in place: `storage`, `number`, or words of a name.
    pub keep_licenses: Vec<String>,
    /// Which plans need an approval.
    pub approval: ApprovalPolicy,
    /// Hours after which a plan may not be started any more.
    pub plan_max_age_hours: u32,
    /// A termination older than this, in days, and new to the ledger is held.
    pub max_termination_age_days: u16,
    /// Usernames and e-mails never to touch, in lower case.
    pub protected: BTreeSet<String>,
    /// Usernames and e-mails that must be in the users report, in lower case.
    pub canaries: BTreeSet<String>,
    /// The company's e-mail domains, in lower case; empty if nobody said which
    /// these are. They only make better suggestions, never a match.
    pub identity_domains: BTreeSet<String>,
    /// Which accounts an identity provider manages.
    pub idp: IdentityProvider,
    /// The date of the seat counts in the licences file, if it is said.
    pub seats_as_of: Option<Date>,
    /// Contracts, in the order written.
    pub contracts: Vec<Contract>,
    /// Seats that are kept for people who join.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub planned_joiners: Vec<PlannedJoiners>,
    /// How accounts are deactivated: by an API, or by a person.
    pub deactivate_by: Channel,
    /// Whether the Administration API or a person removes licences.
    pub remove_by_hand: bool,
    /// What stands in for a deactivation where the tenant has no method to
    /// update users: SCIM, a person, or nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deactivate_fallback: Option<Channel>,
    /// The same for removals: a person, or nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remove_license_fallback: Option<Channel>,
}

/// What a file from HR holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HrFileKind {
    /// Every leaver stays in it; a row that vanished was taken back.
    Cumulative,
    /// Only what is new since the last file.
    Incremental,
}

/// Which of HR's statements decides that somebody leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// Status and date must agree.
    Both,
    /// Only the date counts.
    Date,
    /// Only the status counts.
    Status,
}

/// When on its date a termination takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effective {
    /// At the end of the day.
    EndOfDay,
    /// At its beginning.
    StartOfDay,
    /// As soon as the status says so.
    OnStatus,
}

/// Which date of a row acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActOn {
    /// The termination date.
    TerminationDate,
    /// The last day of work, where the row has one.
    LastDay,
}

/// What to do about licences on deactivated accounts, of which the vendor's
/// documents disagree whether they can be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StrandedSeats {
    /// Remove them as they are, and remember if the tenant does not allow it.
    Direct,
    /// The same, until the tenant has refused it once; then reactivate the
    /// account, remove them, and deactivate it again.
    Reclaim,
    /// Hand them to a person.
    Manual,
}

/// What licence removal waits for besides its date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataGate {
    /// The grace period, or a hold.
    Grace,
    /// The voicemail task being done.
    Ack,
}

/// Which plans need an approval before they are applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ApprovalPolicy {
    /// Those above a guard's limit.
    AboveGuard,
    /// Only those above the ceiling.
    None,
    /// Every one.
    Always,
}

/// Which accounts an identity provider manages, where the API does not tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityProvider {
    /// None but those that the report names.
    None,
    /// All.
    All,
    /// These usernames, e-mails and domains, in lower case.
    Listed(BTreeSet<String>),
}

impl IdentityProvider {
    /// Whether it manages the account with this username and e-mail, in lower
    /// case.
    pub fn manages(&self, username: &str, email: &str) -> bool {
        let domain = |address: &str| match address.split_once('@') {
            Some((_, domain)) => domain.to_owned(),
            None => String::new(),
        };
        match self {
            Self::None => false,
            Self::All => true,
            Self::Listed(names) => [
                domain(username),
                domain(email),
                username.to_owned(),
                email.to_owned(),
            ]
            .iter()
            .any(|name| !name.is_empty() && names.contains(name)),
        }
    }
}

/// Seats of one pool that people will take who have not joined yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedJoiners {
    /// The pool.
    pub pool: Pool,
    /// How many.
    pub seats: u32,
}

/// One contract on one pool, as the customer wrote it down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contract {
    /// The pool it is for.
    pub pool: Pool,
    /// Seats bought under it.
    pub seats: u32,
    /// Price of one seat and month; `None` when it was not said.
    pub unit_price: Option<Money>,
    /// Last day of the term.
    pub term_ends: Date,
    /// Days of notice before the term ends (8x8: 30).
    pub notice_days: u16,
    /// Days to leave for the vendor's confirmation.
    pub confirm_days: u16,
    /// Length of the renewal, in months.
    pub renewal_months: u16,
    /// How it is billed.
    pub billing: ContractBilling,
    /// Seats to keep free.
    pub spare: u32,
}

/// How a contract is billed, which decides whether a request makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContractBilling {
    /// For a term; needs a partial-cancellation request.
    Contract,
    /// Daily per user; billing stops with the licence, so nothing is requested.
    Subscription,
    /// 8x8 Express; cancelled in the support chat.
    Express,
    /// 8x8 `ContactNow`; unused seats end with their period by themselves.
    ContactNow,
}
