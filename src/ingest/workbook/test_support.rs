//! Writes small workbooks, so that tests show what is in them.

use std::fmt::Write as _;

/// One cell of a workbook.
#[derive(Debug, Clone)]
pub(in crate::ingest) enum Value {
    /// No cell at all, as Excel leaves blank cells out.
    Blank,
    Text(String),
    /// A number, and the place of its format in [`STYLES`].
    Number(f64, usize),
    Bool(bool),
    Error(&'static str),
}

/// Formats of numbers: none, a date, a date with time, an id with its zeros.
pub(in crate::ingest) const GENERAL: usize = 0;
pub(in crate::ingest) const DATE: usize = 1;
pub(in crate::ingest) const DATE_TIME: usize = 2;
pub(in crate::ingest) const SIX_DIGITS: usize = 3;

const STYLES: &str = r#"<styleSheet><numFmts count="1"><numFmt numFmtId="164" formatCode="000000"/></numFmts>
<cellXfs count="4"><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="22"/><xf numFmtId="164"/></cellXfs></styleSheet>"#;

/// A sheet's name, whether it is shown, and its rows with their numbers from 1.
pub(in crate::ingest) struct TestSheet {
    pub name: &'static str,
    pub state: &'static str,
    pub xml: String,
}

impl TestSheet {
    pub(in crate::ingest) fn new(name: &'static str, rows: &[(u32, Vec<Value>)]) -> Self {
        Self {
            name,
            state: "visible",
            xml: sheet_xml(rows),
        }
    }
}

/// Text cells.
pub(in crate::ingest) fn texts(cells: &[&str]) -> Vec<Value> {
    cells
        .iter()
        .map(|cell| match *cell {
            "" => Value::Blank,
            text => Value::Text(text.to_owned()),
        })
        .collect()
}

pub(in crate::ingest) fn sheet_xml(rows: &[(u32, Vec<Value>)]) -> String {
    let mut data = String::new();
    for (number, cells) in rows {
        write!(data, "<row r=\"{number}\">").expect("a string takes all");
        for (column, value) in (b'A'..=b'Z').zip(cells) {
            let place = format!("{}{number}", char::from(column));
            let cell = match value {
                Value::Blank => String::new(),
                Value::Text(text) => {
                    let text = text
                        .replace('&', "&amp;")
                        .replace('<', "&lt;")
                        .replace('\r', "&#13;");
                    format!(
                        "<c r=\"{place}\" t=\"inlineStr\"><is><t xml:space=\"preserve\">{text}</t></is></c>"
                    )
                }
                Value::Number(number, style) => {
                    format!("<c r=\"{place}\" s=\"{style}\"><v>{number}</v></c>")
                }
                Value::Bool(value) => {
                    format!("<c r=\"{place}\" t=\"b\"><v>{}</v></c>", u8::from(*value))
                }
                Value::Error(error) => format!("<c r=\"{place}\" t=\"e\"><v>{error}</v></c>"),
            };
            data.push_str(&cell);
        }
        data.push_str("</row>");
    }
    format!("<worksheet><sheetData>{data}</sheetData></worksheet>")
}

/// The parts of a workbook, before they are packed.
pub(in crate::ingest) fn parts(sheets: &[TestSheet]) -> Vec<(String, Vec<u8>)> {
    const RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let (mut listed, mut related) = (String::new(), String::new());
    let mut parts = Vec::new();
    for (number, sheet) in (1..).zip(sheets) {
        let TestSheet { name, state, xml } = sheet;
        write!(
            listed,
            "<sheet name=\"{name}\" sheetId=\"{number}\" state=\"{state}\" r:id=\"rId{number}\"/>"
        )
        .expect("a string takes all");
        write!(
            related,
            "<Relationship Id=\"rId{number}\" Type=\"{RELATIONS}/worksheet\" \
             Target=\"worksheets/sheet{number}.xml\"/>"
        )
        .expect("a string takes all");
        parts.push((
            format!("xl/worksheets/sheet{number}.xml"),
            xml.clone().into_bytes(),
        ));
    }
    let root = format!(
        "<Relationships><Relationship Id=\"rId1\" Type=\"{RELATIONS}/officeDocument\" \
         Target=\"xl/workbook.xml\"/></Relationships>"
    );
    let workbook = format!("<workbook><sheets>{listed}</sheets></workbook>");
    let related = format!("<Relationships>{related}</Relationships>");
    let mut all = vec![
        ("_rels/.rels".to_owned(), root.into_bytes()),
        ("xl/workbook.xml".to_owned(), workbook.into_bytes()),
        (
            "xl/_rels/workbook.xml.rels".to_owned(),
            related.into_bytes(),
        ),
        ("xl/styles.xml".to_owned(), STYLES.into()),
    ];
    all.extend(parts);
    all
}

/// A workbook's bytes.
pub(in crate::ingest) fn xlsx(sheets: &[TestSheet]) -> Vec<u8> {
    zip(&parts(sheets))
}

/// Packs files into a ZIP archive without compressing them.
pub(in crate::ingest) fn zip(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let offset = u32::try_from(archive.len()).expect("a small archive");
        let size = u32::try_from(content.len()).expect("a small file");
        let length = u16::try_from(name.len()).expect("a short name");
        let mut entry = Vec::new();
        // Version, flags, method, time and date, then sums and sizes.
        entry.extend([20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0x50]);
        entry.extend(crc32(content).to_le_bytes());
        entry.extend(size.to_le_bytes());
        entry.extend(size.to_le_bytes());
        entry.extend(length.to_le_bytes());
        entry.extend([0, 0]);
        archive.extend(b"PK\x03\x04");
        archive.extend(&entry);
        archive.extend(name.as_bytes());
        archive.extend(content);
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(&entry);
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let count = u16::try_from(files.len()).expect("few files");
    let start = u32::try_from(archive.len()).expect("a small archive");
    let size = u32::try_from(directory.len()).expect("a small archive");
    archive.extend(&directory);
    archive.extend(b"PK\x05\x06\0\0\0\0");
    archive.extend(count.to_le_bytes());
    archive.extend(count.to_le_bytes());
    archive.extend(size.to_le_bytes());
    archive.extend(start.to_le_bytes());
    archive.extend([0, 0]);
    archive
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            (sum >> 1) ^ (0xEDB8_8320 * (sum & 1))
        })
    })
}
