use super::body::Count;
use super::status::UnknownWords;
use super::users::AccountObserver;
use crate::model::InvalidRow;

/// What was read from one chunk, or from all so far.
pub(super) struct Part<O> {
    /// Whoever looked at the accounts.
    pub(super) observer: O,
    /// Rows that were not understood.
    pub(super) invalid: Vec<InvalidRow>,
    /// Words of the status that nobody knows.
    pub(super) unknown: UnknownWords,
    /// What was counted.
    pub(super) count: Count,
    /// What harms no row.
    pub(super) oddities: Oddities,
    /// Rows with a date that only other rows can tell the order of.
    pub(super) undecided: u64,
}

impl<O: AccountObserver> Part<O> {
    /// Nothing, to add to.
    pub(super) fn nothing_yet(observer: O) -> Self {
        Self {
            observer,
            invalid: Vec::new(),
            unknown: UnknownWords::default(),
            count: Count::default(),
            oddities: Oddities::default(),
            undecided: 0,
        }
    }

    /// An empty observer of the same kind.
    pub(super) fn split(&self) -> O {
        self.observer.split()
    }

    /// Adds what was read from the chunk that follows.
    pub(super) fn add(&mut self, later: Self) {
        self.observer.merge(later.observer);
        self.invalid.extend(later.invalid);
        self.unknown.merge(later.unknown);
        self.count = self.count.plus(later.count);
        self.oddities = self.oddities.plus(later.oddities);
        self.undecided += later.undecided;
    }

    /// Whether the rest of the file does not matter to what was read.
    pub(super) fn is_settled(&self) -> bool {
        self.unknown == UnknownWords::default() && self.undecided == 0
    }
}

/// What harms no row, and a person should know.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Oddities {
    /// Extensions and phone numbers that a spreadsheet damaged.
    pub(super) damaged_numbers: u64,
    /// Licenses of another country than the one beside them.
    pub(super) disputed_countries: u64,
}

impl Oddities {
    /// Both together.
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            damaged_numbers: self.damaged_numbers + other.damaged_numbers,
            disputed_countries: self.disputed_countries + other.disputed_countries,
        }
    }

    /// What a person should know about it.
    pub(super) fn notes(self) -> impl Iterator<Item = String> {
        [
            (
                self.damaged_numbers,
                "extensions or phone numbers were damaged by a spreadsheet (1.2E+15), and are left out",
            ),
            (
                self.disputed_countries,
                "licenses name another country than the one beside them, which counts",
            ),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
    }
}
