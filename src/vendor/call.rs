//! How a call ended: an answer with its trace, or an error that says what is
//! known.

use std::fmt;

use jiff::Timestamp;
use uuid::Uuid;

use super::problem::Problem;
use crate::http::{Method, StatusCode, TransportError};

/// One of the vendor's APIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VendorApi {
    /// The Administration API, with its key.
    Admin,
    /// SCIM, with its token.
    Scim,
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

impl SendOnce {
    /// With a new request id.
    pub fn until(not_after: Timestamp) -> Self {
        Self {
            request_id: Uuid::new_v4(),
            not_after,
        }
    }
}

/// An answer and how it came about.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply<T> {
    /// What the server said.
    pub value: T,
    /// How it came about.
    pub trace: Trace,
}

impl<T> Reply<T> {
    /// The same answer, understood as something else.
    pub fn map<U>(self, understand: impl FnOnce(T) -> U) -> Reply<U> {
        Reply {
            value: understand(self.value),
            trace: self.trace,
        }
    }
}

/// What is worth recording about a call that was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The `X-Request-Id` sent; one per call, the same on every try.
    pub request_id: Uuid,
    /// The status of the last try's answer.
    pub status: u16,
    /// Tries, the last included; at least 1.
    pub attempts: u32,
    /// When the last try was sent, by the run clock.
    pub sent_at: Timestamp,
    /// When its answer had been read, by the run clock.
    pub answered_at: Timestamp,
}

/// A call that did not bring what it was made for. Its text is complete, in
/// one line, and names the call without its query; nothing is left for a
/// source to add.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{method} {path} {event} (request {request_id}, {attempts}): {explanation}", event = Event(self), attempts = Attempts(self.attempts))]
pub struct CallError {
    /// The API that was called.
    pub api: VendorApi,
    /// By what callers branch.
    pub kind: CallErrorKind,
    /// The method.
    pub method: Method,
    /// The path below the base address.
    pub path: String,
    /// The status of the last answer, if one came.
    pub status: Option<u16>,
    /// The `X-Request-Id` sent, for the vendor's support.
    pub request_id: Uuid,
    /// Tries, the last included; at least 1.
    pub attempts: u32,
    /// What the server or the network said.
    pub explanation: Explanation,
}

/// What a failed call means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallErrorKind {
    /// The key is not accepted (401).
    Unauthorized,
    /// The key may not do this (403).
    Forbidden,
    /// There is no such user or operation (404).
    NotFound,
    /// The method is not there at all (405, 501; RFC 9110): nothing was done.
    NotImplemented,
    /// The server will not do this (any other 4xx).
    Rejected,
    /// The server gave up waiting for one behind it, or one behind it failed
    /// (408, 424): the change may have been made, or half of it.
    Downstream,
    /// Too many requests (429).
    Throttled,
    /// The server failed (any other 5xx).
    Server,
    /// The server points to another address (3xx), where the key is not sent.
    OtherHost,
    /// The answer is not what the vendor's document describes.
    UnexpectedBody,
    /// No usable answer came.
    Transport,
}

/// What stands behind a failed call.
#[derive(Clone, Debug)]
pub enum Explanation {
    /// The server's own.
    Problem(Problem),
    /// What this program saw in the answer, or the start of it.
    Answer(String),
    /// What the network said.
    Transport(TransportError),
}

/// An update that was not accepted, by what is known of its effect.
#[derive(Clone, Debug, thiserror::Error)]
pub enum WriteError {
    /// The server said no: nothing was changed.
    #[error("refused: {0}")]
    Refused(CallError),
    /// Nothing reached the server: nothing was changed.
    #[error("not sent: {0}")]
    NotSent(CallError),
    /// The server may have acted: the account has to be looked at.
    #[error("unclear whether it was carried out: {0}")]
    Unclear(CallError),
}

impl CallErrorKind {
    /// What an answer with this status means; `None` for a success.
    pub(super) fn of(status: StatusCode) -> Option<Self> {
        if status.is_success() {
            return None;
        }
        Some(match status.as_u16() {
            401 => Self::Unauthorized,
            403 => Self::Forbidden,
            404 => Self::NotFound,
            405 | 501 => Self::NotImplemented,
            408 | 424 => Self::Downstream,
            429 => Self::Throttled,
            300..=399 => Self::OtherHost,
            400..=499 => Self::Rejected,
            500..=599 => Self::Server,
            _ => Self::UnexpectedBody,
        })
    }
}

impl CallError {
    /// What to do about it, in a sentence for a person.
    pub fn advice(&self) -> &'static str {
        match (self.kind, self.api) {
            (CallErrorKind::Unauthorized, VendorApi::Admin) => {
                "check that the API key is complete, not expired, and of this tenant"
            }
            (CallErrorKind::Unauthorized, VendorApi::Scim) => {
                "check that the token is complete and of this tenant; switching the provisioning integration off in the Admin Console clears it"
            }
            (CallErrorKind::Forbidden, VendorApi::Admin) => {
                "check that the key has the User Admin product and belongs to this customer"
            }
            (CallErrorKind::Forbidden, VendorApi::Scim) => {
                "check that the token is of the customer in scim.base_url, and that no identity provider writes with it: 8x8 allows one SCIM writer"
            }
            (CallErrorKind::NotFound, VendorApi::Admin) => {
                "check the id; if nothing is found at all, check the path of admin_api.base_url"
            }
            (CallErrorKind::NotFound, VendorApi::Scim) => {
                "check the list scope of the provisioning integration; if nothing is found at all, check the path of scim.base_url"
            }
            (CallErrorKind::NotImplemented, VendorApi::Admin) => {
                "this tenant does not have the method: set [channels] deactivate to \"scim\" or \"manual\" and remove_license to \"manual\", or let deactivate_fallback and remove_license_fallback stand in"
            }
            (CallErrorKind::NotImplemented, VendorApi::Scim) => {
                "this tenant does not have the method over SCIM: set [channels] deactivate to \"admin-api\" or \"manual\""
            }
            (CallErrorKind::Rejected, _) => "correct what the server names, then plan again",
            (CallErrorKind::Downstream | CallErrorKind::Server, _) => {
                "wait and run again; if it stays, give 8x8 support the request id"
            }
            (CallErrorKind::Throttled, VendorApi::Admin) => {
                "another program uses this key, or the limits in [limits] are above the key's: lower them or run at another time"
            }
            (CallErrorKind::Throttled, VendorApi::Scim) => {
                "another program uses this token, or the limits in [limits] are above what SCIM allows, which 8x8 does not publish: lower them or run at another time"
            }
            (CallErrorKind::OtherHost, VendorApi::Admin) => {
                "set admin_api.base_url to the address of the API itself; redirects are not followed, so that the key goes nowhere else"
            }
            (CallErrorKind::OtherHost, VendorApi::Scim) => {
                "set scim.base_url to the 8x8 URL that the Admin Console shows; redirects are not followed, so that the token goes nowhere else"
            }
            (CallErrorKind::UnexpectedBody, VendorApi::Admin) => {
                "check admin_api.base_url and whether a proxy or sign-in page answers in the API's place"
            }
            (CallErrorKind::UnexpectedBody, VendorApi::Scim) => {
                "check scim.base_url and whether a proxy or sign-in page answers in the API's place"
            }
            (CallErrorKind::Transport, _) => "check the network, the proxy setting and the address",
        }
    }
}

impl WriteError {
    /// The call behind it.
    pub fn call(&self) -> &CallError {
        match self {
            Self::Refused(error) | Self::NotSent(error) | Self::Unclear(error) => error,
        }
    }
}

impl From<CallError> for WriteError {
    /// Sorts a failed write by what is known. Whatever is not a plain refusal
    /// counts as unclear.
    fn from(error: CallError) -> Self {
        match error.kind {
            CallErrorKind::Unauthorized
            | CallErrorKind::Forbidden
            | CallErrorKind::NotFound
            | CallErrorKind::NotImplemented
            | CallErrorKind::Rejected
            | CallErrorKind::Throttled => Self::Refused(error),
            CallErrorKind::Transport => match &error.explanation {
                Explanation::Transport(cause) if cause.certainly_not_sent() => Self::NotSent(error),
                _ => Self::Unclear(error),
            },
            CallErrorKind::Downstream
            | CallErrorKind::Server
            | CallErrorKind::OtherHost
            | CallErrorKind::UnexpectedBody => Self::Unclear(error),
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Problem(problem) => write!(formatter, "{problem}"),
            Self::Answer(text) => formatter.write_str(text),
            // Its method and URL have been named already.
            Self::Transport(error) => write!(formatter, "{}: {}", error.failure, error.cause),
        }
    }
}

/// `answered 503`, or `failed`.
struct Event<'a>(&'a CallError);

impl fmt::Display for Event<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.status {
            Some(status) => write!(formatter, "answered {status}"),
            None => formatter.write_str("failed"),
        }
    }
}

/// `1 try`, `5 tries`.
struct Attempts(u32);

impl fmt::Display for Attempts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let noun = if self.0 == 1 { "try" } else { "tries" };
        write!(formatter, "{} {noun}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{TransportFailure, Url};

    fn error(kind: CallErrorKind, status: Option<u16>, explanation: Explanation) -> CallError {
        CallError {
            api: VendorApi::Admin,
            kind,
            method: Method::PUT,
            path: "/users/u1".to_owned(),
            status,
            request_id: Uuid::nil(),
            attempts: 1,
            explanation,
        }
    }

    fn transport(failure: TransportFailure) -> CallError {
        let url = Url::parse("https://api.example.com/users/u1").expect("a url");
        let cause = TransportError::new(failure, &Method::PUT, &url, "connection reset");
        error(
            CallErrorKind::Transport,
            None,
            Explanation::Transport(cause),
        )
    }

    #[test]
    fn the_message_is_one_line_with_all_that_is_known() {
        let refused = error(
            CallErrorKind::Rejected,
            Some(400),
            Explanation::Answer("Validation error".to_owned()),
        );
        assert_eq!(
            refused.to_string(),
            "PUT /users/u1 answered 400 (request 00000000-0000-0000-0000-000000000000, 1 try): Validation error"
        );
        let broken = WriteError::from(transport(TransportFailure::Interrupted));
        assert_eq!(
            broken.to_string(),
            "unclear whether it was carried out: PUT /users/u1 failed (request 00000000-0000-0000-0000-000000000000, 1 try): the connection failed after the request had begun, so the server may have acted: connection reset"
        );
    }

    #[test]
    fn a_write_is_refused_only_by_a_plain_no() {
        let cases = [
            (302, "unclear"),
            (400, "refused"),
            (401, "refused"),
            (403, "refused"),
            (404, "refused"),
            (405, "refused"),
            (408, "unclear"),
            (409, "refused"),
            (424, "unclear"),
            (429, "refused"),
            (500, "unclear"),
            (501, "refused"),
            (503, "unclear"),
        ];
        for (status, expected) in cases {
            let code = StatusCode::from_u16(status).expect("a status");
            let kind = CallErrorKind::of(code).expect("no success");
            let explanation = Explanation::Answer(String::new());
            let sorted = WriteError::from(error(kind, Some(status), explanation));
            assert!(sorted.to_string().starts_with(expected), "{status}");
        }
        assert_eq!(CallErrorKind::of(StatusCode::ACCEPTED), None);
        assert!(matches!(
            WriteError::from(transport(TransportFailure::NotSent)),
            WriteError::NotSent(_)
        ));
        assert!(matches!(
            WriteError::from(transport(TransportFailure::TooLarge)),
            WriteError::Unclear(_)
        ));
    }
}
