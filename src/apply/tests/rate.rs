//! Hundreds of changes: within every limit, and hardly below it.

use super::*;

#[expect(
    clippy::print_stdout,
    reason = "how economical it is, for whoever asks"
)]
#[tokio::test(start_paused = true)]
async fn hundreds_of_changes_use_the_rate_and_never_exceed_it() {
    let deactivations = (1..=200).map(Work::Deactivate);
    let removals = (201..=300).map(Work::Remove);
    let both = (301..=320).map(Work::Both);
    let work: Vec<Work> = deactivations.chain(removals).chain(both).collect();
    let night = Night::new(&work);
    let outcomes = night.run().await;
    assert_eq!(outcomes.len(), 200 + 2 * 100 + 3 * 20);
    assert!(outcomes.values().all(|it| is(it, Outcome::Succeeded)));
    assert_eq!(night.open_attempts(), 0);

    let log = night.tenant.report();
    assert_well_behaved(&log);
    assert_eq!(log.writes, 320);
    let entries = night.tenant.entries();
    let (first, last) = (&entries[0], &entries[entries.len() - 1]);
    let minutes = last.time.duration_since(first.time).as_secs_f64() / 60.0;
    let requests = u32::try_from(entries.len()).expect("a number");
    let per_minute = f64::from(requests) / minutes;
    let per_change = f64::from(requests) / 320.0;
    println!(
        "{requests} requests in {minutes:.1} minutes: {per_minute:.1} a minute, {per_change:.2} a change"
    );
    assert!(per_minute >= 90.0, "{per_minute}");
    assert!(per_change <= 4.2, "{per_change}");
}

#[tokio::test(start_paused = true)]
async fn a_removal_takes_the_extension_along_and_leaves_the_number_license_out() {
    let night = Night::new(&[Work::Remove(1), Work::Both(2)]);
    assert_eq!(night.account(2).await.matches(';').count(), 3);
    let outcomes = night.run().await;
    assert_eq!(
        tally(&outcomes),
        BTreeMap::from([("succeeded".to_owned(), 5)])
    );
    assert_eq!(night.account(1).await, "deactivated");
    assert_eq!(night.account(2).await, "deactivated");
    let body = night.api.user("U0001").await.expect("a user").value;
    let services = &body.body()["serviceInfo"];
    assert_eq!(services["extensions"], serde_json::json!([]));
    let memory = night.memory();
    let key = AccountKey::stored("id:U0001".to_owned());
    assert_eq!(memory.accounts[&key].removed.len(), 2);
    let record = &outcomes["remove-0001-0"];
    assert_eq!(
        record.before,
        "deactivated; Additional Local Number (US); Cold Storage (US); X Series - X2 (US)"
    );
    assert_eq!(record.after, "deactivated");
    assert_eq!(record.http_status, Some(200));
}

#[tokio::test(start_paused = true)]
async fn the_request_id_of_the_intent_is_the_one_that_was_sent() {
    let night = Night::new(&one());
    let outcomes = night.run().await;
    let sent = night.tenant.entries();
    let write = sent.iter().find(|it| it.write.is_some()).expect("a write");
    let intended = &night.attempts()[0].intent.request_id;
    assert_eq!(*intended, write.request_id);
    assert_eq!(outcomes["deactivate-0001"].request_id, write.request_id);
}
