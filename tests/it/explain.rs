//! `seatsweep explain` over the sample nights, with the ledger that they left.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::LazyLock;

use tempfile::TempDir;

/// The folder of a night, the day of its HR export, and the day of its run.
type Night = (&'static str, &'static str, &'static str);

const FIRST: Night = ("night-1", "2026-11-23", "2026-11-24");
const SECOND: Night = ("night-2", "2026-11-24", "2026-11-25");
const THIRD: Night = ("night-3", "2026-12-01", "2026-12-02");

fn seatsweep(words: &[&str], night: Night, out: &Path) -> Output {
    let (folder, hr_day, day) = night;
    let folder = Path::new("samples").join(folder);
    Command::new(env!("CARGO_BIN_EXE_seatsweep"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_clear()
        .args(words)
        .args([
            "--sandbox",
            "--config",
            "samples/seatsweep.toml",
            "--out-dir",
        ])
        .arg(out)
        .arg("--hr")
        .arg(folder.join("terminations.csv"))
        .arg("--users")
        .arg(folder.join("users.csv"))
        .args(["--hr-at", &format!("{hr_day}T22:00:00-08:00")])
        .args(["--users-at", &format!("{day}T01:00:00-08:00")])
        .args(["--as-of", &format!("{day}T02:00:00-08:00")])
        .output()
        .expect("the program starts")
}

/// The ledger after these nights; the folder lives as long as the value.
fn played(nights: &[Night]) -> TempDir {
    let out = tempfile::tempdir().expect("a temporary folder");
    for night in nights {
        let output = seatsweep(&["run"], *night, out.path());
        assert_eq!(output.status.code(), Some(8), "{output:?}");
    }
    out
}

/// What is told of somebody, on one line.
fn told(person: &str, night: Night, out: &Path) -> String {
    let output = seatsweep(&["explain", person], night, out);
    let story = String::from_utf8(output.stdout).expect("UTF-8");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{person}: {said}");
    assert_eq!(said, "", "personal data belongs to stdout alone");
    for line in story.lines() {
        // Only a word that is longer than the line itself may stand out.
        let fits = line.chars().count() <= 100 || line.split_whitespace().count() == 1;
        assert!(fits, "{line}");
    }
    story.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn assert_told(cases: &[(&str, &[&str])], night: Night, out: &Path) {
    for (person, words) in cases {
        let story = told(person, night, out);
        for word in *words {
            assert!(story.contains(word), "{person}: {word:?} not in:\n{story}");
        }
    }
}

/// What README.md shows of `explain`: whom it asks for, and the stretches of
/// text between the places where something is left out.
fn shown_in_readme() -> Vec<(String, Vec<String>)> {
    let readme = std::fs::read_to_string("README.md").expect("README.md");
    let mut shown: Vec<(String, Vec<String>)> = Vec::new();
    let mut in_block = false;
    for line in readme.lines() {
        let code = line.strip_prefix("    ");
        let asked = code.and_then(|code| code.strip_prefix("$ target/debug/seatsweep explain "));
        match (asked, code) {
            (Some(asked), _) => {
                let person = asked.trim_end_matches(" $night3").trim_matches('"');
                shown.push((person.to_owned(), vec![String::new()]));
                in_block = true;
            }
            (None, Some(code)) if in_block => {
                let (_, stretches) = shown.last_mut().expect("a block");
                match code.trim() {
                    "…" => stretches.push(String::new()),
                    words => {
                        let stretch = stretches.last_mut().expect("a stretch");
                        let gap = if stretch.is_empty() { "" } else { " " };
                        stretch.extend([gap, words]);
                    }
                }
            }
            (None, Some(_)) => {}
            (None, None) => in_block &= line.is_empty(),
        }
    }
    shown
}

#[test]
fn the_readme_shows_what_is_told() {
    let out = played(&[FIRST, SECOND, THIRD]);
    let shown = shown_in_readme();
    assert_eq!(shown.len(), 6);
    for (person, stretches) in shown {
        let story = told(&person, THIRD, out.path());
        let mut rest = story.as_str();
        for stretch in stretches {
            let at = rest.find(&stretch);
            let at = at.unwrap_or_else(|| panic!("{person}: {stretch:?} not in:\n{rest}"));
            rest = &rest[at + stretch.len()..];
        }
    }
}

/// Somebody of every fate, and what has to be told of them on the first night.
const FATES: &[(&str, &[&str])] = &[
    (
        "10412",
        &[
            "line 2 is of the same person",
            "planned (deactivation_due)",
            "deactivate (deactivate-",
        ],
    ),
    (
        "00815",
        &[
            "Corwin Dunnowell",
            "e-mail blank or a placeholder",
            "found by work_email",
        ],
    ),
    (
        "10493",
        &[
            "The mapping says flora.gantry@example.com",
            "found by mapping",
        ],
    ),
    (
        "10551",
        &[
            "held (on_hold), which decides: on hold: Legal hold",
            "until 2027-06-30",
        ],
    ),
    (
        "10105",
        &[
            "Tonight: held (old_termination).",
            "more than 60 days back",
            "it waits:",
        ],
    ),
    ("10007", &["protected (protected_account), which decides"]),
    (
        "30011",
        &[
            "An identity provider manages the account",
            "Task identity_provider",
        ],
    ),
    (
        "10219",
        &["Is back: the rehire date is after the date of leaving"],
    ),
    (
        "20131",
        &[
            "The status still says employed",
            "2026-11-25 00:00 Europe/London",
            "not_due (future_date)",
        ],
    ),
    (
        "10581",
        &["no date says when", "conflict (no_termination_date)"],
    ),
    (
        "10586",
        &[
            "2 stories fit",
            "is also on Eustace Goldenrod",
            "is also on Dorothea Fernsby",
        ],
    ),
    ("10590", &["conflict (created_later), which decides"]),
    (
        "10602",
        &["is on 2 accounts (honoria.jessop.2@example.com, honoria.jessop@example.com)"],
    ),
    (
        "10607",
        &[
            "\"Kerensa Lockhollow\": somebody else",
            "ambiguous (name_differs)",
        ],
    ),
    (
        "10611",
        &[
            "There is no work e-mail that could be a key",
            "unmatched (no_account)",
        ],
    ),
    (
        "10618",
        &[
            "jonquil.larchmont@example.com looks alike",
            "unmatched (near_miss)",
        ],
    ),
    ("10622", &["the row has 7 cells", "invalid (unreadable)"]),
    (
        "10633",
        &[
            "could not be read: samples/night-1/users.csv line 300",
            "invalid (account_unreadable)",
        ],
    ),
    (
        "line 45",
        &["Juniper Stitchwort", "does not say whose it is"],
    ),
    (
        "reception.leeds@example.com",
        &[
            "No HR row and no open obligation is about it",
            "It is a canary",
        ],
    ),
];

/// Before the first night nothing is remembered, and nothing is left behind.
#[test]
fn people_of_different_fates_are_told_before_the_first_night() {
    let out = played(&[]);
    assert_told(FATES, FIRST, out.path());
    let left = std::fs::read_dir(out.path()).expect("a folder").count();
    assert_eq!(left, 0, "explain writes nothing");
}

static THREE_NIGHTS: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    let out = played(&[FIRST, SECOND, THIRD]);
    let people = [
        "10412",
        "10501",
        "10381",
        "10520",
        "10544",
        "10105",
        "winifred ashgrove",
    ];
    people
        .map(|person| (person.to_owned(), told(person, THIRD, out.path())))
        .into()
});

#[track_caller]
fn told_after_three_nights(person: &str, words: &[&str]) -> &'static str {
    let mut stories = THREE_NIGHTS.iter();
    let (_, story) = stories.find(|(who, _)| who == person).expect(person);
    for word in words {
        assert!(story.contains(word), "{word:?} not in:\n{story}");
    }
    story
}

#[test]
fn earlier_nights_are_told_in_order_of_time() {
    let story = told_after_three_nights(
        "10412",
        &[
            "carried out before on aldous.brambleworth@example.com, found then by work_email",
            "X Series - X2 (US) was verified as removed at",
            "So it now holds: Additional Local Number (US).",
            "deactivate: succeeded, HTTP 200, verified at 2026-11-24T",
            "attempt 1: intended at 2026-11-24T",
            "operation op_",
            "request ",
            "waiting (grace_period)",
            "remove_license X Series - X2 (US): succeeded",
            "Its seat counts in the cancellation request cancel-",
            "for X Series - X2 (US) of 4 that night; it is drafted now, for 4.",
            "task voicemail (task-",
            "is not needed any more and is closed.",
        ],
    );
    let (_, past) = story.split_once("What earlier nights did").expect("a past");
    let times: Vec<&str> = [
        "HR listed",
        "deactivate: succeeded",
        "waiting (grace_period)",
        "remove_license",
    ]
    .map(|word| past.split_once(word).expect(word).0)
    .into();
    assert!(times.is_sorted_by_key(|before| before.len()));
}

#[test]
fn whoever_came_back_or_vanished_is_told_from_the_ledger() {
    told_after_three_nights(
        "10501",
        &[
            "rehired (hired_again)",
            "it is closed now",
            "before the report was made, so the report counts",
        ],
    );
    told_after_three_nights(
        "10381",
        &["No row of tonight's HR files", "held (row_vanished)"],
    );
    told_after_three_nights("10520", &["conflict (active_again), which decides"]);
    told_after_three_nights(
        "10544",
        &[
            "employee:10544@2026-12-18",
            "employee:10544@2026-12-01",
            "it is closed now",
        ],
    );
    told_after_three_nights(
        "10105",
        &["deactivate: held, not_approved.", "The same 2 more times"],
    );
    told_after_three_nights(
        "winifred ashgrove",
        &["Account winifred.ashgrove@example.com", "left alone"],
    );
}

#[test]
fn ids_of_tasks_and_actions_lead_to_their_people() {
    let out = played(&[FIRST]);
    let ledger = out.path().join("sandbox/seatsweep-sandbox.db");
    let before = std::fs::read(&ledger).expect("a ledger");
    let story = told("10412", SECOND, out.path());
    let task = word_after(&story, "Task number (");
    assert!(told(&task, SECOND, out.path()).contains("Aldous Brambleworth, employee id 10412"));
    let plan = std::fs::read(out.path().join("sandbox/plan.json")).expect("a plan");
    let plan: serde_json::Value = serde_json::from_slice(&plan).expect("JSON");
    let actions = plan["actions"].as_array().expect("actions");
    let action = actions
        .iter()
        .find(|action| action["kind"] == "deactivate")
        .expect("one");
    let id = action["id"].as_str().expect("an id");
    let person = action["subject"]["person"].as_str().expect("a name");
    assert!(told(id, SECOND, out.path()).contains(person));
    assert!(
        std::fs::read(&ledger).expect("a ledger") == before,
        "explain writes nothing"
    );
}

fn word_after(story: &str, words: &str) -> String {
    let (_, after) = story.split_once(words).expect(words);
    after.split(')').next().unwrap_or_default().to_owned()
}

#[test]
fn nobody_is_no_input() {
    let out = played(&[]);
    let output = seatsweep(&["explain", "Aldous Nobody"], FIRST, out.path());
    assert_eq!(output.status.code(), Some(66));
    let near = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(near.contains("perhaps Aldous Brambleworth"), "{near}");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("neither tonight's files nor the ledger know"),
        "{said}"
    );
    assert!(!said.contains("Aldous"), "{said}");
}
