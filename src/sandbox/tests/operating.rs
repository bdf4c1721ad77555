//! `GET /operations/{operationId}`: an operation's life.

use std::time::Duration;

use super::super::{OperationTime, Options};
use super::{Client, JANE, deactivated, options, pass};

fn nine_seconds() -> Options {
    Options {
        operation_time: OperationTime {
            minimum: Duration::from_secs(9),
            maximum: Duration::from_secs(9),
        },
        ..options()
    }
}

#[tokio::test(start_paused = true)]
async fn an_operation_waits_works_and_ends() {
    let client = Client::new(nine_seconds());
    let body = deactivated(&client.user(JANE).await);
    client.put(JANE, &body).await;
    for (seconds, status) in [
        (2, "PENDING"),
        (1, "IN_PROGRESS"),
        (5, "IN_PROGRESS"),
        (1, "COMPLETED"),
    ] {
        pass(seconds).await;
        let operation = client.get("/operations/op_000000001").await.body;
        assert_eq!(operation["status"], status);
        assert_eq!(operation["completedTime"].is_null(), status != "COMPLETED");
    }
    let operation = client.get("/operations/op_000000001").await.body;
    assert_eq!(operation["completedTime"], "2026-11-20T08:00:09.000Z");
}

#[tokio::test(start_paused = true)]
async fn an_operation_is_forgotten_an_hour_after_its_end() {
    let client = Client::new(nine_seconds());
    let body = deactivated(&client.user(JANE).await);
    client.put(JANE, &body).await;
    pass(3_608).await;
    assert_eq!(client.get("/operations/op_000000001").await.status, 200);
    pass(1).await;
    let reply = client.get("/operations/op_000000001").await;
    assert_eq!(reply.status, 404);
    assert_eq!(reply.body["detail"], "Operation not found: op_000000001");
}

#[tokio::test(start_paused = true)]
async fn tenant_time_passes_at_its_scale() {
    let client = Client::new(Options {
        time_scale: 60,
        ..nine_seconds()
    });
    let body = deactivated(&client.user(JANE).await);
    client.put(JANE, &body).await;
    pass(1).await;
    let operation = client.get("/operations/op_000000001").await;
    assert_eq!(operation.body["status"], "COMPLETED");
    assert_eq!(operation.header("date"), "Fri, 20 Nov 2026 08:01:00 GMT");
}
