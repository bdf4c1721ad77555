use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{ErrorCode, ffi};

use crate::model::RequestState;

/// Why the ledger could not be opened, read or written. Nothing of the failed
/// transaction is in the ledger.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// It belongs to another tenant, target or customer.
    #[error(
        "the ledger {path} belongs to {what} {found:?}, and this configuration says {given:?}; \
         correct the configuration or give it a ledger of its own"
    )]
    Foreign {
        /// The ledger's file.
        path: PathBuf,
        /// `tenant`, `target` or `customer`.
        what: &'static str,
        /// What the ledger says.
        found: String,
        /// What the caller says.
        given: String,
    },
    /// A newer version of the program has migrated it.
    #[error(
        "the ledger {path} has schema {found}, and this version knows {known}; \
         use the newer version of seatsweep that wrote it"
    )]
    Newer {
        /// The ledger's file.
        path: PathBuf,
        /// Its schema version.
        found: usize,
        /// The newest version known here.
        known: usize,
    },
    /// It was opened for reading and must be migrated first.
    #[error(
        "the ledger {path} has schema {found}, and this version needs {known}; \
         let `seatsweep run` or `seatsweep apply` bring it up to date first"
    )]
    Older {
        /// The ledger's file.
        path: PathBuf,
        /// Its schema version.
        found: usize,
        /// The version needed here.
        known: usize,
    },
    /// The file is something else.
    #[error("{path} is not a seatsweep ledger; name another file as the ledger")]
    NotALedger {
        /// The file.
        path: PathBuf,
    },
    /// Another process is writing it.
    #[error("the ledger {path} is locked by another process; start again when that has ended")]
    Locked {
        /// The ledger's file.
        path: PathBuf,
    },
    /// The disk is full.
    #[error("the disk of the ledger {path} is full; make room and start again")]
    Full {
        /// The ledger's file.
        path: PathBuf,
    },
    /// A write failed for another reason than a full disk: a quota, a limit on
    /// the size of files, or a disk that is broken.
    #[error(
        "the ledger {path} could not be written; check the disk, its free space and quota, and \
         start again"
    )]
    WriteFailed {
        /// The ledger's file.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// The file or its folder may not be written.
    #[error(
        "the ledger {path} cannot be opened or written; \
         let its file and folder belong to the user who runs seatsweep, or name another file"
    )]
    NotWritable {
        /// The ledger's file.
        path: PathBuf,
    },
    /// What it holds cannot be understood.
    #[error(
        "the ledger {path} is damaged ({detail}); \
         keep the file for examination and go on from the newest backup"
    )]
    Corrupt {
        /// The ledger's file.
        path: PathBuf,
        /// What cannot be understood; no cell's content.
        detail: String,
    },
    /// The file could not be created or looked at.
    #[error("the ledger {path} could not be opened; check that its folder exists")]
    Io {
        /// The ledger's file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Anything else that SQLite reports.
    #[error("the ledger {path} could not be read or written")]
    Sqlite {
        /// The ledger's file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// Something is to be changed that is not there.
    #[error("the ledger {path} has no {what} {id:?}; check the id")]
    NotRecorded {
        /// The ledger's file.
        path: PathBuf,
        /// What sort of thing.
        what: &'static str,
        /// The id looked for.
        id: String,
    },
    /// A cancellation request cannot be drafted again once the vendor has it.
    #[error(
        "in the ledger {path} the request {id:?} is {} already; draft a new one under another id",
        state.as_str()
    )]
    RequestHandedOver {
        /// The ledger's file.
        path: PathBuf,
        /// The request.
        id: String,
        /// How far it has come.
        state: RequestState,
    },
}

impl LedgerError {
    /// What creating or looking at the file ran into.
    pub(super) fn from_io(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::NotWritable { path }
            }
            io::ErrorKind::StorageFull => Self::Full { path },
            _ => Self::Io { path, source },
        }
    }
}

/// What can go wrong while tables are read or written; the ledger adds its path.
#[derive(Debug)]
pub(super) enum Fault {
    Sqlite(rusqlite::Error),
    Foreign {
        what: &'static str,
        found: String,
        given: String,
    },
    Newer {
        found: usize,
        known: usize,
    },
    NotALedger,
    NotRecorded {
        what: &'static str,
        id: String,
    },
    RequestHandedOver {
        id: String,
        state: RequestState,
    },
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl Fault {
    pub(super) fn at(self, path: &Path) -> LedgerError {
        let path = path.to_owned();
        match self {
            Self::Sqlite(error) => from_sqlite(path, error),
            Self::Foreign { what, found, given } => LedgerError::Foreign {
                path,
                what,
                found,
                given,
            },
            Self::Newer { found, known } => LedgerError::Newer { path, found, known },
            Self::NotALedger => LedgerError::NotALedger { path },
            Self::NotRecorded { what, id } => LedgerError::NotRecorded { path, what, id },
            Self::RequestHandedOver { id, state } => {
                LedgerError::RequestHandedOver { path, id, state }
            }
        }
    }
}

fn from_sqlite(path: PathBuf, source: rusqlite::Error) -> LedgerError {
    if let rusqlite::Error::FromSqlConversionFailure(..)
    | rusqlite::Error::IntegralValueOutOfRange(..)
    | rusqlite::Error::InvalidColumnType(..)
    | rusqlite::Error::Utf8Error(..) = source
    {
        let detail = source.to_string();
        return LedgerError::Corrupt { path, detail };
    }
    if is_failed_write(&source) {
        return LedgerError::WriteFailed { path, source };
    }
    match source.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => LedgerError::Full { path },
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => LedgerError::Locked { path },
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            LedgerError::NotWritable { path }
        }
        Some(ErrorCode::NotADatabase) => LedgerError::NotALedger { path },
        Some(ErrorCode::DatabaseCorrupt) => LedgerError::Corrupt {
            path,
            detail: source.to_string(),
        },
        _ => LedgerError::Sqlite { path, source },
    }
}

/// Only a disk without space is `SQLITE_FULL`; a quota is an I/O error.
fn is_failed_write(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error().map(|error| error.extended_code);
    matches!(
        code,
        Some(
            ffi::SQLITE_IOERR_WRITE
                | ffi::SQLITE_IOERR_FSYNC
                | ffi::SQLITE_IOERR_DIR_FSYNC
                | ffi::SQLITE_IOERR_TRUNCATE
                | ffi::SQLITE_IOERR_SHMSIZE
        )
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Fault, LedgerError, ffi};

    fn error_of(code: i32) -> LedgerError {
        let failure = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
        Fault::from(failure).at(Path::new("acme.db"))
    }

    #[test]
    fn what_sqlite_reports_becomes_advice() {
        let cases = [
            (ffi::SQLITE_FULL, "make room"),
            (ffi::SQLITE_IOERR_WRITE, "free space and quota"),
            (ffi::SQLITE_BUSY, "locked by another process"),
            (ffi::SQLITE_READONLY, "opened or written"),
            (ffi::SQLITE_READONLY_DIRECTORY, "opened or written"),
            (ffi::SQLITE_CANTOPEN, "opened or written"),
            (ffi::SQLITE_NOTADB, "is not a seatsweep ledger"),
            (ffi::SQLITE_CORRUPT, "newest backup"),
        ];
        for (code, advice) in cases {
            let message = error_of(code).to_string();
            assert!(message.contains("acme.db"), "{message}");
            assert!(message.contains(advice), "{message}");
        }
    }
}
