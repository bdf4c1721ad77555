//! Kills the program at every request and at every commit, starts it again,
//! and finds everything as if nothing had happened. What a test in one process
//! cannot show: nothing but the ledger and the tenant outlives the kill.

mod falling_back;
mod full_disk;
mod office;
mod reclaiming;
mod rehearsing;
mod soak;
mod undoing;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use office::{Hold, Office, TonightsPlan, Work};

/// Scenarios at the same time. They mostly wait.
const AT_ONCE: usize = 6;
/// More commits than a run makes.
const MOST_COMMITS: usize = 30;

/// Tells the test binary, run by itself, where to end.
const COMMIT: &str = "SEATSWEEP_KILL_AT_COMMIT";
/// Its command line, one argument a line.
const ARGUMENTS: &str = "SEATSWEEP_KILL_ARGUMENTS";

#[test]
fn killed_at_any_request_apply_is_carried_on_to_the_same_end() {
    killed_at_any_request(&TonightsPlan::new(), 6);
}

#[test]
fn killed_at_any_request_scim_is_carried_on_to_the_same_end() {
    killed_at_any_request(&TonightsPlan::over_scim(), 5);
}

#[test]
fn killed_at_any_request_a_night_of_lost_answers_is_carried_on_to_the_same_end() {
    killed_at_any_request(&TonightsPlan::with_lost_answers(), 6);
}

fn killed_at_any_request(tonight: &TonightsPlan, succeeded: usize) {
    let undisturbed = undisturbed(tonight, succeeded);
    let held = AtomicUsize::new(0);
    let points = ["received", "before", "after"];
    // How often operations are looked at is not always the same.
    let moments: Vec<(usize, &str)> = (1..=undisturbed.requests + 6)
        .flat_map(|request| points.map(|point| (request, point)))
        .collect();
    in_parallel(&moments, |(request, point)| {
        let what = format!("killed at request {request}, {point}");
        let office = Office::new(tonight);
        let sandbox = office.start_sandbox(Some(Hold { request, point }));
        let client = office.spawn(&sandbox, Work::Apply);
        let was_held = sandbox.kill_when_held(client);
        held.fetch_add(usize::from(was_held), Ordering::SeqCst);
        let first = sandbox.end();

        let sandbox = office.start_sandbox(None);
        let code = office.run(&sandbox, Work::Apply);
        let logs = [first, sandbox.end()];
        assert_eq!(code, undisturbed.code, "{what}");
        assert_eq!(office.results(), undisturbed.results, "{what}");
        office::assert_each_written_once(&logs, &what);
        office.assert_settled(&what);
    });
    let held = held.into_inner();
    // After the answer to the last request the client may have ended by itself,
    // and how often operations are looked at is not always the same.
    let expected = 3 * undisturbed.requests.saturating_sub(6);
    assert!(held >= expected, "only {held} of the moments came");
    assert!(held < moments.len(), "the plan takes more requests");
}

#[test]
fn killed_at_any_commit_apply_is_carried_on_to_the_same_end() {
    killed_at_any_commit(&TonightsPlan::new(), 6);
}

#[test]
fn killed_at_any_commit_scim_is_carried_on_to_the_same_end() {
    killed_at_any_commit(&TonightsPlan::over_scim(), 5);
}

#[test]
fn killed_at_any_commit_a_night_of_lost_answers_is_carried_on_to_the_same_end() {
    killed_at_any_commit(&TonightsPlan::with_lost_answers(), 6);
}

fn killed_at_any_commit(tonight: &TonightsPlan, succeeded: usize) {
    let undisturbed = undisturbed(tonight, succeeded);
    let killed = at_every_commit(tonight, Work::Apply, |office, code, what| {
        assert_eq!(code, undisturbed.code, "{what}");
        assert_eq!(office.results(), undisturbed.results, "{what}");
    });
    assert!(killed >= 12, "only {killed} commits");
}

#[test]
fn a_clock_that_jumps_between_two_runs_changes_nothing_about_the_end() {
    let tonight = TonightsPlan::new();
    let undisturbed = undisturbed(&tonight, 6);
    let times = ["2026-11-20T18:00:00Z", "2026-11-21T16:00:00Z"];
    let moments: Vec<(&str, usize)> = times
        .into_iter()
        .flat_map(|time| [6, 9, 12].map(|commit| (time, commit)))
        .collect();
    in_parallel(&moments, |(time, commit)| {
        let what = format!("killed at commit {commit}, carried on at {time}");
        let office = Office::new(&tonight);
        let sandbox = office.start_sandbox(None);
        assert!(ends_at_commit(
            &office.arguments(&sandbox, Work::Apply),
            commit
        ));
        let code = office.run(&sandbox, Work::ApplyAt(time));
        let log = [sandbox.end()];
        assert_eq!(code, undisturbed.code, "{what}");
        assert_eq!(office.results(), undisturbed.results, "{what}");
        office::assert_each_written_once(&log, &what);
        office.assert_settled(&what);
    });
}

#[test]
fn killed_at_any_commit_run_settles_and_plans_anew() {
    let tonight = TonightsPlan::new();
    let killed = at_every_commit(&tonight, Work::Run, |office, code, what| {
        assert_eq!(code, 0, "{what}");
        for row in office.results() {
            let outcome = row["outcome"].as_str();
            let fine = ["", "succeeded", "already_done", "manual"];
            assert!(fine.contains(&outcome), "{what}: {row:?}");
        }
        // When somebody lost access stands in the results of some run, also
        // if the run that ended it was killed.
        let runs = office.results_of_all_runs();
        let ended = runs.iter().filter(|row| {
            let is_verified = !row["verified_at"].is_empty();
            row["action"] == "deactivate" && row["outcome"] == "succeeded" && is_verified
        });
        let usernames: BTreeSet<&String> = ended.map(|row| &row["username"]).collect();
        assert_eq!(usernames.len(), 3, "{what}: {usernames:?}");
    });
    // What became of requests shares commits with the intents that follow, so
    // that there are not as many in every run.
    assert!(killed >= 12, "only {killed} commits");
}

#[test]
fn pressed_twice_ctrl_c_stops_at_once_and_leaves_whole_results() {
    let tonight = TonightsPlan::new();
    let undisturbed = undisturbed(&tonight, 6);
    let requests: Vec<usize> = (1..=12).collect();
    in_parallel(&requests, |request| {
        let what = format!("interrupted at request {request}");
        let point = "before";
        let office = Office::new(&tonight);
        let sandbox = office.start_sandbox(Some(Hold { request, point }));
        let client = office.spawn(&sandbox, Work::Apply);
        let code = sandbox.interrupt_when_held(client);
        assert_eq!(code, Some(130), "{what}");
        for row in office.results() {
            let open = row["outcome"].is_empty() && !row["action"].is_empty();
            assert!(!open, "{what}: {row:?}");
        }
        let first = sandbox.end();

        let sandbox = office.start_sandbox(None);
        let code = office.run(&sandbox, Work::Apply);
        let logs = [first, sandbox.end()];
        assert_eq!(code, undisturbed.code, "{what}");
        assert_eq!(office.results(), undisturbed.results, "{what}");
        office::assert_each_written_once(&logs, &what);
        office.assert_settled(&what);
    });
}

#[test]
fn killed_at_any_commit_apply_remembers_its_review_sheet() {
    let tonight = TonightsPlan::new();
    let office = Office::new(&tonight);
    let sandbox = office.start_sandbox(None);
    let code = office.run(&sandbox, Work::ApplyReviewed);
    let results = office.results();
    let changes = results.iter().filter(|row| row["action"] != "manual_task");
    let vetoed = changes.filter(|row| ["held", "skipped"].contains(&row["outcome"].as_str()));
    assert_eq!(vetoed.count(), 2, "{results:?}");
    let written = sandbox.end().accounts_written;
    assert_eq!(written.len(), 2, "{written:?}");

    // After the first commit nothing of the sheet is there yet, and nothing
    // was begun.
    let commits: Vec<usize> = (2..=MOST_COMMITS).collect();
    in_parallel(&commits, |commit| {
        let what = format!("killed at commit {commit}");
        let office = Office::new(&tonight);
        let sandbox = office.start_sandbox(None);
        ends_at_commit(&office.arguments(&sandbox, Work::ApplyReviewed), commit);
        assert_eq!(office.run(&sandbox, Work::Apply), code, "{what}");
        assert_eq!(office.results(), results, "{what}");
        assert_eq!(sandbox.end().accounts_written, written, "{what}");
        office.assert_settled(&what);
    });
}

/// Kills `work` right after each commit, and again a few commits into the
/// second time; then does it to its end and checks it. Returns how many commits
/// there were.
fn at_every_commit(
    tonight: &TonightsPlan,
    work: Work,
    check: impl Fn(&Office, i32, &str) + Sync,
) -> usize {
    let killed = AtomicUsize::new(0);
    let commits: Vec<usize> = (1..=MOST_COMMITS).collect();
    in_parallel(&commits, |commit| {
        let what = format!("killed at commit {commit}");
        let office = Office::new(tonight);
        let sandbox = office.start_sandbox(None);
        if !ends_at_commit(&office.arguments(&sandbox, work), commit) {
            // The run had fewer commits; it is done.
            return;
        }
        killed.fetch_add(1, Ordering::SeqCst);
        ends_at_commit(&office.arguments(&sandbox, work), 1 + commit % 7);
        let code = office.run(&sandbox, work);
        let log = [sandbox.end()];
        check(&office, code, &what);
        office::assert_each_written_once(&log, &what);
        office.assert_settled(&what);
    });
    let killed = killed.into_inner();
    assert!(killed < MOST_COMMITS, "the run makes more commits");
    killed
}

/// Has a process of its own carry out the command line and die right after
/// that commit; false if it came to its end before.
fn ends_at_commit(arguments: &[OsString], commit: usize) -> bool {
    let arguments: Vec<&str> = arguments
        .iter()
        .map(|it| it.to_str().expect("text"))
        .collect();
    let ended = Command::new(std::env::current_exe().expect("this binary"))
        .args(["--exact", "kill::child", "--nocapture"])
        .env(COMMIT, commit.to_string())
        .env(ARGUMENTS, arguments.join("\n"))
        .env(office::KEY_VARIABLE, office::KEY)
        .output()
        .expect("a process");
    let said = String::from_utf8_lossy(&ended.stderr);
    match ended.status.code() {
        // By a signal.
        None => true,
        Some(0) => false,
        Some(code) => panic!("the child failed with {code}: {said}"),
    }
}

/// Not a test of its own: the process that the others kill.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the environment is how a test binary is told what to do"
)]
fn child() {
    let (Ok(commit), Ok(arguments)) = (std::env::var(COMMIT), std::env::var(ARGUMENTS)) else {
        return;
    };
    let last: u64 = commit.parse().expect("a number");
    let cli = seatsweep::cli::parse(arguments.lines().map(OsString::from)).expect("a command");
    let hook = Box::new(move |commit| {
        if commit == last {
            std::process::abort();
        }
    });
    seatsweep::commands::carry_out(&cli, Some(hook)).expect("an end");
}

/// What the plan comes to when nobody disturbs it.
struct Undisturbed {
    code: i32,
    results: office::Results,
    requests: usize,
}

fn undisturbed(tonight: &TonightsPlan, succeeded: usize) -> Undisturbed {
    let office = Office::new(tonight);
    let sandbox = office.start_sandbox(None);
    let code = office.run(&sandbox, Work::Apply);
    let results = office.results();
    let log = sandbox.end();
    let requests = usize::try_from(log.requests).expect("a number");
    office::assert_each_written_once(&[log], "undisturbed");
    let all = results.iter().filter(|row| row["outcome"] == "succeeded");
    assert_eq!(all.count(), succeeded, "{results:?}");
    Undisturbed {
        code,
        results,
        requests,
    }
}

fn in_parallel<T: Copy + Sync>(moments: &[T], scenario: impl Fn(T) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(moment) = moments.get(next.fetch_add(1, Ordering::SeqCst)) {
                    scenario(*moment);
                }
            });
        }
    });
}
