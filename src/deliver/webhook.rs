use std::fmt::Write as _;

use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::{Attempt, DeliveryError, PATIENCE, Parcel, try_again};
use crate::http::{
    BaseUrl, ExposeSecret, HeaderMap, HeaderName, HeaderValue, HttpClient, Method, Options,
    Request, Response, SecretString, StatusCode, TransportError, header,
};
use crate::vendor::Clock;

/// A receiver of requests, such as a ticket system.
pub struct Webhook {
    client: HttpClient,
    /// Of its address, as it was given; it may be a secret.
    query: Option<String>,
    secret: SecretString,
}

/// The key by which a receiver knows a delivery that it has already had
/// (draft-ietf-httpapi-idempotency-key-header).
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// `sha256=` and the HMAC-SHA256 of the body in hex.
const SIGNATURE: HeaderName = HeaderName::from_static("x-seatsweep-signature");

impl Webhook {
    /// A receiver at `url`: `https`, or `http` on this machine.
    pub fn new(url: &str, secret: SecretString) -> Result<Self, DeliveryError> {
        let (address, query) = match url.split_once('?') {
            Some((address, query)) => (address, Some(query.to_owned())),
            None => (url, None),
        };
        let base =
            BaseUrl::parse(address).map_err(|error| DeliveryError::Address(error.to_string()))?;
        let options = Options {
            connect_timeout: PATIENCE,
            total_timeout: PATIENCE,
            ..Options::default()
        };
        Ok(Self {
            client: HttpClient::network(base, &options)?,
            query,
            secret,
        })
    }

    /// Posts the parcel until the receiver takes it with any 2xx, refuses it
    /// for good, or the attempts are used up. All attempts carry the same key
    /// and body.
    pub async fn send(&self, parcel: &Parcel, clock: &Clock) -> Result<(), DeliveryError> {
        let request = self.request(parcel)?;
        try_again(clock, || {
            let sent = self.client.send(request.clone());
            async { self.judge(sent.await) }
        })
        .await
    }

    fn request(&self, parcel: &Parcel) -> Result<Request, DeliveryError> {
        let no_request = || DeliveryError::Address("no request to it can be made".to_owned());
        let body = parcel.document.to_string().into_bytes();
        let header = |text: &str| HeaderValue::from_str(text).ok();
        let key = header(&parcel.key).ok_or_else(no_request)?;
        let signature = signature(&self.secret, &body);
        let signature = signature.and_then(|text| header(&text));
        let signature = signature.ok_or_else(no_request)?;
        let media_type = HeaderValue::from_static("application/json");
        let mut url = self
            .client
            .base()
            .endpoint(&[], &[])
            .ok_or_else(no_request)?;
        url.set_query(self.query.as_deref());
        Ok(Request {
            method: Method::POST,
            url,
            headers: HeaderMap::from_iter([
                (header::CONTENT_TYPE, media_type),
                (IDEMPOTENCY_KEY, key),
                (SIGNATURE, signature),
            ]),
            body: Some(body),
        })
    }

    fn judge(&self, answer: Result<Response, TransportError>) -> Attempt {
        let host = self.host();
        match answer {
            Ok(response) if response.status.is_success() => Attempt::Arrived,
            Ok(response) => {
                let status = response.status;
                let may_pass = status.is_server_error()
                    || matches!(
                        status,
                        StatusCode::REQUEST_TIMEOUT
                            | StatusCode::CONFLICT
                            | StatusCode::TOO_EARLY
                            | StatusCode::TOO_MANY_REQUESTS
                    );
                let error = DeliveryError::Refused { host, status };
                if may_pass {
                    Attempt::MayPass(error)
                } else {
                    Attempt::Lasts(error)
                }
            }
            Err(error) => {
                let failure = error.failure;
                let no_answer = DeliveryError::NoAnswer { host, failure };
                if error.may_pass() {
                    Attempt::MayPass(no_answer)
                } else {
                    Attempt::Lasts(no_answer)
                }
            }
        }
    }

    fn host(&self) -> String {
        let url = self.client.base().endpoint(&[], &[]);
        let host = url.and_then(|url| url.host_str().map(str::to_owned));
        host.unwrap_or_default()
    }
}

fn signature(secret: &SecretString, body: &[u8]) -> Option<String> {
    // Never `None`: a key of any length is taken (RFC 2104).
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()).ok()?;
    mac.update(body);
    let mut text = "sha256=".to_owned();
    for byte in mac.finalize().into_bytes() {
        write!(text, "{byte:02x}").ok()?;
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_rfc_4231() {
        let secret = SecretString::from("Jefe");
        assert_eq!(
            signature(&secret, b"what do ya want for nothing?").as_deref(),
            Some("sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        );
    }

    #[test]
    fn nothing_is_sent_in_the_clear() {
        let secret = || SecretString::from("example-secret");
        assert!(Webhook::new("http://tickets.example.com/hook", secret()).is_err());
        assert!(Webhook::new("http://127.0.0.1:9/hook", secret()).is_ok());
    }
}
