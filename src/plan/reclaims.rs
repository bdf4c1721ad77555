//! Licences that the vendor frees of active accounts only: the account is
//! reactivated, loses them, and is deactivated again.

use jiff::Timestamp;

use super::build::{Planning, id_of};
use super::document::{Action, Lane, Phase, Plan, Removal, Step, UponRefusal};
use super::leaver::Fates;
use super::tasks;
use crate::model::{AccountStatus, ActionKind, Channel, TaskKind, TaskState, short_digest};
use crate::reconcile::Case;

impl Planning<'_> {
    /// Whether this program may make the account active for a while.
    pub(super) fn may_reclaim(&self, case: &Case) -> bool {
        !self.is_managed(case)
            && !self.is_left_to_people(case)
            // Whoever deactivates by hand does not trust the API with it, and a
            // reclaim that cannot be closed leaves a leaver's access open.
            && self.policy.deactivate_by != Channel::Manual
    }

    /// Adds the three steps that free the seats of these `removals`, in one lane.
    pub(super) fn reclaim(
        &self,
        case: &Case,
        removals: Vec<Removal>,
        due: Timestamp,
        plan: &mut Plan,
    ) {
        let reactivate = self.reclaiming(case, ActionKind::Reactivate, due);
        let mut deactivate = self.reclaiming(case, ActionKind::Deactivate, due);
        let ids: Vec<&String> = removals.iter().map(|removal| &removal.action).collect();
        deactivate.depends_on = vec![reactivate.id.clone()];
        for action in &mut plan.actions {
            if ids.contains(&&action.id) {
                action.depends_on.push(reactivate.id.clone());
            }
        }
        let step = |status: AccountStatus, carries: Carries| {
            let step = self.step(case, Phase::Reclaims, None, Vec::new());
            let mut step = Step {
                upon_refusal: UponRefusal::Fail,
                channel: Channel::AdminApi,
                ..step
            };
            step.expected.status = status;
            match carries {
                Carries::Reactivation(action) => step.reactivate = Some(action),
                Carries::Removals(removals) => step.remove = removals,
                Carries::Deactivation(action) => step.deactivate = Some(action),
            }
            let carried: Vec<&str> = step.actions().map(String::as_str).collect();
            let id = format!("step-{}", short_digest(carried.join("|")));
            Step { id, ..step }
        };
        let steps = vec![
            step(
                AccountStatus::Inactive,
                Carries::Reactivation(reactivate.id.clone()),
            ),
            step(AccountStatus::Active, Carries::Removals(removals)),
            step(
                AccountStatus::Active,
                Carries::Deactivation(deactivate.id.clone()),
            ),
        ];
        plan.actions.extend([reactivate, deactivate]);
        plan.lanes.push(Lane {
            account: case.key.clone(),
            user_id: case.account.user_id.clone(),
            username: case.account.username.clone(),
            steps,
        });
    }

    /// The seats of a deactivated account as work for people: one task for each
    /// licence, or one for all of them if a run found out that an identity
    /// provider manages the account.
    pub(super) fn leave_to_people(
        &self,
        case: &Case,
        fates: &Fates,
        due: Timestamp,
        plan: &mut Plan,
    ) {
        let kind = TaskKind::RemoveLicenseByHand;
        if self.is_left_to_people(case) {
            self.task(case, kind, None, Some(due), plan);
            return;
        }
        for license in &fates.removable {
            self.task(case, kind, Some(license), Some(due), plan);
        }
    }

    /// An action of a reclaim. Its id is not that of the deactivation that ended
    /// the person's access.
    fn reclaiming(&self, case: &Case, kind: ActionKind, due: Timestamp) -> Action {
        let (termination, account) = (case.termination.id(), case.key.as_str());
        Action {
            id: id_of(kind, &format!("reclaim|{termination}|{account}")),
            channel: Channel::AdminApi,
            ..self.action(case, kind, None, 0, due)
        }
    }

    /// The next sync might undo either change.
    fn is_managed(&self, case: &Case) -> bool {
        let account = &case.account;
        let username = account.username.as_ref().map(ToString::to_string);
        let email = account.email.as_ref().map(ToString::to_string);
        !account.scim_provider.is_empty()
            || self
                .policy
                .idp
                .manages(&username.unwrap_or_default(), &email.unwrap_or_default())
    }

    /// The report does not say that an identity provider manages the account,
    /// but the API did when it was to be reactivated.
    fn is_left_to_people(&self, case: &Case) -> bool {
        let termination = case.termination.id();
        let id = tasks::id(TaskKind::RemoveLicenseByHand, termination.as_str(), "");
        let task = self.memory.tasks.get(&id);
        task.is_some_and(|task| task.state == TaskState::Open)
    }
}

/// What one step of a reclaim carries.
enum Carries {
    Reactivation(String),
    Removals(Vec<Removal>),
    Deactivation(String),
}
