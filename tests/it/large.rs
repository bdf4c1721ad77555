//! A company whose users report is read block by block. However the report
//! comes, the plan is the same.

#[path = "../../benches/company/mod.rs"]
mod company;

use std::fs;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use self::company::Size;
use crate::support::{Office, PROGRAM, Running};

/// Accounts enough for several blocks.
const SIZE: Size = Size {
    accounts: 22_000,
    people: 2_000,
};
const USERS: &str = "users.csv";
const PLAN: &str = "out/sandbox/plan.json";

fn office() -> Office {
    let office = Office::new("");
    company::write(&office.path(""), SIZE).expect("a company");
    office
}

fn plan(office: &Office, users: &str) {
    let mut words = company::words();
    let option = words.iter().position(|word| *word == USERS);
    words[option.expect("the report")] = users;
    let mut command = office.command(PROGRAM);
    command.args(words);
    Running::start(command).end().expect(0);
}

/// The plan that is made of these bytes, without what tells how the report was
/// written.
fn plan_of(office: &Office, report: &[u8]) -> Value {
    office.write(USERS, report);
    plan(office, USERS);
    decisions(office, USERS)
}

fn decisions(office: &Office, users: &str) -> Value {
    let text = office.read(PLAN).replace(users, USERS);
    let digest = seatsweep::model::sha256_hex(fs::read(office.path(users)).expect("a report"));
    let mut plan: Value = serde_json::from_str(&text.replace(&digest, "a digest")).expect("JSON");
    plan["plan_id"] = Value::Null;
    for input in plan["inputs"].as_array_mut().expect("inputs") {
        input["bytes"] = Value::Null;
        input["detected"] = Value::Null;
    }
    plan
}

/// Names what differs, because both are megabytes.
#[track_caller]
fn same(one: &Value, other: &Value, how: &str) {
    let plan = one.as_object().expect("a plan");
    let differs: Vec<&String> = plan.keys().filter(|key| one[*key] != other[*key]).collect();
    assert!(one == other, "another plan {how}: {differs:?}");
}

/// Every row of the report, changed.
fn rewritten(report: &str, change: impl Fn(usize, Vec<String>) -> Vec<String>) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(report.as_bytes());
    let rows = reader.records().enumerate().map(|(number, row)| {
        let row = row.expect("a row");
        change(number, row.iter().map(str::to_owned).collect())
    });
    rows.collect()
}

fn quoted(rows: &[Vec<String>]) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new()
        .quote_style(csv::QuoteStyle::Always)
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).expect("memory takes all");
    }
    writer.into_inner().expect("memory takes all")
}

/// Packed in pieces of so many bytes, which are unpacked one by one.
fn packed(report: &[u8], piece: usize) -> Vec<u8> {
    let pieces = report.chunks(piece).flat_map(|piece| {
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(piece).expect("memory takes all");
        packer.finish().expect("memory takes all")
    });
    pieces.collect()
}

#[test]
fn the_plan_is_the_same_however_a_large_report_comes() {
    let office = office();
    let report = office.read(USERS);
    assert!(report.len() > 4 << 20, "it would be read as a whole");
    let expected = plan_of(&office, report.as_bytes());
    let lines = expected["dispositions"].as_array().expect("lines");
    let planned = lines.iter().filter(|it| it["disposition"] == "planned");
    assert!(planned.count() > 80, "somebody leaves");

    let packed = packed(report.as_bytes(), 77_777);
    same(&plan_of(&office, &packed), &expected, "of a packed report");
    // A longer cell above, and all blocks end elsewhere.
    for longer in [1, 131] {
        let header_ends = report.find('\n').expect("rows");
        let (header, rows) = report.split_at(header_ends);
        let (first, others) = rows[1..].split_once('\n').expect("rows");
        let moved = format!("{header}\n{first}{}\n{others}", "x".repeat(longer));
        let how = format!("of blocks that end {longer} bytes earlier");
        same(&plan_of(&office, moved.as_bytes()), &expected, &how);
    }
    // With line breaks, delimiters and quotes within the cells of a column that nobody needs.
    let rows = rewritten(&report, |number, mut row| {
        if number % 3 == 1 {
            row[15] = ["a\nb", "a,\"b\"", "\r\n\"\"", ""][number % 4].to_owned();
        }
        row
    });
    same(
        &plan_of(&office, &quoted(&rows)),
        &expected,
        "of quoted cells",
    );
    let utf16: Vec<u8> = format!("\u{feff}{report}")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    same(
        &plan_of(&office, &utf16),
        &expected,
        "of a report read as a whole",
    );
}

#[test]
fn the_plan_is_the_same_when_a_large_report_is_piped_in() {
    let office = office();
    plan(&office, USERS);
    let expected = decisions(&office, USERS);
    let report = fs::read(office.path(USERS)).expect("a report");
    office.write("packed", packed(&report, 1 << 20));
    for name in [USERS, "packed"] {
        let words: Vec<&str> = company::words()
            .into_iter()
            .map(|word| if word == USERS { "-" } else { word })
            .collect();
        let line = format!("cat {name} | seatsweep {}", words.join(" "));
        office.shell(&line).expect(0);
        let text: Value = serde_json::from_str(&office.read(PLAN)).expect("JSON");
        let inputs = text["inputs"].as_array().expect("inputs");
        let users = inputs.iter().find(|input| input["role"] == "users");
        let path = users.and_then(|users| users["path"].as_str());
        let piped = decisions(&office, path.expect("the copy"));
        same(&piped, &expected, "of a report that is piped in");
    }
}
