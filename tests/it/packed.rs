//! Packed inputs and standard input, through the program.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use crate::support::{Account, Ended, Office, leaver, only, with_colleagues};

const NIGHT: &str = "2026-11-20";
const TIMES: [&str; 6] = [
    "--as-of",
    "2026-11-20T20:00:00Z",
    "--hr-at",
    "2026-11-20T15:00:00Z",
    "--users-at",
    "2026-11-20T15:00:00Z",
];
const SETTINGS: &str = "[hr]\nfile = \"cumulative\"\n[seats]\nas_of = 2026-11-19\n\
    [[contracts]]\nlicense = \"X Series - X2\"\ncountry = \"US\"\nseats = 60\n\
    unit_price = \"24.05\"\ncurrency = \"USD\"\nterm_ends = 2027-03-31\n";

/// Ann leaves, nobody touches Bob, and every input has its file.
const OTHERS: [(&str, &str, &str); 5] = [
    (
        "--licenses",
        "seats.csv",
        "license,country,owned,unassigned\nX Series - X2,US,60,18\n",
    ),
    (
        "--holds",
        "holds.csv",
        "who,why,until\nbob.hale@example.com,legal,\n",
    ),
    (
        "--map",
        "map.csv",
        "hr_id,user_id\nE-ann.moss,id-ann-moss\n",
    ),
    (
        "--numbers",
        "numbers.csv",
        "Phone number,Country\n+15550100,US\n",
    ),
    (
        "--bill",
        "bill.csv",
        "license,country,quantity,amount,currency,date\nX Series - X2,US,62,1491.10,USD,2026-11-01\n",
    ),
];

fn office() -> Office {
    let office = Office::new(SETTINGS);
    office.hr(&[leaver("ann.moss", "2026-11-18")]);
    let others = ["ann.moss", "bob.hale"].map(Account::of);
    office.users(&with_colleagues(others));
    // Everybody on the users report is employed.
    office.write("roster.csv", office.read("users.csv"));
    for (_, name, text) in OTHERS {
        office.write(name, text);
    }
    office
}

type Packer = fn(&[u8]) -> Vec<u8>;

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    packer.write_all(content).expect("memory takes all");
    packer.finish().expect("memory takes all")
}

/// As the command line tool packs: with a checksum at the end.
fn zstd(content: &[u8]) -> Vec<u8> {
    let mut packer = zstd::stream::write::Encoder::new(Vec::new(), 3).expect("a packer");
    packer.include_checksum(true).expect("a checksum");
    packer.write_all(content).expect("memory takes all");
    packer.finish().expect("memory takes all")
}

/// Packs a file; its name stays, because the content tells.
fn pack(office: &Office, name: &str, with: Packer) {
    let content = fs::read(office.path(name)).expect(name);
    office.write(name, with(&content));
}

/// The plan, without what has to differ: digests, sizes and the plan's own id.
fn decisions(office: &Office, name: &str) -> Value {
    let text = office.read(name);
    let plan: Value = serde_json::from_str(&text).expect("JSON");
    let inputs = plan["inputs"].as_array().expect("inputs").iter();
    let text = inputs.fold(text, |text, input| {
        text.replace(input["sha256"].as_str().expect("a digest"), "a digest")
    });
    let mut plan: Value = serde_json::from_str(&text).expect("JSON");
    plan["plan_id"] = Value::Null;
    for input in plan["inputs"].as_array_mut().expect("inputs") {
        input["bytes"] = Value::Null;
        let detected = input["detected"].as_object_mut().expect("facts");
        detected.remove("packing");
    }
    plan
}

/// Calls the program with standard input from `source`, which is part of a
/// shell's line.
fn piped(office: &Office, source: &str, words: &[&str]) -> Ended {
    let line = format!("{source} seatsweep {}", words.join(" "));
    office.shell(&line)
}

/// The input of a plan that has this role.
fn input(office: &Office, name: &str, role: &str) -> Value {
    let plan: Value = serde_json::from_str(&office.read(name)).expect("JSON");
    let inputs = plan["inputs"].as_array().expect("inputs");
    let found = inputs.iter().find(|input| input["role"] == role);
    found.expect(role).clone()
}

fn nothing_was_planned(office: &Office) {
    for name in [
        "out/sandbox/plan.json",
        "out/sandbox/results.csv",
        "out/plan.json",
    ] {
        assert!(!office.exists(name), "{name} was written");
    }
}

#[test]
fn every_input_is_read_packed_as_it_is_read_plain() {
    let all = OTHERS.iter().flat_map(|(option, name, _)| [*option, *name]);
    let all: Vec<&str> = all.collect();
    let (for_plan, for_audit) = (&all[..8], [&all[..], &["--roster", "roster.csv"]].concat());
    for (packing, with) in [("gzip", gzip as Packer), ("zstd", zstd)] {
        let (plain, packed) = (office(), office());
        for name in ["hr.csv", "users.csv", "roster.csv"] {
            pack(&packed, name, with);
        }
        for (_, name, _) in OTHERS {
            pack(&packed, name, with);
        }
        let audit = [&["audit", "--sandbox"], &for_audit[..]].concat();
        let run = [&["run", "--sandbox"], for_plan].concat();
        for office in [&plain, &packed] {
            office.on(NIGHT, &audit).expect(0);
            office.on(NIGHT, &run).expect(0);
        }
        let of_night = "out/sandbox/plan.json";
        assert!(
            decisions(&plain, of_night) == decisions(&packed, of_night),
            "{}",
            packed.read(of_night)
        );
        for name in ["out/sandbox/seats.csv", "out/sandbox/findings.csv"] {
            assert_eq!(plain.read(name), packed.read(name));
        }
        let deactivated = only(&packed.results(), "deactivate").clone();
        assert_eq!(
            (&*deactivated["outcome"], &*deactivated["source_row"]),
            ("succeeded", "2")
        );
        // The digest is of the file as anybody has it.
        let users = input(&packed, of_night, "users");
        assert_eq!(users["detected"]["packing"], packing);
        let given = fs::read(packed.path("users.csv")).expect("a file");
        assert_eq!(users["sha256"], seatsweep::model::sha256_hex(&given));
        assert_eq!(users["bytes"], given.len() as u64);
    }
}

#[test]
fn a_packed_file_that_is_not_whole_stops_everything() {
    for (name, with) in [("hr.csv", gzip as Packer), ("users.csv", zstd)] {
        let office = office();
        pack(&office, name, with);
        let whole = fs::read(office.path(name)).expect(name);
        office.write(name, &whole[..whole.len() - 5]);
        let ended = office.night(NIGHT, &[]).expect(65);
        ended.says(&[
            name,
            "breaks off, so it is not whole; copy or export it again",
        ]);
        let mut damaged = whole;
        let middle = damaged.len() / 2;
        damaged[middle] ^= 0xFF;
        office.write(name, damaged);
        office
            .night(NIGHT, &[])
            .expect(65)
            .says(&[name, "; copy or export it again"]);
        nothing_was_planned(&office);
    }
}

#[test]
fn an_export_and_its_packed_copy_are_one_export() {
    let office = office();
    let hr = office.read("hr.csv");
    office.write("again.csv.gz", gzip(hr.as_bytes()));
    let ended = office.night(NIGHT, &["--hr", "again.csv.gz"]).expect(65);
    ended.says(&["again.csv.gz and hr.csv are the same file; name it once"]);
}

#[test]
fn a_changed_packing_is_a_changed_file() {
    let office = office();
    pack(&office, "users.csv", gzip);
    office.on(NIGHT, &["plan", "--sandbox"]).expect(0);
    let content = office.read("out/sandbox/plan.json");
    office.write("kept-plan.json", &content);
    let packed = fs::read(office.path("users.csv")).expect("a file");
    let rehearse = ["apply", "kept-plan.json", "--rehearse", "--sandbox"];
    office.seatsweep(&rehearse).expect(0);
    office.write("users.csv", [packed, gzip(b"")].concat());
    let ended = office.seatsweep(&rehearse).expect(65);
    ended.says(&["users.csv is not as it was when the plan was made"]);
}

#[test]
fn what_is_piped_in_is_kept_for_its_owner_and_planned_from() {
    let office = office();
    office.write("users.csv.gz", gzip(office.read("users.csv").as_bytes()));
    let mut plan = vec!["plan", "--sandbox", "--hr", "hr.csv", "--users", "-"];
    plan.extend(TIMES);
    piped(&office, "cat users.csv.gz |", &plan).expect(0);
    let first = office.read("out/sandbox/plan.json");
    let users = input(&office, "out/sandbox/plan.json", "users");
    let path = users["path"].as_str().expect("a path").to_owned();
    assert!(path.starts_with("out/sandbox/standard-input/"), "{path}");
    let kept = fs::read(office.path(&path)).expect("the copy");
    assert_eq!(kept, fs::read(office.path("users.csv.gz")).expect("a file"));
    assert_eq!(users["sha256"], seatsweep::model::sha256_hex(&kept));
    let mode = fs::metadata(office.path(&path))
        .expect("metadata")
        .permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);

    // The same bytes are the same plan, however they come.
    piped(&office, "cat users.csv.gz |", &plan).expect(0);
    assert_eq!(office.read("out/sandbox/plan.json"), first);
    plan.extend(["<", "users.csv.gz"]);
    piped(&office, "", &plan).expect(0);
    assert_eq!(office.read("out/sandbox/plan.json"), first);

    // What reads the report later finds the copy, and knows it if it is another.
    let rehearse = ["apply", "out/sandbox/plan.json", "--rehearse", "--sandbox"];
    office.seatsweep(&rehearse).expect(0);
    office
        .seatsweep(&["apply", "out/sandbox/plan.json", "--sandbox"])
        .expect(0);
    let results = office.results();
    assert_eq!(only(&results, "deactivate")["outcome"], "succeeded");
    office.write(&path, "altered");
    office.seatsweep(&rehearse).expect(65);
}

#[test]
fn every_command_that_reads_inputs_takes_standard_input() {
    let office = office();
    let mut run = vec!["run", "--sandbox", "--hr", "-", "--users", "users.csv"];
    run.extend(TIMES);
    piped(&office, "cat hr.csv |", &run).expect(0);
    let results = office.results();
    let row = only(&results, "deactivate");
    assert!(
        row["source_file"].starts_with("out/sandbox/standard-input/"),
        "{row:?}"
    );
    let run_id = row["run_id"].clone();

    let files = ["--sandbox", "--hr", "hr.csv", "--users", "users.csv"];
    for (command, option, name) in [
        ("audit", "--roster", "roster.csv"),
        ("audit", "--bill", "bill.csv"),
        ("audit", "--licenses", "seats.csv"),
        ("explain E-ann.moss", "--holds", "holds.csv"),
        ("plan", "--map", "map.csv"),
        ("plan", "--numbers", "numbers.csv"),
    ] {
        let words = [&[command], &files[..], &TIMES, &[option, "-"]].concat();
        piped(&office, &format!("cat {name} |"), &words).expect(0);
        let nothing = piped(&office, "</dev/null", &words).expect(65);
        nothing.says(&["the file is empty (0 bytes)"]);
    }
    let later = ["--as-of", "2026-11-21T20:00:00Z"];
    let undo = [&["undo", &run_id, "--sandbox", "--holds", "-"], &later[..]].concat();
    piped(&office, "cat holds.csv |", &undo).expect(0);
    let kept = fs::read_dir(office.path("out/sandbox/standard-input")).expect("a folder");
    assert_eq!(kept.count(), 7, "no more than a week of nights");
}

#[test]
fn a_pipe_has_no_time_and_a_redirected_file_has_its_own() {
    let office = office();
    let clock = &TIMES[..2];
    for (option, other) in [("--users", "--hr"), ("--hr", "--users")] {
        let (name, other_name) = (&option[2..], &other[2..]);
        let other_name = format!("{other_name}.csv");
        let words = ["plan", "--sandbox", option, "-", other, &other_name];
        let words = [&words[..], clock].concat();
        let ended = piped(&office, &format!("cat {name}.csv |"), &words).expect(64);
        let advice = format!("say it with {option}-at INSTANT, or redirect the file itself");
        ended.says(&["a pipe does not say when the export was made", &advice]);
        nothing_was_planned(&office);
    }
    let made = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_763_600_000);
    let file = fs::File::options()
        .append(true)
        .open(office.path("users.csv"));
    file.expect("a file").set_modified(made).expect("a time");
    let words = ["plan", "--sandbox", "--hr", "hr.csv", "--users", "-"];
    let words = [&words[..], clock].concat();
    let ended = piped(&office, "<users.csv", &words).expect(3);
    ended.says(&["was made 8779 hours before the run"]);
    let users = input(&office, "out/sandbox/plan.json", "users");
    assert_eq!(users["made_at"], "2025-11-20T00:53:20Z");
}

#[test]
fn there_is_one_standard_input() {
    let office = office();
    let words = ["plan", "--sandbox", "--hr", "-", "--users", "-"];
    let words = [&words[..], &TIMES].concat();
    let ended = piped(&office, "cat hr.csv |", &words).expect(64);
    ended.says(&["--hr - and --users -: there is one standard input"]);
    assert!(!office.exists("out"), "nothing was read");
}

#[test]
fn a_pattern_finds_packed_exports_where_it_says_so() {
    let office = Office::new(&format!(
        "{SETTINGS}[inputs]\nhr = \"hr*.csv.gz\"\nusers = \"users*.csv.*\"\n"
    ));
    let other = self::office();
    for name in ["hr", "users"] {
        let text = other.read(&format!("{name}.csv"));
        office.write(&format!("{name}-1.csv.gz"), gzip(text.as_bytes()));
        office.write(&format!("{name}-2.csv"), "an unpacked one");
    }
    office
        .seatsweep(&[&["plan", "--sandbox"][..], &TIMES].concat())
        .expect(0);
    let users = input(&office, "out/sandbox/plan.json", "users");
    assert!(
        users["path"]
            .as_str()
            .is_some_and(|it| it.ends_with("users-1.csv.gz"))
    );
}
