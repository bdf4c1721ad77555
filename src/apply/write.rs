//! One update of one account: its intent, its sending, and what became of it,
//! in this run or in one that was killed.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::account::Account;
use super::ahead::Turn;
use super::judge::{Wanted, describe};
use super::lane::Work;
use super::look::{Begun, Looked, Seen, Word, follow, look};
use super::server::Server;
use super::{RecordingFailed, Stop};
use crate::ledger::{AttemptEnd, AttemptKey, AttemptRow, EndedBy, Entry};
use crate::model::{Channel, LicenseName, Outcome, OutcomeReason, OutcomeRecord};
use crate::plan::{Phase, UponRefusal};
use crate::vendor::{CallError, CallErrorKind, OperationSlot, SendOnce, WriteError};

/// A write that was sent, or may have been. Thousands may wait to be read back,
/// so the account's body is not kept: the ledger has it.
pub(super) struct Sent {
    pub(super) key: AttemptKey,
    pub(super) user_id: String,
    /// The account before, in a few words.
    pub(super) before: String,
    pub(super) before_fingerprint: String,
    pub(super) wanted: Wanted,
    /// When the intent was recorded.
    pub(super) at: Timestamp,
    /// When work on the step began.
    started_at: Timestamp,
    pub(super) operation_id: Option<String>,
    /// The server said that it did it; an operation has an end of its own.
    pub(super) is_accepted: bool,
    pub(super) request_id: Option<String>,
}

/// Whether the step goes on with another attempt.
pub(super) enum Next {
    Done,
    Again,
    /// What was read grew old before it could be sent: from the reading on, with
    /// the place that it got.
    Anew(OperationSlot),
    /// With the deactivation alone.
    DeactivateAlone,
    /// With the step that stands in.
    Instead,
}

/// Why a write came to nothing.
pub(super) struct Failure {
    pub(super) reason: OutcomeReason,
    pub(super) detail: String,
    /// Status of the answer that decided it.
    pub(super) http_status: Option<u16>,
}

impl Work<'_> {
    /// Whether an update of another plan may still change the account; its
    /// actions have ended then.
    pub(super) async fn is_busy(
        &self,
        user_id: &str,
        pending: &BTreeSet<String>,
    ) -> Result<bool, RecordingFailed> {
        let Some(plan_id) = self.context.progress.busy(&self.lane.account, user_id) else {
            return Ok(false);
        };
        let detail = format!(
            "what became of an update that plan {plan_id} sent to this account is not known yet; \
             the next run looks again, and once the account is as wanted, by whomever, it is settled"
        );
        self.end_all(pending, Outcome::Unknown, OutcomeReason::NoAnswer, &detail)
            .await?;
        Ok(true)
    }

    /// Records the intent, sends the update, and finds out what became of it.
    pub(super) async fn write(
        &self,
        attempt: u32,
        before: Account,
        wanted: Wanted,
        turn: Turn,
    ) -> Result<Next, RecordingFailed> {
        let Turn {
            place,
            lane,
            started_at,
        } = turn;
        let (asking, _lane) = self.method(lane).await;
        if let Some(reason) = self.obstacle() {
            let carried = wanted.actions().cloned().collect();
            self.end_all(&carried, Outcome::Deferred, reason, "not begun")
                .await?;
            return Ok(Next::Done);
        }
        if self.lacks_method() {
            return self.unsent(&before, &wanted, started_at).await;
        }
        let timing = self.context.execution.timing;
        let at = self.context.now();
        // An update that left later than this might still be under way when a
        // later run, which knows the intent alone, calls its time over.
        let once = SendOnce::until(at + timing.operation_timeout / 2);
        let mut sent = Sent {
            key: AttemptKey {
                plan_id: self.context.execution.plan.plan_id.clone(),
                step_id: self.step.id.clone(),
                attempt,
            },
            user_id: before.id().to_owned(),
            before: describe(&before),
            before_fingerprint: before.fingerprint(),
            wanted,
            at,
            started_at,
            operation_id: None,
            is_accepted: false,
            request_id: Some(once.request_id.to_string()),
        };
        self.record_intent(&sent, &before).await?;
        let _place = match self.place_for(&sent, place).await? {
            Ok(place) => place,
            Err(next) => return Ok(next),
        };
        let api = self.server.api();
        let answer = self.server.update(&before, &sent.wanted, once).await;
        match answer {
            Ok(None) => {
                self.context.write_accepted(api);
                sent.is_accepted = true;
            }
            Ok(Some(operation_id)) => {
                self.context.write_accepted(api);
                let mut entries = vec![Entry::OperationStarted {
                    key: sent.key.clone(),
                    operation_id: operation_id.clone(),
                    at: self.context.now(),
                }];
                entries.extend(self.context.update_taken());
                self.context.record_later(entries).await?;
                sent.operation_id = Some(operation_id);
            }
            Err(WriteError::Unclear(_)) => {}
            Err(WriteError::Refused(error)) => return self.refused(&sent, &error).await,
            Err(WriteError::NotSent(_)) if self.context.now() > once.not_after => {
                // The server asked for a long pause: the account is read anew.
                let ended = self.ended(&sent, AttemptEnd::NotApplied);
                self.context.record_later(vec![ended]).await?;
                return Ok(Next::Again);
            }
            Err(WriteError::NotSent(error)) => {
                let failure = Failure::of(&error, OutcomeReason::Unreachable);
                self.failed(&sent, failure, Vec::new()).await?;
                return Ok(Next::Done);
            }
        }
        drop(asking);
        let word = follow(self.context, self.server, &sent, Begun::Now).await;
        if matches!(word, Word::Completed) && self.can_wait(&sent.wanted) {
            self.context.read_back.hand_in(self, sent);
            return Ok(Next::Done);
        }
        let looked = look(self.context, self.server, &sent, word).await;
        self.conclude(&sent, looked).await
    }

    /// Looks at an attempt that an earlier run left open. What was not applied
    /// is left to whoever comes next: this plan's lanes, or tonight's plan.
    pub(super) async fn settle(&self, row: &AttemptRow) -> Result<(), RecordingFailed> {
        // Its operation may still be under way, so it keeps its place.
        let _place = self.server.limiter().operation().await;
        let Some(sent) = Sent::remembered(row, self.step.channel) else {
            return self.unreadable(row).await;
        };
        let looked = if self.context.stopped().is_some() {
            Looked::StillOpen("the run was stopped before it could look".to_owned())
        } else {
            let word = follow(self.context, self.server, &sent, Begun::Earlier).await;
            if matches!(word, Word::Completed) && self.is_listed(&sent.wanted) {
                self.context.read_back.hand_in(self, sent);
                return Ok(());
            }
            look(self.context, self.server, &sent, word).await
        };
        match self.conclude(&sent, looked).await? {
            Next::Done | Next::DeactivateAlone | Next::Instead => Ok(()),
            Next::Again | Next::Anew(_) => {
                let reason = OutcomeReason::Interrupted;
                let detail = "its time is over and nothing of it shows: an earlier run did not \
                              send it, or it was lost on its way";
                let carried = sent.wanted.actions().cloned().collect();
                self.end_all(&carried, Outcome::Deferred, reason, detail)
                    .await
            }
        }
    }

    async fn unreadable(&self, row: &AttemptRow) -> Result<(), RecordingFailed> {
        let entry = Entry::AttemptEnded {
            key: row.intent.key.clone(),
            end: AttemptEnd::Unknown,
            at: self.context.now(),
        };
        self.context.record_later(vec![entry]).await?;
        let pending = self.context.pending(self.step.actions());
        let detail = "the recorded intent cannot be read; look at the account by hand";
        self.end_all(&pending, Outcome::Unknown, OutcomeReason::NoAnswer, detail)
            .await
    }

    pub(super) async fn conclude(
        &self,
        sent: &Sent,
        looked: Looked,
    ) -> Result<Next, RecordingFailed> {
        match looked {
            Looked::Changed(after) => {
                self.context
                    .record_later(self.success(sent, &after))
                    .await?;
                self.was_shown();
                Ok(Next::Done)
            }
            Looked::NotApplied => {
                let entry = self.ended(sent, AttemptEnd::NotApplied);
                self.context.record_later(vec![entry]).await?;
                Ok(Next::Again)
            }
            Looked::Failed(why, status) => {
                let assigned = sent.wanted.assign.as_ref();
                let advice = assigned.map(|it| no_seat(&it.license)).unwrap_or_default();
                let failure = Failure {
                    reason: OutcomeReason::OperationFailed,
                    detail: format!("the vendor's operation failed: {why}{advice}"),
                    http_status: Some(status),
                };
                self.upon_refusal(sent, failure).await
            }
            Looked::NotChanged(status) => {
                let failure = Failure {
                    reason: OutcomeReason::NotChanged,
                    detail: "the change was accepted, and the account is as it was".to_owned(),
                    http_status: Some(status),
                };
                self.upon_refusal(sent, failure).await
            }
            // The attempt stays open: the next run looks again.
            Looked::StillOpen(why) => {
                self.context.leave_open(self.step);
                self.unknown(sent, &why, Vec::new()).await
            }
            Looked::Neither(why) => {
                let ended = self.ended(sent, AttemptEnd::Unknown);
                self.unknown(sent, &why, vec![ended]).await
            }
        }
    }

    async fn unknown(
        &self,
        sent: &Sent,
        why: &str,
        mut entries: Vec<Entry>,
    ) -> Result<Next, RecordingFailed> {
        entries.extend(sent.wanted.actions().map(|id| {
            self.context.outcome(OutcomeRecord {
                reason: Some(OutcomeReason::NoAnswer),
                detail: why.to_owned(),
                ..self.sent_record(sent, id, Outcome::Unknown)
            })
        }));
        self.context.record_later(entries).await?;
        Ok(Next::Done)
    }

    /// The vendor did not take the sent.
    async fn refused(&self, sent: &Sent, error: &CallError) -> Result<Next, RecordingFailed> {
        match error.kind {
            CallErrorKind::Unauthorized => {
                // It is the key that was refused: whoever has a valid one can
                // resume.
                self.context.execution.stop.stop(Stop::NotAuthorized);
                let failure = Failure::of(error, OutcomeReason::NotAuthorized);
                let entries = vec![self.ended(sent, AttemptEnd::Failed)];
                self.end(sent, Outcome::Deferred, failure, entries).await?;
                return Ok(Next::Done);
            }
            CallErrorKind::Forbidden => self.context.write_forbidden(error.api),
            CallErrorKind::NotImplemented if matches!(self.server, Server::Admin(_)) => {
                return self.not_implemented(sent, error).await;
            }
            _ => {}
        }
        let reason = match error.kind {
            CallErrorKind::Forbidden => OutcomeReason::NotAuthorized,
            CallErrorKind::NotFound => OutcomeReason::NotFound,
            CallErrorKind::NotImplemented => OutcomeReason::NotSupported,
            _ => OutcomeReason::Refused,
        };
        let mut failure = Failure::of(error, reason);
        if matches!(error.status, Some(400 | 422)) {
            if let Some(seat) = &sent.wanted.assign {
                failure.detail.push_str(&no_seat(&seat.license));
            }
            // The vendor looked at what is wanted and said no.
            return self.upon_refusal(sent, failure).await;
        }
        self.failed(sent, failure, Vec::new()).await?;
        Ok(Next::Done)
    }

    /// What the plan says stands in for a step that the vendor will not do.
    async fn upon_refusal(&self, sent: &Sent, failure: Failure) -> Result<Next, RecordingFailed> {
        let deactivates = sent.wanted.deactivate.is_some();
        let carries_both = deactivates && !sent.wanted.remove.is_empty();
        match self.step.upon_refusal {
            UponRefusal::DeactivateAlone if carries_both => {
                let mut entries = vec![self.ended(sent, AttemptEnd::Failed)];
                entries.extend(sent.wanted.remove.iter().map(|seat| {
                    self.context.outcome(OutcomeRecord {
                        reason: Some(failure.reason),
                        detail: failure.detail.clone(),
                        http_status: failure.http_status,
                        ..self.sent_record(sent, &seat.action, Outcome::Deferred)
                    })
                }));
                self.context.record_later(entries).await?;
                Ok(Next::DeactivateAlone)
            }
            // An account that was found deactivated keeps its seats as well.
            UponRefusal::RememberStranded | UponRefusal::DeactivateAlone
                if !deactivates && !self.context.seats_come_free() =>
            {
                self.context.execution.stop.strand();
                let at = self.context.now();
                let remembered = vec![Entry::StrandedRefused { at }];
                let reason = OutcomeReason::StrandedSeat;
                let failure = Failure { reason, ..failure };
                self.failed(sent, failure, remembered).await?;
                Ok(Next::Done)
            }
            UponRefusal::RememberStranded | UponRefusal::DeactivateAlone | UponRefusal::Fail => {
                self.failed(sent, failure, Vec::new()).await?;
                Ok(Next::Done)
            }
        }
    }

    async fn failed(
        &self,
        sent: &Sent,
        failure: Failure,
        mut entries: Vec<Entry>,
    ) -> Result<(), RecordingFailed> {
        entries.push(self.ended(sent, AttemptEnd::Failed));
        self.end(sent, self.failure(), failure, entries).await
    }

    /// Ends all actions of the write in the same way, together with `entries`.
    async fn end(
        &self,
        sent: &Sent,
        outcome: Outcome,
        failure: Failure,
        mut entries: Vec<Entry>,
    ) -> Result<(), RecordingFailed> {
        entries.extend(sent.wanted.actions().map(|id| {
            self.context.outcome(OutcomeRecord {
                reason: Some(failure.reason),
                detail: failure.detail.clone(),
                http_status: failure.http_status,
                ..self.sent_record(sent, id, outcome)
            })
        }));
        self.context.record_later(entries).await
    }

    /// What is recorded of a change that was read back.
    pub(super) fn success(&self, sent: &Sent, after: &Seen) -> Vec<Entry> {
        let at = self.context.now();
        let mut entries = vec![self.ended(sent, AttemptEnd::Changed)];
        entries.extend(sent.wanted.actions().map(|id| {
            self.context.outcome(OutcomeRecord {
                verified_at: Some(at),
                http_status: Some(after.http_status),
                after: after.words.clone(),
                detail: self.detail(at),
                ..self.sent_record(sent, id, Outcome::Succeeded)
            })
        }));
        entries.extend(self.given_back(at));
        let ends_access = self.step.phase == Phase::Deactivations;
        let ended = (ends_access && sent.wanted.deactivate.is_some()).then_some(EndedBy::Us);
        entries.extend(self.seen(ended, &after.status, at));
        entries.extend(self.reclaim_closed(at));
        let approved = self.context.execution.approved;
        if let Some(termination) = self.termination() {
            entries.extend(sent.wanted.remove.iter().map(|seat| Entry::LicenseRemoved {
                termination: termination.clone(),
                account: self.account(),
                license: seat.license.clone(),
                at,
                approved,
            }));
        }
        entries
    }

    pub(super) fn sent_record(
        &self,
        sent: &Sent,
        action_id: &str,
        outcome: Outcome,
    ) -> OutcomeRecord {
        OutcomeRecord {
            action_id: action_id.to_owned(),
            outcome,
            reason: None,
            detail: String::new(),
            channel: Some(self.step.channel),
            attempts: sent.key.attempt,
            http_status: None,
            operation_id: sent.operation_id.clone(),
            request_id: sent.request_id.clone(),
            started_at: Some(sent.started_at),
            finished_at: self.context.now(),
            verified_at: None,
            after: sent.before.clone(),
            before: sent.before.clone(),
            quantity: None,
        }
    }

    pub(super) fn ended(&self, sent: &Sent, end: AttemptEnd) -> Entry {
        Entry::AttemptEnded {
            key: sent.key.clone(),
            end,
            at: self.context.now(),
        }
    }
}

/// What to do about a seat that the vendor does not give.
fn no_seat(license: &LicenseName) -> String {
    let pool = license.pool();
    format!(
        "; perhaps no seat of {pool} is free: free or order one, then undo the run again or assign \
         it in Admin Console"
    )
}

impl Failure {
    pub(super) fn of(error: &CallError, reason: OutcomeReason) -> Self {
        Self {
            reason,
            detail: format!("{error}; {}", error.advice()),
            http_status: error.status,
        }
    }
}

impl Sent {
    /// A write as an earlier run recorded it; `None` when it cannot be read.
    fn remembered(row: &AttemptRow, channel: Channel) -> Option<Self> {
        let intent = &row.intent;
        let before = Account::remembered(channel, &intent.before_image)?;
        Some(Self {
            key: intent.key.clone(),
            user_id: intent.user_id.clone(),
            before: describe(&before),
            before_fingerprint: before.fingerprint(),
            wanted: serde_json::from_str(&intent.wanted).ok()?,
            at: intent.at,
            started_at: intent.at,
            is_accepted: false,
            operation_id: row.operation.as_ref().map(|(id, _)| id.clone()),
            request_id: intent.request_id.clone(),
        })
    }
}
