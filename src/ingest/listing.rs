//! Lists that the administrator writes by hand: owned seats, holds, the map.
//! Nothing in them may be lost, so the first row that is wrong refuses the file.

use super::body::{DataRecord, for_each_record};
use super::decode::TextFile;
use super::error::{IngestError, Refusal};
use super::header::Column;
use super::layout::Layout;
use super::text::excerpt;
use crate::model::SourceRow;

/// One row of a list.
pub(super) struct ListRow<'r> {
    file: &'r TextFile,
    record: DataRecord<'r>,
}

impl<'r> ListRow<'r> {
    /// A cell without white space around it; empty when the column is missing.
    pub(super) fn text(&self, column: &Column) -> &'r str {
        column.text(self.record.cells)
    }

    /// Where the row stands.
    pub(super) fn source(&self) -> SourceRow {
        SourceRow {
            file: self.file.name.clone(),
            line: self.record.line,
        }
    }

    /// A refusal of the file because of one cell.
    pub(super) fn refusal(
        &self,
        column: &Column,
        problem: impl Into<String>,
        advice: impl Into<String>,
    ) -> IngestError {
        let refusal = Refusal {
            line: Some(self.record.line),
            column: excerpt(column.header()),
            value: excerpt(self.text(column)),
            ..self.file.refusal(problem, advice)
        };
        refusal.into()
    }
}

/// Hands every row to `each` and returns how many there are; stops at the
/// first refusal.
pub(super) fn read_rows(
    file: &TextFile,
    layout: &Layout,
    mut each: impl FnMut(&ListRow<'_>) -> Result<(), IngestError>,
) -> Result<u64, IngestError> {
    let mut rows = 0;
    for chunk in layout.body(file, usize::MAX)? {
        let mut outcome = Ok(());
        let count = for_each_record(file, layout, &chunk, |record| {
            if outcome.is_ok() {
                outcome = read_row(file, record, &mut each);
            }
        })?;
        outcome?;
        rows += count.rows;
    }
    Ok(rows)
}

fn read_row(
    file: &TextFile,
    record: DataRecord<'_>,
    each: &mut impl FnMut(&ListRow<'_>) -> Result<(), IngestError>,
) -> Result<(), IngestError> {
    if let Some(fault) = record.raggedness() {
        let refusal = Refusal {
            line: Some(record.line),
            ..file.refusal(fault.problem, fault.advice)
        };
        return Err(refusal.into());
    }
    each(&ListRow { file, record })
}
