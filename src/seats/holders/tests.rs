use super::*;
use crate::model::{AccountMemory, PersonName};
use crate::seats::Tally;

const X2: &str = "X Series - X2-VOSVC0216-02-US";
const X4: &str = "X Series - X4-VOSVC0218-02-US";

fn row(line: u64, name: &str, status: AccountStatus, licenses: &[&str]) -> AccountRow {
    AccountRow {
        source: SourceRow {
            file: "users.csv".to_owned(),
            line,
        },
        user_id: None,
        username: Username::parse(name),
        email: EmailAddress::parse(&format!("{name}@example.com")),
        employee_id: None,
        name: PersonName::default(),
        status,
        site: "Denver".to_owned(),
        department: String::new(),
        cost_center: if name.starts_with('j') { "4711" } else { "" }.to_owned(),
        created: None,
        scim_provider: String::new(),
        extension: String::new(),
        phone_numbers: Vec::new(),
        devices: Vec::new(),
        licenses: licenses
            .iter()
            .filter_map(|name| LicenseName::parse(name, None))
            .collect(),
    }
}

fn rows() -> Vec<AccountRow> {
    let (active, inactive) = (AccountStatus::Active, AccountStatus::Inactive);
    vec![
        row(2, "jane", active, &[X2]),
        row(3, "rolf", active, &[X2]),
        row(4, "john", inactive, &[X2]),
        row(5, "rita", active, &[]),
        row(6, "jane", active, &[X4]),
        row(7, "john", inactive, &["Fax"]),
        row(8, "gone", active, &[X2, "Fax"]),
        row(9, "left", active, &[X2]),
    ]
}

/// `gone` was deactivated since the report and lost the X2, `left` lost all.
fn memory() -> Memory {
    let at: Timestamp = "2026-11-21T02:00:00Z".parse().expect("an instant");
    let accounts = ["gone", "left"].map(|name| {
        let key = row(1, name, AccountStatus::Active, &[]).key();
        let license = LicenseName::parse(X2, None).expect("a name");
        let account = AccountMemory {
            status: AccountStatus::Inactive,
            status_at: at,
            removed: vec![(license, at)],
        };
        (key.expect("a key"), account)
    });
    Memory {
        accounts: accounts.into(),
        ..Memory::default()
    }
}

fn roster() -> Roster {
    let mut roster = Roster::default();
    let email = EmailAddress::parse("Jane@example.com");
    roster.add(None, email.as_ref(), None);
    let username = Username::parse("ROLF");
    roster.add(None, None, username.as_ref());
    roster
}

fn users_at() -> Timestamp {
    "2026-11-20T18:00:00Z".parse().expect("an instant")
}

/// Everything that was found, with the report cut in two at `cut`.
fn held(cut: usize) -> Held {
    let rows = rows();
    let mut first = Holders::new(&memory(), users_at(), Some(roster()));
    let mut second = first.split();
    rows[..cut].iter().for_each(|row| first.observe(row));
    rows[cut..].iter().for_each(|row| second.observe(row));
    first.merge(second);
    first.finish()
}

#[test]
fn seats_are_the_tallys_wherever_the_report_is_cut() {
    let mut tally = Tally::new(&memory(), users_at());
    for row in rows() {
        tally.observe(&row);
    }
    let tally = tally.finish();
    for cut in 0..=rows().len() {
        let mut pools: BTreeMap<Pool, PoolCount> = BTreeMap::new();
        for ((pool, _), count) in held(cut).places {
            pools.entry(pool).or_default().add(count);
        }
        assert_eq!(pools, tally, "cut at {cut}");
    }
}

#[test]
fn deactivated_accounts_are_kept_with_all_their_rows() {
    for cut in 0..=rows().len() {
        let held = held(cut);
        let stranded: Vec<(&str, u64, usize)> = held
            .stranded
            .values()
            .map(|it| (it.account.as_str(), it.source.line, it.licenses.len()))
            .collect();
        assert_eq!(stranded, [("gone", 8, 1), ("john", 4, 2)], "cut at {cut}");
    }
}

#[test]
fn two_seats_to_call_with_are_found_in_rows_apart() {
    for cut in 0..=rows().len() {
        let doubled = held(cut).doubled;
        let seats: Vec<Vec<u64>> = doubled
            .iter()
            .map(|it| it.seats.iter().map(|(line, _)| *line).collect())
            .collect();
        assert_eq!(seats, [[2, 6]], "cut at {cut}: X2 and fax are no two");
        // Cut between them, nobody sees both rows.
        let name = if (1..=4).contains(&cut) { "" } else { "jane" };
        assert_eq!(doubled[0].account, name, "cut at {cut}");
    }
}

#[test]
fn who_is_on_no_roster_and_still_active_is_a_stranger() {
    for cut in 0..=rows().len() {
        let held = held(cut);
        assert_eq!(held.on_roster, 3, "two rows of jane, one of rolf");
        assert!(held.strangers.is_empty(), "{:?}", held.strangers);
    }
    let mut holders = Holders::new(&Memory::default(), users_at(), Some(roster()));
    for row in rows() {
        holders.observe(&row);
    }
    let strangers = holders.finish().strangers;
    let names: Vec<&str> = strangers.values().map(|it| it.account.as_str()).collect();
    assert_eq!(
        names,
        ["gone", "left"],
        "rita holds nothing, john is deactivated"
    );
    let mut holders = Holders::new(&Memory::default(), users_at(), None);
    for row in rows() {
        holders.observe(&row);
    }
    assert!(
        holders.finish().strangers.is_empty(),
        "nobody gave a roster"
    );
}
