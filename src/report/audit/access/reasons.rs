use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Serialize, Serializer};

use super::leavers::is_about;
use super::{AccessState, AccessTimes, IN_TIME, LeaverAccess, Removal};
use crate::model::{
    ActionKind, Disposition, Outcome, OutcomeReason, OutcomeRecord, Reason, Termination,
};
use crate::plan::{Action, PastPlan};
use crate::reconcile::RowDisposition;

/// Why access ended late, or is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AccessReason {
    /// HR listed the leaver late, and IT ended access within a day of that.
    HrToldLate,
    /// No run looked in time.
    NoRun,
    /// The same, because the ledger's first night came later than that.
    BeforeFirstRun,
    /// It may have ended in time, and was seen too late to say so.
    SeenLate,
    /// What stood against it, as results name it.
    Obstacle(Reason),
    /// How the deactivation ended, as results name it.
    Action(Outcome, Option<OutcomeReason>),
}

impl AccessReason {
    /// The word in files and tables: that of results where they have one.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HrToldLate => "hr_told_late",
            Self::NoRun => "no_run",
            Self::BeforeFirstRun => "before_first_run",
            Self::SeenLate => "seen_late",
            Self::Obstacle(reason) => reason.as_str(),
            Self::Action(_, Some(reason)) => reason.as_str(),
            Self::Action(outcome, None) => outcome.as_str(),
        }
    }
}

impl Serialize for AccessReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A night whose plan was accepted with a file from HR.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Night {
    /// The plan.
    pub plan_id: String,
    /// The instant that it was made for.
    pub as_of: Timestamp,
}

/// The leavers of a period, some of whom only an earlier night can explain.
#[derive(Debug)]
pub struct AccessStudy {
    pub(super) period: (Date, Date),
    pub(super) leavers: Vec<Studied>,
    pub(super) undated: u64,
}

/// A leaver who is looked into.
#[derive(Debug)]
pub(super) struct Studied {
    pub leaver: LeaverAccess,
    /// The termination, where the ledger or tonight's plan has one.
    pub termination: Option<Termination>,
    /// The plan of the night that explains them, if one has to.
    pub asks: Option<String>,
}

impl AccessStudy {
    /// The plans to be read, each of which explains somebody.
    pub fn plans_to_read(&self) -> BTreeSet<String> {
        let asking = self.leavers.iter();
        asking.filter_map(|studied| studied.asks.clone()).collect()
    }

    /// Takes over what a night found and what came of it.
    pub fn explain(
        &mut self,
        plan_id: &str,
        plan: &PastPlan,
        outcomes: &BTreeMap<String, OutcomeRecord>,
    ) {
        let asking = self.leavers.iter_mut();
        for studied in asking.filter(|studied| studied.asks.as_deref() == Some(plan_id)) {
            let Some(termination) = &studied.termination else {
                continue;
            };
            let lines = plan.dispositions.iter();
            let mut of_leaver = lines.filter(|line| is_about(line, termination));
            let found = match deactivation_of(&plan.actions, termination) {
                Some(action) => word_of_outcome(outcomes.get(&action.id)),
                None => of_leaver.next().and_then(word_of_line),
            };
            studied.leaver.reason = found.or(studied.leaver.reason);
        }
    }

    /// Everybody, with the reasons that were found.
    pub fn finish(self) -> AccessTimes {
        let leavers = self.leavers.into_iter();
        let leavers = leavers.map(|studied| studied.leaver).collect();
        AccessTimes::of(self.period, leavers, self.undated)
    }
}

/// What tonight's line says against ending access; nothing of somebody whose
/// deactivation is planned.
pub(super) fn obstacle_tonight(
    line: &RowDisposition,
    actions: &[Action],
    termination: Option<&Termination>,
) -> Option<AccessReason> {
    let planned = termination.and_then(|it| deactivation_of(actions, it));
    match planned {
        Some(_) => None,
        None => word_of_line(line),
    }
}

/// The reason that holds unless an earlier night says more, and that night: of
/// what is overdue the newest, since that still stands in the way; of what was
/// late the last of the first day, or else the first that came.
pub(super) fn reason_by_time<'n>(
    leaver: &LeaverAccess,
    nights: &'n [Night],
) -> (Option<AccessReason>, Option<&'n Night>) {
    match leaver.state {
        AccessState::Late | AccessState::Overdue => {}
        AccessState::InTime
        | AccessState::Open
        | AccessState::Unmatched
        | AccessState::GivenBack
        | AccessState::TakenBack => return (None, None),
    }
    if leaver.told_late && leaver.removal_took().is_some_and(|took| took <= IN_TIME) {
        return (Some(AccessReason::HrToldLate), None);
    }
    let in_time = leaver.began() + IN_TIME;
    let is_too_early = nights.first().is_none_or(|night| night.as_of > in_time);
    let otherwise = match leaver.removal {
        Removal::Between {
            after: Some(after), ..
        } if after <= in_time => AccessReason::SeenLate,
        _ if is_too_early => AccessReason::BeforeFirstRun,
        Removal::At(_) | Removal::Between { .. } | Removal::Unknown => AccessReason::NoRun,
    };
    let first = leaver.first_listed.unwrap_or(leaver.due).max(leaver.due);
    let mut looked = nights.iter().filter(|night| {
        night.as_of >= first && leaver.counted_until.is_none_or(|end| night.as_of < end)
    });
    let decisive = if leaver.state == AccessState::Overdue {
        looked.next_back()
    } else {
        let last_in_time = looked.clone().rfind(|night| night.as_of <= in_time);
        last_in_time.or_else(|| looked.next())
    };
    (Some(otherwise), decisive)
}

fn deactivation_of<'a>(actions: &'a [Action], termination: &Termination) -> Option<&'a Action> {
    let id = termination.id();
    actions.iter().find(|action| {
        action.kind == ActionKind::Deactivate && action.subject.termination.as_ref() == Some(&id)
    })
}

/// How a night's deactivation failed, if it did.
fn word_of_outcome(record: Option<&OutcomeRecord>) -> Option<AccessReason> {
    let Some(record) = record else {
        // The program was killed before it could say how it ended.
        let interrupted = Some(OutcomeReason::Interrupted);
        return Some(AccessReason::Action(Outcome::Deferred, interrupted));
    };
    match record.outcome {
        Outcome::Succeeded | Outcome::AlreadyDone => None,
        outcome @ (Outcome::Failed
        | Outcome::Unknown
        | Outcome::Skipped
        | Outcome::Held
        | Outcome::Deferred
        | Outcome::Manual) => Some(AccessReason::Action(outcome, record.reason)),
    }
}

/// What stood in the way of a deactivation that a night did not plan.
fn word_of_line(line: &RowDisposition) -> Option<AccessReason> {
    match line.disposition {
        // To be deactivated by hand.
        Disposition::Planned => Some(AccessReason::Action(
            Outcome::Manual,
            Some(OutcomeReason::HandedOver),
        )),
        Disposition::Held
        | Disposition::Protected
        | Disposition::IdpManaged
        | Disposition::Conflict
        | Disposition::Ambiguous
        | Disposition::Unmatched
        | Disposition::Invalid => Some(AccessReason::Obstacle(line.reason)),
        Disposition::Waiting
        | Disposition::AlreadyDone
        | Disposition::NotDue
        | Disposition::Rehired
        | Disposition::NotLeaving
        | Disposition::Duplicate => None,
    }
}
