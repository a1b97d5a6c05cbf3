//! `hark serve`: starts, serves, and stops in order.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use listenfd::ListenFd;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::control::ControlSocket;
use super::demo;
use crate::accounts::setup;
use crate::app::{App, SharedApp, Surroundings};
use crate::cli;
use crate::config::Config;
use crate::http::health::Phase;
use crate::http::router;
use crate::http::serve::{Server, raise_open_files_limit};
use crate::jobs::{self, queue};

/// How often gauges are brought up to date.
const GAUGE_INTERVAL: Duration = Duration::from_secs(1);

/// Serves until SIGTERM or Ctrl-C; then finishes what was accepted and flushes.
pub async fn serve(config: Config, options: &cli::Serve) -> Result<()> {
    crate::log::start(&config.log)?;
    raise_open_files_limit();
    let stop = stop_signal()?;
    let listener = listener(config.listen).await?;
    let (app, router) = router::application(App::open(config, Surroundings::default())?)?;
    let control = ControlSocket::open(&app)
        .inspect_err(|error| tracing::warn!("commands cannot reach this server: {error:#}"))
        .ok();
    if !setup::has_its_key(&app).await? {
        tracing::error!(
            file = %app.config.secret_path().display(),
            "the server key is not the one that this server was set up with: its API keys and identity secrets are void. Put the old file back"
        );
    }
    if options.demo {
        demo::print(&app).await?;
    }
    if !app.mail.is_set_up() {
        tracing::warn!("no mail is sent: smtp.host is not set");
    }
    let gauges = watch_gauges(&app)?;
    let jobs = jobs::start(&app)?;
    let queue = queue::Worker::start(&app);
    let building = build_search(&app);
    let server = Server::new(app.config.serve_options(), &app.registry)?;
    app.readiness.set(Phase::Ready);
    tracing::info!(address = %listener.local_addr()?, data = %app.config.data.display(), "ready");
    let stopping = Arc::clone(&app);
    let stop = async move {
        stop.await;
        stopping.readiness.set(Phase::Stopping);
        // Before the requests are finished: clients come back to the next process within seconds.
        stopping.live.stop();
        stopping.team.stop();
        stopping.session_waiters.stop();
        tracing::info!("stopping: finishing what was accepted");
    };
    let cut = server.run(listener, router, stop).await;
    if cut > 0 {
        tracing::warn!(
            connections = cut,
            "connections were cut because they passed the deadline"
        );
    }
    jobs.stop().await;
    queue.stop().await;
    gauges.abort();
    building.abort();
    drop(control);
    let closing = Arc::clone(&app);
    tokio::task::spawn_blocking(move || closing.store.close()).await?;
    tracing::info!("stopped");
    Ok(())
}

/// The socket that the service manager holds, in which connections wait while the program restarts; else one on `listen`.
async fn listener(listen: SocketAddr) -> Result<TcpListener> {
    let inherited = ListenFd::from_env()
        .take_tcp_listener(0)
        .context("the socket of the service manager is none of TCP")?;
    if let Some(socket) = inherited {
        socket.set_nonblocking(true)?;
        return Ok(TcpListener::from_std(socket)?);
    }
    TcpListener::bind(listen)
        .await
        .with_context(|| format!("cannot listen on {listen}; choose another address with --listen"))
}

fn stop_signal() -> Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Sessions that were there before their search are added to it while all else goes on, after what nodes of an older version left out.
fn build_search(app: &SharedApp) -> tokio::task::JoinHandle<()> {
    let app = Arc::clone(app);
    tokio::spawn(async move {
        if let Err(error) = jobs::fill_again(&app).await {
            tracing::error!(%error, "what nodes of an older version wrote was not looked at: a job does it in a while");
        }
        if let Err(error) = app.store.build_search().await {
            tracing::error!(%error, "the search index is not complete: it goes on at the next start");
        }
    })
}

fn watch_gauges(app: &SharedApp) -> Result<tokio::task::JoinHandle<()>> {
    let gauges = app.register_gauges()?;
    let app = Arc::clone(app);
    Ok(tokio::spawn(async move {
        let mut interval = tokio::time::interval(GAUGE_INTERVAL);
        loop {
            interval.tick().await;
            gauges.update(&app.store);
        }
    }))
}
