//! Access ended over SCIM, beside the Administration API and without it.

use crate::stub::{Answer, Stub};
use crate::support::{
    Account, Ended, Office, PROGRAM, Row, Running, Sandbox, actions, leaver, only, with_colleagues,
};

const NIGHT: &str = "2026-11-20";
/// The sandbox accepts its API key as the SCIM token too.
const TOKEN: (&str, &str) = ("SEATSWEEP_SCIM_TOKEN", "example-key");

/// Two people leave; both hold a seat.
fn office() -> Office {
    let office = Office::new("");
    office.hr(&[
        leaver("ann.moss", "2026-11-18"),
        leaver("bob.hale", "2026-11-18"),
    ]);
    let leavers = [Account::of("ann.moss"), Account::of("bob.hale")];
    office.users(&with_colleagues(leavers));
    office
}

/// The report of the next day shows them deactivated.
fn next_report(office: &Office) {
    let leavers = [Account::of("ann.moss"), Account::of("bob.hale")];
    office.users(&with_colleagues(leavers.map(Account::deactivated)));
}

/// A tenant whose clock leaves a busy machine the time that a patch may take.
fn tenant(office: &Office, more: &[&str]) -> Sandbox {
    Sandbox::start_at(60, office, more)
}

/// A tenant that is changed over these channels, and no first night's caution.
fn configure(office: &Office, scim_url: &str, channels: &str) {
    office.write(
        "seatsweep.toml",
        format!(
            "[tenant]\nname = \"acme\"\ntarget = \"8x8\"\n[hr]\nfile = \"cumulative\"\n\
             [limits]\ntime_scale = 60\n\
             [policy]\ntime_zone = \"America/Los_Angeles\"\nremove_license_after_days = 0\n\
             [protected]\naccounts = [\"admin@example.com\"]\n[guards]\nfirst_run = \"act\"\n\
             [scim]\nbase_url = \"{scim_url}\"\n[channels]\n{channels}"
        ),
    );
}

const SCIM_ALONE: &str = "deactivate = \"scim\"\nremove_license = \"manual\"\n";

/// Runs the program with a SCIM token, and with no API key anywhere.
fn without_key(office: &Office, date: &str, words: &[&str]) -> Ended {
    let (noon, morning) = (format!("{date}T20:00:00Z"), format!("{date}T15:00:00Z"));
    let mut command = office.command(PROGRAM);
    command
        .env_remove("SEATSWEEP_API_KEY")
        .env(TOKEN.0, TOKEN.1);
    command.args(words).args(["--as-of", &noon]);
    if words[0] != "apply" {
        command.args(["--hr", "hr.csv", "--users", "users.csv"]);
        command.args(["--hr-at", &morning, "--users-at", &morning]);
    }
    Running::start(command).end()
}

fn results(office: &Office) -> Vec<Row> {
    office.results_in("out/results.csv")
}

fn of(row: &Row, columns: [&str; 4]) -> [String; 4] {
    columns.map(|column| row[column].clone())
}

#[test]
fn a_tenant_with_scim_alone_is_served_from_plan_to_results() {
    for answer in ["200", "204"] {
        let office = office();
        let sandbox = tenant(&office, &["--scim-patch", answer]);
        configure(&office, &sandbox.scim_url(), SCIM_ALONE);
        let named = office.read("seatsweep.toml");
        let named = named.replace("target", "customer_id = \"0012J00042NkZQIQA3\"\ntarget");
        office.write("seatsweep.toml", named);
        without_key(&office, NIGHT, &["plan"]).expect(0);
        let sheet = office.read("out/plan.csv");
        assert!(sheet.contains(",scim,"), "{sheet}");
        let ended = without_key(&office, NIGHT, &["apply", "out/plan.json", "--confirm"]);
        ended.expect(0).says(&["customer_id cannot be compared"]);
        let rows = results(&office);
        for row in actions(&rows, "deactivate") {
            let columns = ["outcome", "channel", "before", "after"];
            assert_eq!(
                of(row, columns),
                ["succeeded", "scim", "active", "deactivated"]
            );
            assert!(row["operation_id"].is_empty() && !row["request_id"].is_empty());
        }
        assert_eq!(actions(&rows, "deactivate").len(), 2);

        // The seats are a person's, on a later night that finds the access ended.
        next_report(&office);
        without_key(&office, "2026-11-21", &["run", "--confirm"]);
        let rows = results(&office);
        assert_eq!(actions(&rows, "deactivate").len(), 0);
        let by_hand = rows
            .iter()
            .filter(|row| row["detail"].contains("remove_license_by_hand"));
        assert_eq!(by_hand.count(), 2, "{rows:#?}");
        let log = sandbox.stop(&office);
        assert_eq!(log["writes"], 2);
        assert_eq!(log["accounts_written"]["ann.moss@example.com"], 1);
    }
}

#[test]
fn both_apis_are_used_each_with_its_own_credential() {
    let office = office();
    let sandbox = tenant(&office, &[]);
    let admin_api = format!(
        "deactivate = \"scim\"\n[admin_api]\nbase_url = \"{}\"\n",
        sandbox.base_url
    );
    configure(&office, &sandbox.scim_url(), &admin_api);
    let night = |date: &str| {
        let (noon, morning) = (format!("{date}T20:00:00Z"), format!("{date}T15:00:00Z"));
        let mut command = office.command(PROGRAM);
        command.env(TOKEN.0, TOKEN.1).args(["run", "--confirm"]);
        command.args(["--hr", "hr.csv", "--users", "users.csv", "--as-of", &noon]);
        command.args(["--hr-at", &morning, "--users-at", &morning]);
        Running::start(command).end()
    };
    night(NIGHT).expect(0);
    let rows = results(&office);
    assert_eq!(actions(&rows, "deactivate").len(), 2);
    // A patch carries no removal, whatever the grace period.
    assert_eq!(actions(&rows, "remove_license").len(), 0);
    next_report(&office);
    night("2026-11-21").expect(0);
    let rows = results(&office);
    let removals = actions(&rows, "remove_license");
    assert_eq!(removals.len(), 2);
    for row in removals {
        let columns = ["outcome", "channel", "action", "http_status"];
        assert_eq!(
            of(row, columns),
            ["succeeded", "admin-api", "remove_license", "200"]
        );
    }
    assert_eq!(sandbox.stop(&office)["writes"], 4);
}

#[test]
fn who_is_hidden_from_scim_is_a_failure_with_advice() {
    let office = office();
    let sandbox = tenant(&office, &["--scim-scope", "provisioned"]);
    configure(&office, &sandbox.scim_url(), SCIM_ALONE);
    without_key(&office, NIGHT, &["run", "--confirm"]).expect(4);
    for row in actions(&results(&office), "deactivate") {
        assert_eq!((&*row["outcome"], &*row["reason"]), ("failed", "not_found"));
        assert!(row["detail"].contains("list scope"), "{}", row["detail"]);
    }
    assert_eq!(sandbox.stop(&office)["writes"], 0);
}

#[test]
fn what_an_identity_provider_manages_is_left_to_it() {
    let office = office();
    let sandbox = tenant(&office, &[]);
    let channels = format!("{SCIM_ALONE}[idp]\nmanaged = [\"ann.moss@example.com\"]\n");
    configure(&office, &sandbox.scim_url(), &channels);
    let ended = without_key(&office, NIGHT, &["run", "--confirm"]).expect(8);
    ended.says(&["one program that writes over SCIM"]);
    let rows = results(&office);
    assert_eq!(
        only(&rows, "deactivate")["username"],
        "bob.hale@example.com"
    );
    let log = sandbox.stop(&office);
    assert_eq!(
        log["accounts_written"]["ann.moss@example.com"],
        serde_json::Value::Null
    );
}

#[test]
fn a_token_that_is_not_accepted_changes_nothing_and_is_never_shown() {
    let office = office();
    let stub = Stub::start(|_| Answer::new(401, r#"{"detail": "no such token: example-key"}"#));
    configure(&office, &stub.base_url, SCIM_ALONE);
    let ended = without_key(&office, NIGHT, &["run", "--confirm", "-vv"]).expect(77);
    assert!(!ended.stderr.contains("example-key"), "{}", ended.stderr);
    for name in ["out/results.csv", "out/summary.json", "out/plan.json"] {
        assert!(!office.read(name).contains("example-key"), "{name}");
    }
    for row in actions(&results(&office), "deactivate") {
        assert_eq!(
            (&*row["outcome"], &*row["reason"]),
            ("deferred", "not_authorized")
        );
    }
}

#[test]
fn what_is_set_up_wrong_is_told_before_anything_is_sent() {
    let url = "http://127.0.0.1:9/udi/customers/0012J00042NkZQIQA3/scim/v2";
    let refused = |url: &str, channels: &str, said: &[&str]| {
        let office = office();
        configure(&office, url, channels);
        let ended = without_key(&office, NIGHT, &["run", "--confirm"]);
        ended.expect(78).says(said);
        assert!(!office.exists("out/plan.json"));
        office
    };
    refused(
        "http://scim.example.com",
        SCIM_ALONE,
        &["only https is allowed"],
    );
    refused(
        url,
        "remove_license = \"scim\"\n",
        &["remove_license", "scim"],
    );
    let mixed = "deactivate = \"scim\"\n";
    refused(url, mixed, &["[admin_api] api_key_env"]);
    let both = format!("{SCIM_ALONE}[admin_api]\n");
    let other = "https://x.example.com/udi/customers/0012J00042NkZXX/scim/v2";
    let office = refused(url, "deactivate = \"no\"\n", &["deactivate"]);
    configure(&office, other, &both);
    let named = office.read("seatsweep.toml");
    let named = named.replace("target", "customer_id = \"0012J00042NkZQIQA3\"\ntarget");
    office.write("seatsweep.toml", named);
    let ended = without_key(&office, NIGHT, &["run", "--confirm"]).expect(78);
    ended.says(&["0012J00042NkZXX", "[tenant] customer_id"]);

    // No token, and one that others can read.
    configure(&office, url, SCIM_ALONE);
    office
        .on(NIGHT, &["run", "--confirm"])
        .expect(78)
        .says(&["[scim] base_url", "token_env"]);
    office.write("token", "example-key");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(office.path("token"), mode).expect("a mode");
    let file = office.read("seatsweep.toml");
    office.write(
        "seatsweep.toml",
        file.replace("[channels]", "token_file = \"token\"\n[channels]"),
    );
    office
        .on(NIGHT, &["run", "--confirm"])
        .expect(78)
        .says(&["others can read this SCIM token"]);
}

#[test]
fn a_plan_keeps_its_channel_whatever_the_configuration_says_later() {
    let office = office();
    let sandbox = tenant(&office, &[]);
    configure(&office, &sandbox.scim_url(), SCIM_ALONE);
    without_key(&office, NIGHT, &["plan"]).expect(0);
    office.configure_8x8(&sandbox.base_url, "");
    let night = format!("{NIGHT}T20:00:00Z");
    let apply = ["apply", "out/plan.json", "--confirm", "--as-of", &night];
    office
        .seatsweep(&apply)
        .expect(78)
        .says(&["carried out over SCIM", "nothing was changed"]);
    assert_eq!(sandbox.stop(&office)["writes"], 0);
}

#[test]
fn a_rehearsal_ends_access_over_scim_too() {
    let office = Office::new("[channels]\ndeactivate = \"scim\"\n");
    office.hr(&[leaver("ann.moss", "2026-11-18")]);
    office.users(&with_colleagues([Account::of("ann.moss")]));
    office.night(NIGHT, &[]).expect(0);
    let row = only(&office.results(), "deactivate").clone();
    assert_eq!((&*row["outcome"], &*row["channel"]), ("succeeded", "scim"));
    assert_eq!(office.writes().len(), 1);
}
