//! The tenant behind a loopback socket.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::Request;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::error::SandboxError;
use super::log::{LogEntry, LogReport};
use super::options::Options;
use super::router::BASE_PATH;
use super::scim;
use super::service::{Reply, Tenant};
use super::wire::{Line, Listener};

/// No user is anywhere near this size, in bytes.
const LARGEST_BODY: usize = 4 << 20;

/// How long requests under way may take when the server stops. A held one
/// would take for ever.
const LAST_ANSWERS: Duration = Duration::from_millis(250);

/// A sandbox that listens. Dropping it stops the server without writing the log.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    tenant: Tenant,
    server: JoinSet<std::io::Result<()>>,
    stopping: watch::Sender<bool>,
}

/// Starts a sandbox; returns once it listens.
///
/// Fails if the address is not a loopback address or is taken, if the seed
/// contradicts itself, or if the state file cannot be read or written.
pub async fn start(options: Options) -> Result<Running, SandboxError> {
    let address = options.listen;
    if !address.ip().is_loopback() {
        return Err(SandboxError::NotLoopback { address });
    }
    let listen = |source| SandboxError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(listen)?;
    let address = listener.local_addr().map_err(listen)?;
    let tenant = Tenant::new(options, &origin(address))?;

    let (stopping, mut stop) = watch::channel(false);
    let listener = Listener {
        sockets: listener,
        tenant: tenant.clone(),
    };
    let router = Router::new().fallback(answer).with_state(tenant.clone());
    let service = router.into_make_service_with_connect_info::<Line>();
    let mut server = JoinSet::new();
    server.spawn(async move {
        axum::serve(listener, service)
            .with_graceful_shutdown(async move {
                // An error means that the sandbox was dropped: stop too.
                let _ = stop.wait_for(|stop| *stop).await;
            })
            .await
    });
    Ok(Running {
        address,
        tenant,
        server,
        stopping,
    })
}

impl Running {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What a client has to be configured with.
    pub fn base_url(&self) -> String {
        format!("{}{BASE_PATH}", origin(self.address))
    }

    /// The same for SCIM.
    pub fn scim_url(&self) -> String {
        format!("{}{}", origin(self.address), scim::BASE_PATH)
    }

    /// How the client behaved so far.
    pub fn report(&self) -> LogReport {
        self.tenant.report()
    }

    /// Every request so far, in the order of arrival.
    pub fn entries(&self) -> Vec<LogEntry> {
        self.tenant.entries()
    }

    /// Returns once a request is held; never if none is.
    pub async fn held(&self) {
        self.tenant.held().await;
    }

    /// Stops listening, writes the state and the log, and reports. Held
    /// requests are left without an answer.
    pub async fn stop(mut self) -> LogReport {
        self.stopping.send_replace(true);
        if tokio::time::timeout(LAST_ANSWERS, self.server.join_next())
            .await
            .is_err()
        {
            self.server.abort_all();
        }
        self.tenant.close()
    }
}

async fn answer(
    axum::extract::State(tenant): axum::extract::State<Tenant>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request<Body>,
) -> axum::http::Response<Body> {
    let (parts, body) = request.into_parts();
    let Reply { response, delivery } = match to_bytes(body, LARGEST_BODY).await {
        Ok(bytes) => {
            let request = Request::from_parts(parts, bytes.to_vec());
            tenant.serve(&request).await
        }
        Err(_) => tenant.too_large(),
    };
    line.deliver(delivery, response.body().len());
    response.map(Body::from)
}

fn origin(address: SocketAddr) -> String {
    format!("http://{address}")
}
