//! The freeze for kill tests.

use std::time::Duration;

use tokio::time::timeout;

use super::super::{Hold, HoldPoint, Options};
use super::{Client, JANE, deactivated, options};

fn holding(request: u64, at: HoldPoint) -> Client {
    Client::new(Options {
        hold: Some(Hold { request, at }),
        ..options()
    })
}

/// Whether `future` does not end, ever.
async fn is_held<T>(future: impl Future<Output = T>) -> bool {
    timeout(Duration::from_hours(1), future).await.is_err()
}

#[tokio::test(start_paused = true)]
async fn held_on_receipt_nothing_is_done() {
    let client = holding(2, HoldPoint::Received);
    let body = deactivated(&client.user(JANE).await);
    assert!(is_held(client.tenant.held()).await);
    assert!(is_held(client.put(JANE, &body)).await);
    client.tenant.held().await;
    assert_eq!(client.tenant.report().writes, 0);
    assert!(
        is_held(client.get("/users")).await,
        "whatever comes later is held too"
    );
}

#[tokio::test(start_paused = true)]
async fn held_before_the_answer_everything_is_done() {
    let client = holding(2, HoldPoint::BeforeAnswer);
    let body = deactivated(&client.user(JANE).await);
    assert!(is_held(client.put(JANE, &body)).await);
    client.tenant.held().await;
    assert_eq!(client.tenant.report().writes, 1);
    assert!(is_held(client.get("/users")).await);
}

#[tokio::test(start_paused = true)]
async fn held_after_the_answer_the_next_request_is_held() {
    let client = holding(2, HoldPoint::AfterAnswer);
    let body = deactivated(&client.user(JANE).await);
    assert_eq!(client.put(JANE, &body).await.status, 202);
    assert!(is_held(client.tenant.held()).await, "nobody waits yet");
    assert!(is_held(client.get("/users")).await);
    client.tenant.held().await;
    assert_eq!(client.tenant.report().requests, 2);
}
