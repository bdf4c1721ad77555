//! From bytes to understood rows.

mod options;

pub use options::{ColumnNames, DateOrder, Formats};
