//! What cells have in common, whatever they mean.

/// Characters of a cell that a message repeats at most.
const EXCERPT_LENGTH: usize = 60;

/// The cell without white space (no-break spaces included), byte order marks
/// and other characters that nobody sees around it.
pub(super) fn tidy(cell: &str) -> &str {
    // Nearly every cell of a report is tidy.
    if let [first, .., last] = cell.as_bytes()
        && first.is_ascii_graphic()
        && last.is_ascii_graphic()
    {
        return cell;
    }
    cell.trim_matches(|c: char| c.is_whitespace() || is_invisible(c))
}

/// Byte order marks, soft hyphens, joiners and marks of direction: they come
/// along when text is copied from a web page.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}' | '\u{feff}'
    )
}

/// Whether the cell is one of the ways to write "no value". Not for names and
/// sites: people are called Na and Nan, and NA is North America.
pub(super) fn is_blank(cell: &str) -> bool {
    crate::model::is_blank(tidy(cell))
}

/// Whether some characters of the cell were not read, or cannot be seen. Such a
/// cell identifies nobody: it may be half of somebody else's.
pub(super) fn lost_characters(cell: &str) -> bool {
    if cell.is_ascii() {
        return cell.bytes().any(|byte| byte.is_ascii_control());
    }
    cell.contains(|c: char| c == char::REPLACEMENT_CHARACTER || c.is_control() || is_invisible(c))
}

/// Whether every character is an ASCII letter, digit, sign or space: none of
/// them was lost, and all can be seen.
pub(super) fn is_printable_ascii(text: &str) -> bool {
    // Looking at all of them is faster than asking at each whether to go on.
    let bytes = text.bytes();
    bytes.fold(true, |all, byte| all & matches!(byte, b' '..=b'~'))
}

/// The cell as a message may repeat it: short, on one line, and unable to
/// steer the terminal.
pub(super) fn excerpt(cell: &str) -> String {
    let mut shown = String::new();
    for (count, character) in cell.chars().enumerate() {
        if count == EXCERPT_LENGTH {
            shown.push('…');
            break;
        }
        if character.is_control() {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// `a`, `a or b`, `a, b or c`.
pub(super) fn or_list(items: &[&str]) -> String {
    match items {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

/// The candidate most like `wanted`: the one with the longest run of letters
/// in common, at least three. Enough to point at a typing error or a longer
/// spelling; it only ever serves a message.
pub(super) fn nearest<'c>(
    wanted: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    let mut best = None;
    let mut longest = 2;
    for candidate in candidates {
        let shared = likeness(wanted, candidate);
        if shared > longest {
            longest = shared;
            best = Some(candidate);
        }
    }
    best
}

/// The longest run of letters that both have in common, case aside.
pub(super) fn likeness(left: &str, right: &str) -> usize {
    longest_shared_run(&left.to_lowercase(), &right.to_lowercase())
}

fn longest_shared_run(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut runs = vec![0; right.len() + 1];
    let mut longest = 0;
    for character in left.chars() {
        // Backwards, because each run extends the one of the previous round.
        for (index, other) in right.iter().enumerate().rev() {
            runs[index + 1] = if *other == character {
                runs[index] + 1
            } else {
                0
            };
            longest = longest.max(runs[index + 1]);
        }
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_short_and_harmless() {
        assert_eq!(excerpt("a\u{1b}[2Jb\n"), "a\\u{1b}[2Jb\\n");
        assert_eq!(excerpt(&"x".repeat(61)).chars().count(), 61);
        assert!(excerpt(&"x".repeat(61)).ends_with('…'));
    }

    #[test]
    fn what_is_printable_lost_nothing() {
        for character in (0..=0x2100).filter_map(char::from_u32) {
            let cell = format!("{character}a{character}");
            let is_printable = is_printable_ascii(&cell);
            assert_eq!(is_printable, (' '..='~').contains(&character), "{cell:?}");
            assert!(!is_printable || !lost_characters(&cell), "{cell:?}");
        }
    }

    #[test]
    fn blanks_are_recognized_in_any_case() {
        for cell in ["", "  ", "N/A", "NaN", "Unk", "\u{a0}"] {
            assert!(is_blank(cell), "{cell:?}");
        }
        assert!(!is_blank("0"));
    }

    #[test]
    fn the_nearest_has_the_longest_run_in_common() {
        let seen = ["Crew", "Staff status", "Stat"];
        assert_eq!(nearest("status", seen), Some("Staff status"));
        assert_eq!(nearest("username", ["Crew", "Berth"]), None);
    }
}
