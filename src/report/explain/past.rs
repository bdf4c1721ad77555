use jiff::Timestamp;

use super::account::recorded_account;
use super::page::Page;
use super::{Explanation, PastRuns, Traces};
use crate::model::{ActionKind, Outcome, OutcomeRecord, TaskState, TerminationRecord};
use crate::plan::Action;
use crate::report::instant;

/// Something that happened, with what belongs to it.
struct Event {
    at: Timestamp,
    what: String,
    details: Vec<String>,
}

/// What the runs of one plan found and did.
struct Night {
    at: Timestamp,
    run: String,
    found: Vec<String>,
    done: Vec<String>,
    /// Later nights of which the same is to be told.
    again: Vec<Timestamp>,
}

impl Explanation<'_> {
    /// What earlier nights did, in order of time.
    pub(super) fn earlier(&self, traces: &Traces, page: &mut Page) {
        page.heading("What earlier nights did");
        let mut events = self.of_terminations(traces);
        events.extend(self.of_tasks(traces));
        events.extend(self.of_runs(traces));
        events.sort_by_key(|event| event.at);
        if events.is_empty() {
            page.say("Nothing: the ledger has no trace of it.");
        }
        for event in events {
            page.say(&format!("{} {}", instant(Some(event.at)), event.what));
            for detail in event.details {
                page.detail(&detail);
            }
        }
    }

    fn of_terminations(&self, traces: &Traces) -> Vec<Event> {
        let all = self.memory.terminations.iter();
        let mine = all.filter(|(id, _)| traces.is_termination(id));
        mine.flat_map(|(_, record)| of_termination(record))
            .collect()
    }

    fn of_tasks(&self, traces: &Traces) -> Vec<Event> {
        let tasks = self.memory.tasks.values();
        let is_mine = |id| traces.is_termination(id);
        tasks
            .filter(|task| task.termination.as_ref().is_some_and(is_mine))
            .map(|task| {
                let state = match task.state {
                    TaskState::Open => "still open",
                    TaskState::Done => "done since, as somebody said",
                    TaskState::Observed => "not needed any more, as a later report showed",
                };
                let due = match task.due {
                    Some(due) => format!(", to be done by {}", instant(Some(due))),
                    None => String::new(),
                };
                Event {
                    at: task.issued_at,
                    what: format!(
                        "task {} ({}) was issued{due}; it is {state}.",
                        task.kind.as_str(),
                        task.id
                    ),
                    details: Vec::new(),
                }
            })
            .collect()
    }

    /// A night that found and did the same as the one before is only counted;
    /// none of these sent anything, because what is sent has a time.
    fn of_runs(&self, traces: &Traces) -> Vec<Event> {
        let mut nights: Vec<Night> = Vec::new();
        for past in self.past.iter().filter(|past| traces.are_in(&past.plan)) {
            let past = past.clone().about(traces);
            let (found, done) = (found(&past), self.done(&past));
            match nights.last_mut() {
                Some(before) if (&before.found, &before.done) == (&found, &done) => {
                    before.again.push(past.began());
                }
                Some(_) | None => nights.push(Night {
                    at: past.began(),
                    run: self.run(&past),
                    found,
                    done,
                    again: Vec::new(),
                }),
            }
        }
        nights.into_iter().map(Night::event).collect()
    }

    fn run(&self, past: &PastRuns) -> String {
        let ids: Vec<&str> = past
            .runs
            .iter()
            .map(|run| run.start.run_id.as_str())
            .collect();
        let plan_id = past
            .runs
            .first()
            .map_or("", |run| run.start.plan_id.as_str());
        let approval = match self.memory.approvals.get(plan_id) {
            Some(approval) => {
                let at = instant(Some(approval.at));
                format!(", approved by {} at {at}", approval.by)
            }
            None => String::new(),
        };
        let unfinished = match past.runs.last() {
            Some(run) if run.end.is_none() => ", which never finished",
            Some(_) | None => "",
        };
        format!(
            "run {} of plan {plan_id}{approval}{unfinished}:",
            ids.join(", resumed by ")
        )
    }

    /// The actions of a run that were about somebody, and how they ended.
    fn done(&self, past: &PastRuns) -> Vec<String> {
        let actions = &past.plan.actions;
        let mine = actions.iter().filter(|action| action.draft.is_none());
        let mut said: Vec<String> = Vec::new();
        for action in mine {
            let record = past.outcomes.get(&action.id);
            // A task that was handed over has a line of its own.
            if record.is_some_and(|record| record.outcome == Outcome::Manual) {
                continue;
            }
            said.push(outcome(action, record));
            for draft in actions {
                said.extend(self.counted_in_draft(action, draft, past));
            }
        }
        said.extend(past.attempts.iter().map(attempt));
        said
    }

    /// The request that counts a seat that an earlier night freed.
    fn counted_in_draft(
        &self,
        removal: &Action,
        drafting: &Action,
        past: &PastRuns,
    ) -> Option<String> {
        let draft = drafting.draft.as_ref()?;
        if !draft.removals.contains(&removal.id) {
            return None;
        }
        let id = &draft.request.id;
        let drafted = past.outcomes.get(&drafting.id)?.quantity?;
        let now = self
            .memory
            .requests
            .iter()
            .find(|request| request.id == *id);
        let now = match now {
            Some(request) => format!(
                "it is {} now, for {}",
                request.state.as_str(),
                request.quantity
            ),
            None => "it is not open any more".to_owned(),
        };
        Some(format!(
            "Its seat counts in the cancellation request {id} for {} of {drafted} that night; {now}.",
            draft.request.pool
        ))
    }
}

impl Night {
    fn event(self) -> Event {
        let repeated = self.again.last().map(|until| {
            let until = instant(Some(*until));
            match self.again.len() {
                1 => format!("The same once more, at {until}."),
                times => format!("The same {times} more times, until {until}."),
            }
        });
        let details = self.found.into_iter().chain(self.done).chain(repeated);
        Event {
            at: self.at,
            what: self.run,
            details: details.collect(),
        }
    }
}

impl PastRuns {
    fn began(&self) -> Timestamp {
        let starts = self.runs.iter().map(|run| run.start.started_at);
        starts.min().unwrap_or(Timestamp::MIN)
    }
}

fn of_termination(record: &TerminationRecord) -> Vec<Event> {
    let id = record.termination.id();
    let event = |at: Option<Timestamp>, what: String| {
        at.map(|at| Event {
            at,
            what,
            details: Vec::new(),
        })
    };
    [
        event(
            Some(record.first_listed),
            format!(
                "HR listed the termination {id} for the first time; it is {} now.",
                record.state.as_str()
            ),
        ),
        event(
            record.deactivated_at,
            format!(
                "{} was verified as deactivated, by a reading or by the users report: the \
                 termination is spent and never deactivates again.",
                recorded_account(record)
            ),
        ),
        event(
            record.vanished_at,
            format!("the row of {id} was gone from the cumulative HR file."),
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What a run found of somebody's rows.
fn found(past: &PastRuns) -> Vec<String> {
    let mut found: Vec<String> = past
        .plan
        .dispositions
        .iter()
        .map(|line| {
            let detail = match line.detail.as_ref() {
                "" => String::new(),
                detail => format!(": {detail}"),
            };
            format!("{} ({}){detail}.", line.disposition, line.reason)
        })
        .collect();
    found.dedup();
    found
}

fn outcome(action: &Action, record: Option<&OutcomeRecord>) -> String {
    let what = match (action.kind, &action.license) {
        (ActionKind::ManualTask, _) => {
            let id = action.task_id.as_deref().unwrap_or_default();
            format!("task {id}")
        }
        (kind, Some(license)) => format!("{kind} {}", license.pool()),
        (kind, None) => kind.to_string(),
    };
    let Some(record) = record else {
        return format!("{what}: was not begun.");
    };
    let mut parts = vec![format!("{what}: {}", record.outcome)];
    parts.extend(record.reason.map(|reason| reason.as_str().to_owned()));
    let facts = [
        ("HTTP", record.http_status.map(|status| status.to_string())),
        (
            "verified at",
            record.verified_at.map(|at| instant(Some(at))),
        ),
        ("before", Some(record.before.clone())),
        ("after", Some(record.after.clone())),
    ];
    for (name, value) in facts {
        match value.as_deref() {
            None | Some("") => {}
            Some(value) => parts.push(format!("{name} {value}")),
        }
    }
    let detail = match record.detail.as_str() {
        "" => String::new(),
        detail => format!(": {detail}"),
    };
    format!("{}{detail}.", parts.join(", "))
}

fn attempt(attempt: &crate::ledger::AttemptRow) -> String {
    let end = match &attempt.end {
        Some((end, at)) => format!("{} at {}", end.as_str(), instant(Some(*at))),
        None => "open, so the next run looks".to_owned(),
    };
    let operation = match &attempt.operation {
        Some((id, at)) => format!(", operation {id} at {}", instant(Some(*at))),
        None => String::new(),
    };
    let request = match &attempt.intent.request_id {
        Some(id) => format!(", request {id}"),
        None => String::new(),
    };
    format!(
        "attempt {}: intended at {}{request}{operation}; {end}.",
        attempt.intent.key.attempt,
        instant(Some(attempt.intent.at))
    )
}
