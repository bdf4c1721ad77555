use std::path::PathBuf;

use clap::Args;

/// Options of `init`.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Inputs")]
pub struct InitArguments {
    /// Find the columns of the HR export FILE; may be given several times.
    #[arg(long, value_name = "FILE")]
    pub hr: Vec<PathBuf>,
    /// Find the columns of the users report FILE, or `live`.
    #[arg(long, value_name = "FILE")]
    pub users: Option<PathBuf>,
    /// The seats owned per pool.
    #[arg(long, value_name = "FILE")]
    pub licenses: Option<PathBuf>,
    /// People and accounts to be left alone.
    #[arg(long, value_name = "FILE")]
    pub holds: Option<PathBuf>,
    /// Which HR id is which 8x8 user id.
    #[arg(long, value_name = "FILE")]
    pub map: Option<PathBuf>,
}
