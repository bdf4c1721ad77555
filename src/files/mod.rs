//! Files.

mod cell;

pub use cell::spreadsheet_safe;
