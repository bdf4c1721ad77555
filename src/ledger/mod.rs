//! What the program remembers between runs: one SQLite file.
//!
//! A write is one transaction, on disk when the call returns, or not there at
//! all. Planning sees the ledger only as a [`Memory`](crate::model::Memory).
//!
//! Architecture invariant: no other module knows the tables, and this one
//! makes no decisions about people or seats. It keeps what it is told and
//! refuses only what would make the past untrue.

mod accept;
mod accounts;
mod attempts;
mod columns;
mod error;
mod memory;
mod outcomes;
mod plans;
mod reclaims;
mod record;
mod requests;
mod runs;
mod schema;
mod terminations;
#[cfg(test)]
mod test_support;
mod unsettled;

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{
    Connection, FileControl, MAIN_DB, OpenFlags, Transaction, TransactionBehavior, params,
};

pub use accept::Acceptance;
pub use attempts::{AttemptEnd, AttemptKey, AttemptRow, Intent};
pub use error::LedgerError;
pub use outcomes::Certainty;
pub use record::{EndedBy, Entry};
pub use runs::{RunEnd, RunRow, RunStart};

use error::Fault;

/// How long a write waits for another process before it gives up. Only one
/// run at a time holds the run lock, so there is little to wait for.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// Pages of 4 KiB after which SQLite takes the log of writes into the file. That
/// is two flushes more, so the log is let grow further than SQLite's own 1000.
const CHECKPOINT_PAGES: u32 = 4_000;

/// The ledger of one tenant and target, open.
pub struct Ledger {
    path: PathBuf,
    connection: Connection,
    commits: u64,
    on_commit: Option<CommitHook>,
}

type CommitHook = Box<dyn FnMut(u64) + Send>;

/// Whose ledger it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The configuration's name for the tenant.
    pub tenant: String,
    /// `8x8`, `sandbox` or `loopback`.
    pub target: String,
    /// The vendor's id of the customer, once known.
    pub customer_id: Option<String>,
}

impl Ledger {
    /// Opens the ledger for writing; creates it, readable by its owner only,
    /// and migrates it as needed. `wall_ms` is the wall-clock time in Unix
    /// milliseconds, kept as the time of creation.
    pub fn open(path: &Path, identity: &Identity, wall_ms: i64) -> Result<Self, LedgerError> {
        create_owner_only(path)?;
        let mut ledger = Self::connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        ledger
            .prepare_for_writing(identity, wall_ms)
            .map_err(|fault| fault.at(path))?;
        Ok(ledger)
    }

    /// Opens the ledger for reading, also while a run is writing it. `None`
    /// when there is none yet. Never creates, migrates or writes.
    pub fn open_read_only(path: &Path, identity: &Identity) -> Result<Option<Self>, LedgerError> {
        match path.try_exists() {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(error) => return Err(LedgerError::from_io(path, error)),
        }
        let ledger = Self::connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let known = schema::MIGRATIONS.len();
        match ledger.read(|connection| schema::version(connection, schema::MIGRATIONS))? {
            // Created, and stopped before the tables were there.
            0 => Ok(None),
            found if found < known => Err(LedgerError::Older {
                path: path.to_owned(),
                found,
                known,
            }),
            _ => {
                ledger.read(|connection| check_identity(connection, identity))?;
                Ok(Some(ledger))
            }
        }
    }

    /// Copies the ledger as it stands, also while a run is writing it, into a
    /// file that is not there yet. The copy is `target`'s, so that it is never
    /// taken for the original.
    pub fn copy_for(&self, path: &Path, target: &str) -> Result<(), LedgerError> {
        let Some(name) = path.to_str() else {
            let error = io::Error::new(io::ErrorKind::InvalidInput, "its name is no text");
            return Err(LedgerError::from_io(path, error));
        };
        create_owner_only(path)?;
        let copy = || {
            self.connection.execute("VACUUM INTO ?1", [name])?;
            let copy = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
            copy.execute("UPDATE meta SET target = ?1", [target])
        };
        copy()
            .map(|_| ())
            .map_err(|error| Fault::Sqlite(error).at(path))
    }

    /// Has `hook` called right after every commit from now on, with the
    /// commit's ordinal since the ledger was opened, from 1. The kill tests
    /// stop the process there.
    pub fn on_commit(&mut self, hook: CommitHook) {
        self.on_commit = Some(hook);
    }

    /// Remembers the vendor's id of the customer, as the API gave it. Fails if
    /// the ledger has another one.
    pub fn set_customer(&mut self, customer_id: &str) -> Result<(), LedgerError> {
        self.write(|transaction| bind_customer(transaction, customer_id))
    }

    /// Grows with every newly accepted plan, and with every recorded batch
    /// that changes what planning sees. Approvals and holds leave it as it is,
    /// so that an approved plan comes out with the same id again.
    pub fn generation(&self) -> Result<u64, LedgerError> {
        self.read(generation)
    }

    fn connect(path: &Path, access: OpenFlags) -> Result<Self, LedgerError> {
        let connect = || {
            let connection =
                Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
            connection.busy_timeout(BUSY_TIMEOUT)?;
            connection.pragma_update(None, "foreign_keys", true)?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            Ok(connection)
        };
        let connection = connect().map_err(|error| Fault::Sqlite(error).at(path))?;
        Ok(Self {
            path: path.to_owned(),
            connection,
            commits: 0,
            on_commit: None,
        })
    }

    fn prepare_for_writing(&mut self, identity: &Identity, wall_ms: i64) -> Result<(), Fault> {
        // Asked before the first change, so that somebody else's file stays as it is.
        schema::version(&self.connection, schema::MIGRATIONS)?;
        self.connection
            .pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
        self.connection.pragma_update_and_check(
            None,
            "wal_autocheckpoint",
            CHECKPOINT_PAGES,
            |_| Ok(()),
        )?;
        // A reader of a WAL file has to create `-wal` and `-shm` if they are
        // gone, so they stay when the last writer closes.
        let mut stay = 1;
        self.connection
            .file_control(MAIN_DB.into(), FileControl::PersistWal(&mut stay))?;
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        schema::migrate(&transaction, schema::MIGRATIONS)?;
        bind_identity(&transaction, identity, wall_ms)?;
        transaction.commit()?;
        Ok(())
    }

    /// Reads one consistent state, whatever a writer does meanwhile.
    fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Fault>,
    ) -> Result<T, LedgerError> {
        let read = || {
            let transaction = self.connection.unchecked_transaction()?;
            work(&transaction)
        };
        read().map_err(|fault| fault.at(&self.path))
    }

    /// Does the work in one transaction: all of it is on disk on return, or none.
    fn write<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Fault>,
    ) -> Result<T, LedgerError> {
        let connection = &mut self.connection;
        let write = || {
            // The write lock is taken first: a transaction that began as a
            // reader could not wait for it any more.
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = work(&transaction)?;
            transaction.commit()?;
            Ok(value)
        };
        let value = write().map_err(|fault: Fault| fault.at(&self.path))?;
        self.commits += 1;
        if let Some(hook) = &mut self.on_commit {
            hook(self.commits);
        }
        Ok(value)
    }
}

/// SQLite gives `-wal` and `-shm` the mode of the file, and would itself create
/// it with the mode that the umask allows.
fn create_owner_only(path: &Path) -> Result<(), LedgerError> {
    let created = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match created {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(LedgerError::from_io(path, error)),
    }
}

fn bind_identity(
    transaction: &Transaction<'_>,
    identity: &Identity,
    wall_ms: i64,
) -> Result<(), Fault> {
    transaction.execute(
        "INSERT OR IGNORE INTO meta (only_row, tenant, target, created_wall_ms)
         VALUES (1, ?1, ?2, ?3)",
        params![identity.tenant, identity.target, wall_ms],
    )?;
    check_identity(transaction, identity)?;
    match &identity.customer_id {
        Some(customer_id) => bind_customer(transaction, customer_id),
        None => Ok(()),
    }
}

fn bind_customer(transaction: &Transaction<'_>, customer_id: &str) -> Result<(), Fault> {
    check_customer(transaction, customer_id)?;
    transaction.execute("UPDATE meta SET customer_id = ?1", [customer_id])?;
    Ok(())
}

fn check_identity(connection: &Connection, identity: &Identity) -> Result<(), Fault> {
    let (tenant, target) = connection.query_row("SELECT tenant, target FROM meta", [], |row| {
        Ok((row.get("tenant")?, row.get("target")?))
    })?;
    check("tenant", tenant, &identity.tenant)?;
    check("target", target, &identity.target)?;
    match &identity.customer_id {
        Some(customer_id) => check_customer(connection, customer_id),
        None => Ok(()),
    }
}

/// While no plan was accepted there is nothing to protect: a customer id that
/// was mistyped in a new configuration can still be corrected.
fn check_customer(connection: &Connection, given: &str) -> Result<(), Fault> {
    let found: Option<String> =
        connection.query_row("SELECT customer_id FROM meta", [], |row| row.get(0))?;
    match found {
        Some(found) if plans::any_accepted(connection)? => check("customer", found, given),
        Some(_) | None => Ok(()),
    }
}

fn check(what: &'static str, found: String, given: &str) -> Result<(), Fault> {
    if found == given {
        return Ok(());
    }
    let given = given.to_owned();
    Err(Fault::Foreign { what, found, given })
}

fn generation(connection: &Connection) -> Result<u64, Fault> {
    let generation = connection.query_row("SELECT generation FROM meta", [], |row| {
        columns::read_count(row, "generation")
    })?;
    Ok(generation)
}

fn grow_generation(transaction: &Transaction<'_>) -> Result<(), Fault> {
    transaction.execute("UPDATE meta SET generation = generation + 1", [])?;
    Ok(())
}

#[cfg(test)]
mod tests;
