//! What goes wrong on purpose: rules that say which requests meet with which
//! fault, and what is left of the true answer then.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::answer::Answer;
use super::router::Route;
use super::scim;

/// Faults by rules that are written down; see [`FaultScript::parse`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FaultScript {
    pub(super) rules: Vec<Rule>,
}

/// One rule: these requests meet with this fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    /// As it was written.
    pub(super) text: String,
    pub(super) request: RequestKind,
    /// Only requests about the user with this id.
    pub(super) user_id: Option<String>,
    pub(super) which: Which,
    pub(super) fault: Fault,
}

/// What a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RequestKind {
    /// A connection, before anything is read from it.
    Connection,
    Any,
    UsersList,
    UserRead,
    Update,
    Poll,
    ScimSearch,
    ScimRead,
    ScimPatch,
}

/// Which of the requests that a rule is about, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    FromTo(u64, u64),
    Every(u64),
}

/// What happens to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// Another answer, or none.
    Instead(When, Instead),
    /// The true answer, damaged.
    Damaged(Damage),
    /// A poll is answered with this status, whatever is true.
    Says(&'static str),
    /// The operation that an update begins ends so.
    Operation(Fate),
}

/// Whether the request is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// The fault comes first: nothing is carried out.
    Before,
    /// It was carried out.
    After,
}

/// What comes in place of the true answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Instead {
    /// The connection is reset.
    Reset,
    /// This status, with the vendor's error body.
    Status {
        status: StatusCode,
        /// Seconds of tenant time.
        retry_after: Option<i64>,
    },
    /// A page for people.
    Html(StatusCode),
    /// 302 to another host.
    Redirect,
    /// A success whose JSON is something else.
    WrongShape,
}

/// What becomes of the true answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Damage {
    /// It takes so long, in real time, whatever the tenant's clock says.
    Slow(Duration),
    /// It breaks off within its body.
    Cut,
    /// Its JSON ends early, its length is right.
    BrokenJson,
    /// It says that it is text.
    WrongType,
}

/// How the operation of an update ends. In none of these is anything changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Failed,
    Unknown,
    /// Never.
    Stuck,
    /// Nobody knows of it.
    Gone,
    /// It completes.
    Unchanged,
}

/// How the bytes of an answer go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delivery {
    /// As they should.
    Whole,
    /// A little at a time, over so long.
    Slow(Duration),
    /// The connection ends within the body.
    Cut,
    /// The connection is reset before the first.
    Reset,
}

/// The rules of a script, and how often each was met.
#[derive(Debug)]
pub(super) struct Faults {
    rules: Vec<(Rule, u64)>,
}

impl Faults {
    pub(super) fn new(script: FaultScript) -> Self {
        let rules = script.rules.into_iter();
        Self {
            rules: rules.map(|rule| (rule, 0)).collect(),
        }
    }

    /// Counts a connection; true when it is to be dropped.
    pub(super) fn drops_connection(&mut self) -> bool {
        self.meet(|rule| rule.request == RequestKind::Connection)
            .is_some()
    }

    /// Counts a request about a user, if it is about one, and gives the first
    /// rule that it falls under.
    pub(super) fn next(
        &mut self,
        route: &Route,
        method: &Method,
        user_id: Option<&str>,
    ) -> Option<Rule> {
        self.meet(|rule| {
            let is_of_user = rule.user_id.is_none() || rule.user_id.as_deref() == user_id;
            rule.request.covers(route, method) && is_of_user
        })
    }

    fn meet(&mut self, is_met: impl Fn(&Rule) -> bool) -> Option<Rule> {
        let mut met = None;
        for (rule, count) in self.rules.iter_mut().filter(|(rule, _)| is_met(rule)) {
            *count += 1;
            if met.is_none() && rule.which.holds(*count) {
                met = Some(rule.clone());
            }
        }
        met
    }
}

impl RequestKind {
    fn covers(self, route: &Route, method: &Method) -> bool {
        let reads = method == Method::GET;
        match self {
            Self::Connection => false,
            Self::Any => true,
            Self::UsersList => reads && matches!(route, Route::Users),
            Self::UserRead => reads && matches!(route, Route::User(_)),
            Self::Update => method == Method::PUT && matches!(route, Route::User(_)),
            Self::Poll => reads && matches!(route, Route::Operation(_)),
            Self::ScimSearch => reads && matches!(route, Route::Scim(scim::Resource::Users)),
            Self::ScimRead => reads && matches!(route, Route::Scim(scim::Resource::User(_))),
            Self::ScimPatch => {
                method == Method::PATCH && matches!(route, Route::Scim(scim::Resource::User(_)))
            }
        }
    }
}

impl Which {
    fn holds(self, count: u64) -> bool {
        match self {
            Self::FromTo(first, last) => (first..=last).contains(&count),
            Self::Every(step) => count.is_multiple_of(step),
        }
    }
}

impl Fault {
    /// The whole answer, where nothing is carried out.
    pub(super) fn unheard(&self, route: &Route) -> Option<Answer> {
        match self {
            Self::Instead(When::Before, instead) => Some(instead.answer(route)),
            Self::Instead(When::After, _)
            | Self::Damaged(_)
            | Self::Says(_)
            | Self::Operation(_) => None,
        }
    }

    /// What becomes of the true answer.
    pub(super) fn spoil(&self, answer: Answer, route: &Route) -> Answer {
        match self {
            Self::Instead(_, instead) => instead.answer(route),
            Self::Damaged(damage) => damage.done_to(answer),
            Self::Says(status) if answer.status == StatusCode::OK => {
                let mut answer = answer;
                answer.body["status"] = json!(status);
                answer
            }
            Self::Says(_) | Self::Operation(_) => answer,
        }
    }
}

impl Instead {
    fn answer(&self, route: &Route) -> Answer {
        let media_type = route.media_type();
        match self {
            Self::Reset => Answer {
                delivery: Delivery::Reset,
                ..Answer::new(StatusCode::OK, media_type, Value::Null)
            },
            Self::Status {
                status,
                retry_after,
            } => Answer {
                retry_after: *retry_after,
                ..Answer::new(*status, media_type, error_body(*status, route))
            },
            Self::Html(status) => Answer {
                text: Some("<!DOCTYPE html><title>Sign in</title><h1>Sign in</h1>\n".to_owned()),
                ..Answer::new(*status, "text/html; charset=utf-8", Value::Null)
            },
            Self::Redirect => Answer {
                location: Some("https://elsewhere.example.net/"),
                ..Answer::new(StatusCode::FOUND, media_type, Value::Null)
            },
            Self::WrongShape => {
                let body = json!({ "message": "this is not what was asked for" });
                Answer::new(StatusCode::OK, media_type, body)
            }
        }
    }
}

impl Damage {
    fn done_to(self, answer: Answer) -> Answer {
        match self {
            Self::Slow(time) => Answer {
                delivery: Delivery::Slow(time),
                ..answer
            },
            Self::Cut => Answer {
                delivery: Delivery::Cut,
                ..answer
            },
            Self::BrokenJson => {
                let mut text = answer.body.to_string();
                text.truncate(text.floor_char_boundary(text.len() / 2));
                Answer {
                    text: Some(text),
                    ..answer
                }
            }
            Self::WrongType => Answer {
                media_type: "text/plain",
                ..answer
            },
        }
    }
}

/// An error as the API that is asked words it.
fn error_body(status: StatusCode, route: &Route) -> Value {
    let reason = status.canonical_reason().unwrap_or("Error");
    match route {
        Route::Scim(_) => scim::error_body(status, reason),
        Route::Users | Route::User(_) | Route::Operation(_) | Route::Unknown => json!({
            "status": status.as_u16(),
            "title": reason,
            "errors": [{ "code": "UNKNOWN", "message": "a fault of the script" }],
        }),
    }
}
