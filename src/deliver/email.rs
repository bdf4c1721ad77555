use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::authentication::Credentials;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use super::{Attempt, DeliveryError, PATIENCE, Parcel, try_again};
use crate::http::{ExposeSecret, SecretString, install_crypto_provider};
use crate::vendor::Clock;

/// A mail server and the people behind it.
pub struct Mailer {
    host: String,
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    to: Vec<Mailbox>,
}

/// What a mailer is made of.
pub struct MailerOptions {
    /// The server's name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: MailSecurity,
    /// Name and password, where the server wants them.
    pub login: Option<(String, SecretString)>,
    /// The sender's address.
    pub from: String,
    /// The receivers' addresses; no others are ever written to.
    pub to: Vec<String>,
}

/// How the connection to a mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailSecurity {
    /// TLS from the first byte.
    Tls,
    /// TLS before anything is said; without it nothing is.
    StartTls,
    /// None: for a server on this machine only.
    Loopback,
}

impl Mailer {
    /// A mailer; nothing is sent yet.
    pub fn new(options: &MailerOptions) -> Result<Self, DeliveryError> {
        install_crypto_provider();
        let host = options.host.as_str();
        let unusable = |error: String| DeliveryError::Message(error);
        let builder = match options.security {
            MailSecurity::Tls => AsyncSmtpTransport::<Tokio1Executor>::relay(host)
                .map_err(|error| unusable(error.to_string()))?,
            MailSecurity::StartTls => AsyncSmtpTransport::<Tokio1Executor>::starttls_relay(host)
                .map_err(|error| unusable(error.to_string()))?,
            MailSecurity::Loopback if is_loopback(host) => {
                AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            }
            MailSecurity::Loopback => {
                return Err(unusable(format!(
                    "{host} is not this machine, so the connection needs TLS"
                )));
            }
        };
        let mut builder = builder.port(options.port).timeout(Some(PATIENCE));
        if let Some((name, password)) = &options.login {
            let password = password.expose_secret().to_owned();
            builder = builder.credentials(Credentials::new(name.clone(), password));
        }
        let to = options.to.iter().map(|address| mailbox(address));
        Ok(Self {
            host: host.to_owned(),
            transport: builder.build(),
            from: mailbox(&options.from)?,
            to: to.collect::<Result<_, _>>()?,
        })
    }

    /// Mails the parcel until the server takes it, refuses it for good, or the
    /// attempts are used up. All attempts carry the same message id.
    pub async fn send(&self, parcel: &Parcel, clock: &Clock) -> Result<(), DeliveryError> {
        let message = self.message(parcel)?;
        try_again(clock, || {
            let sent = self.transport.send(message.clone());
            async {
                let Err(error) = sent.await else {
                    return Attempt::Arrived;
                };
                let failed = DeliveryError::Mail {
                    host: self.host.clone(),
                    cause: error.to_string(),
                };
                if error.is_permanent() || error.is_client() || error.is_tls() {
                    Attempt::Lasts(failed)
                } else {
                    Attempt::MayPass(failed)
                }
            }
        })
        .await
    }

    fn message(&self, parcel: &Parcel) -> Result<Message, DeliveryError> {
        let domain = self.from.email.domain();
        let mut message = Message::builder()
            .from(self.from.clone())
            .subject(parcel.subject.clone())
            .message_id(Some(format!("<{}@{domain}>", parcel.key)));
        for receiver in &self.to {
            message = message.to(receiver.clone());
        }
        message
            .header(ContentType::TEXT_PLAIN)
            .body(parcel.letter.clone())
            .map_err(|error| DeliveryError::Message(error.to_string()))
    }
}

fn mailbox(address: &str) -> Result<Mailbox, DeliveryError> {
    let parsed: Address = address
        .parse()
        .map_err(|error| DeliveryError::Message(format!("{address:?}: {error}")))?;
    Ok(Mailbox::new(None, parsed))
}

/// `localhost`, 127.0.0.0/8 or `::1`.
fn is_loopback(host: &str) -> bool {
    let address = host.parse();
    host == "localhost" || address.is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(host: &str, security: MailSecurity) -> MailerOptions {
        MailerOptions {
            host: host.to_owned(),
            port: 25,
            security,
            login: None,
            from: "seatsweep@example.com".to_owned(),
            to: vec!["licences@example.com".to_owned()],
        }
    }

    fn parcel() -> Parcel {
        Parcel {
            key: "seatsweep-1f0c".to_owned(),
            subject: "Cancel 3 seats – X2".to_owned(),
            letter: "Dear colleagues,\nthree seats.\n".to_owned(),
            document: serde_json::Value::Null,
        }
    }

    #[test]
    fn a_mail_carries_its_key_and_goes_to_the_configured_people() {
        let mailer = Mailer::new(&options("mail.example.com", MailSecurity::Tls));
        let message = mailer
            .expect("a mailer")
            .message(&parcel())
            .expect("a mail");
        let text = String::from_utf8(message.formatted()).expect("ASCII");
        assert!(
            text.contains("Message-ID: <seatsweep-1f0c@example.com>"),
            "{text}"
        );
        assert!(text.contains("To: licences@example.com"), "{text}");
        assert!(text.contains("three seats."), "{text}");
    }

    #[test]
    fn without_tls_a_mail_stays_on_this_machine() {
        let refused = |host| Mailer::new(&options(host, MailSecurity::Loopback)).is_err();
        assert!(refused("mail.example.com") && refused("localhost.example.com"));
        assert!(!refused("localhost") && !refused("127.0.0.1") && !refused("::1"));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let mut options = options("mail.example.com", MailSecurity::StartTls);
        options.to = vec!["licences at example.com".to_owned()];
        assert!(matches!(
            Mailer::new(&options),
            Err(DeliveryError::Message(_))
        ));
    }
}
