//! The mail with what a session has not seen of a conversation.

use minijinja::context;
use minijinja::value::Serde;
use serde::Deserialize;
use serde_json::value::to_raw_value;
use store::{ObjectId, Row};

use super::outcome::{About, OUTCOME};
use super::reply_address::ReplyToken;
use crate::app::App;
use crate::jobs::queue::Failure;
use crate::mail::{Email, Person, Rendered, Then};
use crate::resources::message::document::Message;
use crate::resources::message::rich_text::{Node, html};
use crate::resources::session::document::Session;
use crate::resources::session::unsubscribe_page;
use crate::resources::ticket::document::Ticket;
use crate::resources::ticket::people::Team;

/// All that the mail is written from.
pub(super) struct Letter<'l> {
    pub app: &'l App,
    /// The name of the project.
    pub project: &'l str,
    pub team: &'l Team,
    pub language: &'l str,
    pub ticket: &'l Row<Ticket>,
    pub session: &'l Row<Session>,
    /// At least one, oldest first.
    pub messages: &'l [Row<Message>],
}

/// A message as the template gets it.
#[derive(serde::Serialize)]
struct Said {
    /// Who said it; empty when that is not known.
    name: String,
    text: String,
    /// Made by [`html`], which escapes.
    html: String,
    files: Vec<SentFile>,
}

#[derive(serde::Serialize)]
struct SentFile {
    name: String,
    url: String,
}

impl Letter<'_> {
    /// The mail. It has the id of the newest message in its own, so that it is the same mail however often it is written.
    pub fn write(&self, project: ObjectId) -> Result<Email, Failure> {
        let said = self.messages.iter().map(|message| self.said(message));
        let said = said.collect::<Result<Vec<_>, Failure>>()?;
        let unsubscribe = unsubscribe_page::link(self.app, project, self.session.id);
        let title = self.ticket.doc.title.as_deref().unwrap_or_default().trim();
        let values = context! {
            project => self.project,
            title => title,
            number => self.ticket.doc.bug_id,
            messages => Serde(&said),
            unsubscribe => &unsubscribe,
        };
        let rendered = self
            .app
            .mail
            .templates
            .render(self.language, "reply", values);
        let Rendered {
            subject,
            text,
            html,
        } = rendered.map_err(Failure::stop)?;
        let ids: Vec<_> = self.messages.iter().map(|message| message.id).collect();
        let newest = ids.last().copied().unwrap_or(self.ticket.id);
        let domain = self.app.mail.domain();
        let mut references = vec![format!("ticket-{}@{domain}", self.ticket.id)];
        references.extend(self.ticket.doc.email_refs.iter().cloned());
        let about = About {
            ticket: self.ticket.id,
            messages: ids,
        };
        let to = Person {
            name: self.session.doc.name.clone(),
            address: self.session.doc.email.clone().unwrap_or_default(),
        };
        Ok(Email {
            from_name: Some(self.sender(&said)),
            reply_to: self.reply_to(project),
            html: Some(html),
            message_id: Some(format!("{newest}@{domain}")),
            in_reply_to: references.last().cloned(),
            references,
            list_unsubscribe: Some(unsubscribe),
            session: Some(self.session.id),
            then: Some(Then {
                kind: OUTCOME.into(),
                about: to_raw_value(&about).map_err(Failure::stop)?,
            }),
            ..Email::new(to, subject, text)
        })
    }

    /// Where answers go that are to come back into the conversation.
    fn reply_to(&self, project: ObjectId) -> Option<Person> {
        let base = self.app.config.smtp.reply_to.as_ref()?;
        let key = self.app.key.reply_key();
        let token = ReplyToken::new(key, project, self.ticket.id, self.session.id);
        Some(Person::at(token.address(base)))
    }

    /// The last who said something, and for whom.
    fn sender(&self, said: &[Said]) -> String {
        match said.last().map(|said| said.name.as_str()) {
            None | Some("") => self.project.to_owned(),
            Some(name) => format!("{name} ({})", self.project),
        }
    }

    fn said(&self, message: &Row<Message>) -> Result<Said, Failure> {
        let doc = &message.doc;
        let document: Node = serde_json::from_str(doc.data.content.get()).map_err(Failure::stop)?;
        let files = doc.attachments.iter().map(|file| SentFile {
            name: file.name.clone(),
            url: file.url.clone(),
        });
        Ok(Said {
            name: self.name(doc),
            text: doc.data.text.clone(),
            html: html(&document),
            files: files.collect(),
        })
    }

    fn name(&self, message: &Message) -> String {
        #[derive(Default, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        struct Known {
            first_name: String,
        }
        let shown = message.fallback_user.as_ref();
        if let Some(name) = shown.and_then(|user| user.username.clone()) {
            return name;
        }
        let member = message.user.and_then(|user| self.team.get(&user));
        let known = member.and_then(|person| serde_json::from_str::<Known>(person.get()).ok());
        known.unwrap_or_default().first_name
    }
}
