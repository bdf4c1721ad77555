use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::{
    AccountCells, AccountRow, AccountStatus, EmailAddress, EmployeeId, KeyCell, PrintOf, Sieve,
    UserId, Username, fingerprint, folded_fingerprint,
};

/// Counts of the accounts that streamed by, for the guards.
///
/// Accounts are told apart by a fingerprint of their key, because the report may
/// have several rows for one account that do not stand together.
#[derive(Debug, Clone, Default)]
pub struct Census {
    rows: u64,
    /// A fingerprint for each row of an active account, but for rows that repeat
    /// the one above; the lowest bit says whether the row holds a licence.
    active: Vec<u64>,
    watched: Arc<Watched>,
    seen: BTreeSet<String>,
}

/// Names of accounts to look out for, in lower case.
#[derive(Debug, Default)]
struct Watched {
    names: BTreeSet<String>,
    sieve: Sieve,
}

/// How many active accounts there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Headcount {
    /// Distinct ones.
    pub active: u64,
    /// Those of them that hold a licence.
    pub active_licensed: u64,
}

impl Census {
    /// A census that also looks out for these names of accounts, in lower case.
    pub fn new(watched: BTreeSet<String>) -> Self {
        Self {
            watched: Arc::new(Watched::of(watched)),
            ..Self::default()
        }
    }

    /// An empty census of the same kind.
    #[must_use]
    pub fn split(&self) -> Self {
        Self {
            watched: Arc::clone(&self.watched),
            ..Self::default()
        }
    }

    /// Whether the row only has to be counted: nobody watches for the account.
    pub fn passes_over(&self, cells: &AccountCells<'_>) -> bool {
        !cells.keys().any(|key| self.watched.may_have(&key))
    }

    /// Counts a row that it passes over.
    pub fn count(&mut self, cells: &AccountCells<'_>) {
        let is_licensed = !cells.licenses.licenses.is_empty();
        self.add(cells.account_print(), cells.status, is_licensed);
    }

    /// Takes one row of the report.
    pub fn observe(&mut self, row: &AccountRow) {
        let id = row.user_id.as_ref().map(UserId::fingerprint);
        let account = id.or_else(|| row.username.as_ref().map(Username::fingerprint));
        self.add(account, row.status, !row.licenses.is_empty());
        if account.is_none() || self.watched.names.is_empty() {
            return;
        }
        let names = [
            row.username.as_ref().map(Username::as_str),
            row.email.as_ref().map(EmailAddress::as_str),
            row.user_id.as_ref().map(UserId::as_str),
            row.employee_id.as_ref().map(EmployeeId::as_str),
        ];
        for name in names.into_iter().flatten().map(str::to_lowercase) {
            if self.watched.names.contains(&name) {
                self.seen.insert(name);
            }
        }
    }

    /// Adds the counts of a later part of the report.
    pub fn merge(&mut self, later: Self) {
        self.rows += later.rows;
        self.active.extend(later.active);
        self.seen.extend(later.seen);
    }

    /// Data rows understood.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The distinct active accounts.
    pub fn headcount(&mut self) -> Headcount {
        self.active.sort_unstable();
        let mut count = Headcount::default();
        for rows in self.active.chunk_by(|one, other| one >> 1 == other >> 1) {
            count.active += 1;
            // The row with a licence is the last of them.
            count.active_licensed += rows.last().map_or(0, |row| row & 1);
        }
        count
    }

    /// Those of these watched names that did not come by.
    pub fn missing(&self, names: &BTreeSet<String>) -> BTreeSet<String> {
        names.difference(&self.seen).cloned().collect()
    }

    fn add(&mut self, account: Option<u64>, status: AccountStatus, is_licensed: bool) {
        self.rows += 1;
        let Some(account) = account.filter(|_| status == AccountStatus::Active) else {
            return;
        };
        let row = account & !1 | u64::from(is_licensed);
        if self.active.last() != Some(&row) {
            self.active.push(row);
        }
    }
}

impl Watched {
    fn of(names: BTreeSet<String>) -> Self {
        let prints = names
            .iter()
            .map(|name| fingerprint(PrintOf::Name, name.as_bytes()));
        let sieve = Sieve::of(&prints.collect::<Vec<_>>());
        Self { names, sieve }
    }

    /// Whether the key may be one of the names, whatever it is a key of; `false`
    /// is certain.
    fn may_have(&self, key: &KeyCell<'_>) -> bool {
        let text = key.text;
        !self.names.is_empty()
            && (!text.is_ascii()
                || self
                    .sieve
                    .may_have(folded_fingerprint(PrintOf::Name, text.as_bytes())))
    }
}
