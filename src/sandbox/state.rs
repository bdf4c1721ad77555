//! What the tenant remembers: its users, its free seats, its operations.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::clock::later;
use super::error::SandboxError;
use super::faults::Fate;
use super::operations::{Change, Ending, Operation, Stage, is_forgotten};
use super::options::{OperationTime, Seed, SeedUser};
use super::render;
use super::update::Update;

/// The format that this version writes and reads.
pub(super) const FORMAT_VERSION: u32 = 1;

/// Everything that survives a restart. The state file holds exactly this, and
/// only the sandbox reads it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct State {
    pub(super) format_version: u32,
    pub(super) customer_id: String,
    /// By user id.
    accounts: BTreeMap<String, Account>,
    /// Licenses that nobody holds and nobody is about to.
    free_seats: Vec<Value>,
    /// By operation id.
    operations: BTreeMap<String, Operation>,
    /// When each open operation completes, so that no request has to go
    /// through all operations there ever were.
    #[serde(skip)]
    open: BTreeSet<(Timestamp, String)>,
    /// When each of the others ended.
    #[serde(skip)]
    ended: BTreeSet<(Timestamp, String)>,
    last_operation: u64,
    /// The digest of what each user's latest accepted update wanted, by user id.
    latest_change: BTreeMap<String, String>,
    /// How users were, by user id, and until when; only as long as reads may
    /// show it.
    #[serde(skip)]
    earlier: BTreeMap<String, Vec<(Timestamp, Value)>>,
    #[serde(skip)]
    read_lag: SignedDuration,
}

/// A user. The state file keeps the short seed of those who were never
/// written, so that it stays small enough to be replaced before every 202.
#[derive(Debug, Serialize, Deserialize)]
enum Account {
    Seeded {
        seed: Box<SeedUser>,
        #[serde(skip)]
        user: Value,
    },
    Written {
        user: Value,
    },
}

impl State {
    pub(super) fn new(customer_id: &str) -> Self {
        Self {
            format_version: FORMAT_VERSION,
            customer_id: customer_id.to_owned(),
            accounts: BTreeMap::new(),
            free_seats: Vec::new(),
            operations: BTreeMap::new(),
            open: BTreeSet::new(),
            ended: BTreeSet::new(),
            last_operation: 0,
            latest_change: BTreeMap::new(),
            earlier: BTreeMap::new(),
            read_lag: SignedDuration::ZERO,
        }
    }

    /// Keeps how users were for as long as reads lag behind.
    pub(super) fn lag_reads(&mut self, lag: SignedDuration) {
        self.read_lag = lag;
    }

    /// Adds the seeded users whose usernames and ids are new.
    pub(super) fn adopt(&mut self, seed: &Seed) -> Result<(), SandboxError> {
        let earlier: BTreeSet<String> = self
            .users()
            .map(|user| username(user).to_lowercase())
            .collect();
        let earlier_ids: BTreeSet<String> = self.accounts.keys().cloned().collect();
        let mut seeded = BTreeSet::new();
        for person in &seed.users {
            let name = person.username.to_lowercase();
            if !seeded.insert(name.clone()) {
                return Err(SandboxError::DuplicateUsername {
                    username: person.username.clone(),
                });
            }
            // Somebody who was renamed since is known by the id.
            let user_id = render::user_id(person);
            if earlier.contains(&name) || earlier_ids.contains(&user_id) {
                continue;
            }
            let account = Account::Seeded {
                user: render::user(&self.customer_id, person),
                seed: Box::new(person.clone()),
            };
            if self.accounts.insert(user_id.clone(), account).is_some() {
                return Err(SandboxError::DuplicateUserId { user_id });
            }
        }
        Ok(())
    }

    /// Builds again what the state file does not hold: the users of whom it
    /// keeps only the seed, and the order of the operations.
    pub(super) fn restore(&mut self) {
        for operation in self.operations.values() {
            let place = (operation.completes, operation.id.clone());
            if operation.is_open() {
                self.open.insert(place);
            } else {
                self.ended.insert(place);
            }
        }
        for account in self.accounts.values_mut() {
            if let Account::Seeded { seed, user } = account {
                *user = render::user(&self.customer_id, seed);
            }
        }
    }

    /// Ends the operations whose time has come, and forgets old ones. Tenant
    /// time moves the state only here, so a tenant needs no task of its own.
    pub(super) fn advance(&mut self, now: Timestamp) {
        while let Some((completes, id)) = self.open.first().cloned()
            && completes <= now
        {
            self.open.remove(&(completes, id.clone()));
            self.complete(&id);
            self.ended.insert((completes, id));
        }
        while let Some((ended, id)) = self.ended.first().cloned()
            && is_forgotten(ended, now)
        {
            self.ended.remove(&(ended, id.clone()));
            self.operations.remove(&id);
        }
        let lag = self.read_lag;
        self.earlier.retain(|_, states| {
            states.retain(|(until, _)| now.duration_since(*until) <= lag);
            !states.is_empty()
        });
    }

    /// Keeps how a user was until then, if reads lag behind.
    pub(super) fn remember(&mut self, user_id: &str, until: Timestamp, user: Value) {
        if !self.read_lag.is_zero() {
            let states = self.earlier.entry(user_id.to_owned()).or_default();
            states.push((until, user));
        }
    }

    /// The user as of then.
    pub(super) fn shown(&self, user_id: &str, at: Timestamp) -> Option<&Value> {
        let states = self.earlier.get(user_id).into_iter().flatten();
        let mut states = states.filter(|(until, _)| at < *until);
        match states.next() {
            Some((_, user)) => Some(user),
            None => self.user(user_id),
        }
    }

    /// All users as of then.
    pub(super) fn users_shown(&self, at: Timestamp) -> impl Iterator<Item = &Value> {
        let ids = self.accounts.keys();
        ids.filter_map(move |user_id| self.shown(user_id, at))
    }

    pub(super) fn users(&self) -> impl Iterator<Item = &Value> {
        self.accounts.values().map(Account::user)
    }

    pub(super) fn user(&self, user_id: &str) -> Option<&Value> {
        self.accounts.get(user_id).map(Account::user)
    }

    pub(super) fn free_seats(&self) -> &[Value] {
        &self.free_seats
    }

    pub(super) fn operation(&self, operation_id: &str) -> Option<&Operation> {
        self.operations.get(operation_id)
    }

    pub(super) fn in_flight(&self) -> impl Iterator<Item = &Operation> {
        let open = self.open.iter();
        open.filter_map(|(_, id)| self.operations.get(id))
    }

    /// The digest of what this user's latest accepted update wanted, unless
    /// that update failed.
    pub(super) fn latest_change(&self, user_id: &str) -> Option<&str> {
        self.latest_change.get(user_id).map(String::as_str)
    }

    /// When the next accepted operation would complete.
    pub(super) fn next_completion(&self, time: OperationTime, now: Timestamp) -> Timestamp {
        later(now, time.of(self.last_operation + 1))
    }

    /// Accepts an update; gives the id of its operation.
    pub(super) fn accept(
        &mut self,
        user_id: &str,
        update: Update,
        ending: Ending,
        created: Timestamp,
        completes: Timestamp,
    ) -> String {
        self.last_operation += 1;
        let id = Operation::id(self.last_operation);
        self.free_seats
            .retain(|seat| !update.added.iter().any(|added| added["id"] == seat["id"]));
        self.latest_change.insert(user_id.to_owned(), update.digest);
        let operation = Operation {
            id: id.clone(),
            user_id: user_id.to_owned(),
            created,
            completes,
            stage: Stage::Open(Box::new(Change {
                ending,
                after: update.after,
                released: update.removed,
                reserved: update.added,
            })),
        };
        self.operations.insert(id.clone(), operation);
        self.open.insert((completes, id.clone()));
        id
    }

    /// Changes a user without an operation, and gives back how the user was and
    /// what the latest change had wanted; `None` if there is no such user.
    pub(super) fn change_at_once(
        &mut self,
        user_id: &str,
        after: Value,
        digest: Option<String>,
    ) -> Option<(Value, Option<String>)> {
        let account = self.accounts.get_mut(user_id)?;
        let before = account.user().clone();
        *account = Account::Written { user: after };
        let earlier = match digest {
            Some(digest) => self.latest_change.insert(user_id.to_owned(), digest),
            None => self.latest_change.remove(user_id),
        };
        Some((before, earlier))
    }

    /// Takes back an update that could not be made durable.
    pub(super) fn withdraw(&mut self, operation_id: &str) {
        if let Some(operation) = self.operations.remove(operation_id) {
            self.open.remove(&(operation.completes, operation.id));
            self.latest_change.remove(&operation.user_id);
            if let Stage::Open(change) = operation.stage {
                self.free_seats.extend(change.reserved);
            }
        }
    }

    /// Ends an operation that was just accepted in another way than it would.
    pub(super) fn decree(&mut self, operation_id: &str, fate: Fate) {
        let Some(operation) = self.operations.get_mut(operation_id) else {
            return;
        };
        let Stage::Open(change) = &mut operation.stage else {
            return;
        };
        match fate {
            Fate::Failed => change.ending = Ending::Refused,
            Fate::Unknown => change.ending = Ending::Lost,
            Fate::Unchanged => change.ending = Ending::Ignored,
            Fate::Stuck => {
                let id = operation.id.clone();
                self.open.remove(&(operation.completes, id.clone()));
                operation.completes = Timestamp::MAX;
                self.open.insert((Timestamp::MAX, id));
            }
            Fate::Gone => self.withdraw(operation_id),
        }
    }

    fn complete(&mut self, operation_id: &str) {
        let Some(operation) = self.operations.get_mut(operation_id) else {
            return;
        };
        let Stage::Open(change) = std::mem::replace(&mut operation.stage, Stage::Completed) else {
            return;
        };
        match change.ending {
            Ending::Applied => {
                self.free_seats.extend(change.released);
                let (user_id, until) = (operation.user_id.clone(), operation.completes);
                let after = Account::Written { user: change.after };
                if let Some(before) = self.accounts.insert(user_id.clone(), after) {
                    self.remember(&user_id, until, before.into_user());
                }
            }
            Ending::Refused => {
                operation.stage = Stage::Failed;
                self.latest_change.remove(&operation.user_id);
                self.free_seats.extend(change.reserved);
            }
            Ending::Ignored => self.free_seats.extend(change.reserved),
            Ending::Lost => {
                operation.stage = Stage::Unknown;
                self.latest_change.remove(&operation.user_id);
                self.free_seats.extend(change.reserved);
            }
        }
    }
}

/// The username that a user carries.
pub(super) fn username(user: &Value) -> &str {
    user["basicInfo"]["userName"].as_str().unwrap_or_default()
}

impl Account {
    fn user(&self) -> &Value {
        match self {
            Self::Seeded { user, .. } | Self::Written { user } => user,
        }
    }

    fn into_user(self) -> Value {
        match self {
            Self::Seeded { user, .. } | Self::Written { user } => user,
        }
    }
}
