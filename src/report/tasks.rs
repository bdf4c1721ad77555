use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use jiff::Timestamp;

use super::{Run, instant, write_csv};
use crate::model::{Outcome, OutcomeRecord};
use crate::plan::ManualTask;

const COLUMNS: [&str; 12] = [
    "task_id",
    "task",
    "state",
    "subject",
    "username",
    "who",
    "due",
    "issued_at",
    "after",
    "step",
    "of",
    "instruction",
];

/// Everything that a person has to do, one line a step: what was handed over
/// tonight, and what is still open. A task that was planned and not handed over
/// is nobody's.
///
/// Whoever has the earliest date comes first; the tasks of one person stand
/// together, by their dates and then in the order in which they are best done.
pub fn tasks_csv(run: &Run<'_>, into: impl Write) -> io::Result<()> {
    let tasks = in_order(open_tasks(run));
    let people = tasks.chunk_by(|task, next| group(task) == group(next));
    let tasks = people.flat_map(|tasks| tasks.iter().map(move |task| (task, tasks)));
    let rows = tasks.flat_map(|(task, of_the_person)| {
        let state = match task.issued_at {
            None => "new",
            Some(_) if task.due.is_some_and(|due| due < run.plan.as_of) => "overdue",
            Some(_) => "open",
        };
        let after = better_before(task, of_the_person);
        let steps = task.steps.iter().enumerate();
        steps.map(move |(position, step)| {
            [
                task.id.clone(),
                task.kind.as_str().to_owned(),
                state.to_owned(),
                task.subject.clone(),
                task.username.clone(),
                task.who.clone(),
                instant(task.due),
                instant(task.issued_at.or(Some(run.plan.as_of))),
                after.clone(),
                (position + 1).to_string(),
                task.steps.len().to_string(),
                step.clone(),
            ]
        })
    });
    write_csv(COLUMNS, rows, into)
}

/// The tasks that the ledger has, or has now.
pub(super) fn open_tasks<'a>(run: &Run<'a>) -> impl Iterator<Item = &'a ManualTask> {
    let handed_over = |record: Option<&OutcomeRecord>| {
        record.is_some_and(|record| record.outcome == Outcome::Manual)
    };
    let outcomes = run.outcomes;
    let issuing = run.plan.actions.iter().filter_map(move |action| {
        let id = action.task_id.as_ref()?;
        handed_over(outcomes.get(&action.id)).then_some(id)
    });
    let issuing: BTreeSet<&String> = issuing.collect();
    let planned = run.plan.manual_tasks.iter();
    let planned =
        planned.filter(move |task| task.issued_at.is_some() || issuing.contains(&task.id));
    // What stands in for a change is handed over with the change itself.
    let mut stand_ins: BTreeMap<&String, &ManualTask> = BTreeMap::new();
    for stand_in in run.plan.stand_ins() {
        let ended = outcomes.get(&stand_in.action);
        let is_done = ended.is_some_and(|ended| {
            matches!(ended.outcome, Outcome::Succeeded | Outcome::AlreadyDone)
        });
        if handed_over(ended) || (stand_in.task.issued_at.is_some() && !is_done) {
            stand_ins.insert(&stand_in.task.id, &stand_in.task);
        }
    }
    planned.chain(stand_ins.into_values())
}

/// What belongs together: a person's termination, else a pool by itself.
fn group(task: &ManualTask) -> &str {
    let termination = task.termination.as_ref();
    termination.map_or(task.id.as_str(), |termination| termination.as_str())
}

fn in_order<'a>(tasks: impl Iterator<Item = &'a ManualTask>) -> Vec<&'a ManualTask> {
    let mut tasks: Vec<&ManualTask> = tasks.collect();
    let mut first_due: BTreeMap<String, Timestamp> = BTreeMap::new();
    for task in &tasks {
        let due = task.due.unwrap_or(Timestamp::MAX);
        let first = first_due.entry(group(task).to_owned()).or_insert(due);
        *first = due.min(*first);
    }
    tasks.sort_by_cached_key(|task| {
        let group = group(task).to_owned();
        let due = task.due.unwrap_or(Timestamp::MAX);
        let (first, place) = (first_due[&group], task.kind.place());
        (first, group, due, place, task.id.clone())
    });
    tasks
}

/// The ids of the person's tasks that are better done before this one. None
/// that has more time is waited for: the date wins.
fn better_before(task: &ManualTask, of_the_person: &[&ManualTask]) -> String {
    let kinds = task.kind.better_after();
    let time = |task: &ManualTask| task.due.unwrap_or(Timestamp::MAX);
    let before = of_the_person
        .iter()
        .filter(|other| kinds.contains(&other.kind) && time(other) <= time(task));
    let ids: Vec<&str> = before.map(|other| other.id.as_str()).collect();
    ids.join(" ")
}

#[cfg(test)]
mod tests {
    use super::{ManualTask, better_before, in_order};
    use crate::model::{TaskKind, TerminationId};

    #[test]
    fn what_is_urgent_waits_for_nothing_that_has_more_time() {
        let task = |kind: TaskKind, due: &str| ManualTask {
            id: format!("task-{}", kind.as_str()),
            kind,
            termination: Some(TerminationId::stored("employee:5|2026-11-20".to_owned())),
            line: Some(0),
            subject: "Jane Doe".to_owned(),
            username: "jane.doe@example.com".to_owned(),
            steps: Vec::new(),
            who: String::new(),
            due: Some(due.parse().expect("an instant")),
            issued_at: None,
        };
        let (now, later) = ("2026-11-21T08:00:00Z", "2026-11-28T08:00:00Z");
        let urgent = task(TaskKind::DeactivateByHand, now);
        let tasks = [
            task(TaskKind::Number, later),
            task(TaskKind::Voicemail, now),
            urgent.clone(),
        ];
        let listed = in_order(tasks.iter());
        let kinds: Vec<TaskKind> = listed.iter().map(|task| task.kind).collect();
        let expected = [
            TaskKind::Voicemail,
            TaskKind::DeactivateByHand,
            TaskKind::Number,
        ];
        assert_eq!(kinds, expected);
        assert_eq!(better_before(&urgent, &listed), "task-voicemail");
    }
}
