//! How fast files are read: what understanding the rows costs over the csv crate
//! reading the same bytes, whether the cost of a row stays the same from a
//! thousand rows to a million, and what the encodings cost.

use std::fmt::Write as _;
use std::hint::black_box;
use std::io::Write as _;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use seatsweep::ingest::{AccountObserver, ColumnNames, Formats, read_hr, read_users};
use seatsweep::model::AccountRow;
use tempfile::NamedTempFile;

/// Rows of the files that are compared with each other.
const ROWS: usize = 50_000;

/// Rows of the files whose cost should be proportional to them.
const SIZES: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];

/// Counts rows and seats; whatever an observer does with them is not measured.
#[derive(Default)]
struct Counter {
    rows: u64,
    seats: usize,
}

impl AccountObserver for Counter {
    fn split(&self) -> Self {
        Self::default()
    }

    fn observe(&mut self, row: &AccountRow) {
        self.rows += 1;
        self.seats += row.licenses.len();
    }

    fn merge(&mut self, later: Self) {
        self.rows += later.rows;
        self.seats += later.seats;
    }
}

fn against_the_csv_crate(criterion: &mut Criterion) {
    let report = report(ROWS);
    let file = file(report.as_bytes());
    let mut group = criterion.benchmark_group("users_report_50k");
    group.throughput(Throughput::Bytes(report.len() as u64));
    group.sample_size(20);
    group.bench_function("csv_crate_alone", |bencher| {
        bencher.iter(|| {
            let bytes = std::fs::read(file.path()).expect("the file");
            let mut reader = csv::Reader::from_reader(bytes.as_slice());
            let mut record = csv::StringRecord::new();
            let mut cells = 0;
            while reader.read_record(&mut record).expect("a record") {
                cells += record.len();
            }
            black_box(cells)
        });
    });
    group.bench_function("read_users", |bencher| {
        bencher.iter(|| black_box(users_in(&file)));
    });
    group.finish();
}

/// Throughput in rows a second: the same at every size when cost is linear.
fn by_size(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("rows");
    group.sample_size(10);
    for rows in SIZES {
        group.throughput(Throughput::Elements(rows as u64));
        let users = file(report(rows).as_bytes());
        group.bench_with_input(
            BenchmarkId::new("read_users", rows),
            &users,
            |bencher, users| {
                bencher.iter(|| black_box(users_in(users)));
            },
        );
        let leavers = file(export(rows).as_bytes());
        group.bench_with_input(
            BenchmarkId::new("read_hr", rows),
            &leavers,
            |bencher, leavers| {
                bencher.iter(|| black_box(leavers_in(leavers)));
            },
        );
    }
    group.finish();
}

fn by_encoding(criterion: &mut Criterion) {
    let export = export(ROWS);
    let utf16: Vec<u8> = export.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let (windows, _, _) = encoding_rs::WINDOWS_1252.encode(&export);
    let mut group = criterion.benchmark_group("export_50k");
    group.throughput(Throughput::Elements(ROWS as u64));
    group.sample_size(10);
    for (encoding, bytes) in [
        ("utf-8", export.as_bytes()),
        ("utf-16le", &utf16),
        ("windows-1252", &windows),
    ] {
        let file = file(bytes);
        group.bench_function(encoding, |bencher| {
            bencher.iter(|| black_box(leavers_in(&file)));
        });
    }
    group.finish();
}

fn users_in(file: &NamedTempFile) -> usize {
    let (columns, formats) = (ColumnNames::default(), Formats::default());
    let users = read_users(file.path(), &columns, &formats, Counter::default());
    let users = users.expect("a report");
    assert_eq!(users.observer.rows, users.file.rows);
    users.observer.seats
}

fn leavers_in(file: &NamedTempFile) -> usize {
    let (columns, formats) = (ColumnNames::default(), Formats::default());
    let hr = read_hr(file.path(), &columns, &formats).expect("an export");
    assert_eq!(hr.invalid, []);
    hr.rows.len()
}

fn file(bytes: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a temporary file");
    file.write_all(bytes).expect("a written file");
    file
}

fn export(rows: usize) -> String {
    let mut export = String::from(
        "Employee ID,First Name,Last Name,Work Email,Employment Status,Termination Date,\
         Location,Department,Comment\n",
    );
    for number in 0..rows {
        writeln!(
            export,
            "{number:07},Zoë,\"Doe, {number}\",person{number}@example.com,Terminated,\
             {:02}/{:02}/2026,Austin,Sales,",
            number % 12 + 1,
            number % 28 + 1
        )
        .expect("a string takes every row");
    }
    export
}

fn report(rows: usize) -> String {
    let mut report = String::from(
        "User ID,Username,First name,Last name,Email,Status,Site,Department,Licenses,Created,\
         Extension,Phone number\n",
    );
    for number in 0..rows {
        let status = if number % 20 == 0 {
            "Deactivated"
        } else {
            "Active"
        };
        writeln!(
            report,
            "hvOB1l3zDCaDAwp9{number:06},person{number}@example.com,Jane{number},\"Doe, {number}\",\
             person{number}@example.com,{status},Austin,Sales,\
             X Series - X2-VOSVC0216-02-US;UC Call Recordings Cold Storage-VOSVC0504-01-US,\
             2024-05-01T10:00:00Z,{number:06},+1 555 0100"
        )
        .expect("a string takes every row");
    }
    report
}

criterion_group!(benches, against_the_csv_crate, by_size, by_encoding);
criterion_main!(benches);
