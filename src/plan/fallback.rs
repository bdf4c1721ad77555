//! What stands in for an update on a tenant that has no method for it. The
//! vendor documents `PUT /users/{userId}` and calls it "not implemented"
//! elsewhere, so nobody knows before the first one was sent.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::build::Planning;
use super::document::{ManualTask, Plan, Step, UponRefusal};
use crate::model::{Channel, LicenseName, Policy, TaskKind, short_digest};
use crate::reconcile::Case;

/// What stands in for a step whose method the tenant does not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Alternative {
    /// The deactivation, over another channel. Removals that the step carries
    /// as well are left to a later night.
    Step(Box<Step>),
    /// People do it. Actions that are not listed are left to a later night.
    ByHand(Vec<StandIn>),
}

/// The task that stands in for one action. It is issued only if the tenant
/// turns out to lack the method.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandIn {
    /// The action.
    pub action: String,
    /// The task.
    pub task: ManualTask,
}

/// How long a tenant is taken at its word. The vendor builds its API up, so an
/// update is tried again after that.
const BELIEVED_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

impl Step {
    /// The step that is sent where this one cannot be.
    pub fn other_step(&self) -> Option<&Step> {
        match self.upon_not_implemented.as_ref()? {
            Alternative::Step(step) => Some(step),
            Alternative::ByHand(_) => None,
        }
    }

    /// The tasks that are issued where it cannot be sent.
    pub fn stand_ins(&self) -> &[StandIn] {
        match &self.upon_not_implemented {
            Some(Alternative::ByHand(stand_ins)) => stand_ins,
            Some(Alternative::Step(_)) | None => &[],
        }
    }

    /// The step, and what may be sent in its place.
    pub fn with_other(&self) -> impl Iterator<Item = &Step> {
        std::iter::once(self).chain(self.other_step())
    }
}

impl Plan {
    /// Tasks that are issued only where the tenant has no method to update users.
    pub fn stand_ins(&self) -> impl Iterator<Item = &StandIn> {
        let steps = self.lanes.iter().flat_map(|lane| &lane.steps);
        steps.flat_map(Step::stand_ins)
    }
}

/// What an administrator has to know of a tenant that said at this time that
/// it has no method to update users.
pub fn missing_updates(policy: &Policy, refused_at: Timestamp) -> String {
    let instead = |what: &str, done: &str, fallback: Option<Channel>| match fallback {
        Some(Channel::Scim) => format!("{what} {done} over SCIM"),
        Some(Channel::Manual) => format!("{what} {done} by hand (manual-tasks.csv)"),
        Some(Channel::AdminApi | Channel::File) | None => format!("{what} not {done}"),
    };
    let seconds = |at: Timestamp| at.strftime("%Y-%m-%dT%H:%M:%SZ");
    let access = match policy.deactivate_by {
        Channel::AdminApi => {
            let ended = instead("access is", "ended", policy.deactivate_fallback);
            format!("{ended}, ")
        }
        Channel::Scim | Channel::Manual | Channel::File => String::new(),
    };
    let again = if policy.deactivate_fallback.is_some() || policy.remove_license_fallback.is_some()
    {
        let until = seconds(refused_at + BELIEVED_FOR);
        format!("; from {until} on an update is tried again")
    } else {
        String::new()
    };
    format!(
        "this tenant does not implement PUT /users/{{id}} (seen at {}): {access}{}, as [channels] deactivate_fallback and remove_license_fallback say{again}. \
         To say it for good, set deactivate and remove_license there",
        seconds(refused_at),
        instead("licenses are", "removed", policy.remove_license_fallback)
    )
}

impl Planning<'_> {
    /// How accounts are deactivated tonight.
    pub(super) fn deactivate_by(&self) -> Channel {
        match self.policy.deactivate_by {
            Channel::AdminApi if self.lacks_updates() => {
                self.policy.deactivate_fallback.unwrap_or(Channel::AdminApi)
            }
            channel => channel,
        }
    }

    /// Whether the tenant has no method to remove licences, and people stand in.
    pub(super) fn lacks_removals(&self) -> bool {
        self.lacks_updates() && self.policy.remove_license_fallback == Some(Channel::Manual)
    }

    /// The step with what stands in for it.
    pub(super) fn with_alternative(&self, case: &Case, step: Step, due: Timestamp) -> Step {
        let alternative = match (step.channel, &step.deactivate) {
            (Channel::Scim | Channel::Manual | Channel::File, _) => None,
            (Channel::AdminApi, Some(action)) => match self.policy.deactivate_fallback {
                Some(Channel::Scim) => Some(Alternative::Step(Box::new(Step {
                    id: format!("step-{}", short_digest(format!("scim|{action}"))),
                    channel: Channel::Scim,
                    remove: Vec::new(),
                    upon_refusal: UponRefusal::Fail,
                    ..step.clone()
                }))),
                Some(Channel::Manual) => Some(Alternative::ByHand(vec![StandIn {
                    action: action.clone(),
                    task: self.manual_task(case, TaskKind::DeactivateByHand, None, Some(due)),
                }])),
                Some(Channel::AdminApi | Channel::File) | None => None,
            },
            (Channel::AdminApi, None) => match self.policy.remove_license_fallback {
                Some(Channel::Manual) => {
                    Some(Alternative::ByHand(self.removals_by_hand(case, &step, due)))
                }
                Some(Channel::AdminApi | Channel::Scim | Channel::File) | None => None,
            },
        };
        Step {
            upon_not_implemented: alternative,
            ..step
        }
    }

    fn removals_by_hand(&self, case: &Case, step: &Step, due: Timestamp) -> Vec<StandIn> {
        let by_hand = |license: &LicenseName| {
            let kind = TaskKind::RemoveLicenseByHand;
            self.manual_task(case, kind, Some(license), Some(due))
        };
        let removals = step.remove.iter();
        removals
            .map(|removal| StandIn {
                action: removal.action.clone(),
                task: by_hand(&removal.license),
            })
            .collect()
    }

    /// Whether the tenant said lately that it has no method to update users.
    fn lacks_updates(&self) -> bool {
        let refused_at = self.memory.updates_refused_at;
        refused_at.is_some_and(|at| self.as_of < at + BELIEVED_FOR)
    }

    /// Said on every night that is planned otherwise because of it.
    pub(super) fn name_missing_updates(&self, plan: &mut Plan) {
        let planned_otherwise =
            self.deactivate_by() != self.policy.deactivate_by || self.lacks_removals();
        if let (true, Some(at)) = (planned_otherwise, self.memory.updates_refused_at) {
            plan.findings.push(missing_updates(self.policy, at));
        }
    }
}
