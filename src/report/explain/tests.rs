use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{Explanation, PastRuns, Traces, explain};
use crate::ledger::{RunEnd, RunRow, RunStart};
use crate::model::{
    Disposition, HoldRecord, HoldSource, Outcome, OutcomeReason, OutcomeRecord, Reason,
};
use crate::plan::tests::properties;
use crate::plan::{PastPlan, Plan};
use crate::reconcile::tests::scenario::{Scenario, at, scenario};
use crate::reconcile::{Asked, Index, Inquiry, Lookout, People, Stance, inquire};

const LEAVER: &str = "id=5 name=Jana_Doe email=jana date=2026-11-20";
const ACCOUNT: &str = "id=u5 user=jana name=Jana_Doe email=jana created=2024-01-02T00:00:00Z";

/// Asks as the command does, and hands the answer on.
fn asking<T>(scenario: &Scenario, text: &str, hear: impl FnOnce(&Inquiry<'_>) -> T) -> T {
    let calendar = scenario.calendar();
    let question = scenario.question(&calendar);
    let people = People::gather(&question);
    let mut index = Index::new(&people, &question);
    let mut lookout = Lookout::new(Asked::new(text));
    for row in &scenario.accounts {
        index.observe(row);
        lookout.observe(row);
    }
    let found = index.finish();
    hear(&inquire(
        &lookout,
        &people,
        &found,
        &scenario.unreadable,
        &question,
    ))
}

/// The story on one line, so that words are found wherever lines are broken.
fn told(scenario: &Scenario, text: &str) -> String {
    told_after(scenario, text, &[])
}

fn told_after(scenario: &Scenario, text: &str, past: &[PastRuns]) -> String {
    let story = asking(scenario, text, |inquiry| {
        explain(&Explanation {
            inquiry,
            plan: &scenario.plan(),
            memory: &scenario.memory,
            past,
        })
    });
    story.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn says(story: &str, words: &[&str]) {
    for word in words {
        assert!(story.contains(word), "{word:?} not in:\n{story}");
    }
}

/// A run of this plan, in which everything ended like that.
fn run_of(plan: &Plan, day: u32, outcome: Outcome, reason: OutcomeReason) -> PastRuns {
    let began = at(&format!("2026-11-{day}T10:00:00Z"));
    let end = RunEnd {
        finished_at: began,
        wall_ms: 0,
        exit_code: 0,
        exit_codes_json: "[0]".to_owned(),
    };
    let run = RunRow {
        start: RunStart {
            run_id: format!("run-{day}"),
            plan_id: plan.plan_id.clone(),
            command: "run".to_owned(),
            as_of: began,
            started_at: began,
            wall_ms: 0,
            approved_by: None,
        },
        end: Some(end),
        superseded_by: None,
    };
    let outcomes = plan.actions.iter().map(|action| {
        let record = OutcomeRecord::unsent(&action.id, outcome, reason, began);
        (action.id.clone(), record)
    });
    PastRuns {
        runs: vec![run],
        plan: PastPlan {
            dispositions: plan.dispositions.clone(),
            actions: plan.actions.clone(),
        },
        outcomes: outcomes.collect::<BTreeMap<_, _>>(),
        attempts: Vec::new(),
    }
}

#[test]
fn a_leaver_is_told_from_the_row_to_the_plan() {
    let scenario = scenario().hr(LEAVER).account(ACCOUNT);
    let story = told(&scenario, "5");
    says(
        &story,
        &[
            "Jana Doe, employee id 5 Tonight: planned (deactivation_due).",
            "hr.csv line 2 decides: it is the person's only row.",
            "Leaves on 2026-11-20. Status and date do not contradict each other",
            "was due at 2026-11-21 00:00 America/Los_Angeles (2026-11-21T08:00:00Z)",
            "employee_id 5: no account has it.",
            "work_email jana@example.com points at jana.",
            "So there is one account, found by work_email.",
            "Nothing: no protection, no hold, no rival, no identity provider. The account is older",
            "line 2: planned (deactivation_due): access is due to end.",
            "deactivate (deactivate-",
            "Task voicemail (task-",
            "the ledger has no trace of it",
        ],
    );
}

#[test]
fn whoever_is_named_by_any_id_is_found() {
    let night = scenario().hr(LEAVER).account(ACCOUNT).plan();
    let plan_of_scenario = scenario().hr(LEAVER).account(ACCOUNT);
    let texts = [
        "5",
        "JANA@example.com",
        "jana",
        "u5",
        "id:u5",
        "Doe",
        "hr.csv:2",
        "row 2",
        "employee:5@2026-11-20",
    ];
    for text in texts {
        let found = asking(&plan_of_scenario, text, |inquiry| {
            (inquiry.persons.len(), inquiry.accounts.len())
        });
        assert_eq!(found, (1, 0), "{text}");
    }
    let action = night.actions.first().expect("an action");
    let behind = crate::plan::terminations_of(&night.actions, &action.id);
    assert_eq!(behind, [night.terminations[0].termination.id()].into());
}

#[test]
fn every_obstacle_is_told_and_the_first_is_the_one_that_decided() {
    let mut scenario = scenario()
        .hr(LEAVER)
        .account(ACCOUNT)
        .policy(|policy| policy.protected = ["jana".to_owned()].into());
    scenario.holds.push(HoldRecord {
        who: "5".to_owned(),
        why: "litigation".to_owned(),
        until: None,
        source: HoldSource::Ledger(None),
    });
    says(
        &told(&scenario, "5"),
        &[
            "Tonight: protected (protected_account).",
            "protected (protected_account), which decides: the account is on the protected list",
            "held (on_hold), which would be next: on hold: litigation",
        ],
    );
}

/// The evidence that is told is the evidence that decided.
#[test]
fn the_first_obstacle_is_the_plans_reason() {
    let scenario = scenario()
        .hr("id=1 name=Ann_One email=ann date=2026-11-20")
        .account("user=ann name=Ann_One email=ann created=2026-11-25T00:00:00Z")
        .hr("id=2 name=Bob_Two email=bob date=2026-11-20")
        .account("user=bob name=Bob_Two email=bob")
        .hr("id=3 name=Cat_Three user=bob status=employed")
        .hr("id=4 name=Dan_Four email=dan date=2026-11-20")
        .account("user=dan name=Dan_Four email=dan")
        .policy(|policy| policy.protected = ["dan@example.com".to_owned()].into());
    let plan = scenario.plan();
    for id in ["1", "2", "4"] {
        asking(&scenario, id, |inquiry| {
            let dossier = &inquiry.persons[0];
            let mut lines = plan.dispositions.iter();
            let line = lines.find(|line| dossier.is_about(line)).expect("a line");
            let first = dossier.obstacles.first().expect("an obstacle");
            assert_eq!(
                (first.disposition, first.reason, &first.detail),
                (line.disposition, line.reason, &line.detail),
                "{id}"
            );
        });
    }
    says(
        &told(&scenario, "2"),
        &["A key of Cat Three (hr.csv line 4) points at this account, too."],
    );
}

#[test]
fn a_key_of_several_people_or_accounts_is_told_as_none() {
    let scenario = scenario()
        .hr("id=7 name=Jana_Doe email=jana date=2026-11-20")
        .hr("id=7 name=Kim_Poe email=kim date=2026-11-20")
        .account("id=u1 user=jana name=Jana_Doe email=jana")
        .account("id=u2 user=jana2 name=Jana_Doe email=jana");
    let story = told(&scenario, "Jana Doe");
    says(
        &story,
        &[
            "employee_id 7 is also on Kim Poe (hr.csv line 3): a key of several people matches nobody.",
            "work_email jana@example.com is on 2 accounts (jana, jana2): a key on several points at none.",
            "the same employee id stands on several people",
            "conflict (shared_identity)",
        ],
    );
    assert!(!story.contains("Kim Poe, "), "{story}");
    assert!(told(&scenario, "7").starts_with("2 stories fit what was asked; each is told."));
}

#[test]
fn a_near_miss_is_told_with_its_reason_and_the_other_way_round() {
    let scenario = scenario()
        .hr("id=5 name=Jana_Doe email=jana@corp.example.com date=2026-11-20")
        .account(ACCOUNT);
    says(
        &told(&scenario, "5"),
        &[
            "Tonight: unmatched (near_miss).",
            "jana looks alike: the e-mail address has the same mailbox",
            "shown and never acted on",
        ],
    );
    says(
        &told(&scenario, "u5"),
        &[
            "Account jana",
            "It looks like the account of Jana Doe (hr.csv line 2)",
            "No HR row and no open obligation is about it, so it is left alone",
        ],
    );
}

#[test]
fn rows_of_one_person_are_told_with_the_one_that_decides() {
    let scenario = scenario()
        .hr(LEAVER)
        .hr("id=5 name=Jana_Doe email=jana status=employed")
        .unreadable_hr("id=5 name=Jana_Doe")
        .account(ACCOUNT);
    says(
        &told(&scenario, "5"),
        &[
            "hr.csv line 3 decides: a row that says employed beats one that says left.",
            "line 2 is of the same person and does not decide.",
            "On its own: Leaves on 2026-11-20.",
            "A row that carries a key of this person could not be read.",
            "hr.csv line 4: too few cells; export it again.",
        ],
    );
}

#[test]
fn rows_that_cannot_be_read_are_told_with_what_to_do() {
    let scenario = scenario()
        .unreadable_hr("id=9 name=Kim_Poe")
        .unreadable_account("user=lee name=Lee_Roe");
    says(
        &told(&scenario, "line 2"),
        &[
            "Kim Poe: a row that could not be read",
            "hr.csv line 2: too few cells; export it again.",
            "invalid (unreadable)",
        ],
    );
    says(
        &told(&scenario, "lee"),
        &["users.csv line 2: too few cells"],
    );
}

#[test]
fn a_row_that_nobody_has_settled_is_told_from_the_ledger() {
    let mut scenario = scenario()
        .incremental()
        .hr("id=5 name=Jana_Doe email=jana status=left")
        .account(ACCOUNT);
    scenario.night();
    scenario.rows.clear();
    scenario.later(1);
    let words = [
        "The ledger remembers a row that nobody has settled from hr.csv line 2.",
        "Nobody has settled the row since 2026-11-28T10:00:00Z (conflict)",
        "`seatsweep tasks done row-",
    ];
    says(&told(&scenario, "5"), &words);
    let id = scenario.memory.unsettled[0].id();
    says(&told(&scenario, &id), &words);
}

#[test]
fn a_vanished_row_is_told_from_the_ledger() {
    let mut scenario = scenario().hr(LEAVER).account(ACCOUNT);
    scenario.night();
    scenario.rows.clear();
    scenario.later(1);
    says(
        &told(&scenario, "Jana Doe"),
        &[
            "No row of tonight's HR files is about this person. The ledger remembers an obligation from hr.csv line 2.",
            "Left on 2026-11-20, as an earlier night recorded it.",
            "This termination was carried out before on jana, found then by work_email",
            "The row is gone from the cumulative HR file",
            "held (row_vanished)",
            "HR listed the termination employee:5@2026-11-20 for the first time; it is spent now.",
            "jana was verified as deactivated",
            "was issued, to be done by",
        ],
    );
}

#[test]
fn a_termination_that_is_over_is_told_from_the_ledger_alone() {
    let mut scenario = scenario()
        .hr(LEAVER)
        .account("user=jana name=Jana_Doe email=jana licenses=0");
    scenario.night();
    scenario.later(1);
    scenario.night();
    scenario.rows.clear();
    scenario.accounts.clear();
    scenario.later(400);
    says(
        &told(&scenario, "5"),
        &[
            "Jana Doe, known from earlier nights (employee:5)",
            "Nothing: no obligation is open.",
            "2026-11-28T10:00:00Z HR listed the termination",
        ],
    );
}

#[test]
fn nights_that_found_the_same_are_counted() {
    let scenario = scenario()
        .hr("id=5 name=Jana_Doe email=jana date=2026-08-14")
        .account(ACCOUNT);
    let plan = scenario.plan();
    let past: Vec<PastRuns> = [21, 22, 23]
        .map(|day| run_of(&plan, day, Outcome::Held, OutcomeReason::NotApproved))
        .into();
    let story = told_after(&scenario, "5", &past);
    says(
        &story,
        &[
            "2026-11-21T10:00:00Z run run-21 of plan",
            "held (old_termination): the termination is more than 60 days back",
            "deactivate: held, not_approved.",
            "The same 2 more times, until 2026-11-23T10:00:00Z.",
        ],
    );
    assert!(!story.contains("run-22"), "{story}");
}

#[test]
fn an_earlier_plan_is_cut_down_to_the_people_in_question() {
    let scenario = scenario()
        .hr("id=4 name=Kim_Poe email=kim date=2026-11-20")
        .account("user=kim name=Kim_Poe email=kim")
        .hr(LEAVER)
        .account(ACCOUNT);
    let plan = scenario.plan();
    let past = run_of(&plan, 21, Outcome::Failed, OutcomeReason::Refused);
    let cut = asking(&scenario, "5", |inquiry| {
        past.about(&Traces::of_all(inquiry))
    });
    assert_eq!(cut.plan.dispositions.len(), 1);
    assert_eq!(cut.plan.dispositions[0].employee_id, "5");
    let people: Vec<&str> = cut
        .plan
        .actions
        .iter()
        .map(|action| action.subject.person.as_str())
        .collect();
    assert!(!people.is_empty() && people.iter().all(|name| *name == "Jana Doe"));
    assert!(cut.plan.actions.iter().all(|action| action.line == Some(0)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Whatever the night holds, every row leads to one story, and its
    /// evidence is that of the plan.
    #[test]
    fn the_evidence_is_the_plans(night in properties::night()) {
        let plan = night.plan();
        for row in &night.rows {
            let text = format!("line {}", row.source.line);
            asking(&night, &text, |inquiry| {
                prop_assert_eq!(inquiry.persons.len(), 1);
                let dossier = &inquiry.persons[0];
                let mut lines = plan.dispositions.iter();
                let line = lines.find(|it| it.source.as_ref() == Some(&row.source));
                let line = line.expect("a line for every row");
                prop_assert!(dossier.is_about(line));
                let account = dossier.account.as_ref().map(|it| &it.reported.row);
                let username = account.and_then(|row| row.username.as_ref());
                prop_assert_eq!(username.map_or("", |name| name.as_str()), &line.username);
                let first = dossier.obstacles.first();
                match (line.disposition, line.reason) {
                    (Disposition::Planned, _) => {
                        prop_assert!(first.is_none());
                        prop_assert_eq!(dossier.stance, Some(Stance::Act));
                    }
                    (Disposition::Waiting, _) => prop_assert!(first.is_none()),
                    (Disposition::Held, Reason::OldTermination) => {
                        prop_assert_eq!(dossier.stance, Some(Stance::WithApproval));
                    }
                    (Disposition::NotDue | Disposition::Duplicate, _) => {}
                    _ => {
                        let told = first.map(|it| (it.disposition, it.reason));
                        prop_assert!(told.is_none_or(|it| it == (line.disposition, line.reason)));
                    }
                }
                Ok(())
            })?;
        }
    }
}

#[test]
fn nobody_is_found_and_the_nearest_are_named() {
    let scenario = scenario().hr(LEAVER).account(ACCOUNT);
    let nearest = asking(&scenario, "Jana Roe", |inquiry| {
        assert!(inquiry.is_empty());
        inquiry.nearest.clone()
    });
    assert_eq!(
        nearest,
        [
            "Jana Doe (hr.csv line 2): a word of the name is the same",
            "account jana: a word of the name is the same",
        ]
    );
}
