//! Reading as a whole, over the boundaries of the stations.

use std::io::Write as _;

use encoding_rs::MACINTOSH;
use tempfile::NamedTempFile;

mod formats;
mod properties;
mod ways;

fn file(bytes: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a file");
    file.write_all(bytes).expect("written");
    file
}

/// Text as Excel for Mac wrote it; `encoding_rs` only reads this encoding.
pub(super) fn mac_bytes(text: &str) -> Vec<u8> {
    let all: Vec<String> = (0..=u8::MAX)
        .map(|byte| MACINTOSH.decode(&[byte]).0.into_owned())
        .collect();
    text.chars()
        .map(|character| {
            let found = all.iter().position(|it| it.starts_with(character));
            u8::try_from(found.expect("a character of the Mac")).expect("a byte")
        })
        .collect()
}
