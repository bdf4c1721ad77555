use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::watch;

use crate::ledger::Entry;
use crate::model::{AccountKey, ReclaimRecord};

/// The accounts that are active because this program made them so, as the
/// ledger knows them. Whoever stops a run waits until nobody works on one.
#[derive(Debug, Clone, Default)]
pub(in crate::apply) struct OpenReclaims(Arc<watch::Sender<State>>);

#[derive(Debug, Default)]
struct State {
    open: BTreeMap<AccountKey, ReclaimRecord>,
    is_at_work: bool,
}

impl OpenReclaims {
    /// Those that earlier runs left open.
    pub(in crate::apply) fn remember(&self, open: &BTreeMap<AccountKey, ReclaimRecord>) {
        self.0.send_modify(|state| state.open.clone_from(open));
    }

    /// Takes over what was recorded.
    pub(in crate::apply) fn follow(&self, recorded: &[Entry]) {
        for entry in recorded {
            if let Entry::ReclaimOpened { reclaim, .. } = entry {
                let account = reclaim.account.clone();
                self.0.send_modify(|state| {
                    state.open.entry(account).or_insert_with(|| reclaim.clone());
                    state.is_at_work = true;
                });
            } else if let Entry::ReclaimClosed { account, .. } = entry {
                self.0.send_modify(|state| {
                    state.open.remove(account);
                });
            }
        }
    }

    /// Somebody works on one.
    pub(in crate::apply) fn take_up(&self) {
        self.0.send_modify(|state| state.is_at_work = true);
    }

    /// Nobody works on one any more, be it closed or not.
    pub(in crate::apply) fn rest(&self) {
        self.0.send_modify(|state| state.is_at_work = false);
    }

    pub(in crate::apply) fn of(&self, account: &AccountKey) -> Option<ReclaimRecord> {
        self.0.borrow().open.get(account).cloned()
    }

    pub(in crate::apply) fn any(&self) -> bool {
        !self.0.borrow().open.is_empty()
    }

    pub(in crate::apply) fn is_at_work(&self) -> bool {
        self.0.borrow().is_at_work
    }

    /// Returns when nobody works on one.
    pub(in crate::apply) async fn at_rest(&self) {
        let mut states = self.0.subscribe();
        // It fails only when the sender is gone, which `self` holds.
        let _ = states.wait_for(|state| !state.is_at_work).await;
    }
}
