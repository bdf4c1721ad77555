//! A large users report, read block by block: its text is never held as a whole,
//! and blocks are understood while the next ones are read.
//!
//! Only what is plain all through is read like this: UTF-8, one sort of line
//! ends, columns and dates that need no look at the whole file. At the first
//! sign of anything else nothing has come of it, and the file is read as a
//! whole, which also words every refusal.

use std::collections::BTreeMap;
use std::io::Read;
use std::ops::DerefMut;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

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
    /// Blocks that are understood side by side.
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
            at_once: rayon::current_num_threads(),
            more_than: 4 << 20,
        }
    }
}

/// How many times its size a packed report holds, roughly.
const PACKED_TIMES: u64 = 10;

/// The report has something that the whole file is needed for.
#[derive(Debug)]
struct NotPlain;

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
    let reader = UsersReader::of_head(&head, columns, formats)?;
    let layout = reader.layout();
    source.begin_below(layout.body_begins(), head.encoding);
    let stream = Stream {
        dialect: layout.dialect,
        reader,
        head: &head,
        source: Mutex::new(source),
        read: Mutex::new(InOrder::new(observer.split())),
    };
    let threads = (0..blocks.at_once).into_par_iter();
    threads.try_for_each(|_| stream.read_blocks()).ok()?;
    let Stream { source, read, .. } = stream;
    let whole = read.into_inner().ok()?.whole;
    let source = source.into_inner().ok()?;
    head.packing = source.file.packing;
    (head.sha256, head.bytes) = source.file.digest();
    let reader = UsersReader::of_head(&head, columns, formats)?;
    reader.users_file(whole).ok()
}

/// A report that is being read. Each thread takes the next block, understands
/// it, and adds what was in it, until none is left.
struct Stream<'f, O> {
    dialect: Dialect,
    reader: UsersReader<'f>,
    head: &'f TextFile,
    source: Mutex<Source>,
    read: Mutex<InOrder<O>>,
}

impl<O: AccountObserver> Stream<'_, O> {
    /// Reads blocks until none is left; at the first one that is not plain no
    /// thread goes on.
    fn read_blocks(&self) -> Result<(), NotPlain> {
        let mut block = Vec::new();
        loop {
            let next = self.source().next_block(&mut block, self.dialect);
            let read = match next {
                Ok(None) => return Ok(()),
                Ok(Some(place)) => self.read_block(place, &block),
                Err(not_plain) => Err(not_plain),
            };
            if let Err(not_plain) = read {
                self.source().is_given_up = true;
                return Err(not_plain);
            }
        }
    }

    fn read_block(&self, place: Place, block: &[u8]) -> Result<(), NotPlain> {
        let is_plain = memchr::memchr(0, block).is_none() && !has_lone_return(block);
        let text = std::str::from_utf8(block).ok().filter(|_| is_plain);
        let chunk = Chunk {
            text: text.ok_or(NotPlain)?,
            first_line: place.first_line,
        };
        body::refuse_broken_off(self.head, self.reader.layout(), &[chunk]).map_err(|_| NotPlain)?;
        let observer = self.read().whole.split();
        let part = self.reader.read_chunk(&chunk, observer);
        let part = part.map_err(|_| NotPlain)?;
        if !part.is_settled() {
            return Err(NotPlain);
        }
        self.read().add(place.number, part);
        Ok(())
    }

    fn source(&self) -> impl DerefMut<Target = Source> {
        self.source.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self) -> impl DerefMut<Target = InOrder<O>> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What was read, put together in the order of the file.
struct InOrder<O> {
    whole: Part<O>,
    /// How many blocks are part of it.
    added: usize,
    /// Blocks that wait for one above them.
    waiting: BTreeMap<usize, Part<O>>,
}

impl<O: AccountObserver> InOrder<O> {
    fn new(observer: O) -> Self {
        Self {
            whole: Part::nothing_yet(observer),
            added: 0,
            waiting: BTreeMap::new(),
        }
    }

    fn add(&mut self, number: usize, part: Part<O>) {
        self.waiting.insert(number, part);
        while let Some(next) = self.waiting.remove(&self.added) {
            self.whole.add(next);
            self.added += 1;
        }
    }
}

/// Where a block stands in the file.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// How many blocks stand above it.
    number: usize,
    /// The physical line of its first byte.
    first_line: u64,
}

/// The file, from which blocks of whole records are taken.
struct Source {
    file: Given,
    blocks: Blocks,
    /// What was read and belongs to the next block.
    carried: Vec<u8>,
    ended: bool,
    /// The next block's place.
    next: Place,
    /// Whether the file has to be read as a whole.
    is_given_up: bool,
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
            next: Place {
                number: 0,
                first_line: 1,
            },
            is_given_up: false,
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

    /// Passes over what stands above the rows, which begin at this byte of the
    /// text and on this line.
    fn begin_below(&mut self, (body_at, line): (usize, u64), encoding: Encoding) {
        let mark = if encoding == Encoding::Utf8WithMark {
            3
        } else {
            0
        };
        self.carried.drain(..mark + body_at);
        self.next.first_line = line;
    }

    /// Reads the next block of whole records, if there is one.
    fn next_block(
        &mut self,
        block: &mut Vec<u8>,
        dialect: Dialect,
    ) -> Result<Option<Place>, NotPlain> {
        if self.is_given_up {
            return Err(NotPlain);
        }
        block.clear();
        block.append(&mut self.carried);
        let mut end = 0;
        while end == 0 && !self.ended {
            if block.len() > self.blocks.record {
                return Err(NotPlain);
            }
            self.read_on(self.blocks.bytes, block).ok_or(NotPlain)?;
            end = chunks::last_record_end(block, dialect);
        }
        if !self.ended {
            self.carried.extend_from_slice(&block[end..]);
            block.truncate(end);
        } else if chunks::ends_within_quotes(block, dialect) {
            return Err(NotPlain);
        } else if block.is_empty() {
            return Ok(None);
        }
        let place = self.next;
        self.next = Place {
            number: place.number + 1,
            first_line: place.first_line + dialect.line_end.count(block),
        };
        Ok(Some(place))
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
