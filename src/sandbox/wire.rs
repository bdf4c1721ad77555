//! The connections of a sandbox, which can be told to break.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::IncomingStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Sleep;

use super::faults::Delivery;
use super::service::Tenant;

/// Into how many pieces a slow answer falls.
const PIECES: u32 = 20;

/// Listens, and drops the connections that the tenant's script says.
pub(super) struct Listener {
    pub(super) sockets: TcpListener,
    pub(super) tenant: Tenant,
}

/// One connection.
pub(super) struct Connection {
    socket: TcpStream,
    line: Line,
    pause: Option<Pin<Box<Sleep>>>,
}

/// By which a handler says how its answer goes out. It is said before the
/// answer is given back, and holds until the next one.
#[derive(Debug, Clone)]
pub(super) struct Line(Arc<Mutex<Manner>>);

#[derive(Debug, Clone, Copy)]
enum Manner {
    Whole,
    /// So many bytes at a time, and so long between them.
    Slow(usize, Duration),
    Cut,
    /// Nothing more is written.
    Ended,
    Reset,
}

impl Line {
    /// Says how an answer with a body of so many bytes goes out.
    pub(super) fn deliver(&self, delivery: Delivery, body_bytes: usize) {
        let manner = match delivery {
            Delivery::Whole => Manner::Whole,
            Delivery::Slow(time) => {
                // The head is about as long as a small body.
                let step = body_bytes / PIECES as usize + 20;
                Manner::Slow(step, time / PIECES)
            }
            Delivery::Cut => Manner::Cut,
            Delivery::Reset => Manner::Reset,
        };
        self.set(manner);
    }

    fn set(&self, manner: Manner) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = manner;
    }

    fn manner(&self) -> Manner {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl axum::serve::Listener for Listener {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        loop {
            let (socket, address) = axum::serve::Listener::accept(&mut self.sockets).await;
            if self.tenant.drops_connection() {
                // A socket that cannot be told so is closed all the same.
                let _ = socket.set_zero_linger();
                continue;
            }
            // Small answers would wait for more to send otherwise. A socket
            // that cannot be told so still works.
            let _ = socket.set_nodelay(true);
            let connection = Connection {
                socket,
                line: Line(Arc::new(Mutex::new(Manner::Whole))),
                pause: None,
            };
            return (connection, address);
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.sockets.local_addr()
    }
}

impl Connected<IncomingStream<'_, Listener>> for Line {
    fn connect_info(stream: IncomingStream<'_, Listener>) -> Self {
        stream.io().line.clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.line.manner() {
            Manner::Whole => Pin::new(&mut self.socket).poll_write(context, bytes),
            Manner::Slow(step, wait) => {
                if let Some(pause) = &mut self.pause {
                    ready!(pause.as_mut().poll(context));
                    self.pause = None;
                }
                let piece = &bytes[..step.min(bytes.len())];
                let written = ready!(Pin::new(&mut self.socket).poll_write(context, piece))?;
                self.pause = Some(Box::pin(sleep(wait)));
                Poll::Ready(Ok(written))
            }
            Manner::Cut => {
                let piece = &bytes[..middle_of_the_body(bytes)];
                let written = ready!(Pin::new(&mut self.socket).poll_write(context, piece))?;
                self.line.set(Manner::Ended);
                Poll::Ready(Ok(written))
            }
            Manner::Ended => Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into())),
            Manner::Reset => {
                // Dropped with unsent data, it is reset and not merely closed.
                let _ = self.socket.set_zero_linger();
                Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}

/// Where an answer that begins with its head is cut.
fn middle_of_the_body(bytes: &[u8]) -> usize {
    let blank = bytes.windows(4).position(|window| window == b"\r\n\r\n");
    let head = blank.map_or(0, |position| position + 4);
    head + (bytes.len() - head) / 2
}

#[expect(
    clippy::disallowed_methods,
    reason = "it is the network that is slow, whatever the tenant's clock says"
)]
fn sleep(time: Duration) -> Sleep {
    tokio::time::sleep(time)
}
