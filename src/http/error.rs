//! Why a request got no answer, and what that says about the server.

use std::error::Error;

use ::http::Method;
use reqwest::Url;

/// A request that got no usable answer. The URL is kept without its query:
/// filters and scroll identifiers name people.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{method} {url}: {failure}: {cause}")]
pub struct TransportError {
    /// What it says about whether the server was reached.
    pub failure: TransportFailure,
    /// The request's method.
    pub method: Method,
    /// The request's URL without its query.
    pub url: String,
    /// What the operating system or the library said.
    pub cause: String,
}

/// What a failed request says about whether the server was reached. The text
/// of each says what to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportFailure {
    /// No connection came about: nothing reached the server.
    #[error("the server was not reached; check the address, the network and the proxy setting")]
    NotSent,
    /// The server's certificate could not be verified: nothing was sent to it.
    #[error(
        "the server's certificate could not be verified; check the host name, this machine's clock, and whether a company proxy's certificate is missing from the system's trusted roots"
    )]
    CertificateNotTrusted,
    /// The connection broke, timed out or ended within the answer.
    #[error("the connection failed after the request had begun, so the server may have acted")]
    Interrupted,
    /// The answer was larger than [`Options::max_body_bytes`](super::Options).
    #[error("the answer was too large to be read, so the server may have acted")]
    TooLarge,
    /// The request could not be built or would have left the base address.
    #[error("the request is not one this program sends")]
    InvalidRequest,
}

impl TransportError {
    /// Describes a failure of `method` on `url`; the query is left out.
    pub fn new(
        failure: TransportFailure,
        method: &Method,
        url: &Url,
        cause: impl Into<String>,
    ) -> Self {
        let mut without_query = url.clone();
        without_query.set_query(None);
        Self {
            failure,
            method: method.clone(),
            url: without_query.into(),
            cause: cause.into(),
        }
    }

    /// Whether nothing can have reached the server, so that even a write may
    /// be sent again.
    pub fn certainly_not_sent(&self) -> bool {
        match self.failure {
            TransportFailure::NotSent
            | TransportFailure::CertificateNotTrusted
            | TransportFailure::InvalidRequest => true,
            TransportFailure::Interrupted | TransportFailure::TooLarge => false,
        }
    }

    /// Whether waiting can heal it. An untrusted certificate, an oversized
    /// answer or an invalid request will be the same in half a minute.
    pub fn may_pass(&self) -> bool {
        match self.failure {
            TransportFailure::NotSent | TransportFailure::Interrupted => true,
            TransportFailure::CertificateNotTrusted
            | TransportFailure::TooLarge
            | TransportFailure::InvalidRequest => false,
        }
    }

    /// Sorts what reqwest reports. Connecting covers the proxy, name
    /// resolution and the TLS handshake; everything after it may have been
    /// seen by the server.
    pub(super) fn from_reqwest(error: reqwest::Error, method: &Method, url: &Url) -> Self {
        let failure = if is_certificate_failure(&error) {
            TransportFailure::CertificateNotTrusted
        } else if error.is_connect() {
            TransportFailure::NotSent
        } else if error.is_builder() {
            TransportFailure::InvalidRequest
        } else {
            TransportFailure::Interrupted
        };
        Self::new(failure, method, url, chain(&error.without_url()))
    }
}

fn is_certificate_failure(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        // An I/O error hides the error it wraps: its source is that error's
        // source.
        let wrapped = error
            .downcast_ref::<std::io::Error>()
            .and_then(|error| error.get_ref());
        let tls = match wrapped {
            Some(wrapped) => wrapped.downcast_ref::<rustls::Error>(),
            None => error.downcast_ref::<rustls::Error>(),
        };
        if matches!(tls, Some(rustls::Error::InvalidCertificate(_))) {
            return true;
        }
        next = match wrapped {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    false
}

/// An error and its sources in one line.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let part = error.to_string();
        if !text.ends_with(&part) {
            text.push_str(": ");
            text.push_str(&part);
        }
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::io;

    use rustls::CertificateError;

    use super::*;

    #[test]
    fn an_untrusted_certificate_is_found_below_io_errors() {
        let tls = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let wrapped = io::Error::other(io::Error::other(tls));
        assert!(is_certificate_failure(&wrapped));
        let other = io::Error::other(rustls::Error::HandshakeNotComplete);
        assert!(!is_certificate_failure(&other));
        assert!(!is_certificate_failure(&io::Error::from(
            io::ErrorKind::TimedOut
        )));
    }

    #[test]
    fn the_message_says_what_to_check_and_names_nobody() {
        let url = Url::parse("https://api.example.com/users?filter=jane").expect("a url");
        let error = TransportError::new(
            TransportFailure::CertificateNotTrusted,
            &Method::GET,
            &url,
            "UnknownIssuer",
        );
        assert_eq!(
            error.to_string(),
            "GET https://api.example.com/users: the server's certificate could not be verified; check the host name, this machine's clock, and whether a company proxy's certificate is missing from the system's trusted roots: UnknownIssuer"
        );
    }
}
