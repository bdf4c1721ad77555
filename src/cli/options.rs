use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;

/// Options of `plan`.
#[derive(Debug, Clone, Args)]
pub struct PlanArguments {
    /// What to read.
    #[command(flatten)]
    pub inputs: InputArguments,
    /// The run clock.
    #[command(flatten)]
    pub time: TimeArguments,
    /// Where to write.
    #[command(flatten)]
    pub output: OutputArguments,
    /// Write another copy of the plan to FILE.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Exit with 2 when the plan has changes.
    #[arg(long)]
    pub detailed_exitcode: bool,
}

/// Options of `undo`.
#[derive(Debug, Clone, Args)]
pub struct UndoArguments {
    /// The run to take back, as its results and `summary.json` name it.
    #[arg(value_name = "RUN_ID")]
    pub run_id: String,
    /// Leave alone the people and accounts listed in FILE (who, why, until).
    #[arg(long, value_name = "FILE")]
    pub holds: Option<PathBuf>,
    /// The run clock.
    #[command(flatten)]
    pub time: TimeArguments,
    /// Where to write.
    #[command(flatten)]
    pub output: OutputArguments,
    /// Write another copy of the plan to FILE.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Options of `apply`.
#[derive(Debug, Clone, Args)]
pub struct ApplyArguments {
    /// The plan file to execute.
    #[arg(value_name = "PLAN")]
    pub plan: PathBuf,
    /// Leave out what the review sheet FILE says (decision: approve, skip, hold, or empty).
    ///
    /// FILE is the plan's plan.csv, edited. An empty decision is carried out, unless every plan needs an approval; an
    /// action whose line is missing is not. `skip` leaves the action out of this plan only: the next night asks again.
    /// `hold` leaves its account alone on later nights too, until somebody ends the hold: `seatsweep tasks list` shows
    /// it, `seatsweep tasks done hold-…` ends it.
    #[arg(long, value_name = "FILE")]
    pub review: Option<PathBuf>,
    /// Carry the plan out on a simulated tenant, made from the same users report or list, and predict how it would go; nothing real is changed.
    #[arg(long, conflicts_with = "results")]
    pub rehearse: bool,
    /// The run clock.
    #[command(flatten)]
    pub time: TimeArguments,
    /// Where to write.
    #[command(flatten)]
    pub output: OutputArguments,
    /// What may be done.
    #[command(flatten)]
    pub execution: ExecutionArguments,
}

/// Options of `run`.
#[derive(Debug, Clone, Args)]
pub struct RunArguments {
    /// What to read.
    #[command(flatten)]
    pub inputs: InputArguments,
    /// The run clock.
    #[command(flatten)]
    pub time: TimeArguments,
    /// Where to write.
    #[command(flatten)]
    pub output: OutputArguments,
    /// What may be done.
    #[command(flatten)]
    pub execution: ExecutionArguments,
    /// Run every tenant below FOLDER, side by side: each seatsweep.toml there is one.
    ///
    /// Each runs as a process of its own, with its own inputs, ledger, lock, limits and results; one that fails does
    /// not keep the others from ending. FOLDER/all.json sums up (with --sandbox FOLDER/sandbox/all.json), and the worst
    /// exit code is this call's. Hidden folders, links to folders, and the folder out beside a seatsweep.toml are not
    /// searched. --as-of, --hr-at, --users-at, --sandbox, --confirm and --deadline count for each tenant.
    #[arg(
        long,
        value_name = "FOLDER",
        help_heading = "Many tenants",
        // What is one tenant's cannot be said to all of them.
        conflicts_with_all = [
            "hr", "users", "licenses", "holds", "map", "numbers", "out_dir", "results", "approve",
            "accept_input",
        ]
    )]
    pub all: Option<PathBuf>,
    /// Run N tenants at a time.
    #[arg(
        long,
        value_name = "N",
        default_value = "4",
        requires = "all",
        help_heading = "Many tenants"
    )]
    pub jobs: NonZeroUsize,
}

/// Options of `explain`.
#[derive(Debug, Clone, Args)]
pub struct ExplainArguments {
    /// An employee id, e-mail, username, 8x8 user id or name; an HR row as `FILE:LINE` or `line LINE`; or the id of an action, a task or a termination.
    #[arg(value_name = "PERSON")]
    pub person: String,
    /// What to read.
    #[command(flatten)]
    pub inputs: InputArguments,
    /// The run clock.
    #[command(flatten)]
    pub time: TimeArguments,
    /// Where the ledger is.
    #[command(flatten)]
    pub output: OutputArguments,
}

/// What `plan`, `run`, `audit` and `explain` read.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Inputs")]
pub struct InputArguments {
    /// Read terminations from the HR export FILE; may be given several times.
    ///
    /// Of all inputs one can be `-`, standard input. Files packed with gzip or zstd are read as they are.
    #[arg(long, value_name = "FILE")]
    pub hr: Vec<PathBuf>,
    /// Read accounts from the users report FILE, or list them through the API (live).
    #[arg(long, value_name = "FILE|live")]
    pub users: Option<PathBuf>,
    /// Read the seats owned per pool from FILE.
    #[arg(long, value_name = "FILE")]
    pub licenses: Option<PathBuf>,
    /// Leave alone the people and accounts listed in FILE (who, why, until).
    #[arg(long, value_name = "FILE")]
    pub holds: Option<PathBuf>,
    /// Read which HR id is which 8x8 user id from FILE.
    #[arg(long, value_name = "FILE")]
    pub map: Option<PathBuf>,
    /// Check from the numbers report FILE whether a country's numbers still fit when seats are cancelled.
    #[arg(long, value_name = "FILE")]
    pub numbers: Option<PathBuf>,
    /// Take the HR exports as made at INSTANT (RFC 3339) [default: the files' times].
    #[arg(long, value_name = "INSTANT")]
    pub hr_at: Option<Timestamp>,
    /// Take the users report as made at INSTANT (RFC 3339) [default: the file's time].
    #[arg(long, value_name = "INSTANT")]
    pub users_at: Option<Timestamp>,
}

/// When a run takes place.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Run")]
pub struct TimeArguments {
    /// Start the run's clock at an RFC 3339 instant, or at 00:00 of a date in the policy's zone [default: now].
    // The zone of a bare date stands in the configuration, so it stays text here.
    #[arg(long, global = true, value_name = "DATE|INSTANT")]
    pub as_of: Option<String>,
}

/// Where a command writes.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Run")]
pub struct OutputArguments {
    /// Write everything below DIR [default: out].
    #[arg(long, global = true, value_name = "DIR")]
    pub out_dir: Option<PathBuf>,
    /// Rehearse against a simulated tenant made from the users report; nothing real is touched.
    #[arg(long, global = true)]
    pub sandbox: bool,
}

/// What `apply` and `run` may do.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Execution")]
pub struct ExecutionArguments {
    /// Write another copy of the results to FILE.
    #[arg(long, value_name = "FILE")]
    pub results: Option<PathBuf>,
    /// Approve this plan, and no other, beyond the guards.
    #[arg(long, value_name = "PLAN_ID")]
    pub approve: Option<String>,
    /// Accept the input file with this SHA-256 although an input guard stopped it; may be given several times.
    #[arg(long, value_name = "SHA256")]
    pub accept_input: Vec<String>,
    /// Change the real tenant; without it nothing is changed there.
    #[arg(long)]
    pub confirm: bool,
    /// Start nothing new after DURATION, such as 90m or 2h30m.
    #[arg(long, value_name = "DURATION")]
    pub deadline: Option<String>,
}
