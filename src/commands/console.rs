//! What is printed: data and the one-line summary on stdout, everything else
//! on stderr.
use std::collections::{BTreeMap, BTreeSet};
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tracing_subscriber::EnvFilter;

use super::Failure;
use super::again;
use super::budget::{Spent, Standing};
use crate::apply::{Event, Observer, Servers};
use crate::cli::LogFormat;
use crate::config::{LogLevel, LogSettings, Settings};
use crate::model::{HoldRecord, ReclaimRecord};
use crate::plan::{Phase, Plan, PlanInput, Review};
use crate::report::{self, Look, Run, Summary};
use crate::sandbox::LogReport;
use crate::vendor::Usage;

/// Data, for a pipe.
pub(super) fn say(text: &str) {
    // Whoever reads no further, as `head` does, must not end a run midway.
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// For the person at the terminal, unless they asked for quiet.
pub(super) fn tell(settings: &Settings, text: &str) {
    if settings.log.level != LogLevel::Warn {
        warn(text);
    }
}

/// For whoever reads the cron mail, asked for or not.
pub(super) fn warn(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// What happened, to whom, and what to do next.
pub(super) fn complain(failure: &Failure) {
    warn(&format!("{COMPLAINT}{}", failure.text()));
}

/// What a complaint begins with; it is the last thing that a command says.
pub(super) const COMPLAINT: &str = "seatsweep: ";

/// Logs go to stderr; they carry no personal data.
pub(super) fn start_log(log: LogSettings) {
    let level = match log.level {
        LogLevel::Warn => "warn",
        LogLevel::Info => "seatsweep=info,warn",
        LogLevel::Debug => "seatsweep=debug,warn",
        LogLevel::Trace => "seatsweep=trace,warn",
    };
    let builder = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(level))
        .with_writer(std::io::stderr)
        .with_target(false);
    // A second command in one process, as in tests, keeps the first log.
    let _ = match log.format {
        LogFormat::Text => builder.without_time().try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
}

/// Progress on a terminal as a bar with the time left; plain lines otherwise.
pub(super) fn progress(settings: &Settings, servers: &Servers) -> Observer {
    let on_terminal = settings.progress && std::io::stderr().is_terminal();
    let quiet = settings.log.level == LogLevel::Warn;
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{prefix} [{bar:30}] {pos}/{len} {msg}") {
        bar.set_style(style);
    }
    if !on_terminal {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    let servers = servers.clone();
    let spent = move || spent(&servers);
    let began = Mutex::new(Spent::default());
    let time_scale = settings.limits.time_scale;
    let standing = move |bar: &ProgressBar, began: Spent| Standing {
        done: bar.position(),
        all: bar.length().unwrap_or(0),
        began,
        now: spent(),
        time_scale,
    };
    Arc::new(move |event| match event {
        Event::PhaseBegan(_, 0) => {}
        Event::PhaseBegan(phase, accounts) => {
            let what = match phase {
                Phase::Deactivations => "deactivating",
                Phase::Removals => "removing licences",
                Phase::Reclaims => "reclaiming licences, one account at a time",
                Phase::Reactivations => "reactivating",
                Phase::Assignments => "assigning licences",
            };
            bar.reset();
            bar.set_length(accounts as u64);
            bar.set_prefix(what);
            let mut began = began.lock().unwrap_or_else(PoisonError::into_inner);
            *began = standing(&bar, Spent::default()).now;
            let left = standing(&bar, *began).left();
            bar.set_message(format!("accounts, about {left} left"));
            if !on_terminal && !quiet {
                let pace = match time_scale {
                    1 => String::new(),
                    scale => format!("{scale} times "),
                };
                warn(&format!(
                    "{what}: {accounts} accounts, about {left} at {pace}the vendor's limits"
                ));
            }
        }
        Event::LaneEnded => {
            bar.inc(1);
            let began = *began.lock().unwrap_or_else(PoisonError::into_inner);
            let standing = standing(&bar, began);
            let (done, all, text) = (standing.done, standing.all, standing.text());
            bar.set_message(format!("accounts, {text}"));
            // Now and then, and not more often the more there are.
            let line_every = all.div_ceil(LINES).max(LINE_EVERY);
            if done == all {
                bar.finish_and_clear();
            } else if !on_terminal && !quiet && done.is_multiple_of(line_every) {
                warn(&format!("{done} of {all} accounts, {text}"));
            }
        }
        Event::ActionEnded(kind, outcome) => {
            tracing::trace!(%kind, %outcome, "action ended");
        }
    })
}

/// Without a terminal, a line of progress every so many accounts at most.
const LINE_EVERY: u64 = 25;
/// And no more lines than this for all of them.
const LINES: u64 = 20;

/// What was used until now.
fn spent(servers: &Servers) -> Spent {
    let usage = servers.usage();
    let mut limiters = servers.limiters();
    let first = limiters.next();
    let allowed = first.map_or(0, |first| first.usage().allowed_per_minute);
    Spent {
        requests: usage.requests,
        elapsed: first.map_or(Duration::ZERO, |first| first.clock().elapsed()),
        // Before anything was asked, the first API stands for all.
        allowed_per_minute: match usage.allowed_per_minute {
            0 => allowed,
            used => used,
        },
    }
}

/// Accounts that this program made active and could not deactivate again.
pub(super) fn describe_reactivated<'a>(open: impl IntoIterator<Item = &'a ReclaimRecord>) {
    let open: Vec<&str> = open.into_iter().map(|it| it.user_id.as_str()).collect();
    if !open.is_empty() {
        let explain: Vec<String> = open.iter().map(|id| again::explain(id)).collect();
        warn(&format!(
            "error: reactivated_by_us: {}\nthis program reactivated the account to free its \
             licences, and it is not known to be deactivated again: deactivate it in Admin Console \
             now (Users, the account with this id, More options: Deactivate user). Every run and \
             apply tries it first, and says so until it is done. Whose account it is:\n  {}",
            open.join(", "),
            explain.join("\n  ")
        ));
    }
}

/// What was understood of the inputs, for `-v`.
pub(super) fn describe_inputs(settings: &Settings, inputs: &[PlanInput]) {
    if matches!(settings.log.level, LogLevel::Warn | LogLevel::Info) {
        return;
    }
    for input in inputs {
        warn(&report::input_block(
            &input.role,
            &input.path,
            input.rows,
            &input.detected,
        ));
    }
}

/// What an administrator should know that is no row of the results.
pub(super) fn describe_findings(settings: &Settings, plan: &Plan) {
    for finding in &plan.findings {
        tell(settings, &format!("note: {finding}"));
    }
}

/// What of a review sheet was not understood, and is therefore held.
pub(super) fn describe_review(review: &Review) {
    for (line, action_id) in review.not_understood.iter().take(LINES_SHOWN) {
        warn(&format!(
            "review sheet line {line}: {action_id:?} names no action of this plan; was the id \
             changed by the spreadsheet? Whatever it stands for is held"
        ));
    }
    let more = review.not_understood.len().saturating_sub(LINES_SHOWN);
    if more > 0 {
        warn(&format!("and {more} more lines of the review sheet"));
    }
    if review.missing > 0 {
        warn(&format!(
            "actions without a line in the review sheet, held: {}",
            review.missing
        ));
    }
}

/// Whoever is put on hold stays there until somebody remembers them.
pub(super) fn describe_new_holds(settings: &Settings, holds: &[HoldRecord]) {
    let held: BTreeSet<String> = holds.iter().map(HoldRecord::id).collect();
    if !held.is_empty() {
        let ids: Vec<String> = held.into_iter().collect();
        tell(
            settings,
            &format!(
                "on hold until somebody ends it: {} accounts; `seatsweep tasks list` shows whom, and \
                 this ends it:\n  seatsweep tasks done {}",
                ids.len(),
                ids.join(" ")
            ),
        );
    }
}

/// Lines of a review sheet that are named at most.
const LINES_SHOWN: usize = 20;

/// Whoever should have lost access and did not, or is not known to have: said
/// to whoever asked for quiet, too.
pub(super) fn describe_access_not_ended(summary: &Summary, folder: &Path) {
    if let Some(text) = report::access_not_ended_text(summary) {
        warn(&format!(
            "warning: {text}; who and why: {}",
            folder.join("results.csv").display()
        ));
    }
}

/// The run in one line. Without the lines on stderr, this one has to lead to
/// the people whose access did not end.
pub(super) fn say_summary(settings: &Settings, summary: &Summary, folder: &Path) {
    let line = report::summary_line(summary);
    let is_quiet = settings.log.level == LogLevel::Warn;
    if is_quiet && !summary.access_not_ended.is_empty() {
        let results = folder.join("results.csv");
        say(&format!("{line}; see {}", results.display()));
    } else {
        say(&line);
    }
}

/// The lines of which access that is due may still be open. Files name people;
/// the terminal of a cron job does not.
pub(super) fn describe_attention(settings: &Settings, run: &Run<'_>, folder: &Path) {
    let (overdue, open): (Vec<_>, Vec<_>) =
        report::lines_to_look_at(run).partition(|look| look.is_only_a_task);
    let mut reasons: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for Look { line, .. } in &open {
        *reasons
            .entry((line.disposition.as_str(), line.reason.as_str()))
            .or_default() += 1;
    }
    let reasons: Vec<String> = reasons
        .iter()
        .map(|((disposition, reason), count)| format!("{count} {disposition} ({reason})"))
        .collect();
    let mut said = Vec::new();
    if !open.is_empty() {
        said.push(format!(
            "{} lines of people whose access is due to end and may still be open: {}; see {}",
            open.len(),
            reasons.join(", "),
            folder.join("results.csv").display()
        ));
    }
    if !overdue.is_empty() {
        let tasks = folder.join("manual-tasks.csv");
        said.push(format!(
            "{} people with overdue tasks; see {}",
            overdue.len(),
            tasks.display()
        ));
    }
    if !said.is_empty() {
        tell(settings, &format!("need a look: {}", said.join("; ")));
    }
}

/// What people should not forget about cancellation requests.
pub(super) fn describe_requests(settings: &Settings, summary: &Summary) {
    let requests = &summary.cancellation_requests;
    for reminder in &requests.reminders {
        let sentence = report::reminder_text(reminder);
        tell(settings, &format!("reminder: {sentence}"));
    }
    for (channel, count) in &requests.delivered {
        tell(settings, &format!("drafts delivered to {channel}: {count}"));
    }
}

/// A limit that is not the configured one makes a run slower than expected, or
/// faster where it is trusted.
pub(super) fn describe_limit(settings: &Settings, usage: Usage) {
    let limits = settings.limits;
    let configured = limits.requests_per_minute;
    let counts =
        |said: &u32| *said < configured || (*said > configured && limits.trust_server_limit);
    if let Some(said) = usage.server_limit.filter(counts) {
        tell(
            settings,
            &format!(
                "note: the API allows {said} requests a minute, which was kept to; [limits] says \
                 {configured}"
            ),
        );
    }
}

/// What the embedded sandbox thinks of the run, from its own log.
pub(super) fn describe_sandbox(settings: &Settings, log: &LogReport) {
    let complaints = [
        (log.violations, "requests refused with 429"),
        (log.polls_too_fast, "looks at an operation too soon"),
        (log.fields_lost.len() as u64, "fields not sent back"),
        (log.repeated_writes.len() as u64, "changes sent twice"),
    ];
    let complaints: Vec<String> = complaints
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    let verdict = match complaints.as_slice() {
        [] => "nothing to complain about".to_owned(),
        complaints => format!("complains of {}", complaints.join(", ")),
    };
    tell(
        settings,
        &format!(
            "sandbox: {} requests, at most {} in 10 seconds and {} in 60; {} accounts changed; {verdict}",
            log.requests,
            log.max_in_10_seconds,
            log.max_in_60_seconds,
            log.accounts_written.len(),
        ),
    );
}
