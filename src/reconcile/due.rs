use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan, Zoned};

use crate::model::{Effective, EmploymentStatus, HrRow, Policy};

/// Turns dates into instants: in the zone of the person's site where it is
/// known, else in the policy's.
#[derive(Debug, Clone)]
pub struct Calendar {
    zone: TimeZone,
    sites: BTreeMap<String, TimeZone>,
    effective: Effective,
    deactivate_after_days: u16,
}

/// A zone name that the time zone database does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an IANA time zone such as \"America/Los_Angeles\"")]
pub struct CalendarError(pub String);

impl Calendar {
    /// Looks the policy's zones up.
    pub fn new(policy: &Policy) -> Result<Self, CalendarError> {
        let zone = |name: &str| TimeZone::get(name).map_err(|_| CalendarError(name.to_owned()));
        let sites = policy
            .site_time_zones
            .iter()
            .map(|(site, name)| Ok((site.to_lowercase(), zone(name)?)))
            .collect::<Result<_, CalendarError>>()?;
        Ok(Self {
            zone: zone(&policy.time_zone)?,
            sites,
            effective: policy.effective,
            deactivate_after_days: policy.deactivate_after_days,
        })
    }

    /// When the termination takes effect and the deactivation is due. `None`
    /// while a policy that waits for the status has not seen it.
    pub fn deactivation_due(
        &self,
        date: Date,
        status: Option<EmploymentStatus>,
        site: &str,
    ) -> Option<Timestamp> {
        // Days are counted on the site's calendar, not in hours: a change of
        // the clocks does not move the end of a day.
        let later = i64::from(self.deactivate_after_days).days();
        let day = date.checked_add(later).unwrap_or(Date::MAX);
        match (self.effective, status) {
            (Effective::EndOfDay, _) | (Effective::OnStatus, None) => Some(self.end_of(day, site)),
            (Effective::StartOfDay, _) | (Effective::OnStatus, Some(EmploymentStatus::Left)) => {
                Some(self.start_of(day, site))
            }
            (Effective::OnStatus, Some(_)) => None,
        }
    }

    /// The first instant of the day.
    pub fn start_of(&self, date: Date, site: &str) -> Timestamp {
        let zone = self.zone_of(site);
        date.to_zoned(zone.clone())
            .map_or(Timestamp::MAX, |midnight| midnight.timestamp())
    }

    /// The first instant after the day.
    pub fn end_of(&self, date: Date, site: &str) -> Timestamp {
        date.tomorrow()
            .map_or(Timestamp::MAX, |next| self.start_of(next, site))
    }

    /// The instant as the site's clocks show it.
    pub fn local(&self, instant: Timestamp, site: &str) -> Zoned {
        instant.to_zoned(self.zone_of(site).clone())
    }

    /// The same time of day, so many days later in the policy's zone.
    pub fn after_days(&self, instant: Timestamp, days: u16) -> Timestamp {
        let span: Span = i64::from(days).days();
        instant
            .to_zoned(self.zone.clone())
            .checked_add(span)
            .map_or(Timestamp::MAX, |later| later.timestamp())
    }

    /// The day in the policy's zone.
    pub fn day(&self, instant: Timestamp) -> Date {
        instant.to_zoned(self.zone.clone()).date()
    }

    fn zone_of(&self, site: &str) -> &TimeZone {
        self.sites.get(&site.to_lowercase()).unwrap_or(&self.zone)
    }
}

/// The date of a row that acts.
pub(super) fn acting_date(row: &HrRow, policy: &Policy) -> Option<Date> {
    match policy.act_on {
        crate::model::ActOn::TerminationDate => row.termination_date.or(row.last_day),
        crate::model::ActOn::LastDay => row.last_day.or(row.termination_date),
    }
}
