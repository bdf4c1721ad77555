//! How fast a users report is read, against the csv crate reading the same
//! bytes: the difference is what understanding the rows costs.

use std::fmt::Write as _;
use std::hint::black_box;
use std::io::Write as _;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use seatsweep::ingest::{AccountObserver, ColumnNames, Formats, read_users};
use seatsweep::model::AccountRow;

const ROWS: usize = 50_000;

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

fn read_a_users_report(criterion: &mut Criterion) {
    let report = report();
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(report.as_bytes()).expect("a written file");

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
        bencher.iter(|| {
            let (columns, formats) = (ColumnNames::default(), Formats::default());
            let users = read_users(file.path(), &columns, &formats, Counter::default());
            let users = users.expect("a report");
            assert_eq!(users.observer.rows, ROWS as u64);
            black_box(users.observer.seats)
        });
    });
    group.finish();
}

fn report() -> String {
    let mut report = String::from(
        "User ID,Username,First name,Last name,Email,Status,Site,Department,Licenses,Created,\
         Extension,Phone number\n",
    );
    for number in 0..ROWS {
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

criterion_group!(benches, read_a_users_report);
criterion_main!(benches);
