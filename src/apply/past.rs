//! What the runs of a plan did, from the intents and before-images that they
//! left in the ledger.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::judge::Wanted;
use crate::ledger::{AttemptEnd, AttemptRow, Ledger, LedgerError};
use crate::model::{
    AccountKey, Channel, EmailAddress, LicenseKind, LicenseName, Memory, Outcome, OutcomeRecord,
    PersonName, Text, UserId,
};
use crate::plan::{self, Lane, PastAccount, PastState, Phase, Plan, Step};
use crate::vendor::{ScimUser, User};

/// Why the past cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum PastError {
    /// The ledger could not be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A plan that was kept is none of this version's.
    #[error("the ledger's plan {plan_id} cannot be read by this version")]
    Plan {
        /// The plan.
        plan_id: String,
        /// What the parser said.
        source: serde_json::Error,
    },
    /// A before-image is no user.
    #[error(
        "what the ledger kept of the account {user_id} from before plan {plan_id} cannot be read"
    )]
    Image {
        /// The plan.
        plan_id: String,
        /// The account.
        user_id: String,
    },
}

/// A plan as the ledger kept it.
pub fn kept_plan(ledger: &Ledger, plan_id: &str) -> Result<Plan, PastError> {
    let document = ledger.plan_json(plan_id)?.unwrap_or_default();
    serde_json::from_str(&document).map_err(|source| PastError::Plan {
        plan_id: plan_id.to_owned(),
        source,
    })
}

/// The accounts that the plan's runs changed, or may have changed, in the order
/// of their keys.
pub fn past_accounts(
    plan: &Plan,
    ledger: &Ledger,
    memory: &Memory,
) -> Result<Vec<PastAccount>, PastError> {
    let history = History {
        ledger,
        memory,
        given_back: ledger.given_back()?,
    };
    history.accounts(plan)
}

/// What the ledger knows of the accounts that a plan changed.
struct History<'a> {
    ledger: &'a Ledger,
    memory: &'a Memory,
    /// Actions of undo plans that reached their end.
    given_back: BTreeSet<String>,
}

impl History<'_> {
    /// The accounts in the order of their keys.
    fn accounts(&self, undone: &Plan) -> Result<Vec<PastAccount>, PastError> {
        let outcomes = self.ledger.outcomes(&undone.plan_id)?;
        let mut attempts: BTreeMap<AccountKey, Vec<AttemptRow>> = BTreeMap::new();
        for row in self.ledger.attempts(&undone.plan_id)? {
            let of_account = attempts.entry(row.intent.account.clone()).or_default();
            of_account.push(row);
        }
        let mut later = BTreeMap::new();
        let mut accounts = Vec::new();
        for (account, attempts) in attempts {
            let ended = |wanted| -> Vec<&AttemptRow> {
                attempts
                    .iter()
                    .filter(|row| has_ended(row, wanted))
                    .collect()
            };
            let (changed, unclear) = (ended(AttemptEnd::Changed), ended(AttemptEnd::Unknown));
            let seen = if changed.is_empty() {
                &unclear
            } else {
                &changed
            };
            let Some(first) = seen.first() else {
                continue;
            };
            let of_account = KnownAs::of(undone, &account, &attempts);
            let state = if unclear.is_empty() {
                let at = first.intent.at;
                let later = self.changed_by(&of_account, at, undone, &mut later)?;
                later.map_or(PastState::AsLeft, PastState::ChangedBy)
            } else {
                PastState::Unclear
            };
            accounts.push(PastAccount {
                done: self.left_of(undone, &of_account, &outcomes),
                ..before(undone, account, seen, state)?
            });
        }
        Ok(accounts)
    }

    /// What was done to the account under the plan and is not given back yet.
    fn left_of(
        &self,
        plan: &Plan,
        account: &KnownAs,
        outcomes: &BTreeMap<String, OutcomeRecord>,
    ) -> BTreeSet<String> {
        let lanes = plan.lanes.iter().filter(|lane| account.is_of(lane));
        let carried: BTreeSet<&String> = lanes
            .flat_map(|lane| &lane.steps)
            // A reclaim leaves the account deactivated, as it was before.
            .filter(|step| step.phase != Phase::Reclaims || !step.remove.is_empty())
            .flat_map(Step::actions)
            .collect();
        let succeeded = plan.actions.iter().filter(|action| {
            let ended = outcomes.get(&action.id).map(|record| record.outcome);
            carried.contains(&action.id) && ended == Some(Outcome::Succeeded)
        });
        let left = succeeded.filter(|action| {
            let undoing = plan::undoing(&plan.plan_id, action);
            undoing.is_some_and(|id| !self.given_back.contains(&id))
        });
        left.map(|action| action.id.clone()).collect()
    }

    /// The plan of a later night that changed the account and is not undone.
    fn changed_by(
        &self,
        account: &KnownAs,
        at: Timestamp,
        undone: &Plan,
        later: &mut BTreeMap<String, Later>,
    ) -> Result<Option<String>, PastError> {
        let touched = self.memory.touched.iter();
        let touched = touched.filter(|it| {
            account.0.contains(&it.account) && it.plan_id != undone.plan_id && it.at >= at
        });
        for touched in touched {
            let plan_id = &touched.plan_id;
            if !later.contains_key(plan_id) {
                later.insert(plan_id.clone(), Later::read(self.ledger, plan_id)?);
            }
            let Some(plan) = later.get(plan_id) else {
                continue;
            };
            // Where a plan was undone, or undid another, that one is asked.
            let stands = plan.document.undoes.is_none()
                && (!plan.unclear.is_disjoint(&account.0)
                    || !self
                        .left_of(&plan.document, account, &plan.outcomes)
                        .is_empty());
            if stands {
                return Ok(Some(plan_id.clone()));
            }
        }
        Ok(None)
    }
}

/// Every key that an account is known by: a report that gains an id column
/// changes the key of its accounts.
struct KnownAs(BTreeSet<AccountKey>);

impl KnownAs {
    fn of(undone: &Plan, account: &AccountKey, attempts: &[AttemptRow]) -> Self {
        let lanes = undone.lanes.iter().filter(|lane| lane.account == *account);
        let mut keys: BTreeSet<AccountKey> = lanes.flat_map(keys_of).collect();
        keys.insert(account.clone());
        // SCIM's ids are not the report's, and its bodies are no users.
        let images = attempts.iter().filter_map(|row| image(row)?.ok());
        let ids = images.filter_map(|user| UserId::parse(user.user_id()));
        keys.extend(ids.filter_map(|id| AccountKey::of(Some(&id), None)));
        Self(keys)
    }

    fn is_of(&self, lane: &Lane) -> bool {
        keys_of(lane).any(|key| self.0.contains(&key))
    }
}

fn keys_of(lane: &Lane) -> impl Iterator<Item = AccountKey> {
    let by_id = AccountKey::of(lane.user_id.as_ref(), None);
    let by_username = AccountKey::of(None, lane.username.as_ref());
    [Some(lane.account.clone()), by_id, by_username]
        .into_iter()
        .flatten()
}

/// The user as it was before an attempt, or as SCIM showed it; `None` when
/// that cannot be read.
fn image(row: &AttemptRow) -> Option<Result<User, ScimUser>> {
    let image = serde_json::from_str(&row.intent.before_image).ok()?;
    match User::read(image) {
        Ok(user) => Some(Ok(user)),
        Err(image) => ScimUser::read(image).ok().map(Err),
    }
}

fn has_ended(row: &AttemptRow, wanted: AttemptEnd) -> bool {
    row.end.is_some_and(|(end, _)| end == wanted)
}

/// The vendor's ids of the seats that were taken.
fn taken_seats(changes: &[&AttemptRow]) -> BTreeSet<String> {
    changes
        .iter()
        .filter_map(|row| serde_json::from_str::<Wanted>(&row.intent.wanted).ok())
        .flat_map(|wanted| wanted.remove)
        .map(|seat| seat.license_id)
        .collect()
}

/// What is known of the account from before its changes, of which there is at
/// least one. Nothing but access ends over SCIM, and what SCIM does not show,
/// it leaves.
fn before(
    undone: &Plan,
    account: AccountKey,
    changes: &[&AttemptRow],
    state: PastState,
) -> Result<PastAccount, PastError> {
    let mut past = PastAccount {
        account,
        done: BTreeSet::new(),
        changed_at: Timestamp::MAX,
        state,
        access_over: Channel::AdminApi,
        scim_provider: String::new(),
        email: None,
        name: PersonName::default(),
        licenses: Vec::new(),
        extensions: Vec::new(),
        phone_numbers: Vec::new(),
        devices: Vec::new(),
        memberships: Vec::new(),
    };
    let mut whole = None;
    for row in changes {
        past.changed_at = past.changed_at.min(row.intent.at);
        let image = image(row).ok_or_else(|| PastError::Image {
            plan_id: undone.plan_id.clone(),
            user_id: row.intent.user_id.clone(),
        })?;
        match image {
            Ok(user) => whole = whole.or(Some(user)),
            Err(user) => {
                past.access_over = Channel::Scim;
                past.email = user.emails().find_map(EmailAddress::parse);
                past.name = named(user.first_name(), user.last_name());
            }
        }
    }
    let Some(user) = whole else {
        return Ok(past);
    };
    let licenses = user.licenses().into_iter().filter_map(|license| {
        let name = LicenseName::parse(&license.name, Some(&license.country))?;
        let is_number = name.kind() == LicenseKind::Number;
        (!is_number).then_some((name, license.name, license.country))
    });
    let lost = user.with_extensions_of(&taken_seats(changes));
    Ok(PastAccount {
        scim_provider: user.scim_provider().unwrap_or_default().to_owned(),
        email: EmailAddress::parse(user.email()),
        name: named(user.first_name(), user.last_name()),
        licenses: licenses.collect(),
        extensions: lost.extension_numbers(),
        phone_numbers: lost.phone_numbers(),
        devices: lost.devices(),
        memberships: if lost.has_extensions() {
            user.memberships()
        } else {
            Vec::new()
        },
        ..past
    })
}

fn named(first: &str, last: &str) -> PersonName {
    PersonName {
        first: first.into(),
        last: last.into(),
        full: Text::new(),
    }
}

/// A later plan, read once.
struct Later {
    document: Plan,
    outcomes: BTreeMap<String, OutcomeRecord>,
    /// Accounts of which nobody knows what the plan did to them.
    unclear: BTreeSet<AccountKey>,
}

impl Later {
    fn read(ledger: &Ledger, plan_id: &str) -> Result<Self, PastError> {
        let attempts = ledger.attempts(plan_id)?.into_iter();
        let is_unclear =
            |row: &AttemptRow| matches!(row.end, None | Some((AttemptEnd::Unknown, _)));
        Ok(Self {
            document: kept_plan(ledger, plan_id)?,
            outcomes: ledger.outcomes(plan_id)?,
            unclear: attempts
                .filter(is_unclear)
                .map(|row| row.intent.account)
                .collect(),
        })
    }
}
