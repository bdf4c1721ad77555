//! Answers and errors in the shapes of the vendor's document.

use axum::http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::clock::seconds_until;
use super::faults::Delivery;

/// The media type of users, and of everything about them.
pub(super) const USERS: &str = "application/vnd.users.v1+json";
/// The media type of operations that are looked up.
pub(super) const OPERATIONS: &str = "application/vnd.operations.v1+json";

/// An answer, but for the headers that every answer has.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) media_type: &'static str,
    pub(super) body: Value,
    /// Seconds of tenant time.
    pub(super) retry_after: Option<i64>,
    /// The methods that are allowed, on 405.
    pub(super) allow: Option<&'static str>,
    /// Where to look instead, on a redirect.
    pub(super) location: Option<&'static str>,
    /// What is sent in place of the body.
    pub(super) text: Option<String>,
    pub(super) delivery: Delivery,
}

/// A request that is refused.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    title: String,
    detail: Option<String>,
    faults: Vec<Fault>,
    retry_at: Option<Timestamp>,
    allow: Option<&'static str>,
}

/// One thing that is wrong with a request.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) field: Option<String>,
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl Answer {
    pub(super) fn new(status: StatusCode, media_type: &'static str, body: Value) -> Self {
        Self {
            status,
            media_type,
            body,
            retry_after: None,
            allow: None,
            location: None,
            text: None,
            delivery: Delivery::Whole,
        }
    }
}

impl Fault {
    /// A value that the vendor's document does not allow.
    pub(super) fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self {
            field: Some(field.to_owned()),
            code: "VALIDATION_ERROR",
            message: message.into(),
        }
    }
}

impl Problem {
    fn new(status: StatusCode, title: &str, code: &'static str, message: &str) -> Self {
        Self {
            status,
            title: title.to_owned(),
            detail: None,
            faults: vec![Fault {
                field: None,
                code,
                message: message.to_owned(),
            }],
            retry_at: None,
            allow: None,
        }
    }

    pub(super) fn validation(faults: Vec<Fault>) -> Self {
        Self {
            faults,
            ..Self::new(
                StatusCode::BAD_REQUEST,
                "Validation error",
                "VALIDATION_ERROR",
                "",
            )
        }
    }

    pub(super) fn mismatched_user_id(in_url: &str, in_payload: &str) -> Self {
        let title = "Mismatched userId in url vs payload";
        let detail = format!("{title}: {in_url} vs {in_payload}");
        Self {
            title: title.to_owned(),
            detail: Some(detail.clone()),
            ..Self::validation(vec![Fault::invalid("basicInfo.userId", detail)])
        }
    }

    pub(super) fn conflicting_parameters() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "Conflicting query parameters",
            "CONFLICTING_QUERY_PARAMETER",
            "Cannot use scrollId with other first-page query parameters",
        )
    }

    pub(super) fn bad_request(message: &str) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "Bad Request",
            "BAD_REQUEST",
            message,
        )
    }

    /// The vendor's document names no answer to a wrong key and no error code
    /// for it; this is what HTTP asks for, with the nearest code.
    pub(super) fn unauthorized() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "Unauthorized",
            "FORBIDDEN",
            "Missing or invalid API key",
        )
    }

    pub(super) fn other_customer(ours: &str, theirs: &str) -> Self {
        let message = format!("CustomerId mismatch: {ours} vs {theirs}");
        Self {
            detail: Some(message.clone()),
            ..Self::new(StatusCode::FORBIDDEN, "Forbidden", "FORBIDDEN", &message)
        }
    }

    pub(super) fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "Not Found",
            "NOT_FOUND",
            "Resource not found",
        )
    }

    /// What an update of a user answers who is not there.
    pub(super) fn user_not_found() -> Self {
        Self {
            faults: vec![Fault {
                field: Some("basicInfo.userId".to_owned()),
                code: "NOT_FOUND",
                message: "User not found".to_owned(),
            }],
            ..Self::not_found()
        }
    }

    pub(super) fn operation_not_found(operation_id: &str) -> Self {
        let message = format!("Operation not found: {operation_id}");
        Self {
            detail: Some(message.clone()),
            ..Self::new(
                StatusCode::NOT_FOUND,
                "Operation not found",
                "NOT_FOUND",
                &message,
            )
        }
    }

    pub(super) fn method_not_allowed(allow: &'static str) -> Self {
        Self {
            allow: Some(allow),
            ..Self::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "Method Not Allowed",
                "BAD_REQUEST",
                "Method not supported",
            )
        }
    }

    pub(super) fn not_implemented() -> Self {
        Self::new(
            StatusCode::NOT_IMPLEMENTED,
            "Not Implemented",
            "NOT_IMPLEMENTED",
            "Method not implemented",
        )
    }

    pub(super) fn not_acceptable(media_type: &str) -> Self {
        let message = format!("Accept must name {media_type}");
        Self::new(
            StatusCode::NOT_ACCEPTABLE,
            "Not Acceptable",
            "BAD_REQUEST",
            &message,
        )
    }

    pub(super) fn unsupported_media_type(media_type: &str) -> Self {
        let message = format!("Content-Type must be {media_type}, once");
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "Unsupported Media Type",
            "BAD_REQUEST",
            &message,
        )
    }

    pub(super) fn length_required() -> Self {
        Self::new(
            StatusCode::LENGTH_REQUIRED,
            "Length Required",
            "BAD_REQUEST",
            "Content-Length is missing",
        )
    }

    pub(super) fn too_large() -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "Payload Too Large",
            "BAD_REQUEST",
            "The request body is too large",
        )
    }

    pub(super) fn operation_in_progress() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "Conflict",
            "CONFLICT",
            "Another operation on this user is in progress",
        )
    }

    pub(super) fn too_many_requests(retry_at: Timestamp) -> Self {
        Self {
            retry_at: Some(retry_at),
            ..Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "Too Many Requests",
                "TOO_MANY_REQUESTS",
                "Rate limit exceeded, please try again later",
            )
        }
    }

    /// The sandbox's own failure: its state could not be made durable.
    pub(super) fn unknown(detail: String) -> Self {
        Self {
            detail: Some(detail),
            ..Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "Internal Server Error",
                "UNKNOWN",
                "An unexpected error occurred",
            )
        }
    }

    pub(super) fn into_answer(
        self,
        media_type: &'static str,
        instance: &str,
        now: Timestamp,
    ) -> Answer {
        Answer {
            retry_after: self.retry_at.map(|time| seconds_until(now, time)),
            allow: self.allow,
            ..Answer::new(self.status, media_type, self.into_body(instance, now))
        }
    }

    /// The vendor's `ErrorResponse`.
    pub(super) fn into_body(self, instance: &str, now: Timestamp) -> Value {
        json!({
            "status": self.status.as_u16(),
            "instance": instance,
            "time": format!("{now:.3}"),
            "title": self.title,
            "detail": self.detail,
            "errors": self
                .faults
                .into_iter()
                .map(|fault| json!({
                    "field": fault.field,
                    "code": fault.code,
                    "message": fault.message,
                }))
                .collect::<Vec<_>>(),
        })
    }
}
