//! Compressed exports. What a file is packed with is told by its first bytes,
//! and a file that is not whole is refused: a list that is cut short looks like
//! one of which people have gone.

use std::io::{self, BufRead, ErrorKind, Read};

use flate2::bufread::MultiGzDecoder;
use serde::{Deserialize, Serialize};
use zstd::stream::read::Decoder as ZstdDecoder;

use super::decode::whole_file;
use super::error::{IngestError, Refusal};

/// What a file is packed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Packing {
    /// One gzip member, or several after one another.
    Gzip,
    /// One Zstandard frame, or several after one another.
    Zstd,
}

impl Packing {
    /// What a file that begins with these bytes is packed with.
    pub(super) fn of(beginning: &[u8]) -> Option<Self> {
        match beginning {
            [0x1F, 0x8B, ..] => Some(Self::Gzip),
            // A frame of data, or one that is skipped, as parallel packers put first.
            [0x28, 0xB5, 0x2F, 0xFD, ..] | [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..] => Some(Self::Zstd),
            _ => None,
        }
    }

    /// The whole content of a packed file.
    pub(super) fn unpack(self, name: &str, packed: &[u8]) -> Result<Vec<u8>, IngestError> {
        let mut content = Vec::new();
        let unpacked = self
            .reader(packed, packed.len() as u64)
            .and_then(|mut reader| reader.read_to_end(&mut content));
        match unpacked {
            Ok(_) => Ok(content),
            Err(error) => Err(self.refuse(name, &error).into()),
        }
    }

    /// Reads the content of a packed file of this length. It fails, and does not
    /// end, where the file is damaged, breaks off, or holds more than an export.
    pub(super) fn reader<R: BufRead>(self, packed: R, length: u64) -> io::Result<Unpacking<R>> {
        self.bounded(packed, most_in(length))
    }

    fn bounded<R: BufRead>(self, packed: R, most: u64) -> io::Result<Unpacking<R>> {
        let content = match self {
            Self::Gzip => Unpacker::Gzip(Box::new(MultiGzDecoder::new(packed))),
            Self::Zstd => Unpacker::Zstd(ZstdDecoder::with_buffer(packed)?),
        };
        Ok(Unpacking {
            content,
            left: most,
        })
    }

    fn refuse(self, name: &str, error: &io::Error) -> Refusal {
        let name_of_packing = self.name();
        let (problem, advice) = match error.kind() {
            ErrorKind::UnexpectedEof => (
                format!("the {name_of_packing} file breaks off, so it is not whole"),
                "copy or export it again, completely; nothing of it is used".to_owned(),
            ),
            ErrorKind::FileTooLarge => (
                format!(
                    "it unpacks to more than {MOST_TIMES} times its size, which no export does"
                ),
                "look at what is in it; if it is an export, unpack it and give that file"
                    .to_owned(),
            ),
            _ => (
                format!("the {name_of_packing} file is damaged or cannot be unpacked ({error})"),
                format!(
                    "copy or export it again; if `{name_of_packing} -t` finds nothing wrong with \
                     it, unpack it and give that file"
                ),
            ),
        };
        whole_file(name, problem, advice)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }
}

/// How many times its size a packed file may hold. Exports reach twenty.
const MOST_TIMES: u64 = 100;

/// Bytes that any packed file may hold: little costs little.
const ALWAYS_ALLOWED: u64 = 64 << 20;

/// Bytes that a packed file of this length may hold.
fn most_in(length: u64) -> u64 {
    length.saturating_mul(MOST_TIMES).max(ALWAYS_ALLOWED)
}

/// The content of a packed file, read as it is unpacked.
pub(super) struct Unpacking<R: BufRead> {
    content: Unpacker<R>,
    /// Bytes that may still come.
    left: u64,
}

enum Unpacker<R: BufRead> {
    Gzip(Box<MultiGzDecoder<R>>),
    Zstd(ZstdDecoder<'static, R>),
}

impl<R: BufRead> Unpacking<R> {
    /// What was unpacked.
    pub(super) fn into_packed(self) -> R {
        match self.content {
            Unpacker::Gzip(content) => content.into_inner(),
            Unpacker::Zstd(content) => content.finish(),
        }
    }
}

impl<R: BufRead> Read for Unpacking<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match &mut self.content {
            Unpacker::Gzip(content) => content.read(buffer)?,
            Unpacker::Zstd(content) => content.read(buffer)?,
        };
        let left = self.left.checked_sub(read as u64);
        self.left = left.ok_or(ErrorKind::FileTooLarge)?;
        Ok(read)
    }
}

#[cfg(test)]
pub(super) mod tests;
