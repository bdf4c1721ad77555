use clap::{Args, Subcommand};
use jiff::civil::Date;

use super::{OutputArguments, TimeArguments};

/// Options of `requests`.
#[derive(Debug, Clone, Args)]
pub struct RequestsArguments {
    /// What to do.
    #[command(subcommand)]
    pub action: RequestsAction,
    /// The run clock.
    #[command(flatten)]
    pub time: TimeArguments,
    /// Where the ledger and outputs are.
    #[command(flatten)]
    pub output: OutputArguments,
}

/// What can be said about partial-cancellation requests.
#[derive(Debug, Clone, Subcommand)]
pub enum RequestsAction {
    /// List the requests that are open, with what is to be done next; or the history of some.
    List {
        /// Ids of requests, as in cancellation-requests.csv, to show the history of.
        #[arg(value_name = "ID")]
        ids: Vec<String>,
        /// List those that are verified, lapsed or withdrawn, too.
        #[arg(long, conflicts_with = "ids")]
        all: bool,
    },
    /// Record that 8x8 has a request: you handed it in at My8x8 → Billing → Cancel Services.
    ///
    /// This sends nothing to 8x8, which takes requests from people only. From here on the request is not revised any
    /// more, and its seats are never asked for again. Say it again to correct the case number, the day or the seats.
    Submit(SubmitArguments),
    /// Record that 8x8 confirmed a request, for which day, and what it charges.
    Confirm {
        /// The request.
        #[arg(value_name = "ID")]
        id: String,
        /// The cancellation date in 8x8's mail.
        #[arg(long, value_name = "DATE")]
        effective: Date,
        /// What 8x8 charges for it, such as "120.50 USD".
        #[arg(long, value_name = "AMOUNT")]
        fees: Option<String>,
        /// Keep a remark with it.
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
    /// Record that a request is gone from the bill.
    Close {
        /// The request.
        #[arg(value_name = "ID")]
        id: String,
        /// Keep a remark with it.
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
    /// Take a request back. What 8x8 has must be taken back there, too.
    Withdraw {
        /// The request.
        #[arg(value_name = "ID")]
        id: String,
        /// Keep a remark with it.
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
}

impl RequestsAction {
    /// Whether it freezes what was only a draft, so that a target has to be
    /// chosen first.
    pub fn is_outward(&self) -> bool {
        match self {
            Self::Submit(_) => true,
            Self::List { .. }
            | Self::Confirm { .. }
            | Self::Close { .. }
            | Self::Withdraw { .. } => false,
        }
    }
}

/// Options of `requests submit`.
#[derive(Debug, Clone, Args)]
pub struct SubmitArguments {
    /// The request.
    #[arg(value_name = "ID")]
    pub id: String,
    /// The case number that 8x8 gave. Never a security passphrase.
    #[arg(long = "case", value_name = "NUMBER")]
    pub case_number: String,
    /// The day on which it was handed in [default: today].
    #[arg(long, value_name = "DATE")]
    pub on: Option<Date>,
    /// Seats that were handed in [default: those of the draft].
    #[arg(long, value_name = "SEATS")]
    pub quantity: Option<u32>,
    /// Keep a remark with it.
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    /// Record it for the real tenant.
    #[arg(long)]
    pub confirm: bool,
}
