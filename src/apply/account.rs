//! An account as one of the vendor's APIs shows it.

use jiff::Timestamp;
use serde_json::Value;

use super::judge::{Wanted, is_number_license};
use crate::model::Channel;
use crate::vendor::{License, ScimUser, Status, User};

/// An account, by the API that it was read from.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Account {
    /// From the Administration API: whole.
    Admin(User),
    /// From SCIM: who it is and whether it is active, no licences.
    Scim(ScimUser),
}

impl Account {
    /// An account as an intent kept it; `None` when it cannot be read.
    pub(super) fn remembered(channel: Channel, before_image: &str) -> Option<Self> {
        let body: Value = serde_json::from_str(before_image).ok()?;
        match channel {
            Channel::AdminApi => User::read(body).ok().map(Self::Admin),
            Channel::Scim => ScimUser::read(body).ok().map(Self::Scim),
            Channel::Manual | Channel::File => None,
        }
    }

    /// The API's identifier, never empty.
    pub(super) fn id(&self) -> &str {
        match self {
            Self::Admin(user) => user.user_id(),
            Self::Scim(user) => user.id(),
        }
    }

    /// The whole body, as received.
    pub(super) fn body(&self) -> &Value {
        match self {
            Self::Admin(user) => user.body(),
            Self::Scim(user) => user.body(),
        }
    }

    pub(super) fn username(&self) -> &str {
        match self {
            Self::Admin(user) => user.username(),
            Self::Scim(user) => user.username(),
        }
    }

    pub(super) fn status(&self) -> Status {
        match self {
            Self::Admin(user) => user.status(),
            Self::Scim(user) => user.status(),
        }
    }

    pub(super) fn created(&self) -> Option<Timestamp> {
        match self {
            Self::Admin(user) => user.created(),
            Self::Scim(user) => user.created(),
        }
    }

    /// The licences; `None` where the API does not show them.
    pub(super) fn licenses(&self) -> Option<Vec<License>> {
        match self {
            Self::Admin(user) => Some(user.licenses()),
            Self::Scim(_) => None,
        }
    }

    /// Whether the body says which licences there are.
    pub(super) fn says_licenses(&self) -> bool {
        match self {
            Self::Admin(user) => user.says_licenses(),
            Self::Scim(_) => false,
        }
    }

    /// The identity provider that manages it, where the API says so.
    pub(super) fn managed_by(&self) -> Option<&str> {
        match self {
            Self::Admin(user) => user.scim_provider(),
            Self::Scim(_) => None,
        }
    }

    pub(super) fn has_hot_desk(&self) -> bool {
        match self {
            Self::Admin(user) => user.has_hot_desk(),
            Self::Scim(_) => false,
        }
    }

    /// Whether it belongs to another customer, where the API says to which.
    pub(super) fn is_of_another_customer(&self, customer_id: &str) -> bool {
        match self {
            Self::Admin(user) => user.is_of_another_customer(customer_id),
            Self::Scim(_) => false,
        }
    }

    /// A digest of what this program changes or goes by.
    pub(super) fn fingerprint(&self) -> String {
        match self {
            Self::Admin(user) => user.fingerprint(),
            Self::Scim(user) => user.fingerprint(),
        }
    }

    /// The body that makes it as wanted.
    pub(super) fn update(&self, wanted: &Wanted) -> Value {
        match self {
            Self::Admin(user) => user.updated(&wanted.change(), &is_number_license),
            Self::Scim(_) if wanted.reactivate.is_some() => ScimUser::reactivation(),
            Self::Scim(_) => ScimUser::deactivation(),
        }
    }
}
