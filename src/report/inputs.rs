use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// What was understood of one input, as a block of lines for people: its
/// format, which field is read from which column, and what was noticed.
/// `detected` is what the plan records; facts that it lacks are left out, so
/// that an input that is no file has a shorter block.
pub fn input_block(role: &str, path: &str, rows: u64, detected: &Value) -> String {
    // What is recorded was written by this program; anything else shows less.
    let detected = Detected::deserialize(detected).unwrap_or_default();
    let mut lines = vec![format!("{role}: {path}, {rows} rows")];
    let format = detected.format();
    if !format.is_empty() {
        lines.push(format.join(", "));
    }
    lines.extend(detected.columns());
    if !detected.unused.is_empty() {
        lines.push(format!("not read: {}", quoted(&detected.unused)));
    }
    lines.extend(detected.notes.iter().map(|note| format!("note: {note}")));
    lines.join("\n  ")
}

/// The recorded facts, as far as they are shown.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Detected {
    packing: Option<String>,
    encoding: Option<String>,
    delimiter: Option<String>,
    line_end: Option<String>,
    header_line: Option<u64>,
    sheet: Option<String>,
    columns: BTreeMap<String, String>,
    date_orders: BTreeMap<String, String>,
    unused: Vec<String>,
    notes: Vec<String>,
}

impl Detected {
    fn format(&self) -> Vec<String> {
        let header = |place| {
            self.header_line
                .map(|line| format!("header on {place} {line}"))
        };
        if let Some(sheet) = &self.sheet {
            // How its text is written down is this program's own affair.
            let sheet = Some(format!("sheet {sheet:?}"));
            let facts = [
                self.packing.clone(),
                self.encoding.clone(),
                sheet,
                header("row"),
            ];
            return facts.into_iter().flatten().collect();
        }
        let delimiter = self.delimiter.as_deref().map(|delimiter| match delimiter {
            "\t" => "separated by TAB".to_owned(),
            delimiter => format!("separated by {delimiter:?}"),
        });
        let line_end = self.line_end.as_ref();
        let line_end = line_end.map(|end| format!("lines end in {}", end.to_uppercase()));
        let facts = [
            self.packing.clone(),
            self.encoding.clone(),
            delimiter,
            line_end,
            header("line"),
        ];
        facts.into_iter().flatten().collect()
    }

    fn columns(&self) -> impl Iterator<Item = String> {
        let width = self.columns.keys().map(String::len).max().unwrap_or(0);
        self.columns.iter().map(move |(field, header)| {
            let order = self.date_orders.get(field);
            let order = order.map(|order| format!(" ({order})")).unwrap_or_default();
            format!("{field:width$} ← {header:?}{order}")
        })
    }
}

fn quoted(headers: &[String]) -> String {
    let quoted: Vec<String> = headers.iter().map(|header| format!("{header:?}")).collect();
    quoted.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_input_is_a_block_of_facts() {
        let detected = json!({
            "encoding": "utf-16le", "delimiter": "\t", "line_end": "crlf", "header_line": 3,
            "columns": {"employee_id": "Pers.no.", "last_day": "Last\nDay"},
            "date_orders": {"last_day": "day-first"},
            "unused": ["Manager", "(data)"],
            "notes": ["2 repeated header rows are skipped"],
        });
        let expected = "hr: hr.txt, 7 rows\n  \
            utf-16le, separated by TAB, lines end in CRLF, header on line 3\n  \
            employee_id ← \"Pers.no.\"\n  \
            last_day    ← \"Last\\nDay\" (day-first)\n  \
            not read: \"Manager\", \"(data)\"\n  \
            note: 2 repeated header rows are skipped";
        assert_eq!(input_block("hr", "hr.txt", 7, &detected), expected);
    }

    #[test]
    fn a_workbook_is_told_by_its_sheet() {
        let detected = json!({
            "encoding": "workbook", "delimiter": ",", "line_end": "cr", "header_line": 3,
            "sheet": "Leavers",
        });
        assert_eq!(
            input_block("hr", "hr.xlsx", 7, &detected),
            "hr: hr.xlsx, 7 rows\n  workbook, sheet \"Leavers\", header on row 3"
        );
    }

    #[test]
    fn what_a_file_is_packed_with_comes_first() {
        let detected = json!({"packing": "zstd", "encoding": "utf-8", "header_line": 1});
        assert_eq!(
            input_block("users", "users.csv.zst", 3, &detected),
            "users: users.csv.zst, 3 rows\n  zstd, utf-8, header on line 1"
        );
    }

    #[test]
    fn what_is_not_known_is_not_shown() {
        assert_eq!(
            input_block("users", "live", 3, &Value::Null),
            "users: live, 3 rows"
        );
    }
}
