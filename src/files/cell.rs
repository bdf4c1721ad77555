use std::borrow::Cow;

/// A text cell that no spreadsheet runs as a formula: a leading `= + - @`, tab
/// or line break gets an apostrophe in front, which spreadsheets hide.
///
/// Phone numbers begin with `+` and are text as well; they get one too.
pub fn spreadsheet_safe(cell: &str) -> Cow<'_, str> {
    match cell.as_bytes().first() {
        Some(b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r' | b'\n') => Cow::Owned(format!("'{cell}")),
        _ => Cow::Borrowed(cell),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Exported names ran as formulas.
    #[test]
    fn formulas_become_text() {
        assert_eq!(spreadsheet_safe("=cmd|'/c calc'!A1"), "'=cmd|'/c calc'!A1");
        assert_eq!(spreadsheet_safe("Jane Doe"), "Jane Doe");
        assert_eq!(spreadsheet_safe(""), "");
    }
}
