//! The same sweeps over a night in a tenant that has no method to update users.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::office::{self, Hold, Office, TonightsPlan, Work};
use super::{ends_at_commit, in_parallel};

/// More requests than the plan takes.
const MOST_REQUESTS: usize = 24;
/// More commits than a run makes.
const MOST_COMMITS: usize = 30;

/// A night, and what it comes to when nobody disturbs it.
struct Night {
    tonight: TonightsPlan,
    code: i32,
    results: Vec<BTreeMap<String, String>>,
    tasks: String,
    /// Writes of each account.
    written: BTreeMap<&'static str, u64>,
}

impl Night {
    fn new(tonight: TonightsPlan, written: &[&'static str]) -> Self {
        let office = Office::new(&tonight);
        let sandbox = office.start_sandbox(None);
        let code = office.run(&sandbox, Work::Apply);
        let (results, tasks) = (office.results(), office.tasks());
        let written = written.iter().map(|username| (*username, 1)).collect();
        office::assert_written(&[sandbox.end()], &written, "undisturbed");
        drop(office);
        Self {
            tonight,
            code,
            results,
            tasks,
            written,
        }
    }

    /// People take over, for access and for seats.
    fn by_hand() -> Self {
        let night = Self::new(TonightsPlan::without_updates(""), &[]);
        let handed_over = |row: &&BTreeMap<String, String>| row["reason"] == "not_supported";
        assert_eq!(night.code, 8, "access may still be open");
        assert_eq!(night.results.iter().filter(handed_over).count(), 6);
        night
    }

    /// SCIM takes over for access, people for seats.
    fn over_scim() -> Self {
        let channels = "[channels]\ndeactivate_fallback = \"scim\"\n";
        let tonight = TonightsPlan::without_updates(channels);
        let leavers = ["ada@example.com", "ben@example.com", "cora@example.com"];
        let night = Self::new(tonight, &leavers);
        assert_eq!(night.code, 0);
        night
    }

    fn assert_as_undisturbed(&self, office: &Office<'_>, code: i32, what: &str) {
        assert_eq!(code, self.code, "{what}");
        assert_eq!(office.results(), self.results, "{what}");
        assert_eq!(office.tasks(), self.tasks, "{what}");
        office.assert_settled(what);
    }
}

#[test]
fn killed_at_any_request_the_night_falls_back_to_people_all_the_same() {
    killed_at_any_request(&Night::by_hand(), 5);
}

#[test]
fn killed_at_any_request_the_night_falls_back_to_scim_all_the_same() {
    killed_at_any_request(&Night::over_scim(), 12);
}

fn killed_at_any_request(night: &Night, least_requests: usize) {
    let held = AtomicUsize::new(0);
    let points = ["received", "before", "after"];
    let moments: Vec<(usize, &str)> = (1..=MOST_REQUESTS)
        .flat_map(|request| points.map(|point| (request, point)))
        .collect();
    in_parallel(&moments, |(request, point)| {
        let what = format!("killed at request {request}, {point}");
        let office = Office::new(&night.tonight);
        let sandbox = office.start_sandbox(Some(Hold { request, point }));
        let client = office.spawn(&sandbox, Work::Apply);
        let was_held = sandbox.kill_when_held(client);
        held.fetch_add(usize::from(was_held), Ordering::SeqCst);
        let first = sandbox.end();

        let sandbox = office.start_sandbox(None);
        let code = office.run(&sandbox, Work::Apply);
        office::assert_written(&[first, sandbox.end()], &night.written, &what);
        night.assert_as_undisturbed(&office, code, &what);
    });
    let held = held.into_inner();
    // After the answer to the last request the client may have ended by itself.
    assert!(held >= 3 * least_requests - 1, "only {held} moments came");
    assert!(held < moments.len(), "the plan takes more requests");
}

#[test]
fn killed_at_any_commit_the_night_falls_back_to_people_all_the_same() {
    killed_at_any_commit(&Night::by_hand());
}

#[test]
fn killed_at_any_commit_the_night_falls_back_to_scim_all_the_same() {
    killed_at_any_commit(&Night::over_scim());
}

fn killed_at_any_commit(night: &Night) {
    let killed = AtomicUsize::new(0);
    let commits: Vec<usize> = (1..=MOST_COMMITS).collect();
    in_parallel(&commits, |commit| {
        let what = format!("killed at commit {commit}");
        let office = Office::new(&night.tonight);
        let sandbox = office.start_sandbox(None);
        if !ends_at_commit(&office.arguments(&sandbox, Work::Apply), commit) {
            return;
        }
        killed.fetch_add(1, Ordering::SeqCst);
        ends_at_commit(&office.arguments(&sandbox, Work::Apply), 1 + commit % 7);
        let code = office.run(&sandbox, Work::Apply);
        office::assert_written(&[sandbox.end()], &night.written, &what);
        night.assert_as_undisturbed(&office, code, &what);
    });
    let killed = killed.into_inner();
    assert!(killed >= 8, "only {killed} commits");
    assert!(killed < MOST_COMMITS, "the run makes more commits");
}
