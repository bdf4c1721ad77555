//! What a sandbox is made of: its people, its limits, its manners.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::faults::FaultScript;
use super::hold::Hold;

/// How a sandbox behaves. [`Options::new`] fills in the documented defaults.
#[derive(Debug, Clone)]
pub struct Options {
    /// Who is in the tenant at first.
    pub seed: Seed,
    /// Where the tenant survives a restart; it wins over the seed if it exists.
    pub state_file: Option<PathBuf>,
    /// Where the request log is written on stop and on `GET /sandbox/log`.
    pub log_file: Option<PathBuf>,
    /// Where to listen: a loopback address, port 0 for a free one.
    pub listen: SocketAddr,
    /// Seconds of tenant time in one real second, at least 1.
    pub time_scale: u32,
    /// The tenant's time at the start.
    pub origin: Timestamp,
    /// The `x-api-key` that is accepted.
    pub api_key: String,
    /// The limits that are enforced.
    pub limits: TenantLimits,
    /// How long an operation takes.
    pub operation_time: OperationTime,
    /// The request at which the tenant freezes.
    pub hold: Option<Hold>,
    /// What happens to licenses taken from a deactivated user.
    pub stranded_seats: StrandedSeats,
    /// Whether users can be updated at all.
    pub update: UpdateSupport,
    /// How the SCIM service behaves.
    pub scim: ScimOptions,
    /// What goes wrong on purpose.
    pub faults: FaultScript,
    /// How long reads and lists lag behind, in tenant time: they show users as
    /// they were so long ago. An operation's end shows at once.
    pub read_lag: Duration,
    /// How much a list shows of each user.
    pub list: ListPayload,
}

impl Options {
    /// A sandbox with the vendor's limits, in real time, on a free loopback
    /// port, with no files. The SCIM token is the API key.
    pub fn new(seed: Seed, api_key: impl Into<String>, origin: Timestamp) -> Self {
        let api_key = api_key.into();
        Self {
            seed,
            scim: ScimOptions {
                token: api_key.clone(),
                patch_answer: PatchAnswer::default(),
                list_scope: ListScope::default(),
            },
            state_file: None,
            log_file: None,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            time_scale: 1,
            origin,
            api_key,
            limits: TenantLimits::default(),
            operation_time: OperationTime::default(),
            hold: None,
            stranded_seats: StrandedSeats::default(),
            update: UpdateSupport::default(),
            faults: FaultScript::default(),
            read_lag: Duration::ZERO,
            list: ListPayload::default(),
        }
    }
}

/// Who is in the tenant at first. Every license is a seat the company owns;
/// there are no free seats until one is taken from somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seed {
    /// The customer id that every user carries.
    pub customer_id: String,
    /// The users; usernames are unique, letter case aside.
    pub users: Vec<SeedUser>,
}

/// One user of a [`Seed`]: what the users report tells of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeedUser {
    /// The user's id; derived from the username if absent.
    pub user_id: Option<String>,
    /// The username, unique in the tenant.
    pub username: String,
    /// The first name.
    pub first_name: String,
    /// The last name.
    pub last_name: String,
    /// The primary e-mail address.
    pub email: String,
    /// Whether the user may log in.
    pub active: bool,
    /// The site's name; `Headquarters` if absent.
    pub site: Option<String>,
    /// The department.
    pub department: Option<String>,
    /// The job title.
    pub job_title: Option<String>,
    /// The licenses held. Number licenses are ignored here: they come with
    /// `phone_numbers`.
    pub licenses: Vec<SeedLicense>,
    /// The extension number; derived if absent and the user holds a calling license.
    pub extension: Option<String>,
    /// E.164 numbers, the primary one first. They are dropped if the user holds
    /// no license that an extension could be bound to.
    pub phone_numbers: Vec<String>,
    /// The identity provider that manages the user.
    pub scim_provider: Option<String>,
    /// When the user was created; a fixed date in 2020 if absent.
    pub created: Option<Timestamp>,
}

/// One license of a [`SeedUser`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeedLicense {
    /// The name as the vendor writes it, `X Series - X2-VOSVC0216-02-US`.
    pub name: String,
    /// The ISO 3166 country code.
    pub country: String,
}

/// The limits of one API key and one organization, in tenant time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TenantLimits {
    /// Requests in any 60 seconds.
    pub requests_per_minute: u32,
    /// Requests in any 10 seconds.
    pub requests_per_10_seconds: u32,
    /// Operations that are not finished yet.
    pub operations_in_flight: u32,
    /// How requests are counted.
    pub counting: Counting,
}

/// How the requests of a window are counted. The vendor does not say which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Counting {
    /// In any window of its length.
    #[default]
    Sliding,
    /// From one full minute, or ten seconds, of the tenant's clock to the next.
    Fixed {
        /// How far past the full minute a window begins.
        phase: Duration,
    },
}

impl Default for TenantLimits {
    /// The vendor's published limits.
    fn default() -> Self {
        Self {
            requests_per_minute: 100,
            requests_per_10_seconds: 20,
            operations_in_flight: 10,
            counting: Counting::default(),
        }
    }
}

/// How long an operation takes in tenant time. Each takes a time between the
/// two that follows from its number, so that a run can be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OperationTime {
    /// The shortest time.
    pub minimum: Duration,
    /// The longest time; taken as `minimum` if it is less.
    pub maximum: Duration,
}

impl Default for OperationTime {
    fn default() -> Self {
        Self {
            minimum: Duration::from_millis(1_500),
            maximum: Duration::from_secs(6),
        }
    }
}

/// What happens when an update takes licenses from a user who is inactive
/// already. The vendor's documents contradict each other, so a client has to
/// be tried against all three.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StrandedSeats {
    /// The seats become free, as the vendor's API guide shows.
    #[default]
    Free,
    /// The operation fails, as the vendor's knowledge base suggests.
    Refused,
    /// The operation completes, and nothing has changed.
    Ignored,
}

/// Whether `PUT /users/{userId}` is there: the vendor's guide both documents
/// it and says that it is not implemented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UpdateSupport {
    /// Users can be updated.
    #[default]
    Implemented,
    /// Updates are answered with 405.
    MethodNotAllowed,
    /// Updates are answered with 501.
    NotImplemented,
}

/// How much a list of the Administration API shows of each user; the vendor's
/// documents do not say whether it is everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ListPayload {
    /// As much as a read of the user alone.
    #[default]
    Full,
    /// Who it is and whether it is active; no licenses and extensions.
    Status,
}

/// How the SCIM service behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScimOptions {
    /// The bearer token that is accepted.
    pub token: String,
    /// What a patch is answered with.
    pub patch_answer: PatchAnswer,
    /// Whom it shows.
    pub list_scope: ListScope,
}

/// What a patch that was carried out is answered with; the RFC allows both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PatchAnswer {
    /// 200 and the user.
    #[default]
    Resource,
    /// 204 and nothing.
    NoContent,
}

/// Whom the SCIM service shows, a setting of the vendor's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ListScope {
    /// All users.
    #[default]
    AllUsers,
    /// Only users that an identity provider created.
    Provisioned,
}
