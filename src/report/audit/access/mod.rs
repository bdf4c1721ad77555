//! When leavers lost access: what SOC 2 and ISO 27001 auditors ask for.
//!
//! Two delays are told apart. HR's notice runs from the time when access was due
//! to end to the night on which HR first listed the leaver; below zero it came
//! early. IT's removal runs from then on, since nobody can act on what they were
//! not told, and never from before access was due. What was done by others lies
//! between two looks, and counts as done at the later one.

mod families;
mod leavers;
mod output;
mod reasons;

pub use leavers::AccessInquiry;
pub use output::{ACCESS_COLUMNS, access_csv};
pub use reasons::{AccessReason, AccessStudy, Night};

pub(super) use output::{access_line, access_tables, hours, percent};

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::model::{SourceRow, TaskKind};

#[cfg(test)]
mod tests;

/// How long after it was due access may end and still be in time.
pub const IN_TIME: SignedDuration = SignedDuration::from_hours(24);

/// The leavers of a period and when they lost access. It names people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccessTimes {
    /// The period's first day.
    pub since: Date,
    /// Its last day.
    pub until: Date,
    /// Every quarter that the period touches, oldest first; the first and the
    /// last may be cut by the period.
    pub quarters: Vec<AccessQuarter>,
    /// All quarters together.
    pub total: AccessCounts,
    /// Leavers that are late or overdue, by reason.
    pub reasons: BTreeMap<AccessReason, u64>,
    /// The leavers, by date and name.
    pub leavers: Vec<LeaverAccess>,
    /// Rows of tonight that may be about leavers and have no date that can be
    /// read, so that they are in no quarter.
    pub undated: u64,
}

/// A calendar quarter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccessQuarter {
    /// Which.
    pub quarter: Quarter,
    /// Its leavers.
    pub counts: AccessCounts,
}

/// A quarter of a calendar year: that of HR's date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Quarter {
    /// The year.
    pub year: i16,
    /// 1 to 4.
    pub number: i8,
}

/// Leavers in numbers. Each is in exactly one of the states, so these add up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct AccessCounts {
    /// All of them.
    pub leavers: u64,
    /// See [`AccessState::InTime`], and so on.
    pub in_time: u64,
    /// Ended too late.
    pub late: u64,
    /// Not known to have ended, for less than a day.
    pub open: u64,
    /// The same for longer.
    pub overdue: u64,
    /// No account was ever found.
    pub unmatched: u64,
    /// Ended, and given back by an undo.
    pub given_back: u64,
    /// HR took the termination back.
    pub taken_back: u64,
    /// Of those that are in time, late or overdue: HR listed them after access was due.
    pub told_late: u64,
    /// Of the same: IT's own removal took at most a day.
    pub removed_in_time: u64,
    /// Seen active again after access had ended.
    pub active_again: u64,
}

/// One leaver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeaverAccess {
    /// The person's name, or empty.
    pub person: String,
    /// Employee id as HR wrote it, or empty.
    pub employee_id: String,
    /// Work e-mail, or empty.
    pub work_email: String,
    /// The account's username, or empty.
    pub username: String,
    /// Site, or empty.
    pub site: String,
    /// Cost center, or empty.
    pub cost_center: String,
    /// The HR row that said so.
    pub source: Option<SourceRow>,
    /// HR's date.
    pub date: Date,
    /// When access was due to end.
    pub due: Timestamp,
    /// The night on which HR first listed the leaver, where it is known.
    pub first_listed: Option<Timestamp>,
    /// The night before, on which HR did not yet list the leaver.
    pub not_listed: Option<Timestamp>,
    /// Whether a night after access was due did not find the leaver in HR's file.
    pub told_late: bool,
    /// When access ended.
    pub removal: Removal,
    /// How that is known; `None` as long as it has not ended.
    pub ended_by: Option<RemovalSource>,
    /// When somebody said that they had ended it by hand. It is no evidence:
    /// what was seen of the account counts.
    pub said_done: Option<Timestamp>,
    /// When the account was last seen active again after its access had ended.
    pub active_again: Option<Timestamp>,
    /// What that comes to.
    pub state: AccessState,
    /// Why it is late, overdue, open or unmatched.
    pub reason: Option<AccessReason>,
    /// The instant until which delays are counted: the late end of the removal,
    /// or the audit's instant while access is open. `None` without an account.
    pub counted_until: Option<Timestamp>,
}

/// When access ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Removal {
    /// This program ended it and read that back.
    At(Timestamp),
    /// It ended between two looks.
    Between {
        /// The last look that saw the account active, if there was one.
        after: Option<Timestamp>,
        /// The first that saw it inactive, which counts.
        until: Timestamp,
    },
    /// It is not known to have ended.
    Unknown,
}

/// How it is known that access ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RemovalSource {
    /// This program did it.
    Seatsweep,
    /// A person was told to do it in the Admin Console, and it was seen to be done.
    ByHand,
    /// The same in the identity provider.
    IdentityProvider,
    /// It was seen to be done, by whomever.
    Seen,
}

/// What became of a leaver's access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessState {
    /// It ended at most 24 hours after it was due.
    InTime,
    /// It ended later than that.
    Late,
    /// It is due, and not known to have ended, for at most 24 hours.
    Open,
    /// The same for longer.
    Overdue,
    /// No account was ever found.
    Unmatched,
    /// It ended, and the run that ended it was undone.
    GivenBack,
    /// HR took the termination back before access had ended.
    TakenBack,
}

impl AccessTimes {
    /// Adds up the leavers of a period.
    pub(super) fn of(
        (since, until): (Date, Date),
        mut leavers: Vec<LeaverAccess>,
        undated: u64,
    ) -> Self {
        leavers.sort_by(|a, b| a.place().cmp(&b.place()));
        let mut quarters: BTreeMap<Quarter, AccessCounts> = Quarter::between(since, until)
            .map(|quarter| (quarter, AccessCounts::default()))
            .collect();
        let mut total = AccessCounts::default();
        let mut reasons = BTreeMap::new();
        for leaver in &leavers {
            total.count(leaver);
            quarters.entry(leaver.quarter()).or_default().count(leaver);
            if let (AccessState::Late | AccessState::Overdue, Some(reason)) =
                (leaver.state, leaver.reason)
            {
                *reasons.entry(reason).or_default() += 1;
            }
        }
        let quarters = quarters.into_iter();
        Self {
            since,
            until,
            quarters: quarters
                .map(|(quarter, counts)| AccessQuarter { quarter, counts })
                .collect(),
            total,
            reasons,
            leavers,
            undated,
        }
    }

    /// Whoever has to be explained to an auditor.
    pub fn exceptions(&self) -> impl Iterator<Item = &LeaverAccess> {
        self.leavers.iter().filter(|leaver| leaver.is_exception())
    }
}

impl AccessCounts {
    fn count(&mut self, leaver: &LeaverAccess) {
        self.leavers += 1;
        let of_state = match leaver.state {
            AccessState::InTime => &mut self.in_time,
            AccessState::Late => &mut self.late,
            AccessState::Open => &mut self.open,
            AccessState::Overdue => &mut self.overdue,
            AccessState::Unmatched => &mut self.unmatched,
            AccessState::GivenBack => &mut self.given_back,
            AccessState::TakenBack => &mut self.taken_back,
        };
        *of_state += 1;
        self.active_again += u64::from(leaver.active_again.is_some());
        if leaver.state.is_judged() {
            let in_time = leaver.removal_took().is_some_and(|took| took <= IN_TIME);
            self.told_late += u64::from(leaver.told_late);
            self.removed_in_time += u64::from(in_time);
        }
    }

    /// Those of whom it can be said whether access ended in time: neither open
    /// for less than a day, nor unmatched, nor given or taken back.
    pub fn judged(&self) -> u64 {
        self.in_time + self.late + self.overdue
    }

    /// How many in a thousand of them lost access within 24 hours of when it was
    /// due, rounded down.
    pub fn per_mille_in_time(&self) -> Option<u64> {
        (self.in_time * 1000).checked_div(self.judged())
    }

    /// The same for IT alone: within 24 hours of when it was due and HR had told it.
    pub fn per_mille_removed_in_time(&self) -> Option<u64> {
        (self.removed_in_time * 1000).checked_div(self.judged())
    }
}

impl LeaverAccess {
    /// The quarter of HR's date.
    pub fn quarter(&self) -> Quarter {
        Quarter::of(self.date)
    }

    /// When HR listed the leaver, counted from when access was due; below zero
    /// it was before.
    pub fn notice(&self) -> Option<SignedDuration> {
        Some(self.first_listed?.duration_since(self.due))
    }

    /// When IT could begin: when access was due, or when HR told it if a night in
    /// between shows that it was HR who was late.
    pub fn began(&self) -> Timestamp {
        match self.first_listed {
            Some(listed) if self.told_late => listed.max(self.due),
            Some(_) | None => self.due,
        }
    }

    /// How long IT's removal took, or has taken; below zero access ended before
    /// it had to.
    pub fn removal_took(&self) -> Option<SignedDuration> {
        Some(self.counted_until?.duration_since(self.began()))
    }

    /// How long access was, or has been, open after it was due; below zero it
    /// ended before.
    pub fn total(&self) -> Option<SignedDuration> {
        Some(self.counted_until?.duration_since(self.due))
    }

    /// Whether an auditor wants to know more.
    pub fn is_exception(&self) -> bool {
        self.state != AccessState::InTime || self.active_again.is_some()
    }

    fn place(&self) -> (Date, &str, &str, &str, Timestamp) {
        let Self {
            person,
            employee_id,
            work_email,
            ..
        } = self;
        (self.date, person, employee_id, work_email, self.due)
    }
}

impl Removal {
    /// The instant that counts.
    pub fn counted(&self) -> Option<Timestamp> {
        match *self {
            Self::At(at) => Some(at),
            Self::Between { until, .. } => Some(until),
            Self::Unknown => None,
        }
    }
}

impl RemovalSource {
    /// The word in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Seatsweep => "seatsweep",
            Self::ByHand => "by_hand",
            Self::IdentityProvider => "identity_provider",
            Self::Seen => "seen",
        }
    }

    fn of_task(kind: TaskKind) -> Option<Self> {
        match kind {
            TaskKind::DeactivateByHand => Some(Self::ByHand),
            TaskKind::IdentityProvider => Some(Self::IdentityProvider),
            TaskKind::Voicemail
            | TaskKind::Number
            | TaskKind::Device
            | TaskKind::ContactCenter
            | TaskKind::KeptLicense
            | TaskKind::HotDesk
            | TaskKind::RemoveLicenseByHand
            | TaskKind::NumberEntitlement
            | TaskKind::ExpressCancellation
            | TaskKind::ReactivateInIdp
            | TaskKind::SetUpAgain => None,
        }
    }
}

impl AccessState {
    /// The word in files and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InTime => "in_time",
            Self::Late => "late",
            Self::Open => "open",
            Self::Overdue => "overdue",
            Self::Unmatched => "unmatched",
            Self::GivenBack => "given_back",
            Self::TakenBack => "taken_back",
        }
    }

    /// Whether it can be said that access ended in time, or that it did not.
    pub fn is_judged(self) -> bool {
        match self {
            Self::InTime | Self::Late | Self::Overdue => true,
            Self::Open | Self::Unmatched | Self::GivenBack | Self::TakenBack => false,
        }
    }
}

impl Quarter {
    /// The quarter that a day is in.
    pub fn of(day: Date) -> Self {
        Self {
            year: day.year(),
            number: (day.month() - 1) / 3 + 1,
        }
    }

    fn next(self) -> Self {
        match self.number {
            4 => Self {
                year: self.year + 1,
                number: 1,
            },
            number => Self {
                number: number + 1,
                ..self
            },
        }
    }

    fn between(since: Date, until: Date) -> impl Iterator<Item = Self> {
        let last = Self::of(until);
        let all = std::iter::successors(Some(Self::of(since)), |quarter| Some(quarter.next()));
        all.take_while(move |quarter| *quarter <= last)
    }
}

impl std::fmt::Display for Quarter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&format!("{} Q{}", self.year, self.number))
    }
}
