//! What stands in for an update on a tenant that has no method for it. The
//! first update of a run finds out, and the others wait for its answer.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use tokio::sync::MutexGuard;

use super::account::Account;
use super::context::{Context, issued};
use super::judge::{Wanted, describe};
use super::lane::Work;
use super::server::Server;
use super::write::{Failure, Next, Sent};
use super::{LaneAtWork, RecordingFailed};
use crate::ledger::{AttemptEnd, Entry};
use crate::model::{Channel, Outcome, OutcomeReason, OutcomeRecord};
use crate::plan::{Alternative, StandIn};
use crate::vendor::CallError;

pub(super) const WITHOUT_METHOD: &str = "this tenant has no method to update users";

/// Whether the tenant has a method to update users, as far as the run knows.
pub(super) struct Updates {
    known: Mutex<Support>,
    asking: tokio::sync::Mutex<()>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Support {
    Unknown,
    There,
    Missing,
}

/// Held by whoever finds out.
pub(super) type Asking<'u> = Option<MutexGuard<'u, ()>>;

impl Updates {
    /// A tenant that said so since the plan was made is not asked again.
    pub(super) fn new(refused_since_planned: bool) -> Self {
        let known = if refused_since_planned {
            Support::Missing
        } else {
            Support::Unknown
        };
        Self {
            known: Mutex::new(known),
            asking: tokio::sync::Mutex::default(),
        }
    }

    /// Waits as long as somebody else is finding out. Whoever gets a guard
    /// finds out, and drops it when it has an answer.
    async fn ask(&self) -> Asking<'_> {
        let asking = self.asking.lock().await;
        (self.known() == Support::Unknown).then_some(asking)
    }

    /// Whether the tenant has taken one in this run.
    pub(super) fn are_there(&self) -> bool {
        self.known() == Support::There
    }

    pub(super) fn are_missing(&self) -> bool {
        self.known() == Support::Missing
    }

    fn known(&self) -> Support {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn learn(&self, support: Support) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = support;
    }
}

impl Context {
    /// The tenant took an update. What the ledger has against it is over.
    pub(super) fn update_taken(&self) -> Option<Entry> {
        self.updates.learn(Support::There);
        let was_refused = self.progress.updates_refused_at.is_some();
        was_refused.then_some(Entry::UpdatesAccepted)
    }
}

impl<'a> Work<'a> {
    /// Waits until it is known whether the tenant has the method that the
    /// step's update needs, unless the step is to find out itself.
    pub(super) async fn method(&self, lane: LaneAtWork) -> (Asking<'a>, LaneAtWork) {
        let is_known = match self.server {
            Server::Admin(_) => self.context.updates.known() != Support::Unknown,
            Server::Scim(_) => true,
        };
        if is_known {
            return (None, lane);
        }
        // Whoever finds out is not kept waiting for those who wait for it.
        drop(lane);
        let asking = self.context.updates.ask().await;
        (asking, self.context.recorder.lane())
    }

    /// Whether the step's update need not be tried. One that ends access which
    /// this program gave is tried whatever the tenant said: it took the
    /// reactivation.
    pub(super) fn lacks_method(&self) -> bool {
        matches!(self.server, Server::Admin(_))
            && self.context.updates.are_missing()
            && !self.closes_reclaim()
    }

    /// Another update has shown that there is no method for this one.
    pub(super) async fn unsent(
        &self,
        before: &Account,
        wanted: &Wanted,
        started_at: Timestamp,
    ) -> Result<Next, RecordingFailed> {
        let state = describe(before);
        let record = |id: &str, outcome| OutcomeRecord {
            started_at: Some(started_at),
            before: state.clone(),
            after: state.clone(),
            detail: WITHOUT_METHOD.to_owned(),
            ..self
                .context
                .unsent(id, outcome, OutcomeReason::NotSupported)
        };
        self.stand_in(wanted, Outcome::Deferred, record, Vec::new())
            .await
    }

    /// This update has shown it. It was certainly not carried out.
    pub(super) async fn not_implemented(
        &self,
        sent: &Sent,
        error: &CallError,
    ) -> Result<Next, RecordingFailed> {
        self.context.updates.learn(Support::Missing);
        let at = self.context.now();
        let entries = vec![
            self.ended(sent, AttemptEnd::Failed),
            Entry::UpdatesRefused { at },
        ];
        let failure = Failure::of(error, OutcomeReason::NotSupported);
        let record = |id: &str, outcome| OutcomeRecord {
            reason: Some(failure.reason),
            detail: failure.detail.clone(),
            http_status: failure.http_status,
            ..self.sent_record(sent, id, outcome)
        };
        self.stand_in(&sent.wanted, self.failure(), record, entries)
            .await
    }

    /// Ends the actions as the plan says for a tenant without the method, or
    /// leaves them to the step that stands in. With nothing to stand in, they
    /// end as `otherwise`.
    async fn stand_in(
        &self,
        wanted: &Wanted,
        otherwise: Outcome,
        record: impl Fn(&str, Outcome) -> OutcomeRecord,
        mut entries: Vec<Entry>,
    ) -> Result<Next, RecordingFailed> {
        let by_hand = |id: &str| {
            let mut stand_ins = self.step.stand_ins().iter();
            stand_ins.find(|stand_in| stand_in.action == *id)
        };
        let mut next = Next::Done;
        for id in wanted.actions() {
            match (&self.step.upon_not_implemented, by_hand(id)) {
                (None, _) => entries.push(self.context.outcome(record(id, otherwise))),
                (Some(Alternative::Step(step)), _) if step.actions().any(|it| it == id) => {
                    next = Next::Instead;
                }
                (Some(Alternative::ByHand(_)), Some(StandIn { task, .. })) => {
                    entries.push(issued(task, self.context.now()));
                    entries.push(self.context.outcome(OutcomeRecord {
                        detail: format!(
                            "{WITHOUT_METHOD}; handed over as {} ({})",
                            task.kind.as_str(),
                            task.id
                        ),
                        channel: Some(Channel::Manual),
                        // The same for everybody, whoever found it out.
                        http_status: None,
                        ..record(id, Outcome::Manual)
                    }));
                }
                (Some(_), _) => entries.push(self.context.outcome(OutcomeRecord {
                    detail: format!("{WITHOUT_METHOD}; a later night takes up what is left"),
                    http_status: None,
                    ..record(id, Outcome::Deferred)
                })),
            }
        }
        self.context.record(entries).await?;
        Ok(next)
    }

    /// Carries out the step that stands in for this one.
    pub(super) fn instead(
        &self,
    ) -> Pin<Box<dyn Future<Output = Result<(), RecordingFailed>> + Send + '_>> {
        Box::pin(async move {
            let Some(step) = self.step.other_step() else {
                return Ok(());
            };
            match Work::new(self.context, self.lane, step) {
                Some(work) => work.carry_out().await,
                None => self.context.cannot_send(step).await,
            }
        })
    }
}
