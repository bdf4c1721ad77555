use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::FileError;

/// Held by the one run that may write a ledger; released when it is dropped,
/// and by the system when the process dies.
#[derive(Debug)]
pub struct RunLock {
    // The lock lives as long as the open file.
    _file: File,
}

impl RunLock {
    /// Takes the lock that stands beside `ledger` as `<ledger>.lock`. It never
    /// waits. The lock file stays: removing it would let two runs each lock a
    /// file of that name.
    pub fn acquire(ledger: &Path) -> Result<Self, LockError> {
        let path = lock_path(ledger);
        let opened = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path);
        let file = opened.map_err(|error| FileError::of(&path, error))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(LockError::Held(path)),
            Err(TryLockError::Error(error)) => Err(FileError::of(&path, error).into()),
        }
    }
}

/// Why the lock could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another run has it.
    #[error("{path}: another run holds the lock; wait until it has finished and start again", path = .0.display())]
    Held(PathBuf),
    /// The lock file could not be opened or locked.
    #[error(transparent)]
    Io(#[from] FileError),
}

fn lock_path(ledger: &Path) -> PathBuf {
    let mut name = ledger.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_run_is_refused_until_the_first_ends() {
        let folder = tempfile::tempdir().expect("a folder");
        let ledger = folder.path().join("seatsweep.db");
        let first = RunLock::acquire(&ledger).expect("the lock");
        let error = RunLock::acquire(&ledger).expect_err("held");
        assert!(matches!(error, LockError::Held(_)), "{error:?}");
        assert!(error.to_string().contains("seatsweep.db.lock"), "{error}");
        drop(first);
        RunLock::acquire(&ledger).expect("the lock again");
    }

    #[test]
    fn a_missing_folder_is_no_held_lock() {
        let folder = tempfile::tempdir().expect("a folder");
        let error = RunLock::acquire(&folder.path().join("none/seatsweep.db"));
        assert!(
            matches!(error, Err(LockError::Io(FileError::NotFound(_)))),
            "{error:?}"
        );
    }
}
