use std::collections::BTreeMap;
use std::path::Path;

use super::aliases::holds;
use super::dates::{Fault, read_date, reads_either_way};
use super::decode::TextFile;
use super::error::IngestError;
use super::input_file::InputFile;
use super::listing;
use super::open::open_list;
use super::text::is_blank;
use crate::model::{HoldRecord, HoldSource};
use jiff::civil::Date;

/// A list of people and accounts not to be touched, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldsFile {
    /// What the plan records about the file.
    pub file: InputFile,
    /// The holds, in the file's order.
    pub holds: Vec<HoldRecord>,
}

/// Reads the holds (`who`, `why`, `until`). Anything wrong in them is an
/// error: a hold that was overlooked would cost somebody their data.
pub fn read_holds(path: &Path) -> Result<HoldsFile, IngestError> {
    read_text(&open_list(path, &holds::TABLE)?)
}

fn read_text(file: &TextFile) -> Result<HoldsFile, IngestError> {
    let layout = listing::locate(file, &holds::TABLE)?;
    let (who, why) = (layout.column(&holds::WHO), layout.column(&holds::WHY));
    let until = layout.column(&holds::UNTIL);
    let mut holds = Vec::new();
    let rows = listing::read_rows(file, &layout, |row| {
        let held = row.text(&who);
        if is_blank(held) {
            let advice = "write an employee id, e-mail, username or user id";
            return Err(row.refusal(&who, "the hold does not say who is held", advice));
        }
        if is_no_key(held) {
            let advice = "say employee id, e-mail, username or user id, one a row";
            return Err(row.refusal(&who, "a name holds nobody", advice));
        }
        holds.push(HoldRecord {
            who: held.to_owned(),
            why: row.text(&why).to_owned(),
            until: read_until(row.text(&until))
                .map_err(|fault| row.refusal(&until, fault.problem, fault.advice))?,
            source: HoldSource::File(row.source()),
        });
        Ok(())
    })?;
    Ok(HoldsFile {
        file: layout.input_file(file, rows, BTreeMap::new()),
        holds,
    })
}

/// A name, or several people in one cell: no account is ever called so.
fn is_no_key(held: &str) -> bool {
    let has_blank = held.contains(char::is_whitespace);
    let has_digit = held.contains(|c: char| c.is_ascii_digit());
    held.contains([',', ';']) || (has_blank && (!has_digit || held.contains('@')))
}

/// The last day of a hold. A date that can be read either way is never
/// guessed: the list is small enough to be corrected.
fn read_until(cell: &str) -> Result<Option<Date>, Fault> {
    if reads_either_way(cell) {
        return Err(Fault::new(
            "day and month can be read either way",
            "write the date as YYYY-MM-DD",
        ));
    }
    read_date(cell, None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn read(text: &str) -> Result<HoldsFile, String> {
        let file = TextFile::decode("holds.csv".to_owned(), text.into()).expect("text");
        read_text(&file).map_err(|error| error.to_string())
    }

    #[test]
    fn a_hold_has_an_end_or_none() {
        let file = read("who,why,until\njane@example.com,litigation,2027-01-31\n007,,\n");
        let holds = file.expect("a file").holds;
        assert_eq!(holds[0].until, Some(date(2027, 1, 31)));
        assert_eq!(holds[0].why, "litigation");
        assert_eq!((holds[1].who.as_str(), holds[1].until), ("007", None));
    }

    #[test]
    fn one_column_is_enough() {
        assert_eq!(read("who\n007\n").expect("a file").holds.len(), 1);
    }

    #[test]
    fn anything_wrong_refuses_the_list() {
        for (row, words) in [
            ("7,x,3/4/2027", "either way"),
            ("7,x,31/12/2027", "no such day"),
            ("7,x,soon", "value \"soon\": this is not a date"),
            ("Dieter Hofmann,x,", "a name holds nobody"),
            ("\"Hofmann,Dieter\",x,", "employee id, e-mail, username"),
            ("a@example.com b2@example.com,x,", "one a row"),
            (",x,", "line 2, column \"who\": the hold does not say who"),
        ] {
            let error = read(&format!("who,why,until\n{row}\n")).expect_err(row);
            assert!(error.contains(words), "{row:?}: {error}");
        }
    }
}
