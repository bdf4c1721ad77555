//! What survives: the state file and the log file.

use std::fs;

use serde_json::Value;

use super::super::{LogReport, Options, SandboxError, Seed, SeedUser, tenant};
use super::{Client, Folder, JANE, OMAR, deactivated, options, person, seed, stripped, time};

fn with_state(folder: &Folder) -> Options {
    Options {
        state_file: Some(folder.file("state.json")),
        ..options()
    }
}

#[tokio::test(start_paused = true)]
async fn a_pending_change_is_durable_before_its_202_and_completes_after_a_restart() {
    let folder = Folder::new("pending");
    let before = {
        let client = Client::new(with_state(&folder));
        let jane = client.user(JANE).await;
        assert_eq!(client.put(JANE, &deactivated(&jane)).await.status, 202);
        jane
        // The tenant ends here as if it had been killed.
    };
    let client = Client::new(Options {
        origin: time("2026-11-20T08:00:01Z"),
        ..with_state(&folder)
    });
    let operation = client.get("/operations/op_000000001").await.body;
    assert_eq!(operation["status"], "PENDING");
    assert_eq!(client.put(JANE, &deactivated(&before)).await.status, 409);

    let client = Client::new(Options {
        origin: time("2026-11-20T08:30:00Z"),
        ..with_state(&folder)
    });
    let operation = client.get("/operations/op_000000001").await.body;
    assert_eq!(operation["status"], "COMPLETED");
    let after = client.user(JANE).await;
    assert_eq!(after["basicInfo"]["status"], "INACTIVE");
    assert!(
        after.to_string().contains("\"share\":0.10"),
        "numbers survive as written"
    );
}

#[tokio::test(start_paused = true)]
async fn a_write_repeated_after_a_restart_is_noticed() {
    let folder = Folder::new("repeated");
    let client = Client::new(with_state(&folder));
    let body = deactivated(&client.user(JANE).await);
    client.put(JANE, &body).await;
    let client = Client::new(Options {
        origin: time("2026-11-20T09:00:00Z"),
        ..with_state(&folder)
    });
    client.put(JANE, &body).await;
    assert_eq!(
        client.tenant.report().repeated_writes,
        ["jane.doe@example.com"]
    );
}

#[tokio::test(start_paused = true)]
async fn the_file_wins_over_the_seed_and_new_people_are_added() {
    let folder = Folder::new("adopting");
    let client = Client::new(with_state(&folder));
    let body = stripped(&client.user(JANE).await);
    client.change(JANE, &body).await;
    assert!(client.tenant.close().write_errors.is_empty());

    let mut options = with_state(&folder);
    options.seed.users.remove(1);
    options.seed.users.push(person("Rosa", "rosa-id"));
    let client = Client::new(options);
    let licenses = client.user(JANE).await["serviceInfo"]["licenses"].clone();
    assert_eq!(licenses.as_array().map(Vec::len), Some(0));
    assert_eq!(client.user(OMAR).await["basicInfo"]["status"], "INACTIVE");
    assert_eq!(
        client.user("rosa-id").await["basicInfo"]["firstName"],
        "Rosa"
    );
}

#[cfg(unix)]
#[tokio::test(start_paused = true)]
async fn files_are_the_owners_alone_and_say_their_format() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new("modes");
    let client = Client::new(Options {
        log_file: Some(folder.file("log.json")),
        ..with_state(&folder)
    });
    client.get("/users").await;
    client.tenant.close();
    for name in ["state.json", "log.json"] {
        let path = folder.file(name);
        let mode = fs::metadata(&path).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
        let text = fs::read_to_string(&path).expect("text");
        let content: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(content["format_version"], 1, "{name}");
    }
    let text = fs::read_to_string(folder.file("log.json")).expect("text");
    let report: LogReport = serde_json::from_str(&text).expect("a report");
    assert_eq!((report.requests, report.entries.len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn an_update_that_cannot_be_made_durable_is_500_and_did_not_happen() {
    let folder = Folder::new("unwritable");
    let client = Client::new(with_state(&folder));
    let body = deactivated(&client.user(JANE).await);
    fs::remove_dir_all(&folder.0).expect("a folder");
    let reply = client.put(JANE, &body).await;
    assert_eq!((reply.status, client.tenant.report().writes), (500, 0));
    super::pass(10).await;
    assert_eq!(client.user(JANE).await["basicInfo"]["status"], "ACTIVE");
    assert_eq!(client.tenant.close().write_errors.len(), 1);
}

#[test]
fn what_is_no_state_file_of_this_tenant_is_refused() {
    let folder = Folder::new("damaged");
    let path = folder.file("state.json");
    let start = |text: &str| {
        let mut file = fs::File::create(&path).expect("a file");
        std::io::Write::write_all(&mut file, text.as_bytes()).expect("written");
        tenant(with_state(&folder)).expect_err("refused")
    };
    assert!(matches!(start("{"), SandboxError::StateDamaged { .. }));
    let other_version = start("{\"format_version\": 9}");
    assert!(matches!(
        other_version,
        SandboxError::StateVersion { found: 9, .. }
    ));
    let other_customer = start(
        r#"{"format_version": 1, "customer_id": "other", "accounts": {}, "free_seats": [],
            "operations": {}, "last_operation": 0, "latest_change": {}}"#,
    );
    assert!(matches!(other_customer, SandboxError::StateCustomer { .. }));
}

#[test]
fn a_seed_that_contradicts_itself_is_refused() {
    let refused = |users: Vec<SeedUser>| {
        let seed = Seed { users, ..seed() };
        tenant(Options { seed, ..options() }).expect_err("refused")
    };
    let same_name = vec![person("Jane", "a"), person("JANE", "b")];
    assert!(matches!(
        refused(same_name),
        SandboxError::DuplicateUsername { .. }
    ));
    let same_id = vec![person("Jane", "a"), person("Omar", "a")];
    assert!(matches!(
        refused(same_id),
        SandboxError::DuplicateUserId { .. }
    ));
    let stopped = Options {
        time_scale: 0,
        ..options()
    };
    assert!(matches!(tenant(stopped), Err(SandboxError::TimeScale)));
}

#[test]
fn a_seed_is_read_from_json() {
    let text = serde_json::to_string(&seed()).expect("JSON");
    assert_eq!(serde_json::from_str::<Seed>(&text).expect("a seed"), seed());
    let short = r#"{"username": "a@example.com", "first_name": "Al", "last_name": "Doe",
        "email": "a@example.com", "active": true, "licenses": [], "phone_numbers": []}"#;
    let user: SeedUser = serde_json::from_str(short).expect("optional fields may be missing");
    assert_eq!(user.user_id, None);
}
