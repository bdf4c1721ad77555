use super::FoundFile;
use crate::config::sections::{EmailSection, WebhookSection};
use crate::config::{
    ConfigError, DeliverySettings, EmailSettings, KeySource, MailEncryption, MailLogin, Target,
    WebhookSettings,
};
use crate::model::{DeliveryChannel, EmailAddress};

/// Where mail is handed in by programs (RFC 6409), and over TLS (RFC 8314).
const SUBMISSION: u16 = 587;
const SUBMISSIONS: u16 = 465;
const LOCAL: u16 = 25;

/// How drafts reach people. A sandbox writes files only, whatever is configured:
/// nobody shall hand in what was made up.
pub(super) fn delivery(found: &FoundFile, target: Target) -> Result<DeliverySettings, ConfigError> {
    let said = found.file.channels.cancellation.clone();
    let mut channels = said.unwrap_or_else(|| vec![DeliveryChannel::File]);
    channels.sort_unstable();
    channels.dedup();
    if target == Target::Sandbox {
        channels = vec![DeliveryChannel::File];
    }
    let uses = |channel| channels.contains(&channel);
    let webhook = uses(DeliveryChannel::Webhook)
        .then(|| webhook(found, &found.file.webhook))
        .transpose()?;
    let email = uses(DeliveryChannel::Email)
        .then(|| email(found, &found.file.email))
        .transpose()?;
    Ok(DeliverySettings {
        channels,
        webhook,
        email,
    })
}

fn webhook(found: &FoundFile, said: &WebhookSection) -> Result<WebhookSettings, ConfigError> {
    let missing = || {
        wrong(
            found,
            "[channels] cancellation names \"webhook\", so [webhook] needs url = \"https://…\" and \
             secret_env or secret_file, one of the two",
        )
    };
    let secret = source(found, said.secret_env.as_ref(), said.secret_file.as_ref());
    let (Some(url), Some(secret)) = (&said.url, secret) else {
        return Err(missing());
    };
    Ok(WebhookSettings {
        url: url.text.clone(),
        is_loopback: url.is_loopback,
        secret,
    })
}

fn email(found: &FoundFile, said: &EmailSection) -> Result<EmailSettings, ConfigError> {
    let EmailSection {
        host: Some(host),
        from: Some(from),
        ..
    } = said
    else {
        return Err(wrong(
            found,
            "[channels] cancellation names \"email\", so [email] needs host, from and to",
        ));
    };
    if said.to.is_empty() {
        return Err(wrong(
            found,
            "[email] to names nobody; list addresses of your own people",
        ));
    }
    let mut addresses = said.to.iter().chain([from]);
    if let Some(address) = addresses.find(|address| EmailAddress::parse(address).is_none()) {
        let sentence = format!("[email] {address:?} is not an e-mail address");
        return Err(wrong(found, &sentence));
    }
    let is_loopback = crate::config::base_url::is_loopback(host);
    if said.encryption == MailEncryption::None && !is_loopback {
        return Err(wrong(
            found,
            "[email] encryption = \"none\" is for a server on this machine; write \"starttls\" or \"tls\"",
        ));
    }
    let password = source(
        found,
        said.password_env.as_ref(),
        said.password_file.as_ref(),
    );
    let login = match (&said.username, password) {
        (Some(username), Some(password)) => Some(MailLogin {
            username: username.clone(),
            password,
        }),
        (None, None) if said.password_env.is_none() => None,
        _ => {
            return Err(wrong(
                found,
                "[email] username needs password_env or password_file, one of the two, and they need it",
            ));
        }
    };
    let port = match said.encryption {
        MailEncryption::Tls => SUBMISSIONS,
        MailEncryption::StartTls => SUBMISSION,
        MailEncryption::None => LOCAL,
    };
    Ok(EmailSettings {
        host: host.clone(),
        is_loopback,
        port: said.port.map_or(port, std::num::NonZeroU16::get),
        encryption: said.encryption,
        login,
        from: from.clone(),
        to: said.to.clone(),
    })
}

/// The secret's source; `None` where none is said, or two are.
fn source(
    found: &FoundFile,
    variable: Option<&String>,
    path: Option<&std::path::PathBuf>,
) -> Option<KeySource> {
    match (variable, path) {
        (Some(name), None) => Some(KeySource::Environment(name.clone())),
        (None, Some(path)) => Some(KeySource::File(found.beside(path))),
        (Some(_), Some(_)) | (None, None) => None,
    }
}

fn wrong(found: &FoundFile, sentence: &str) -> ConfigError {
    ConfigError::Text(vec![format!("{}: {sentence}", found.path.display())])
}
