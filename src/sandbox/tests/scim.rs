//! The SCIM service, tried from outside.

use super::*;
use crate::sandbox::{ListScope, PatchAnswer};

const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

async fn send(client: &Client, method: Method, path: &str, body: &str) -> Reply {
    let request = Request::builder()
        .method(method)
        .uri(format!("/scim/v2{path}"))
        .header("authorization", format!("Bearer {KEY}"))
        .header("content-type", "application/scim+json");
    let request = request.body(body.as_bytes().to_vec()).expect("a request");
    let response = client.tenant.handle(request).await;
    if response.body().is_empty() {
        let (parts, _) = response.into_parts();
        return Reply {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: Value::Null,
        };
    }
    reply(response)
}

async fn get(client: &Client, path: &str) -> Reply {
    send(client, Method::GET, path, "").await
}

async fn patch(client: &Client, id: &str, operation: Value) -> Reply {
    let body = json!({"schemas": [PATCH_OP], "Operations": [operation]});
    let path = format!("/Users/{id}");
    send(client, Method::PATCH, &path, &body.to_string()).await
}

fn deactivation() -> Value {
    json!({"op": "Replace", "path": "active", "value": false})
}

#[tokio::test(start_paused = true)]
async fn a_user_is_found_by_name_and_read() {
    let client = Client::new(options());
    let filter = "filter=userName%20eq%20%22JANE.doe%40example.com%22";
    let list = get(&client, &format!("/Users?{filter}")).await;
    assert_eq!((list.status, &list.body["totalResults"]), (200, &json!(1)));
    assert_eq!(list.header("content-type"), "application/scim+json");
    let jane = &list.body["Resources"][0];
    assert_eq!(jane["id"], JANE);
    assert_eq!(jane["active"], true);
    assert_eq!(jane["emails"][0]["value"], "jane.doe@example.com");
    assert_eq!(jane["meta"]["created"], "2020-01-15T09:00:00Z");
    let alone = get(&client, &format!("/Users/{JANE}")).await;
    assert_eq!(&alone.body, jane);
    let bad = get(&client, "/Users?filter=title%20eq%20%22x%22").await;
    assert_eq!(
        (bad.status, &bad.body["scimType"]),
        (400, &json!("invalidFilter"))
    );
}

#[tokio::test(start_paused = true)]
async fn pages_are_counted_from_one() {
    let client = Client::new(options());
    let page = get(&client, "/Users?startIndex=2&count=1").await.body;
    assert_eq!(page["totalResults"], 2);
    assert_eq!(
        (&page["startIndex"], &page["itemsPerPage"]),
        (&json!(2), &json!(1))
    );
    let beyond = get(&client, "/Users?startIndex=3").await.body;
    assert_eq!(beyond["Resources"], json!([]));
    assert_eq!(get(&client, "/Users?count=x").await.status, 400);
}

#[tokio::test(start_paused = true)]
async fn active_alone_can_be_patched_and_both_apis_show_it() {
    for (answer, status) in [(PatchAnswer::Resource, 200), (PatchAnswer::NoContent, 204)] {
        let mut options = options();
        options.scim.patch_answer = answer;
        let client = Client::new(options);
        let before = client.user(JANE).await;
        assert_eq!(patch(&client, JANE, deactivation()).await.status, status);
        let after = client.user(JANE).await;
        assert_eq!(after["basicInfo"]["status"], "INACTIVE");
        assert_eq!(after["serviceInfo"], before["serviceInfo"]);
        let seen = get(&client, &format!("/Users/{JANE}")).await.body;
        assert_eq!(seen["active"], false);
    }
    let client = Client::new(options());
    for (operation, scim_type) in [
        (
            json!({"op": "replace", "path": "title", "value": "x"}),
            "mutability",
        ),
        (
            json!({"op": "replace", "value": {"active": false, "title": "x"}}),
            "mutability",
        ),
        (
            json!({"op": "replace", "path": "active", "value": "false"}),
            "invalidValue",
        ),
        (json!({"op": "remove", "path": "active"}), "invalidSyntax"),
    ] {
        let refused = patch(&client, JANE, operation).await;
        assert_eq!(
            (refused.status, &refused.body["scimType"]),
            (400, &json!(scim_type))
        );
        assert_eq!(refused.body["status"], "400");
    }
    assert_eq!(client.tenant.report().writes, 0);
}

#[tokio::test(start_paused = true)]
async fn strangers_other_methods_and_hidden_users_are_refused() {
    let mut options = options();
    options.scim.list_scope = ListScope::Provisioned;
    let client = Client::new(options);
    assert_eq!(get(&client, "/Users").await.body["totalResults"], 0);
    assert_eq!(get(&client, &format!("/Users/{JANE}")).await.status, 404);
    assert_eq!(patch(&client, JANE, deactivation()).await.status, 404);
    assert_eq!(
        send(&client, Method::PUT, &format!("/Users/{JANE}"), "{}")
            .await
            .status,
        405
    );
    assert_eq!(get(&client, "/Groups").await.status, 404);
    let stranger = Request::builder()
        .uri("/scim/v2/Users")
        .header("x-api-key", KEY);
    let stranger = stranger.body(Vec::new()).expect("a request");
    assert_eq!(client.send(stranger).await.status, 401);
}

#[tokio::test(start_paused = true)]
async fn its_limits_are_its_own_and_repeated_writes_are_noted() {
    let client = Client::new(options());
    for _ in 0..20 {
        assert_eq!(client.get("/users").await.status, 200);
    }
    for _ in 0..2 {
        assert_eq!(patch(&client, JANE, deactivation()).await.status, 200);
    }
    for _ in 0..18 {
        assert_eq!(get(&client, "/Users").await.status, 200);
    }
    let refused = get(&client, "/Users").await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.header("retry-after"), "10");
    assert_eq!(
        refused.header("x-ratelimit-limit"),
        "",
        "nothing is known of one"
    );
    let report = client.tenant.report();
    assert_eq!((report.max_in_10_seconds, report.violations), (21, 1));
    assert_eq!(report.repeated_writes, ["jane.doe@example.com"]);
}

#[tokio::test(start_paused = true)]
async fn an_update_under_way_and_a_patch_do_not_cross() {
    let client = Client::new(options());
    let jane = client.user(JANE).await;
    assert_eq!(client.put(JANE, &deactivated(&jane)).await.status, 202);
    assert_eq!(patch(&client, JANE, deactivation()).await.status, 409);
}

#[tokio::test(start_paused = true)]
async fn a_patch_survives_a_restart() {
    let folder = Folder::new("scim");
    let mut options = options();
    options.state_file = Some(folder.file("state.json"));
    let client = Client::new(options.clone());
    assert_eq!(patch(&client, JANE, deactivation()).await.status, 200);
    drop(client);
    let again = Client::new(options);
    assert_eq!(again.user(JANE).await["basicInfo"]["status"], "INACTIVE");
}
