//! The configuration file as it is written. What is not said stays `None`:
//! defaults depend on the target and are filled in later. Unknown keys were
//! refused before, with a suggestion; `deny_unknown_fields` keeps this and the
//! table of known keys from drifting apart.

use std::collections::BTreeMap;
use std::num::{NonZeroU16, NonZeroU32};
use std::path::PathBuf;

use serde::Deserialize;

use super::base_url::{BaseUrl, WebhookUrl};
use super::policy::{Contracts, Joiners};
use super::values::{
    AccountNames, CalendarDate, CountLimit, DateOrderWord, Domains, Headers, Hours, HoursLimit,
    Managed, Paths, Percent, PercentLimit, Seconds, ZoneName,
};
use super::{MailEncryption, Target};
use crate::ingest::{Delimiter, TextEncoding};
use crate::model::{
    AccountStatus, ActOn, ApprovalPolicy, Channel, DataGate, DeliveryChannel, Effective,
    EmploymentStatus, FirstRun, HrFileKind, StrandedSeats, Trust,
};

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ConfigFile {
    pub(super) ledger: Option<PathBuf>,
    pub(super) out_dir: Option<PathBuf>,
    pub(super) tenant: TenantSection,
    pub(super) inputs: InputsSection,
    pub(super) hr: HrSection,
    pub(super) admin_api: AdminApiSection,
    pub(super) scim: ScimSection,
    pub(super) identity: IdentitySection,
    pub(super) idp: IdpSection,
    pub(super) channels: ChannelsSection,
    pub(super) webhook: WebhookSection,
    pub(super) email: EmailSection,
    pub(super) limits: LimitsSection,
    pub(super) policy: PolicySection,
    pub(super) protected: ProtectedSection,
    pub(super) guards: GuardsSection,
    pub(super) seats: SeatsSection,
    pub(super) contracts: Contracts,
    pub(super) columns: ColumnsSection,
    pub(super) formats: FormatsSection,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct TenantSection {
    pub(super) name: Option<String>,
    pub(super) target: Option<Target>,
    pub(super) customer_id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct InputsSection {
    pub(super) hr: Paths,
    pub(super) users: Option<PathBuf>,
    pub(super) licenses: Option<PathBuf>,
    pub(super) holds: Option<PathBuf>,
    pub(super) map: Option<PathBuf>,
    pub(super) numbers: Option<PathBuf>,
    pub(super) roster: Option<PathBuf>,
    pub(super) bill: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct HrSection {
    pub(super) file: Option<HrFileKind>,
    pub(super) trust: Option<Trust>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct AdminApiSection {
    pub(super) base_url: Option<BaseUrl>,
    pub(super) api_key_env: Option<String>,
    pub(super) api_key_file: Option<PathBuf>,
}

/// Access for SCIM; used where a channel says so, and to settle what an earlier
/// run sent.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ScimSection {
    pub(super) base_url: Option<BaseUrl>,
    pub(super) token_env: Option<String>,
    pub(super) token_file: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct IdentitySection {
    pub(super) domains: Domains,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct IdpSection {
    pub(super) managed: Option<Managed>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ChannelsSection {
    pub(super) read: ReadChannel,
    pub(super) deactivate: DeactivationChannel,
    pub(super) remove_license: RemovalChannel,
    pub(super) deactivate_fallback: DeactivationFallback,
    pub(super) remove_license_fallback: RemovalFallback,
    pub(super) cancellation: Option<Vec<DeliveryChannel>>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ReadChannel {
    #[default]
    AdminApi,
    Scim,
}

impl ReadChannel {
    pub(super) fn channel(self) -> Channel {
        match self {
            Self::AdminApi => Channel::AdminApi,
            Self::Scim => Channel::Scim,
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum DeactivationChannel {
    #[default]
    AdminApi,
    Scim,
    Manual,
}

impl DeactivationChannel {
    pub(super) fn channel(self) -> Channel {
        match self {
            Self::AdminApi => Channel::AdminApi,
            Self::Scim => Channel::Scim,
            Self::Manual => Channel::Manual,
        }
    }
}

/// SCIM knows no licences.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RemovalChannel {
    #[default]
    AdminApi,
    Manual,
}

/// What stands in for the Administration API where it cannot update users. A
/// leaver's access must not stay open because of it, so somebody is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum DeactivationFallback {
    #[default]
    Manual,
    Scim,
    None,
}

impl DeactivationFallback {
    pub(super) fn channel(self) -> Option<Channel> {
        match self {
            Self::Manual => Some(Channel::Manual),
            Self::Scim => Some(Channel::Scim),
            Self::None => None,
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RemovalFallback {
    #[default]
    Manual,
    None,
}

impl RemovalFallback {
    pub(super) fn channel(self) -> Option<Channel> {
        match self {
            Self::Manual => Some(Channel::Manual),
            Self::None => None,
        }
    }
}

/// Where drafts are posted; used where `cancellation` names it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct WebhookSection {
    pub(super) url: Option<WebhookUrl>,
    pub(super) secret_env: Option<String>,
    pub(super) secret_file: Option<PathBuf>,
}

/// Who is mailed drafts, and through which server; used where `cancellation`
/// names it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct EmailSection {
    pub(super) host: Option<String>,
    pub(super) port: Option<NonZeroU16>,
    pub(super) encryption: MailEncryption,
    pub(super) username: Option<String>,
    pub(super) password_env: Option<String>,
    pub(super) password_file: Option<PathBuf>,
    pub(super) from: Option<String>,
    pub(super) to: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct LimitsSection {
    pub(super) requests_per_minute: Option<NonZeroU32>,
    pub(super) requests_per_10_seconds: Option<NonZeroU32>,
    pub(super) operations_in_flight: Option<NonZeroU32>,
    pub(super) poll_after_seconds: Option<Seconds>,
    pub(super) poll_every_seconds: Option<Seconds>,
    pub(super) operation_timeout_seconds: Option<NonZeroU32>,
    pub(super) time_scale: Option<NonZeroU32>,
    pub(super) trust_server_limit: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct PolicySection {
    pub(super) time_zone: Option<ZoneName>,
    pub(super) site_time_zones: BTreeMap<String, ZoneName>,
    pub(super) effective: Option<Effective>,
    pub(super) act_on: Option<ActOn>,
    pub(super) deactivate_after_days: Option<u16>,
    pub(super) remove_license_after_days: Option<u16>,
    pub(super) stranded_seats: Option<StrandedSeats>,
    pub(super) data_gate: Option<DataGate>,
    pub(super) keep_licenses: Option<Vec<String>>,
    pub(super) approval: Option<ApprovalPolicy>,
    pub(super) plan_max_age: Option<Hours>,
    pub(super) max_termination_age_days: Option<u16>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ProtectedSection {
    pub(super) accounts: AccountNames,
    pub(super) canaries: AccountNames,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct GuardsSection {
    pub(super) run_floor: Option<u32>,
    pub(super) run_users: Option<CountLimit>,
    pub(super) run_percent: Option<PercentLimit>,
    /// Looking back no day at all would be no guard.
    pub(super) rolling_days: Option<NonZeroU16>,
    pub(super) rolling_floor: Option<u32>,
    pub(super) rolling_percent: Option<PercentLimit>,
    pub(super) ceiling_percent: Option<PercentLimit>,
    pub(super) protected_hits: Option<CountLimit>,
    pub(super) min_matched_percent: Option<Percent>,
    pub(super) min_users_percent: Option<Percent>,
    pub(super) min_hr_percent: Option<Percent>,
    pub(super) max_input_age: Option<HoursLimit>,
    pub(super) first_run: Option<FirstRun>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct SeatsSection {
    pub(super) as_of: Option<CalendarDate>,
    pub(super) planned_joiners: Joiners,
    pub(super) unassigned_after_days: Option<u16>,
    /// The word by which addresses of a site's tax region are told, by site.
    pub(super) tax_regions: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ColumnsSection {
    pub(super) hr: BTreeMap<String, String>,
    pub(super) users: BTreeMap<String, Headers>,
    pub(super) licenses: BTreeMap<String, String>,
    pub(super) bill: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct FormatsSection {
    pub(super) hr_dates: Option<DateOrderWord>,
    pub(super) users_dates: Option<DateOrderWord>,
    pub(super) hr_date_orders: BTreeMap<String, DateOrderWord>,
    pub(super) users_date_orders: BTreeMap<String, DateOrderWord>,
    pub(super) hr_status: BTreeMap<String, EmploymentStatus>,
    pub(super) users_status: BTreeMap<String, AccountStatus>,
    pub(super) bill_dates: Option<DateOrderWord>,
    pub(super) bill_names: BTreeMap<String, String>,
    pub(super) hr_encoding: Option<TextEncoding>,
    pub(super) users_encoding: Option<TextEncoding>,
    pub(super) hr_delimiter: Option<Delimiter>,
    pub(super) users_delimiter: Option<Delimiter>,
    pub(super) hr_header_line: Option<NonZeroU32>,
    pub(super) users_header_line: Option<NonZeroU32>,
    pub(super) hr_sheet: Option<String>,
    pub(super) users_sheet: Option<String>,
}
