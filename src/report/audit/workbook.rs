use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use rust_xlsxwriter::{
    DocProperties, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};

use super::AuditReport;
use super::book::{Cell, Sheet, Width, sheets};
use crate::model::Money;

/// The audit as a workbook. It names people. The same report makes the same
/// bytes.
pub fn audit_workbook(report: &AuditReport) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let made = report.as_of.to_zoned(TimeZone::UTC).datetime();
    let properties = DocProperties::new()
        .set_title(format!("Seats of {}", report.tenant))
        .set_creation_datetime(&made);
    workbook.set_properties(&properties);
    let footer = footer(report);
    for sheet in sheets(report) {
        let worksheet = workbook.add_worksheet();
        write_sheet(worksheet, &sheet)?;
        set_up_print(worksheet, &sheet, &footer)?;
    }
    workbook.save_to_buffer()
}

fn write_sheet(worksheet: &mut Worksheet, sheet: &Sheet) -> Result<(), XlsxError> {
    worksheet.set_name(sheet.name)?;
    let columns: Vec<Format> = (0..sheet.columns.len())
        .map(|column| aligned(sheet, column))
        .collect();
    for ((position, column), format) in (0_u16..).zip(&sheet.columns).zip(&columns) {
        let format = format
            .clone()
            .set_bold()
            .set_text_wrap()
            .set_border_bottom(FormatBorder::Thin);
        worksheet.set_column_width(position, characters(column.width))?;
        worksheet.write_string_with_format(0, position, column.title, &format)?;
    }
    let mut last = 0;
    for (line, cells) in (1_u32..).zip(&sheet.rows) {
        for ((position, cell), format) in (0_u16..).zip(cells).zip(&columns) {
            write_cell(worksheet, (line, position), cell, format.clone())?;
        }
        worksheet.set_row_height(line, height(sheet, cells.iter().map(Cell::text)))?;
        last = line;
    }
    let titles = sheet.columns.iter().map(|column| Some(column.title));
    worksheet.set_row_height(0, height(sheet, titles))?;
    worksheet.set_freeze_panes(1, 0)?;
    let last_column = u16::try_from(sheet.columns.len() - 1).unwrap_or(u16::MAX);
    worksheet.autofilter(0, 0, last, last_column)?;
    Ok(())
}

/// Numbers stand at the right and texts at the left, a little apart.
fn aligned(sheet: &Sheet, column: usize) -> Format {
    let format = Format::new().set_align(FormatAlign::Top);
    if sheet.is_numeric(column) {
        format.set_align(FormatAlign::Right)
    } else {
        format.set_align(FormatAlign::Left).set_indent(1)
    }
}

/// How high a row is, in points. Not every program finds that out when it opens
/// a file, so it is written down.
fn height<'a>(sheet: &Sheet, texts: impl Iterator<Item = Option<&'a str>>) -> f64 {
    let lines = sheet.columns.iter().zip(texts).map(|(column, text)| {
        let room = usize::from(characters(column.width)) - 2;
        text.map_or(1, |text| wrapped(text, room))
    });
    15.0 * f64::from(lines.max().unwrap_or(1).clamp(1, MOST_LINES))
}

/// How many lines a text takes whose words are kept whole where they can be.
fn wrapped(text: &str, room: usize) -> u16 {
    let (mut lines, mut used) = (1, 0);
    for word in text.split_whitespace() {
        let letters = word.chars().count();
        if used > 0 && used + 1 + letters > room {
            lines += 1;
            used = 0;
        }
        lines += letters.saturating_sub(1) / room;
        used += letters + usize::from(used > 0);
    }
    u16::try_from(lines).unwrap_or(MOST_LINES)
}

/// More of a cell is seen when it is opened: a row can be no taller than 409
/// points.
const MOST_LINES: u16 = 12;

fn write_cell(
    worksheet: &mut Worksheet,
    (line, column): (u32, u16),
    cell: &Cell,
    format: Format,
) -> Result<(), XlsxError> {
    match cell {
        Cell::Empty => {}
        Cell::Text(text) => {
            let format = format.set_text_wrap();
            worksheet.write_string_with_format(line, column, fitting(text), &format)?;
        }
        Cell::Whole(number) => {
            let format = format.set_num_format("#,##0");
            write_number(worksheet, (line, column), &number.to_string(), &format)?;
        }
        Cell::Hours(_) => {
            let format = format.set_num_format("#,##0.00");
            write_number(worksheet, (line, column), &cell.to_string(), &format)?;
        }
        Cell::PerMille(share) => {
            let digits = format!("{}.{:03}", share / 1000, share % 1000);
            let format = format.set_num_format("0.0%");
            write_number(worksheet, (line, column), &digits, &format)?;
        }
        Cell::Money(money) => {
            let format = format.set_num_format(number_format(money));
            write_number(
                worksheet,
                (line, column),
                &money.amount.to_string(),
                &format,
            )?;
        }
        Cell::Day(day) => {
            let day = day.to_datetime(Time::midnight());
            let format = format.set_num_format("yyyy-mm-dd");
            write_time(worksheet, (line, column), day, (cell, &format))?;
        }
        Cell::Moment(at) => {
            let at = at.to_zoned(TimeZone::UTC).datetime();
            let format = format.set_num_format("yyyy-mm-dd hh:mm:ss");
            write_time(worksheet, (line, column), at, (cell, &format))?;
        }
    }
    Ok(())
}

/// Spreadsheets have nothing but floating-point numbers. The nearest one to a
/// decimal shows the same digits, up to the fifteen that a spreadsheet shows;
/// whatever has more stays text.
fn write_number(
    worksheet: &mut Worksheet,
    (line, column): (u32, u16),
    digits: &str,
    format: &Format,
) -> Result<(), XlsxError> {
    let is_exact = digits.bytes().filter(u8::is_ascii_digit).count() <= 15;
    match digits.parse::<f64>() {
        Ok(number) if is_exact => worksheet.write_number_with_format(line, column, number, format),
        Ok(_) | Err(_) => worksheet.write_string_with_format(line, column, digits, format),
    }?;
    Ok(())
}

/// Spreadsheets know no time before 1900, which stays text.
fn write_time(
    worksheet: &mut Worksheet,
    (line, column): (u32, u16),
    at: DateTime,
    (cell, format): (&Cell, &Format),
) -> Result<(), XlsxError> {
    if at.year() < 1900 {
        worksheet.write_string_with_format(line, column, cell.to_string(), format)?;
    } else {
        worksheet.write_datetime_with_format(line, column, at, format)?;
    }
    Ok(())
}

/// With as many decimals as the amount has, and the code of its currency:
/// signs such as `$` mean several.
fn number_format(money: &Money) -> String {
    let decimals = match money.amount.scale() {
        0 => String::new(),
        scale => format!(".{}", "0".repeat(scale as usize)),
    };
    format!("#,##0{decimals} [${}]", money.currency)
}

/// At most as much as fits into a cell, which is counted in UTF-16.
fn fitting(text: &str) -> String {
    const MOST: usize = 32_767;
    if text.encode_utf16().count() <= MOST {
        return text.to_owned();
    }
    let mut length = 0;
    let kept = text.chars().take_while(|letter| {
        length += letter.len_utf16();
        length < MOST
    });
    kept.chain(['…']).collect()
}

/// Wide sheets go over several pages, each with the first columns: on one they
/// would be too small to read.
fn set_up_print(worksheet: &mut Worksheet, sheet: &Sheet, footer: &str) -> Result<(), XlsxError> {
    const PAGE: u16 = 240;
    let widths = sheet.columns.iter().map(|column| column.width);
    let width: u16 = widths.map(|width| u16::from(characters(width))).sum();
    worksheet.set_landscape();
    worksheet.set_print_fit_to_pages(width.div_ceil(PAGE), 0);
    worksheet.set_repeat_rows(0, 0)?;
    if width > PAGE {
        worksheet.set_repeat_columns(0, 1)?;
    }
    worksheet.set_margins(0.5, 0.5, 0.6, 0.75, 0.3, 0.3);
    worksheet.set_footer(footer);
    Ok(())
}

/// `&` begins a code in a footer, so one of a name is doubled.
fn footer(report: &AuditReport) -> String {
    let tenant: String = report.tenant.chars().take(60).collect();
    let tenant = tenant.replace('&', "&&");
    let not_real = match report.target.as_str() {
        "8x8" => "",
        _ => " (a simulated tenant)",
    };
    let as_of = report.as_of.strftime("%Y-%m-%d %H:%M UTC");
    format!("&L{tenant}{not_real}, {as_of}&C&A&R&P / &N")
}

/// The width in characters.
fn characters(width: Width) -> u8 {
    match width {
        Width::Narrow => 11,
        Width::Word => 18,
        Width::Name => 32,
        Width::Sentence => 50,
    }
}
