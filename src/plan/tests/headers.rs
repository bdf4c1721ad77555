//! Whole HR files against those of earlier nights, at n − 1, n and n + 1.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::night::fates;
use crate::model::{AcceptedInput, Disposition as D, HrFileKind, Reason as R};
use crate::plan::{GuardCheck, PassedBy, Plan, PlanInput, Verdict};
use crate::reconcile::tests::scenario::{Scenario, scenario};

const COLUMNS: &str = "columns that decide in the HR file";
const ROWS: &str = "rows of the HR files";

/// `employee_id=ID,status=State` as field → header.
fn columns(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split(',').filter_map(|pair| pair.split_once('='));
    pairs
        .map(|(field, header)| (field.to_owned(), header.to_owned()))
        .collect()
}

/// The header row stands for itself as its fingerprint.
fn file(name: &str, rows: u64, header: &str) -> PlanInput {
    PlanInput {
        role: "hr".to_owned(),
        path: format!("{name}.csv"),
        sha256: name.to_owned(),
        bytes: 1,
        rows,
        header_fingerprint: header.to_owned(),
        columns: columns(header),
        made_at: None,
        detected: serde_json::Value::Null,
    }
}

fn accept(night: &mut Scenario, files: &[PlanInput], at: Timestamp) {
    let accepted = files.iter().map(|file| AcceptedInput {
        role: file.role.clone(),
        sha256: file.sha256.clone(),
        rows: file.rows,
        header_fingerprint: file.header_fingerprint.clone(),
        columns: file.columns.clone(),
        at,
    });
    night.memory.accepted_inputs.extend(accepted);
}

/// A night after one on which these files were accepted.
fn after(files: &[PlanInput]) -> Scenario {
    let mut night = scenario();
    let yesterday = night.as_of - SignedDuration::from_hours(24);
    accept(&mut night, files, yesterday);
    night
}

fn plan(night: &Scenario, files: &[PlanInput]) -> Plan {
    night.plan_from(files)
}

fn named<'p>(plan: &'p Plan, name: &str) -> &'p GuardCheck {
    let mut found = plan.guards.iter().filter(|check| check.name == name);
    found.next().expect("a guard of that name")
}

const USUAL: &str = "employee_id=ID,status=State,termination_date=End,site=Site";

#[test]
fn other_deciding_columns_stop_the_run() {
    let night = after(&[file("hr", 20, USUAL)]);
    let verdict = |header: &str| named(&plan(&night, &[file("new", 20, header)]), COLUMNS).verdict;
    assert_eq!(verdict(USUAL), Verdict::Passed);
    assert_eq!(verdict(&USUAL.replace("=ID", "=id ")), Verdict::Passed);
    assert_eq!(verdict(&USUAL.replace("Site", "Office")), Verdict::Passed);
    for other in [
        USUAL.replace("=End", "=Last Day"),
        USUAL.replace("status=State,", ""),
        format!("{USUAL},work_email=Mail"),
    ] {
        assert_eq!(verdict(&other), Verdict::Tripped, "{other}");
    }
}

#[test]
fn the_message_says_what_changed_and_which_file_to_accept() {
    let night = after(&[file("hr", 20, USUAL)]);
    let new = file("new", 20, &USUAL.replace("=End", "=Last Day"));
    let checked = plan(&night, std::slice::from_ref(&new));
    let check = named(&checked, COLUMNS);
    assert_eq!((check.measured, check.denominator), (1, 3));
    assert_eq!(
        check.message,
        "new.csv does not have the columns of the last accepted HR file: termination_date is read \
         from \"Last Day\", before from \"End\". Is it the right export, and is this what HR means?"
    );
    assert_eq!(check.passed_by, PassedBy::AcceptedInput("new".to_owned()));
    // Accepted once, it is the usual file.
    let mut night = night;
    let now = night.as_of;
    accept(&mut night, std::slice::from_ref(&new), now);
    assert_eq!(
        named(&plan(&night, &[new]), COLUMNS).verdict,
        Verdict::Passed
    );
}

#[test]
fn nothing_is_compared_with_nothing() {
    let first = plan(&scenario(), &[file("hr", 20, USUAL)]);
    assert_eq!(named(&first, COLUMNS).verdict, Verdict::Passed);
    assert_eq!(first.findings, [] as [&str; 0]);
    // A quiet night's file has no cell that could tell its columns, neither
    // tonight nor as what is compared with.
    let other = USUAL.replace("=End", "=Last Day");
    let quiet = plan(&after(&[file("hr", 20, USUAL)]), &[file("new", 0, &other)]);
    assert_eq!(named(&quiet, COLUMNS).verdict, Verdict::Passed);
    let mut night = after(&[file("hr", 20, USUAL)]);
    let now = night.as_of;
    accept(&mut night, &[file("quiet", 0, "employee_id=ID")], now);
    let usual = plan(&night, &[file("new", 20, USUAL)]);
    assert_eq!(named(&usual, COLUMNS).verdict, Verdict::Passed);
    // An older version did not record the columns.
    night.memory.accepted_inputs.clear();
    let mut old = file("old", 20, USUAL);
    old.columns.clear();
    accept(&mut night, &[old], now);
    let usual = plan(&night, &[file("new", 20, &other)]);
    assert_eq!(named(&usual, COLUMNS).verdict, Verdict::Passed);
}

// Berlin and Paris have systems of their own.
#[test]
fn each_of_several_files_is_compared_with_its_like() {
    let paris_columns = "work_email=Courriel,termination_date=Sortie";
    let (berlin, paris) = (file("berlin", 20, USUAL), file("paris", 20, paris_columns));
    let night = after(&[berlin.clone(), paris.clone()]);
    let verdicts = |files: &[PlanInput]| -> Vec<Verdict> {
        let plan = plan(&night, files);
        let checks = plan.guards.iter().filter(|check| check.name == COLUMNS);
        checks.map(|check| check.verdict).collect()
    };
    assert_eq!(
        verdicts(&[paris.clone(), berlin.clone()]),
        [Verdict::Passed; 2]
    );
    let other = file("rome", 20, "username=Utente,termination_date=Sortie");
    assert_eq!(
        verdicts(&[berlin, other]),
        [Verdict::Passed, Verdict::Tripped]
    );
    // The same header row, and another column is taken for the address.
    let mut read_anew = paris;
    read_anew.columns = columns("work_email=Responsable,termination_date=Sortie");
    assert_eq!(verdicts(&[read_anew]), [Verdict::Tripped]);
}

#[test]
fn half_of_a_cumulative_file_stops_the_run() {
    let verdict = |last: &[PlanInput], rows: &[u64], kind: HrFileKind| {
        let night = after(last).policy(|policy| policy.hr_file = kind);
        let files: Vec<PlanInput> = rows.iter().map(|rows| file("new", *rows, USUAL)).collect();
        named(&plan(&night, &files), ROWS).verdict
    };
    let cumulative =
        |last: u64, rows: u64| verdict(&[file("hr", last, USUAL)], &[rows], HrFileKind::Cumulative);
    assert_eq!(cumulative(21, 11), Verdict::Passed);
    assert_eq!(cumulative(21, 10), Verdict::Tripped);
    assert_eq!(cumulative(20, 10), Verdict::Passed);
    assert_eq!(cumulative(10, 4), Verdict::Tripped);
    assert_eq!(cumulative(9, 3), Verdict::Passed, "too few to tell");
    assert_eq!(cumulative(9, 0), Verdict::Tripped, "nobody is left");
    assert_eq!(cumulative(1, 0), Verdict::Tripped);
    assert_eq!(cumulative(0, 0), Verdict::Passed);
    let incremental = verdict(&[file("hr", 20, USUAL)], &[0], HrFileKind::Incremental);
    assert_eq!(incremental, Verdict::Passed);
    // One of two files was forgotten.
    let two = [file("berlin", 20, USUAL), file("paris", 4, USUAL)];
    assert_eq!(
        verdict(&two, &[4], HrFileKind::Cumulative),
        Verdict::Tripped
    );
    assert_eq!(
        verdict(&two, &[8, 4], HrFileKind::Cumulative),
        Verdict::Passed
    );
}

#[test]
fn the_rows_message_has_setting_measure_and_denominator() {
    let checked = plan(&after(&[file("hr", 21, USUAL)]), &[file("new", 10, USUAL)]);
    let check = named(&checked, ROWS);
    assert_eq!(check.setting, "guards.min_hr_percent = 50");
    assert_eq!((check.measured, check.denominator), (10, 21));
    assert_eq!(
        check.message,
        "the cumulative HR files have 10 rows, the last accepted ones had 21, and at least 50 \
         percent of that are expected: are they whole?"
    );
    assert_eq!(check.passed_by, PassedBy::AcceptedInput("new".to_owned()));
}

#[test]
fn a_new_header_row_and_a_repeated_file_are_findings() {
    let night = after(&[file("hr", 20, USUAL)]);
    let findings = |files: &[PlanInput]| plan(&night, files).findings;
    assert_eq!(findings(&[file("new", 20, USUAL)]), [] as [&str; 0]);
    let new_site = findings(&[file("new", 20, &USUAL.replace("=Site", "=Office"))]);
    assert_eq!(
        new_site,
        [
            "new.csv has a header row that was not seen before: site is read from \"Office\", before \
          from \"Site\""
        ]
    );
    let mut wider = file("new", 20, USUAL);
    wider.header_fingerprint = "one column more".to_owned();
    assert!(findings(&[wider])[0].ends_with("everything is read from the columns of last time"));
    let repeated = findings(&[file("hr", 20, USUAL)]);
    assert!(repeated[0].starts_with("hr.csv is the same file as last time"));
}

// The status never flips: HR's habit, which only HR can confirm.
#[test]
fn a_status_that_never_flips_is_a_finding_and_nothing_else() {
    let leavers = |count: u32| {
        (1..=count).fold(scenario(), |night, number| {
            night.hr(&format!("id={number} status=employed date=2026-11-02"))
        })
    };
    assert_eq!(leavers(2).plan().findings, [] as [&str; 0]);
    let plan = leavers(3).plan();
    assert_eq!(fates(&plan), [(D::Conflict, R::StatusAndDate); 3]);
    assert!(
        plan.findings[0].contains("[hr] trust = \"date\""),
        "{:?}",
        plan.findings
    );
    // Whoever is on leave is not somebody whose status lags.
    let on_leave = (1..=3).fold(scenario(), |night, number| {
        night.hr(&format!("id={number} status=absent date=2026-11-02"))
    });
    assert_eq!(on_leave.plan().findings, [] as [&str; 0]);
}
