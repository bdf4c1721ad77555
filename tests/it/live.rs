//! `--users live`: the API's list in the place of a users report.

use serde_json::{Value, json};

use crate::stub::{Answer, Request, Stub, USER};
use crate::support::{Account, Ended, Office, Sandbox, colleagues, leaver, only};

const NIGHT: &str = "2026-11-20T20:00:00Z";
const ACT: &str = "[guards]\nfirst_run = \"act\"\n";

/// Two people leave; one has an account, and the list has two pages.
fn office() -> Office {
    let office = Office::new("");
    office.hr(&[
        leaver("ann.moss", "2026-11-18"),
        leaver("nobody.known", "2026-11-18"),
    ]);
    let mut accounts = colleagues(130);
    accounts.push(Account::of("ann.moss"));
    office.users(&accounts);
    office
}

/// A tenant whose clock leaves a scroll time to be taken up on a busy machine.
fn tenant(office: &Office) -> Sandbox {
    let sandbox = Sandbox::start_at(60, office, &[]);
    office.configure_8x8(&sandbox.base_url, ACT);
    let configuration = office.read("seatsweep.toml");
    let slower = configuration.replace("time_scale = 600", "time_scale = 60");
    office.write("seatsweep.toml", slower);
    sandbox
}

fn live(office: &Office, words: &[&str]) -> Ended {
    let mut line = words.to_vec();
    line.extend(["--hr", "hr.csv", "--hr-at", "2026-11-20T15:00:00Z"]);
    line.extend(["--users", "live", "--as-of", NIGHT]);
    office.seatsweep(&line)
}

fn users_input(office: &Office) -> Value {
    let plan: Value = serde_json::from_str(&office.read("out/plan.json")).expect("JSON");
    let inputs = plan["inputs"].as_array().expect("inputs").iter();
    let mut users = inputs.filter(|input| input["role"] == "users");
    users.next().expect("users").clone()
}

#[test]
fn a_night_with_a_list_ends_as_one_with_the_report() {
    let fates = |office: &Office| {
        let rows = office.results_in("out/results.csv").into_iter();
        let fate = |row: crate::support::Row| {
            [
                "source_row",
                "disposition",
                "user_id",
                "username",
                "action",
                "outcome",
                "due",
            ]
            .map(|column| row[column].clone())
        };
        // The list knows more of numbers and devices, and so of manual tasks.
        let rows = rows.filter(|row| row["action"] != "manual_task");
        rows.map(fate).collect::<Vec<_>>()
    };
    let with_report = office();
    let _serving = tenant(&with_report);
    with_report
        .on("2026-11-20", &["run", "--confirm"])
        .expect(0);

    let with_list = office();
    let sandbox = tenant(&with_list);
    live(&with_list, &["run", "--confirm"]).expect(0);
    assert_eq!(fates(&with_list), fates(&with_report));
    let rows = with_list.results_in("out/results.csv");
    assert_eq!(only(&rows, "deactivate")["user_id"], "id-ann-moss");

    let input = users_input(&with_list);
    assert_eq!(
        (&input["path"], &input["rows"]),
        (&json!("live"), &json!(131))
    );
    assert_eq!(input["detected"]["pages"], 2);
    assert_eq!(sandbox.stop(&with_list)["writes"], 1);
}

#[test]
fn a_plan_from_a_list_changes_nothing_and_names_what_it_saw() {
    let office = office();
    let sandbox = tenant(&office);
    live(&office, &["plan"]).expect(0);
    let first = users_input(&office);
    live(&office, &["plan"]).expect(0);
    assert_eq!(users_input(&office)["sha256"], first["sha256"]);
    let story = live(&office, &["explain", "ann.moss@example.com"]).expect(0);
    assert!(story.stdout.contains("id-ann-moss"), "{}", story.stdout);
    assert!(!office.exists("seatsweep.db"), "a plan has no ledger");
    assert_eq!(sandbox.stop(&office)["writes"], 0);
}

#[test]
fn a_list_that_is_not_whole_stops_the_run_before_anything_is_changed() {
    let cases: [(Server, i32, &str); 6] = [
        (
            |_| Answer::new(200, r#"{"data": [], "pagination": {"hasMore": false}}"#),
            69,
            "no users at all",
        ),
        // Whatever is asked for, the first page comes.
        (
            |_| page(r#""pageNumber": 0, "hasMore": true, "nextScrollId": "s1""#),
            69,
            "page 0 came where page 1 was due",
        ),
        (
            |_| page(r#""hasMore": true, "nextScrollId": null"#),
            69,
            "more follow but not where",
        ),
        (|_| Answer::new(503, "{}"), 69, "answered 503"),
        (|_| Answer::new(401, "{}"), 77, "check that the API key"),
        (
            |_| {
                let parked = USER.replace("ACTIVE", "PARKED");
                Answer::new(
                    200,
                    &format!("{{\"data\": [{parked}], \"pagination\": {{}}}}"),
                )
            },
            65,
            "PARKED",
        ),
    ];
    for (answer, code, said) in cases {
        let office = office();
        office.configure_8x8(&Stub::start(answer).base_url, ACT);
        let ended = live(&office, &["run", "--confirm"]).expect(code);
        ended.says(&[said]);
        assert!(!office.exists("out/plan.json"), "{said}");
    }
}

/// How a server answers.
type Server = fn(Request) -> Answer;

/// A page with one user.
fn page(pagination: &str) -> Answer {
    let body = format!("{{\"data\": [{USER}], \"pagination\": {{{pagination}}}}}");
    Answer::new(200, &body)
}

#[test]
fn what_a_list_does_not_say_is_read_user_by_user() {
    let office = office();
    office.hr(&[leaver("leaver.nr1", "2026-11-18")]);
    let stub = Stub::start(|request| match request {
        Request::User => Answer::new(
            200,
            &USER.replace("\"licenses\": []", "\"licenses\": [{\"name\": \"Fax\"}]"),
        ),
        Request::Update | Request::Operation | Request::Other => {
            let user = USER.replace("serviceInfo", "otherInfo");
            let body = format!("{{\"data\": [{user}], \"pagination\": {{\"hasMore\": false}}}}");
            Answer::new(200, &body)
        }
    });
    office.configure_8x8(&stub.base_url, "");
    let at_once = "[policy]\nremove_license_after_days = 0\n";
    let configuration = office.read("seatsweep.toml").replace("[policy]\n", at_once);
    office.write("seatsweep.toml", configuration);
    // The only account of this tenant leaves, which a guard finds odd.
    live(&office, &["plan"]).expect(3);
    let plan: Value = serde_json::from_str(&office.read("out/plan.json")).expect("JSON");
    let kinds = plan["actions"].as_array().expect("actions").iter();
    let kinds: Vec<&Value> = kinds.map(|action| &action["kind"]).collect();
    assert_eq!(kinds, ["deactivate", "remove_license"]);
    let notes = users_input(&office)["detected"]["notes"].to_string();
    assert!(notes.contains("1 users were read one by one"), "{notes}");
}

#[test]
fn the_sandbox_has_no_list_of_its_own() {
    let office = Office::new("[hr]\nfile = \"cumulative\"\n");
    office.hr(&[leaver("ann.moss", "2026-11-18")]);
    live(&office, &["run", "--sandbox"])
        .expect(64)
        .says(&["name a report as a file"]);
}
