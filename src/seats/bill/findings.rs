//! What a bill gives to look at, with what to do next.

use super::{BillCheck, BillStanding, BilledPool, StillBilled};
use crate::model::{Place, Pool};
use crate::seats::{Finding, FindingKind};

impl BillCheck {
    /// Everything about the bill that is worth a look, by kind and pool.
    pub fn findings(&self) -> Vec<Finding> {
        let mut findings: Vec<Finding> = self
            .still_billed
            .iter()
            .map(|still| self.still_billed(still))
            .collect();
        findings.extend(self.pools.iter().filter_map(|pool| self.of_pool(pool)));
        findings.sort_by(|a, b| (a.kind, &a.pool).cmp(&(b.kind, &b.pool)));
        findings
    }

    fn still_billed(&self, still: &StillBilled) -> Finding {
        let StillBilled {
            request_id,
            case_number,
            since,
            ..
        } = still;
        let quoted = match case_number {
            Some(case) => format!("quote case {case}"),
            None => "quote the case number in 8x8's confirmation".to_owned(),
        };
        Finding {
            monthly_cost: still.monthly_cost.clone(),
            ..about(
                FindingKind::StillBilled,
                &still.pool,
                still.seats,
                format!(
                    "cancelled with effect on {since} ({request_id}) and still on the bill of {}",
                    self.date
                ),
                format!(
                    "open a billing case in the 8x8 Support Portal, {quoted}, and ask for a credit \
                     since {since}; when the seats are gone from a bill, `seatsweep requests close \
                     {request_id}`"
                ),
            )
        }
    }

    fn of_pool(&self, pool: &BilledPool) -> Option<Finding> {
        let date = self.date;
        match pool.standing {
            BillStanding::NoContract => (pool.billed != 0).then(|| {
                about(
                    FindingKind::BilledWithoutContract,
                    &pool.pool,
                    seats(pool.billed),
                    format!("on the bill of {date}, and no [[contracts]] entry names them"),
                    "write the contract down in [[contracts]]; if the bill only calls them \
                     otherwise, say what it means in [formats.bill_names]; if nobody ordered them, \
                     ask 8x8"
                        .to_owned(),
                )
            }),
            BillStanding::NotOnBill => Some(about(
                FindingKind::NotOnBill,
                &pool.pool,
                seats(pool.should_be.unwrap_or(0)),
                format!("under contract, and no line of the bill of {date} names them"),
                "look whether they are on another bill; if this one only calls them otherwise, say \
                 what it means in [formats.bill_names]; if the contract has ended, remove it from \
                 [[contracts]]"
                    .to_owned(),
            )),
            BillStanding::Compared => self.difference(pool),
            BillStanding::PerUser => None,
        }
    }

    fn difference(&self, pool: &BilledPool) -> Option<Finding> {
        let date = self.date;
        let still = self.still_billed.iter().filter(|it| it.pool == pool.pool);
        let still: i64 = still.map(|it| i64::from(it.seats)).sum();
        let difference = pool.difference()?;
        // Those that were cancelled have findings of their own.
        let beyond = difference - still;
        if beyond > 0 {
            let what = format!("billed on {date} beyond what the contracts have");
            let repair = "compare the bill with the orders: if seats were bought, raise `seats` in \
                          [[contracts]]; if not, open a billing case in the 8x8 Support Portal";
            let kind = FindingKind::BilledMore;
            let price = pool.unit_price.as_ref();
            return Some(Finding {
                monthly_cost: price.map(|price| price.times(seats(beyond))),
                ..about(kind, &pool.pool, seats(beyond), what, repair.to_owned())
            });
        }
        if difference < 0 {
            let what = format!("of the contracts, and not on the bill of {date}");
            let repair = "compare the bill with the orders: `seats` in [[contracts]] are those that \
                          were signed, and what was cancelled through requests is subtracted here; \
                          if others have ended, lower it";
            let kind = FindingKind::BilledLess;
            return Some(about(
                kind,
                &pool.pool,
                seats(difference),
                what,
                repair.to_owned(),
            ));
        }
        let amount = pool.amount_difference.as_ref();
        let amount = amount.filter(|it| difference == 0 && !it.amount.is_zero())?;
        Some(about(
            FindingKind::BilledOtherwise,
            &pool.pool,
            seats(pool.billed),
            format!(
                "as many on the bill of {date} as should be, and the amount differs by {amount}"
            ),
            "compare the price on the bill with `unit_price` in [[contracts]]; credits and parts of \
             a month differ by right"
                .to_owned(),
        ))
    }
}

fn about(kind: FindingKind, pool: &Pool, quantity: u32, what: String, repair: String) -> Finding {
    Finding {
        kind,
        pool: pool.clone(),
        quantity,
        account: String::new(),
        source: None,
        place: Place::default(),
        monthly_cost: None,
        what,
        repair,
    }
}

fn seats(count: i64) -> u32 {
    u32::try_from(count.unsigned_abs()).unwrap_or(u32::MAX)
}
