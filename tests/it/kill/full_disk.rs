//! The disk is full at any byte of the ledger: nothing more is sent, and with
//! room again the plan is carried on to the same end.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::office::{self, Office, TonightsPlan, Work};
use super::{in_parallel, undisturbed};

/// Limits that are tried, evenly spread up to what an undisturbed run writes.
const LIMITS: u64 = 16;
const BLOCK: u64 = 512;

#[test]
fn a_disk_that_is_full_at_any_moment_stops_the_run_and_loses_nothing() {
    let tonight = TonightsPlan::new();
    let expected = undisturbed(&tonight, 6);
    let whole = Office::new(&tonight);
    let sandbox = whole.start_sandbox(None);
    assert_eq!(whole.run(&sandbox, Work::Apply), expected.code);
    sandbox.end();
    let size = |name: &str| whole.path(name).metadata().expect(name).len();
    let largest = size("seatsweep.db").max(size("seatsweep.db-wal")) / BLOCK;

    let (unbegun, midway) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let limits: Vec<u64> = (1..=LIMITS).map(|nth| largest * nth / LIMITS).collect();
    in_parallel(&limits, |blocks| {
        let what = format!("no file beyond {blocks} blocks");
        let office = Office::new(&tonight);
        let sandbox = office.start_sandbox(None);
        let (code, said) = office.run_within(&sandbox, Work::Apply, Some(blocks));
        match code {
            73 => unbegun.fetch_add(1, Ordering::SeqCst),
            7 => midway.fetch_add(1, Ordering::SeqCst),
            // The last of it was no longer needed.
            code if code == expected.code => 0,
            code => panic!("{what}: exit code {code}: {said}"),
        };
        let code = office.run(&sandbox, Work::Apply);
        let log = [sandbox.end()];
        assert_eq!(code, expected.code, "{what}");
        assert_eq!(office.results(), expected.results, "{what}");
        office::assert_each_written_once(&log, &what);
        office.assert_settled(&what);
    });
    let (unbegun, midway) = (unbegun.into_inner(), midway.into_inner());
    assert!(unbegun > 0, "never before the first change");
    assert!(midway > 1, "only {midway} times midway");
}
