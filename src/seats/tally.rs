use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::model::{
    AccountCells, AccountKey, AccountRow, AccountStatus, LicenseName, LicenseSet, Memory, Pool,
    Sieve,
};

/// Counts the seats on accounts while they stream by, and corrects what the
/// report says by what the ledger verified since it was made.
#[derive(Debug, Clone)]
pub struct Tally {
    newer: Arc<Newer>,
    pools: BTreeMap<Pool, PoolCount>,
    /// Accounts that changed since the report, whose rows are put together
    /// before they are counted: there are few of them.
    changed: BTreeMap<AccountKey, (AccountStatus, Vec<LicenseName>)>,
    /// Rows that hold the same licences, by their number: one look-up for each
    /// of them and not for each row.
    sets: Vec<CountedSet>,
}

/// How many rows of a part of the report hold the same licences.
#[derive(Debug, Clone, Default)]
struct CountedSet {
    pools: Vec<Pool>,
    rows: PoolCount,
}

/// Seats of one pool on accounts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PoolCount {
    /// On active accounts.
    pub active: u32,
    /// On deactivated accounts: billed, and used by nobody.
    pub stranded: u32,
}

impl PoolCount {
    /// Seats on accounts, active or not.
    pub fn on_accounts(self) -> u32 {
        self.active + self.stranded
    }

    /// Adds the seats of other accounts.
    pub(super) fn add(&mut self, others: Self) {
        self.active += others.active;
        self.stranded += others.stranded;
    }

    /// Adds one seat on an account with this status.
    pub(super) fn count(&mut self, status: AccountStatus) {
        match status {
            AccountStatus::Active => self.active += 1,
            AccountStatus::Inactive => self.stranded += 1,
        }
    }
}

/// What the ledger verified after the report was made.
#[derive(Debug, Default)]
pub(super) struct Newer {
    statuses: BTreeMap<AccountKey, AccountStatus>,
    removed: BTreeMap<AccountKey, Vec<LicenseName>>,
    sieve: Sieve,
}

impl Newer {
    /// What changed after `users_at`.
    pub(super) fn than(memory: &Memory, users_at: Timestamp) -> Self {
        let mut newer = Self::default();
        for (key, verified) in &memory.accounts {
            if verified.status_at > users_at {
                newer.statuses.insert(key.clone(), verified.status);
            }
            let removed: Vec<LicenseName> = verified
                .removed
                .iter()
                .filter(|(_, at)| *at > users_at)
                .map(|(license, _)| license.clone())
                .collect();
            if !removed.is_empty() {
                newer.removed.insert(key.clone(), removed);
            }
        }
        let keys = newer.statuses.keys().chain(newer.removed.keys());
        newer.sieve = Sieve::of(&keys.filter_map(AccountKey::fingerprint).collect::<Vec<_>>());
        newer
    }

    /// Whether the account may have changed; `false` is certain.
    fn may_concern(&self, cells: &AccountCells<'_>) -> bool {
        let account = cells.account_print();
        account.is_some_and(|account| self.sieve.may_have(account))
    }

    /// Whether the account changed.
    pub(super) fn concerns(&self, key: &AccountKey) -> bool {
        self.statuses.contains_key(key) || self.removed.contains_key(key)
    }

    /// Takes what was removed from the account's licences, and returns its
    /// status; `reported` is that of the report.
    pub(super) fn correct(
        &self,
        key: &AccountKey,
        reported: AccountStatus,
        licenses: &mut Vec<LicenseName>,
    ) -> AccountStatus {
        for gone in self.removed.get(key).into_iter().flatten() {
            if let Some(position) = licenses.iter().position(|held| held.same_as(gone)) {
                licenses.remove(position);
            }
        }
        self.statuses.get(key).copied().unwrap_or(reported)
    }
}

impl Tally {
    /// A tally that knows what changed after `users_at`.
    pub fn new(memory: &Memory, users_at: Timestamp) -> Self {
        Self {
            newer: Arc::new(Newer::than(memory, users_at)),
            pools: BTreeMap::new(),
            changed: BTreeMap::new(),
            sets: Vec::new(),
        }
    }

    /// An empty tally that knows the same changes.
    #[must_use]
    pub fn split(&self) -> Self {
        Self {
            newer: Arc::clone(&self.newer),
            pools: BTreeMap::new(),
            changed: BTreeMap::new(),
            sets: Vec::new(),
        }
    }

    /// Whether the row only has to be counted: the ledger knows nothing newer.
    pub fn passes_over(&self, cells: &AccountCells<'_>) -> bool {
        !self.newer.may_concern(cells)
    }

    /// Counts a row that it passes over.
    pub fn count(&mut self, cells: &AccountCells<'_>) {
        let LicenseSet { number, licenses } = cells.licenses;
        if self.sets.len() <= *number {
            self.sets.resize_with(number + 1, CountedSet::default);
        }
        let set = &mut self.sets[*number];
        if set.rows == PoolCount::default() {
            set.pools = licenses.iter().map(LicenseName::pool).collect();
        }
        set.rows.count(cells.status);
    }

    /// Counts the licences of one row of the report.
    pub fn observe(&mut self, row: &AccountRow) {
        let changed = row.key().filter(|key| self.newer.concerns(key));
        match changed {
            Some(key) => {
                let kept = self.changed.entry(key).or_insert((row.status, Vec::new()));
                kept.1.extend(row.licenses.iter().cloned());
            }
            None => {
                for license in &row.licenses {
                    let counts = self.pools.entry(license.pool()).or_default();
                    counts.count(row.status);
                }
            }
        }
    }

    /// Adds the counts of a later part of the report.
    pub fn merge(&mut self, mut later: Self) {
        later.add_sets();
        for (pool, counts) in later.pools {
            self.pools.entry(pool).or_default().add(counts);
        }
        for (key, (status, licenses)) in later.changed {
            self.changed
                .entry(key)
                .or_insert((status, Vec::new()))
                .1
                .extend(licenses);
        }
    }

    /// Seats on accounts per pool.
    pub fn finish(mut self) -> BTreeMap<Pool, PoolCount> {
        self.add_sets();
        for (key, (reported, mut licenses)) in self.changed {
            let status = self.newer.correct(&key, reported, &mut licenses);
            for license in &licenses {
                let counts = self.pools.entry(license.pool()).or_default();
                counts.count(status);
            }
        }
        self.pools
    }

    fn add_sets(&mut self) {
        for set in std::mem::take(&mut self.sets) {
            for pool in set.pools {
                self.pools.entry(pool).or_default().add(set.rows);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AccountMemory, PersonName, SourceRow, UserId};

    fn account(id: &str, status: AccountStatus, licenses: &[&str]) -> AccountRow {
        AccountRow {
            source: SourceRow {
                file: "users.csv".to_owned(),
                line: 2,
            },
            user_id: UserId::parse(id),
            username: None,
            email: None,
            employee_id: None,
            name: PersonName::default(),
            status,
            site: String::new(),
            department: String::new(),
            cost_center: String::new(),
            created: None,
            scim_provider: String::new(),
            extension: String::new(),
            phone_numbers: Vec::new(),
            devices: Vec::new(),
            licenses: licenses
                .iter()
                .filter_map(|name| LicenseName::parse(name, None))
                .collect(),
        }
    }

    fn memory_of_removal(id: &str, license: &str, at: &str) -> Memory {
        let key = account(id, AccountStatus::Active, &[])
            .key()
            .expect("a key");
        let at: Timestamp = at.parse().expect("an instant");
        let removed = vec![(LicenseName::parse(license, None).expect("a name"), at)];
        let verified = AccountMemory {
            status: AccountStatus::Inactive,
            status_at: at,
            removed,
        };
        Memory {
            accounts: BTreeMap::from([(key, verified)]),
            ..Memory::default()
        }
    }

    const X2: &str = "X Series - X2-VOSVC0216-02-US";

    #[test]
    fn the_ledger_corrects_an_older_report() {
        let memory = memory_of_removal("a1", X2, "2026-11-20T08:00:00Z");
        let rows = [account("a1", AccountStatus::Active, &[X2, X2])];
        let count = |users_at: &str| {
            let mut tally = Tally::new(&memory, users_at.parse().expect("an instant"));
            for row in &rows {
                tally.observe(row);
            }
            tally.finish().into_values().next().unwrap_or_default()
        };
        assert_eq!(
            count("2026-11-19T08:00:00Z"),
            PoolCount {
                active: 0,
                stranded: 1
            }
        );
        assert_eq!(
            count("2026-11-21T08:00:00Z"),
            PoolCount {
                active: 2,
                stranded: 0
            }
        );
    }

    #[test]
    fn rows_may_be_split_anywhere() {
        let memory = memory_of_removal("a1", X2, "2026-11-20T08:00:00Z");
        let at = "2026-11-19T08:00:00Z".parse().expect("an instant");
        let rows = [
            account("a1", AccountStatus::Active, &[X2]),
            account("b2", AccountStatus::Active, &[X2]),
            account("a1", AccountStatus::Active, &[X2]),
        ];
        for cut in 0..=rows.len() {
            let mut first = Tally::new(&memory, at);
            let mut second = first.split();
            rows[..cut].iter().for_each(|row| first.observe(row));
            rows[cut..].iter().for_each(|row| second.observe(row));
            first.merge(second);
            let counts: Vec<PoolCount> = first.finish().into_values().collect();
            assert_eq!(
                counts,
                [PoolCount {
                    active: 1,
                    stranded: 1
                }],
                "cut at {cut}"
            );
        }
    }
}
