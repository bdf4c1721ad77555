//! `GET /users`: filter, sort, scroll.

use serde_json::Value;

use super::super::{Options, Seed};
use super::{CUSTOMER, Client, options, pass, person};

fn usernames(page: &Value) -> Vec<&str> {
    page["data"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|user| user["basicInfo"]["userName"].as_str().expect("a username"))
        .collect()
}

fn crowd(size: usize) -> Options {
    let users = (0..size).map(|number| person(&format!("P{number:03}"), &format!("id-{number}")));
    let seed = Seed {
        customer_id: CUSTOMER.into(),
        users: users.collect(),
    };
    Options { seed, ..options() }
}

#[tokio::test(start_paused = true)]
async fn one_page_is_the_whole_story_if_it_can_be() {
    let client = Client::new(options());
    let page = client.get("/users?sort=basicInfo.userName").await.body;
    assert_eq!(
        usernames(&page),
        ["jane.doe@example.com", "omar.doe@example.com"]
    );
    assert_eq!(page["pagination"]["pageSize"], 100);
    assert_eq!(page["pagination"]["pageNumber"], 0);
    assert_eq!(page["pagination"]["hasMore"], false);
    assert_eq!(page["pagination"]["sort"], "basicInfo.userName");
    assert!(page["pagination"]["filter"].is_null());
    assert!(page["pagination"]["nextScrollId"].is_null());
    assert!(page["_links"]["next"].is_null());
}

#[tokio::test(start_paused = true)]
async fn filters_select() {
    let client = Client::new(options());
    let by_name = "/users?filter=basicInfo.userName%3D%3D%22JANE.doe@example.com%22";
    let page = client.get(by_name).await.body;
    assert_eq!(usernames(&page), ["jane.doe@example.com"]);
    assert_eq!(
        page["pagination"]["filter"],
        "basicInfo.userName==\"JANE.doe@example.com\""
    );
    let inactive = client
        .get("/users?filter=basicInfo.status==INACTIVE")
        .await
        .body;
    assert_eq!(usernames(&inactive), ["omar.doe@example.com"]);
}

#[tokio::test(start_paused = true)]
async fn sorts_both_ways() {
    let client = Client::new(options());
    let descending = client.get("/users?sort=-basicInfo.userName").await.body;
    assert_eq!(usernames(&descending)[0], "omar.doe@example.com");
    // An unescaped plus sign arrives as a space.
    for ascending in ["+basicInfo.userName", "%2BbasicInfo.userName"] {
        let page = client.get(&format!("/users?sort={ascending}")).await.body;
        assert_eq!(usernames(&page)[0], "jane.doe@example.com");
    }
}

#[tokio::test(start_paused = true)]
async fn wrong_parameters_are_named() {
    let client = Client::new(options());
    for (query, field) in [
        ("filter=basicInfo.lastName==Doe", "filter"),
        ("filter=", "filter"),
        ("sort=basicInfo.lastName", "sort"),
        ("pageSize=0", "pageSize"),
        ("pageSize=101", "pageSize"),
        ("pageSize=ten", "pageSize"),
        ("scrollId=unknown", "scrollId"),
    ] {
        let reply = client.get(&format!("/users?{query}")).await;
        assert_eq!(reply.status, 400, "{query}");
        assert_eq!(reply.faults(), [(field, "VALIDATION_ERROR")], "{query}");
    }
    assert_eq!(client.get("/users?filter=%zz").await.status, 400);
}

#[tokio::test(start_paused = true)]
async fn a_scroll_goes_through_everybody_once() {
    let client = Client::new(crowd(250));
    let mut page = client.get("/users?sort=basicInfo.userName").await.body;
    let mut seen = Vec::new();
    for number in 0.. {
        assert_eq!(page["pagination"]["pageNumber"], number);
        seen.extend(usernames(&page).into_iter().map(str::to_owned));
        let Some(scroll_id) = page["pagination"]["nextScrollId"].as_str() else {
            break;
        };
        let next = format!("/users?scrollId={scroll_id}");
        assert!(
            page["_links"]["next"]["href"]
                .as_str()
                .expect("a link")
                .ends_with(&next)
        );
        page = client.get(&next).await.body;
    }
    assert_eq!(page["pagination"]["hasMore"], false);
    assert_eq!(seen.len(), 250);
    assert!(seen.is_sorted());
}

#[tokio::test(start_paused = true)]
async fn a_full_last_page_is_the_last() {
    let client = Client::new(crowd(2));
    let page = client.get("/users?pageSize=2").await.body;
    assert_eq!(page["pagination"]["hasMore"], false);
}

#[tokio::test(start_paused = true)]
async fn a_scroll_takes_no_other_parameter_and_ends_some_day() {
    let client = Client::new(crowd(3));
    let page = client.get("/users?pageSize=2").await.body;
    let scroll_id = page["pagination"]["nextScrollId"].as_str().expect("more");
    for other in [
        "pageSize=2",
        "sort=basicInfo.userName",
        "filter=basicInfo.status==ACTIVE",
    ] {
        let reply = client
            .get(&format!("/users?scrollId={scroll_id}&{other}"))
            .await;
        assert_eq!(reply.status, 400);
        assert_eq!(reply.faults(), [("", "CONFLICTING_QUERY_PARAMETER")]);
    }
    let again = format!("/users?scrollId={scroll_id}");
    assert_eq!(client.get(&again).await.status, 200);
    assert_eq!(
        client.get(&again).await.status,
        200,
        "an answer can get lost"
    );
    pass(15 * 60).await;
    assert_eq!(client.get(&again).await.status, 400);
}
