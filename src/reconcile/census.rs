use std::collections::{BTreeSet, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::model::{AccountRow, AccountStatus, EmailAddress, EmployeeId, UserId, Username};

/// Counts of the accounts that streamed by, for the guards.
///
/// Accounts are told apart by a hash of their key, because the report may have
/// several rows for one account that do not stand together.
#[derive(Debug, Clone, Default)]
pub struct Census {
    rows: u64,
    active: HashSet<u64>,
    active_licensed: HashSet<u64>,
    watched: BTreeSet<String>,
    seen: BTreeSet<String>,
}

impl Census {
    /// A census that also looks out for these names of accounts, in lower case.
    pub fn new(watched: BTreeSet<String>) -> Self {
        Self {
            watched,
            ..Self::default()
        }
    }

    /// An empty census of the same kind.
    #[must_use]
    pub fn split(&self) -> Self {
        Self::new(self.watched.clone())
    }

    /// Takes one row of the report.
    pub fn observe(&mut self, row: &AccountRow) {
        self.rows += 1;
        let Some(key) = row.key() else { return };
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        if row.status == AccountStatus::Active {
            self.active.insert(hasher.finish());
            if !row.licenses.is_empty() {
                self.active_licensed.insert(hasher.finish());
            }
        }
        if self.watched.is_empty() {
            return;
        }
        let names = [
            row.username.as_ref().map(Username::as_str),
            row.email.as_ref().map(EmailAddress::as_str),
            row.user_id.as_ref().map(UserId::as_str),
            row.employee_id.as_ref().map(EmployeeId::as_str),
        ];
        for name in names.into_iter().flatten().map(str::to_lowercase) {
            if self.watched.contains(&name) {
                self.seen.insert(name);
            }
        }
    }

    /// Adds the counts of a later part of the report.
    pub fn merge(&mut self, later: Self) {
        self.rows += later.rows;
        self.active.extend(later.active);
        self.active_licensed.extend(later.active_licensed);
        self.seen.extend(later.seen);
    }

    /// Data rows understood.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Distinct active accounts.
    pub fn active(&self) -> u64 {
        self.active.len() as u64
    }

    /// Distinct active accounts that hold a licence.
    pub fn active_licensed(&self) -> u64 {
        self.active_licensed.len() as u64
    }

    /// Those of these watched names that did not come by.
    pub fn missing(&self, names: &BTreeSet<String>) -> BTreeSet<String> {
        names.difference(&self.seen).cloned().collect()
    }
}
