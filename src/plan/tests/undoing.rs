//! What an undo chooses, from what is known of a night.

use std::collections::BTreeSet;

use crate::model::{
    AccountMemory, AccountStatus, ActionKind, Channel, Disposition as D, GuardLimits, HoldRecord,
    HoldSource, IdentityProvider, LicenseName, Memory, OpenRequest, Policy, Reason as R,
    RequestState, TaskKind, TaskRecord, TaskState, TerminationState,
};
use crate::plan::tests::named;
use crate::plan::{Gift, PastAccount, PastState, Phase, Plan, Undo, undo};
use crate::reconcile::tests::scenario::{X2, at, scenario};

/// Jane left, and on one night lost her access and two seats of a kind.
struct Morning {
    undone: Plan,
    policy: Policy,
    memory: Memory,
    holds: Vec<HoldRecord>,
    past: PastAccount,
}

fn morning() -> Morning {
    let night = scenario()
        .policy(|policy| policy.remove_license_after_days = 0)
        .hr("id=5 email=jane name=Jane_Doe date=2026-11-20")
        .account("id=U1 user=jane email=jane name=Jane_Doe employee=5 licenses=2");
    let undone = night.plan();
    let mut memory = night.memory.clone();
    for record in &undone.terminations {
        let mut record = record.clone();
        record.state = TerminationState::Spent;
        record.deactivated_at = Some(night.as_of);
        memory.terminations.insert(record.termination.id(), record);
    }
    let changes = undone.actions.iter().filter(|action| {
        matches!(
            action.kind,
            ActionKind::Deactivate | ActionKind::RemoveLicense
        )
    });
    let past = PastAccount {
        account: undone.lanes[0].account.clone(),
        done: changes.map(|action| action.id.clone()).collect(),
        changed_at: night.as_of,
        state: PastState::AsLeft,
        access_over: Channel::AdminApi,
        scim_provider: String::new(),
        email: night.accounts[0].email.clone(),
        name: night.accounts[0].name.clone(),
        licenses: vec![seat(X2), seat(X2)],
        extensions: Vec::new(),
        phone_numbers: Vec::new(),
        devices: Vec::new(),
        memberships: Vec::new(),
    };
    assert_eq!(past.done.len(), 3);
    Morning {
        undone,
        policy: night.policy.clone(),
        memory,
        holds: Vec::new(),
        past,
    }
}

/// A seat, with a name that is the vendor's own.
fn seat(name: &str) -> (LicenseName, String, String) {
    let parsed = LicenseName::parse(name, Some("US")).expect("a licence");
    (parsed, format!("{name} "), "us".to_owned())
}

impl Morning {
    fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    fn plan(&self) -> Plan {
        named(undo(&Undo {
            as_of: at("2026-12-05T20:00:00Z"),
            today: "2026-12-05".parse().expect("a date"),
            run_id: "run-1",
            together: &[],
            undone: &self.undone,
            policy: &self.policy,
            guard_limits: &GuardLimits::default(),
            memory: &self.memory,
            holds: &self.holds,
            inputs: Vec::new(),
            accounts: std::slice::from_ref(&self.past),
        }))
    }

    fn fate(&self) -> (D, R) {
        let line = &self.plan().dispositions[0];
        (line.disposition, line.reason)
    }

    /// Only what took this kind of thing is to be taken back.
    fn only(&mut self, kind: ActionKind) {
        let actions = self.undone.actions.iter();
        let of_kind: BTreeSet<String> = actions
            .filter(|action| action.kind == kind)
            .map(|action| action.id.clone())
            .collect();
        self.past.done.retain(|id| of_kind.contains(id));
    }

    fn protect(&mut self, name: &str) {
        self.policy.protected.insert(name.to_owned());
    }

    /// HR says that the account's owner left on another date as well.
    fn left_on(&mut self, date: &str) -> &mut crate::model::TerminationRecord {
        let mut record = self.undone.terminations[0].clone();
        record.termination.date = date.parse().expect("a date");
        record.account = Some(self.past.account.clone());
        let id = record.termination.id();
        self.memory.terminations.insert(id.clone(), record);
        self.memory.terminations.get_mut(&id).expect("a record")
    }
}

fn hold(who: &str, until: Option<&str>) -> HoldRecord {
    HoldRecord {
        who: who.to_owned(),
        why: "legal".to_owned(),
        until: until.map(|date| date.parse().expect("a date")),
        source: HoldSource::Ledger(None),
    }
}

/// What is known of the morning besides, and what becomes of the account.
type Case = (&'static str, fn(&mut Morning), (D, R));

const PLANNED: (D, R) = (D::Planned, R::Undo);

fn check(cases: &[Case]) {
    for (what, change, expected) in cases {
        let morning = morning().with(change);
        assert_eq!(morning.fate(), *expected, "{what}");
        let plan = morning.plan();
        let gets = matches!(expected.0, D::Planned | D::IdpManaged);
        assert_eq!(!plan.lanes.is_empty(), gets, "{what}");
        assert_eq!(!plan.actions.is_empty(), gets, "{what}");
    }
}

#[test]
fn who_gets_something_back_and_who_does_not() {
    check(&[
        ("as left", |_| {}, PLANNED),
        (
            "unclear",
            |it| it.past.state = PastState::Unclear,
            (D::Conflict, R::OutcomeUnknown),
        ),
        (
            "changed",
            |it| it.past.state = PastState::ChangedBy("plan-2".to_owned()),
            (D::Conflict, R::ChangedSince),
        ),
        (
            "back already",
            |it| it.past.done.clear(),
            (D::AlreadyDone, R::Undone),
        ),
        (
            "protected by username",
            |it| it.protect("jane"),
            (D::Protected, R::ProtectedAccount),
        ),
        (
            "protected by address",
            |it| it.protect("jane@example.com"),
            (D::Protected, R::ProtectedAccount),
        ),
        (
            "protected by id",
            |it| it.protect("u1"),
            (D::Protected, R::ProtectedAccount),
        ),
        (
            "somebody else is protected",
            |it| it.protect("jan"),
            PLANNED,
        ),
        (
            "held in the ledger",
            |it| it.memory.holds.push(hold("5", None)),
            (D::Held, R::OnHold),
        ),
        (
            "held in a file",
            |it| it.holds.push(hold(" Jane ", Some("2026-12-05"))),
            (D::Held, R::OnHold),
        ),
        (
            "a hold that is over",
            |it| it.holds.push(hold("jane", Some("2026-12-04"))),
            PLANNED,
        ),
        (
            "managed by policy",
            |it| it.policy.idp = IdentityProvider::All,
            (D::IdpManaged, R::IdentityProvider),
        ),
        (
            "managed as the account said",
            |it| it.past.scim_provider = "okta".to_owned(),
            (D::IdpManaged, R::IdentityProvider),
        ),
        (
            "managed, and only seats were taken",
            |it| {
                it.past.scim_provider = "okta".to_owned();
                it.only(ActionKind::RemoveLicense);
            },
            PLANNED,
        ),
    ]);
}

#[test]
fn who_has_left_again_gets_nothing_back() {
    check(&[
        (
            "left again",
            |it| drop(it.left_on("2026-12-01").clone()),
            (D::Conflict, R::ChangedSince),
        ),
        (
            "left again today",
            |it| drop(it.left_on("2026-12-05").clone()),
            (D::Conflict, R::ChangedSince),
        ),
        (
            "known by the id",
            |it| it.left_on("2026-12-01").account = None,
            (D::Conflict, R::ChangedSince),
        ),
        (
            "will leave",
            |it| drop(it.left_on("2026-12-06").clone()),
            PLANNED,
        ),
        (
            "a corrected date",
            |it| drop(it.left_on("2026-11-25").clone()),
            PLANNED,
        ),
        (
            "on the day of the change",
            |it| drop(it.left_on("2026-11-28").clone()),
            PLANNED,
        ),
        (
            "taken back by HR",
            |it| it.left_on("2026-12-01").vanished_at = Some(at("2026-12-02T00:00:00Z")),
            PLANNED,
        ),
        (
            "over",
            |it| it.left_on("2026-12-01").state = TerminationState::Closed,
            PLANNED,
        ),
        (
            "undone as well",
            |it| it.left_on("2026-12-01").state = TerminationState::Undone,
            PLANNED,
        ),
        (
            "somebody else left",
            |it| {
                let other = it.left_on("2026-12-01");
                (other.account, other.user_id, other.account_username) = (None, None, None);
            },
            PLANNED,
        ),
    ]);
}

#[test]
fn access_comes_first_and_each_seat_by_itself() {
    let morning = morning().with(|it| {
        it.past.licenses.push(seat("Cold Storage-VOSVC0400-01-US"));
        it.past.access_over = Channel::Scim;
    });
    let plan = morning.plan();
    assert_eq!(plan, morning.plan());
    let steps = &plan.lanes[0].steps;
    let phases: Vec<(Phase, Channel)> = steps.iter().map(|it| (it.phase, it.channel)).collect();
    let assignment = (Phase::Assignments, Channel::AdminApi);
    let access = (Phase::Reactivations, Channel::Scim);
    assert_eq!(phases, [access, assignment, assignment]);
    let actions = plan.actions.iter();
    let reactivation = actions
        .clone()
        .find(|it| it.kind == ActionKind::Reactivate)
        .expect("a reactivation");
    assert_eq!(reactivation.channel, Channel::Scim);
    let mut earlier = Vec::new();
    for (position, step) in steps.iter().enumerate() {
        let expected = &step.expected;
        assert_eq!(expected.created_before, morning.past.changed_at);
        assert_eq!(expected.name, morning.past.name);
        let active = position > 0;
        assert_eq!(expected.status == AccountStatus::Active, active);
        let restore = step.restore.as_ref().expect("a gift");
        assert_eq!((restore.kept.len(), restore.given_back.len()), (1, 2));
        if let Gift::Seat(seat) = &restore.gift {
            earlier.push(seat.earlier);
            assert_eq!(seat.after.as_ref(), Some(&reactivation.id));
            assert_eq!((&*seat.name, &*seat.country), (&*format!("{X2} "), "us"));
        }
    }
    assert_eq!(earlier, [0, 1]);
    let assigned = actions.filter(|it| it.kind == ActionKind::AssignLicense);
    for action in assigned {
        assert_eq!(action.depends_on, std::slice::from_ref(&reactivation.id));
    }
}

#[test]
fn a_seat_alone_comes_back_to_the_account_as_it_is() {
    let status = |known: Option<AccountStatus>| {
        let morning = morning().with(|it| {
            it.only(ActionKind::RemoveLicense);
            let known = known.map(|status| AccountMemory {
                status,
                status_at: at("2026-12-01T00:00:00Z"),
                removed: Vec::new(),
            });
            let account = it.past.account.clone();
            it.memory.accounts.extend(known.map(|it| (account, it)));
        });
        let steps = &morning.plan().lanes[0].steps;
        assert_eq!(steps.len(), 2);
        steps[0].expected.status
    };
    assert_eq!(status(None), AccountStatus::Inactive);
    for known in [AccountStatus::Inactive, AccountStatus::Active] {
        assert_eq!(status(Some(known)), known);
    }
}

#[test]
fn what_is_lost_follows_from_what_was_taken() {
    let storage = "Cold Storage-VOSVC0400-01-US";
    let told = |taken: &str, extensions: &[&str]| {
        let morning = morning().with(|it| {
            it.past.extensions = extensions.iter().map(|it| (*it).to_owned()).collect();
            it.past.memberships = vec!["Front desk".to_owned()];
            if taken.is_empty() {
                return it.only(ActionKind::Deactivate);
            }
            for action in &mut it.undone.actions {
                let license = LicenseName::parse(taken, Some("US"));
                action.license = license.filter(|_| action.license.is_some());
            }
        });
        morning.plan().dispositions[0].detail.clone()
    };
    assert!(told("", &[]).contains("nothing but the sessions"));
    assert!(told(X2, &[]).contains("voicemail messages"));
    assert!(told(storage, &[]).contains("settings that were bound"));
    let with_extensions = told(storage, &["1001", "1002"]);
    for words in [
        "voicemail messages",
        "extension 1001 and 1002",
        "membership of Front desk",
    ] {
        assert!(with_extensions.contains(words), "{with_extensions}");
    }
}

#[test]
fn a_task_is_issued_once() {
    let first = morning().plan();
    let task = first.manual_tasks[0].clone();
    assert_eq!(task.kind, TaskKind::SetUpAgain);
    let issues = |plan: &Plan| {
        let actions = plan.actions.iter();
        actions.filter(|it| it.task_id.is_some()).count()
    };
    assert_eq!(issues(&first), 1);
    let again = morning().with(|it| {
        let record = TaskRecord {
            id: task.id.clone(),
            kind: task.kind,
            termination: task.termination.clone(),
            state: TaskState::Open,
            due: None,
            issued_at: at("2026-12-01T00:00:00Z"),
            ticked_off_at: None,
        };
        it.memory.tasks.insert(task.id.clone(), record);
    });
    let again = again.plan();
    assert_eq!((issues(&again), again.manual_tasks.len()), (0, 1));
}

#[test]
fn requests_for_the_seats_are_named() {
    let found = |quantity, state, pool: &str| {
        let morning = morning().with(|it| {
            let pool = LicenseName::parse(pool, Some("US"))
                .expect("a licence")
                .pool();
            it.memory.requests.push(OpenRequest {
                id: "cancel-1".to_owned(),
                pool,
                term_ends: "2027-03-31".parse().expect("a date"),
                quantity,
                state,
                effective_on: None,
                drafted_at: at("2026-12-01T00:00:00Z"),
                verified_at: None,
            });
        });
        morning.plan().findings.join("; ")
    };
    let drafted = found(2, RequestState::Drafted, X2);
    assert!(drafted.contains("the next night lowers"), "{drafted}");
    let handed_in = found(2, RequestState::Submitted, X2);
    assert!(handed_in.contains("8x8 Billing"), "{handed_in}");
    assert_eq!(found(0, RequestState::Drafted, X2), "");
    let other = "X Series - X4-VOSVC0218-02-US";
    assert_eq!(found(2, RequestState::Drafted, other), "");
}
