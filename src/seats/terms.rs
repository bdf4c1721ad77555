use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{calendar_of, submit_by};
use crate::model::{Contract, Money, OpenRequest, RequestState};

/// What a request's calendar and price are on one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// End of the first term for which it is not too late.
    pub term_ends: Date,
    /// The last day on which the vendor has to have confirmed it.
    pub notice_by: Date,
    /// The last day on which it should be handed in.
    pub submit_by: Date,
    /// The earliest day on which it can take effect: notice given, or the
    /// term's end.
    pub earliest_effective: Date,
    /// The end of the term that begins if it is missed.
    pub renews_until: Date,
    /// Days until `submit_by`; below zero when it has passed.
    pub days_left: i32,
    /// What the seats cost for the whole renewal if it is missed, where the
    /// price is known.
    pub cost_of_missing: Option<Money>,
}

impl Terms {
    /// The terms of a request for so many seats under this contract.
    pub fn of(contract: &Contract, quantity: u32, today: Date) -> Self {
        let (term_ends, _) = calendar_of(contract, today);
        Self::in_term(contract, quantity, term_ends, today)
    }

    /// The terms of a request that was drafted for this contract. A draft is
    /// for the first term that is still open; what the vendor has stays in the
    /// term for which it was handed in, although its last day passes.
    pub fn of_request(contract: &Contract, request: &OpenRequest, today: Date) -> Self {
        match request.state {
            RequestState::Drafted => Self::of(contract, request.quantity, today),
            RequestState::Submitted
            | RequestState::Confirmed
            | RequestState::Effective
            | RequestState::Verified
            | RequestState::Lapsed
            | RequestState::Withdrawn => {
                Self::in_term(contract, request.quantity, request.term_ends, today)
            }
        }
    }

    fn in_term(contract: &Contract, quantity: u32, term_ends: Date, today: Date) -> Self {
        let submit_by = submit_by(contract, term_ends);
        let notice = i64::from(contract.notice_days).days();
        let earliest = today.checked_add(notice).unwrap_or(term_ends);
        let months = contract.renewal_months.max(1);
        let price = contract.unit_price.as_ref();
        Self {
            term_ends,
            notice_by: notice_by(contract, term_ends),
            submit_by,
            earliest_effective: earliest.max(term_ends),
            renews_until: renewal_after(contract, term_ends),
            days_left: days_between(today, submit_by),
            cost_of_missing: price.map(|price| price.times(quantity).times(u32::from(months))),
        }
    }
}

/// The last day of notice of the term that ends so.
pub(super) fn notice_by(contract: &Contract, term_ends: Date) -> Date {
    let notice = i64::from(contract.notice_days).days();
    term_ends.checked_sub(notice).unwrap_or(term_ends)
}

pub(super) fn days_between(from: Date, to: Date) -> i32 {
    from.until(to).map_or(0, |span| span.get_days())
}

/// The end of the term after the one that ends so, counted from the contract's
/// own end so that month ends do not drift.
fn renewal_after(contract: &Contract, term_ends: Date) -> Date {
    let months = i64::from(contract.renewal_months.max(1));
    let mut renewals = 1_i64;
    loop {
        let end = contract.term_ends.checked_add((renewals * months).months());
        match end {
            Ok(end) if end <= term_ends => renewals += 1,
            Ok(end) => return end,
            Err(_) => return Date::MAX,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::model::{ContractBilling, Pool};

    fn contract(term_ends: Date, renewal_months: u16) -> Contract {
        Contract {
            pool: Pool {
                license: "X Series - X2".to_owned(),
                country: "US".to_owned(),
            },
            seats: 120,
            unit_price: Money::parse("24.05", "USD").ok(),
            term_ends,
            notice_days: 30,
            confirm_days: 14,
            renewal_months,
            billing: ContractBilling::Contract,
            spare: 0,
        }
    }

    /// Term end, months of a renewal, today → term end, notice by, submit by, renews until.
    #[track_caller]
    fn check(term: Date, months: u16, today: Date, expected: [Date; 4]) {
        let terms = Terms::of(&contract(term, months), 1, today);
        let found = [
            terms.term_ends,
            terms.notice_by,
            terms.submit_by,
            terms.renews_until,
        ];
        assert_eq!(found, expected, "{term} every {months} months on {today}");
        assert!(terms.days_left >= 0, "a date that is still open");
    }

    #[test]
    fn month_ends_leap_days_and_renewals() {
        let march = date(2027, 3, 31);
        let open = [
            march,
            date(2027, 3, 1),
            date(2027, 2, 15),
            date(2028, 3, 31),
        ];
        check(march, 12, date(2026, 11, 22), open);
        check(march, 12, date(2027, 2, 15), open);
        // Missed by a day: the next term, over a leap day.
        let missed = [
            date(2028, 3, 31),
            date(2028, 3, 1),
            date(2028, 2, 16),
            date(2029, 3, 31),
        ];
        check(march, 12, date(2027, 2, 16), missed);
        // A leap day's anniversary is the end of February, and comes back.
        let leap = date(2028, 2, 29);
        let next = [
            date(2029, 2, 28),
            date(2029, 1, 29),
            date(2029, 1, 15),
            date(2030, 2, 28),
        ];
        check(leap, 12, date(2028, 2, 1), next);
        // By the month: the 31st, the 30th, the 31st again.
        let months = [
            date(2027, 4, 30),
            date(2027, 3, 31),
            date(2027, 3, 17),
            date(2027, 5, 31),
        ];
        check(date(2027, 1, 31), 1, date(2027, 3, 1), months);
        // No renewal said is a month at least: a term of no length would never end.
        check(date(2027, 1, 31), 0, date(2027, 3, 1), months);
    }

    // In November for March, confirmed late: its dates are not those of the
    // term after.
    #[test]
    fn what_the_vendor_has_keeps_its_term() {
        let contract = contract(date(2027, 3, 31), 12);
        let request = |state| OpenRequest {
            id: "cancel-1".to_owned(),
            pool: contract.pool.clone(),
            term_ends: date(2027, 3, 31),
            quantity: 3,
            state,
            effective_on: None,
            drafted_at: jiff::Timestamp::UNIX_EPOCH,
            verified_at: None,
        };
        let today = date(2027, 2, 16);
        let of = |state| {
            let terms = Terms::of_request(&contract, &request(state), today);
            (terms.notice_by, terms.submit_by, terms.days_left)
        };
        let own = (date(2027, 3, 1), date(2027, 2, 15), -1);
        assert_eq!(of(RequestState::Submitted), own);
        assert_eq!(of(RequestState::Confirmed), own);
        let next = (date(2028, 3, 1), date(2028, 2, 16), 365);
        assert_eq!(of(RequestState::Drafted), next);
    }

    #[test]
    fn missing_the_date_costs_the_whole_renewal() {
        let terms = Terms::of(&contract(date(2027, 3, 31), 12), 3, date(2026, 11, 22));
        let cost = terms.cost_of_missing.expect("a price");
        assert_eq!(cost.to_string(), "865.80 USD");
        assert_eq!(terms.days_left, 85);
        assert_eq!(terms.earliest_effective, date(2027, 3, 31));
    }
}
