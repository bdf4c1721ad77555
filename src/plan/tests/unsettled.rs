//! Rows of an incremental file that nobody could act on, night after night.

use super::night::{changes, fates};
use crate::model::{Disposition as D, Origin, Reason as R};
use crate::reconcile::tests::scenario::{Scenario, hr, scenario};

const JANE: &str = "id=U1 user=jane email=jane name=Jane_Doe employee=5";

/// Jane works here, and the file of every night holds only news.
fn jane() -> Scenario {
    scenario().incremental().account(JANE)
}

/// The next night, with an empty file.
fn quiet_night(night: &mut Scenario) -> Vec<(D, R)> {
    night.rows.clear();
    night.invalid.clear();
    night.later(1);
    fates(&night.night())
}

fn looks(night: &Scenario) -> Vec<bool> {
    let plan = night.plan();
    plan.dispositions
        .iter()
        .map(|line| line.needs_a_look)
        .collect()
}

#[test]
fn what_nobody_could_act_on_is_reported_every_night() {
    let leaves = "id=5 name=Jane_Doe date=2026-11-20";
    for (night, expected) in [
        (
            jane().unreadable_hr("id=5 name=Jane_Doe"),
            (D::Invalid, R::Unreadable),
        ),
        (
            jane().unreadable_hr("name=Jane_Doe"),
            (D::Invalid, R::Unreadable),
        ),
        (
            jane().hr("id=5 name=Jane_Doe status=blank"),
            (D::Invalid, R::NoTerminationDate),
        ),
        (
            jane().hr("id=5 name=Jane_Doe status=left"),
            (D::Conflict, R::NoTerminationDate),
        ),
        (
            jane().hr("id=5 name=Jane_Doe date=2026-11-20 status=employed"),
            (D::Conflict, R::StatusAndDate),
        ),
        (
            jane().hr(leaves).hr("id=5 name=Pat_Poe date=2026-11-20"),
            (D::Conflict, R::SharedIdentity),
        ),
        (
            scenario()
                .incremental()
                .account("user=x email=team")
                .hr("email=team name=Jane_Doe date=2026-11-20")
                .hr("email=team name=Pat_Poe date=2026-11-20"),
            (D::Unmatched, R::NearMiss),
        ),
    ] {
        let mut night = night;
        let first = fates(&night.night());
        assert!(first.iter().all(|fate| *fate == expected), "{first:?}");
        for _ in 0..3 {
            let later = quiet_night(&mut night);
            assert_eq!(later, vec![expected; first.len()]);
            assert_eq!(looks(&night), vec![true; first.len()], "{expected:?}");
        }
        let line = &night.plan().dispositions[0];
        assert_eq!((line.origin, &line.source), (Origin::Ledger, &None));
        let id = night.memory.unsettled[0].id();
        let way_out = format!("`seatsweep tasks done {id}`");
        assert!(line.detail.contains(&way_out), "{}", line.detail);
        assert!(
            line.detail.contains("listed on 2026-11-28"),
            "{}",
            line.detail
        );
    }
}

#[test]
fn a_cumulative_file_repeats_what_is_open_itself() {
    let mut night = scenario().account(JANE).unreadable_hr("id=5");
    night.night();
    assert!(night.memory.unsettled.is_empty());
    // Nor is anything kept that an incremental file left behind.
    let mut night = jane().unreadable_hr("id=5");
    night.night();
    let mut night = night.policy(|policy| policy.hr_file = crate::model::HrFileKind::Cumulative);
    assert_eq!(quiet_night(&mut night), []);
    assert!(night.memory.unsettled.is_empty());
}

#[test]
fn a_later_row_of_the_same_person_settles_it() {
    for (later, expected) in [
        ("id=5 name=Jane_Doe date=2026-11-20", D::Planned),
        ("id=5 name=Jane_Doe status=employed", D::NotLeaving),
        (
            "id=7 email=jane name=Jane_Poe status=employed",
            D::NotLeaving,
        ),
    ] {
        let mut night = jane().unreadable_hr("id=5 email=jane name=Jane_Doe");
        night.night();
        quiet_night(&mut night);
        night.rows.push(hr(later));
        let plan = night.night();
        let all: Vec<D> = plan.dispositions.iter().map(|it| it.disposition).collect();
        assert_eq!(all, [expected], "{later}");
        assert!(night.memory.unsettled.is_empty(), "{later}");
    }
    // Somebody else by now has the id that was wrong, or the address.
    let mut night = jane().unreadable_hr("id=5 email=jane name=Jane_Doe");
    night.night();
    night.invalid.clear();
    night.rows.push(hr("id=5 name=Pat_Poe status=employed"));
    assert_eq!(fates(&night.plan()).len(), 2);
}

#[test]
fn the_same_unreadable_row_read_again_is_one_row() {
    let mut night = jane().unreadable_hr("name=Jane_Doe");
    let first = night.night();
    night.later(1);
    let again = night.night();
    assert_eq!(fates(&again), fates(&first));
    assert_eq!(night.memory.unsettled.len(), 1);
}

// The row may say that she stays.
#[test]
fn it_keeps_an_earlier_termination_from_acting() {
    let mut night = jane().hr("id=5 name=Jane_Doe date=2026-11-30");
    assert_eq!(fates(&night.night()), [(D::NotDue, R::FutureDate)]);
    night.rows.clear();
    let mut night = night.unreadable_hr("id=5 name=Jane_Doe");
    night.later(1);
    night.night();
    for _ in 0..4 {
        let fates = quiet_night(&mut night);
        assert!(fates.contains(&(D::Conflict, R::SharedIdentity)));
        assert_eq!(changes(&night.plan()), [] as [&str; 0]);
    }
    night.memory.unsettled.clear();
    assert_eq!(changes(&night.plan()), ["deactivate jane"]);
}

// Jane's row, by her address, cannot be read; the id of her account is Pat's.
#[test]
fn it_protects_the_account_that_it_points_at() {
    let mut night = jane().unreadable_hr("email=jane");
    night.night();
    night.invalid.clear();
    night.rows.push(hr("id=5 name=Jane_Doe date=2026-11-20"));
    assert_eq!(fates(&night.plan())[0], (D::Conflict, R::SharedIdentity));
    night.memory.unsettled.clear();
    assert_eq!(changes(&night.plan()), ["deactivate jane"]);
}

#[test]
fn nobody_has_to_look_where_access_has_ended() {
    let mut night = jane().unreadable_hr("id=5 name=Jane_Doe");
    night.night();
    night.accounts[0].status = crate::model::AccountStatus::Inactive;
    assert_eq!(quiet_night(&mut night), [(D::Invalid, R::Unreadable)]);
    assert_eq!(looks(&night), [false]);
}

#[test]
fn it_is_given_up_after_the_age_of_an_old_termination_and_not_in_silence() {
    let mut night = jane().unreadable_hr("id=5 name=Jane_Doe");
    night.night();
    night.later(58);
    assert_eq!(quiet_night(&mut night).len(), 1, "59 days");
    night.later(1);
    let plan = night.plan();
    assert_eq!(fates(&plan), []);
    let id = night.memory.unsettled[0].id();
    assert!(plan.findings[0].contains(&id), "{:?}", plan.findings);
    // What lies ahead is not older than it is.
    let ahead = "id=5 name=Jane_Doe status=absent date=2027-03-01";
    let mut night = jane().hr(ahead).hr("id=5 name=Jane_Doe status=unclear");
    night.night();
    night.later(58);
    assert_eq!(quiet_night(&mut night).len(), 1);
}

// Two people share the only key, and the date lies ahead.
#[test]
fn somebody_without_a_key_is_not_forgotten_before_the_date() {
    let mut night = scenario()
        .incremental()
        .hr("email=team name=Jane_Doe date=2026-12-01")
        .hr("email=team name=Pat_Poe date=2026-12-01");
    assert_eq!(fates(&night.night()), [(D::NotDue, R::FutureDate); 2]);
    assert_eq!(quiet_night(&mut night), [(D::Unmatched, R::NoKey); 2]);
    assert_eq!(looks(&night), [false, false]);
    night.later(3);
    assert_eq!(looks(&night), [true, true]);
}
