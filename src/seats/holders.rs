use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use jiff::Timestamp;

use super::places::freed_since_last_night;
use super::tally::Newer;
use crate::model::{
    AccountKey, AccountRow, AccountStatus, EmailAddress, EmployeeId, LicenseName, Memory, Place,
    Pool, SourceRow, UserId, Username,
};

#[cfg(test)]
mod tests;

/// Watches the accounts stream by, and finds out where seats are held and by
/// whom they should not be. It keeps deactivated accounts that hold licences,
/// accounts of nobody on the roster, accounts with two seats to call with and
/// members of ring groups who hold none; of all others it keeps numbers.
#[derive(Debug, Clone)]
pub struct Holders {
    newer: Arc<Newer>,
    /// Accounts whose seats were freed since the last recorded night.
    freed: Arc<BTreeSet<AccountKey>>,
    roster: Option<Arc<Roster>>,
    held: Held,
    /// Accounts that changed since the report, whose rows are put together
    /// before they are counted: there are few of them.
    changed: BTreeMap<AccountKey, Holder>,
    /// The first seat to call with of every active account, by a hash of its
    /// key: rows of one account need not stand together.
    calling: HashMap<u64, Seat>,
    /// Those beyond the first.
    more_calling: BTreeMap<u64, Vec<Seat>>,
    /// The names of their accounts, as far as one part of the report had two.
    twice: BTreeMap<u64, String>,
    /// Pools of `calling`, told by their position.
    pools: Vec<Pool>,
}

/// What was found out about the holders of seats.
#[derive(Debug, Clone, Default)]
pub struct Held {
    /// Where the accounts are whose seats were freed since the last recorded
    /// night.
    pub freed: BTreeMap<AccountKey, Place>,
    /// Deactivated accounts that hold licences.
    pub stranded: BTreeMap<AccountKey, Holder>,
    /// Active accounts that hold licences, of nobody on the roster.
    pub strangers: BTreeMap<AccountKey, Holder>,
    /// Accounts without licences that are in ring groups or call queues.
    pub in_groups: BTreeMap<AccountKey, Holder>,
    /// Rows of active accounts that hold licences, of somebody on the roster.
    pub on_roster: u64,
    /// Accounts with several seats to call with.
    pub doubled: Vec<Doubled>,
}

/// An account that is worth a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The row of the report, or the first of them.
    pub source: SourceRow,
    /// The username, or the id where there is none.
    pub account: String,
    /// Where its person works.
    pub place: Place,
    /// Whether it can log in.
    pub status: AccountStatus,
    /// What it holds.
    pub licenses: Vec<LicenseName>,
    /// The ring groups and call queues that it is in.
    pub groups: Vec<String>,
}

/// An account with several seats to call with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubled {
    /// The account as [`Holder::account`] has it; empty where its rows stood far
    /// apart.
    pub account: String,
    /// Lines and pools of its seats, in the order of the report.
    pub seats: Vec<(u64, Pool)>,
}

/// One seat to call with.
#[derive(Debug, Clone, Copy)]
struct Seat {
    line: u64,
    pool: usize,
}

/// Everybody who is employed, by every key that tells them.
#[derive(Debug, Default)]
pub struct Roster {
    employee_ids: HashSet<EmployeeId>,
    /// E-mail addresses and usernames, in lower case: many usernames are
    /// addresses.
    names: HashSet<String>,
}

impl Roster {
    /// Adds a person.
    pub fn add(
        &mut self,
        employee_id: Option<&EmployeeId>,
        email: Option<&EmailAddress>,
        username: Option<&Username>,
    ) {
        self.employee_ids.extend(employee_id.cloned());
        let names = [
            email.map(EmailAddress::as_str),
            username.map(Username::as_str),
        ];
        let names = names.into_iter().flatten();
        self.names.extend(names.map(str::to_lowercase));
    }

    fn has(&self, row: &AccountRow) -> bool {
        let names = [
            row.email.as_ref().map(EmailAddress::as_str),
            row.username.as_ref().map(Username::as_str),
        ];
        let mut names = names.into_iter().flatten().map(str::to_lowercase);
        names.any(|name| self.names.contains(&name))
            || row
                .employee_id
                .as_ref()
                .is_some_and(|id| self.employee_ids.contains(id))
    }
}

impl Holders {
    /// Knows what changed after `users_at`; with a roster it looks for accounts
    /// of nobody on it.
    pub fn new(memory: &Memory, users_at: Timestamp, roster: Option<Roster>) -> Self {
        Self {
            newer: Arc::new(Newer::than(memory, users_at)),
            freed: Arc::new(freed_since_last_night(memory, users_at)),
            roster: roster.map(Arc::new),
            held: Held::default(),
            changed: BTreeMap::new(),
            calling: HashMap::new(),
            more_calling: BTreeMap::new(),
            twice: BTreeMap::new(),
            pools: Vec::new(),
        }
    }

    /// An empty one of the same kind, for another part of the report.
    #[must_use]
    pub fn split(&self) -> Self {
        Self {
            newer: Arc::clone(&self.newer),
            freed: Arc::clone(&self.freed),
            roster: self.roster.clone(),
            held: Held::default(),
            changed: BTreeMap::new(),
            calling: HashMap::new(),
            more_calling: BTreeMap::new(),
            twice: BTreeMap::new(),
            pools: Vec::new(),
        }
    }

    /// Looks at one row of the report.
    pub fn observe(&mut self, row: &AccountRow) {
        let Some(key) = row.key() else { return };
        if self.freed.contains(&key) {
            self.held.freed.insert(key.clone(), Place::of(row));
        }
        if row.licenses.is_empty() {
            if !row.groups.is_empty() {
                keep(&mut self.held.in_groups, key, row);
            }
            return;
        }
        if row.status == AccountStatus::Active {
            self.count_calling(&key, row);
            match &self.roster {
                Some(roster) if roster.has(row) => self.held.on_roster += 1,
                Some(_) => keep(&mut self.held.strangers, key.clone(), row),
                None => {}
            }
        }
        if self.newer.concerns(&key) {
            keep(&mut self.changed, key, row);
        } else if row.status == AccountStatus::Inactive {
            keep(&mut self.held.stranded, key, row);
        }
    }

    /// Adds what a later part of the report held.
    pub fn merge(&mut self, later: Self) {
        self.held.freed.extend(later.held.freed);
        join(&mut self.held.stranded, later.held.stranded);
        join(&mut self.held.strangers, later.held.strangers);
        join(&mut self.held.in_groups, later.held.in_groups);
        join(&mut self.changed, later.changed);
        self.held.on_roster += later.held.on_roster;
        for (account, seat) in later.calling {
            let seat = self.moved(seat, &later.pools);
            self.add_calling(account, seat);
        }
        for (account, seats) in later.more_calling {
            for seat in seats {
                let seat = self.moved(seat, &later.pools);
                self.add_calling(account, seat);
            }
        }
        self.twice.extend(later.twice);
    }

    /// What was found out.
    pub fn finish(mut self) -> Held {
        for (key, mut holder) in self.changed {
            holder.status = self
                .newer
                .correct(&key, holder.status, &mut holder.licenses);
            match holder.status {
                AccountStatus::Inactive if !holder.licenses.is_empty() => {
                    self.held.strangers.remove(&key);
                    self.held.stranded.insert(key, holder);
                }
                AccountStatus::Inactive => {
                    self.held.strangers.remove(&key);
                }
                AccountStatus::Active => {}
            }
        }
        // Another row of the account may have its seats.
        let Held {
            in_groups,
            stranded,
            ..
        } = &mut self.held;
        in_groups.retain(|key, _| {
            !stranded.contains_key(key) && !self.calling.contains_key(&hash_of(key))
        });
        for (account, more) in self.more_calling {
            let first = self.calling.get(&account).copied();
            let mut seats: Vec<(u64, Pool)> = first
                .into_iter()
                .chain(more)
                .map(|seat| (seat.line, self.pools[seat.pool].clone()))
                .collect();
            seats.sort();
            let account = self.twice.get(&account).cloned().unwrap_or_default();
            self.held.doubled.push(Doubled { account, seats });
        }
        self.held.doubled.sort_by(|a, b| a.seats.cmp(&b.seats));
        self.held
    }

    fn count_calling(&mut self, key: &AccountKey, row: &AccountRow) {
        let account = hash_of(key);
        for license in row.licenses.iter().filter(|it| it.is_calling_seat()) {
            let seat = Seat {
                line: row.source.line,
                pool: self.position_of(license.pool()),
            };
            if self.add_calling(account, seat) {
                self.twice.insert(account, account_name(row));
            }
        }
    }

    /// Returns whether the account had one already.
    fn add_calling(&mut self, account: u64, seat: Seat) -> bool {
        let had_one = self.calling.contains_key(&account);
        if had_one {
            self.more_calling.entry(account).or_default().push(seat);
        } else {
            self.calling.insert(account, seat);
        }
        had_one
    }

    /// A seat of a later part, with the position that its pool has here.
    fn moved(&mut self, seat: Seat, pools: &[Pool]) -> Seat {
        Seat {
            pool: self.position_of(pools[seat.pool].clone()),
            ..seat
        }
    }

    fn position_of(&mut self, pool: Pool) -> usize {
        let known = self.pools.iter().position(|it| *it == pool);
        known.unwrap_or_else(|| {
            self.pools.push(pool);
            self.pools.len() - 1
        })
    }
}

fn keep(holders: &mut BTreeMap<AccountKey, Holder>, key: AccountKey, row: &AccountRow) {
    let holder = holders.entry(key).or_insert_with(|| Holder {
        source: row.source.clone(),
        account: account_name(row),
        place: Place::of(row),
        status: row.status,
        licenses: Vec::new(),
        groups: row.groups.clone(),
    });
    holder.licenses.extend(row.licenses.iter().cloned());
}

fn hash_of(key: &AccountKey) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

/// What the Admin Console finds the account by.
fn account_name(row: &AccountRow) -> String {
    let username = row.username.as_ref().map(Username::as_str);
    let id = row.user_id.as_ref().map(UserId::as_str);
    username.or(id).unwrap_or_default().to_owned()
}

fn join(holders: &mut BTreeMap<AccountKey, Holder>, later: BTreeMap<AccountKey, Holder>) {
    for (key, holder) in later {
        match holders.get_mut(&key) {
            Some(mine) => mine.licenses.extend(holder.licenses),
            None => {
                holders.insert(key, holder);
            }
        }
    }
}
