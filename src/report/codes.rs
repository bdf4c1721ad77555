use std::collections::{BTreeMap, BTreeSet};

use super::Run;
use crate::apply::Stop;
use crate::model::{
    ActionKind, Disposition, Origin, Outcome, OutcomeReason, OutcomeRecord, Reason, ReclaimRecord,
};
use crate::reconcile::RowDisposition;

/// How a run came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It went through.
    Finished,
    /// It stopped midway and can be resumed.
    Stopped(Stop),
    /// It stopped before it sent the plan's first change, and can be resumed.
    StoppedUnchanged(Stop),
    /// It was not begun: a guard, or an approval that is missing. The code.
    NotBegun(u8),
    /// It left something open that a later run settled. Its code.
    Settled(u8),
}

/// Exit code of a run that has to be carried on.
pub const MIDWAY: u8 = 7;
/// Exit code of a run that 8x8 did not let in, before the first change.
const NO_PERMISSION: u8 = 77;
/// Exit code of a run that found another customer, before the first change.
const CONFIGURATION: u8 = 78;

/// Exit codes of runs of whole tenants, the worst first: whoever was interrupted
/// or stopped midway has begun something; then those on whom nothing was done,
/// first what only a person can mend, last what may mend itself by tomorrow;
/// then those that went through, as in a single run.
const WORST_FIRST: [u8; 18] = [
    143,
    130,
    MIDWAY,
    70,
    CONFIGURATION,
    NO_PERMISSION,
    73,
    64,
    65,
    66,
    3,
    6,
    69,
    75,
    5,
    4,
    8,
    0,
];

/// The different codes of several tenants, the worst first. A code that no run
/// ends with is that of a process that died, so its run stopped midway.
pub fn worst_first(codes: impl IntoIterator<Item = u8>) -> Vec<u8> {
    let known = |code: u8| WORST_FIRST.iter().position(|it| *it == code);
    let midway = known(MIDWAY);
    let places: BTreeSet<usize> = codes
        .into_iter()
        .filter_map(|code| known(code).or(midway))
        .collect();
    places.into_iter().map(|place| WORST_FIRST[place]).collect()
}

/// Every exit code that applies, the process's own first.
pub fn exit_codes(run: &Run<'_>, ending: Ending) -> Vec<u8> {
    let mut codes = Vec::new();
    match ending {
        Ending::Finished | Ending::Settled(_) => {}
        Ending::NotBegun(code) => {
            codes.push(code);
            codes.extend(still_reactivated(run).next().map(|_| MIDWAY));
            return codes;
        }
        Ending::StoppedUnchanged(Stop::NotAuthorized) => codes.push(NO_PERMISSION),
        Ending::StoppedUnchanged(Stop::WrongCustomer) => codes.push(CONFIGURATION),
        Ending::Stopped(why) | Ending::StoppedUnchanged(why) => codes.push(match why {
            Stop::Interrupted => 130,
            Stop::Terminated => 143,
            Stop::Unreachable => 69,
            Stop::Deadline
            | Stop::NotAuthorized
            | Stop::WrongCustomer
            | Stop::Ledger
            | Stop::Breaker
            | Stop::Defect => MIDWAY,
        }),
    }
    if still_reactivated(run).next().is_some() && !codes.contains(&MIDWAY) {
        codes.push(MIDWAY);
    }
    let some = |wanted: Outcome| run.outcomes.values().any(|ended| ended.outcome == wanted);
    if some(Outcome::Unknown) {
        codes.push(5);
    }
    let drifted = |reason| reason == Some(OutcomeReason::Drifted);
    let undelivered = !run.deliveries.failed.is_empty();
    if undelivered
        || some(Outcome::Failed)
        || run.outcomes.values().any(|ended| drifted(ended.reason))
    {
        codes.push(4);
    }
    if needs_a_look(run) > 0 {
        codes.push(8);
    }
    if let Ending::Settled(own) = ending {
        codes.retain(|code| *code != own);
        codes.insert(0, own);
    }
    if codes.is_empty() {
        codes.push(0);
    }
    codes
}

/// The accounts that this program reactivated and that are not known to be
/// deactivated again.
pub fn still_reactivated<'a>(run: &Run<'a>) -> impl Iterator<Item = &'a ReclaimRecord> {
    let open = |it: &&ReclaimRecord| it.closed_at.is_none();
    run.reclaims.iter().filter(open)
}

/// How many lines have access that is due and may still be open, or an overdue
/// task.
pub(super) fn needs_a_look(run: &Run<'_>) -> usize {
    lines_to_look_at(run).count()
}

/// A line that a person has to look at.
#[derive(Debug, Clone, Copy)]
pub struct Look<'a> {
    /// The line.
    pub line: &'a RowDisposition,
    /// The account is known to be deactivated: only a task is overdue.
    pub is_only_a_task: bool,
}

/// The lines that a person has to look at.
pub fn lines_to_look_at<'a>(run: &Run<'a>) -> impl Iterator<Item = Look<'a>> {
    let mut ended: BTreeMap<usize, Vec<(ActionKind, &OutcomeRecord)>> = BTreeMap::new();
    for action in &run.plan.actions {
        if let (Some(line), Some(record)) = (action.line, run.outcomes.get(&action.id)) {
            ended.entry(line).or_default().push((action.kind, record));
        }
    }
    let lines = run.plan.dispositions.iter().enumerate();
    lines.filter_map(move |(position, line)| {
        let of_line = ended.get(&position).map_or(&[][..], Vec::as_slice);
        let is_open = of_line.iter().any(|(kind, record)| {
            let is_deactivation = *kind == ActionKind::Deactivate;
            matches!(
                record.reason,
                Some(OutcomeReason::Drifted | OutcomeReason::IdentityProvider)
            ) || (is_deactivation && record.reason == Some(OutcomeReason::NotSupported))
        });
        let is_closed = of_line.iter().any(|(kind, record)| {
            let done = matches!(record.outcome, Outcome::Succeeded | Outcome::AlreadyDone);
            *kind == ActionKind::Deactivate && done
        });
        // Nobody's access is due to end where a run is undone.
        let needs_a_look =
            line.origin != Origin::Undo && (is_open || (line.needs_a_look && !is_closed));
        // Licences are removed from deactivated accounts only; but a removal
        // may have found the account changed.
        let has_ended = matches!(
            line.disposition,
            Disposition::Waiting | Disposition::AlreadyDone
        ) || line.reason == Reason::RemovalDue;
        needs_a_look.then_some(Look {
            line,
            is_only_a_task: has_ended && !is_open,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::worst_first;

    #[test]
    fn the_worst_of_several_tenants_comes_first() {
        for (codes, worst) in [
            (&[0, 0][..], 0),
            (&[0, 8], 8),
            (&[8, 4, 0], 4),
            (&[4, 5], 5),
            // Nothing was done at all for a tenant.
            (&[5, 75], 75),
            (&[75, 69], 69),
            (&[69, 6], 6),
            (&[6, 3], 3),
            (&[3, 66], 66),
            (&[66, 65], 65),
            (&[65, 64], 64),
            (&[64, 73], 73),
            (&[73, 77], 77),
            (&[77, 78], 78),
            (&[78, 70], 70),
            // Something was begun.
            (&[70, 7], 7),
            (&[7, 130], 130),
            (&[130, 143], 143),
            // A process that panicked.
            (&[101, 4], 7),
        ] {
            assert_eq!(
                worst_first(codes.iter().copied()).first(),
                Some(&worst),
                "{codes:?}"
            );
        }
        assert_eq!(worst_first([8, 0, 78, 8]), [78, 8, 0]);
        assert_eq!(worst_first([]), [] as [u8; 0]);
    }
}
