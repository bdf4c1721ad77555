use std::collections::BTreeMap;

/// How many numbers a tenant has, by the digits that they begin with: as much
/// of a numbers report as the entitlement check needs, and nobody's number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NumberCounts {
    /// First three digits of the international form → numbers.
    by_prefix: BTreeMap<String, u32>,
    /// Numbers whose country nothing shows.
    of_any_country: u32,
}

impl NumberCounts {
    /// Counts one number as it was written.
    pub fn count(&mut self, text: &str) {
        match prefix_of(text) {
            Some(prefix) => *self.by_prefix.entry(prefix).or_default() += 1,
            None => self.of_any_country += 1,
        }
    }

    /// The most numbers that can be of this country. Countries share calling
    /// codes (`+1`), so there may be fewer, and never more.
    pub fn at_most(&self, country: &str) -> u32 {
        let code = CALLING_CODES.iter().find(|(name, _)| *name == country);
        let of_country = self
            .by_prefix
            .iter()
            .filter(|(prefix, _)| code.is_none_or(|(_, code)| prefix.starts_with(code)));
        of_country.map(|(_, count)| count).sum::<u32>() + self.of_any_country
    }
}

/// The first three digits of a number in international form. Without a plus,
/// ten digits or fewer may be a national form, and so may a leading zero; a
/// spreadsheet's `1.4E+10` is no number any more.
fn prefix_of(text: &str) -> Option<String> {
    let text = text.trim();
    let is_punctuation = |c: char| matches!(c, '+' | ' ' | '-' | '(' | ')' | '.');
    if text.contains(|c: char| !c.is_ascii_digit() && !is_punctuation(c)) {
        return None;
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let least = if text.starts_with('+') { 7 } else { 11 };
    let is_international = (least..=15).contains(&digits.len()) && !digits.starts_with('0');
    is_international.then(|| digits[..3].to_owned())
}

/// Calling codes by ISO 3166 country (ITU-T E.164). A country that is missing
/// here may have any number.
const CALLING_CODES: &[(&str, &str)] = &[
    ("AE", "971"),
    ("AR", "54"),
    ("AT", "43"),
    ("AU", "61"),
    ("BE", "32"),
    ("BG", "359"),
    ("BR", "55"),
    ("CA", "1"),
    ("CH", "41"),
    ("CL", "56"),
    ("CN", "86"),
    ("CO", "57"),
    ("CR", "506"),
    ("CY", "357"),
    ("CZ", "420"),
    ("DE", "49"),
    ("DK", "45"),
    ("DO", "1"),
    ("EE", "372"),
    ("ES", "34"),
    ("FI", "358"),
    ("FR", "33"),
    ("GB", "44"),
    ("GR", "30"),
    ("HK", "852"),
    ("HR", "385"),
    ("HU", "36"),
    ("ID", "62"),
    ("IE", "353"),
    ("IL", "972"),
    ("IN", "91"),
    ("IS", "354"),
    ("IT", "39"),
    ("JP", "81"),
    ("KR", "82"),
    ("LT", "370"),
    ("LU", "352"),
    ("LV", "371"),
    ("MT", "356"),
    ("MX", "52"),
    ("MY", "60"),
    ("NL", "31"),
    ("NO", "47"),
    ("NZ", "64"),
    ("PA", "507"),
    ("PE", "51"),
    ("PH", "63"),
    ("PL", "48"),
    ("PR", "1"),
    ("PT", "351"),
    ("RO", "40"),
    ("SA", "966"),
    ("SE", "46"),
    ("SG", "65"),
    ("SI", "386"),
    ("SK", "421"),
    ("TH", "66"),
    ("TR", "90"),
    ("TW", "886"),
    ("US", "1"),
    ("VN", "84"),
    ("ZA", "27"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_of_a_country_is_counted_for_it() {
        let mut counts = NumberCounts::default();
        let numbers = [
            "15550100001",      // of some country with +1
            "+44 20 7946 0000", // British
            "5550100001",       // perhaps without its country
            "02079460001",      // without its country
            "1.55501E+10",      // what a spreadsheet left
            "",
            "8005550100123456", // too long for a number
        ];
        for number in numbers {
            counts.count(number);
        }
        assert_eq!(counts.at_most("US"), 1 + 5);
        assert_eq!(counts.at_most("CA"), 1 + 5);
        assert_eq!(counts.at_most("GB"), 1 + 5);
        assert_eq!(counts.at_most("DE"), 5);
        assert_eq!(counts.at_most("ZZ"), 7, "nothing is known of its code");
    }
}
