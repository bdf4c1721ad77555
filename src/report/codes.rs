use super::Run;
use crate::apply::Stop;
use crate::model::{ActionKind, Outcome, OutcomeReason};

/// How a run came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It went through.
    Finished,
    /// It stopped midway and can be resumed.
    Stopped(Stop),
    /// It was not begun: a guard, or an approval that is missing. The code.
    NotBegun(u8),
}

/// Every exit code that applies, the process's own first.
pub fn exit_codes(run: &Run<'_>, ending: Ending) -> Vec<u8> {
    let mut codes = Vec::new();
    match ending {
        Ending::Finished => {}
        Ending::NotBegun(code) => return vec![code],
        Ending::Stopped(Stop::Interrupted) => codes.push(130),
        Ending::Stopped(Stop::Terminated) => codes.push(143),
        Ending::Stopped(Stop::Unreachable) => codes.push(69),
        Ending::Stopped(
            Stop::Deadline
            | Stop::NotAuthorized
            | Stop::WrongCustomer
            | Stop::Ledger
            | Stop::Breaker
            | Stop::Defect,
        ) => codes.push(7),
    }
    let some = |wanted: Outcome| run.outcomes.values().any(|ended| ended.outcome == wanted);
    if some(Outcome::Unknown) {
        codes.push(5);
    }
    let drifted = |reason| reason == Some(OutcomeReason::Drifted);
    if some(Outcome::Failed) || run.outcomes.values().any(|ended| drifted(ended.reason)) {
        codes.push(4);
    }
    if needs_a_look(run) > 0 {
        codes.push(8);
    }
    if codes.is_empty() {
        codes.push(0);
    }
    codes
}

/// Lines of which access that is due may still be open, and those with an
/// overdue task.
pub(super) fn needs_a_look(run: &Run<'_>) -> usize {
    let lines = run.plan.dispositions.iter().enumerate();
    lines
        .filter(|(position, line)| match deactivation_of(run, *position) {
            Some((Outcome::Succeeded | Outcome::AlreadyDone, _)) => false,
            Some((_, Some(OutcomeReason::Drifted | OutcomeReason::IdentityProvider))) => true,
            _ => line.needs_a_look,
        })
        .count()
}

/// How the deactivation of a line ended, if it has one that did.
fn deactivation_of(run: &Run<'_>, position: usize) -> Option<(Outcome, Option<OutcomeReason>)> {
    let action =
        run.plan.actions.iter().find(|action| {
            action.line == Some(position) && action.kind == ActionKind::Deactivate
        })?;
    let ended = run.outcomes.get(&action.id)?;
    Some((ended.outcome, ended.reason))
}
