//! `PUT /users/{userId}`: what an update may hold, and what it comes to.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::answer::{Fault, Problem};
use super::identity::digest;
use super::lost::fields_lost;
use super::render::{is_number_license, number_licenses};
use super::state::{State, username};

/// A valid update.
#[derive(Debug)]
pub(super) struct Update {
    /// The user afterwards.
    pub(super) after: Value,
    /// Licenses that the user gives up, number licenses aside.
    pub(super) removed: Vec<Value>,
    /// Free seats that the user takes.
    pub(super) added: Vec<Value>,
    /// Stands for the status and licenses wanted.
    pub(super) digest: String,
    /// What the body fails to send back; see [`fields_lost`].
    pub(super) fields_lost: BTreeSet<String>,
    /// Whether the user stays as it is.
    pub(super) changes_nothing: bool,
}

/// The fields that a body cannot change.
const READ_ONLY: [&str; 3] = ["userId", "customerId", "createdTime"];

/// The required fields, with the lengths that the vendor's document gives, in characters.
const REQUIRED: [(&str, usize, usize); 4] = [
    ("userName", 3, 70),
    ("firstName", 2, 128),
    ("lastName", 2, 30),
    ("primaryEmail", 5, 128),
];

/// Checks `body` as an update of the user `before`, and says what it comes to
/// if it completes at `completes`.
pub(super) fn prepare(
    state: &State,
    before: &Value,
    body: Value,
    completes: Timestamp,
) -> Result<Update, Problem> {
    let user_id = before["basicInfo"]["userId"].as_str().unwrap_or_default();
    let basic = &body["basicInfo"];
    if let Some(sent) = basic["userId"].as_str()
        && sent != user_id
    {
        return Err(Problem::mismatched_user_id(user_id, sent));
    }
    if let Some(sent) = basic["customerId"].as_str()
        && sent != state.customer_id
    {
        return Err(Problem::other_customer(&state.customer_id, sent));
    }
    let mut faults = wrong_types(&body);
    faults.extend(wrong_basics(state, user_id, basic));
    if !faults.is_empty() {
        return Err(Problem::validation(faults));
    }

    let seats = Seats::resolve(state, before, &body["serviceInfo"]["licenses"])?;
    check_extensions(&body["serviceInfo"]["extensions"], &seats.held)?;

    let removed_ids: BTreeSet<&str> = seats
        .removed
        .iter()
        .filter_map(|license| license["id"].as_str())
        .collect();
    let lost = fields_lost(before, &body, &removed_ids);
    let after = after(before, body, &seats, completes);
    Ok(Update {
        digest: change_digest(&after),
        changes_nothing: same_but_for_time(before, &after),
        fields_lost: lost,
        removed: seats.removed,
        added: seats.added,
        after,
    })
}

/// What the licenses of a body come to.
struct Seats {
    /// Those that the user holds afterwards, number licenses aside.
    held: Vec<Value>,
    removed: Vec<Value>,
    added: Vec<Value>,
}

impl Seats {
    fn resolve(state: &State, before: &Value, wanted: &Value) -> Result<Self, Problem> {
        let owned: Vec<&Value> = items(&before["serviceInfo"]["licenses"])
            .filter(|license| !is_number(license))
            .collect();
        let mut seats = Self {
            held: Vec::new(),
            removed: Vec::new(),
            added: Vec::new(),
        };
        let mut faults = Vec::new();
        for (position, license) in items(wanted).enumerate() {
            let field = format!("serviceInfo.licenses[{position}]");
            if is_number(license) || is_number_of(before, license) {
                faults.push(Fault::invalid(
                    &field,
                    "DID licenses are assigned with phone numbers and must not be sent",
                ));
                continue;
            }
            let not_taken = |seat: &&Value| !seats.held.contains(seat);
            let mut own = owned.iter().copied().filter(not_taken);
            let mut free = state.free_seats().iter().filter(not_taken);
            if let Some(seat) = own.find(|seat| names(license, seat)) {
                seats.held.push(seat.clone());
            } else if let Some(seat) = free.find(|seat| names(license, seat)) {
                seats.held.push(seat.clone());
                seats.added.push(seat.clone());
            } else {
                faults.push(Fault::invalid(
                    &field,
                    "No license of this kind is available",
                ));
            }
        }
        if !faults.is_empty() {
            return Err(Problem::validation(faults));
        }
        seats.removed = owned
            .into_iter()
            .filter(|license| !seats.held.contains(license))
            .cloned()
            .collect();
        Ok(seats)
    }
}

/// Whether `license`, as sent, means `seat`: by id, or else by name and, if
/// sent, country.
fn names(license: &Value, seat: &Value) -> bool {
    if license["id"].is_string() {
        return license["id"] == seat["id"];
    }
    license["name"] == seat["name"]
        && (license["country"].is_null() || license["country"] == seat["country"])
}

fn is_number(license: &Value) -> bool {
    license["name"].as_str().is_some_and(is_number_license)
}

/// Whether `license` is one of the user's number licenses, sent by id alone.
fn is_number_of(user: &Value, license: &Value) -> bool {
    license["id"].is_string()
        && items(&user["serviceInfo"]["licenses"])
            .any(|held| held["id"] == license["id"] && is_number(held))
}

fn wrong_types(body: &Value) -> Vec<Fault> {
    let mut faults = Vec::new();
    if !body["basicInfo"].is_object() {
        faults.push(Fault::invalid("basicInfo", "must not be null"));
    }
    for part in ["directoryInfo", "serviceInfo", "assignmentInfo"] {
        if !body[part].is_object() && !body[part].is_null() {
            faults.push(Fault::invalid(part, "must be an object"));
        }
    }
    for list in ["licenses", "extensions"] {
        let sent = &body["serviceInfo"][list];
        let is_list = sent.is_null() || sent.is_array();
        if !is_list || !items(sent).all(Value::is_object) {
            let field = format!("serviceInfo.{list}");
            faults.push(Fault::invalid(&field, "must be a list of objects"));
        }
    }
    faults
}

/// The vendor's document also restricts the letters of names; that is left
/// out here, because tenants hold people whose names break it.
fn wrong_basics(state: &State, user_id: &str, basic: &Value) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (name, shortest, longest) in REQUIRED {
        let field = format!("basicInfo.{name}");
        let value = basic[name].as_str().unwrap_or_default();
        if value.trim().is_empty() {
            faults.push(Fault::invalid(&field, "must not be blank"));
        } else if !(shortest..=longest).contains(&value.chars().count()) {
            let message = format!("size must be between {shortest} and {longest}");
            faults.push(Fault::invalid(&field, message));
        } else if name == "primaryEmail" && !value.contains('@') {
            faults.push(Fault::invalid(
                &field,
                "must be a well-formed email address",
            ));
        }
    }
    let status = &basic["status"];
    if !status.is_null() && status != "ACTIVE" && status != "INACTIVE" {
        faults.push(Fault::invalid(
            "basicInfo.status",
            "must be ACTIVE or INACTIVE",
        ));
    }
    let wanted = basic["userName"]
        .as_str()
        .unwrap_or_default()
        .to_lowercase();
    // Usernames are unique, so whoever keeps one takes nobody's.
    let kept = state
        .user(user_id)
        .is_some_and(|user| username(user).to_lowercase() == wanted);
    let taken = !kept
        && state.users().any(|user| {
            user["basicInfo"]["userId"] != user_id && username(user).to_lowercase() == wanted
        });
    if taken {
        faults.push(Fault {
            field: None,
            code: "VALIDATION_ERROR",
            message: "userName already in use".to_owned(),
        });
    }
    faults
}

fn check_extensions(extensions: &Value, held: &[Value]) -> Result<(), Problem> {
    let faults: Vec<Fault> = items(extensions)
        .enumerate()
        .filter(|(_, extension)| {
            let license = &extension["licenseId"];
            !license.is_null() && !held.iter().any(|seat| seat["id"] == *license)
        })
        .map(|(position, _)| {
            Fault::invalid(
                &format!("serviceInfo.extensions[{position}].licenseId"),
                "The license of the extension is not among the user's licenses",
            )
        })
        .collect();
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Problem::validation(faults))
    }
}

/// The user once the update is made. Extensions went with their licenses, the
/// body cannot keep them; numbers went with the extensions; and without an
/// extension there is no place in a ring group or a queue.
fn after(before: &Value, body: Value, seats: &Seats, completes: Timestamp) -> Value {
    let mut user = body;
    for field in READ_ONLY {
        user["basicInfo"][field] = before["basicInfo"][field].clone();
    }
    user["basicInfo"]["lastUpdatedTime"] = json!(format!("{completes:.3}"));
    if user["basicInfo"]["status"].is_null() {
        user["basicInfo"]["status"] = before["basicInfo"]["status"].clone();
    }
    let extensions: Vec<Value> = items(&user["serviceInfo"]["extensions"]).cloned().collect();
    let licenses: Vec<Value> = seats
        .held
        .iter()
        .cloned()
        .chain(number_licenses(&extensions))
        .collect();
    user["serviceInfo"]["licenses"] = json!(licenses);
    if extensions.is_empty() {
        user["serviceInfo"]["extensions"] = json!([]);
        for memberships in ["ringGroups", "ucCallQueues"] {
            if let Some(list) = user["assignmentInfo"].get_mut(memberships) {
                *list = json!([]);
            }
        }
    }
    user
}

/// Stands for the status and licenses of a user.
pub(super) fn change_digest(after: &Value) -> String {
    let mut licenses: Vec<&str> = items(&after["serviceInfo"]["licenses"])
        .filter(|license| !is_number(license))
        .filter_map(|license| license["id"].as_str())
        .collect();
    licenses.sort_unstable();
    digest(&format!("{} {licenses:?}", after["basicInfo"]["status"]))
}

fn same_but_for_time(before: &Value, after: &Value) -> bool {
    let mut before = before.clone();
    before["basicInfo"]["lastUpdatedTime"] = after["basicInfo"]["lastUpdatedTime"].clone();
    before == *after
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}
