//! What a report becomes, before it has a number.

use std::collections::HashSet;

use bytes::Bytes;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::fields::{self, NAME_CHARS_MAX, Report};
use super::{logs, replay};
use crate::config::Config;
use crate::files::token::FileToken;
use crate::http::ApiError;
use crate::resources::ticket::create::NewLog;
use crate::resources::ticket::document::{Priority, Ticket};
use crate::resources::ticket::log::LogKind;

/// The type of a ticket of which the client does not say one.
const BUG: &str = "BUG";

/// Files of one report that become part of its ticket.
pub const FILES_MAX: usize = 200;

/// A ticket in the making.
pub struct Draft {
    /// What the report says of it.
    pub ticket: Ticket,
    /// Its logs.
    pub logs: Vec<NewLog>,
    /// The replay, as valid JSON.
    pub replay: Option<Bytes>,
    /// The clone of the page, as valid JSON.
    pub snapshot: Option<Bytes>,
    /// The files that it names on this server.
    pub files: Vec<FileToken>,
    /// By which the same report is known when it comes again.
    pub hash: String,
}

impl Draft {
    /// Reads what fits of a report. `secrets`: those of its session.
    ///
    /// # Errors
    /// 400 or 422 when the body is no JSON object.
    pub fn read(body: &Bytes, config: &Config, secrets: &[String]) -> Result<Self, ApiError> {
        let report = Report::read(body)?;
        let part = |raw: &RawValue| body.slice_ref(raw.get().as_bytes());
        let mut ticket = ticket(&report);
        let web_replay = report.web_replay.filter(|raw| is_object(raw));
        ticket.has_web_replay = web_replay.is_some();
        let (phone_replay, frames) = match replay::read(report.replay) {
            Some(replay) => (Some(replay.json.into()), replay.urls),
            None => (None, Vec::new()),
        };
        let base = config.base_url();
        // Each is looked up while others wait for the writer.
        let mut seen = HashSet::new();
        let files = named(&ticket)
            .chain(frames.iter().map(String::as_str))
            .filter(|url| seen.insert(*url))
            .filter_map(|url| FileToken::of_url(&base, url))
            .take(FILES_MAX)
            .collect();
        Ok(Self {
            files,
            logs: logs(&report, config.sdk.report_log_bytes_max, secrets),
            replay: web_replay.map(part).or(phone_replay),
            snapshot: report
                .screenshot_data
                .filter(|raw| is_object(raw))
                .map(part),
            ticket,
            hash: hex::encode(Sha256::digest(body)),
        })
    }
}

fn ticket(report: &Report<'_>) -> Ticket {
    let priority = fields::text(report.priority, NAME_CHARS_MAX);
    Ticket {
        kind: fields::text(report.kind, NAME_CHARS_MAX).unwrap_or_else(|| BUG.into()),
        priority: priority
            .and_then(|name| Priority::named(&name))
            .unwrap_or_default(),
        is_silent: fields::flag(report.is_silent),
        tags: fields::tags(report.tags),
        form_data: fields::object(report.form_data),
        custom_data: fields::object(report.custom_data),
        meta_data: fields::object(report.meta_data),
        outbound: fields::text(report.outbound, NAME_CHARS_MAX),
        screenshot_url: fields::url(report.screenshot_url),
        screen_recording_url: fields::url(report.screen_recording_url),
        attachments: fields::attachments(report.attachments),
        ..Ticket::default()
    }
}

/// The addresses of files that a ticket names.
fn named(ticket: &Ticket) -> impl Iterator<Item = &str> {
    let attached = ticket.attachments.iter().map(|file| file.url.as_str());
    let captured = [&ticket.screenshot_url, &ticket.screen_recording_url];
    captured
        .into_iter()
        .flatten()
        .map(String::as_str)
        .chain(attached)
}

fn logs(report: &Report<'_>, bytes_max: usize, secrets: &[String]) -> Vec<NewLog> {
    [
        (report.console_log, LogKind::Console),
        (report.network_logs, LogKind::Network),
        (report.custom_event_log, LogKind::Events),
    ]
    .into_iter()
    .filter_map(|(raw, kind)| logs::read(raw, kind, bytes_max, secrets))
    .collect()
}

fn is_object(raw: &RawValue) -> bool {
    raw.get().starts_with('{')
}
