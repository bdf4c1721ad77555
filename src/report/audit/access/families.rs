use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{LeaverAccess, Removal, RemovalSource};
use crate::model::{
    AccountKey, Memory, PersonKey, TaskRecord, TerminationId, TerminationRecord, TerminationState,
};

/// The terminations of one person or one account. HR corrects dates, and calls
/// people differently: then one leaver has several.
pub(super) struct Families<'a> {
    by_person: BTreeMap<&'a PersonKey, Vec<&'a TerminationRecord>>,
    by_account: BTreeMap<&'a AccountKey, Vec<&'a TerminationRecord>>,
    /// What people were told to do to end access, by termination.
    pub(super) tasks: BTreeMap<&'a TerminationId, Vec<EndingTask<'a>>>,
}

/// A task whose doing ends access, and what it would be the source of.
pub(super) type EndingTask<'a> = (&'a TaskRecord, RemovalSource);

impl<'a> Families<'a> {
    pub(super) fn of(
        records: &BTreeMap<TerminationId, &'a TerminationRecord>,
        memory: &'a Memory,
    ) -> Self {
        let mut families = Self {
            by_person: BTreeMap::new(),
            by_account: BTreeMap::new(),
            tasks: BTreeMap::new(),
        };
        for task in memory.tasks.values() {
            let source = RemovalSource::of_task(task.kind);
            if let (Some(termination), Some(source)) = (&task.termination, source) {
                let tasks = families.tasks.entry(termination).or_default();
                tasks.push((task, source));
            }
        }
        for record in records.values() {
            let of_person = families.by_person.entry(&record.termination.person);
            of_person.or_default().push(record);
            if let Some(account) = &record.account {
                let of_account = families.by_account.entry(account);
                of_account.or_default().push(record);
            }
        }
        families
    }

    /// The other terminations of the person or the account.
    fn others(&self, record: &TerminationRecord) -> impl Iterator<Item = &'a TerminationRecord> {
        let of_person = self.by_person.get(&record.termination.person);
        let account = record.account.as_ref();
        let of_account = account.and_then(|account| self.by_account.get(account));
        let all: BTreeMap<TerminationId, &TerminationRecord> = of_person
            .into_iter()
            .chain(of_account)
            .flatten()
            .map(|other| (other.termination.id(), *other))
            .filter(|(id, _)| *id != record.termination.id())
            .collect();
        all.into_values()
    }

    /// Whether it is a leaving of its own: it is not closed, or no other one has
    /// taken its place. One of an account that was active again in between has not.
    pub(super) fn speaks_for_itself(&self, record: &TerminationRecord) -> bool {
        let is_closed = record.state == TerminationState::Closed;
        !(is_closed && self.others(record).any(|other| takes_over(other, record)))
    }

    /// The closed terminations that it took the place of.
    fn replaced_by(
        &self,
        record: &TerminationRecord,
    ) -> impl Iterator<Item = &'a TerminationRecord> {
        let closed = |other: &&TerminationRecord| other.state == TerminationState::Closed;
        self.others(record)
            .filter(closed)
            .filter(move |other| takes_over(record, other))
    }

    /// When HR first said that the person leaves by then: a correction to a later
    /// date was told in time, one to an earlier date was not.
    pub(super) fn first_listed(&self, record: &TerminationRecord) -> Timestamp {
        let date = record.termination.date;
        let before = self.replaced_by(record);
        let before = before.filter(|other| other.termination.date <= date);
        let before = before.map(|other| other.first_listed);
        before.min().map_or(record.first_listed, |before| {
            before.min(record.first_listed)
        })
    }

    /// The end of access: that of the terminations that it took the place of, too.
    pub(super) fn removal_of(&self, record: &TerminationRecord) -> Removal {
        let own = std::iter::once(record);
        let all = own
            .chain(self.replaced_by(record))
            .filter_map(removal_known);
        all.min_by_key(Removal::counted).unwrap_or(Removal::Unknown)
    }
}

/// When the account was last seen active after its access had ended, while HR
/// does not say that the person is back.
pub(super) fn active_again(record: &TerminationRecord, removal: Removal) -> Option<Timestamp> {
    let ended = removal.counted()?;
    let last_active = record.access.last_active?;
    (last_active > ended && !record.state.is_over()).then_some(last_active)
}

pub(super) fn look_at_the_tasks(leaver: &mut LeaverAccess, tasks: &[EndingTask<'_>]) {
    leaver.said_done = tasks
        .iter()
        .filter_map(|(task, _)| task.ticked_off_at)
        .max();
    leaver.ended_by = match leaver.removal {
        Removal::At(_) => Some(RemovalSource::Seatsweep),
        Removal::Between { until, .. } => {
            let issued = tasks.iter().filter(|(task, _)| task.issued_at <= until);
            let last = issued.max_by_key(|(task, _)| task.issued_at);
            Some(last.map_or(RemovalSource::Seen, |(_, source)| *source))
        }
        Removal::Unknown => None,
    };
}

/// Whether `later` is what became of the closed termination `earlier`.
fn takes_over(later: &TerminationRecord, earlier: &TerminationRecord) -> bool {
    let order = |record: &TerminationRecord| {
        let is_closed = record.state == TerminationState::Closed;
        (!is_closed, record.first_listed, record.termination.id())
    };
    let came_back = removal_known(earlier).is_some_and(|removal| {
        let last_active = later.access.last_active;
        last_active.is_some_and(|active| removal.counted().is_some_and(|ended| active > ended))
    });
    order(later) > order(earlier) && !came_back
}

/// What the termination's own trail says. The ledger of an older version may
/// know of an end that no night's plan tells.
fn removal_known(record: &TerminationRecord) -> Option<Removal> {
    let trail = &record.access;
    let seen = trail.first_inactive.or(record.deactivated_at);
    match (trail.ended_by_us, seen) {
        (Some(at), seen) if seen.is_none_or(|seen| at <= seen) => Some(Removal::At(at)),
        (_, Some(until)) => Some(Removal::Between {
            after: trail.last_active.filter(|after| *after < until),
            until,
        }),
        (_, None) => None,
    }
}
