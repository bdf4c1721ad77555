//! Keys, media types, headers, methods.

use axum::http::Method;
use serde_json::json;

use super::super::answer::{OPERATIONS, USERS};
use super::super::{UpdateSupport, identity::is_uuid};
use super::{CUSTOMER, Client, JANE, OMAR, deactivated, options, reply, request};

#[tokio::test(start_paused = true)]
async fn a_missing_or_wrong_key_is_401_and_takes_no_place_in_the_limits() {
    let client = Client::new(options());
    let mut wrong = request(Method::GET, "/users", &[("accept", USERS)], "");
    wrong
        .headers_mut()
        .insert("x-api-key", "wrong".parse().expect("a value"));
    let mut missing = request(Method::GET, "/users", &[("accept", USERS)], "");
    missing.headers_mut().remove("x-api-key");
    for request in [wrong, missing] {
        let reply = client.send(request).await;
        assert_eq!(reply.status, 401);
        assert_eq!(reply.faults(), [("", "FORBIDDEN")]);
        assert_eq!(reply.header("x-ratelimit-remaining"), "100");
    }
}

#[tokio::test(start_paused = true)]
async fn another_customer_is_403() {
    let client = Client::new(options());
    let mut body = deactivated(&client.user(JANE).await);
    body["basicInfo"]["customerId"] = json!("0012J00042NkZQIQA4");
    let reply = client.put(JANE, &body).await;
    assert_eq!(reply.status, 403);
    assert_eq!(
        reply.body["detail"],
        format!("CustomerId mismatch: {CUSTOMER} vs 0012J00042NkZQIQA4")
    );
}

#[tokio::test(start_paused = true)]
async fn accept_must_name_the_media_type_of_the_resource() {
    let client = Client::new(options());
    for (path, accept, status) in [
        ("/users", USERS, 200),
        (
            "/users",
            "application/vnd.users.v1+json;q=0.9, text/html",
            200,
        ),
        ("/users", "*/*", 406),
        ("/users", OPERATIONS, 406),
        ("/operations/op_unknown", OPERATIONS, 404),
        ("/operations/op_unknown", USERS, 406),
    ] {
        let reply = client
            .send(request(Method::GET, path, &[("accept", accept)], ""))
            .await;
        assert_eq!(reply.status, status, "{path} {accept}");
    }
    let none = client.send(request(Method::GET, "/users", &[], "")).await;
    assert_eq!(none.status, 406);
}

#[tokio::test(start_paused = true)]
async fn an_update_names_its_media_type_exactly_once() {
    let client = Client::new(options());
    let body = deactivated(&client.user(JANE).await).to_string();
    for content_types in [
        &[][..],
        &["application/json"],
        &["application/vnd.users.v1+json; charset=utf-8"],
        &["application/json", USERS],
        &[USERS, USERS],
    ] {
        let mut headers = vec![("accept", USERS)];
        headers.extend(content_types.iter().map(|value| ("content-type", *value)));
        let reply = client.put_with(JANE, &body, &headers).await;
        assert_eq!(reply.status, 415, "{content_types:?}");
    }
    let accepting_anything = [("accept", "*/*"), ("content-type", USERS)];
    assert_eq!(
        client
            .put_with(JANE, &body, &accepting_anything)
            .await
            .status,
        406
    );
}

#[tokio::test(start_paused = true)]
async fn an_update_states_its_length() {
    let client = Client::new(options());
    let body = deactivated(&client.user(JANE).await).to_string();
    let headers = [
        ("accept", USERS),
        ("content-type", USERS),
        ("transfer-encoding", "chunked"),
    ];
    assert_eq!(client.put_with(JANE, &body, &headers).await.status, 411);
}

#[tokio::test(start_paused = true)]
async fn malformed_json_is_400() {
    let client = Client::new(options());
    for body in ["", "{", "[]", "\"text\"", "{\"basicInfo\": {}} trailing"] {
        let headers = [("accept", USERS), ("content-type", USERS)];
        let reply = client.put_with(JANE, body, &headers).await;
        assert_eq!(reply.status, 400, "{body}");
        assert_eq!(reply.faults(), [("", "BAD_REQUEST")], "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_request_id_is_echoed_and_must_be_a_uuid() {
    let client = Client::new(options());
    let id = "0190163d-8694-739b-aea5-966c26f8ad91";
    for (request_id, status) in [(id, 200), ("one", 400)] {
        let headers = [("accept", USERS), ("x-request-id", request_id)];
        let reply = client
            .send(request(Method::GET, "/users", &headers, ""))
            .await;
        assert_eq!(reply.status, status);
        assert_eq!(reply.header("x-request-id"), request_id);
    }
    assert_eq!(client.tenant.entries()[0].request_id.as_deref(), Some(id));
}

#[tokio::test(start_paused = true)]
async fn every_answer_carries_the_vendors_headers() {
    let client = Client::new(options());
    let users = client.get("/users").await;
    assert_eq!(users.header("content-type"), USERS);
    assert_eq!(users.header("date"), "Fri, 20 Nov 2026 08:00:00 GMT");
    assert_eq!(users.header("x-ratelimit-limit"), "100");
    assert_eq!(users.header("x-ratelimit-remaining"), "99");
    let in_a_minute = super::time("2026-11-20T08:01:00Z").as_second().to_string();
    assert_eq!(users.header("x-ratelimit-reset"), in_a_minute);

    let missing = client.get("/operations/op_unknown").await;
    assert_eq!(missing.header("content-type"), OPERATIONS);
    assert!(is_uuid(users.header("x-response-id")));
    assert_ne!(
        missing.header("x-response-id"),
        users.header("x-response-id")
    );
}

#[tokio::test(start_paused = true)]
async fn errors_have_the_vendors_shape() {
    let client = Client::new(options());
    let reply = client.get("/users/nobody").await;
    assert_eq!(reply.status, 404);
    assert_eq!(
        reply.body,
        json!({
            "status": 404,
            "instance": "/admin-provisioning/users/nobody",
            "time": "2026-11-20T08:00:00.000Z",
            "title": "Not Found",
            "detail": null,
            "errors": [{"field": null, "code": "NOT_FOUND", "message": "Resource not found"}],
        })
    );
}

#[tokio::test(start_paused = true)]
async fn other_methods_and_paths_are_not_there() {
    let client = Client::new(options());
    for (method, path, status, allow) in [
        (Method::POST, "/users".to_owned(), 405, "GET"),
        (Method::DELETE, format!("/users/{JANE}"), 405, "GET, PUT"),
        (Method::PATCH, format!("/users/{JANE}"), 405, "GET, PUT"),
        (Method::DELETE, "/operations/op_1".to_owned(), 405, "GET"),
        (Method::GET, "/users/".to_owned(), 404, ""),
        (Method::GET, "/ring-groups".to_owned(), 404, ""),
        (Method::GET, "/users/%zz".to_owned(), 404, ""),
    ] {
        let reply = client
            .send(request(method, &path, &[("accept", USERS)], ""))
            .await;
        assert_eq!(
            (reply.status, reply.header("allow")),
            (status, allow),
            "{path}"
        );
    }
    let mut elsewhere = request(Method::GET, "/users", &[("accept", USERS)], "");
    *elsewhere.uri_mut() = "/users".parse().expect("a path");
    assert_eq!(client.send(elsewhere).await.status, 404);
}

#[tokio::test(start_paused = true)]
async fn updates_can_be_absent() {
    let mut options = options();
    options.update = UpdateSupport::MethodNotAllowed;
    let client = Client::new(options);
    let body = deactivated(&client.user(JANE).await);
    let reply = client.put(JANE, &body).await;
    assert_eq!((reply.status, reply.header("allow")), (405, "GET"));
}

#[tokio::test(start_paused = true)]
async fn a_user_has_what_the_document_names_and_more() {
    let client = Client::new(options());
    let reply = reply(
        client
            .tenant
            .handle(request(
                Method::GET,
                &format!("/users/{JANE}"),
                &[("accept", USERS)],
                "",
            ))
            .await,
    );
    let user = reply.body;
    assert_eq!(user["basicInfo"]["userId"], JANE);
    assert_eq!(user["basicInfo"]["customerId"], CUSTOMER);
    assert_eq!(user["basicInfo"]["status"], "ACTIVE");
    assert_eq!(user["basicInfo"]["site"]["name"], "Lisbon");
    assert_eq!(user["directoryInfo"]["department"], "Sales");
    assert!(user["directoryInfo"]["jobTitle"].is_null());
    let extension = &user["serviceInfo"]["extensions"][0];
    assert_eq!(extension["extensionNumber"], "1001");
    assert_eq!(extension["primaryPhoneNumber"], "+15550100");
    assert_eq!(
        extension["licenseId"],
        user["serviceInfo"]["licenses"][0]["id"]
    );
    assert_eq!(extension["voicemailEmail"], "jane.doe@example.com");
    assert_eq!(
        user["assignmentInfo"]["ringGroups"][0]["name"],
        "Lisbon Reception"
    );
    assert_eq!(
        user["assignmentInfo"]["ucCallQueues"][0]["memberType"],
        "PRIMARY"
    );
    let text = user.to_string();
    for survivor in [
        "\"share\":0.10",
        "\"weight\":1.0",
        "9007199254740993",
        "\"costCenter\":null",
    ] {
        assert!(text.contains(survivor), "{survivor}");
    }
    assert_eq!(client.user(OMAR).await["basicInfo"]["status"], "INACTIVE");
}
