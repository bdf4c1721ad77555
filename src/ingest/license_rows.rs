//! A licences file with one row for each licence, counted into pools.

use std::collections::BTreeMap;

use super::aliases::seats;
use super::decode::TextFile;
use super::error::{CONFIGURATION, IngestError, Refusal};
use super::header::{Column, normalize};
use super::layout::Layout;
use super::licenses::{OwnedSeats, SeatColumns};
use super::listing::{self, ListRow};
use super::text::is_blank;
use crate::model::{Pool, UnassignedSeats};

/// What tells the rows of single licences apart.
pub(super) struct LicenseRows {
    id: Column,
    status: Column,
    assignee: Column,
    site: Column,
    service_address: Column,
}

/// What the rows come to.
pub(super) struct Counted {
    pub(super) rows: u64,
    pub(super) pools: Vec<OwnedSeats>,
    pub(super) unassigned: Vec<UnassignedSeats>,
}

/// What a licence's status says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Assigned,
    Unassigned,
    Suspended,
}

/// Words of the vendor's filter, and what people write instead.
const WORDS: [(&str, Status); 10] = [
    ("assigned", Status::Assigned),
    ("in use", Status::Assigned),
    ("used", Status::Assigned),
    ("unassigned", Status::Unassigned),
    ("not assigned", Status::Unassigned),
    ("available", Status::Unassigned),
    ("free", Status::Unassigned),
    ("unused", Status::Unassigned),
    ("suspended", Status::Suspended),
    ("suspend", Status::Suspended),
];

impl LicenseRows {
    /// Whether the file has one row for each licence. Where it counts seats,
    /// what else it has is a remark.
    pub(super) fn of(layout: &Layout) -> Option<Self> {
        let counts = [
            &seats::UNASSIGNED,
            &seats::UNASSIGNED_OF_OWNED,
            &seats::SUSPENDED,
        ];
        if counts.iter().any(|field| layout.column(field).exists()) {
            return None;
        }
        let rows = Self {
            id: layout.column(&seats::LICENSE_ID),
            status: layout.column(&seats::STATUS),
            assignee: layout.column(&seats::ASSIGNEE),
            site: layout.column(&seats::SITE),
            service_address: layout.column(&seats::SERVICE_ADDRESS),
        };
        let columns = [&rows.id, &rows.status, &rows.assignee];
        columns.iter().any(|column| column.exists()).then_some(rows)
    }

    /// What a person should know of the reading.
    pub(super) fn note(&self) -> Option<String> {
        (!self.status.exists()).then(|| {
            "no column says which licenses are suspended, so none is counted as unassigned; name \
             it in [columns.licenses], e.g. status = \"HEADER\""
                .to_owned()
        })
    }

    /// Counts the rows into pools, in the order in which these appear, and
    /// keeps where unassigned ones are taxed, if the file says.
    pub(super) fn count(
        &self,
        file: &TextFile,
        layout: &Layout,
        columns: &SeatColumns,
    ) -> Result<Counted, IngestError> {
        let mut pools: Vec<OwnedSeats> = Vec::new();
        let mut unassigned: Vec<UnassignedSeats> = Vec::new();
        let mut positions: BTreeMap<Pool, usize> = BTreeMap::new();
        let mut lines: BTreeMap<String, u64> = BTreeMap::new();
        let rows = listing::read_rows(file, layout, |row| {
            self.refuse_twice(row, &mut lines)?;
            let pool = columns.pool(row)?;
            let seats = columns.quantity(row)?.unwrap_or(1);
            let status = self.status(row)?;
            if status == Some(Status::Unassigned) && self.service_address.exists() {
                unassigned.push(UnassignedSeats {
                    pool: pool.clone(),
                    seats,
                    site: row.text(&self.site).to_owned(),
                    service_address: row.text(&self.service_address).to_owned(),
                    source: row.source(),
                });
            }
            let position = *positions.entry(pool.clone()).or_insert_with(|| {
                pools.push(OwnedSeats {
                    pool,
                    owned: 0,
                    unassigned: self.status.exists().then_some(0),
                    suspended: self.status.exists().then_some(0),
                    source: row.source(),
                });
                pools.len() - 1
            });
            let counted = &mut pools[position];
            counted.owned = counted.owned.saturating_add(seats);
            let part = match status {
                Some(Status::Unassigned) => &mut counted.unassigned,
                // One on somebody is held by a deactivated account, which the
                // users report shows.
                Some(Status::Suspended) if is_blank(row.text(&self.assignee)) => {
                    &mut counted.suspended
                }
                Some(Status::Suspended | Status::Assigned) | None => return Ok(()),
            };
            *part = part.map(|count| count.saturating_add(seats));
            Ok(())
        })?;
        Ok(Counted {
            rows,
            pools,
            unassigned,
        })
    }

    fn refuse_twice(
        &self,
        row: &ListRow<'_>,
        lines: &mut BTreeMap<String, u64>,
    ) -> Result<(), Box<Refusal>> {
        let id = row.text(&self.id);
        if is_blank(id) {
            return Ok(());
        }
        // Ids of the vendor differ by case alone.
        match lines.insert(id.to_owned(), row.source().line) {
            None => Ok(()),
            Some(line) => Err(row.refusal(
                &self.id,
                format!("this license was given on line {line} already"),
                "keep one row for each license",
            )),
        }
    }

    fn status(&self, row: &ListRow<'_>) -> Result<Option<Status>, Box<Refusal>> {
        if !self.status.exists() {
            return Ok(None);
        }
        let word = normalize(row.text(&self.status));
        let known = WORDS.iter().find(|(known, _)| *known == word);
        let Some((_, status)) = known else {
            return Err(row.refusal(
                &self.status,
                "this is no status of a license",
                format!(
                    "write assigned, unassigned or suspended; if the column is about something \
                     else, say in {CONFIGURATION}: [columns.licenses] status = \"\""
                ),
            ));
        };
        let has_holder = !is_blank(row.text(&self.assignee));
        match status {
            Status::Suspended if !self.assignee.exists() => Err(row.refusal(
                &self.status,
                "a suspended license is on a deactivated user or on nobody, and no column says which",
                "add who it is assigned to, or name that column in [columns.licenses], e.g. \
                 assignee = \"HEADER\"",
            )),
            Status::Unassigned if has_holder => Err(row.refusal(
                &self.assignee,
                "the license is unassigned and has a holder",
                "look it up on the Licenses page and correct the row",
            )),
            Status::Assigned | Status::Unassigned | Status::Suspended => Ok(Some(*status)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::TextFile;
    use crate::ingest::licenses::read_text;
    use crate::ingest::{ColumnNames, LicensesFile};

    fn read_with(text: &str, names: &[(&str, &str)]) -> Result<LicensesFile, String> {
        let file = TextFile::decode("seats.csv".to_owned(), text.into()).expect("text");
        let names = names
            .iter()
            .map(|(field, header)| ((*field).to_owned(), (*header).to_owned()));
        read_text(&file, &ColumnNames(names.collect())).map_err(|error| error.to_string())
    }

    fn read(text: &str) -> Result<LicensesFile, String> {
        read_with(text, &[])
    }

    /// Owned, unassigned and suspended without a user, pool by pool.
    fn counts(file: &LicensesFile) -> Vec<(String, u32, Option<u32>, Option<u32>)> {
        let pools = file.pools.iter();
        pools
            .map(|it| (it.pool.to_string(), it.owned, it.unassigned, it.suspended))
            .collect()
    }

    const X2: &str = "X Series - X2-VOSVC0216-02-US";

    #[test]
    fn rows_of_single_licenses_are_counted_into_pools() {
        let file = read(&format!(
            "License ID,License,Status,Assigned to,Service address\n\
             L1,{X2},Assigned,jane.doe,\nL2,{X2},Unassigned,,\nL3,{X2},SUSPENDED,,\n\
             L4,{X2},Suspended,john.roe,\nL5,Fax,Available,,\n"
        ))
        .expect("a file");
        assert_eq!(
            counts(&file),
            [
                ("X Series - X2 (US)".to_owned(), 4, Some(1), Some(1)),
                ("Fax".to_owned(), 1, Some(1), Some(0)),
            ]
        );
        assert_eq!(file.file.rows, 5);
    }

    #[test]
    fn where_unassigned_licenses_are_taxed_is_kept() {
        let file = read(&format!(
            "License ID,License,Status,Assigned to,Site,Service address\n\
             L1,{X2},Assigned,jane.doe,Denver,\"1 Main St, Austin, TX\"\n\
             L2,{X2},Unassigned,,Denver,\"1 Main St, Austin, TX\"\n"
        ))
        .expect("a file");
        let [seats] = file.unassigned.as_slice() else {
            panic!("{:?}", file.unassigned);
        };
        assert_eq!((seats.seats, seats.source.line), (1, 3));
        assert_eq!(
            (&*seats.site, &*seats.service_address),
            ("Denver", "1 Main St, Austin, TX")
        );
    }

    #[test]
    fn a_row_may_stand_for_several_licenses() {
        let file = read("Service ID,Service Plans,Quantity\nS1,Fax,3\nS2,Fax,2\nS3,Lobby,\n");
        let file = file.expect("a file");
        assert_eq!(
            counts(&file),
            [
                ("Fax".to_owned(), 5, None, None),
                ("Lobby".to_owned(), 1, None, None),
            ]
        );
        let notes = file.file.detected.notes.join("\n");
        assert!(notes.contains("none is counted as unassigned"), "{notes}");
    }

    #[test]
    fn the_administrator_names_columns() {
        let text = "Ref,What,Where,Who\nA,Fax,unassigned,\nB,Fax,assigned,jane.doe\n";
        let names = [
            ("license_id", "Ref"),
            ("license", "What"),
            ("status", "Where"),
            ("assignee", "Who"),
        ];
        let file = read_with(text, &names).expect("a file");
        assert_eq!(counts(&file), [("Fax".to_owned(), 2, Some(1), Some(0))]);
        let error = read_with(text, &[("licence", "What")]).expect_err("a refusal");
        assert!(error.contains("did you mean license?"), "{error}");
    }

    #[test]
    fn what_cannot_be_told_apart_is_refused_with_advice() {
        for (text, words) in [
            (
                "License,Status\nFax,Suspended\n",
                "on a deactivated user or on nobody",
            ),
            (
                "License,Status,Assigned to\nFax,unassigned,jane.doe\n",
                "is unassigned and has a holder",
            ),
            (
                "License,Status\nFax,billed\n",
                "[columns.licenses] status = \"\"",
            ),
            ("License,Status\nFax,\n", "no status of a license"),
            (
                "License,License ID,Status\nFax,L1,assigned\nFax,L1,assigned\n",
                "given on line 2 already",
            ),
        ] {
            let error = read(text).expect_err(text);
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
