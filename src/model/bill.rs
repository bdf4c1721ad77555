use jiff::civil::Date;
use rust_decimal::Decimal;

use super::{LicenseName, SourceRow};

/// One line of a bill, as it was read. Nothing is decided about it yet: it may
/// be seats, a tax, or the bill's total.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillLine {
    /// What it is for; `None` where the line does not say.
    pub name: Option<LicenseName>,
    /// What sort of charge it says it is, or empty.
    pub charge_type: String,
    /// How many are billed, below zero for what is credited; `None` where the
    /// line does not say.
    pub quantity: Option<Decimal>,
    /// What is billed, below zero for what is credited.
    pub amount: Option<Decimal>,
    /// The amount's currency: ISO 4217 in upper case, `$` where only that sign
    /// stands there, or empty.
    pub currency: String,
    /// The first day of what it is for, where a column says it.
    pub begins: Option<Date>,
    /// Where it stands.
    pub source: SourceRow,
}
