//! The same leaver, night after night.

use super::night::{changes, fates, id, totals};
use crate::model::{
    AccountStatus, Disposition as D, HoldRecord, HoldSource, Origin, Reason as R, TerminationState,
};
use crate::reconcile::tests::scenario::{Scenario, account, at, hr, scenario};

const JANE: &str = "id=5 email=jane name=Jane_Doe date=2026-11-20";

fn jane() -> Scenario {
    scenario()
        .hr(JANE)
        .account("id=U1 user=jane email=jane name=Jane_Doe employee=5")
}

/// Jane after her access ended tonight.
fn jane_deactivated() -> Scenario {
    let mut night = jane();
    assert_eq!(changes(&night.night()), ["deactivate jane"]);
    night.later(1);
    night
}

fn state(night: &Scenario) -> TerminationState {
    night.memory.terminations[&id("employee:5@2026-11-20")].state
}

// Five bad accounts once opened the breaker every night before the good ones
// had their turn.
#[test]
fn what_failed_on_an_earlier_night_comes_last_in_its_phase() {
    let person = |number: usize, date: &str| {
        (
            format!("id={number} email=p{number} name=P{number}_Doe date={date}"),
            format!("id=U{number} user=p{number} email=p{number} name=P{number}_Doe"),
        )
    };
    let mut night = scenario();
    for number in 1..=4 {
        let (row, account) = person(number, "2026-11-20");
        night = night.hr(&row).account(&account);
    }
    let accounts = |night: &Scenario| -> Vec<String> {
        let plan = night.plan();
        let lanes = plan.lanes.iter();
        lanes.map(|lane| lane.account.as_str().to_owned()).collect()
    };
    assert_eq!(accounts(&night), ["id:U1", "id:U2", "id:U3", "id:U4"]);
    let plan = night.plan();
    let of_account = |account: &str| {
        let mut lanes = plan.lanes.iter();
        let lane = lanes.find(|lane| lane.account.as_str() == account);
        lane.and_then(|lane| lane.steps[0].deactivate.clone())
    };
    let failed = ["id:U1", "id:U3"].map(|account| of_account(account).expect("an action"));
    night.memory.failed_actions.extend(failed);
    night.later(1);
    assert_eq!(accounts(&night), ["id:U2", "id:U4", "id:U1", "id:U3"]);
}

#[test]
fn the_same_file_for_two_weeks_acts_once() {
    let mut night = jane();
    let mut story = Vec::new();
    for _ in 0..14 {
        let plan = night.night();
        let (disposition, reason) = fates(&plan)[0];
        story.push((disposition, reason, changes(&plan).join(", ")));
        night.later(1);
    }
    let mut expected = vec![(D::Planned, R::DeactivationDue, "deactivate jane".to_owned())];
    expected.extend(vec![(D::Waiting, R::GracePeriod, String::new()); 6]);
    expected.push((D::Planned, R::RemovalDue, "remove jane".to_owned()));
    expected.extend(vec![(D::AlreadyDone, R::NothingLeft, String::new()); 6]);
    assert_eq!(story, expected);
    assert_eq!(night.plan().actions, [], "no new task either");
    assert_eq!(state(&night), TerminationState::Settled);
}

// The same report on the next night: what was verified since overrides it.
#[test]
fn an_old_report_does_not_undo_what_was_verified() {
    let mut night = jane_deactivated();
    night.accounts[0].status = AccountStatus::Active;
    night.users_at = at("2026-11-28T08:00:00Z");
    let plan = night.plan();
    assert_eq!(fates(&plan), [(D::Waiting, R::GracePeriod)]);
}

// Nobody's voicemail dies on the night on which a late notice arrives.
#[test]
fn the_grace_period_runs_from_the_verified_deactivation() {
    let mut night = jane().at_night("2027-01-10T10:00:00Z");
    let plan = night.night();
    assert_eq!(changes(&plan), ["deactivate jane"]);
    assert_eq!(
        plan.dispositions[0].next_due,
        Some(at("2027-01-17T10:00:00Z"))
    );
    night.later(6);
    assert_eq!(changes(&night.night()), [] as [&str; 0]);
    night.later(1);
    assert_eq!(changes(&night.night()), ["remove jane"]);
    // Deactivated by somebody else: counted from the report that showed it.
    let mut night = jane();
    night.accounts[0].status = AccountStatus::Inactive;
    let plan = night.night();
    assert_eq!(
        plan.dispositions[0].next_due,
        Some(at("2026-12-05T08:00:00Z"))
    );
    night.later(1);
    assert_eq!(
        night.plan().dispositions[0].next_due,
        Some(at("2026-12-05T08:00:00Z"))
    );
}

#[test]
fn an_incremental_file_is_carried_on_by_the_ledger() {
    let mut night = jane_deactivated().incremental();
    night.rows.clear();
    let waiting = night.night();
    assert_eq!(fates(&waiting), [(D::Waiting, R::GracePeriod)]);
    assert_eq!(waiting.dispositions[0].origin, Origin::Ledger);
    assert_eq!(waiting.dispositions[0].source, None);
    night.later(6);
    let plan = night.night();
    assert_eq!(changes(&plan), ["remove jane"]);
    assert_eq!(
        plan.actions.last().map(|action| action.origin),
        Some(Origin::Ledger)
    );
    night.later(1);
    assert_eq!(night.night().closed_tasks.len(), 1, "the voicemail task");
    night.later(1);
    assert_eq!(night.night().dispositions, [], "nothing is owed any more");
}

#[test]
fn a_future_date_of_an_incremental_file_is_carried_out_later() {
    let mut night = jane().incremental().at_night("2026-11-10T10:00:00Z");
    assert_eq!(fates(&night.night()), [(D::NotDue, R::FutureDate)]);
    night.rows.clear();
    night.later(10);
    assert_eq!(changes(&night.night()), [] as [&str; 0]);
    night.later(1);
    assert_eq!(changes(&night.night()), ["deactivate jane"]);
}

#[test]
fn a_vanished_row_holds_everything_until_it_is_back() {
    let mut night = jane_deactivated();
    let row = night.rows.remove(0);
    night.later(20);
    for _ in 0..2 {
        let plan = night.night();
        assert_eq!(fates(&plan), [(D::Held, R::RowVanished)]);
        assert_eq!(changes(&plan), [] as [&str; 0]);
        assert_eq!(
            plan.closed_tasks,
            [] as [&str; 0],
            "its tasks are not forgotten"
        );
        night.later(1);
    }
    night.rows.push(row);
    let plan = night.night();
    assert_eq!(changes(&plan), ["remove jane"]);
    assert_eq!(plan.terminations[0].vanished_at, None);
}

#[test]
fn a_vanished_row_keeps_access_that_was_about_to_end() {
    let mut night = jane().at_night("2026-11-10T10:00:00Z");
    night.night();
    night.rows.clear();
    night.later(30);
    assert_eq!(fates(&night.night()), [(D::Held, R::RowVanished)]);
}

#[test]
fn a_spent_termination_never_deactivates_again() {
    let back = |cells: Option<&str>| {
        let mut night = jane_deactivated();
        night.accounts[0].status = AccountStatus::Active;
        if let Some(cells) = cells {
            night.rows[0] = hr(&format!("id=5 email=jane name=Jane_Doe {cells}"));
        }
        let plan = night.night();
        assert_eq!(changes(&plan), [] as [&str; 0]);
        (
            fates(&plan)[0],
            plan.dispositions[0].needs_a_look,
            state(&night),
        )
    };
    let rehired = ((D::Rehired, R::HiredAgain), false, TerminationState::Closed);
    assert_eq!(back(Some("status=employed")), rehired);
    assert_eq!(back(Some("date=2026-11-20 rehire=2026-11-27")), rehired);
    let conflict = ((D::Conflict, R::ActiveAgain), true, TerminationState::Spent);
    assert_eq!(back(None), conflict);
    // A corrected, earlier date is the same departure.
    let corrected = back(Some("date=2026-11-13"));
    assert_eq!(corrected.0, (D::Conflict, R::ActiveAgain));
}

// Midnight in London is the afternoon before in Los Angeles.
#[test]
fn a_termination_is_spent_in_whatever_zone_it_was_due() {
    let mut night = jane().at_night("2026-11-20T00:30:00Z").policy(|policy| {
        policy.effective = crate::model::Effective::StartOfDay;
    });
    night.rows[0].site = "London".into();
    night.hr_at = at("2026-11-20T00:10:00Z");
    assert_eq!(changes(&night.night()), ["deactivate jane"]);
    night.later(1);
    night.accounts[0].status = AccountStatus::Active;
    assert_eq!(fates(&night.plan()), [(D::Conflict, R::ActiveAgain)]);
}

#[test]
fn who_came_back_and_leaves_again_is_a_new_termination() {
    let mut night = jane_deactivated();
    night.rows[0] = hr("id=5 email=jane name=Jane_Doe status=employed");
    night.accounts[0].status = AccountStatus::Active;
    night.night();
    night.rows[0] = hr("id=5 email=jane name=Jane_Doe date=2026-12-18");
    night.set_night(at("2026-12-19T10:00:00Z"));
    assert_eq!(changes(&night.night()), ["deactivate jane"]);
}

// HR took the row back by an active row, and then listed her again.
#[test]
fn a_termination_that_was_taken_back_can_be_listed_again() {
    let mut night = jane().incremental().at_night("2026-11-10T10:00:00Z");
    night.night();
    night.rows[0] = hr("id=5 email=jane name=Jane_Doe status=employed");
    night.later(1);
    night.night();
    assert_eq!(state(&night), TerminationState::Closed);
    night.rows[0] = hr(JANE);
    night.later(1);
    night.night();
    night.rows.clear();
    night.set_night(at("2026-11-21T10:00:00Z"));
    assert_eq!(changes(&night.night()), ["deactivate jane"]);
}

#[test]
fn a_corrected_date_replaces_the_earlier_one() {
    let mut night = jane().at_night("2026-11-10T10:00:00Z");
    night.night();
    // Later.
    night.rows[0] = hr("id=5 email=jane name=Jane_Doe date=2026-11-25");
    night.set_night(at("2026-11-21T10:00:00Z"));
    assert_eq!(fates(&night.night()), [(D::NotDue, R::FutureDate)]);
    assert_eq!(state(&night), TerminationState::Closed);
    // Earlier again, and the file is quiet afterwards.
    night.rows[0] = hr("id=5 email=jane name=Jane_Doe date=2026-11-22");
    night.policy.hr_file = crate::model::HrFileKind::Incremental;
    night.night();
    night.rows.clear();
    night.set_night(at("2026-11-23T10:00:00Z"));
    let plan = night.night();
    assert_eq!(
        (changes(&plan), plan.lanes.len()),
        (vec!["deactivate jane".to_owned()], 1)
    );
}

#[test]
fn a_date_corrected_after_the_deactivation_keeps_the_grace_period() {
    for date in ["2026-11-13", "2026-11-27"] {
        let mut night = jane_deactivated();
        night.rows[0] = hr(&format!("id=5 email=jane name=Jane_Doe date={date}"));
        let plan = night.plan();
        assert_eq!(
            plan.dispositions[0].next_due,
            Some(at("2026-12-05T10:00:00Z")),
            "{date}"
        );
    }
}

// HR adds the employee id later: the person is the same.
#[test]
fn a_new_key_in_hr_is_not_a_new_termination() {
    let mut night = jane().incremental().at_night("2026-11-10T10:00:00Z");
    night.rows[0] = hr("email=jane name=Jane_Doe date=2026-11-20");
    night.night();
    night.rows[0] = hr(JANE);
    night.later(1);
    night.night();
    night.rows.clear();
    night.set_night(at("2026-11-21T10:00:00Z"));
    let plan = night.night();
    assert_eq!(changes(&plan), ["deactivate jane"]);
    assert_eq!(plan.dispositions.len(), 1);
}

// HR noticed late, and nobody knows yet whose account it is.
#[test]
fn a_late_notice_without_an_account_is_reported_from_then_on() {
    let mut night = scenario()
        .incremental()
        .hr("id=5 email=jane name=Jane_Doe date=2026-08-01")
        .account("id=U1 user=a email=jane name=Jane_Doe")
        .account("id=U2 user=b email=jane name=Jane_Doe");
    let ambiguous = [(D::Ambiguous, R::SeveralAccounts)];
    assert_eq!(fates(&night.night()), ambiguous);
    night.rows.clear();
    night.later(59);
    assert_eq!(fates(&night.night()), ambiguous);
    night.later(1);
    assert_eq!(fates(&night.night()), []);
}

// Whoever has the address next says nothing about whoever had it.
#[test]
fn a_new_hire_who_inherits_the_address_does_not_stop_the_leaver() {
    for heir in [
        "id=6 email=jane name=Pat_Poe status=employed",
        "email=jane name=Pat_Poe status=employed",
    ] {
        let mut night = jane().incremental().at_night("2026-11-10T10:00:00Z");
        night.night();
        night.rows = vec![hr(heir)];
        night.later(1);
        night.night();
        assert_eq!(state(&night), TerminationState::Open, "{heir}");
    }
}

#[test]
fn a_new_hire_who_inherits_the_address_is_left_alone() {
    let inherited = |cells: &str| {
        let mut night = jane_deactivated();
        night.accounts[0] = account(&format!("id=U9 user=new email=jane {cells}"));
        let plan = night.night();
        assert_eq!(changes(&plan), [] as [&str; 0], "{cells}");
        fates(&plan)[0]
    };
    // The account on which it was carried out is gone, whoever has the address.
    let done = (D::AlreadyDone, R::NothingLeft);
    assert_eq!(
        inherited("name=Jane_Doe created=2026-11-27T00:00:00Z"),
        done
    );
    assert_eq!(inherited("name=Jane_Doe employee=9"), done);
    assert_eq!(inherited("name=Pat_Poe"), done);
    // Before it was carried out, the new account is compared with the person.
    let unknown = |cells: &str| {
        let night = scenario()
            .hr(JANE)
            .account(&format!("id=U9 user=new email=jane {cells}"));
        let plan = night.plan();
        assert_eq!(changes(&plan), [] as [&str; 0], "{cells}");
        fates(&plan)[0]
    };
    assert_eq!(
        unknown("created=2026-11-27T00:00:00Z"),
        (D::Conflict, R::CreatedLater)
    );
    assert_eq!(unknown("employee=9"), (D::Ambiguous, R::KeysDisagree));
    assert_eq!(unknown("name=Pat_Poe"), (D::Ambiguous, R::NameDiffers));
}

// The account that is gone stays known, so that nobody else's takes its place.
#[test]
fn an_account_that_is_gone_stays_done_on_every_night() {
    let mut night = jane_deactivated();
    night.accounts[0] = account("id=U9 user=new email=jane name=Jane_Doe");
    for _ in 0..3 {
        let plan = night.night();
        assert_eq!(fates(&plan), [(D::AlreadyDone, R::NothingLeft)]);
        night.later(1);
    }
}

// Keys that moved to another account stay ambiguous for more than one night.
#[test]
fn keys_that_moved_stay_ambiguous() {
    let mut night = jane().at_night("2026-11-10T10:00:00Z");
    night.night();
    night.accounts = vec![
        account("id=U1 user=old name=Jane_Doe"),
        account("id=U2 user=jane email=jane name=Jane_Doe"),
    ];
    night.set_night(at("2026-11-21T10:00:00Z"));
    for _ in 0..3 {
        let plan = night.night();
        assert_eq!(fates(&plan), [(D::Ambiguous, R::KeysDisagree)]);
        assert_eq!(changes(&plan), [] as [&str; 0]);
        night.later(1);
    }
}

#[test]
fn an_address_that_changed_does_not_lose_the_person() {
    let mut night = scenario()
        .at_night("2026-11-10T10:00:00Z")
        .hr("email=jane name=Jane_Doe date=2026-11-20")
        .account("id=U1 user=u email=jane name=Jane_Doe");
    night.night();
    night.accounts[0] = account("id=U1 user=u email=jane.doe name=Jane_Doe");
    night.set_night(at("2026-11-21T10:00:00Z"));
    assert_eq!(changes(&night.plan()), ["deactivate u"]);
    // Unless the account says by now that it is somebody else's.
    night.accounts[0] = account("id=U1 user=u email=x employee=9 name=Jane_Doe");
    night.rows[0] = hr(JANE);
    assert_eq!(changes(&night.plan()), [] as [&str; 0]);
}

#[test]
fn a_hold_ends_and_the_tasks_are_still_there() {
    let mut night = jane_deactivated();
    let open = night
        .memory
        .tasks
        .values()
        .filter(|task| task.state == crate::model::TaskState::Open)
        .count();
    night.memory.holds.push(HoldRecord {
        who: "5".to_owned(),
        why: "lawsuit".to_owned(),
        until: None,
        source: HoldSource::Ledger(None),
    });
    night.later(20);
    let plan = night.night();
    assert_eq!(fates(&plan), [(D::Held, R::OnHold)]);
    night.memory.holds.clear();
    let plan = night.plan();
    assert_eq!(changes(&plan), ["remove jane"]);
    assert_eq!(plan.manual_tasks.len(), open);
}

#[test]
fn an_old_termination_waits_for_an_approval() {
    let mut night = jane().at_night("2027-01-21T10:00:00Z");
    for _ in 0..2 {
        let plan = night.night();
        assert_eq!(fates(&plan), [(D::Held, R::OldTermination)]);
        assert!(plan.lanes[0].steps[0].needs_approval);
        assert!(
            plan.actions
                .iter()
                .all(|action| action.needs_approval.is_some())
        );
        assert_eq!(
            plan.guards[0].measured, 0,
            "it is not carried out without an approval"
        );
        night.later(1);
    }
    // Known before it was old.
    let mut night = jane().at_night("2026-11-10T10:00:00Z");
    night.night();
    night.set_night(at("2027-02-10T10:00:00Z"));
    assert_eq!(changes(&night.night()), ["deactivate jane"]);
    // The last day: 60 days after the end of the 20th.
    let boundary = jane().at_night("2027-01-20T08:00:00Z");
    assert_eq!(fates(&boundary.plan()), [(D::Planned, R::DeactivationDue)]);
}

#[test]
fn everybody_is_counted_once() {
    let plan = jane()
        .hr("id=6 name=Pat_Poe date=2026-12-24")
        .hr("id=5 name=Jane_Doe date=2026-11-01")
        .unreadable_hr("id=8")
        .plan();
    assert_eq!(
        totals(&plan),
        [
            ("duplicate", 1),
            ("invalid", 1),
            ("not_due", 1),
            ("planned", 1)
        ]
        .into()
    );
    assert_eq!(plan.totals.len(), 14);
}

// The address is the only thing that the obligation and two others have in
// common: whose it is cannot be told, and nothing is forgotten meanwhile.
#[test]
fn an_obligation_whose_address_others_share_is_a_conflict() {
    let mut night = jane().incremental().at_night("2026-11-10T10:00:00Z");
    night.night();
    night.rows.clear();
    let mut shared = night
        .hr("id=6 email=jane name=Pat_Poe date=2026-12-24")
        .hr("id=7 email=jane name=Kim_Lee date=2026-12-24");
    let owed = |plan: &crate::plan::Plan| {
        let mut lines = plan.dispositions.iter();
        let line = lines.find(|line| line.origin == Origin::Ledger);
        let line = line.expect("a line, not silence");
        assert_eq!(
            (line.disposition, line.reason),
            (D::Conflict, R::SharedIdentity)
        );
        assert_eq!(changes(plan), [] as [&str; 0]);
        line.needs_a_look
    };
    shared.later(1);
    assert!(!owed(&shared.night()), "not due");
    shared.set_night(at("2026-11-21T10:00:00Z"));
    assert!(owed(&shared.night()), "due and active");
    let mut inactive = shared.clone();
    inactive.accounts[0].status = AccountStatus::Inactive;
    assert!(!owed(&inactive.plan()), "due, and nothing to end");

    assert_eq!(state(&shared), TerminationState::Open);
    shared.rows.clear();
    shared.later(1);
    assert_eq!(changes(&shared.night()), ["deactivate jane"]);
}
