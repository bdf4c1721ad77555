use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;
use crate::model::{
    AccountKey, AccountMemory, AccountStatus, LicenseName, Place, PlaceObservation,
};
use crate::seats::{CountDate, Held, Ledgered, OwnedSeats, PlaceMovements, PoolCount, figures};

fn pool(country: &str) -> Pool {
    Pool {
        license: "X Series - X2".to_owned(),
        country: country.to_owned(),
    }
}

fn contract(pool: &Pool, price: &str) -> Contract {
    Contract {
        pool: pool.clone(),
        seats: 50,
        unit_price: Some(Money::parse(price, "USD").expect("a price")),
        term_ends: date(2027, 3, 31),
        notice_days: 30,
        confirm_days: 14,
        renewal_months: 12,
        billing: ContractBilling::Contract,
        spare: 0,
    }
}

fn request(pool: &Pool, id: &str, quantity: u32, state: RequestState) -> OpenRequest {
    OpenRequest {
        id: id.to_owned(),
        pool: pool.clone(),
        term_ends: date(2027, 3, 31),
        quantity,
        state,
        effective_on: None,
        drafted_at: Timestamp::MIN,
        verified_at: None,
    }
}

mod requests;

/// What really happens at a tenant, and what its files say of it.
struct Tenant {
    pools: Vec<TruePool>,
    memory: Memory,
    /// Day and counts of the licences file.
    counted: (Date, Vec<OwnedSeats>),
    /// Where accounts are of which seats were removed.
    freed: BTreeMap<AccountKey, Place>,
}

/// One pool as it really is.
struct TruePool {
    pool: Pool,
    places: [TruePlace; 3],
    unassigned: u32,
    suspended: u32,
    /// Seats that the licences file has and nobody can find.
    hidden: u32,
    /// Since the seats were counted: assigned, and taken by hand from accounts.
    assigned: i64,
    released: i64,
    ended_tonight: u32,
}

/// Seats of a pool at one place, and what happened since the last night.
#[derive(Debug, Clone, Copy, Default)]
struct TruePlace {
    active: u32,
    stranded: u32,
    /// People who came with their seats less those who went are in it.
    assigned: i64,
    freed: u32,
}

impl TruePool {
    fn owned(&self) -> u32 {
        let counts = self.count();
        counts.on_accounts() + self.unassigned + self.suspended + self.hidden
    }

    fn count(&self) -> PoolCount {
        PoolCount {
            active: self.places.iter().map(|place| place.active).sum(),
            stranded: self.places.iter().map(|place| place.stranded).sum(),
        }
    }

    /// What nobody can explain: what is hidden, and what was released by hand
    /// and that no count has shown again.
    fn unaccounted(&self, hidden_in_file: u32) -> i64 {
        i64::from(hidden_in_file) + (self.released - self.assigned).max(0)
    }
}

/// What happens on an afternoon, to at most so many seats.
#[derive(Debug, Clone, Copy)]
enum Happening {
    /// People go to another place, with their seats.
    Moved(u32),
    /// Deactivated accounts do, in the same way.
    MovedStranded(u32),
    Assigned(u32),
    Deactivated(u32),
    Reactivated(u32),
    /// One account gives its seat to another.
    Reassigned,
    Bought(u32),
    Suspended(u32),
    /// A request takes effect on the next day.
    Ended(u32),
    /// Somebody removes licences in the Admin Console, and tells nobody.
    Released(u32),
    /// The vendor's page counts seats that are nowhere.
    Hidden(u32),
}

/// Positions of the pool, of the place, and of another or the same place.
type Where = (usize, usize, usize);

/// One day: seats removed at night in each pool and place, whether the plan is made again from the
/// same report, whether seats are counted in the morning, and the afternoon.
#[derive(Debug, Clone)]
struct Day {
    removed: [[u32; 3]; 2],
    planned_again: bool,
    counted: bool,
    happenings: Vec<(Where, Happening)>,
}

fn consistent() -> impl Strategy<Value = Happening> {
    prop_oneof![
        (1..4_u32).prop_map(Happening::Moved),
        (1..3_u32).prop_map(Happening::MovedStranded),
        (1..4_u32).prop_map(Happening::Assigned),
        (1..5_u32).prop_map(Happening::Deactivated),
        (1..3_u32).prop_map(Happening::Reactivated),
        Just(Happening::Reassigned),
        (1..6_u32).prop_map(Happening::Bought),
        (1..3_u32).prop_map(Happening::Suspended),
        (1..4_u32).prop_map(Happening::Ended),
    ]
}

fn inconsistent() -> impl Strategy<Value = Happening> {
    prop_oneof![
        3 => consistent(),
        1 => (1..4_u32).prop_map(Happening::Released),
        1 => (1..4_u32).prop_map(Happening::Hidden),
    ]
}

fn days(happening: impl Strategy<Value = Happening>) -> impl Strategy<Value = Vec<Day>> {
    let day = (
        [[0..3_u32, 0..2, 0..2], [0..2, 0..2, 0..2]],
        any::<bool>(),
        prop::bool::weighted(0.3),
        prop::collection::vec(((0..2_usize, 0..3_usize, 0..3_usize), happening), 0..7),
    );
    let day = day.prop_map(|(removed, planned_again, counted, happenings)| Day {
        removed,
        planned_again,
        counted,
        happenings,
    });
    prop::collection::vec(day, 1..9)
}

impl Tenant {
    fn new() -> Self {
        let pools = ["US", "GB"].map(|country| TruePool {
            pool: pool(country),
            places: [(12, 2), (8, 1), (0, 0)].map(|(active, stranded)| TruePlace {
                active,
                stranded,
                ..TruePlace::default()
            }),
            unassigned: 5,
            suspended: 1,
            hidden: 0,
            assigned: 0,
            released: 0,
            ended_tonight: 0,
        });
        let mut tenant = Self {
            pools: pools.into(),
            memory: Memory::default(),
            counted: (first_day(), Vec::new()),
            freed: BTreeMap::new(),
        };
        tenant.count(first_day());
        tenant
    }

    fn count(&mut self, day: Date) {
        let counts = self.pools.iter_mut().map(|pool| {
            (pool.assigned, pool.released) = (0, 0);
            OwnedSeats {
                pool: pool.pool.clone(),
                owned: pool.owned(),
                unassigned: Some(pool.unassigned),
                suspended: Some(pool.suspended),
            }
        });
        self.counted = (day, counts.collect());
    }

    fn on_accounts(&self) -> BTreeMap<Pool, PoolCount> {
        let pools = self.pools.iter();
        pools
            .map(|pool| (pool.pool.clone(), pool.count()))
            .collect()
    }

    fn inventory(&self, users_at: Timestamp, contracts: &[Contract]) -> Vec<PoolInventory> {
        let held = Held {
            freed: self.freed.clone(),
            ..Held::default()
        };
        let tonight: Vec<PoolObservation> = self
            .pools
            .iter()
            .map(|pool| PoolObservation {
                at: users_at,
                pool: pool.pool.clone(),
                active: pool.count().active,
                stranded: pool.count().stranded,
                stock: None,
                places: observed_places(pool),
            })
            .collect();
        take_stock(&Stocktaking {
            figures: &self.figures(contracts),
            contracts,
            memory: &self.memory,
            counted: Some(self.counted.0),
            users_at,
            tonight: &tonight,
            held: &held,
            leaving: &BTreeMap::new(),
        })
    }

    fn figures(&self, contracts: &[Contract]) -> Vec<PoolFigures> {
        let (day, owned) = &self.counted;
        let counted = Some(CountDate {
            start: at(*day, 0, 0),
            end: at(day.tomorrow().expect("a day"), 0, 0),
        });
        let ledgered = Ledgered {
            memory: &self.memory,
            vanished: &[],
            counted,
        };
        figures(&self.on_accounts(), owned, contracts, &ledgered)
    }

    /// What an accepted plan remembers.
    fn observe(&mut self, users_at: Timestamp, inventory: &[PoolInventory]) {
        let observations = inventory.iter().map(|pool| PoolObservation {
            at: users_at,
            pool: pool.pool.clone(),
            active: pool.balance.active,
            stranded: pool.balance.stranded,
            stock: Some(pool.balance.stock(&pool.pool, &self.memory)),
            places: self.places_of(&pool.pool),
        });
        let observations: Vec<PoolObservation> = observations.collect();
        let known = &mut self.memory.observations;
        known.retain(|observation| observation.at != users_at);
        known.extend(observations);
        for pool in &mut self.pools {
            pool.ended_tonight = 0;
            for place in &mut pool.places {
                (place.freed, place.assigned) = (0, 0);
            }
        }
    }

    fn places_of(&self, pool: &Pool) -> Vec<PlaceObservation> {
        let pool = self.pools.iter().find(|it| it.pool == *pool);
        observed_places(pool.expect("the pool"))
    }

    fn remove(&mut self, position: usize, site: usize, most: u32, at: Timestamp) {
        let pool = &mut self.pools[position];
        let place = &mut pool.places[site];
        let count = most.min(place.stranded);
        place.stranded -= count;
        place.freed += count;
        pool.unassigned += count;
        for ordinal in 0..count {
            let name = format!("id:{}-{at}-{site}-{ordinal}", pool.pool.country);
            let key = AccountKey::stored(name);
            self.freed.insert(key.clone(), place_of(site));
            let license = LicenseName::parse(&pool.pool.license, Some(&pool.pool.country));
            let removed = vec![(license.expect("a name"), at)];
            let account = AccountMemory {
                status: AccountStatus::Inactive,
                status_at: at,
                removed,
            };
            self.memory.accounts.insert(key, account);
        }
    }

    fn happens(&mut self, day: Date, (position, site, other): Where, happening: Happening) {
        let requests = self.memory.requests.len();
        let pool = &mut self.pools[position];
        let place = &mut pool.places[site];
        match happening {
            Happening::Moved(most) => {
                let count = most.min(place.active);
                place.active -= count;
                place.assigned -= i64::from(count);
                pool.places[other].active += count;
                pool.places[other].assigned += i64::from(count);
            }
            Happening::MovedStranded(most) => {
                let count = most.min(place.stranded);
                place.stranded -= count;
                place.assigned -= i64::from(count);
                pool.places[other].stranded += count;
                pool.places[other].assigned += i64::from(count);
            }
            Happening::Assigned(most) => {
                let count = most.min(pool.unassigned);
                pool.unassigned -= count;
                place.active += count;
                place.assigned += i64::from(count);
                pool.assigned += i64::from(count);
            }
            Happening::Deactivated(most) => {
                let count = most.min(place.active);
                place.active -= count;
                place.stranded += count;
            }
            Happening::Reactivated(most) => {
                let count = most.min(place.stranded);
                place.stranded -= count;
                place.active += count;
            }
            Happening::Reassigned => {
                if place.stranded > 0 {
                    place.stranded -= 1;
                    place.assigned -= 1;
                    pool.places[other].active += 1;
                    pool.places[other].assigned += 1;
                }
            }
            Happening::Bought(count) => pool.unassigned += count,
            Happening::Suspended(most) => {
                let count = most.min(pool.unassigned);
                pool.unassigned -= count;
                pool.suspended += count;
            }
            Happening::Ended(most) => {
                let count = most.min(pool.unassigned);
                pool.unassigned -= count;
                pool.ended_tonight += count;
                let id = format!("cancel-{requests}");
                self.memory.requests.push(OpenRequest {
                    effective_on: Some(day.tomorrow().expect("a day")),
                    ..request(&pool.pool, &id, count, RequestState::Effective)
                });
            }
            Happening::Released(most) => {
                let count = most.min(place.active);
                place.active -= count;
                place.assigned -= i64::from(count);
                pool.unassigned += count;
                pool.released += i64::from(count);
            }
            Happening::Hidden(count) => pool.hidden += count,
        }
    }
}

fn place_of(site: usize) -> Place {
    Place {
        site: ["Denver", "Leeds", ""][site].to_owned(),
        cost_center: if site == 0 { "4711" } else { "" }.to_owned(),
    }
}

/// What a tally would say; of places without seats it says nothing.
fn observed_places(pool: &TruePool) -> Vec<PlaceObservation> {
    let places = pool.places.iter().enumerate();
    places
        .filter(|(_, place)| place.active + place.stranded > 0)
        .map(|(site, place)| PlaceObservation {
            place: place_of(site),
            active: place.active,
            stranded: place.stranded,
        })
        .collect()
}

fn first_day() -> Date {
    date(2026, 11, 20)
}

fn at(day: Date, hour: i8, minute: i8) -> Timestamp {
    let moment = day.at(hour, minute, 0, 0).to_zoned(TimeZone::UTC);
    moment.expect("an instant").timestamp()
}

/// Plays the days and holds every night's inventory to what really happened.
fn play(days: &[Day], cents: u32) -> Result<(), TestCaseError> {
    let mut tenant = Tenant::new();
    let price = format!("{}.{:02}", cents / 100, cents % 100);
    let contracts = [pool("US"), pool("GB")].map(|pool| contract(&pool, &price));
    let mut day = first_day();
    // What the file in force counts, and what it cannot explain.
    let mut hidden_in_file = [0; 2];
    let mut before: Option<Vec<PoolInventory>> = None;
    for this in days {
        day = day.tomorrow().expect("a day");
        let users_at = at(day, 1, 0);
        let inventory = tenant.inventory(users_at, &contracts);
        for pool in &inventory {
            let truth = tenant.pools.iter().position(|it| it.pool == pool.pool);
            let position = truth.expect("the pool");
            let truth = &tenant.pools[position];
            prop_assert_eq!(
                pool.difference(),
                Some(truth.unaccounted(hidden_in_file[position])),
                "{} on {}",
                pool.pool,
                day
            );
            check_movements(pool, truth, before.as_deref())?;
            check_places(pool, truth)?;
            let unused = u64::from(pool.unused().expect("a number"));
            let total = unused * u64::from(cents);
            let cost = pool.monthly_cost().expect("a price").amount.to_string();
            prop_assert_eq!(cost, format!("{}.{:02}", total / 100, total % 100));
        }
        tenant.observe(users_at, &inventory);
        before = Some(inventory);
        for (position, removed) in this.removed.into_iter().enumerate() {
            for (site, removed) in removed.into_iter().enumerate() {
                tenant.remove(position, site, removed, at(day, 2, 5));
            }
        }
        if this.planned_again {
            let again = tenant.inventory(users_at, &contracts);
            for (now, then) in again.iter().zip(before.iter().flatten()) {
                prop_assert_eq!(now.difference(), then.difference());
            }
            tenant.observe(users_at, &again);
            before = Some(again);
        }
        if this.counted {
            tenant.count(day);
            hidden_in_file = [0, 1].map(|position: usize| tenant.pools[position].hidden);
        }
        for (location, happening) in &this.happenings {
            tenant.happens(day, *location, *happening);
        }
    }
    Ok(())
}

fn check_movements(
    pool: &PoolInventory,
    truth: &TruePool,
    before: Option<&[PoolInventory]>,
) -> Result<(), TestCaseError> {
    let Some(before) = before else {
        prop_assert_eq!(&pool.movements, &None);
        return Ok(());
    };
    let before = before.iter().find(|it| it.pool == pool.pool);
    let moved = pool.movements.as_ref().expect("movements");
    prop_assert_eq!(moved.opening, before.expect("the pool").balance);
    let freed: u32 = truth.places.iter().map(|place| place.freed).sum();
    let assigned: i64 = truth.places.iter().map(|place| place.assigned).sum();
    prop_assert_eq!(moved.freed, freed);
    prop_assert_eq!(moved.assigned, assigned);
    prop_assert_eq!(moved.ended, truth.ended_tonight);
    let (opening, closing) = (moved.opening, pool.balance);
    prop_assert_eq!(
        i64::from(opening.on_accounts()) - i64::from(moved.freed) + moved.assigned,
        i64::from(closing.on_accounts())
    );
    let owned = |balance: &Balance| i64::from(balance.owned.expect("a number"));
    prop_assert_eq!(
        owned(&opening) + moved.bought.expect("a number") - i64::from(moved.ended),
        owned(&closing)
    );
    let grown = closing.difference().zip(opening.difference());
    prop_assert_eq!(moved.unexplained, grown.map(|(now, then)| now - then));
    Ok(())
}

/// Places are what they really are, and add up to the pool, tonight, on the
/// night before, and in what happened between.
fn check_places(pool: &PoolInventory, truth: &TruePool) -> Result<(), TestCaseError> {
    let mut sums = PlaceMovements::default();
    let (mut active, mut stranded) = (0, 0);
    for (site, truth) in truth.places.iter().enumerate() {
        let found = pool.places.iter().find(|it| it.place == place_of(site));
        let Some(found) = found else {
            let quiet = (truth.active, truth.stranded, truth.assigned, truth.freed);
            prop_assert_eq!(quiet, (0, 0, 0, 0), "{} is left out", site);
            continue;
        };
        prop_assert_eq!(
            (found.active, found.stranded),
            (truth.active, truth.stranded)
        );
        active += found.active;
        stranded += found.stranded;
        prop_assert_eq!(found.movements.is_some(), pool.movements.is_some());
        let Some(moved) = found.movements else {
            continue;
        };
        prop_assert_eq!((moved.freed, moved.assigned), (truth.freed, truth.assigned));
        let opening = i64::from(moved.opening_active) + i64::from(moved.opening_stranded);
        prop_assert_eq!(
            opening - i64::from(moved.freed) + moved.assigned,
            i64::from(found.active) + i64::from(found.stranded)
        );
        sums.opening_active += moved.opening_active;
        sums.opening_stranded += moved.opening_stranded;
        sums.freed += moved.freed;
        sums.assigned += moved.assigned;
    }
    prop_assert_eq!(
        (active, stranded),
        (pool.balance.active, pool.balance.stranded)
    );
    if let Some(moved) = &pool.movements {
        let of_pool = PlaceMovements {
            opening_active: moved.opening.active,
            opening_stranded: moved.opening.stranded,
            freed: moved.freed,
            assigned: moved.assigned,
        };
        prop_assert_eq!(sums, of_pool);
    }
    Ok(())
}

proptest! {
    #[test]
    fn consistent_histories_balance_every_night(
        days in days(consistent()), cents in 1..20_000_u32
    ) {
        play(&days, cents)?;
    }

    #[test]
    fn the_difference_is_exactly_what_is_missing(
        days in days(inconsistent()), cents in 1..20_000_u32
    ) {
        play(&days, cents)?;
    }
}

/// Figures of one pool, with 100 seats owned and 90 in use.
fn some_figures(license: &str) -> PoolFigures {
    PoolFigures {
        pool: Pool {
            license: license.to_owned(),
            country: "US".to_owned(),
        },
        owned: Some(100),
        unassigned: Some(4),
        suspended: 1,
        active: 90,
        stranded: 3,
        freed: 0,
        newly_assigned: 0,
        reserved: 0,
        joiners: 0,
        free_by_ledger: 4,
        free_by_count: Some(6),
    }
}

fn stock_of(figures: &PoolFigures, contracts: &[Contract], memory: &Memory) -> PoolInventory {
    let stock = take_stock(&Stocktaking {
        figures: std::slice::from_ref(figures),
        contracts,
        memory,
        counted: Some(first_day()),
        users_at: at(first_day(), 1, 0),
        tonight: &[],
        held: &Held::default(),
        leaving: &BTreeMap::new(),
    });
    stock.into_iter().next().expect("a pool")
}

#[test]
fn a_seat_more_than_accounted_for_is_shown_and_not_smoothed() {
    let stock = stock_of(&some_figures("X Series - X2"), &[], &Memory::default());
    // 100 owned, 93 on accounts, 4 unassigned, 1 suspended.
    assert_eq!(stock.difference(), Some(2));
    assert_eq!(stock.unused(), Some(7));
    assert_eq!(stock.monthly_cost(), None, "empty, never 0");
    assert_eq!(stock.treatment, Treatment::NoContract);
}

#[test]
fn pooled_and_subscription_seats_are_kept_apart() {
    let center = stock_of(
        &some_figures("X Series - X8"),
        &[contract(&some_figures("X Series - X8").pool, "118.00")],
        &Memory::default(),
    );
    assert_eq!(center.treatment, Treatment::Pooled);
    assert_eq!(
        (center.unused(), center.monthly_cost(), center.difference()),
        (None, None, None)
    );

    let figures = some_figures("X Series - X2");
    let mut billed_daily = contract(&figures.pool, "24.00");
    billed_daily.billing = ContractBilling::Subscription;
    let stock = stock_of(&figures, &[billed_daily.clone()], &Memory::default());
    assert_eq!(stock.treatment, Treatment::Subscription);
    assert_eq!(stock.unused(), Some(3), "unassigned seats are not billed");
    let both = [billed_daily, contract(&figures.pool, "24.00")];
    let stock = stock_of(&figures, &both, &Memory::default());
    assert_eq!(stock.treatment, Treatment::Contract);
}

#[test]
fn two_prices_of_one_pool_are_no_price() {
    let figures = some_figures("X Series - X2");
    let contracts = ["24.00", "30.00"].map(|price| contract(&figures.pool, price));
    let stock = stock_of(&figures, &contracts, &Memory::default());
    assert_eq!((stock.monthly_cost(), stock.unused()), (None, Some(7)));
    let contracts = ["24.00", "24.00"].map(|price| contract(&figures.pool, price));
    let stock = stock_of(&figures, &contracts, &Memory::default());
    assert_eq!(
        stock.yearly_cost().map(|it| it.to_string()).as_deref(),
        Some("2016.00 USD")
    );
}

#[test]
fn requests_are_told_by_how_far_they_have_come() {
    let figures = some_figures("X Series - X2");
    let mut memory = Memory::default();
    for (position, state) in [
        RequestState::Drafted,
        RequestState::Submitted,
        RequestState::Confirmed,
        RequestState::Effective,
    ]
    .into_iter()
    .enumerate()
    {
        let seats = u32::try_from(position).expect("a small number") + 1;
        let id = format!("cancel-{seats}");
        memory
            .requests
            .push(request(&figures.pool, &id, seats, state));
    }
    let stock = stock_of(&figures, &[], &memory);
    let requested = Requested {
        drafted: 1,
        submitted: 2,
        confirmed: 3,
    };
    assert_eq!(stock.requested, requested);
    // What took effect at an unknown day is gone from owned and from unassigned.
    assert_eq!(
        (stock.balance.owned, stock.balance.unassigned),
        (Some(96), 0)
    );
    assert_eq!(stock.difference(), Some(2));
}

#[test]
fn without_counts_nothing_is_below_zero() {
    let mut figures = some_figures("X Series - X2");
    (figures.unassigned, figures.free_by_ledger) = (None, -3);
    let stock = stock_of(&figures, &[], &Memory::default());
    assert_eq!((stock.balance.unassigned, stock.counted), (0, false));
    assert_eq!(stock.difference(), Some(6));
}

// The same report may be read again, and a later one was made after tonight's.
#[test]
fn a_night_does_not_open_with_itself() {
    let figures = some_figures("X Series - X2");
    let mut memory = Memory::default();
    let tonight = at(first_day(), 1, 0);
    for night in [tonight, at(date(2026, 11, 22), 1, 0)] {
        memory.observations.push(PoolObservation {
            at: night,
            pool: figures.pool.clone(),
            active: 90,
            stranded: 3,
            stock: Some(Balance::default().stock(&figures.pool, &memory)),
            places: Vec::new(),
        });
    }
    assert_eq!(stock_of(&figures, &[], &memory).movements, None);
}

// Else everybody would seem to have come on the first night after an update.
#[test]
fn a_night_that_kept_no_places_opens_none() {
    let figures = some_figures("X Series - X2");
    let mut memory = Memory::default();
    let night = |day: i8, places| PoolObservation {
        at: at(date(2026, 11, day), 1, 0),
        pool: figures.pool.clone(),
        active: 90,
        stranded: 3,
        stock: Some(Balance::default().stock(&figures.pool, &Memory::default())),
        places,
    };
    let tonight = vec![PlaceObservation {
        place: place_of(0),
        active: 90,
        stranded: 3,
    }];
    memory.observations.push(night(18, Vec::new()));
    let stock = take_stock(&Stocktaking {
        figures: std::slice::from_ref(&figures),
        contracts: &[],
        memory: &memory,
        counted: Some(first_day()),
        users_at: at(first_day(), 1, 0),
        tonight: &[night(20, tonight)],
        held: &Held::default(),
        leaving: &BTreeMap::new(),
    });
    assert!(stock[0].movements.is_some(), "of the pool all is known");
    let [place] = stock[0].places.as_slice() else {
        panic!("{:?}", stock[0].places);
    };
    assert_eq!((place.active, place.movements), (90, None));
}

#[test]
fn an_observation_of_an_older_version_opens_nothing() {
    let figures = some_figures("X Series - X2");
    let mut memory = Memory::default();
    memory.observations.push(PoolObservation {
        at: at(date(2026, 11, 1), 1, 0),
        pool: figures.pool.clone(),
        active: 90,
        stranded: 3,
        stock: None,
        places: Vec::new(),
    });
    assert_eq!(stock_of(&figures, &[], &memory).movements, None);
}
