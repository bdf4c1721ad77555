//! Opens a file as a table of one sort, be it text or a workbook.

use std::fs;
use std::path::Path;

use super::ColumnNames;
use super::aliases::Table;
use super::decode::{PackedAs, TextFile, digest, whole_file};
use super::error::{IngestError, Refusal};
use super::input_file::InputRole;
use super::layout;
use super::options::TextFormat;
use super::packed::Packing;
use super::text::excerpt;
use super::workbook::{self, Workbook};

/// Opens an export, packed or not: text as it is, of a workbook the one visible sheet that has
/// the header row, or the hidden one where no visible one has it.
pub(super) fn open(
    path: &Path,
    table: &'static Table,
    names: &ColumnNames,
    fixed: &TextFormat,
) -> Result<TextFile, IngestError> {
    let name = path.display().to_string();
    let given = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(source) => return Err(IngestError::Unreadable { file: name, source }),
    };
    let Some(packing) = Packing::of(&given) else {
        return from_bytes(name, given, table, names, fixed);
    };
    let content = packing.unpack(&name, &given)?;
    let packed = PackedAs {
        packing,
        sha256: digest(&given),
        bytes: given.len() as u64,
    };
    // Both together are held no longer than it takes.
    drop(given);
    Ok(from_bytes(name, content, table, names, fixed)?.packed_as(packed))
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
        if fixed.sheet.is_some() {
            let refusal = whole_file(
                &name,
                "this is no workbook, and [formats] names a sheet",
                "remove that from [formats], or give the workbook",
            );
            return Err(refusal.into());
        }
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
    let all: Vec<String> = sheets
        .visible
        .iter()
        .chain(&sheets.hidden)
        .cloned()
        .collect();
    let groups = match &fixed.sheet {
        Some(chosen) => vec![vec![named_sheet(&workbook, chosen, &all, table)?]],
        None => vec![sheets.visible, sheets.hidden],
    };
    let mut first_refusal = None;
    for group in groups {
        let mut served = None;
        let mut serving = Vec::new();
        for sheet in group {
            let file = workbook.read(&sheet, fixed)?;
            match layout::locate(&file, table, names) {
                Ok(_) => {
                    serving.push(sheet);
                    served.get_or_insert(file);
                }
                Err(error) => {
                    first_refusal.get_or_insert(error);
                }
            }
        }
        let Some(mut file) = served else { continue };
        let [read] = &serving[..] else {
            return Err(several_serve(&file, &serving, table).into());
        };
        file.notes.push(sheet_note(read, &all));
        return Ok(file);
    }
    match first_refusal {
        Some(IngestError::Refused(refusal)) => Err(about_sheets(*refusal, &all).into()),
        Some(unreadable @ IngestError::Unreadable { .. }) => Err(unreadable),
        None => Err(workbook.refuse_without_sheets().into()),
    }
}

/// The sheet that the administrator named.
fn named_sheet(
    workbook: &Workbook,
    named: &str,
    all: &[String],
    table: &Table,
) -> Result<String, IngestError> {
    let found = all.iter().find(|sheet| *sheet == named);
    found.cloned().ok_or_else(|| {
        let problem = format!(
            "[formats] {}_sheet names a sheet that is not there: \"{}\"",
            table.role,
            excerpt(named)
        );
        let advice = format!("correct the name; sheets seen: {}", listed(all));
        whole_file(workbook.name(), problem, advice).into()
    })
}

/// Nobody can tell whether the others are older months or more people.
fn several_serve(file: &TextFile, serving: &[String], table: &Table) -> Refusal {
    let name_it = |key: &str| format!(", or name the one to read: [formats] {key} = \"SHEET\"");
    let how = match table.role {
        InputRole::Hr => format!(
            ", or each of them if all are meant, and give all with --hr{}",
            name_it("hr_sheet")
        ),
        InputRole::Users => name_it("users_sheet"),
        InputRole::Licenses
        | InputRole::Holds
        | InputRole::Map
        | InputRole::Numbers
        | InputRole::Roster
        | InputRole::Bill
        | InputRole::Review => String::new(),
    };
    file.refusal(
        format!(
            "several of its sheets can be read as this file: {}",
            listed(serving)
        ),
        format!("save the sheet that is meant as a file of its own{how}"),
    )
}

fn sheet_note(read: &str, all: &[String]) -> String {
    let others: Vec<String> = all.iter().filter(|sheet| *sheet != read).cloned().collect();
    let others = match &others[..] {
        [] => String::new(),
        others => format!("; sheets not read: {}", listed(others)),
    };
    format!("sheet \"{}\" is read{others}", excerpt(read))
}

/// The names of the first sheets, and how many more there are.
fn listed(sheets: &[String]) -> String {
    const SHOWN: usize = 5;
    let shown = sheets.iter().take(SHOWN);
    let shown: Vec<String> = shown
        .map(|sheet| format!("\"{}\"", excerpt(sheet)))
        .collect();
    let more = match sheets.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", shown.join(", "))
}

/// The refusal of the first sheet, when the others are no better.
fn about_sheets(refusal: Refusal, sheets: &[String]) -> Refusal {
    Refusal {
        problem: format!(
            "none of the {} sheets can be read as this file ({}), and of the first: {}",
            sheets.len(),
            listed(sheets),
            refusal.problem
        ),
        ..refusal
    }
}
