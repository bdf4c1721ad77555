use super::{HrReader, Unread};
use crate::ingest::body::{self, Count};
use crate::ingest::chunks::Chunk;
use crate::ingest::error::{IngestError, Refusal};
use crate::ingest::layout::Layout;
use crate::ingest::status::UnknownWords;
use crate::model::{HrRow, InvalidRow};

/// What was read from one chunk, or from all so far.
#[derive(Default)]
pub(super) struct Part {
    /// The rows that were understood.
    pub(super) rows: Vec<HrRow>,
    /// The rows that were not.
    pub(super) invalid: Vec<InvalidRow>,
    /// Words of the status that nobody knows.
    pub(super) statuses: UnknownWords,
    /// Events that nobody knows.
    pub(super) actions: UnknownWords,
    /// The first header row of another table, refused.
    pub(super) second_table: Option<Refusal>,
    /// What was counted.
    pub(super) count: Count,
}

impl Part {
    pub(super) fn read(
        reader: &HrReader<'_>,
        layout: &Layout,
        chunk: &Chunk<'_>,
    ) -> Result<Self, IngestError> {
        let mut part = Self::default();
        // Rows are large, so that room is made once.
        let lines = reader.file.line_end.count(chunk.text.as_bytes());
        part.rows
            .reserve(usize::try_from(lines).unwrap_or_default());
        part.count = body::for_each_record(reader.file, layout, chunk, |record| {
            match reader.read(&record) {
                Ok(row) => part.rows.push(row),
                Err(Unread::Invalid(row)) => part.invalid.push(*row),
                Err(Unread::UnknownStatus(word)) => part.statuses.add(word, record.line),
                Err(Unread::UnknownAction(word)) => part.actions.add(word, record.line),
                Err(Unread::OtherHeader(refusal)) => {
                    part.second_table.get_or_insert(*refusal);
                }
            }
        })?;
        Ok(part)
    }

    /// Adds what was read from the chunk that follows.
    pub(super) fn add(&mut self, later: Self) {
        self.rows.extend(later.rows);
        self.invalid.extend(later.invalid);
        self.statuses.merge(later.statuses);
        self.actions.merge(later.actions);
        if self.second_table.is_none() {
            self.second_table = later.second_table;
        }
        self.count = self.count.plus(later.count);
    }
}
