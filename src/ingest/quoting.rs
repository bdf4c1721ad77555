//! Whether quotes in a tab-separated file mean anything. Cognos writes such
//! files without quoting, so that `"Bob" Smith` and the inch mark of a monitor
//! are plain text; Excel writes them with it.

use super::chunks;
use super::landmarks::Landmarks;
use super::records::{Dialect, Quoting, Records};
use super::swallowed::swallowing_cell;

/// Decides it from the whole text below the header. Quotes are believed unless
/// reading them leads to damage, few cells stand between quotes, and plain text
/// fits the header at least as well.
pub(super) fn of_tab_file(
    dialect: Dialect,
    body: &str,
    width: usize,
    landmarks: &Landmarks,
) -> Quoting {
    let (opening, enclosed) = quotes_in(body, dialect.delimiter);
    if opening == 0 {
        return Quoting::Quoted;
    }
    let quoted = damage(dialect, body, width, landmarks);
    let damaged_by_quotes = chunks::has_stray_quotes(body, dialect) || quoted.swallowed;
    if !damaged_by_quotes || enclosed * 2 > opening {
        return Quoting::Quoted;
    }
    let plain = Dialect {
        quoting: Quoting::Unquoted,
        ..dialect
    };
    let unquoted = damage(plain, body, width, landmarks);
    if unquoted.ragged <= quoted.ragged {
        Quoting::Unquoted
    } else {
        Quoting::Quoted
    }
}

/// How many cells begin with a quote, and how many of them end with one too.
fn quotes_in(body: &str, delimiter: u8) -> (u64, u64) {
    let (mut opening, mut enclosed) = (0, 0);
    let cells = body.split(['\n', '\r', char::from(delimiter)]);
    for cell in cells.filter_map(|cell| cell.strip_prefix('"')) {
        opening += 1;
        enclosed += u64::from(cell.trim_end().ends_with('"'));
    }
    (opening, enclosed)
}

/// What is wrong with a reading.
#[derive(Debug, Default)]
struct Damage {
    /// Records that are not as wide as the header.
    ragged: u64,
    /// Whether a cell swallowed rows.
    swallowed: bool,
}

fn damage(dialect: Dialect, body: &str, width: usize, landmarks: &Landmarks) -> Damage {
    let mut damage = Damage::default();
    let mut records = Records::new(dialect, body, 1);
    while records.advance() {
        let cells = records.record();
        let surplus = cells.behind(width).any(|cell| !cell.trim().is_empty());
        damage.ragged += u64::from(cells.len() < width || surplus);
        damage.swallowed |= swallowing_cell(cells, dialect.delimiter, width, landmarks).is_some();
    }
    damage
}
