//! What may be written of a message: `CreateMessageDto` and `UpdateMessageDto` of the contract.

use serde::Deserialize;
use serde_json::Value;
use store::ObjectId;

use super::document::{FallbackUser, MessageData, MessageKind, Rating};
use super::rich_text;
use crate::accounts::member::is_member;
use crate::app::App;
use crate::http::error::ApiError;
use crate::resources::ticket::document::Attachment;
use crate::resources::ticket::fields::Reference;
use crate::sdk::bugs::fields::{NAME_CHARS_MAX, is_web_url};

/// Attachments of a message.
pub const ATTACHMENTS_MAX: usize = 20;
/// Bytes of the document of a message as JSON: more than what plain text of the most characters and lines takes.
pub const CONTENT_BYTES_MAX: usize = 1 << 20;

/// A body as it is sent. `null` says nothing.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Fields {
    pub ticket: Option<Reference>,
    pub user: Option<Reference>,
    pub session: Option<Reference>,
    bot: Option<bool>,
    is_note: Option<bool>,
    r#type: Option<String>,
    comment: Option<Value>,
    data: Option<Data>,
    pub fallback_user: Option<FallbackUser>,
    pub attachments: Option<Vec<Attachment>>,
    pub rating: Option<Rating>,
    pub session_notifications_unread: Option<bool>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Data {
    content: Option<Value>,
}

/// A message that can be said.
#[derive(Debug, Clone)]
pub struct NewMessage {
    pub kind: MessageKind,
    pub user: Option<ObjectId>,
    pub session: Option<ObjectId>,
    pub fallback_user: Option<FallbackUser>,
    pub data: MessageData,
    pub attachments: Vec<Attachment>,
    pub rating: Option<Rating>,
    /// Whether the session is not told of it.
    pub is_silent: bool,
    /// The mail that it came with.
    pub by_mail: Option<ByMail>,
}

/// A mail that brought a message.
#[derive(Debug, Clone)]
pub struct ByMail {
    /// Its `Message-ID`.
    pub id: String,
    /// The address that it says it came from.
    pub from: Option<String>,
}

impl NewMessage {
    /// A message of nobody yet.
    #[must_use]
    pub fn of(kind: MessageKind, data: MessageData) -> Self {
        Self {
            kind,
            user: None,
            session: None,
            fallback_user: None,
            data,
            attachments: Vec::new(),
            rating: None,
            is_silent: false,
            by_mail: None,
        }
    }
}

/// What is changed of a message.
#[derive(Debug, Clone)]
pub struct Edit {
    pub data: Option<MessageData>,
    pub fallback_user: Option<FallbackUser>,
    pub attachments: Option<Vec<Attachment>>,
    pub rating: Option<Rating>,
    pub unread: Option<bool>,
}

impl Fields {
    /// The ticket and what is said in it. `caller`: who says it unless the body names somebody else.
    ///
    /// # Errors
    /// 422 naming each field that does not fit.
    pub async fn create(
        self,
        app: &App,
        project: ObjectId,
        caller: ObjectId,
    ) -> Result<(ObjectId, NewMessage), ApiError> {
        let mut faults = self.faults();
        if self.ticket.is_none() {
            faults.push("ticket: is required: the id of the ticket".into());
        }
        let kind = self.kind().map_err(|fault| faults.push(fault)).ok();
        let says_nothing = self.attachments.as_ref().is_none_or(Vec::is_empty);
        let data = self.content(says_nothing, &mut faults)?;
        if says_nothing && self.sent().is_none() {
            faults.push("comment: is required: a text, or a document of TipTap".into());
        }
        let author = self.user.map_or(caller, Reference::id);
        if self.user.is_some() && !is_member(app, author, project).await? {
            faults.push(format!("user: {author} is no member of the project"));
        }
        let (Some(ticket), Some(kind)) = (self.ticket.filter(|_| faults.is_empty()), kind) else {
            return Err(invalid(faults));
        };
        let by_member = matches!(kind, MessageKind::Text | MessageKind::Note);
        let message = NewMessage {
            kind,
            user: by_member.then_some(author),
            session: self.session.map(Reference::id),
            fallback_user: self.fallback_user,
            data: data.map_or_else(|| said(&rich_text::from_plain("")), Ok)?,
            attachments: self.attachments.unwrap_or_default(),
            rating: self.rating,
            is_silent: self.session_notifications_unread == Some(false),
            by_mail: None,
        };
        Ok((ticket.id(), message))
    }

    /// What is to be changed.
    ///
    /// # Errors
    /// 422 naming each field that does not fit.
    pub fn edit(self) -> Result<Edit, ApiError> {
        let mut faults = self.faults();
        let says_nothing = self.attachments.as_ref().is_none_or(Vec::is_empty);
        let data = self.content(says_nothing, &mut faults)?;
        if !faults.is_empty() {
            return Err(invalid(faults));
        }
        Ok(Edit {
            data,
            fallback_user: self.fallback_user,
            attachments: self.attachments,
            rating: self.rating,
            unread: self.session_notifications_unread,
        })
    }

    /// Who speaks to whom, of what the body says about it in several places.
    fn kind(&self) -> Result<MessageKind, String> {
        use MessageKind::{Bot, BotReply, Note, SharedComment, Text, UserText};
        let named = self.r#type.as_deref().filter(|name| *name != "COMMENT");
        let is_note = self.is_note == Some(true) || named == Some("NOTE");
        let (may_be, who) = match (self.session, is_note, self.bot == Some(true)) {
            (Some(_), false, false) => (&[UserText, SharedComment][..], "of a session"),
            (Some(_), true, _) => {
                return Err("isNote: notes are of members: leave `session` out".into());
            }
            (Some(_), _, true) => {
                return Err("bot: a session is none: leave `session` or `bot` out".into());
            }
            (None, true, _) => (&[Note][..], "that is a note"),
            (None, false, true) => (&[Bot, BotReply][..], "of a program"),
            (None, false, false) => (&[Text, Bot, BotReply][..], "without `session`"),
        };
        let Some(name) = named else {
            return Ok(may_be[0]);
        };
        let kind: Option<MessageKind> = serde_json::from_value(name.into()).ok();
        kind.filter(|kind| may_be.contains(kind)).ok_or_else(|| {
            let names: Vec<_> = may_be.iter().map(|kind| wire_name(*kind)).collect();
            format!("type: must be {} in a message {who}", names.join(" or "))
        })
    }

    fn sent(&self) -> Option<&Value> {
        let content = || self.data.as_ref().and_then(|data| data.content.as_ref());
        self.comment.as_ref().or_else(content)
    }

    /// What is said, when the body says something of it.
    fn content(
        &self,
        must_say_something: bool,
        faults: &mut Vec<String>,
    ) -> Result<Option<MessageData>, ApiError> {
        let Some(sent) = self.sent() else {
            return Ok(None);
        };
        let data = match rich_text::read(sent) {
            Ok(document) => said(&document)?,
            Err(fault) => {
                faults.push(format!("comment: {fault}"));
                return Ok(None);
            }
        };
        if data.content.get().len() > CONTENT_BYTES_MAX {
            faults.push(format!(
                "comment: would be larger than {CONTENT_BYTES_MAX} bytes: send it in several messages, or as a file"
            ));
        }
        if must_say_something && data.text.is_empty() {
            faults.push("comment: is empty: write something, or attach a file".into());
        }
        Ok(Some(data))
    }

    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let fits = |text: &Option<String>| {
            let chars = |text: &String| text.chars().count();
            text.as_ref()
                .is_none_or(|text| (1..=NAME_CHARS_MAX).contains(&chars(text)))
        };
        if let Some(other) = &self.fallback_user {
            for (name, text) in [("username", &other.username), ("email", &other.email)] {
                if !fits(text) {
                    faults.push(format!(
                        "fallbackUser.{name}: must be 1 to {NAME_CHARS_MAX} characters"
                    ));
                }
            }
            if !other.image_url.iter().all(|url| is_web_url(url)) {
                faults.push("fallbackUser.imageUrl: must be an address that begins with http:// or https://".into());
            }
        }
        faults.extend(attachment_faults(
            self.attachments.as_deref().unwrap_or_default(),
        ));
        faults
    }
}

/// What is wrong with which attachment.
#[must_use]
pub fn attachment_faults(files: &[Attachment]) -> Vec<String> {
    let mut faults = Vec::new();
    for (number, file) in files.iter().enumerate() {
        if !is_web_url(&file.url) {
            faults.push(format!(
                "attachments[{number}].url: must be an address that begins with http:// or https://"
            ));
        }
        let kind = file.kind.as_deref().unwrap_or_default().chars().count();
        let name = file.name.chars().count();
        if !(1..=NAME_CHARS_MAX).contains(&name) || kind > NAME_CHARS_MAX {
            faults.push(format!(
                "attachments[{number}]: the name has 1 to {NAME_CHARS_MAX} characters, the type at most {NAME_CHARS_MAX}"
            ));
        }
    }
    if files.len() > ATTACHMENTS_MAX {
        faults.push(format!("attachments: are more than {ATTACHMENTS_MAX}"));
    }
    faults
}

/// What a member says in plain text.
///
/// # Errors
/// 422 when it is too long; the fault names `field`.
pub fn plain_message(field: &str, user: ObjectId, text: &str) -> Result<NewMessage, ApiError> {
    let document = rich_text::read(&text.into())
        .map_err(|fault| invalid(vec![format!("{field}: {fault}")]))?;
    Ok(NewMessage {
        user: Some(user),
        ..NewMessage::of(MessageKind::Text, said(&document)?)
    })
}

fn said(document: &rich_text::Node) -> Result<MessageData, ApiError> {
    MessageData::of(document).map_err(ApiError::internal)
}

fn wire_name(kind: MessageKind) -> String {
    let name = serde_json::to_value(kind).unwrap_or_default();
    format!("`{}`", name.as_str().unwrap_or_default())
}

fn invalid(faults: Vec<String>) -> ApiError {
    ApiError::unprocessable("invalid_field", faults)
}
