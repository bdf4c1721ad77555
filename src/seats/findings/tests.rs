use jiff::civil::date;

use super::*;
use crate::model::{AccountStatus, ContractBilling, PoolObservation, PoolStock};
use crate::seats::{Balance, Doubled, Requested};

fn pool_of(license: &str) -> Pool {
    Pool {
        license: license.to_owned(),
        country: "US".to_owned(),
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

/// 100 owned, 90 in use, 10 unassigned, at 24.00 each.
fn inventory(license: &str) -> PoolInventory {
    PoolInventory {
        pool: pool_of(license),
        treatment: Treatment::Contract,
        balance: Balance {
            owned: Some(100),
            active: 90,
            stranded: 0,
            unassigned: 10,
            suspended: 0,
            ended: 0,
        },
        leaving: 0,
        requested: Requested::default(),
        counted: true,
        movements: None,
        price: Some(Money::parse("24.00", "USD").expect("a price")),
        places: Vec::new(),
    }
}

fn holder(licenses: &[&str]) -> Holder {
    Holder {
        source: SourceRow {
            file: "users.csv".into(),
            line: 7,
        },
        account: "jane.doe".to_owned(),
        place: Place::default(),
        status: AccountStatus::Inactive,
        licenses: licenses
            .iter()
            .filter_map(|name| LicenseName::parse(name, Some("US")))
            .collect(),
        groups: Vec::new(),
    }
}

fn jane() -> AccountKey {
    AccountKey::stored("username:jane.doe".to_owned())
}

struct Case {
    pools: Vec<PoolInventory>,
    held: Held,
    departures: BTreeMap<AccountKey, Departure>,
    contracts: Vec<Contract>,
    memory: Memory,
}

impl Case {
    fn new() -> Self {
        Self {
            pools: vec![inventory("X Series - X2")],
            held: Held::default(),
            departures: BTreeMap::new(),
            contracts: Vec::new(),
            memory: Memory::default(),
        }
    }

    fn inspect(&self) -> Vec<Finding> {
        inspect(&Inspection {
            pools: &self.pools,
            held: &self.held,
            departures: &self.departures,
            contracts: &self.contracts,
            memory: &self.memory,
            as_of: at("2026-12-20T10:00:00Z"),
            taxed_elsewhere: &[],
            idle_after_days: 30,
            report: "users.csv",
        })
    }

    /// Kind, seats and money of every finding.
    fn told(&self) -> Vec<(FindingKind, u32, Option<String>)> {
        let findings = self.inspect().into_iter();
        findings
            .map(|it| {
                (
                    it.kind,
                    it.quantity,
                    it.monthly_cost.map(|it| it.to_string()),
                )
            })
            .collect()
    }

    fn unassigned_on(&mut self, day: &str, unassigned: i64) {
        self.memory.observations.push(PoolObservation {
            at: at(&format!("{day}T01:00:00Z")),
            pool: pool_of("X Series - X2"),
            active: 90,
            stranded: 0,
            stock: Some(PoolStock {
                owned: Some(100),
                unassigned,
                suspended: 0,
                ended: 0,
                removals_until: Timestamp::MIN,
            }),
            places: Vec::new(),
        });
    }
}

#[test]
fn what_a_deactivated_account_holds_is_told_by_its_kind() {
    let mut case = Case::new();
    let licenses = ["X Series - X2", "Additional Local Number", "Cold Storage"];
    case.held.stranded.insert(jane(), holder(&licenses));
    let usd = Some("24.00 USD".to_owned());
    assert_eq!(
        case.told(),
        [
            (FindingKind::StrandedSeat, 1, usd),
            (FindingKind::LeftBehind, 1, None),
            (FindingKind::LeftBehind, 1, None),
        ]
    );
}

#[test]
fn the_next_step_follows_from_what_becomes_of_the_leaver() {
    let waits_until = Some(at("2026-12-27T10:00:00Z"));
    let steps = [
        (None, "do not name a leaver"),
        (
            Some((Disposition::Waiting, Reason::GracePeriod, waits_until)),
            "on 2026-12-27",
        ),
        (
            Some((Disposition::Waiting, Reason::DataGate, None)),
            "voicemail task",
        ),
        (
            Some((Disposition::Waiting, Reason::ManualRemoval, None)),
            "a person has to remove it",
        ),
        (
            Some((Disposition::Planned, Reason::RemovalDue, None)),
            "the next `seatsweep run`",
        ),
        (
            Some((Disposition::AlreadyDone, Reason::NothingLeft, None)),
            "left to people",
        ),
        (
            Some((Disposition::Held, Reason::OnHold, None)),
            "it is held",
        ),
        (
            Some((Disposition::Conflict, Reason::ActiveAgain, None)),
            "seatsweep explain",
        ),
    ];
    for (departure, words) in steps {
        let mut case = Case::new();
        case.held
            .stranded
            .insert(jane(), holder(&["X Series - X2"]));
        if let Some((disposition, reason, next_due)) = departure {
            let departure = Departure {
                disposition,
                reason,
                next_due,
            };
            case.departures.insert(jane(), departure);
        }
        let repair = &case.inspect()[0].repair;
        assert!(repair.contains(words), "{repair}");
    }
}

#[test]
fn a_member_of_groups_without_a_seat_has_no_pool_and_no_cost() {
    let mut case = Case::new();
    let member = Holder {
        groups: vec!["Denver Reception".to_owned(), "Support".to_owned()],
        ..holder(&[])
    };
    case.held.in_groups.insert(jane(), member);
    let findings = case.inspect();
    let [finding] = findings.as_slice() else {
        panic!("{findings:?}");
    };
    assert_eq!(finding.kind, FindingKind::InGroups);
    assert_eq!((finding.quantity, &finding.monthly_cost), (0, &None));
    assert!(finding.what.ends_with("Denver Reception, Support"));
}

#[test]
fn a_stranger_is_no_leaver() {
    let mut case = Case::new();
    case.held
        .strangers
        .insert(jane(), holder(&["X Series - X2"]));
    let usd = Some("24.00 USD".to_owned());
    assert_eq!(case.told(), [(FindingKind::NotInHr, 1, usd)]);
    let departure = Departure {
        disposition: Disposition::NotDue,
        reason: Reason::FutureDate,
        next_due: None,
    };
    case.departures.insert(jane(), departure);
    assert_eq!(case.told(), []);
}

#[test]
fn of_two_seats_to_call_with_only_alike_ones_have_a_cost() {
    let mut case = Case::new();
    let doubled = |other: &str| Doubled {
        account: "jane.doe".to_owned(),
        seats: vec![(3, pool_of("X Series - X2")), (9, pool_of(other))],
    };
    case.held.doubled = vec![doubled("X Series - X2"), doubled("X Series - X4")];
    let findings = case.inspect();
    let costs: Vec<Option<String>> = findings
        .iter()
        .map(|it| it.monthly_cost.as_ref().map(ToString::to_string))
        .collect();
    assert_eq!(costs, [Some("24.00 USD".to_owned()), None]);
    assert_eq!(findings[0].account, "jane.doe");
    assert_eq!(findings[0].source.as_ref().map(|it| it.line), Some(9));
    let both = "X Series - X2 (US) on line 3, X Series - X4 (US) on line 9";
    assert!(findings[1].what.contains(both), "{}", findings[1].what);
}

#[test]
fn seats_are_idle_when_nobody_held_them_all_the_time() {
    let mut case = Case::new();
    case.unassigned_on("2026-11-25", 10);
    assert_eq!(case.told(), [], "25 days are not enough");
    case.unassigned_on("2026-11-19", 10);
    let usd = |amount: &str| Some(format!("{amount} USD"));
    assert_eq!(case.told(), [(FindingKind::Idle, 10, usd("240.00"))]);
    case.unassigned_on("2026-12-01", 4);
    assert_eq!(case.told(), [(FindingKind::Idle, 4, usd("96.00"))]);
    case.contracts = vec![Contract {
        pool: pool_of("X Series - X2"),
        seats: 100,
        unit_price: None,
        term_ends: date(2027, 3, 31),
        notice_days: 30,
        confirm_days: 14,
        renewal_months: 12,
        billing: ContractBilling::Contract,
        spare: 3,
    }];
    assert_eq!(case.told(), [(FindingKind::Idle, 1, usd("24.00"))]);
    case.pools[0].balance.unassigned = 3;
    case.pools[0].balance.owned = Some(93);
    assert_eq!(case.told(), [], "the spare ones are kept on purpose");
    case.pools[0].treatment = Treatment::Subscription;
    case.contracts.clear();
    assert_eq!(case.told(), [], "billed for each user");
}

#[test]
fn a_difference_is_told_with_what_would_explain_it() {
    for (owned, counted, kind, quantity, words) in [
        (102, true, FindingKind::Unexplained, 2, "a lobby"),
        (102, false, FindingKind::Unexplained, 2, "--licenses"),
        (
            97,
            true,
            FindingKind::MoreThanOwned,
            3,
            "count the seats anew",
        ),
    ] {
        let mut case = Case::new();
        case.pools[0].balance.owned = Some(owned);
        case.pools[0].counted = counted;
        assert_eq!(case.told(), [(kind, quantity, None)]);
        let repair = &case.inspect()[0].repair;
        assert!(repair.contains(words), "{repair}");
    }
    let mut case = Case::new();
    case.pools[0].balance.owned = Some(102);
    case.pools.push(inventory("X Series - X2"));
    case.pools[1].pool.country.clear();
    let repair = &case.inspect()[0].repair;
    assert!(repair.contains("country column"), "{repair}");
    let mut case = Case::new();
    case.pools[0].balance.owned = Some(130);
    case.pools[0].treatment = Treatment::Pooled;
    assert_eq!(case.told(), []);
}
