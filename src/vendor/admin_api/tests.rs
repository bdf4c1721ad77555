//! Against a server in this process that plays a script, in paused time.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use jiff::Timestamp;
use serde_json::json;

use super::*;
use crate::{
    http::{BaseUrl, Service, ServiceFuture, TransportError, TransportFailure, Url},
    vendor::{limiter::Limits, operation::OperationStatus, user::UserChange},
};

/// One answer of the script.
#[derive(Clone)]
pub(in crate::vendor) enum Answer {
    Json(u16, Value),
    With(u16, &'static [(&'static str, &'static str)], &'static str),
    Lost(TransportFailure),
}

/// A write that has all the time there is.
fn send() -> SendOnce {
    SendOnce {
        request_id: Uuid::new_v4(),
        not_after: Timestamp::MAX,
    }
}

/// What the server received, and when.
pub(in crate::vendor) struct Received {
    at: Duration,
    pub(in crate::vendor) request: ::http::Request<Vec<u8>>,
}

pub(in crate::vendor) struct Fixture<Api> {
    pub(in crate::vendor) api: Api,
    pub(in crate::vendor) received: Arc<Mutex<Vec<Received>>>,
}

const LATENCY: Duration = Duration::from_millis(200);
const JSON: (&str, &str) = ("content-type", USERS);

/// An API whose server plays `script`, then repeats its last answer.
pub(in crate::vendor) fn fixture(script: Vec<Answer>) -> Fixture<AdminApi> {
    scripted(script, "/admin-provisioning", |http, limiter| {
        AdminApi::new(AdminApiOptions {
            http,
            key: "secret-key".into(),
            limiter,
            retry: RetryPolicy::default(),
            jitter_seed: Some(1),
        })
        .expect("a key")
    })
}

/// The same for the API that `make` makes.
pub(in crate::vendor) fn scripted<Api>(
    script: Vec<Answer>,
    path: &str,
    make: impl FnOnce(HttpClient, Limiter) -> Api,
) -> Fixture<Api> {
    let clock = Clock::new(Timestamp::UNIX_EPOCH, 1);
    let received: Arc<Mutex<Vec<Received>>> = Arc::default();
    let script = Mutex::new(VecDeque::from(script));
    let service: Service = {
        let (clock, received) = (clock.clone(), Arc::clone(&received));
        Arc::new(move |request| {
            let mut script = script.lock().expect("the script");
            let next = script.pop_front().expect("a script");
            if script.is_empty() {
                script.push_back(next.clone());
            }
            let method = request.method().clone();
            received.lock().expect("the log").push(Received {
                at: clock.elapsed(),
                request,
            });
            let clock = clock.clone();
            let answer: ServiceFuture = Box::pin(async move {
                clock.sleep(LATENCY).await;
                play(next, &method)
            });
            answer
        })
    };
    let base = BaseUrl::parse(&format!("https://api.example.com{path}")).expect("base");
    let http = HttpClient::in_process(base, service);
    Fixture {
        api: make(http, Limiter::new(Limits::default(), clock)),
        received,
    }
}

fn play(answer: Answer, method: &Method) -> Result<::http::Response<Vec<u8>>, TransportError> {
    let (status, headers, body) = match answer {
        Answer::Json(status, body) => (status, &[JSON][..], body.to_string()),
        Answer::With(status, headers, body) => (status, headers, body.to_owned()),
        Answer::Lost(failure) => {
            let url = Url::parse("https://api.example.com/lost").expect("a url");
            return Err(TransportError::new(failure, method, &url, "scripted"));
        }
    };
    let mut response = ::http::Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    Ok(response.body(body.into_bytes()).expect("a response"))
}

impl<Api> Fixture<Api> {
    pub(in crate::vendor) fn count(&self) -> usize {
        self.received.lock().expect("the log").len()
    }

    pub(in crate::vendor) fn times(&self) -> Vec<Duration> {
        let received = self.received.lock().expect("the log");
        received.iter().map(|received| received.at).collect()
    }

    /// The times between one request and the next.
    fn gaps(&self) -> Vec<Duration> {
        let times = self.times();
        let pairs = times.windows(2);
        pairs.map(|pair| pair[1].saturating_sub(pair[0])).collect()
    }

    pub(in crate::vendor) fn urls(&self) -> Vec<String> {
        let received = self.received.lock().expect("the log");
        received
            .iter()
            .map(|received| received.request.uri().to_string())
            .collect()
    }

    /// All values of a header, of all requests.
    pub(in crate::vendor) fn header(&self, name: &str) -> Vec<String> {
        let received = self.received.lock().expect("the log");
        received
            .iter()
            .flat_map(|received| received.request.headers().get_all(name))
            .map(|value| value.to_str().expect("text").to_owned())
            .collect()
    }
}

fn jane() -> Value {
    json!({"basicInfo": {"userId": "u1", "userName": "Jane.Doe@example.com", "status": "ACTIVE"}})
}

fn page(users: &[Value], next: Option<&str>) -> Answer {
    let pagination = json!({"hasMore": next.is_some(), "nextScrollId": next});
    let links = json!({"next": {"href": "https://elsewhere.example.com/"}});
    Answer::Json(
        200,
        json!({"data": users, "pagination": pagination, "_links": links}),
    )
}

fn accepted() -> Answer {
    Answer::Json(202, json!({"operationId": "op_1", "status": "PENDING"}))
}

fn operation(status: &str) -> Answer {
    Answer::Json(200, json!({"operationId": "op_1", "status": status}))
}

#[tokio::test(start_paused = true)]
async fn an_update_carries_every_header_once() {
    let fixture = fixture(vec![accepted()]);
    let user = User::read(jane()).expect("a user");
    let body = user.updated(&UserChange::default(), &|_| false);
    let reply = fixture
        .api
        .update_user("u1", &body, send())
        .await
        .expect("accepted");

    assert_eq!(reply.value.operation_id, "op_1");
    assert_eq!(reply.value.status, OperationStatus::Pending);
    assert_eq!((reply.trace.status, reply.trace.attempts), (202, 1));
    assert_eq!(reply.trace.sent_at, Timestamp::UNIX_EPOCH);
    assert_eq!(reply.trace.answered_at, Timestamp::UNIX_EPOCH + LATENCY);
    assert_eq!(fixture.header("x-api-key"), ["secret-key"]);
    assert_eq!(fixture.header("accept"), [USERS]);
    assert_eq!(fixture.header("content-type"), [USERS]);
    assert_eq!(
        fixture.header("content-length"),
        [body.to_string().len().to_string()]
    );
    assert_eq!(
        fixture.header("x-request-id"),
        [reply.trace.request_id.to_string()]
    );
    assert_eq!(
        fixture.urls(),
        ["https://api.example.com/admin-provisioning/users/u1"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_read_carries_no_content_type() {
    let fixture = fixture(vec![operation("COMPLETED")]);
    fixture.api.operation("op_1").await.expect("an operation");
    assert_eq!(fixture.header("accept"), [OPERATIONS]);
    assert!(fixture.header("content-type").is_empty());
    assert_eq!(fixture.api.limiter().usage().polls, 1);
}

#[tokio::test(start_paused = true)]
async fn pages_are_asked_for_by_scroll_id_alone() {
    let fixture = fixture(vec![page(&[jane()], Some("s+2")), page(&[], None)]);
    let first = PageQuery::First {
        filter: Some("basicInfo.status==ACTIVE".to_owned()),
        page_size: 50,
    };
    let first = fixture.api.page(first).await.expect("a page");
    assert_eq!(first.users.len(), 1);
    let next = PageQuery::Next(first.next.expect("more"));
    assert_eq!(fixture.api.page(next).await.expect("a page").next, None);
    assert_eq!(
        fixture.urls(),
        [
            "https://api.example.com/admin-provisioning/users?pageSize=50&filter=basicInfo.status%3D%3DACTIVE",
            "https://api.example.com/admin-provisioning/users?scrollId=s%2B2",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_username_is_found_exactly_or_not_at_all() {
    let other = json!({"basicInfo": {"userId": "u2", "userName": "jane.doe@example.com.au"}});
    let fixture = fixture(vec![page(&[other], Some("s2")), page(&[jane()], None)]);
    let found = fixture.api.find_by_username("jane.doe@EXAMPLE.com").await;
    let found = found.expect("an answer");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].user_id(), "u1");
}

#[tokio::test(start_paused = true)]
async fn a_filter_that_is_ignored_is_noticed() {
    let fixture = fixture(vec![page(&[jane()], Some("s"))]);
    let error = fixture
        .api
        .find_by_username("jane")
        .await
        .expect_err("ignored");
    assert_eq!(error.kind, CallErrorKind::UnexpectedBody);
    assert_eq!(fixture.count(), MOST_SEARCH_PAGES);
}

#[tokio::test(start_paused = true)]
async fn reads_are_tried_again_five_times_in_all() {
    for failing in [
        Answer::With(503, &[], ""),
        Answer::With(408, &[], ""),
        Answer::Lost(TransportFailure::Interrupted),
        Answer::Lost(TransportFailure::NotSent),
    ] {
        let fixture = fixture(vec![failing]);
        let error = fixture.api.user("u1").await.expect_err("never");
        assert_eq!((error.attempts, fixture.count()), (5, 5));
        let ids = fixture.header("x-request-id");
        assert!(ids.iter().all(|id| *id == error.request_id.to_string()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_that_heals_is_answered() {
    let fixture = fixture(vec![
        Answer::Lost(TransportFailure::Interrupted),
        Answer::With(500, &[("content-type", "text/html")], "<html>"),
        Answer::Json(200, jane()),
    ]);
    let reply = fixture.api.user("u1").await.expect("a user");
    assert_eq!(reply.trace.attempts, 3);
    assert_eq!(reply.value.body(), &jane());
}

#[tokio::test(start_paused = true)]
async fn a_write_is_sent_again_only_if_it_was_not_carried_out() {
    let cases = [
        (Answer::With(429, &[], ""), 2, "ok"),
        (Answer::Lost(TransportFailure::NotSent), 2, "ok"),
        (Answer::Lost(TransportFailure::Interrupted), 1, "unclear"),
        (Answer::With(500, &[], ""), 1, "unclear"),
        (Answer::With(408, &[], ""), 1, "unclear"),
        (Answer::With(302, &[], ""), 1, "unclear"),
        (
            Answer::With(202, &[JSON], "{\"operationId\":"),
            1,
            "unclear",
        ),
        (Answer::With(202, &[JSON], "{}"), 1, "unclear"),
        (Answer::With(400, &[JSON], "{}"), 1, "refused"),
        (Answer::With(403, &[], ""), 1, "refused"),
    ];
    for (failure, sent, expected) in cases {
        let fixture = fixture(vec![failure, accepted()]);
        let result = fixture.api.update_user("u1", &jane(), send()).await;
        let ended = match &result {
            Ok(_) => "ok",
            Err(WriteError::Refused(_)) => "refused",
            Err(WriteError::NotSent(_)) => "not sent",
            Err(WriteError::Unclear(_)) => "unclear",
        };
        assert_eq!((ended, fixture.count()), (expected, sent), "{result:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_that_never_gets_out_was_not_sent() {
    let fixture = fixture(vec![Answer::Lost(TransportFailure::NotSent)]);
    let error = fixture
        .api
        .update_user("u1", &jane(), send())
        .await
        .expect_err("never");
    assert!(matches!(error, WriteError::NotSent(_)), "{error}");
    assert_eq!(fixture.count(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_write_never_leaves_after_its_time() {
    let throttled = Answer::With(429, &[("retry-after", "200")], "");
    let fixture = fixture(vec![throttled, accepted()]);
    let send = SendOnce {
        not_after: fixture.api.clock().now() + Duration::from_secs(150),
        ..send()
    };
    let error = fixture.api.update_user("u1", &jane(), send).await;
    let error = error.expect_err("too late");
    assert!(matches!(error, WriteError::NotSent(_)), "{error}");
    assert_eq!(fixture.count(), 1);
    assert_eq!(error.call().request_id, send.request_id);
}

#[tokio::test(start_paused = true)]
async fn a_429_makes_everybody_wait() {
    let throttled = Answer::With(429, &[("retry-after", "30")], "");
    let fixture = fixture(vec![throttled, Answer::Json(200, jane())]);
    let late = async {
        fixture.api.clock().sleep(Duration::from_secs(1)).await;
        fixture.api.user("u1").await
    };
    let (first, second) = tokio::join!(fixture.api.user("u1"), late);
    assert!(first.is_ok() && second.is_ok());
    let times = fixture.times();
    assert_eq!(times.len(), 3);
    assert!(times[1] >= LATENCY + Duration::from_secs(30), "{times:?}");
    let usage = fixture.api.limiter().usage();
    assert_eq!((usage.throttled, usage.paused.as_secs()), (1, 30));
}

#[tokio::test(start_paused = true)]
async fn a_429_that_says_nothing_pauses_longer_each_time() {
    let fixture = fixture(vec![Answer::With(429, &[], "")]);
    let error = fixture.api.user("u1").await.expect_err("throttled");
    assert_eq!(error.kind, CallErrorKind::Throttled);
    let gaps: Vec<_> = fixture.gaps().iter().map(Duration::as_secs).collect();
    assert_eq!(gaps, [2, 4, 8, 16]);
}

#[tokio::test(start_paused = true)]
async fn an_operation_is_followed_to_its_end() {
    let failed = json!({"operationId": "op_1", "status": "FAILED", "error": {"title": "No seat"}});
    let gone = Answer::With(404, &[JSON], "{\"title\":\"Operation not found\"}");
    for (end, expected) in [
        (operation("COMPLETED"), "Completed"),
        (operation("UNKNOWN"), "Unknown"),
        (Answer::Json(200, failed), "No seat"),
        (gone, "Gone"),
        (operation("QUEUED"), "TimedOut"),
    ] {
        let fixture = fixture(vec![operation("PENDING"), operation("IN_PROGRESS"), end]);
        let followed = fixture
            .api
            .follow("op_1", limits(), |_| Duration::from_secs(1))
            .await
            .expect("an end");
        assert!(format!("{followed:?}").contains(expected), "{followed:?}");
        let times = fixture.times();
        assert_eq!(times[0], Duration::from_secs(2));
        assert!(times.len() <= 30);
    }
}

#[tokio::test(start_paused = true)]
async fn polls_are_never_closer_than_allowed() {
    let fixture = fixture(vec![
        operation("PENDING"),
        Answer::With(500, &[], ""),
        Answer::With(429, &[("retry-after", "1")], ""),
        Answer::Lost(TransportFailure::Interrupted),
        operation("IN_PROGRESS"),
    ]);
    let limits = FollowLimits {
        every: Duration::from_secs(3),
        ..limits()
    };
    let followed = fixture
        .api
        .follow("op_1", limits, |_| Duration::from_secs(1))
        .await
        .expect("an end");
    assert_eq!(followed, Followed::TimedOut);
    for gap in fixture.gaps() {
        assert!(gap >= limits.every + LATENCY, "{gap:?}");
    }
    let usage = fixture.api.limiter().usage();
    assert_eq!(usage.polls, usage.requests);
}

fn limits() -> FollowLimits {
    FollowLimits {
        first: Duration::from_secs(2),
        every: Duration::from_secs(1),
        timeout: Duration::from_secs(30),
    }
}

#[tokio::test(start_paused = true)]
async fn a_redirect_is_not_followed() {
    const ELSEWHERE: &[(&str, &str)] = &[("location", "https://login.example.net/?session=1")];
    let fixture = fixture(vec![Answer::With(302, ELSEWHERE, "")]);
    let error = fixture.api.user("u1").await.expect_err("a redirect");
    assert_eq!(error.kind, CallErrorKind::OtherHost);
    assert_eq!(
        error.explanation.to_string(),
        "a redirect to login.example.net, which is not followed"
    );
    assert_eq!(fixture.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_id_cannot_reach_another_resource() {
    let fixture = fixture(vec![Answer::Json(200, jane())]);
    for id in ["..", ".", ""] {
        let error = fixture.api.user(id).await.expect_err("no id");
        assert_eq!(error.kind, CallErrorKind::Transport);
    }
    assert_eq!(fixture.count(), 0);
    fixture.api.user("a/../b").await.expect("a user");
    assert!(fixture.urls()[0].ends_with("/users/a%2F..%2Fb"));
}

#[tokio::test(start_paused = true)]
async fn the_key_does_not_come_back_in_an_error() {
    let echo = Answer::With(
        418,
        &[("content-type", "text/plain")],
        "x-api-key: secret-key",
    );
    let fixture = fixture(vec![echo]);
    let error = fixture.api.user("u1").await.expect_err("a teapot");
    assert!(
        error.to_string().ends_with("text/plain: x-api-key: [key]"),
        "{error}"
    );
    assert!(!format!("{error:?}").contains("secret-key"));
}

#[test]
fn a_key_with_a_line_break_is_refused() {
    let service: Service = Arc::new(|_| Box::pin(async { unreachable!("never sent") }));
    let base = BaseUrl::parse("https://api.example.com").expect("base");
    let api = AdminApi::new(AdminApiOptions {
        http: HttpClient::in_process(base, service),
        key: "secret\n".into(),
        limiter: Limiter::new(Limits::default(), Clock::new(Timestamp::UNIX_EPOCH, 1)),
        retry: RetryPolicy::default(),
        jitter_seed: None,
    });
    assert_eq!(api.err(), Some(UnusableKey));
}
