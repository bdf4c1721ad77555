//! A user as the API sends it, kept whole.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// A user's body, every field known or not. An update sends the whole user
/// back, so nothing may be lost on the way through: it stays JSON and is
/// edited by path.
#[derive(Clone, Debug, PartialEq)]
pub struct User(Value);

/// Whether a user can log in and use services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// They can.
    Active,
    /// They cannot.
    Inactive,
    /// A word that the vendor's document does not list, empty if none was
    /// given.
    Other(String),
}

/// A licence on a user: one seat.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct License {
    /// Its identifier.
    pub id: String,
    /// Its name, often with product code and country at the end.
    pub name: String,
    /// Its country, two letters; empty if not given. It may contradict the
    /// name.
    pub country: String,
}

/// What an update changes. What is not named here stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserChange {
    /// The new status, if it changes.
    pub status: Option<Status>,
    /// Licences to take away, with the extensions bound to them.
    pub remove_license_ids: Vec<String>,
    /// Licences to be given, by name and country: which seat is up to the
    /// vendor.
    pub add_licenses: Vec<NewLicense>,
}

/// A licence that an account shall get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLicense {
    /// Its name as the vendor writes it.
    pub name: String,
    /// Its country, two letters; empty if not known.
    pub country: String,
}

impl User {
    /// Takes a body that has a `basicInfo` with a user id; anything else is
    /// given back.
    pub fn read(body: Value) -> Result<Self, Value> {
        let user = Self(body);
        if user.user_id().is_empty() {
            Err(user.0)
        } else {
            Ok(user)
        }
    }

    /// The whole body, as received.
    pub fn body(&self) -> &Value {
        &self.0
    }

    /// The user's identifier, never empty.
    pub fn user_id(&self) -> &str {
        self.text("/basicInfo/userId")
    }

    /// The customer the user belongs to; empty if not given.
    pub fn customer_id(&self) -> &str {
        self.text("/basicInfo/customerId")
    }

    /// Whether the user belongs to another customer. The first fifteen
    /// characters of an id name the customer; the rest is a checksum.
    pub fn is_of_another_customer(&self, customer_id: &str) -> bool {
        let first = |id: &str| id.chars().take(15).collect::<String>();
        let seen = self.customer_id();
        !seen.is_empty() && first(customer_id) != first(seen)
    }

    /// The login name; empty if not given.
    pub fn username(&self) -> &str {
        self.text("/basicInfo/userName")
    }

    /// The e-mail address, perhaps a placeholder; empty if not given.
    pub fn email(&self) -> &str {
        self.text("/basicInfo/primaryEmail")
    }

    /// The first name; empty if not given.
    pub fn first_name(&self) -> &str {
        self.text("/basicInfo/firstName")
    }

    /// The last name; empty if not given.
    pub fn last_name(&self) -> &str {
        self.text("/basicInfo/lastName")
    }

    /// The status.
    pub fn status(&self) -> Status {
        Status::read(self.text("/basicInfo/status"))
    }

    /// When the user was created, if the server says so readably.
    pub fn created(&self) -> Option<Timestamp> {
        self.created_text().parse().ok()
    }

    /// When the user was created, as the server writes it; empty if not given.
    pub fn created_text(&self) -> &str {
        self.text("/basicInfo/createdTime")
    }

    /// The identity provider that manages the user, if one does.
    pub fn scim_provider(&self) -> Option<&str> {
        Some(self.text("/basicInfo/scimProvider")).filter(|provider| !provider.is_empty())
    }

    /// The name of the user's site; empty if not given.
    pub fn site_name(&self) -> &str {
        self.text("/basicInfo/site/name")
    }

    /// The department; empty if not given.
    pub fn department(&self) -> &str {
        self.text("/directoryInfo/department")
    }

    /// Whether the body says which licences there are, if only that there are
    /// none: a list may carry less of a user than the user itself.
    pub fn says_licenses(&self) -> bool {
        let licenses = self.0.pointer("/serviceInfo/licenses");
        licenses.is_some_and(Value::is_array)
    }

    /// The licences in the order received, number (DID) licences included.
    pub fn licenses(&self) -> Vec<License> {
        self.list("/serviceInfo/licenses")
            .map(|license| License {
                id: text_of(license, "id").to_owned(),
                name: text_of(license, "name").to_owned(),
                country: text_of(license, "country").to_owned(),
            })
            .collect()
    }

    /// The first extension's number; empty if there is none.
    pub fn extension_number(&self) -> &str {
        let mut numbers = self.extensions().map(|it| text_of(it, "extensionNumber"));
        numbers.find(|number| !number.is_empty()).unwrap_or("")
    }

    /// The numbers of all extensions.
    pub fn extension_numbers(&self) -> Vec<String> {
        let numbers = self.extensions().map(|it| text_of(it, "extensionNumber"));
        let given = numbers.filter(|number| !number.is_empty());
        given.map(str::to_owned).collect()
    }

    /// The phone numbers of all extensions.
    pub fn phone_numbers(&self) -> Vec<String> {
        self.of_extensions("phoneNumbers", "phoneNumber")
    }

    /// The hardware addresses of the devices on all extensions.
    pub fn devices(&self) -> Vec<String> {
        self.of_extensions("devices", "macAddress")
    }

    /// The user with those extensions alone that are bound to these licences.
    #[must_use]
    pub fn with_extensions_of(&self, license_ids: &BTreeSet<String>) -> Self {
        let mut user = self.clone();
        if let Some(extensions) = list_mut(&mut user.0, "/serviceInfo/extensions") {
            extensions.retain(|extension| license_ids.contains(text_of(extension, "licenseId")));
        }
        user
    }

    /// Whether it has an extension.
    pub fn has_extensions(&self) -> bool {
        self.extensions().next().is_some()
    }

    /// The names of the ring groups and call queues that the user is in, or
    /// their ids where they have no name.
    pub fn memberships(&self) -> Vec<String> {
        let lists = ["/assignmentInfo/ringGroups", "/assignmentInfo/ucCallQueues"];
        lists
            .into_iter()
            .flat_map(|list| self.list(list))
            .filter_map(|group| {
                let named = ["name", "id"].map(|field| text_of(group, field));
                named.into_iter().find(|text| !text.is_empty())
            })
            .map(str::to_owned)
            .collect()
    }

    /// Whether an extension lets people log in to shared devices.
    pub fn has_hot_desk(&self) -> bool {
        self.extensions()
            .any(|extension| extension.get("hotDeskEnabled") == Some(&Value::Bool(true)))
    }

    /// Whether an extension belongs to Contact Center.
    pub fn has_contact_center_extension(&self) -> bool {
        self.extensions()
            .any(|extension| text_of(extension, "extensionType") == "CC")
    }

    /// The body to send back: the same values in the same order, with only
    /// `change` applied. Licences whose name `number_license` recognizes are
    /// left out, as the vendor's guide demands of updates ("Don't include DID
    /// licenses in POST or PUT requests").
    pub fn updated(&self, change: &UserChange, number_license: &dyn Fn(&str) -> bool) -> Value {
        let mut body = self.0.clone();
        if let Some(status) = &change.status
            && let Some(basic) = body
                .pointer_mut("/basicInfo")
                .and_then(Value::as_object_mut)
        {
            basic.insert("status".to_owned(), status.as_str().into());
        }
        let removed = |id: &str| {
            change
                .remove_license_ids
                .iter()
                .any(|removed| removed == id)
        };
        if let Some(licenses) = list_mut(&mut body, "/serviceInfo/licenses") {
            licenses.retain(|license| {
                !removed(text_of(license, "id")) && !number_license(text_of(license, "name"))
            });
        }
        if !change.add_licenses.is_empty() {
            // An account that holds none may have no list.
            let mut licenses = match body.pointer("/serviceInfo/licenses") {
                Some(Value::Array(held)) => held.clone(),
                Some(_) | None => Vec::new(),
            };
            licenses.extend(change.add_licenses.iter().map(NewLicense::body));
            body["serviceInfo"]["licenses"] = Value::Array(licenses);
        }
        if let Some(extensions) = list_mut(&mut body, "/serviceInfo/extensions") {
            extensions.retain(|extension| !removed(text_of(extension, "licenseId")));
        }
        body
    }

    /// A digest of what this program changes or goes by: status, licences,
    /// username and e-mail. SHA-256 in lower-case hexadecimal; the order of
    /// licences does not matter.
    pub fn fingerprint(&self) -> String {
        let mut licenses: Vec<(String, String)> = self
            .licenses()
            .into_iter()
            .map(|license| (license.id, license.name))
            .collect();
        licenses.sort_unstable();
        let seen = serde_json::json!([
            self.status().as_str(),
            licenses,
            self.username(),
            self.email()
        ]);
        format!("{:x}", Sha256::digest(seen.to_string()))
    }

    fn extensions(&self) -> impl Iterator<Item = &Value> {
        self.list("/serviceInfo/extensions")
    }

    /// A field of everything in one of the extensions' lists, where filled.
    fn of_extensions(&self, list: &str, field: &str) -> Vec<String> {
        self.extensions()
            .filter_map(|extension| extension.get(list)?.as_array())
            .flatten()
            .map(|element| text_of(element, field).to_owned())
            .filter(|text| !text.is_empty())
            .collect()
    }

    fn text(&self, path: &str) -> &str {
        self.0
            .pointer(path)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    fn list(&self, path: &str) -> impl Iterator<Item = &Value> {
        self.0
            .pointer(path)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    }
}

impl NewLicense {
    fn body(&self) -> Value {
        if self.country.is_empty() {
            return serde_json::json!({ "name": self.name });
        }
        serde_json::json!({ "name": self.name, "country": self.country })
    }
}

impl Status {
    /// The word the API uses.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Active => "ACTIVE",
            Self::Inactive => "INACTIVE",
            Self::Other(word) => word,
        }
    }

    fn read(word: &str) -> Self {
        match word {
            "ACTIVE" => Self::Active,
            "INACTIVE" => Self::Inactive,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

fn text_of<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn list_mut<'a>(body: &'a mut Value, path: &str) -> Option<&'a mut Vec<Value>> {
    body.pointer_mut(path)?.as_array_mut()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = r#"{"futureInfo":{"big":123456789012345678901234567890,"one":1.0,"tenth":0.10,"tiny":1e-7},"basicInfo":{"userId":"u1","customerId":"c1","createdTime":"2025-01-01T01:02:03Z","scimProvider":null,"userName":"jane.doe@example.com","status":"ACTIVE","firstName":"Jane","lastName":"Doe","primaryEmail":"jane.doe@example.com","site":{"name":"Headquarters"}},"serviceInfo":{"zLast":null,"licenses":[{"id":"l1","name":"X Series - X2-VOSVC0216-02-US","country":"US","futureField":[1.50]},{"id":"l2","name":"DID-VOSVC0999-01-US","country":"US"},{"id":"l3","name":"Storage","country":null}],"extensions":[{"id":"e1","licenseId":"l1","maxConcurrentCalls":2},{"id":"e2","licenseId":"l3","hotDeskEnabled":true,"extensionType":"CC"},{"id":"e3","licenseId":null}],"aFirst":true},"assignmentInfo":null}"#;

    fn user() -> User {
        User::read(serde_json::from_str(BODY).expect("JSON")).expect("a user")
    }

    fn is_number(name: &str) -> bool {
        name.starts_with("DID")
    }

    #[test]
    fn nothing_is_lost_on_the_way_through() {
        let unchanged = user().updated(&UserChange::default(), &|_| false);
        assert_eq!(unchanged.to_string(), BODY);
    }

    #[test]
    fn only_the_planned_change_is_made() {
        let change = UserChange {
            status: Some(Status::Inactive),
            remove_license_ids: vec!["l1".to_owned()],
            add_licenses: Vec::new(),
        };
        let expected = BODY
            .replace(r#""status":"ACTIVE""#, r#""status":"INACTIVE""#)
            .replace(
                r#"{"id":"l1","name":"X Series - X2-VOSVC0216-02-US","country":"US","futureField":[1.50]},"#,
                "",
            )
            .replace(r#"{"id":"l2","name":"DID-VOSVC0999-01-US","country":"US"},"#, "")
            .replace(r#"{"id":"e1","licenseId":"l1","maxConcurrentCalls":2},"#, "");
        assert_eq!(user().updated(&change, &is_number).to_string(), expected);
    }

    #[test]
    fn a_user_without_services_stays_without() {
        let body = r#"{"basicInfo":{"userId":"u1"},"serviceInfo":{"licenses":null}}"#;
        let user = User::read(serde_json::from_str(body).expect("JSON")).expect("a user");
        let change = UserChange {
            status: Some(Status::Inactive),
            remove_license_ids: vec!["l1".to_owned()],
            add_licenses: Vec::new(),
        };
        assert_eq!(
            user.updated(&change, &is_number).to_string(),
            r#"{"basicInfo":{"userId":"u1","status":"INACTIVE"},"serviceInfo":{"licenses":null}}"#
        );
        assert!(user.licenses().is_empty());
        assert!(!user.has_hot_desk());
        assert_eq!(user.status(), Status::Other(String::new()));
    }

    #[test]
    fn a_license_is_asked_for_by_name_also_where_there_was_no_list() {
        let license = |country: &str| NewLicense {
            name: "Storage".to_owned(),
            country: country.to_owned(),
        };
        let change = UserChange {
            status: Some(Status::Active),
            add_licenses: vec![license("US"), license("")],
            ..UserChange::default()
        };
        for licenses in ["null", "[]"] {
            let body = format!(
                r#"{{"basicInfo":{{"userId":"u1"}},"serviceInfo":{{"licenses":{licenses}}}}}"#
            );
            let user = User::read(serde_json::from_str(&body).expect("JSON")).expect("a user");
            assert_eq!(
                user.updated(&change, &is_number).to_string(),
                r#"{"basicInfo":{"userId":"u1","status":"ACTIVE"},"serviceInfo":{"licenses":[{"name":"Storage","country":"US"},{"name":"Storage"}]}}"#
            );
        }
    }

    #[test]
    fn fields_are_found_by_path() {
        let user = user();
        assert_eq!(user.user_id(), "u1");
        assert_eq!(user.customer_id(), "c1");
        assert_eq!(user.username(), "jane.doe@example.com");
        assert_eq!(user.email(), "jane.doe@example.com");
        assert_eq!((user.first_name(), user.last_name()), ("Jane", "Doe"));
        assert_eq!(user.status(), Status::Active);
        assert_eq!(user.created(), "2025-01-01T01:02:03Z".parse().ok());
        assert_eq!(user.scim_provider(), None);
        assert_eq!(user.site_name(), "Headquarters");
        assert_eq!(user.licenses().len(), 3);
        assert_eq!(user.licenses()[2].country, "");
        assert!(user.has_hot_desk());
        assert!(user.has_contact_center_extension());
    }

    #[test]
    fn a_body_without_a_user_id_is_no_user() {
        for body in ["null", "[]", "{}", r#"{"basicInfo":{"userId":""}}"#] {
            assert!(User::read(serde_json::from_str(body).expect("JSON")).is_err());
        }
    }

    #[test]
    fn the_fingerprint_sees_what_matters_and_only_that() {
        let change = |edit: &dyn Fn(&mut Value)| {
            let mut body = user().0;
            edit(&mut body);
            User::read(body).expect("a user").fingerprint() != user().fingerprint()
        };
        assert!(!change(
            &|body| body["basicInfo"]["lastUpdatedTime"] = "now".into()
        ));
        assert!(!change(&|body| list_mut(body, "/serviceInfo/licenses")
            .expect("a list")
            .reverse()));
        assert!(change(
            &|body| body["basicInfo"]["status"] = "INACTIVE".into()
        ));
        assert!(change(
            &|body| body["basicInfo"]["userName"] = "other".into()
        ));
        assert!(change(
            &|body| body["basicInfo"]["primaryEmail"] = "other".into()
        ));
        assert!(change(
            &|body| body["serviceInfo"]["licenses"][0]["id"] = "l9".into()
        ));
        assert_eq!(user().fingerprint().len(), 64);
    }
}
