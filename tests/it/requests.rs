//! Partial cancellations, from the draft to the bill.

mod receiver;

use std::collections::BTreeSet;

use receiver::{MailServer, Manner, Receiver};
use seatsweep::ledger::{Identity, Ledger};
use seatsweep::model::{Delivery, DeliveryChannel, FollowedRequest};

use super::support::{Office, actions, hr_row, only, wait_until, with_colleagues};

/// Sixty seats, forty people, five seats that nobody holds.
const CONTRACT: &str = "[seats]\nas_of = 2026-11-20\n\
    [[contracts]]\nlicense = \"X Series - X2\"\ncountry = \"US\"\nseats = 60\n\
    unit_price = \"24.05\"\ncurrency = \"USD\"\nterm_ends = 2027-03-31\n";
const REQUESTS: &str = "out/sandbox/cancellation-requests.csv";

fn files(office: &Office) {
    office.hr(&[hr_row("colleague.nr1", "Active", "")]);
    office.users(&with_colleagues([]));
    office.write(
        "seats.csv",
        "license,country,owned,unassigned\nX Series - X2,US,60,5\n",
    );
}

/// A rehearsing office with five seats too many.
fn office(more: &str) -> Office {
    let office = Office::new(&format!("[hr]\nfile = \"cumulative\"\n{more}{CONTRACT}"));
    files(&office);
    office
}

fn night(office: &Office, date: &str) -> super::support::Ended {
    office.night(date, &["--licenses", "seats.csv"])
}

/// `requests …` in the rehearsal at noon of a day.
fn say(office: &Office, date: &str, words: &[&str]) -> super::support::Ended {
    let noon = format!("{date}T20:00:00Z");
    let mut line = vec!["requests"];
    line.extend(words);
    line.extend(["--sandbox", "--as-of", &noon]);
    office.seatsweep(&line)
}

/// The only request, by column.
fn request(office: &Office) -> super::support::Row {
    let mut rows = office.results_in(REQUESTS);
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows.remove(0)
}

fn followed(office: &Office, ledger: &str, target: &str) -> Vec<FollowedRequest> {
    let identity = Identity {
        tenant: "acme".to_owned(),
        target: target.to_owned(),
        customer_id: None,
    };
    let ledger = Ledger::open_read_only(&office.path(ledger), &identity).expect("a ledger");
    let ledger = ledger.expect("a night has been");
    ledger.followed_requests().expect("requests")
}

#[test]
fn a_request_is_followed_from_the_draft_to_the_bill() {
    let office = office("");
    night(&office, "2026-11-25").expect(0);
    let drafted = request(&office);
    let id = drafted["request_id"].clone();
    assert_eq!(
        (&*drafted["state"], &*drafted["quantity"]),
        ("drafted", "5")
    );
    assert_eq!(drafted["monthly_saving"], "120.25");
    assert_eq!(drafted["cost_of_missing"], "1443.00");
    assert_eq!(drafted["notice_by"], "2027-03-01");
    assert_eq!(
        (&*drafted["submit_by"], &*drafted["days_left"]),
        ("2027-02-15", "82")
    );
    assert_eq!(drafted["renews_until"], "2028-03-31");

    let submit = ["submit", &id, "--case", "00123456", "--on", "2026-11-25"];
    let said = say(&office, "2026-11-26", &submit).expect(0);
    assert!(said.stdout.starts_with("submitted: "), "{}", said.stdout);
    // What the vendor has is neither revised nor asked for again.
    let next = night(&office, "2026-12-08").expect(0);
    assert!(!next.stderr.contains("reminder:"), "{}", next.stderr);
    assert_eq!(
        actions(&office.results(), "request_partial_cancellation").len(),
        0
    );
    assert_eq!(request(&office)["case_number"], "00123456");
    night(&office, "2026-12-09")
        .expect(0)
        .says(&["reminder:", "14 days ago", "2027-03-01"]);

    let confirm = [
        "confirm",
        &id,
        "--effective",
        "2027-03-31",
        "--fees",
        "12.50 USD",
    ];
    say(&office, "2026-12-10", &confirm).expect(0);
    night(&office, "2027-03-31").expect(0);
    let confirmed = request(&office);
    assert_eq!(
        (&*confirmed["state"], &*confirmed["fees"]),
        ("confirmed", "12.50 USD")
    );
    night(&office, "2027-04-01")
        .expect(0)
        .says(&["took effect on 2027-03-31, 1 days ago"]);
    night(&office, "2027-04-02").expect(0);
    assert_eq!(request(&office)["state"], "effective");
    assert_eq!(
        actions(&office.results(), "request_partial_cancellation").len(),
        0
    );

    say(&office, "2027-04-20", &["close", &id]).expect(0);
    let all = say(&office, "2027-04-20", &["list", "--all"]).expect(0);
    assert!(all.stdout.contains("verified"), "{}", all.stdout);
    let open = say(&office, "2027-04-20", &["list"]).expect(0);
    assert!(!open.stdout.contains(&id), "{}", open.stdout);
    let story = say(&office, "2027-04-20", &["list", &id]).expect(0).stdout;
    let words = [
        "drafted: 5 seats",
        "delivered to file: revision 1, 5 seats",
        "submitted: 5 seats, case 00123456, handed in on 2026-11-25",
        "confirmed: 5 seats, effective on 2027-03-31, fees 12.50 USD",
        "effective: 5 seats, by the calendar",
        "verified: 5 seats",
    ];
    let mut rest = story.as_str();
    for word in words {
        let position = rest.find(word);
        rest = &rest[position.unwrap_or_else(|| panic!("{word:?} in its order:\n{story}"))..];
    }
    assert_eq!(
        story.matches("effective: 5 seats").count(),
        1,
        "recorded once"
    );
}

#[test]
fn a_step_that_is_not_legal_is_refused_with_those_that_are() {
    let office = office("");
    say(&office, "2026-11-25", &["list"])
        .expect(66)
        .says(&["there is no ledger"]);
    night(&office, "2026-11-25").expect(0);
    let id = request(&office)["request_id"].clone();
    let cases: [(&[&str], &str); 8] = [
        (
            &["close", &id],
            "what can be said of it is: submit, withdraw",
        ),
        (&["confirm", &id, "--effective", "2027-03-31"], "is drafted"),
        (&["close", "cancel-0000"], "requests list --all"),
        (&["submit", &id, "--case", " "], "--case needs one line"),
        (
            &["submit", &id, "--case", "1", "--on", "2026-11-27"],
            "is not over yet",
        ),
        (
            &["submit", &id, "--case", "1", "--quantity", "0"],
            "is no request",
        ),
        (
            &["withdraw", &id, "--note", "a\nb"],
            "--note needs one line",
        ),
        (
            &[
                "confirm",
                &id,
                "--effective",
                "2027-03-31",
                "--fees",
                "12,50",
            ],
            "120.50 USD",
        ),
    ];
    for (words, refusal) in cases {
        say(&office, "2026-11-26", words)
            .expect(64)
            .says(&[refusal]);
    }
    say(&office, "2026-11-26", &["submit", &id, "--case", "1"]).expect(0);
    let early = ["confirm", &id, "--effective", "2026-11-25"];
    say(&office, "2026-11-27", &early)
        .expect(64)
        .says(&["is before 2026-11-26"]);
    say(&office, "2026-11-27", &["withdraw", &id]).expect(0);
    say(&office, "2026-11-27", &["withdraw", &id])
        .expect(64)
        .says(&["nothing more can be said of it"]);
    let states: Vec<_> = followed(&office, "out/sandbox/seatsweep-sandbox.db", "sandbox");
    assert_eq!(states.len(), 1, "a refusal records nothing");
}

#[test]
fn submitting_needs_a_target_and_for_8x8_a_confirmation() {
    let office = office("");
    let submit = ["requests", "submit", "cancel-1", "--case", "1"];
    office
        .seatsweep(&submit)
        .expect(78)
        .says(&["no target was chosen"]);
    office.configure_8x8("http://127.0.0.1:9/admin-provisioning", "");
    office
        .seatsweep(&submit)
        .expect(6)
        .says(&["--confirm", "nothing was recorded"]);
    office
        .seatsweep(&["requests", "submit", "cancel-1", "--case", "1", "--confirm"])
        .expect(66);
}

#[test]
fn what_lapsed_is_drafted_anew_for_the_next_term() {
    let office = office("");
    night(&office, "2027-02-01")
        .expect(0)
        .says(&["has to be handed in to 8x8 by 2027-02-15: 14 days left"]);
    let id = request(&office)["request_id"].clone();
    say(&office, "2027-02-10", &["submit", &id, "--case", "7"]).expect(0);
    night(&office, "2027-03-01").expect(0);
    assert_eq!(
        request(&office)["state"],
        "submitted",
        "the last day of notice"
    );
    night(&office, "2027-03-02").expect(0);
    let anew = request(&office);
    assert_eq!((&*anew["request_id"], &*anew["state"]), (&*id, "drafted"));
    assert_eq!(
        (&*anew["term_ends"], &*anew["case_number"]),
        ("2028-03-31", "")
    );
    let story = say(&office, "2027-03-02", &["list", &id]).expect(0).stdout;
    assert!(
        story.contains("lapsed: 5 seats, by the calendar"),
        "{story}"
    );
    assert!(story.contains("delivered to file: revision 2"), "{story}");
}

#[test]
fn joiners_lower_a_draft_and_are_told_of_a_request_that_the_vendor_has() {
    let joiners =
        "[[seats.planned_joiners]]\nlicense = \"X Series - X2\"\ncountry = \"US\"\nseats = 2\n";
    let office = office("");
    night(&office, "2026-11-25").expect(0);
    let id = request(&office)["request_id"].clone();
    office.configure(&format!("{CONTRACT}{joiners}"));
    night(&office, "2026-11-26").expect(0);
    assert_eq!(request(&office)["quantity"], "3");
    let letter = office.read(&format!("out/sandbox/requests/{id}/request.txt"));
    assert!(
        letter.contains("Cancel 3 seats") && letter.contains("revision 2"),
        "{letter}"
    );
    say(&office, "2026-11-26", &["submit", &id, "--case", "7"]).expect(0);
    office.configure(&format!(
        "{CONTRACT}{}",
        joiners.replace("seats = 2", "seats = 4")
    ));
    let told = night(&office, "2026-11-27").expect(0);
    told.says(&[
        "8x8 was asked to cancel 3 seats, but only 1 are free now",
        &id,
    ]);
    assert_eq!(request(&office)["quantity"], "3", "the vendor has it");
}

#[test]
fn a_plan_from_before_the_submission_leaves_the_request_alone() {
    let office = office("");
    night(&office, "2026-11-25").expect(0);
    let id = request(&office)["request_id"].clone();
    office.write(
        "seats.csv",
        "license,country,owned,unassigned\nX Series - X2,US,60,9\n",
    );
    let plan = ["plan", "--sandbox", "--licenses", "seats.csv"];
    office.on("2026-11-26", &plan).expect(0);
    say(&office, "2026-11-26", &["submit", &id, "--case", "7"]).expect(0);
    let apply = [
        "apply",
        "out/sandbox/plan.json",
        "--sandbox",
        "--as-of",
        "2026-11-26T21:00:00Z",
    ];
    office.seatsweep(&apply).expect(0);
    let results = office.results();
    let draft = only(&results, "request_partial_cancellation");
    assert_eq!(
        (&*draft["outcome"], &*draft["reason"]),
        ("skipped", "handed_over")
    );
    assert_eq!(
        (&*request(&office)["state"], &*request(&office)["quantity"]),
        ("submitted", "5")
    );
}

#[test]
fn the_pack_has_everything_that_the_form_can_ask_for_and_names_nobody() {
    let office = office("[channels]\ncancellation = [\"file\", \"webhook\"]\n");
    // A sandbox delivers to files only, so that [webhook] is not even needed.
    night(&office, "2026-11-25")
        .expect(0)
        .says(&["drafts delivered to file: 1"]);
    let id = request(&office)["request_id"].clone();
    let folder = format!("out/sandbox/requests/{id}");
    let letter = office.read(&format!("{folder}/request.txt"));
    let words = [
        "This comes from a rehearsal (sandbox). Do not hand it in.",
        "Cancel 5 seats of X Series - X2 (US) at 8x8 by 2027-02-15",
        "Billing, Cancel Services",
        "Security Passphrase",
        "2027-03-31",
        "120.25 USD",
        "1443.00 USD",
        "RMA",
        &format!("seatsweep requests submit {id}"),
    ];
    for word in words {
        assert!(letter.contains(word), "{word:?} not in:\n{letter}");
    }
    assert!(
        !letter.contains("colleague") && !letter.contains('@'),
        "{letter}"
    );
    let seats = office.results_in(&format!("{folder}/seats.csv"));
    assert_eq!(seats.len(), 5);
    assert_eq!(seats[0]["freed_from"], "unassigned before");
    assert_eq!(
        office
            .results_in(&format!("{folder}/device-returns.csv"))
            .len(),
        0
    );
    let document: serde_json::Value =
        serde_json::from_str(&office.read(&format!("{folder}/request.json"))).expect("JSON");
    assert_eq!(
        (&document["quantity"], &document["todo"]),
        (&5.into(), &"hand_in".into())
    );
}

#[test]
fn the_numbers_report_settles_the_entitlement_where_it_can() {
    let office = office("");
    let numbers = |count: u32| {
        let rows: Vec<String> = (1..=count)
            .map(|number| format!("Assigned,1555010{number:04},"))
            .collect();
        office.write(
            "numbers.csv",
            format!(
                "Number status,Phone number,Extension\n{}\n",
                rows.join("\n")
            ),
        );
    };
    let tonight = |date| {
        office.night(
            date,
            &["--licenses", "seats.csv", "--numbers", "numbers.csv"],
        )
    };
    numbers(56);
    tonight("2026-11-25").expect(0);
    let entitlement = request(&office)["entitlement"].clone();
    assert!(
        entitlement.starts_with("unknown (56 numbers"),
        "{entitlement}"
    );
    let steps = office.results_in("out/sandbox/manual-tasks.csv");
    let tasks = steps.iter().filter(|row| row["step"] == "1").count();
    assert_eq!(tasks, 1);
    numbers(55);
    tonight("2026-11-26").expect(0);
    let entitlement = request(&office)["entitlement"].clone();
    assert!(
        entitlement.starts_with("covered (55 numbers"),
        "{entitlement}"
    );
    assert_eq!(office.results_in("out/sandbox/manual-tasks.csv").len(), 0);
}

/// An office whose drafts go elsewhere, too. Nothing has to be done in the
/// tenant, so nothing listens at its address.
fn delivering(more: &str) -> Office {
    let office = Office::new("");
    office.write("secret", "example-secret\n");
    office.write(
        "seatsweep.toml",
        format!(
            "[tenant]\nname = \"acme\"\ntarget = \"8x8\"\n[hr]\nfile = \"cumulative\"\n\
             [admin_api]\nbase_url = \"http://127.0.0.1:9/admin-provisioning\"\n\
             [limits]\ntime_scale = 600\n[policy]\ntime_zone = \"America/Los_Angeles\"\n\
             [protected]\naccounts = [\"admin@example.com\"]\n[guards]\nfirst_run = \"act\"\n\
             {more}{CONTRACT}"
        ),
    );
    files(&office);
    office
}

fn posting(receiver: &Receiver) -> Office {
    delivering(&format!(
        "[channels]\ncancellation = [\"file\", \"webhook\"]\n\
         [webhook]\nurl = \"{}\"\nsecret_file = \"secret\"\n",
        receiver.url
    ))
}

const RUN: [&str; 4] = ["run", "--confirm", "--licenses", "seats.csv"];

fn webhooks(office: &Office) -> Vec<Delivery> {
    let requests = followed(office, "seatsweep.db", "loopback");
    let deliveries = requests.into_iter().flat_map(|it| it.deliveries);
    deliveries
        .filter(|delivery| delivery.channel == DeliveryChannel::Webhook)
        .collect()
}

#[test]
fn under_faults_a_draft_arrives_at_least_once_with_one_key_and_is_recorded_once() {
    let receiver = Receiver::start(&[
        Manner::HangsUp,
        Manner::Answers(500),
        Manner::Answers(429),
        Manner::AnswersLate,
    ]);
    let office = posting(&receiver);
    office
        .on("2026-11-25", &RUN)
        .expect(0)
        .says(&["drafts delivered to webhook: 1"]);
    let posts = receiver.posts();
    assert_eq!(posts.len(), 4);
    let different: BTreeSet<_> = posts.iter().map(|post| (post.key(), &post.body)).collect();
    assert_eq!(different.len(), 1, "one key, one body");
    let post = &posts[0];
    assert_eq!(post.headers["content-type"], "application/json");
    assert!(post.headers["x-seatsweep-signature"].starts_with("sha256="));
    assert!(!format!("{post:?}").contains("example-secret"));
    let document = post.json();
    assert_eq!(document["idempotency_key"], post.key());
    assert_eq!(
        (&document["quantity"], &document["revision"]),
        (&5.into(), &1.into())
    );
    let recorded = webhooks(&office);
    assert_eq!(recorded.len(), 1);
    assert_eq!(recorded[0].key, post.key());
    // Nothing new, nothing sent.
    office.on("2027-01-25", &RUN).expect(0);
    assert_eq!((receiver.posts().len(), webhooks(&office).len()), (4, 1));
}

#[test]
fn a_receiver_that_tells_its_callers_by_a_query_gets_it_and_nobody_else() {
    let mut receiver = Receiver::start(&[Manner::Answers(403), Manner::Answers(202)]);
    receiver.url.push_str("?v=1&sig=a%2Bb");
    let office = posting(&receiver);
    let refused = office.on("2026-11-25", &RUN).expect(4);
    assert!(!refused.stderr.contains("sig="), "{}", refused.stderr);
    assert!(!office.read("out/summary.json").contains("sig="));
    office.on("2026-11-26", &RUN).expect(0);
    let targets: Vec<String> = receiver.posts().into_iter().map(|it| it.target).collect();
    assert_eq!(targets, ["/hook?v=1&sig=a%2Bb", "/hook?v=1&sig=a%2Bb"]);
}

#[test]
fn what_did_not_arrive_is_told_and_sent_the_next_night_with_the_same_key() {
    let receiver = Receiver::start(&[Manner::Answers(400), Manner::Answers(204)]);
    let office = posting(&receiver);
    office
        .on("2026-11-25", &RUN)
        .expect(4)
        .says(&["answered 400", "sent again"]);
    let summary = office.read("out/summary.json");
    assert!(
        summary.contains("(webhook): the webhook at 127.0.0.1"),
        "{summary}"
    );
    assert!(!summary.contains("/hook"), "a path may be a secret");
    assert_eq!(webhooks(&office), []);
    office.on("2026-11-26", &RUN).expect(0);
    let posts = receiver.posts();
    assert_eq!(
        posts.len(),
        2,
        "a refusal is not repeated in the same night"
    );
    assert_eq!(
        (posts[0].key(), &posts[0].body),
        (posts[1].key(), &posts[1].body)
    );
    assert_eq!(webhooks(&office).len(), 1);
}

#[test]
fn killed_between_sending_and_recording_the_same_key_is_sent_again() {
    let receiver = Receiver::start(&[Manner::Hangs, Manner::Answers(200)]);
    let office = posting(&receiver);
    let client = office.start_on("2026-11-25", &RUN);
    wait_until("a post", || receiver.posts().len() == 1);
    drop(client); // SIGKILL
    assert_eq!(webhooks(&office), []);
    office.on("2026-11-25", &RUN).expect(0);
    let posts = receiver.posts();
    assert_eq!(posts.len(), 2);
    assert_eq!(
        (posts[0].key(), &posts[0].body),
        (posts[1].key(), &posts[1].body)
    );
    assert_eq!(webhooks(&office).len(), 1);
    let requests = followed(&office, "seatsweep.db", "loopback");
    assert_eq!(
        (requests.len(), requests[0].revision),
        (1, 1),
        "not a new request"
    );
}

#[test]
fn a_lower_draft_is_delivered_at_once_under_a_key_of_its_own() {
    let receiver = Receiver::start(&[Manner::Answers(200)]);
    let office = posting(&receiver);
    office.on("2026-11-25", &RUN).expect(0);
    office.write(
        "seats.csv",
        "license,country,owned,unassigned\nX Series - X2,US,60,7\n",
    );
    office.on("2026-11-26", &RUN).expect(0);
    assert_eq!(
        receiver.posts().len(),
        1,
        "more seats wait for the next month"
    );
    office.write(
        "seats.csv",
        "license,country,owned,unassigned\nX Series - X2,US,60,0\n",
    );
    office.on("2026-11-27", &RUN).expect(0);
    let posts = receiver.posts();
    assert_eq!(posts.len(), 2);
    assert_ne!(posts[0].key(), posts[1].key());
    assert_eq!(posts[1].json()["todo"], "do_not_hand_in");
    assert_eq!(posts[1].json()["revision"], 3);
}

#[test]
fn mails_go_to_the_configured_people_only() {
    let server = MailServer::start();
    let office = delivering(&format!(
        "[channels]\ncancellation = [\"email\"]\n[email]\nhost = \"127.0.0.1\"\nport = {}\n\
         encryption = \"none\"\nfrom = \"seatsweep@example.com\"\nto = [\"licences@example.com\"]\n",
        server.port
    ));
    office
        .on("2026-11-25", &RUN)
        .expect(0)
        .says(&["drafts delivered to email: 1"]);
    office.on("2026-11-26", &RUN).expect(0);
    let mails = server.mails();
    assert_eq!(mails.len(), 1);
    let mail = &mails[0];
    assert_eq!(mail.matches("RCPT TO").count(), 1, "{mail}");
    assert!(mail.contains("RCPT TO:<licences@example.com>"), "{mail}");
    let requests = followed(&office, "seatsweep.db", "loopback");
    let key = &requests[0].deliveries[0].key;
    assert!(
        mail.contains(&format!("Message-ID: <{key}@example.com>")),
        "{mail}"
    );
}

#[test]
fn a_tenant_on_this_machine_tells_nobody_elsewhere() {
    let office = delivering(
        "[channels]\ncancellation = [\"webhook\"]\n\
         [webhook]\nurl = \"https://tickets.example.com/hook\"\nsecret_file = \"secret\"\n",
    );
    office
        .on("2026-11-25", &RUN)
        .expect(4)
        .says(&["nothing is sent to other machines"]);
}

#[test]
fn delivery_that_is_configured_by_half_stops_before_anything_starts() {
    let cases = [
        ("cancellation = [\"webhook\"]\n", "[webhook] needs url"),
        (
            "cancellation = [\"email\"]\n",
            "[email] needs host, from and to",
        ),
        (
            "cancellation = [\"email\"]\n[email]\nhost = \"mail.example.com\"\n\
             encryption = \"none\"\nfrom = \"a@example.com\"\nto = [\"b@example.com\"]\n",
            "server on this machine",
        ),
        (
            "cancellation = [\"email\"]\n[email]\nhost = \"mail.example.com\"\nusername = \"x\"\n\
             from = \"a@example.com\"\nto = [\"b@example.com\"]\n",
            "username needs password_env",
        ),
        (
            "cancellation = [\"webhook\"]\n[webhook]\nurl = \"http://tickets.example.com\"\n",
            "only https",
        ),
        ("cancellation = [\"pigeon\"]\n", "pigeon"),
    ];
    for (channels, refusal) in cases {
        let office = delivering(&format!("[channels]\n{channels}"));
        office.on("2026-11-25", &RUN).expect(78).says(&[refusal]);
        assert!(!office.exists("seatsweep.db"), "{refusal}");
    }
}
