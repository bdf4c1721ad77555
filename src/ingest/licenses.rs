use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::ColumnNames;
use super::aliases::seats;
use super::decode::TextFile;
use super::error::IngestError;
use super::header::Column;
use super::input_file::InputFile;
use super::layout::{self, Layout};
use super::license_cell::country_code;
use super::listing::{self, ListRow};
use super::open::open_list;
use super::text::{is_blank, tidy};
use crate::model::{LicenseName, Pool, SourceRow};

/// A list of the seats that the company owns, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LicensesFile {
    /// What the plan records about the file.
    pub file: InputFile,
    /// One entry a pool, in the file's order.
    pub pools: Vec<OwnedSeats>,
}

/// The seats of one pool as the vendor's Licenses page shows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnedSeats {
    /// The pool.
    pub pool: Pool,
    /// All its seats.
    pub owned: u32,
    /// Seats on no account; `None` when the list does not say.
    pub unassigned: Option<u32>,
    /// Suspended seats without a user, left over from a cancellation; `None`
    /// when the list does not say.
    pub suspended: Option<u32>,
    /// Where it stood.
    pub source: SourceRow,
}

/// Reads the seats owned per pool. The list is written by hand, so anything
/// wrong in it is an error: a row that was left out would look like seats that
/// nobody owns. So is a pool given twice.
pub fn read_licenses(path: &Path) -> Result<LicensesFile, IngestError> {
    read_text(&open_list(path, &seats::TABLE)?)
}

fn read_text(file: &TextFile) -> Result<LicensesFile, IngestError> {
    let layout = layout::locate(file, &seats::TABLE, &ColumnNames::default())?;
    let columns = SeatColumns::new(&layout);
    let mut pools: Vec<OwnedSeats> = Vec::new();
    let mut lines: BTreeMap<Pool, u64> = BTreeMap::new();
    let rows = listing::read_rows(file, &layout, |row| {
        let seats = columns.read(row)?;
        if let Some(line) = lines.insert(seats.pool.clone(), seats.source.line) {
            return Err(row.refusal(
                &columns.license,
                format!("this pool was given on line {line} already"),
                "keep one row for each license and country",
            ));
        }
        pools.push(seats);
        Ok(())
    })?;
    Ok(LicensesFile {
        file: layout.input_file(file, rows, BTreeMap::new()),
        pools,
    })
}

struct SeatColumns {
    license: Column,
    country: Column,
    owned: Column,
    unassigned: Column,
    unassigned_of_owned: Column,
    suspended: Column,
}

impl SeatColumns {
    fn new(layout: &Layout) -> Self {
        Self {
            license: layout.column(&seats::LICENSE),
            country: layout.column(&seats::COUNTRY),
            owned: layout.column(&seats::OWNED),
            unassigned: layout.column(&seats::UNASSIGNED),
            unassigned_of_owned: layout.column(&seats::UNASSIGNED_OF_OWNED),
            suspended: layout.column(&seats::SUSPENDED),
        }
    }

    fn read(&self, row: &ListRow<'_>) -> Result<OwnedSeats, IngestError> {
        let country = self.country(row)?;
        let license = LicenseName::parse(row.text(&self.license), country).ok_or_else(|| {
            row.refusal(&self.license, "the license has no name", "fill in its name")
        })?;
        let (both_unassigned, both_owned) = self.unassigned_of_owned(row)?;
        let owned = number(row, &self.owned)?.or(both_owned).ok_or_else(|| {
            let column = if self.owned.exists() {
                &self.owned
            } else {
                &self.unassigned_of_owned
            };
            row.refusal(column, "the number of seats owned is blank", "fill it in")
        })?;
        let unassigned = number(row, &self.unassigned)?.or(both_unassigned);
        let suspended = number(row, &self.suspended)?;
        let parts = u64::from(unassigned.unwrap_or(0)) + u64::from(suspended.unwrap_or(0));
        if parts > u64::from(owned) {
            return Err(row.refusal(
                &self.license,
                format!("{parts} seats are unassigned or suspended, but only {owned} owned"),
                "compare the row with the Licenses page",
            ));
        }
        Ok(OwnedSeats {
            pool: license.pool(),
            owned,
            unassigned,
            suspended,
            source: row.source(),
        })
    }

    fn country<'r>(&self, row: &ListRow<'r>) -> Result<Option<&'r str>, IngestError> {
        let text = row.text(&self.country);
        match country_code(text) {
            None if !is_blank(text) => Err(row.refusal(
                &self.country,
                "this is not a two-letter country code",
                "write it as in US or GB",
            )),
            code => Ok(code),
        }
    }

    /// `3/120`, as the Licenses page writes it.
    fn unassigned_of_owned(
        &self,
        row: &ListRow<'_>,
    ) -> Result<(Option<u32>, Option<u32>), IngestError> {
        let text = row.text(&self.unassigned_of_owned);
        if is_blank(text) {
            return Ok((None, None));
        }
        let numbers = text
            .split_once('/')
            .and_then(|(free, all)| Some((tidy(free).parse().ok()?, tidy(all).parse().ok()?)));
        match numbers {
            Some((free, all)) => Ok((Some(free), Some(all))),
            None => Err(row.refusal(
                &self.unassigned_of_owned,
                "these are not two numbers",
                "write unassigned and total seats as in 3/120",
            )),
        }
    }
}

fn number(row: &ListRow<'_>, column: &Column) -> Result<Option<u32>, IngestError> {
    let text = row.text(column);
    if is_blank(text) {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| {
        row.refusal(
            column,
            "this is not a number of seats",
            "write a whole number without separators",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<LicensesFile, String> {
        let file = TextFile::decode("seats.csv".to_owned(), text.into()).expect("text");
        read_text(&file).map_err(|error| error.to_string())
    }

    #[test]
    fn both_ways_of_writing_the_numbers_are_read() {
        let file = read(
            "License,Country,Owned,Unassigned,Suspended\n\
             X Series - X2-VOSVC0216-02-US,,120,3,1\nX Series - X2,gb,10,,\n",
        )
        .expect("a file");
        assert_eq!(file.pools[0].pool.to_string(), "X Series - X2 (US)");
        assert_eq!(file.pools[0].unassigned, Some(3));
        assert_eq!(file.pools[1].pool.country, "GB");
        assert_eq!(file.pools[1].suspended, None);

        let file = read("License type,Unassigned/Total\nFax,3/120\n").expect("a file");
        assert_eq!(
            (file.pools[0].owned, file.pools[0].unassigned),
            (120, Some(3))
        );
    }

    #[test]
    fn anything_wrong_refuses_the_list() {
        for (row, words) in [
            ("Fax,US,10,\nFax,us,10,", "given on line 2 already"),
            ("Fax,US,many,", "value \"many\": this is not a number"),
            ("Fax,US,,", "owned is blank"),
            ("Fax,US,3,4", "4 seats are unassigned"),
            ("Fax,USA,3,", "country code"),
            (",US,3,", "has no name"),
            ("Fax,US", "2 cells where the header has 4"),
        ] {
            let error = read(&format!("License,Country,Owned,Unassigned\n{row}\n"));
            let error = error.expect_err(row);
            assert!(error.contains(words), "{row:?}: {error}");
        }
    }
}
