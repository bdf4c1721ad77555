// secrecy is at home in `http`, which sends the key; the key is born here.
use std::fs;
use std::path::Path;

use secrecy::SecretString;

use super::environment::read_variable;
use super::error::Secret;
use super::{ConfigError, EmailSettings, KeySource, ScimSettings, Settings, WebhookSettings};
use crate::files;

impl Settings {
    /// Reads the API key from its source. It is never printed: neither the
    /// value nor an error shows it.
    pub fn api_key(&self) -> Result<SecretString, ConfigError> {
        match &self.api.key {
            Some(source) => secret_from(source, Secret::ApiKey),
            None => Err(ConfigError::NoKeySource),
        }
    }
}

impl ScimSettings {
    /// Reads the token from its source, under the same rules.
    pub fn token(&self) -> Result<SecretString, ConfigError> {
        secret_from(&self.token, Secret::ScimToken)
    }
}

impl WebhookSettings {
    /// Reads the secret from its source, under the same rules.
    pub fn secret(&self) -> Result<SecretString, ConfigError> {
        secret_from(&self.secret, Secret::WebhookSecret)
    }
}

impl EmailSettings {
    /// Reads the password from its source, under the same rules; `None` where
    /// the server wants none.
    pub fn password(&self) -> Result<Option<SecretString>, ConfigError> {
        let login = self.login.as_ref();
        login
            .map(|login| secret_from(&login.password, Secret::MailPassword))
            .transpose()
    }
}

fn secret_from(source: &KeySource, what: Secret) -> Result<SecretString, ConfigError> {
    match source {
        KeySource::Environment(name) => key_from_variable(name, what),
        KeySource::File(path) => key_from_file(path, what),
    }
}

fn key_from_variable(name: &str, what: Secret) -> Result<SecretString, ConfigError> {
    let value = read_variable(name).and_then(|value| value.into_string().ok());
    value
        .and_then(|value| key_in(&value))
        .ok_or_else(|| ConfigError::KeyNotSet(what, name.to_owned()))
}

fn key_from_file(path: &Path, what: Secret) -> Result<SecretString, ConfigError> {
    if files::readable_by_others(path) {
        return Err(ConfigError::KeyExposed(what, path.to_owned()));
    }
    let text = fs::read_to_string(path).map_err(|error| ConfigError::unreadable(path, error))?;
    key_in(&text).ok_or_else(|| ConfigError::KeyFileEmpty(what, path.to_owned()))
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
        let key = key_from_file(&path, Secret::ApiKey).expect("a key");
        assert_eq!(key.expose_secret(), "example-key");
        assert!(!format!("{key:?}").contains("example-key"));
    }

    #[test]
    fn exposed_empty_and_missing_keys_are_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key");
        let missing = key_from_file(&path, Secret::ApiKey);
        assert!(
            matches!(missing, Err(ConfigError::Unreadable { .. })),
            "{missing:?}"
        );
        files::replace(&path, b"\n").expect("written");
        let empty = key_from_file(&path, Secret::ApiKey);
        assert!(
            matches!(empty, Err(ConfigError::KeyFileEmpty(..))),
            "{empty:?}"
        );
        files::replace(&path, b"example-key").expect("written");
        let everybody = fs::Permissions::from_mode(0o644);
        fs::set_permissions(&path, everybody).expect("a mode");
        let exposed = key_from_file(&path, Secret::ApiKey).expect_err("exposed");
        assert!(matches!(exposed, ConfigError::KeyExposed(..)), "{exposed}");
        assert!(!exposed.to_string().contains("example-key"), "{exposed}");
    }

    #[test]
    fn a_variable_that_is_not_set_is_named() {
        let error =
            key_from_variable("SEATSWEEP_TEST_NOT_SET", Secret::ScimToken).expect_err("not set");
        let error = error.to_string();
        assert!(error.contains("SCIM token") && error.contains("SEATSWEEP_TEST_NOT_SET"));
    }
}
