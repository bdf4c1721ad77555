//! A file that is read once, from its beginning to its end: its content, packed
//! or not, and digest and length of the bytes as they were given.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::packed::{Packing, Unpacking};

/// A file, from which the content is read.
pub(super) struct Given {
    /// What it is packed with, if it is.
    pub packing: Option<Packing>,
    /// How long the system says that it is.
    pub length: u64,
    content: Content,
}

enum Content {
    Plain(Digested),
    Packed(Unpacking<BufReader<Digested>>),
}

impl Given {
    /// Opens a file that lies on a disk; nothing of what is piped is read.
    pub(super) fn open(path: &Path) -> Option<Self> {
        let mut file = File::open(path).ok()?;
        let metadata = file.metadata().ok().filter(std::fs::Metadata::is_file)?;
        let mut beginning = Vec::new();
        (&mut file).take(4).read_to_end(&mut beginning).ok()?;
        file.rewind().ok()?;
        let packing = Packing::of(&beginning);
        let length = metadata.len();
        let digested = Digested {
            file,
            digest: Sha256::new(),
            bytes: 0,
        };
        let content = match packing {
            None => Content::Plain(digested),
            Some(packing) => {
                let packed = BufReader::with_capacity(READ_AT_ONCE, digested);
                Content::Packed(packing.reader(packed, length).ok()?)
            }
        };
        Some(Self {
            packing,
            length,
            content,
        })
    }

    /// Digest, in hex, and number of the bytes of the file that were read: of all
    /// of them, once its content has ended.
    pub(super) fn digest(self) -> (String, u64) {
        let digested = match self.content {
            Content::Plain(digested) => digested,
            Content::Packed(content) => content.into_packed().into_inner(),
        };
        (format!("{:x}", digested.digest.finalize()), digested.bytes)
    }
}

impl Read for Given {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.content {
            Content::Plain(content) => content.read(buffer),
            Content::Packed(content) => content.read(buffer),
        }
    }
}

/// Bytes of a packed file that are read at a time.
const READ_AT_ONCE: usize = 1 << 16;

/// A file whose bytes are digested and counted as they pass.
struct Digested {
    file: File,
    digest: Sha256,
    bytes: u64,
}

impl Read for Digested {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.digest.update(&buffer[..read]);
        self.bytes += read as u64;
        Ok(read)
    }
}
