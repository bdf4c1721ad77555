//! The freeze for kill tests: at a chosen request the tenant stops answering,
//! so that a test can kill its client at exactly that moment.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::watch;

/// The request at which the tenant freezes. Whatever arrives after it is held
/// on receipt, so that the client can be killed at its leisure; a request that
/// is held never continues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hold {
    /// The API request, counted from 1 in the order of arrival.
    pub request: u64,
    /// Where it is held.
    pub at: HoldPoint,
}

/// Where a request is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldPoint {
    /// Before anything is done.
    Received,
    /// Its effects are durable, its answer never comes.
    BeforeAnswer,
    /// It is answered; the next one is held on receipt.
    AfterAnswer,
}

/// Counts requests and holds those that are to be held.
#[derive(Debug)]
pub(super) struct Gate {
    hold: Option<Hold>,
    arrived: AtomicU64,
    held: watch::Sender<bool>,
}

impl Gate {
    pub(super) fn new(hold: Option<Hold>) -> Self {
        Self {
            hold,
            arrived: AtomicU64::new(0),
            held: watch::Sender::new(false),
        }
    }

    /// Counts a request and gives its number; never returns if it is held.
    pub(super) async fn receive(&self) -> u64 {
        let number = self.arrived.fetch_add(1, Ordering::SeqCst) + 1;
        let Some(hold) = self.hold else { return number };
        let first_held = match hold.at {
            HoldPoint::Received => hold.request,
            HoldPoint::BeforeAnswer | HoldPoint::AfterAnswer => hold.request.saturating_add(1),
        };
        if number >= first_held {
            self.hold_forever().await;
        }
        number
    }

    /// Called when request `number` is done and not answered yet.
    pub(super) async fn before_answer(&self, number: u64) {
        if let Some(hold) = self.hold
            && hold.at == HoldPoint::BeforeAnswer
            && hold.request == number
        {
            self.hold_forever().await;
        }
    }

    /// Returns once a request is held.
    pub(super) async fn held(&self) {
        let mut held = self.held.subscribe();
        // The sender lives as long as this gate, so waiting cannot fail.
        let _ = held.wait_for(|held| *held).await;
    }

    async fn hold_forever(&self) {
        self.held.send_replace(true);
        std::future::pending::<()>().await;
    }
}
