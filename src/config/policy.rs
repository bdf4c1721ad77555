use std::collections::BTreeMap;
use std::num::NonZeroU16;

use serde::Deserialize;

use super::Target;
use super::sections::{ConfigFile, GuardsSection, RemovalChannel};
use super::values::{CalendarDate, DateOrderWord, PriceText};
use crate::ingest::{DateOrder, Formats, TextFormat};
use crate::model::{
    ActOn, ApprovalPolicy, Contract, ContractBilling, DataGate, Effective, FirstRun, GuardLimits,
    HrFileKind, IdentityProvider, LicenseName, Money, PlannedJoiners, Policy, StrandedSeats, Trust,
};

/// The policy with its defaults. `time_zone` and
/// `hr_file` have none that holds for every target.
pub(super) fn policy(file: &ConfigFile, time_zone: String, hr_file: HrFileKind) -> Policy {
    let said = &file.policy;
    let zones = said.site_time_zones.iter();
    let idp = file.idp.managed.clone();
    Policy {
        time_zone,
        site_time_zones: zones
            .map(|(site, zone)| (folded(site), zone.0.clone()))
            .collect(),
        hr_file,
        trust: file.hr.trust.unwrap_or(Trust::Both),
        effective: said.effective.unwrap_or(Effective::EndOfDay),
        act_on: said.act_on.unwrap_or(ActOn::TerminationDate),
        deactivate_after_days: said.deactivate_after_days.unwrap_or(0),
        remove_license_after_days: said.remove_license_after_days.unwrap_or(7),
        stranded_seats: said.stranded_seats.unwrap_or(StrandedSeats::Direct),
        data_gate: said.data_gate.unwrap_or(DataGate::Grace),
        keep_licenses: said
            .keep_licenses
            .clone()
            .unwrap_or_else(|| vec!["storage".to_owned(), "number".to_owned()]),
        approval: said.approval.unwrap_or(ApprovalPolicy::AboveGuard),
        plan_max_age_hours: said.plan_max_age.map_or(72, |hours| hours.0),
        max_termination_age_days: said.max_termination_age_days.unwrap_or(60),
        protected: file.protected.accounts.0.clone(),
        canaries: file.protected.canaries.0.clone(),
        identity_domains: file.identity.domains.0.clone(),
        idp: idp.map_or(IdentityProvider::None, |managed| managed.0),
        seats_as_of: file.seats.as_of.map(|date| date.0),
        contracts: file.contracts.0.clone(),
        planned_joiners: file.seats.planned_joiners.0.clone(),
        deactivate_by: file.channels.deactivate.channel(),
        remove_by_hand: file.channels.remove_license == RemovalChannel::Manual,
        deactivate_fallback: file.channels.deactivate_fallback.channel(),
        remove_license_fallback: file.channels.remove_license_fallback.channel(),
    }
}

/// The guards with their defaults. A rehearsal has no first run to be afraid of.
pub(super) fn guards(said: &GuardsSection, target: Target) -> GuardLimits {
    let default = GuardLimits::default();
    let first_run = match target {
        Target::Eight => FirstRun::PlanOnly,
        Target::Sandbox => FirstRun::Act,
    };
    GuardLimits {
        run_floor: said.run_floor.unwrap_or(default.run_floor),
        run_users: said.run_users.map_or(default.run_users, |limit| limit.0),
        run_percent: said
            .run_percent
            .map_or(default.run_percent, |limit| limit.0),
        rolling_days: said
            .rolling_days
            .map_or(default.rolling_days, NonZeroU16::get),
        rolling_floor: said.rolling_floor.unwrap_or(default.rolling_floor),
        rolling_percent: said
            .rolling_percent
            .map_or(default.rolling_percent, |limit| limit.0),
        ceiling_percent: said
            .ceiling_percent
            .map_or(default.ceiling_percent, |limit| limit.0),
        protected_hits: said
            .protected_hits
            .map_or(default.protected_hits, |limit| limit.0),
        min_matched_percent: said
            .min_matched_percent
            .map_or(default.min_matched_percent, |percent| percent.0),
        min_users_percent: said
            .min_users_percent
            .map_or(default.min_users_percent, |percent| percent.0),
        min_hr_percent: said
            .min_hr_percent
            .map_or(default.min_hr_percent, |percent| percent.0),
        max_input_age_hours: said
            .max_input_age
            .map_or(default.max_input_age_hours, |limit| limit.0),
        first_run: said.first_run.unwrap_or(first_run),
    }
}

/// The formats, with the company's status words in lower case.
pub(super) fn formats(file: &ConfigFile) -> Formats {
    let said = &file.formats;
    let words = said.hr_status.iter();
    let users_words = said.users_status.iter();
    Formats {
        hr_dates: said.hr_dates.map(Into::into),
        users_dates: said.users_dates.map(Into::into),
        hr_date_orders: by_field(&said.hr_date_orders),
        users_date_orders: by_field(&said.users_date_orders),
        hr_status: words
            .map(|(word, status)| (folded(word), *status))
            .collect(),
        users_status: users_words
            .map(|(word, status)| (folded(word), *status))
            .collect(),
        bill_dates: said.bill_dates.map(Into::into),
        bill_names: said
            .bill_names
            .iter()
            .map(|(name, license)| (folded(name), license.clone()))
            .collect(),
        hr: TextFormat {
            encoding: said.hr_encoding,
            delimiter: said.hr_delimiter,
            header_line: said.hr_header_line,
            sheet: said.hr_sheet.clone(),
        },
        users: TextFormat {
            encoding: said.users_encoding,
            delimiter: said.users_delimiter,
            header_line: said.users_header_line,
            sheet: said.users_sheet.clone(),
        },
    }
}

fn by_field(words: &BTreeMap<String, DateOrderWord>) -> BTreeMap<String, DateOrder> {
    words
        .iter()
        .map(|(field, word)| (field.clone(), (*word).into()))
        .collect()
}

fn folded(name: &str) -> String {
    name.trim().to_lowercase()
}

/// All `[[contracts]]`, in the order written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<ContractEntry>")]
pub(super) struct Contracts(Vec<Contract>);

impl TryFrom<Vec<ContractEntry>> for Contracts {
    type Error = String;

    fn try_from(entries: Vec<ContractEntry>) -> Result<Self, Self::Error> {
        let mut contracts: Vec<Contract> = Vec::new();
        for ContractEntry(contract) in entries {
            // Requests are kept by pool and term, so these must be one contract.
            let twice = contracts.iter().any(|earlier| {
                earlier.pool == contract.pool && earlier.term_ends == contract.term_ends
            });
            if twice {
                let (pool, term_ends) = (contract.pool, contract.term_ends);
                return Err(format!(
                    "two contracts on {pool} end on {term_ends}; write them as one"
                ));
            }
            contracts.push(contract);
        }
        Ok(Self(contracts))
    }
}

/// All `[[seats.planned_joiners]]`, in the order written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<JoinersForm>")]
pub(super) struct Joiners(pub(super) Vec<PlannedJoiners>);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct JoinersForm {
    license: String,
    #[serde(default)]
    country: String,
    seats: u32,
}

impl TryFrom<Vec<JoinersForm>> for Joiners {
    type Error = String;

    fn try_from(forms: Vec<JoinersForm>) -> Result<Self, Self::Error> {
        let joiners = forms.into_iter().map(|form| {
            let license = LicenseName::parse(&form.license, Some(&form.country));
            let license =
                license.ok_or("license is empty; write its name, such as \"X Series - X2\"")?;
            Ok(PlannedJoiners {
                pool: license.pool(),
                seats: form.seats,
            })
        });
        joiners.collect::<Result<_, String>>().map(Self)
    }
}

/// One `[[contracts]]` entry, understood.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "ContractForm")]
struct ContractEntry(Contract);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ContractForm {
    license: String,
    #[serde(default)]
    country: String,
    seats: u32,
    unit_price: Option<PriceText>,
    currency: Option<String>,
    term_ends: CalendarDate,
    notice_days: Option<u16>,
    confirm_days: Option<u16>,
    renewal_months: Option<u16>,
    billing: Option<ContractBilling>,
    spare: Option<u32>,
}

impl TryFrom<ContractForm> for ContractEntry {
    type Error = String;

    fn try_from(form: ContractForm) -> Result<Self, Self::Error> {
        let license = LicenseName::parse(&form.license, Some(&form.country));
        let license =
            license.ok_or("license is empty; write its name, such as \"X Series - X2\"")?;
        let unit_price = match (form.unit_price, form.currency) {
            (Some(price), Some(currency)) => {
                Some(Money::parse(&price.0, &currency).map_err(|error| error.to_string())?)
            }
            (Some(_), None) => {
                return Err("unit_price needs a currency, such as \"USD\"".to_owned());
            }
            (None, _) => None,
        };
        Ok(Self(Contract {
            pool: license.pool(),
            seats: form.seats,
            unit_price,
            term_ends: form.term_ends.0,
            notice_days: form.notice_days.unwrap_or(30),
            confirm_days: form.confirm_days.unwrap_or(14),
            renewal_months: form.renewal_months.unwrap_or(12),
            billing: form.billing.unwrap_or(ContractBilling::Contract),
            spare: form.spare.unwrap_or(0),
        }))
    }
}
