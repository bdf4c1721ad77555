use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::model::{
    AccountCells, AccountKey, AccountRow, AccountStatus, LicenseName, LicenseSet, Memory, Place,
    PlaceObservation, Pool, PrintMap, Sieve,
};

/// Counts the seats on accounts while they stream by, and corrects what the
/// report says by what the ledger verified since it was made.
#[derive(Debug, Clone)]
pub struct Tally {
    newer: Arc<Newer>,
    on_accounts: OnAccounts,
    /// Accounts that changed since the report, whose rows are put together
    /// before they are counted: there are few of them.
    changed: BTreeMap<AccountKey, Changed>,
    /// Rows that hold the same licences, by their number: one look-up for each
    /// of them and not for each row.
    sets: Vec<CountedSet>,
    places: Places,
}

/// How many rows of a part of the report hold the same licences.
#[derive(Debug, Clone, Default)]
struct CountedSet {
    pools: Vec<Pool>,
    /// By the place's position.
    rows: Vec<PoolCount>,
}

/// The places of a part of the report, told by their position.
#[derive(Debug, Clone, Default)]
struct Places {
    places: Vec<Place>,
    /// By site and cost center.
    positions: PrintMap<String, PrintMap<String, usize>>,
}

/// Seats on accounts, by where their people are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OnAccounts(BTreeMap<Place, BTreeMap<Pool, PoolCount>>);

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

/// What the report says of an account that changed since.
#[derive(Debug, Clone)]
struct Changed {
    place: Place,
    status: AccountStatus,
    licenses: Vec<LicenseName>,
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
            on_accounts: OnAccounts::default(),
            changed: BTreeMap::new(),
            sets: Vec::new(),
            places: Places::default(),
        }
    }

    /// An empty tally that knows the same changes.
    #[must_use]
    pub fn split(&self) -> Self {
        Self {
            newer: Arc::clone(&self.newer),
            on_accounts: OnAccounts::default(),
            changed: BTreeMap::new(),
            sets: Vec::new(),
            places: Places::default(),
        }
    }

    /// Whether the row only has to be counted: the ledger knows nothing newer.
    pub fn passes_over(&self, cells: &AccountCells<'_>) -> bool {
        !self.newer.may_concern(cells)
    }

    /// Counts a row that it passes over.
    pub fn count(&mut self, cells: &AccountCells<'_>) {
        let LicenseSet { number, licenses } = cells.licenses;
        if licenses.is_empty() {
            return;
        }
        if self.sets.len() <= *number {
            self.sets.resize_with(number + 1, CountedSet::default);
        }
        let set = &mut self.sets[*number];
        if set.rows.is_empty() {
            set.pools = licenses.iter().map(LicenseName::pool).collect();
        }
        let place = self.places.position_of(cells);
        if set.rows.len() <= place {
            set.rows.resize(place + 1, PoolCount::default());
        }
        set.rows[place].count(cells.status);
    }

    /// Counts the licences of one row of the report.
    pub fn observe(&mut self, row: &AccountRow) {
        let changed = row.key().filter(|key| self.newer.concerns(key));
        match changed {
            Some(key) => {
                let kept = self.changed.entry(key).or_insert_with(|| Changed {
                    place: Place::of(row),
                    status: row.status,
                    licenses: Vec::new(),
                });
                kept.licenses.extend(row.licenses.iter().cloned());
            }
            None if row.licenses.is_empty() => {}
            None => {
                let place = Place::of(row);
                self.on_accounts.count(place, row.status, &row.licenses);
            }
        }
    }

    /// Adds the counts of a later part of the report.
    pub fn merge(&mut self, mut later: Self) {
        later.add_sets();
        for (place, pools) in later.on_accounts.0 {
            let mine = self.on_accounts.0.entry(place).or_default();
            for (pool, counts) in pools {
                mine.entry(pool).or_default().add(counts);
            }
        }
        for (key, changed) in later.changed {
            match self.changed.get_mut(&key) {
                Some(mine) => mine.licenses.extend(changed.licenses),
                None => {
                    self.changed.insert(key, changed);
                }
            }
        }
    }

    /// Seats on accounts.
    pub fn finish(mut self) -> OnAccounts {
        self.add_sets();
        for (key, changed) in self.changed {
            let Changed {
                place,
                status,
                mut licenses,
            } = changed;
            let status = self.newer.correct(&key, status, &mut licenses);
            self.on_accounts.count(place, status, &licenses);
        }
        self.on_accounts
    }

    fn add_sets(&mut self) {
        let places = std::mem::take(&mut self.places).places;
        for set in std::mem::take(&mut self.sets) {
            for (place, rows) in places.iter().zip(set.rows) {
                if rows.on_accounts() > 0 {
                    self.on_accounts.add(place, &set.pools, rows);
                }
            }
        }
    }
}

impl Places {
    fn position_of(&mut self, cells: &AccountCells<'_>) -> usize {
        let (site, cost_center) = (cells.site, cells.cost_center);
        let at_site = self.positions.get(site);
        if let Some(position) = at_site.and_then(|it| it.get(cost_center)) {
            return *position;
        }
        let position = self.places.len();
        let place = Place {
            site: site.to_owned(),
            cost_center: cost_center.to_owned(),
        };
        let at_site = self.positions.entry(place.site.clone()).or_default();
        at_site.insert(place.cost_center.clone(), position);
        self.places.push(place);
        position
    }
}

impl OnAccounts {
    /// Wherever they are, pool by pool.
    pub fn pools(&self) -> BTreeMap<Pool, PoolCount> {
        let mut pools: BTreeMap<Pool, PoolCount> = BTreeMap::new();
        for (pool, count) in self.0.values().flatten() {
            pools.entry(pool.clone()).or_default().add(*count);
        }
        pools
    }

    /// Those of one pool, place by place.
    pub fn places_of(&self, pool: &Pool) -> Vec<PlaceObservation> {
        let places = self.0.iter();
        places
            .filter_map(|(place, pools)| {
                let PoolCount { active, stranded } = *pools.get(pool)?;
                Some(PlaceObservation {
                    place: place.clone(),
                    active,
                    stranded,
                })
            })
            .collect()
    }

    fn add(&mut self, place: &Place, held: &[Pool], rows: PoolCount) {
        let pools = self.0.entry(place.clone()).or_default();
        for pool in held {
            pools.entry(pool.clone()).or_default().add(rows);
        }
    }

    fn count(&mut self, place: Place, status: AccountStatus, licenses: &[LicenseName]) {
        let pools = self.0.entry(place).or_default();
        for license in licenses {
            pools.entry(license.pool()).or_default().count(status);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Text;
    use crate::model::{AccountMemory, PersonName, SourceRow, UserId};

    fn account(id: &str, status: AccountStatus, licenses: &[&str]) -> AccountRow {
        AccountRow {
            source: SourceRow {
                file: "users.csv".into(),
                line: 2,
            },
            user_id: UserId::parse(id),
            username: None,
            email: None,
            employee_id: None,
            name: PersonName::default(),
            status,
            site: if id.starts_with('b') {
                "Leeds"
            } else {
                "Denver"
            }
            .into(),
            department: Text::new(),
            cost_center: Text::new(),
            created: None,
            scim_provider: Text::new(),
            extension: Text::new(),
            phone_numbers: Vec::new(),
            devices: Vec::new(),
            groups: Vec::new(),
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
            tally
                .finish()
                .pools()
                .into_values()
                .next()
                .unwrap_or_default()
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
            account("b3", AccountStatus::Active, &[X2]),
        ];
        for cut in 0..=rows.len() {
            let mut first = Tally::new(&memory, at);
            let mut second = first.split();
            rows[..cut].iter().for_each(|row| first.observe(row));
            rows[cut..].iter().for_each(|row| second.observe(row));
            first.merge(second);
            let on_accounts = first.finish();
            let pool = LicenseName::parse(X2, None).expect("a name").pool();
            let places: Vec<(String, u32, u32)> = on_accounts
                .places_of(&pool)
                .into_iter()
                .map(|it| (it.place.site, it.active, it.stranded))
                .collect();
            let expected = [("Denver", 0, 1), ("Leeds", 2, 0)];
            let expected =
                expected.map(|(site, active, stranded)| (site.to_owned(), active, stranded));
            assert_eq!(places, expected, "cut at {cut}");
            let counts: Vec<PoolCount> = on_accounts.pools().into_values().collect();
            assert_eq!(
                counts,
                [PoolCount {
                    active: 2,
                    stranded: 1
                }],
                "cut at {cut}"
            );
        }
    }
}
