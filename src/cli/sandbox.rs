use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, ValueEnum};

/// Options of `sandbox`.
#[derive(Debug, Clone, Args)]
pub struct SandboxArguments {
    /// Fill the tenant with the accounts of the users report FILE.
    #[arg(long, value_name = "FILE")]
    pub users: Option<PathBuf>,
    /// Keep the tenant in FILE, so that it survives a restart.
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// Listen on the loopback address ADDR.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8808")]
    pub listen: SocketAddr,
    /// Let N tenant seconds pass in one real second [default: 1].
    #[arg(long, value_name = "N")]
    pub time_scale: Option<NonZeroU32>,
    /// Write the request log to FILE.
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
    /// Start the tenant's clock at an RFC 3339 instant, or at 00:00 of a date in the policy's zone [default: now].
    #[arg(long, value_name = "DATE|INSTANT")]
    pub as_of: Option<String>,
    /// Give the tenant this customer id.
    #[arg(long, value_name = "ID")]
    pub customer_id: Option<String>,
    /// Accept the API key, and SCIM token, that stands in the environment variable NAME [default: accept "sandbox"].
    #[arg(long, value_name = "NAME")]
    pub api_key_env: Option<String>,
    /// Carry out updates of users (202), or answer that the tenant has no method for it (405, 501).
    #[arg(long, value_enum, value_name = "STATUS", default_value_t = Update::Accepted)]
    pub update: Update,
    /// Answer a SCIM patch with the user (200), or with nothing (204).
    #[arg(long, value_enum, value_name = "STATUS", default_value_t = ScimPatch::Resource)]
    pub scim_patch: ScimPatch,
    /// Show over SCIM all users, or only those that an identity provider created.
    #[arg(long, value_enum, value_name = "WHOM", default_value_t = ScimScope::All)]
    pub scim_scope: ScimScope,
    /// Count requests in any minute and 10 seconds, or from one full minute of the clock to the next, begun SECONDS later.
    #[arg(
        long,
        value_name = "sliding|fixed[:SECONDS]",
        default_value = "sliding"
    )]
    pub windows: WindowsArgument,
    /// Let something go wrong, by a rule such as "update 1: after reset"; repeatable.
    #[arg(long, value_name = "RULE", long_help = FAULT_HELP)]
    pub fault: Vec<String>,
    /// Read fault rules from FILE, one a line, after those of --fault; # begins a comment.
    #[arg(long, value_name = "FILE")]
    pub faults: Option<PathBuf>,
    /// Show users, alone and in lists, as they were SECONDS ago.
    #[arg(long, value_name = "SECONDS", default_value = "0")]
    pub read_lag: Seconds,
    /// Show everything of each user in a list, or only who it is and the status (no licences, no extensions).
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = ListedUser::Full)]
    pub list: ListedUser,
    /// Let an operation take MIN to MAX seconds.
    #[arg(long, value_name = "MIN-MAX", default_value = "1.5-6")]
    pub operation_time: OperationTime,
    /// Allow this many requests a minute, requests in 10 seconds, and operations in flight.
    #[arg(long, value_name = "N,N,N", default_value = "100,20,10")]
    pub limits: TenantLimits,
    /// Free the licences of deactivated users when they are removed, refuse that, or accept it and change nothing.
    #[arg(long, value_enum, value_name = "HOW", default_value_t = Stranded::Free)]
    pub stranded: Stranded,
    /// Freeze at the Nth request: when it is received, before or after its answer (for kill tests).
    #[arg(long, value_name = "N:received|before|after", hide = true)]
    pub hold: Option<HoldArgument>,
}

/// What a person needs to write a fault rule.
const FAULT_HELP: &str = "\
Let something go wrong. Repeatable; a rule is

  REQUEST [of USER-ID] [WHICH]: FAULT        as in  --fault 'update 1: after reset'

REQUEST  users-list   GET /users                scim-search  GET /Users
         user-read    GET /users/ID             scim-read    GET /Users/ID
         update       PUT /users/ID             scim-patch   PATCH /Users/ID
         poll         GET /operations/ID        any          any of these
         connection   before anything is read from it
WHICH    all (the default), 3 (the third), 2-5, 4- (from the fourth on), every 3;
         each rule counts the requests that it is about, from the sandbox's start;
         of several rules for one request the first holds
FAULT    reset                         the connection is reset; for a connection the only fault
         400 ... 503                   this status; 429 or 503 may add: retry-after SECONDS
         html [STATUS]                 a sign-in page, with 200 or the status
         redirect                      302 to another host
         wrong-shape                   200 with JSON of something else
           in these the request is not carried out; write after in front
           (after reset, after 500, ...) and it is, before they come
         slow SECONDS                  the answer trickles, in real time
         cut                           the answer breaks off within its body
         broken-json                   the answer's JSON ends early
         wrong-type                    the answer says that it is text/plain
           these spoil the true answer
         operation failed|unknown|stuck|gone|unchanged
                                       (update) accepted, and changes nothing: it ends FAILED or
                                       UNKNOWN, never ends, is not known (404), or COMPLETED
         says PENDING|IN_PROGRESS|COMPLETED|FAILED|UNKNOWN
                                       (poll) this, whatever is true";

/// How much a list shows of each user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ListedUser {
    /// Everything.
    Full,
    /// Who it is and the status.
    Status,
}

/// A length of time in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seconds(pub Duration);

impl FromStr for Seconds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let seconds = text.parse().ok().map(Duration::try_from_secs_f64);
        match seconds {
            Some(Ok(time)) => Ok(Self(time)),
            Some(Err(_)) | None => Err("write a number of seconds, such as 2.5".to_owned()),
        }
    }
}

/// The shortest and the longest time of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OperationTime {
    /// The shortest.
    pub minimum: Duration,
    /// The longest.
    pub maximum: Duration,
}

impl FromStr for OperationTime {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (minimum, maximum) = text.split_once('-').unwrap_or((text, text));
        let (Seconds(minimum), Seconds(maximum)) = (minimum.parse()?, maximum.parse()?);
        if minimum > maximum {
            return Err("the shortest time comes first".to_owned());
        }
        Ok(Self { minimum, maximum })
    }
}

/// The limits that the sandbox enforces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TenantLimits {
    /// Requests in any 60 seconds.
    pub requests_per_minute: u32,
    /// Requests in any 10 seconds.
    pub requests_per_10_seconds: u32,
    /// Operations that are not finished yet.
    pub operations_in_flight: u32,
}

impl FromStr for TenantLimits {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let numbers: Result<Vec<NonZeroU32>, _> = text.split(',').map(str::parse).collect();
        match numbers.as_deref() {
            Ok([minute, ten_seconds, operations]) => Ok(Self {
                requests_per_minute: minute.get(),
                requests_per_10_seconds: ten_seconds.get(),
                operations_in_flight: operations.get(),
            }),
            Ok(_) | Err(_) => Err("write three numbers above 0, such as 100,20,10".to_owned()),
        }
    }
}

/// What an update of a user is answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Update {
    /// 202, and it is carried out.
    #[value(name = "202")]
    Accepted,
    /// 405: the method is not allowed.
    #[value(name = "405")]
    NotAllowed,
    /// 501: the method is not implemented.
    #[value(name = "501")]
    NotImplemented,
}

/// What a SCIM patch is answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ScimPatch {
    /// 200 and the user.
    #[value(name = "200")]
    Resource,
    /// 204 and nothing.
    #[value(name = "204")]
    NoContent,
}

/// Whom SCIM shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ScimScope {
    /// All users.
    All,
    /// Only users that an identity provider created.
    Provisioned,
}

/// How the sandbox counts the requests of its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WindowsArgument {
    /// In any window of their length.
    Sliding,
    /// In windows that follow one another, begun so long after a full minute.
    Fixed(Duration),
}

impl FromStr for WindowsArgument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            None if text == "sliding" => Ok(Self::Sliding),
            None if text == "fixed" => Ok(Self::Fixed(Duration::ZERO)),
            Some(("fixed", seconds)) => {
                let seconds = seconds.parse().ok().filter(|seconds| *seconds < 60);
                let seconds = seconds.ok_or("a window begins 0 to 59 seconds past the minute")?;
                Ok(Self::Fixed(Duration::from_secs(seconds)))
            }
            _ => Err("write sliding, fixed or fixed:SECONDS".to_owned()),
        }
    }
}

/// What happens when licences are taken from a deactivated user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Stranded {
    /// They come free.
    Free,
    /// The operation fails.
    Refused,
    /// The operation completes, and nothing has changed.
    Ignored,
}

/// The request at which the sandbox freezes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HoldArgument {
    /// The request, counted from 1.
    pub request: u64,
    /// Where it is held.
    pub at: HoldPoint,
}

/// Where a held request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldPoint {
    /// Received, nothing done.
    Received,
    /// Done, not answered.
    BeforeAnswer,
    /// Answered; the next one is held.
    AfterAnswer,
}

impl FromStr for HoldArgument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (number, word) = text
            .split_once(':')
            .ok_or("write N:received, N:before or N:after")?;
        let request = number.parse().ok().filter(|number| *number > 0);
        let request = request.ok_or("requests are counted from 1")?;
        let at = match word {
            "received" => HoldPoint::Received,
            "before" => HoldPoint::BeforeAnswer,
            "after" => HoldPoint::AfterAnswer,
            _ => return Err("write N:received, N:before or N:after".to_owned()),
        };
        Ok(Self { request, at })
    }
}
