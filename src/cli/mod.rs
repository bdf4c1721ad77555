//! What can be typed. Nothing is decided here: `config` says what it means
//! together with the environment and the configuration file.

mod audit;
mod init;
mod options;
mod requests;
mod sandbox;
mod tasks;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

pub use audit::AuditArguments;
pub use init::InitArguments;
pub use options::{
    ApplyArguments, ExecutionArguments, ExplainArguments, InputArguments, OutputArguments,
    PlanArguments, RunArguments, TimeArguments, UndoArguments,
};
pub use requests::{RequestsAction, RequestsArguments, SubmitArguments};
pub use sandbox::{
    HoldArgument, HoldPoint, ListedUser, OperationTime, SandboxArguments, ScimPatch, ScimScope,
    Seconds, Stranded, TenantLimits, Update, WindowsArgument,
};
pub use tasks::{TasksAction, TasksArguments};

/// The exit code of everything that was typed wrong (sysexits `EX_USAGE`).
pub const USAGE_EXIT_CODE: u8 = 64;

/// Ends 8x8 access on time for people who leave, and follows their seats until
/// the bill stops.
#[derive(Debug, Parser)]
#[command(name = "seatsweep", version, about)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// What every command takes.
    #[command(flatten)]
    pub global: GlobalArguments,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read the inputs, reconcile them, and write the plan and its review sheet.
    Plan(PlanArguments),
    /// Execute exactly that plan; started again, resume it.
    Apply(ApplyArguments),
    /// Settle what is open, then plan, check the guards, apply and write the results.
    Run(RunArguments),
    /// Take stock of the seats: who holds them, which nobody uses, what they cost; and tell when leavers lost access.
    ///
    /// Prints tables that name nobody, and writes to the output folder: seats.csv, findings.csv, access.csv and audit.xlsx,
    /// which name people and accounts, and audit.html, one page with charts that names nobody.
    Audit(AuditArguments),
    /// Write a plan that takes back what can be taken back of a past run, and names what is lost.
    Undo(UndoArguments),
    /// Serve a simulated tenant over HTTP until stopped.
    Sandbox(SandboxArguments),
    /// List manual tasks, or say that they are done or to be waited for.
    Tasks(TasksArguments),
    /// Follow partial-cancellation requests: what 8x8 has, what it confirmed, what is gone from the bill.
    Requests(RequestsArguments),
    /// Tell why a person, an account or an HR row got what it got.
    Explain(ExplainArguments),
    /// Write a commented configuration file with the columns found in the files given.
    Init(InitArguments),
}

impl Command {
    /// What it reads; `None` for commands that take no such options.
    pub fn inputs(&self) -> Option<&InputArguments> {
        match self {
            Self::Plan(plan) => Some(&plan.inputs),
            Self::Explain(explain) => Some(&explain.inputs),
            Self::Run(run) => Some(&run.inputs),
            Self::Audit(audit) => Some(&audit.inputs),
            Self::Apply(_)
            | Self::Undo(_)
            | Self::Sandbox(_)
            | Self::Tasks(_)
            | Self::Requests(_)
            | Self::Init(_) => None,
        }
    }

    /// Where it writes; `None` for commands that take no such options.
    pub fn output(&self) -> Option<&OutputArguments> {
        match self {
            Self::Plan(plan) => Some(&plan.output),
            Self::Apply(apply) => Some(&apply.output),
            Self::Run(run) => Some(&run.output),
            Self::Audit(audit) => Some(&audit.output),
            Self::Undo(undo) => Some(&undo.output),
            Self::Tasks(tasks) => Some(&tasks.output),
            Self::Requests(requests) => Some(&requests.output),
            Self::Explain(explain) => Some(&explain.output),
            Self::Sandbox(_) | Self::Init(_) => None,
        }
    }

    /// What it may do; `None` for commands that change nothing.
    pub fn execution(&self) -> Option<&ExecutionArguments> {
        match self {
            Self::Apply(apply) => Some(&apply.execution),
            Self::Run(run) => Some(&run.execution),
            Self::Plan(_)
            | Self::Audit(_)
            | Self::Undo(_)
            | Self::Sandbox(_)
            | Self::Tasks(_)
            | Self::Requests(_)
            | Self::Explain(_)
            | Self::Init(_) => None,
        }
    }

    /// The run clock's start as typed.
    pub fn as_of(&self) -> Option<&str> {
        match self {
            Self::Plan(plan) => plan.time.as_of.as_deref(),
            Self::Explain(explain) => explain.time.as_of.as_deref(),
            Self::Audit(audit) => audit.time.as_of.as_deref(),
            Self::Apply(apply) => apply.time.as_of.as_deref(),
            Self::Run(run) => run.time.as_of.as_deref(),
            Self::Undo(undo) => undo.time.as_of.as_deref(),
            Self::Requests(requests) => requests.time.as_of.as_deref(),
            Self::Sandbox(sandbox) => sandbox.as_of.as_deref(),
            Self::Tasks(_) | Self::Init(_) => None,
        }
    }
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options everywhere")]
pub struct GlobalArguments {
    /// Read the configuration from FILE [default: seatsweep.toml].
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true)]
    pub config: Option<PathBuf>,
    /// Remember between runs in FILE [default: seatsweep.db].
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true)]
    pub ledger: Option<PathBuf>,
    /// Write log lines to stderr as text or JSON [default: text].
    #[arg(long, global = true, value_name = "FORMAT", hide_short_help = true)]
    pub log_format: Option<LogFormat>,
    /// Log more; twice logs everything.
    #[arg(short, long, global = true, action = ArgAction::Count, hide_short_help = true)]
    pub verbose: u8,
    /// Log only warnings and errors.
    #[arg(
        short,
        long,
        global = true,
        conflicts_with = "verbose",
        hide_short_help = true
    )]
    pub quiet: bool,
    /// Choose when to use colors.
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        hide_short_help = true
    )]
    pub color: ColorWhen,
    /// Show no progress bar.
    #[arg(long, global = true, hide_short_help = true)]
    pub no_progress: bool,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for programs.
    Json,
}

/// When to use colors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    /// On a terminal.
    Auto,
    /// In every case.
    Always,
    /// In no case.
    Never,
}

/// Parses the command line. The error prints itself with
/// [`clap::Error::print`]; [`exit_code`] says what to exit with.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(arguments)
}

/// 0 after `--help` and `--version`, else [`USAGE_EXIT_CODE`].
pub fn exit_code(error: &clap::Error) -> u8 {
    if error.use_stderr() {
        USAGE_EXIT_CODE
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use jiff::Timestamp;

    use super::*;

    fn parse_words(line: &str) -> Result<Cli, clap::Error> {
        let words = format!("seatsweep {line}");
        parse(words.split_whitespace().map(OsString::from))
    }

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn usage_errors_exit_64_and_help_exits_0() {
        let cases = [
            ("", 64),
            ("frobnicate", 64),
            ("plan --color sometimes", 64),
            ("plan --users-at yesterday", 64),
            ("plan -q -v", 64),
            ("apply", 64),
            ("explain", 64),
            ("explain jana --confirm", 64),
            ("apply plan.json --confirm --hr a.csv", 64),
            ("plan --confirm", 64),
            ("audit --confirm", 64),
            ("audit --roster", 64),
            ("audit --since 2026-13-01", 64),
            ("audit --help", 0),
            ("undo", 64),
            ("undo run-1 --confirm", 64),
            ("undo run-1 --hr a.csv", 64),
            ("undo --help", 0),
            ("requests", 64),
            ("requests submit cancel-1", 64),
            ("requests confirm cancel-1", 64),
            ("requests confirm cancel-1 --effective soon", 64),
            ("requests list cancel-1 --all", 64),
            ("requests submit --help", 0),
            ("run --rehearse", 64),
            ("apply plan.json --rehearse --results r.csv", 64),
            ("sandbox --hold 3:later", 64),
            ("sandbox --hold 0:before", 64),
            ("sandbox --time-scale 0", 64),
            ("sandbox --windows rolling", 64),
            ("sandbox --windows sliding:5", 64),
            ("sandbox --windows fixed:60", 64),
            ("--help", 0),
            ("run --help", 0),
            ("--version", 0),
        ];
        for (line, code) in cases {
            let error = parse_words(line).expect_err(line);
            assert_eq!(exit_code(&error), code, "{line}: {error}");
        }
    }

    #[test]
    fn the_sandbox_s_windows_may_begin_anywhere_in_the_minute() {
        for (line, windows) in [
            ("sandbox", WindowsArgument::Sliding),
            ("sandbox --windows sliding", WindowsArgument::Sliding),
            (
                "sandbox --windows fixed",
                WindowsArgument::Fixed(std::time::Duration::ZERO),
            ),
            (
                "sandbox --windows fixed:59",
                WindowsArgument::Fixed(std::time::Duration::from_secs(59)),
            ),
        ] {
            let cli = parse_words(line).expect("a command line");
            let Command::Sandbox(sandbox) = cli.command else {
                panic!("not a sandbox")
            };
            assert_eq!(sandbox.windows, windows, "{line}");
        }
    }

    #[test]
    fn a_run_takes_inputs_and_execution_options() {
        let line = "run --hr a.csv --hr b.csv --users u.csv --users-at 2026-11-20T18:00:00Z \
                    --as-of 2026-11-20 --approve plan-1 --accept-input ab --accept-input cd \
                    --confirm --deadline 90m --out-dir o --sandbox -vv --ledger l.db";
        let cli = parse_words(line).expect("a command line");
        assert_eq!(cli.global.verbose, 2);
        assert_eq!(cli.global.ledger, Some(PathBuf::from("l.db")));
        let Command::Run(run) = cli.command else {
            panic!("not a run")
        };
        assert_eq!(
            run.inputs.hr,
            [PathBuf::from("a.csv"), PathBuf::from("b.csv")]
        );
        let at: Timestamp = "2026-11-20T18:00:00Z".parse().expect("an instant");
        assert_eq!(run.inputs.users_at, Some(at));
        assert_eq!(run.time.as_of.as_deref(), Some("2026-11-20"));
        assert_eq!(run.execution.accept_input, ["ab", "cd"]);
        assert!(run.execution.confirm && run.output.sandbox);
    }

    #[test]
    fn explain_takes_one_person_and_a_plans_inputs() {
        let cli = parse_words("explain 007 --hr a.csv --users u.csv --as-of 2026-11-20 --sandbox");
        let cli = cli.expect("a command line");
        assert_eq!(cli.command.as_of(), Some("2026-11-20"));
        assert!(
            cli.command
                .inputs()
                .is_some_and(|inputs| inputs.hr.len() == 1)
        );
        let Command::Explain(explain) = cli.command else {
            panic!("not an explain")
        };
        assert_eq!(explain.person, "007");
        assert!(explain.output.sandbox);
    }

    #[test]
    fn the_sandbox_listens_on_loopback_unless_told() {
        let cli = parse_words("sandbox --hold 7:after").expect("a command line");
        let Command::Sandbox(sandbox) = cli.command else {
            panic!("not a sandbox")
        };
        assert_eq!(sandbox.listen.to_string(), "127.0.0.1:8808");
        let hold = HoldArgument {
            request: 7,
            at: HoldPoint::AfterAnswer,
        };
        assert_eq!(sandbox.hold, Some(hold));
    }
}
