//! The account is not, or not any more, what the plan saw.

use serde_json::json;

use super::*;

#[tokio::test(start_paused = true)]
async fn another_username_or_email_is_drifted() {
    for field in ["userName", "primaryEmail"] {
        let night = Night::new(&one());
        let changed = json!("somebody.else@example.com");
        night
            .edit(1, |body| body["basicInfo"][field] = changed)
            .await;
        let outcomes = night.run().await;
        assert_eq!(word(&outcomes["deactivate-0001"]), "skipped drifted");
        assert_eq!(night.tenant.report().writes, 1, "the edit alone");
        assert_eq!(night.attempts(), []);
    }
}

#[tokio::test(start_paused = true)]
async fn an_account_that_is_newer_than_the_termination_is_drifted() {
    let night = Night::in_tenant(&one(), |options| {
        options.seed.users[0].created = Some(tonight());
    });
    let outcomes = night.run().await;
    assert_eq!(word(&outcomes["deactivate-0001"]), "skipped drifted");
}

#[tokio::test(start_paused = true)]
async fn seats_of_an_account_that_is_active_again_stay() {
    let night = Night::in_tenant(&[Work::Remove(1)], |options| {
        options.seed.users[0].active = true;
    });
    let outcomes = night.run().await;
    assert_eq!(
        tally(&outcomes),
        BTreeMap::from([("skipped drifted".to_owned(), 2)])
    );
    assert_eq!(night.tenant.report().writes, 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_as_wanted_is_already_done() {
    let night = Night::in_tenant(&[Work::Deactivate(1), Work::Remove(2)], |options| {
        options.seed.users[0].active = false;
        options.seed.users[1].licenses.remove(0);
    });
    let outcomes = night.run().await;
    let expected = BTreeMap::from([
        ("deactivate-0001", "already_done".to_owned()),
        ("remove-0002-0", "already_done".to_owned()),
        ("remove-0002-1", "succeeded".to_owned()),
    ]);
    assert_eq!(words(&outcomes), expected);
    assert_eq!(night.tenant.report().writes, 1);
    let spent = &night.memory().terminations[&termination(1).termination.id()];
    assert_eq!(spent.state, TerminationState::Spent);
}

#[tokio::test(start_paused = true)]
async fn an_identity_provider_that_the_report_kept_quiet_about_gets_the_work() {
    let night = Night::in_tenant(&one(), |options| {
        options.seed.users[0].scim_provider = Some("Okta".to_owned());
    });
    let outcomes = night.run().await;
    assert_eq!(
        word(&outcomes["deactivate-0001"]),
        "manual identity_provider"
    );
    assert_eq!(night.memory().tasks.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn without_an_id_exactly_one_account_must_have_the_username() {
    let mut night = Night::new(&one());
    night.plan.lanes[0].user_id = None;
    night.plan.lanes[0].steps[0].expected.user_id = None;
    let outcomes = night.run().await;
    assert_eq!(word(&outcomes["deactivate-0001"]), "succeeded");

    let mut night = Night::new(&one());
    night.plan.lanes[0].user_id = None;
    night.plan.lanes[0].username = Username::parse("nobody@example.com");
    let outcomes = night.run().await;
    assert_eq!(word(&outcomes["deactivate-0001"]), "failed not_found");
}

#[tokio::test(start_paused = true)]
async fn another_customer_stops_everything_before_the_first_write() {
    let mut night = Night::new(&several(20));
    night.plan.customer_id = Some("0019X00042NkZQIQA3".to_owned());
    let outcomes = night.run().await;
    assert_eq!(
        tally(&outcomes),
        BTreeMap::from([("deferred not_authorized".to_owned(), 20)])
    );
    assert_eq!(night.stop.reason(), Some(super::super::Stop::WrongCustomer));
    assert_eq!(night.tenant.report().writes, 0);
}

#[tokio::test(start_paused = true)]
async fn an_account_that_keeps_its_access_keeps_its_seats() {
    let mut night = Night::new(&[Work::Both(1)]);
    let skipped = Veto {
        outcome: Outcome::Skipped,
        reason: OutcomeReason::ReviewSkip,
    };
    night.vetoes.insert("deactivate-0001".to_owned(), skipped);
    let expected = BTreeMap::from([
        ("deactivate-0001", "skipped review_skip".to_owned()),
        ("remove-0001-0", "deferred earlier_step".to_owned()),
        ("remove-0001-1", "deferred earlier_step".to_owned()),
    ]);
    assert_eq!(words(&night.run().await), expected);
    assert_eq!(words(&night.run().await), expected);
    assert_eq!(night.tenant.report().writes, 0);
}
