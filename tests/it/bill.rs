//! `audit --bill` through the program.

use std::path::Path;

use super::support::{Ended, Office, hr_row, with_colleagues};

const SETTINGS: &str = "[hr]\nfile = \"cumulative\"\n\
    [[contracts]]\nlicense = \"X Series - X2\"\ncountry = \"US\"\nseats = 60\n\
    unit_price = \"24.05\"\ncurrency = \"USD\"\nterm_ends = 2027-03-31\n";

/// Forty people, and sixty seats under contract.
fn office(more: &str) -> Office {
    let office = Office::new(&format!("{SETTINGS}{more}"));
    office.hr(&[hr_row("colleague.nr1", "Active", "")]);
    office.users(&with_colleagues([]));
    office
}

fn audit(office: &Office, more: &[&str]) -> Ended {
    let words = [&["audit", "--sandbox", "--color", "never"][..], more].concat();
    office.on("2026-12-02", &words)
}

/// The findings about the bill: kind, quantity, cost.
fn findings(office: &Office) -> Vec<[String; 3]> {
    let rows = office.results_in("out/sandbox/findings.csv").into_iter();
    rows.filter(|row| row["finding"] != "unexplained")
        .map(|row| ["finding", "quantity", "monthly_cost"].map(|it| row[it].clone()))
        .collect()
}

#[test]
fn a_bill_as_a_spreadsheet_writes_it_is_held_against_the_contracts() {
    let office = office("");
    // UTF-16 with tabs, as Excel's "Unicode Text", below two lines of a letterhead.
    let text = "Statement of account\t\t\t\r\nNo. 4711\t\t\t\r\n\
                Service Plans\tQty\tAmount\tBilling period\r\n\
                X Series - X2-VOSVC0216-02-US\t62\t$1,491.10\t2026-12-01 to 2026-12-31\r\n\
                Sales tax\t\t$7.00\t2026-12-01 to 2026-12-31\r\n";
    let bytes: Vec<u8> = std::iter::once(0xfeff)
        .chain(text.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    office.write("bill.txt", bytes);
    let ended = audit(&office, &["--bill", "bill.txt"]).expect(0);
    assert!(
        ended
            .stdout
            .contains("; bill of 2026-12-01: 1 of 1 pools differ, 0 cancelled seats"),
        "{}",
        ended.stdout
    );
    for words in [
        "│ +2         │",
        "48.10 USD",
        "│ tax  │ Sales tax │ 1     │ 7.00 USD │",
    ] {
        assert!(ended.stderr.contains(words), "{words}: {}", ended.stderr);
    }
    let expected = ["billed_more", "2", "48.10"].map(str::to_owned);
    assert_eq!(findings(&office), [expected]);
    assert!(
        !office.exists("out/sandbox/seatsweep-sandbox.db"),
        "reads only"
    );
}

#[test]
fn a_configured_bill_needs_nothing_typed() {
    let more = "[inputs]\nbill = \"bill*.csv\"\n\
        [columns.bill]\nlicense = \"Thing\"\nquantity = \"Pieces\"\ndate = \"From\"\n\
        [formats]\nbill_dates = \"day-first\"\n\
        [formats.bill_names]\n\"X2 by the month\" = \"X Series - X2-VOSVC0216-02-US\"\n";
    let office = office(more);
    office.write(
        "bill-1.csv",
        "Thing,Pieces,From\nX2 by the Month,60,01/12/2026\n",
    );
    let ended = audit(&office, &["-vv"]).expect(0);
    ended.says(&["bill: ", "license", "\"Thing\""]);
    assert_eq!(findings(&office), Vec::<[String; 3]>::new());
    // A night reads no bill, and is not stopped by one.
    office.write("bill-1.csv", "nonsense");
    office.night("2026-12-02", &[]).expect(0);
    audit(&office, &[]).expect(65);
}

#[test]
fn a_day_can_be_typed_where_the_bill_has_none() {
    let office = office("");
    office.write(
        "bill.csv",
        "License,Country,Qty,Date\nX Series - X2,US,60,soon\n",
    );
    let bill = ["--bill", "bill.csv"];
    let ended = audit(&office, &bill).expect(65);
    ended.says(&["bill.csv line 2, column \"Date\"", "--bill-date YYYY-MM-DD"]);
    assert!(
        !office.exists("out/sandbox/seats.csv"),
        "nothing was written"
    );
    let typed = [&bill[..], &["--bill-date", "2026-12-01"]].concat();
    let ended = audit(&office, &typed).expect(0);
    assert!(
        ended
            .stdout
            .contains("bill of 2026-12-01: 0 of 1 pools differ"),
        "{}",
        ended.stdout
    );
    office.write("bill.csv", "License,Country,Qty\nX Series - X2,US,60\n");
    audit(&office, &bill)
        .expect(65)
        .says(&["[columns.bill] date"]);
}

#[test]
fn what_cannot_be_read_says_which_key_to_set() {
    let office = office(
        "[[contracts]]\nlicense = \"X Series - X2\"\ncountry = \"GB\"\nseats = 5\n\
         unit_price = \"19.75\"\ncurrency = \"GBP\"\nterm_ends = 2027-03-31\n",
    );
    for (bill, words) in [
        (
            "Thing,Qty,Period\nX2,1,2026-12-01\n",
            "[columns.bill], e.g. license = ",
        ),
        (
            "License,Pieces,Period\nX2,1,2026-12-01\n",
            "[columns.bill], e.g. quantity = ",
        ),
        (
            "License,Qty,Period\nX Series - X2,1,2026-12-01\n",
            "[columns.bill] country = ",
        ),
        (
            "License,Country,Qty,Amount,Period\nX Series - X2,US,1,24.05,2026-12-01\n",
            "[columns.bill] currency = ",
        ),
        (
            "License,Country,Qty,Period\nX Series - X2,US,1,11/12/2026\n",
            "[formats] bill_dates = ",
        ),
    ] {
        office.write("bill.csv", bill);
        audit(&office, &["--bill", "bill.csv"])
            .expect(65)
            .says(&["bill.csv", words]);
    }
    audit(&office, &["--bill", "no.csv"]).expect(66);
    audit(&office, &["--bill-date", "2026-12-01"])
        .expect(64)
        .says(&["there is no bill"]);
    audit(&office, &["--bill", "bill.csv", "--bill-date", "soon"]).expect(64);
}

#[test]
fn the_sample_bill_is_what_its_figures_say() {
    let office = office("");
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let words = [
        "audit",
        "--sandbox",
        "--color",
        "never",
        "--config",
        "seatsweep.toml",
        "--out-dir",
        "out",
        "--hr",
        "night-3/terminations.csv",
        "--hr-at",
        "2026-12-01T22:00:00-08:00",
        "--users",
        "night-3/users.csv",
        "--users-at",
        "2026-12-02T01:00:00-08:00",
        "--as-of",
        "2026-12-02T02:00:00-08:00",
        "--bill",
        "bill.csv",
    ];
    let words = words.map(|word| match word {
        "seatsweep.toml" | "bill.csv" => samples.join(word),
        word if word.starts_with("night-3/") => samples.join(word),
        word => word.into(),
    });
    let ended = office.seatsweep(&words).expect(0);
    let line = "bill of 2026-12-01: 2 of 6 pools differ, 0 cancelled seats still billed";
    assert!(ended.stdout.contains(line), "{}", ended.stdout);
    let bill: Vec<[String; 3]> = findings(&office)
        .into_iter()
        .filter(|finding| finding[0].starts_with("billed"))
        .collect();
    let expected = [
        ["billed_more", "2", "73.00"],
        ["billed_without_contract", "5", ""],
    ];
    assert_eq!(bill, expected.map(|it| it.map(str::to_owned)));
}
