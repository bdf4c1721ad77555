//! The Administration API: users and operations.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::{
    call::{CallError, CallErrorKind, Reply, SendOnce, VendorApi, WriteError},
    caller::{Call, Caller, Expects, jitter},
    clock::Clock,
    limiter::Limiter,
    operation::{Accepted, FollowLimits, Followed, Operation},
    page::{PageQuery, UserPage, username_filter},
    retry::{Effect, RetryPolicy},
    user::User,
};
use crate::http::{HeaderName, HttpClient, Method, SecretString, sensitive_header};

/// One tenant's Administration API. Every request goes through the limiter;
/// clones share it.
#[derive(Clone)]
pub struct AdminApi(Arc<Caller>);

/// What an [`AdminApi`] is made of.
pub struct AdminApiOptions {
    /// The way to the server.
    pub http: HttpClient,
    /// The API key.
    pub key: SecretString,
    /// Shared by everything that uses this key.
    pub limiter: Limiter,
    /// When calls are tried again.
    pub retry: RetryPolicy,
    /// Seed of the waits between tries; `None` for another one each time.
    pub jitter_seed: Option<u64>,
}

/// The API key holds a character that no header can carry.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the API key holds a line break or another character that cannot be sent; copy it again")]
pub struct UnusableKey;

const USERS: &str = "application/vnd.users.v1+json";
const OPERATIONS: &str = "application/vnd.operations.v1+json";

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// A search for one username that needs more pages than this was not filtered.
const MOST_SEARCH_PAGES: usize = 3;

impl AdminApi {
    /// Checks the key and makes the API; sends nothing.
    pub fn new(options: AdminApiOptions) -> Result<Self, UnusableKey> {
        let AdminApiOptions {
            http,
            key,
            limiter,
            retry,
            jitter_seed,
        } = options;
        let credential = sensitive_header(&key).ok_or(UnusableKey)?;
        Ok(Self(Arc::new(Caller {
            api: VendorApi::Admin,
            credential: (API_KEY, credential),
            secret: key,
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

    /// One page of users.
    pub async fn page(&self, query: PageQuery) -> Result<UserPage, CallError> {
        Ok(self.traced_page(query).await?.value)
    }

    /// The users with exactly this username, case aside: none, one, or, should
    /// the tenant hold several, all.
    pub async fn find_by_username(&self, username: &str) -> Result<Vec<User>, CallError> {
        let mut query = PageQuery::First {
            filter: Some(username_filter(username)),
            page_size: 100,
        };
        let wanted = username.to_lowercase();
        let mut found = Vec::new();
        let mut pages = 0;
        loop {
            let Reply { value: page, trace } = self.traced_page(query).await?;
            pages += 1;
            let matching = page
                .users
                .into_iter()
                .filter(|user| user.username().to_lowercase() == wanted);
            found.extend(matching);
            query = match page.next {
                None => return Ok(found),
                Some(next) if pages < MOST_SEARCH_PAGES => PageQuery::Next(next),
                Some(_) => return Err(self.0.filter_ignored("/users", trace, pages)),
            };
        }
    }

    /// One user, whole.
    pub async fn user(&self, user_id: &str) -> Result<Reply<User>, CallError> {
        self.0
            .read(&["users", user_id], &[], USERS, |body| {
                User::read(body).map_err(|_| "the user has no id (basicInfo.userId)".to_owned())
            })
            .await
    }

    /// Sends a whole user back, made by [`User::updated`]. Tried again after
    /// 429 and after a failure to connect, never after anything else. The
    /// caller holds an [`OperationSlot`](super::limiter::OperationSlot) until
    /// the operation has ended.
    pub async fn update_user(
        &self,
        user_id: &str,
        body: &Value,
        send: SendOnce,
    ) -> Result<Reply<Accepted>, WriteError> {
        let call = Call {
            effect: Effect::Write,
            method: Method::PUT,
            segments: &["users", user_id],
            query: &[],
            media_type: USERS,
            body: Some(body.to_string().into_bytes()),
            expects: Expects::Json,
            least_delay: Duration::ZERO,
            not_after: send.not_after,
            request_id: send.request_id,
        };
        let reply = self.0.call(&call, |body| {
            let operation = Operation::read(&body);
            operation.ok_or_else(|| "the answer names no operation (operationId)".to_owned())
        });
        let Reply { value, trace } = reply.await.map_err(WriteError::from)?;
        Ok(Reply {
            value: Accepted {
                operation_id: value.operation_id,
                status: value.status,
            },
            trace,
        })
    }

    /// Where an operation stands. Counted as a poll.
    pub async fn operation(&self, operation_id: &str) -> Result<Reply<Operation>, CallError> {
        self.poll(operation_id, Duration::ZERO).await
    }

    /// Looks at an operation until it has ended or its time is over. Every
    /// look goes through the limiter, and none follows an answer by less than
    /// [`FollowLimits::every`], not even one that is tried again. `next_look`
    /// says how long to wait when it is still under way after so long.
    pub async fn follow(
        &self,
        operation_id: &str,
        limits: FollowLimits,
        mut next_look: impl FnMut(Duration) -> Duration + Send,
    ) -> Result<Followed, CallError> {
        let clock = self.0.clock();
        let began = clock.now();
        let deadline = began + limits.timeout;
        clock.sleep(limits.first).await;
        loop {
            match self.poll(operation_id, limits.every).await {
                Ok(reply) => {
                    if let Some(end) = reply.value.end() {
                        return Ok(end);
                    }
                }
                Err(error) if error.kind == CallErrorKind::NotFound => return Ok(Followed::Gone),
                Err(error) => return Err(error),
            }
            let now = clock.now();
            if now + limits.every > deadline {
                return Ok(Followed::TimedOut);
            }
            let elapsed = Duration::try_from(now.duration_since(began)).unwrap_or_default();
            let until = now + next_look(elapsed).max(limits.every);
            clock.sleep_until(until.min(deadline)).await;
        }
    }

    /// One page of users, and how its answer came about.
    pub async fn traced_page(&self, query: PageQuery) -> Result<Reply<UserPage>, CallError> {
        let size;
        let mut parameters = Vec::new();
        match &query {
            PageQuery::First { filter, page_size } => {
                size = page_size.to_string();
                parameters.push(("pageSize", size.as_str()));
                let filter = filter.iter().map(|filter| ("filter", filter.as_str()));
                parameters.extend(filter);
            }
            PageQuery::Next(scroll_id) => parameters.push(("scrollId", scroll_id)),
        }
        self.0
            .read(&["users"], &parameters, USERS, UserPage::read)
            .await
    }

    async fn poll(
        &self,
        operation_id: &str,
        least_delay: Duration,
    ) -> Result<Reply<Operation>, CallError> {
        let call = Call {
            effect: Effect::Read,
            method: Method::GET,
            segments: &["operations", operation_id],
            query: &[],
            media_type: OPERATIONS,
            body: None,
            expects: Expects::Json,
            least_delay,
            not_after: Timestamp::MAX,
            request_id: Uuid::new_v4(),
        };
        let understand = |body| {
            let operation = Operation::read(&body);
            operation.ok_or_else(|| "the operation has no id (operationId)".to_owned())
        };
        let result = self.0.call(&call, understand).await;
        let attempts = match &result {
            Ok(reply) => reply.trace.attempts,
            Err(error) => error.attempts,
        };
        self.0.limiter.count_polls(attempts);
        result
    }
}

#[cfg(test)]
pub(super) mod tests;
