use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use jiff::civil::Date;

use super::Person;
use super::keys::{Identity, Key, keys_of};
use crate::model::{AccountKey, Memory, TerminationId, TerminationRecord, TerminationState};

/// What the ledger knows of earlier terminations, by who and by account.
pub(super) struct History<'q> {
    all: &'q BTreeMap<TerminationId, TerminationRecord>,
    by_identity: HashMap<Identity, Vec<&'q TerminationRecord>>,
    by_account: HashMap<&'q AccountKey, Vec<&'q TerminationRecord>>,
}

impl<'q> History<'q> {
    pub(super) fn new(memory: &'q Memory) -> Self {
        let mut history = Self {
            all: &memory.terminations,
            by_identity: HashMap::new(),
            by_account: HashMap::new(),
        };
        for record in memory.terminations.values() {
            for key in recorded_keys(record) {
                let records = history.by_identity.entry(key.identity()).or_default();
                records.push(record);
            }
            if let Some(account) = &record.account {
                let records = history.by_account.entry(account).or_default();
                records.push(record);
            }
        }
        history
    }

    /// The terminations of a person, whatever HR calls the person tonight, in
    /// the order of their ids.
    pub(super) fn of(&self, person: &Person) -> Vec<&'q TerminationRecord> {
        let mut records: BTreeMap<TerminationId, &TerminationRecord> = BTreeMap::new();
        for key in &person.keys {
            for record in self.sharing(key) {
                if is_same_person(person, record, key) {
                    records.insert(record.termination.id(), record);
                }
            }
        }
        records.into_values().collect()
    }

    /// The record of exactly this termination, among all and those of the
    /// person: HR may call the person differently by now, but the date is the same.
    pub(super) fn exact(
        &self,
        id: &TerminationId,
        date: Date,
        of_the_person: &[&'q TerminationRecord],
    ) -> Option<&'q TerminationRecord> {
        let on_the_date = || {
            let records = of_the_person.iter().copied();
            records.filter(|record| record.termination.date == date)
        };
        self.all
            .get(id)
            .or_else(|| on_the_date().find(|record| is_spent(record)))
            .or_else(|| on_the_date().next())
    }

    /// Terminations of whoever had this identity.
    pub(super) fn sharing(&self, key: &Key) -> &[&'q TerminationRecord] {
        if self.by_identity.is_empty() {
            return &[];
        }
        self.by_identity
            .get(&key.identity())
            .map_or(&[], Vec::as_slice)
    }

    /// When deactivations of this account were verified.
    pub(super) fn deactivations_of(&self, account: &AccountKey) -> Vec<Timestamp> {
        let records = self.of_account(account).iter();
        records.filter_map(|record| record.deactivated_at).collect()
    }

    /// Terminations that were matched to this account.
    pub(super) fn of_account(&self, account: &AccountKey) -> &[&'q TerminationRecord] {
        self.by_account.get(account).map_or(&[], Vec::as_slice)
    }
}

/// Whether a termination was carried out, and so never deactivates again.
pub(super) fn is_spent(record: &TerminationRecord) -> bool {
    match record.state {
        TerminationState::Spent | TerminationState::Settled | TerminationState::Undone => true,
        TerminationState::Open | TerminationState::Closed => record.deactivated_at.is_some(),
    }
}

/// An address or username can be inherited: another employee id or another
/// name is another person. HR's own id is trusted whatever the name is now.
fn is_same_person(person: &Person, record: &TerminationRecord, key: &Key) -> bool {
    let theirs = &record.termination;
    let same_id = match &theirs.employee_id {
        Some(id) => person.employee_ids().any(|mine| mine == id),
        None => false,
    };
    let other_id = theirs.employee_id.is_some() && person.employee_ids().next().is_some();
    match key {
        Key::EmployeeId(_) => true,
        Key::WorkEmail(_) | Key::Username(_) => {
            same_id || (!other_id && !person.is_stranger_to(&theirs.name))
        }
    }
}

fn recorded_keys(record: &TerminationRecord) -> Vec<Key> {
    let termination = &record.termination;
    keys_of(
        termination.employee_id.as_ref(),
        termination.work_email.as_ref(),
        termination.username.as_ref(),
    )
}
