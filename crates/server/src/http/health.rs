//! Is the process alive, and may it be sent requests?

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::error::{ApiError, ErrorBody};
use super::json::Json;

/// What the process is doing, as `/readyz` tells it; clones share it. It begins at [`Phase::Starting`].
#[derive(Clone, Debug, Default)]
pub struct Readiness(Arc<AtomicU8>);

/// The life of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Phase {
    /// Opening the database, migrating, warming up.
    Starting = 0,
    /// Requests are welcome.
    Ready = 1,
    /// Finishing what was accepted.
    Stopping = 2,
}

impl Readiness {
    /// Changes what `/readyz` answers from now on.
    pub fn set(&self, phase: Phase) {
        self.0.store(phase as u8, Ordering::Release);
    }

    /// What the process is doing now.
    #[must_use]
    pub fn phase(&self) -> Phase {
        match self.0.load(Ordering::Acquire) {
            0 => Phase::Starting,
            1 => Phase::Ready,
            _ => Phase::Stopping,
        }
    }
}

/// The state of the server in one word.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// `ok` when the process answers, `ready` when it wants requests.
    #[schema(example = "ok")]
    status: &'static str,
}

/// `GET /healthz` and `GET /readyz`.
pub fn routes<S: Clone + Send + Sync + 'static>(readiness: Readiness) -> OpenApiRouter<S> {
    OpenApiRouter::new()
        .routes(routes!(healthz))
        .routes(routes!(readyz))
        .with_state(readiness)
}

/// Is the process alive?
///
/// Answers as long as the process can answer at all. Restart it when this fails; to decide whether to send it
/// requests, ask `/readyz`.
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "Server",
    responses((status = 200, description = "The process answers.", body = Health)),
    security(())
)]
async fn healthz() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// May requests be sent here?
///
/// For load balancers: no while the server starts and from the moment it begins to stop.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "Server",
    responses(
        (status = 200, description = "The server takes requests.", body = Health),
        (status = 503, description = "The server is starting or stopping.", body = ErrorBody),
    ),
    security(())
)]
async fn readyz(State(readiness): State<Readiness>) -> Result<Json<Health>, ApiError> {
    match readiness.phase() {
        Phase::Starting => Err(ApiError::unavailable(
            "starting",
            "The server is starting: try again shortly.",
            1,
        )),
        Phase::Ready => Ok(Json(Health { status: "ready" })),
        Phase::Stopping => Err(ApiError::unavailable(
            "stopping",
            "The server is stopping: ask another one.",
            1,
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn ready_between_start_and_stop() {
        let readiness = Readiness::default();
        let code = async || {
            readyz(State(readiness.clone()))
                .await
                .map(|Json(health)| health.status)
                .map_err(|e| e.code())
        };
        assert_eq!(code().await, Err("starting"));
        readiness.set(Phase::Ready);
        assert_eq!(code().await, Ok("ready"));
        readiness.set(Phase::Stopping);
        assert_eq!(code().await, Err("stopping"));
    }
}
