//! One account, one step at a time: read, compare, and write what is still to
//! be done. What becomes of the write is in [`write`](super::write).

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::account::Account;
use super::ahead::Turn;
use super::context::Context;
use super::judge::{Judgment, Pending, describe, judge};
use super::server::{HIDDEN_FROM_SCIM, Listed, Server};
use super::write::Next;
use super::{RecordingFailed, Stop};
use crate::ledger::{EndedBy, Entry};
use crate::model::{
    AccountKey, Outcome, OutcomeReason, OutcomeRecord, TaskKind, TaskRecord, TaskState,
    TerminationId,
};
use crate::plan::{Gift, Lane, Phase, Step};
use crate::vendor::{CallError, CallErrorKind, OperationSlot, Reply};

/// Attempts at one update of a step in one run. A second one is made only when
/// the first was certainly not carried out.
const ATTEMPTS_IN_A_RUN: u32 = 2;

/// The work on one step.
pub(super) struct Work<'a> {
    pub(super) context: &'a Context,
    pub(super) lane: &'a Lane,
    pub(super) step: &'a Step,
    /// Where the step's channel leads.
    pub(super) server: Server<'a>,
}

impl<'a> Work<'a> {
    /// `None` when the run has no credential for the step's channel.
    pub(super) fn new(context: &'a Context, lane: &'a Lane, step: &'a Step) -> Option<Self> {
        let server = context.execution.servers.of(step.channel)?;
        Some(Self {
            context,
            lane,
            step,
            server,
        })
    }

    /// Carries the step out and records what became of its actions.
    pub(super) async fn carry_out(&self) -> Result<(), RecordingFailed> {
        if self.context.progress.is_open(self.step) {
            // Nobody knows what became of the last attempt, so another one
            // would be a guess. Its outcome was recorded when it was looked at.
            return Ok(());
        }
        let pending = self.context.pending(self.step.actions());
        if let Some(reactivation) = self.reactivation()
            && !self.context.is_done(reactivation)
        {
            let (outcome, reason) = (Outcome::Deferred, OutcomeReason::EarlierStep);
            let detail = "the account's reactivation is not carried out";
            return self.end_all(&pending, outcome, reason, detail).await;
        }
        if self.access_stays(&pending) {
            let (outcome, reason) = (Outcome::Deferred, OutcomeReason::EarlierStep);
            let detail = "the account's deactivation is not carried out";
            return self.end_all(&pending, outcome, reason, detail).await;
        }
        let attempts = self.context.progress.attempts_at(self.step);
        self.go_on(attempts, pending).await
    }

    /// Makes attempts at what is `pending` after so many were made.
    pub(super) async fn go_on(
        &self,
        mut attempt: u32,
        mut pending: BTreeSet<String>,
    ) -> Result<(), RecordingFailed> {
        let mut left = ATTEMPTS_IN_A_RUN;
        let mut place = None;
        while left > 0 {
            if pending.is_empty() {
                return Ok(());
            }
            attempt += 1;
            left -= 1;
            if place.is_none() && !self.may_read_ahead() {
                place = Some(self.server.limiter().operation().await);
            }
            match self.attempt(attempt, &pending, place.take()).await? {
                Next::Done => return Ok(()),
                Next::Again => {}
                Next::Anew(in_time) => {
                    // Nothing was sent.
                    left += 1;
                    place = Some(in_time);
                }
                Next::Instead => return self.instead().await,
                Next::DeactivateAlone => {
                    // Another update: access ends however often the one that
                    // was refused had to be sent.
                    pending = self.only_deactivation(&pending);
                    left = ATTEMPTS_IN_A_RUN;
                }
            }
        }
        let (outcome, reason) = (Outcome::Failed, OutcomeReason::NotChanged);
        self.end_all(&pending, outcome, reason, "not carried out")
            .await
    }

    /// Reads, compares and writes, with a place for the operation or to take
    /// one when the write is prepared. It is held until the operation has ended.
    pub(super) async fn attempt(
        &self,
        attempt: u32,
        pending: &BTreeSet<String>,
        place: Option<OperationSlot>,
    ) -> Result<Next, RecordingFailed> {
        let turn = Turn::begin(self.context, place);
        if let Some(reason) = self.obstacle() {
            self.end_all(pending, Outcome::Deferred, reason, "not begun")
                .await?;
            return Ok(Next::Done);
        }
        let Some(user) = self.read_account(pending).await? else {
            return Ok(Next::Done);
        };
        if self.is_busy(user.value.id(), pending).await? {
            return Ok(Next::Done);
        }
        let deactivate = self.step.deactivate.as_deref();
        let removals = self.step.remove.iter();
        let to_do = Pending {
            deactivate: deactivate.filter(|id| pending.contains(*id)),
            remove: removals.filter(|it| pending.contains(&it.action)).collect(),
        };
        let wanted = match judge(self.step, &to_do, &user.value) {
            Judgment::Send {
                wanted,
                done,
                left_to_people,
            } => {
                self.already_done(&done, &user, turn.started_at).await?;
                self.leave_to_people(left_to_people).await?;
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
        self.write(attempt, user.value, wanted, turn).await
    }

    /// The account, whole; `None` when its actions have ended without it.
    pub(super) async fn read_account(
        &self,
        pending: &BTreeSet<String>,
    ) -> Result<Option<Reply<Account>>, RecordingFailed> {
        let read = match (self.server, &self.lane.user_id) {
            (Server::Admin(_), Some(id)) => self.server.account(id.as_str()).await,
            // Nothing says for certain that SCIM's ids are the report's.
            (Server::Admin(_), None) | (Server::Scim(_), _) => match self.look_up(pending).await? {
                Some(Listed::Id(id)) => self.server.account(&id).await,
                Some(Listed::Whole(reply)) => Ok(reply),
                None => return Ok(None),
            },
        };
        match read {
            Ok(reply) => {
                self.context.let_in(self.server.api());
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
    async fn look_up(&self, pending: &BTreeSet<String>) -> Result<Option<Listed>, RecordingFailed> {
        let Some(username) = &self.lane.username else {
            let detail = match self.server {
                Server::Admin(_) => "the account has neither id nor username",
                Server::Scim(_) => "SCIM finds accounts by username, and the report has none",
            };
            self.end_all(pending, Outcome::Failed, OutcomeReason::NotFound, detail)
                .await?;
            return Ok(None);
        };
        match self.server.find(username).await {
            Ok(mut users) if users.len() == 1 => Ok(users.pop()),
            Ok(users) => {
                let detail = match (self.server, users.len()) {
                    (Server::Scim(_), 0) => HIDDEN_FROM_SCIM.to_owned(),
                    (Server::Admin(_) | Server::Scim(_), count) => {
                        format!("{count} accounts have the username")
                    }
                };
                let (outcome, reason) = if users.is_empty() {
                    (Outcome::Failed, OutcomeReason::NotFound)
                } else {
                    (Outcome::Skipped, OutcomeReason::Drifted)
                };
                self.end_all(pending, outcome, reason, &detail).await?;
                Ok(None)
            }
            Err(error) => {
                // A list that may not be read, or is not there, is not about
                // one account.
                match error.kind {
                    CallErrorKind::Forbidden => {
                        self.context.execution.stop.stop(Stop::NotAuthorized);
                    }
                    CallErrorKind::NotFound => {
                        self.context.execution.stop.stop(Stop::Unreachable);
                    }
                    _ => {}
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
        self.context.read_failed(error);
        let why = self.context.execution.stop.reason();
        let (outcome, reason) = match error.kind {
            CallErrorKind::Unauthorized => (Outcome::Deferred, OutcomeReason::NotAuthorized),
            CallErrorKind::Forbidden if why == Some(Stop::NotAuthorized) => {
                (Outcome::Deferred, OutcomeReason::NotAuthorized)
            }
            CallErrorKind::Transport | CallErrorKind::NotFound
                if why == Some(Stop::Unreachable) =>
            {
                (Outcome::Deferred, OutcomeReason::Unreachable)
            }
            CallErrorKind::NotFound => (Outcome::Failed, OutcomeReason::NotFound),
            CallErrorKind::Forbidden
            | CallErrorKind::NotImplemented
            | CallErrorKind::Rejected
            | CallErrorKind::OtherHost => (Outcome::Failed, OutcomeReason::Refused),
            CallErrorKind::Downstream
            | CallErrorKind::Throttled
            | CallErrorKind::Server
            | CallErrorKind::UnexpectedBody
            | CallErrorKind::Transport => (Outcome::Failed, OutcomeReason::Unreachable),
        };
        let now = self.context.now();
        let records = pending.iter().map(|id| OutcomeRecord {
            detail: format!("{error}; {}", error.advice()),
            channel: Some(self.step.channel),
            http_status: error.status,
            request_id: Some(error.request_id.to_string()),
            started_at: Some(now),
            ..self.context.unsent(id, outcome, reason)
        });
        let entries = records.map(|record| self.context.outcome(record)).collect();
        self.context.record_later(entries).await
    }

    /// Actions whose end was reached before anything was sent.
    pub(super) async fn already_done(
        &self,
        done: &[String],
        user: &Reply<Account>,
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
                    channel: Some(self.step.channel),
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
        let ends_access = self.step.phase == Phase::Deactivations;
        let deactivate = self.step.deactivate.iter().filter(|_| ends_access);
        let is_over = deactivate.into_iter().any(|id| done.contains(id));
        let ended = is_over.then_some(EndedBy::Others);
        entries.extend(self.given_back(at));
        entries.extend(self.seen(ended, &user.value.status(), at));
        self.context.record_later(entries).await
    }

    /// The licences of a hot desk's host stay until a person has looked; later
    /// nights leave them in place while the task is open.
    pub(super) async fn leave_to_people(
        &self,
        actions: Vec<String>,
    ) -> Result<(), RecordingFailed> {
        let at = self.context.now();
        let removals = self.step.remove.iter();
        let left = removals.filter(|removal| actions.contains(&removal.action));
        let mut entries = Vec::new();
        for removal in left {
            if let Some(termination) = self.termination() {
                let kind = TaskKind::HotDesk;
                let license = &removal.license.raw;
                entries.push(Entry::TaskIssued(TaskRecord {
                    id: crate::plan::task_id(kind, termination.as_str(), license),
                    kind,
                    termination: Some(termination),
                    state: TaskState::Open,
                    due: Some(at),
                    issued_at: at,
                    ticked_off_at: None,
                }));
            }
            let (outcome, reason) = (Outcome::Manual, OutcomeReason::HotDeskHost);
            let record = self.context.unsent(&removal.action, outcome, reason);
            entries.push(self.context.outcome(OutcomeRecord {
                detail:
                    "the account hosts a hot desk; a person has to look at its licences".to_owned(),
                ..record
            }));
        }
        self.context.record_later(entries).await
    }

    /// The report did not say that an identity provider manages the account.
    async fn hand_to_idp(
        &self,
        pending: &BTreeSet<String>,
        provider: &str,
    ) -> Result<(), RecordingFailed> {
        let at = self.context.now();
        let (kind, what) = match self.step.restore {
            None => (TaskKind::IdentityProvider, "deactivate"),
            Some(_) => (TaskKind::ReactivateInIdp, "activate"),
        };
        let detail =
            format!("{provider} manages the account: {what} it there, or the next sync undoes it");
        let mut entries = self.given_back(at);
        if let Some(termination) = self.termination() {
            entries.push(Entry::TaskIssued(TaskRecord {
                id: crate::plan::task_id(kind, termination.as_str(), ""),
                kind,
                termination: Some(termination),
                state: TaskState::Open,
                due: Some(at),
                issued_at: at,
                ticked_off_at: None,
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
        self.context.record_later(entries).await
    }

    /// Ends all of these actions in the same way, without a write.
    pub(super) async fn end_all(
        &self,
        pending: &BTreeSet<String>,
        outcome: Outcome,
        reason: OutcomeReason,
        detail: &str,
    ) -> Result<(), RecordingFailed> {
        let records = pending.iter().map(|id| OutcomeRecord {
            detail: detail.to_owned(),
            channel: Some(self.step.channel),
            ..self.context.unsent(id, outcome, reason)
        });
        let entries = records.map(|record| self.context.outcome(record)).collect();
        self.context.record_later(entries).await
    }

    /// Whether the step's deactivation was vetoed or came to nothing, so that
    /// its removals have to wait.
    fn access_stays(&self, pending: &BTreeSet<String>) -> bool {
        let deactivate = self.step.deactivate.as_ref();
        deactivate.is_some_and(|id| !pending.contains(id) && !self.context.progress.is_done(id))
    }

    /// The reactivation that has to succeed before the step, if there is one.
    fn reactivation(&self) -> Option<&String> {
        match &self.step.restore.as_ref()?.gift {
            Gift::Access(_) => None,
            Gift::Seat(seat) => seat.after.as_ref(),
        }
    }

    pub(super) fn only_deactivation(&self, pending: &BTreeSet<String>) -> BTreeSet<String> {
        let deactivate = self.step.deactivate.as_ref();
        pending
            .iter()
            .filter(|id| Some(*id) == deactivate)
            .cloned()
            .collect()
    }

    fn is_of_another_customer(&self, user: &Account) -> bool {
        let expected = self.context.execution.plan.customer_id.as_deref();
        expected.is_some_and(|expected| user.is_of_another_customer(expected))
    }

    pub(super) fn account(&self) -> AccountKey {
        self.lane.account.clone()
    }

    pub(super) fn termination(&self) -> Option<TerminationId> {
        let id = self.step.actions().next()?;
        let action = self.context.action(id)?;
        action.subject.termination.clone()
    }
}
