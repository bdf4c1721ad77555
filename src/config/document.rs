use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer, Error};

use super::sections::ConfigFile;
use super::{ConfigError, known_keys};

/// Reads the configuration file at `path`; `None` when there is none.
pub(super) fn read(path: &Path) -> Result<Option<ConfigFile>, ConfigError> {
    match fs::read_to_string(path) {
        Ok(text) => parse(&text, path).map(Some),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(ConfigError::unreadable(path, error)),
    }
}

/// Understands `text`; `path` is only named in errors. All unknown keys are
/// told at once, because they are often one misunderstanding.
pub(super) fn parse(text: &str, path: &Path) -> Result<ConfigFile, ConfigError> {
    let at_line = |offset: usize, problem: &str| {
        format!("{} line {}: {problem}", path.display(), line(text, offset))
    };
    let wrong_text = |table: Option<&DeTable<'_>>, error: &Error| {
        let offset = error.span().map_or(0, |span| span.start);
        let message = error.message().replace('\n', "; ");
        let problem = match table.and_then(|table| key_at(table, "", offset)) {
            Some(key) => format!("{key}: {message}"),
            None => message,
        };
        ConfigError::Text(vec![at_line(offset, &problem)])
    };

    let document = DeTable::parse(text).map_err(|error| wrong_text(None, &error))?;
    let refused = known_keys::refused(document.get_ref());
    if !refused.is_empty() {
        let sentences = refused
            .iter()
            .map(|refused| at_line(refused.offset, &refused.problem));
        return Err(ConfigError::Text(sentences.collect()));
    }
    ConfigFile::deserialize(Deserializer::from(document.clone()))
        .map_err(|error| wrong_text(Some(document.get_ref()), &error))
}

/// Lines are counted from 1.
fn line(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().iter().take(offset);
    before.filter(|byte| **byte == b'\n').count() + 1
}

/// The key whose value stands at `offset`, written as `[limits] time_scale`,
/// or the heading that stands there, written as `[contracts]`.
fn key_at(table: &DeTable<'_>, section: &str, offset: usize) -> Option<String> {
    table.iter().find_map(|(key, value)| {
        let name = key.get_ref();
        match value.get_ref() {
            DeValue::Table(_) => key_in(value, &known_keys::inside(section, name), offset),
            DeValue::Array(items) if items.iter().all(|item| item.get_ref().is_table()) => items
                .iter()
                .find_map(|item| key_in(item, &known_keys::inside(section, name), offset)),
            _ => {
                let here = (key.span().start..value.span().end).contains(&offset);
                here.then(|| known_keys::written(section, name))
            }
        }
    })
}

fn key_in(value: &Spanned<DeValue<'_>>, section: &str, offset: usize) -> Option<String> {
    let inner = value.get_ref().as_table()?;
    let heading = || {
        value
            .span()
            .contains(&offset)
            .then(|| format!("[{section}]"))
    };
    key_at(inner, section, offset).or_else(heading)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        parse(text, Path::new("seatsweep.toml"))
            .expect_err(text)
            .to_string()
    }

    #[test]
    fn errors_name_line_and_key() {
        let cases = [
            (
                "\n[limits]\ntime_scale = 0",
                "seatsweep.toml line 3: [limits] time_scale: ",
            ),
            (
                "[policy]\ntime_zone = \"Mars\"",
                "seatsweep.toml line 2: [policy] time_zone: \"Mars\" is not",
            ),
            (
                "[policy.site_time_zones]\nOslo = \"Norway/Oslo\"",
                "seatsweep.toml line 2: [policy.site_time_zones] Oslo: ",
            ),
            (
                "[[contracts]]\nlicense = \"X Series - X2\"\nseats = \"many\"",
                "seatsweep.toml line 3: [contracts] seats: ",
            ),
            (
                "\n[[contracts]]\nlicense = \"X Series - X2\"",
                "seatsweep.toml line 2: [contracts]: missing field `seats`",
            ),
            ("ledger = ", "seatsweep.toml line 1: "),
        ];
        for (text, start) in cases {
            let found = problem(text);
            assert!(found.starts_with(start), "{found}");
            assert_eq!(found.lines().count(), 1, "{found}");
        }
    }

    #[test]
    fn every_unknown_key_is_told() {
        let text = "[limits]\nrequest_per_minute = 3\n[polcy]\n";
        let lines = problem(text);
        assert_eq!(
            lines,
            "seatsweep.toml line 2: [limits] request_per_minute: unknown; did you mean requests_per_minute?\n\
             seatsweep.toml line 3: [polcy]: unknown; did you mean [policy]?"
        );
    }
}
