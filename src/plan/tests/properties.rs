//! Random rows, accounts and memories: what must hold whatever happens.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::night::id;
use crate::model::{
    AccountKey, AccountRow, AccountStatus, ActionKind, EmailAddress, EmploymentStatus, HrFileKind,
    HrRow, TerminationRecord, TerminationState, Username,
};
use crate::plan::Plan;
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
            site: String::new(),
            department: String::new(),
            cost_center: String::new(),
            source: night.rows[0].source.clone(),
        };
        let was_deactivated = matches!(state, TerminationState::Spent | TerminationState::Settled);
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
        }
    })
}

fn night() -> impl Strategy<Value = Scenario> {
    let rows = proptest::collection::vec(hr_row(), 0..6);
    let accounts = proptest::collection::vec(account_row(), 0..6);
    let records = proptest::collection::vec(record(), 0..4);
    (rows, accounts, records, any::<bool>(), any::<bool>()).prop_map(
        |(rows, accounts, records, incremental, unreadable)| {
            let mut night = scenario();
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

/// Whether the row is about the account by a key that both have.
fn points_at(row: &HrRow, account: &AccountRow) -> bool {
    let by_id = row.employee_id.is_some() && row.employee_id == account.employee_id;
    let by_email = row.work_email.is_some() && row.work_email == account.email;
    let by_name = row.username.is_some() && row.username == account.username;
    let email = row.work_email.as_ref().map(EmailAddress::as_str);
    let crossed = email.is_some() && email == account.username.as_ref().map(Username::as_str);
    by_id || by_email || by_name || crossed
}

fn check(night: &Scenario, plan: &Plan) {
    let rows = night.rows.len() + night.invalid.len();
    assert_eq!(
        plan.totals.values().sum::<u64>(),
        rows as u64,
        "sums balance"
    );
    let ids: BTreeSet<&String> = plan.actions.iter().map(|action| &action.id).collect();
    assert_eq!(ids.len(), plan.actions.len(), "ids are unique");
    let lanes: BTreeSet<&AccountKey> = plan.lanes.iter().map(|lane| &lane.account).collect();
    assert_eq!(lanes.len(), plan.lanes.len(), "one lane an account");
    let mut remembered: Vec<_> = plan
        .terminations
        .iter()
        .map(|record| record.termination.id())
        .collect();
    remembered.dedup();
    assert_eq!(
        remembered.len(),
        plan.terminations.len(),
        "one record a termination"
    );
    for key in deactivated(plan) {
        let rows: Vec<&AccountRow> = night
            .accounts
            .iter()
            .filter(|row| row.key().as_ref() == Some(&key))
            .collect();
        let action = plan
            .actions
            .iter()
            .find(|action| {
                action.kind == ActionKind::Deactivate
                    && action.subject.account.as_ref() == Some(&key)
            })
            .expect("the action");
        let termination = action.subject.termination.clone().expect("a termination");
        for row in &rows {
            let name = row.username.as_ref().map_or("", |name| name.as_str());
            assert_ne!(name, "admin@example.com", "a protected account");
            assert_eq!(row.status, AccountStatus::Active);
            assert!(
                name != "sam" || night.unreadable.is_empty(),
                "a row of it is unreadable"
            );
        }
        // The first row of an account says who it is.
        let first = rows[0];
        let line = &plan.dispositions[action.line.expect("a line")];
        let ends = night
            .calendar()
            .end_of(line.termination_date.expect("a date"), "");
        assert!(
            first.created.is_none_or(|created| created < ends),
            "a later account"
        );
        if let Some(theirs) = &first.employee_id {
            let is_theirs = night
                .rows
                .iter()
                .any(|row| row.employee_id.as_ref() == Some(theirs));
            let same = line.employee_id.is_empty() || line.employee_id == theirs.as_str();
            assert!(same || is_theirs, "an employee id that differs");
        }
        let keys: Vec<&str> = action.evidence.matched_by.split('+').collect();
        if keys == ["work_email"] {
            let strangers = night.rows.iter().filter(|row| {
                row.work_email.as_ref().map(EmailAddress::as_str) == Some(line.work_email.as_str())
            });
            let shared = strangers
                .clone()
                .any(|a| strangers.clone().any(|b| a.name.is_somebody_else(&b.name)));
            assert!(!shared, "a shared key only");
        }
        if let Some(record) = night.memory.terminations.get(&termination) {
            let open = matches!(
                record.state,
                TerminationState::Open | TerminationState::Closed
            );
            assert!(open, "a spent termination");
        }
        for record in night.memory.terminations.values() {
            let same = record.account.as_ref() == Some(&key) && record.deactivated_at.is_some();
            assert!(!same || id(record.termination.id().as_str()) != termination);
        }
        // Of the rows that speak of the account, none says that somebody stays.
        let active = night
            .rows
            .iter()
            .filter(|row| row.termination_date.is_none());
        let stays = active
            .filter(|row| {
                matches!(
                    row.status,
                    Some(EmploymentStatus::Employed | EmploymentStatus::Absent)
                )
            })
            .filter(|row| row.employee_id.is_some() && row.employee_id == first.employee_id);
        assert_eq!(stays.count(), 0, "a person with an active row");
    }
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
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1500) })]

    #[test]
    fn nobody_loses_access_who_should_not(night in night()) {
        let plan = night.plan();
        check(&night, &plan);
        // Every deactivation rests on a row or a record that points at the account.
        for key in deactivated(&plan) {
            let account = night.accounts.iter().find(|row| row.key().as_ref() == Some(&key)).expect("the account");
            let by_row = night.rows.iter().any(|row| points_at(row, account));
            let by_record = night.memory.terminations.values().any(|record| record.account.as_ref() == Some(&key)
                || record.termination.employee_id == account.employee_id
                || record.termination.work_email == account.email
                || record.termination.username == account.username);
            prop_assert!(by_row || by_record);
        }
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
