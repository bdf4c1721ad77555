use std::time::Duration;

/// What to write instead of a text that is no duration.
pub(super) const ADVICE: &str = "write a duration such as 90m, 2h30m, 72h or 3d";

const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// Parses whole numbers with units from days down to seconds, such as `2h30m`.
/// A number without a unit is refused: nobody knows what it counts.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut smaller_units = UNITS.as_slice();
    let mut seconds = 0_u64;
    while !rest.is_empty() || smaller_units.len() == UNITS.len() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, after) = rest.split_at(digits);
        let unit = after.chars().next()?;
        let place = smaller_units.iter().position(|(name, _)| *name == unit)?;
        let (_, length) = smaller_units[place];
        let count: u64 = number.parse().ok()?;
        seconds = seconds.checked_add(count.checked_mul(length)?)?;
        smaller_units = &smaller_units[place + 1..];
        rest = &after[unit.len_utf8()..];
    }
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_added_up() {
        let cases = [
            ("72h", 259_200),
            ("90m", 5_400),
            ("2h30m", 9_000),
            ("3d", 259_200),
            ("1d2h3m4s", 93_784),
            ("0s", 0),
        ];
        for (text, seconds) in cases {
            assert_eq!(parse(text), Some(Duration::from_secs(seconds)), "{text}");
        }
    }

    #[test]
    fn what_is_unclear_is_refused() {
        for text in [
            "",
            "90",
            "h",
            "30m2h",
            "1h1h",
            "1.5h",
            "-1h",
            "1w",
            "1h 30m",
            "99999999999999999999s",
            "999999999999999999d",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
