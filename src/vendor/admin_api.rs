//! The Administration API: users and operations.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::{
    answer,
    call::{CallError, CallErrorKind, Explanation, Reply, Trace, WriteError},
    clock::Clock,
    limiter::Limiter,
    operation::{Accepted, FollowLimits, Followed, Operation},
    page::{PageQuery, UserPage, username_filter},
    retry::{Effect, Failure, RetryPolicy},
    signals::ResponseFacts,
    user::User,
};
use crate::http::{
    HeaderMap, HeaderName, HeaderValue, HttpClient, Method, Request, SecretString, StatusCode,
    TransportError, TransportFailure, header, sensitive_header,
};

/// One tenant's Administration API. Every request goes through the limiter;
/// clones share it.
#[derive(Clone)]
pub struct AdminApi(Arc<Shared>);

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

/// How an update is sent, so that whoever finds only its intent later knows
/// enough.
#[derive(Clone, Copy, Debug)]
pub struct SendOnce {
    /// The `X-Request-Id` of every try.
    pub request_id: Uuid,
    /// No try leaves later than this, by the run clock.
    pub not_after: Timestamp,
}

/// The API key holds a character that no header can carry.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the API key holds a line break or another character that cannot be sent; copy it again")]
pub struct UnusableKey;

struct Shared {
    http: HttpClient,
    key: HeaderValue,
    limiter: Limiter,
    clock: Clock,
    retry: RetryPolicy,
    random: Mutex<fastrand::Rng>,
}

/// A call before it is sent.
struct Call<'a> {
    effect: Effect,
    method: Method,
    segments: &'a [&'a str],
    query: &'a [(&'a str, &'a str)],
    media_type: &'static str,
    body: Option<Vec<u8>>,
    /// Least time from an answer to the next try.
    least_delay: Duration,
    /// No try leaves later than this.
    not_after: Timestamp,
    request_id: Uuid,
}

const USERS: &str = "application/vnd.users.v1+json";
const OPERATIONS: &str = "application/vnd.operations.v1+json";

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

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
        Ok(Self(Arc::new(Shared {
            key: sensitive_header(&key).ok_or(UnusableKey)?,
            clock: limiter.clock().clone(),
            random: Mutex::new(
                jitter_seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed),
            ),
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
        &self.0.clock
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
                Some(_) => return Err(filter_ignored(trace)),
            };
        }
    }

    /// One user, whole.
    pub async fn user(&self, user_id: &str) -> Result<Reply<User>, CallError> {
        self.read(&["users", user_id], &[], USERS, |body| {
            User::read(body).map_err(|_| "the user has no id (basicInfo.userId)".to_owned())
        })
        .await
    }

    /// A new `X-Request-Id` for [`update_user`](Self::update_user).
    pub fn new_request_id(&self) -> Uuid {
        Uuid::new_v4()
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
            least_delay: Duration::ZERO,
            not_after: send.not_after,
            request_id: send.request_id,
        };
        let reply = self.call(&call, |body| {
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
    /// [`FollowLimits::every`], not even one that is tried again.
    pub async fn follow(
        &self,
        operation_id: &str,
        limits: FollowLimits,
    ) -> Result<Followed, CallError> {
        let clock = &self.0.clock;
        let deadline = clock.now() + limits.timeout;
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
            if clock.now() + limits.every > deadline {
                return Ok(Followed::TimedOut);
            }
            clock.sleep(limits.every).await;
        }
    }

    /// The same, with how it came about.
    pub(super) async fn traced_page(&self, query: PageQuery) -> Result<Reply<UserPage>, CallError> {
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
        self.read(&["users"], &parameters, USERS, UserPage::read)
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
            least_delay,
            not_after: Timestamp::MAX,
            request_id: self.new_request_id(),
        };
        let understand = |body| {
            let operation = Operation::read(&body);
            operation.ok_or_else(|| "the operation has no id (operationId)".to_owned())
        };
        let result = self.call(&call, understand).await;
        let attempts = match &result {
            Ok(reply) => reply.trace.attempts,
            Err(error) => error.attempts,
        };
        self.0.limiter.count_polls(attempts);
        result
    }

    async fn read<T>(
        &self,
        segments: &[&str],
        query: &[(&str, &str)],
        media_type: &'static str,
        understand: impl Fn(Value) -> Result<T, String>,
    ) -> Result<Reply<T>, CallError> {
        let call = Call {
            effect: Effect::Read,
            method: Method::GET,
            segments,
            query,
            media_type,
            body: None,
            least_delay: Duration::ZERO,
            not_after: Timestamp::MAX,
            request_id: self.new_request_id(),
        };
        self.call(&call, understand).await
    }

    /// Makes a call, as often as the policy allows.
    async fn call<T>(
        &self,
        call: &Call<'_>,
        understand: impl Fn(Value) -> Result<T, String>,
    ) -> Result<Reply<T>, CallError> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            let error = match self.try_once(call, attempts, &understand).await {
                Ok(reply) => return Ok(reply),
                Err(error) => error,
            };
            let failure = match (&error.explanation, error.status) {
                (Explanation::Transport(cause), _) => Some(Failure::Transport(cause)),
                (_, Some(status)) => StatusCode::from_u16(status).ok().map(Failure::Status),
                (_, None) => None,
            };
            let again = failure
                .is_some_and(|failure| self.0.retry.tries_again(call.effect, failure, attempts));
            if !again || self.0.clock.now() > call.not_after {
                return Err(error);
            }
            self.wait_after(&error, call.least_delay).await;
        }
    }

    async fn try_once<T>(
        &self,
        call: &Call<'_>,
        attempts: u32,
        understand: impl Fn(Value) -> Result<T, String>,
    ) -> Result<Reply<T>, CallError> {
        let failed = |kind, status: Option<StatusCode>, explanation| CallError {
            kind,
            method: call.method.clone(),
            path: path_of(call.segments),
            status: status.map(|status| status.as_u16()),
            request_id: call.request_id,
            attempts,
            explanation,
        };
        let not_answered = |error: TransportError| {
            failed(
                CallErrorKind::Transport,
                None,
                Explanation::Transport(error),
            )
        };
        let request = self.request(call).map_err(not_answered)?;

        let permit = self.0.limiter.request().await;
        let sent_at = permit.sent_at();
        if sent_at > call.not_after {
            let cause = "its time was over before it could be sent";
            let failure = TransportFailure::NotSent;
            let error = TransportError::new(failure, &call.method, &request.url, cause);
            return Err(not_answered(error));
        }
        // Without an answer the permit is dropped, which holds its slot: the
        // request may have arrived.
        let response = self.0.http.send(request).await.map_err(not_answered)?;
        let answered_at = permit.answered(&ResponseFacts::read(response.status, &response.headers));

        let value = answer::read(&response)
            .and_then(|body| {
                understand(body)
                    .map_err(|text| (CallErrorKind::UnexpectedBody, Explanation::Answer(text)))
            })
            .map_err(|(kind, explanation)| {
                failed(kind, Some(response.status), self.without_key(explanation))
            })?;
        let trace = Trace {
            request_id: call.request_id,
            status: response.status.as_u16(),
            attempts,
            sent_at,
            answered_at,
        };
        Ok(Reply { value, trace })
    }

    fn request(&self, call: &Call<'_>) -> Result<Request, TransportError> {
        let base = self.0.http.base();
        let endpoint = base.endpoint(call.segments, call.query);
        let url = endpoint.ok_or_else(|| TransportError {
            failure: TransportFailure::InvalidRequest,
            method: call.method.clone(),
            url: base.to_string(),
            cause: "an id is empty or made of dots".to_owned(),
        })?;
        let media_type = HeaderValue::from_static(call.media_type);
        let mut headers = HeaderMap::new();
        headers.insert(API_KEY, self.0.key.clone());
        headers.insert(header::ACCEPT, media_type.clone());
        if call.body.is_some() {
            headers.insert(header::CONTENT_TYPE, media_type);
        }
        // A UUID is written in hexadecimal digits and hyphens.
        if let Ok(request_id) = HeaderValue::from_str(&call.request_id.to_string()) {
            headers.insert(REQUEST_ID, request_id);
        }
        Ok(Request {
            method: call.method.clone(),
            url,
            headers,
            body: call.body.clone(),
        })
    }

    /// Waits before the next try: as long as the server asked everybody to
    /// wait, else a random time. A 429 that asks for nothing pauses everybody
    /// for the longest wait, because all use the same key.
    async fn wait_after(&self, error: &CallError, least_delay: Duration) {
        let limiter = &self.0.limiter;
        let delay = if limiter.is_paused() {
            Duration::ZERO
        } else if error.kind == CallErrorKind::Throttled {
            let pause = self.0.retry.longest_delay_after(error.attempts);
            limiter.pause_until(self.0.clock.now() + pause);
            Duration::ZERO
        } else {
            let mut random = self.0.random.lock().unwrap_or_else(PoisonError::into_inner);
            self.0.retry.delay(error.attempts, &mut random)
        };
        self.0.clock.sleep(delay.max(least_delay)).await;
    }

    /// A page that echoes the request must not carry the key into results.
    fn without_key(&self, explanation: Explanation) -> Explanation {
        match (explanation, self.0.key.to_str()) {
            (Explanation::Answer(text), Ok(key)) if !key.is_empty() => {
                Explanation::Answer(text.replace(key, "[key]"))
            }
            (explanation, _) => explanation,
        }
    }
}

fn filter_ignored(trace: Trace) -> CallError {
    CallError {
        kind: CallErrorKind::UnexpectedBody,
        method: Method::GET,
        path: path_of(&["users"]),
        status: Some(trace.status),
        request_id: trace.request_id,
        attempts: trace.attempts,
        explanation: Explanation::Answer(format!(
            "a search for one username filled {MOST_SEARCH_PAGES} pages: the server ignores the filter"
        )),
    }
}

fn path_of(segments: &[&str]) -> String {
    format!("/{}", segments.join("/"))
}

#[cfg(test)]
pub(super) mod tests;
