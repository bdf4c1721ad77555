//! `seatsweep tasks`: manual tasks that are open, done, or to be waited for.

use jiff::Timestamp;
use jiff::civil::Date;

use super::console;
use super::failure::{Exit, Failure};
use super::work::open_ledger;
use crate::cli::TasksAction;
use crate::config::Settings;
use crate::files::RunLock;
use crate::ledger::Entry;
use crate::model::{HoldRecord, HoldSource, Memory, TaskRecord, TaskState};
use crate::reconcile::Calendar;
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
        let memory = super::plan::memory(settings, now)?;
        console::say(&report::task_table(&memory, now));
        console::describe_reactivated(memory.open_reclaims.values());
        return Ok(0);
    }
    let _lock = RunLock::acquire(&settings.ledger)?;
    let mut ledger = open_ledger(settings, None)?;
    let memory = ledger.memory(now)?;
    match action {
        TasksAction::List => {}
        TasksAction::Done { ids } => {
            let ended = ids
                .iter()
                .map(|id| end(&memory, id, now))
                .collect::<Result<Vec<_>, Failure>>()?;
            let (entries, said): (Vec<Entry>, Vec<String>) = ended.into_iter().unzip();
            ledger.record(&entries)?;
            for sentence in said {
                console::say(&sentence);
            }
        }
        TasksAction::Hold { id, until } => {
            let hold = hold_because_of(settings, &memory, id, *until, now)?;
            ledger.add_hold(&hold)?;
            let until = hold.until.map_or_else(
                || format!("until `seatsweep tasks done {}` ends it", hold.id()),
                |until| format!("until the end of {until}"),
            );
            console::say(&format!(
                "{} is on hold because of task {id}, {until}",
                hold.who
            ));
        }
    }
    Ok(0)
}

/// What `tasks done` says of one id: what is recorded, and a sentence for whoever said it.
fn end(memory: &Memory, id: &str, at: Timestamp) -> Result<(Entry, String), Failure> {
    if let Some(row) = memory.unsettled.iter().find(|row| row.id() == id) {
        let id = row.id();
        let sentence = format!("settled: HR row of {} ({id})", row.name.display());
        return Ok((Entry::RowSettled { id, at }, sentence));
    }
    if let Some(hold) = memory.holds.iter().find(|hold| hold.id() == id) {
        let who = hold.who.clone();
        let sentence = format!("not on hold any more: {who} ({id})");
        return Ok((Entry::HoldEnded { who, at }, sentence));
    }
    let task = open(memory, id)?;
    let entry = Entry::TaskState {
        id: task.id.clone(),
        state: TaskState::Done,
        at,
    };
    let waits = memory.holds.iter().find(|hold| hold.why == waits_for(id));
    let still = waits.map(HoldRecord::id).map_or_else(String::new, |hold| {
        format!("; its person is still on hold, `seatsweep tasks done {hold}` ends it")
    });
    let decides = if task.kind.is_seen_in_reports() {
        "; a users report made after now that shows otherwise issues it again"
    } else {
        ""
    };
    let kind = task.kind.as_str();
    Ok((entry, format!("done: {kind} ({id}){decides}{still}")))
}

/// The hold that `tasks hold` writes.
fn hold_because_of(
    settings: &Settings,
    memory: &Memory,
    id: &str,
    until: Option<Date>,
    now: Timestamp,
) -> Result<HoldRecord, Failure> {
    let refuse = |sentence: String| Err(Failure::new(Exit::Usage, sentence));
    if memory.unsettled.iter().any(|row| row.id() == id) {
        return refuse(format!(
            "{id} is an HR row, and nothing is done about it anyway; say `tasks done` when \
             somebody took care of it"
        ));
    }
    if memory.holds.iter().any(|hold| hold.id() == id) {
        return refuse(format!(
            "{id} is a hold already; `seatsweep tasks done {id}` ends it"
        ));
    }
    let task = open(memory, id)?;
    let Some(who) = subject(memory, task) else {
        return refuse(format!("task {id} is about a pool and cannot be held"));
    };
    let today = Calendar::new(&settings.policy)?.day(now);
    if let Some(past) = until.filter(|until| *until < today) {
        return refuse(format!(
            "--until {past} is over, so nobody would be held; name the last day of the hold, from \
             {today} on, or leave --until out"
        ));
    }
    Ok(HoldRecord {
        who,
        why: waits_for(id),
        until,
        source: HoldSource::Ledger(Some(now)),
    })
}

fn waits_for(task_id: &str) -> String {
    format!("waits for task {task_id}")
}

fn open<'m>(memory: &'m Memory, id: &str) -> Result<&'m TaskRecord, Failure> {
    let task = known(memory, id)?;
    if task.state == TaskState::Open {
        return Ok(task);
    }
    let state = task.state.as_str();
    Err(Failure::new(
        Exit::Usage,
        format!(
            "task {id} is not open any more: {state}; to hold its person all the same, list them in \
             the file of --holds"
        ),
    ))
}

fn known<'m>(memory: &'m Memory, id: &str) -> Result<&'m TaskRecord, Failure> {
    memory.tasks.get(id).ok_or_else(|| {
        let advice = "`seatsweep tasks list` shows the open ones";
        Failure::new(
            Exit::Usage,
            format!("the ledger has no task, row or hold {id:?}; {advice}"),
        )
    })
}

/// What a hold on the task's person is written for.
fn subject(memory: &Memory, task: &TaskRecord) -> Option<String> {
    let record = memory.terminations.get(task.termination.as_ref()?)?;
    let username = record.account_username.as_ref().map(ToString::to_string);
    username.or_else(|| record.user_id.as_ref().map(ToString::to_string))
}
