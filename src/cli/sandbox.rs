use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::str::FromStr;

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
    /// Answer a SCIM patch with the user (200), or with nothing (204).
    #[arg(long, value_enum, value_name = "STATUS", default_value_t = ScimPatch::Resource)]
    pub scim_patch: ScimPatch,
    /// Show over SCIM all users, or only those that an identity provider created.
    #[arg(long, value_enum, value_name = "WHOM", default_value_t = ScimScope::All)]
    pub scim_scope: ScimScope,
    /// Free the licences of deactivated users when they are removed, refuse that, or accept it and change nothing.
    #[arg(long, value_enum, value_name = "HOW", default_value_t = Stranded::Free)]
    pub stranded: Stranded,
    /// Freeze at the Nth request: when it is received, before or after its answer (for kill tests).
    #[arg(long, value_name = "N:received|before|after", hide = true)]
    pub hold: Option<HoldArgument>,
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
