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
        set_up_print(worksheet, &footer)?;
    }
    workbook.save_to_buffer()
}

fn write_sheet(worksheet: &mut Worksheet, sheet: &Sheet) -> Result<(), XlsxError> {
    worksheet.set_name(sheet.name)?;
    let heading = Format::new()
        .set_bold()
        .set_text_wrap()
        .set_align(FormatAlign::Top)
        .set_border_bottom(FormatBorder::Thin);
    for (position, column) in (0_u16..).zip(&sheet.columns) {
        worksheet.set_column_width(position, characters(column.width))?;
        worksheet.write_string_with_format(0, position, column.title, &heading)?;
    }
    let mut last = 0;
    for (line, cells) in (1_u32..).zip(&sheet.rows) {
        for ((position, column), cell) in (0_u16..).zip(&sheet.columns).zip(cells) {
            write_cell(worksheet, (line, position), cell, column.width)?;
        }
        last = line;
    }
    worksheet.set_freeze_panes(1, 0)?;
    let columns = u16::try_from(sheet.columns.len()).unwrap_or(u16::MAX);
    worksheet.autofilter(0, 0, last, columns.saturating_sub(1))?;
    Ok(())
}

fn write_cell(
    worksheet: &mut Worksheet,
    (line, column): (u32, u16),
    cell: &Cell,
    width: Width,
) -> Result<(), XlsxError> {
    let format = Format::new().set_align(FormatAlign::Top);
    match cell {
        Cell::Empty => {}
        // Spreadsheets know no earlier days.
        Cell::Day(day) if day.year() < 1900 => {
            worksheet.write_string_with_format(line, column, day.to_string(), &format)?;
        }
        Cell::Text(text) => {
            let format = match width {
                Width::Narrow | Width::Word => format,
                Width::Name | Width::Sentence => format.set_text_wrap(),
            };
            worksheet.write_string_with_format(line, column, fitting(text), &format)?;
        }
        Cell::Whole(number) => {
            let format = format.set_num_format("#,##0");
            write_number(worksheet, (line, column), &number.to_string(), &format)?;
        }
        Cell::Money(money) => {
            let format = format.set_num_format(number_format(money));
            write_number(worksheet, (line, column), &money.amount.to_string(), &format)?;
        }
        Cell::Day(day) => {
            let format = format.set_num_format("yyyy-mm-dd");
            worksheet.write_datetime_with_format(line, column, *day, &format)?;
        }
        Cell::Instant(at) => {
            let format = format.set_num_format("yyyy-mm-dd hh:mm:ss");
            let at = at.to_zoned(TimeZone::UTC).datetime();
            worksheet.write_datetime_with_format(line, column, at, &format)?;
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

fn set_up_print(worksheet: &mut Worksheet, footer: &str) -> Result<(), XlsxError> {
    worksheet.set_landscape();
    worksheet.set_print_fit_to_pages(1, 0);
    worksheet.set_repeat_rows(0, 0)?;
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
fn characters(width: Width) -> f64 {
    match width {
        Width::Narrow => 11.0,
        Width::Word => 17.0,
        Width::Name => 28.0,
        Width::Sentence => 60.0,
    }
}
