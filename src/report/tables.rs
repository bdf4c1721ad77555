use std::collections::BTreeMap;
use std::fmt::Write;

use jiff::Timestamp;
use tabled::builder::Builder;

use super::{Summary, draw};
use crate::model::{ActionKind, HoldSource, Memory, TaskRecord, TaskState};
use crate::plan::{Action, GuardCheck, PassedBy, Plan, Verdict};

/// What the plan holds, for a terminal: rows per disposition and actions per kind.
pub fn plan_tables(plan: &Plan) -> String {
    let rows: u64 = plan.totals.values().sum();
    let mut dispositions = Builder::default();
    dispositions.push_record(["HR rows", "count"]);
    for (name, count) in plan.totals.iter().filter(|(_, count)| **count > 0) {
        dispositions.push_record([name.clone(), count.to_string()]);
    }
    dispositions.push_record(["total".to_owned(), rows.to_string()]);
    let mut actions = Builder::default();
    actions.push_record(["planned", "count"]);
    let kinds = [
        ActionKind::Deactivate,
        ActionKind::RemoveLicense,
        ActionKind::RequestPartialCancellation,
        ActionKind::ManualTask,
    ];
    let reclaiming = plan.reclaiming();
    let reclaims = |action: &&Action| {
        reclaiming.contains(&action.id) && action.kind != ActionKind::RemoveLicense
    };
    for kind in kinds {
        let of_kind = plan.actions.iter().filter(|action| action.kind == kind);
        let count = of_kind.filter(|action| !reclaims(action)).count();
        actions.push_record([kind.to_string(), count.to_string()]);
    }
    // A reactivation and a deactivation each.
    let reclaims = plan.actions.iter().filter(reclaims).count() / 2;
    if reclaims > 0 {
        let what = "accounts reactivated for a while";
        actions.push_record([what.to_owned(), reclaims.to_string()]);
    }
    format!("{}\n{}", draw(dispositions), draw(actions))
}

/// What a plan that undoes a run holds, for a terminal.
pub fn undo_tables(plan: &Plan) -> String {
    let mut accounts = BTreeMap::new();
    for line in &plan.dispositions {
        *accounts
            .entry(format!("{} ({})", line.disposition, line.reason))
            .or_default() += 1;
    }
    let mut actions = BTreeMap::new();
    for action in &plan.actions {
        *actions.entry(action.kind.to_string()).or_default() += 1;
    }
    let table = |what: &str, counts: &BTreeMap<String, usize>| {
        let mut table = Builder::default();
        table.push_record([what, "count"]);
        for (name, count) in counts {
            table.push_record([name.clone(), count.to_string()]);
        }
        draw(table)
    };
    format!(
        "{}\n{}",
        table("accounts", &accounts),
        table("planned", &actions)
    )
}

/// How the actions ended, for a terminal.
pub fn outcome_table(summary: &Summary) -> String {
    let mut table = Builder::default();
    table.push_record(["action", "outcome", "count"]);
    for (kind, outcomes) in &summary.actions {
        for (outcome, count) in outcomes {
            table.push_record([kind.clone(), outcome.clone(), count.to_string()]);
        }
    }
    draw(table)
}

/// The guards that keep the plan from being carried out.
pub fn guard_table(guards: &[GuardCheck]) -> String {
    let tripped = || {
        guards
            .iter()
            .filter(|guard| guard.verdict == Verdict::Tripped)
    };
    let mut table = Builder::default();
    table.push_record(["guard", "measured", "limit", "of", "setting"]);
    for guard in tripped() {
        table.push_record([
            guard.name.clone(),
            guard.measured.to_string(),
            guard.limit.clone(),
            guard.denominator.to_string(),
            guard.setting.clone(),
        ]);
    }
    let mut text = draw(table);
    for guard in tripped() {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n- {}", guard.message);
    }
    text
}

/// The options that let this plan pass its guards, and no other.
pub fn approving_flags(guards: &[GuardCheck], plan_id: &str) -> Vec<String> {
    let mut flags = Vec::new();
    for guard in guards
        .iter()
        .filter(|guard| guard.verdict == Verdict::Tripped)
    {
        let flag = match &guard.passed_by {
            PassedBy::Approval => format!("--approve {plan_id}"),
            PassedBy::AcceptedInput(sha256) => format!("--accept-input {sha256}"),
        };
        if !flags.contains(&flag) {
            flags.push(flag);
        }
    }
    flags
}

/// The manual tasks and HR rows that are open and the holds that were written
/// down by a review or `tasks hold`, for a terminal. It names people. What is
/// due first comes first.
pub fn task_table(memory: &Memory, now: Timestamp) -> String {
    let mut table = Builder::default();
    table.push_record(["task", "what", "for", "username", "due"]);
    let mut open: Vec<&TaskRecord> = memory
        .tasks
        .values()
        .filter(|task| task.state == TaskState::Open)
        .collect();
    open.sort_by_key(|task| (task.due.unwrap_or(Timestamp::MAX), &task.id));
    for task in open {
        let record = task
            .termination
            .as_ref()
            .and_then(|id| memory.terminations.get(id));
        let person = record
            .map(|record| record.termination.name.display())
            .unwrap_or_default();
        let username = record.and_then(|record| record.account_username.as_ref());
        let is_overdue = task.due.is_some_and(|due| due < now);
        let mark = if is_overdue { " overdue" } else { "" };
        table.push_record([
            task.id.clone(),
            task.kind.as_str().to_owned(),
            person,
            username.map(ToString::to_string).unwrap_or_default(),
            format!("{}{mark}", super::instant(task.due)),
        ]);
    }
    for row in &memory.unsettled {
        let what = format!("HR row: {} ({})", row.disposition, row.reason);
        let name = row.name.display();
        table.push_record([row.id(), what, name, String::new(), String::new()]);
    }
    for hold in &memory.holds {
        let since = match hold.source {
            HoldSource::Ledger(Some(since)) => {
                format!(" (since {})", super::instant(Some(since)))
            }
            HoldSource::Ledger(None) | HoldSource::File(_) => String::new(),
        };
        let what = format!("on hold{since}: {}", hold.why);
        let until = hold.until.map_or_else(
            || "until it is ended".to_owned(),
            |until| format!("until {until}"),
        );
        table.push_record([hold.id(), what, hold.who.clone(), String::new(), until]);
    }
    draw(table)
}

/// How many people's access did not end, and why; none if everybody's did.
pub fn access_not_ended_text(summary: &Summary) -> Option<String> {
    let reasons = &summary.access_not_ended;
    let people: u64 = reasons.values().sum();
    let who = match people {
        0 => return None,
        1 => "1 person".to_owned(),
        people => format!("{people} people"),
    };
    let reasons: Vec<String> = reasons
        .iter()
        .map(|(reason, count)| format!("{count} {reason}"))
        .collect();
    let why = reasons.join(", ");
    Some(format!("access of {who} did not end ({why})"))
}

/// The run in one line, for logs and mails.
pub fn summary_line(summary: &Summary) -> String {
    let count = |kind: &str, outcome: &str| {
        summary
            .actions
            .get(kind)
            .and_then(|outcomes| outcomes.get(outcome))
            .copied()
            .unwrap_or(0)
    };
    // What earlier attempts at the plan did is not done again.
    let done = |kind: &str, what: &str| {
        let reclaims = if kind == "deactivate" {
            summary.reclaims_ended
        } else {
            0
        };
        let all = count(kind, "succeeded") - reclaims;
        match summary.succeeded_before.get(kind) {
            Some(before) => format!("{all} {what} ({before} before)"),
            None => format!("{all} {what}"),
        }
    };
    let failed: u64 = summary
        .actions
        .values()
        .map(|outcomes| {
            outcomes.get("failed").unwrap_or(&0) + outcomes.get("unknown").unwrap_or(&0)
        })
        .sum();
    let reclaims = &summary.reclaims;
    let has_reclaims = reclaims.iter().any(|it| it.plan_id == summary.plan_id);
    let back = match (
        count("reactivate", "succeeded"),
        count("assign_license", "succeeded"),
    ) {
        (0, 0) => String::new(),
        (accounts, 0) if has_reclaims => {
            format!("{accounts} reactivated for a while, ")
        }
        (accounts, seats) => format!("{accounts} reactivated, {seats} licences assigned, "),
    };
    let exit = match &summary.rehearsal {
        Some(prediction) if prediction.obstacles.is_empty() => "predicted exit",
        Some(_) => "would not begin as it stands; predicted exit",
        None => "exit",
    };
    let open = match summary.reactivated_by_us.as_slice() {
        [] => String::new(),
        accounts => format!("reactivated_by_us {}; ", accounts.join(" ")),
    };
    let reminders = match summary.cancellation_requests.reminders.len() {
        0 => String::new(),
        count => format!("{count} cancellation requests to follow; "),
    };
    let not_ended = match access_not_ended_text(summary) {
        None => String::new(),
        Some(text) => format!("{text}; "),
    };
    format!(
        "{open}{} {} on {} ({}): {} HR rows; {back}{}, {}, {}, {} manual \
         tasks open; {reminders}{not_ended}{} failed or unknown; {} need a look; {exit} {}",
        summary.command,
        summary.run_id,
        summary.target,
        summary.tenant,
        summary.hr_rows,
        done("deactivate", "deactivated"),
        done("remove_license", "licences removed"),
        done("request_partial_cancellation", "drafts"),
        summary.open_tasks,
        failed,
        summary.needs_a_look,
        summary.exit_code,
    )
}
