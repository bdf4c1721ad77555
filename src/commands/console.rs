//! What is printed: data and the one-line summary on stdout, everything else
//! on stderr.
use std::collections::{BTreeMap, BTreeSet};
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};
use tracing_subscriber::EnvFilter;

use super::Failure;
use crate::apply::{Event, Observer, Servers};
use crate::cli::LogFormat;
use crate::config::{LogLevel, LogSettings, Settings};
use crate::model::{Disposition, HoldRecord};
use crate::plan::{Phase, Plan, Review};
use crate::report::{self, Run, Summary};
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
    let causes: Vec<String> = failure.error.chain().map(ToString::to_string).collect();
    warn(&format!("seatsweep: {}", causes.join(": ")));
}

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
    let pace = Pace::of(settings);
    Arc::new(move |event| match event {
        Event::PhaseBegan(_, 0) => {}
        Event::PhaseBegan(phase, accounts) => {
            let what = match phase {
                Phase::Deactivations => "deactivating",
                Phase::Removals => "removing licences",
                Phase::Reactivations => "reactivating",
                Phase::Assignments => "assigning licences",
            };
            bar.reset();
            bar.set_length(accounts as u64);
            bar.set_prefix(what);
            let left = pace.left(accounts as u64, REQUESTS_A_CHANGE);
            bar.set_message(format!("accounts, about {left} left"));
            if !on_terminal && !quiet {
                warn(&format!(
                    "{what}: {accounts} accounts, about {left} at the vendor's limits"
                ));
            }
        }
        Event::LaneEnded => {
            bar.inc(1);
            let (done, all) = (bar.position(), bar.length().unwrap_or(0));
            let sent = servers.usage().requests;
            let left = pace.left(all.saturating_sub(done), REQUESTS_A_CHANGE);
            bar.set_message(format!("accounts, {sent} requests, about {left} left"));
            if done == all {
                bar.finish_and_clear();
            } else if !on_terminal && !quiet && done.is_multiple_of(LINE_EVERY) {
                warn(&format!(
                    "{done} of {all} accounts, {sent} requests, about {left} left"
                ));
            }
        }
        Event::ActionEnded(kind, outcome) => {
            tracing::trace!(%kind, %outcome, "action ended");
        }
    })
}

/// Read, write, one look at the operation, read back.
const REQUESTS_A_CHANGE: u64 = 4;
/// Without a terminal, a line of progress every so many accounts.
const LINE_EVERY: u64 = 25;

/// How fast the limits let a run be, in real time.
struct Pace {
    requests_a_minute: u64,
    time_scale: u64,
}

impl Pace {
    fn of(settings: &Settings) -> Self {
        Self {
            requests_a_minute: u64::from(settings.limits.requests_per_minute).max(1),
            time_scale: u64::from(settings.limits.time_scale).max(1),
        }
    }

    fn left(&self, accounts: u64, requests_each: u64) -> HumanDuration {
        let seconds = accounts * requests_each * 60 / self.requests_a_minute / self.time_scale;
        HumanDuration(Duration::from_secs(seconds))
    }
}

/// What was understood of the inputs, for `-v`.
pub(super) fn describe_inputs(settings: &Settings, plan: &Plan) {
    if matches!(settings.log.level, LogLevel::Warn | LogLevel::Info) {
        return;
    }
    for input in &plan.inputs {
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

/// The lines of which access that is due may still be open. Files name people;
/// the terminal of a cron job does not.
pub(super) fn describe_attention(settings: &Settings, run: &Run<'_>, folder: &Path) {
    // Of somebody whose access has ended only a task can be overdue.
    let (overdue, open): (Vec<_>, Vec<_>) = report::lines_to_look_at(run).partition(|line| {
        matches!(
            line.disposition,
            Disposition::Waiting | Disposition::AlreadyDone
        )
    });
    let mut reasons: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for line in &open {
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
            "{} lines of people whose access is due to end and may still be open: {}",
            open.len(),
            reasons.join(", ")
        ));
    }
    if !overdue.is_empty() {
        said.push(format!("{} people with overdue tasks", overdue.len()));
    }
    if !said.is_empty() {
        let files = folder.join("results.csv");
        let what = said.join("; ");
        tell(
            settings,
            &format!("need a look: {what}; see {}", files.display()),
        );
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
