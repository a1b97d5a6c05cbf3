//! Work that the server does by itself: at its own pace, one job at a time, each again after its interval; and in [`queue`] what units
//! of work asked for.

pub mod empty_guests;
pub mod lease;
pub mod old;
pub mod queue;
pub mod retention;
mod runner;

use std::sync::Arc;
use std::time::Duration;

pub use self::runner::{Job, Jobs};
use crate::accounts::{invitation, sign_in, sign_up};
use crate::app::SharedApp;
use crate::auth::token::Random;
use crate::files;
use crate::http::idempotency;
use crate::resources::project::audit_log;
use crate::resources::session::changes;
use crate::resources::webhook;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
/// How long what a node of an older version wrote may be missing from lists that the newer one has.
const UPGRADE_INTERVAL: Duration = Duration::from_secs(5 * 60);

/// While nodes of an older version may be there: fills the columns that they do not know.
///
/// # Errors
/// When the database does not answer.
pub async fn fill_again(app: &SharedApp) -> anyhow::Result<()> {
    let documents = app.store.fill_again().await?;
    if documents > 0 {
        tracing::info!(
            documents,
            "nodes of an older version wrote what this one has columns of: they are filled"
        );
    }
    Ok(())
}

/// Starts all jobs.
///
/// # Errors
/// When their metric is registered already.
pub fn start(app: &SharedApp) -> prometheus::Result<Jobs> {
    let (of_guests, of_files, of_keys) = (Arc::clone(app), Arc::clone(app), Arc::clone(app));
    let (of_queue, of_webhooks) = (Arc::clone(app), Arc::clone(app));
    let (of_sign_ins, of_retention) = (Arc::clone(app), Arc::clone(app));
    let (of_counts, of_changes) = (Arc::clone(app), Arc::clone(app));
    let of_audit = Arc::clone(app);
    let (of_sign_ups, of_invitations) = (Arc::clone(app), Arc::clone(app));
    let shared = |job: Job| {
        let app = Arc::clone(app);
        job.wrapped(move |name, interval, run| {
            let app = Arc::clone(&app);
            async move { lease::alone(&app.store, name, interval, run).await }
        })
    };
    let jobs = vec![
        Job::new("empty_guests", 6 * HOUR, move || {
            let app = Arc::clone(&of_guests);
            async move { empty_guests::sweep(&app).await.map(drop) }
        }),
        Job::new("files", HOUR, move || {
            let app = Arc::clone(&of_files);
            async move { files::sweep(&app).await.map(drop) }
        }),
        Job::new("used_keys", HOUR, move || {
            let app = Arc::clone(&of_keys);
            async move { idempotency::sweep(&app).await.map(drop) }
        }),
        Job::new("dead_jobs", 6 * HOUR, move || {
            let app = Arc::clone(&of_queue);
            async move { queue::sweep(&app).await.map(drop) }
        }),
        Job::new("webhook_log", 6 * HOUR, move || {
            let app = Arc::clone(&of_webhooks);
            async move { webhook::log::sweep(&app).await.map(drop) }
        }),
        Job::new("audit_log", 6 * HOUR, move || {
            let app = Arc::clone(&of_audit);
            async move { audit_log::sweep::sweep(&app).await.map(drop) }
        }),
        Job::new("retention", HOUR, move || {
            let app = Arc::clone(&of_retention);
            async move { retention::start_due(&app).await.map(drop) }
        }),
        Job::new("sign_ins", HOUR, move || {
            let app = Arc::clone(&of_sign_ins);
            async move { sign_in::sweep(&app).await.map(drop) }
        }),
        Job::new("counts", HOUR, move || {
            let app = Arc::clone(&of_counts);
            async move { Ok(app.store.forget_counts().await?) }
        }),
        Job::new("session_changes", 6 * HOUR, move || {
            let app = Arc::clone(&of_changes);
            async move { changes::sweep(&app).await.map(drop) }
        }),
        Job::new("invitations", HOUR, move || {
            let app = Arc::clone(&of_invitations);
            async move { invitation::sweep(&app).await.map(drop) }
        }),
        Job::new("sign_ups", HOUR, move || {
            let app = Arc::clone(&of_sign_ups);
            async move { sign_up::sweep(&app).await.map(drop) }
        }),
    ];
    let mut jobs: Vec<_> = jobs.into_iter().map(shared).collect();
    if app.store.is_shared() {
        let of_upgrades = Arc::clone(app);
        jobs.push(shared(Job::new(
            "older_nodes",
            UPGRADE_INTERVAL,
            move || {
                let app = Arc::clone(&of_upgrades);
                async move { fill_again(&app).await }
            },
        )));
        // A node that died may have committed something without telling the others.
        let hub = Arc::clone(&app.live);
        jobs.push(Job::new("sockets", MINUTE, move || {
            hub.look_at_all();
            std::future::ready(Ok(()))
        }));
    }
    // Spreads what servers do that were started together; no secret.
    let jitter = Random::seeded(u64::from_be_bytes(app.random.bytes()));
    Jobs::start(jobs, jitter, &app.registry)
}
