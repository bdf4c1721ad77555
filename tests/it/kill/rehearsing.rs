//! Rehearsals that are killed: whatever the moment, nothing real was touched,
//! and the run is as if there had been none.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::office::{self, Office, TonightsPlan, Work};
use super::{MOST_COMMITS, ends_at_commit, in_parallel, undisturbed};

#[test]
fn killed_at_any_commit_a_rehearsal_has_touched_nothing() {
    let tonight = TonightsPlan::new();
    let expected = undisturbed(&tonight, 6);
    let killed = AtomicUsize::new(0);
    let commits: Vec<usize> = (1..=MOST_COMMITS).step_by(3).collect();
    in_parallel(&commits, |commit| {
        let what = format!("killed at commit {commit} of the copy");
        let office = Office::new(&tonight);
        let sandbox = office.start_sandbox(None);
        let mut rehearsal = office.arguments(&sandbox, Work::Apply);
        rehearsal.push("--rehearse".into());
        if !ends_at_commit(&rehearsal, commit) {
            return;
        }
        killed.fetch_add(1, Ordering::SeqCst);
        office.assert_no_ledger(&what);
        assert_eq!(office.run(&sandbox, Work::Apply), expected.code, "{what}");
        assert_eq!(office.results(), expected.results, "{what}");
        office::assert_each_written_once(&[sandbox.end()], &what);
        office.assert_settled(&what);
    });
    let killed = killed.into_inner();
    assert!(killed >= 4, "only {killed} commits");
}
