//! The same sweeps over the plan that undoes the night.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::office::{self, Hold, Office, TonightsPlan, Work};
use super::{ends_at_commit, in_parallel};

/// More requests than the plan takes.
const MOST_REQUESTS: usize = 34;
/// More commits than a run makes.
const MOST_COMMITS: usize = 44;

/// The office after a night that went well, with the plan to undo it.
fn after_the_night(tonight: &TonightsPlan) -> Office<'_> {
    let office = Office::new(tonight);
    let sandbox = office.start_sandbox(None);
    assert_eq!(office.run(&sandbox, Work::Apply), 0);
    sandbox.end();
    office.plan_undo();
    office
}

/// What the undo comes to when nobody disturbs it.
fn undisturbed(
    tonight: &TonightsPlan,
    morning: &Office<'_>,
    succeeds: usize,
) -> Vec<BTreeMap<String, String>> {
    let office = morning.copy();
    let sandbox = office.start_sandbox(None);
    assert_eq!(office.run(&sandbox, Work::Undo), 0);
    let results = office.results();
    office::assert_each_given_back_once(tonight, &[sandbox.end()], "undisturbed");
    let succeeded = results.iter().filter(|row| row["outcome"] == "succeeded");
    assert_eq!(succeeded.count(), succeeds, "{results:?}");
    results
}

#[test]
fn killed_at_any_request_an_undo_is_carried_on_to_the_same_end() {
    killed_at_any_request(&TonightsPlan::new(), 6, 20);
}

/// Access comes back over SCIM, as it ended.
#[test]
fn killed_at_any_request_an_undo_over_scim_is_carried_on_to_the_same_end() {
    killed_at_any_request(&TonightsPlan::over_scim(), 5, 14);
}

fn killed_at_any_request(tonight: &TonightsPlan, succeeds: usize, least_requests: usize) {
    let morning = after_the_night(tonight);
    let expected = undisturbed(tonight, &morning, succeeds);
    let held = AtomicUsize::new(0);
    let points = ["received", "before", "after"];
    let moments: Vec<(usize, &str)> = (1..=MOST_REQUESTS)
        .flat_map(|request| points.map(|point| (request, point)))
        .collect();
    in_parallel(&moments, |(request, point)| {
        let what = format!("killed at request {request}, {point}");
        let office = morning.copy();
        let sandbox = office.start_sandbox(Some(Hold { request, point }));
        let client = office.spawn(&sandbox, Work::Undo);
        let was_held = sandbox.kill_when_held(client);
        held.fetch_add(usize::from(was_held), Ordering::SeqCst);
        let first = sandbox.end();

        let sandbox = office.start_sandbox(None);
        let code = office.run(&sandbox, Work::Undo);
        let logs = [first, sandbox.end()];
        assert_eq!(code, 0, "{what}");
        assert_eq!(office.results(), expected, "{what}");
        office::assert_each_given_back_once(tonight, &logs, &what);
        office.assert_settled(&what);
    });
    let held = held.into_inner();
    assert!(
        held >= 3 * least_requests,
        "only {held} of the moments came"
    );
    assert!(held < moments.len(), "the plan takes more requests");
}

#[test]
fn killed_at_any_commit_an_undo_is_carried_on_to_the_same_end() {
    let tonight = TonightsPlan::new();
    let morning = after_the_night(&tonight);
    let expected = undisturbed(&tonight, &morning, 6);
    let killed = AtomicUsize::new(0);
    let commits: Vec<usize> = (1..=MOST_COMMITS).collect();
    in_parallel(&commits, |commit| {
        let what = format!("killed at commit {commit}");
        let office = morning.copy();
        let sandbox = office.start_sandbox(None);
        if !ends_at_commit(&office.arguments(&sandbox, Work::Undo), commit) {
            return;
        }
        killed.fetch_add(1, Ordering::SeqCst);
        ends_at_commit(&office.arguments(&sandbox, Work::Undo), 1 + commit % 7);
        assert_eq!(office.run(&sandbox, Work::Undo), 0, "{what}");
        let log = [sandbox.end()];
        assert_eq!(office.results(), expected, "{what}");
        office::assert_each_given_back_once(&tonight, &log, &what);
        office.assert_settled(&what);
    });
    let killed = killed.into_inner();
    assert!(killed >= 18, "only {killed} commits");
    assert!(killed < MOST_COMMITS, "the run makes more commits");
}

/// A run that was killed is carried on before it can be undone.
#[test]
fn a_run_that_is_not_over_is_not_undone() {
    let tonight = TonightsPlan::new();
    let office = Office::new(&tonight);
    let sandbox = office.start_sandbox(None);
    assert!(ends_at_commit(&office.arguments(&sandbox, Work::Apply), 8));
    let run_id = office.last_run();
    let refused = office.undo(&run_id);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(6), "{said}");
    assert!(said.contains("is not over"), "{said}");

    assert_eq!(office.run(&sandbox, Work::Apply), 0);
    let planned = office.undo(&run_id);
    let said = String::from_utf8_lossy(&planned.stderr);
    assert_eq!(planned.status.code(), Some(0), "{said}");
    assert!(said.contains("carried one plan out together"), "{said}");
}
