use super::*;
use crate::model::{AccountMemory, PersonName, PoolObservation, PoolStock, Text};
use crate::seats::Balance;

const X2: &str = "X Series - X2-VOSVC0216-02-US";
const X4: &str = "X Series - X4-VOSVC0218-02-US";

fn row(line: u64, name: &str, status: AccountStatus, licenses: &[&str]) -> AccountRow {
    AccountRow {
        source: SourceRow {
            file: "users.csv".into(),
            line,
        },
        user_id: None,
        username: Username::parse(name),
        email: EmailAddress::parse(&format!("{name}@example.com")),
        employee_id: None,
        name: PersonName::default(),
        status,
        site: "Denver".into(),
        department: Text::new(),
        cost_center: if name.starts_with('j') { "4711" } else { "" }.into(),
        created: None,
        scim_provider: Text::new(),
        extension: Text::new(),
        phone_numbers: Vec::new(),
        devices: Vec::new(),
        groups: Vec::new(),
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

fn pool() -> Pool {
    LicenseName::parse(X2, None).expect("a name").pool()
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

// Its row holds nothing any more, and is looked at all the same.
#[test]
fn where_seats_were_freed_since_the_last_night_is_found_out() {
    let mut memory = memory();
    let observed = |memory: &Memory, day: &str| {
        let at: Timestamp = format!("2026-11-{day}T18:00:00Z").parse().expect("a day");
        let stock = Balance::default().stock(&pool(), memory);
        PoolObservation {
            at,
            pool: pool(),
            active: 9,
            stranded: 0,
            stock: Some(PoolStock {
                removals_until: at,
                ..stock
            }),
            places: Vec::new(),
        }
    };
    let freed = |memory: &Memory| {
        let users_at = "2026-11-22T18:00:00Z".parse().expect("an instant");
        let mut holders = Holders::new(memory, users_at, None);
        let mut later = holders.split();
        holders.observe(&row(2, "jane", AccountStatus::Active, &[X2]));
        later.observe(&row(3, "left", AccountStatus::Inactive, &[]));
        holders.merge(later);
        let freed = holders.finish().freed.into_iter();
        let freed = freed.map(|(key, place)| format!("{} {}", key.as_str(), place.site));
        freed.collect::<Vec<String>>()
    };
    assert_eq!(freed(&memory), [""; 0], "no night was recorded");
    memory.observations.push(observed(&memory, "20"));
    assert_eq!(freed(&memory), ["username:left Denver"]);
    memory.observations.push(observed(&memory, "21"));
    assert_eq!(
        freed(&memory),
        [""; 0],
        "it is in the numbers of that night"
    );
}

// Jane holds a seat in a row of her own, and rita none at all.
#[test]
fn who_is_in_groups_without_a_seat_is_kept() {
    let members = ["jane", "rita"].map(|name| AccountRow {
        groups: vec!["Denver Reception".to_owned()],
        ..row(9, name, AccountStatus::Active, &[])
    });
    let rows: Vec<AccountRow> = rows().into_iter().chain(members).collect();
    for cut in 0..=rows.len() {
        let mut first = Holders::new(&memory(), users_at(), None);
        let mut second = first.split();
        rows[..cut].iter().for_each(|row| first.observe(row));
        rows[cut..].iter().for_each(|row| second.observe(row));
        first.merge(second);
        let found: Vec<(String, Vec<String>)> = first
            .finish()
            .in_groups
            .into_values()
            .map(|it| (it.account, it.groups))
            .collect();
        let rita = ("rita".to_owned(), vec!["Denver Reception".to_owned()]);
        assert_eq!(found, [rita], "cut at {cut}");
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
