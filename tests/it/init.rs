//! `seatsweep init`, and what is said about how the inputs were understood.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::{Account, Ended, Office, leaver, with_colleagues};

const PLAN: &str = "out/sandbox/plan.json";

/// An office that has exports and no configuration yet.
fn office() -> Office {
    let office = Office::new("");
    fs::remove_file(office.path("seatsweep.toml")).expect("removed");
    office.hr(&[
        leaver("ann.moss", "2026-11-18"),
        leaver("ben.hill", "2026-02-30"),
    ]);
    office.users(&with_colleagues(["ann.moss", "ben.hill"].map(Account::of)));
    office
}

/// Plans that night from whatever the configuration names.
fn plan(office: &Office, more: &[&str]) -> Ended {
    let morning = "2026-11-20T15:00:00Z";
    let mut words = vec!["plan", "--sandbox", "--as-of", "2026-11-20T20:00:00Z"];
    words.extend(["--hr-at", morning, "--users-at", morning]);
    words.extend(more);
    office.seatsweep(&words)
}

#[test]
fn the_written_file_reads_the_files_as_they_were_read_without_it() {
    let office = office();
    let typed = ["--hr", "hr.csv", "--users", "users.csv"];
    plan(&office, &typed).expect(0);
    let without = office.read(PLAN);

    let ended = office
        .seatsweep(&[&["init"], &typed[..]].concat())
        .expect(0);
    assert_eq!(ended.stdout.lines().count(), 1, "{}", ended.stdout);
    assert!(ended.stdout.starts_with("wrote seatsweep.toml: 6 columns"));
    ended.says(&["hr: hr.csv, 2 rows", "work_email       ← \"Work email\""]);
    let text = office.read("seatsweep.toml");
    assert!(text.contains("\nwork_email = \"Work email\"\n"), "{text}");
    assert!(text.contains("\nlicenses = \"Licenses\"\n"), "{text}");
    let mode = fs::metadata(office.path("seatsweep.toml")).expect("a file");
    assert_eq!(mode.permissions().mode() & 0o777, 0o600);

    plan(&office, &[]).expect(0);
    assert_eq!(office.read(PLAN), without);
    // A real tenant needs what nobody can find out.
    let choices = ["[tenant] name", "[hr] file", "[policy] time_zone"];
    office.seatsweep(&["plan"]).expect(78).says(&choices);
}

#[test]
fn a_configuration_that_is_there_is_never_overwritten() {
    let office = office();
    office.write("seatsweep.toml", "out_dir = \"mine\"\n");
    let words = ["seatsweep.toml", "left as it is", "move it away"];
    office.seatsweep(&["init"]).expect(73).says(&words);
    assert_eq!(office.read("seatsweep.toml"), "out_dir = \"mine\"\n");
    office
        .seatsweep(&["init", "--config", "new.toml"])
        .expect(0);
    assert!(office.exists("new.toml"));
    let missing = ["init", "--config", "other.toml", "--hr", "none.csv"];
    office.seatsweep(&missing).expect(66).says(&["none.csv"]);
    assert!(!office.exists("other.toml"));
    let nowhere = ["init", "--config", "none/seatsweep.toml"];
    office
        .seatsweep(&nowhere)
        .expect(73)
        .says(&["create the folder"]);
}

#[test]
fn what_has_to_be_said_is_ready_to_be_filled_in() {
    let office = office();
    let hr = "Employee ID,Work email,Status,Termination date\n\
              1,ann.moss@example.com,Gone,04/08/2026\n\
              2,ben.hill@example.com,Gone fishing,05/08/2026\n";
    office.write("hr.csv", hr);
    let words = ["init", "--hr", "hr.csv", "--users", "users.csv"];
    let ended = office.seatsweep(&words).expect(0);
    assert!(
        ended.stdout.contains("; 2 things to settle"),
        "{}",
        ended.stdout
    );
    let text = office.read("seatsweep.toml");
    assert!(text.contains("\nwork_email = \"Work email\"\n"), "{text}");
    plan(&office, &[]).expect(65);

    let settled = text
        .replace("# hr_dates = \"month-first\"", "hr_dates = \"month-first\"")
        .replace("#     [formats.hr_status]", "[formats.hr_status]")
        .replace("#     \"gone\" = \"…\"", "\"gone\" = \"left\"")
        .replace(
            "#     \"gone fishing\" = \"…\"",
            "\"gone fishing\" = \"absent\"",
        );
    office.write("seatsweep.toml", settled);
    plan(&office, &[]).expect(0);
    assert!(office.read(PLAN).contains("employee:1@2026-04-08"));
}

#[test]
fn files_may_stand_elsewhere_and_differ() {
    let office = office();
    fs::create_dir(office.path("tenant")).expect("a folder");
    let other = "Pers.no.,Work email,Employment status,Termination date\n\
                 3,cat.lane@example.com,Terminated,2026-11-18\n";
    office.write("other 2026.csv", other);
    let config = ["--config", "tenant/acme.toml"];
    let files = [
        "--hr",
        "hr.csv",
        "--hr",
        "other 2026.csv",
        "--users",
        "users.csv",
    ];
    office
        .seatsweep(&[&["init", "-q"], &config[..], &files[..]].concat())
        .expect(0);
    let text = office.read("tenant/acme.toml");
    for words in [
        "\nhr = [\"../hr.csv\", \"../other 2026.csv\"]\n",
        "\nusers = \"../users.csv\"\n",
        "\nwork_email = \"Work email\"\n",
        "# other 2026.csv: found by its header, and not named here: employee_id ← \"Pers.no.\"\n",
        "# hr.csv: no column was found for ",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains("\nemployee_id = "), "{text}");
    plan(&office, &config).expect(0);
}

#[test]
fn a_list_for_another_option_is_a_comment_here_and_a_refusal_there() {
    let office = office();
    office.write("map.csv", "hr_id,user_id\nE-ann.moss,id-ann-moss\n");
    let ended = office
        .seatsweep(&["init", "-q", "--holds", "map.csv"])
        .expect(0);
    assert_eq!(ended.stderr, "");
    let text = office.read("seatsweep.toml");
    let words = "# Cannot be read yet: map.csv: this looks like a --map file";
    assert!(text.contains(words), "{text}");
    let typed = ["--hr", "hr.csv", "--users", "users.csv"];
    let refused = ["map.csv: this looks like a --map file", "who, why, until"];
    plan(&office, &[&typed[..], &["--holds", "map.csv"]].concat())
        .expect(65)
        .says(&refused);
}

#[test]
fn a_column_for_an_unknown_field_is_a_wrong_configuration() {
    let office = office();
    office.write(
        "seatsweep.toml",
        "\n[columns.hr]\ntermination = \"Gone on\"\n",
    );
    let typed = ["--hr", "none.csv", "--users", "users.csv"];
    let words = "seatsweep.toml line 3: [columns.hr] termination: unknown; did you mean \
                 termination_date?";
    plan(&office, &typed).expect(78).says(&[words]);
}

/// `summary.json` goes to people who may not see who leaves.
#[test]
fn what_was_understood_is_said_and_names_nobody() {
    let office = Office::new("");
    let hr = "Employee ID,Work email,Status,Termination date,Floor,5035550100\n\
              1,ann.moss@example.com,Terminated,11/18/2026,3,\n";
    office.write("hr.csv", hr);
    office.users(&with_colleagues([Account::of("ann.moss")]));
    let ended = office.night("2026-11-20", &["-v"]).expect(0);
    let block =
        "hr: hr.csv, 1 rows\n  utf-8, separated by \",\", lines end in LF, header on line 1\n";
    let date = "termination_date ← \"Termination date\" (month-first)";
    ended.says(&[block, date, "not read: \"Floor\", \"(data)\""]);
    let summary = office.read("out/sandbox/summary.json");
    let summary: serde_json::Value = serde_json::from_str(&summary).expect("JSON");
    let detected = &summary["inputs"][0]["detected"];
    assert_eq!(detected["unused"], serde_json::json!(["Floor", "(data)"]));
    assert_eq!(detected["columns"]["work_email"], "Work email");
    assert_eq!(detected["date_orders"]["termination_date"], "month-first");
    assert!(!summary.to_string().contains("@example.com"), "{summary}");
}
