//! `undo` and what comes of it: night, undo, apply, next night.

use serde_json::Value;

use crate::support::{Account, Ended, Office, Row, X2, actions, leaver, only, with_colleagues};

const CUMULATIVE: &str = "[hr]\nfile = \"cumulative\"\n";
const CONTRACT: &str = "[[contracts]]\nlicense = \"X Series - X2\"\ncountry = \"US\"\nseats = 60\n\
    unit_price = \"24.00\"\ncurrency = \"USD\"\nterm_ends = 2027-03-31\n";
const PLAN: &str = "out/sandbox/plan.json";
const STATE: &str = "out/sandbox/sandbox-state.json";

/// Ann leaves, the night of the 20th ends her access.
fn after_the_first_night(more: &str) -> (Office, String) {
    let office = Office::new(&format!("{CUMULATIVE}{more}"));
    office.hr(&[leaver("ann.moss", "2026-11-18")]);
    office.users(&with_colleagues([Account::of("ann.moss")]));
    office.night("2026-11-20", &[]).expect(0);
    let run_id = newest_run(&office);
    (office, run_id)
}

/// And the night of the 28th frees her seat.
fn after_both_nights(more: &str) -> (Office, String, String) {
    let (office, first) = after_the_first_night(more);
    office.users(&with_colleagues([Account::of("ann.moss").deactivated()]));
    office.night("2026-11-28", &[]).expect(0);
    let second = newest_run(&office);
    (office, first, second)
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

fn plan(office: &Office) -> Value {
    serde_json::from_str(&office.read(PLAN)).expect("JSON")
}

fn fate(row: &Row) -> (&str, &str) {
    (&row["disposition"], &row["reason"])
}

/// Ann as the tenant has her: status and names of licences.
fn ann(office: &Office) -> (String, Vec<String>) {
    let state: Value = serde_json::from_str(&office.read(STATE)).expect("JSON");
    let user = &state["accounts"]["id-ann-moss"]["Written"]["user"];
    let licenses = user["serviceInfo"]["licenses"].as_array().expect("a list");
    let names = licenses
        .iter()
        .map(|it| it["name"].as_str().expect("a name").to_owned());
    let status = user["basicInfo"]["status"].as_str().expect("a status");
    (status.to_owned(), names.collect())
}

#[test]
fn a_night_is_undone_and_the_next_one_leaves_it_so() {
    let (office, run_id) = after_the_first_night("");
    assert_eq!(ann(&office).0, "INACTIVE");

    let planned = undo(&office, &run_id, "2026-11-21").expect(0);
    assert!(
        planned
            .stdout
            .contains(&format!("undoes run {run_id}: 1 actions"))
    );
    assert!(!planned.stderr.contains("ann.moss"), "{}", planned.stderr);
    assert_eq!(ann(&office).0, "INACTIVE", "a plan changes nothing");
    let first = office.read(PLAN);
    undo(&office, &run_id, "2026-11-21").expect(0);
    assert_eq!(
        office.read(PLAN),
        first,
        "same ledger, same instant, same bytes"
    );
    let said = plan(&office)["dispositions"][0]["detail"].clone();
    assert_eq!(
        said,
        "lost for good: nothing but the sessions that were open"
    );
    let sheet = office.read("out/sandbox/plan.csv");
    assert!(sheet.contains("nothing but the sessions"), "{sheet}");

    office.shell(&planned.advised()).expect(0);
    assert_eq!(ann(&office), ("ACTIVE".to_owned(), vec![X2.to_owned()]));
    let rows = office.results();
    let back = only(&rows, "reactivate");
    assert_eq!(
        (&*back["origin"], &*back["outcome"], &*back["disposition"]),
        ("undo", "succeeded", "planned")
    );
    assert_eq!(back["source_row"], "");
    assert_eq!(back["person"], "ann moss");
    let undo_run = newest_run(&office);

    // HR still lists the same termination, for days.
    office.users(&with_colleagues([Account::of("ann.moss")]));
    for night in ["2026-11-22", "2026-11-29"] {
        office.night(night, &[]).expect(8);
        assert_eq!(
            fate(&office.results()[0]),
            ("conflict", "undone"),
            "{night}"
        );
        assert!(office.writes().is_empty(), "{night}");
    }
    // Not even when somebody deactivates her by hand: her seat stays.
    office.users(&with_colleagues([Account::of("ann.moss").deactivated()]));
    office.night("2026-12-15", &[]).expect(0);
    assert_eq!(fate(&office.results()[0]), ("conflict", "undone"));
    assert!(office.writes().is_empty());

    let told = office.on(
        "2026-12-15",
        &["explain", "ann.moss@example.com", "--sandbox"],
    );
    let told = told.expect(0).stdout;
    for words in ["reactivate: succeeded", "this termination was undone"] {
        assert!(told.contains(words), "{words:?} not in:\n{told}");
    }

    // Another date is another termination.
    office.users(&with_colleagues([Account::of("ann.moss")]));
    office.hr(&[leaver("ann.moss", "2026-12-16")]);
    office.night("2026-12-20", &[]).expect(0);
    let rows = office.results();
    assert_eq!(only(&rows, "deactivate")["outcome"], "succeeded");

    undo(&office, &undo_run, "2026-12-21")
        .expect(64)
        .says(&["an undo cannot be undone", &run_id]);
}

#[test]
fn a_seat_comes_back_and_the_draft_is_lowered() {
    let (office, first, second) = after_both_nights(CONTRACT);
    let drafted = office.results();
    assert_eq!(
        only(&drafted, "request_partial_cancellation")["quantity"],
        "1"
    );
    assert_eq!(ann(&office), ("INACTIVE".to_owned(), vec![]));

    // The later night comes first.
    undo(&office, &first, "2026-11-29")
        .expect(0)
        .says(&["conflict (changed_since)", "nothing of the run is left"]);
    assert_eq!(plan(&office)["actions"], serde_json::json!([]));

    let planned = undo(&office, &second, "2026-11-29")
        .expect(0)
        .says(&["the next night lowers the draft"]);
    office.shell(&planned.advised()).expect(0);
    assert_eq!(ann(&office), ("INACTIVE".to_owned(), vec![X2.to_owned()]));
    let rows = office.results();
    let back = only(&rows, "assign_license");
    assert_eq!(
        (&*back["outcome"], &*back["license"]),
        ("succeeded", "X Series - X2")
    );
    assert!(back["detail"].contains("voicemail messages"), "{back:?}");
    assert!(back["detail"].contains("membership of"), "{back:?}");
    let task = only(&rows, "manual_task");
    assert!(task["detail"].starts_with("set_up_again"), "{task:?}");
    let tasks = office.read("out/sandbox/manual-tasks.csv");
    assert!(
        tasks.contains("Ask the user to record greetings"),
        "{tasks}"
    );

    let planned = undo(&office, &first, "2026-11-30").expect(0);
    office.shell(&planned.advised()).expect(0);
    assert_eq!(ann(&office), ("ACTIVE".to_owned(), vec![X2.to_owned()]));

    office.users(&with_colleagues([Account::of("ann.moss")]));
    office.night("2026-12-01", &[]).expect(8);
    let rows = office.results();
    let lowered = only(&rows, "request_partial_cancellation");
    assert_eq!(
        (&*lowered["outcome"], &*lowered["quantity"]),
        ("succeeded", "0")
    );
    assert!(actions(&rows, "remove_license").is_empty());
    // What follows from the undo is still to be done by people.
    let open = office.seatsweep(&["tasks", "list", "--sandbox"]).expect(0);
    assert!(open.stdout.contains("set_up_again"), "{}", open.stdout);
    assert!(!open.stdout.contains("voicemail"), "{}", open.stdout);

    for (run, date) in [(&first, "2026-12-02"), (&second, "2026-12-02")] {
        undo(&office, run, date)
            .expect(0)
            .says(&["already_done (undone)"]);
        assert_eq!(plan(&office)["actions"], serde_json::json!([]));
    }
}

#[test]
fn without_a_free_seat_access_comes_back_alone_and_the_seat_later() {
    let immediate = "[policy]\nremove_license_after_days = 0\n";
    let (office, run_id) = after_the_first_night(immediate);
    assert_eq!(ann(&office), ("INACTIVE".to_owned(), vec![]));
    // Somebody else got the seat meanwhile.
    let mut state: Value = serde_json::from_str(&office.read(STATE)).expect("JSON");
    let seats = state["free_seats"].take();
    state["free_seats"] = serde_json::json!([]);
    office.write(STATE, state.to_string());

    let planned = undo(&office, &run_id, "2026-11-21").expect(0);
    office.shell(&planned.advised()).expect(4);
    let rows = office.results();
    assert_eq!(only(&rows, "reactivate")["outcome"], "succeeded");
    let refused = only(&rows, "assign_license");
    assert_eq!(
        (
            &*refused["outcome"],
            &*refused["reason"],
            &*refused["http_status"]
        ),
        ("failed", "refused", "400")
    );
    assert!(
        refused["detail"].contains("No license of this kind is available"),
        "{refused:?}"
    );
    assert!(
        refused["detail"].contains("free or order one"),
        "{refused:?}"
    );
    assert_eq!(ann(&office), ("ACTIVE".to_owned(), vec![]));

    let mut state: Value = serde_json::from_str(&office.read(STATE)).expect("JSON");
    state["free_seats"] = seats;
    office.write(STATE, state.to_string());
    let planned = undo(&office, &run_id, "2026-11-22").expect(0);
    office.shell(&planned.advised()).expect(0);
    let rows = office.results();
    assert!(actions(&rows, "reactivate").is_empty());
    assert_eq!(only(&rows, "assign_license")["outcome"], "succeeded");
    assert_eq!(ann(&office), ("ACTIVE".to_owned(), vec![X2.to_owned()]));
}

#[test]
fn what_changed_since_is_left_alone() {
    for (edit, why) in [
        ("email", "its e-mail is another"),
        ("license", "it does not hold X Series - X2"),
    ] {
        let (office, run_id) = after_the_first_night("");
        let mut state: Value = serde_json::from_str(&office.read(STATE)).expect("JSON");
        let user = &mut state["accounts"]["id-ann-moss"]["Written"]["user"];
        if edit == "email" {
            user["basicInfo"]["primaryEmail"] = "other@example.com".into();
        } else {
            user["serviceInfo"]["licenses"] = serde_json::json!([]);
            user["serviceInfo"]["extensions"] = serde_json::json!([]);
        }
        office.write(STATE, state.to_string());
        let planned = undo(&office, &run_id, "2026-11-21").expect(0);
        office.shell(&planned.advised()).expect(4);
        let rows = office.results();
        let row = only(&rows, "reactivate");
        assert_eq!((&*row["outcome"], &*row["reason"]), ("skipped", "drifted"));
        assert!(row["detail"].contains(why), "{row:?}");
        assert!(office.writes().is_empty(), "{edit}");
    }
}

#[test]
fn a_managed_protected_or_held_account_is_left_to_people() {
    let (office, run_id) = after_the_first_night("");
    let at = "2026-11-21";
    for (more, fate, task) in [
        (
            "[idp]\nmanaged = [\"example.com\"]\n",
            "idp_managed (identity_provider)",
            true,
        ),
        (
            "[protected]\naccounts = [\"ann.moss@example.com\"]\n",
            "protected (protected_account)",
            false,
        ),
    ] {
        office.configure(&format!("{CUMULATIVE}{more}"));
        undo(&office, &run_id, at).expect(0).says(&[fate]);
        let actions = plan(&office)["actions"].clone();
        let kinds: Vec<&str> = actions
            .as_array()
            .expect("a list")
            .iter()
            .map(|action| action["kind"].as_str().expect("a kind"))
            .collect();
        assert_eq!(kinds, if task { vec!["manual_task"] } else { vec![] });
    }
    // A task alone needs no request.
    office.configure(&format!("{CUMULATIVE}[idp]\nmanaged = \"all\"\n"));
    let planned = undo(&office, &run_id, at).expect(0);
    office.shell(&planned.advised()).expect(0);
    let task = office.read("out/sandbox/manual-tasks.csv");
    assert!(task.contains("reactivate_in_identity_provider"), "{task}");
    assert!(office.writes().is_empty());
}

/// As many people at once as may lose something may get it back.
#[test]
fn the_undo_of_a_lay_off_passes_the_same_guards() {
    let office = Office::new(CUMULATIVE);
    let names: Vec<String> = (1..=12).map(|nr| format!("leaver.nr{nr}")).collect();
    office.hr(&names
        .iter()
        .map(|it| leaver(it, "2026-11-19"))
        .collect::<Vec<_>>());
    office.users(&with_colleagues(names.iter().map(|it| Account::of(it))));
    let stopped = office.night("2026-11-20", &[]).expect(3);
    office.shell(&stopped.advised()).expect(0);
    let run_id = newest_run(&office);

    let planned = undo(&office, &run_id, "2026-11-21")
        .expect(3)
        .says(&["reactivations in this run", "--approve"]);
    office
        .seatsweep(&["apply", PLAN, "--sandbox"])
        .expect(3)
        .says(&["guards.run_floor"]);
    office.shell(&planned.advised()).expect(0);
    assert_eq!(actions(&office.results(), "reactivate").len(), 12);
    assert_eq!(office.writes().len(), 12);
}

#[test]
fn requests_that_make_no_sense_are_told_so() {
    let nothing = Office::new(CUMULATIVE);
    undo(&nothing, "run-1", "2026-11-21")
        .expect(66)
        .says(&["there is no ledger"]);

    let (office, run_id) = after_the_first_night("");
    let (start, _) = run_id.split_once('-').expect("an id");
    undo(&office, start, "2026-11-21")
        .expect(66)
        .says(&["has no run", "the nearest are", &run_id]);
    undo(&office, &run_id, "2026-11-19")
        .expect(64)
        .says(&["lies before the end of run"]);

    // A night on which nothing was due.
    office.users(&with_colleagues([Account::of("ann.moss").deactivated()]));
    office.night("2026-11-21", &[]).expect(0);
    let idle = newest_run(&office);
    undo(&office, &idle, "2026-11-22")
        .expect(0)
        .says(&["changed no account: there is nothing to undo"]);
    office.seatsweep(&["apply", PLAN, "--sandbox"]).expect(0);
    assert!(office.writes().is_empty());

    // A night in between overtakes the plan.
    undo(&office, &run_id, "2026-11-22").expect(0);
    let waiting = office.read(PLAN);
    office.write("undo.json", &waiting);
    office.night("2026-11-29", &[]).expect(0);
    office
        .seatsweep(&["apply", "undo.json", "--sandbox"])
        .expect(6)
        .says(&["has touched accounts of this plan"]);
}
