//! Bills as finance people have them.

use jiff::civil::date;

use super::*;

fn read_as(text: &str, formats: &Formats, date: BillDate) -> Result<BillFile, String> {
    let file = TextFile::decode("bill.csv".to_owned(), text.into()).expect("text");
    let reading = BillReading {
        names: &ColumnNames::default(),
        formats,
        date,
    };
    read_text(&file, reading).map_err(|error| error.to_string())
}

fn read(text: &str) -> Result<BillFile, String> {
    read_as(text, &Formats::default(), BillDate::Column)
}

fn numbers(file: &BillFile) -> Vec<(String, String)> {
    let text = |number: Option<Decimal>| number.map(|it| it.to_string()).unwrap_or_default();
    let lines = file.lines.iter();
    lines
        .map(|line| (text(line.quantity), text(line.amount)))
        .collect()
}

#[test]
fn a_bill_is_read_below_whatever_stands_above_it() {
    let file = read(
        "Statement for Larkspur\nAccount 4711\n\n\
         Service Plans,Country,Qty,Amount,Currency,Billing Period\n\
         X Series - X2-VOSVC0216-02-US,,\"1,120\",\"$26,880.00\",usd,2026-12-01 - 2026-12-31\n\
         X Series - X4,gb,(2),(39.50),GBP,December 2026\n\
         State tax,,,3.10,USD,\n\
         Total,,,\"26,843.60\",,\n",
    )
    .expect("a bill");
    let expected = [
        ("1120", "26880.00"),
        ("-2", "-39.50"),
        ("", "3.10"),
        ("", "26843.60"),
    ];
    let expected = expected.map(|(a, b)| (a.to_owned(), b.to_owned()));
    assert_eq!(numbers(&file), expected);
    let [first, second, tax, total] = &file.lines[..] else {
        panic!("{:?}", file.lines)
    };
    assert_eq!(first.begins, Some(date(2026, 12, 1)));
    assert_eq!((first.currency.as_str(), first.source.line), ("USD", 5));
    assert_eq!(second.begins, Some(date(2026, 12, 1)));
    let pool = second.name.as_ref().expect("a name").pool();
    assert_eq!(pool.to_string(), "X Series - X4 (GB)");
    assert_eq!((tax.begins, total.currency.as_str()), (None, ""));
    assert_eq!(file.file.rows, 4);
}

#[test]
fn a_european_bill_is_read_as_it_is_written() {
    let file = read("Product;Quantity;Amount\nX2;1.200;28.860,05\nX4;2;-48,1\n");
    let expected = [("1200", "28860.05"), ("2", "-48.1")];
    let expected = expected.map(|(a, b)| (a.to_owned(), b.to_owned()));
    assert_eq!(numbers(&file.expect("a bill")), expected);
}

#[test]
fn where_each_line_is_a_service_it_is_one_seat() {
    let file = read("Service ID/Start Date,Service Plans,Amount\nS1 01/02/2019,X2,24.00\n");
    let file = file.expect("a bill");
    assert_eq!(numbers(&file), [("1".to_owned(), "24.00".to_owned())]);
    assert_eq!(
        file.lines[0].begins, None,
        "the service's start is not the bill's"
    );
    let notes = &file.file.detected.notes;
    assert!(notes.iter().any(|it| it.contains("each line")), "{notes:?}");
}

#[test]
fn the_order_of_day_and_month_is_decided_by_all_lines() {
    let bill = |dates: [&str; 2]| {
        let [a, b] = dates;
        format!("License,Qty,Bill date\nX2,1,{a}\nX4,1,{b}\n")
    };
    let begins = |file: &BillFile| file.lines[0].begins;
    let file = read(&bill(["12/01/2026", "12/15/2026"])).expect("a bill");
    assert_eq!(begins(&file), Some(date(2026, 12, 1)));
    let file = read(&bill(["01/12/2026", "15/12/2026"])).expect("a bill");
    assert_eq!(begins(&file), Some(date(2026, 12, 1)));

    let open = bill(["12/01/2026", "12/01/2026"]);
    let error = read(&open).expect_err("a refusal");
    assert!(error.contains("bill_dates = \"month-first\""), "{error}");
    let formats = Formats {
        bill_dates: Some(DateOrder::DayFirst),
        ..Formats::default()
    };
    let file = read_as(&open, &formats, BillDate::Column).expect("a bill");
    assert_eq!(begins(&file), Some(date(2026, 1, 12)));
    let file = read_as(&open, &Formats::default(), BillDate::Said).expect("a bill");
    assert_eq!(begins(&file), None, "a person said it");
}

#[test]
fn names_can_be_said_to_mean_a_license() {
    let formats = Formats {
        bill_names: BTreeMap::from([("x2 monthly".to_owned(), "X Series - X2".to_owned())]),
        ..Formats::default()
    };
    let text = "License,Country,Qty\nX2 Monthly,US,3\nFax,US,1\n";
    let file = read_as(text, &formats, BillDate::Column).expect("a bill");
    let pools: Vec<String> = file
        .lines
        .iter()
        .filter_map(|line| Some(line.name.as_ref()?.pool().to_string()))
        .collect();
    assert_eq!(pools, ["X Series - X2 (US)", "Fax (US)"]);
}

#[test]
fn anything_wrong_refuses_the_bill() {
    for (row, words) in [
        (
            "X2,US,many,1.00,USD,2026-12-01",
            "value \"many\": this is not a number",
        ),
        (
            "X2,US,1,12,50,USD,2026-12-01",
            "7 cells where the header has 6",
        ),
        ("X2,US,1,\"1.2.3\",USD,2026-12-01", "value \"1.2.3\""),
        ("X2,USA,1,1.00,USD,2026-12-01", "two-letter country code"),
        (
            "X2,US,1,1.00,dollars,2026-12-01",
            "three-letter currency code",
        ),
        (
            "X2,US,1,£1.00,USD,2026-12-01",
            "says GBP and the currency column USD",
        ),
        (
            "X2,US,1,1.00,USD,soon",
            "give the first day that the bill is for as --bill-date",
        ),
    ] {
        let error = read(&format!(
            "License,Country,Qty,Amount,Currency,Period\n{row}\n"
        ));
        let error = error.expect_err(row);
        assert!(error.contains(words), "{row:?}: {error}");
    }
}

#[test]
fn a_bill_without_its_columns_is_told_how_to_name_them() {
    for (header, words) in [
        ("Thing,Qty", "[columns.bill], e.g. license = "),
        ("License,Amount", "no column says how many are billed"),
        ("License,Owned", "[columns.bill], e.g. quantity = "),
    ] {
        let error = read(&format!("{header}\nX2,3\n")).expect_err(header);
        assert!(error.contains(words), "{header}: {error}");
    }
}
