use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why no settings could be made; each says what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// An option's value cannot be understood.
    #[error("{option} {value:?}: {problem}")]
    Option {
        /// The option, such as `--as-of`.
        option: &'static str,
        /// What was typed.
        value: String,
        /// What is wrong, and what to type.
        problem: &'static str,
    },
    /// An input that the command needs was not named anywhere.
    #[error("no {what} was named; give {option} FILE, or set {key} under [inputs] in {file}", file = .file.display())]
    NothingToRead {
        /// What it is.
        what: &'static str,
        /// The option that names it.
        option: &'static str,
        /// The key that names it.
        key: &'static str,
        /// The configuration file.
        file: PathBuf,
    },
    /// The configuration file that was asked for is not there.
    #[error("{path}: there is no such configuration file; check --config and SEATSWEEP_CONFIG", path = .0.display())]
    NoFile(PathBuf),
    /// No file matches a pattern of `[inputs]`.
    #[error("{pattern}: no file matches; `*` and `?` stand for characters of the file's name, and the folder must exist", pattern = .0.display())]
    NoMatch(PathBuf),
    /// A file or folder cannot be read.
    #[error("{path}: cannot be read; check its owner and mode", path = .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The configuration file's text is wrong: one sentence for each place.
    #[error("{}", .0.join("\n"))]
    Text(Vec<String>),
    /// A `SEATSWEEP_*` variable cannot be understood.
    #[error("environment variable {name} is {value:?}; write one of: {expected}")]
    Variable {
        /// Its name.
        name: &'static str,
        /// Its value.
        value: String,
        /// The words that are understood.
        expected: &'static str,
    },
    /// Nobody chose between the sandbox and a real tenant.
    #[error(
        "no target was chosen: give --sandbox to rehearse, or write target = \"sandbox\" or target = \"8x8\" under [tenant] in {file}", file = .0.display()
    )]
    NoTarget(PathBuf),
    /// What no command line says is missing, and there is no file to say it: most
    /// often the command was started in another folder.
    #[error(
        "there is no configuration file {file}; go to its folder first (cd), name it with --config, or write one with `seatsweep init`", file = .file.display()
    )]
    NoFileHere {
        /// Where it was looked for.
        file: PathBuf,
        /// What it would have to say.
        #[source]
        lacking: Box<ConfigError>,
    },
    /// Keys that have no default for a real tenant are missing.
    #[error("target 8x8 needs what nobody can guess; give --sandbox to rehearse without, or add to {file}:\n  {keys}", file = .file.display(), keys = .missing.join("\n  "))]
    Incomplete {
        /// The configuration file.
        file: PathBuf,
        /// The keys as they are to be written.
        missing: Vec<&'static str>,
    },
    /// Limits above the vendor's, or scaled time, against a real tenant.
    #[error(
        "[limits] exceed what 8x8 allows (100 requests a minute, 20 in 10 seconds, 10 operations, polls a second apart, time_scale 1); more is possible only with a base_url on a loopback address, or in the sandbox"
    )]
    BeyondTheVendor,
    /// The variable that should hold the key is not set, empty or not text.
    #[error("the {0} is missing: environment variable {1} is empty or not set")]
    KeyNotSet(Secret, String),
    /// The key's file holds nothing.
    #[error("the {0} is missing: {path} is empty", path = .1.display())]
    KeyFileEmpty(Secret, PathBuf),
    /// Others may read the key's file.
    #[error("{path}: others can read this {0}; run `chmod 600` on it, and have it replaced if others had access", path = .1.display())]
    KeyExposed(Secret, PathBuf),
    /// The address of SCIM names another customer than the tenant's.
    #[error(
        "[scim] base_url is that of customer {named}, [tenant] customer_id says {expected}; correct the one that is wrong, and give the token of the same customer"
    )]
    OtherCustomer {
        /// The customer in the address.
        named: String,
        /// The customer of the tenant.
        expected: String,
    },
    /// No source of the key was named.
    #[error("no API key was named; set api_key_env or api_key_file under [admin_api]")]
    NoKeySource,
}

/// Which secret an error is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secret {
    /// The key of the Administration API.
    ApiKey,
    /// The bearer token of SCIM.
    ScimToken,
    /// What the webhook's requests are signed with.
    WebhookSecret,
    /// The password of the mail server.
    MailPassword,
}

impl fmt::Display for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::ApiKey => "API key",
            Self::ScimToken => "SCIM token",
            Self::WebhookSecret => "webhook secret",
            Self::MailPassword => "mail password",
        })
    }
}

/// The kinds of [`ConfigError`] that exit codes tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfigErrorKind {
    /// Typed wrong (64).
    Usage,
    /// A file is not there (66).
    NoInput,
    /// A file may not be read (77).
    NoPermission,
    /// Set up wrong (78).
    Configuration,
}

impl ConfigError {
    /// The kind, for the exit code.
    pub fn kind(&self) -> ConfigErrorKind {
        match self {
            Self::Option { .. } | Self::NothingToRead { .. } => ConfigErrorKind::Usage,
            Self::NoFile(_) | Self::NoMatch(_) => ConfigErrorKind::NoInput,
            Self::Unreadable { source, .. } => match source.kind() {
                io::ErrorKind::PermissionDenied => ConfigErrorKind::NoPermission,
                _ => ConfigErrorKind::Configuration,
            },
            Self::Text(_)
            | Self::Variable { .. }
            | Self::NoTarget(_)
            | Self::NoFileHere { .. }
            | Self::Incomplete { .. }
            | Self::BeyondTheVendor
            | Self::KeyNotSet(..)
            | Self::KeyFileEmpty(..)
            | Self::KeyExposed(..)
            | Self::OtherCustomer { .. }
            | Self::NoKeySource => ConfigErrorKind::Configuration,
        }
    }

    pub(super) fn unreadable(path: &Path, source: io::Error) -> Self {
        Self::Unreadable {
            path: path.to_owned(),
            source,
        }
    }
}
