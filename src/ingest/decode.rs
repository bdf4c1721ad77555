//! From a file's bytes to text.

use sha2::{Digest, Sha256};

use super::encoding::{self, Undecodable};
use super::error::{IngestError, Refusal};
use super::input_file::{Encoding, LineEnd};
use super::options::TextFormat;
use super::packed::Packing;
use crate::model::Text;

/// What to do about almost any file that is no text.
const SAVE_AS: &str = "open it in a spreadsheet and save it as \"CSV UTF-8\" or as .xlsx";

/// What to do about a packed file that is not read as it is.
const UNPACK: &str = "unpack it, or pack it with gzip or zstd, once";

/// Where the header of an archive's first file says what it is.
const TAR_MARK_AT: usize = 257;

/// How files begin that are exported from the same menus and are no text.
const NOT_TEXT: [(&[u8], &str, &str); 12] = [
    (b"PK\x05\x06", "an empty ZIP archive", "export it again"),
    (
        &[0xD0, 0xCF, 0x11, 0xE0],
        "an old Excel workbook (.xls), or one with a password",
        "open it, remove the password, and save it as .xlsx or \"CSV UTF-8\"",
    ),
    (
        b"%PDF",
        "a PDF document",
        "export the report as CSV or Excel instead",
    ),
    // What is packed once was unpacked before.
    (&[0x1F, 0x8B], "a gzip file that was packed twice", UNPACK),
    (
        &[0x28, 0xB5, 0x2F, 0xFD],
        "a zstd file that was packed twice",
        UNPACK,
    ),
    (b"\xFD7zXZ\0", "an xz file", UNPACK),
    (b"7z\xBC\xAF\x27\x1C", "a 7z archive", UNPACK),
    (
        b"\x89PNG",
        "a picture",
        "export the report as CSV or Excel instead",
    ),
    (
        b"{\\rtf",
        "a formatted document",
        "export the report as CSV or Excel instead",
    ),
    (b"\xFF\xFE\0\0", "UTF-32 text", SAVE_AS),
    (b"\0\0\xFE\xFF", "UTF-32 text", SAVE_AS),
    (
        b"SQLite format 3",
        "a database",
        "export the report as CSV or Excel instead",
    ),
];

/// A packed file as it was given.
#[derive(Debug)]
pub(super) struct PackedAs {
    /// What it is packed with.
    pub packing: Packing,
    /// Digest of its bytes, in hex.
    pub sha256: String,
    /// Length in bytes.
    pub bytes: u64,
}

/// A file's text, with what the plan records about its bytes.
#[derive(Debug)]
pub(super) struct TextFile {
    /// The path as it was given.
    pub name: Text,
    /// Digest, in hex, of the bytes as they were given.
    pub sha256: String,
    /// Length, in bytes, of what was given.
    pub bytes: u64,
    /// What the given file was packed with, if it was.
    pub packing: Option<Packing>,
    /// Digest, in hex, of what was in it, packed or not.
    pub content_sha256: String,
    /// How the text was encoded.
    pub encoding: Encoding,
    /// How its lines end.
    pub line_end: LineEnd,
    /// The sheet that the text is from, if the file is a workbook.
    pub sheet: Option<String>,
    /// What the administrator fixed instead of leaving it to detection.
    pub fixed: TextFormat,
    /// What a person should know about the text.
    pub notes: Vec<String>,
    text: String,
}

impl TextFile {
    /// Decodes a file's bytes as the administrator said, where something is said.
    pub(super) fn decode_as(
        name: String,
        bytes: Vec<u8>,
        fixed: TextFormat,
    ) -> Result<Self, IngestError> {
        if let Some(refusal) = refuse_bytes(&name, &bytes) {
            return Err(refusal.into());
        }
        let content_sha256 = digest(&bytes);
        let length = bytes.len() as u64;
        let decoded = match fixed.encoding {
            None => encoding::detect(bytes),
            Some(encoding) => encoding::decode_as(bytes, encoding),
        };
        let decoded = decoded.map_err(|undecodable| refuse_encoding(&name, &undecodable))?;
        if let Some(refusal) = refuse_text(&name, &decoded.text) {
            return Err(refusal.into());
        }
        Ok(Self {
            name: name.into(),
            sha256: content_sha256.clone(),
            bytes: length,
            packing: None,
            content_sha256,
            encoding: decoded.encoding,
            line_end: LineEnd::of(&decoded.text),
            sheet: None,
            fixed,
            notes: decoded.note.into_iter().collect(),
            text: decoded.text,
        })
    }

    /// A sheet of a workbook, written out as text: commas, quotes, and a
    /// carriage return for each row.
    pub(super) fn of_sheet(
        name: String,
        bytes: &[u8],
        sheet: String,
        fixed: TextFormat,
        text: String,
    ) -> Self {
        let content_sha256 = digest(bytes);
        Self {
            name: name.into(),
            sha256: content_sha256.clone(),
            bytes: bytes.len() as u64,
            packing: None,
            content_sha256,
            encoding: Encoding::Workbook,
            line_end: LineEnd::Cr,
            sheet: Some(sheet),
            fixed,
            notes: Vec::new(),
            text,
        }
    }

    /// The same text, of a file that was given packed.
    pub(super) fn packed_as(self, given: PackedAs) -> Self {
        Self {
            sha256: given.sha256,
            bytes: given.bytes,
            packing: Some(given.packing),
            ..self
        }
    }

    /// Decodes bytes of which nothing is fixed.
    #[cfg(test)]
    pub(super) fn decode(name: String, bytes: Vec<u8>) -> Result<Self, IngestError> {
        Self::decode_as(name, bytes, TextFormat::default())
    }

    /// The whole text, without the byte order mark.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// A refusal of this file as a whole; place and value are added by the caller.
    pub(super) fn refusal(&self, problem: impl Into<String>, advice: impl Into<String>) -> Refusal {
        whole_file(&self.name, problem, advice)
    }
}

/// A refusal of a whole file.
pub(super) fn whole_file(
    name: &str,
    problem: impl Into<String>,
    advice: impl Into<String>,
) -> Refusal {
    Refusal {
        file: name.to_owned(),
        line: None,
        column: String::new(),
        value: String::new(),
        problem: problem.into(),
        advice: advice.into(),
        question: None,
    }
}

/// The digest of bytes, in hex.
pub(super) fn digest(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

fn refuse_bytes(name: &str, bytes: &[u8]) -> Option<Refusal> {
    if bytes.is_empty() {
        return Some(whole_file(
            name,
            "the file is empty (0 bytes)",
            "an export without rows still has its header row: export it again and copy it completely",
        ));
    }
    if bytes
        .get(TAR_MARK_AT..)
        .is_some_and(|rest| rest.starts_with(b"ustar"))
    {
        let problem = "this is no text but a tar archive";
        return Some(whole_file(
            name,
            problem,
            "take the export out of it, and give that",
        ));
    }
    let (_, what, advice) = NOT_TEXT
        .iter()
        .find(|(magic, _, _)| bytes.starts_with(magic))?;
    Some(whole_file(
        name,
        format!("this is no text but {what}"),
        *advice,
    ))
}

fn refuse_encoding(name: &str, undecodable: &Undecodable) -> Refusal {
    match undecodable {
        Undecodable::TornUtf16 => whole_file(
            name,
            "the text is UTF-16 with half a character in it, so it is damaged or incomplete",
            "export it again and copy it completely",
        ),
        Undecodable::NotAsFixed => whole_file(
            name,
            "the text is not in the encoding that [formats] says",
            "correct the encoding there, or remove it and have it detected",
        ),
    }
}

fn refuse_text(name: &str, text: &str) -> Option<Refusal> {
    if let Some(nul) = memchr::memchr(0, text.as_bytes()) {
        let lines_above = LineEnd::of(text).count(&text.as_bytes()[..nul]);
        return Some(Refusal {
            line: Some(lines_above + 1),
            ..whole_file(
                name,
                "the file holds a NUL byte, so it is damaged or not text",
                "export it again as \"CSV UTF-8\"",
            )
        });
    }
    let mut beginning = text.trim_start().chars();
    let markup = beginning.next() == Some('<')
        && beginning
            .next()
            .is_some_and(|c| matches!(c, '!' | '?') || c.is_ascii_alphabetic());
    markup.then(|| {
        whole_file(
            name,
            "this is a web page or XML, whatever its name says",
            SAVE_AS,
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::options::TextEncoding;

    fn message(bytes: &[u8]) -> String {
        TextFile::decode("in.csv".to_owned(), bytes.to_vec())
            .expect_err("a refusal")
            .to_string()
    }

    #[test]
    fn what_is_no_text_is_refused_by_what_it_looks_like() {
        for (bytes, words) in [
            (&b""[..], "0 bytes"),
            (b"\xD0\xCF\x11\xE0rest", "an old Excel workbook"),
            (b"%PDF-1.7", "a PDF document"),
            (b"\xFD7zXZ\0rest", "an xz file; unpack it, or pack it with"),
            (b"\x1F\x8Brest", "a gzip file that was packed twice"),
            (b"\xFF\xFE\0\0i\0\0\0", "UTF-32"),
            (b"i\0\0\0d\0\0\0,\0\0\0a\0\0\0", "a NUL byte"),
            (b"\xFF\xFEa\0b", "half a character"),
            (
                b"id,name\n1,J\0ane, and more of it\n",
                "line 2: the file holds a NUL",
            ),
            (b"\r\n<html><body><table>", "this is a web page or XML"),
            (
                b"<?xml version=\"1.0\"?><Workbook>",
                "this is a web page or XML",
            ),
        ] {
            assert!(message(bytes).contains(words), "{}", message(bytes));
        }
    }

    #[test]
    fn the_digest_is_that_of_the_bytes() {
        let utf8 = TextFile::decode("in.csv".to_owned(), b"id\r\n".to_vec()).expect("text");
        let marked = b"\xEF\xBB\xBFid\r\n".to_vec();
        let marked = TextFile::decode("in.csv".to_owned(), marked).expect("text");
        assert_eq!(utf8.text(), marked.text());
        assert_eq!((utf8.bytes, marked.bytes), (4, 7));
        assert_ne!(utf8.sha256, marked.sha256);
        assert_eq!(marked.encoding, Encoding::Utf8WithMark);
        assert_eq!(marked.line_end, LineEnd::CrLf);
    }

    #[test]
    fn an_encoding_that_does_not_fit_is_refused() {
        let fixed = TextFormat {
            encoding: Some(TextEncoding::Utf16Le),
            ..TextFormat::default()
        };
        let error = TextFile::decode_as("in.csv".to_owned(), b"id\n1\n".to_vec(), fixed);
        let message = error.expect_err("a refusal").to_string();
        assert!(
            message.contains("not in the encoding that [formats] says"),
            "{message}"
        );
    }
}
