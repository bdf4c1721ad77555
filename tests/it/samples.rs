//! Plays the sample nights as `make run` does and holds the program to the
//! tables of `samples/README.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::LazyLock;

use calamine::{Data, Reader, Xlsx};
use serde_json::Value;
use tempfile::TempDir;

const README: &str = include_str!("../../samples/README.md");

/// One line of a CSV file, by column.
type Line = BTreeMap<String, String>;

struct Night {
    folder: &'static str,
    hr_day: &'static str,
    day: &'static str,
}

const FIRST: Night = Night {
    folder: "night-1",
    hr_day: "2026-11-23",
    day: "2026-11-24",
};
const SECOND: Night = Night {
    folder: "night-2",
    hr_day: "2026-11-24",
    day: "2026-11-25",
};
const THIRD: Night = Night {
    folder: "night-3",
    hr_day: "2026-12-01",
    day: "2026-12-02",
};

/// What a night left behind.
struct Played {
    exit_code: Option<i32>,
    results: Vec<Line>,
    requests: Vec<Line>,
    /// The pools as `audit` shows them after the night.
    pools: Vec<Line>,
    findings: Vec<Line>,
    access: Vec<Line>,
    /// The same in the workbook, and in the page.
    workbook: Vec<u8>,
    page: String,
    summary: Value,
    plan: Value,
    log: Value,
}

/// The three nights, and the third one again, in one sandbox with one ledger.
static PLAYED: LazyLock<Vec<Played>> = LazyLock::new(|| {
    let out = temporary();
    let nights = [&FIRST, &SECOND, &THIRD, &THIRD];
    nights.map(|night| play(night, out.path())).into()
});

fn temporary() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn seatsweep(verb: &str, night: &Night, out: &Path) -> Command {
    let folder = Path::new("samples").join(night.folder);
    let mut command = Command::new(env!("CARGO_BIN_EXE_seatsweep"));
    command
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_clear()
        .args([verb, "--config", "samples/seatsweep.toml", "--out-dir"])
        .arg(out)
        .arg("--hr")
        .arg(folder.join("terminations.csv"))
        .arg("--users")
        .arg(folder.join("users.csv"))
        .args(["--hr-at", &format!("{}T22:00:00-08:00", night.hr_day)])
        .args(["--users-at", &format!("{}T01:00:00-08:00", night.day)])
        .args(["--as-of", &format!("{}T02:00:00-08:00", night.day)]);
    command
}

fn finish(command: &mut Command) -> Output {
    command.output().expect("the program starts")
}

fn play(night: &Night, out: &Path) -> Played {
    let output = finish(seatsweep("run", night, out).arg("--sandbox"));
    let folder = out.join("sandbox");
    assert!(
        folder.join("results.csv").exists(),
        "{}: {}",
        night.folder,
        String::from_utf8_lossy(&output.stderr)
    );
    let audited = finish(seatsweep("audit", night, out).arg("--sandbox"));
    assert_eq!(audited.status.code(), Some(0), "{}", night.folder);
    let mut pools = csv_lines(&folder.join("seats.csv"));
    pools.retain(|line| line["scope"] == "pool");
    Played {
        exit_code: output.status.code(),
        results: csv_lines(&folder.join("results.csv")),
        requests: csv_lines(&folder.join("cancellation-requests.csv")),
        pools,
        findings: csv_lines(&folder.join("findings.csv")),
        access: csv_lines(&folder.join("access.csv")),
        workbook: std::fs::read(folder.join("audit.xlsx")).expect("a workbook"),
        page: std::fs::read_to_string(folder.join("audit.html")).expect("a page"),
        summary: json(&folder.join("summary.json")),
        plan: json(&folder.join("plan.json")),
        log: json(&folder.join("sandbox-log.json")),
    }
}

fn csv_lines(path: &Path) -> Vec<Line> {
    let mut reader = csv::Reader::from_path(path).expect("a CSV file");
    reader
        .deserialize()
        .collect::<Result<_, _>>()
        .expect("CSV lines")
}

fn json(path: &Path) -> Value {
    let bytes = std::fs::read(path).expect("a file");
    serde_json::from_slice(&bytes).expect("JSON")
}

/// The data rows of the table below a heading of the README, without backticks.
fn table(heading: &str) -> Vec<Vec<String>> {
    let (_, section) = README
        .split_once(&format!("\n## {heading}\n"))
        .expect("the heading");
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows: Vec<Vec<String>> = section
        .lines()
        .filter(|line| line.starts_with("| "))
        .skip(2)
        .map(|line| {
            let cells = line.trim_matches('|').split('|');
            cells.map(|cell| cell.trim().replace('`', "")).collect()
        })
        .collect();
    assert!(!rows.is_empty(), "no table below {heading}");
    rows
}

/// A number in nested objects; what is not there is 0.
fn number(value: &Value, keys: &[&str]) -> u64 {
    keys.iter()
        .fold(value, |value, key| &value[key])
        .as_u64()
        .unwrap_or(0)
}

#[test]
fn every_row_ends_as_the_readme_says() {
    let expected = table("Row by row");
    for (night, played) in PLAYED.iter().take(3).enumerate() {
        let mut said: Vec<String> = expected
            .iter()
            .map(|row| (format!("{} {}", row[1], row[2]), &row[4 + night]))
            .filter(|(_, cell)| *cell != "–")
            .map(|(who, cell)| format!("{who}: {cell}"))
            .collect();
        let mut seen: Vec<String> = people(&played.results)
            .into_values()
            .map(|lines| ending(&lines))
            .collect();
        said.sort();
        seen.sort();
        assert_eq!(seen, said, "night {}", night + 1);
    }
}

/// The lines of each HR row and of each person of whom only the ledger knows.
fn people(results: &[Line]) -> BTreeMap<(&str, &str), Vec<&Line>> {
    let mut people: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for line in results {
        let key = match line["origin"].as_str() {
            "hr" => ("hr", line["source_row"].as_str()),
            "ledger" => ("ledger", line["employee_id"].as_str()),
            _ => continue,
        };
        people.entry(key).or_default().push(line);
    }
    people
}

/// What became of one person, in the words of the README's table.
fn ending(lines: &[&Line]) -> String {
    let first = lines[0];
    let succeeded = |action: &str| {
        let done = |line: &&&Line| line["action"] == action && line["outcome"] == "succeeded";
        lines.iter().filter(done).count()
    };
    let gone = if first["origin"] == "ledger" {
        " (gone)"
    } else {
        ""
    };
    let deactivated = if succeeded("deactivate") > 0 {
        ", deactivated"
    } else {
        ""
    };
    let removed = match succeeded("remove_license") {
        0 => String::new(),
        count => format!(", {count} removed"),
    };
    format!(
        "{} {}: {}{gone}{deactivated}{removed}",
        first["employee_id"], first["person"], first["disposition"]
    )
}

#[test]
fn dispositions_add_up_to_the_rows_read() {
    for row in table("Rows per disposition") {
        for (night, played) in PLAYED.iter().enumerate() {
            let seen = if row[0] == "rows" {
                number(&played.summary, &["hr_rows"])
            } else {
                number(&played.summary, &["dispositions", &row[0]])
            };
            assert_eq!(
                seen.to_string(),
                row[1 + night],
                "{} on night {}",
                row[0],
                night + 1
            );
        }
    }
    for played in PLAYED.iter() {
        let dispositions = played.summary["dispositions"].as_object().expect("totals");
        let sum: u64 = dispositions.values().filter_map(Value::as_u64).sum();
        assert_eq!(sum, number(&played.summary, &["hr_rows"]));
    }
}

#[test]
fn every_disposition_occurs_on_the_first_night() {
    let dispositions = PLAYED[0].summary["dispositions"]
        .as_object()
        .expect("totals");
    assert_eq!(dispositions.len(), 14);
    for (disposition, count) in dispositions {
        assert_ne!(count, 0, "{disposition}");
    }
}

#[test]
fn every_hr_row_is_in_the_results() {
    for played in PLAYED.iter() {
        let lines: BTreeSet<u64> = played
            .results
            .iter()
            .filter(|line| line["origin"] == "hr")
            .map(|line| line["source_row"].parse().expect("a line number"))
            .collect();
        let rows = number(&played.summary, &["hr_rows"]);
        // Line 1 is the header, and every record is one line.
        assert_eq!(lines, (2..=rows + 1).collect());
    }
}

#[test]
fn what_is_done_is_what_the_readme_says() {
    for row in table("What is done") {
        for (night, played) in PLAYED.iter().enumerate() {
            let summary = |keys: &[&str]| number(&played.summary, keys);
            let seen = match row[0].as_str() {
                "people deactivated" => summary(&["actions", "deactivate", "succeeded"]),
                "seats removed" => summary(&["actions", "remove_license", "succeeded"]),
                "cancellation drafts written or revised" => {
                    summary(&["actions", "request_partial_cancellation", "succeeded"])
                }
                "deactivations that wait for an approval" => {
                    summary(&["actions", "deactivate", "held"])
                }
                "changes sent to the tenant" => number(&played.log, &["writes"]),
                "manual tasks open" => summary(&["open_tasks"]),
                "lines that need a look" => summary(&["needs_a_look"]),
                "exit code" => summary(&["exit_code"]),
                other => panic!("nobody knows how to count {other}"),
            };
            assert_eq!(
                seen.to_string(),
                row[1 + night],
                "{} on night {}",
                row[0],
                night + 1
            );
        }
    }
}

#[test]
fn the_process_ends_with_the_summarys_code() {
    for played in PLAYED.iter() {
        let code = played.exit_code.expect("an exit code");
        assert_eq!(
            number(&played.summary, &["exit_code"]).to_string(),
            code.to_string()
        );
    }
}

#[test]
fn drafts_are_right_to_the_cent() {
    for (night, played) in PLAYED.iter().take(3).enumerate() {
        let said: BTreeMap<String, String> = table("Cancellation drafts")
            .into_iter()
            .map(|row| (row[0].clone(), row[1 + night].clone()))
            .filter(|(_, draft)| draft != "–")
            .collect();
        let open: BTreeMap<String, String> = played.requests.iter().map(draft).collect();
        assert_eq!(open, said, "night {}", night + 1);
        let revised = played.results.iter().filter(|line| {
            line["action"] == "request_partial_cancellation" && line["outcome"] == "succeeded"
        });
        for (pool, draft) in revised.map(draft) {
            assert_eq!(said.get(&pool), Some(&draft), "night {}", night + 1);
        }
    }
}

/// Every seat is somewhere, or the difference says that it is not.
#[test]
fn the_audit_balances_and_shows_the_drafts() {
    let count = |line: &Line, column: &str| line[column].parse::<i64>().unwrap_or(0);
    for played in PLAYED.iter() {
        assert!(!played.pools.is_empty());
        let counted = played
            .pools
            .iter()
            .filter(|line| !line["difference"].is_empty());
        for line in counted {
            let parts = [
                "in_use",
                "leaving",
                "stranded",
                "unassigned",
                "suspended",
                "difference",
            ];
            let sum: i64 = parts.iter().map(|part| count(line, part)).sum();
            assert_eq!(sum, count(line, "owned"), "{line:?}");
            // The sample's lobby holds three seats that no account does.
            let holds_more = line["license"] == "X Series - X2" && line["country"] == "US";
            assert_eq!(count(line, "difference"), if holds_more { 3 } else { 0 });
        }
        for line in &played.pools {
            let requests = played.requests.iter().filter(|request| {
                request["license"] == line["license"] && request["country"] == line["country"]
            });
            let asked: i64 = requests.map(|request| count(request, "quantity")).sum();
            assert_eq!(count(line, "requested_drafted"), asked, "{line:?}");
        }
    }
}

/// The lines of a sheet, by column.
fn sheet_lines(played: &Played, name: &str) -> Vec<BTreeMap<String, Data>> {
    let file = Cursor::new(played.workbook.clone());
    let mut workbook: Xlsx<_> = Xlsx::new(file).expect("a workbook");
    let cells = workbook.worksheet_range(name).expect(name);
    let mut rows = cells.rows();
    let titles = rows.next().expect("a header");
    let titles: Vec<String> = titles.iter().map(ToString::to_string).collect();
    rows.map(|row| titles.iter().cloned().zip(row.iter().cloned()).collect())
        .collect()
}

/// Holds a cell to one of a CSV file; amounts are compared as numbers.
#[track_caller]
fn same(cell: &Data, text: &str, what: &str) {
    match cell {
        Data::Empty => assert_eq!(text, "", "{what}"),
        Data::String(cell) => assert_eq!(cell, text, "{what}"),
        Data::Float(number) => {
            let told: f64 = text.parse().expect(what);
            assert!(
                told.total_cmp(number).is_eq(),
                "{what}: {number} and {text}"
            );
        }
        other => panic!("{what}: {other:?}"),
    }
}

/// Three ways to tell the same: file, workbook, page.
#[test]
fn the_packs_say_what_the_files_say() {
    let columns = [
        ("license", "license"),
        ("country", "country"),
        ("billing", "billing"),
        ("owned", "owned"),
        ("in use", "in_use"),
        ("leaving", "leaving"),
        ("stranded", "stranded"),
        ("unassigned", "unassigned"),
        ("suspended", "suspended"),
        ("difference", "difference"),
        ("requested: drafted", "requested_drafted"),
        ("used by nobody", "unused"),
        ("price a seat and month", "unit_price"),
        ("unused, a month", "monthly_cost"),
        ("unused, a year", "yearly_cost"),
        ("currency", "currency"),
    ];
    for (night, played) in PLAYED.iter().enumerate() {
        let sheet = sheet_lines(played, "Pools");
        assert_eq!(sheet.len(), played.pools.len());
        for (row, line) in sheet.iter().zip(&played.pools) {
            for (title, column) in columns {
                same(
                    &row[title],
                    &line[column],
                    &format!("night {night}, {title}: {line:?}"),
                );
            }
            if !line["monthly_cost"].is_empty() {
                let cost = format!(">{} {}<", line["monthly_cost"], line["currency"]);
                assert!(played.page.contains(&cost), "night {night}: {cost}");
            }
            let name = format!("{} ({})", line["license"], line["country"]);
            assert!(played.page.contains(&name), "night {night}: {name}");
        }
        let sheet = sheet_lines(played, "Findings");
        assert_eq!(sheet.len(), played.findings.len());
        for (row, line) in sheet.iter().zip(&played.findings) {
            for (title, column) in [
                ("finding", "finding"),
                ("account", "account"),
                ("seats", "quantity"),
                ("source row", "source_row"),
                ("a month", "monthly_cost"),
                ("next step", "next_step"),
            ] {
                same(
                    &row[title],
                    &line[column],
                    &format!("night {night}, {title}"),
                );
            }
        }
        let sheet = sheet_lines(played, "Access removal");
        assert_eq!(sheet.len(), played.access.len());
        for (row, line) in sheet.iter().zip(&played.access) {
            for (title, column) in [
                ("employee id", "employee_id"),
                ("HR's notice, hours", "notice_hours"),
                ("IT's removal, hours", "removal_hours"),
                ("together, hours", "total_hours"),
                ("state", "state"),
                ("reason", "reason"),
            ] {
                same(
                    &row[title],
                    &line[column],
                    &format!("night {night}, {title}"),
                );
            }
            assert!(
                !played.page.contains(&line["person"]),
                "the page names nobody"
            );
        }
        let requests = sheet_lines(played, "Requests");
        assert_eq!(requests.len(), played.requests.len());
        for request in &played.requests {
            assert!(played.page.contains(&request["request_id"]), "{request:?}");
        }
    }
    // The figures that README.md gives to finance.
    let page = &PLAYED[3].page;
    for figure in [
        "19",
        "14",
        "546.60 USD",
        "79.00 GBP",
        "205.50 USD",
        "39.50 GBP",
    ] {
        let shown = format!("<dd class=\"value\">{figure}</dd>");
        assert!(page.contains(&shown), "{figure}");
    }
}

/// A pool and its draft, in the words of the README's table. Results and
/// requests name these columns alike.
fn draft(line: &Line) -> (String, String) {
    let pool = format!("{} ({})", line["license"], line["country"]);
    let draft = format!(
        "{}, {} {}",
        line["quantity"], line["monthly_saving"], line["currency"]
    );
    (pool, draft)
}

#[test]
fn the_sandbox_has_nothing_to_complain_about() {
    for played in PLAYED.iter() {
        for count in ["violations", "polls_too_fast"] {
            assert_eq!(played.log[count], 0, "{count}");
        }
        for list in ["fields_lost", "repeated_writes", "write_errors"] {
            assert_eq!(played.log[list], Value::Array(Vec::new()), "{list}");
        }
        assert!(number(&played.log, &["max_in_60_seconds"]) <= 100);
        assert!(number(&played.log, &["max_in_10_seconds"]) <= 20);
        assert!(number(&played.log, &["max_operations_in_flight"]) <= 10);
    }
}

#[test]
fn only_accounts_of_the_plan_are_written_and_each_once() {
    for played in PLAYED.iter() {
        let lanes = played.plan["lanes"].as_array().expect("lanes");
        let planned: BTreeSet<&str> = lanes
            .iter()
            .filter_map(|lane| lane["username"].as_str())
            .collect();
        let written = played.log["accounts_written"].as_object().expect("a map");
        for (account, count) in written {
            assert!(planned.contains(account.as_str()), "{account}");
            assert_eq!(count, 1, "{account}");
        }
    }
}

#[test]
fn a_night_played_again_sends_nothing() {
    let again = &PLAYED[3];
    assert_eq!(again.log["requests"], 0);
    assert_eq!(again.log["writes"], 0);
}

#[test]
fn the_same_plan_twice_is_the_same_bytes() {
    let out = temporary();
    for night in [&FIRST, &SECOND] {
        play(night, out.path());
    }
    let plan = |name: &str| {
        let path = out.path().join(name);
        let output = finish(
            seatsweep("plan", &THIRD, out.path())
                .arg("--sandbox")
                .arg("--out")
                .arg(&path),
        );
        assert_eq!(output.status.code(), Some(0));
        std::fs::read(path).expect("the plan")
    };
    assert!(plan("one.json") == plan("two.json"));
}

#[test]
fn the_samples_do_not_choose_a_target() {
    let out = temporary();
    let plan = finish(&mut seatsweep("plan", &FIRST, out.path()));
    assert_eq!(plan.status.code(), Some(0));
    let run = finish(&mut seatsweep("run", &FIRST, out.path()));
    assert_eq!(run.status.code(), Some(78));
    let said = String::from_utf8_lossy(&run.stderr).into_owned();
    assert!(said.contains("--sandbox"), "{said}");
}
