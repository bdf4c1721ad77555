//! The log, and what it says about a client.

use axum::http::Request;
use serde_json::json;

use super::super::{LogReport, StrandedSeats};
use super::{Client, JANE, OMAR, deactivated, options, pass, reply, stripped};

#[tokio::test(start_paused = true)]
async fn a_careful_client_has_a_clean_log() {
    let client = Client::new(options());
    let body = deactivated(&client.user(JANE).await);
    client.change(JANE, &body).await;
    let body = stripped(&client.user(JANE).await);
    client.change(JANE, &body).await;
    let report = client.tenant.report();
    assert_eq!(report.writes, 2);
    assert_eq!(report.accounts_written["jane.doe@example.com"], 2);
    assert_eq!(report.fields_lost, Vec::<String>::new());
    assert!(report.repeated_writes.is_empty());
    assert_eq!((report.violations, report.polls_too_fast), (0, 0));
    let entry = &client.tenant.entries()[1];
    assert_eq!(
        (entry.number, entry.method.as_str(), entry.status),
        (2, "PUT", 202)
    );
    assert_eq!(entry.operation_id.as_deref(), Some("op_000000001"));
    assert_eq!(entry.operations_in_flight, 1);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_drops_fields_is_found_out() {
    let client = Client::new(options());
    let mut body = deactivated(&client.user(JANE).await);
    let basic = body["basicInfo"].as_object_mut().expect("an object");
    basic.shift_remove("ssoProvider");
    basic["costAllocation"]["share"] = json!(0.1);
    client.change(JANE, &body).await;
    assert_eq!(
        client.tenant.report().fields_lost,
        ["basicInfo.costAllocation.share", "basicInfo.ssoProvider"]
    );
}

#[tokio::test(start_paused = true)]
async fn the_same_change_twice_is_repeated() {
    let client = Client::new(options());
    let body = deactivated(&client.user(JANE).await);
    client.change(JANE, &body).await;
    client.change(JANE, &body).await;
    assert_eq!(
        client.tenant.report().repeated_writes,
        ["jane.doe@example.com"]
    );
}

#[tokio::test(start_paused = true)]
async fn an_update_that_changes_nothing_is_repeated() {
    let client = Client::new(options());
    let body = client.user(OMAR).await;
    client.change(OMAR, &body).await;
    assert_eq!(
        client.tenant.report().repeated_writes,
        ["omar.doe@example.com"]
    );
}

#[tokio::test(start_paused = true)]
async fn an_attempt_after_a_failed_one_is_not_repeated_but_after_an_ignored_one_it_is() {
    for (stranded_seats, repeated) in [(StrandedSeats::Refused, 0), (StrandedSeats::Ignored, 1)] {
        let mut options = options();
        options.stranded_seats = stranded_seats;
        let client = Client::new(options);
        let body = stripped(&client.user(OMAR).await);
        client.change(OMAR, &body).await;
        client.change(OMAR, &body).await;
        assert_eq!(client.tenant.report().repeated_writes.len(), repeated);
    }
}

#[tokio::test(start_paused = true)]
async fn polls_in_a_hurry_are_counted() {
    let client = Client::new(options());
    let body = deactivated(&client.user(JANE).await);
    client.put(JANE, &body).await;
    client.get("/operations/op_000000001").await;
    pass(1).await;
    client.get("/operations/op_000000001").await;
    client.get("/operations/op_000000001").await;
    assert_eq!(client.tenant.report().polls_too_fast, 2);
}

#[tokio::test(start_paused = true)]
async fn the_log_is_served_without_a_key_and_outside_the_limits() {
    let client = Client::new(options());
    client.get("/users").await;
    for (path, entries) in [("/sandbox/log", 0), ("/sandbox/log?entries=true", 1)] {
        let request = Request::get(path).body(Vec::new()).expect("a request");
        let reply = reply(client.tenant.handle(request).await);
        assert_eq!(reply.header("content-type"), "application/json");
        let report: LogReport = serde_json::from_value(reply.body).expect("a report");
        assert_eq!((report.requests, report.entries.len()), (1, entries));
    }
}
