use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::ConfigError;

/// The newest file that `pattern` matches, by modification time and then by
/// name. `*` and `?` stand for characters of the file's name, never of a
/// folder's, and never for a leading dot, which marks unfinished uploads.
pub(super) fn newest_match(pattern: &Path) -> Result<PathBuf, ConfigError> {
    let no_match = || ConfigError::NoMatch(pattern.to_owned());
    let wanted = pattern.file_name().and_then(|name| name.to_str());
    let wanted: Vec<char> = wanted.ok_or_else(no_match)?.chars().collect();
    if !wanted.contains(&'*') && !wanted.contains(&'?') {
        return if pattern.is_file() {
            Ok(pattern.to_owned())
        } else {
            Err(no_match())
        };
    }
    let folder = match pattern.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let unreadable = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => no_match(),
        _ => ConfigError::unreadable(folder, error),
    };
    let mut newest = None;
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let name: Vec<char> = entry.file_name().to_string_lossy().chars().collect();
        if is_hidden(&name) != is_hidden(&wanted) || !matches(&wanted, &name) {
            continue;
        }
        // Follows links, so that a link to tonight's export is a file too. A
        // file that vanished since the listing is no match.
        let Ok(metadata) = fs::metadata(entry.path()) else {
            continue;
        };
        if !metadata.is_file() {
            continue;
        }
        let modified = metadata.modified().map_err(unreadable)?;
        newest = newest.max(Some((modified, entry.path())));
    }
    newest.map(|(_, path)| path).ok_or_else(no_match)
}

fn is_hidden(name: &[char]) -> bool {
    name.first() == Some(&'.')
}

fn matches(pattern: &[char], name: &[char]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some(('*', after_star)), None) => matches(after_star, name),
        (Some(('*', after_star)), Some((_, rest))) => {
            matches(after_star, name) || matches(pattern, rest)
        }
        (Some(('?', pattern)), Some((_, rest))) => matches(pattern, rest),
        (Some((wanted, pattern)), Some((found, rest))) => wanted == found && matches(pattern, rest),
        (None, Some(_)) | (Some(_), None) => false,
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::time::{Duration, SystemTime};

    use super::super::ConfigErrorKind;
    use super::*;

    /// Files with their ages in seconds.
    fn folder_with(files: &[(&str, u64)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, age) in files {
            let file = File::create(folder.path().join(name)).expect("a file");
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 - age);
            file.set_modified(time).expect("a time");
        }
        folder
    }

    fn newest(folder: &tempfile::TempDir, pattern: &str) -> Option<String> {
        let found = newest_match(&folder.path().join(pattern)).ok()?;
        Some(found.file_name()?.to_str()?.to_owned())
    }

    #[test]
    fn the_newest_file_wins_and_names_decide_ties() {
        let folder = folder_with(&[
            ("users-1.csv", 10),
            ("users-2.csv", 5),
            ("users-3.csv", 5),
            ("users-9.csv.part", 0),
            (".users-9.csv", 0),
            ("hr.csv", 0),
            ("users-1.csv.gz", 1),
            ("users-2.csv.zst", 2),
        ]);
        fs::create_dir(folder.path().join("users-z.csv")).expect("a folder");
        assert_eq!(
            newest(&folder, "users*.csv").as_deref(),
            Some("users-3.csv")
        );
        assert_eq!(
            newest(&folder, "users-?.csv").as_deref(),
            Some("users-3.csv")
        );
        // Packed ones are for whoever asks for them.
        for pattern in ["users*.csv.gz", "users-?.csv.g?"] {
            let found = newest(&folder, pattern);
            assert_eq!(found.as_deref(), Some("users-1.csv.gz"), "{pattern}");
        }
        assert_eq!(newest(&folder, "hr.csv").as_deref(), Some("hr.csv"));
        assert_eq!(newest(&folder, "users.csv"), None);
    }

    #[test]
    fn a_pattern_that_matches_nothing_is_named() {
        let folder = folder_with(&[]);
        for pattern in ["hr*.csv", "none/hr*.csv", "hr.csv"] {
            let error = newest_match(&folder.path().join(pattern)).expect_err(pattern);
            assert_eq!(error.kind(), ConfigErrorKind::NoInput);
            assert!(error.to_string().contains(pattern), "{error}");
        }
    }
}
