use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;

use super::DeliverySettings;
use crate::cli::{ColorWhen, LogFormat};
use crate::ingest::{ColumnNames, Formats};
use crate::model::{Channel, GuardLimits, Policy};

/// Everything resolved: what a command needs to know before it starts.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The configuration file that was read; `None` when there is none.
    pub config_file: Option<PathBuf>,
    /// Name of the tenant; `sandbox` when a sandbox has no other.
    pub tenant: String,
    /// What the plan is for.
    pub target: Target,
    /// The tenant's id, to be compared with what the API says.
    pub customer_id: Option<String>,
    /// The ledger's file.
    pub ledger: PathBuf,
    /// The folder below which everything is written; for a sandbox already its own.
    pub out_dir: PathBuf,
    /// What to read; empty for `apply`.
    pub inputs: Inputs,
    /// Columns of the HR export that the administrator named.
    pub columns_hr: ColumnNames,
    /// Columns of the users report that the administrator named.
    pub columns_users: ColumnNames,
    /// Columns of the licences file that the administrator named.
    pub columns_licenses: ColumnNames,
    /// Columns of the billing export that the administrator named.
    pub columns_bill: ColumnNames,
    /// Formats that the administrator fixed.
    pub formats: Formats,
    /// What changes a plan.
    pub policy: Policy,
    /// What a plan is measured against.
    pub guards: GuardLimits,
    /// Days after which seats that nobody holds are a finding of the audit.
    pub unassigned_after_days: u16,
    /// The word by which addresses of a site's tax region are told, by site.
    pub tax_regions: BTreeMap<String, String>,
    /// Where the Administration API is and where its key comes from.
    pub api: ApiSettings,
    /// Where SCIM is and where its token comes from, if both are said.
    pub scim: Option<ScimSettings>,
    /// What the status of accounts that wait for an identity provider is read
    /// over, where the users report may be behind: `Scim`, or nothing.
    pub read: Channel,
    /// How drafts of cancellation requests reach the company's own people.
    pub delivery: DeliverySettings,
    /// Whether every API that changes the tenant is an address of this machine.
    pub on_loopback: bool,
    /// How fast requests may go.
    pub limits: LimitSettings,
    /// Start of the run's clock; `None` for now.
    pub as_of: Option<Timestamp>,
    /// What `apply` and `run` may do.
    pub execution: Execution,
    /// How to log.
    pub log: LogSettings,
    /// When to use colors; `NO_COLOR` was considered.
    pub color: ColorWhen,
    /// Whether a progress bar may be shown on a terminal.
    pub progress: bool,
    /// Login name of whoever runs the program, for the record of approvals.
    pub user: String,
    /// Options of this call, as typed, without which a later call would not
    /// find the same configuration, ledger, output folder and target.
    pub retyped: Vec<OsString>,
}

impl Settings {
    /// The word in the `target` column: `8x8`, `sandbox`, or `loopback` when
    /// what is called 8x8 is an address of this machine.
    pub fn target_label(&self) -> &'static str {
        match self.target {
            Target::Sandbox => "sandbox",
            Target::Eight if self.on_loopback => "loopback",
            Target::Eight => "8x8",
        }
    }

    /// Whether people's real accounts are behind the target.
    pub fn is_real(&self) -> bool {
        self.target == Target::Eight && !self.on_loopback
    }
}

/// What a plan is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Target {
    /// A tenant behind the Administration API.
    #[serde(rename = "8x8")]
    Eight,
    /// The simulated tenant inside this program.
    #[serde(rename = "sandbox")]
    Sandbox,
}

/// The files to read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inputs {
    /// HR exports in the order given; at least one for `plan` and `run`.
    pub hr: Vec<PathBuf>,
    /// Where the accounts come from; always there for `plan` and `run`.
    pub users: Option<UsersSource>,
    /// Seats owned per pool.
    pub licenses: Option<PathBuf>,
    /// People and accounts not to touch.
    pub holds: Option<PathBuf>,
    /// HR id to 8x8 user id.
    pub map: Option<PathBuf>,
    /// The phone numbers of the tenant.
    pub numbers: Option<PathBuf>,
    /// Everybody who is employed; for `audit` alone.
    pub roster: Option<PathBuf>,
    /// A billing export; for `audit` alone.
    pub bill: Option<PathBuf>,
    /// The first day that the bill is for; `None` for its date column.
    pub bill_date: Option<Date>,
    /// When the HR exports were made; `None` for the files' times.
    pub hr_at: Option<Timestamp>,
    /// When the users report was made; `None` for the file's time, and for a
    /// list, which is as old as its first page.
    pub users_at: Option<Timestamp>,
}

impl Inputs {
    /// The users report, where the accounts come from one.
    pub fn users_report(&self) -> Option<&Path> {
        match self.users.as_ref()? {
            UsersSource::Report(path) => Some(path),
            UsersSource::Live => None,
        }
    }
}

/// Where the accounts come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UsersSource {
    /// The users report, a file.
    Report(PathBuf),
    /// The Administration API's list of users.
    Live,
}

/// Where the Administration API is. Of no use to the embedded sandbox, which
/// has its own address and key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiSettings {
    /// `https`, or `http` on a loopback address.
    pub base_url: String,
    /// Where the key comes from; there for `apply` and `run` against 8x8 if
    /// they use this API, never for a rehearsal in the embedded sandbox.
    pub key: Option<KeySource>,
}

/// Where SCIM is. Of no use to the embedded sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScimSettings {
    /// `https`, or `http` on a loopback address; never built in.
    pub base_url: String,
    /// Where the token comes from.
    pub token: KeySource,
}

impl ScimSettings {
    /// The customer that the address names, as 8x8's own do:
    /// `…/customers/ID/scim/v2`.
    pub fn customer_id(&self) -> Option<&str> {
        let mut segments = self.base_url.split('/');
        segments.find(|segment| *segment == "customers")?;
        segments.next().filter(|id| !id.is_empty())
    }
}

/// Where a secret comes from; never the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// The environment variable of this name.
    Environment(String),
    /// A file that only its owner can read.
    File(PathBuf),
}

/// How fast requests may go, in seconds of the run's clock.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LimitSettings {
    /// Requests in any 60 seconds, at least 1.
    pub requests_per_minute: u32,
    /// Requests in any 10 seconds, at least 1.
    pub requests_per_10_seconds: u32,
    /// Operations that are not finished, at least 1.
    pub operations_in_flight: u32,
    /// Seconds until the first look at an operation.
    pub poll_after_seconds: f64,
    /// Seconds between two looks at one operation.
    pub poll_every_seconds: f64,
    /// Seconds after which an operation is no longer waited for.
    pub operation_timeout_seconds: u32,
    /// Seconds of the run's clock in one real second, at least 1.
    pub time_scale: u32,
    /// Whether the requests a minute that the API's answers name count also
    /// where they are more than `requests_per_minute`.
    pub trust_server_limit: bool,
}

impl LimitSettings {
    /// What the vendor publishes for one key and one organization.
    pub const VENDOR: Self = Self {
        requests_per_minute: 100,
        requests_per_10_seconds: 20,
        operations_in_flight: 10,
        poll_after_seconds: 2.0,
        poll_every_seconds: 1.0,
        operation_timeout_seconds: 300,
        time_scale: 1,
        trust_server_limit: false,
    };

    /// What the embedded sandbox is tried with: an hour of the limits passes in
    /// a minute.
    pub const EMBEDDED_TIME_SCALE: u32 = 60;

    /// Whether the vendor would see more than it allows: 100 requests a
    /// minute, 20 in 10 seconds, 10 operations, a look every second.
    pub fn exceed_the_vendors(&self) -> bool {
        let vendor = Self::VENDOR;
        self.requests_per_minute > vendor.requests_per_minute
            || self.requests_per_10_seconds > vendor.requests_per_10_seconds
            || self.operations_in_flight > vendor.operations_in_flight
            || self.poll_after_seconds < vendor.poll_every_seconds
            || self.poll_every_seconds < vendor.poll_every_seconds
            || self.time_scale > vendor.time_scale
    }
}

/// What `apply` and `run` may do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Execution {
    /// The plan that is approved beyond the guards.
    pub approve: Option<String>,
    /// Digests of input files that are accepted although a guard tripped, as
    /// 64 lower-case hex digits.
    pub accept_inputs: BTreeSet<String>,
    /// Whether the real tenant may be changed.
    pub confirm: bool,
    /// Time after which nothing new is started.
    pub deadline: Option<Duration>,
    /// The review sheet to read decisions from.
    pub review: Option<PathBuf>,
    /// Another place for the results.
    pub results: Option<PathBuf>,
}

/// How to log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogSettings {
    /// For people or for programs.
    pub format: LogFormat,
    /// How much.
    pub level: LogLevel,
}

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    /// `-q`: warnings and errors.
    Warn,
    /// What happened.
    Info,
    /// `-v`: every request.
    Debug,
    /// `-vv`: everything.
    Trace,
}
