//! The job that sends to a webhook: signed as Standard Webhooks are, repeated for a day, in order.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use store::{Millis, ObjectId, Row, Tx};

use super::document::{
    ATTEMPTS_KEPT, Attempt, Delivery, DeliveryStatus, Webhook, Webhooks, of_project,
};
use crate::app::{App, SharedApp};
use crate::http::outgoing::OutgoingError;
use crate::jobs::queue::{Failure, Job, Kind, NewJob};

const KIND: &str = "webhook";
/// Requests that are under way at once.
const AT_ONCE: usize = 16;
/// Until the receiver has answered.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);
const TIME_LIMIT: Duration = Duration::from_secs(45);
/// Bytes of an answer that are kept.
pub const ANSWER_BYTES_KEPT: usize = 1024;
/// A webhook to which nothing was delivered for so long is switched off: three days.
pub const FAILING_MS_MAX: i64 = 3 * 24 * 3_600_000;
const MINUTE: u64 = 60;
/// For 25 hours.
const PAUSES: &[Duration] = &[
    Duration::from_secs(5),
    Duration::from_secs(MINUTE),
    Duration::from_secs(5 * MINUTE),
    Duration::from_secs(30 * MINUTE),
    Duration::from_secs(2 * 60 * MINUTE),
    Duration::from_secs(4 * 60 * MINUTE),
    Duration::from_secs(8 * 60 * MINUTE),
    Duration::from_secs(10 * 60 * MINUTE + 30 * MINUTE),
];
/// The purposes that secrets and header values are sealed for.
pub const SECRET: &str = "webhook-secret";
pub const HEADER: &str = "webhook-header";
/// What secrets begin with.
pub const SECRET_PREFIX: &str = "whsec_";

#[derive(Serialize, Deserialize)]
struct Payload {
    delivery: ObjectId,
}

/// The job that makes a delivery.
pub(super) fn job(row: &Row<Delivery>) -> NewJob {
    let job = NewJob::new(KIND, &Payload { delivery: row.id });
    match row.doc.session {
        Some(session) => job.session(session),
        None => job,
    }
}

/// How deliveries are made.
#[must_use]
pub fn kind() -> Kind {
    Kind::new(KIND, AT_ONCE, TIME_LIMIT, PAUSES, deliver)
}

async fn deliver(app: SharedApp, job: Job) -> Result<(), Failure> {
    let Payload { delivery: id } = job.payload()?;
    let read = app.store.read(job.project, move |snapshot| {
        let delivery = snapshot.get::<Delivery>(id)?;
        Ok::<_, store::Error>(delivery.zip(of_project(snapshot)?))
    });
    let Some((delivery, webhooks)) = read.await? else {
        return Ok(()); // deleted meanwhile
    };
    let Some(hook) = webhooks.find(delivery.doc.webhook) else {
        return Ok(());
    };
    if !hook.enabled {
        let error = Some("the webhook is switched off".to_owned());
        let attempt = Attempt {
            error,
            ..attempt(app.now())
        };
        return note(&app, job.project, id, attempt, DeliveryStatus::Failed).await;
    }
    let (attempt, failure) = send(&app, hook, id, &delivery.doc.body).await;
    let is_over = job.is_last || matches!(failure, Some(Failure::Stop(_)));
    let status = match failure {
        None => DeliveryStatus::Delivered,
        Some(_) if is_over => DeliveryStatus::Failed,
        Some(_) => DeliveryStatus::Waiting,
    };
    note(&app, job.project, id, attempt, status).await?;
    match failure {
        // What was given up is in the log of deliveries.
        Some(failure) if !is_over => Err(failure),
        _ => Ok(()),
    }
}

async fn send(app: &App, hook: &Webhook, id: ObjectId, body: &str) -> (Attempt, Option<Failure>) {
    let mut attempt = attempt(app.now());
    let url = match app.outgoing.check(&hook.url) {
        Ok(url) => url,
        Err(fault) => {
            let fault = format!("url: {fault}");
            attempt.error = Some(fault.clone());
            return (attempt, Some(Failure::Stop(fault)));
        }
    };
    let headers = headers(app, hook, id, body);
    let sent = app.outgoing.post(
        url,
        headers,
        body.to_owned(),
        ANSWER_TIMEOUT,
        ANSWER_BYTES_KEPT,
    );
    match sent.await {
        Ok(answer) => {
            attempt.status = Some(answer.status.as_u16());
            attempt.answer = Some(String::from_utf8_lossy(&answer.body).replace('\0', ""));
            let told = format!("the receiver answered {}", answer.status.as_u16());
            let failure = match answer.status.as_u16() {
                200..300 => None,
                410 => Some(Failure::Stop(told)),
                _ => Some(Failure::Retry(told)),
            };
            (attempt, failure)
        }
        Err(error) => {
            attempt.error = Some(error.to_string());
            let failure = match error {
                OutgoingError::Refused(told) => Failure::Stop(told),
                OutgoingError::Failed(told) => Failure::Retry(told),
            };
            (attempt, Some(failure))
        }
    }
}

fn attempt(at: Millis) -> Attempt {
    Attempt {
        at,
        status: None,
        answer: None,
        error: None,
    }
}

fn headers(app: &App, hook: &Webhook, id: ObjectId, body: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for given in &hook.headers {
        let value = app.key.open(HEADER, &given.value).ok();
        let value = value.and_then(|value| HeaderValue::from_str(&value).ok());
        if let (Ok(name), Some(mut value)) = (given.key.parse::<HeaderName>(), value) {
            value.set_sensitive(true);
            headers.append(name, value);
        }
    }
    let seconds = app.now().0.div_euclid(1000).to_string();
    let secrets = hook.secrets.iter();
    let secrets = secrets.filter_map(|sealed| app.key.open(SECRET, sealed).ok());
    let signatures: Vec<_> = secrets
        .filter_map(|secret| sign(&secret, &id.to_string(), &seconds, body))
        .collect();
    let own = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (HeaderName::from_static("webhook-id"), id.to_string()),
        (HeaderName::from_static("webhook-timestamp"), seconds),
        (
            HeaderName::from_static("webhook-signature"),
            signatures.join(" "),
        ),
    ];
    for (name, value) in own {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    headers
}

/// The signature of Standard Webhooks, version 1; `None` when the secret is none.
fn sign(secret: &str, id: &str, seconds: &str, body: &str) -> Option<String> {
    let key = STANDARD.decode(secret.strip_prefix(SECRET_PREFIX)?).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(format!("{id}.{seconds}.{body}").as_bytes());
    Some(format!(
        "v1,{}",
        STANDARD.encode(mac.finalize().into_bytes())
    ))
}

/// Writes an attempt down, and what it says of the webhook.
async fn note(
    app: &App,
    project: ObjectId,
    id: ObjectId,
    attempt: Attempt,
    status: DeliveryStatus,
) -> Result<(), Failure> {
    let unit = move |tx: &mut Tx<'_>| {
        let Some(mut row) = tx.get_for_update::<Delivery>(id)? else {
            return Ok(());
        };
        row.doc.status = status;
        row.doc.attempts.push(attempt.clone());
        let surplus = row.doc.attempts.len().saturating_sub(ATTEMPTS_KEPT);
        row.doc.attempts.drain(..surplus);
        tx.put(&mut row)?;
        judge(tx, row.doc.webhook, status)
    };
    Ok(app.store.write(project, unit).await?)
}

/// Switches a webhook off to which nothing was delivered for [`FAILING_MS_MAX`].
fn judge(tx: &mut Tx<'_>, webhook: ObjectId, status: DeliveryStatus) -> store::Result<()> {
    let project = tx.project();
    let Some(known) = of_project(tx)? else {
        return Ok(());
    };
    let is_failing = known.find(webhook).and_then(|hook| hook.failing_since);
    let now = tx.now();
    let is_change = match status {
        DeliveryStatus::Delivered => is_failing.is_some(),
        _ => is_failing.is_none_or(|since| now.0 - since.0 >= FAILING_MS_MAX),
    };
    if !is_change {
        return Ok(());
    }
    let Some(mut row) = tx.get_for_update::<Webhooks>(project)? else {
        return Ok(());
    };
    let Some(hook) = row.doc.find_mut(webhook).filter(|hook| hook.enabled) else {
        return Ok(());
    };
    match (status, hook.failing_since) {
        (DeliveryStatus::Delivered, _) => hook.failing_since = None,
        (_, None) => hook.failing_since = Some(now),
        (_, Some(since)) if now.0 - since.0 >= FAILING_MS_MAX => {
            hook.enabled = false;
            hook.disabled_at = Some(now);
        }
        (_, Some(_)) => {}
    }
    tx.put(&mut row)
}
