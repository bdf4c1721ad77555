//! A user as SCIM sends it, kept whole (RFC 7643).

use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::user::Status;

/// A SCIM user resource, every attribute known or not.
#[derive(Clone, Debug, PartialEq)]
pub struct ScimUser(Value);

impl ScimUser {
    /// Takes a resource that has an id; anything else is given back.
    pub fn read(body: Value) -> Result<Self, Value> {
        let user = Self(body);
        if user.id().is_empty() {
            Err(user.0)
        } else {
            Ok(user)
        }
    }

    /// The whole resource, as received.
    pub fn body(&self) -> &Value {
        &self.0
    }

    /// The service's identifier, never empty. Nothing says for certain that it
    /// is the Administration API's.
    pub fn id(&self) -> &str {
        self.text("/id")
    }

    /// The login name, unique in all of 8x8; empty if not given.
    pub fn username(&self) -> &str {
        self.text("/userName")
    }

    /// The e-mail addresses, perhaps placeholders.
    pub fn emails(&self) -> impl Iterator<Item = &str> {
        let emails = self.0.get("emails").and_then(Value::as_array);
        emails
            .into_iter()
            .flatten()
            .filter_map(|email| email.get("value")?.as_str())
    }

    /// The given name; empty if not given.
    pub fn first_name(&self) -> &str {
        self.text("/name/givenName")
    }

    /// The family name; empty if not given.
    pub fn last_name(&self) -> &str {
        self.text("/name/familyName")
    }

    /// The status: `active` as the Administration API would word it. What is
    /// missing or no boolean is another status, never a guess.
    pub fn status(&self) -> Status {
        match self.0.get("active") {
            Some(Value::Bool(true)) => Status::Active,
            Some(Value::Bool(false)) => Status::Inactive,
            Some(other) => Status::Other(format!("active: {other}")),
            None => Status::Other(String::new()),
        }
    }

    /// When the user was created, if the server says so readably.
    pub fn created(&self) -> Option<Timestamp> {
        self.text("/meta/created").parse().ok()
    }

    /// A digest of what this program changes and knows a user by: status and
    /// username. A list may show less of the rest than the user itself.
    /// SHA-256 in lower-case hexadecimal.
    pub fn fingerprint(&self) -> String {
        let status = self.status();
        let seen = serde_json::json!([status.as_str(), self.username()]);
        format!("{:x}", Sha256::digest(seen.to_string()))
    }

    /// The patch that ends access.
    pub fn deactivation() -> Value {
        patch(false)
    }

    /// The patch that gives access back.
    pub fn reactivation() -> Value {
        patch(true)
    }

    fn text(&self, path: &str) -> &str {
        self.0
            .pointer(path)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }
}

/// 8x8 patches nothing but `active`, so the operation names it (RFC 7644
/// section 3.5.2.3).
fn patch(active: bool) -> Value {
    serde_json::json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{ "op": "replace", "path": "active", "value": active }],
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_a_boolean_is_a_status() {
        let status = |active: Value| {
            let user = ScimUser::read(json!({"id": "U1", "active": active}));
            user.expect("a user").status()
        };
        assert_eq!(status(json!(true)), Status::Active);
        assert_eq!(status(json!(false)), Status::Inactive);
        for word in [json!("false"), json!("False"), json!(0), json!(null)] {
            assert!(matches!(status(word), Status::Other(_)));
        }
        let silent = ScimUser::read(json!({"id": "U1"})).expect("a user");
        assert_eq!(silent.status(), Status::Other(String::new()));
        assert!(ScimUser::read(json!({"id": 1})).is_err());
    }

    #[test]
    fn the_fingerprint_goes_by_what_the_program_goes_by() {
        let user = |active, title| {
            let body = json!({"id": "U1", "userName": "ann", "active": active, "title": title});
            ScimUser::read(body).expect("a user").fingerprint()
        };
        assert_eq!(user(true, "Clerk"), user(true, "Chief"));
        assert_ne!(user(true, "Clerk"), user(false, "Clerk"));
    }
}
