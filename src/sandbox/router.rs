//! Which request does what, and to whom it is allowed.

use std::path::PathBuf;

use axum::http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderName};
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::answer::{Answer, OPERATIONS, Problem, USERS};
use super::error::described;
use super::faults::{Fate, Faults};
use super::identity::is_uuid;
use super::limits::{Admission, Windows};
use super::log::{LogEntry, LogWrite};
use super::operations::Ending;
use super::options::{ListPayload, OperationTime, ScimOptions, StrandedSeats, UpdateSupport};
use super::query::percent_decoded;
use super::scim;
use super::state::{State, username};
use super::state_file;
use super::update::{self, Update};
use super::users::{self, Scrolls};

/// The base path of the vendor's API.
pub(super) const BASE_PATH: &str = "/admin-provisioning";
/// The header by which a client names its request.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What does not change while a tenant runs.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) base_url: String,
    pub(super) scim_base_url: String,
    pub(super) scim: ScimOptions,
    pub(super) api_key: String,
    pub(super) state_file: Option<PathBuf>,
    pub(super) log_file: Option<PathBuf>,
    pub(super) operations_in_flight: u32,
    pub(super) operation_time: OperationTime,
    pub(super) stranded_seats: StrandedSeats,
    pub(super) update: UpdateSupport,
    pub(super) read_lag: SignedDuration,
    pub(super) list: ListPayload,
}

impl Settings {
    /// The time whose state is shown to whoever reads now.
    pub(super) fn shown_at(&self, now: Timestamp) -> Timestamp {
        now.checked_sub(self.read_lag).unwrap_or(Timestamp::MIN)
    }
}

/// What changes with every request.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) state: State,
    pub(super) windows: Windows,
    /// Those of the SCIM token.
    pub(super) scim_windows: Windows,
    pub(super) scrolls: Scrolls,
    pub(super) entries: Vec<LogEntry>,
    pub(super) faults: Faults,
}

impl Core {
    /// Lets a request in that has the key, comes in time, and names itself properly.
    pub(super) fn admit(
        &mut self,
        settings: &Settings,
        headers: &HeaderMap,
        now: Timestamp,
    ) -> Result<(), Problem> {
        // The limits are those of a key, so a stranger takes no place in them.
        if headers.get("x-api-key").map(HeaderValue::as_bytes) != Some(settings.api_key.as_bytes())
        {
            return Err(Problem::unauthorized());
        }
        if let Admission::Refused { retry_at } = self.windows.arrive(now) {
            return Err(Problem::too_many_requests(retry_at));
        }
        let request_id = headers.get(REQUEST_ID).map(|id| id.to_str());
        match request_id {
            None => Ok(()),
            Some(Ok(id)) if is_uuid(id) => Ok(()),
            Some(_) => Err(Problem::bad_request("X-Request-Id must be a UUID")),
        }
    }

    /// Does what an admitted request asks, and notes in `entry` what it did.
    pub(super) fn answer(
        &mut self,
        settings: &Settings,
        route: &Route,
        request: &Request<Vec<u8>>,
        now: Timestamp,
        entry: &mut LogEntry,
    ) -> Result<Answer, Problem> {
        let method = request.method();
        match route {
            Route::Users if method == Method::GET => {
                check_accept(request.headers(), USERS)?;
                let query = request.uri().query().unwrap_or_default();
                let page = users::list(&self.state, &mut self.scrolls, query, settings, now)?;
                Ok(Answer::new(StatusCode::OK, USERS, page))
            }
            Route::User(user_id) if method == Method::GET => {
                check_accept(request.headers(), USERS)?;
                let user = self.state.shown(user_id, settings.shown_at(now));
                let user = user.ok_or_else(Problem::not_found)?;
                Ok(Answer::new(StatusCode::OK, USERS, user.clone()))
            }
            Route::User(user_id) if method == Method::PUT => match settings.update {
                UpdateSupport::Implemented => self.update(settings, user_id, request, now, entry),
                UpdateSupport::MethodNotAllowed => Err(Problem::method_not_allowed("GET")),
                UpdateSupport::NotImplemented => Err(Problem::not_implemented()),
            },
            Route::Operation(operation_id) if method == Method::GET => {
                entry.operation_id = Some(operation_id.clone());
                check_accept(request.headers(), OPERATIONS)?;
                let body = self
                    .operation(settings, operation_id, now)
                    .ok_or_else(|| Problem::operation_not_found(operation_id))?;
                Ok(Answer::new(StatusCode::OK, OPERATIONS, body))
            }
            // Users are neither created nor deleted by the client that this
            // tenant is for, so those methods are not there.
            Route::User(_) => Err(Problem::method_not_allowed("GET, PUT")),
            Route::Users | Route::Operation(_) => Err(Problem::method_not_allowed("GET")),
            Route::Scim(_) | Route::Unknown => Err(Problem::not_found()),
        }
    }

    fn update(
        &mut self,
        settings: &Settings,
        user_id: &str,
        request: &Request<Vec<u8>>,
        now: Timestamp,
        entry: &mut LogEntry,
    ) -> Result<Answer, Problem> {
        let body = update_body(request)?;
        let before = self
            .state
            .user(user_id)
            .ok_or_else(Problem::user_not_found)?;
        if self.state.in_flight().any(|open| open.user_id == user_id) {
            return Err(Problem::operation_in_progress());
        }
        let completes = self.state.next_completion(settings.operation_time, now);
        let update = update::prepare(&self.state, before, body, completes)?;
        if self.open_operations() >= u64::from(settings.operations_in_flight) {
            let first = self.state.in_flight().map(|open| open.completes).min();
            return Err(Problem::too_many_requests(first.unwrap_or(now)));
        }

        let ending = ending(settings.stranded_seats, before, &update);
        let write = LogWrite {
            username: username(before).to_owned(),
            change: update.digest.clone(),
            repeated: update.changes_nothing
                || self.state.latest_change(user_id) == Some(update.digest.as_str()),
            fields_lost: update.fields_lost.clone(),
            takes_effect: ending == Ending::Applied,
        };
        let operation_id = self.state.accept(user_id, update, ending, now, completes);
        self.make_durable(settings, &operation_id)?;
        let body = self.operation(settings, &operation_id, now);
        entry.operation_id = Some(operation_id);
        entry.write = Some(write);
        Ok(Answer::new(StatusCode::ACCEPTED, USERS, json!(body)))
    }

    /// A 202 is a promise, so the change is on disk before it. Nobody else is
    /// served meanwhile: the file must not lag behind what others have seen.
    fn make_durable(&mut self, settings: &Settings, operation_id: &str) -> Result<(), Problem> {
        let Some(path) = &settings.state_file else {
            return Ok(());
        };
        state_file::replace(path, &self.state).map_err(|error| {
            self.state.withdraw(operation_id);
            Problem::unknown(described(&error))
        })
    }

    /// Ends the operation that a request began in the way of the fault script.
    pub(super) fn decree(&mut self, settings: &Settings, entry: &mut LogEntry, fate: Fate) {
        let (Some(operation_id), Some(write)) = (&entry.operation_id, &mut entry.write) else {
            return;
        };
        write.takes_effect = false;
        self.state.decree(operation_id, fate);
        if let Some(path) = &settings.state_file {
            // The update is durable as it was accepted; a fate that is lost
            // with the sandbox is none that a client was promised.
            let _ = state_file::replace(path, &self.state);
        }
    }

    /// The user whom a request is about, if it is about one.
    pub(super) fn user_of(&self, route: &Route) -> Option<String> {
        match route {
            Route::User(id) | Route::Scim(scim::Resource::User(id)) => Some(id.clone()),
            Route::Operation(id) => Some(self.state.operation(id)?.user_id.clone()),
            Route::Users
            | Route::Scim(scim::Resource::Users | scim::Resource::Unknown)
            | Route::Unknown => None,
        }
    }

    fn operation(&self, settings: &Settings, operation_id: &str, now: Timestamp) -> Option<Value> {
        let operation = self.state.operation(operation_id)?;
        Some(operation.body(&self.state.customer_id, &settings.base_url, now))
    }

    pub(super) fn open_operations(&self) -> u64 {
        u64::try_from(self.state.in_flight().count()).unwrap_or(u64::MAX)
    }
}

/// What a path names.
pub(super) enum Route {
    Users,
    User(String),
    Operation(String),
    /// Of the SCIM service.
    Scim(scim::Resource),
    Unknown,
}

impl Route {
    pub(super) fn of(path: &str) -> Self {
        if let Some(path) = path.strip_prefix(scim::BASE_PATH) {
            return Self::Scim(scim::Resource::of(path));
        }
        let Some(path) = path.strip_prefix(BASE_PATH) else {
            return Self::Unknown;
        };
        let segments: Vec<&str> = path.split('/').collect();
        match segments.as_slice() {
            ["", "users"] => Self::Users,
            ["", "users", id] if !id.is_empty() => {
                percent_decoded(id).map_or(Self::Unknown, Self::User)
            }
            ["", "operations", id] if !id.is_empty() => {
                percent_decoded(id).map_or(Self::Unknown, Self::Operation)
            }
            _ => Self::Unknown,
        }
    }

    pub(super) fn media_type(&self) -> &'static str {
        match self {
            Self::Operation(_) => OPERATIONS,
            Self::Scim(_) => scim::SCIM,
            Self::Users | Self::User(_) | Self::Unknown => USERS,
        }
    }
}

/// The version of the API is named by the media type, so a wildcard names none.
fn check_accept(headers: &HeaderMap, media_type: &str) -> Result<(), Problem> {
    let named = headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|range| range.split(';').next())
        .any(|range| range.trim().eq_ignore_ascii_case(media_type));
    if named {
        Ok(())
    } else {
        Err(Problem::not_acceptable(media_type))
    }
}

fn update_body(request: &Request<Vec<u8>>) -> Result<Value, Problem> {
    let headers = request.headers();
    check_accept(headers, USERS)?;
    let content_types: Vec<&[u8]> = headers
        .get_all(CONTENT_TYPE)
        .iter()
        .map(HeaderValue::as_bytes)
        .collect();
    if content_types != [USERS.as_bytes()] {
        return Err(Problem::unsupported_media_type(USERS));
    }
    if !headers.contains_key(CONTENT_LENGTH) {
        return Err(Problem::length_required());
    }
    let body: Option<Value> = serde_json::from_slice(request.body()).ok();
    body.filter(Value::is_object)
        .ok_or_else(|| Problem::bad_request("The request body is not a JSON object"))
}

/// How an update ends, which depends on whether it takes licenses from
/// somebody who was inactive before it.
fn ending(stranded_seats: StrandedSeats, before: &Value, update: &Update) -> Ending {
    if update.removed.is_empty() || before["basicInfo"]["status"] != "INACTIVE" {
        return Ending::Applied;
    }
    match stranded_seats {
        StrandedSeats::Free => Ending::Applied,
        StrandedSeats::Refused => Ending::Refused,
        StrandedSeats::Ignored => Ending::Ignored,
    }
}
