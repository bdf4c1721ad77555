use std::fmt;

use crate::apply::PastError;
use crate::config::{ConfigError, ConfigErrorKind};
use crate::files::{FileError, LockError};
use crate::ingest::{IngestError, IngestErrorKind};
use crate::ledger::LedgerError;
use crate::plan::{PlanFileError, ReviewError};
use crate::reconcile::{CalendarError, SumsDoNotBalance};

/// The exit codes of failures before the first change. Codes of runs that
/// ended are made by `report`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// The plan is stale, altered, not approved, or not confirmed.
    PlanNotUsable,
    /// The run stopped midway and can be resumed.
    Midway,
    /// The command line makes no sense.
    Usage,
    /// An input is not what it is said to be.
    BadData,
    /// An input is not there.
    NoInput,
    /// The vendor cannot be reached.
    VendorUnavailable,
    /// The sums do not balance, or another defect.
    Internal,
    /// An output cannot be written.
    CannotWrite,
    /// Another run holds the lock.
    Locked,
    /// A file may not be read.
    NoPermission,
    /// The configuration is wrong.
    Configuration,
}

impl Exit {
    /// The process's exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::PlanNotUsable => 6,
            Self::Midway => 7,
            Self::Usage => 64,
            Self::BadData => 65,
            Self::NoInput => 66,
            Self::VendorUnavailable => 69,
            Self::Internal => 70,
            Self::CannotWrite => 73,
            Self::Locked => 75,
            Self::NoPermission => 77,
            Self::Configuration => 78,
        }
    }
}

/// Why a command ended early, and with which code.
#[derive(Debug)]
pub struct Failure {
    /// The code.
    pub exit: Exit,
    /// What happened, with its causes.
    pub error: anyhow::Error,
}

impl Failure {
    /// A failure with a sentence for people.
    pub fn new(exit: Exit, sentence: impl fmt::Display) -> Self {
        Self {
            exit,
            error: anyhow::anyhow!("{sentence}"),
        }
    }

    /// A failure with its cause.
    pub fn of(exit: Exit, error: impl Into<anyhow::Error>) -> Self {
        Self {
            exit,
            error: error.into(),
        }
    }

    /// What happened, to what, and what to do next, with its causes.
    pub(super) fn text(&self) -> String {
        let causes: Vec<String> = self.error.chain().map(ToString::to_string).collect();
        causes.join(": ")
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let exit = match error.kind() {
            ConfigErrorKind::Usage => Exit::Usage,
            ConfigErrorKind::NoInput => Exit::NoInput,
            ConfigErrorKind::NoPermission => Exit::NoPermission,
            ConfigErrorKind::Configuration => Exit::Configuration,
        };
        Self::of(exit, error)
    }
}

impl From<IngestError> for Failure {
    fn from(error: IngestError) -> Self {
        let exit = match error.kind() {
            IngestErrorKind::NoInput => Exit::NoInput,
            IngestErrorKind::BadData => Exit::BadData,
            IngestErrorKind::NoPermission => Exit::NoPermission,
        };
        Self::of(exit, error)
    }
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        Self::of(Exit::CannotWrite, error)
    }
}

impl From<LockError> for Failure {
    fn from(error: LockError) -> Self {
        let exit = match &error {
            LockError::Held(_) => Exit::Locked,
            LockError::Io(_) => Exit::CannotWrite,
        };
        Self::of(exit, error)
    }
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        let exit = match &error {
            LedgerError::Foreign { .. } => Exit::Configuration,
            LedgerError::Locked { .. } => Exit::Locked,
            LedgerError::Full { .. }
            | LedgerError::WriteFailed { .. }
            | LedgerError::NotWritable { .. } => Exit::CannotWrite,
            LedgerError::Newer { .. }
            | LedgerError::Older { .. }
            | LedgerError::NotALedger { .. }
            | LedgerError::Corrupt { .. } => Exit::BadData,
            _ => Exit::Internal,
        };
        Self::of(exit, error)
    }
}

impl From<PlanFileError> for Failure {
    fn from(error: PlanFileError) -> Self {
        let exit = match &error {
            PlanFileError::Unreadable { source, .. } => match source.kind() {
                std::io::ErrorKind::PermissionDenied => Exit::NoPermission,
                _ => Exit::NoInput,
            },
            PlanFileError::NotAPlan { .. } => Exit::BadData,
            PlanFileError::Version { .. } | PlanFileError::Altered { .. } => Exit::PlanNotUsable,
        };
        Self::of(exit, error)
    }
}

impl From<PastError> for Failure {
    fn from(error: PastError) -> Self {
        match error {
            PastError::Ledger(error) => error.into(),
            PastError::Plan { .. } | PastError::Image { .. } => Self::of(Exit::BadData, error),
        }
    }
}

impl From<ReviewError> for Failure {
    fn from(error: ReviewError) -> Self {
        Self::of(Exit::BadData, error)
    }
}

impl From<SumsDoNotBalance> for Failure {
    fn from(error: SumsDoNotBalance) -> Self {
        Self::of(Exit::Internal, error)
    }
}

impl From<CalendarError> for Failure {
    fn from(error: CalendarError) -> Self {
        Self::of(Exit::Configuration, error)
    }
}
