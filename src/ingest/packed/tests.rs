use std::fmt::Write as _;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;

use super::*;
use crate::ingest::workbook::test_support::{TestSheet, texts, xlsx};
use crate::ingest::{ColumnNames, Formats, HrFile, IngestError, read_hr};

const EXPORT: &str = "Employee ID,Work Email,Termination Date\n\
    007,ann@example.com,2026-03-31\n008,bob@example.com,2026-04-30\n";

pub(in crate::ingest) fn gzip(content: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    packer.write_all(content).expect("memory takes all");
    packer.finish().expect("memory takes all")
}

/// As the command line tool packs: with a checksum at the end.
pub(in crate::ingest) fn zstd(content: &[u8]) -> Vec<u8> {
    let mut packer = ::zstd::stream::write::Encoder::new(Vec::new(), 3).expect("a packer");
    packer.include_checksum(true).expect("a checksum");
    packer.write_all(content).expect("memory takes all");
    packer.finish().expect("memory takes all")
}

type Packer = fn(&[u8]) -> Vec<u8>;

const PACKERS: [Packer; 2] = [gzip, zstd];

fn unpacked(packed: &[u8]) -> Result<Vec<u8>, String> {
    let packing = Packing::of(packed).expect("a packed file");
    let content = packing.unpack("in.csv", packed);
    content.map_err(|refusal| refusal.to_string())
}

fn read(bytes: &[u8]) -> Result<HrFile, IngestError> {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(bytes).expect("a full file");
    read_hr(file.path(), &ColumnNames::default(), &Formats::default())
}

#[test]
fn a_packed_export_is_recorded_as_it_was_given() {
    let plain = read(EXPORT.as_bytes()).expect("rows");
    for (pack, packing) in PACKERS.into_iter().zip([Packing::Gzip, Packing::Zstd]) {
        let packed = pack(EXPORT.as_bytes());
        let read = read(&packed).expect("rows");
        assert_eq!(read.file.detected.packing, Some(packing));
        assert_eq!(read.file.bytes, packed.len() as u64);
        assert_eq!(read.file.sha256, crate::model::sha256_hex(&packed));
        assert_eq!(read.content_sha256, plain.content_sha256);
        assert_eq!(read.rows.len(), 2);
    }
    assert_eq!(plain.file.detected.packing, None);
    assert_eq!(plain.file.sha256, plain.content_sha256);
}

#[test]
fn a_file_cut_short_anywhere_is_refused() {
    for pack in PACKERS {
        let packed = pack(EXPORT.as_bytes());
        read(&packed).expect("the whole file");
        for length in 0..packed.len() {
            let error = read(&packed[..length]).expect_err("a refusal");
            assert!(
                matches!(error, IngestError::Refused(_)),
                "{length}: {error}"
            );
            // Of less than the mark nobody can tell what it was.
            if length >= 4 {
                let message = error.to_string();
                assert!(
                    message.contains("breaks off, so it is not whole; "),
                    "{message}"
                );
            }
        }
    }
}

#[test]
fn every_damaged_byte_is_noticed_or_harmless() {
    for pack in PACKERS {
        let packed = pack(EXPORT.as_bytes());
        for at in 4..packed.len() {
            let mut damaged = packed.clone();
            damaged[at] ^= 0x10;
            if let Ok(content) = unpacked(&damaged) {
                // The header of gzip has a time and a system that mean nothing here.
                assert_eq!(content, EXPORT.as_bytes(), "{at}");
            }
        }
        let last = packed.len() - 1;
        let mut damaged = packed;
        damaged[last] ^= 1;
        let message = unpacked(&damaged).expect_err("a refusal");
        assert!(
            message.contains("is damaged or cannot be unpacked ("),
            "{message}"
        );
        assert!(message.contains(" -t` finds nothing wrong"), "{message}");
    }
}

#[test]
fn parts_packed_one_by_one_are_one_file() {
    let (first, second) = EXPORT.split_at(50);
    for pack in PACKERS {
        let mut parts = pack(first.as_bytes());
        let first_part = parts.len();
        parts.extend(pack(b""));
        parts.extend(pack(second.as_bytes()));
        assert_eq!(unpacked(&parts).as_deref(), Ok(EXPORT.as_bytes()));
        for length in first_part + 1..parts.len() {
            // Between two parts nothing tells that another one should follow.
            if let Ok(content) = unpacked(&parts[..length]) {
                assert_eq!(content, first.as_bytes(), "{length}");
            }
        }
        parts.extend(b"and something else");
        unpacked(&parts).expect_err("what follows is no part");
    }
}

#[test]
fn a_frame_to_be_skipped_is_skipped() {
    let mut parallel = b"\x50\x2A\x4D\x18\x04\0\0\0size".to_vec();
    parallel.extend(zstd(EXPORT.as_bytes()));
    assert_eq!(read(&parallel).expect("rows").rows.len(), 2);
}

#[test]
fn what_unpacks_to_far_more_than_an_export_is_refused() {
    let content = [b'a'; 1000];
    for (pack, packing) in PACKERS.into_iter().zip([Packing::Gzip, Packing::Zstd]) {
        let packed = pack(&content);
        let read = |most| -> io::Result<usize> {
            let mut reader = packing.bounded(&packed[..], most)?;
            reader.read_to_end(&mut Vec::new())
        };
        assert_eq!(read(1000).expect("the content"), 1000);
        let error = read(999).expect_err("too much");
        let message = packing.refuse("in.csv", &error).to_string();
        assert!(
            message.contains("more than 100 times its size"),
            "{message}"
        );
    }
    assert_eq!(most_in(0), 64 << 20);
    assert_eq!(most_in(1 << 20), 100 << 20);
    assert_eq!(most_in(u64::MAX), u64::MAX);
}

#[test]
fn what_is_in_a_packed_file_is_looked_at_like_any_other() {
    let rows = [
        (1, texts(&["Employee ID", "Termination Date"])),
        (2, texts(&["007", "2026-03-31"])),
    ];
    let workbook = xlsx(&[TestSheet::new("Leavers", &rows)]);
    let mut archive = vec![b'a'; 512];
    archive[257..262].copy_from_slice(b"ustar");
    for pack in PACKERS {
        let read_workbook = read(&pack(&workbook)).expect("rows");
        assert_eq!(
            read_workbook.file.detected.sheet.as_deref(),
            Some("Leavers")
        );
        for (content, words) in [
            (b"".to_vec(), "the file is empty (0 bytes)"),
            (pack(EXPORT.as_bytes()), "packed twice; unpack it"),
            (archive.clone(), "this is no text but a tar archive"),
            (
                b"PK\x03\x04rest".to_vec(),
                "this ZIP archive is no workbook",
            ),
        ] {
            let message = read(&pack(&content)).expect_err("a refusal").to_string();
            assert!(message.contains(words), "{message}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn packed_and_plain_are_the_same_rows(
        rows in prop::collection::vec(("[0-9]{1,6}", "[A-Za-zäöü \"]{0,20}", 1..29), 0..40),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..3),
    ) {
        let mut text = "Employee ID,Full Name,Termination Date\n".to_owned();
        for (id, name, day) in &rows {
            let name = name.replace('"', "\"\"");
            writeln!(text, "{id},\"{name}\",2026-03-{day:02}").expect("a string takes all");
        }
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len())).collect();
        cuts.sort_unstable();
        cuts.push(text.len());
        let plain = read(text.as_bytes());
        for pack in PACKERS {
            let mut packed = Vec::new();
            let mut begin = 0;
            for end in &cuts {
                packed.extend(pack(&text.as_bytes()[begin..*end]));
                begin = *end;
            }
            match (&plain, read(&packed)) {
                (Ok(plain), Ok(packed)) => {
                    let lines = |file: &HrFile| -> Vec<_> {
                        let rows = file.rows.iter();
                        rows.map(|row| {
                            (row.source.line, row.employee_id.clone(), row.name.clone(), row.termination_date)
                        })
                        .collect()
                    };
                    prop_assert_eq!(lines(plain), lines(&packed));
                    prop_assert_eq!(plain.invalid.len(), packed.invalid.len());
                    prop_assert_eq!(&plain.content_sha256, &packed.content_sha256);
                }
                (Err(_), Err(_)) => {}
                (plain, packed) => prop_assert!(false, "{:?} and {:?}", plain.is_ok(), packed.is_ok()),
            }
        }
    }
}
