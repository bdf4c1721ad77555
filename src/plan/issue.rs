//! Which manual tasks a leaver calls for, and which are not needed any more.

use std::collections::HashSet;

use jiff::Timestamp;

use super::build::{Planning, id_of};
use super::document::{ManualTask, Plan};
use super::leaver::Fates;
use super::tasks;
use crate::model::{
    ActionKind, LicenseKind, LicenseName, TaskKind, TaskRecord, TaskState, TerminationId,
};
use crate::reconcile::Case;

impl Planning<'_> {
    /// The voicemail that goes with the seats. Nobody is asked to save what
    /// goes tonight; whoever was asked before may still be at it.
    pub(super) fn voicemail_task(
        &self,
        case: &Case,
        fates: &Fates,
        (due, goes_tonight): (Timestamp, bool),
        plan: &mut Plan,
    ) {
        let was_asked = self.has_open_task(TaskKind::Voicemail, case, "");
        if fates.take_voicemail() && (was_asked || !goes_tonight) {
            self.task(case, TaskKind::Voicemail, None, Some(due), plan);
        }
    }

    /// What else people have to do beside the account's changes.
    pub(super) fn side_tasks(
        &self,
        case: &Case,
        fates: &Fates,
        removal_due: Timestamp,
        plan: &mut Plan,
    ) {
        let account = &case.account;
        let by = Some(removal_due);
        let (numbers, kept): (Vec<_>, Vec<_>) = fates
            .kept
            .iter()
            .partition(|license| license.kind() == LicenseKind::Number);
        let is_called_for = |kind| self.outlives_the_seats(case, fates, kind);
        if !account.phone_numbers.is_empty()
            || !numbers.is_empty()
            || is_called_for(TaskKind::Number)
        {
            self.task(case, TaskKind::Number, None, by, plan);
        }
        if !account.devices.is_empty() || is_called_for(TaskKind::Device) {
            self.task(case, TaskKind::Device, None, by, plan);
        }
        for license in &fates.contact_center {
            self.task(case, TaskKind::ContactCenter, Some(license), by, plan);
        }
        for license in kept {
            let kind = if self.is_left_in_place(case, license) {
                TaskKind::HotDesk
            } else {
                TaskKind::KeptLicense
            };
            self.task(case, kind, Some(license), by, plan);
        }
    }

    /// Adds a manual task, as an action only if it was not issued before. Seats
    /// of the same licence are one task.
    pub(super) fn task(
        &self,
        case: &Case,
        kind: TaskKind,
        license: Option<&LicenseName>,
        due: Option<Timestamp>,
        plan: &mut Plan,
    ) {
        let task = self.manual_task(case, kind, license, due);
        let known = self.memory.tasks.get(&task.id);
        let is_contradicted = known.is_some_and(|task| self.is_contradicted(task));
        let is_settled =
            known.is_some_and(|task| task.state == TaskState::Done) && !is_contradicted;
        let mut of_this_leaver = plan
            .manual_tasks
            .iter()
            .rev()
            .take_while(|task| task.line == Some(case.line));
        if is_settled || of_this_leaver.any(|known| known.id == task.id) {
            return;
        }
        plan.dispositions[case.line].needs_a_look |= is_contradicted;
        // One that seemed moot or done on an earlier night and is called for
        // again is issued again.
        if task.issued_at.is_none() {
            let mut action = self.action(case, ActionKind::ManualTask, license, 0, case.due);
            action.id = id_of(ActionKind::ManualTask, &task.id);
            action.quantity = None;
            action.task_id = Some(task.id.clone());
            plan.actions.push(action);
        }
        plan.manual_tasks.push(task);
    }

    /// Somebody said that it is done, and a report made after that shows
    /// otherwise. A report that is older proves nothing.
    fn is_contradicted(&self, task: &TaskRecord) -> bool {
        task.state == TaskState::Done
            && task.kind.is_seen_in_reports()
            && task.ticked_off_at.is_some_and(|at| at < self.users_at)
    }

    /// A task of a leaver. One that is open keeps its date.
    pub(super) fn manual_task(
        &self,
        case: &Case,
        kind: TaskKind,
        license: Option<&LicenseName>,
        due: Option<Timestamp>,
    ) -> ManualTask {
        let termination = case.termination.id();
        let name = license.map_or("", |license| license.raw.as_str());
        let id = tasks::id(kind, termination.as_str(), name);
        let known = self.memory.tasks.get(&id);
        let open = known.filter(|task| task.state == TaskState::Open);
        let username = case.account.username.as_ref();
        let mut steps = tasks::steps(kind, &case.account, license);
        let ticked_off_at = known.and_then(|task| task.ticked_off_at);
        if let (Some(at), true) = (ticked_off_at, kind.is_seen_in_reports()) {
            let day = self.calendar.day(at);
            steps.insert(0, tasks::ticked_off_too_soon(kind, day));
        }
        ManualTask {
            id,
            kind,
            termination: Some(termination),
            line: Some(case.line),
            subject: case.termination.name.display(),
            username: username.map(ToString::to_string).unwrap_or_default(),
            steps,
            who: tasks::who(kind).to_owned(),
            due: open.map_or(due, |task| task.due),
            issued_at: open.map(|task| task.issued_at),
        }
    }

    pub(super) fn voicemail_is_done(&self, case: &Case) -> bool {
        let id = tasks::id(TaskKind::Voicemail, case.termination.id().as_str(), "");
        self.memory
            .tasks
            .get(&id)
            .is_some_and(|task| task.state == TaskState::Done)
    }

    /// An earlier night found out that a person has to look at this licence
    /// before it goes: the account hosts a hot desk.
    pub(super) fn is_left_in_place(&self, case: &Case, license: &LicenseName) -> bool {
        self.has_open_task(TaskKind::HotDesk, case, &license.raw)
    }

    /// The report does not say that an identity provider manages the account,
    /// but the API did on an earlier night.
    pub(super) fn is_left_to_idp(&self, case: &Case) -> bool {
        self.has_open_task(TaskKind::IdentityProvider, case, "")
    }

    /// When an account loses its seats, 8x8 takes number and phone off it: that
    /// they are gone from the report does not show that anybody saw to them.
    fn outlives_the_seats(&self, case: &Case, fates: &Fates, kind: TaskKind) -> bool {
        kind.outlives_seats() && !fates.take_voicemail() && self.has_open_task(kind, case, "")
    }

    fn has_open_task(&self, kind: TaskKind, case: &Case, license: &str) -> bool {
        let id = tasks::id(kind, case.termination.id().as_str(), license);
        let task = self.memory.tasks.get(&id);
        task.is_some_and(|task| task.state == TaskState::Open)
    }

    /// A task of a leaver who was looked at tonight, and that the account does
    /// not call for any more, was done or is moot. On a night when something
    /// keeps the program from acting, its tasks stay open.
    pub(super) fn close_tasks(&self, cases: &[Case], plan: &mut Plan) {
        let stand_ins = plan.stand_ins().map(|stand_in| &stand_in.task);
        let tasks = plan.manual_tasks.iter().chain(stand_ins);
        let wanted: HashSet<&String> = tasks.map(|task| &task.id).collect();
        let over = plan
            .terminations
            .iter()
            .filter(|record| record.state.is_over())
            .map(|record| record.termination.id());
        let settled: HashSet<TerminationId> = cases
            .iter()
            .map(|case| case.termination.id())
            .chain(over)
            .collect();
        let closed = self
            .memory
            .tasks
            .values()
            .filter(|task| task.state == TaskState::Open && !wanted.contains(&task.id))
            .filter(|task| !task.kind.follows_an_undo())
            .filter(|task| {
                let termination = task.termination.as_ref();
                termination.is_some_and(|id| settled.contains(id))
            })
            .map(|task| task.id.clone());
        let closed: Vec<String> = closed.collect();
        plan.closed_tasks.extend(closed);
    }
}
