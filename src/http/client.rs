//! One request, one answer, over the network or within the process.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use ::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

use super::{BaseUrl, TransportError, TransportFailure};

/// Sends requests to one [`BaseUrl`] and never sends anything twice by itself:
/// whether a request may be repeated is for its caller to know. Clones share
/// their connections.
#[derive(Clone)]
pub struct HttpClient {
    base: BaseUrl,
    transport: Transport,
    max_body_bytes: usize,
}

/// What is sent.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The address, made by [`BaseUrl::endpoint`].
    pub url: Url,
    /// All headers but the user agent and the length.
    pub headers: HeaderMap,
    /// The body, if the method has one.
    pub body: Option<Vec<u8>>,
}

/// What came back, read to its end.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// All headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Vec<u8>,
}

/// How long and how much is waited for, in real time whatever the run clock
/// says: it is the network that is waited for.
pub struct Options {
    /// Time for name resolution, connecting and the TLS handshake.
    pub connect_timeout: Duration,
    /// Time for the whole exchange.
    pub total_timeout: Duration,
    /// Largest answer that is read, in bytes.
    pub max_body_bytes: usize,
    /// The proxy's address; it may hold a password. The environment's proxy
    /// variables are never read, and a loopback address is never proxied.
    pub proxy: Option<SecretString>,
}

/// A server inside this process, so that tests run in paused time.
pub type Service = Arc<dyn Fn(::http::Request<Vec<u8>>) -> ServiceFuture + Send + Sync>;

/// The answer of a [`Service`].
pub type ServiceFuture =
    Pin<Box<dyn Future<Output = Result<::http::Response<Vec<u8>>, TransportError>> + Send>>;

/// Why no client could be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The proxy's address is not one.
    #[error("the proxy address cannot be used; write it like http://proxy.example.com:3128")]
    Proxy,
    /// Most often: the machine has no trusted root certificates.
    #[error(
        "no TLS client could be made for {base}: {cause}; check that the system's root certificates (package ca-certificates) are installed"
    )]
    Tls {
        /// The address the client was for.
        base: BaseUrl,
        /// What the library said.
        cause: String,
    },
}

/// A closed set: no third way to reach a server exists.
#[derive(Clone)]
enum Transport {
    Network(reqwest::Client),
    InProcess(Service),
}

/// Tells servers who asks.
const USER_AGENT: HeaderValue =
    HeaderValue::from_static(concat!("seatsweep/", env!("CARGO_PKG_VERSION")));

/// A connection that lay idle longer may have been closed by the server just
/// now, and a write that meets the closing cannot be told from one that was
/// received.
const LONGEST_IDLE: Duration = Duration::from_secs(5);

impl Default for Options {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            total_timeout: Duration::from_mins(1),
            max_body_bytes: 16 * 1024 * 1024,
            proxy: None,
        }
    }
}

impl HttpClient {
    /// A client on real sockets.
    pub fn network(base: BaseUrl, options: &Options) -> Result<Self, ClientError> {
        install_crypto_provider();
        let mut builder = reqwest::Client::builder()
            // The default client silently sends again after an HTTP/2 GOAWAY.
            .retry(reqwest::retry::never())
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .http1_only()
            // HTTP_PROXY would divert loopback requests and the key.
            .no_proxy()
            .pool_idle_timeout(LONGEST_IDLE)
            .connect_timeout(options.connect_timeout)
            .timeout(options.total_timeout);
        if !base.is_encrypted() {
            // Without this a machine that has no root certificates could not
            // even speak to its own sandbox.
            builder = builder.tls_certs_only([]);
        }
        if let Some(proxy) = &options.proxy
            && !base.is_loopback()
        {
            let proxy =
                reqwest::Proxy::all(proxy.expose_secret()).map_err(|_| ClientError::Proxy)?;
            builder = builder.proxy(proxy);
        }
        let client = builder.build().map_err(|error| ClientError::Tls {
            base: base.clone(),
            cause: std::error::Error::source(&error)
                .map_or_else(|| error.to_string(), ToString::to_string),
        })?;
        Ok(Self {
            base,
            transport: Transport::Network(client),
            max_body_bytes: options.max_body_bytes,
        })
    }

    /// A client whose server is a function.
    pub fn in_process(base: BaseUrl, service: Service) -> Self {
        Self {
            base,
            transport: Transport::InProcess(service),
            max_body_bytes: Options::default().max_body_bytes,
        }
    }

    /// The one address this client speaks to.
    pub fn base(&self) -> &BaseUrl {
        &self.base
    }

    /// Sends `request` once and reads the whole answer. Any status is an
    /// answer; only its absence is an error.
    pub async fn send(&self, mut request: Request) -> Result<Response, TransportError> {
        if !self.base.is_origin_of(&request.url) {
            return Err(TransportError::new(
                TransportFailure::InvalidRequest,
                &request.method,
                &request.url,
                format!("it would leave {}", self.base),
            ));
        }
        request.headers.insert(header::USER_AGENT, USER_AGENT);
        match &self.transport {
            Transport::Network(client) => self.send_to_network(client, request).await,
            Transport::InProcess(service) => self.send_in_process(service, request).await,
        }
    }

    async fn send_to_network(
        &self,
        client: &reqwest::Client,
        request: Request,
    ) -> Result<Response, TransportError> {
        let Request {
            method,
            url,
            headers,
            body,
        } = request;
        let failed = |error| TransportError::from_reqwest(error, &method, &url);
        let mut builder = client.request(method.clone(), url.clone()).headers(headers);
        if let Some(body) = body {
            // Bytes of known length, so that Content-Length is set.
            builder = builder.body(body);
        }
        let mut response = builder.send().await.map_err(failed)?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > self.max_body_bytes {
                return Err(self.too_large(&method, &url));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Response {
            status: response.status(),
            headers: std::mem::take(response.headers_mut()),
            body,
        })
    }

    async fn send_in_process(
        &self,
        service: &Service,
        request: Request,
    ) -> Result<Response, TransportError> {
        let Request {
            method,
            url,
            mut headers,
            body,
        } = request;
        if let Some(body) = &body {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
        }
        let mut received = ::http::Request::new(body.unwrap_or_default());
        *received.method_mut() = method.clone();
        *received.headers_mut() = headers;
        *received.uri_mut() = url.as_str().parse().map_err(|error| {
            let cause = format!("the address cannot be used: {error}");
            TransportError::new(TransportFailure::InvalidRequest, &method, &url, cause)
        })?;
        let (answer, body) = service(received).await?.into_parts();
        if body.len() > self.max_body_bytes {
            return Err(self.too_large(&method, &url));
        }
        Ok(Response {
            status: answer.status,
            headers: answer.headers,
            body,
        })
    }

    fn too_large(&self, method: &Method, url: &Url) -> TransportError {
        let cause = format!("more than {} bytes", self.max_body_bytes);
        TransportError::new(TransportFailure::TooLarge, method, url, cause)
    }
}

/// Chooses ring for TLS, once for the process; calling it again changes
/// nothing. `main` calls it first, and every network client makes sure of it.
pub fn install_crypto_provider() {
    // The error means that a provider is installed already, which is the aim.
    drop(rustls::crypto::ring::default_provider().install_default());
}

/// A header value that is never shown in a debug print; `None` when the secret
/// holds a line break or another character that no header can carry.
pub fn sensitive_header(secret: &SecretString) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(secret.expose_secret()).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests;
