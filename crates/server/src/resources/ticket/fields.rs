//! What members and API keys may write of a ticket: `CreateTicketDto` and `UpdateTicketDto` of the contract, merged into what is there.

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};
use store::{Millis, ObjectId};

use super::document::{Attachment, Priority, Sentiment, Ticket};
use crate::http::json::given;
use crate::resources::session::attributes::compact;
use crate::sdk::bugs::fields::{
    ATTACHMENTS_MAX, NAME_CHARS_MAX, OBJECT_BYTES_MAX, TAGS_MAX, is_web_url,
};

/// Characters of a title.
pub const TITLE_CHARS_MAX: usize = 500;
/// Characters of a place on a board.
pub const RANK_CHARS_MAX: usize = 200;

/// The field that the text of a report is in.
pub const DESCRIPTION: &str = "description";

macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident: $kind:ty,)*) => {
        /// A body, read and checked. The outer `Option` tells whether a member is there, the inner one `null`.
        #[derive(Debug, Clone, Default, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        pub struct Fields {
            $($(#[$doc])* #[serde(deserialize_with = "given")] pub $name: Option<Option<$kind>>,)*
        }
    };
}

fields! {
    title: String,
    r#type: String,
    status: String,
    priority: Priority,
    sentiment: Sentiment,
    session: Reference,
    processing_user: ObjectId,
    processing_team: ObjectId,
    queued: bool,
    notifications_unread: bool,
    session_notifications_unread: bool,
    has_agent_reply: bool,
    conversation_closed: bool,
    conversation_rating: f64,
    due_date: Millis,
    is_silent: bool,
    is_spam: bool,
    archived: bool,
    snoozed: bool,
    snoozed_until: Millis,
    linked_tickets: Vec<ObjectId>,
    tags: Vec<String>,
    description: String,
    form_data: Members,
    attributes: Members,
    custom_data: Members,
    meta_data: Members,
    form: Box<RawValue>,
    outbound: String,
    screenshot_url: String,
    screen_recording_url: String,
    attachments: Vec<Attachment>,
    lexorank: String,
    rank_before: ObjectId,
    rank_after: ObjectId,
    console_log: Box<RawValue>,
    network_logs: Box<RawValue>,
    custom_event_log: Box<RawValue>,
}

type Members = IndexMap<String, Box<RawValue>>;

/// A document that a body names by its id, or as an answer shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Reference {
    Id(ObjectId),
    Document { id: ObjectId },
    Mongo { _id: ObjectId },
}

impl Reference {
    /// The id.
    #[must_use]
    pub fn id(self) -> ObjectId {
        match self {
            Self::Id(id) | Self::Document { id } | Self::Mongo { _id: id } => id,
        }
    }
}

impl Fields {
    /// What is wrong with which field.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for (name, value, most) in [
            ("title", &self.title, TITLE_CHARS_MAX),
            ("type", &self.r#type, NAME_CHARS_MAX),
            ("status", &self.status, NAME_CHARS_MAX),
            ("outbound", &self.outbound, NAME_CHARS_MAX),
        ] {
            let fits = |text: &String| (1..=most).contains(&text.trim().chars().count());
            if !value.iter().flatten().all(fits) {
                faults.push(format!("{name}: must be 1 to {most} characters"));
            }
        }
        for (name, value) in [
            ("screenshotUrl", &self.screenshot_url),
            ("screenRecordingUrl", &self.screen_recording_url),
        ] {
            if !value.iter().flatten().all(|url| is_web_url(url)) {
                faults.push(format!(
                    "{name}: must be an address that begins with http:// or https://"
                ));
            }
        }
        self.check_lists(&mut faults);
        self.check_place(&mut faults);
        faults
    }

    fn check_lists(&self, faults: &mut Vec<String>) {
        let tags = self.tags.iter().flatten().flatten();
        for (number, tag) in tags.clone().enumerate() {
            if !(1..=NAME_CHARS_MAX).contains(&tag.trim().chars().count()) {
                faults.push(format!(
                    "tags[{number}]: must be 1 to {NAME_CHARS_MAX} characters"
                ));
            }
        }
        if tags.count() > TAGS_MAX {
            faults.push(format!("tags: are more than {TAGS_MAX}"));
        }
        let files = self.attachments.iter().flatten().flatten();
        for (number, file) in files.clone().enumerate() {
            let kind = file.kind.as_deref().unwrap_or_default();
            if !is_web_url(&file.url) {
                faults.push(format!("attachments[{number}].url: must be an address that begins with http:// or https://"));
            }
            if file.name.chars().count().max(kind.chars().count()) > NAME_CHARS_MAX {
                faults.push(format!(
                    "attachments[{number}]: name and type have at most {NAME_CHARS_MAX} characters"
                ));
            }
        }
        if files.count() > ATTACHMENTS_MAX {
            faults.push(format!("attachments: are more than {ATTACHMENTS_MAX}"));
        }
    }

    fn check_place(&self, faults: &mut Vec<String>) {
        if !self.lexorank.iter().flatten().all(|rank| is_rank(rank)) {
            faults.push(format!(
                "lexorank: must be 1 to {RANK_CHARS_MAX} digits, small letters, `|` and `:`"
            ));
        }
        if self.rank_before.is_some() && self.rank_after.is_some() {
            faults.push("rankBefore: goes without rankAfter: one neighbour says where".into());
        }
        if let Some(Some(rating)) = self.conversation_rating
            && !rating.is_finite()
        {
            faults.push("conversationRating: must be a number".into());
        }
    }

    /// Merges the body into a ticket: what is given replaces, `null` removes, what was filled in key by key. What needs a look at other
    /// documents (the session, linked tickets, the place) is left to the caller.
    ///
    /// # Errors
    /// The objects that are larger than the limit.
    pub fn apply(&self, ticket: &mut Ticket, now: Millis) -> Result<(), Vec<String>> {
        set_optional(&mut ticket.title, &self.title);
        set_text(&mut ticket.kind, &self.r#type);
        set_text(&mut ticket.status, &self.status);
        set(&mut ticket.priority, &self.priority);
        set_optional(&mut ticket.sentiment, &self.sentiment);
        set_optional(&mut ticket.processing_user, &self.processing_user);
        set_optional(&mut ticket.processing_team, &self.processing_team);
        set(&mut ticket.queued, &self.queued);
        set(&mut ticket.notifications_unread, &self.notifications_unread);
        let unread = &self.session_notifications_unread;
        set(&mut ticket.session_notifications_unread, unread);
        set(&mut ticket.has_agent_reply, &self.has_agent_reply);
        set(&mut ticket.conversation_closed, &self.conversation_closed);
        set_optional(&mut ticket.conversation_rating, &self.conversation_rating);
        set_optional(&mut ticket.due_date, &self.due_date);
        set(&mut ticket.is_silent, &self.is_silent);
        set(&mut ticket.is_spam, &self.is_spam);
        set(&mut ticket.archived, &self.archived);
        self.snooze(ticket, now);
        set(&mut ticket.tags, &self.tags);
        let mut seen = std::collections::HashSet::new();
        ticket.tags.retain(|tag| seen.insert(tag.clone()));
        set_optional(
            &mut ticket.form,
            &self
                .form
                .as_ref()
                .map(|form| form.as_deref().and_then(|form| compact(form).ok())),
        );
        set_optional(&mut ticket.outbound, &self.outbound);
        set_optional(&mut ticket.screenshot_url, &self.screenshot_url);
        set_optional(&mut ticket.screen_recording_url, &self.screen_recording_url);
        set(&mut ticket.attachments, &self.attachments);
        set_text(&mut ticket.lexorank, &self.lexorank);
        self.fill_in(ticket)
    }

    /// `snoozedUntil` alone counts; `"snoozed": false` takes it away.
    fn snooze(&self, ticket: &mut Ticket, now: Millis) {
        set_optional(&mut ticket.snoozed_until, &self.snoozed_until);
        if self.snoozed == Some(Some(false))
            || ticket.snoozed_until.is_some_and(|until| until <= now)
        {
            ticket.snoozed_until = None;
        }
    }

    fn fill_in(&self, ticket: &mut Ticket) -> Result<(), Vec<String>> {
        let mut faults = Vec::new();
        if let Some(Some(text)) = &self.description
            && let Ok(text) = to_raw_value(text)
        {
            ticket.form_data.insert(DESCRIPTION.into(), text);
        }
        for (name, place, given) in [
            ("formData", &mut ticket.form_data, &self.form_data),
            ("attributes", &mut ticket.attributes, &self.attributes),
            ("customData", &mut ticket.custom_data, &self.custom_data),
            ("metaData", &mut ticket.meta_data, &self.meta_data),
        ] {
            merge(place, given);
            let bytes: usize = place
                .iter()
                .map(|(key, value)| key.len() + value.get().len() + 4)
                .sum();
            if given.is_some() && bytes > OBJECT_BYTES_MAX {
                faults.push(format!(
                    "{name}: would be larger than {OBJECT_BYTES_MAX} bytes"
                ));
            }
        }
        let form = ticket.form.as_ref().map_or(0, |form| form.get().len());
        if form > OBJECT_BYTES_MAX {
            faults.push(format!("form: is larger than {OBJECT_BYTES_MAX} bytes"));
        }
        if faults.is_empty() {
            Ok(())
        } else {
            Err(faults)
        }
    }
}

/// Whether a text can be a place in an order.
#[must_use]
pub fn is_rank(text: &str) -> bool {
    let is_sign = |sign: u8| matches!(sign, b'0'..=b'9' | b'a'..=b'z' | b'|' | b':');
    (1..=RANK_CHARS_MAX).contains(&text.len()) && text.bytes().all(is_sign)
}

fn merge(place: &mut Members, given: &Option<Option<Members>>) {
    let Some(given) = given else {
        return;
    };
    let Some(given) = given else {
        place.clear();
        return;
    };
    for (key, value) in given {
        if value.get() == "null" {
            place.shift_remove(key);
        } else if let Ok(value) = compact(value) {
            place.insert(key.clone(), value);
        }
    }
}

/// What is `null` becomes what it is in a new ticket.
fn set<T: Clone + Default>(place: &mut T, given: &Option<Option<T>>) {
    if let Some(value) = given {
        *place = value.clone().unwrap_or_default();
    }
}

/// What every ticket has is not taken away.
fn set_text(place: &mut String, given: &Option<Option<String>>) {
    if let Some(Some(text)) = given {
        *place = text.trim().to_owned();
    }
}

fn set_optional<T: Clone>(place: &mut Option<T>, given: &Option<Option<T>>) {
    if let Some(value) = given {
        place.clone_from(value);
    }
}
