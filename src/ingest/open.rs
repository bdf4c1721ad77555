//! Opens a file as a table of one sort, be it text or a workbook.

use std::fs;
use std::path::Path;

use super::ColumnNames;
use super::aliases::Table;
use super::decode::{TextFile, whole_file};
use super::error::{IngestError, Refusal};
use super::layout;
use super::options::TextFormat;
use super::text::excerpt;
use super::workbook::{self, Workbook};

/// Opens an export: text as it is, of a workbook the first sheet that has the
/// header row.
pub(super) fn open(
    path: &Path,
    table: &'static Table,
    names: &ColumnNames,
    fixed: &TextFormat,
) -> Result<TextFile, IngestError> {
    let name = path.display().to_string();
    match fs::read(path) {
        Ok(bytes) => from_bytes(name, bytes, table, names, fixed),
        Err(source) => Err(IngestError::Unreadable { file: name, source }),
    }
}

/// Opens a list that the administrator writes by hand.
pub(super) fn open_list(path: &Path, table: &'static Table) -> Result<TextFile, IngestError> {
    open(path, table, &ColumnNames::default(), &TextFormat::default())
}

/// Like [`open`], from bytes that were read already.
pub(super) fn from_bytes(
    name: String,
    bytes: Vec<u8>,
    table: &'static Table,
    names: &ColumnNames,
    fixed: &TextFormat,
) -> Result<TextFile, IngestError> {
    if !workbook::is_workbook(&bytes) {
        return TextFile::decode_as(name, bytes, fixed.clone());
    }
    if fixed.encoding.is_some() || fixed.delimiter.is_some() {
        let refusal = whole_file(
            &name,
            "this is a workbook, and [formats] says how its text is encoded or delimited",
            "remove that from [formats], or export the file as text",
        );
        return Err(refusal.into());
    }
    let mut workbook = Workbook::open(name, bytes)?;
    let sheets = workbook.sheets();
    let mut first_refusal = None;
    for sheet in &sheets {
        let mut file = workbook.read(sheet, fixed)?;
        match layout::locate(&file, table, names) {
            Ok(_) => {
                file.notes.push(sheet_note(sheet, &sheets));
                return Ok(file);
            }
            Err(error) => {
                first_refusal.get_or_insert(error);
            }
        }
    }
    match first_refusal {
        Some(IngestError::Refused(refusal)) => Err(about_sheets(*refusal, &sheets).into()),
        Some(unreadable @ IngestError::Unreadable { .. }) => Err(unreadable),
        None => Err(workbook.refuse_without_sheets().into()),
    }
}

fn sheet_note(read: &str, sheets: &[String]) -> String {
    let others = sheets.len() - 1;
    let others = match others {
        0 => String::new(),
        others => format!("; {others} other sheets are not read"),
    };
    format!("sheet \"{}\" is read{others}", excerpt(read))
}

/// The refusal of the first sheet, when the others are no better.
fn about_sheets(refusal: Refusal, sheets: &[String]) -> Refusal {
    let shown: Vec<String> = sheets
        .iter()
        .take(5)
        .map(|sheet| format!("\"{}\"", excerpt(sheet)))
        .collect();
    Refusal {
        problem: format!(
            "none of the {} sheets can be read as this file ({}), and of the first: {}",
            sheets.len(),
            shown.join(", "),
            refusal.problem
        ),
        ..refusal
    }
}
