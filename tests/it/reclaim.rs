//! Licences that 8x8 frees of active accounts only, from the refusal to the
//! night after.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use crate::support::{
    Account, Ended, Office, Row, Sandbox, actions, leaver, only, wait_until, with_colleagues,
};

const FIRST: &str = "2026-11-20";
const SECOND: &str = "2026-11-21";
const THIRD: &str = "2026-11-22";
const STRANDED: [&str; 2] = ["--stranded", "refused"];
const CONTRACT: &str = "[[contracts]]\nlicense = \"X Series - X2\"\ncountry = \"US\"\nseats = 60\n\
    unit_price = \"24.00\"\ncurrency = \"USD\"\nterm_ends = 2027-03-31\n";

/// Dan was deactivated by hand long ago, and still holds a seat.
fn office() -> Office {
    let office = Office::new("");
    office.hr(&[leaver("dan.old", "2026-11-10")]);
    office.users(&with_colleagues([dan()]));
    office
}

fn dan() -> Account {
    Account::of("dan.old").deactivated()
}

fn configure(office: &Office, sandbox: &Sandbox, stranded_seats: &str) {
    let base_url = &sandbox.base_url;
    office.write(
        "seatsweep.toml",
        format!(
            "[tenant]\nname = \"acme\"\ntarget = \"8x8\"\n[hr]\nfile = \"cumulative\"\n\
             [admin_api]\nbase_url = \"{base_url}\"\n[limits]\ntime_scale = 100\n\
             [policy]\ntime_zone = \"America/Los_Angeles\"\nremove_license_after_days = 0\n\
             stranded_seats = \"{stranded_seats}\"\n\
             [protected]\naccounts = [\"admin@example.com\"]\n[guards]\nfirst_run = \"act\"\n\
             {CONTRACT}"
        ),
    );
}

fn night(office: &Office, date: &str) -> Ended {
    office.on(date, &["run", "--confirm"])
}

fn rows(office: &Office) -> Vec<Row> {
    office.results_in("out/results.csv")
}

fn summary(office: &Office) -> Value {
    serde_json::from_str(&office.read("out/summary.json")).expect("JSON")
}

/// An account as the tenant has it: status and number of licences.
pub(crate) fn account(base_url: &str, id: &str) -> (String, usize) {
    let (address, folder) = base_url
        .trim_start_matches("http://")
        .split_once('/')
        .expect("an address");
    let mut answer = String::new();
    wait_until("an answer", || {
        let mut connection = TcpStream::connect(address).expect("a connection");
        let request = format!(
            "GET /{folder}/users/{id} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
             x-api-key: example-key\r\naccept: application/vnd.users.v1+json\r\n\r\n"
        );
        connection.write_all(request.as_bytes()).expect("sent");
        answer.clear();
        connection.read_to_string(&mut answer).expect("an answer");
        // A window may still be full of the client's requests.
        answer.starts_with("HTTP/1.1 200")
    });
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    let user: Value = serde_json::from_str(body).expect("JSON");
    let licenses = user["serviceInfo"]["licenses"].as_array();
    let status = user["basicInfo"]["status"].as_str().expect("a status");
    (status.to_owned(), licenses.map_or(0, Vec::len))
}

fn dan_at(sandbox: &Sandbox) -> (String, usize) {
    account(&sandbox.base_url, "id-dan-old")
}

#[test]
fn a_seat_that_was_refused_on_the_first_night_is_reclaimed_on_the_second() {
    let office = office();
    let sandbox = Sandbox::start_at(100, &office, &STRANDED);
    configure(&office, &sandbox, "reclaim");
    night(&office, FIRST).expect(4);
    let refused = rows(&office);
    let removal = only(&refused, "remove_license");
    assert_eq!(
        (&*removal["outcome"], &*removal["reason"]),
        ("failed", "stranded_seat")
    );
    assert!(actions(&refused, "reactivate").is_empty());

    let told = night(&office, SECOND).expect(0);
    let words = "1 reactivated for a while, 0 deactivated, 1 licences removed, 1 drafts";
    assert!(told.stdout.contains(words), "{}", told.stdout);
    let reclaimed = rows(&office);
    for (kind, before, after) in [
        (
            "reactivate",
            "deactivated; X Series - X2 (US)",
            "active; X Series - X2 (US)",
        ),
        ("remove_license", "active; X Series - X2 (US)", "active"),
        ("deactivate", "active", "deactivated"),
    ] {
        let row = only(&reclaimed, kind);
        let found = (
            &*row["outcome"],
            &*row["before"],
            &*row["after"],
            &*row["channel"],
        );
        assert_eq!(found, ("succeeded", before, after, "admin-api"), "{kind}");
    }
    let summary = summary(&office);
    let keys: Vec<&String> = summary.as_object().expect("an object").keys().collect();
    assert_eq!(keys[..2], ["format_version", "reactivated_by_us"]);
    assert_eq!(summary["reactivated_by_us"], serde_json::json!([]));
    assert_eq!(summary["reclaims"][0]["user_id"], "id-dan-old");
    let seconds = summary["reclaims"][0]["seconds_alive"]
        .as_i64()
        .expect("seconds");
    assert!(seconds > 0);
    let said = format!("the account was active for {seconds} seconds at most");
    assert_eq!(only(&reclaimed, "deactivate")["detail"], said);
    // What was really freed is asked for.
    let draft = only(&reclaimed, "request_partial_cancellation");
    assert_eq!(
        (&*draft["outcome"], &*draft["quantity"]),
        ("succeeded", "1")
    );
    assert_eq!(dan_at(&sandbox), ("INACTIVE".to_owned(), 0));
    let run_id = summary["run_id"].as_str().expect("a run").to_owned();

    office.users(&with_colleagues([dan().holding(&[])]));
    night(&office, THIRD).expect(0);
    let settled = rows(&office);
    assert_eq!(settled[0]["disposition"], "already_done");
    for kind in ["reactivate", "remove_license", "deactivate"] {
        assert!(actions(&settled, kind).is_empty(), "{kind}");
    }

    // Undone, the seat comes back, and the account stays as it was.
    let undone = office
        .seatsweep(&["undo", &run_id, "--as-of", "2026-11-22T21:00:00Z"])
        .expect(0);
    office.shell(&undone.advised()).expect(0);
    let back = rows(&office);
    assert_eq!(only(&back, "assign_license")["outcome"], "succeeded");
    assert!(actions(&back, "reactivate").is_empty(), "{back:#?}");
    assert_eq!(dan_at(&sandbox), ("INACTIVE".to_owned(), 1));
    let log = sandbox.stop(&office);
    assert_eq!(log["accounts_written"]["dan.old@example.com"], 5);
}

#[test]
fn direct_hands_over_to_people_and_never_reactivates() {
    let office = office();
    let sandbox = Sandbox::start_at(100, &office, &["--stranded", "ignored"]);
    configure(&office, &sandbox, "direct");
    night(&office, FIRST).expect(4);
    night(&office, SECOND).expect(0);
    let rows = rows(&office);
    assert!(actions(&rows, "reactivate").is_empty());
    let by_hand = actions(&rows, "manual_task").into_iter();
    let by_hand = by_hand.filter(|row| row["detail"].starts_with("remove_license_by_hand"));
    assert_eq!(by_hand.count(), 1, "{rows:#?}");
    assert_eq!(sandbox.stop(&office)["writes"], 1);
}

#[test]
fn an_account_that_stays_reactivated_heads_everything_until_it_is_closed() {
    let office = office();
    let sandbox = Sandbox::start_at(100, &office, &STRANDED);
    configure(&office, &sandbox, "reclaim");
    night(&office, FIRST).expect(4);
    sandbox.stop(&office);
    // The tenant is gone right after the reactivation was read back.
    let hold = [STRANDED[0], STRANDED[1], "--hold", "5:received"];
    let sandbox = Sandbox::start_at(100, &office, &hold);
    configure(&office, &sandbox, "reclaim");
    let running = office.start_on(SECOND, &["run", "--confirm"]);
    sandbox.wait_until_held();
    drop(sandbox);
    let ended = running.end();
    let ended = ended.says(&["error: reactivated_by_us: id-dan-old", "Deactivate user"]);
    assert!(
        ended
            .stdout
            .starts_with("reactivated_by_us id-dan-old; run "),
        "{}",
        ended.stdout
    );
    let summary = summary(&office);
    assert_eq!(
        summary["reactivated_by_us"],
        serde_json::json!(["id-dan-old"])
    );
    assert_eq!(summary["reclaims"][0]["seconds_alive"], Value::Null);
    let codes = summary["exit_codes"].as_array().expect("codes");
    assert_eq!(
        (ended.code, &codes[0], &codes[1]),
        (7, &Value::from(7), &Value::from(5))
    );
    let open = rows(&office);
    assert_eq!(only(&open, "reactivate")["outcome"], "succeeded");
    let closing = only(&open, "deactivate");
    assert_eq!(closing["outcome"], "unknown");
    assert!(
        closing["detail"].contains("deactivate it by hand"),
        "{closing:?}"
    );

    // Planning changes nothing, and takes nobody for rehired.
    let sandbox = Sandbox::start_at(100, &office, &STRANDED);
    configure(&office, &sandbox, "reclaim");
    // 100 seconds of the tenant's, in which the reactivation comes to its end.
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(dan_at(&sandbox).0, "ACTIVE");
    let names = [
        "reactivated_by_us: id-dan-old",
        "seatsweep explain -- id-dan-old",
    ];
    office.on(SECOND, &["plan"]).expect(0).says(&names);
    office.seatsweep(&["tasks", "list"]).expect(0).says(&names);
    let plan: Value = serde_json::from_str(&office.read("out/plan.json")).expect("JSON");
    assert_eq!(plan["dispositions"][0]["reason"], "reclaim_open");
    assert_eq!(dan_at(&sandbox).0, "ACTIVE");

    night(&office, THIRD)
        .expect(0)
        .says(&["left the account id-dan-old reactivated: deactivating it first"]);
    assert_eq!(dan_at(&sandbox), ("INACTIVE".to_owned(), 0));
    let rows = rows(&office);
    for kind in ["reactivate", "remove_license", "deactivate"] {
        assert_eq!(only(&rows, kind)["outcome"], "succeeded", "{kind}");
    }
    sandbox.stop(&office);
}

#[test]
fn pressed_twice_ctrl_c_still_deactivates_the_account() {
    let office = office();
    let sandbox = Sandbox::start_at(10, &office, &STRANDED);
    configure(&office, &sandbox, "reclaim");
    let slowly = office
        .read("seatsweep.toml")
        .replace("time_scale = 100", "time_scale = 10");
    office.write("seatsweep.toml", slowly);
    night(&office, FIRST).expect(4);
    let running = office.start_on(SECOND, &["run", "--confirm"]);
    // The tenant has written it down by the time that it takes the next update.
    let active = "\"status\":\"ACTIVE\"";
    wait_until("the reactivation", || {
        let state: Value = serde_json::from_str(&office.read("tenant.json")).expect("JSON");
        let user = &state["accounts"]["id-dan-old"]["Written"]["user"];
        user["basicInfo"].to_string().contains(active)
    });
    running.signal("INT");
    running.wait_for("stopping: what is in flight is finished");
    running.signal("INT");
    let ended = running.end();
    assert_eq!(ended.code, 130, "{}", ended.stderr);
    assert_eq!(dan_at(&sandbox).0, "INACTIVE");
    assert_eq!(summary(&office)["reactivated_by_us"], serde_json::json!([]));
    assert_eq!(only(&rows(&office), "deactivate")["outcome"], "succeeded");
    sandbox.stop(&office);
}
