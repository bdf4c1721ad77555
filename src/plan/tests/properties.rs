//! Random rows, accounts and memories: what must hold whatever happens.

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::model::{
    AccessTrail, AccountKey, AccountRow, AccountStatus, ActionKind, Disposition, EmailAddress,
    EmployeeId, EmploymentStatus, HrFileKind, HrRow, Origin, TerminationRecord, TerminationState,
    Text, Username,
};
use crate::plan::{Action, Plan};
use crate::reconcile::tests::scenario::{Scenario, account, hr, scenario};
use crate::reconcile::{Found, Index};

/// Few values, so that keys are often shared.
fn pick(name: &'static str, values: &'static [&'static str]) -> impl Strategy<Value = String> {
    proptest::sample::select(values).prop_map(move |value| match value {
        "" => String::new(),
        value => format!("{name}={value}"),
    })
}

const NAMES: &[&str] = &["", "Jane_Doe", "Jane_Poe", "Pat_Poe", "Sam_Fox"];
const IDS: &[&str] = &["", "5", "05", "6"];
const EMAILS: &[&str] = &["", "jane", "pat", "team", "noreply@8x8.com"];
const USERS: &[&str] = &["", "jane@example.com", "pat", "sam"];

fn hr_row() -> impl Strategy<Value = HrRow> {
    let dates = &["", "2026-09-01", "2026-11-20", "2026-11-27", "2026-12-24"];
    let statuses = &["", "left", "employed", "absent", "unclear", "blank"];
    let cells = (
        pick("id", IDS),
        pick("name", NAMES),
        pick("email", EMAILS),
        pick("user", USERS),
        pick("date", dates),
        pick("status", statuses),
        pick("rehire", &["", "", "", "2026-11-25"]),
    );
    cells.prop_map(|(a, b, c, d, e, f, g)| hr(&[a, b, c, d, e, f, g].join(" ")))
}

fn account_row() -> impl Strategy<Value = AccountRow> {
    let cells = (
        pick("id", &["", "U1", "U2", "U3"]),
        pick(
            "user",
            &["jane@example.com", "pat", "sam", "admin@example.com"],
        ),
        pick("email", EMAILS),
        pick("employee", IDS),
        pick("name", NAMES),
        pick("status", &["active", "active", "inactive"]),
        pick("created", &["", "", "2026-11-26T00:00:00Z"]),
    );
    cells.prop_map(|(a, b, c, d, e, f, g)| account(&[a, b, c, d, e, f, g].join(" ")))
}

fn record() -> impl Strategy<Value = TerminationRecord> {
    let states = [
        TerminationState::Open,
        TerminationState::Spent,
        TerminationState::Settled,
        TerminationState::Closed,
        TerminationState::Undone,
    ];
    let state = proptest::sample::select(states.to_vec());
    (hr_row(), state, any::<bool>()).prop_map(|(mut row, state, knows_account)| {
        let date = row
            .termination_date
            .unwrap_or(jiff::civil::date(2026, 11, 20));
        (row.status, row.termination_date) = (Some(EmploymentStatus::Left), Some(date));
        let mut night = scenario();
        night.rows.push(row);
        let person = night.settled();
        let line = &person.dispositions[0];
        let termination = crate::model::Termination {
            person: night.rows[0]
                .person_key()
                .unwrap_or_else(|| crate::model::PersonKey::stored(line.person.clone())),
            date,
            employee_id: night.rows[0].employee_id.clone(),
            work_email: night.rows[0].work_email.clone(),
            username: night.rows[0].username.clone(),
            name: night.rows[0].name.clone(),
            site: Text::new(),
            department: Text::new(),
            cost_center: Text::new(),
            source: night.rows[0].source.clone(),
        };
        let was_deactivated = matches!(
            state,
            TerminationState::Spent | TerminationState::Settled | TerminationState::Undone
        );
        TerminationRecord {
            termination,
            account: knows_account.then(|| AccountKey::stored("id:U1".to_owned())),
            user_id: None,
            account_username: None,
            matched_by: String::new(),
            state,
            first_listed: night.as_of,
            deactivated_at: was_deactivated.then_some(night.as_of),
            approved: false,
            vanished_at: None,
            access: AccessTrail::default(),
        }
    })
}

pub(crate) fn night() -> impl Strategy<Value = Scenario> {
    let rows = proptest::collection::vec(hr_row(), 0..6);
    let accounts = proptest::collection::vec(account_row(), 0..6);
    let records = proptest::collection::vec(record(), 0..4);
    (rows, accounts, records, any::<bool>(), any::<bool>()).prop_map(
        |(rows, accounts, records, incremental, unreadable)| {
            let mut night = scenario();
            night.policy.protected = ["admin@example.com".to_owned()].into();
            if incremental {
                night.policy.hr_file = HrFileKind::Incremental;
            }
            night.policy.remove_license_after_days = u16::from(incremental);
            for (position, mut row) in rows.into_iter().enumerate() {
                row.source.line = position as u64 + 2;
                night.rows.push(row);
            }
            for (position, mut row) in accounts.into_iter().enumerate() {
                // Several rows of one account repeat what is the account's.
                let same = night.accounts.iter().find(|known| known.key() == row.key());
                row = same.cloned().unwrap_or(row);
                row.source.line = position as u64 + 2;
                night.accounts.push(row);
            }
            for record in records {
                night
                    .memory
                    .terminations
                    .insert(record.termination.id(), record);
            }
            if unreadable {
                night = night
                    .unreadable_hr("user=pat")
                    .unreadable_account("user=sam");
            }
            night
        },
    )
}

/// The accounts that the plan deactivates.
fn deactivated(plan: &Plan) -> BTreeSet<AccountKey> {
    plan.actions
        .iter()
        .filter(|action| action.kind == ActionKind::Deactivate)
        .filter_map(|action| action.subject.account.clone())
        .collect()
}

/// Whether an HR row, or a termination of an earlier night, has a key of the account.
fn points_at(
    employee_id: Option<&EmployeeId>,
    work_email: Option<&EmailAddress>,
    username: Option<&Username>,
    account: &AccountRow,
) -> bool {
    let by_id = employee_id.is_some() && employee_id == account.employee_id.as_ref();
    let by_email = work_email.is_some() && work_email == account.email.as_ref();
    let by_name = username.is_some() && username == account.username.as_ref();
    // An address may be a username.
    let address = work_email.map(EmailAddress::as_str);
    let crossed = address.is_some() && address == account.username.as_ref().map(Username::as_str);
    by_id || by_email || by_name || crossed
}

fn check(night: &Scenario, plan: &Plan) {
    let rows = night.rows.len() + night.invalid.len();
    assert_eq!(plan.totals.values().sum::<u64>(), rows as u64, "sums");
    let distinct = |count: usize, all: usize, what| assert_eq!(count, all, "one each: {what}");
    let ids: BTreeSet<&String> = plan.actions.iter().map(|action| &action.id).collect();
    distinct(ids.len(), plan.actions.len(), "action ids");
    let lanes: BTreeSet<&AccountKey> = plan.lanes.iter().map(|lane| &lane.account).collect();
    distinct(lanes.len(), plan.lanes.len(), "lanes");
    let records = plan.terminations.iter();
    let remembered: BTreeSet<_> = records.map(|record| record.termination.id()).collect();
    distinct(remembered.len(), plan.terminations.len(), "terminations");
    let of_terminations = plan.actions.iter();
    for id in of_terminations.filter_map(|action| action.subject.termination.as_ref()) {
        let known = night.memory.terminations.get(id);
        let is_undone = known.is_some_and(|it| it.state == TerminationState::Undone);
        assert!(!is_undone, "an undone termination does nothing");
    }
    let deactivations = plan.actions.iter();
    for action in deactivations.filter(|action| action.kind == ActionKind::Deactivate) {
        check_account(night, action);
        check_person(night, plan, action);
    }
}

/// The first row of the report that is about the action's account.
fn account_of<'n>(night: &'n Scenario, action: &Action) -> &'n AccountRow {
    let mut rows = night.accounts.iter();
    let found = rows.find(|row| row.key() == action.subject.account);
    found.expect("the account")
}

fn check_account(night: &Scenario, action: &Action) {
    let account = account_of(night, action);
    let username = account.username.as_ref().map_or("", Username::as_str);
    assert_ne!(username, "admin@example.com", "a protected account");
    assert_eq!(account.status, AccountStatus::Active);
    let is_unreadable = username == "sam" && !night.unreadable.is_empty();
    assert!(!is_unreadable, "a row of the account is unreadable");
    let termination = action.subject.termination.as_ref().expect("a termination");
    if let Some(record) = night.memory.terminations.get(termination) {
        assert_eq!(record.deactivated_at, None, "a spent termination");
    }
    let stays = night.rows.iter().any(|row| {
        let is_active = matches!(
            row.status,
            Some(EmploymentStatus::Employed | EmploymentStatus::Absent)
        );
        let same_id = row.employee_id.is_some() && row.employee_id == account.employee_id;
        row.termination_date.is_none() && is_active && same_id
    });
    assert!(!stays, "a person with an active row");
}

fn check_person(night: &Scenario, plan: &Plan, action: &Action) {
    let account = account_of(night, action);
    let by_row = night.rows.iter().any(|row| {
        let (id, email) = (row.employee_id.as_ref(), row.work_email.as_ref());
        points_at(id, email, row.username.as_ref(), account)
    });
    let by_record = night.memory.terminations.values().any(|record| {
        let known = &record.termination;
        let (id, email) = (known.employee_id.as_ref(), known.work_email.as_ref());
        let is_recorded = record.account.is_some() && record.account == account.key();
        is_recorded || points_at(id, email, known.username.as_ref(), account)
    });
    assert!(by_row || by_record, "not matched by a usable key");
    let line = &plan.dispositions[action.line.expect("a line")];
    let date = line.termination_date.expect("a date");
    let ends = night.calendar().end_of(date, "");
    assert!(ends <= night.as_of, "not due");
    assert!(
        account.created.is_none_or(|created| created < ends),
        "a later account"
    );
    if let Some(theirs) = &account.employee_id {
        let mut rows = night.rows.iter();
        let listed = rows.any(|row| row.employee_id.as_ref() == Some(theirs));
        let same = line.employee_id.is_empty() || line.employee_id == theirs.as_str();
        assert!(same || listed, "an employee id that differs");
    }
    let address = Some(line.work_email.as_str());
    let is_the_key = [
        account.email.as_ref().map(EmailAddress::as_str),
        account.username.as_ref().map(Username::as_str),
    ]
    .contains(&address);
    if action.evidence.matched_by == "work_email" && is_the_key {
        let with_it: Vec<&HrRow> = night
            .rows
            .iter()
            .filter(|row| row.work_email.as_ref().map(EmailAddress::as_str) == address)
            .collect();
        let shared = with_it
            .iter()
            .any(|a| with_it.iter().any(|b| a.name.is_somebody_else(&b.name)));
        assert!(!shared, "a shared key only");
    }
}

/// What became of every HR row, whatever line it stood on.
fn fates_of_rows(night: &Scenario) -> Vec<(HrRow, Disposition)> {
    let settled = night.settled();
    let lines = settled.dispositions.iter();
    let of_hr = lines.filter(|line| line.origin == Origin::Hr);
    of_hr
        .filter_map(|line| {
            let source = line.source.as_ref()?;
            let row = night.rows.iter().find(|row| row.source == *source)?;
            let mut row = row.clone();
            row.source.line = 0;
            Some((row, line.disposition))
        })
        .collect()
}

/// Reads the accounts in pieces and puts the pieces together backwards.
fn read_in_pieces(cut: usize) -> impl FnOnce(Index, &[AccountRow]) -> Found {
    move |index, rows| {
        let (first, second) = rows.split_at(cut.min(rows.len()));
        let mut pieces = [first, second].map(|piece| {
            let mut part = index.split();
            for row in piece {
                part.observe(row);
            }
            part
        });
        pieces.reverse();
        let mut all = index.split();
        for part in pieces {
            all.merge(part);
        }
        all.finish()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn nobody_loses_access_who_should_not(night in night()) {
        check(&night, &night.plan());
    }

    #[test]
    fn the_report_may_be_read_in_pieces(night in night(), cut in 0_usize..7) {
        let whole = night.settled();
        let pieces = night.settled_by(read_in_pieces(cut));
        prop_assert_eq!(whole.dispositions, pieces.dispositions);
        let known = |cases: &[crate::reconcile::Case]| -> Vec<AccountRow> {
            cases.iter().map(|case| case.account.clone()).collect()
        };
        prop_assert_eq!(known(&whole.cases), known(&pieces.cases));
        prop_assert_eq!(whole.records, pieces.records);
    }

    // Exports are sorted by whatever column HR clicked on last.
    #[test]
    fn the_order_of_hr_s_rows_decides_nothing(
        (night, shuffled) in night().prop_flat_map(|night| {
            let rows = Just(night.rows.clone()).prop_shuffle();
            (Just(night), rows)
        })
    ) {
        let mut other = night.clone();
        other.rows = shuffled;
        for (position, row) in other.rows.iter_mut().enumerate() {
            row.source.line = position as u64 + 2;
        }
        prop_assert_eq!(deactivated(&night.plan()), deactivated(&other.plan()));
        let (one, two) = (fates_of_rows(&night), fates_of_rows(&other));
        let sorted = |fates: &[(HrRow, Disposition)]| {
            let mut all: Vec<Disposition> = fates.iter().map(|(_, fate)| *fate).collect();
            all.sort_unstable();
            all
        };
        prop_assert_eq!(sorted(&one), sorted(&two));
        for (row, fate) in &one {
            // Of rows that say the same, any may be the one that decides.
            let decides = |fate: Disposition| fate != Disposition::Duplicate;
            let same = two.iter().filter(|(other, _)| other == row);
            let fits = |other: Disposition| {
                other == *fate || decides(other) != decides(*fate)
            };
            prop_assert!(same.into_iter().any(|(_, other)| fits(*other)), "{row:?} {fate}");
        }
    }

    // What was carried out tonight is not planned again tomorrow.
    #[test]
    fn a_second_night_ends_nobodys_access_again(mut night in night()) {
        let carried_out = |plan: &Plan| {
            let mut plan = plan.clone();
            plan.actions.retain(|action| action.needs_approval.is_none());
            deactivated(&plan)
        };
        let first = carried_out(&night.night());
        night.later(1);
        let second = carried_out(&night.night());
        prop_assert!(first.is_disjoint(&second), "{first:?} {second:?}");
    }
}
