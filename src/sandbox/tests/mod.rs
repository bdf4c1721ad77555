//! The tenant's rules, tried from outside as a client would, one file a theme.

mod faults;
mod files;
mod holding;
mod judging;
mod limiting;
mod listing;
mod operating;
mod protocol;
mod scim;
mod sockets;
mod updating;

use std::path::PathBuf;
use std::time::Duration;

use axum::http::{HeaderMap, Method, Request, Response};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::answer::{OPERATIONS, USERS};
use super::{Options, Seed, SeedLicense, SeedUser, Tenant, tenant};

pub(super) const KEY: &str = "sandbox-key";
pub(super) const CUSTOMER: &str = "0012J00042NkZQIQA3";
pub(super) const JANE: &str = "hvOB1l3zDCaDAwp9tNLzZA";
pub(super) const OMAR: &str = "q4Yt0nLhT2m7cZr1V5xKdw";
pub(super) const X2: &str = "X Series - X2-VOSVC0216-02-US";
pub(super) const STORAGE: &str = "UC Call Recordings Cold Storage-VOSVC0504-01-US";

/// Jane is active and has everything; Omar is inactive and still holds a seat.
pub(super) fn seed() -> Seed {
    Seed {
        customer_id: CUSTOMER.into(),
        users: vec![
            SeedUser {
                licenses: vec![license(X2), license(STORAGE)],
                extension: Some("1001".into()),
                phone_numbers: vec!["+15550100".into()],
                ..person("Jane", JANE)
            },
            SeedUser {
                active: false,
                licenses: vec![license(X2)],
                ..person("Omar", OMAR)
            },
        ],
    }
}

pub(super) fn person(name: &str, user_id: &str) -> SeedUser {
    let username = format!("{}.doe@example.com", name.to_lowercase());
    SeedUser {
        user_id: Some(user_id.into()),
        email: username.clone(),
        username,
        first_name: name.into(),
        last_name: "Doe".into(),
        active: true,
        site: Some("Lisbon".into()),
        department: Some("Sales".into()),
        job_title: None,
        licenses: Vec::new(),
        extension: None,
        phone_numbers: Vec::new(),
        scim_provider: None,
        created: None,
    }
}

pub(super) fn license(name: &str) -> SeedLicense {
    SeedLicense {
        name: name.into(),
        country: "US".into(),
    }
}

pub(super) fn options() -> Options {
    Options::new(seed(), KEY, time("2026-11-20T08:00:00Z"))
}

pub(super) fn time(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

/// A client that does everything right, unless told otherwise.
pub(super) struct Client {
    pub(super) tenant: Tenant,
}

/// An answer, its body parsed.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Value,
}

impl Client {
    pub(super) fn new(options: Options) -> Self {
        Self {
            tenant: tenant(options).expect("a tenant"),
        }
    }

    pub(super) async fn get(&self, path: &str) -> Reply {
        let accept = if path.starts_with("/operations") {
            OPERATIONS
        } else {
            USERS
        };
        self.send(request(Method::GET, path, &[("accept", accept)], ""))
            .await
    }

    pub(super) async fn user(&self, user_id: &str) -> Value {
        let reply = self.get(&format!("/users/{user_id}")).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.body
    }

    pub(super) async fn put(&self, user_id: &str, body: &Value) -> Reply {
        self.put_with(
            user_id,
            &body.to_string(),
            &[("accept", USERS), ("content-type", USERS)],
        )
        .await
    }

    pub(super) async fn put_with(
        &self,
        user_id: &str,
        body: &str,
        headers: &[(&str, &str)],
    ) -> Reply {
        let path = format!("/users/{user_id}");
        self.send(request(Method::PUT, &path, headers, body)).await
    }

    /// Sends an update that must be accepted, and waits until it is done.
    pub(super) async fn change(&self, user_id: &str, body: &Value) -> Value {
        let reply = self.put(user_id, body).await;
        assert_eq!(reply.status, 202, "{reply:?}");
        pass(10).await;
        let operation_id = reply.body["operationId"]
            .as_str()
            .expect("an id")
            .to_owned();
        self.get(&format!("/operations/{operation_id}")).await.body
    }

    pub(super) async fn send(&self, request: Request<Vec<u8>>) -> Reply {
        reply(self.tenant.handle(request).await)
    }
}

impl Reply {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// The fields that the errors name, with their codes.
    pub(super) fn faults(&self) -> Vec<(&str, &str)> {
        self.body["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|error| {
                let text = |name: &str| error[name].as_str().unwrap_or_default();
                (text("field"), text("code"))
            })
            .collect()
    }
}

/// A request below the base path, with the key.
pub(super) fn request(
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Request<Vec<u8>> {
    let mut request = Request::builder()
        .method(method)
        .uri(format!("/admin-provisioning{path}"))
        .header("x-api-key", KEY);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body.into()).expect("a request")
}

pub(super) fn reply(response: Response<Vec<u8>>) -> Reply {
    let (parts, body) = response.into_parts();
    Reply {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body: serde_json::from_slice(&body).expect("every answer is JSON"),
    }
}

/// Lets seconds of paused time pass.
pub(super) async fn pass(seconds: u64) {
    tokio::time::advance(Duration::from_secs(seconds)).await;
}

/// What a careful client sends to deactivate a user: number licenses left out.
pub(super) fn deactivated(user: &Value) -> Value {
    let mut body = sendable(user);
    body["basicInfo"]["status"] = json!("INACTIVE");
    body
}

/// What a careful client sends to take all licenses from a user.
pub(super) fn stripped(user: &Value) -> Value {
    let mut body = user.clone();
    body["serviceInfo"]["licenses"] = json!([]);
    body["serviceInfo"]["extensions"] = json!([]);
    body
}

pub(super) fn sendable(user: &Value) -> Value {
    let mut body = user.clone();
    body["serviceInfo"]["licenses"]
        .as_array_mut()
        .expect("a list")
        .retain(|license| license["name"] == X2 || license["name"] == STORAGE);
    body
}

/// A folder for one test, removed with it.
pub(super) struct Folder(pub(super) PathBuf);

impl Folder {
    pub(super) fn new(test: &str) -> Self {
        let name = format!("seatsweep-sandbox-{test}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is left to the operating system.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
