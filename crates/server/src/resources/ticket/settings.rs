//! The statuses and types of the tickets of a project: those that are built in, and its own.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use store::{Collection, Document, Snapshot, Tx, Value};
use utoipa::ToSchema;

use super::document::{DONE, OPEN};
use crate::sdk::bugs::fields::NAME_CHARS_MAX;

/// Statuses, and types, of a project.
pub const SETTINGS_MAX: usize = 50;

/// Seconds after which a message is mailed: a week.
pub const AFTER_SECONDS_MAX: u32 = 7 * 24 * 3_600;
/// Characters of the code of a language.
const LANGUAGE_CHARS_MAX: usize = 35;

/// The statuses that every project has: key, title, whether tickets in it are done.
const STATUSES: [(&str, &str, bool); 3] = [
    (OPEN, "Open", false),
    ("INPROGRESS", "In progress", false),
    (DONE, "Done", true),
];
/// The types that every project has.
const TYPES: [(&str, &str); 5] = [
    ("INQUIRY", "Inquiry"),
    ("BUG", "Bug"),
    ("CRASH", "Crash"),
    ("FEATURE_REQUEST", "Feature request"),
    ("BOT", "Bot"),
];

/// A status of tickets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatusSetting {
    /// What tickets have as `status`: 1 to 100 characters.
    pub key: String,
    /// What people read: 1 to 100 characters.
    pub title: String,
    /// Whether tickets in it are done. That of a built-in status stays what it is.
    #[serde(default)]
    pub closed: bool,
}

/// A type of tickets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TypeSetting {
    /// What tickets have as `type`: 1 to 100 characters.
    pub key: String,
    /// What people read: 1 to 100 characters.
    pub title: String,
}

/// What a project set; its id is that of the project.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TicketSettings {
    pub statuses: Vec<StatusSetting>,
    pub types: Vec<TypeSetting>,
    pub reply_mail: ReplyMail,
}

/// The mails with messages that their session has not seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ReplyMail {
    /// Whether there are such mails.
    pub enabled: bool,
    /// Seconds that a session has to see a message in a page or an app: at most a week.
    pub after_seconds: u32,
    /// The language of what stands around the messages: `en` or `de`; of others it is English.
    pub language: String,
}

impl Default for ReplyMail {
    fn default() -> Self {
        Self {
            enabled: true,
            after_seconds: 120,
            language: "en".into(),
        }
    }
}

impl ReplyMail {
    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.after_seconds > AFTER_SECONDS_MAX {
            faults.push(format!(
                "replyMail.afterSeconds: must be at most {AFTER_SECONDS_MAX}, a week"
            ));
        }
        let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if !(2..=LANGUAGE_CHARS_MAX).contains(&self.language.len())
            || !self.language.bytes().all(is_sign)
        {
            faults.push(format!("replyMail.language: must be the code of a language, such as `en`, of at most {LANGUAGE_CHARS_MAX} characters"));
        }
        faults
    }
}

/// The table of settings: one row for each project.
pub static TICKET_SETTINGS: Collection = Collection {
    table: "ticket_settings",
    columns: &[],
    indexes: &[],
    cluster: &[],
    references: &[],
};

impl Document for TicketSettings {
    const COLLECTION: &'static Collection = &TICKET_SETTINGS;

    fn promoted(&self) -> Vec<Value> {
        Vec::new()
    }
}

impl TicketSettings {
    /// What is wrong with which setting.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let statuses = self
            .statuses
            .iter()
            .map(|status| (&status.key, &status.title));
        let types = self.types.iter().map(|kind| (&kind.key, &kind.title));
        let mut faults = faults("statuses", statuses.collect());
        faults.extend(self::faults("types", types.collect()));
        faults.extend(self.reply_mail.faults());
        faults
    }

    /// The built-in ones under the titles of the project, then its own.
    #[must_use]
    pub fn effective(self) -> (Vec<StatusSetting>, Vec<TypeSetting>) {
        let mut statuses: Vec<_> = STATUSES
            .iter()
            .map(|(key, title, closed)| StatusSetting {
                key: (*key).into(),
                title: (*title).into(),
                closed: *closed,
            })
            .collect();
        for own in self.statuses {
            match statuses.iter_mut().find(|known| known.key == own.key) {
                Some(known) => known.title = own.title,
                None => statuses.push(own),
            }
        }
        let mut types: Vec<_> = TYPES
            .iter()
            .map(|(key, title)| TypeSetting {
                key: (*key).into(),
                title: (*title).into(),
            })
            .collect();
        for own in self.types {
            match types.iter_mut().find(|known| known.key == own.key) {
                Some(known) => known.title = own.title,
                None => types.push(own),
            }
        }
        (statuses, types)
    }

    /// Whether nothing is to be done any more about a ticket with this status.
    #[must_use]
    pub fn is_closed(&self, status: &str) -> bool {
        let built_in = STATUSES.iter().find(|(key, _, _)| *key == status);
        match built_in {
            Some((_, _, closed)) => *closed,
            None => self
                .statuses
                .iter()
                .any(|own| own.key == status && own.closed),
        }
    }
}

fn faults(list: &str, settings: Vec<(&String, &String)>) -> Vec<String> {
    let mut faults = Vec::new();
    if settings.len() > SETTINGS_MAX {
        faults.push(format!("{list}: are more than {SETTINGS_MAX}"));
    }
    let fits =
        |text: &str| text.trim() == text && (1..=NAME_CHARS_MAX).contains(&text.chars().count());
    let mut seen = HashSet::new();
    for (number, (key, title)) in settings.into_iter().enumerate() {
        for (name, text) in [("key", key), ("title", title)] {
            if !fits(text) {
                faults.push(format!("{list}[{number}].{name}: must be 1 to {NAME_CHARS_MAX} characters, without space around them"));
            }
        }
        if !seen.insert(key) {
            faults.push(format!("{list}[{number}].key: is there twice"));
        }
    }
    faults
}

/// What the project set.
///
/// # Errors
/// Those of the store.
pub fn of(snapshot: &Snapshot<'_>) -> store::Result<TicketSettings> {
    let row = snapshot.get::<TicketSettings>(snapshot.project())?;
    Ok(row.map(|row| row.doc).unwrap_or_default())
}

/// Changes it, unless `change` leaves it as it is: no other unit does so meanwhile. Returns it as it was and as it is now.
///
/// # Errors
/// That of `change`, and those of the store.
pub fn change<E: From<store::Error>>(
    tx: &mut Tx<'_>,
    change: impl FnOnce(&mut TicketSettings) -> Result<(), E>,
) -> Result<(TicketSettings, TicketSettings), E> {
    let id = tx.project();
    let row = tx.get_for_update::<TicketSettings>(id)?;
    let before = row.as_ref().map(|row| row.doc.clone()).unwrap_or_default();
    let mut own = before.clone();
    change(&mut own)?;
    match row {
        _ if own == before => {}
        Some(mut row) => {
            row.doc = own.clone();
            tx.put(&mut row)?;
        }
        // Where units run at once, two may be the first: the second is run again.
        None if tx.append(id, &own)? => {}
        None => return Err(tx.raced().into()),
    }
    Ok((before, own))
}
