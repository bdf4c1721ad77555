//! A bill against contracts and requests.

use jiff::Timestamp;
use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::model::{Decimal, LicenseName, OpenRequest, SourceRow};
use crate::seats::{Finding, FindingKind, cancellation};

fn x2() -> Pool {
    pool("X Series - X2", "US")
}

fn pool(license: &str, country: &str) -> Pool {
    Pool {
        license: license.to_owned(),
        country: country.to_owned(),
    }
}

fn contract(pool: Pool, seats: u32, price: &str, currency: &str) -> Contract {
    Contract {
        pool,
        seats,
        unit_price: Money::parse(price, currency).ok(),
        term_ends: date(2027, 3, 31),
        notice_days: 30,
        confirm_days: 14,
        renewal_months: 12,
        billing: ContractBilling::Contract,
        spare: 0,
    }
}

/// The request of that ordinal of a contract.
fn request(
    contract: &Contract,
    ordinal: u32,
    quantity: u32,
    (state, effective_on): (RequestState, Date),
) -> FollowedRequest {
    let request = OpenRequest {
        id: cancellation::request_id_of(contract, ordinal),
        pool: contract.pool.clone(),
        term_ends: contract.term_ends,
        quantity,
        state,
        effective_on: Some(effective_on),
        drafted_at: Timestamp::UNIX_EPOCH,
        verified_at: None,
    };
    let mut followed = FollowedRequest::of(request, &[], Vec::new());
    followed.case_number = Some(format!("0012345{ordinal}"));
    followed
}

/// A line: name, quantity, amount; in dollars, and for December.
fn line(name: &str, quantity: &str, amount: &str) -> BillLine {
    let number = |text: &str| Decimal::from_str_exact(text).ok();
    BillLine {
        name: LicenseName::parse(name, None),
        charge_type: String::new(),
        quantity: number(quantity),
        amount: number(amount),
        currency: "USD".to_owned(),
        begins: Some(date(2026, 12, 1)),
        source: SourceRow {
            file: "bill.csv".into(),
            line: 7,
        },
    }
}

const X2: &str = "X Series - X2-VOSVC0216-02-US";

fn check(
    lines: &[BillLine],
    contracts: &[Contract],
    requests: &[FollowedRequest],
) -> Result<BillCheck, BillError> {
    check_bill(&Billing {
        file: "bill.csv",
        lines,
        date: None,
        contracts,
        known: &BTreeSet::new(),
        requests,
    })
}

fn checked(lines: &[BillLine], contracts: &[Contract], requests: &[FollowedRequest]) -> BillCheck {
    check(lines, contracts, requests).expect("a bill")
}

fn kinds(findings: &[Finding]) -> Vec<(FindingKind, u32)> {
    findings.iter().map(|it| (it.kind, it.quantity)).collect()
}

#[test]
fn lines_of_a_pool_add_up_and_others_are_told_apart() {
    let mut typed = line("X Series - X2", "1500", "30.00");
    typed.charge_type = "Usage charges".to_owned();
    let mut earlier = line(X2, "2", "24.00");
    earlier.begins = Some(date(2026, 11, 15));
    let lines = [
        line(X2, "118", "2832.00"),
        line("x series - x2", "5", "120.00"),
        // Credits, in both ways of writing them.
        line(X2, "-2", "-48.00"),
        line(X2, "1", "-24.00"),
        line(X2, "0.5", "12.00"),
        line(X2, "", "1.00"),
        typed,
        earlier,
        line("Promotion discount X2", "120", "-240.00"),
        line("E911 fee", "120", "12.00"),
        line("State tax", "", "3.10"),
        line("Number porting, one-time", "1", "25.00"),
        line("Something else", "1", "9.99"),
        line("", "", "0.01"),
        line("Total due", "", "2753.10"),
    ];
    let contracts = [contract(x2(), 120, "24.00", "USD")];
    let bill = checked(&lines, &contracts, &[]);
    assert_eq!(bill.date, date(2026, 12, 1));
    let [pool] = bill.pools.as_slice() else {
        panic!("{:?}", bill.pools)
    };
    assert_eq!(
        (pool.billed, pool.should_be, pool.difference()),
        (120, Some(120), Some(0))
    );
    assert_eq!(
        pool.amount_difference.as_ref().expect("money").to_string(),
        "0.00 USD"
    );
    let others: Vec<(ChargeKind, &str)> = bill
        .others
        .iter()
        .map(|other| (other.kind, other.name.as_str()))
        .collect();
    let expected = [
        (ChargeKind::AnotherMonth, "X Series - X2 (US)"),
        (ChargeKind::PartOfSeat, "X Series - X2 (US)"),
        (ChargeKind::NoQuantity, "X Series - X2 (US)"),
        (ChargeKind::Discount, "Promotion discount X2"),
        (ChargeKind::Usage, "X Series - X2"),
        (ChargeKind::Tax, "E911 fee"),
        (ChargeKind::Tax, "State tax"),
        (ChargeKind::Fee, "Number porting, one-time"),
        (ChargeKind::Total, "Total due"),
        (ChargeKind::Unknown, ""),
        (ChargeKind::Unknown, "Something else"),
    ];
    assert_eq!(others, expected);
    assert_eq!(bill.findings(), []);
}

#[test]
fn cancelled_seats_that_are_billed_are_claimed_with_their_case() {
    let contracts = [contract(x2(), 120, "24.00", "USD")];
    let cancelled = |quantity, last| {
        let effective = (RequestState::Effective, last);
        [request(&contracts[0], 1, quantity, effective)]
    };
    let ended = cancelled(3, date(2026, 11, 30));
    let bill = checked(&[line(X2, "120", "2880.00")], &contracts, &ended);
    let pool = &bill.pools[0];
    assert_eq!(
        (pool.cancelled, pool.should_be, pool.difference()),
        (3, Some(117), Some(3))
    );
    let difference = pool.amount_difference.as_ref().expect("money");
    assert_eq!(difference.to_string(), "72.00 USD");
    let [still] = bill.still_billed.as_slice() else {
        panic!("{:?}", bill.still_billed)
    };
    assert_eq!((still.seats, still.since), (3, date(2026, 11, 30)));
    assert_eq!(
        still.monthly_cost.as_ref().expect("money").to_string(),
        "72.00 USD"
    );
    let findings = bill.findings();
    assert_eq!(kinds(&findings), [(FindingKind::StillBilled, 3)]);
    assert!(
        findings[0].repair.contains("quote case 00123451"),
        "{findings:?}"
    );
    assert!(bill.gone.is_empty());
    let reminders = bill.reminders(date(2026, 12, 10));
    assert_eq!(
        (reminders[0].kind, reminders[0].days),
        (ReminderKind::StillBilled, 10)
    );

    // Its last day is billed by right.
    let on_the_day = cancelled(3, date(2026, 12, 1));
    let bill = checked(&[line(X2, "120", "2880.00")], &contracts, &on_the_day);
    assert_eq!((bill.pools[0].cancelled, bill.findings()), (0, Vec::new()));
    assert!(bill.gone.is_empty(), "nor is it gone");

    // Honored.
    let bill = checked(&[line(X2, "117", "2808.00")], &contracts, &ended);
    assert_eq!(bill.findings(), []);
    assert_eq!(bill.gone, [ended[0].request.id.clone()]);

    // Honored in part, with one that nobody can explain.
    let bill = checked(&[line(X2, "121", "2904.00")], &contracts, &ended);
    let expected = [(FindingKind::StillBilled, 3), (FindingKind::BilledMore, 1)];
    assert_eq!(kinds(&bill.findings()), expected);
    let bill = checked(&[line(X2, "118", "2832.00")], &contracts, &ended);
    assert_eq!(kinds(&bill.findings()), [(FindingKind::StillBilled, 1)]);
    let bill = checked(&[line(X2, "110", "2640.00")], &contracts, &ended);
    assert_eq!(kinds(&bill.findings()), [(FindingKind::BilledLess, 7)]);
}

#[test]
fn who_was_seen_gone_is_blamed_last() {
    let contracts = [contract(x2(), 120, "24.00", "USD")];
    let at = |ordinal, state, last| request(&contracts[0], ordinal, 2, (state, last));
    let requests = [
        at(1, RequestState::Verified, date(2026, 11, 20)),
        at(2, RequestState::Effective, date(2026, 9, 30)),
        at(3, RequestState::Confirmed, date(2026, 11, 15)),
        at(4, RequestState::Submitted, date(2026, 11, 15)),
    ];
    let bill = checked(&[line(X2, "117", "2808.00")], &contracts, &requests);
    let blamed: Vec<(&str, u32)> = bill
        .still_billed
        .iter()
        .map(|still| (still.request_id.as_str(), still.seats))
        .collect();
    let id = |at: usize| requests[at].request.id.as_str();
    assert_eq!(
        blamed,
        [(id(1), 1), (id(2), 2)],
        "by date; never the verified one"
    );
    assert!(bill.gone.is_empty());
}

#[test]
fn what_cannot_be_compared_is_shown_and_not_claimed() {
    let mut per_user = contract(
        pool("UC Call Recordings Cold Storage", "US"),
        10,
        "4.10",
        "USD",
    );
    per_user.billing = ContractBilling::Subscription;
    let contracts = [
        contract(pool("X Series - X4", "US"), 60, "36.50", "USD"),
        contract(pool("X Series - X8", "US"), 30, "118.00", "USD"),
        per_user,
    ];
    let lines = [
        line("UC Call Recordings Cold Storage", "13", "53.30"),
        line("X Series - X8", "30", "3540.00"),
        line("8x8 Work Lobby", "2", "20.00"),
    ];
    let bill = checked(&lines, &contracts, &[]);
    let shown: Vec<(&str, BillStanding, i64, Option<i64>)> = bill
        .pools
        .iter()
        .map(|it| {
            (
                it.pool.license.as_str(),
                it.standing,
                it.billed,
                it.difference(),
            )
        })
        .collect();
    let expected = [
        ("8x8 Work Lobby", BillStanding::NoContract, 2, None),
        (
            "UC Call Recordings Cold Storage",
            BillStanding::PerUser,
            13,
            None,
        ),
        ("X Series - X4", BillStanding::NotOnBill, 0, Some(-60)),
        ("X Series - X8", BillStanding::Compared, 30, Some(0)),
    ];
    assert_eq!(shown, expected);
    let expected = [
        (FindingKind::BilledWithoutContract, 2),
        (FindingKind::NotOnBill, 60),
    ];
    assert_eq!(kinds(&bill.findings()), expected);
}

#[test]
fn seats_agree_and_the_price_does_not() {
    let contracts = [contract(x2(), 120, "24.00", "USD")];
    let bill = checked(&[line(X2, "120", "2904.00")], &contracts, &[]);
    assert_eq!(
        kinds(&bill.findings()),
        [(FindingKind::BilledOtherwise, 120)]
    );
    assert!(bill.findings()[0].what.ends_with("differs by 24.00 USD"));
    // A line without an amount leaves the sum open.
    let lines = [line(X2, "119", "2856.00"), line(X2, "1", "")];
    let bill = checked(&lines, &contracts, &[]);
    assert_eq!(bill.pools[0].amount_difference, None);
}

#[test]
fn currencies_are_never_held_against_each_other() {
    let contracts = [contract(x2(), 120, "24.00", "USD")];
    let mut pounds = line(X2, "120", "2280.00");
    pounds.currency = "GBP".to_owned();
    let bill = checked(&[pounds], &contracts, &[]);
    assert_eq!(bill.pools[0].amount_difference, None);
    assert_eq!(bill.pools[0].difference(), Some(0));

    let unsaid = |currency: &str| BillLine {
        currency: currency.to_owned(),
        ..line(X2, "120", "2880.00")
    };
    for currency in ["", "$"] {
        let bill = checked(&[unsaid(currency)], &contracts, &[]);
        assert_eq!(
            bill.pools[0]
                .billed_amount
                .amounts()
                .next()
                .expect("money")
                .currency,
            "USD"
        );
    }
    let british = [contract(x2(), 120, "19.75", "GBP")];
    let both = [contracts[0].clone(), british[0].clone()];
    for (currency, contracts) in [("", &both[..]), ("$", &both), ("$", &british), ("", &[])] {
        let error = check(&[unsaid(currency)], contracts, &[]).expect_err(currency);
        assert!(
            matches!(error, BillError::WhichCurrency { line: 7, .. }),
            "{error}"
        );
    }
}

#[test]
fn a_license_without_its_country_is_not_guessed() {
    let contracts = [
        contract(x2(), 120, "24.00", "USD"),
        contract(pool("X Series - X2", "GB"), 20, "19.75", "GBP"),
    ];
    let error = check(&[line("X Series - X2", "3", "72.00")], &contracts, &[]);
    let error = error.expect_err("a refusal").to_string();
    assert!(error.contains("seats of it in GB, US"), "{error}");
    assert!(error.contains("[columns.bill] country"), "{error}");
    let bill = checked(&[line(X2, "120", "2880.00")], &contracts, &[]);
    assert_eq!(kinds(&bill.findings()), [(FindingKind::NotOnBill, 20)]);
}

#[test]
fn a_bill_needs_a_day() {
    let contracts = [contract(x2(), 120, "24.00", "USD")];
    let undated = [BillLine {
        begins: None,
        ..line(X2, "120", "2880.00")
    }];
    let error = check(&undated, &contracts, &[]).expect_err("a refusal");
    assert!(error.to_string().contains("--bill-date"), "{error}");
    let said = check_bill(&Billing {
        file: "bill.csv",
        lines: &undated,
        date: Some(date(2027, 1, 1)),
        contracts: &contracts,
        known: &BTreeSet::new(),
        requests: &[],
    });
    assert_eq!(said.expect("a bill").date, date(2027, 1, 1));
    // The bill is for the first day that its month names.
    let lines = [15, 1, 20].map(|day| BillLine {
        begins: Some(date(2026, 12, day)),
        ..line(X2, "40", "960.00")
    });
    let bill = checked(&lines, &contracts, &[]);
    assert_eq!((bill.date, bill.pools[0].billed), (date(2026, 12, 1), 120));
}

/// Lines of any sort: name, quantity, cents.
fn any_lines() -> impl Strategy<Value = Vec<BillLine>> {
    let names = prop::sample::select(vec![
        X2,
        "X Series - X4",
        "X Series - X8",
        "Fax",
        "State tax",
        "Total",
        "",
    ]);
    let any = (names, -3..60_i64, -9_999..9_999_i64, 10..=12_i8);
    let any = any.prop_map(|(name, quantity, cents, month)| BillLine {
        quantity: Some(Decimal::from(quantity)),
        amount: Some(Decimal::new(cents, 2)),
        begins: Some(date(2026, month, 1)),
        ..line(name, "", "")
    });
    prop::collection::vec(any, 1..30)
}

fn total<'m>(totals: impl Iterator<Item = &'m MoneyTotals>) -> Decimal {
    totals
        .flat_map(MoneyTotals::amounts)
        .map(|money| money.amount)
        .sum()
}

proptest! {
    #[test]
    fn every_line_is_in_one_place_and_the_differences_make_the_bill(
        lines in any_lines(),
        seats in 0..90_u32,
        ended in prop::collection::vec((1..20_u32, 9..=12_i8), 0..4),
    ) {
        let contracts = [
            contract(x2(), seats, "24.05", "USD"),
            contract(pool("X Series - X4", "US"), 7, "0.10", "USD"),
        ];
        let requests: Vec<FollowedRequest> = (1..).zip(&ended)
            .map(|(ordinal, (quantity, month))| {
                let effective = (RequestState::Effective, date(2026, *month, 15));
                request(&contracts[0], ordinal, *quantity, effective)
            })
            .collect();
        let Ok(bill) = check(&lines, &contracts, &requests) else {
            // Without a line of a seat nothing says the month.
            let is_seat = |line: &BillLine| line.name.as_ref()
                .is_some_and(|name| name.display.contains("Series") || name.display == "Fax");
            prop_assert!(!lines.iter().any(is_seat));
            return Ok(());
        };
        let amounts: Decimal = lines.iter().filter_map(|line| line.amount).sum();
        let told = total(bill.pools.iter().map(|it| &it.billed_amount))
            + total(bill.others.iter().map(|it| &it.amounts));
        prop_assert_eq!(told, amounts, "to the cent");
        for pool in &bill.pools {
            let Some(difference) = pool.difference() else { continue };
            prop_assert_eq!(pool.billed, pool.should_be.unwrap_or_default() + difference);
            let still: i64 = bill.still_billed.iter().filter(|it| it.pool == pool.pool)
                .map(|it| i64::from(it.seats)).sum();
            prop_assert!(still <= difference.max(0), "never more than too many");
            prop_assert!(still <= i64::from(pool.cancelled), "never more than cancelled");
            if let (Some(more), Some(should_be)) = (&pool.amount_difference, &pool.should_be_amount) {
                prop_assert_eq!(
                    total([&pool.billed_amount].into_iter()),
                    should_be.amount + more.amount
                );
            }
        }
        let named: Vec<&String> = bill.still_billed.iter().map(|it| &it.request_id).collect();
        prop_assert!(bill.gone.iter().all(|id| !named.contains(&id)), "gone and billed");
    }
}
