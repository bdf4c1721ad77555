//! Excel workbooks. A sheet is written out as text, one line for each of its
//! rows, and goes through the same stations as any export; so a row's line is
//! the sheet's row.
//!
//! Only formats that can be read cell by cell are read: of the others (.xls,
//! .ods) a file of a few bytes can ask for more memory than there is.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use calamine::{DataRef, Reader, Sheet, SheetType, SheetVisible, Style, Xlsb, Xlsx};

use super::decode::{TextFile, whole_file};
use super::error::{IngestError, Refusal};
use super::options::TextFormat;
use super::text::excerpt;

/// Rows and columns of the largest sheet that Excel can hold.
const MOST_ROWS: u32 = 1 << 20;
const MOST_COLUMNS: u32 = 1 << 14;

/// Bytes of text that a sheet may become. Ten times what the largest company
/// has, and little enough to be held.
const MOST_TEXT: usize = 1 << 29;

/// Bytes that a workbook may be unpacked to, as its directory declares them.
const MOST_UNPACKED: u64 = 1 << 31;

/// A spreadsheet keeps 15 digits of a number; what is longer lost some.
const EXACT_BELOW: f64 = 1e15;

/// Whether the bytes are a workbook, or at least an archive like one.
pub(super) fn is_workbook(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04")
}

/// An Excel workbook.
pub(super) struct Workbook {
    name: String,
    bytes: Arc<[u8]>,
    book: Book,
}

/// The names of a workbook's sheets that hold cells.
pub(super) struct Sheets {
    /// Those that whoever opens the workbook sees.
    pub visible: Vec<String>,
    /// The others.
    pub hidden: Vec<String>,
}

type Bytes = Cursor<Arc<[u8]>>;

enum Book {
    Xlsx(Box<Xlsx<Bytes>>),
    Xlsb(Box<Xlsb<Bytes>>),
}

impl Workbook {
    /// Opens a workbook; fails on whatever else is in such an archive.
    pub(super) fn open(name: String, bytes: Vec<u8>) -> Result<Self, IngestError> {
        let bytes: Arc<[u8]> = bytes.into();
        if holds(&bytes, b"application/vnd.oasis.opendocument") {
            let problem = "this is an OpenDocument file, which is not read";
            return Err(refuse(&name, problem).into());
        }
        if unpacked_size(&bytes) > MOST_UNPACKED {
            let problem = "the workbook unpacks to more than any list of people";
            return Err(refuse(&name, problem).into());
        }
        let cursor = Cursor::new(Arc::clone(&bytes));
        let book = guarded(|| {
            if holds(&bytes, b"xl/workbook.bin") {
                let book = Xlsb::new(cursor).map_err(|error| error.to_string())?;
                Ok(Book::Xlsb(Box::new(book)))
            } else {
                let book = Xlsx::new(cursor).map_err(|error| error.to_string())?;
                Ok(Book::Xlsx(Box::new(book)))
            }
        });
        match book {
            Ok(book) => Ok(Self { name, bytes, book }),
            Err(cause) => {
                let problem = format!("this ZIP archive is no workbook that can be read ({cause})");
                Err(refuse(&name, problem).into())
            }
        }
    }

    /// The file's name as it was given.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The names of its sheets.
    pub(super) fn sheets(&self) -> Sheets {
        let sheets = match &self.book {
            Book::Xlsx(book) => book.sheets_metadata(),
            Book::Xlsb(book) => book.sheets_metadata(),
        };
        let tables = sheets
            .iter()
            .filter(|sheet| sheet.typ == SheetType::WorkSheet);
        let (visible, hidden): (Vec<&Sheet>, Vec<&Sheet>) =
            tables.partition(|sheet| sheet.visible == SheetVisible::Visible);
        let names = |sheets: Vec<&Sheet>| sheets.iter().map(|sheet| sheet.name.clone()).collect();
        Sheets {
            visible: names(visible),
            hidden: names(hidden),
        }
    }

    /// One sheet as text.
    pub(super) fn read(
        &mut self,
        sheet: &str,
        fixed: &TextFormat,
    ) -> Result<TextFile, IngestError> {
        let book = &mut self.book;
        let text = guarded(|| match book {
            Book::Xlsx(book) => text_of_xlsx(book, sheet),
            Book::Xlsb(book) => text_of_xlsb(book, sheet),
        });
        match text {
            Ok(text) => Ok(TextFile::of_sheet(
                self.name.clone(),
                &self.bytes,
                sheet.to_owned(),
                fixed.clone(),
                text,
            )),
            Err(cause) => {
                let problem = format!("its sheet \"{}\" cannot be read ({cause})", excerpt(sheet));
                Err(refuse(&self.name, problem).into())
            }
        }
    }

    /// What to say when there is nothing to be read.
    pub(super) fn refuse_without_sheets(&self) -> Refusal {
        refuse(&self.name, "the workbook has no sheet with cells")
    }
}

fn refuse(name: &str, problem: impl Into<String>) -> Refusal {
    whole_file(
        name,
        problem,
        "open it in Excel and save it as .xlsx or \"CSV UTF-8\"",
    )
}

fn holds(bytes: &[u8], wanted: &[u8]) -> bool {
    memchr::memmem::find(bytes, wanted).is_some()
}

/// The sum of the sizes in the archive's directory.
fn unpacked_size(bytes: &[u8]) -> u64 {
    let entries = memchr::memmem::find_iter(bytes, b"PK\x01\x02");
    let sizes = entries.filter_map(|at| bytes.get(at + 24..)?.first_chunk().copied());
    sizes.map(|size| u64::from(u32::from_le_bytes(size))).sum()
}

/// Runs foreign code over foreign bytes: where it gives up in a panic, that is
/// the file's fault and no reason to take the process down.
fn guarded<T>(read: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err("it is damaged".to_owned()))
}

fn text_of_xlsx(book: &mut Xlsx<Bytes>, sheet: &str) -> Result<String, String> {
    let cells = book.worksheet_cells_reader(sheet);
    let mut cells = cells.map_err(|error| error.to_string())?;
    let mut text = SheetText::default();
    loop {
        let next = cells.next_cell_with_style_id();
        let Some((cell, style)) = next.map_err(|error| error.to_string())? else {
            return text.finish();
        };
        let least_digits = cells.styles().get(style).map_or(0, least_digits);
        text.push(
            cell.get_position(),
            &written(cell.get_value(), least_digits),
        )?;
    }
}

fn text_of_xlsb(book: &mut Xlsb<Bytes>, sheet: &str) -> Result<String, String> {
    let cells = book.worksheet_cells_reader(sheet);
    let mut cells = cells.map_err(|error| error.to_string())?;
    let mut text = SheetText::default();
    while let Some(cell) = cells.next_cell().map_err(|error| error.to_string())? {
        text.push(cell.get_position(), &written(cell.get_value(), 0))?;
    }
    text.finish()
}

/// How many digits a whole number is shown with at least: the number format
/// `000000` is how people keep the zeros of an id.
fn least_digits(style: &Style) -> usize {
    let code = style.number_format.as_ref();
    let code = code.map_or("", |format| format.format_code.as_str());
    if code.bytes().all(|byte| byte == b'0') {
        code.len()
    } else {
        0
    }
}

/// A cell as it would stand in an export: dates as dates, numbers without what
/// only a spreadsheet sees in them.
fn written(value: &DataRef<'_>, least_digits: usize) -> String {
    match value {
        DataRef::Empty => String::new(),
        DataRef::String(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        #[expect(
            clippy::cast_precision_loss,
            reason = "such a number is written as damaged"
        )]
        DataRef::Int(number) => number_text(*number as f64, least_digits),
        DataRef::Float(number) => number_text(*number, least_digits),
        DataRef::Bool(true) => "TRUE".to_owned(),
        DataRef::Bool(false) => "FALSE".to_owned(),
        DataRef::Error(error) => error.to_string(),
        DataRef::DateTimeIso(text) => text.strip_suffix("T00:00:00").unwrap_or(text).to_owned(),
        DataRef::DateTime(moment) if moment.is_duration() => number_text(moment.as_f64(), 0),
        DataRef::DateTime(moment) => {
            // Day 0 is what a formula makes of a blank cell; Excel shows it so.
            if moment.as_f64() == 0.0 && moment.to_ymd_hms_milli().0 < 1904 {
                return "1900-01-00".to_owned();
            }
            // Beyond the last day of Excel's calendar it is a number in disguise.
            if !(0.0..2_958_466.0).contains(&moment.as_f64()) {
                return number_text(moment.as_f64(), 0);
            }
            let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
            if (hour, minute, second) == (0, 0, 0) {
                return format!("{year:04}-{month:02}-{day:02}");
            }
            format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
        }
    }
}

fn number_text(number: f64, least_digits: usize) -> String {
    if number.abs() >= EXACT_BELOW {
        // The form in which a damaged id is recognized.
        return format!("{number:.2E}").replace('E', "E+");
    }
    if number.fract() == 0.0 {
        // Adding zero makes 0 of -0.
        return format!("{:0least_digits$.0}", number + 0.0);
    }
    number.to_string()
}

/// The text of a sheet while it grows.
#[derive(Default)]
struct SheetText {
    /// The rows, without the blank cells after the last filled one.
    text: String,
    /// For each row but the last: where it ends in `text`, and its cells.
    rows: Vec<(usize, u32)>,
    /// How many cells the last row has so far.
    cells: u32,
    /// How many cells the widest row has.
    width: u32,
}

impl SheetText {
    /// Adds a cell to the right of or below all others.
    fn push(&mut self, (row, column): (u32, u32), cell: &str) -> Result<(), String> {
        if cell.is_empty() {
            return Ok(());
        }
        if row >= MOST_ROWS || column >= MOST_COLUMNS {
            return Err("it has more cells than a sheet can have".to_owned());
        }
        let row = row as usize;
        if row < self.rows.len() || row == self.rows.len() && column < self.cells {
            return Err("its cells are out of order".to_owned());
        }
        while self.rows.len() < row {
            self.end_row();
        }
        for _ in self.cells.saturating_sub(1)..column {
            self.text.push(',');
        }
        self.cells = column + 1;
        self.width = self.width.max(self.cells);
        push_quoted(&mut self.text, cell);
        refuse_if_too_long(self.text.len())
    }

    /// The text, every row as wide as the widest: a sheet does not hold blank
    /// cells, and a row is not ragged for that.
    fn finish(mut self) -> Result<String, String> {
        self.end_row();
        let missing: usize = self
            .rows
            .iter()
            .map(|(_, cells)| (self.width - cells) as usize + 1)
            .sum();
        refuse_if_too_long(self.text.len() + missing)?;
        let mut text = String::with_capacity(self.text.len() + missing);
        let mut start = 0;
        for (end, cells) in self.rows {
            text.push_str(&self.text[start..end]);
            // A line of commas alone is blank too, but a shorter line is less to read.
            let padding = if cells == 0 { 0 } else { self.width - cells };
            text.extend((0..padding).map(|_| ','));
            text.push('\r');
            start = end;
        }
        Ok(text)
    }

    fn end_row(&mut self) {
        self.rows.push((self.text.len(), self.cells));
        self.cells = 0;
    }
}

/// Quotes a cell. Its line breaks become line feeds, so that carriage returns
/// count the sheet's rows.
fn push_quoted(text: &mut String, cell: &str) {
    text.push('"');
    let mut before = ' ';
    for character in cell.chars() {
        match character {
            '"' => text.push_str("\"\""),
            '\n' if before == '\r' => {}
            '\r' => text.push('\n'),
            other => text.push(other),
        }
        before = character;
    }
    text.push('"');
}

fn refuse_if_too_long(bytes: usize) -> Result<(), String> {
    if bytes > MOST_TEXT {
        return Err("it holds more text than any list of people".to_owned());
    }
    Ok(())
}

#[cfg(test)]
pub(super) mod test_support;
#[cfg(test)]
mod tests;
