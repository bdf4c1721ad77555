//! Who looks at the accounts while they stream by.

use crate::ingest::AccountObserver;
use crate::model::{AccountCells, AccountRow};
use crate::reconcile::{Census, Index};
use crate::seats::Tally;

/// Everything that looks at the accounts while they stream by.
pub(super) struct Watch<B> {
    pub(super) index: Index,
    pub(super) tally: Tally,
    pub(super) census: Census,
    /// Whoever else looks.
    pub(super) besides: B,
}

impl<B: AccountObserver> AccountObserver for Watch<B> {
    fn split(&self) -> Self {
        Self {
            index: self.index.split(),
            tally: self.tally.split(),
            census: self.census.split(),
            besides: self.besides.split(),
        }
    }

    fn passes_over(&self, cells: &AccountCells<'_>) -> bool {
        self.index.passes_over(cells)
            && self.tally.passes_over(cells)
            && self.census.passes_over(cells)
            && self.besides.passes_over(cells)
    }

    fn count(&mut self, cells: &AccountCells<'_>) {
        self.tally.count(cells);
        self.census.count(cells);
        self.besides.count(cells);
    }

    fn observe(&mut self, row: &AccountRow) {
        self.index.observe(row);
        self.tally.observe(row);
        self.census.observe(row);
        self.besides.observe(row);
    }

    fn merge(&mut self, later: Self) {
        self.index.merge(later.index);
        self.tally.merge(later.tally);
        self.census.merge(later.census);
        self.besides.merge(later.besides);
    }
}

/// For a plan nobody but the planning itself looks at the accounts.
pub(super) struct NobodyElse;

impl AccountObserver for NobodyElse {
    fn split(&self) -> Self {
        Self
    }

    fn passes_over(&self, _: &AccountCells<'_>) -> bool {
        true
    }

    fn count(&mut self, _: &AccountCells<'_>) {}

    fn observe(&mut self, _: &AccountRow) {}

    fn merge(&mut self, _: Self) {}
}
