//! Whom an undo leaves alone, and what else it must not do.

use serde_json::Value;

use crate::support::{Account, Ended, Office, Row, X2, actions, leaver, only, with_colleagues};

const CUMULATIVE: &str = "[hr]\nfile = \"cumulative\"\n";
const PLAN: &str = "out/sandbox/plan.json";
const STATE: &str = "out/sandbox/sandbox-state.json";

/// Ann leaves, the night of the 20th ends her access.
fn after_the_night(more: &str) -> (Office, String) {
    let office = Office::new(&format!("{CUMULATIVE}{more}"));
    office.hr(&[leaver("ann.moss", "2026-11-18")]);
    office.users(&with_colleagues([Account::of("ann.moss")]));
    office.night("2026-11-20", &[]).expect(0);
    let run_id = newest_run(&office);
    (office, run_id)
}

fn newest_run(office: &Office) -> String {
    let summary: Value =
        serde_json::from_str(&office.read("out/sandbox/summary.json")).expect("JSON");
    summary["run_id"].as_str().expect("a run").to_owned()
}

fn undo(office: &Office, run_id: &str, date: &str) -> Ended {
    let noon = format!("{date}T20:00:00Z");
    office.seatsweep(&["undo", run_id, "--sandbox", "--as-of", &noon])
}

fn planned(office: &Office) -> Value {
    serde_json::from_str(&office.read(PLAN)).expect("JSON")
}

/// Status and names of licences, as the tenant has them.
fn account(office: &Office, id: &str) -> (String, Vec<String>) {
    let state: Value = serde_json::from_str(&office.read(STATE)).expect("JSON");
    let user = &state["accounts"][id]["Written"]["user"];
    let licenses = user["serviceInfo"]["licenses"].as_array().expect("a list");
    let names = licenses
        .iter()
        .map(|it| it["name"].as_str().expect("a name").to_owned());
    let status = user["basicInfo"]["status"].as_str().expect("a status");
    (status.to_owned(), names.collect())
}

fn ann(office: &Office) -> (String, Vec<String>) {
    account(office, "id-ann-moss")
}

/// SCIM keeps images of its own in the ledger, without licences.
#[test]
fn access_that_ended_over_scim_comes_back_over_scim() {
    let (office, run_id) = after_the_night("[channels]\ndeactivate = \"scim\"\n");
    assert_eq!(ann(&office).0, "INACTIVE");
    let undone = undo(&office, &run_id, "2026-11-21").expect(0);
    office.shell(&undone.advised()).expect(0);
    let rows = office.results();
    let back = only(&rows, "reactivate");
    assert_eq!(back["outcome"], "succeeded");
    assert_eq!(back["channel"], "scim");
    assert_eq!(
        (&*back["before"], &*back["after"]),
        ("deactivated", "active")
    );
    assert_eq!(ann(&office), ("ACTIVE".to_owned(), vec![X2.to_owned()]));
    office.users(&with_colleagues([Account::of("ann.moss")]));
    office.night("2026-11-22", &[]).expect(8);
    assert!(office.writes().is_empty());
}

/// The task for the identity provider takes days, and the seat must outlive
/// them.
#[test]
fn later_nights_leave_the_seat_of_somebody_whom_a_provider_brings_back() {
    let (office, run_id) = after_the_night("");
    office.configure(&format!("{CUMULATIVE}[idp]\nmanaged = \"all\"\n"));
    let undone = undo(&office, &run_id, "2026-11-21").expect(0);
    office.shell(&undone.advised()).expect(0);
    office.users(&with_colleagues([Account::of("ann.moss").deactivated()]));
    office.night("2026-11-29", &[]);
    assert_eq!(actions(&office.results(), "remove_license").len(), 0);
    assert_eq!(ann(&office).1, [X2]);
    let open = office.seatsweep(&["tasks", "list", "--sandbox"]).expect(0);
    assert!(open.stdout.contains("reactivate_in"), "{}", open.stdout);
}

/// She came back, left again on another date, and somebody deactivated her by
/// hand before the night could: no run has touched the account since.
#[test]
fn who_has_left_again_is_not_given_access() {
    let (office, run_id) = after_the_night("");
    office.hr(&[leaver("ann.moss", "2026-11-25")]);
    office.users(&with_colleagues([Account::of("ann.moss").deactivated()]));
    office.night("2026-11-26", &[]).expect(0);
    assert!(office.writes().is_empty());
    undo(&office, &run_id, "2026-11-27")
        .expect(0)
        .says(&["conflict (changed_since)", "nothing of the run is left"]);
    let plan = planned(&office);
    let why = plan["dispositions"][0]["detail"]
        .as_str()
        .expect("a reason");
    assert!(why.contains("2026-11-25"), "{why}");
    assert_eq!(plan["actions"], serde_json::json!([]));
}

/// A date that was corrected is no second departure.
#[test]
fn a_corrected_date_keeps_nobody_from_coming_back() {
    let (office, run_id) = after_the_night("");
    office.hr(&[leaver("ann.moss", "2026-11-19")]);
    office.users(&with_colleagues([Account::of("ann.moss").deactivated()]));
    office.night("2026-11-21", &[]).expect(0);
    let undone = undo(&office, &run_id, "2026-11-22").expect(0);
    office.shell(&undone.advised()).expect(0);
    assert_eq!(ann(&office).0, "ACTIVE");
    office.users(&with_colleagues([Account::of("ann.moss")]));
    for night in ["2026-11-23", "2026-11-30"] {
        office.night(night, &[]).expect(8);
        assert!(office.writes().is_empty(), "{night}");
        assert_eq!(office.results()[0]["disposition"], "conflict");
    }
}

#[test]
fn who_is_in_the_file_of_holds_is_left_alone() {
    let (office, run_id) = after_the_night("");
    let holds = "who,why,until\nann.moss@example.com,legal hold,\n";
    office.write("holds.csv", holds);
    office.configure(&format!("{CUMULATIVE}[inputs]\nholds = \"holds.csv\"\n"));
    undo(&office, &run_id, "2026-11-21")
        .expect(0)
        .says(&["held (on_hold)"]);
    assert_eq!(planned(&office)["actions"], serde_json::json!([]));
    assert_eq!(planned(&office)["inputs"][0]["role"], "holds");
    // As a night is given one on its command line.
    office.configure(CUMULATIVE);
    let at = ["--sandbox", "--as-of", "2026-11-21T20:00:00Z"];
    let words = [&["undo", &run_id, "--holds", "holds.csv"][..], &at].concat();
    office.seatsweep(&words).expect(0).says(&["held (on_hold)"]);
}

/// The first report had no ids, the second has.
#[test]
fn a_later_night_is_seen_though_the_report_has_got_ids_since() {
    let office = Office::new(CUMULATIVE);
    office.hr(&[leaver("ann.moss", "2026-11-18")]);
    office.users(&with_colleagues([Account::of("ann.moss")]));
    let report = |office: &Office| {
        let text = office.read("users.csv");
        let without: Vec<&str> = text
            .lines()
            .map(|line| line.split_once(',').expect("a column").1)
            .collect();
        office.write("users.csv", without.join("\n") + "\n");
    };
    report(&office);
    office.night("2026-11-20", &[]).expect(0);
    let first = newest_run(&office);
    let state: Value = serde_json::from_str(&office.read(STATE)).expect("JSON");
    let accounts = state["accounts"].as_object().expect("accounts").iter();
    let mut anns = accounts.filter(|(_, it)| it.to_string().contains("ann.moss@"));
    let mut known = Account::of("ann.moss").deactivated();
    known.id = anns.next().expect("Ann").0.clone();
    office.users(&with_colleagues([known]));
    office.night("2026-11-28", &[]).expect(0);
    assert_eq!(actions(&office.results(), "remove_license").len(), 1);
    undo(&office, &first, "2026-11-29")
        .expect(0)
        .says(&["conflict (changed_since)"]);
}

const NO_LIMITS: &str = "[guards]\nrun_users = \"unlimited\"\nrun_percent = \"unlimited\"\n\
    rolling_percent = \"unlimited\"\nceiling_percent = \"unlimited\"\n";

/// A lay-off that a deadline cut short: its run, and how many were reached.
fn cut_short() -> (Office, String, usize) {
    let office = Office::new("");
    // So slow that the machine's own slowness does not count.
    office.configure_at(60, &format!("{CUMULATIVE}{NO_LIMITS}"));
    let names: Vec<String> = (1..=30).map(|nr| format!("leaver.nr{nr}")).collect();
    let rows: Vec<String> = names.iter().map(|it| leaver(it, "2026-11-18")).collect();
    office.hr(&rows);
    office.users(&with_colleagues(names.iter().map(|it| Account::of(it))));
    office.night("2026-11-20", &["--deadline", "45s"]).expect(7);
    let run_id = newest_run(&office);
    let reached = office.writes().len();
    assert!((1..30).contains(&reached), "{reached}");
    office.write("night.json", office.read(PLAN));
    (office, run_id, reached)
}

#[test]
fn a_plan_that_was_undone_is_not_carried_on() {
    let (office, run_id, reached) = cut_short();
    let undone = undo(&office, &run_id, "2026-11-21").expect(0);
    office.shell(&undone.advised()).expect(0);
    assert_eq!(office.writes().len(), reached);
    office
        .seatsweep(&["apply", "night.json", "--sandbox"])
        .expect(6)
        .says(&["was undone", "make a new one"]);
}

#[test]
fn an_undo_that_was_cut_short_is_not_carried_on_over_another_departure() {
    let (office, run_id, reached) = cut_short();
    office
        .seatsweep(&["apply", "night.json", "--sandbox"])
        .expect(0);
    let undone = undo(&office, &run_id, "2026-11-21").expect(0);
    let late = format!("{} --deadline 45s", undone.advised());
    office.shell(&late).expect(7);
    office.write("undo.json", office.read(PLAN));
    let back = office.writes().len();
    assert!((1..30).contains(&back), "{back} of {reached}");
    // Whoever is still without access has left again on another date.
    let rows = office.results();
    let left: Vec<&Row> = actions(&rows, "reactivate")
        .into_iter()
        .filter(|row| row["outcome"] == "deferred")
        .collect();
    let name = left[0]["username"].split_once('@').expect("a name").0;
    let others: Vec<String> = (1..=30)
        .map(|nr| format!("leaver.nr{nr}"))
        .filter(|it| it != name)
        .map(|it| leaver(&it, "2026-11-18"))
        .chain([leaver(name, "2026-11-23")])
        .collect();
    office.hr(&others);
    office.users(&with_colleagues(
        (1..=30).map(|nr| Account::of(&format!("leaver.nr{nr}")).deactivated()),
    ));
    office.night("2026-11-24", &[]);
    assert!(office.writes().is_empty());
    office
        .seatsweep(&[
            "apply",
            "undo.json",
            "--sandbox",
            "--as-of",
            "2026-11-24T22:00:00Z",
        ])
        .expect(6)
        .says(&["left again"]);
    undo(&office, &run_id, "2026-11-25")
        .expect(0)
        .says(&["conflict (changed_since)"]);
}

/// Access that people end by hand is nothing that a plan can take back.
#[test]
fn what_was_handed_to_people_is_told() {
    let office = Office::new(&format!(
        "{CUMULATIVE}[channels]\ndeactivate = \"manual\"\n"
    ));
    office.hr(&[leaver("ann.moss", "2026-11-18")]);
    office.users(&with_colleagues([Account::of("ann.moss")]));
    office.night("2026-11-20", &[]).expect(8);
    let run_id = newest_run(&office);
    undo(&office, &run_id, "2026-11-21").expect(0).says(&[
        "the run changed no account",
        "manual tasks of the run are open",
        "tasks list",
    ]);
}
