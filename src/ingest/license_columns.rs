//! Which columns of the users report say what licenses an account has: columns
//! whose cells name licenses, or a column for each license, whose cells are
//! marks.

use rayon::prelude::*;

use super::ColumnNames;
use super::aliases::users;
use super::body;
use super::cells::Cells;
use super::chunks::Chunk;
use super::dates::Fault;
use super::decode::TextFile;
use super::error::{IngestError, Refusal};
use super::header::{self, Column};
use super::layout::Layout;
use super::license_cell::{licenses_in, seats_marked, unreadable};
use super::text::{excerpt, is_blank, nearest, tidy};
use crate::model::LicenseName;

/// Words of headers that say something about a service and not who holds it:
/// `Fax enabled`, `Meeting ID`.
const OF_NO_LICENSE: [&str; 12] = [
    "access",
    "allowed",
    "date",
    "enabled",
    "id",
    "link",
    "permission",
    "permissions",
    "policy",
    "status",
    "url",
    "version",
];

/// The columns with an account's licenses.
#[derive(Debug)]
pub(super) struct LicenseColumns {
    /// Their cells name licenses.
    naming: Column,
    /// Each is called by a license, and its cells are marks.
    marking: Vec<Column>,
}

impl LicenseColumns {
    /// Finds the columns, from headers and cells. A file that says licenses in
    /// two ways is refused: a seat that is overlooked would be given back while
    /// somebody uses it, and one that is counted twice asked for twice.
    pub(super) fn find(
        file: &TextFile,
        layout: &mut Layout,
        chunks: &[Chunk<'_>],
        named: Option<&str>,
    ) -> Result<Self, IngestError> {
        let candidates: Vec<usize> = match named {
            Some(headers) => positions_of_headers(file, layout, headers)?,
            None => layout
                .unused()
                .filter(|at| may_be_a_license(&layout.header[*at]))
                .collect(),
        };
        let mut naming = match named {
            Some(_) => Vec::new(),
            None => layout.positions(&users::LICENSES).to_vec(),
        };
        let mut marking = Vec::new();
        for (position, cells) in count_cells(file, layout, chunks, &candidates)? {
            let header = &layout.header[position];
            match (named, cells.are_marks(header)) {
                (Some(_), true) if !is_header_of_names(header) => marking.push(position),
                (Some(_), _) => naming.push(position),
                (None, true) => marking.push(position),
                (None, false) => {
                    let note = format!(
                        "column \"{}\" is called like a license, but its cells are no marks: it \
                         is not read",
                        excerpt(header)
                    );
                    layout.notes.push(note);
                }
            }
        }
        if naming.is_empty() && marking.is_empty() {
            return Err(nothing_found(file, layout).into());
        }
        if named.is_none() && !naming.is_empty() && !marking.is_empty() {
            return Err(said_twice(file, layout, &naming, &marking).into());
        }
        layout.assign(&users::LICENSES, [naming.clone(), marking.clone()].concat());
        Ok(Self {
            naming: layout.columns_at(&naming),
            marking: marking.iter().map(|at| layout.columns_at(&[*at])).collect(),
        })
    }

    /// The columns as the header alone tells them; `None` where cells have to be
    /// asked.
    pub(super) fn of_header(layout: &Layout) -> Option<Self> {
        let mut unused = layout.unused();
        let has_candidates = unused.any(|at| may_be_a_license(&layout.header[at]));
        let naming = layout.positions(&users::LICENSES);
        (!has_candidates && !naming.is_empty()).then(|| Self {
            naming: layout.columns_at(naming),
            marking: Vec::new(),
        })
    }

    /// The cells that say a record's licenses.
    pub(super) fn cells<'r>(&self, cells: Cells<'r>) -> impl Iterator<Item = &'r str> {
        let marks = self.marking.iter().map(move |column| column.text(cells));
        self.naming.filled(cells).chain(marks)
    }

    /// The licenses of a record, one entry a seat; `country` is what stands
    /// beside them. A cell that nobody can be sure of is a fault.
    pub(super) fn read(
        &self,
        cells: Cells<'_>,
        country: Option<&str>,
    ) -> Result<Vec<LicenseName>, (&Column, Fault)> {
        let mut licenses = Vec::new();
        for cell in self.naming.filled(cells) {
            let read = licenses_in(cell, country).map_err(|fault| (&self.naming, fault))?;
            licenses.extend(read);
        }
        for column in &self.marking {
            let marked = seats_marked(column.text(cells));
            let license = LicenseName::parse(column.header(), country);
            let (Some(seats), Some(license)) = (marked, license) else {
                return Err((column, unreadable("neither a mark nor a small number")));
            };
            licenses.extend(std::iter::repeat_n(license, seats));
        }
        Ok(licenses)
    }
}

/// The columns named for the licenses, apart from all others: what their
/// headers and cells say decides how they are read.
pub(super) fn take_named(names: &ColumnNames) -> (ColumnNames, Option<String>) {
    let mut others = names.clone();
    let licenses = others.0.remove(users::LICENSES.name);
    (others, licenses)
}

fn positions_of_headers(
    file: &TextFile,
    layout: &Layout,
    headers: &str,
) -> Result<Vec<usize>, IngestError> {
    let mut positions = Vec::new();
    if tidy(headers).is_empty() {
        // "There is no such column", where there has to be one.
        return Ok(positions);
    }
    for name in headers.split(ColumnNames::JOINED_BY) {
        let found = header::positions_of_name(&layout.header, name);
        if found.is_empty() {
            return Err(Refusal {
                line: Some(layout.header_line()),
                column: excerpt(name),
                ..file.refusal(
                    "[columns.users] licenses names a column that is not there",
                    format!("correct the name; {}", columns_seen(layout)),
                )
            }
            .into());
        }
        positions.extend(found);
    }
    Ok(positions)
}

/// What the filled cells of a column are.
#[derive(Debug, Clone, Copy, Default)]
struct CellCounts {
    marks: u64,
    others: u64,
}

impl CellCounts {
    fn add(&mut self, cell: &str) {
        match (is_blank(cell), seats_marked(cell)) {
            (true, _) => {}
            (false, Some(_)) => self.marks += 1,
            (false, None) => self.others += 1,
        }
    }

    /// Whether the column is one license's. A product code leaves no doubt;
    /// else most cells have to be marks. The others make their rows invalid.
    fn are_marks(self, header: &str) -> bool {
        self.marks > self.others
            || header_as_license(header).is_some_and(|license| license.has_product_code())
    }
}

fn count_cells(
    file: &TextFile,
    layout: &Layout,
    chunks: &[Chunk<'_>],
    positions: &[usize],
) -> Result<Vec<(usize, CellCounts)>, IngestError> {
    let mut total: Vec<(usize, CellCounts)> = positions
        .iter()
        .map(|at| (*at, CellCounts::default()))
        .collect();
    if positions.is_empty() {
        return Ok(total);
    }
    let columns: Vec<Column> = positions
        .iter()
        .map(|at| layout.columns_at(&[*at]))
        .collect();
    let parts: Vec<Result<Vec<CellCounts>, IngestError>> = chunks
        .par_iter()
        .map(|chunk| {
            let mut counts = vec![CellCounts::default(); columns.len()];
            body::for_each_record(file, layout, chunk, |record| {
                for (count, column) in counts.iter_mut().zip(&columns) {
                    count.add(column.text(record.cells));
                }
            })?;
            Ok(counts)
        })
        .collect();
    for counts in parts {
        for ((_, total), count) in total.iter_mut().zip(counts?) {
            total.marks += count.marks;
            total.others += count.others;
        }
    }
    Ok(total)
}

fn header_as_license(header: &str) -> Option<LicenseName> {
    LicenseName::parse(header, None)
}

/// Whether a header is called by a license, and not by what comes with one.
fn may_be_a_license(header: &str) -> bool {
    let Some(license) = header_as_license(header) else {
        return false;
    };
    let header = header.to_lowercase();
    let mut words = header.split(|c: char| !c.is_alphanumeric());
    license.has_product_code()
        || license.is_called_like_a_license() && !words.any(|it| OF_NO_LICENSE.contains(&it))
}

/// Whether a header speaks of licenses in general, and so names none.
fn is_header_of_names(header: &str) -> bool {
    let header = header::normalize(header);
    let field = &users::LICENSES;
    field
        .strong
        .iter()
        .chain(field.weak)
        .any(|alias| *alias == header)
}

fn nothing_found(file: &TextFile, layout: &Layout) -> Refusal {
    let unused = layout.unused().map(|at| layout.header[at].as_str());
    let advice = match nearest(users::LICENSES.strong[0], unused) {
        None => "name the right one in [columns.users], e.g. licenses = \"HEADER\"".to_owned(),
        Some(header) => {
            let header = excerpt(header);
            format!(
                "nearest: \"{header}\"; name the right one in [columns.users], e.g. \
                 licenses = \"{header}\""
            )
        }
    };
    Refusal {
        line: Some(layout.header_line()),
        ..file.refusal(
            "no column says its licenses",
            format!("{}; {advice}", columns_seen(layout)),
        )
    }
}

fn said_twice(file: &TextFile, layout: &Layout, naming: &[usize], marking: &[usize]) -> Refusal {
    let listed = |positions: &[usize]| {
        let headers = positions.iter().map(|at| &layout.header[*at]);
        let quoted: Vec<String> = headers.map(|it| format!("\"{}\"", excerpt(it))).collect();
        quoted.join(", ")
    };
    let (naming, marking) = (listed(naming), listed(marking));
    Refusal {
        line: Some(layout.header_line()),
        ..file.refusal(
            format!("licenses are said twice: by name in {naming}, and by marks in {marking}"),
            format!(
                "say which count: [columns.users] licenses = [{naming}] or licenses = [{marking}], \
                 or all of them if none repeats another"
            ),
        )
    }
}

fn columns_seen(layout: &Layout) -> String {
    let headers = layout.header.iter().filter(|cell| !cell.is_empty());
    let seen: Vec<String> = headers.map(|it| format!("\"{}\"", excerpt(it))).collect();
    format!("columns seen: {}", seen.join(", "))
}
