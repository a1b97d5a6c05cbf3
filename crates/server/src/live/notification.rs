//! A notification to one session.

use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use store::{ObjectId, Row, Tx};
use utoipa::ToSchema;

use super::action::{Notification, PageRule, Sender};
use super::unread::UNREAD_MAX;
use super::{harmless, outbox};
use crate::app::SharedApp;
use crate::auth::{Member, SessionsWrite};
use crate::http::responses::ErrorResponses;
use crate::http::{ApiError, Json};
use crate::resources::message;
use crate::resources::message::document::Message;
use crate::resources::session::document::Session;
use crate::resources::session::lookup::{self, parse_id};
use crate::resources::ticket::document::Ticket;

/// Characters of the text.
const TEXT_CHARS_MAX: usize = 2_000;
/// Characters of the name of a sender.
const NAME_CHARS_MAX: usize = 200;
/// Characters of the address of a picture.
const URL_CHARS_MAX: usize = 2_000;
/// Characters of the token of a conversation.
const TOKEN_CHARS_MAX: usize = 200;
/// Pages that a notification may be bound to.
const PAGE_RULES_MAX: usize = 10;
/// Characters of what the address of a page is compared with.
const PAGE_FILTER_CHARS_MAX: usize = 500;

/// What to notify of.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"text": "Hi {{name}}, your order is on its way.", "sender": {"name": "Example Shop"}, "unread": 1}))]
pub struct NotificationBody {
    /// The message, at most 2,000 characters. `{{name}}` stands for the first name of the user. It is plain text: signs of markup are
    /// replaced by signs that only look like them.
    text: String,
    /// Who it is from.
    #[serde(default)]
    #[schema(value_type = SenderBody, required = false)]
    sender: Option<SenderBody>,
    /// The conversation that opens on a tap.
    #[serde(default)]
    #[schema(value_type = ConversationBody, required = false)]
    conversation: Option<ConversationBody>,
    /// Whether it makes a sound. The web SDK fetches that from its vendor's server.
    #[serde(default)]
    sound: bool,
    /// The pages on which it is shown, at most 10; apps show it everywhere.
    #[serde(default)]
    page_rules: Vec<PageRule>,
    /// The number on the badge from now on; unchanged when absent.
    #[serde(default)]
    #[schema(value_type = u64, required = false)]
    unread: Option<u64>,
}

/// Who a notification is from.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SenderBody {
    /// The name to show, at most 200 characters.
    #[serde(default)]
    name: String,
    /// The address of a picture: `http://` or `https://`, at most 2,000 characters.
    #[serde(default)]
    profile_image_url: String,
}

/// A conversation.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConversationBody {
    /// Its token: letters, digits, `-` and `_`.
    share_token: String,
}

/// A notification that was sent.
#[derive(Serialize, ToSchema)]
pub struct NotificationAnswer {
    /// Its id; clients know it as `outbound`.
    #[schema(value_type = String)]
    id: ObjectId,
    /// Whether a socket was open that it could be pushed to. Otherwise it waits for one for up to 30 days, among the newest 20 of the session.
    pushed: bool,
}

/// Notify a session
///
/// Shows a message in the pages and apps in which the session is open, or as soon as it is. Clients do not say what they have shown: it
/// is pushed once.
/// The id of a session that was merged finds the session that it was merged into.
#[utoipa::path(
    post, path = "/v3/sessions/{sessionId}/notifications", operation_id = "NotifySession", tag = "Session",
    params(
        ("sessionId" = String, Path, description = "The id of the session: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    request_body = NotificationBody,
    responses((status = 200, description = "The notification", body = NotificationAnswer), ErrorResponses),
    security(("jwt" = ["sessions:write"])),
)]
pub async fn send(
    State(app): State<SharedApp>,
    member: Member<SessionsWrite>,
    Path(session_id): Path<String>,
    Json(body): Json<NotificationBody>,
) -> Result<Json<NotificationAnswer>, ApiError> {
    let session = parse_id(&session_id)?;
    let faults = body.faults();
    if !faults.is_empty() {
        return Err(ApiError::unprocessable("invalid_notification", faults));
    }
    let unit = move |tx: &mut Tx<'_>| {
        let row = lookup::find_for_update(tx, session)?;
        let id = tx.new_id();
        let name = row.doc.name.as_deref();
        let action = body.notification().action(id, name, tx.now());
        let action = action.map_err(ApiError::internal)?;
        outbox::add(tx, row.id, [outbox::Pending::new(id, action, tx.now())])?;
        if let Some(unread) = body.unread {
            message::unread::set_badge(tx, row.id, unread)?;
        }
        Ok::<_, ApiError>((row.id, id))
    };
    let (session, id) = app.store.write(member.project, unit).await?;
    Ok(Json(NotificationAnswer {
        id,
        pushed: app.live.is_ready((member.project, session)),
    }))
}

/// The name and the picture under which a session is told something.
#[derive(Debug, Clone, Default)]
pub struct Voice {
    pub name: String,
    /// An address; empty for none.
    pub picture: String,
}

/// Tells the session of a ticket what was said in it: as soon as a page or an app of it is open.
///
/// # Errors
/// Those of the store.
pub fn notify(
    tx: &mut Tx<'_>,
    ticket: &Ticket,
    message: &Row<Message>,
    voice: &Voice,
) -> store::Result<()> {
    let Some(session) = ticket.session else {
        return Ok(());
    };
    let row = tx.get::<Session>(session)?;
    let names = message
        .doc
        .attachments
        .iter()
        .map(|file| file.name.as_str());
    let text = match message.doc.data.text.as_str() {
        "" => names.collect::<Vec<_>>().join(", "),
        text => cut(text),
    };
    let other = message.doc.fallback_user.as_ref();
    let name = other.and_then(|other| other.username.as_deref());
    let picture = other.and_then(|other| other.image_url.as_deref());
    let notification = Notification {
        text: &text,
        sender: Sender {
            name: harmless::text(name.unwrap_or(&voice.name)),
            profile_image_url: harmless::picture(picture.unwrap_or(&voice.picture))
                .unwrap_or_default(),
        },
        share_token: Some(&ticket.share_token),
        // The web SDK fetches it from its vendor, who would learn of every answer.
        sound: false,
        page_rules: &[],
    };
    let name = row.as_ref().and_then(|row| row.doc.name.as_deref());
    let action = notification.action(message.id, name, tx.now())?;
    let pending = outbox::Pending::new(message.id, action, tx.now());
    outbox::add(tx, session, [pending])
}

/// As much of a text as a notification shows.
fn cut(text: &str) -> String {
    match text.char_indices().nth(TEXT_CHARS_MAX) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

impl NotificationBody {
    fn notification(&self) -> Notification<'_> {
        let sender = self.sender.as_ref();
        Notification {
            text: &self.text,
            sender: sender.map(SenderBody::sender).unwrap_or_default(),
            share_token: self
                .conversation
                .as_ref()
                .map(|conversation| conversation.share_token.as_str()),
            sound: self.sound,
            page_rules: &self.page_rules,
        }
    }

    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut check = |holds: bool, fault: String| {
            if !holds {
                faults.push(fault);
            }
        };
        let chars = |text: &str| text.chars().count();
        check(
            !self.text.trim().is_empty() && chars(&self.text) <= TEXT_CHARS_MAX,
            format!("`text`: must have 1 to {TEXT_CHARS_MAX} characters"),
        );
        if let Some(sender) = &self.sender {
            let url = &sender.profile_image_url;
            check(
                chars(&sender.name) <= NAME_CHARS_MAX,
                format!("`sender.name`: must have at most {NAME_CHARS_MAX} characters"),
            );
            check(
                url.is_empty() || (chars(url) <= URL_CHARS_MAX && harmless::picture(url).is_some()),
                format!(
                    "`sender.profileImageUrl`: must begin with http:// or https:// and have at most {URL_CHARS_MAX} characters"
                ),
            );
        }
        if let Some(conversation) = &self.conversation {
            check(
                is_token(&conversation.share_token),
                format!(
                    "`conversation.shareToken`: must have 1 to {TOKEN_CHARS_MAX} letters, digits, `-` and `_`"
                ),
            );
        }
        let is_short = |rule: &PageRule| chars(&rule.page_filter) <= PAGE_FILTER_CHARS_MAX;
        check(
            self.page_rules.len() <= PAGE_RULES_MAX && self.page_rules.iter().all(is_short),
            format!(
                "`pageRules`: must be at most {PAGE_RULES_MAX}, each `pageFilter` of at most {PAGE_FILTER_CHARS_MAX} characters"
            ),
        );
        check(
            self.unread.is_none_or(|unread| unread <= UNREAD_MAX),
            super::unread::fault(),
        );
        faults
    }
}

impl SenderBody {
    fn sender(&self) -> Sender {
        Sender {
            name: harmless::text(&self.name),
            profile_image_url: harmless::picture(&self.profile_image_url).unwrap_or_default(),
        }
    }
}

/// Clients put tokens into addresses as they are.
fn is_token(text: &str) -> bool {
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    (1..=TOKEN_CHARS_MAX).contains(&text.len()) && text.bytes().all(is_safe)
}
