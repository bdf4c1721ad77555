use std::path::PathBuf;

use clap::Args;
use jiff::civil::Date;

use super::{InputArguments, OutputArguments, TimeArguments};

/// Options of `audit`.
#[derive(Debug, Clone, Args)]
pub struct AuditArguments {
    /// What to read.
    #[command(flatten)]
    pub inputs: InputArguments,
    /// Read everybody who is employed from FILE, and list licences of accounts of nobody on it.
    ///
    /// An export of all active employees, with an employee id, a work e-mail or a username.
    #[arg(long, value_name = "FILE", help_heading = "Inputs")]
    pub roster: Option<PathBuf>,
    /// Hold the billing export FILE against the contracts and the cancellations in effect.
    ///
    /// A CSV file or workbook with a line for each license or service. Columns that are called otherwise are named in
    /// seatsweep.toml: [columns.bill]. So are names of licenses that only the bill uses.
    #[arg(long, value_name = "FILE", help_heading = "Inputs")]
    pub bill: Option<PathBuf>,
    /// Take the bill as one for the month that begins on DATE [default: the latest month in its date column].
    #[arg(long, value_name = "DATE", help_heading = "Inputs")]
    pub bill_date: Option<Date>,
    /// Tell of those who left on DATE or later when they lost access; the first day of the last full quarter if it is not said.
    #[arg(long, value_name = "DATE", help_heading = "Period")]
    pub since: Option<Date>,
    /// Tell of those who left on DATE or before; today if it is not said.
    #[arg(long, value_name = "DATE", help_heading = "Period")]
    pub until: Option<Date>,
    /// The run clock.
    #[command(flatten)]
    pub time: TimeArguments,
    /// Where to write.
    #[command(flatten)]
    pub output: OutputArguments,
}
