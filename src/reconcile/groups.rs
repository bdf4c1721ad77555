use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::keys::{Key, keys_of};
use crate::model::{HrRow, PersonName};

/// Which rows speak of the same person.
pub(super) struct Grouping {
    /// Every row is in exactly one group; groups and rows in the file's order.
    pub groups: Vec<Group>,
    /// Identities that stand for several people and never match.
    pub shared: BTreeSet<String>,
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
        // In whatever order they come: sets are joined, and sets are filled.
        let mut by_identity: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, row) in rows.iter().enumerate() {
            for key in row_keys(row) {
                by_identity.entry(key.identity()).or_default().push(index);
            }
        }
        let mut sets = Sets::new(rows.len());
        let mut shared = BTreeSet::new();
        let mut disputed = BTreeSet::new();
        for (identity, members) in by_identity {
            if !has_strangers(rows, &members) {
                members
                    .windows(2)
                    .for_each(|pair| sets.join(pair[0], pair[1]));
                continue;
            }
            if identity.starts_with("employee:") {
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

pub(super) fn row_keys(row: &HrRow) -> Vec<Key> {
    keys_of(
        row.employee_id.as_ref(),
        row.work_email.as_ref(),
        row.username.as_ref(),
    )
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
        let mut sets: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for index in 0..self.parent.len() {
            let root = self.root(index);
            sets.entry(root).or_default().push(index);
        }
        sets.into_values().collect()
    }
}
