use std::collections::BTreeSet;

use super::{Run, csv_of, instant};
use crate::model::Outcome;
use crate::plan::ManualTask;

const COLUMNS: [&str; 9] = [
    "task_id",
    "task",
    "state",
    "subject",
    "username",
    "who",
    "due",
    "issued_at",
    "steps",
];

/// Everything that a person has to do: what was handed over tonight, and what
/// is still open. A task that was planned and not handed over is nobody's.
pub fn tasks_csv(run: &Run<'_>) -> Result<Vec<u8>, csv::Error> {
    let rows = open_tasks(run).map(|task| {
        let state = if task.issued_at.is_some() {
            "open"
        } else {
            "new"
        };
        let steps: Vec<String> = task
            .steps
            .iter()
            .enumerate()
            .map(|(position, step)| format!("{}. {step}", position + 1))
            .collect();
        [
            task.id.clone(),
            task.kind.as_str().to_owned(),
            state.to_owned(),
            task.subject.clone(),
            task.username.clone(),
            task.who.clone(),
            instant(task.due),
            instant(task.issued_at.or(Some(run.plan.as_of))),
            steps.join("\n"),
        ]
    });
    csv_of(COLUMNS, rows)
}

/// The tasks that the ledger has, or has now.
pub(super) fn open_tasks<'a>(run: &Run<'a>) -> impl Iterator<Item = &'a ManualTask> {
    let handed_over: BTreeSet<&str> = run
        .plan
        .actions
        .iter()
        .filter(|action| {
            let ended = run.outcomes.get(&action.id);
            ended.is_some_and(|ended| ended.outcome == Outcome::Manual)
        })
        .filter_map(|action| action.task_id.as_deref())
        .collect();
    let tasks = run.plan.manual_tasks.iter();
    tasks.filter(move |task| task.issued_at.is_some() || handed_over.contains(task.id.as_str()))
}
