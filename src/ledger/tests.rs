use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex};

use rusqlite::Connection;

use super::test_support::{
    Workplace, acceptance, identity, intent, leaver, outcome, save_and_accept, task, tonight,
};
use super::{Entry, Identity, Ledger, LedgerError};
use crate::model::{Memory, Outcome, TaskRecord, TaskState};

fn open_as(workplace: &Workplace, identity: &Identity) -> Result<Ledger, LedgerError> {
    Ledger::open(&workplace.path(), identity, 0)
}

fn with_customer(customer_id: &str) -> Identity {
    Identity {
        customer_id: Some(customer_id.to_owned()),
        ..identity()
    }
}

fn reader(path: &Path) -> Ledger {
    Ledger::open_read_only(path, &identity())
        .expect("a readable ledger")
        .expect("a ledger")
}

fn record_outcome(ledger: &mut Ledger, action_id: &str) -> Result<(), LedgerError> {
    ledger.record(&[Entry::Outcome {
        plan_id: "plan-1".to_owned(),
        run_id: "run-1".to_owned(),
        record: outcome(action_id, Outcome::Succeeded),
    }])
}

fn file_names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| {
            let name = entry.expect("an entry").file_name();
            name.to_string_lossy().into_owned()
        })
        .collect();
    names.sort();
    names
}

#[test]
fn a_new_ledger_remembers_nothing() {
    let workplace = Workplace::new();
    let ledger = workplace.open();
    assert_eq!(
        ledger.memory(tonight()).expect("a memory"),
        Memory::default()
    );
    assert!(!ledger.unclean_stop().expect("an answer"));
}

#[test]
fn all_its_files_are_for_their_owner_only() {
    let workplace = Workplace::new();
    let _ledger = workplace.open_with_plan();
    let names = file_names(workplace.folder.path());
    assert_eq!(names, ["acme.db", "acme.db-shm", "acme.db-wal"]);
    for name in names {
        let path = workplace.folder.path().join(name);
        let mode = fs::metadata(path).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn it_commits_through_to_the_disk() {
    let workplace = Workplace::new();
    let ledger = workplace.open();
    let pragma = |name: &str| -> String {
        ledger
            .connection
            .pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0))
            .map(|value| format!("{value:?}"))
            .expect("a pragma")
    };
    assert_eq!(pragma("journal_mode"), r#"Text("wal")"#);
    assert_eq!(pragma("synchronous"), "Integer(2)");
    assert_eq!(pragma("foreign_keys"), "Integer(1)");
}

#[test]
fn another_tenant_or_target_is_refused() {
    let workplace = Workplace::new();
    drop(workplace.open());
    let other_tenant = Identity {
        tenant: "globex".to_owned(),
        ..identity()
    };
    let other_target = Identity {
        target: "sandbox".to_owned(),
        ..identity()
    };
    for (other, word) in [(other_tenant, "tenant"), (other_target, "target")] {
        for refusal in [
            open_as(&workplace, &other).err(),
            Ledger::open_read_only(&workplace.path(), &other).err(),
        ] {
            assert!(
                matches!(refusal, Some(LedgerError::Foreign { what, .. }) if what == word),
                "{word}"
            );
        }
    }
}

#[test]
fn a_customer_can_be_corrected_only_until_a_plan_is_accepted() {
    let workplace = Workplace::new();
    open_as(&workplace, &with_customer("mistyped")).expect("a new ledger");
    open_as(&workplace, &with_customer("acme-1")).expect("nothing was accepted yet");
    let mut ledger = workplace.open_with_plan();
    ledger.set_customer("acme-1").expect("the same customer");
    assert!(matches!(
        ledger.set_customer("globex-1"),
        Err(LedgerError::Foreign { what: "customer", found, .. }) if found == "acme-1"
    ));
    assert!(open_as(&workplace, &with_customer("globex-1")).is_err());
    Ledger::open_read_only(&workplace.path(), &with_customer("globex-1"))
        .err()
        .expect("a refusal");
}

#[test]
fn a_customer_may_be_filled_in_later() {
    let workplace = Workplace::new();
    let mut ledger = workplace.open_with_plan();
    ledger.set_customer("acme-1").expect("the first customer");
    drop(ledger);
    open_as(&workplace, &with_customer("acme-1")).expect("the same customer");
    open_as(&workplace, &identity()).expect("nobody claims another customer");
}

#[test]
fn a_newer_ledger_is_refused_and_left_alone() {
    let workplace = Workplace::new();
    let ledger = workplace.open();
    ledger
        .connection
        .pragma_update(None, "user_version", 99)
        .expect("a version");
    drop(ledger);
    for refusal in [
        open_as(&workplace, &identity()).err(),
        Ledger::open_read_only(&workplace.path(), &identity()).err(),
    ] {
        assert!(matches!(
            refusal,
            Some(LedgerError::Newer { found: 99, .. })
        ));
    }
}

#[test]
fn other_files_are_refused_and_left_alone() {
    let workplace = Workplace::new();
    let text = workplace.folder.path().join("notes.txt");
    let content = "not a database, but long enough to be mistaken for one. ".repeat(40);
    fs::File::create(&text)
        .and_then(|mut file| std::io::Write::write_all(&mut file, content.as_bytes()))
        .expect("a file");
    let database = workplace.folder.path().join("theirs.db");
    Connection::open(&database)
        .and_then(|connection| connection.execute_batch("CREATE TABLE theirs (a);"))
        .expect("a database");
    for path in [text, database] {
        let before = fs::read(&path).expect("a file");
        assert!(matches!(
            Ledger::open(&path, &identity(), 0),
            Err(LedgerError::NotALedger { .. })
        ));
        assert_eq!(fs::read(&path).expect("a file"), before);
    }
}

#[test]
fn a_missing_folder_is_an_error_that_names_the_path() {
    let workplace = Workplace::new();
    let path = workplace.folder.path().join("missing").join("acme.db");
    let error = Ledger::open(&path, &identity(), 0).err().expect("an error");
    assert!(matches!(error, LedgerError::Io { .. }));
    assert!(error.to_string().contains("missing"));
}

#[test]
fn reading_creates_nothing() {
    let workplace = Workplace::new();
    let absent = Ledger::open_read_only(&workplace.path(), &identity()).expect("an answer");
    assert!(absent.is_none());
    assert!(file_names(workplace.folder.path()).is_empty());

    drop(workplace.open_with_plan());
    let names = file_names(workplace.folder.path());
    let before = fs::read(workplace.path()).expect("a file");
    let ledger = reader(&workplace.path());
    assert_eq!(
        ledger
            .memory(tonight())
            .expect("a memory")
            .terminations
            .len(),
        1
    );
    drop(ledger);
    assert_eq!(file_names(workplace.folder.path()), names);
    assert_eq!(fs::read(workplace.path()).expect("a file"), before);
}

#[test]
fn a_ledger_without_tables_is_none_yet() {
    let workplace = Workplace::new();
    super::create_owner_only(&workplace.path()).expect("an empty file");
    let absent = Ledger::open_read_only(&workplace.path(), &identity()).expect("an answer");
    assert!(absent.is_none());
    workplace.open();
}

#[test]
fn a_reader_cannot_write() {
    let workplace = Workplace::new();
    drop(workplace.open_with_plan());
    let mut ledger = reader(&workplace.path());
    assert!(matches!(
        record_outcome(&mut ledger, "action-1"),
        Err(LedgerError::NotWritable { .. })
    ));
}

#[test]
fn a_reader_sees_every_commit_of_a_writer_beside_it() {
    let workplace = Workplace::new();
    let mut writer = workplace.open_with_plan();
    let reader = reader(&workplace.path());
    for count in 1..=3 {
        record_outcome(&mut writer, &format!("action-{count}")).expect("a commit");
        assert_eq!(reader.outcomes("plan-1").expect("outcomes").len(), count);
    }
}

#[test]
fn a_second_writer_is_told_that_the_ledger_is_locked() {
    let workplace = Workplace::new();
    let mut ledger = workplace.open_with_plan();
    ledger
        .connection
        .busy_timeout(std::time::Duration::ZERO)
        .expect("a time-out");
    let other = Connection::open(workplace.path()).expect("a connection");
    other.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    assert!(matches!(
        record_outcome(&mut ledger, "action-1"),
        Err(LedgerError::Locked { .. })
    ));
}

#[test]
fn a_full_disk_is_named_and_leaves_the_ledger_whole() {
    let workplace = Workplace::new();
    let mut ledger = workplace.open_with_plan();
    let pages: i64 = ledger
        .connection
        .pragma_query_value(None, "page_count", |row| row.get(0))
        .expect("a count");
    ledger
        .connection
        .pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
        .expect("a limit");
    let too_much = Entry::Intent(super::Intent {
        before_image: "x".repeat(100_000),
        ..intent("step-2")
    });
    assert!(matches!(
        ledger.record(&[Entry::Intent(intent("step-1")), too_much]),
        Err(LedgerError::Full { .. })
    ));
    assert!(ledger.open_attempts().expect("attempts").is_empty());
}

/// What a killed process leaves: the files as they were right after a commit.
#[test]
fn after_a_kill_exactly_the_committed_batches_are_there() {
    let workplace = Workplace::new();
    let mut ledger = workplace.open_with_plan();
    let folder = workplace.folder.path().to_owned();
    let killed_at = Arc::new(Mutex::new(Vec::new()));
    let copies = Arc::clone(&killed_at);
    ledger.on_commit(Box::new(move |commit| {
        let copy = folder.join(format!("killed-at-{commit}"));
        fs::create_dir(&copy).expect("a folder");
        for suffix in ["", "-wal"] {
            let name = format!("acme.db{suffix}");
            fs::copy(folder.join(&name), copy.join(&name)).expect("a copy");
        }
        copies.lock().expect("a list").push((commit, copy));
    }));
    for action_id in ["action-1", "action-2", "action-3"] {
        record_outcome(&mut ledger, action_id).expect("a commit");
    }
    let killed_at = killed_at.lock().expect("a list");
    let ordinals: Vec<u64> = killed_at.iter().map(|(commit, _)| *commit).collect();
    // Saving and accepting the plan were commits 1 and 2.
    assert_eq!(ordinals, [3, 4, 5]);
    for (count, (_, copy)) in (1..).zip(killed_at.iter()) {
        let path = copy.join("acme.db");
        assert_eq!(
            reader(&path).outcomes("plan-1").expect("outcomes").len(),
            count
        );
        let writer = Ledger::open(&path, &identity(), 0).expect("a ledger");
        assert_eq!(writer.outcomes("plan-1").expect("outcomes").len(), count);
    }
}

#[test]
fn a_batch_is_recorded_whole_or_not_at_all() {
    let workplace = Workplace::new();
    let mut ledger = workplace.open_with_plan();
    let same_twice = [
        Entry::Intent(intent("step-1")),
        Entry::Intent(intent("step-1")),
    ];
    ledger.record(&same_twice).expect_err("one intent, one key");
    assert!(ledger.open_attempts().expect("attempts").is_empty());
}

#[test]
fn accepting_a_plan_again_changes_nothing() {
    let workplace = Workplace::new();
    let mut ledger = workplace.open_with_plan();
    let before = ledger.memory(tonight()).expect("a memory");
    save_and_accept(&mut ledger, &acceptance("plan-1", vec![leaver("1001")]));
    assert_eq!(ledger.memory(tonight()).expect("a memory"), before);
    save_and_accept(&mut ledger, &acceptance("plan-2", vec![leaver("1001")]));
    assert_eq!(
        ledger.generation().expect("a generation"),
        before.generation + 1
    );
}

// What seemed moot and is called for again has to be done after all; what
// somebody did, and no report can show, is never asked for twice.
#[test]
fn an_observed_task_is_issued_again_and_a_done_one_is_not() {
    let workplace = Workplace::new();
    let mut ledger = workplace.open_with_plan();
    let later = tonight() + jiff::SignedDuration::from_hours(24);
    for (id, state) in [
        ("task-done", TaskState::Done),
        ("task-observed", TaskState::Observed),
    ] {
        let closed = Entry::TaskState {
            id: id.to_owned(),
            state,
            at: tonight(),
        };
        let again = TaskRecord {
            due: Some(later),
            issued_at: later,
            ..task(id)
        };
        ledger
            .record(&[Entry::TaskIssued(task(id)), closed])
            .expect("a record");
        ledger
            .record(&[Entry::TaskIssued(again)])
            .expect("a record");
    }
    let tasks = ledger.memory(later).expect("a memory").tasks;
    assert_eq!(tasks["task-done"].state, TaskState::Done);
    assert_eq!(tasks["task-done"].issued_at, tonight());
    let reopened = &tasks["task-observed"];
    assert_eq!(reopened.state, TaskState::Open);
    assert_eq!((reopened.due, reopened.issued_at), (Some(later), later));
    // An open one is not issued anew.
    ledger
        .record(&[Entry::TaskIssued(task("task-observed"))])
        .expect("a record");
    let tasks = ledger.memory(later).expect("a memory").tasks;
    assert_eq!(tasks["task-observed"].issued_at, later);
}

#[test]
fn a_copy_remembers_the_same_and_is_never_taken_for_the_original() {
    let workplace = Workplace::new();
    let mut ledger = workplace.open_with_plan();
    record_outcome(&mut ledger, "action-1").expect("a record");
    let path = workplace.path().with_file_name("copy.db");
    reader(&workplace.path())
        .copy_for(&path, "elsewhere")
        .expect("a copy");
    let mode = fs::metadata(&path).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let elsewhere = Identity {
        target: "elsewhere".to_owned(),
        ..identity()
    };
    let mut copy = Ledger::open(&path, &elsewhere, 0).expect("the copy");
    let memory = |ledger: &Ledger| ledger.memory(tonight()).expect("a memory");
    assert_eq!(memory(&copy), memory(&ledger));
    record_outcome(&mut copy, "action-2").expect("a record");
    assert_ne!(memory(&copy).generation, memory(&ledger).generation);
    drop(copy);
    let foreign = Ledger::open(&path, &identity(), 0).map(|_| ());
    assert!(matches!(foreign, Err(LedgerError::Foreign { .. })));
    // What is there is not written over.
    ledger
        .copy_for(&path, "elsewhere")
        .expect_err("a file is there");
}
