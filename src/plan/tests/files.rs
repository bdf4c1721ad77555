//! The plan file and the review sheet.

use std::io::Write;

use tempfile::NamedTempFile;

use crate::model::ReviewLine;
use crate::plan::{
    Decision, Plan, PlanFileError, Review, ReviewError, read, review_sheet, understand_review,
    write,
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
    let mut bytes = Vec::new();
    write(plan, &mut bytes).expect("bytes");
    bytes
}

fn sheet(plan: &Plan) -> Vec<u8> {
    let mut sheet = Vec::new();
    review_sheet(plan, &mut sheet).expect("a sheet");
    sheet
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
        ("\"user_id\":\"U1\"", "\"user_id\":\"U2\""),
        ("\"needs_approval\":false", "\"needs_approval\":true"),
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
        text.replace("\"format_version\":1", "\"format_version\":2")
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

/// Understands (action id, decision) as the lines of a sheet below its header.
fn understood(plan: &Plan, cells: &[(&str, &str)]) -> Result<Review, ReviewError> {
    let lines: Vec<ReviewLine> = (2..)
        .zip(cells)
        .map(|(line, (action_id, decision))| ReviewLine {
            line,
            action_id: (*action_id).to_owned(),
            decision: (*decision).to_owned(),
        })
        .collect();
    understand_review(std::path::Path::new("plan.csv"), &lines, plan)
}

#[test]
fn a_sheet_can_veto_and_nothing_else() {
    let plan = jane().plan();
    let sheet = String::from_utf8(sheet(&plan)).expect("text");
    assert_eq!(sheet.lines().count(), 1 + plan.actions.len());

    let [first, second] = [&plan.actions[0].id, &plan.actions[1].id];
    let review = understood(&plan, &[(second, "Skip"), (&first.to_uppercase(), "HOLD")]);
    let review = review.expect("decisions");
    assert_eq!(review.decisions[first], Decision::Hold);
    assert_eq!(review.decisions[second], Decision::Skip);
    assert_eq!(review.decisions.len(), 2, "a missing line is held");
    assert_eq!(review.missing, plan.actions.len() - 2);
}

#[test]
fn a_line_whose_id_was_damaged_is_told() {
    let plan = jane().plan();
    let id = plan.actions[0].id.as_str();
    let lines = [
        (id, ""),
        ("deactivate-1.2E+15", "approve"),
        ("", "skip"),
        ("", ""),
    ];
    let review = understood(&plan, &lines).expect("decisions");
    assert_eq!(review.decisions.len(), 1);
    let told = [(3, "deactivate-1.2E+15".to_owned()), (4, String::new())];
    assert_eq!(review.not_understood, told);
    // Nothing of it is this plan's.
    let strange = understood(&plan, &[("deactivate-1.2E+15", "")]);
    assert!(matches!(strange, Err(ReviewError::Foreign { line: 2, .. })));
}

#[test]
fn a_sheet_that_is_not_understood_is_refused() {
    let plan = jane().plan();
    let id = plan.actions[0].id.as_str();
    let foreign = understood(&plan, &[(id, ""), ("remove-0123456789ab", "skip")]);
    assert!(matches!(foreign, Err(ReviewError::Foreign { line: 3, .. })));
    for word in ["no", "approved", "skip it", "-"] {
        let refused = understood(&plan, &[(id, word)]);
        let refused = matches!(refused, Err(ReviewError::Decision { line: 2, .. }));
        assert!(refused, "{word}");
    }
    // One action twice, with two decisions: nobody can tell which was meant.
    let twice = understood(&plan, &[(id, "skip"), (id, "approve")]);
    assert!(matches!(twice, Err(ReviewError::Twice { line: 3, .. })));
}

#[test]
fn no_spreadsheet_reads_an_action_id_as_a_number_or_a_date() {
    let plan = jane().plan();
    for action in &plan.actions {
        let (word, _) = action.id.split_once('-').expect("a word and a digest");
        assert!(word.len() > 3, "shorter ones are months: {}", action.id);
        let ids = [(action.id.as_str(), "")];
        let review = understood(&plan, &ids).expect("decisions");
        assert_eq!(review.decisions.len(), 1);
    }
}

// Exported names ran as formulas.
#[test]
fn no_cell_of_the_sheet_is_a_formula() {
    let plan = jane().plan();
    let sheet = sheet(&plan);
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
