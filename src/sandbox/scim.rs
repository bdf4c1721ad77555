//! SCIM of the same tenant: `/Users` to look people up, read them, and patch
//! `active`.
//!
//! Written from RFC 7643 and 7644 and from what the vendor says of its service:
//! a bearer token, PATCH for `active` alone, a list that may show nobody but
//! users whom an identity provider created. On its rates the vendor is silent;
//! here they are the Administration API's, for the token by itself.

use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::answer::Answer;
use super::clock::seconds_until;
use super::error::described;
use super::limits::Admission;
use super::log::{LogEntry, LogWrite};
use super::options::{ListScope, PatchAnswer};
use super::query::parameters;
use super::router::{Core, Settings};
use super::scim_filter::username_in;
use super::state::{State, username};
use super::state_file;
use super::update::change_digest;

/// Where the service is.
pub(super) const BASE_PATH: &str = "/scim/v2";
/// The media type of everything it says.
pub(super) const SCIM: &str = "application/scim+json";

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// A page holds no more than this, whatever is asked for.
const LARGEST_PAGE: usize = 100;

/// What a path below the service names.
pub(super) enum Resource {
    Users,
    User(String),
    Unknown,
}

/// A request that is refused (RFC 7644 section 3.12).
pub(super) struct Refusal {
    status: StatusCode,
    /// One of the RFC's words for what is wrong with a 400.
    scim_type: Option<&'static str>,
    detail: String,
    retry_at: Option<Timestamp>,
}

impl Refusal {
    fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            scim_type: None,
            detail: detail.into(),
            retry_at: None,
        }
    }

    fn bad(scim_type: &'static str, detail: &str) -> Self {
        Self {
            scim_type: Some(scim_type),
            ..Self::new(StatusCode::BAD_REQUEST, detail)
        }
    }

    fn not_found(id: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("Resource {id} not found"))
    }

    pub(super) fn into_answer(self, now: Timestamp) -> Answer {
        let mut body = error_body(self.status, &self.detail);
        if let Some(scim_type) = self.scim_type {
            body["scimType"] = json!(scim_type);
        }
        Answer {
            retry_after: self.retry_at.map(|time| seconds_until(now, time)),
            ..Answer::new(self.status, SCIM, body)
        }
    }
}

impl Core {
    /// Does what a request to the service asks, and notes in `entry` what it
    /// did.
    pub(super) fn answer_scim(
        &mut self,
        settings: &Settings,
        resource: &Resource,
        request: &Request<Vec<u8>>,
        now: Timestamp,
        entry: &mut LogEntry,
    ) -> Result<Answer, Refusal> {
        let bearer = format!("Bearer {}", settings.scim.token);
        if request
            .headers()
            .get(AUTHORIZATION)
            .map(HeaderValue::as_bytes)
            != Some(bearer.as_bytes())
        {
            let detail = "Authorization failure. The authorization header is invalid or missing.";
            return Err(Refusal::new(StatusCode::UNAUTHORIZED, detail));
        }
        if let Admission::Refused { retry_at } = self.scim_windows.arrive(now) {
            return Err(Refusal {
                retry_at: Some(retry_at),
                ..Refusal::new(StatusCode::TOO_MANY_REQUESTS, "Too many requests")
            });
        }
        match (resource, request.method()) {
            (Resource::Users, &Method::GET) => {
                let query = request.uri().query().unwrap_or_default();
                let page = list(&self.state, settings, query, now)?;
                Ok(Answer::new(StatusCode::OK, SCIM, page))
            }
            (Resource::User(id), &Method::GET) => {
                let user = self.state.shown(id, settings.shown_at(now));
                let user = user.filter(|user| is_in_scope(settings.scim.list_scope, user));
                let user = user.ok_or_else(|| Refusal::not_found(id))?;
                Ok(Answer::new(StatusCode::OK, SCIM, render(user, settings)))
            }
            (Resource::User(id), &Method::PATCH) => self.patch(settings, id, request, now, entry),
            (Resource::Unknown, _) => Err(Refusal::not_found(request.uri().path())),
            (Resource::Users | Resource::User(_), _) => Err(Refusal::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "Method not supported",
            )),
        }
    }

    fn patch(
        &mut self,
        settings: &Settings,
        id: &str,
        request: &Request<Vec<u8>>,
        now: Timestamp,
        entry: &mut LogEntry,
    ) -> Result<Answer, Refusal> {
        check_content_type(request.headers())?;
        let active = wanted(request.body())?;
        let before = visible(&self.state, settings, id);
        let before = before.ok_or_else(|| Refusal::not_found(id))?;
        if self.state.in_flight().any(|open| open.user_id == id) {
            let detail = "The user is being changed";
            return Err(Refusal::new(StatusCode::CONFLICT, detail));
        }
        let status = if active { "ACTIVE" } else { "INACTIVE" };
        let mut after = before.clone();
        after["basicInfo"]["status"] = json!(status);
        after["basicInfo"]["lastUpdatedTime"] = json!(format!("{now:.3}"));
        let digest = change_digest(&after);
        let write = LogWrite {
            username: username(before).to_owned(),
            change: digest.clone(),
            repeated: before["basicInfo"]["status"] == status
                || self.state.latest_change(id) == Some(digest.as_str()),
            // A patch sends nothing back that could get lost.
            fields_lost: std::collections::BTreeSet::new(),
            takes_effect: true,
        };
        let earlier = self.state.change_at_once(id, after.clone(), Some(digest));
        if let Some(path) = &settings.state_file
            && let Err(error) = state_file::replace(path, &self.state)
        {
            if let Some((before, digest)) = earlier {
                self.state.change_at_once(id, before, digest);
            }
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            return Err(Refusal::new(status, described(&error)));
        }
        if let Some((before, _)) = earlier {
            self.state.remember(id, now, before);
        }
        entry.write = Some(write);
        Ok(match settings.scim.patch_answer {
            PatchAnswer::Resource => Answer::new(StatusCode::OK, SCIM, render(&after, settings)),
            PatchAnswer::NoContent => Answer::new(StatusCode::NO_CONTENT, SCIM, Value::Null),
        })
    }
}

impl Resource {
    /// Of a path below the service's own.
    pub(super) fn of(path: &str) -> Self {
        let segments: Vec<&str> = path.split('/').collect();
        match segments.as_slice() {
            ["", "Users"] => Self::Users,
            ["", "Users", id] if !id.is_empty() => {
                super::query::percent_decoded(id).map_or(Self::Unknown, Self::User)
            }
            _ => Self::Unknown,
        }
    }
}

/// The RFC's error, without a word for what is wrong.
pub(super) fn error_body(status: StatusCode, detail: &str) -> Value {
    json!({
        "schemas": [ERROR],
        "status": status.as_str(),
        "detail": detail,
    })
}

/// `ListResponse`, RFC 7644 section 3.4.2: positions are counted from 1, and
/// what is out of range is taken as the nearest that is in it.
fn list(state: &State, settings: &Settings, query: &str, now: Timestamp) -> Result<Value, Refusal> {
    let parameters =
        parameters(query).ok_or_else(|| Refusal::bad("invalidSyntax", "The query is broken"))?;
    let number = |name: &str| {
        let text = parameters.get(name);
        let number = text.map(|text| text.parse::<i64>()).transpose();
        let number = number.map_err(|_| Refusal::bad("invalidValue", name));
        number.map(|it| it.map(|it| usize::try_from(it).unwrap_or(0)))
    };
    let start = number("startIndex")?.unwrap_or(1).max(1);
    let count = number("count")?.unwrap_or(LARGEST_PAGE).min(LARGEST_PAGE);
    let wanted = match parameters.get("filter") {
        None => None,
        Some(filter) => {
            let only = "Only userName eq \"…\" is supported";
            let name = username_in(filter).ok_or_else(|| Refusal::bad("invalidFilter", only))?;
            Some(name.to_lowercase())
        }
    };
    let found: Vec<&Value> = state
        .users_shown(settings.shown_at(now))
        .filter(|user| is_in_scope(settings.scim.list_scope, user))
        .filter(|user| {
            let name = username(user).to_lowercase();
            wanted.as_ref().is_none_or(|wanted| *wanted == name)
        })
        .collect();
    let page = found.iter().skip(start - 1).take(count);
    let page: Vec<Value> = page.map(|user| render(user, settings)).collect();
    Ok(json!({
        "schemas": [LIST],
        "totalResults": found.len(),
        "startIndex": start,
        "itemsPerPage": page.len(),
        "Resources": page,
    }))
}

fn visible<'s>(state: &'s State, settings: &Settings, id: &str) -> Option<&'s Value> {
    let user = state.user(id)?;
    is_in_scope(settings.scim.list_scope, user).then_some(user)
}

fn is_in_scope(scope: ListScope, user: &Value) -> bool {
    match scope {
        ListScope::AllUsers => true,
        ListScope::Provisioned => user["basicInfo"]["scimProvider"].is_string(),
    }
}

/// A user of the tenant as a SCIM resource.
fn render(user: &Value, settings: &Settings) -> Value {
    let basic = &user["basicInfo"];
    let id = basic["userId"].as_str().unwrap_or_default();
    json!({
        "schemas": [USER],
        "id": id,
        "userName": basic["userName"],
        "name": { "givenName": basic["firstName"], "familyName": basic["lastName"] },
        "active": basic["status"] == "ACTIVE",
        "locale": "en-US",
        "emails": [{ "value": basic["primaryEmail"], "type": "work", "primary": true }],
        "meta": {
            "resourceType": "User",
            "created": basic["createdTime"],
            "lastModified": basic["lastUpdatedTime"],
            "location": format!("{}/Users/{id}", settings.scim_base_url),
        },
    })
}

fn check_content_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let named = headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let essence = named.and_then(|it| it.split(';').next()).map(str::trim);
    match essence {
        Some(SCIM | "application/json") => Ok(()),
        Some(_) | None => Err(Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            format!("Content-Type must be {SCIM}"),
        )),
    }
}

/// What a patch makes of `active`. The vendor patches nothing else.
fn wanted(body: &[u8]) -> Result<bool, Refusal> {
    let syntax = |detail| Refusal::bad("invalidSyntax", detail);
    let body: Value = serde_json::from_slice(body).map_err(|_| syntax("The request is no JSON"))?;
    let schemas = body["schemas"].as_array();
    if !schemas.is_some_and(|schemas| schemas.iter().any(|schema| schema == PATCH)) {
        return Err(syntax("schemas must hold that of PatchOp"));
    }
    let operations = body["Operations"].as_array();
    let Some([operation]) = operations.map(Vec::as_slice) else {
        return Err(syntax("exactly one operation is supported"));
    };
    let op = operation["op"].as_str().unwrap_or_default().to_lowercase();
    if op != "replace" && op != "add" {
        return Err(syntax("op must be replace"));
    }
    let value = match operation["path"].as_str() {
        Some(path) if path.eq_ignore_ascii_case("active") => &operation["value"],
        Some(_) => return Err(Refusal::bad("mutability", "Only active can be patched")),
        None => match operation["value"].as_object() {
            Some(fields) if fields.len() == 1 => &operation["value"]["active"],
            Some(_) | None => {
                return Err(Refusal::bad("mutability", "Only active can be patched"));
            }
        },
    };
    let value = value.as_bool();
    value.ok_or_else(|| Refusal::bad("invalidValue", "active must be a boolean"))
}
