use clap::{Args, Subcommand};
use jiff::civil::Date;

use super::OutputArguments;

/// Options of `tasks`.
#[derive(Debug, Clone, Args)]
pub struct TasksArguments {
    /// What to do.
    #[command(subcommand)]
    pub action: TasksAction,
    /// Where the ledger and outputs are.
    #[command(flatten)]
    pub output: OutputArguments,
}

/// What can be done about manual tasks.
#[derive(Debug, Clone, Subcommand)]
pub enum TasksAction {
    /// List the open manual tasks.
    List,
    /// Say that tasks are done.
    Done {
        /// The tasks' ids, as in manual-tasks.csv.
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
    /// Wait for a task: nothing more is done about its person until the hold ends.
    Hold {
        /// The task's id, as in manual-tasks.csv.
        #[arg(value_name = "ID")]
        id: String,
        /// Last day of the hold [default: no end].
        #[arg(long, value_name = "DATE")]
        until: Option<Date>,
    },
}
