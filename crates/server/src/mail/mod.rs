//! Mails: asked for in a unit of work, written from templates, sent through the mail server of the operator.
//!
//! [`enqueue`] asks for a mail. What became of it comes back as a job when [`Then`] asks for that.

mod deliver;
mod email;
mod smtp;
mod templates;

use anyhow::bail;
use store::Millis;

pub use self::deliver::{End, Outcome, enqueue, kind};
pub use self::email::{BadEmail, Email, HEADER_CHARS_MAX, Person, REFERENCES_MAX, Then, is_id};
use self::smtp::{NotSent, Smtp};
pub use self::templates::{Rendered, Templates};
use crate::config;
use crate::jobs::queue::{Failure, Job};

/// Whether mail can be sent to an address.
#[must_use]
pub fn is_address(text: &str) -> bool {
    text.trim().parse::<lettre::Address>().is_ok()
}

/// What a process needs to send mails.
pub struct Mail {
    smtp: Option<Smtp>,
    pub templates: Templates,
}

impl Mail {
    /// # Errors
    /// When options contradict each other; the message names them.
    pub fn new(options: &config::Smtp) -> anyhow::Result<Self> {
        Ok(Self {
            smtp: Smtp::of(options)?,
            templates: Templates::new()?,
        })
    }

    /// Whether a mail server is set up.
    #[must_use]
    pub fn is_set_up(&self) -> bool {
        self.smtp.is_some()
    }

    /// The domain that mails come from: for ids of mails.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.smtp
            .as_ref()
            .map_or("localhost", |smtp| smtp.from.email.domain())
    }

    /// Sends a mail now; `None` when no mail server is set up.
    async fn send(&self, email: &Email, id: &str, now: Millis) -> Option<Result<(), NotSent>> {
        let smtp = self.smtp.as_ref()?;
        let message = email.build(&smtp.from, id, now);
        Some(match message {
            Ok(message) => smtp.send(message).await,
            Err(error) => Err(NotSent::Refused {
                brief: error.to_string(),
                full: error.to_string(),
            }),
        })
    }

    /// Sends a mail now, for a job that writes it itself: what is secret in it then lies in no queue. Each attempt is a mail of its own.
    ///
    /// # Errors
    /// Whether the job is to try again.
    pub async fn send_for(&self, job: &Job, email: &Email, now: Millis) -> Result<(), Failure> {
        let id = format!("{}-{}", job.id, job.attempt);
        match self.send(email, &id, now).await {
            Some(Ok(())) => Ok(()),
            Some(Err(NotSent::Later { brief, .. })) => Err(Failure::Retry(brief)),
            Some(Err(NotSent::Refused { brief, .. })) => Err(Failure::Stop(brief)),
            None => Err(Failure::stop("no mail server is set up")),
        }
    }

    /// Sends the test that `hark mail-test` asks for.
    ///
    /// # Errors
    /// Why it was not sent.
    pub async fn send_test(
        &self,
        to: &str,
        server: &str,
        id: &str,
        now: Millis,
    ) -> anyhow::Result<()> {
        let values = minijinja::context! { server => server };
        let Rendered {
            subject,
            text,
            html,
        } = self.templates.render("en", "test", values)?;
        let email = Email {
            html: Some(html),
            ..Email::new(Person::at(to), subject, text)
        };
        match self.send(&email, id, now).await {
            None => bail!("smtp.host is not set"),
            Some(Ok(())) => Ok(()),
            Some(Err(NotSent::Later { full, .. } | NotSent::Refused { full, .. })) => bail!(full),
        }
    }
}
