//! `PUT /users/{userId}`: what is refused, and what an accepted one does.

use serde_json::{Value, json};

use super::super::StrandedSeats;
use super::{
    CUSTOMER, Client, JANE, OMAR, STORAGE, deactivated, options, pass, sendable, stripped,
};

#[tokio::test(start_paused = true)]
async fn an_accepted_update_is_an_operation_and_not_a_fact_yet() {
    let client = Client::new(options());
    let user = client.user(JANE).await;
    let reply = client.put(JANE, &deactivated(&user)).await;
    assert_eq!(reply.status, 202);
    assert_eq!(
        reply.header("content-type"),
        "application/vnd.users.v1+json"
    );
    let base = "http://localhost/admin-provisioning";
    assert_eq!(
        reply.body,
        json!({
            "operationId": "op_000000001",
            "status": "PENDING",
            "customerId": CUSTOMER,
            "resourceType": "USER",
            "resourceId": JANE,
            "operationType": "UPDATE",
            "createdTime": "2026-11-20T08:00:00.000Z",
            "completedTime": null,
            "error": null,
            "_links": {
                "self": {"href": format!("{base}/operations/op_000000001")},
                "resource": {"href": format!("{base}/users/{JANE}")},
            },
        })
    );
    assert_eq!(client.user(JANE).await, user);
    pass(10).await;
    assert_eq!(client.user(JANE).await["basicInfo"]["status"], "INACTIVE");
}

#[tokio::test(start_paused = true)]
async fn deactivation_changes_the_status_and_nothing_else() {
    let client = Client::new(options());
    let before = client.user(JANE).await;
    client.change(JANE, &deactivated(&before)).await;
    let mut after = client.user(JANE).await;
    assert_ne!(
        after["basicInfo"]["lastUpdatedTime"],
        before["basicInfo"]["lastUpdatedTime"]
    );
    after["basicInfo"]["lastUpdatedTime"] = before["basicInfo"]["lastUpdatedTime"].clone();
    after["basicInfo"]["status"] = json!("ACTIVE");
    assert_eq!(after.to_string(), before.to_string());
}

#[tokio::test(start_paused = true)]
async fn removing_the_calling_license_takes_extension_number_and_memberships() {
    let client = Client::new(options());
    let mut body = sendable(&client.user(JANE).await);
    body["serviceInfo"]["extensions"] = json!([]);
    let licenses = body["serviceInfo"]["licenses"]
        .as_array_mut()
        .expect("a list");
    licenses.retain(|license| license["name"] == STORAGE);
    client.change(JANE, &body).await;
    let after = client.user(JANE).await;
    let names: Vec<_> = after["serviceInfo"]["licenses"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|license| license["name"].clone())
        .collect();
    assert_eq!(
        names,
        [STORAGE],
        "the number's license went with the number"
    );
    assert_eq!(after["serviceInfo"]["extensions"], json!([]));
    assert_eq!(after["assignmentInfo"]["ringGroups"], json!([]));
    assert_eq!(after["assignmentInfo"]["ucCallQueues"], json!([]));
    assert_eq!(
        after["assignmentInfo"]["userGroups"][0]["name"],
        "Everybody"
    );
}

#[tokio::test(start_paused = true)]
async fn a_full_replace_drops_what_is_not_sent() {
    let client = Client::new(options());
    let mut body = deactivated(&client.user(JANE).await);
    body["basicInfo"]
        .as_object_mut()
        .expect("an object")
        .shift_remove("costAllocation");
    client.change(JANE, &body).await;
    assert_eq!(
        client.user(JANE).await["basicInfo"].get("costAllocation"),
        None
    );
}

#[tokio::test(start_paused = true)]
async fn read_only_fields_stay_whatever_is_sent() {
    let client = Client::new(options());
    let before = client.user(JANE).await;
    let mut body = deactivated(&before);
    body["basicInfo"]["createdTime"] = json!("2030-01-01T00:00:00Z");
    let basic = body["basicInfo"].as_object_mut().expect("an object");
    basic.shift_remove("userId");
    basic.shift_remove("status");
    client.change(JANE, &body).await;
    let after = client.user(JANE).await;
    for field in ["userId", "createdTime", "status"] {
        assert_eq!(
            after["basicInfo"][field], before["basicInfo"][field],
            "{field}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn number_licenses_must_not_be_sent() {
    let client = Client::new(options());
    let user = client.user(JANE).await;
    let reply = client.put(JANE, &user).await;
    assert_eq!(reply.status, 400);
    assert_eq!(
        reply.faults(),
        [("serviceInfo.licenses[2]", "VALIDATION_ERROR")]
    );

    let mut by_id = user.clone();
    by_id["serviceInfo"]["licenses"][2] = json!({"id": user["serviceInfo"]["licenses"][2]["id"]});
    assert_eq!(client.put(JANE, &by_id).await.status, 400);
}

#[tokio::test(start_paused = true)]
async fn wrong_bodies_are_refused_field_by_field() {
    let client = Client::new(options());
    let user = deactivated(&client.user(JANE).await);
    let edited = |edit: fn(&mut Value)| {
        let mut body = user.clone();
        edit(&mut body);
        body
    };
    for (body, fields) in [
        (
            edited(|body| body["basicInfo"]["userId"] = json!("other")),
            vec!["basicInfo.userId"],
        ),
        (
            edited(|body| {
                body["basicInfo"]["userName"] = json!(" ");
                body["basicInfo"]["firstName"] = json!("J");
                body["basicInfo"]["lastName"] = json!("Doe".repeat(11));
                body["basicInfo"]["primaryEmail"] = Value::Null;
            }),
            vec![
                "basicInfo.userName",
                "basicInfo.firstName",
                "basicInfo.lastName",
                "basicInfo.primaryEmail",
            ],
        ),
        (
            edited(|body| body["basicInfo"]["primaryEmail"] = json!("nowhere")),
            vec!["basicInfo.primaryEmail"],
        ),
        (
            edited(|body| body["basicInfo"]["status"] = json!("GONE")),
            vec!["basicInfo.status"],
        ),
        (
            edited(|body| body["basicInfo"]["userName"] = json!("OMAR.doe@example.com")),
            vec![""],
        ),
        (
            edited(|body| body["serviceInfo"] = json!("none")),
            vec!["serviceInfo"],
        ),
        (
            edited(|body| body["serviceInfo"]["licenses"] = json!(["X2"])),
            vec!["serviceInfo.licenses"],
        ),
        (
            edited(|body| body["serviceInfo"]["licenses"] = json!([])),
            vec!["serviceInfo.extensions[0].licenseId"],
        ),
    ] {
        let reply = client.put(JANE, &body).await;
        assert_eq!(reply.status, 400, "{reply:?}");
        let named: Vec<_> = reply.faults().into_iter().map(|(field, _)| field).collect();
        assert_eq!(named, fields);
        pass(1).await;
    }
    assert_eq!(client.tenant.report().writes, 0);
}

#[tokio::test(start_paused = true)]
async fn a_mismatched_user_id_has_the_vendors_title() {
    let client = Client::new(options());
    let body = deactivated(&client.user(OMAR).await);
    let reply = client.put(JANE, &body).await;
    assert_eq!(reply.status, 400);
    assert_eq!(
        reply.body["detail"],
        format!("Mismatched userId in url vs payload: {JANE} vs {OMAR}")
    );
}

#[tokio::test(start_paused = true)]
async fn nobody_cannot_be_updated() {
    let client = Client::new(options());
    let body = deactivated(&client.user(JANE).await);
    let reply = client.put("nobody", &body).await;
    assert_eq!(reply.status, 404);
    assert_eq!(reply.faults(), [("basicInfo.userId", "NOT_FOUND")]);
}

#[tokio::test(start_paused = true)]
async fn a_license_can_be_added_only_from_the_free_seats() {
    let client = Client::new(options());
    let jane = client.user(JANE).await;
    let omar = client.user(OMAR).await;
    let mut wish = omar.clone();
    let storage = json!({"name": STORAGE, "country": "US"});
    wish["serviceInfo"]["licenses"]
        .as_array_mut()
        .expect("a list")
        .push(storage);
    let reply = client.put(OMAR, &wish).await;
    assert_eq!(reply.status, 400);
    assert_eq!(
        reply.faults(),
        [("serviceInfo.licenses[1]", "VALIDATION_ERROR")]
    );

    client.change(JANE, &stripped(&jane)).await;
    client.change(OMAR, &wish).await;
    let held = client.user(OMAR).await["serviceInfo"]["licenses"].clone();
    assert_eq!(
        held[1], jane["serviceInfo"]["licenses"][1],
        "the very seat that was freed"
    );

    let mut again = stripped(&client.user(JANE).await);
    again["serviceInfo"]["licenses"] = json!([{"name": STORAGE}]);
    assert_eq!(
        client.put(JANE, &again).await.status,
        400,
        "it is taken now"
    );
}

#[tokio::test(start_paused = true)]
async fn a_seat_is_kept_for_the_first_who_asks() {
    let client = Client::new(options());
    let jane = client.user(JANE).await;
    client.change(JANE, &stripped(&jane)).await;
    let wish = |user: &Value| {
        let mut body = user.clone();
        body["serviceInfo"]["licenses"] = json!([{"name": STORAGE}]);
        body["serviceInfo"]["extensions"] = json!([]);
        body
    };
    let (jane, omar) = (client.user(JANE).await, client.user(OMAR).await);
    assert_eq!(client.put(OMAR, &wish(&omar)).await.status, 202);
    assert_eq!(client.put(JANE, &wish(&jane)).await.status, 400);
}

#[tokio::test(start_paused = true)]
async fn a_license_can_go_back_to_whom_it_was_taken_from() {
    let client = Client::new(options());
    let before = client.user(JANE).await;
    client.change(JANE, &stripped(&before)).await;
    client.change(JANE, &sendable(&before)).await;
    let after = client.user(JANE).await;
    assert_eq!(
        after["serviceInfo"], before["serviceInfo"],
        "the number's license came back too"
    );
    let twice = {
        let mut body = sendable(&after);
        let license = body["serviceInfo"]["licenses"][0].clone();
        body["serviceInfo"]["licenses"]
            .as_array_mut()
            .expect("a list")
            .push(license);
        body
    };
    assert_eq!(client.put(JANE, &twice).await.status, 400);
}

#[tokio::test(start_paused = true)]
async fn a_user_has_one_operation_at_a_time() {
    let client = Client::new(options());
    let body = deactivated(&client.user(JANE).await);
    assert_eq!(client.put(JANE, &body).await.status, 202);
    let reply = client.put(JANE, &body).await;
    assert_eq!(reply.status, 409);
    assert_eq!(reply.faults(), [("", "CONFLICT")]);
}

#[tokio::test(start_paused = true)]
async fn stranded_seats_are_freed_refused_or_ignored() {
    for (stranded_seats, status, left) in [
        (StrandedSeats::Free, "COMPLETED", 0),
        (StrandedSeats::Refused, "FAILED", 1),
        (StrandedSeats::Ignored, "COMPLETED", 1),
    ] {
        let mut options = options();
        options.stranded_seats = stranded_seats;
        let client = Client::new(options);
        let body = stripped(&client.user(OMAR).await);
        let operation = client.change(OMAR, &body).await;
        assert_eq!(operation["status"], status, "{stranded_seats:?}");
        assert_eq!(operation["error"].is_null(), status != "FAILED");
        let licenses = client.user(OMAR).await["serviceInfo"]["licenses"].clone();
        assert_eq!(
            licenses.as_array().map(Vec::len),
            Some(left),
            "{stranded_seats:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn reclaiming_works_where_direct_removal_is_refused() {
    let mut options = options();
    options.stranded_seats = StrandedSeats::Refused;
    let client = Client::new(options);
    let mut body = client.user(OMAR).await;
    body["basicInfo"]["status"] = json!("ACTIVE");
    client.change(OMAR, &body).await;
    let body = stripped(&client.user(OMAR).await);
    client.change(OMAR, &body).await;
    let body = deactivated(&client.user(OMAR).await);
    client.change(OMAR, &body).await;
    let omar = client.user(OMAR).await;
    assert_eq!(omar["basicInfo"]["status"], "INACTIVE");
    assert_eq!(omar["serviceInfo"]["licenses"], json!([]));
    assert!(client.tenant.report().repeated_writes.is_empty());
}

#[tokio::test(start_paused = true)]
async fn deactivation_and_removal_in_one_update_are_no_stranded_seat() {
    let mut options = options();
    options.stranded_seats = StrandedSeats::Refused;
    let client = Client::new(options);
    let mut body = stripped(&client.user(JANE).await);
    body["basicInfo"]["status"] = json!("INACTIVE");
    assert_eq!(client.change(JANE, &body).await["status"], "COMPLETED");
    assert_eq!(
        client.user(JANE).await["serviceInfo"]["licenses"],
        json!([])
    );
}
