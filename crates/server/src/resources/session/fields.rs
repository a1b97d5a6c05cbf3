//! What members and API keys may write of a session: `SessionDto` of the contract, merged into what is there.

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::value::RawValue;
use store::Millis;

use super::attributes::{AttributeLimits, Attributes, compact};
use super::document::{EventSummary, Session};
use crate::http::json::given;
use crate::identity;

/// Tags of a session.
pub const TAGS_MAX: usize = 100;
/// Characters of a tag.
pub const TAG_CHARS_MAX: usize = 100;
/// Bytes of `location`, `outboundHistory` and `checklistTasks`, each as JSON.
pub const FREE_FORM_BYTES_MAX: usize = 64 * 1024;
/// Characters of an id of a channel, and of the parts of a credential.
pub const ID_CHARS_MAX: usize = 256;

/// Standard attributes that the calls of clients have too; of a REST body only these are read as such, so that a key that
/// nobody knows does not become custom data.
const ATTRIBUTES: [&str; 16] = [
    "name",
    "email",
    "phone",
    "avatar",
    "value",
    "sla",
    "plan",
    "companyId",
    "companyName",
    "company",
    "lang",
    "platform",
    "deviceType",
    "createdAt",
    "lastPageView",
    "customData",
];

macro_rules! members {
    ($($(#[$doc:meta])* $name:ident: $kind:ty,)*) => {
        /// The members that are no attributes. The outer `Option` tells whether one is there, the inner one `null`.
        #[derive(Debug, Clone, Default, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        pub struct Members {
            $($(#[$doc])* #[serde(deserialize_with = "given")] $name: Option<Option<$kind>>,)*
        }
    };
}

members! {
    user_id: Box<RawValue>,
    gleap_id: String,
    gleap_hash: String,
    tags: Vec<String>,
    blocked: bool,
    email_only: bool,
    unsubscribed: bool,
    unsubscribed_at: Millis,
    unsubscribe_reason: String,
    first_activity: Millis,
    last_activity: Millis,
    last_heard_from: Millis,
    last_feedback_report: Millis,
    sessions: u64,
    count_feedback_reports: u64,
    count_feedback_comments: u64,
    facebook_id: String,
    instagram_id: String,
    instagram_username: String,
    telegram_chat_id: String,
    telegram_username: String,
    location: Box<RawValue>,
    outbound_history: Box<RawValue>,
    checklist_tasks: Box<RawValue>,
    event_data: IndexMap<String, EventSummary>,
}

/// A body, read and ready to be written into a session.
#[derive(Debug, Clone)]
pub struct Fields {
    attributes: Attributes,
    members: Members,
    user_id: Option<Option<String>>,
}

impl Fields {
    /// Reads a body. Keys that nobody knows are dropped (decisions, Wire format).
    ///
    /// # Errors
    /// What is wrong with which field.
    pub fn read(
        body: &IndexMap<String, Box<RawValue>>,
        mut members: Members,
    ) -> Result<Self, Vec<String>> {
        let standard: IndexMap<_, _> = body
            .iter()
            .filter(|(key, _)| ATTRIBUTES.contains(&key.as_str()))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        let (attributes, mut faults) = Attributes::read(&standard);
        let user_id = user_id(&members, &mut faults);
        members.check(&mut faults);
        members.compact();
        if faults.is_empty() {
            Ok(Self {
                attributes,
                members,
                user_id,
            })
        } else {
            Err(faults)
        }
    }

    /// The user id that the body names.
    #[must_use]
    pub fn user_id(&self) -> Option<&str> {
        self.user_id.as_ref()?.as_deref()
    }

    /// The email address that the body names.
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        self.attributes.email()
    }

    /// The credential for a session that is made, as far as the body names one: sessions that come from elsewhere keep theirs.
    pub fn give_credential(&self, session: &mut Session) {
        if let Some(Some(id)) = &self.members.gleap_id {
            session.gleap_id.clone_from(id);
        }
        if let Some(Some(hash)) = &self.members.gleap_hash {
            session.gleap_hash.clone_from(hash);
        }
    }

    /// Merges the body into a session: what is given replaces, `null` removes, custom data key by key.
    ///
    /// # Errors
    /// The attributes that do not fit the limits.
    pub fn apply(
        &self,
        session: &mut Session,
        now: Millis,
        limits: AttributeLimits,
    ) -> Result<(), Vec<String>> {
        let (_, refused) = self.attributes.apply(session, limits);
        if !refused.is_empty() {
            return Err(refused);
        }
        if let Some(user_id) = &self.user_id {
            session.user_id.clone_from(user_id);
        }
        self.members.apply(session, now);
        Ok(())
    }
}

fn user_id(members: &Members, faults: &mut Vec<String>) -> Option<Option<String>> {
    let Some(Some(raw)) = &members.user_id else {
        return members.user_id.as_ref().map(|_| None);
    };
    let text = identity::user_id_text(raw);
    if !text.as_deref().is_some_and(identity::is_user_id) {
        faults.push(format!(
            "userId: must be the id of a user in your system, as text of 1 to {} characters; words such as \"null\" or \"guest\" are none",
            identity::USER_ID_CHARS_MAX
        ));
    }
    Some(text)
}

/// What is `null` becomes what it is in a new session.
fn set<T: Clone + Default>(place: &mut T, given: &Option<Option<T>>) {
    if let Some(value) = given {
        *place = value.clone().unwrap_or_default();
    }
}

fn set_optional<T: Clone>(place: &mut Option<T>, given: &Option<Option<T>>) {
    if let Some(value) = given {
        place.clone_from(value);
    }
}

impl Members {
    fn check(&self, faults: &mut Vec<String>) {
        self.check_tags(faults);
        for (name, value) in [
            ("facebookId", &self.facebook_id),
            ("instagramId", &self.instagram_id),
            ("instagramUsername", &self.instagram_username),
            ("telegramChatId", &self.telegram_chat_id),
            ("telegramUsername", &self.telegram_username),
            ("unsubscribeReason", &self.unsubscribe_reason),
        ] {
            if value
                .iter()
                .flatten()
                .any(|text| text.chars().count() > ID_CHARS_MAX)
            {
                faults.push(format!("{name}: is longer than {ID_CHARS_MAX} characters"));
            }
        }
        for (name, value) in [("gleapId", &self.gleap_id), ("gleapHash", &self.gleap_hash)] {
            if value
                .as_ref()
                .is_some_and(|value| !value.as_deref().is_some_and(is_credential))
            {
                faults.push(format!(
                    "{name}: must be 1 to {ID_CHARS_MAX} letters, digits, `-` and `_`"
                ));
            }
        }
        check_free_form("location", &self.location, '{', faults);
        check_free_form("outboundHistory", &self.outbound_history, '[', faults);
        check_free_form("checklistTasks", &self.checklist_tasks, '{', faults);
    }

    /// Answers are one line: line breaks and spaces between the parts of values go.
    fn compact(&mut self) {
        let free = [
            &mut self.location,
            &mut self.outbound_history,
            &mut self.checklist_tasks,
        ];
        let last = self
            .event_data
            .iter_mut()
            .flatten()
            .flat_map(|sums| sums.values_mut());
        let values = free
            .into_iter()
            .filter_map(|value| value.as_mut()?.as_mut())
            .chain(last.filter_map(|sum| sum.last_data.as_mut()));
        for value in values {
            if let Ok(compacted) = compact(value) {
                *value = compacted;
            }
        }
    }

    fn check_tags(&self, faults: &mut Vec<String>) {
        let Some(Some(tags)) = &self.tags else {
            return;
        };
        if tags.len() > TAGS_MAX {
            faults.push(format!("tags: are more than {TAGS_MAX}"));
        }
        for (number, tag) in tags.iter().enumerate() {
            if tag.trim().is_empty() || tag.chars().count() > TAG_CHARS_MAX {
                faults.push(format!(
                    "tags[{number}]: must be 1 to {TAG_CHARS_MAX} characters"
                ));
            }
        }
    }

    fn apply(&self, session: &mut Session, now: Millis) {
        set(&mut session.tags, &self.tags);
        let mut seen = std::collections::HashSet::new();
        session.tags.retain(|tag| seen.insert(tag.clone()));
        set(&mut session.blocked, &self.blocked);
        set(&mut session.email_only, &self.email_only);
        self.subscribe(session, now);
        if let Some(Some(at)) = self.first_activity {
            session.first_activity = at;
        }
        set_optional(&mut session.last_activity, &self.last_activity);
        set_optional(&mut session.last_heard_from, &self.last_heard_from);
        set_optional(
            &mut session.last_feedback_report,
            &self.last_feedback_report,
        );
        set(&mut session.sessions, &self.sessions);
        set(
            &mut session.count_feedback_reports,
            &self.count_feedback_reports,
        );
        set(
            &mut session.count_feedback_comments,
            &self.count_feedback_comments,
        );
        set_optional(&mut session.facebook_id, &self.facebook_id);
        set_optional(&mut session.instagram_id, &self.instagram_id);
        set_optional(&mut session.instagram_username, &self.instagram_username);
        set_optional(&mut session.telegram_chat_id, &self.telegram_chat_id);
        set_optional(&mut session.telegram_username, &self.telegram_username);
        set_optional(&mut session.location, &self.location);
        set_optional(&mut session.outbound_history, &self.outbound_history);
        set_optional(&mut session.checklist_tasks, &self.checklist_tasks);
        set(&mut session.event_data, &self.event_data);
    }

    /// `unsubscribed` carries its date and reason with it.
    fn subscribe(&self, session: &mut Session, now: Millis) {
        let was = session.unsubscribed;
        set(&mut session.unsubscribed, &self.unsubscribed);
        if !session.unsubscribed {
            (session.unsubscribed_at, session.unsubscribe_reason) = (None, None);
            return;
        }
        set_optional(&mut session.unsubscribe_reason, &self.unsubscribe_reason);
        set_optional(&mut session.unsubscribed_at, &self.unsubscribed_at);
        if !was || session.unsubscribed_at.is_none() {
            session.unsubscribed_at = session.unsubscribed_at.or(Some(now));
        }
    }
}

/// A value whose shape is that of an object or of an array, no more.
fn check_free_form(
    name: &str,
    value: &Option<Option<Box<RawValue>>>,
    opening: char,
    faults: &mut Vec<String>,
) {
    let Some(Some(raw)) = value else {
        return;
    };
    if !raw.get().starts_with(opening) {
        let wanted = if opening == '{' {
            "an object"
        } else {
            "an array"
        };
        faults.push(format!("{name}: must be {wanted}"));
    }
    if raw.get().len() > FREE_FORM_BYTES_MAX {
        faults.push(format!(
            "{name}: is longer than {FREE_FORM_BYTES_MAX} bytes"
        ));
    }
}

/// Clients put credentials unencoded into addresses.
fn is_credential(text: &str) -> bool {
    let is_safe = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '-' | '_');
    !text.is_empty() && text.len() <= ID_CHARS_MAX && text.chars().all(is_safe)
}
