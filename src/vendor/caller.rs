//! Makes one call of one of the vendor's APIs, as often as the policy allows:
//! limiter, credential, tries, and what the end of it means.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::{
    answer,
    call::{CallError, CallErrorKind, Explanation, Reply, Trace, VendorApi},
    clock::Clock,
    limiter::Limiter,
    retry::{Effect, Failure, RetryPolicy},
    signals::ResponseFacts,
};
use crate::http::{
    ExposeSecret, HeaderMap, HeaderName, HeaderValue, HttpClient, Method, Request, SecretString,
    StatusCode, TransportError, TransportFailure, header,
};

/// Who makes the calls of one API with one credential.
pub(super) struct Caller {
    /// Which API it is.
    pub(super) api: VendorApi,
    /// The way to the server.
    pub(super) http: HttpClient,
    /// The header that carries the credential, marked as sensitive.
    pub(super) credential: (HeaderName, HeaderValue),
    /// The credential itself, to keep it out of messages.
    pub(super) secret: SecretString,
    /// Shared by everything that uses this credential.
    pub(super) limiter: Limiter,
    /// When calls are tried again.
    pub(super) retry: RetryPolicy,
    /// For the waits between tries.
    pub(super) random: Mutex<fastrand::Rng>,
}

/// A call before it is sent.
pub(super) struct Call<'a> {
    pub(super) effect: Effect,
    pub(super) method: Method,
    pub(super) segments: &'a [&'a str],
    pub(super) query: &'a [(&'a str, &'a str)],
    pub(super) media_type: &'static str,
    pub(super) body: Option<Vec<u8>>,
    /// What a success brings along.
    pub(super) expects: Expects,
    /// Least time from an answer to the next try.
    pub(super) least_delay: Duration,
    /// No try leaves later than this.
    pub(super) not_after: Timestamp,
    pub(super) request_id: Uuid,
}

/// What a successful answer brings along.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Expects {
    /// JSON.
    Json,
    /// JSON, or nothing with 204: then JSON's `null` is understood.
    JsonOrNothing,
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

impl Caller {
    /// The clock that all times are read from.
    pub(super) fn clock(&self) -> &Clock {
        self.limiter.clock()
    }

    /// A call that only looks, with all the time there is.
    pub(super) async fn read<T>(
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
            expects: Expects::Json,
            least_delay: Duration::ZERO,
            not_after: Timestamp::MAX,
            request_id: Uuid::new_v4(),
        };
        self.call(&call, understand).await
    }

    /// A search for one username that came back with ever more pages.
    pub(super) fn filter_ignored(&self, path: &str, trace: Trace, pages: usize) -> CallError {
        CallError {
            api: self.api,
            kind: CallErrorKind::UnexpectedBody,
            method: Method::GET,
            path: path.to_owned(),
            status: Some(trace.status),
            request_id: trace.request_id,
            attempts: trace.attempts,
            explanation: Explanation::Answer(format!(
                "a search for one username filled {pages} pages: the server ignores the filter"
            )),
        }
    }

    /// Makes a call, as often as the policy allows.
    pub(super) async fn call<T>(
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
                .is_some_and(|failure| self.retry.tries_again(call.effect, failure, attempts));
            if !again || self.clock().now() > call.not_after {
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
            api: self.api,
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

        let permit = self.limiter.request().await;
        let sent_at = permit.sent_at();
        if sent_at > call.not_after {
            let cause = "its time was over before it could be sent";
            let failure = TransportFailure::NotSent;
            let error = TransportError::new(failure, &call.method, &request.url, cause);
            return Err(not_answered(error));
        }
        // Without an answer the permit is dropped, which holds its slot: the
        // request may have arrived.
        let response = self.http.send(request).await.map_err(not_answered)?;
        let answered_at = permit.answered(&ResponseFacts::read(response.status, &response.headers));

        let is_empty = response.status == StatusCode::NO_CONTENT;
        let body = if is_empty && call.expects == Expects::JsonOrNothing {
            Ok(Value::Null)
        } else {
            answer::read(&response)
        };
        let value = body
            .and_then(|body| {
                understand(body)
                    .map_err(|text| (CallErrorKind::UnexpectedBody, Explanation::Answer(text)))
            })
            .map_err(|(kind, explanation)| {
                failed(
                    kind,
                    Some(response.status),
                    self.without_secret(explanation),
                )
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
        let base = self.http.base();
        let endpoint = base.endpoint(call.segments, call.query);
        let url = endpoint.ok_or_else(|| TransportError {
            failure: TransportFailure::InvalidRequest,
            method: call.method.clone(),
            url: base.to_string(),
            cause: "an id is empty or made of dots".to_owned(),
        })?;
        let media_type = HeaderValue::from_static(call.media_type);
        let mut headers = HeaderMap::new();
        let (name, credential) = &self.credential;
        headers.insert(name, credential.clone());
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
        let limiter = &self.limiter;
        let delay = if limiter.is_paused() {
            Duration::ZERO
        } else if error.kind == CallErrorKind::Throttled {
            let pause = self.retry.longest_delay_after(error.attempts);
            limiter.pause_until(self.clock().now() + pause);
            Duration::ZERO
        } else {
            let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
            self.retry.delay(error.attempts, &mut random)
        };
        self.clock().sleep(delay.max(least_delay)).await;
    }

    /// A server that echoes the request must not carry the credential into
    /// results.
    fn without_secret(&self, explanation: Explanation) -> Explanation {
        let secret = self.secret.expose_secret();
        if secret.is_empty() {
            return explanation;
        }
        let clean = |text: String| text.replace(secret, "[key]");
        match explanation {
            Explanation::Answer(text) => Explanation::Answer(clean(text)),
            Explanation::Problem(problem) => Explanation::Problem(problem.map_texts(clean)),
            Explanation::Transport(error) => Explanation::Transport(error),
        }
    }
}

fn path_of(segments: &[&str]) -> String {
    format!("/{}", segments.join("/"))
}

/// Where the waits between tries come from: the seed, or another one each time.
pub(super) fn jitter(seed: Option<u64>) -> Mutex<fastrand::Rng> {
    Mutex::new(seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed))
}
