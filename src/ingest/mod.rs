//! From bytes to understood rows.
//!
//! A file goes through the same stations, whatever it is for:
//!
//! 1. Bytes become text: `open`, with `packed` if they are compressed, then
//!    `decode` and `encoding`, or `workbook` for a sheet.
//! 2. Delimiter, quoting and header row are found: `candidate`, `quoting`,
//!    `landmarks`, `layout`.
//! 3. Columns become fields: `aliases` and `header` propose, `content` asks the
//!    values, `events` tells what the dates of events are, `kind` and `missing` say why a file is none of ours;
//!    `date_columns` and `date_votes` tell day from month, `license_columns`
//!    the layout of the licenses.
//! 4. The text below the header is cut at record boundaries (`chunks`) and told
//!    apart into records (`records`) and `cells`; `body` passes over what is no data (`filler`) and refuses
//!    what swallowed rows (`swallowed`).
//! 5. Each record becomes a row of the model, or an invalid row: `hr`, `users_reader`,
//!    or one of the lists (`holds`, `map`, `licenses`, `numbers`, `roster`, `bill`, `review`), by way of
//!    `dates`, `amounts`, `status` and `license_cell`. Of an account that nobody looks for
//!    the cells are checked (`known_cells`) and no row is made.
//!
//! A bad row is a result. A file that cannot be read as what it is said to be
//! is an [`IngestError`], raised before anything is changed.

mod aliases;
mod amounts;
mod bill;
mod body;
mod candidate;
mod cells;
mod chunks;
mod content;
mod date_columns;
mod date_votes;
mod dates;
mod decode;
mod encoding;
mod error;
mod events;
mod filler;
mod given;
mod header;
mod holds;
mod hr;
mod input_file;
mod inspect;
mod kind;
mod known_cells;
mod landmarks;
mod layout;
mod license_cell;
mod license_columns;
mod license_rows;
mod licenses;
mod listing;
mod map;
mod missing;
mod numbers;
mod open;
mod options;
mod packed;
mod quoting;
mod records;
mod review;
mod roster;
mod status;
mod streamed;
mod swallowed;
mod taken_back;
mod text;
mod users;
mod users_part;
mod users_reader;
mod workbook;

pub use bill::{BillDate, BillFile, BillReading, read_bill};
pub use error::{IngestError, IngestErrorKind, OpenQuestion, Refusal};
pub use holds::{HoldsFile, read_holds};
pub use hr::{HrFile, read_hr};
pub use input_file::{Detected, Encoding, InputFile, InputRole, LineEnd};
pub use inspect::{Inspection, inspect_hr, inspect_users};
pub use licenses::{LicensesFile, OwnedSeats, read_licenses};
pub use map::{MapFile, read_map};
pub use numbers::{NumbersFile, read_numbers};
pub use options::{ColumnNames, DateOrder, Delimiter, Formats, TextEncoding, TextFormat};
pub use packed::Packing;
pub use review::read_review;
pub use roster::{RosterFile, RosterPerson, read_roster};
pub use users::{AccountObserver, UsersFile, read_users};

#[cfg(test)]
mod tests;
