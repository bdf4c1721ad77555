use super::{Pool, SourceRow};

/// Unassigned seats of one row of a licences file that says where they are
/// billed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnassignedSeats {
    /// The pool.
    pub pool: Pool,
    /// How many.
    pub seats: u32,
    /// The site that they belong to, or empty.
    pub site: String,
    /// The address by which they are taxed, or empty.
    pub service_address: String,
    /// Where it stood.
    pub source: SourceRow,
}
