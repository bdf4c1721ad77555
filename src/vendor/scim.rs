//! SCIM (RFC 7644), as far as ending somebody's access and giving it back need
//! it: look a user up, read one, and set `active`.
//!
//! 8x8's rules for it: one program writes, an identity provider's provisioning
//! or this one; PATCH changes `active` alone; the list may be limited to users
//! that an identity provider created, so that who is not found may exist all
//! the same. Its rate limits are not published.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use serde_json::{Value, json};

use super::{
    call::{CallError, CallErrorKind, Explanation, Reply, SendOnce, Trace, VendorApi, WriteError},
    caller::{Call, Caller, Expects, jitter},
    clock::Clock,
    limiter::Limiter,
    retry::{Effect, RetryPolicy},
    scim_user::ScimUser,
};
use crate::http::{
    ExposeSecret, HttpClient, Method, SecretString, header::AUTHORIZATION, sensitive_header,
};

/// One tenant's SCIM service. Every request goes through the limiter; clones
/// share it.
#[derive(Clone)]
pub struct Scim(Arc<Caller>);

/// What a [`Scim`] is made of.
pub struct ScimOptions {
    /// The way to the server.
    pub http: HttpClient,
    /// The bearer token.
    pub token: SecretString,
    /// Shared by everything that uses this token.
    pub limiter: Limiter,
    /// When calls are tried again.
    pub retry: RetryPolicy,
    /// Seed of the waits between tries; `None` for another one each time.
    pub jitter_seed: Option<u64>,
}

/// The token holds a character that no header can carry.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "the SCIM token holds a line break or another character that cannot be sent; copy it again"
)]
pub struct UnusableToken;

const SCIM: &str = "application/scim+json";

/// Resources asked for in one page.
const PAGE_SIZE: usize = 100;

/// A search for one username that needs more pages than this was not filtered.
const MOST_SEARCH_PAGES: usize = 3;

impl Scim {
    /// Checks the token and makes the service; sends nothing.
    pub fn new(options: ScimOptions) -> Result<Self, UnusableToken> {
        let ScimOptions {
            http,
            token,
            limiter,
            retry,
            jitter_seed,
        } = options;
        let bearer = SecretString::from(format!("Bearer {}", token.expose_secret()));
        let credential = sensitive_header(&bearer).ok_or(UnusableToken)?;
        Ok(Self(Arc::new(Caller {
            api: VendorApi::Scim,
            credential: (AUTHORIZATION, credential),
            secret: token,
            random: jitter(jitter_seed),
            http,
            limiter,
            retry,
        })))
    }

    /// The limiter that all calls go through.
    pub fn limiter(&self) -> &Limiter {
        &self.0.limiter
    }

    /// The clock that all times are read from.
    pub fn clock(&self) -> &Clock {
        self.0.clock()
    }

    /// The users that the list shows under exactly this username, case aside.
    /// Nobody is no proof that there is no such user: the list may be limited.
    pub async fn find_by_username(
        &self,
        username: &str,
    ) -> Result<Reply<Vec<ScimUser>>, CallError> {
        let filter = format!("userName eq {}", json!(username));
        let wanted = username.to_lowercase();
        let mut found = Vec::new();
        let mut seen = BTreeSet::new();
        let mut pages = 0;
        loop {
            let start = (seen.len() + 1).to_string();
            let count = PAGE_SIZE.to_string();
            let query = [
                ("filter", filter.as_str()),
                ("startIndex", &start),
                ("count", &count),
            ];
            let page = self.0.read(&["Users"], &query, SCIM, UserList::read);
            let Reply { value: list, trace } = page.await?;
            pages += 1;
            let known = seen.len();
            for user in list.users {
                // A page that comes twice shows nobody else.
                let is_new = seen.insert(user.id().to_owned());
                if is_new && user.username().to_lowercase() == wanted {
                    found.push(user);
                }
            }
            let is_last = seen.len() >= list.total;
            if !is_last && seen.len() == known {
                return Err(not_whole(known, list.total, trace));
            }
            if is_last {
                return Ok(Reply {
                    value: found,
                    trace,
                });
            }
            if pages == MOST_SEARCH_PAGES {
                return Err(self.0.filter_ignored("/Users", trace, pages));
            }
        }
    }

    /// One user, whole.
    pub async fn user(&self, id: &str) -> Result<Reply<ScimUser>, CallError> {
        let understand = |body| ScimUser::read(body).map_err(|_| "the user has no id".to_owned());
        self.0.read(&["Users", id], &[], SCIM, understand).await
    }

    /// Changes what [`ScimUser::deactivation`] or [`ScimUser::reactivation`]
    /// says, and nothing else. Tried again after 429 and after a failure to
    /// connect, never after anything else. A success says that it was accepted; the user itself tells whether
    /// it was done.
    pub async fn patch_user(
        &self,
        id: &str,
        body: &Value,
        send: SendOnce,
    ) -> Result<Trace, WriteError> {
        let call = Call {
            effect: Effect::Write,
            method: Method::PATCH,
            segments: &["Users", id],
            query: &[],
            media_type: SCIM,
            body: Some(body.to_string().into_bytes()),
            expects: Expects::JsonOrNothing,
            least_delay: Duration::ZERO,
            not_after: send.not_after,
            request_id: send.request_id,
        };
        // A page of somebody else's is no yes.
        let understand = |body: Value| match body {
            Value::Null => Ok(()),
            body if body.get("id").is_some() => Ok(()),
            _ => Err("the answer is neither empty nor a user (id)".to_owned()),
        };
        let reply = self.0.call(&call, understand).await;
        reply.map(|reply| reply.trace).map_err(WriteError::from)
    }
}

/// A page of a list (`ListResponse`).
struct UserList {
    /// Users in all pages.
    total: usize,
    users: Vec<ScimUser>,
}

impl UserList {
    fn read(mut body: Value) -> Result<Self, String> {
        let total = body.get("totalResults").and_then(Value::as_u64);
        let total = total.and_then(|total| usize::try_from(total).ok());
        let total = total.ok_or("the list does not say how many there are (totalResults)")?;
        // A list without results may leave them out.
        let resources = match body.get_mut("Resources").map(Value::take) {
            Some(Value::Array(resources)) => resources,
            None | Some(Value::Null) => Vec::new(),
            Some(_) => return Err("the list's Resources are no list".to_owned()),
        };
        let users = resources.into_iter().map(ScimUser::read);
        let users: Result<Vec<ScimUser>, Value> = users.collect();
        Ok(Self {
            total,
            users: users.map_err(|_| "a user of the list has no id".to_owned())?,
        })
    }
}

fn not_whole(seen: usize, total: usize, trace: Trace) -> CallError {
    CallError {
        api: VendorApi::Scim,
        kind: CallErrorKind::UnexpectedBody,
        method: Method::GET,
        path: "/Users".to_owned(),
        status: Some(trace.status),
        request_id: trace.request_id,
        attempts: trace.attempts,
        explanation: Explanation::Answer(format!(
            "the list says {total} users and ends after {seen}"
        )),
    }
}

#[cfg(test)]
mod tests;
