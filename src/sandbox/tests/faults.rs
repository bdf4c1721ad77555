//! Faults by the script, lists that show less, and reads that lag behind.

use axum::http::{Method, Response};

use super::super::{FaultScript, ListPayload};
use super::*;

fn failing(script: &str) -> Client {
    Client::new(Options {
        faults: FaultScript::parse(script).expect(script),
        ..options()
    })
}

async fn statuses(client: &Client, path: &str, times: usize) -> Vec<u16> {
    let mut statuses = Vec::new();
    for _ in 0..times {
        statuses.push(client.get(path).await.status);
    }
    statuses
}

/// The answer as it is, or nothing.
async fn exchange(client: &Client, path: &str) -> Option<Response<Vec<u8>>> {
    let request = request(Method::GET, path, &[("accept", USERS)], "");
    client.tenant.exchange(request).await
}

#[tokio::test(start_paused = true)]
async fn a_rule_counts_the_requests_that_it_is_about() {
    let jane = format!("/users/{JANE}");
    let client = failing("user-read 2-3: 500\nuser-read every 4: 404");
    assert_eq!(statuses(&client, "/users", 3).await, [200; 3]);
    let expected = [200, 500, 500, 404, 200];
    assert_eq!(statuses(&client, &jane, 5).await, expected);

    let client = failing(&format!("user-read of {OMAR}: 403\nany 5-: 503"));
    assert_eq!(statuses(&client, &jane, 2).await, [200; 2]);
    let omar = format!("/users/{OMAR}");
    assert_eq!(statuses(&client, &omar, 2).await, [403; 2]);
    // Each rule counts by itself.
    assert_eq!(statuses(&client, &jane, 1).await, [503]);
    assert_eq!(statuses(&client, &omar, 1).await, [403], "the first holds");

    client.tenant.set_faults(FaultScript::default());
    assert_eq!(statuses(&client, &omar, 1).await, [200]);
}

#[tokio::test(start_paused = true)]
async fn a_status_says_when_to_come_again_and_is_no_violation() {
    let client = failing("users-list 1: 429 retry-after 7\nusers-list 2: 503");
    let reply = client.get("/users").await;
    assert_eq!((reply.status, reply.header("retry-after")), (429, "7"));
    assert_eq!(client.get("/users").await.status, 503);
    assert_eq!(client.get("/users").await.status, 200);
    let report = client.tenant.report();
    assert_eq!((report.requests, report.violations), (3, 0));
    let entries = client.tenant.entries();
    let rule = "users-list 1: 429 retry-after 7";
    assert_eq!(entries[0].fault.as_deref(), Some(rule));
    assert_eq!(entries[2].fault, None);
}

#[tokio::test(start_paused = true)]
async fn an_answer_can_be_anything_but_what_it_should() {
    let path = format!("/users/{JANE}");
    let script = "user-read 1: html\nuser-read 2: redirect\nuser-read 3: wrong-shape\n\
        user-read 4: wrong-type\nuser-read 5: broken-json\nuser-read 6: cut\nuser-read 7: slow 9";
    let client = failing(script);
    let mut answers = Vec::new();
    for _ in 1..=7 {
        answers.push(exchange(&client, &path).await);
    }
    let header = |nth: usize, name: &str| {
        let answer = answers[nth - 1].as_ref().expect("an answer");
        let value = answer.headers().get(name)?;
        Some(value.to_str().expect("text").to_owned())
    };
    let body = |nth: usize| {
        let answer = answers[nth - 1].as_ref().expect("an answer");
        String::from_utf8(answer.body().clone()).expect("text")
    };
    let json = |nth: usize| serde_json::from_str::<Value>(&body(nth));
    assert!(body(1).contains("<h1>"));
    assert!(
        header(1, "content-type")
            .expect("one")
            .starts_with("text/html")
    );
    assert!(header(2, "location").expect("one").contains("elsewhere"));
    assert!(json(3).expect("JSON")["basicInfo"].is_null());
    assert_eq!(header(4, "content-type").as_deref(), Some("text/plain"));
    assert!(json(4).expect("JSON")["basicInfo"].is_object());
    assert!(json(5).is_err());
    assert!(answers[5].is_none(), "cut");
    assert!(json(7).is_ok(), "slow");
}

#[tokio::test(start_paused = true)]
async fn an_update_is_lost_before_or_after_it_is_carried_out() {
    for (script, status) in [
        ("update: reset", "ACTIVE"),
        ("update: after reset", "INACTIVE"),
    ] {
        let client = failing(script);
        let user = client.user(JANE).await;
        let path = format!("/users/{JANE}");
        let headers = [("accept", USERS), ("content-type", USERS)];
        let body = deactivated(&user).to_string();
        let request = request(Method::PUT, &path, &headers, &body);
        assert!(client.tenant.exchange(request).await.is_none());
        pass(10).await;
        assert_eq!(client.user(JANE).await["basicInfo"]["status"], status);
        let written = u64::from(status == "INACTIVE");
        assert_eq!(client.tenant.report().writes, written);
        assert_eq!(client.tenant.entries()[1].status, 0, "no answer");
    }
}

#[tokio::test(start_paused = true)]
async fn operations_end_as_the_script_says_and_change_nothing() {
    for (fate, status) in [
        ("failed", "FAILED"),
        ("unknown", "UNKNOWN"),
        ("stuck", "IN_PROGRESS"),
        ("unchanged", "COMPLETED"),
    ] {
        let client = failing(&format!("update 1: operation {fate}"));
        let user = client.user(JANE).await;
        let reply = client.put(JANE, &deactivated(&user)).await;
        assert_eq!(reply.status, 202);
        let id = reply.body["operationId"].as_str().expect("an id");
        pass(100).await;
        let operation = client.get(&format!("/operations/{id}")).await.body;
        assert_eq!(operation["status"], status);
        assert_eq!(client.user(JANE).await["basicInfo"]["status"], "ACTIVE");
        let entries = client.tenant.entries();
        let write = entries[1].write.as_ref().expect("accepted");
        assert!(!write.takes_effect);
        if fate == "failed" || fate == "unknown" {
            client.change(JANE, &deactivated(&user)).await;
            assert_eq!(client.user(JANE).await["basicInfo"]["status"], "INACTIVE");
            let repeated = client.tenant.report().repeated_writes;
            assert_eq!(repeated, Vec::<String>::new());
        }
    }
    let client = failing("update 1: operation gone");
    let user = client.user(JANE).await;
    let operation = client.change(JANE, &deactivated(&user)).await;
    assert_eq!(operation["status"], 404);
}

#[tokio::test(start_paused = true)]
async fn a_poll_says_what_the_script_says() {
    let client = failing("poll 1: says COMPLETED\npoll 2: says IN_PROGRESS");
    let user = client.user(JANE).await;
    let reply = client.put(JANE, &deactivated(&user)).await;
    let path = format!(
        "/operations/{}",
        reply.body["operationId"].as_str().expect("an id")
    );
    pass(1).await;
    assert_eq!(client.get(&path).await.body["status"], "COMPLETED");
    assert_eq!(client.user(JANE).await["basicInfo"]["status"], "ACTIVE");
    pass(20).await;
    assert_eq!(client.get(&path).await.body["status"], "IN_PROGRESS");
    assert_eq!(client.get(&path).await.body["status"], "COMPLETED");
}

#[tokio::test(start_paused = true)]
async fn a_list_may_show_less_than_a_user() {
    let client = Client::new(Options {
        list: ListPayload::Status,
        ..options()
    });
    let list = client.get("/users").await.body;
    for user in list["data"].as_array().expect("users") {
        assert!(user["basicInfo"]["status"].is_string());
        assert!(user["serviceInfo"].is_null());
    }
    assert!(client.user(JANE).await["serviceInfo"].is_object());
}

#[tokio::test(start_paused = true)]
async fn reads_and_lists_show_users_as_they_were() {
    let client = Client::new(Options {
        read_lag: Duration::from_secs(30),
        ..options()
    });
    let user = client.user(JANE).await;
    let operation = client.change(JANE, &deactivated(&user)).await;
    assert_eq!(operation["status"], "COMPLETED", "that shows at once");
    let active = "/users?filter=basicInfo.status%3D%3DACTIVE";
    assert_eq!(client.user(JANE).await["basicInfo"]["status"], "ACTIVE");
    let seen = |body: &Value| body["data"].as_array().map_or(0, Vec::len);
    assert_eq!(seen(&client.get(active).await.body), 1);
    pass(40).await;
    assert_eq!(client.user(JANE).await["basicInfo"]["status"], "INACTIVE");
    assert_eq!(seen(&client.get(active).await.body), 0);
}

#[tokio::test(start_paused = true)]
async fn scim_has_faults_and_lags_too() {
    let client = Client::new(Options {
        faults: FaultScript::parse("scim-search 1: 400\nscim-read 1: 500").expect("a script"),
        read_lag: Duration::from_secs(30),
        ..options()
    });
    let send = |method, path: String, body: &'static str| {
        let request = axum::http::Request::builder()
            .method(method)
            .uri(format!("/scim/v2{path}"))
            .header("authorization", format!("Bearer {KEY}"))
            .header("content-type", "application/scim+json");
        let request = request.body(body.into()).expect("a request");
        client.send(request)
    };
    let refused = send(Method::GET, "/Users".to_owned(), "").await;
    assert_eq!(
        (refused.status, &refused.body["status"]),
        (400, &json!("400"))
    );
    let jane = format!("/Users/{JANE}");
    assert_eq!(send(Method::GET, jane.clone(), "").await.status, 500);
    let patch = r#"{"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "replace", "path": "active", "value": false}]}"#;
    assert_eq!(send(Method::PATCH, jane.clone(), patch).await.status, 200);
    assert_eq!(
        send(Method::GET, jane.clone(), "").await.body["active"],
        true
    );
    pass(40).await;
    assert_eq!(send(Method::GET, jane, "").await.body["active"], false);
}
