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
    /// List the open manual tasks, HR rows that nobody could act on, and the ledger's holds.
    List,
    /// Say that tasks are done, HR rows are settled, or holds have ended.
    Done {
        /// Ids of tasks, as in manual-tasks.csv, of rows (`row-…`) or of holds (`hold-…`), as in `tasks list`.
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
    /// Wait for a task: nothing more is done about its person until the hold ends, by --until or `tasks done hold-…`.
    Hold {
        /// The task's id, as in manual-tasks.csv.
        #[arg(value_name = "ID")]
        id: String,
        /// Last day of the hold [default: no end].
        #[arg(long, value_name = "DATE")]
        until: Option<Date>,
    },
}
