use std::collections::BTreeMap;
use std::path::Path;

use super::ColumnNames;
use super::aliases::map;
use super::decode::TextFile;
use super::error::IngestError;
use super::input_file::InputFile;
use super::layout;
use super::listing;
use super::open::open_list;
use super::text::is_blank;
use crate::model::EmailAddress;

/// A map from people in HR to 8x8 users, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapFile {
    /// What the plan records about the file.
    pub file: InputFile,
    /// Employee id as written, or e-mail in lower case → user id or username
    /// as written.
    pub map: BTreeMap<String, String>,
}

/// Reads the map (`hr_id`, `user_id`). It decides over everything else, so
/// anything wrong in it is an error, and so is a person given twice.
pub fn read_map(path: &Path) -> Result<MapFile, IngestError> {
    read_text(&open_list(path, &map::TABLE)?)
}

fn read_text(file: &TextFile) -> Result<MapFile, IngestError> {
    let layout = layout::locate(file, &map::TABLE, &ColumnNames::default())?;
    let (person, user) = (layout.column(&map::HR_ID), layout.column(&map::USER_ID));
    let mut map = BTreeMap::new();
    let rows = listing::read_rows(file, &layout, |row| {
        for column in [&person, &user] {
            if is_blank(row.text(column)) {
                let advice = "fill the cell, or delete the row";
                return Err(row.refusal(column, "the cell is blank", advice));
            }
        }
        let written = row.text(&person);
        let key = EmailAddress::parse(written).map_or(written.to_owned(), |e| e.to_string());
        if map.insert(key, row.text(&user).to_owned()).is_some() {
            let advice = "keep one row for each person";
            return Err(row.refusal(&person, "this person is mapped twice", advice));
        }
        Ok(())
    })?;
    Ok(MapFile {
        file: layout.input_file(file, rows, BTreeMap::new()),
        map,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<MapFile, String> {
        let file = TextFile::decode("map.csv".to_owned(), text.into()).expect("text");
        read_text(&file).map_err(|error| error.to_string())
    }

    #[test]
    fn ids_keep_their_zeros_and_addresses_lose_their_case() {
        let map = read("hr_id,user_id\n007,AbC\nJane@Example.com,jane.doe\n")
            .expect("a map")
            .map;
        assert_eq!(map["007"], "AbC");
        assert_eq!(map["jane@example.com"], "jane.doe");
    }

    #[test]
    fn a_person_is_mapped_once() {
        let error = read("hr_id,user_id\n7,a\n7,b\n").expect_err("a refusal");
        assert!(error.contains("map.csv line 3, column \"hr_id\", value \"7\": this person"));
        let error = read("hr_id,user_id\n7,\n").expect_err("a refusal");
        assert!(error.contains("the cell is blank"));
    }
}
