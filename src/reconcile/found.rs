use rayon::slice::ParallelSliceMut;

use super::lookalikes::Suggestions;
use crate::model::{AccountKey, AccountRow};

/// The accounts that were kept.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// In the order of their keys, each numbered by its place.
    accounts: Vec<Candidate>,
    /// Accounts that look like a person without being found by a key.
    pub(super) suggestions: Suggestions,
}

/// An account that may be somebody's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// What stands for the account between runs.
    pub key: AccountKey,
    /// The account as the report has it, with the licences of all its rows.
    pub row: Box<AccountRow>,
    /// The report says both active and inactive of it.
    pub contradictory: bool,
    /// Its place among the accounts that were found.
    number: usize,
}

/// A set of accounts that were found.
#[derive(Debug, Clone)]
pub(super) struct Marks(Vec<bool>);

impl Found {
    /// Every account once, whichever of its rows came by first.
    pub(super) fn new(mut rows: Vec<Candidate>, suggestions: Suggestions) -> Self {
        rows.par_sort_by(|a, b| (&a.key, &a.row.source).cmp(&(&b.key, &b.row.source)));
        rows.dedup_by(|later, first| {
            let is_same = later.key == first.key;
            if is_same {
                first.join(later);
            }
            is_same
        });
        for (number, account) in rows.iter_mut().enumerate() {
            account.number = number;
            account.row.licenses.sort();
            account.row.phone_numbers.sort();
            account.row.devices.sort();
        }
        Self {
            accounts: rows,
            suggestions,
        }
    }

    /// The accounts in the order of their keys.
    pub fn accounts(&self) -> &[Candidate] {
        &self.accounts
    }

    /// The account that the key stands for.
    pub fn get(&self, key: &AccountKey) -> Option<&Candidate> {
        let place = self
            .accounts
            .binary_search_by(|account| account.key.cmp(key));
        place.ok().map(|place| &self.accounts[place])
    }
}

impl Candidate {
    pub(super) fn new(key: AccountKey, row: &AccountRow) -> Self {
        Self {
            key,
            row: Box::new(row.clone()),
            contradictory: false,
            number: 0,
        }
    }

    /// Rows of one account are one account: their licences add up, and the
    /// first row of the file says the rest.
    pub(super) fn join(&mut self, other: &mut Self) {
        self.contradictory |= other.contradictory || self.row.status != other.row.status;
        if other.row.source < self.row.source {
            std::mem::swap(&mut self.row, &mut other.row);
        }
        let (first, second) = (&mut self.row, &mut other.row);
        first.licenses.append(&mut second.licenses);
        add_new(&mut first.phone_numbers, &second.phone_numbers);
        add_new(&mut first.devices, &second.devices);
    }

    /// What people call it: its username, or else its key.
    pub(super) fn name(&self) -> String {
        let username = self.row.username.as_ref();
        username.map_or_else(|| self.key.as_str().to_owned(), ToString::to_string)
    }
}

fn add_new(all: &mut Vec<String>, more: &[String]) {
    for text in more {
        if !all.contains(text) {
            all.push(text.clone());
        }
    }
}

impl Marks {
    /// Has none of these accounts yet.
    pub(super) fn among(found: &Found) -> Self {
        Self(vec![false; found.accounts.len()])
    }

    /// Whether the account was not in it before.
    pub(super) fn insert(&mut self, account: &Candidate) -> bool {
        !std::mem::replace(&mut self.0[account.number], true)
    }

    pub(super) fn contains(&self, account: &Candidate) -> bool {
        self.0[account.number]
    }
}

impl<'f> Extend<&'f Candidate> for Marks {
    fn extend<I: IntoIterator<Item = &'f Candidate>>(&mut self, accounts: I) {
        for account in accounts {
            self.insert(account);
        }
    }
}
