//! Pure judgments: is the account what the plan saw, is it as wanted, is it
//! still as it was.

use serde::{Deserialize, Serialize};

use super::account::Account;
use super::restore;
use crate::model::{
    AccountStatus, EmailAddress, LicenseKind, LicenseName, PersonName, Text, Username,
};
use crate::plan::{Expected, Phase, Removal, Step};
use crate::vendor::{NewLicense, Status, UserChange};

/// What one write wants, kept with its intent so that a later run can tell
/// whether it happened.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Wanted {
    /// The deactivation that it carries.
    pub deactivate: Option<String>,
    /// The seats that it frees.
    pub remove: Vec<Seat>,
    /// The reactivation that it carries.
    #[serde(default)]
    pub reactivate: Option<String>,
    /// The seat that it assigns.
    #[serde(default)]
    pub assign: Option<Box<Assigned>>,
}

/// One seat by the vendor's id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seat {
    /// The action.
    pub action: String,
    /// The licence's id on this account.
    pub license_id: String,
    /// The licence as the plan names it.
    pub license: LicenseName,
}

/// One seat that the account is to get.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Assigned {
    /// The action.
    pub action: String,
    /// The licence as the plan names it.
    pub license: LicenseName,
    /// Its name and country as the vendor writes them.
    pub name: String,
    pub country: String,
    /// Seats of it that the account then holds.
    pub held: usize,
}

/// What to do about an account as it was just read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Judgment {
    /// It is not what the plan saw.
    Drifted(String),
    /// An identity provider manages it, which the report did not say.
    Managed(String),
    /// Something may be sent.
    Send {
        /// What is to be sent, if anything.
        wanted: Wanted,
        /// Actions whose end is reached already.
        done: Vec<String>,
        /// Removals that a person has to look at: the account hosts a hot desk.
        left_to_people: Vec<String>,
    },
}

/// Compares the account with what the plan saw.
pub(super) fn judge(step: &Step, pending: &Pending<'_>, user: &Account) -> Judgment {
    if let Some(difference) = somebody_else(&step.expected, user) {
        return Judgment::Drifted(difference);
    }
    if let Some(restoration) = &step.restore {
        return match user {
            Account::Admin(user) => restore::judge(restoration, step.expected.status, user),
            Account::Scim(user) => restore::judge_over_scim(restoration, user),
        };
    }
    let status = user.status();
    let mut done = Vec::new();
    let mut wanted = Wanted::default();
    if let Some(action) = pending.deactivate {
        match status {
            Status::Inactive => done.push(action.to_owned()),
            Status::Active => match user.managed_by() {
                Some(provider) => return Judgment::Managed(provider.to_owned()),
                None => wanted.deactivate = Some(action.to_owned()),
            },
            Status::Other(word) => {
                return Judgment::Drifted(format!("its status is {word:?}"));
            }
        }
    } else if status_of(&status) != Some(status_for_removal(step)) {
        let seen = status.as_str();
        return Judgment::Drifted(match status_for_removal(step) {
            AccountStatus::Inactive => {
                format!("its status is {seen}, the plan wants it deactivated")
            }
            AccountStatus::Active => format!("its status is {seen}, it was reactivated before"),
        });
    }
    let licenses = user.licenses();
    if licenses.is_none() && !pending.remove.is_empty() {
        return Judgment::Drifted("its licences are not shown".to_owned());
    }
    let mut held = licenses.unwrap_or_default();
    for removal in &pending.remove {
        let position = held.iter().position(|license| {
            LicenseName::parse(&license.name, Some(&license.country))
                .is_some_and(|name| name.same_as(&removal.license))
        });
        match position {
            Some(position) => wanted.remove.push(Seat {
                action: removal.action.clone(),
                license_id: held.remove(position).id,
                license: removal.license.clone(),
            }),
            None => done.push(removal.action.clone()),
        }
    }
    let left_to_people = if user.has_hot_desk() {
        wanted.remove.drain(..).map(|seat| seat.action).collect()
    } else {
        Vec::new()
    };
    Judgment::Send {
        wanted,
        done,
        left_to_people,
    }
}

/// Nobody loses the licences of an account that keeps its access; one that is
/// reclaimed does not keep it.
fn status_for_removal(step: &Step) -> AccountStatus {
    match step.phase {
        Phase::Reclaims => step.expected.status,
        Phase::Deactivations | Phase::Removals | Phase::Reactivations | Phase::Assignments => {
            AccountStatus::Inactive
        }
    }
}

/// The actions of a step that are still to be carried out.
pub(super) struct Pending<'s> {
    pub deactivate: Option<&'s str>,
    pub remove: Vec<&'s Removal>,
}

/// How the account differs in who it is, if it does.
fn somebody_else(expected: &Expected, user: &Account) -> Option<String> {
    let Expected {
        user_id,
        username,
        email,
        name,
        created_before,
        status: _,
    } = expected;
    // Nothing says for certain that SCIM's ids are the report's.
    if let (Some(id), Account::Admin(user)) = (user_id, user)
        && id.as_str() != user.user_id()
    {
        return Some("its id is another".to_owned());
    }
    if username
        .as_ref()
        .is_some_and(|name| Username::parse(user.username()).as_ref() != Some(name))
    {
        return Some("its username is another".to_owned());
    }
    if let Some(difference) = other_contact(email.as_ref(), name, user) {
        return Some(difference.to_owned());
    }
    match user.created() {
        Some(created) if created >= *created_before => Some(format!(
            "it was created on {created}, after the termination"
        )),
        Some(_) | None => None,
    }
}

/// How e-mail, or the name where there is no e-mail to compare, differs.
fn other_contact(
    email: Option<&EmailAddress>,
    name: &PersonName,
    user: &Account,
) -> Option<&'static str> {
    const OTHER_EMAIL: &str = "its e-mail is another";
    match user {
        Account::Admin(user) => {
            let is_other = email
                .is_some_and(|email| EmailAddress::parse(user.email()).as_ref() != Some(email));
            is_other.then_some(OTHER_EMAIL)
        }
        Account::Scim(user) => {
            // A user without an address shows a placeholder, which is no
            // address of anybody's.
            let shown: Vec<EmailAddress> = user.emails().filter_map(EmailAddress::parse).collect();
            match email {
                Some(email) if !shown.is_empty() => (!shown.contains(email)).then_some(OTHER_EMAIL),
                Some(_) | None => {
                    let shown = PersonName {
                        first: user.first_name().into(),
                        last: user.last_name().into(),
                        full: Text::new(),
                    };
                    let is_other = name.is_somebody_else(&shown);
                    is_other.then_some("its name is another, and there is no e-mail to compare")
                }
            }
        }
    }
}

impl Wanted {
    /// Whether there is anything to send.
    pub(super) fn is_empty(&self) -> bool {
        self.actions().next().is_none()
    }

    /// Whether the account is as wanted.
    pub(super) fn is_met_by(&self, user: &Account) -> bool {
        let ended = self.deactivate.is_none() || matches!(user.status(), Status::Inactive);
        let back = self.reactivate.is_none() || matches!(user.status(), Status::Active);
        let given = self.assign.as_ref();
        let given = given.is_none_or(|it| match user {
            Account::Admin(user) => restore::seats_held(user, &it.license) >= it.held,
            Account::Scim(_) => false,
        });
        let freed = match user.licenses() {
            Some(held) => self
                .remove
                .iter()
                .all(|seat| !held.iter().any(|it| it.id == seat.license_id)),
            None => self.remove.is_empty(),
        };
        ended && back && given && freed
    }

    /// The update that makes it so.
    pub(super) fn change(&self) -> UserChange {
        UserChange {
            status: match (&self.deactivate, &self.reactivate) {
                (Some(_), _) => Some(Status::Inactive),
                (None, Some(_)) => Some(Status::Active),
                (None, None) => None,
            },
            add_licenses: self
                .assign
                .iter()
                .map(|seat| NewLicense {
                    name: seat.name.clone(),
                    country: seat.country.clone(),
                })
                .collect(),
            remove_license_ids: self
                .remove
                .iter()
                .map(|seat| seat.license_id.clone())
                .collect(),
        }
    }

    /// The ids of all actions that it carries.
    pub(super) fn actions(&self) -> impl Iterator<Item = &String> {
        self.deactivate
            .iter()
            .chain(self.remove.iter().map(|seat| &seat.action))
            .chain(&self.reactivate)
            .chain(self.assign.iter().map(|seat| &seat.action))
    }
}

/// Number licences stay out of updates, as the vendor's guide demands.
pub(super) fn is_number_license(name: &str) -> bool {
    LicenseName::parse(name, None).is_some_and(|license| license.kind() == LicenseKind::Number)
}

/// The account in a few words: `active; X Series - X2 (US)`.
pub(super) fn describe(user: &Account) -> String {
    let mut words = vec![match status_of(&user.status()) {
        Some(AccountStatus::Active) => "active".to_owned(),
        Some(AccountStatus::Inactive) => "deactivated".to_owned(),
        None => user.status().as_str().to_lowercase(),
    }];
    let mut licenses: Vec<String> = user
        .licenses()
        .unwrap_or_default()
        .iter()
        .filter_map(|license| LicenseName::parse(&license.name, Some(&license.country)))
        .map(|license| license.pool().to_string())
        .collect();
    licenses.sort();
    words.extend(licenses);
    words.join("; ")
}

/// The status in the program's own words.
pub(super) fn status_of(status: &Status) -> Option<AccountStatus> {
    match status {
        Status::Active => Some(AccountStatus::Active),
        Status::Inactive => Some(AccountStatus::Inactive),
        Status::Other(_) => None,
    }
}
