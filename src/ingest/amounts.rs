//! Amounts and quantities as bills write them. Whether a comma or a point
//! parts the cents is never read off one cell that leaves it open.

use super::text::tidy;
use crate::model::Decimal;

/// What stands before the decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DecimalSign {
    /// `1,234.50`
    Point,
    /// `1.234,50`
    Comma,
}

impl DecimalSign {
    /// What a cell shows for certain. `1,234` shows nothing: it may be a
    /// thousand or one and a bit.
    pub(super) fn shown_by(cell: &str) -> Option<Self> {
        let digits = Parts::of(cell)?.digits;
        let marks: Vec<(usize, char)> = digits
            .char_indices()
            .filter(|(_, c)| matches!(c, '.' | ','))
            .collect();
        let (at, last) = *marks.last()?;
        let sign = match last {
            '.' => Self::Point,
            _ => Self::Comma,
        };
        let alike = marks.iter().filter(|(_, mark)| *mark == last).count();
        let decimals = digits.len() - at - 1;
        match (marks.len(), alike, decimals) {
            // The same mark several times parts the thousands.
            (_, 2.., _) => Some(sign.other()),
            (1, 1, 3) => None,
            _ => Some(sign),
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Point => Self::Comma,
            Self::Comma => Self::Point,
        }
    }

    fn mark(self) -> char {
        match self {
            Self::Point => '.',
            Self::Comma => ',',
        }
    }
}

/// An amount as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Amount {
    /// The number, exact; below zero for a credit.
    pub value: Decimal,
    /// The currency beside it: a code, `$`, or empty.
    pub currency: String,
}

/// Reads `$1,234.50`, `(72.00)`, `72.00-`, `72.00 CR`, `EUR 1.234,50`; `None`
/// for anything else.
pub(super) fn read_amount(cell: &str, sign: DecimalSign) -> Option<Amount> {
    let parts = Parts::of(cell)?;
    let (whole, decimals) = match parts.digits.rsplit_once(sign.mark()) {
        Some((whole, decimals)) => (whole, Some(decimals)),
        None => (parts.digits, None),
    };
    let whole = without_groups(whole, sign.other().mark())?;
    if decimals.is_some_and(|it| it.is_empty() || !is_digits(it)) {
        return None;
    }
    let text = format!("{whole}.{}", decimals.unwrap_or(""));
    let mut value = Decimal::from_str_exact(text.trim_end_matches('.')).ok()?;
    value.set_sign_negative(parts.is_negative && !value.is_zero());
    Some(Amount {
        value,
        currency: parts.currency,
    })
}

/// `1,234,567` without the marks between its thousands.
fn without_groups(whole: &str, mark: char) -> Option<String> {
    let is_mark = |c: char| c == mark || matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\'' | '’');
    let groups: Vec<&str> = whole.split(is_mark).collect();
    let (first, others) = groups.split_first()?;
    let is_whole = match others {
        [] => is_digits(first),
        others => {
            (1..=3).contains(&first.len())
                && is_digits(first)
                && others
                    .iter()
                    .all(|group| group.len() == 3 && is_digits(group))
        }
    };
    (is_whole && !first.is_empty()).then(|| groups.concat())
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A cell without its sign and currency.
struct Parts<'c> {
    is_negative: bool,
    currency: String,
    digits: &'c str,
}

impl<'c> Parts<'c> {
    fn of(cell: &'c str) -> Option<Self> {
        let mut text = tidy(cell);
        let mut is_negative = false;
        let mut currency = String::new();
        // Each is taken off at most once, in whatever order they stand.
        for _ in 0..3 {
            if let Some(inner) = text.strip_prefix('(').and_then(|it| it.strip_suffix(')')) {
                (text, is_negative) = (tidy(inner), once(is_negative)?);
            }
            if let Some(rest) = minus(text) {
                (text, is_negative) = (tidy(rest), once(is_negative)?);
            }
            if let Some((code, rest)) = currency_of(text) {
                if !currency.is_empty() {
                    return None;
                }
                (text, currency) = (tidy(rest), code);
            }
        }
        let has_digits = text.starts_with(|c: char| c.is_ascii_digit());
        has_digits.then_some(Self {
            is_negative,
            currency,
            digits: text,
        })
    }
}

/// Twice less than nothing is a typing error.
fn once(is_negative: bool) -> Option<bool> {
    (!is_negative).then_some(true)
}

fn minus(text: &str) -> Option<&str> {
    let sign = ['-', '\u{2212}'];
    text.strip_prefix(sign)
        .or_else(|| text.strip_suffix(sign))
        .or_else(|| text.strip_suffix(" CR"))
}

/// The currency at either end of a text, and the rest.
fn currency_of(text: &str) -> Option<(String, &str)> {
    for (sign, code) in [('$', "$"), ('£', "GBP"), ('€', "EUR")] {
        let rest = text.strip_prefix(sign).or_else(|| text.strip_suffix(sign));
        if let Some(rest) = rest {
            return Some((code.to_owned(), rest));
        }
    }
    let is_code = |code: &str| code.bytes().all(|byte| byte.is_ascii_uppercase());
    if let Some((code, rest)) = text.split_at_checked(3).filter(|(code, _)| is_code(code)) {
        return Some((code.to_owned(), rest));
    }
    let (rest, code) = text.split_at_checked(text.len().checked_sub(3)?)?;
    is_code(code).then(|| (code.to_owned(), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn reads(cell: &str, sign: DecimalSign, expected: &str, currency: &str) {
        let amount = read_amount(cell, sign).expect(cell);
        assert_eq!(
            (amount.value.to_string().as_str(), amount.currency.as_str()),
            (expected, currency),
            "{cell}"
        );
    }

    #[test]
    fn amounts_are_exact_whatever_stands_around_them() {
        for (cell, expected, currency) in [
            ("1234", "1234", ""),
            ("$1,234.50", "1234.50", "$"),
            ("-$1,234.50", "-1234.50", "$"),
            ("$-72.00", "-72.00", "$"),
            ("($72.00)", "-72.00", "$"),
            ("72.00-", "-72.00", ""),
            ("72.00 CR", "-72.00", ""),
            ("\u{2212}0.10", "-0.10", ""),
            ("USD 2,640.00", "2640.00", "USD"),
            ("19.75 GBP", "19.75", "GBP"),
            ("£19.75", "19.75", "GBP"),
            ("1 234.5", "1234.5", ""),
            ("-0.00", "0.00", ""),
        ] {
            reads(cell, DecimalSign::Point, expected, currency);
        }
        reads("1.234,50 €", DecimalSign::Comma, "1234.50", "EUR");
        reads("1.234", DecimalSign::Comma, "1234", "");
        reads("-24,05", DecimalSign::Comma, "-24.05", "");
    }

    #[test]
    fn anything_else_is_no_amount() {
        for cell in [
            "",
            "free",
            "12,34",
            "1,23,456.00",
            "1.2.3",
            "--3",
            "(-3)",
            "$3$",
            "3.",
            ".5",
            "1e3",
            "USD",
            "12%",
        ] {
            assert_eq!(read_amount(cell, DecimalSign::Point), None, "{cell:?}");
        }
    }

    #[test]
    fn only_some_cells_show_the_decimal_sign() {
        for (cell, shown) in [
            ("1,234.50", Some(DecimalSign::Point)),
            ("1.234,50", Some(DecimalSign::Comma)),
            ("24.05", Some(DecimalSign::Point)),
            ("$24,5", Some(DecimalSign::Comma)),
            ("1,234,567", Some(DecimalSign::Point)),
            ("1,234", None),
            ("1.234", None),
            ("120", None),
            ("n/a", None),
        ] {
            assert_eq!(DecimalSign::shown_by(cell), shown, "{cell}");
        }
    }
}
