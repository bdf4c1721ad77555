use super::{Run, csv_of, instant};

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

/// Everything that a person has to do, new or still open.
pub fn tasks_csv(run: &Run<'_>) -> Result<Vec<u8>, csv::Error> {
    let rows = run.plan.manual_tasks.iter().map(|task| {
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
