//! `seatsweep tasks`: manual tasks that are open, done, or to be waited for.

use super::console;
use super::failure::{Exit, Failure};
use super::work::open_ledger;
use crate::cli::TasksAction;
use crate::config::Settings;
use crate::files::RunLock;
use crate::ledger::Entry;
use crate::model::{HoldRecord, Memory, TaskRecord, TaskState};
use crate::report;
use crate::vendor::wall_now;

pub(super) fn run(settings: &Settings, action: &TasksAction) -> Result<u8, Failure> {
    let now = settings.as_of.unwrap_or_else(wall_now);
    if !settings.ledger.exists() {
        let path = settings.ledger.display();
        return Err(Failure::new(
            Exit::NoInput,
            format!(
                "there is no ledger at {path}; give the --config, --sandbox and --out-dir of the run"
            ),
        ));
    }
    if matches!(action, TasksAction::List) {
        console::say(&report::task_table(&super::plan::memory(settings, now)?));
        return Ok(0);
    }
    let _lock = RunLock::acquire(&settings.ledger)?;
    let mut ledger = open_ledger(settings, None)?;
    let memory = ledger.memory(now)?;
    match action {
        TasksAction::List => {}
        TasksAction::Done { ids } => {
            let entries = ids
                .iter()
                .map(|id| {
                    if memory.unsettled.iter().any(|row| row.id() == *id) {
                        let id = id.clone();
                        return Ok(Entry::RowSettled { id, at: now });
                    }
                    let task = known(&memory, id)?;
                    if task.state != TaskState::Open {
                        let state = task.state.as_str();
                        let sentence = format!("task {id} is not open any more: {state}");
                        return Err(Failure::new(Exit::Usage, sentence));
                    }
                    Ok(Entry::TaskState {
                        id: task.id.clone(),
                        state: TaskState::Done,
                        at: now,
                    })
                })
                .collect::<Result<Vec<_>, Failure>>()?;
            ledger.record(&entries)?;
            console::say(&format!("{} tasks done", ids.len()));
        }
        TasksAction::Hold { id, until } => {
            if memory.unsettled.iter().any(|row| row.id() == *id) {
                let sentence = format!(
                    "{id} is an HR row, and nothing is done about it anyway; say `tasks done` when \
                     somebody took care of it"
                );
                return Err(Failure::new(Exit::Usage, sentence));
            }
            let task = known(&memory, id)?;
            let who = subject(&memory, task).ok_or_else(|| {
                Failure::new(
                    Exit::Usage,
                    format!("task {id} is about a pool and cannot be held"),
                )
            })?;
            let why = format!("waits for task {id}");
            ledger.add_hold(&HoldRecord {
                who,
                why,
                until: *until,
            })?;
            console::say(&format!("on hold because of task {id}"));
        }
    }
    Ok(0)
}

fn known<'m>(memory: &'m Memory, id: &str) -> Result<&'m TaskRecord, Failure> {
    memory.tasks.get(id).ok_or_else(|| {
        let advice = "`seatsweep tasks list` shows the open ones";
        Failure::new(
            Exit::Usage,
            format!("the ledger has no task {id:?}; {advice}"),
        )
    })
}

/// What a hold on the task's person is written for.
fn subject(memory: &Memory, task: &TaskRecord) -> Option<String> {
    let record = memory.terminations.get(task.termination.as_ref()?)?;
    let username = record.account_username.as_ref().map(ToString::to_string);
    username.or_else(|| record.user_id.as_ref().map(ToString::to_string))
}
