//! The client's policy: which addresses may be spoken to, what is trusted,
//! how long and how much is waited for, and what a failure says about whether
//! the server was reached.
//!
//! Architecture invariant: no request leaves the origin of its [`BaseUrl`].
//! URLs are built from it and encoded segments only, redirects are not
//! followed and links in answers are never used.

mod base_url;
mod client;
mod error;

pub use ::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
pub use base_url::{BaseUrl, BaseUrlError};
pub use client::{
    ClientError, HttpClient, Options, Request, Response, Service, ServiceFuture,
    install_crypto_provider, sensitive_header,
};
pub use error::{TransportError, TransportFailure};
pub use reqwest::Url;
pub use secrecy::{ExposeSecret, SecretString};
