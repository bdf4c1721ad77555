//! Actions, and the steps and lanes that carry them out.

use jiff::Timestamp;

use super::build::{Planning, id_of};
use super::document::{
    Action, Evidence, Expected, Lane, Phase, Removal, Step, Subject, UponRefusal,
};
use crate::model::{AccountRow, AccountStatus, ActionKind, Channel, LicenseName, short_digest};
use crate::reconcile::{Case, Stance};

impl Planning<'_> {
    /// One action on the account of a leaver. The `ordinal` tells seats of the
    /// same licence apart.
    pub(super) fn action(
        &self,
        case: &Case,
        kind: ActionKind,
        license: Option<&LicenseName>,
        ordinal: usize,
        due: Timestamp,
    ) -> Action {
        let termination = case.termination.id();
        let account = case.key.as_str();
        let name = license.map_or("", |license| license.raw.as_str());
        let content = format!("{kind}|{termination}|{account}|{name}|{ordinal}");
        let is_approved_later = case.stance == Stance::WithApproval;
        Action {
            id: id_of(kind, &content),
            kind,
            origin: case.origin,
            line: Some(case.line),
            subject: Subject {
                person: case.termination.name.display(),
                user_id: case.account.user_id.clone(),
                username: case.account.username.clone(),
                account: Some(case.key.clone()),
                termination: Some(termination),
            },
            license: license.cloned(),
            quantity: license.map(|_| 1),
            due,
            depends_on: Vec::new(),
            channel: self.channel_of(kind),
            needs_approval: is_approved_later.then(|| self.old_termination()),
            evidence: Evidence {
                file: case.termination.source.file.to_string(),
                line: case.termination.source.line,
                matched_by: case.matched_by.clone(),
                seen: seen(&case.account),
            },
            draft: None,
            task_id: None,
        }
    }

    /// One update of the account that carries these actions.
    pub(super) fn step(
        &self,
        case: &Case,
        phase: Phase,
        deactivate: Option<String>,
        remove: Vec<Removal>,
    ) -> Step {
        let account = &case.account;
        let carried: Vec<&str> = deactivate
            .iter()
            .map(String::as_str)
            .chain(remove.iter().map(|removal| removal.action.as_str()))
            .collect();
        Step {
            id: format!("step-{}", short_digest(carried.join("|"))),
            phase,
            channel: self.channel_of(match phase {
                Phase::Deactivations => ActionKind::Deactivate,
                Phase::Removals | Phase::Reclaims => ActionKind::RemoveLicense,
                Phase::Reactivations => ActionKind::Reactivate,
                Phase::Assignments => ActionKind::AssignLicense,
            }),
            deactivate,
            remove,
            reactivate: None,
            restore: None,
            expected: Expected {
                user_id: account.user_id.clone(),
                username: account.username.clone(),
                email: account.email.clone(),
                name: account.name.clone(),
                created_before: self.calendar.end_of(case.termination.date, case.site()),
                status: account.status,
            },
            upon_refusal: UponRefusal::Fail,
            upon_not_implemented: None,
            needs_approval: case.stance == Stance::WithApproval,
        }
    }

    /// How an action of this kind is carried out.
    fn channel_of(&self, kind: ActionKind) -> Channel {
        match kind {
            ActionKind::Deactivate => self.deactivate_by(),
            ActionKind::RemoveLicense | ActionKind::Reactivate | ActionKind::AssignLicense => {
                Channel::AdminApi
            }
            ActionKind::ManualTask => Channel::Manual,
            ActionKind::RequestPartialCancellation => Channel::File,
        }
    }
}

/// The one step of an account in this plan.
pub(super) fn lane(case: &Case, step: Step) -> Lane {
    Lane {
        account: case.key.clone(),
        user_id: case.account.user_id.clone(),
        username: case.account.username.clone(),
        steps: vec![step],
    }
}

/// The account in a few words: `active; X Series - X2 (US)`.
fn seen(account: &AccountRow) -> String {
    let mut words = vec![match account.status {
        AccountStatus::Active => "active".to_owned(),
        AccountStatus::Inactive => "deactivated".to_owned(),
    }];
    let mut licenses: Vec<String> = account
        .licenses
        .iter()
        .map(|license| license.pool().to_string())
        .collect();
    licenses.sort();
    words.extend(licenses);
    words.join("; ")
}
