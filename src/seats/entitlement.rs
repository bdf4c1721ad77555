use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::PoolFigures;
use crate::model::{NumberCounts, Pool};

/// Whether the X Series seats that remain in a country still entitle to all
/// its numbers: each of them includes one. Other licences entitle too, and
/// toll-free numbers have licences of their own, so only "covered" is certain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entitlement {
    /// The country.
    pub country: String,
    /// The most numbers that can be of it.
    pub numbers_at_most: u32,
    /// X Series seats that surely remain when everything asked for is gone.
    pub seats_left: u32,
}

impl Entitlement {
    /// The check of every country whose X Series seats are to be cancelled.
    /// `asked` are pools with the seats that are, or may come to be, asked for.
    pub fn of_countries(
        numbers: &NumberCounts,
        figures: &[PoolFigures],
        asked: &[(Pool, u32)],
    ) -> Vec<Self> {
        let countries: BTreeSet<&str> = asked
            .iter()
            .filter(|(pool, seats)| *seats > 0 && includes_a_number(pool))
            .map(|(pool, _)| pool.country.as_str())
            .collect();
        countries
            .into_iter()
            .map(|country| {
                let here = |pool: &Pool| pool.country == country && includes_a_number(pool);
                let owned: u32 = figures
                    .iter()
                    .filter(|figures| here(&figures.pool))
                    .map(|figures| figures.owned.unwrap_or(figures.active + figures.stranded))
                    .sum();
                let gone: u32 = asked
                    .iter()
                    .filter(|(pool, _)| here(pool))
                    .map(|(_, seats)| seats)
                    .sum();
                Self {
                    country: country.to_owned(),
                    numbers_at_most: numbers.at_most(country),
                    seats_left: owned.saturating_sub(gone),
                }
            })
            .collect()
    }

    /// Whether the numbers surely fit.
    pub fn is_covered(&self) -> bool {
        self.numbers_at_most <= self.seats_left
    }

    /// Whether it is about the seats of this pool.
    pub fn is_about(&self, pool: &Pool) -> bool {
        self.country == pool.country && includes_a_number(pool)
    }
}

impl fmt::Display for Entitlement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.is_covered() {
            "covered"
        } else {
            "unknown"
        };
        let Self {
            country,
            numbers_at_most,
            seats_left,
        } = self;
        write!(
            formatter,
            "{word} ({numbers_at_most} numbers that may be of {country}, {seats_left} X Series seats left)"
        )
    }
}

fn includes_a_number(pool: &Pool) -> bool {
    pool.license.to_lowercase().starts_with("x series")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(license: &str, country: &str) -> Pool {
        Pool {
            license: license.to_owned(),
            country: country.to_owned(),
        }
    }

    fn owned(license: &str, country: &str, owned: u32) -> PoolFigures {
        PoolFigures {
            pool: pool(license, country),
            owned: Some(owned),
            unassigned: None,
            suspended: 0,
            active: 0,
            stranded: 0,
            freed: 0,
            newly_assigned: 0,
            reserved: 0,
            joiners: 0,
            free_by_ledger: 0,
            free_by_count: None,
        }
    }

    #[test]
    fn only_what_surely_fits_is_covered() {
        let mut numbers = NumberCounts::default();
        for number in ["+15550100001", "+15550100002", "+15550100003"] {
            numbers.count(number);
        }
        let figures = [
            owned("X Series - X2", "US", 4),
            owned("X Series - X4", "US", 1),
            owned("Fax", "US", 50),
        ];
        let check = |seats: u32| {
            let asked = [(pool("X Series - X2", "US"), seats), (pool("Fax", "US"), 9)];
            Entitlement::of_countries(&numbers, &figures, &asked)
        };
        assert!(check(2)[0].is_covered());
        assert!(!check(3)[0].is_covered());
        assert_eq!(
            check(3)[0].to_string(),
            "unknown (3 numbers that may be of US, 2 X Series seats left)"
        );
        assert_eq!(check(0), [], "nothing is asked for");
    }
}
