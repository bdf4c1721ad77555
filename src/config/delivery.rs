use serde::Deserialize;

use super::KeySource;
use crate::model::DeliveryChannel;

/// How drafts of cancellation requests reach the company's own people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliverySettings {
    /// The channels, in a fixed order; files alone for a sandbox.
    pub channels: Vec<DeliveryChannel>,
    /// Where drafts are posted; there if the channel is named.
    pub webhook: Option<WebhookSettings>,
    /// Who is mailed; there if the channel is named.
    pub email: Option<EmailSettings>,
}

/// A receiver of requests, such as a ticket system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookSettings {
    /// `https`, or `http` on a loopback address.
    pub url: String,
    /// Whether it is an address of this machine.
    pub is_loopback: bool,
    /// Where the secret of the signature comes from.
    pub secret: KeySource,
}

/// A mail server and the people behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailSettings {
    /// The server's name.
    pub host: String,
    /// Whether it is this machine.
    pub is_loopback: bool,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub encryption: MailEncryption,
    /// Who logs in, where the server wants that.
    pub login: Option<MailLogin>,
    /// The sender.
    pub from: String,
    /// The receivers: the company's own people.
    pub to: Vec<String>,
}

/// A login at a mail server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailLogin {
    /// The name.
    pub username: String,
    /// Where the password comes from.
    pub password: KeySource,
}

/// How the connection to a mail server is protected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailEncryption {
    /// TLS from the first byte.
    Tls,
    /// TLS before anything is said; without it nothing is.
    #[default]
    StartTls,
    /// None: for a server on this machine only.
    None,
}
