//! The plan file and the review sheet.

use std::io::Write;

use tempfile::NamedTempFile;

use crate::plan::{
    Decision, Plan, PlanFileError, ReviewError, read, read_review, review_sheet, to_bytes,
};
use crate::reconcile::tests::scenario::{Scenario, at, scenario};

fn jane() -> Scenario {
    scenario()
        .hr("id=5 name==Jane_Doe date=2026-11-20")
        .account("id=U1 user=jane employee=5 name=Jane_Doe phone=+15550100")
}

fn stored(bytes: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a file");
    file.write_all(bytes).expect("a full file");
    file
}

fn bytes(plan: &Plan) -> Vec<u8> {
    to_bytes(plan).expect("bytes")
}

#[test]
fn the_same_night_gives_the_same_bytes() {
    let plan = jane().plan();
    assert_eq!(bytes(&plan), bytes(&jane().plan()));
    assert_eq!(read(stored(&bytes(&plan)).path()).expect("the plan"), plan);
    let mut other = jane();
    other.as_of = at("2026-11-28T10:00:00.000000001Z");
    assert_ne!(other.plan().plan_id, plan.plan_id);
}

#[test]
fn an_altered_plan_is_refused() {
    let plan = jane().plan();
    let text = String::from_utf8(bytes(&plan)).expect("text");
    let alterations = [
        ("\"user_id\": \"U1\"", "\"user_id\": \"U2\""),
        ("\"needs_approval\": false", "\"needs_approval\": true"),
        (plan.plan_id.as_str(), "0123456789abcdef"),
    ];
    for (before, after) in alterations {
        let altered = text.replace(before, after);
        assert_ne!(altered, text, "{before}");
        let file = stored(altered.as_bytes());
        let refused = matches!(read(file.path()), Err(PlanFileError::Altered { .. }));
        assert!(refused, "{before}");
    }
    let file = stored(
        text.replace("\"format_version\": 1", "\"format_version\": 2")
            .as_bytes(),
    );
    assert!(matches!(
        read(file.path()),
        Err(PlanFileError::Version { found: 2, .. })
    ));
    assert!(matches!(
        read(stored(b"{}").path()),
        Err(PlanFileError::NotAPlan { .. })
    ));
    let nowhere = std::path::Path::new("/nonexistent/plan.json");
    assert!(matches!(
        read(nowhere),
        Err(PlanFileError::Unreadable { .. })
    ));
}

#[test]
fn a_sheet_can_veto_and_nothing_else() {
    let plan = jane().plan();
    let sheet = String::from_utf8(review_sheet(&plan).expect("a sheet")).expect("text");
    assert_eq!(sheet.lines().count(), 1 + plan.actions.len());
    let blank = read_review(stored(sheet.as_bytes()).path(), &plan).expect("decisions");
    assert_eq!(blank.len(), plan.actions.len());
    assert!(blank.values().all(|decision| *decision == Decision::Blank));

    // A spreadsheet reorders, recases and drops lines, and changes other cells.
    let [first, second] = [&plan.actions[0].id, &plan.actions[1].id];
    let edited =
        format!("\u{feff}action_id,person,decision\r\n{second},X, Skip \r\n{first},Y,HOLD\r\n");
    let decisions = read_review(stored(edited.as_bytes()).path(), &plan).expect("decisions");
    assert_eq!(decisions[first], Decision::Hold);
    assert_eq!(decisions[second], Decision::Skip);
    assert_eq!(decisions.len(), 2, "a missing line is not in the answer");
}

#[test]
fn a_sheet_that_is_not_understood_is_refused() {
    let plan = jane().plan();
    let id = &plan.actions[0].id;
    let refusal = |text: String| read_review(stored(text.as_bytes()).path(), &plan);
    let foreign = refusal("action_id,decision\nremove-0,skip\n".to_owned());
    assert!(matches!(foreign, Err(ReviewError::Foreign { line: 2, .. })));
    let word = refusal(format!("action_id,decision\n{id},no\n"));
    assert!(matches!(word, Err(ReviewError::Decision { line: 2, .. })));
    let column = refusal(format!("action_id\n{id}\n"));
    assert!(matches!(
        column,
        Err(ReviewError::MissingColumn {
            column: "decision",
            ..
        })
    ));
    // One action twice, with two decisions: nobody can tell which was meant.
    let twice = refusal(format!("action_id,decision\n{id},skip\n{id},approve\n"));
    assert!(matches!(twice, Err(ReviewError::Twice { line: 3, .. })));
}

// L35: exported names ran as formulas.
#[test]
fn no_cell_of_the_sheet_is_a_formula() {
    let plan = jane().plan();
    let sheet = review_sheet(&plan).expect("a sheet");
    let mut reader = csv::Reader::from_reader(sheet.as_slice());
    for record in reader.records() {
        let record = record.expect("a record");
        assert_eq!(&record[3], "'=Jane Doe");
        let formula = record
            .iter()
            .any(|cell| cell.starts_with(['=', '+', '-', '@']));
        assert!(!formula, "{record:?}");
    }
}
