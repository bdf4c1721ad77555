use std::collections::{BTreeMap, BTreeSet, HashSet};

use rayon::prelude::*;

use super::keys::{Identity, row_keys};
use crate::model::{HrRow, PersonName};

/// Which rows speak of the same person.
pub(super) struct Grouping {
    /// Every row is in exactly one group; groups and rows in the file's order.
    pub groups: Vec<Group>,
    /// Identities that stand for several people and never match.
    pub shared: HashSet<Identity>,
}

/// The rows of one person.
pub(super) struct Group {
    pub rows: Vec<usize>,
    /// One of the rows carries an employee id that somebody else carries too.
    pub disputed: bool,
}

impl Grouping {
    /// Rows of the same person, by shared identity. An identity on people with
    /// different names belongs to none of them; if it is an employee id, none
    /// of its rows can be trusted.
    pub(super) fn of(rows: &[HrRow]) -> Self {
        let mut sets = Sets::new(rows.len());
        let mut shared = HashSet::new();
        let mut disputed = BTreeSet::new();
        for (identity, members) in repeated_identities(rows) {
            if !has_strangers(rows, &members) {
                members
                    .windows(2)
                    .for_each(|pair| sets.join(pair[0], pair[1]));
                continue;
            }
            if identity.is_employee_id() {
                disputed.extend(members);
            }
            shared.insert(identity);
        }
        let groups = sets.all().into_iter().map(|rows| Group {
            disputed: rows.iter().any(|row| disputed.contains(row)),
            rows,
        });
        Self {
            groups: groups.collect(),
            shared,
        }
    }
}

/// The identities that several rows carry, each with these rows. Most stand on
/// one row alone, which their fingerprints show without a look at any text.
fn repeated_identities(rows: &[HrRow]) -> Vec<(Identity, Vec<usize>)> {
    let prints_of = |(row, cells): (usize, &HrRow)| {
        let keys = row_keys(cells).into_iter();
        keys.map(move |key| (key.identity().fingerprint(), row))
    };
    let rows_of_prints = rows.par_iter().enumerate().flat_map_iter(prints_of);
    let mut rows_of_prints: Vec<(u64, usize)> = rows_of_prints.collect();
    rows_of_prints.par_sort_unstable();
    let alike = rows_of_prints.chunk_by(|(one, _), (other, _)| one == other);
    let mut repeated = Vec::new();
    for alike in alike.filter(|alike| alike.len() > 1) {
        let mut members: BTreeMap<Identity, Vec<usize>> = BTreeMap::new();
        for &(print, row) in alike {
            let identities = row_keys(&rows[row]).into_iter().map(|key| key.identity());
            for identity in identities.filter(|identity| identity.fingerprint() == print) {
                members.entry(identity).or_default().push(row);
            }
        }
        repeated.extend(members);
    }
    repeated
}

/// Each name is compared once, for thousands of rows may share an identity.
fn has_strangers(rows: &[HrRow], members: &[usize]) -> bool {
    if members.len() < 2 {
        return false;
    }
    let names: BTreeSet<&PersonName> = members.iter().map(|&row| &rows[row].name).collect();
    let names: Vec<&PersonName> = names.into_iter().collect();
    names.iter().enumerate().any(|(position, name)| {
        let others = &names[position + 1..];
        others.iter().any(|other| name.is_somebody_else(other))
    })
}

/// Sets of row indices that belong together.
struct Sets {
    parent: Vec<usize>,
}

impl Sets {
    fn new(count: usize) -> Self {
        Self {
            parent: (0..count).collect(),
        }
    }

    fn root(&mut self, mut index: usize) -> usize {
        while self.parent[index] != index {
            self.parent[index] = self.parent[self.parent[index]];
            index = self.parent[index];
        }
        index
    }

    /// The smaller index stays the root, so that sets keep the file's order.
    fn join(&mut self, left: usize, right: usize) {
        let (left, right) = (self.root(left), self.root(right));
        self.parent[left.max(right)] = left.min(right);
    }

    fn all(&mut self) -> Vec<Vec<usize>> {
        let mut sets: Vec<Vec<usize>> = Vec::with_capacity(self.parent.len());
        let mut places = vec![0; self.parent.len()];
        for index in 0..self.parent.len() {
            let root = self.root(index);
            if root == index {
                places[root] = sets.len();
                sets.push(vec![index]);
            } else {
                sets[places[root]].push(index);
            }
        }
        sets
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::EmailAddress;
    use crate::reconcile::keys::{Key, distinct};
    use crate::reconcile::tests::scenario::hr;
    use proptest::prelude::*;

    /// Few values, so that keys are often shared.
    fn row() -> impl Strategy<Value = HrRow> {
        let cells = "(id=(5|05|6) )?(email=(jane|pat|team) )?(user=(jane@example\\.com|TEAM@example\\.com|pat|5) )?(name=(Jane_Doe|Jane_Poe|Pat_Poe|-))?";
        cells.prop_map(|cells| hr(&cells))
    }

    /// An identity as text with its kind in front.
    fn written(key: &Key) -> String {
        match key {
            Key::EmployeeId(id) => format!("employee:{id}"),
            Key::WorkEmail(email) => format!("email:{email}"),
            Key::Username(name) => match EmailAddress::parse(name.as_str()) {
                Some(email) => format!("email:{email}"),
                None => format!("username:{name}"),
            },
        }
    }

    fn all_keys(row: &HrRow) -> Vec<Key> {
        let employee_id = row.employee_id.clone().map(Key::EmployeeId);
        let work_email = row.work_email.clone().map(Key::WorkEmail);
        let username = row.username.clone().map(Key::Username);
        let keys = [employee_id, work_email, username];
        keys.into_iter().flatten().collect()
    }

    /// Every two rows compared, until no set grows any more.
    fn slowly(rows: &[HrRow]) -> (Vec<(Vec<usize>, bool)>, BTreeSet<String>) {
        let mut carriers: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
        for (position, row) in rows.iter().enumerate() {
            for key in all_keys(row) {
                carriers.entry(written(&key)).or_default().insert(position);
            }
        }
        let is_shared = |rows_with: &BTreeSet<usize>| {
            let mut pairs = rows_with
                .iter()
                .flat_map(|one| rows_with.iter().map(move |two| (one, two)));
            pairs.any(|(one, two)| rows[*one].name.is_somebody_else(&rows[*two].name))
        };
        let (shared, own): (Vec<_>, Vec<_>) = carriers
            .into_iter()
            .partition(|(_, rows_with)| is_shared(rows_with));
        let mut sets: Vec<usize> = (0..rows.len()).collect();
        for _ in rows {
            for (_, rows_with) in &own {
                let first = rows_with
                    .iter()
                    .map(|row| sets[*row])
                    .min()
                    .unwrap_or_default();
                rows_with.iter().for_each(|row| sets[*row] = first);
            }
        }
        let disputed = |position: &usize| {
            let ids = shared
                .iter()
                .filter(|(identity, _)| identity.starts_with("employee:"));
            ids.into_iter()
                .any(|(_, rows_with)| rows_with.contains(position))
        };
        let groups = (0..rows.len()).filter_map(|first| {
            let members: Vec<usize> = (0..rows.len()).filter(|row| sets[*row] == first).collect();
            let is_disputed = members.iter().any(disputed);
            (!members.is_empty()).then_some((members, is_disputed))
        });
        (
            groups.collect(),
            shared.into_iter().map(|(identity, _)| identity).collect(),
        )
    }

    proptest! {
        #[test]
        fn rows_are_grouped_as_if_each_were_compared_with_each(rows in prop::collection::vec(row(), 0..10)) {
            let Grouping { groups, shared } = Grouping::of(&rows);
            let groups: Vec<_> = groups.into_iter().map(|group| (group.rows, group.disputed)).collect();
            let shared: BTreeSet<String> = shared.iter().map(ToString::to_string).collect();
            prop_assert_eq!((groups, shared), slowly(&rows));
        }

        #[test]
        fn every_identity_of_a_person_is_one_key_the_most_trusted_first(rows in prop::collection::vec(row(), 1..6)) {
            let mut expected: Vec<Key> = rows.iter().flat_map(all_keys).collect();
            expected.sort();
            let mut seen = BTreeSet::new();
            expected.retain(|key| seen.insert(written(key)));
            prop_assert_eq!(row_keys(&rows[0]), distinct(all_keys(&rows[0])));
            prop_assert_eq!(distinct(rows.iter().flat_map(row_keys).collect()), expected);
        }
    }
}
