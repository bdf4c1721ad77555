//! The limits, as a client meets them.

use std::time::Duration;

use super::super::{OperationTime, Options, Seed, TenantLimits};
use super::{CUSTOMER, Client, JANE, deactivated, options, pass, person};

#[tokio::test(start_paused = true)]
async fn the_21st_request_in_10_seconds_is_429_and_is_not_executed() {
    let client = Client::new(options());
    let body = deactivated(&client.user(JANE).await);
    for _ in 1..20 {
        assert_eq!(client.get("/users").await.status, 200);
    }
    pass(3).await;
    let reply = client.put(JANE, &body).await;
    assert_eq!(reply.status, 429);
    assert_eq!(reply.faults(), [("", "TOO_MANY_REQUESTS")]);
    assert_eq!(reply.header("retry-after"), "7");
    pass(7).await;
    assert_eq!(client.user(JANE).await["basicInfo"]["status"], "ACTIVE");
    let report = client.tenant.report();
    assert_eq!((report.violations, report.writes), (1, 0));
    assert_eq!(report.max_in_10_seconds, 21);
}

#[tokio::test(start_paused = true)]
async fn the_101st_request_in_a_minute_is_429() {
    let client = Client::new(options());
    for _ in 0..5 {
        for _ in 0..20 {
            assert_eq!(client.get("/users").await.status, 200);
        }
        pass(10).await;
    }
    let reply = client.get("/users").await;
    assert_eq!(reply.status, 429);
    assert_eq!(reply.header("x-ratelimit-remaining"), "0");
    assert_eq!(reply.header("retry-after"), "10");
    pass(10).await;
    assert_eq!(client.get("/users").await.status, 200);
    assert_eq!(client.tenant.report().max_in_60_seconds, 101);
}

#[tokio::test(start_paused = true)]
async fn the_11th_open_operation_is_429_until_one_ends() {
    let users = (0..11).map(|number| person(&format!("P{number:02}"), &format!("id-{number}")));
    let client = Client::new(Options {
        seed: Seed {
            customer_id: CUSTOMER.into(),
            users: users.collect(),
        },
        limits: TenantLimits {
            requests_per_10_seconds: 100,
            ..TenantLimits::default()
        },
        operation_time: OperationTime {
            minimum: Duration::from_millis(4_500),
            maximum: Duration::from_millis(4_500),
        },
        ..options()
    });
    let mut statuses = Vec::new();
    for number in 0..11 {
        let user_id = format!("id-{number}");
        let body = deactivated(&client.user(&user_id).await);
        let reply = client.put(&user_id, &body).await;
        statuses.push((reply.status, reply.header("retry-after").to_owned()));
    }
    assert!(statuses[..10].iter().all(|(status, _)| *status == 202));
    assert_eq!(statuses[10], (429, "5".to_owned()));
    pass(5).await;
    let body = deactivated(&client.user("id-10").await);
    assert_eq!(client.put("id-10", &body).await.status, 202);
    let report = client.tenant.report();
    assert_eq!(
        (report.max_operations_in_flight, report.violations),
        (10, 1)
    );
}
