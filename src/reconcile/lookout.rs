use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::keys::keys_of;
use super::{Asked, Candidate};
use crate::model::{AccountKey, AccountRow, TerminationId};

/// Suggestions to whoever asked for somebody that is not there.
pub(super) const MOST_NEAREST: usize = 5;

/// Picks the accounts that somebody asks about out of the stream, whether or
/// not an HR row is about them. Like the index it keeps only what hits.
#[derive(Debug, Clone)]
pub struct Lookout {
    pub(super) asked: Asked,
    pub(super) seen: BTreeMap<AccountKey, Candidate>,
    /// Accounts that may have been meant, with the reason.
    pub(super) nearest: BTreeSet<String>,
}

impl Lookout {
    /// Looks out for what was asked.
    pub fn new(asked: Asked) -> Self {
        Self {
            asked,
            seen: BTreeMap::new(),
            nearest: BTreeSet::new(),
        }
    }

    /// An empty lookout for the same, for another part of the report.
    #[must_use]
    pub fn split(&self) -> Self {
        Self::new(self.asked.clone())
    }

    /// Looks at one row of the report.
    pub fn observe(&mut self, row: &AccountRow) {
        let Some(key) = row.key() else { return };
        if self.asked.is_account(row) || self.asked.is_name(&row.name) {
            self.see(Candidate::new(key, row));
            return;
        }
        let keys = keys_of(row.employee_id.as_ref(), row.email.as_ref(), None);
        if let Some(why) = self.asked.resembles(&row.name, &keys) {
            let username = row.username.as_ref().map(ToString::to_string);
            let account = username.unwrap_or_else(|| key.as_str().to_owned());
            self.nearest.insert(format!("account {account}: {why}"));
            self.trim();
        }
    }

    /// Adds what a later part of the report held.
    pub fn merge(&mut self, later: Self) {
        later.seen.into_values().for_each(|row| self.see(row));
        self.nearest.extend(later.nearest);
        self.trim();
    }

    /// See [`Asked::stands_for`].
    pub fn stands_for(&mut self, terminations: impl IntoIterator<Item = TerminationId>) {
        self.asked.stands_for(terminations);
    }

    fn see(&mut self, mut row: Candidate) {
        match self.seen.entry(row.key.clone()) {
            Entry::Vacant(vacant) => {
                vacant.insert(row);
            }
            Entry::Occupied(mut occupied) => occupied.get_mut().join(&mut row),
        }
    }

    fn trim(&mut self) {
        while self.nearest.len() > MOST_NEAREST {
            self.nearest.pop_last();
        }
    }
}
