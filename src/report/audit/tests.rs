mod packs;

use jiff::civil::date;

use super::*;
use crate::model::{Place, Pool, SourceRow};
use crate::seats::{Balance, FindingKind, PlaceCount, PlaceMovements, Requested};

fn pool(license: &str, treatment: Treatment, price: Option<(&str, &str)>) -> PoolInventory {
    PoolInventory {
        pool: Pool {
            license: license.to_owned(),
            country: "US".to_owned(),
        },
        treatment,
        balance: Balance {
            owned: Some(10),
            active: 6,
            stranded: 2,
            unassigned: 3,
            suspended: 0,
            ended: 0,
        },
        leaving: 1,
        requested: Requested::default(),
        counted: true,
        movements: None,
        price: price.map(|(amount, currency)| Money::parse(amount, currency).expect("a price")),
        places: vec![PlaceCount {
            place: Place {
                site: "Denver".to_owned(),
                cost_center: "=4711".to_owned(),
            },
            active: 6,
            leaving: 1,
            stranded: 2,
            movements: Some(PlaceMovements {
                opening_active: 9,
                opening_stranded: 1,
                freed: 1,
                assigned: -1,
            }),
        }],
    }
}

fn report(pools: Vec<PoolInventory>, findings: Vec<Finding>) -> AuditReport {
    let waste = Waste::of(&pools);
    AuditReport {
        as_of: "2026-12-02T10:00:00Z".parse().expect("an instant"),
        today: date(2026, 12, 2),
        tenant: "acme".to_owned(),
        target: "8x8".to_owned(),
        counted_on: Some(date(2026, 11, 20)),
        pools,
        findings,
        requests: Vec::new(),
        waste,
        unassigned: Vec::new(),
        leavers: Vec::new(),
        asked: Asked::default(),
        bill: None,
        access: AccessTimes::of((date(2026, 7, 1), date(2026, 12, 2)), Vec::new(), 0),
    }
}

fn text_of(csv: Result<Vec<u8>, ::csv::Error>) -> String {
    String::from_utf8(csv.expect("a file")).expect("UTF-8")
}

#[test]
fn money_is_added_up_by_currency_and_never_guessed() {
    let contract = Treatment::Contract;
    let report = report(
        vec![
            pool("X2", contract, Some(("24.10", "USD"))),
            pool("X4", contract, Some(("10.05", "USD"))),
            pool("X1", contract, Some(("3.00", "GBP"))),
            pool("Fax", contract, None),
            pool("X8", Treatment::Pooled, Some(("118.00", "USD"))),
            pool(
                "Cold Storage",
                Treatment::Subscription,
                Some(("4.10", "USD")),
            ),
        ],
        Vec::new(),
    );
    let monthly: Vec<String> = report
        .waste
        .monthly
        .amounts()
        .map(|it| it.to_string())
        .collect();
    // 5 × 24.10 + 5 × 10.05 + 2 × 4.10; 5 × 3.00.
    assert_eq!(monthly, ["15.00 GBP", "178.95 USD"]);
    assert_eq!((report.waste.stranded, report.waste.unassigned), (10, 12));
    assert_eq!(report.waste.unpriced, 5);
    let line = audit_line(&report);
    for words in [
        "22 seats used by nobody (10 stranded, 12 unassigned)",
        "15.00 GBP and 178.95 USD a month, 180.00 GBP and 2147.40 USD a year",
        "5 of them without a known price",
        "5 pools with a difference",
    ] {
        assert!(line.contains(words), "{words}: {line}");
    }
}

#[test]
fn numbers_stay_numbers_and_formulas_do_not_run() {
    let report = report(vec![pool("X2", Treatment::NoContract, None)], Vec::new());
    let text = text_of(seats_csv(&report));
    let mut reader = ::csv::Reader::from_reader(text.as_bytes());
    let headers = reader.headers().expect("a header").clone();
    let rows: Vec<::csv::StringRecord> = reader.records().map(|row| row.expect("a row")).collect();
    let cell = |row: usize, column: &str| {
        let position = headers.iter().position(|it| it == column);
        rows[row][position.expect(column)].to_owned()
    };
    assert_eq!(cell(0, "difference"), "-1");
    assert_eq!(cell(0, "in_use"), "5");
    assert_eq!(cell(0, "monthly_cost"), "", "empty, never 0");
    assert_eq!(
        (cell(1, "scope"), cell(1, "site")),
        ("place".to_owned(), "Denver".to_owned())
    );
    assert_eq!(cell(1, "cost_center"), "'=4711");
    assert_eq!(cell(1, "owned"), "", "nobody knows it of a place");
    let columns = [
        "opening_active",
        "opening_stranded",
        "moved_freed",
        "moved_assigned",
    ];
    assert_eq!(columns.map(|column| cell(1, column)), ["9", "1", "1", "-1"]);
}

#[test]
fn headers_are_there_when_nothing_else_is() {
    let empty = report(Vec::new(), Vec::new());
    let seats = text_of(seats_csv(&empty));
    assert_eq!(seats, SEAT_COLUMNS.join(",") + "\r\n");
    let findings = text_of(findings_csv(&empty));
    assert_eq!(findings, FINDING_COLUMNS.join(",") + "\r\n");
    assert!(audit_line(&empty).contains("0 seats used by nobody"));
}

#[test]
fn the_terminal_names_no_people() {
    let x2 = pool("X2", Treatment::Contract, Some(("24.00", "USD")));
    let finding = |account: &str, kind| Finding {
        kind,
        pool: x2.pool.clone(),
        quantity: 1,
        account: account.to_owned(),
        source: Some(SourceRow {
            file: "users.csv".into(),
            line: 7,
        }),
        place: Place::default(),
        monthly_cost: x2.price.clone(),
        what: "held by a deactivated account".to_owned(),
        repair: "remove it".to_owned(),
    };
    let findings = vec![
        finding("jane.doe@example.com", FindingKind::StrandedSeat),
        finding("john.roe@example.com", FindingKind::StrandedSeat),
        finding("rita.roe@example.com", FindingKind::NotInHr),
    ];
    let report = report(vec![x2.clone()], findings);
    let tables = audit_tables(&report);
    assert!(!tables.contains("example.com"), "{tables}");
    assert!(
        tables.contains("│ stranded_seat [1] │ X2 (US) │ 2     │ 48.00 USD │"),
        "{tables}"
    );
    assert!(text_of(findings_csv(&report)).contains("rita.roe@example.com"));
}
