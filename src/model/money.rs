use std::collections::BTreeMap;
use std::fmt;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};

/// An exact amount in one currency. Amounts of different currencies are never
/// added; prices are never built in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    /// The amount, exact to the last digit written.
    pub amount: Decimal,
    /// ISO 4217 code in upper case.
    pub currency: String,
}

/// Why a price could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not an exact decimal of at least zero.
    #[error("{0:?} is not an exact decimal amount such as \"24.00\"")]
    Amount(String),
    /// Not a three-letter code.
    #[error("{0:?} is not a three-letter currency code such as \"USD\"")]
    Currency(String),
}

impl Money {
    /// Parses an exact decimal and a currency code.
    pub fn parse(amount: &str, currency: &str) -> Result<Self, MoneyError> {
        let value = Decimal::from_str_exact(amount.trim())
            .ok()
            .filter(|value| !value.is_sign_negative())
            .ok_or_else(|| MoneyError::Amount(amount.to_owned()))?;
        let code = currency.trim().to_uppercase();
        if code.len() != 3 || !code.bytes().all(|b| b.is_ascii_uppercase()) {
            return Err(MoneyError::Currency(currency.to_owned()));
        }
        Ok(Self {
            amount: value,
            currency: code,
        })
    }

    /// The amount for `count` seats; exact, with as many decimals.
    #[must_use]
    pub fn times(&self, count: u32) -> Self {
        let mut amount = self.amount * Decimal::from(count);
        amount.rescale(self.amount.scale());
        Self {
            amount,
            currency: self.currency.clone(),
        }
    }
}

impl Money {
    /// How many of so many equal parts of `whole` this is, rounded; for bars in
    /// charts, never for sums. `None` for another currency, and of nothing.
    pub fn parts_of(&self, whole: &Self, parts: u32) -> Option<i64> {
        if whole.currency != self.currency {
            return None;
        }
        let share = (self.amount * Decimal::from(parts)).checked_div(whole.amount)?;
        share.round().to_i64()
    }

    /// The sum; `None` for another currency, because it would mean nothing.
    pub fn plus(&self, other: &Self) -> Option<Self> {
        (other.currency == self.currency).then(|| Self {
            amount: self.amount + other.amount,
            currency: self.currency.clone(),
        })
    }
}

/// Amounts added up, currency by currency.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MoneyTotals(BTreeMap<String, Decimal>);

impl MoneyTotals {
    /// Adds an amount to the total of its currency; exact.
    pub fn add(&mut self, money: &Money) {
        *self.0.entry(money.currency.clone()).or_default() += money.amount;
    }

    /// One amount a currency, in the order of their codes.
    pub fn amounts(&self) -> impl Iterator<Item = Money> {
        self.0.iter().map(|(currency, amount)| Money {
            amount: *amount,
            currency: currency.clone(),
        })
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_stay_exact() {
        let price = Money::parse("24.10", "usd").expect("a price");
        assert_eq!(price.times(3).to_string(), "72.30 USD");
        assert_eq!(price.times(0).to_string(), "0.00 USD");
    }

    #[test]
    fn a_part_of_an_amount_is_rounded_and_never_of_another_currency() {
        let money = |amount, currency| Money::parse(amount, currency).expect("money");
        let whole = money("120.00", "USD");
        assert_eq!(money("40.10", "USD").parts_of(&whole, 1000), Some(334));
        assert_eq!(whole.parts_of(&whole, 1000), Some(1000));
        assert_eq!(money("40.10", "GBP").parts_of(&whole, 1000), None);
        assert_eq!(whole.parts_of(&money("0.00", "USD"), 1000), None);
    }

    #[test]
    fn totals_never_mix_currencies() {
        let mut totals = MoneyTotals::default();
        for (amount, currency) in [("0.10", "USD"), ("19.75", "GBP"), ("0.20", "USD")] {
            totals.add(&Money::parse(amount, currency).expect("a price"));
        }
        let shown: Vec<String> = totals.amounts().map(|it| it.to_string()).collect();
        assert_eq!(shown, ["19.75 GBP", "0.30 USD"]);
    }

    #[test]
    fn currencies_are_never_added() {
        let money = |amount, currency| Money::parse(amount, currency).expect("money");
        let sum = money("0.10", "USD").plus(&money("0.20", "USD"));
        assert_eq!(sum, Some(money("0.30", "USD")));
        assert_eq!(sum.and_then(|sum| sum.plus(&money("1", "EUR"))), None);
    }

    #[test]
    fn guesses_are_refused() {
        for (amount, currency) in [("24,10", "USD"), ("-1", "USD"), ("1e3", "USD"), ("1", "US")] {
            assert!(
                Money::parse(amount, currency).is_err(),
                "{amount} {currency}"
            );
        }
    }
}
