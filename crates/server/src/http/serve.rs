//! Connections: accepts them, speaks HTTP/1.1 on them, and at the end finishes what was accepted.

mod bare_signs;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1::{Builder, UpgradeableConnection};
use hyper::service::{HttpService, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus::{IntGauge, Registry};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Sleep, sleep, timeout};
use tower::Service;

use self::bare_signs::BareSigns;

/// How long a closed connection is still read, so that its last answer arrives: see [`Lingering`].
const LINGER: Duration = Duration::from_secs(2);

/// The pause after an `accept` that failed for want of a resource, such as file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// The time that handlers get to be dropped once their connection was cut.
const CUT_GRACE: Duration = Duration::from_secs(1);

/// The time that who has just connected gets to begin a request once the server stops.
const FIRST_REQUEST_GRACE: Duration = Duration::from_millis(500);

/// How connections are served.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The time a client has to send the head of a request; also ends connections on which nothing is asked.
    pub header_read_timeout: Duration,
    /// Bytes of request line and headers that are read at most. Keep it well above the limits of
    /// [`limits`](super::limits), which answer in the one shape; beyond this one the answer is a bare 431.
    pub head_bytes_max: usize,
    /// Connections open at once. Beyond them no more are accepted: clients wait in the queue of the kernel,
    /// because an error would cost a client SDK its session and waiting costs nothing.
    pub connections_max: u32,
    /// The time that accepted requests get to finish once the server stops.
    pub shutdown_deadline: Duration,
}

/// Serves a router on TCP.
pub struct Server {
    options: Options,
    http: Builder,
    slots: Arc<Semaphore>,
    open: IntGauge,
}

#[derive(Clone, Copy)]
enum Stage {
    Serving,
    Draining,
    Cut,
}

impl Server {
    /// # Errors
    /// When `registry` already has the metric `hark_http_connections`.
    pub fn new(options: Options, registry: &Registry) -> prometheus::Result<Self> {
        let open = IntGauge::new("hark_http_connections", "Connections open now.")?;
        registry.register(Box::new(open.clone()))?;
        let mut http = Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(options.header_read_timeout)
            .max_buf_size(options.head_bytes_max.max(MIN_BUFFER_BYTES));
        let slots = Arc::new(Semaphore::new(options.connections_max as usize));
        Ok(Self {
            options,
            http,
            slots,
            open,
        })
    }

    /// Serves `app` until `stop` is done, then finishes the requests that were accepted.
    /// Returns how many connections were cut because they passed the deadline.
    pub async fn run(
        self,
        listener: TcpListener,
        app: Router,
        stop: impl Future<Output = ()>,
    ) -> usize {
        let (stage, stages) = watch::channel(Stage::Serving);
        let mut stop = pin!(stop);
        loop {
            let (stream, peer, slot) = tokio::select! {
                () = &mut stop => break,
                accepted = self.accept(&listener) => accepted,
            };
            let service = service_fn(for_peer(app.clone(), peer));
            let guard = Guard::new(slot, &self.open);
            let (http, wait) = (self.http.clone(), self.options.header_read_timeout);
            let stages = stages.clone();
            tokio::spawn(async move {
                if speaks(&stream, stages.clone(), wait).await {
                    let io = TokioIo::new(Lingering::new(stream));
                    let connection = http.serve_connection(io, service).with_upgrades();
                    drive(connection, stages).await;
                }
                drop(guard);
            });
        }
        drop(listener);
        self.drain(&stage).await
    }

    async fn accept(
        &self,
        listener: &TcpListener,
    ) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
        loop {
            let Ok(slot) = self.slots.clone().acquire_owned().await else {
                std::future::pending().await
            };
            match listener.accept().await {
                Ok((stream, peer)) => {
                    // Fails only on a connection that is gone already.
                    let _ = stream.set_nodelay(true);
                    return (stream, peer, slot);
                }
                Err(error) if concerns_one_connection(&error) => {}
                Err(error) => {
                    tracing::error!(%error, "cannot accept connections");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    async fn drain(&self, stage: &watch::Sender<Stage>) -> usize {
        let all = self.options.connections_max;
        stage.send_replace(Stage::Draining);
        if timeout(self.options.shutdown_deadline, self.slots.acquire_many(all))
            .await
            .is_ok()
        {
            return 0;
        }
        let cut = all as usize - self.slots.available_permits();
        stage.send_replace(Stage::Cut);
        let _ = timeout(CUT_GRACE, self.slots.acquire_many(all)).await;
        cut
    }
}

/// The least that hyper allows for its buffer.
const MIN_BUFFER_BYTES: usize = 8192;

fn concerns_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted
    )
}

fn for_peer(
    app: Router,
    peer: SocketAddr,
) -> impl Fn(Request<Incoming>) -> axum::routing::future::RouteFuture<Infallible> {
    move |mut request| {
        request.extensions_mut().insert(ConnectInfo(peer));
        app.clone().call(request)
    }
}

/// Waits until the client says something, and says whether it does in time. Who has just connected when the server stops has
/// [`FIRST_REQUEST_GRACE`] for it: hyper would close the connection, and a request that is on its way would have no answer.
async fn speaks(stream: &TcpStream, mut stages: watch::Receiver<Stage>, wait: Duration) -> bool {
    let stopped = async {
        let _ = (stages.wait_for(|stage| !matches!(stage, Stage::Serving))).await;
        let cut = stages.wait_for(|stage| matches!(stage, Stage::Cut));
        let _ = timeout(FIRST_REQUEST_GRACE, cut).await;
    };
    let mut first = [0];
    tokio::select! {
        biased;
        said = stream.peek(&mut first) => said.is_ok_and(|bytes| bytes > 0),
        () = stopped => false,
        () = sleep(wait) => false,
    }
}

async fn drive<S>(
    connection: UpgradeableConnection<TokioIo<Lingering>, S>,
    mut stages: watch::Receiver<Stage>,
) where
    S: HttpService<Incoming, ResBody = Body, Error = Infallible>,
{
    let mut connection = pin!(connection);
    loop {
        tokio::select! {
            biased;
            done = &mut connection => {
                if let Err(error) = done {
                    tracing::debug!(%error, "connection ended");
                }
                return;
            }
            changed = stages.changed() => {
                let stage = *stages.borrow_and_update();
                match (changed, stage) {
                    (Err(_), _) | (_, Stage::Cut) => return,
                    (Ok(()), Stage::Draining) => connection.as_mut().graceful_shutdown(),
                    (Ok(()), Stage::Serving) => {}
                }
            }
        }
    }
}

/// Holds the slot of one connection, and its place in the gauge.
struct Guard {
    _slot: OwnedSemaphorePermit,
    open: IntGauge,
}

impl Guard {
    fn new(slot: OwnedSemaphorePermit, open: &IntGauge) -> Self {
        open.inc();
        Self {
            _slot: slot,
            open: open.clone(),
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.open.dec();
    }
}

/// A stream that, when closed by us, first ends only its sending half and reads on for a while.
///
/// An answer may be given before the body was read (401, 413). If the socket were closed then, the kernel would
/// reset the connection on the bytes still coming, and the client would see the reset instead of the answer.
struct Lingering {
    stream: TcpStream,
    signs: BareSigns,
    deadline: Option<Pin<Box<Sleep>>>,
}

impl Lingering {
    fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            signs: BareSigns::default(),
            deadline: None,
        }
    }

    /// Reads and forgets until the peer is done, or has nothing to read now.
    fn poll_discard(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut bytes = [0; 4096];
        loop {
            let mut buffer = ReadBuf::new(&mut bytes);
            let read = ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer));
            if read.is_err() || buffer.filled().is_empty() {
                return Poll::Ready(());
            }
        }
    }
}

impl AsyncRead for Lingering {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { stream, signs, .. } = &mut *self;
        signs.poll_read(Pin::new(stream), context, buffer)
    }
}

impl AsyncWrite for Lingering {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.deadline.is_none() {
            ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
            self.deadline = Some(Box::pin(sleep(LINGER)));
        }
        // The deadline comes first: a fast sender would use up the time slice of the task before it is asked.
        let over = self
            .deadline
            .as_mut()
            .is_none_or(|deadline| deadline.as_mut().poll(context).is_ready());
        if over {
            Poll::Ready(Ok(()))
        } else {
            self.poll_discard(context).map(Ok)
        }
    }
}

/// Lets the process open as many files and sockets as its hard limit allows: the usual soft limit of 1,024 would
/// be the limit of connections. Returns the limit in force, `None` for none.
pub fn raise_open_files_limit() -> Option<u64> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: maximum,
            maximum,
        },
    );
    if raised.is_ok() { maximum } else { current }
}

#[cfg(test)]
mod tests;
