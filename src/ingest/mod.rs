//! From bytes to understood rows.
//!
//! A file goes through the same stations whatever it is for: its bytes become
//! text (`open`, then `decode` or, for a sheet, `workbook`), delimiter, header
//! row and columns are found from the content (`layout`, `header`, `aliases`),
//! the text below the header is cut at record boundaries (`chunks`), and each
//! record becomes a row of the model or an invalid row (`body`, then `hr`,
//! `users` or one of the small lists).
//!
//! A bad row is a result. A file that cannot be read as what it is said to be
//! is an [`IngestError`], raised before anything is changed.

mod aliases;
mod body;
mod candidate;
mod chunks;
mod content;
mod date_columns;
mod date_votes;
mod dates;
mod decode;
mod encoding;
mod error;
mod filler;
mod header;
mod holds;
mod hr;
mod input_file;
mod kind;
mod landmarks;
mod layout;
mod license_cell;
mod licenses;
mod listing;
mod map;
mod missing;
mod open;
mod options;
mod quoting;
mod records;
mod status;
mod swallowed;
mod text;
mod users;
mod workbook;

pub use error::{IngestError, IngestErrorKind, Refusal};
pub use holds::{HoldsFile, read_holds};
pub use hr::{HrFile, read_hr};
pub use input_file::{Detected, Encoding, InputFile, InputRole, LineEnd};
pub use licenses::{LicensesFile, OwnedSeats, read_licenses};
pub use map::{MapFile, read_map};
pub use options::{ColumnNames, DateOrder, Delimiter, Formats, TextEncoding, TextFormat};
pub use users::{AccountObserver, UsersFile, read_users};

#[cfg(test)]
mod tests;
