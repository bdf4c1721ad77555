//! Random tenants: what a night did is undone, and everything is as before but
//! for what was named as lost.

use proptest::prelude::*;

use super::super::past_accounts;
use super::plans::username;
use super::*;
use crate::ledger::{AttemptEnd, AttemptKey, Entry, Intent};
use crate::model::{Disposition, Reason, TouchedAccount};
use crate::plan::tests::named;
use crate::plan::{Undo, undo};
use crate::reconcile::RowDisposition;

const CATALOG: [&str; 3] = [LICENSE, "X Series - X4-VOSVC0218-02-US", STORAGE];

/// One account, and what the night does to it.
#[derive(Debug, Clone)]
struct Person {
    active: bool,
    /// Positions in the catalog, and whether the seat is taken.
    licenses: Vec<(usize, bool)>,
    /// Whether access ends, if it has not.
    leaves: bool,
    /// Whether access that ends alone ends over SCIM.
    over_scim: bool,
    /// What happens to its first update on the night, and when that is undone.
    night_fault: usize,
    undo_fault: usize,
}

impl Person {
    fn taken(&self) -> Vec<LicenseName> {
        let touched = self.leaves || !self.active;
        let taken = self.licenses.iter().filter(|(_, taken)| touched && *taken);
        taken
            .map(|(license, _)| LicenseName::parse(CATALOG[*license], None).expect("a licence"))
            .collect()
    }

    fn seed(&self, number: usize) -> SeedUser {
        SeedUser {
            active: self.active,
            licenses: self
                .licenses
                .iter()
                .map(|(license, _)| SeedLicense {
                    name: CATALOG[*license].to_owned(),
                    country: "US".to_owned(),
                })
                .collect(),
            ..seed_user(Work::Deactivate(number))
        }
    }
}

fn person() -> impl Strategy<Value = Person> {
    let licenses = proptest::collection::vec((0..CATALOG.len(), any::<bool>()), 0..4);
    let channel = any::<bool>();
    let faults = (0_usize..6, 0_usize..5);
    let parts = (any::<bool>(), licenses, any::<bool>(), channel, faults);
    parts.prop_map(|(active, licenses, leaves, over_scim, faults)| Person {
        active,
        licenses,
        leaves,
        over_scim,
        night_fault: faults.0,
        undo_fault: faults.1,
    })
}

/// The night may fail for some, or in part; nothing stays unknown.
fn night_fault(person: &Person) -> Option<Fault> {
    match person.night_fault {
        0 => Some(Fault::Answer(409, Value::Null)),
        1 => Some(Fault::Answer(400, Value::Null)),
        2 => Some(Fault::LostBefore),
        3 => Some(Fault::LostAfter),
        _ => None,
    }
}

/// The undo meets nothing that keeps it from its end.
fn undo_fault(person: &Person) -> Option<Fault> {
    match person.undo_fault {
        0 => Some(Fault::LostAfter),
        1 => Some(Fault::LostBefore),
        2 => Some(Fault::StatusAfter(503)),
        3 => Some(Fault::Throttled(7)),
        _ => None,
    }
}

/// The first update of each account from now on meets its fault.
fn disturb(
    people: &[Person],
    fault: fn(&Person) -> Option<Fault>,
) -> impl FnMut(&str, &str, usize) -> Option<Fault> + Send + use<> {
    let mut faults: BTreeMap<usize, Fault> = BTreeMap::new();
    for (position, person) in people.iter().enumerate() {
        faults.extend(fault(person).map(|fault| (position + 1, fault)));
    }
    move |method, path, _| {
        let (_, number) = path.rsplit_once('U')?;
        let is_update = method == "PUT" || method == "PATCH";
        let number = is_update.then(|| number.parse().ok())??;
        faults.remove(&number)
    }
}

/// The night's plan: whatever is to be done to the people.
fn plan_for(people: &[Person]) -> Plan {
    let mut plan = plan_of("plan-1", &[]);
    for (line, person) in people.iter().enumerate() {
        plan.dispositions.push(line_of(line + 1));
        let taken = person.taken();
        let deactivates = person.active && person.leaves;
        let work = match (deactivates, taken.is_empty()) {
            (true, true) => Work::Deactivate(line + 1),
            (true, false) => Work::Both(line + 1),
            (false, false) => Work::Remove(line + 1),
            (false, true) => continue,
        };
        // The plan of the other tests, with other licences.
        let mut of_person = plan_of("plan-1", &[work]);
        let any = of_person.actions[0].clone();
        of_person
            .actions
            .retain(|action| action.kind == ActionKind::Deactivate);
        let step = &mut of_person.lanes[0].steps[0];
        step.remove.clear();
        if deactivates && taken.is_empty() && person.over_scim {
            step.channel = Channel::Scim;
        }
        for (ordinal, license) in taken.into_iter().enumerate() {
            let id = format!("remove-{:04}-{ordinal}", line + 1);
            of_person.actions.push(Action {
                id: id.clone(),
                kind: ActionKind::RemoveLicense,
                license: Some(license.clone()),
                ..any.clone()
            });
            step.remove.push(Removal {
                action: id,
                license,
            });
        }
        for action in &mut of_person.actions {
            action.line = Some(line);
            action.subject.user_id = UserId::parse(&user_id(line + 1));
            action.subject.username = Username::parse(&username(line + 1));
        }
        plan.actions.extend(of_person.actions);
        plan.lanes.extend(of_person.lanes);
        plan.terminations.extend(of_person.terminations);
    }
    plan
}

fn line_of(number: usize) -> RowDisposition {
    RowDisposition {
        origin: Origin::Hr,
        source: None,
        employee_id: format!("E{number:04}").into(),
        person: "".into(),
        work_email: username(number).into(),
        site: "".into(),
        cost_center: "".into(),
        termination_date: None,
        disposition: Disposition::Planned,
        reason: Reason::DeactivationDue,
        detail: "".into(),
        matched_by: "employee_id".into(),
        user_id: user_id(number).into(),
        username: username(number).into(),
        next_due: None,
        needs_a_look: false,
    }
}

/// What the ledger and tonight's clock make of an undo.
fn undo_of(night: &Night) -> Plan {
    let ledger = night.ledger();
    let as_of = night.api.clock().now();
    let memory = ledger.memory(as_of).expect("a memory");
    let accounts = past_accounts(&night.plan, &ledger, &memory).expect("a past");
    named(undo(&Undo {
        as_of,
        today: "2026-11-21".parse().expect("a date"),
        run_id: "run-1",
        together: &["run-1".to_owned()],
        undone: &night.plan,
        policy: &night.plan.policy,
        guard_limits: &night.plan.guard_limits,
        memory: &memory,
        holds: &[],
        inputs: Vec::new(),
        accounts: &accounts,
    }))
}

async fn body(night: &Night, number: usize) -> Value {
    let user = night.api.user(&user_id(number)).await.expect("a user");
    user.value.body().clone()
}

/// The account without what nobody promised to bring back: times, the ids of
/// seats, and, where seats were taken, what hung on the extension.
fn comparable(mut body: Value, seats_were_taken: bool) -> Value {
    body["basicInfo"]["lastUpdatedTime"] = Value::Null;
    let licenses = body["serviceInfo"]["licenses"].take();
    let mut names: Vec<String> = licenses
        .as_array()
        .into_iter()
        .flatten()
        .map(|license| license["name"].as_str().unwrap_or_default().to_owned())
        .filter(|name| !seats_were_taken || !name.contains("Local Number"))
        .collect();
    names.sort();
    body["serviceInfo"]["licenses"] = serde_json::json!(names);
    if seats_were_taken {
        body["serviceInfo"]["extensions"] = Value::Null;
        body["assignmentInfo"]["ringGroups"] = Value::Null;
        body["assignmentInfo"]["ucCallQueues"] = Value::Null;
    }
    body
}

async fn night_and_undo(people: Vec<Person>) {
    let seeds = people.iter().enumerate();
    let seeds: Vec<SeedUser> = seeds.map(|(n, it)| it.seed(n + 1)).collect();
    let mut night = Night::in_tenant(&[], |options| options.seed.users = seeds);
    night.plan = plan_for(&people);
    let tonight = night.plan.clone();
    let mut before = Vec::new();
    for number in 1..=people.len() {
        before.push(body(&night, number).await);
    }
    let mut night = night.with_faults(disturb(&people, night_fault));
    let ended = night.run().await;
    assert!(!ended.values().any(|it| is(it, Outcome::Unknown)));
    // Whom something was done to, and from whom a seat was taken.
    let done = |kind: Option<ActionKind>, person: usize| {
        let mut actions = tonight.actions.iter();
        actions.any(|action| {
            action.line == Some(person)
                && kind.is_none_or(|kind| action.kind == kind)
                && is(&ended[&action.id], Outcome::Succeeded)
        })
    };
    let was_taken = |person| done(Some(ActionKind::RemoveLicense), person);
    let changed = (0..people.len()).filter(|person| done(None, *person));
    let changed = changed.count();

    let undone = undo_of(&night);
    assert_eq!(undo_of(&night), undone, "same ledger, same instant");
    assert_eq!(undone.lanes.len(), changed);
    let lost: BTreeMap<String, String> = undone
        .dispositions
        .iter()
        .map(|line| (line.user_id.to_string(), line.detail.to_string()))
        .collect();
    night.plan = undone;
    night.stop = StopSwitch::default();
    let mut night = night.with_faults(disturb(&people, undo_fault));
    let ended = night.run().await;
    let fine = |it: &OutcomeRecord| is(it, Outcome::Succeeded) || is(it, Outcome::Manual);
    assert!(ended.values().all(fine), "{:?}", words(&ended));

    for position in 0..people.len() {
        let after = body(&night, position + 1).await;
        let was_taken = was_taken(position);
        let untouched = comparable(before[position].clone(), was_taken);
        assert_eq!(comparable(after.clone(), was_taken), untouched);
        let extension = |body: &Value| body["serviceInfo"]["extensions"][0].clone();
        let before = extension(&before[position]);
        let said = lost.get(&user_id(position + 1));
        if extension(&after) == before {
            assert!(said.is_none_or(|said| !said.contains("membership of")));
        } else {
            let said = said.expect("what is lost");
            for name in names_in(&before) {
                assert!(said.contains(&name), "{name} not in {said}");
            }
        }
        if let (false, Some(said)) = (was_taken, said) {
            let nothing = "nothing but the sessions that were open";
            assert!(said.ends_with(nothing), "{said}");
        }
    }
    let log = night.tenant.report();
    assert_eq!((log.violations, log.polls_too_fast), (0, 0));
    assert_eq!(log.fields_lost, Vec::<String>::new());
    assert_eq!(log.repeated_writes, Vec::<String>::new());

    // Nothing is left to undo, and no seat counts as freed any more.
    let memory = night.memory();
    let removed = memory.accounts.values().map(|it| it.removed.len());
    assert_eq!(removed.sum::<usize>(), 0);
    let is_undone = |record: &&TerminationRecord| record.state == TerminationState::Undone;
    let undone = memory.terminations.values().filter(is_undone);
    assert_eq!(undone.count(), changed);
    night.plan = tonight;
    let again = undo_of(&night);
    assert_eq!(again.actions, Vec::new());
    let reasons: Vec<Reason> = again.dispositions.iter().map(|it| it.reason).collect();
    assert_eq!(reasons, vec![Reason::Undone; changed]);
}

/// What an extension is called by: its number, and the phone numbers on it.
fn names_in(extension: &Value) -> Vec<String> {
    let number = extension["extensionNumber"].as_str();
    let phones = extension["phoneNumbers"].as_array().into_iter().flatten();
    let phones = phones.filter_map(|phone| phone["phoneNumber"].as_str());
    number
        .into_iter()
        .chain(phones)
        .map(str::to_owned)
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn an_undone_night_leaves_the_tenant_as_it_was(
        people in proptest::collection::vec(person(), 1..6)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .expect("a runtime");
        runtime.block_on(night_and_undo(people));
    }
}

/// Ann's two seats are taken, both come back.
fn two_seats() -> Person {
    Person {
        active: true,
        licenses: vec![(0, true), (1, true)],
        leaves: true,
        over_scim: false,
        night_fault: 9,
        undo_fault: 9,
    }
}

/// A night that is over, and the plan that undoes it.
async fn after_a_night(change: impl FnOnce(&mut Options)) -> Night {
    let seeds = vec![two_seats().seed(1)];
    let mut night = Night::in_tenant(&[], |options| {
        options.seed.users = seeds;
        change(options);
    });
    night.plan = plan_for(&[two_seats()]);
    night.run().await;
    let undone = undo_of(&night);
    night.plan = undone;
    night
}

/// How the actions that need a request ended, in the order of kinds.
fn changes(night: &Night, outcomes: &BTreeMap<String, OutcomeRecord>) -> Vec<String> {
    let actions = night.plan.actions.iter();
    actions
        .filter(|action| action.kind != ActionKind::ManualTask)
        .map(|action| format!("{} {}", action.kind, word(&outcomes[&action.id])))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn seats_wait_for_access() {
    let refuse = |method: &str, _: &str, nth: usize| {
        (method == "PUT" && nth == 2).then(|| Fault::Answer(409, Value::Null))
    };
    let night = after_a_night(|_| {}).await.with_faults(refuse);
    let outcomes = night.run().await;
    let deferred = "assign_license deferred earlier_step";
    assert_eq!(
        changes(&night, &outcomes),
        ["reactivate failed refused", deferred, deferred]
    );
    assert_eq!(night.account(1).await, "deactivated");
    let id = termination(1).termination.id();
    let state = night.memory().terminations[&id].state;
    assert_eq!(state, TerminationState::Spent, "nothing was undone");
}

/// Somebody was quicker.
#[tokio::test(start_paused = true)]
async fn what_is_back_already_is_already_done() {
    let night = after_a_night(|_| {}).await;
    night
        .edit(1, |body| body["basicInfo"]["status"] = "ACTIVE".into())
        .await;
    night
        .edit(1, |body| {
            let licenses = body["serviceInfo"]["licenses"].as_array_mut();
            let seat = serde_json::json!({ "name": LICENSE, "country": "US" });
            licenses.expect("a list").push(seat);
        })
        .await;
    let outcomes = night.run().await;
    let assigned: BTreeSet<String> = changes(&night, &outcomes)[1..].iter().cloned().collect();
    assert_eq!(changes(&night, &outcomes)[0], "reactivate already_done");
    let expected = ["assign_license already_done", "assign_license succeeded"];
    assert_eq!(assigned, expected.map(str::to_owned).into());
    let memory = night.memory();
    assert!(memory.accounts.values().all(|it| it.removed.is_empty()));
}

#[tokio::test(start_paused = true)]
async fn an_account_that_a_provider_manages_by_now_is_handed_over() {
    let night = after_a_night(|_| {}).await;
    night
        .edit(1, |body| body["basicInfo"]["scimProvider"] = "okta".into())
        .await;
    let outcomes = night.run().await;
    assert_eq!(
        changes(&night, &outcomes)[0],
        "reactivate manual identity_provider"
    );
    let memory = night.memory();
    // Later nights take no more.
    let state = memory.terminations[&termination(1).termination.id()].state;
    assert_eq!(state, TerminationState::Undone);
    let mut kinds = memory.tasks.values().map(|task| task.kind.as_str());
    assert!(kinds.any(|kind| kind == "reactivate_in_identity_provider"));
}

/// An update of the account under this plan of which nobody knows what became.
fn nobody_knows(night: &Night, plan_id: &str, before_image: &Value) {
    let key = AttemptKey {
        plan_id: plan_id.to_owned(),
        step_id: "step-of-nobody".to_owned(),
        attempt: 1,
    };
    let at = night.clock.now();
    let account = night.plan.lanes[0].account.clone();
    let intent = Intent {
        key: key.clone(),
        account: account.clone(),
        user_id: user_id(1),
        before_image: before_image.to_string(),
        wanted: "{}".to_owned(),
        request_id: None,
        at,
    };
    let touched = TouchedAccount {
        account,
        plan_id: plan_id.to_owned(),
        at,
    };
    let ended = Entry::AttemptEnded {
        key,
        end: AttemptEnd::Unknown,
        at,
    };
    let entries = [Entry::Intent(intent), Entry::Touched(touched), ended];
    night.ledger().record(&entries).expect("recorded");
}

fn fate(plan: &Plan) -> (Disposition, Reason) {
    let line = &plan.dispositions[0];
    (line.disposition, line.reason)
}

#[tokio::test(start_paused = true)]
async fn what_nobody_knows_is_not_taken_back() {
    for plan_id in ["plan-1", "plan-2"] {
        let mut night = Night::in_tenant(&[], |options| {
            options.seed.users = vec![two_seats().seed(1)];
        });
        night.plan = plan_for(&[two_seats()]);
        let image = body(&night, 1).await;
        night.run().await;
        assert_eq!(fate(&undo_of(&night)), (Disposition::Planned, Reason::Undo));
        let tonight = night.plan.clone();
        night.plan.plan_id = plan_id.to_owned();
        nobody_knows(&night, plan_id, &image);
        night.plan = tonight;
        let reason = match plan_id {
            "plan-1" => Reason::OutcomeUnknown,
            _ => Reason::ChangedSince,
        };
        let undone = undo_of(&night);
        assert_eq!(fate(&undone), (Disposition::Conflict, reason));
        assert!(undone.actions.is_empty());
    }
}

/// The vendor took the deactivation and not the removals that went with it.
#[tokio::test(start_paused = true)]
async fn what_the_night_did_not_do_is_not_given_back() {
    let mut night = Night::in_tenant(&[], |options| {
        options.seed.users = vec![two_seats().seed(1)];
    });
    night.plan = plan_for(&[two_seats()]);
    let before = night.account(1).await;
    let refuse = |method: &str, _: &str, nth: usize| {
        (method == "PUT" && nth == 1).then(|| Fault::Answer(400, Value::Null))
    };
    let mut night = night.with_faults(refuse);
    night.run().await;
    assert!(night.account(1).await.starts_with("deactivated; "));
    night.plan = undo_of(&night);
    let outcomes = night.run().await;
    assert_eq!(changes(&night, &outcomes), ["reactivate succeeded"]);
    assert_eq!(night.account(1).await, before);
}
