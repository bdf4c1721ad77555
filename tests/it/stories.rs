//! What happens to people over several nights.

use crate::support::{Account, Office, X2, actions, hr_row, leaver, only, with_colleagues};

const CUMULATIVE: &str = "[hr]\nfile = \"cumulative\"\n";
const INCREMENTAL: &str = "[hr]\nfile = \"incremental\"\n";
/// A contract on the pool that everybody's seat is in.
const CONTRACT: &str = "[[contracts]]\nlicense = \"X Series - X2\"\ncountry = \"US\"\nseats = 60\n\
    unit_price = \"24.00\"\ncurrency = \"USD\"\nterm_ends = 2027-03-31\n";

/// Somebody left on November 1st and HR says so on the 20th.
#[test]
fn a_late_notice_ends_access_tonight_and_the_seat_a_week_later() {
    let office = Office::new(CUMULATIVE);
    let ann = Account::of("ann.moss");
    office.hr(&[leaver("ann.moss", "2026-11-01")]);
    office.users(&with_colleagues([ann.clone()]));
    office.night("2026-11-20", &[]).expect(0);
    let first = office.results();
    let deactivated = only(&first, "deactivate");
    assert_eq!(deactivated["outcome"], "succeeded");
    assert!(actions(&first, "remove_license").is_empty());
    let verified = deactivated["verified_at"].clone();
    assert!(verified.starts_with("2026-11-20T20:"), "{verified}");
    assert_eq!(deactivated["next_due"], verified.replace("11-20", "11-27"));

    office.users(&with_colleagues([ann.clone().deactivated()]));
    for night in 21..=27 {
        // On the 27th noon is some seconds before the hour of the deactivation.
        office.night(&format!("2026-11-{night}"), &[]).expect(0);
        let rows = office.results();
        assert_eq!(rows[0]["disposition"], "waiting", "night {night}");
        assert_eq!(rows[0]["reason"], "grace_period", "night {night}");
        assert!(office.writes().is_empty(), "night {night}");
    }

    office.night("2026-11-28", &[]).expect(0);
    let rows = office.results();
    let removed = only(&rows, "remove_license");
    assert_eq!(removed["outcome"], "succeeded");
    assert_eq!(removed["license"], "X Series - X2");
    assert_eq!(removed["due"], deactivated["next_due"]);
    assert!(actions(&rows, "deactivate").is_empty());
}

/// An incremental file says a thing once.
#[test]
fn a_removal_falls_due_although_the_row_is_long_gone() {
    let office = Office::new(INCREMENTAL);
    let ann = Account::of("ann.moss");
    office.hr(&[leaver("ann.moss", "2026-11-19")]);
    office.users(&with_colleagues([ann.clone()]));
    office.night("2026-11-20", &[]).expect(0);

    office.hr(&[]);
    office.users(&with_colleagues([ann.clone().deactivated()]));
    office.night("2026-11-24", &[]).expect(0);
    let rows = office.results();
    assert_eq!(rows[0]["disposition"], "waiting");
    assert_eq!(
        (&*rows[0]["origin"], &*rows[0]["source_row"]),
        ("ledger", "")
    );

    office.night("2026-11-28", &[]).expect(0);
    let rows = office.results();
    let removed = only(&rows, "remove_license");
    assert_eq!(
        (&*removed["origin"], &*removed["source_file"]),
        ("ledger", "")
    );
    assert_eq!(removed["outcome"], "succeeded");
    assert_eq!(removed["termination_date"], "2026-11-19");
}

/// An incremental file says a thing once, also what nobody can read.
#[test]
fn a_row_that_nobody_could_act_on_is_reported_until_it_is_settled() {
    let office = Office::new(INCREMENTAL);
    office.users(&with_colleagues([Account::of("ann.moss")]));
    office.hr(&[leaver("ann.moss", "2026-11-31")]);
    office.night("2026-11-20", &[]).expect(8);
    let reported = |night: &str, code: i32| {
        office.hr(&[]);
        office.on(night, &["plan", "--sandbox"]).expect(0);
        office.night(night, &[]).expect(code);
        assert!(office.writes().is_empty(), "{night}");
        let rows = office.results().into_iter();
        let rows = rows.filter(|row| row["disposition"] == "invalid");
        rows.collect::<Vec<_>>()
    };
    for night in ["2026-11-21", "2026-11-22"] {
        let rows = reported(night, 8);
        assert_eq!(rows.len(), 1, "{night}");
        let (origin, person) = (&*rows[0]["origin"], &*rows[0]["person"]);
        assert_eq!((origin, person), ("ledger", "ann moss"));
        assert_eq!(rows[0]["user_id"], "id-ann-moss", "whose access is open");
    }
    let detail = reported("2026-11-23", 8)[0]["detail"].clone();
    let (_, id) = detail.split_once("tasks done ").expect(&detail);
    let (id, _) = id.split_once('`').expect(&detail);
    let listed = office.seatsweep(&["tasks", "list", "--sandbox"]).expect(0);
    assert!(listed.stdout.contains(id), "{}", listed.stdout);
    let hold = ["tasks", "hold", id, "--sandbox"];
    office.seatsweep(&hold).expect(64).says(&["tasks done"]);
    let done = ["tasks", "done", id, "--sandbox"];
    office.seatsweep(&done).expect(0);
    assert!(reported("2026-11-24", 0).is_empty());
    // HR corrects another one.
    office.hr(&[leaver("ann.moss", "2026-11-32")]);
    office.night("2026-11-25", &[]).expect(8);
    office.hr(&[leaver("ann.moss", "2026-11-24")]);
    office.night("2026-11-26", &[]).expect(0);
    let rows = office.results();
    assert_eq!(only(&rows, "deactivate")["outcome"], "succeeded");
    assert!(rows.iter().all(|row| row["disposition"] != "invalid"));
}

/// HR's new export has the date of the last day where the other one was.
#[test]
fn an_hr_file_with_other_columns_is_accepted_by_name_and_then_known() {
    let office = Office::new(CUMULATIVE);
    office.users(&with_colleagues([Account::of("ann.moss")]));
    office.hr(&[leaver("ann.moss", "2026-12-19")]);
    office.night("2026-11-20", &[]).expect(0);
    let usual = office.read("hr.csv");
    let other = usual.replace("Termination date", "Last day of work");
    assert_ne!(usual, other);
    office.write("hr.csv", other);
    let stopped = office.night("2026-11-21", &[]).expect(3);
    let advised = stopped.advised();
    stopped.says(&["termination_date", "\"Termination date\"", "--accept-input"]);
    office.shell(&advised).expect(0);
    office.night("2026-11-22", &[]).expect(0);
}

/// A future date is remembered too.
#[test]
fn a_future_date_of_an_incremental_file_is_kept() {
    let office = Office::new(INCREMENTAL);
    office.hr(&[leaver("ann.moss", "2026-11-25")]);
    office.users(&with_colleagues([Account::of("ann.moss")]));
    office.night("2026-11-20", &[]).expect(0);
    assert_eq!(office.results()[0]["disposition"], "not_due");

    office.hr(&[]);
    office.night("2026-11-25", &[]).expect(0);
    assert!(office.writes().is_empty(), "the 25th is not over");
    office.night("2026-11-26", &[]).expect(0);
    assert_eq!(
        only(&office.results(), "deactivate")["outcome"],
        "succeeded"
    );
}

/// In a cumulative file a row that is gone was taken back.
#[test]
fn a_row_that_vanishes_is_held_and_lowers_the_draft() {
    let office = Office::new(&format!("{CUMULATIVE}{CONTRACT}"));
    let (ann, ben) = (Account::of("ann.moss"), Account::of("ben.hill"));
    office.hr(&[
        leaver("ann.moss", "2026-11-18"),
        leaver("ben.hill", "2026-11-18"),
    ]);
    office.users(&with_colleagues([ann.clone(), ben.clone()]));
    office.night("2026-11-20", &[]).expect(0);
    office.users(&with_colleagues([
        ann.clone().deactivated(),
        ben.clone().deactivated(),
    ]));
    office.night("2026-11-28", &[]).expect(0);
    let drafted = |rows: &[crate::support::Row]| {
        let row = only(rows, "request_partial_cancellation");
        (
            row["outcome"].clone(),
            row["quantity"].clone(),
            row["monthly_saving"].clone(),
        )
    };
    let both = ("succeeded".into(), "2".into(), "48.00".into());
    assert_eq!(drafted(&office.results()), both);

    office.hr(&[leaver("ann.moss", "2026-11-18")]);
    office.users(&with_colleagues([
        ann.clone().deactivated().holding(&[]),
        ben.clone().deactivated().holding(&[]),
    ]));
    office.night("2026-11-29", &[]).expect(0);
    let rows = office.results();
    let held = rows
        .iter()
        .find(|row| row["person"] == "ben hill")
        .expect("a row");
    assert_eq!(
        (&*held["disposition"], &*held["reason"]),
        ("held", "row_vanished")
    );
    let one = ("succeeded".into(), "1".into(), "24.00".into());
    assert_eq!(drafted(&rows), one);
}

/// Before anything was removed, a vanished row keeps the seat.
#[test]
fn a_row_that_vanishes_before_the_removal_keeps_the_seat() {
    let office = Office::new(CUMULATIVE);
    let ann = Account::of("ann.moss");
    office.hr(&[
        leaver("ann.moss", "2026-11-18"),
        leaver("zoe.gone", "2026-11-18"),
    ]);
    office.users(&with_colleagues([ann.clone()]));
    office.night("2026-11-20", &[]).expect(0);
    office.hr(&[leaver("zoe.gone", "2026-11-18")]);
    office.users(&with_colleagues([ann.clone().deactivated()]));
    office.night("2026-11-28", &[]).expect(0);
    let rows = office.results();
    let held = rows
        .iter()
        .find(|row| row["person"] == "ann moss")
        .expect("a row");
    assert_eq!(
        (&*held["disposition"], &*held["reason"]),
        ("held", "row_vanished")
    );
    assert!(office.writes().is_empty());
}

/// Somebody comes back to their old account after it was deactivated.
#[test]
fn a_rehire_is_left_alone() {
    let office = Office::new(CUMULATIVE);
    let ann = Account::of("ann.moss");
    office.hr(&[leaver("ann.moss", "2026-11-18")]);
    office.users(&with_colleagues([ann.clone()]));
    office.night("2026-11-20", &[]).expect(0);

    // IT gives the account back, and HR shows a return: no longer leaving.
    office.hr(&[hr_row("ann.moss", "Active", "")]);
    office.users(&with_colleagues([ann.clone()]));
    office.remake_tenant();
    for night in ["2026-11-23", "2026-11-28"] {
        office.night(night, &[]).expect(0);
        assert_eq!(office.results()[0]["disposition"], "rehired", "{night}");
        assert!(office.writes().is_empty(), "{night}");
    }

    // The second departure is another termination.
    office.hr(&[leaver("ann.moss", "2026-12-10")]);
    office.night("2026-12-11", &[]).expect(0);
    let rows = office.results();
    let again = only(&rows, "deactivate");
    assert_eq!(again["outcome"], "succeeded");
    assert_eq!(again["termination_date"], "2026-12-10");
}

/// The account is active again, and HR still says that the person has left.
#[test]
fn a_spent_termination_never_deactivates_again() {
    let office = Office::new(CUMULATIVE);
    let ann = Account::of("ann.moss");
    office.hr(&[leaver("ann.moss", "2026-11-18")]);
    office.users(&with_colleagues([ann.clone()]));
    office.night("2026-11-20", &[]).expect(0);
    for night in ["2026-11-21", "2026-11-28"] {
        office.night(night, &[]).expect(8);
        let rows = office.results();
        assert_eq!(
            (&*rows[0]["disposition"], &*rows[0]["reason"]),
            ("conflict", "active_again")
        );
        assert!(office.writes().is_empty(), "{night}");
    }
}

/// Somebody who was hired under the name and the address of a former colleague.
fn another_ann() -> Account {
    Account {
        id: "id-another-ann".to_owned(),
        created: "2026-11-29",
        ..Account::of("ann.moss")
    }
}

#[test]
fn a_new_hire_who_inherits_the_address_is_left_alone() {
    let office = Office::new(CUMULATIVE);
    let old = Account::of("ann.moss");
    office.hr(&[leaver("ann.moss", "2026-11-18")]);
    office.users(&with_colleagues([old.clone()]));
    office.night("2026-11-20", &[]).expect(0);
    office.users(&with_colleagues([old.deactivated()]));
    office.night("2026-11-28", &[]).expect(0);
    assert_eq!(office.writes().len(), 1);

    office.users(&with_colleagues([another_ann()]));
    for night in ["2026-11-30", "2026-12-08"] {
        office.night(night, &[]).expect(0);
        assert_eq!(office.results()[0]["disposition"], "already_done");
        assert_eq!(office.sandbox_log()["requests"], 0, "{night}");
    }
}

/// HR reports the departure only after the address was given away.
#[test]
fn a_new_hire_is_left_alone_even_if_the_leaver_was_never_seen() {
    let office = Office::new(CUMULATIVE);
    office.hr(&[leaver("ann.moss", "2026-11-18")]);
    office.users(&with_colleagues([another_ann()]));
    office.night("2026-11-30", &[]).expect(8);
    let rows = office.results();
    assert_eq!(
        (&*rows[0]["disposition"], &*rows[0]["reason"]),
        ("conflict", "created_later")
    );
    assert!(office.writes().is_empty());
}

/// Twelve people go at once; five are allowed without an approval.
#[test]
fn a_lay_off_is_approved_by_the_very_command_that_was_printed() {
    let office = Office::new(CUMULATIVE);
    let names: Vec<String> = (1..=12)
        .map(|number| format!("leaver.nr{number}"))
        .collect();
    let accounts: Vec<Account> = names.iter().map(|name| Account::of(name)).collect();
    let rows: Vec<String> = names
        .iter()
        .map(|name| leaver(name, "2026-11-19"))
        .collect();
    office.hr(&rows);
    office.users(&with_colleagues(accounts.clone()));

    let stopped = office.night("2026-11-20", &[]).expect(3);
    assert!(
        stopped.stderr.contains("guards.run_floor"),
        "{}",
        stopped.stderr
    );
    assert!(office.writes().is_empty());
    // Tonight's results, not last night's: everybody is in them, nothing was done.
    let shown = office.results();
    assert_eq!(actions(&shown, "deactivate").len(), 12);
    assert!(shown.iter().all(|row| row["outcome"].is_empty()));

    office.shell(&stopped.advised()).expect(0);
    assert_eq!(office.writes().len(), 12);
    let results = office.results();
    let deactivated = actions(&results, "deactivate");
    assert_eq!(deactivated.len(), 12);
    for row in deactivated {
        assert_eq!(
            (&*row["outcome"], &*row["approved_by"]),
            ("succeeded", "pat.operator")
        );
    }

    // The approved people are not counted against five others, nor again when
    // their seats go.
    let mut rows = rows;
    let mut all: Vec<Account> = accounts.into_iter().map(Account::deactivated).collect();
    for number in 1..=5 {
        all.push(Account::of(&format!("later.nr{number}")));
        rows.push(leaver(&format!("later.nr{number}"), "2026-11-23"));
    }
    office.hr(&rows);
    office.users(&with_colleagues(all.clone()));
    office.remake_tenant();
    office.night("2026-11-24", &[]).expect(0);
    assert_eq!(office.writes().len(), 5);
    let gone = all.into_iter().map(Account::deactivated);
    office.users(&with_colleagues(gone));
    office.night("2026-11-28", &[]).expect(0);
    let results = office.results();
    assert_eq!(actions(&results, "remove_license").len(), 12);
    assert_eq!(office.writes().len(), 12);
}

/// Cron runs with the same HR file for two weeks.
#[test]
fn the_same_file_every_night_does_everything_once() {
    let office = Office::new(&format!("{CUMULATIVE}{CONTRACT}"));
    let ann = Account::of("ann.moss").holding(&[X2, "X Series - X4-VOSVC0217-02-US"]);
    office.hr(&[leaver("ann.moss", "2026-11-09")]);
    let mut done: Vec<(u8, String)> = Vec::new();
    for day in 10..=23 {
        let tonight = match day {
            10 => ann.clone(),
            11..=18 => ann.clone().deactivated(),
            _ => ann.clone().deactivated().holding(&[]),
        };
        office.users(&with_colleagues([tonight]));
        let ended = office.night(&format!("2026-11-{day}"), &[]).expect(0);
        let is_the_same = ended
            .stderr
            .contains("hr.csv is the same file as last time");
        assert_eq!(is_the_same, day > 10, "{}", ended.stderr);
        let results = office.results();
        let acted = results.iter().filter(|row| row["outcome"] == "succeeded");
        done.extend(acted.map(|row| (day, row["action"].clone())));
        let writes = usize::from(day == 10 || day == 18);
        assert_eq!(office.writes().len(), writes, "November {day}");
    }
    let done: Vec<(u8, &str)> = done.iter().map(|(day, action)| (*day, &**action)).collect();
    let expected = [
        (10, "deactivate"),
        (18, "remove_license"),
        (18, "remove_license"),
        (18, "request_partial_cancellation"),
    ];
    assert_eq!(done, expected);
    let log = office.sandbox_log();
    assert_eq!(
        log["requests"], 0,
        "on the last night there is nothing to do"
    );
    assert_eq!(office.results()[0]["disposition"], "already_done");
}
