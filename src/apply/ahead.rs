//! Places for operations, and what is prepared before there is one: where the
//! places, and not the requests, decide how fast changes go out, accounts are
//! read and intents recorded while all places are taken.

use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Semaphore;

use super::account::Account;
use super::context::Context;
use super::lane::Work;
use super::pace::REQUESTS_A_CHANGE;
use super::server::Server;
use super::write::{Next, Sent};
use super::{LaneAtWork, RecordingFailed, Servers};
use crate::ledger::{AttemptEnd, Entry, Intent};
use crate::model::{Outcome, TouchedAccount};
use crate::vendor::{Limiter, OperationSlot};

/// Lanes that prepare their writes while as many operations are open as may be,
/// so that places for operations are not left empty and many intents share a
/// flush of the disk. Only where the places decide how fast changes go out, and
/// not the requests: at the vendor's documented rate there are none.
pub(super) const LANES_AHEAD: usize = 16;

/// What was read longer ago than this is not sent back but read again.
const FRESH: Duration = Duration::from_secs(5);

/// What an attempt has from its beginning.
pub(super) struct Turn {
    /// A place for its operation, held until that has ended; without one it is
    /// taken when the write is prepared.
    pub(super) place: Option<OperationSlot>,
    pub(super) lane: LaneAtWork,
    pub(super) started_at: Timestamp,
}

impl Turn {
    pub(super) fn begin(context: &Context, place: Option<OperationSlot>) -> Self {
        Self {
            place,
            lane: context.recorder.lane(),
            started_at: context.now(),
        }
    }
}

impl Work<'_> {
    /// Whether the account may be read before there is a place for its
    /// operation, so that what follows is ready when there is one. What is sent
    /// back must be no older than it has to be, so it has to come soon; and
    /// nobody waits with a place for an answer that only comes with another.
    pub(super) fn may_read_ahead(&self) -> bool {
        let is_method_known = match self.server {
            Server::Admin(_) => self.context.updates.are_there(),
            Server::Scim(_) => true,
        };
        is_method_known
            && read_ahead_is_fresh(self.server.limiter())
            && self.context.pace().is_within(FRESH)
    }

    /// Waits until the intent is on disk.
    pub(super) async fn record_intent(
        &self,
        sent: &Sent,
        before: &Account,
    ) -> Result<(), RecordingFailed> {
        let intent = Intent {
            key: sent.key.clone(),
            account: self.account(),
            user_id: sent.user_id.clone(),
            before_image: before.body().to_string(),
            wanted: serde_json::to_string(&sent.wanted).unwrap_or_default(),
            request_id: sent.request_id.clone(),
            at: sent.at,
        };
        let touched = TouchedAccount {
            account: self.account(),
            plan_id: sent.key.plan_id.clone(),
            at: sent.at,
        };
        let mut entries = vec![Entry::Intent(intent), Entry::Touched(touched)];
        entries.extend(self.reclaim_opened(&sent.user_id, sent.at));
        self.context.record(entries).await
    }

    /// Waits for a place for an operation that is prepared, unless it has one.
    /// Nothing is sent if the run was stopped meanwhile, or if what was read has
    /// grown old.
    pub(super) async fn place_for(
        &self,
        sent: &Sent,
        place: Option<OperationSlot>,
    ) -> Result<Result<OperationSlot, Next>, RecordingFailed> {
        if let Some(place) = place {
            return Ok(Ok(place));
        }
        let place = self.server.limiter().operation().await;
        let obstacle = self.obstacle();
        if obstacle.is_none() && self.context.now() <= sent.at + FRESH {
            return Ok(Ok(place));
        }
        let ended = self.ended(sent, AttemptEnd::NotApplied);
        self.context.record_later(vec![ended]).await?;
        let Some(reason) = obstacle else {
            return Ok(Err(Next::Anew(place)));
        };
        let carried = sent.wanted.actions().cloned().collect();
        self.end_all(&carried, Outcome::Deferred, reason, "not begun")
            .await?;
        Ok(Err(Next::Done))
    }
}

/// As many as operations may be open, and a few that prepare what comes next.
pub(super) fn lanes_at_work(servers: &Servers) -> usize {
    let lanes = servers.limiters().map(|limiter| {
        let ahead = if read_ahead_is_fresh(limiter) {
            LANES_AHEAD
        } else {
            0
        };
        limiter.operations_at_once() + ahead
    });
    lanes.max().unwrap_or(1).min(Semaphore::MAX_PERMITS)
}

/// Whether the allowed rate serves whoever has a place, and whoever waits for
/// one, while what they read is fresh.
fn read_ahead_is_fresh(limiter: &Limiter) -> bool {
    limiter.changes_within(FRESH, REQUESTS_A_CHANGE) >= limiter.operations_at_once() + LANES_AHEAD
}
