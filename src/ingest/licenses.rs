use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::aliases::seats;
use super::decode::TextFile;
use super::error::{IngestError, Refusal};
use super::header::Column;
use super::input_file::InputFile;
use super::layout::Layout;
use super::license_cell::country_code;
use super::license_rows::{Counted, LicenseRows};
use super::listing::{self, ListRow};
use super::open::open;
use super::text::{is_blank, tidy};
use super::{ColumnNames, TextFormat};
use crate::model::{LicenseName, Pool, SourceRow, UnassignedSeats};

/// A list of the seats that the company owns, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LicensesFile {
    /// What the plan records about the file.
    pub file: InputFile,
    /// One entry a pool, in the file's order.
    pub pools: Vec<OwnedSeats>,
    /// Unassigned seats with their service addresses, where the file has a row
    /// for each licence and says them.
    pub unassigned: Vec<UnassignedSeats>,
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

/// Reads the seats owned per pool: counted by hand, or one row for each
/// licence. Anything wrong in it is an error: a row that was left out would look
/// like seats that nobody owns. So is a pool counted twice, or a licence.
pub fn read_licenses(path: &Path, names: &ColumnNames) -> Result<LicensesFile, IngestError> {
    let file = open(path, &seats::TABLE, names, &TextFormat::default())?;
    read_text(&file, names)
}

pub(super) fn read_text(file: &TextFile, names: &ColumnNames) -> Result<LicensesFile, IngestError> {
    let mut layout = listing::locate_named(file, &seats::TABLE, names)?;
    let columns = SeatColumns::new(&layout);
    let Counted {
        rows,
        pools,
        unassigned,
    } = match LicenseRows::of(&layout) {
        Some(licenses) => {
            layout.notes.extend(licenses.note());
            licenses.count(file, &layout, &columns)?
        }
        None => columns.read_pools(file, &layout)?,
    };
    Ok(LicensesFile {
        file: layout.input_file(file, rows, BTreeMap::new()),
        pools,
        unassigned,
    })
}

/// The columns of a pool.
pub(super) struct SeatColumns {
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

    fn read_pools(&self, file: &TextFile, layout: &Layout) -> Result<Counted, IngestError> {
        let mut pools: Vec<OwnedSeats> = Vec::new();
        let mut lines: BTreeMap<Pool, u64> = BTreeMap::new();
        let rows = listing::read_rows(file, layout, |row| {
            let seats = self.read(row)?;
            if let Some(line) = lines.insert(seats.pool.clone(), seats.source.line) {
                return Err(row.refusal(
                    &self.license,
                    format!("this pool was given on line {line} already"),
                    "keep one row for each license and country",
                ));
            }
            pools.push(seats);
            Ok(())
        })?;
        Ok(Counted {
            rows,
            pools,
            unassigned: Vec::new(),
        })
    }

    /// The pool that a row is about.
    pub(super) fn pool(&self, row: &ListRow<'_>) -> Result<Pool, Box<Refusal>> {
        let country = self.country(row)?;
        let license = LicenseName::parse(row.text(&self.license), country).ok_or_else(|| {
            row.refusal(&self.license, "the license has no name", "fill in its name")
        })?;
        Ok(license.pool())
    }

    /// How many seats a row stands for, if it says so.
    pub(super) fn quantity(&self, row: &ListRow<'_>) -> Result<Option<u32>, Box<Refusal>> {
        number(row, &self.owned)
    }

    fn read(&self, row: &ListRow<'_>) -> Result<OwnedSeats, Box<Refusal>> {
        let pool = self.pool(row)?;
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
            pool,
            owned,
            unassigned,
            suspended,
            source: row.source(),
        })
    }

    fn country<'r>(&self, row: &ListRow<'r>) -> Result<Option<&'r str>, Box<Refusal>> {
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
    ) -> Result<(Option<u32>, Option<u32>), Box<Refusal>> {
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

fn number(row: &ListRow<'_>, column: &Column) -> Result<Option<u32>, Box<Refusal>> {
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
        read_text(&file, &ColumnNames::default()).map_err(|error| error.to_string())
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
