//! One file a command, each a page of steps; the only place that prints.

mod access;
mod again;
mod all;
mod apply;
mod audit;
mod budget;
mod console;
mod delivery;
mod explain;
mod failure;
mod following;
mod gate;
mod init;
mod live;
mod nightly;
mod outputs;
mod plan;
mod planning;
mod recovery;
mod rehearse;
mod requests;
mod sandbox;
mod settled;
mod sightings;
mod signals;
mod standard_input;
mod target;
mod tasks;
mod unbegun;
mod undo;
mod watch;
mod work;

use std::ffi::OsString;

pub use failure::{Exit, Failure};
pub use planning::make_plan;
pub use work::CommitHook;

use crate::cli::{self, Cli, Command};
use crate::config::{self, Settings};

/// Carries out a command line and returns the process's exit code.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let cli = match cli::parse(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Nobody reads what cannot be printed.
            let _ = error.print();
            return cli::exit_code(&error);
        }
    };
    match carry_out(&cli, None) {
        Ok(code) => code,
        Err(failure) => {
            console::complain(&failure);
            failure.exit.code()
        }
    }
}

/// The same for a parsed command line. `on_commit` is told of every commit to
/// the ledger, right after it: the kill tests end the process there.
pub fn carry_out(cli: &Cli, on_commit: Option<CommitHook>) -> Result<u8, Failure> {
    let settings = || -> Result<Settings, Failure> {
        let settings = config::load(cli)?;
        console::start_log(settings.log);
        standard_input::keep(&cli.command, settings)
    };
    match &cli.command {
        Command::Plan(arguments) => plan::run(&settings()?, arguments),
        Command::Apply(arguments) if arguments.rehearse => {
            rehearse::run(&settings()?, &arguments.plan, on_commit)
        }
        Command::Apply(arguments) => apply::run(&settings()?, &arguments.plan, on_commit),
        Command::Audit(arguments) => audit::run(&settings()?, arguments),
        Command::Run(arguments) => match &arguments.all {
            // Each tenant has settings of its own.
            Some(folder) => all::run(&cli.global, arguments, folder),
            None => nightly::run(&settings()?, on_commit),
        },
        Command::Undo(arguments) => undo::run(&settings()?, arguments),
        Command::Sandbox(arguments) => sandbox::run(&settings()?, arguments),
        Command::Requests(arguments) => requests::run(&settings()?, &arguments.action),
        Command::Tasks(arguments) => tasks::run(&settings()?, &arguments.action),
        Command::Explain(arguments) => explain::run(&settings()?, arguments),
        // It makes the file that the settings of the others come from.
        Command::Init(arguments) => init::run(&cli.global, arguments),
    }
}
