use super::FoundFile;
use super::environment::{self, Environment};
use crate::cli::Command;
use crate::config::base_url::BaseUrl;
use crate::config::sections::{
    ConfigFile, DeactivationChannel, DeactivationFallback, ReadChannel, RemovalChannel,
};
use crate::config::{ConfigError, KeySource, ScimSettings, Target};

/// Where SCIM is, for the real tenant. Said in part it is not there, which is
/// missed only where it is needed.
pub(super) fn scim(
    environment: &Environment,
    found: &FoundFile,
    target: Target,
) -> Result<Option<ScimSettings>, ConfigError> {
    let said = &found.file.scim;
    let token = match (&said.token_env, &said.token_file) {
        (Some(_), Some(_)) => {
            return Err(ConfigError::Text(vec![format!(
                "{}: [scim] has both token_env and token_file; keep one",
                found.path.display()
            )]));
        }
        (Some(name), None) => Some(KeySource::Environment(name.clone())),
        (None, Some(path)) => Some(KeySource::File(found.beside(path))),
        (None, None) => {
            let usual = environment::SCIM_TOKEN;
            let is_set = environment.is_set(usual);
            is_set.then(|| KeySource::Environment(usual.to_owned()))
        }
    };
    let (Some(base_url), Some(token), Target::Eight) = (&said.base_url, token, target) else {
        return Ok(None);
    };
    let settings = ScimSettings {
        base_url: base_url.text.clone(),
        token,
    };
    if let (Some(named), Some(expected)) = (settings.customer_id(), &found.file.tenant.customer_id)
        && !is_same_customer(named, expected)
    {
        return Err(ConfigError::OtherCustomer {
            named: named.to_owned(),
            expected: expected.clone(),
        });
    }
    Ok(Some(settings))
}

/// The first fifteen characters of an id name the customer; the rest is a
/// checksum.
fn is_same_customer(one: &str, other: &str) -> bool {
    one.chars().take(15).eq(other.chars().take(15))
}

/// The addresses of the APIs that change the tenant; where people make all
/// changes, the Administration API's stands for the tenant.
pub(super) fn writing_to(file: &ConfigFile) -> Vec<BaseUrl> {
    let remove = file.channels.remove_license;
    let scim = uses_scim(file).then(|| file.scim.base_url.clone());
    let mut used: Vec<BaseUrl> = scim.flatten().into_iter().collect();
    if uses_admin_api(file) || (used.is_empty() && remove == RemovalChannel::Manual) {
        used.push(file.admin_api.base_url.clone().unwrap_or_default());
    }
    used
}

/// Whether `command` looks accounts up over SCIM.
pub(super) fn reads_scim(command: &Command, file: &ConfigFile) -> bool {
    match command {
        Command::Plan(_) | Command::Run(_) => file.channels.read == ReadChannel::Scim,
        Command::Apply(_)
        | Command::Audit(_)
        | Command::Explain(_)
        | Command::Undo(_)
        | Command::Tasks(_)
        | Command::Requests(_)
        | Command::Sandbox(_)
        | Command::Init(_) => false,
    }
}

/// Whether SCIM changes anything, or may have to.
pub(super) fn uses_scim(file: &ConfigFile) -> bool {
    match file.channels.deactivate {
        DeactivationChannel::Scim => true,
        DeactivationChannel::AdminApi => {
            file.channels.deactivate_fallback == DeactivationFallback::Scim
        }
        DeactivationChannel::Manual => false,
    }
}

/// Whether the Administration API changes anything.
pub(super) fn uses_admin_api(file: &ConfigFile) -> bool {
    file.channels.deactivate == DeactivationChannel::AdminApi
        || file.channels.remove_license == RemovalChannel::AdminApi
}
