use std::collections::BTreeMap;
use std::path::Path;

use super::aliases::numbers;
use super::decode::TextFile;
use super::error::IngestError;
use super::input_file::InputFile;
use super::listing;
use super::open::open_list;
use crate::model::NumberCounts;

/// The vendor's report of a tenant's phone numbers, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumbersFile {
    /// What the plan records about the file.
    pub file: InputFile,
    /// How many numbers there are.
    pub counts: NumberCounts,
}

/// Reads the numbers report. Every number takes a licence of its country,
/// assigned or not, so every row counts; one that cannot be read may be of any
/// country.
pub fn read_numbers(path: &Path) -> Result<NumbersFile, IngestError> {
    read_text(&open_list(path, &numbers::TABLE)?)
}

fn read_text(file: &TextFile) -> Result<NumbersFile, IngestError> {
    let layout = listing::locate(file, &numbers::TABLE)?;
    let number = layout.column(&numbers::NUMBER);
    let mut counts = NumberCounts::default();
    let rows = listing::read_rows(file, &layout, |row| {
        counts.count(row.text(&number));
        Ok(())
    })?;
    Ok(NumbersFile {
        file: layout.input_file(file, rows, BTreeMap::new()),
        counts,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<NumbersFile, String> {
        let file = TextFile::decode("numbers.csv".to_owned(), text.into()).expect("text");
        read_text(&file).map_err(|error| error.to_string())
    }

    #[test]
    fn available_numbers_count_like_assigned_ones() {
        let text = "Number status,Phone number,Extension\n\
                    Available,15550100001,\nAssigned,15550100002,1001\n";
        let numbers = read(text).expect("numbers");
        assert_eq!(numbers.counts.at_most("US"), 2);
        assert_eq!((numbers.counts.at_most("GB"), numbers.file.rows), (0, 2));
    }

    #[test]
    fn a_file_without_numbers_is_refused() {
        let error = read("Extension,Status\n1001,Assigned\n").expect_err("a refusal");
        assert!(error.contains("the phone number"), "{error}");
    }
}
