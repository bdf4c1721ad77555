// secrecy is at home in `http`, which sends the key; the key is born here.
use std::fs;
use std::path::Path;

use secrecy::SecretString;

use super::environment::read_variable;
use super::{ConfigError, KeySource, Settings};
use crate::files;

impl Settings {
    /// Reads the API key from its source. It is never printed: neither the
    /// value nor an error shows it.
    pub fn api_key(&self) -> Result<SecretString, ConfigError> {
        match &self.api.key {
            Some(KeySource::Environment(name)) => key_from_variable(name),
            Some(KeySource::File(path)) => key_from_file(path),
            None => Err(ConfigError::NoKeySource),
        }
    }
}

fn key_from_variable(name: &str) -> Result<SecretString, ConfigError> {
    let value = read_variable(name).and_then(|value| value.into_string().ok());
    value
        .and_then(|value| key_in(&value))
        .ok_or_else(|| ConfigError::KeyNotSet(name.to_owned()))
}

fn key_from_file(path: &Path) -> Result<SecretString, ConfigError> {
    if files::readable_by_others(path) {
        return Err(ConfigError::KeyExposed(path.to_owned()));
    }
    let text = fs::read_to_string(path).map_err(|error| ConfigError::unreadable(path, error))?;
    key_in(&text).ok_or_else(|| ConfigError::KeyFileEmpty(path.to_owned()))
}

/// The key without the line end that editors and `echo` add.
fn key_in(text: &str) -> Option<SecretString> {
    let key = text.trim_end_matches(['\r', '\n']);
    (!key.trim().is_empty()).then(|| SecretString::from(key))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_key_file_is_read_without_its_line_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key");
        files::replace(&path, b"example-key\r\n").expect("written");
        let key = key_from_file(&path).expect("a key");
        assert_eq!(key.expose_secret(), "example-key");
        assert!(!format!("{key:?}").contains("example-key"));
    }

    #[test]
    fn exposed_empty_and_missing_keys_are_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key");
        let missing = key_from_file(&path);
        assert!(
            matches!(missing, Err(ConfigError::Unreadable { .. })),
            "{missing:?}"
        );
        files::replace(&path, b"\n").expect("written");
        let empty = key_from_file(&path);
        assert!(
            matches!(empty, Err(ConfigError::KeyFileEmpty(_))),
            "{empty:?}"
        );
        files::replace(&path, b"example-key").expect("written");
        let everybody = fs::Permissions::from_mode(0o644);
        fs::set_permissions(&path, everybody).expect("a mode");
        let exposed = key_from_file(&path).expect_err("exposed");
        assert!(matches!(exposed, ConfigError::KeyExposed(_)), "{exposed}");
        assert!(!exposed.to_string().contains("example-key"), "{exposed}");
    }

    #[test]
    fn a_variable_that_is_not_set_is_named() {
        let error = key_from_variable("SEATSWEEP_TEST_NOT_SET").expect_err("not set");
        assert!(error.to_string().contains("SEATSWEEP_TEST_NOT_SET"));
    }
}
