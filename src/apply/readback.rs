//! Reading back many changes together: a page of the users list shows a
//! hundred accounts for one request. Changes that the vendor called completed
//! wait here, their attempts open in the ledger, until a group of lanes has
//! ended; whatever the list does not show as wanted is looked at by itself.
//! That somebody is not on a list proves nothing.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::account::Account;
use super::context::Context;
use super::judge::{Wanted, describe, status_of};
use super::lane::Work;
use super::look::{Looked, Seen, Word, look};
use super::server::Server;
use super::write::{Next, Sent};
use super::{RecordingFailed, side_by_side};
use crate::ledger::{EndedBy, Entry};
use crate::model::ActionKind;
use crate::plan::{Gift, Lane, Phase, Step};
use crate::vendor::{AdminApi, PageQuery, Status, status_filter};

/// Users asked for at a time: the vendor's default, and the most that it is
/// known to give.
const PAGE_SIZE: u32 = 100;

/// Changes of a phase that are read back at once, each by itself, before others
/// may wait. A tenant on which nothing takes is so found out after a handful.
const SHOWN_AT_FIRST: usize = 5;

/// What waits to be read back.
#[derive(Default)]
pub(super) struct ReadBack {
    waiting: Mutex<Vec<Waiting>>,
    /// Changes of the phase that were read back as wanted.
    shown: AtomicUsize,
}

/// What follows where the read-back shows that the change did not take.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// What the plan declared to stand in for it is sent.
    CarryOn,
    /// Nothing is sent: whoever comes next carries on.
    Leave,
}

/// A change that the vendor calls completed.
struct Waiting {
    lane: Lane,
    step: Step,
    sent: Sent,
}

/// Reads back everything that waits, and what follows from it.
pub(super) async fn conclude(context: &Arc<Context>, then: Then) {
    loop {
        let mut left = context.read_back.take();
        if left.is_empty() {
            return;
        }
        if let Some(api) = &context.execution.servers.admin_api {
            for status in [Status::Inactive, Status::Active] {
                left = through_pages(context, api, status, left).await;
            }
        }
        side_by_side(context, left, move |context, waiting| async move {
            waiting.look(&context, then).await;
        })
        .await;
    }
}

/// Reads the list of the accounts that have to have this status by now, as long
/// as that takes fewer requests than reading them one by one. Returns whatever
/// it did not show.
async fn through_pages(
    context: &Context,
    api: &AdminApi,
    status: Status,
    waiting: Vec<Waiting>,
) -> Vec<Waiting> {
    let (listed, mut others): (Vec<_>, Vec<_>) = waiting
        .into_iter()
        .partition(|it| it.sent.wanted.listed_under().as_ref() == Some(&status));
    let mut pages = Pages::expected(context, &status, listed.len());
    let mut left: BTreeMap<String, Waiting> = BTreeMap::new();
    for waiting in listed {
        others.extend(left.insert(waiting.sent.user_id.clone(), waiting));
    }
    let mut shows_licenses = false;
    // Shown without the licences that went, on a list of which nobody knows
    // whether it shows any.
    let mut doubtful: Vec<(Waiting, Account)> = Vec::new();
    let mut query = Some(PageQuery::First {
        filter: Some(status_filter(&status)),
        page_size: PAGE_SIZE,
    });
    let mut shown = Shown::default();
    while let Some(next) = query.take()
        && pages.are_worth_another(left.len() + doubtful.len())
        && !context.is_shut_out()
    {
        // What a page has shown is taken in while the next one is on its way.
        let (reply, recorded) = tokio::join!(api.traced_page(next), shown.record(context));
        let reply = match reply {
            Ok(reply) => reply,
            Err(error) => {
                // A list that fails is no more than an economy lost.
                context.read_failed(&error);
                break;
            }
        };
        if recorded.is_err() {
            break;
        }
        let page = reply.value;
        shown.http_status = reply.trace.status;
        for user in page.users {
            let user = Account::Admin(user);
            shows_licenses |= user.licenses().is_some_and(|all| !all.is_empty());
            let known = left.get(user.id());
            if !known.is_some_and(|it| it.sent.is_shown_by(&user)) {
                continue;
            }
            if let Some(waiting) = left.remove(user.id()) {
                if waiting.sent.wanted.remove.is_empty() {
                    shown.changes.push((waiting, user));
                } else {
                    doubtful.push((waiting, user));
                }
            }
        }
        if shows_licenses {
            shown.changes.append(&mut doubtful);
        }
        pages.count(shown.changes.len(), page.total);
        // A page of users without any licence: the list shows none, or nobody
        // has one. The accounts themselves know.
        if doubtful.is_empty() {
            query = page.next.map(PageQuery::Next);
        }
    }
    // A failure has stopped the run; the coordinator reports it.
    let _ = shown.record(context).await;
    others.extend(left.into_values());
    others.extend(doubtful.into_iter().map(|(waiting, _)| waiting));
    others
}

/// Changes that a page has shown, each with the account as it stands there.
#[derive(Default)]
struct Shown {
    changes: Vec<(Waiting, Account)>,
    /// The status of the answer that was the page.
    http_status: u16,
}

impl Shown {
    /// Records them and forgets them.
    async fn record(&mut self, context: &Context) -> Result<(), RecordingFailed> {
        let mut entries = Vec::new();
        for (waiting, account) in self.changes.drain(..) {
            if let Some(work) = waiting.work(context) {
                let seen = waiting.sent.seen(&account, self.http_status);
                entries.extend(work.success(&waiting.sent, &seen));
            }
        }
        context.record_later(entries).await
    }
}

/// How many pages a list has, as far as that is known.
struct Pages {
    expected: usize,
    read: usize,
    /// Changes that the pages read so far have shown.
    shown: usize,
}

impl Pages {
    /// From what the plan knows of the tenant and what was changed since.
    fn expected(context: &Context, status: &Status, waiting: usize) -> Self {
        let plan = &context.execution.plan;
        let facts = &plan.facts;
        let earlier = match status {
            Status::Active => facts.active_accounts,
            Status::Inactive | Status::Other(_) => {
                facts.users_rows.saturating_sub(facts.active_accounts)
            }
        };
        let earlier = usize::try_from(earlier).unwrap_or(usize::MAX);
        let changed_by = |kind| {
            let actions = plan.actions.iter().filter(move |it| it.kind == kind);
            actions.filter(|it| context.is_done(&it.id)).count()
        };
        let changed = match status {
            Status::Active => changed_by(ActionKind::Reactivate),
            Status::Inactive | Status::Other(_) => changed_by(ActionKind::Deactivate),
        };
        let accounts = earlier.saturating_add(changed).saturating_add(waiting);
        Self {
            expected: accounts.div_ceil(PAGE_SIZE as usize),
            read: 0,
            shown: 0,
        }
    }

    /// Whether reading on takes fewer requests than reading those that are left
    /// one by one. A list that is longer than expected is read on as long as
    /// its pages have shown more than one each.
    fn are_worth_another(&self, left: usize) -> bool {
        match self.expected.saturating_sub(self.read) {
            0 => left > 1 && self.shown > self.read,
            ahead => ahead < left,
        }
    }

    fn count(&mut self, shown: usize, users: Option<u64>) {
        self.read += 1;
        self.shown += shown;
        if let Some(users) = users.and_then(|users| usize::try_from(users).ok()) {
            self.expected = users.div_ceil(PAGE_SIZE as usize);
        }
    }
}

impl ReadBack {
    /// Takes in a change that the vendor calls completed.
    pub(super) fn hand_in(&self, work: &Work<'_>, sent: Sent) {
        let waiting = Waiting {
            lane: work.lane.clone(),
            step: work.step.clone(),
            sent,
        };
        self.lock().push(waiting);
    }

    /// Nothing of the phase was read back yet.
    pub(super) fn begin_phase(&self) {
        self.shown.store(0, Ordering::SeqCst);
    }

    fn take(&self) -> Vec<Waiting> {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn work<'a>(&'a self, context: &'a Context) -> Option<Work<'a>> {
        Work::new(context, &self.lane, &self.step)
    }

    /// Looks at this account alone. A ledger that cannot be written has stopped
    /// the run already.
    async fn look(&self, context: &Context, then: Then) {
        let Some(work) = self.work(context) else {
            return;
        };
        let looked = if context.is_shut_out() {
            Looked::StillOpen("the run was stopped before it could look".to_owned())
        } else {
            look(context, work.server, &self.sent, Word::Completed).await
        };
        match work.conclude(&self.sent, looked).await {
            Ok(Next::DeactivateAlone) if then == Then::CarryOn => {
                let pending = context.pending(self.step.actions());
                let pending = work.only_deactivation(&pending);
                let _ = work.go_on(self.sent.key.attempt, pending).await;
            }
            // What completed was applied, so nothing is sent again.
            Ok(
                Next::Done | Next::Again | Next::Anew(_) | Next::DeactivateAlone | Next::Instead,
            )
            | Err(_) => {}
        }
    }
}

impl Wanted {
    /// The list on which the account has to be once it is as wanted; none where
    /// no list tells.
    fn listed_under(&self) -> Option<Status> {
        if self.assign.is_some() {
            None
        } else if self.reactivate.is_some() {
            Some(Status::Active)
        } else {
            // Nobody's licences are removed but of a deactivated account.
            Some(Status::Inactive)
        }
    }
}

impl Sent {
    /// Whether an element of a list says of the account what was wanted. A list
    /// may carry less of a user than the user itself.
    fn is_shown_by(&self, account: &Account) -> bool {
        let removes = !self.wanted.remove.is_empty();
        self.wanted.listed_under().as_ref() == Some(&account.status())
            && (!removes || account.says_licenses())
            && self.wanted.is_met_by(account)
    }

    /// What the element says.
    fn seen(&self, account: &Account, http_status: u16) -> Seen {
        let removes = !self.wanted.remove.is_empty();
        let shows_any = account.licenses().is_some_and(|all| !all.is_empty());
        let words = match self.before.split_once("; ") {
            // Licences that nobody touched are as they were.
            Some((_, licenses)) if !removes && !shows_any => {
                format!("{}; {licenses}", describe(account))
            }
            Some(_) | None => describe(account),
        };
        Seen {
            status: account.status(),
            words,
            http_status,
        }
    }
}

impl Work<'_> {
    /// Whether a change may wait to be read back with others.
    pub(super) fn can_wait(&self, wanted: &Wanted) -> bool {
        let read_back = &self.context.read_back;
        let phase = self.step.phase;
        let mut steps = self.lane.steps.iter().filter(|step| step.phase == phase);
        // A step that follows on the same account reads what this one left.
        let is_last = steps
            .next_back()
            .is_some_and(|last| last.id == self.step.id);
        let is_tried = phase != Phase::Removals || self.context.seats_come_free();
        let is_proven = read_back.shown.load(Ordering::SeqCst) >= SHOWN_AT_FIRST;
        is_last && is_tried && is_proven && self.is_listed(wanted)
    }

    /// Whether a list of the vendor's can show the change.
    pub(super) fn is_listed(&self, wanted: &Wanted) -> bool {
        // An account that was reactivated waits for nobody.
        self.step.phase != Phase::Reclaims
            && matches!(self.server, Server::Admin(_))
            && wanted.listed_under().is_some()
    }

    /// A change was read back by a look at its account.
    pub(super) fn was_shown(&self) {
        self.context.read_back.shown.fetch_add(1, Ordering::SeqCst);
        if self.step.phase == Phase::Removals {
            self.context.seat_came_free();
        }
    }

    /// What was read back of the account itself. Where its access is over by
    /// now, `ended` says whose doing that was.
    pub(super) fn seen(
        &self,
        ended: Option<EndedBy>,
        status: &Status,
        at: Timestamp,
    ) -> Option<Entry> {
        let account = self.account();
        match (ended, self.termination(), status_of(status)) {
            (Some(by), Some(termination), _) => Some(Entry::Deactivated {
                termination,
                account,
                at,
                by,
                approved: self.context.execution.approved,
            }),
            (_, _, Some(status)) => Some(Entry::Seen {
                account,
                status,
                at,
            }),
            (_, _, None) => None,
        }
    }

    /// What is remembered once the step's gift was read back, in a plan that
    /// undoes a run.
    pub(super) fn given_back(&self, at: Timestamp) -> Vec<Entry> {
        let Some(restoration) = &self.step.restore else {
            return Vec::new();
        };
        let mut entries = Vec::new();
        if let Gift::Seat(seat) = &restoration.gift {
            entries.push(Entry::LicenseAssigned {
                account: self.account(),
                license: seat.license.clone(),
            });
        }
        if let Some(termination) = self.termination() {
            entries.push(Entry::Undone { termination, at });
        }
        entries
    }
}
