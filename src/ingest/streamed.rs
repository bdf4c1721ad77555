//! A large users report, read block by block: its text is never held as a whole,
//! and blocks are understood while the next ones are read.
//!
//! Only what is plain all through is read like this: UTF-8, one sort of line
//! ends, columns and dates that need no look at the whole file. At the first
//! sign of anything else nothing has come of it, and the file is read as a
//! whole, which also words every refusal.

use std::io::Read;
use std::path::Path;

use rayon::prelude::*;

use super::body;
use super::chunks::{self, Chunk};
use super::decode::TextFile;
use super::given::Given;
use super::input_file::{Encoding, LineEnd};
use super::records::Dialect;
use super::users::{AccountObserver, UsersFile};
use super::users_part::Part;
use super::users_reader::UsersReader;
use super::workbook;
use super::{ColumnNames, Formats};

/// How a report is cut.
#[derive(Debug, Clone, Copy)]
pub(super) struct Blocks {
    /// Bytes that are looked at to find the columns.
    pub head: usize,
    /// Bytes that are read at a time after these.
    pub bytes: usize,
    /// Bytes of a record that is still waited for.
    pub record: usize,
    /// Blocks that are understood side by side while as many are read.
    pub at_once: usize,
    /// A report of no more bytes is read as a whole: that is soon done.
    pub more_than: u64,
}

impl Default for Blocks {
    fn default() -> Self {
        Self {
            head: 1 << 20,
            bytes: 1 << 20,
            record: 8 << 20,
            at_once: 4,
            more_than: 4 << 20,
        }
    }
}

/// How many times its size a packed report holds, roughly.
const PACKED_TIMES: u64 = 10;

/// Reads a report block by block, or says with `None` that it has to be read as
/// a whole.
pub(super) fn read<O: AccountObserver>(
    path: &Path,
    columns: &ColumnNames,
    formats: &Formats,
    observer: &O,
    blocks: Blocks,
) -> Option<UsersFile<O>> {
    let mut source = Source::open(path, blocks)?;
    let mut head = source.head(path, formats)?;
    let whole = read_below(&mut source, &head, columns, formats, observer.split())?;
    head.packing = source.file.packing;
    (head.sha256, head.bytes) = source.file.digest();
    let reader = UsersReader::of_head(&head, columns, formats)?;
    reader.users_file(whole).ok()
}

/// Reads the rows below the header.
fn read_below<O: AccountObserver>(
    source: &mut Source,
    head: &TextFile,
    columns: &ColumnNames,
    formats: &Formats,
    observer: O,
) -> Option<Part<O>> {
    let reader = UsersReader::of_head(head, columns, formats)?;
    let layout = reader.layout();
    let (body_at, mut line) = layout.body_begins();
    source.skip(body_at, head.encoding);
    let dialect = layout.dialect;
    let mut whole = Part::nothing_yet(observer);
    let mut group = source.next_group(dialect)?;
    while !group.is_empty() {
        let chunks: Vec<Chunk<'_>> = group
            .iter()
            .map(|text| {
                let first_line = line;
                line += dialect.line_end.count(text.as_bytes());
                Chunk { text, first_line }
            })
            .collect();
        body::refuse_broken_off(head, layout, &chunks).ok()?;
        let observers: Vec<O> = chunks.iter().map(|_| whole.split()).collect();
        let (next, parts) = rayon::join(
            || source.next_group(dialect),
            || -> Vec<_> {
                let chunks = chunks.par_iter().zip(observers);
                chunks
                    .map(|(chunk, observer)| reader.read_chunk(chunk, observer))
                    .collect()
            },
        );
        for part in parts {
            whole.add(part.ok()?);
        }
        if !whole.is_settled() {
            return None;
        }
        let read = std::mem::replace(&mut group, next?);
        source
            .spare
            .extend(read.into_iter().map(String::into_bytes));
    }
    Some(whole)
}

/// The file, from which blocks of whole records are taken.
struct Source {
    file: Given,
    blocks: Blocks,
    /// What was read and belongs to the next block.
    carried: Vec<u8>,
    ended: bool,
    /// Buffers that were used, to be used again.
    spare: Vec<Vec<u8>>,
}

impl Source {
    fn open(path: &Path, blocks: Blocks) -> Option<Self> {
        let file = Given::open(path)?;
        let about = match file.packing {
            None => file.length,
            Some(_) => file.length.saturating_mul(PACKED_TIMES),
        };
        (about > blocks.more_than).then(|| Self {
            file,
            blocks,
            carried: Vec::new(),
            ended: false,
            spare: Vec::new(),
        })
    }

    /// The beginning of the file, by which its columns are found.
    fn head(&mut self, path: &Path, formats: &Formats) -> Option<TextFile> {
        let mut bytes = Vec::new();
        self.read_on(self.blocks.head, &mut bytes)?;
        self.carried.clone_from(&bytes);
        bytes.truncate(memchr::memrchr(b'\n', &bytes)? + 1);
        if workbook::is_workbook(&bytes) || formats.users.sheet.is_some() {
            return None;
        }
        let name = path.display().to_string();
        let head = TextFile::decode_as(name, bytes, formats.users.clone()).ok()?;
        let is_utf8 = matches!(head.encoding, Encoding::Utf8 | Encoding::Utf8WithMark);
        let is_plain = matches!(head.line_end, LineEnd::Lf | LineEnd::CrLf);
        (is_utf8 && is_plain && head.notes.is_empty()).then_some(head)
    }

    /// Passes over what stands above the rows.
    fn skip(&mut self, body_at: usize, encoding: Encoding) {
        let mark = if encoding == Encoding::Utf8WithMark {
            3
        } else {
            0
        };
        self.carried.drain(..mark + body_at);
    }

    /// The next blocks; none at the end. `None` where something is not plain.
    fn next_group(&mut self, dialect: Dialect) -> Option<Vec<String>> {
        let mut group = Vec::new();
        while group.len() < self.blocks.at_once && !(self.ended && self.carried.is_empty()) {
            let block = self.next_block(dialect)?;
            group.extend(Some(block).filter(|block| !block.is_empty()));
        }
        Some(group)
    }

    /// Reads a block, which is empty only at the end.
    fn next_block(&mut self, dialect: Dialect) -> Option<String> {
        let mut block = self.spare.pop().unwrap_or_default();
        block.clear();
        block.append(&mut self.carried);
        let mut end = 0;
        while end == 0 && !self.ended {
            if block.len() > self.blocks.record {
                return None;
            }
            self.read_on(self.blocks.bytes, &mut block)?;
            end = chunks::last_record_end(&block, dialect);
        }
        if self.ended {
            if chunks::ends_within_quotes(&block, dialect) {
                return None;
            }
        } else {
            self.carried.extend_from_slice(&block[end..]);
            block.truncate(end);
        }
        let is_plain = memchr::memchr(0, &block).is_none() && !has_lone_return(&block);
        String::from_utf8(block).ok().filter(|_| is_plain)
    }

    /// Reads so many bytes, unless the file ends.
    fn read_on(&mut self, most: usize, bytes: &mut Vec<u8>) -> Option<()> {
        let mut file = (&mut self.file).take(most as u64);
        let read = file.read_to_end(bytes).ok()?;
        self.ended = read < most;
        Some(())
    }
}

/// Whether a line ends in a carriage return alone.
fn has_lone_return(bytes: &[u8]) -> bool {
    let mut returns = memchr::memchr_iter(b'\r', bytes);
    returns.any(|at| bytes.get(at + 1) != Some(&b'\n'))
}

#[cfg(test)]
mod tests;
