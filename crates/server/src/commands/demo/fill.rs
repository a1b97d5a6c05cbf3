//! `hark demo`: weeks of a made-up product, told to the application by the same calls that clients make, while its clock
//! stands at the time of the story. So all that follows from them, counters, tickets and history, is as it would have been.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use anyhow::{Result, bail};
use axum::http::Method;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use store::{Clock, Millis, ObjectId, SystemClock};

use super::cast::{Account, Person, cast};
use super::client::Client;
use super::desk::{Desk, Turn};
use super::story::{Report, Visit, visits};
use super::talk::Voice;
use super::{keys, team};
use crate::accounts::setup::SetupResult;
use crate::app::{App, Surroundings};
use crate::cli;
use crate::config::Config;
use crate::http::router;

const DAY_MS: i64 = 86_400_000;

/// The clock of the story: it stands until it is set, but for a millisecond each time that it is looked at.
#[derive(Default)]
struct StoryClock(AtomicI64);

impl Clock for StoryClock {
    fn now(&self) -> Millis {
        Millis(self.0.fetch_add(1, Relaxed))
    }
}

/// The command.
///
/// # Errors
/// When the server has sessions or accounts of its own, or one runs on the data folder.
pub async fn command(config: Config, options: cli::Demo) -> Result<()> {
    let clock = Arc::new(StoryClock::default());
    let until = SystemClock.now();
    let from = Millis(until.0 - i64::from(options.days) * DAY_MS);
    clock.0.store(from.0, Relaxed);
    let surroundings = Surroundings {
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
        ..Surroundings::default()
    };
    let (app, router) = router::application(App::open(without_limits(config), surroundings)?)?;
    let Some(keys) = keys::make(&app).await? else {
        bail!("this server has accounts of its own: name an empty data folder with --data");
    };
    let mut teller = Teller {
        client: Client(router),
        keys,
        team: Vec::new(),
    };
    teller.expect_empty().await?;
    teller.team = team::make(&app, &teller.client, teller.keys.project_id).await?;
    let cast = cast(options.sessions, from, until, options.seed);
    let visits = visits(&cast, options.tickets, until, options.seed);
    teller.tell(&cast, &visits, &clock).await?;
    let closing = Arc::clone(&app);
    tokio::task::spawn_blocking(move || closing.store.close()).await?;
    println!(
        "{} sessions with {} visits over {} days; `hark serve --demo` shows them",
        cast.len(),
        visits.len(),
        options.days
    );
    Ok(())
}

/// The story comes faster than people do.
fn without_limits(mut config: Config) -> Config {
    let limits = &mut config.limits;
    limits.v3_requests_per_minute = 0;
    limits.admin_requests_per_minute = 0;
    limits.guests_per_minute = 0;
    limits.reports_per_minute = 0;
    config.log.requests = crate::config::LogRequests::None;
    config
}

struct Teller {
    client: Client,
    keys: SetupResult,
    /// The members who answer.
    team: Vec<ObjectId>,
}

/// The credential of a session, as its client keeps it.
struct Credential {
    id: String,
    hash: String,
}

impl Teller {
    async fn expect_empty(&self) -> Result<()> {
        let first = self
            .member(Method::GET, "/v3/sessions?limit=1", &Value::Null)
            .await?;
        if first
            .as_array()
            .is_some_and(|sessions| !sessions.is_empty())
        {
            bail!("the demo project has sessions already: name an empty data folder with --data");
        }
        Ok(())
    }

    async fn tell(&self, cast: &[Person], visits: &[Visit], clock: &StoryClock) -> Result<()> {
        let style = ProgressStyle::with_template(
            "{bar:40} {percent}%  {pos} of {len} visits  ({elapsed}, {eta} left)",
        )?;
        let bar = ProgressBar::new(visits.len() as u64).with_style(style);
        let mut credentials = HashMap::new();
        let mut desk = Desk::default();
        for visit in visits {
            self.talk(&mut desk, visit.at, clock).await?;
            clock.0.fetch_max(visit.at.0, Relaxed);
            let person = &cast[visit.person];
            let known = credentials.remove(&visit.person);
            let credential = self.visit(person, visit, known, clock).await?;
            if let Some(report) = &visit.report {
                self.report(report, &credential, &mut desk).await?;
            }
            credentials.insert(visit.person, credential);
            bar.inc(1);
        }
        self.talk(&mut desk, Millis(i64::MAX), clock).await?;
        bar.finish_and_clear();
        Ok(())
    }

    async fn visit(
        &self,
        person: &Person,
        visit: &Visit,
        known: Option<Credential>,
        clock: &StoryClock,
    ) -> Result<Credential> {
        let facts = json!({"lang": person.lang, "deviceType": person.device.kind, "platform": person.device.platform});
        let mut credential = credential(&self.sdk("/sessions", known.as_ref(), &facts).await?);
        if visit.first
            && let Some(account) = &person.account
        {
            let told = self
                .sdk(
                    "/sessions/identify",
                    Some(&credential),
                    &attributes(account, &facts),
                )
                .await?;
            credential = self::credential(&told);
        }
        let batch =
            json!({"events": visit.events, "type": "js", "sdkVersion": "16.4.0", "ws": true});
        clock.0.fetch_max(visit.until.0, Relaxed);
        self.sdk("/sessions/events", Some(&credential), &batch)
            .await?;
        Ok(credential)
    }

    async fn report<'s>(
        &self,
        report: &'s Report,
        credential: &Credential,
        desk: &mut Desk<'s>,
    ) -> Result<()> {
        let made = self.sdk("/bugs/v2", Some(credential), &report.body).await?;
        let ticket = text(&made, "id");
        let path = format!("/v3/tickets/{ticket}");
        let shown = self.member(Method::GET, &path, &Value::Null).await?;
        desk.open(ticket, text(&shown["session"], "id"), &report.talk);
        Ok(())
    }

    /// What is said before `until`.
    async fn talk(&self, desk: &mut Desk<'_>, until: Millis, clock: &StoryClock) -> Result<()> {
        while let Some(turn) = desk.next(until) {
            clock.0.fetch_max(turn.line.at.0, Relaxed);
            self.say(&turn).await?;
        }
        Ok(())
    }

    async fn say(&self, turn: &Turn<'_, '_>) -> Result<()> {
        let agent = self.team[turn.agent % self.team.len()];
        let mut message = json!({"ticket": turn.ticket, "comment": turn.line.text});
        match turn.line.voice {
            Voice::Person => message["session"] = json!(turn.session),
            Voice::Note => {
                message["user"] = json!(agent);
                message["isNote"] = json!(true);
            }
            Voice::Agent => {
                message["user"] = json!(agent);
                // Who answers has seen it. Otherwise it counts as seen at once: nobody is there to be sent a mail.
                if !turn.line.is_answered {
                    message["sessionNotificationsUnread"] = json!(false);
                }
            }
        }
        self.member(Method::POST, "/v3/messages", &message).await?;
        let path = format!("/v3/tickets/{}", turn.ticket);
        if turn.is_first {
            let taken = json!({"processingUser": agent});
            self.member(Method::PUT, &path, &taken).await?;
        }
        if turn.settles {
            let done = json!({"status": "DONE"});
            self.member(Method::PUT, &path, &done).await?;
        }
        Ok(())
    }

    async fn sdk(&self, path: &str, known: Option<&Credential>, body: &Value) -> Result<Value> {
        let mut headers = vec![("Api-Token", self.keys.sdk_key.as_str())];
        if let Some(known) = known {
            headers.extend([
                ("Gleap-Id", known.id.as_str()),
                ("Gleap-Hash", known.hash.as_str()),
            ]);
        }
        self.client.call(Method::POST, path, &headers, body).await
    }

    async fn member(&self, method: Method, path: &str, body: &Value) -> Result<Value> {
        let bearer = format!(
            "Bearer {}",
            self.keys.api_key.as_deref().unwrap_or_default()
        );
        let project = self.keys.project_id.to_string();
        let headers = [
            ("Authorization", bearer.as_str()),
            ("project", project.as_str()),
        ];
        self.client.call(method, path, &headers, body).await
    }
}

fn credential(session: &Value) -> Credential {
    Credential {
        id: text(session, "gleapId"),
        hash: text(session, "gleapHash"),
    }
}

fn text(answer: &Value, name: &str) -> String {
    answer[name].as_str().unwrap_or_default().to_owned()
}

/// What the client of somebody who signs in says.
fn attributes(account: &Account, facts: &Value) -> Value {
    let mut body = json!({
        "userId": account.user_id, "name": account.name, "email": account.email,
        "plan": account.plan, "value": account.value, "role": account.role, "seats": account.seats,
        "lang": facts["lang"], "deviceType": facts["deviceType"], "platform": facts["platform"],
    });
    if let Some((id, name)) = &account.company {
        body["companyId"] = json!(id);
        body["companyName"] = json!(name);
    }
    body
}
