//! Whether accounts that wait for their identity provider are deactivated by
//! now, asked over SCIM, which the vendor allows for reading beside another
//! program that writes.

use super::failure::Failure;
use super::target::Tenant;
use super::{live, recovery};
use crate::config::{Settings, Target};
use crate::model::{AccountStatus, Channel, EmailAddress, Memory, Sighting, TaskKind, TaskState};
use crate::plan::{LookedUp, task_id};
use crate::reconcile::{Case, Question, Reconciliation, Stance};
use crate::vendor::{CallError, Scim, ScimUser, Status};

/// Asks about everybody who waits. What cannot be answered is a finding and
/// leaves them waiting: nobody is taken for deactivated without being seen so.
pub(super) fn look(
    settings: &Settings,
    tenant: Option<&Tenant>,
    reconciliation: &Reconciliation,
    question: &Question<'_>,
) -> Result<LookedUp, Failure> {
    // The embedded sandbox of a mere plan is not started yet, and would show
    // what the report says.
    let can_ask = tenant.is_some() || settings.target == Target::Eight;
    if settings.read != Channel::Scim || !can_ask {
        return Ok(LookedUp::default());
    }
    let cases = reconciliation.cases.iter();
    let waiting: Vec<&Case> = cases.filter(|case| waits(case, question.memory)).collect();
    if waiting.is_empty() {
        return Ok(LookedUp::default());
    }
    recovery::wait(async {
        let opened = match tenant {
            Some(_) => None,
            None => Some(live::open(settings, question.as_of).await?),
        };
        let tenant = tenant.or(opened.as_ref());
        Ok(
            match tenant.and_then(|tenant| tenant.servers.scim.as_ref()) {
                Some(scim) => ask(scim, &waiting).await,
                None => LookedUp::default(),
            },
        )
    })
}

/// Whether the identity provider has to deactivate the account first, as the
/// report, the configuration or an earlier night's task says.
fn waits(case: &Case, memory: &Memory) -> bool {
    let termination = case.termination.id();
    let id = task_id(TaskKind::IdentityProvider, termination.as_str(), "");
    let task = memory.tasks.get(&id);
    let has_task = task.is_some_and(|task| task.state == TaskState::Open);
    case.account.status == AccountStatus::Active && (case.stance == Stance::LeaveToIdp || has_task)
}

async fn ask(scim: &Scim, waiting: &[&Case]) -> LookedUp {
    let mut looked = LookedUp::default();
    let mut not_shown = 0_usize;
    for (asked, case) in waiting.iter().enumerate() {
        match status(scim, case).await {
            Ok(Some(Status::Inactive)) => looked.sightings.push(Sighting {
                account: case.key.clone(),
                status: AccountStatus::Inactive,
                at: scim.clock().now(),
            }),
            Ok(Some(Status::Active)) => {}
            Ok(Some(Status::Other(_)) | None) => not_shown += 1,
            Err(error) => {
                looked.findings.push(format!(
                    "{} of {} accounts that wait for their identity provider could not be looked \
                     up over SCIM, and wait on: {error}; {}",
                    waiting.len() - asked,
                    waiting.len(),
                    error.advice()
                ));
                break;
            }
        }
    }
    if not_shown > 0 {
        looked.findings.push(format!(
            "{not_shown} accounts that wait for their identity provider are not shown over SCIM \
             under their username and e-mail: whether they are deactivated is not known. If the \
             list scope of the provisioning integration hides them, set it to all users"
        ));
    }
    looked
}

/// The status of exactly this account; `None` where SCIM does not show it, or
/// shows somebody else.
async fn status(scim: &Scim, case: &Case) -> Result<Option<Status>, CallError> {
    let Some(username) = &case.account.username else {
        return Ok(None);
    };
    let mut found = scim.find_by_username(username.as_str()).await?.value;
    let (Some(user), true) = (found.pop(), found.is_empty()) else {
        return Ok(None);
    };
    if is_somebody_else(case.account.email.as_ref(), &user) {
        return Ok(None);
    }
    Ok(Some(match user.status() {
        // A list may show less of a user than the user itself.
        Status::Other(_) => scim.user(user.id()).await?.value.status(),
        known => known,
    }))
}

/// Placeholders are nobody's address, and prove nothing.
fn is_somebody_else(email: Option<&EmailAddress>, user: &ScimUser) -> bool {
    let shown: Vec<EmailAddress> = user.emails().filter_map(EmailAddress::parse).collect();
    email.is_some_and(|email| !shown.is_empty() && !shown.contains(email))
}
