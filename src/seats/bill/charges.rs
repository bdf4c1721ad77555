//! Which line of a bill is about seats, and of which pool.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{BillError, Billed, Billing, OtherCharge};
use crate::model::{BillLine, Decimal, LicenseName, Money, MoneyTotals, Pool};

/// The sorts of charges that are no seats of the bill's month, in the order in
/// which they are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChargeKind {
    /// Seats of another month: a correction, a part of a month.
    AnotherMonth,
    /// Parts of seats, as some bills write a part of a month.
    PartOfSeat,
    /// A seat's license, and no line says how many.
    NoQuantity,
    /// A rebate on seats that are billed.
    Discount,
    /// Calls, minutes, messages.
    Usage,
    /// Taxes and what is called so.
    Tax,
    /// What is charged once.
    Fee,
    /// The sum of other lines, or what was paid: it is in no amount.
    Total,
    /// Anything else.
    Unknown,
}

impl ChargeKind {
    /// The word in tables and files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AnotherMonth => "another_month",
            Self::PartOfSeat => "part_of_seat",
            Self::NoQuantity => "no_quantity",
            Self::Discount => "discount",
            Self::Usage => "usage",
            Self::Tax => "tax",
            Self::Fee => "fee",
            Self::Total => "total",
            Self::Unknown => "unknown",
        }
    }

    /// The kind that words stand for, if they stand for one that is no seat.
    fn of(text: &str) -> Option<Self> {
        let words = text.split(|c: char| !c.is_alphanumeric());
        let words: Vec<String> = words
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
            .collect();
        let text = format!(" {} ", words.join(" "));
        let has = |phrase: &&str| text.contains(&format!(" {phrase} "));
        let mut kinds = WORDS.iter();
        let found = kinds.find(|(_, phrases)| phrases.iter().any(has));
        found.map(|(kind, _)| *kind)
    }
}

impl fmt::Display for ChargeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Words of charges that are no seats; earlier ones decide. The headings of the
/// vendor's statement are among them.
const WORDS: [(ChargeKind, &[&str]); 5] = [
    (
        ChargeKind::Total,
        &[
            "total",
            "totals",
            "subtotal",
            "sub total",
            "balance",
            "payment",
            "payments",
            "amount due",
        ],
    ),
    (
        ChargeKind::Discount,
        &["discount", "discounts", "promotion", "promotional", "promo"],
    ),
    (
        ChargeKind::Usage,
        &["usage", "minutes", "overage", "calls", "messages", "sms"],
    ),
    (
        ChargeKind::Tax,
        &[
            "tax",
            "taxes",
            "vat",
            "gst",
            "hst",
            "surcharge",
            "surcharges",
            "regulatory",
            "e911",
            "911",
        ],
    ),
    (
        ChargeKind::Fee,
        &[
            "fee",
            "fees",
            "one time",
            "onetime",
            "non recurring",
            "setup",
            "activation",
            "installation",
            "shipping",
            "freight",
            "hardware",
            "equipment",
            "buyout",
            "buy out",
            "late",
        ],
    ),
];

/// The lines of a bill, each in one place.
pub(super) struct Sorted {
    /// The first day that the bill is for.
    pub date: Date,
    /// What is billed of each pool.
    pub seats: BTreeMap<Pool, Billed>,
    /// Everything else.
    pub others: Vec<OtherCharge>,
}

/// Puts the lines of a bill where they belong.
pub(super) struct Sorter<'a> {
    billing: &'a Billing<'a>,
    known: BTreeSet<&'a Pool>,
    /// The one currency of the contracts.
    currency: Option<&'a str>,
    others: BTreeMap<(ChargeKind, String), OtherCharge>,
}

/// Where one line belongs.
enum Place {
    Seats { pool: Pool, seats: i64 },
    Apart(ChargeKind),
}

impl<'a> Sorter<'a> {
    pub(super) fn new(billing: &'a Billing<'a>) -> Self {
        let contracts = billing.contracts.iter();
        let mut known: BTreeSet<&Pool> = contracts.map(|contract| &contract.pool).collect();
        known.extend(billing.known);
        let prices = billing
            .contracts
            .iter()
            .filter_map(|it| it.unit_price.as_ref());
        let mut currencies = prices.map(|price| price.currency.as_str());
        let first = currencies.next();
        Self {
            billing,
            known,
            currency: first.filter(|first| currencies.all(|other| other == *first)),
            others: BTreeMap::new(),
        }
    }

    pub(super) fn sort(mut self) -> Result<Sorted, BillError> {
        let mut of_seats = Vec::new();
        for line in self.billing.lines {
            match self.place(line)? {
                Place::Seats { pool, seats } => of_seats.push((line, pool, seats)),
                Place::Apart(kind) => self.put_apart(kind, line)?,
            }
        }
        let days = of_seats.iter().filter_map(|(line, ..)| line.begins);
        let date = self.billing.date.or_else(|| first_day(days));
        let Some(date) = date else {
            return Err(BillError::NoDate {
                file: self.billing.file.to_owned(),
            });
        };
        let mut seats: BTreeMap<Pool, Billed> = BTreeMap::new();
        for (line, pool, count) in of_seats {
            if line.begins.is_some_and(|day| month(day) != month(date)) {
                self.put_apart(ChargeKind::AnotherMonth, line)?;
                continue;
            }
            let amount = self.money(line)?;
            let billed = seats.entry(pool).or_default();
            billed.seats += count;
            match amount {
                Some(amount) => billed.amount.add(&amount),
                None => billed.without_amount += 1,
            }
        }
        Ok(Sorted {
            date,
            seats,
            others: self.others.into_values().collect(),
        })
    }

    fn place(&self, line: &BillLine) -> Result<Place, BillError> {
        if let Some(kind) = ChargeKind::of(&line.charge_type) {
            return Ok(Place::Apart(kind));
        }
        let Some(name) = &line.name else {
            return Ok(Place::Apart(ChargeKind::Unknown));
        };
        let pool = match self.known_pool(name, line)? {
            Some(pool) => pool,
            None => match ChargeKind::of(&name.display) {
                Some(kind) => return Ok(Place::Apart(kind)),
                None if name.is_called_like_a_license() => name.pool(),
                None => return Ok(Place::Apart(ChargeKind::Unknown)),
            },
        };
        let Some(quantity) = line.quantity else {
            return Ok(Place::Apart(ChargeKind::NoQuantity));
        };
        let is_whole = quantity.fract().is_zero();
        let Some(seats) = i64::try_from(quantity).ok().filter(|_| is_whole) else {
            return Ok(Place::Apart(ChargeKind::PartOfSeat));
        };
        // Some bills credit seats with an amount below zero alone.
        let is_credit = line.amount.is_some_and(|amount| amount < Decimal::ZERO);
        Ok(Place::Seats {
            pool,
            seats: if is_credit { -seats.abs() } else { seats },
        })
    }

    /// The pool of ours that a line means.
    fn known_pool(&self, name: &LicenseName, line: &BillLine) -> Result<Option<Pool>, BillError> {
        let named = self.known.iter().copied();
        let mut pools: Vec<&Pool> = named
            .filter(|pool| pool.license.eq_ignore_ascii_case(&name.display))
            .filter(|pool| {
                name.country.is_empty() || pool.country.is_empty() || pool.country == name.country
            })
            .collect();
        // A country that is said on both sides is the better match.
        if pools.iter().any(|pool| pool.country == name.country) && !name.country.is_empty() {
            pools.retain(|pool| pool.country == name.country);
        }
        match pools.as_slice() {
            [] => Ok(None),
            [pool] => Ok(Some((*pool).clone())),
            several => {
                let countries: Vec<&str> = several
                    .iter()
                    .map(|pool| match pool.country.as_str() {
                        "" => "no country",
                        country => country,
                    })
                    .collect();
                Err(BillError::WhichCountry {
                    file: line.source.file.to_string(),
                    line: line.source.line,
                    license: name.display.clone(),
                    countries: countries.join(", "),
                })
            }
        }
    }

    fn put_apart(&mut self, kind: ChargeKind, line: &BillLine) -> Result<(), BillError> {
        let amount = self.money(line)?;
        let name = match (&line.name, kind) {
            (None, _) => line.charge_type.clone(),
            (
                Some(name),
                ChargeKind::AnotherMonth | ChargeKind::PartOfSeat | ChargeKind::NoQuantity,
            ) => name.pool().to_string(),
            (
                Some(name),
                ChargeKind::Discount
                | ChargeKind::Usage
                | ChargeKind::Tax
                | ChargeKind::Fee
                | ChargeKind::Total
                | ChargeKind::Unknown,
            ) => name.display.clone(),
        };
        let charge = self.others.entry((kind, name.clone()));
        let charge = charge.or_insert_with(|| OtherCharge {
            kind,
            name,
            lines: 0,
            amounts: MoneyTotals::default(),
        });
        charge.lines += 1;
        if let Some(amount) = amount {
            charge.amounts.add(&amount);
        }
        Ok(())
    }

    /// The line's amount in its currency, which is the contracts' where the
    /// line does not say it.
    fn money(&self, line: &BillLine) -> Result<Option<Money>, BillError> {
        let Some(amount) = line.amount else {
            return Ok(None);
        };
        let currency = match line.currency.as_str() {
            "" => self.currency,
            "$" => self.currency.filter(|it| DOLLARS.contains(it)),
            said => Some(said),
        };
        match currency {
            Some(currency) => Ok(Some(Money {
                amount,
                currency: currency.to_owned(),
            })),
            None => Err(BillError::WhichCurrency {
                file: line.source.file.to_string(),
                line: line.source.line,
            }),
        }
    }
}

/// Currencies that are written with a dollar sign.
const DOLLARS: [&str; 6] = ["USD", "CAD", "AUD", "NZD", "SGD", "HKD"];

/// The first day, of those named, of the latest month that any is of.
fn first_day(days: impl Iterator<Item = Date> + Clone) -> Option<Date> {
    let latest = days.clone().max()?;
    days.filter(|day| month(*day) == month(latest)).min()
}

fn month(day: Date) -> (i16, i8) {
    (day.year(), day.month())
}
