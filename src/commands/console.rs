//! What is printed: data and the one-line summary on stdout, everything else
//! on stderr.
use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tracing_subscriber::EnvFilter;

use super::Failure;
use crate::apply::{Event, Observer};
use crate::cli::LogFormat;
use crate::config::{LogLevel, LogSettings, Settings};
use crate::plan::{Phase, Plan};

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
pub(super) fn progress(settings: &Settings) -> Observer {
    let on_terminal = settings.progress && std::io::stderr().is_terminal();
    let quiet = settings.log.level == LogLevel::Warn;
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    if let Ok(style) =
        ProgressStyle::with_template("{msg} [{bar:30}] {pos}/{len} accounts, {eta} left")
    {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(250));
    if !on_terminal {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    Arc::new(move |event| match event {
        Event::PhaseBegan(_, 0) => {}
        Event::PhaseBegan(phase, accounts) => {
            let what = match phase {
                Phase::Deactivations => "deactivating",
                Phase::Removals => "removing licences",
            };
            bar.reset();
            bar.set_length(accounts as u64);
            bar.set_message(what);
            if !on_terminal && !quiet {
                warn(&format!("{what}: {accounts} accounts"));
            }
        }
        Event::LaneEnded => {
            bar.inc(1);
            if bar.length() == Some(bar.position()) {
                bar.finish_and_clear();
            }
        }
        Event::ActionEnded(kind, outcome) => {
            tracing::debug!(%kind, %outcome, "action ended");
        }
    })
}

/// What was understood of the inputs, for `-v`.
pub(super) fn describe_inputs(settings: &Settings, plan: &Plan) {
    if matches!(settings.log.level, LogLevel::Warn | LogLevel::Info) {
        return;
    }
    for input in &plan.inputs {
        warn(&format!(
            "{}: {} ({} rows): {}",
            input.role, input.path, input.rows, input.detected
        ));
    }
}

/// What an administrator should know that is no row of the results.
pub(super) fn describe_findings(settings: &Settings, plan: &Plan) {
    for finding in &plan.findings {
        tell(settings, &format!("note: {finding}"));
    }
}

/// The lines of which access that is due may still be open. Files name people;
/// the terminal of a cron job does not.
pub(super) fn describe_attention(settings: &Settings, plan: &Plan, folder: &Path) {
    let mut reasons: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for line in plan.dispositions.iter().filter(|line| line.needs_a_look) {
        *reasons
            .entry((line.disposition.as_str(), line.reason.as_str()))
            .or_default() += 1;
    }
    if reasons.is_empty() {
        return;
    }
    let said: Vec<String> = reasons
        .iter()
        .map(|((disposition, reason), count)| format!("{count} {disposition} ({reason})"))
        .collect();
    tell(
        settings,
        &format!(
            "need a look, because access that is due may still be open: {}; see {}",
            said.join(", "),
            folder.join("results.csv").display()
        ),
    );
}
