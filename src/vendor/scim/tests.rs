//! Against a server in this process that plays a script, in paused time.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::{
    http::TransportFailure,
    vendor::admin_api::tests::{Answer, Fixture, scripted},
};

fn fixture(script: Vec<Answer>) -> Fixture<Scim> {
    scripted(script, "/scim/v2", |http, limiter| {
        let options = ScimOptions {
            http,
            token: "secret-token".into(),
            limiter,
            retry: RetryPolicy::default(),
            jitter_seed: Some(1),
        };
        Scim::new(options).expect("a token")
    })
}

fn user(id: &str, username: &str) -> Value {
    json!({"id": id, "userName": username, "active": true})
}

fn page(total: u64, users: &[Value]) -> Answer {
    Answer::Json(200, json!({"totalResults": total, "Resources": users}))
}

async fn patch(fixture: &Fixture<Scim>) -> Result<Trace, WriteError> {
    let body = ScimUser::deactivation();
    let send = SendOnce::until(Timestamp::MAX);
    fixture.api.patch_user("U1", &body, send).await
}

#[tokio::test(start_paused = true)]
async fn a_username_is_asked_for_by_filter_and_compared() {
    let others = [user("U2", "ann.moss2"), user("U1", "Ann.Moss")];
    let fixture = fixture(vec![page(2, &others)]);
    let found = fixture
        .api
        .find_by_username("ann.moss")
        .await
        .expect("a list");
    let ids: Vec<&str> = found.value.iter().map(ScimUser::id).collect();
    assert_eq!(ids, ["U1"]);
    assert_eq!(
        fixture.urls(),
        [
            "https://api.example.com/scim/v2/Users?filter=userName%20eq%20%22ann.moss%22&startIndex=1&count=100"
        ]
    );
    assert_eq!(fixture.header("authorization"), ["Bearer secret-token"]);
    assert_eq!(fixture.header("accept"), ["application/scim+json"]);
}

#[tokio::test(start_paused = true)]
async fn a_quote_in_a_username_stays_in_its_string() {
    let fixture = fixture(vec![page(0, &[])]);
    let name = r#"a" or userName pr or "b\"#;
    fixture.api.find_by_username(name).await.expect("a list");
    let url = &fixture.urls()[0];
    assert!(url.contains("%22a%5C%22%20or%20userName"), "{url}");
}

#[tokio::test(start_paused = true)]
async fn all_pages_are_read_before_nobody_else_is_said_to_be_there() {
    let first = page(3, &[user("U1", "ann"), user("U2", "bob")]);
    let fixture = fixture(vec![first, page(3, &[user("U3", "ANN")])]);
    let found = fixture.api.find_by_username("ann").await.expect("a list");
    assert_eq!(found.value.len(), 2);
    assert!(fixture.urls()[1].contains("startIndex=3"));
}

#[tokio::test(start_paused = true)]
async fn a_list_that_is_not_whole_or_not_filtered_is_an_error() {
    let cases = [
        (
            vec![page(2, &[user("U1", "ann")]), page(2, &[])],
            "ends after 1",
        ),
        (
            ["U1", "U2", "U3"]
                .map(|id| page(900, &[user(id, "ann")]))
                .into(),
            "ignores the filter",
        ),
        // The same page whatever the position.
        (vec![page(2, &[user("U1", "ann")])], "ends after 1"),
        (
            vec![Answer::Json(200, json!({"Resources": []}))],
            "totalResults",
        ),
        (vec![Answer::Json(200, json!([]))], "totalResults"),
        (vec![page(1, &[json!({"userName": "ann"})])], "has no id"),
        (
            vec![Answer::Json(
                200,
                json!({"totalResults": 1, "Resources": "x"}),
            )],
            "no list",
        ),
        (
            vec![Answer::With(
                200,
                &[("content-type", "text/html")],
                "<html>",
            )],
            "a web page",
        ),
    ];
    for (script, expected) in cases {
        let fixture = fixture(script);
        let error = fixture.api.find_by_username("ann").await;
        let error = error.expect_err(expected);
        assert_eq!(error.kind, CallErrorKind::UnexpectedBody, "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_patch_says_active_and_nothing_else() {
    for answer in [
        Answer::Json(200, user("U1", "ann")),
        Answer::With(204, &[], ""),
    ] {
        let fixture = fixture(vec![answer]);
        patch(&fixture).await.expect("accepted");
        assert_eq!(fixture.header("content-type"), ["application/scim+json"]);
        let received = fixture.received.lock().expect("the log");
        let request = &received[0].request;
        assert_eq!(request.method(), Method::PATCH);
        let body: Value = serde_json::from_slice(request.body()).expect("JSON");
        assert_eq!(
            body,
            json!({
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
                "Operations": [{"op": "replace", "path": "active", "value": false}]
            })
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_known_of_a_patch_that_was_not_accepted() {
    let error = |status, detail: &str| {
        let schemas = ["urn:ietf:params:scim:api:messages:2.0:Error"];
        let body = json!({"schemas": schemas, "status": status, "detail": detail});
        Answer::Json(status, body)
    };
    let done = Answer::With(204, &[], "");
    let throttled = Answer::With(429, &[("retry-after", "7")], "");
    let cases = [
        (vec![error(401, "no")], "refused", 1),
        (vec![error(403, "no")], "refused", 1),
        (vec![error(404, "no")], "refused", 1),
        (vec![error(500, "no")], "unclear", 1),
        (vec![error(503, "no")], "unclear", 1),
        (
            vec![Answer::Lost(TransportFailure::Interrupted)],
            "unclear",
            1,
        ),
        (
            vec![Answer::With(
                200,
                &[("content-type", "text/html")],
                "<html>",
            )],
            "unclear",
            1,
        ),
        (vec![Answer::With(200, &[], "")], "unclear", 1),
        (
            vec![Answer::Lost(TransportFailure::NotSent), done.clone()],
            "",
            2,
        ),
        (vec![throttled, done], "", 2),
    ];
    for (script, expected, sent) in cases {
        let fixture = fixture(script);
        let said = patch(&fixture).await.err().map(|error| error.to_string());
        let said = said.unwrap_or_default();
        assert!(said.starts_with(expected), "{expected}: {said}");
        assert_eq!(said.is_empty(), expected.is_empty(), "{said}");
        assert_eq!(fixture.count(), sent, "{expected}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_services_words_come_through_and_the_token_does_not() {
    let detail = json!({"status": "400", "scimType": "mutability", "detail": "only active"});
    let fixture = fixture(vec![
        Answer::Json(400, detail),
        Answer::With(
            418,
            &[("content-type", "text/plain")],
            "Bearer secret-token",
        ),
    ]);
    let said = patch(&fixture).await.expect_err("refused").to_string();
    assert!(said.ends_with("only active; [mutability]"), "{said}");
    let error = fixture.api.user("U1").await.expect_err("a teapot");
    assert!(error.to_string().ends_with("Bearer [key]"), "{error}");
    assert!(!format!("{error:?}").contains("secret-token"));
}

#[test]
fn a_token_with_a_line_break_is_refused() {
    let fixture = || {
        scripted(Vec::new(), "/scim/v2", |http, limiter| {
            Scim::new(ScimOptions {
                http,
                token: "secret\n".into(),
                limiter,
                retry: RetryPolicy::default(),
                jitter_seed: None,
            })
        })
    };
    assert_eq!(fixture().api.err(), Some(UnusableToken));
}
