//! One account, one step at a time: read, compare, record the intent, write,
//! follow, read back, record the outcome.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;

use super::judge::{Judgment, Pending, Wanted, describe, is_number_license, judge, status_of};
use super::look::{Looked, look};
use super::{Context, RecordingFailed, Stop};
use crate::ledger::{AttemptEnd, AttemptKey, AttemptRow, Entry, Intent};
use crate::model::{
    AccountKey, ActionKind, Outcome, OutcomeReason, OutcomeRecord, TaskKind, TaskRecord, TaskState,
    TerminationId, TouchedAccount,
};
use crate::plan::{Lane, Phase, Step, UponRefusal};
use crate::vendor::{CallError, CallErrorKind, Reply, Trace, User, WriteError};

/// A write that was sent, or may have been.
pub(super) struct Sent {
    pub key: AttemptKey,
    pub user_id: String,
    pub before: User,
    pub wanted: Wanted,
    pub at: Timestamp,
    pub operation_id: Option<String>,
    /// How the write was answered, if it was.
    pub trace: Option<Trace>,
}

/// Attempts at one step in one run. A second one is made only when the first
/// was certainly not carried out.
const ATTEMPTS_IN_A_RUN: u32 = 2;

/// Carries one step out and records what became of its actions.
pub(super) async fn carry_out(context: &Context, lane: &Lane, step: &Step) {
    let work = Work {
        context,
        lane,
        step,
    };
    // A ledger that cannot be written has stopped the run already.
    let _ = work.carry_out().await;
}

/// Looks at what an earlier run left open and records what became of it.
pub(super) async fn settle(context: &Context, lane: &Lane) {
    for step in &lane.steps {
        let work = Work {
            context,
            lane,
            step,
        };
        if let Some(row) = context.progress.open.get(&step.id) {
            let _ = work.settle(row).await;
        }
    }
}

/// Asks the run to stop when the server does not accept the key, or is not
/// there at all.
pub(super) fn stop_for(context: &Context, error: &CallError) {
    let first_call = context.answered_calls.load(Ordering::SeqCst) == 0;
    match error.kind {
        CallErrorKind::Unauthorized => context.execution.stop.stop(Stop::NotAuthorized),
        CallErrorKind::Forbidden if first_call => {
            context.execution.stop.stop(Stop::NotAuthorized);
        }
        CallErrorKind::Transport if first_call => context.execution.stop.stop(Stop::Unreachable),
        CallErrorKind::Transport => {}
        _ => {
            context.answered_calls.fetch_add(1, Ordering::SeqCst);
        }
    }
}

struct Work<'a> {
    context: &'a Context,
    lane: &'a Lane,
    step: &'a Step,
}

/// Whether the step goes on with another attempt.
enum Next {
    Done,
    Again,
    /// With the deactivation alone.
    DeactivateAlone,
}

impl Work<'_> {
    async fn carry_out(&self) -> Result<(), RecordingFailed> {
        let mut pending = self.context.pending(self.step.actions());
        if pending.is_empty() {
            return Ok(());
        }
        let mut attempt = self
            .context
            .progress
            .attempts
            .get(&self.step.id)
            .copied()
            .unwrap_or(0);
        if let Some(row) = self.context.progress.open.get(&self.step.id) {
            match self.resume(row).await? {
                Next::Done => return Ok(()),
                Next::Again => {}
                Next::DeactivateAlone => pending = self.only_deactivation(&pending),
            }
        }
        for _ in 0..ATTEMPTS_IN_A_RUN {
            attempt += 1;
            match self.attempt(attempt, &pending).await? {
                Next::Done => return Ok(()),
                Next::Again => {}
                Next::DeactivateAlone => pending = self.only_deactivation(&pending),
            }
        }
        self.end_all(
            &pending,
            Outcome::Failed,
            OutcomeReason::NotChanged,
            "not carried out",
        )
        .await
    }

    async fn attempt(
        &self,
        attempt: u32,
        pending: &BTreeSet<String>,
    ) -> Result<Next, RecordingFailed> {
        if let Some(reason) = self.context.obstacle(&self.kinds(pending)) {
            self.end_all(pending, Outcome::Deferred, reason, "not begun")
                .await?;
            return Ok(Next::Done);
        }
        let started_at = self.context.now();
        let Some(user) = self.read_account(pending).await? else {
            return Ok(Next::Done);
        };
        let to_do = Pending {
            deactivate: self
                .step
                .deactivate
                .as_deref()
                .filter(|id| pending.contains(*id)),
            remove: self
                .step
                .remove
                .iter()
                .filter(|it| pending.contains(&it.action))
                .collect(),
        };
        let wanted = match judge(self.step, &to_do, &user.value) {
            Judgment::Send {
                wanted,
                done,
                left_to_people,
            } => {
                self.already_done(&done, &user, started_at).await?;
                let left = left_to_people.into_iter().collect();
                let detail = "the account hosts a hot desk; a person has to look at its licences";
                self.end_all(&left, Outcome::Manual, OutcomeReason::HotDeskHost, detail)
                    .await?;
                wanted
            }
            Judgment::Drifted(difference) => {
                let detail = format!("the account is not what the plan saw: {difference}");
                self.end_all(pending, Outcome::Skipped, OutcomeReason::Drifted, &detail)
                    .await?;
                return Ok(Next::Done);
            }
            Judgment::Managed(provider) => {
                self.hand_to_idp(pending, &provider).await?;
                return Ok(Next::Done);
            }
        };
        if wanted.is_empty() {
            return Ok(Next::Done);
        }
        self.write(attempt, user.value, wanted, started_at).await
    }

    /// The account, whole; `None` when its actions have ended without it.
    async fn read_account(
        &self,
        pending: &BTreeSet<String>,
    ) -> Result<Option<Reply<User>>, RecordingFailed> {
        let read = match &self.lane.user_id {
            Some(id) => self.context.execution.api.user(id.as_str()).await,
            None => match self.look_up(pending).await? {
                Some(id) => self.context.execution.api.user(&id).await,
                None => return Ok(None),
            },
        };
        match read {
            Ok(reply) => {
                self.context.answered_calls.fetch_add(1, Ordering::SeqCst);
                if self.is_of_another_customer(&reply.value) {
                    self.context.execution.stop.stop(Stop::WrongCustomer);
                    let detail = "the API speaks of another customer than tenant.customer_id";
                    let reason = OutcomeReason::NotAuthorized;
                    self.end_all(pending, Outcome::Deferred, reason, detail)
                        .await?;
                    return Ok(None);
                }
                Ok(Some(reply))
            }
            Err(error) => {
                self.read_failed(pending, &error).await?;
                Ok(None)
            }
        }
    }

    /// Without an id, exactly one account must have the username.
    async fn look_up(&self, pending: &BTreeSet<String>) -> Result<Option<String>, RecordingFailed> {
        let Some(username) = &self.lane.username else {
            let detail = "the account has neither id nor username";
            self.end_all(pending, Outcome::Failed, OutcomeReason::NotFound, detail)
                .await?;
            return Ok(None);
        };
        match self
            .context
            .execution
            .api
            .find_by_username(username.as_str())
            .await
        {
            Ok(users) if users.len() == 1 => Ok(users.first().map(|it| it.user_id().to_owned())),
            Ok(users) => {
                let detail = format!("{} accounts have the username", users.len());
                let (outcome, reason) = if users.is_empty() {
                    (Outcome::Failed, OutcomeReason::NotFound)
                } else {
                    (Outcome::Skipped, OutcomeReason::Drifted)
                };
                self.end_all(pending, outcome, reason, &detail).await?;
                Ok(None)
            }
            Err(error) => {
                if error.kind == CallErrorKind::Forbidden {
                    self.context.execution.stop.stop(Stop::NotAuthorized);
                }
                self.read_failed(pending, &error).await?;
                Ok(None)
            }
        }
    }

    async fn read_failed(
        &self,
        pending: &BTreeSet<String>,
        error: &CallError,
    ) -> Result<(), RecordingFailed> {
        stop_for(self.context, error);
        let detail = format!("{error}; {}", error.advice());
        let (outcome, reason) = match error.kind {
            CallErrorKind::Unauthorized => (Outcome::Deferred, OutcomeReason::NotAuthorized),
            CallErrorKind::Forbidden if self.context.execution.stop.reason().is_some() => {
                (Outcome::Deferred, OutcomeReason::NotAuthorized)
            }
            CallErrorKind::Transport
                if self.context.execution.stop.reason() == Some(Stop::Unreachable) =>
            {
                (Outcome::Deferred, OutcomeReason::Unreachable)
            }
            CallErrorKind::NotFound => (Outcome::Failed, OutcomeReason::NotFound),
            CallErrorKind::Forbidden | CallErrorKind::Rejected | CallErrorKind::OtherHost => {
                (Outcome::Failed, OutcomeReason::Refused)
            }
            CallErrorKind::Downstream
            | CallErrorKind::Throttled
            | CallErrorKind::Server
            | CallErrorKind::UnexpectedBody
            | CallErrorKind::Transport => (Outcome::Failed, OutcomeReason::Unreachable),
        };
        let now = self.context.now();
        let records = pending.iter().map(|id| OutcomeRecord {
            detail: detail.clone(),
            http_status: error.status,
            request_id: Some(error.request_id.to_string()),
            started_at: Some(now),
            ..self.context.unsent(id, outcome, reason)
        });
        let entries = records.map(|record| self.context.outcome(record)).collect();
        self.context.record(entries).await
    }

    /// Records the intent, sends the update, and finds out what became of it.
    async fn write(
        &self,
        attempt: u32,
        before: User,
        wanted: Wanted,
        started_at: Timestamp,
    ) -> Result<Next, RecordingFailed> {
        let api = &self.context.execution.api;
        // Held until the operation has ended; taken before the intent, so that
        // the time between intent and request stays short.
        let _slot = api.limiter().operation().await;
        let carried: BTreeSet<String> = wanted.actions().cloned().collect();
        if let Some(reason) = self.context.obstacle(&self.kinds(&carried)) {
            self.end_all(&carried, Outcome::Deferred, reason, "not begun")
                .await?;
            return Ok(Next::Done);
        }
        let plan_id = self.context.execution.plan.plan_id.clone();
        let key = AttemptKey {
            plan_id,
            step_id: self.step.id.clone(),
            attempt,
        };
        let mut sent = Sent {
            key,
            user_id: before.user_id().to_owned(),
            before,
            wanted,
            at: self.context.now(),
            operation_id: None,
            trace: None,
        };
        self.record_intent(&sent).await?;
        let body = sent
            .before
            .updated(&sent.wanted.change(), &is_number_license);
        match api.update_user(&sent.user_id, &body).await {
            Ok(reply) => {
                self.context.refused_writes.store(0, Ordering::SeqCst);
                let operation_id = reply.value.operation_id;
                let entry = Entry::OperationStarted {
                    key: sent.key.clone(),
                    operation_id: operation_id.clone(),
                    at: self.context.now(),
                };
                self.context.record(vec![entry]).await?;
                sent.operation_id = Some(operation_id);
                sent.trace = Some(reply.trace);
            }
            Err(WriteError::Unclear(_)) => {}
            Err(WriteError::Refused(error)) => {
                return self.refused(&sent, &error, started_at).await;
            }
            Err(WriteError::NotSent(error)) => {
                let detail = format!("{error}; {}", error.advice());
                let failure = Failure {
                    reason: OutcomeReason::Unreachable,
                    detail,
                    call: Some(&error),
                };
                self.failed(&sent, &failure, started_at).await?;
                return Ok(Next::Done);
            }
        }
        let first = self.context.execution.timing.poll_first;
        let looked = look(self.context, &sent, first).await;
        self.conclude(&sent, looked, started_at).await
    }

    async fn record_intent(&self, sent: &Sent) -> Result<(), RecordingFailed> {
        let intent = Intent {
            key: sent.key.clone(),
            account: self.lane.account.clone(),
            user_id: sent.user_id.clone(),
            before_image: sent.before.body().to_string(),
            wanted: serde_json::to_string(sent.wanted()).unwrap_or_default(),
            request_id: None,
            at: sent.at,
        };
        let touched = TouchedAccount {
            account: self.lane.account.clone(),
            plan_id: sent.key.plan_id.clone(),
            at: sent.at,
        };
        self.context
            .record(vec![Entry::Intent(intent), Entry::Touched(touched)])
            .await
    }

    /// An attempt that an earlier run left open.
    async fn resume(&self, row: &AttemptRow) -> Result<Next, RecordingFailed> {
        // Its operation may still be under way, so it keeps its place.
        let _slot = self.context.execution.api.limiter().operation().await;
        let Some(sent) = Sent::remembered(row) else {
            let pending = self.context.pending(self.step.actions());
            let detail = "the recorded intent cannot be read";
            self.end_all(&pending, Outcome::Unknown, OutcomeReason::NoAnswer, detail)
                .await?;
            return Ok(Next::Done);
        };
        let looked = look(self.context, &sent, Duration::ZERO).await;
        self.conclude(&sent, looked, sent.at).await
    }

    /// The same for a plan that is not carried on: what was not applied is
    /// left for tonight's plan.
    async fn settle(&self, row: &AttemptRow) -> Result<(), RecordingFailed> {
        let _slot = self.context.execution.api.limiter().operation().await;
        let Some(sent) = Sent::remembered(row) else {
            return Ok(());
        };
        match look(self.context, &sent, Duration::ZERO).await {
            Looked::NotApplied => {
                let mut entries = vec![ended(&sent, AttemptEnd::NotApplied, self.context.now())];
                entries.extend(sent.wanted.actions().map(|id| {
                    let reason = OutcomeReason::Interrupted;
                    self.context
                        .outcome(self.context.unsent(id, Outcome::Deferred, reason))
                }));
                self.context.record(entries).await
            }
            looked => self.conclude(&sent, looked, sent.at).await.map(|_| ()),
        }
    }

    async fn conclude(
        &self,
        sent: &Sent,
        looked: Looked,
        started_at: Timestamp,
    ) -> Result<Next, RecordingFailed> {
        match looked {
            Looked::Changed(after) => {
                self.succeeded(sent, &after, started_at).await?;
                Ok(Next::Done)
            }
            Looked::NotApplied => {
                let entry = ended(sent, AttemptEnd::NotApplied, self.context.now());
                self.context.record(vec![entry]).await?;
                Ok(Next::Again)
            }
            Looked::Failed(why) => {
                let detail = format!("the vendor's operation failed: {why}");
                self.not_done(sent, OutcomeReason::OperationFailed, detail, started_at)
                    .await
            }
            Looked::NotChanged => {
                let detail = "the operation completed and the account is as it was".to_owned();
                self.not_done(sent, OutcomeReason::NotChanged, detail, started_at)
                    .await
            }
            Looked::Unknown(why) => {
                // The attempt stays open: the next run looks again.
                let records = sent.wanted.actions().map(|id| OutcomeRecord {
                    detail: why.clone(),
                    ..self.sent_record(sent, id, Outcome::Unknown, started_at)
                });
                let entries = records
                    .map(|record| {
                        let reason = Some(OutcomeReason::NoAnswer);
                        self.context.outcome(OutcomeRecord { reason, ..record })
                    })
                    .collect();
                self.context.record(entries).await?;
                Ok(Next::Done)
            }
        }
    }

    /// The vendor took the update and did not carry it out.
    async fn not_done(
        &self,
        sent: &Sent,
        reason: OutcomeReason,
        detail: String,
        started_at: Timestamp,
    ) -> Result<Next, RecordingFailed> {
        self.upon_refusal(
            sent,
            Failure {
                reason,
                detail,
                call: None,
            },
            started_at,
        )
        .await
    }

    /// The vendor did not take the update.
    async fn refused(
        &self,
        sent: &Sent,
        error: &CallError,
        started_at: Timestamp,
    ) -> Result<Next, RecordingFailed> {
        let detail = format!("{error}; {}", error.advice());
        let authorization = matches!(
            error.kind,
            CallErrorKind::Unauthorized | CallErrorKind::Forbidden
        );
        if authorization {
            let in_a_row = self.context.refused_writes.fetch_add(1, Ordering::SeqCst) + 1;
            if error.kind == CallErrorKind::Unauthorized || in_a_row >= 2 {
                self.context.execution.stop.stop(Stop::NotAuthorized);
            }
        }
        let reason = match error.kind {
            CallErrorKind::Unauthorized | CallErrorKind::Forbidden => OutcomeReason::NotAuthorized,
            CallErrorKind::NotFound => OutcomeReason::NotFound,
            _ => OutcomeReason::Refused,
        };
        let failure = Failure {
            reason,
            detail,
            call: Some(error),
        };
        if error.kind == CallErrorKind::Rejected && error.status != Some(409) {
            return self.upon_refusal(sent, failure, started_at).await;
        }
        self.failed(sent, &failure, started_at).await?;
        Ok(Next::Done)
    }

    /// What the plan says stands in for a step that the vendor will not do.
    async fn upon_refusal(
        &self,
        sent: &Sent,
        failure: Failure<'_>,
        started_at: Timestamp,
    ) -> Result<Next, RecordingFailed> {
        let carries_both = sent.wanted.deactivate.is_some() && !sent.wanted.remove.is_empty();
        match self.step.upon_refusal {
            UponRefusal::DeactivateAlone if carries_both => {
                let mut entries = vec![ended(sent, AttemptEnd::Failed, self.context.now())];
                for seat in &sent.wanted.remove {
                    entries.push(self.context.outcome(OutcomeRecord {
                        reason: Some(failure.reason),
                        detail: failure.detail.clone(),
                        ..self.sent_record(sent, &seat.action, Outcome::Deferred, started_at)
                    }));
                }
                self.context.record(entries).await?;
                Ok(Next::DeactivateAlone)
            }
            UponRefusal::RememberStranded => {
                self.context.execution.stop.strand();
                let at = self.context.now();
                self.context
                    .record(vec![Entry::StrandedRefused { at }])
                    .await?;
                let reason = OutcomeReason::StrandedSeat;
                self.failed(sent, &Failure { reason, ..failure }, started_at)
                    .await?;
                Ok(Next::Done)
            }
            UponRefusal::DeactivateAlone | UponRefusal::Fail => {
                self.failed(sent, &failure, started_at).await?;
                Ok(Next::Done)
            }
        }
    }

    async fn failed(
        &self,
        sent: &Sent,
        failure: &Failure<'_>,
        started_at: Timestamp,
    ) -> Result<(), RecordingFailed> {
        let mut entries = vec![ended(sent, AttemptEnd::Failed, self.context.now())];
        for id in sent.wanted.actions() {
            let record = self.sent_record(sent, id, Outcome::Failed, started_at);
            entries.push(
                self.context.outcome(OutcomeRecord {
                    reason: Some(failure.reason),
                    detail: failure.detail.clone(),
                    http_status: failure
                        .call
                        .and_then(|call| call.status)
                        .or(record.http_status),
                    request_id: failure
                        .call
                        .map(|call| call.request_id.to_string())
                        .or(record.request_id),
                    ..record
                }),
            );
        }
        self.context.record(entries).await
    }

    async fn succeeded(
        &self,
        sent: &Sent,
        after: &User,
        started_at: Timestamp,
    ) -> Result<(), RecordingFailed> {
        let at = self.context.now();
        let mut entries = vec![ended(sent, AttemptEnd::Changed, at)];
        for id in sent.wanted.actions() {
            entries.push(self.context.outcome(OutcomeRecord {
                verified_at: Some(at),
                after: describe(after),
                ..self.sent_record(sent, id, Outcome::Succeeded, started_at)
            }));
        }
        entries.extend(self.verified(sent.wanted.deactivate.is_some(), after, at));
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
        self.context.record(entries).await
    }

    /// Actions whose end was reached before anything was sent.
    async fn already_done(
        &self,
        done: &[String],
        user: &Reply<User>,
        started_at: Timestamp,
    ) -> Result<(), RecordingFailed> {
        if done.is_empty() {
            return Ok(());
        }
        let at = self.context.now();
        let state = describe(&user.value);
        let mut entries: Vec<Entry> = done
            .iter()
            .map(|id| {
                self.context.outcome(OutcomeRecord {
                    action_id: id.clone(),
                    outcome: Outcome::AlreadyDone,
                    reason: None,
                    detail: "as wanted before anything was sent".to_owned(),
                    attempts: 0,
                    http_status: Some(user.trace.status),
                    operation_id: None,
                    request_id: Some(user.trace.request_id.to_string()),
                    started_at: Some(started_at),
                    finished_at: at,
                    verified_at: Some(at),
                    before: state.clone(),
                    after: state.clone(),
                    quantity: None,
                })
            })
            .collect();
        let deactivated = self
            .step
            .deactivate
            .as_ref()
            .is_some_and(|id| done.contains(id));
        entries.extend(self.verified(deactivated, &user.value, at));
        self.context.record(entries).await
    }

    /// What was read back of the account itself.
    fn verified(&self, deactivated: bool, user: &User, at: Timestamp) -> Vec<Entry> {
        let account = self.account();
        match (deactivated, self.termination(), status_of(user)) {
            (true, Some(termination), _) => {
                let approved = self.context.execution.approved;
                vec![Entry::Deactivated {
                    termination,
                    account,
                    at,
                    approved,
                }]
            }
            (_, _, Some(status)) => vec![Entry::Seen {
                account,
                status,
                at,
            }],
            (_, _, None) => Vec::new(),
        }
    }

    /// The report did not say that an identity provider manages the account.
    async fn hand_to_idp(
        &self,
        pending: &BTreeSet<String>,
        provider: &str,
    ) -> Result<(), RecordingFailed> {
        let at = self.context.now();
        let detail = format!(
            "{provider} manages the account: deactivate it there, or the next sync undoes it"
        );
        let mut entries = Vec::new();
        if let Some(termination) = self.termination() {
            let kind = TaskKind::IdentityProvider;
            entries.push(Entry::TaskIssued(TaskRecord {
                id: crate::plan::task_id(kind, termination.as_str(), ""),
                kind,
                termination: Some(termination),
                state: TaskState::Open,
                due: Some(at),
                issued_at: at,
            }));
        }
        entries.extend(pending.iter().map(|id| {
            let reason = OutcomeReason::IdentityProvider;
            let record = self.context.unsent(id, Outcome::Manual, reason);
            self.context.outcome(OutcomeRecord {
                detail: detail.clone(),
                ..record
            })
        }));
        self.context.record(entries).await
    }

    /// Ends all of these actions in the same way, without a write.
    async fn end_all(
        &self,
        pending: &BTreeSet<String>,
        outcome: Outcome,
        reason: OutcomeReason,
        detail: &str,
    ) -> Result<(), RecordingFailed> {
        let records = pending.iter().map(|id| OutcomeRecord {
            detail: detail.to_owned(),
            ..self.context.unsent(id, outcome, reason)
        });
        let entries = records.map(|record| self.context.outcome(record)).collect();
        self.context.record(entries).await
    }

    fn sent_record(
        &self,
        sent: &Sent,
        action_id: &str,
        outcome: Outcome,
        started_at: Timestamp,
    ) -> OutcomeRecord {
        let before = describe(&sent.before);
        OutcomeRecord {
            action_id: action_id.to_owned(),
            outcome,
            reason: None,
            detail: String::new(),
            attempts: sent.key.attempt,
            http_status: sent.trace.map(|trace| trace.status),
            operation_id: sent.operation_id.clone(),
            request_id: sent.trace.map(|trace| trace.request_id.to_string()),
            started_at: Some(started_at),
            finished_at: self.context.now(),
            verified_at: None,
            after: before.clone(),
            before,
            quantity: None,
        }
    }

    fn kinds(&self, pending: &BTreeSet<String>) -> BTreeSet<ActionKind> {
        let phase = match self.step.phase {
            // What ends access is not kept back by a breaker on removals.
            Phase::Deactivations if self.step.deactivate.is_some() => ActionKind::Deactivate,
            Phase::Deactivations | Phase::Removals => ActionKind::RemoveLicense,
        };
        if pending.is_empty() {
            BTreeSet::new()
        } else {
            BTreeSet::from([phase])
        }
    }

    fn only_deactivation(&self, pending: &BTreeSet<String>) -> BTreeSet<String> {
        let deactivate = self.step.deactivate.as_ref();
        pending
            .iter()
            .filter(|id| Some(*id) == deactivate)
            .cloned()
            .collect()
    }

    /// The first fifteen characters name the customer; the rest is a checksum.
    fn is_of_another_customer(&self, user: &User) -> bool {
        let first = |id: &str| id.chars().take(15).collect::<String>();
        let expected = self.context.execution.plan.customer_id.as_deref();
        let seen = user.customer_id();
        expected.is_some_and(|expected| !seen.is_empty() && first(expected) != first(seen))
    }

    fn account(&self) -> AccountKey {
        self.lane.account.clone()
    }

    fn termination(&self) -> Option<TerminationId> {
        let id = self.step.actions().next()?;
        let actions = &self.context.execution.plan.actions;
        actions
            .iter()
            .find(|action| action.id == *id)?
            .subject
            .termination
            .clone()
    }
}

/// Why a write came to nothing.
struct Failure<'e> {
    reason: OutcomeReason,
    detail: String,
    call: Option<&'e CallError>,
}

impl Sent {
    /// A write as an earlier run recorded it; `None` when it cannot be read.
    fn remembered(row: &AttemptRow) -> Option<Self> {
        let before = serde_json::from_str(&row.intent.before_image).ok()?;
        Some(Self {
            key: row.intent.key.clone(),
            user_id: row.intent.user_id.clone(),
            before: User::read(before).ok()?,
            wanted: serde_json::from_str(&row.intent.wanted).ok()?,
            at: row.intent.at,
            operation_id: row.operation.as_ref().map(|(id, _)| id.clone()),
            trace: None,
        })
    }
}

fn ended(sent: &Sent, end: AttemptEnd, at: Timestamp) -> Entry {
    Entry::AttemptEnded {
        key: sent.key.clone(),
        end,
        at,
    }
}
