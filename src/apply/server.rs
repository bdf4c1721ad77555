//! The vendor's APIs, as lanes use them: a step names its channel, and the
//! channel is one of these.

use super::account::Account;
use super::judge::Wanted;
use crate::model::{Channel, Username};
use crate::vendor::{
    AdminApi, CallError, Limiter, Reply, Scim, ScimUser, SendOnce, Status, Usage, VendorApi,
    WriteError,
};

/// The APIs that a run has credentials for. Each has a limiter of its own.
#[derive(Clone, Default)]
pub struct Servers {
    /// The Administration API.
    pub admin_api: Option<AdminApi>,
    /// SCIM.
    pub scim: Option<Scim>,
}

/// Somebody who is not found over SCIM may well exist, so nothing is over.
pub(super) const HIDDEN_FROM_SCIM: &str = "SCIM shows no account with this username, which does not say that \
there is none: the provisioning integration may be limited to users that an identity provider \
created. Set its list scope to all users, deactivate the account in the Admin Console, or set \
[channels] deactivate = \"manual\"";

impl Servers {
    /// Whether steps of this channel can be carried out, and looked at.
    pub fn have(&self, channel: Channel) -> bool {
        self.of(channel).is_some()
    }

    /// The limiters, one for each credential.
    pub fn limiters(&self) -> impl Iterator<Item = &Limiter> {
        let admin_api = self.admin_api.iter().map(AdminApi::limiter);
        admin_api.chain(self.scim.iter().map(Scim::limiter))
    }

    /// What was used of all of them so far.
    pub fn usage(&self) -> Usage {
        self.limiters()
            .map(Limiter::usage)
            .fold(Usage::default(), |all, one| Usage {
                requests: all.requests + one.requests,
                polls: all.polls + one.polls,
                throttled: all.throttled + one.throttled,
                paused: all.paused + one.paused,
                // An API that was not asked had nothing to give.
                allowed_per_minute: match one.requests {
                    0 => all.allowed_per_minute,
                    _ => all
                        .allowed_per_minute
                        .saturating_add(one.allowed_per_minute),
                },
                // What a server said is of the API that was asked first.
                server_limit: all.server_limit.or(one.server_limit),
            })
    }

    pub(super) fn of(&self, channel: Channel) -> Option<Server<'_>> {
        match channel {
            Channel::AdminApi => self.admin_api.as_ref().map(Server::Admin),
            Channel::Scim => self.scim.as_ref().map(Server::Scim),
            Channel::Manual | Channel::File => None,
        }
    }
}

/// The API that a step goes to.
#[derive(Clone, Copy)]
pub(super) enum Server<'s> {
    Admin(&'s AdminApi),
    Scim(&'s Scim),
}

impl Server<'_> {
    pub(super) fn api(self) -> VendorApi {
        match self {
            Self::Admin(_) => VendorApi::Admin,
            Self::Scim(_) => VendorApi::Scim,
        }
    }

    pub(super) fn limiter(&self) -> &Limiter {
        match self {
            Self::Admin(api) => api.limiter(),
            Self::Scim(scim) => scim.limiter(),
        }
    }

    /// The account with this id of the API's own.
    pub(super) async fn account(self, id: &str) -> Result<Reply<Account>, CallError> {
        match self {
            Self::Admin(api) => Ok(api.user(id).await?.map(Account::Admin)),
            Self::Scim(scim) => Ok(scim.user(id).await?.map(Account::Scim)),
        }
    }

    /// The accounts that are listed under exactly this username.
    pub(super) async fn find(self, username: &Username) -> Result<Vec<Listed>, CallError> {
        let name = username.as_str();
        match self {
            Self::Admin(api) => {
                let users = api.find_by_username(name).await?.into_iter();
                let ids = users.map(|user| Listed::Id(user.user_id().to_owned()));
                Ok(ids.collect())
            }
            Self::Scim(scim) => {
                let Reply { value, trace } = scim.find_by_username(name).await?;
                let listed = |user: ScimUser| match user.status() {
                    Status::Active | Status::Inactive => Listed::Whole(Reply {
                        value: Account::Scim(user),
                        trace,
                    }),
                    Status::Other(_) => Listed::Id(user.id().to_owned()),
                };
                Ok(value.into_iter().map(listed).collect())
            }
        }
    }

    /// Sends the update that makes the account as wanted. The id of the
    /// operation that it began; `None` when it is said to be done already.
    pub(super) async fn update(
        self,
        before: &Account,
        wanted: &Wanted,
        once: SendOnce,
    ) -> Result<Option<String>, WriteError> {
        let (id, body) = (before.id(), before.update(wanted));
        match self {
            Self::Admin(api) => {
                let reply = api.update_user(id, &body, once).await?;
                Ok(Some(reply.value.operation_id))
            }
            Self::Scim(scim) => {
                scim.patch_user(id, &body, once).await?;
                Ok(None)
            }
        }
    }
}

/// An account of a list.
pub(super) enum Listed {
    /// To be read by itself: the list may carry less of it.
    Id(String),
    /// A SCIM list shows all that is asked, where it shows the status.
    Whole(Reply<Account>),
}
