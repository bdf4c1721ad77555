//! The end of a reclaim: the account is deactivated again.

use std::time::Duration;

use jiff::Timestamp;

use super::super::RecordingFailed;
use super::super::account::Account;
use super::super::ahead::Turn;
use super::super::judge::{Wanted, describe};
use super::Reclaim;
use crate::ledger::{AttemptEnd, AttemptKey, Entry};
use crate::model::{Outcome, OutcomeReason, OutcomeRecord};
use crate::vendor::{CallErrorKind, SendOnce, Status};

/// How long closing is tried again and again.
const CLOSING_MAY_TAKE: Duration = Duration::from_mins(1);
/// Updates that are sent for it, however long they took.
const CLOSINGS_SENT: u32 = 2;
/// Looks at the account in that time when the ledger cannot be written.
const LOOKS_WITHOUT_LEDGER: u32 = 6;

/// What came of one try to close a reclaim.
enum Tried {
    Closed,
    /// Worth trying again; why it is not closed.
    Again(String),
    /// Not worth it in this run.
    LeftOpen(String),
}

impl Reclaim<'_> {
    /// Deactivates the account again, whatever stands against it, and be it
    /// without the ledger, if it could not be written `so_far` or cannot be now.
    /// What became of it is on disk when this returns: whoever stops the run at
    /// once goes by the ledger from then on.
    pub(in crate::apply) async fn close(
        &self,
        so_far: Result<(), RecordingFailed>,
    ) -> Result<(), RecordingFailed> {
        let closed = match so_far {
            Ok(()) => self.close_on_record().await,
            failed => failed,
        };
        if closed.is_err() {
            self.close_without_ledger().await;
        }
        closed.and(self.context.flush().await)
    }

    async fn close_on_record(&self) -> Result<(), RecordingFailed> {
        let give_up_at = self.context.now() + CLOSING_MAY_TAKE;
        let earlier = self.context.progress.attempts_at(self.closing.step);
        let mut attempt = earlier;
        let mut tries = 0_u32;
        let why = loop {
            let before = attempt;
            let why = match self.try_to_close(&mut attempt).await? {
                Tried::Closed => return Ok(()),
                Tried::LeftOpen(why) => break why,
                Tried::Again(why) => why,
            };
            // What became of an update can take longer to find out; then one
            // more is worth it.
            let is_worth_it = before < attempt && attempt - earlier < CLOSINGS_SENT;
            if self.context.now() >= give_up_at && !is_worth_it {
                break why;
            }
            let every = self.context.execution.timing.poll_every;
            let wait = every.saturating_mul(2_u32.saturating_pow(tries.min(3)));
            self.context.execution.clock.sleep(wait).await;
            tries += 1;
        };
        let action = self.closing.step.actions().cloned().collect();
        let detail = format!("{why}; deactivate it by hand in Admin Console, or run again");
        self.closing
            .end_all(&action, Outcome::Unknown, OutcomeReason::NoAnswer, &detail)
            .await
    }

    async fn try_to_close(&self, attempt: &mut u32) -> Result<Tried, RecordingFailed> {
        let work = &self.closing;
        let reclaims = self.context.execution.stop.reclaims();
        let (Some(action), Some(reclaim)) = (
            work.step.deactivate.clone(),
            reclaims.of(&self.lane.account),
        ) else {
            return Ok(Tried::Closed);
        };
        let place = work.server.limiter().operation().await;
        let turn = Turn::begin(self.context, Some(place));
        let user = match work.server.account(&reclaim.user_id).await {
            Ok(user) => user,
            Err(error) => {
                self.context.read_failed(&error);
                let why = format!("the reactivated account could not be read: {error}");
                return Ok(match error.kind {
                    CallErrorKind::Unauthorized => Tried::LeftOpen(why),
                    _ => Tried::Again(why),
                });
            }
        };
        // Sent in this run, and nobody saw its end.
        let is_sent = self.context.is_left_open(work.step);
        if matches!(user.value.status(), Status::Inactive) {
            if self.may_be_reactivated() {
                let why = "the account is deactivated, and an update may still be under way";
                return Ok(Tried::LeftOpen(why.to_owned()));
            }
            let key = is_sent.then(|| self.key(*attempt));
            let status = user.trace.status;
            self.found_closed(&action, key, &user.value, status, turn.started_at)
                .await?;
            return Ok(Tried::Closed);
        }
        if is_sent {
            let why = "nobody knows what became of the account's deactivation";
            return Ok(Tried::Again(why.to_owned()));
        }
        *attempt += 1;
        let wanted = Wanted {
            deactivate: Some(action.clone()),
            ..Wanted::default()
        };
        work.write(*attempt, user.value, wanted, turn).await?;
        if reclaims.of(&self.lane.account).is_none() {
            return Ok(Tried::Closed);
        }
        if self.context.is_done_now(&action) {
            let why = "the account was deactivated, and an update may still be under way";
            return Ok(Tried::LeftOpen(why.to_owned()));
        }
        let why = "the account was reactivated, and deactivating it again did not succeed";
        Ok(Tried::Again(why.to_owned()))
    }

    /// Records that the account was read as deactivated, without another update.
    async fn found_closed(
        &self,
        action: &str,
        sent: Option<AttemptKey>,
        user: &Account,
        http_status: u16,
        started_at: Timestamp,
    ) -> Result<(), RecordingFailed> {
        let at = self.context.now();
        let outcome = match &sent {
            Some(_) => Outcome::Succeeded,
            None => Outcome::AlreadyDone,
        };
        let record = OutcomeRecord {
            action_id: action.to_owned(),
            outcome,
            reason: None,
            detail: self.closing.detail(at),
            channel: Some(self.closing.step.channel),
            attempts: sent.as_ref().map_or(0, |key| key.attempt),
            http_status: Some(http_status),
            operation_id: None,
            request_id: None,
            started_at: Some(started_at),
            finished_at: at,
            verified_at: Some(at),
            before: describe(user),
            after: describe(user),
            quantity: None,
        };
        let mut entries = vec![self.context.outcome(record)];
        entries.extend(sent.map(|key| Entry::AttemptEnded {
            key,
            end: AttemptEnd::Changed,
            at,
        }));
        entries.extend(self.closing.seen(None, &user.status(), at));
        entries.extend(self.closing.reclaim_closed(at));
        self.context.record(entries).await
    }

    /// The ledger cannot be written, so nothing new may be begun; but it knows
    /// that the account is to be deactivated, since before it was reactivated.
    /// The next run finds out what came of this.
    async fn close_without_ledger(&self) {
        let server = self.closing.server;
        let clock = &self.context.execution.clock;
        let reclaims = self.context.execution.stop.reclaims();
        let Some(reclaim) = reclaims.of(&self.lane.account) else {
            return;
        };
        let wanted = Wanted {
            deactivate: self.closing.step.deactivate.clone(),
            ..Wanted::default()
        };
        // Looked at again and again, because an update that was sent before may
        // still be under way.
        for _ in 0..LOOKS_WITHOUT_LEDGER {
            let user = server.account(&reclaim.user_id).await;
            if let Ok(user) = user
                && matches!(user.value.status(), Status::Active)
            {
                let once = SendOnce::until(clock.now() + CLOSING_MAY_TAKE);
                let _ = server.update(&user.value, &wanted, once).await;
            }
            clock.sleep(CLOSING_MAY_TAKE / LOOKS_WITHOUT_LEDGER).await;
        }
    }

    /// Whether an update that leaves the account active may still be under way.
    fn may_be_reactivated(&self) -> bool {
        let context = self.context;
        context.is_left_open(self.opening.step) || context.is_left_open(self.freeing.step)
    }

    fn key(&self, attempt: u32) -> AttemptKey {
        AttemptKey {
            plan_id: self.context.execution.plan.plan_id.clone(),
            step_id: self.closing.step.id.clone(),
            attempt,
        }
    }
}
