use std::io::{Cursor, Write};

use tempfile::NamedTempFile;

use super::*;
use crate::model::{AccountStatus, Sighting};
use crate::plan::{Nameless, Undoes, read, write};
use crate::reconcile::tests::scenario::{Scenario, scenario};

/// A night with so many leavers, each with an account, a phone and a seat.
fn leavers(count: usize) -> Plan {
    let person = |scenario: Scenario, number: usize| {
        let hr = format!("id={number} name=Jane_Doe date=2026-11-20");
        let account = format!("id=U{number} user=jane{number} employee={number} name=Jane_Doe");
        scenario
            .hr(&hr)
            .account(&format!("{account} phone=+15550100"))
    };
    // An id of zeros is nobody's.
    (1..=count).fold(scenario(), person).plan()
}

fn text(plan: &Plan) -> String {
    let mut text = Vec::new();
    write(plan, &mut text).expect("a text");
    String::from_utf8(text).expect("UTF-8")
}

// Plans that older versions wrote keep their ids only if the text is, line ends
// aside, what serde makes of a plan.
#[test]
fn but_for_line_ends_it_is_the_plan_in_compact_json() {
    let mut plans = vec![scenario().plan(), leavers(3)];
    let mut undo = leavers(1);
    undo.undoes = Some(Undoes {
        run_id: "run".to_owned(),
        plan_id: "plan".to_owned(),
    });
    undo.findings.push("two\nlines".to_owned());
    plans.push(undo);
    let mut looked_up = leavers(1);
    let action = looked_up.actions.first().expect("an action");
    looked_up.sightings.push(Sighting {
        account: action.subject.account.clone().expect("an account"),
        status: AccountStatus::Active,
        at: looked_up.as_of,
    });
    plans.push(looked_up);
    for plan in plans {
        let compact = serde_json::to_string(&plan).expect("JSON");
        assert_eq!(text(&plan).replace('\n', ""), compact);
    }
}

#[test]
fn every_field_and_every_element_has_a_line() {
    let plan = leavers(3);
    assert_eq!(plan.dispositions.len(), 3);
    assert!(plan.actions.len() >= 6, "{:?}", plan.actions);
    let text = text(&plan);
    assert!(text.starts_with("{\"format_version\":1,\n\"plan_id\":\""));
    assert!(text.contains(",\n\"actions\":[\n{\"id\":\""));
    assert!(text.ends_with("}\n"), "{text}");
    let lines = text
        .lines()
        .filter(|line| line.contains("\"origin\":\"hr\""));
    assert_eq!(lines.count(), plan.dispositions.len() + plan.actions.len());
}

#[test]
fn what_cannot_be_handed_on_ends_the_text() {
    let plan = leavers(2);
    let whole = text(&plan).len();
    for room in [0, 10, 500, whole - 1] {
        let mut taken = 0;
        let full = rest(&plan, |text| {
            taken += text.len();
            if taken > room {
                return Err(io::Error::from(io::ErrorKind::StorageFull));
            }
            Ok(())
        });
        let taken_of_all = head(&plan, &plan.plan_id).len() + room;
        match full {
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::StorageFull),
            Ok(()) => assert!(taken_of_all >= whole, "{room}"),
        }
    }
}

// A file written before this layout was: the same plan, one field a line.
#[test]
fn a_plan_in_another_layout_is_the_same_plan() {
    let plan = leavers(2);
    let layouts = [
        serde_json::to_vec(&plan).expect("JSON"),
        serde_json::to_vec_pretty(&plan).expect("JSON"),
        text(&plan).into_bytes(),
    ];
    for layout in layouts {
        let mut file = NamedTempFile::new().expect("a file");
        file.write_all(&layout).expect("a full file");
        assert_eq!(read(file.path()).expect("the plan"), plan);
    }
}

#[test]
fn the_id_takes_the_room_that_was_left_for_it() {
    let known = leavers(2);
    let mut nameless = known.clone();
    nameless.plan_id.clear();
    let mut file = Cursor::new(Vec::new());
    let plan = Nameless::of(nameless).write(&mut file).expect("a file");
    assert_eq!(plan.plan_id.len(), 16);
    assert_eq!(plan, known);
    assert_eq!(
        String::from_utf8(file.into_inner()).expect("UTF-8"),
        text(&plan)
    );
}
