//! From a file's bytes to text. Other encodings than UTF-8 belong here: they
//! end as the same [`TextFile`].

use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::error::{IngestError, Refusal};
use super::input_file::{Encoding, LineEnd};
use super::text::excerpt;

const UTF8_MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];

/// How files begin that are exported from the same menus and are no text.
const NOT_TEXT: [(&[u8], &str); 5] = [
    (b"PK\x03\x04", "an Excel workbook or a ZIP archive"),
    (&[0xD0, 0xCF, 0x11, 0xE0], "an old Excel workbook"),
    (b"%PDF", "a PDF document"),
    (&[0x1F, 0x8B], "a gzip archive"),
    (b"\x89PNG", "a picture"),
];

/// The first bytes that are looked at to tell UTF-16 without a mark.
const SAMPLE: usize = 512;

/// A file's text, with what the plan records about its bytes.
#[derive(Debug)]
pub(super) struct TextFile {
    /// The path as it was given.
    pub name: String,
    /// Digest of the bytes, in hex.
    pub sha256: String,
    /// Length in bytes.
    pub bytes: u64,
    /// How the text was encoded.
    pub encoding: Encoding,
    /// How its lines end.
    pub line_end: LineEnd,
    text: String,
}

impl TextFile {
    /// Reads and decodes a file.
    pub(super) fn open(path: &Path) -> Result<Self, IngestError> {
        let name = path.display().to_string();
        match fs::read(path) {
            Ok(bytes) => Self::decode(name, bytes),
            Err(source) => Err(IngestError::Unreadable { file: name, source }),
        }
    }

    /// Decodes a file's bytes; fails on whatever is not UTF-8 text.
    pub(super) fn decode(name: String, mut bytes: Vec<u8>) -> Result<Self, IngestError> {
        if let Some(refusal) = refuse_bytes(&name, &bytes) {
            return Err(refusal.into());
        }
        let sha256 = format!("{:x}", Sha256::digest(&bytes));
        let length = bytes.len() as u64;
        let encoding = if bytes.starts_with(&UTF8_MARK) {
            bytes.drain(..UTF8_MARK.len());
            Encoding::Utf8WithMark
        } else {
            Encoding::Utf8
        };
        let text = String::from_utf8(bytes).map_err(|error| {
            refuse_encoding(&name, error.as_bytes(), error.utf8_error().valid_up_to())
        })?;
        Ok(Self {
            name,
            sha256,
            bytes: length,
            encoding,
            line_end: line_end(&text),
            text,
        })
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

fn refuse_bytes(name: &str, bytes: &[u8]) -> Option<Refusal> {
    if bytes.is_empty() {
        return Some(whole_file(
            name,
            "the file is empty (0 bytes)",
            "an export without rows still has its header row: export it again and copy it completely",
        ));
    }
    if let Some((_, what)) = NOT_TEXT.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Some(whole_file(
            name,
            format!("this is not text but {what}"),
            "open it and save it as \"CSV UTF-8\"",
        ));
    }
    if looks_like_utf16(bytes) {
        return Some(whole_file(
            name,
            "the text looks like UTF-16, which is not read",
            "export it as \"CSV UTF-8\", or convert it to UTF-8",
        ));
    }
    let nul = memchr::memchr(0, bytes)?;
    Some(Refusal {
        line: Some(line_of(bytes, nul)),
        ..whole_file(
            name,
            "the file holds a NUL byte, so it is damaged or not text",
            "export it again as \"CSV UTF-8\"",
        )
    })
}

fn looks_like_utf16(bytes: &[u8]) -> bool {
    let sample = &bytes[..bytes.len().min(SAMPLE)];
    let nuls = memchr::memchr_iter(0, sample).count();
    let marked = sample.starts_with(&[0xFF, 0xFE]) || sample.starts_with(&[0xFE, 0xFF]);
    marked || nuls * 3 > sample.len()
}

fn refuse_encoding(name: &str, bytes: &[u8], valid_up_to: usize) -> Refusal {
    let from = bytes[..valid_up_to]
        .iter()
        .rposition(|byte| b"\r\n,;\t".contains(byte))
        .map_or(0, |separator| separator + 1);
    let until = bytes.len().min(valid_up_to + 20);
    Refusal {
        line: Some(line_of(bytes, valid_up_to)),
        value: excerpt(&String::from_utf8_lossy(&bytes[from..until])),
        ..whole_file(
            name,
            "the text is not UTF-8; it looks like Windows-1252 or Latin-1",
            "export it as \"CSV UTF-8\", or convert it to UTF-8",
        )
    }
}

fn line_of(bytes: &[u8], offset: usize) -> u64 {
    let feeds = memchr::memchr_iter(b'\n', &bytes[..offset]);
    feeds.count() as u64 + 1
}

fn line_end(text: &str) -> LineEnd {
    match text.find('\n') {
        Some(at) if text[..at].ends_with('\r') => LineEnd::CrLf,
        None if text.contains('\r') => LineEnd::Cr,
        Some(_) | None => LineEnd::Lf,
    }
}

fn whole_file(name: &str, problem: impl Into<String>, advice: impl Into<String>) -> Refusal {
    Refusal {
        file: name.to_owned(),
        line: None,
        column: String::new(),
        value: String::new(),
        problem: problem.into(),
        advice: advice.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::IngestErrorKind;

    fn message(bytes: &[u8]) -> String {
        TextFile::decode("in.csv".to_owned(), bytes.to_vec())
            .expect_err("a refusal")
            .to_string()
    }

    #[test]
    fn what_is_no_utf8_text_is_refused_by_what_it_looks_like() {
        for (bytes, words) in [
            (&b""[..], "0 bytes"),
            (b"PK\x03\x04rest", "workbook"),
            (b"\xFF\xFEa\0b\0", "UTF-16"),
            (b"a\0,\0b\0\n\0", "UTF-16"),
            (
                b"id,name\n1,J\0ane, and more of it\n",
                "line 2: the file holds a NUL",
            ),
            (b"id,name\n1,M\xFCller\n", "line 2, value \"M\u{fffd}ller"),
        ] {
            assert!(message(bytes).contains(words), "{}", message(bytes));
        }
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_text() {
        let file =
            TextFile::decode("in.csv".to_owned(), b"\xEF\xBB\xBFid\r\n".to_vec()).expect("text");
        assert_eq!(file.text(), "id\r\n");
        assert_eq!(file.encoding, Encoding::Utf8WithMark);
        assert_eq!(file.line_end, LineEnd::CrLf);
        assert_eq!(file.bytes, 7);
    }

    #[test]
    fn a_missing_file_is_no_input() {
        let error = TextFile::open(Path::new("no/such/file.csv")).expect_err("an error");
        assert_eq!(error.kind(), IngestErrorKind::NoInput);
        assert!(error.to_string().contains("no/such/file.csv"));
    }
}
