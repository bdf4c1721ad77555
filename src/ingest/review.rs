use std::path::Path;

use super::ColumnNames;
use super::aliases::review;
use super::body::for_each_record;
use super::cells::Cells;
use super::decode::TextFile;
use super::error::IngestError;
use super::header::Column;
use super::layout;
use super::open;
use crate::model::ReviewLine;

/// Reads a review sheet back, however the spreadsheet saved it: in any
/// encoding and delimiter, with columns moved, added or recased. Two cells of
/// each line count; what they mean is the plan's business.
pub fn read_review(path: &Path) -> Result<Vec<ReviewLine>, IngestError> {
    read_text(&open::open_list(path, &review::TABLE)?)
}

fn read_text(file: &TextFile) -> Result<Vec<ReviewLine>, IngestError> {
    let layout = layout::locate(file, &review::TABLE, &ColumnNames::default())?;
    let action_id = layout.column(&review::ACTION_ID);
    let decision = layout.column(&review::DECISION);
    let mut lines = Vec::new();
    for chunk in layout.body(file, usize::MAX)? {
        for_each_record(file, &layout, &chunk, |record| {
            lines.push(ReviewLine {
                line: record.line,
                action_id: as_typed(&action_id, record.cells),
                decision: as_typed(&decision, record.cells),
            });
        })?;
    }
    Ok(lines)
}

/// What was typed, without the apostrophe that makes a spreadsheet take a cell
/// as text and that some save as a part of it. Columns of one name that hold
/// different values give all of them, which is neither an id nor a decision.
fn as_typed(column: &Column, cells: Cells<'_>) -> String {
    let mut values: Vec<&str> = Vec::new();
    for cell in column.filled(cells) {
        let value = cell.strip_prefix('\'').unwrap_or(cell);
        if !values.contains(&value) {
            values.push(value);
        }
    }
    values.join(" / ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<ReviewLine>, String> {
        let file = TextFile::decode("plan.csv".to_owned(), text.into()).expect("text");
        read_text(&file).map_err(|error| error.to_string())
    }

    fn line(line: u64, action_id: &str, decision: &str) -> ReviewLine {
        ReviewLine {
            line,
            action_id: action_id.to_owned(),
            decision: decision.to_owned(),
        }
    }

    #[test]
    fn a_sheet_is_read_however_a_spreadsheet_saved_it() {
        let expected = [line(2, "remove-1", "skip"), line(3, "remove-2", "")];
        for text in [
            "decision,action_id,person\nskip,remove-1,Jane\n,remove-2,Joe\n",
            "\u{feff}\"decision\";\"action_id\"\r\n\"skip\";\"remove-1\"\r\n\"\";\"remove-2\"\r\n",
            "Person\tACTION_ID\tDecision\rJane\tremove-1\tskip\rJoe\tremove-2\t\r",
            "action_id,note,decision,,\n'remove-1,x,'skip,,\nremove-2,,\u{a0},,\n,,,,\n\n",
            // A line that ends early lacks its last cells.
            "action_id,decision,note\nremove-1,skip\nremove-2\n",
        ] {
            assert_eq!(read(text).expect(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_second_column_of_a_name_must_agree() {
        let text = "action_id,decision,Decision\na-1,skip,skip\na-2,,hold\na-3,skip,approve\n";
        let lines = read(text).expect("lines");
        let decisions = lines.iter().map(|line| line.decision.as_str());
        assert_eq!(
            decisions.collect::<Vec<_>>(),
            ["skip", "hold", "skip / approve"]
        );
    }

    #[test]
    fn a_sheet_without_its_columns_is_refused() {
        let error = read("decision,action\nhold,deactivate\n").expect_err("a refusal");
        let words = "no column says which action a line is about (`action_id`); \
                     columns seen: \"decision\", \"action\"";
        assert!(error.contains(words), "{error}");
        assert!(read("a,b\n1,2\n").is_err());
    }
}
