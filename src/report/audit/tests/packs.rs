//! The workbook read back, and the page looked through.

use std::collections::{BTreeSet, HashSet};
use std::io::Cursor;

use calamine::{Data, Range, Reader, Xlsx};
use jiff::civil::{Date, DateTime};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::super::book::{self, Cell};
use super::super::delays::access_delays;
use super::{pool, report};
use crate::model::{
    AccountStatus, Disposition, Money, MoneyTotals, OpenRequest, Place, Pool, Reason, RequestState,
    SourceRow,
};
use crate::report::audit::*;
use crate::seats::{
    Balance, BillStanding, BilledPool, ChargeKind, FindingKind, Movements, OtherCharge, PlaceCount,
    Requested, StillBilled, Terms,
};

/// Names that a spreadsheet or a browser would run, that are written from right
/// to left, or that never end.
const HOSTILE: [&str; 6] = [
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "\"><img src=x onerror=alert(1)>",
    "@SUM(1+1)*cmd",
    "مثال & \u{202e}gnp.exe",
    "https://example.com/?a=1&b=<2>",
];

fn money(amount: &str, currency: &str) -> Money {
    Money::parse(amount, currency).expect("money")
}

fn totals(amounts: &[(&str, &str)]) -> MoneyTotals {
    let mut totals = MoneyTotals::default();
    for (amount, currency) in amounts {
        totals.add(&money(amount, currency));
    }
    totals
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn day(text: &str) -> Date {
    text.parse().expect("a day")
}

/// A report in which everything that can be there is.
fn full() -> AuditReport {
    let mut pools = vec![
        pool("X2", Treatment::Contract, Some(("24.10", "USD"))),
        pool("X1", Treatment::Contract, Some(("0.105", "GBP"))),
        pool("Fax", Treatment::NoContract, None),
        pool("X8", Treatment::Pooled, Some(("118.00", "USD"))),
        pool(HOSTILE[0], Treatment::Subscription, Some(("2400", "JPY"))),
    ];
    pools[0].requested = Requested {
        drafted: 2,
        ..Requested::default()
    };
    pools[0].movements = Some(Movements {
        since: at("2026-12-01T10:00:00Z"),
        opening: Balance {
            owned: Some(9),
            active: 7,
            unassigned: 1,
            stranded: 1,
            suspended: 0,
            ended: 0,
        },
        freed: 1,
        assigned: 1,
        ended: 0,
        bought: Some(1),
        unexplained: Some(-1),
    });
    pools[4].places[0] = PlaceCount {
        place: Place {
            site: HOSTILE[1].to_owned(),
            cost_center: HOSTILE[4].to_owned(),
        },
        ..pools[4].places[0].clone()
    };
    let findings = vec![
        finding(FindingKind::StrandedSeat, &pools[0], HOSTILE[1]),
        finding(FindingKind::LeftBehind, &pools[2], "ann.moss@example.com"),
        finding(FindingKind::Idle, &pools[0], ""),
        finding(FindingKind::MoreThanOwned, &pools[0], ""),
        finding(FindingKind::StillBilled, &pools[0], ""),
    ];
    let requests = vec![
        request(&pools[0].pool, RequestState::Drafted),
        request(&pools[1].pool, RequestState::Submitted),
        request(&pools[0].pool, RequestState::Effective),
    ];
    AuditReport {
        tenant: HOSTILE[2].to_owned(),
        target: "sandbox".to_owned(),
        asked: Asked::of(&requests),
        unassigned: unassigned_seats(&pools, &findings, &[]),
        leavers: HOSTILE.map(leaver).into(),
        bill: Some(bill(&pools)),
        access: AccessTimes::of(
            (day("2026-07-01"), day("2026-12-02")),
            (0..8).map(access_of).collect(),
            0,
        ),
        requests,
        ..report(pools, findings)
    }
}

fn finding(kind: FindingKind, pool: &PoolInventory, account: &str) -> Finding {
    Finding {
        kind,
        pool: pool.pool.clone(),
        quantity: 2,
        account: account.to_owned(),
        source: Some(SourceRow {
            file: "users.csv".into(),
            line: 7,
        }),
        place: Place::default(),
        monthly_cost: pool.cost_of(2),
        what: "held & <held>".to_owned(),
        repair: format!("remove it {}", "step by step ".repeat(10)),
    }
}

fn request(pool: &Pool, state: RequestState) -> RequestLine {
    let awaited = matches!(state, RequestState::Drafted | RequestState::Submitted);
    RequestLine {
        request: OpenRequest {
            id: format!("cancel-{}", state.as_str()),
            pool: pool.clone(),
            term_ends: day("2027-03-31"),
            quantity: 2,
            state,
            effective_on: (!awaited).then(|| day("2026-11-30")),
            drafted_at: at("2026-11-24T10:00:50.123456789Z"),
            verified_at: None,
        },
        monthly_saving: Some(money("48.20", "USD")),
        case_number: Some(HOSTILE[3].to_owned()),
        handed_in_on: (state == RequestState::Submitted).then(|| day("2026-12-01")),
        fees: Some(money("120.50", "EUR")),
        terms: awaited.then(|| Terms {
            term_ends: day("2027-03-31"),
            notice_by: day("2027-03-01"),
            submit_by: day("2027-02-15"),
            earliest_effective: day("2027-03-31"),
            renews_until: day("2028-03-31"),
            days_left: 75,
            cost_of_missing: Some(money("578.40", "USD")),
        }),
    }
}

fn leaver(name: &str) -> LeaverSeats {
    LeaverSeats {
        employee_id: "00815".to_owned(),
        person: name.to_owned(),
        account: "rita.roe@example.com".to_owned(),
        place: Place::default(),
        termination_date: Some(day("2026-11-30")),
        status: AccountStatus::Active,
        pool: Pool {
            license: "X2".to_owned(),
            country: "US".to_owned(),
        },
        quantity: 1,
        monthly_cost: Some(money("24.10", "USD")),
        disposition: Disposition::Planned,
        reason: Reason::DeactivationDue,
        next_due: Some(at("2026-12-02T08:00:00Z")),
        detail: "due".to_owned(),
    }
}

fn bill(pools: &[PoolInventory]) -> crate::seats::BillCheck {
    let billed = |pool: &PoolInventory, standing, should_be, amounts: &[(&str, &str)]| BilledPool {
        pool: pool.pool.clone(),
        standing,
        contracted: 10,
        cancelled: 2,
        billed: 9,
        should_be,
        unit_price: pool.price.clone(),
        billed_amount: totals(amounts),
        should_be_amount: pool.cost_of(8),
        amount_difference: Some(money("24.10", "USD")),
    };
    let two = [("216.90", "USD"), ("1.05", "EUR")];
    crate::seats::BillCheck {
        file: "bill.csv".to_owned(),
        date: day("2026-12-01"),
        lines: 4,
        pools: vec![
            billed(&pools[0], BillStanding::Compared, Some(8), &two[..1]),
            billed(&pools[2], BillStanding::NoContract, None, &two),
        ],
        still_billed: vec![StillBilled {
            request_id: "cancel-effective".to_owned(),
            case_number: Some("00123456".to_owned()),
            pool: pools[0].pool.clone(),
            seats: 1,
            since: day("2026-11-30"),
            monthly_cost: pools[0].cost_of(1),
        }],
        gone: Vec::new(),
        others: vec![OtherCharge {
            kind: ChargeKind::Tax,
            name: HOSTILE[3].to_owned(),
            lines: 2,
            amounts: totals(&two),
        }],
    }
}

/// Leavers of all sorts.
fn access_of(number: i64) -> LeaverAccess {
    let due = at("2026-11-30T08:00:00Z");
    let ended = |hours: i64| due + SignedDuration::from_hours(hours);
    let (state, removal) = match number {
        0 => (AccessState::InTime, Removal::At(ended(-3))),
        1 => (AccessState::InTime, Removal::At(ended(24))),
        2 => (
            AccessState::Late,
            Removal::Between {
                after: Some(due),
                until: ended(100),
            },
        ),
        3 => (AccessState::Open, Removal::Unknown),
        4 => (AccessState::Overdue, Removal::Unknown),
        5 => (AccessState::Unmatched, Removal::Unknown),
        6 => (AccessState::GivenBack, Removal::At(ended(2))),
        _ => (AccessState::TakenBack, Removal::Unknown),
    };
    let as_of = at("2026-12-02T10:00:00Z");
    LeaverAccess {
        person: HOSTILE[1].to_owned(),
        employee_id: "00815".to_owned(),
        work_email: "rita.roe@example.com".to_owned(),
        username: "rita.roe@example.com".to_owned(),
        site: String::new(),
        cost_center: String::new(),
        source: None,
        date: day("2026-11-29"),
        due,
        first_listed: Some(ended(5)),
        not_listed: Some(ended(1)),
        told_late: true,
        removal,
        ended_by: None,
        said_done: None,
        active_again: None,
        state,
        reason: (state == AccessState::Late).then_some(AccessReason::HrToldLate),
        counted_until: removal.counted().or(Some(as_of)),
    }
}

fn read(bytes: Vec<u8>) -> Xlsx<Cursor<Vec<u8>>> {
    Xlsx::new(Cursor::new(bytes)).expect("a workbook")
}

fn workbook_of(report: &AuditReport) -> Xlsx<Cursor<Vec<u8>>> {
    read(audit_workbook(report).expect("a workbook"))
}

/// Holds one cell of the file to what it should be.
#[track_caller]
fn hold(cell: Option<&Data>, expected: &Cell, place: &str) {
    let number = || match cell {
        Some(Data::Float(number)) => *number,
        other => panic!("{place}: {other:?} is no number"),
    };
    let time = || match cell {
        Some(Data::DateTime(time)) => {
            let (year, month, day, hour, minute, second, _) = time.to_ymd_hms_milli();
            let numbers =
                [month, day, hour, minute, second].map(|it| i8::try_from(it).expect(place));
            let [month, day, hour, minute, second] = numbers;
            let year = i16::try_from(year).expect(place);
            DateTime::new(year, month, day, hour, minute, second, 0).expect(place)
        }
        other => panic!("{place}: {other:?} is no time"),
    };
    match expected {
        Cell::Empty => assert!(
            matches!(cell, None | Some(Data::Empty)),
            "{place}: {cell:?}"
        ),
        Cell::Text(text) => assert_eq!(cell, Some(&Data::String(text.clone())), "{place}"),
        Cell::Whole(whole) => assert_eq!(number().to_string(), whole.to_string(), "{place}"),
        Cell::Money(money) => {
            let digits = money.amount.scale() as usize;
            assert_eq!(
                format!("{:.digits$}", number()),
                money.amount.to_string(),
                "{place}"
            );
        }
        Cell::Hours(_) => assert_eq!(format!("{:.2}", number()), expected.to_string(), "{place}"),
        Cell::PerMille(share) => {
            let shown = format!("{:.0}", number() * 1000.0);
            assert_eq!(shown, share.to_string(), "{place}");
        }
        Cell::Day(day) => assert_eq!(time(), day.at(0, 0, 0, 0), "{place}"),
        Cell::Moment(instant) => {
            let shown = time().strftime("%Y-%m-%d %H:%M:%S UTC").to_string();
            assert_eq!(shown, Cell::Moment(*instant).to_string(), "{place}");
        }
    }
}

#[test]
fn every_cell_of_the_workbook_is_the_reports() {
    let report = full();
    let mut workbook = workbook_of(&report);
    let sheets = book::sheets(&report);
    let names: Vec<&str> = sheets.iter().map(|sheet| sheet.name).collect();
    assert_eq!(workbook.sheet_names(), names);
    let mut kinds = HashSet::new();
    for sheet in &sheets {
        let cells = workbook.worksheet_range(sheet.name).expect(sheet.name);
        let formulas = workbook.worksheet_formula(sheet.name).expect(sheet.name);
        assert!(formulas.is_empty(), "{}: a formula", sheet.name);
        let size = (sheet.rows.len() + 1, sheet.columns.len());
        assert!(cells.height() <= size.0 && cells.width() <= size.1);
        for (column, heading) in (0_u32..).zip(&sheet.columns) {
            let title = Cell::Text(heading.title.to_owned());
            hold(cells.get_value((0, column)), &title, sheet.name);
        }
        for (line, row) in (1_u32..).zip(&sheet.rows) {
            assert_eq!(row.len(), sheet.columns.len(), "{}", sheet.name);
            for (column, cell) in (0_u32..).zip(row) {
                let place = format!("{} line {line}, column {column}", sheet.name);
                hold(cells.get_value((line, column)), cell, &place);
                kinds.insert(std::mem::discriminant(cell));
            }
        }
        assert!(
            !sheet.rows.is_empty(),
            "{}: nothing was held to anything",
            sheet.name
        );
    }
    assert_eq!(kinds.len(), 8, "every sort of cell was there");
}

/// A sheet of the file, by the titles of its columns.
struct Read(Range<Data>);

impl Read {
    fn of(report: &AuditReport, sheet: &str) -> Self {
        Self(workbook_of(report).worksheet_range(sheet).expect(sheet))
    }

    fn column(&self, title: &str) -> u32 {
        let (_, end) = self.0.end().expect("cells");
        let mut columns = 0..=end;
        let is_it =
            |column: &u32| self.0.get_value((0, *column)) == Some(&Data::String(title.to_owned()));
        columns.find(is_it).expect(title)
    }

    /// A number of the line; `None` for an empty cell.
    fn number(&self, line: u32, title: &str) -> Option<f64> {
        match self.0.get_value((line, self.column(title))) {
            None | Some(Data::Empty) => None,
            Some(Data::Float(number)) => Some(*number),
            other => panic!("{title}: {other:?}"),
        }
    }

    fn whole(&self, line: u32, title: &str) -> Option<i64> {
        let number = self.number(line, title)?;
        Some(format!("{number}").parse().expect(title))
    }

    fn sum(&self, title: &str) -> i64 {
        let (end, _) = self.0.end().expect("cells");
        (1..=end).filter_map(|line| self.whole(line, title)).sum()
    }
}

/// The sheets could all tell the same wrong number: here the report is asked
/// itself.
#[test]
fn the_figures_of_a_pool_are_those_of_the_inventory() {
    let report = full();
    let sheet = Read::of(&report, "Pools");
    for (line, pool) in (1..).zip(&report.pools) {
        let whole = |title| sheet.whole(line, title);
        assert_eq!(whole("owned"), pool.balance.owned.map(i64::from));
        assert_eq!(whole("in use"), Some(i64::from(pool.in_use())));
        assert_eq!(whole("leaving"), Some(i64::from(pool.leaving)));
        assert_eq!(whole("stranded"), Some(i64::from(pool.balance.stranded)));
        assert_eq!(whole("unassigned"), Some(pool.balance.unassigned));
        assert_eq!(whole("difference"), pool.difference());
        assert_eq!(whole("used by nobody"), pool.unused().map(i64::from));
        let cost = sheet
            .number(line, "unused, a month")
            .map(|cost| cost.to_string());
        let exact = pool
            .monthly_cost()
            .map(|cost| cost.amount.normalize().to_string());
        assert_eq!(cost, exact);
    }
    let parts = [
        "in use",
        "leaving",
        "stranded",
        "unassigned",
        "suspended",
        "difference",
    ];
    for line in [1, 2, 3, 5] {
        let sum: i64 = parts
            .iter()
            .filter_map(|part| sheet.whole(line, part))
            .sum();
        assert_eq!(Some(sum), sheet.whole(line, "owned"), "line {line} adds up");
    }
    let moved = Read::of(&report, "Movements");
    let of = |title| moved.whole(1, title).expect(title);
    let closing = of("on no account then") + of("freed here") - of("assigned otherwise")
        + of("bought")
        - of("ended")
        - of("unexplained");
    assert_eq!(
        closing,
        of("on no account now"),
        "opening + movements = closing"
    );
}

#[test]
fn sheets_add_up_to_the_headline() {
    let report = full();
    let unassigned = Read::of(&report, "Billable unassigned");
    assert_eq!(
        unassigned.sum("unassigned"),
        i64::from(report.waste.unassigned)
    );
    let parts = ["asked for", "kept spare", "left over"];
    let parts: i64 = parts.iter().map(|part| unassigned.sum(part)).sum();
    assert_eq!(parts, unassigned.sum("unassigned"));
    let asked = [1, 2]
        .iter()
        .filter_map(|line| Read::of(&report, "Requests").whole(*line, "seats"));
    assert_eq!(asked.sum::<i64>(), i64::from(report.asked.seats));
    let quarters = Read::of(&report, "Access by quarter");
    let states = [
        "in time",
        "late",
        "overdue",
        "open",
        "unmatched",
        "given back",
        "taken back",
    ];
    let states: i64 = states.iter().map(|state| quarters.sum(state)).sum();
    assert_eq!(
        states,
        quarters.sum("leavers"),
        "each leaver is in one state"
    );
    let delays = access_delays(&report.access);
    let leavers: u64 = delays.iter().map(|delay| delay.leavers).sum();
    assert_eq!(
        leavers, report.access.total.leavers,
        "each leaver is in one bar"
    );
    let of = |label| {
        delays
            .iter()
            .find(|it| it.label == label)
            .map(|it| it.leavers)
    };
    assert_eq!(of("before it was due"), Some(1));
    assert_eq!(
        of("within 24 hours"),
        Some(1),
        "24 hours to the second are in time"
    );
    assert_eq!(
        of("within 7 days"),
        Some(1),
        "an interval counts by its late end"
    );
}

#[test]
fn the_same_report_makes_the_same_bytes() {
    let report = full();
    let workbook = || audit_workbook(&report).expect("a workbook");
    assert!(workbook() == workbook());
    let page = || audit_page(&report).expect("a page");
    assert!(page() == page());
}

#[test]
fn what_fits_into_no_cell_is_kept_as_text() {
    let mut report = full();
    let long = "\u{1f4de}".repeat(40_000);
    report.leavers[0].person.clone_from(&long);
    report.leavers[0].detail = "line\u{1}\u{8}\u{fffe}break".to_owned();
    report.leavers[0].termination_date = Some(day("1899-12-31"));
    report.leavers[0].monthly_cost = Some(money("123456789012345.67", "USD"));
    let sheet = Read::of(&report, "Leavers with seats");
    let cell = |title| match sheet.0.get_value((1, sheet.column(title))) {
        Some(Data::String(text)) => text.clone(),
        other => panic!("{title}: {other:?}"),
    };
    let person = cell("person");
    assert_eq!(
        person.encode_utf16().count(),
        32_767,
        "as long as a cell can be"
    );
    assert!(person.ends_with('…'));
    assert_eq!(cell("termination date"), "1899-12-31");
    assert_eq!(cell("a month"), "123456789012345.67", "no digit is lost");
    assert!(cell("detail").starts_with("line"));
}

#[test]
fn packs_are_made_of_nothing() {
    let empty = report(Vec::new(), Vec::new());
    let mut workbook = workbook_of(&empty);
    for sheet in book::sheets(&empty) {
        let cells = workbook.worksheet_range(sheet.name).expect(sheet.name);
        assert_eq!(
            cells.width(),
            sheet.columns.len(),
            "{}: a header",
            sheet.name
        );
    }
    let page = audit_page(&empty).expect("a page");
    for words in [
        "No pools.",
        "No figure differs from what it should be.",
        "Nothing is worth a look.",
        "nobody left",
    ] {
        assert!(page.contains(words), "{words}");
    }
    assert!(!page.contains("Not real"), "the real tenant");
    well_formed(&page);
}

/// Opened and closed, with every id there once, and every picture described.
#[track_caller]
fn well_formed(page: &str) {
    let void = ["meta", "br", "line", "rect", "circle"];
    let mut open: Vec<&str> = Vec::new();
    let mut ids = BTreeSet::new();
    let mut wanted = Vec::new();
    let body = page
        .strip_prefix("<!DOCTYPE html>")
        .expect("a document type");
    let style =
        body.find("<style>").expect("a style sheet")..body.find("</style>").expect("its end");
    for (position, _) in body
        .match_indices('<')
        .filter(|(position, _)| !style.contains(position) || *position == style.start)
    {
        let tag = body[position + 1..].split('>').next().expect("a tag");
        let name = tag
            .split([' ', '/'])
            .find(|part| !part.is_empty())
            .expect("a name");
        let attribute = |of: &str| {
            let (_, rest) = tag.split_once(&format!(" {of}=\""))?;
            rest.split('"').next()
        };
        if let Some(id) = attribute("id") {
            assert!(ids.insert(id), "{id} is there twice");
        }
        wanted.extend(
            attribute("aria-labelledby")
                .unwrap_or_default()
                .split_whitespace(),
        );
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "before {:.60}", &body[position..]);
        } else if !void.contains(&name) {
            open.push(name);
        }
        match name {
            "th" if !tag.starts_with('/') => assert!(attribute("scope").is_some(), "{tag}"),
            "svg" if !tag.starts_with('/') => assert!(
                attribute("aria-hidden").is_some() || attribute("aria-labelledby").is_some(),
                "{tag}"
            ),
            _ => {}
        }
    }
    assert_eq!(open, Vec::<&str>::new());
    for id in wanted {
        assert!(ids.contains(id), "nothing has the id {id}");
    }
}

#[test]
fn the_page_needs_nothing_from_elsewhere_and_runs_nothing() {
    let page = audit_page(&full()).expect("a page");
    well_formed(&page);
    let foreign = [
        "<script",
        "<img",
        "<link",
        "<iframe",
        "<object",
        "<embed",
        "<base",
        "<use",
        "<image",
        "@import",
        "@font-face",
        "http-equiv",
    ];
    for foreign in foreign {
        assert!(!page.contains(foreign), "{foreign}");
    }
    for tag in page.split('<').filter_map(|tag| tag.split('>').next()) {
        for attribute in [" src", " href", " xlink", " style=", " on", " action"] {
            assert!(!tag.contains(attribute), "{tag}");
        }
    }
    for (at, _) in page.match_indices("url(") {
        assert!(page[at + 4..].starts_with('#'), "{:.30}", &page[at..]);
    }
    assert!(
        page.contains("&#60;script&#62;alert(1)&#60;/script&#62;"),
        "told, and not run"
    );
}

#[test]
fn the_page_shows_the_figures_and_nobody() {
    let report = full();
    let page = audit_page(&report).expect("a page");
    let text = |text: &str| {
        let signs = [
            ("&#38;", "&"),
            ("&#60;", "<"),
            ("&#62;", ">"),
            ("&#34;", "\""),
            ("&#39;", "'"),
        ];
        signs
            .iter()
            .rev()
            .fold(text.to_owned(), |text, (code, sign)| {
                text.replace(code, sign)
            })
    };
    let shown = text(&page);
    let sheets = [
        book::requests(&report).without(&["currency", "drafted at (UTC)", "term ends"]),
        book::quarters(&report),
        book::reasons(&report),
        book::differences(&report),
        book::finding_groups(&report),
        book::unassigned(&report).without(&["currency", "note"]),
        book::movements(&report).without(&["opening at (UTC)", "difference then"]),
    ];
    let cells = sheets.iter().flat_map(|sheet| sheet.rows.iter().flatten());
    for cell in cells.filter(|cell| !cell.is_empty()) {
        assert!(shown.contains(&format!(">{cell}<")), "{cell:?}");
    }
    for pool in &report.pools {
        let figures = [Some(pool.monthly_cost()), Some(pool.yearly_cost())];
        for cost in figures.into_iter().flatten().flatten() {
            assert!(shown.contains(&format!(">{cost}<")), "{cost}");
        }
        assert!(shown.contains(&pool.pool.to_string()));
    }
    let waste = &report.waste;
    for totals in [&waste.monthly, &waste.yearly, &report.asked.monthly] {
        for amount in totals.amounts() {
            assert!(shown.contains(&format!(">{amount}<")), "{amount}");
        }
    }
    assert!(shown.contains(HOSTILE[2]), "the tenant's name, as it is");
    for nobody in ["rita.roe", "ann.moss", "00815", HOSTILE[5]] {
        assert!(!shown.contains(nobody), "{nobody}");
    }
}

proptest! {
    /// No bar leaves its picture, and what a bar says is what it shows.
    #[test]
    fn bars_stay_in_the_picture(
        owned in 0_u32..5000,
        active in 0_u32..5000,
        stranded in 0_u32..500,
        unassigned in -50_i64..5000,
        (then, freed, assigned, bought, ended) in (0_i64..900, 0_u32..90, -90_i64..90, -90_i64..90, 0_u32..90),
    ) {
        let mut it = pool("X2", Treatment::Contract, Some(("24.10", "USD")));
        it.balance = Balance { owned: Some(owned), active, stranded, unassigned, suspended: 0, ended };
        it.leaving = active / 2;
        let expected = then + i64::from(freed) - assigned + bought - i64::from(ended);
        it.movements = Some(Movements {
            since: at("2026-12-01T10:00:00Z"),
            opening: Balance { unassigned: then, ..it.balance },
            freed,
            assigned,
            ended,
            bought: Some(bought),
            unexplained: Some(expected - unassigned),
        });
        let page = audit_page(&report(vec![it], Vec::new())).expect("a page");
        well_formed(&page);
        for rect in page.split("<rect class=").skip(1) {
            let number = |name: &str| -> i64 {
                let (_, rest) = rect.split_once(&format!(" {name}=\"")).expect(name);
                rest.split('"').next().and_then(|it| it.parse().ok()).expect(name)
            };
            let (x, width) = (number("x"), number("width"));
            prop_assert!(x >= 0 && width >= 0 && x + width <= 3100, "{rect:.80}");
        }
    }
}
