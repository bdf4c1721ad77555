//! The channels side by side: what is the same whichever is chosen, what
//! stands in where a tenant lacks one, and what people and identity providers do.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::{
    Account, Ended, Office, PROGRAM, Row, Running, Sandbox, X2, actions, leaver, only,
    with_colleagues,
};

const FIRST: &str = "2026-11-20";
const SECOND: &str = "2026-11-21";
/// The grace period is over, from whichever night the account was seen deactivated.
const LAST: &str = "2026-11-28";
/// The sandbox accepts its API key as the SCIM token too.
const TOKEN: (&str, &str) = ("SEATSWEEP_SCIM_TOKEN", "example-key");

const LEAVERS: [&str; 2] = ["ann.moss", "bob.hale"];

/// Two people leave; both hold a seat.
fn office() -> Office {
    let office = Office::new("");
    office.hr(&LEAVERS.map(|name| leaver(name, "2026-11-18")));
    report(&office, |account| account);
    office
}

/// The users report, with the leavers as `change` makes them.
fn report(office: &Office, change: impl Fn(Account) -> Account) {
    let leavers = LEAVERS.map(|name| change(Account::of(name)));
    office.users(&with_colleagues(leavers));
}

/// A tenant whose clock leaves a busy machine the time that a patch may take.
fn tenant(office: &Office, more: &[&str]) -> Sandbox {
    Sandbox::start_at(60, office, more)
}

/// Both APIs of the tenant, no first night's caution, and `more`.
fn configure(office: &Office, sandbox: &Sandbox, more: &str) {
    office.write(
        "seatsweep.toml",
        format!(
            "[tenant]\nname = \"acme\"\ntarget = \"8x8\"\n[hr]\nfile = \"cumulative\"\n\
             [limits]\ntime_scale = 60\n[policy]\ntime_zone = \"America/Los_Angeles\"\n\
             [protected]\naccounts = [\"admin@example.com\"]\n[guards]\nfirst_run = \"act\"\n\
             [admin_api]\nbase_url = \"{}\"\n[scim]\nbase_url = \"{}\"\n{more}",
            sandbox.base_url,
            sandbox.scim_url()
        ),
    );
}

/// Whatever the `words` say, with the inputs of that night.
fn on(office: &Office, date: &str, words: &[&str]) -> Ended {
    with_report_of(office, date, date, words)
}

/// The same with an older users report.
fn with_report_of(office: &Office, made: &str, date: &str, words: &[&str]) -> Ended {
    let (noon, morning) = (format!("{date}T20:00:00Z"), format!("{date}T15:00:00Z"));
    let made = format!("{made}T15:00:00Z");
    let mut command = office.command(PROGRAM);
    command.env(TOKEN.0, TOKEN.1).args(words);
    command.args(["--hr", "hr.csv", "--users", "users.csv", "--as-of", &noon]);
    command.args(["--hr-at", &morning, "--users-at", &made]);
    Running::start(command).end()
}

fn results(office: &Office) -> Vec<Row> {
    office.results_in("out/results.csv")
}

fn tasks(office: &Office) -> Vec<Row> {
    office.results_in("out/manual-tasks.csv")
}

/// Requests of a method that reached the tenant.
fn sent(log: &serde_json::Value, method: &str) -> usize {
    let entries = log["entries"].as_array().expect("entries");
    entries.iter().filter(|it| it["method"] == method).count()
}

/// A leaver's change, whoever makes it: night, username, what, licence.
type Change = (usize, String, &'static str, String);

/// Three nights over one configuration: the changes of the leavers, and all
/// other lines.
struct Nights {
    codes: [i32; 3],
    changes: BTreeMap<Change, Row>,
    others: Vec<(usize, Row)>,
    writes: u64,
}

impl Nights {
    fn over(channels: &str) -> Self {
        let office = office();
        let sandbox = tenant(&office, &[]);
        configure(&office, &sandbox, &format!("[channels]\n{channels}"));
        let mut nights = Self {
            codes: [0; 3],
            changes: BTreeMap::new(),
            others: Vec::new(),
            writes: 0,
        };
        for (night, date) in [FIRST, SECOND, LAST].into_iter().enumerate() {
            nights.codes[night] = on(&office, date, &["run", "--confirm"]).code;
            for row in results(&office) {
                match change(&row) {
                    Some(what) => {
                        let key = (night, row["username"].clone(), what, row["license"].clone());
                        let twice = nights.changes.insert(key, row);
                        assert_eq!(twice, None);
                    }
                    None => nights.others.push((night, row)),
                }
            }
            // The next report shows what was done, by whomever.
            report(&office, Account::deactivated);
        }
        nights.writes = sandbox.stop(&office)["writes"].as_u64().expect("a number");
        nights
    }
}

/// What the line is about, if it is a change of an account.
fn change(row: &Row) -> Option<&'static str> {
    let detail = &row["detail"];
    match row["action"].as_str() {
        "deactivate" => Some("access"),
        "remove_license" => Some("seat"),
        "manual_task" if detail.starts_with("deactivate_by_hand") => Some("access"),
        "manual_task" if detail.starts_with("remove_license_by_hand") => Some("seat"),
        _ => None,
    }
}

/// The columns in which the nights differ, of the same changes.
fn differing(one: &Nights, other: &Nights) -> BTreeSet<String> {
    let keys = |nights: &Nights| nights.changes.keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(one), keys(other), "the same changes, one line each");
    let mut differing = BTreeSet::new();
    for (key, row) in &one.changes {
        let other = &other.changes[key];
        let columns = row.iter().filter(|(column, cell)| other[*column] != **cell);
        differing.extend(columns.map(|(column, _)| column.clone()));
    }
    differing
}

fn columns(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn over_three_channels_results_differ_only_where_the_channel_differs() {
    let over_api = Nights::over("");
    let over_scim = Nights::over("deactivate = \"scim\"\n");
    let by_hand = Nights::over("deactivate = \"manual\"\nremove_license = \"manual\"\n");
    assert_eq!(over_api.changes.len(), 4, "access and a seat of two people");

    // Of any two runs.
    let of_each_run = [
        "run_id",      // a run has a name of its own,
        "plan_id",     // and so has a plan, which says its channel
        "request_id",  // made for each request
        "started_at",  // the clock
        "finished_at", // the clock
        "verified_at", // the clock
        "next_due",    // counts from the verified deactivation
        "due",         // of a seat, the same
    ];
    // What is the channel's own.
    let of_scim = [
        "channel",
        "operation_id", // SCIM has none
        "before",       // SCIM shows no licences
        "after",        // the same
    ];
    let expected = columns(&[&of_each_run[..], &of_scim[..]].concat());
    let again = Nights::over("");
    let of_two = differing(&over_api, &again);
    assert!(
        of_two.is_subset(&columns(&[&of_each_run[..], &["operation_id"]].concat())),
        "{of_two:?}"
    );
    let found = differing(&over_api, &over_scim);
    assert!(found.is_subset(&expected), "{found:?}");
    assert!(columns(&of_scim).is_subset(&found), "{found:?}");
    assert_eq!((over_api.codes, over_scim.codes), ([0; 3], [0; 3]));
    assert_eq!((over_api.writes, over_scim.writes), (4, 4));

    // A person is told, and nobody has looked yet.
    let of_people = [
        "channel",
        "action",      // a task in the change's place
        "action_id",   // of another kind of action
        "outcome",     // handed over, not done
        "reason",      // the same
        "disposition", // a seat that a person removes is waited for
        "quantity",    // one task for all seats of a licence
        "due",         // a task is handed over at once; its own date is in manual-tasks.csv
        "attempts",    // nothing was sent:
        "http_status",
        "operation_id",
        "before",
        "after",
        "detail", // the task's id
    ];
    let expected = columns(&[&of_each_run[..], &of_people[..]].concat());
    let found = differing(&over_api, &by_hand);
    assert!(found.is_subset(&expected), "{found:?}");
    assert!(columns(&of_people).is_subset(&found), "{found:?}");
    // Access that a person ends may still be open; at last nobody has said that
    // the voicemail was looked after.
    assert_eq!((by_hand.codes, by_hand.writes), ([8, 0, 8], 0));

    // Everybody else's lines are the same.
    let others = |nights: &Nights| {
        let rows = nights.others.iter().map(|(night, row)| {
            let kept = ["person", "username", "action", "outcome", "license"];
            (*night, kept.map(|column| row[column].clone()))
        });
        rows.collect::<BTreeSet<_>>()
    };
    assert_eq!(others(&over_api), others(&over_scim));
    assert_eq!(others(&over_api), others(&by_hand));
}

#[test]
fn a_tenant_without_updates_hands_its_work_to_people_and_says_so_once() {
    for status in ["405", "501"] {
        let office = office();
        let sandbox = tenant(&office, &["--update", status]);
        configure(&office, &sandbox, "");
        let ended = on(&office, FIRST, &["run", "--confirm"]).expect(8);
        let said = "does not implement PUT /users/{id}";
        assert_eq!(ended.stderr.matches(said).count(), 1, "{}", ended.stderr);
        assert!(office.read("out/summary.json").contains(said));
        let rows = results(&office);
        for row in actions(&rows, "deactivate") {
            let told = ["outcome", "reason", "channel"].map(|it| row[it].as_str());
            assert_eq!(told, ["manual", "not_supported", "manual"]);
        }
        let handed_over = tasks(&office);
        let steps = handed_over
            .iter()
            .filter(|it| it["task"] == "deactivate_by_hand");
        let ids: BTreeSet<&String> = steps.map(|it| &it["task_id"]).collect();
        assert_eq!(ids.len(), 2, "{handed_over:#?}");

        // The next night knows, and sends nothing to find it out.
        let ended = on(&office, SECOND, &["run", "--confirm"]).expect(8);
        assert_eq!(ended.stderr.matches(said).count(), 1, "{}", ended.stderr);
        assert!(actions(&results(&office), "deactivate").is_empty());
        let same = tasks(&office);
        let open: BTreeSet<&String> = same
            .iter()
            .filter(|it| it["task"] == "deactivate_by_hand" && it["state"] == "overdue")
            .map(|it| &it["task_id"])
            .collect();
        assert_eq!(open, ids);

        // Somebody did it, and the report shows it.
        report(&office, Account::deactivated);
        on(&office, "2026-11-22", &["run", "--confirm"]).expect(0);
        assert!(
            tasks(&office)
                .iter()
                .all(|it| it["task"] != "deactivate_by_hand")
        );
        let log = sandbox.stop(&office);
        assert_eq!(
            (sent(&log, "PUT"), &log["writes"]),
            (1, &serde_json::json!(0))
        );
    }
}

#[test]
fn a_tenant_without_updates_ends_access_over_scim_in_the_same_run() {
    for status in ["405", "501"] {
        let office = office();
        let sandbox = tenant(&office, &["--update", status]);
        configure(
            &office,
            &sandbox,
            "[channels]\ndeactivate_fallback = \"scim\"\n",
        );
        let ended = on(&office, FIRST, &["run", "--confirm"]).expect(0);
        ended.says(&["does not implement PUT", "over SCIM"]);
        let rows = results(&office);
        assert_eq!(actions(&rows, "deactivate").len(), 2);
        for row in actions(&rows, "deactivate") {
            let told = ["outcome", "channel", "after"].map(|it| row[it].as_str());
            assert_eq!(told, ["succeeded", "scim", "deactivated"]);
        }
        // Seats are removed by people, since SCIM knows none.
        report(&office, Account::deactivated);
        on(&office, "2026-11-27", &["run", "--confirm"]);
        let log = sandbox.stop(&office);
        assert_eq!((sent(&log, "PUT"), sent(&log, "PATCH")), (1, 2));
    }
}

#[test]
fn with_no_fallback_the_first_deactivation_fails_and_the_others_wait() {
    let office = office();
    let sandbox = tenant(&office, &["--update", "405"]);
    configure(
        &office,
        &sandbox,
        "[channels]\ndeactivate_fallback = \"none\"\n",
    );
    on(&office, FIRST, &["run", "--confirm"]).expect(4);
    let rows = results(&office);
    let mut outcomes: Vec<&str> = actions(&rows, "deactivate")
        .iter()
        .map(|row| row["outcome"].as_str())
        .collect();
    outcomes.sort_unstable();
    assert_eq!(outcomes, ["deferred", "failed"]);
    let summary: serde_json::Value =
        serde_json::from_str(&office.read("out/summary.json")).expect("JSON");
    assert_eq!(summary["exit_codes"], serde_json::json!([4, 8]));
    assert_eq!(sent(&sandbox.stop(&office), "PUT"), 1);
}

#[test]
fn the_work_list_has_a_line_for_every_step_in_the_order_of_the_work() {
    let office = office();
    let sandbox = tenant(&office, &[]);
    let manual = "[channels]\ndeactivate = \"manual\"\nremove_license = \"manual\"\n";
    configure(&office, &sandbox, manual);
    on(&office, FIRST, &["run", "--confirm"]).expect(8);
    let list = tasks(&office);
    // Whoever is told to do something finds all of it together.
    let people: Vec<&String> = list.iter().map(|row| &row["username"]).collect();
    let mut once = people.clone();
    once.dedup();
    assert_eq!(once.len(), 2, "{people:?}");
    let of_ann = list.iter().filter(|row| row["username"].starts_with("ann"));
    let of_ann: Vec<&Row> = of_ann.collect();
    let kinds: Vec<&str> = of_ann.iter().map(|row| row["task"].as_str()).collect();
    let mut order = kinds.clone();
    order.dedup();
    // Access is due to end now; the voicemail has a week.
    assert_eq!(order, ["deactivate_by_hand", "voicemail"]);
    let steps: Vec<&Row> = of_ann
        .iter()
        .copied()
        .filter(|row| row["task"] == "deactivate_by_hand")
        .collect();
    for (position, row) in steps.iter().enumerate() {
        assert_eq!(row["step"], (position + 1).to_string());
        assert_eq!(row["of"], steps.len().to_string());
        assert_eq!(row["after"], "", "nothing that has more time is waited for");
        assert!(!row["due"].is_empty() && row["who"].contains("administrator"));
        assert!(!row["instruction"].contains('\n'));
    }
    let first = &steps[0]["instruction"];
    assert!(first.contains("ann.moss@example.com") && first.contains("id-ann-moss"));
    assert!(
        steps
            .iter()
            .any(|row| row["instruction"].contains("Deactivate user"))
    );

    // They did it; a week later the seats are next, and then nothing is left.
    report(&office, Account::deactivated);
    on(&office, SECOND, &["run", "--confirm"]).expect(0);
    assert!(tasks(&office).iter().all(|row| row["task"] == "voicemail"));
    on(&office, LAST, &["run", "--confirm"]);
    let list = tasks(&office);
    let removal = list
        .iter()
        .filter(|row| row["task"] == "remove_license_by_hand");
    let removal: Vec<&Row> = removal.collect();
    assert!(
        removal
            .iter()
            .any(|row| row["instruction"].contains("Activate user"))
    );
    assert!(removal.iter().all(|row| row["after"].contains("task-")));
    report(&office, |account| account.deactivated().holding(&[]));
    on(&office, "2026-11-29", &["run", "--confirm"]).expect(0);
    assert!(tasks(&office).is_empty());
    assert_eq!(sandbox.stop(&office)["writes"], 0);
}

/// Ann's identity provider has deactivated her already; the report is older.
fn behind_the_provider(more: &[&str]) -> (Office, Sandbox) {
    let office = office();
    let leavers = [
        Account::of("ann.moss").deactivated(),
        Account::of("bob.hale"),
    ];
    office.users(&with_colleagues(leavers));
    let sandbox = tenant(&office, more);
    report(&office, |account| account);
    let managed = "[channels]\nread = \"scim\"\n[idp]\nmanaged = [\"ann.moss@example.com\"]\n";
    configure(&office, &sandbox, managed);
    (office, sandbox)
}

fn of<'r>(rows: &'r [Row], name: &str) -> Vec<&'r Row> {
    let username = format!("{name}@example.com");
    rows.iter()
        .filter(|row| row["username"] == username)
        .collect()
}

#[test]
fn an_account_that_its_provider_deactivated_is_seen_so_over_scim() {
    let (office, sandbox) = behind_the_provider(&[]);
    on(&office, FIRST, &["plan"]).expect(0);
    assert!(office.read("out/plan.json").contains("\"sightings\""));
    on(&office, FIRST, &["run", "--confirm"]).expect(0);
    let rows = results(&office);
    assert!(
        of(&rows, "ann.moss")
            .iter()
            .all(|row| row["disposition"] == "waiting")
    );
    assert_eq!(
        only(&rows, "deactivate")["username"],
        "bob.hale@example.com"
    );

    // The report of the first night is still all that there is: it is not
    // believed to show her active again.
    with_report_of(&office, FIRST, SECOND, &["run", "--confirm"]).expect(0);
    let rows = results(&office);
    assert!(
        of(&rows, "ann.moss")
            .iter()
            .all(|row| row["disposition"] == "waiting")
    );

    // Her seat goes when the grace period is over, over the Administration API.
    report(&office, Account::deactivated);
    on(&office, LAST, &["run", "--confirm"]);
    let rows = results(&office);
    let removals: Vec<&Row> = of(&rows, "ann.moss")
        .into_iter()
        .filter(|row| row["action"] == "remove_license")
        .collect();
    assert_eq!(removals.len(), 1);
    assert_eq!(
        (&*removals[0]["outcome"], &*removals[0]["channel"]),
        ("succeeded", "admin-api")
    );
    let log = sandbox.stop(&office);
    assert_eq!(sent(&log, "PATCH"), 0, "over SCIM it only reads");
    assert!(X2.contains(removals[0]["license"].as_str()));
}

#[test]
fn whom_scim_does_not_show_is_never_taken_for_deactivated() {
    let (office, sandbox) = behind_the_provider(&["--scim-scope", "provisioned"]);
    let ended = on(&office, FIRST, &["run", "--confirm"]).expect(8);
    ended.says(&["1 accounts that wait for their identity provider are not shown over SCIM"]);
    let rows = results(&office);
    let disposition: BTreeSet<&str> = of(&rows, "ann.moss")
        .iter()
        .map(|row| row["disposition"].as_str())
        .collect();
    assert_eq!(disposition, ["idp_managed"].into());
    sandbox.stop(&office);
}

#[test]
fn a_provider_that_has_not_acted_yet_is_waited_for() {
    let (office, sandbox) = behind_the_provider(&[]);
    office.write(
        "seatsweep.toml",
        office.read("seatsweep.toml").replace(
            "managed = [\"ann.moss@example.com\"]",
            "managed = [\"bob.hale@example.com\"]",
        ),
    );
    report(&office, |account| Account {
        active: account.name != "ann.moss",
        ..account
    });
    on(&office, FIRST, &["run", "--confirm"]).expect(8);
    let rows = results(&office);
    assert!(
        of(&rows, "bob.hale")
            .iter()
            .all(|row| row["disposition"] == "idp_managed")
    );
    assert_eq!(sandbox.stop(&office)["writes"], 0);
}

// The night goes on for everybody else.
#[test]
fn scim_that_does_not_answer_leaves_them_waiting() {
    let (office, sandbox) = behind_the_provider(&[]);
    let mut command = office.command(PROGRAM);
    command
        .env(TOKEN.0, "another-token")
        .args(["run", "--confirm"]);
    command.args(["--hr", "hr.csv", "--users", "users.csv"]);
    command.args([
        "--as-of",
        "2026-11-20T20:00:00Z",
        "--users-at",
        "2026-11-20T15:00:00Z",
    ]);
    command.args(["--hr-at", "2026-11-20T15:00:00Z"]);
    let ended = Running::start(command).end().expect(8);
    let ended = ended.says(&["could not be looked up over SCIM", "check that the token"]);
    assert!(!ended.stderr.contains("another-token"));
    assert_eq!(
        only(&results(&office), "deactivate")["outcome"],
        "succeeded"
    );
    sandbox.stop(&office);
}

#[test]
fn a_live_list_over_scim_is_refused_with_the_reason() {
    let office = office();
    let sandbox = tenant(&office, &[]);
    configure(&office, &sandbox, "[channels]\nread = \"scim\"\n");
    let mut command = office.command(PROGRAM);
    command.env(TOKEN.0, TOKEN.1);
    command.args(["plan", "--hr", "hr.csv", "--users", "live"]);
    let ended = Running::start(command).end().expect(64);
    ended.says(&["SCIM shows no licenses", "read = \"admin-api\""]);
    sandbox.stop(&office);
}
