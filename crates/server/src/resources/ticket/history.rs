//! What became of a ticket, change by change: small rows beside it.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use store::filter::{FieldPath, Filter, Scalar};
use store::{
    Collection, Column, ColumnKind, Document, Millis, ObjectId, Query, Reference, Sort, Tx, Value,
};
use utoipa::ToSchema;

use super::document::Ticket;

/// Changes of a ticket beyond this many are forgotten, oldest first.
pub const CHANGES_KEPT_MAX: u64 = 1_000;
/// A look at what is to be forgotten costs about as much as a change, so it is taken at one of so many milliseconds.
const CHANGES_PER_SWEEP: i64 = 16;

/// Fields that follow from others, or move by themselves with the conversation.
const NOT_TOLD: [&str; 15] = [
    "carriedBy",
    "contactsMerged",
    "updatedAt",
    "lastNotification",
    "notificationsUnread",
    "sessionNotificationsUnread",
    "sessionUnread",
    "nextMessage",
    "hasAgentReply",
    "latestComment",
    "lexorank",
    "priorityOrder",
    "noHumanInteraction",
    "via",
    "reportHash",
];
/// Objects that are told key by key.
const NESTED: [&str; 3] = ["formData", "attributes", "customData"];
/// Bytes of a value that is told; of longer ones, and of what was filled in, the name alone.
const VALUE_BYTES_MAX: usize = 1_000;

/// Something that happened to a ticket.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TicketChange {
    /// Which ticket.
    pub ticket: ObjectId,
    /// When.
    pub at: Millis,
    /// What.
    pub kind: ChangeKind,
    /// Who did it.
    pub by: By,
    /// The fields that changed.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub fields: IndexMap<String, Difference>,
}

/// What happened to a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It was made.
    Created,
    /// It has other fields.
    Updated,
    /// Other tickets were merged into it.
    Merged,
    /// Something was said in it: `message` is its id.
    MessageCreated,
    /// What was said was changed.
    MessageUpdated,
    /// What was said was deleted.
    MessageDeleted,
    /// What was said in it was sent by email.
    TranscriptSent,
}

/// Who changes a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "id", rename_all = "lowercase")]
pub enum By {
    /// A member, or a program with an API key.
    User(ObjectId),
    /// The session whose ticket it is.
    Session(ObjectId),
    /// The server by itself.
    System,
}

/// A field before and after. What was filled in is told by name alone: its values are in the ticket.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Difference {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Box<RawValue>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Box<RawValue>>,
}

/// The table of changes: those of a ticket lie together, oldest first.
pub static TICKET_CHANGES: Collection = Collection {
    table: "ticket_change",
    columns: &[
        Column {
            name: "ticket",
            path: "ticket",
            kind: ColumnKind::Id,
        },
        Column {
            name: "at",
            path: "at",
            kind: ColumnKind::Instant,
        },
    ],
    indexes: &[],
    cluster: &["ticket", "at"],
    references: &[Reference {
        column: "ticket",
        table: "ticket",
    }],
};

impl Document for TicketChange {
    const COLLECTION: &'static Collection = &TICKET_CHANGES;

    fn promoted(&self) -> Vec<Value> {
        vec![self.ticket.into(), self.at.into()]
    }
}

/// Records what happened to a ticket. Every so often the oldest beyond [`CHANGES_KEPT_MAX`] are forgotten.
///
/// # Errors
/// Those of the store.
pub fn record(
    tx: &mut Tx<'_>,
    ticket: ObjectId,
    kind: ChangeKind,
    by: By,
    fields: IndexMap<String, Difference>,
) -> store::Result<()> {
    let change = TicketChange {
        ticket,
        at: tx.now(),
        kind,
        by,
        fields,
    };
    tx.add(&change)?;
    if change.at.0 % CHANGES_PER_SWEEP == 0 {
        forget_oldest(tx, ticket)?;
    }
    Ok(())
}

/// The changes of a ticket, newest first.
#[must_use]
pub fn newest_first(ticket: ObjectId) -> Query {
    Query {
        filter: Filter::Eq(FieldPath::known("ticket"), Scalar::Id(ticket)),
        sort: vec![Sort {
            path: "at".into(),
            descending: true,
        }],
        limit: u32::try_from(CHANGES_KEPT_MAX).unwrap_or(u32::MAX),
        ..Query::default()
    }
}

fn forget_oldest(tx: &mut Tx<'_>, ticket: ObjectId) -> store::Result<()> {
    let oldest = Query {
        skip: CHANGES_KEPT_MAX,
        ..newest_first(ticket)
    };
    for row in tx.page::<TicketChange>(&oldest)?.rows {
        let change: TicketChange = row.parse()?;
        tx.delete_at::<TicketChange>(&[ticket.into(), change.at.into()], row.id)?;
    }
    Ok(())
}

/// The fields in which two states of a ticket differ.
///
/// # Errors
/// When one cannot be written as JSON.
pub fn difference(
    before: &Ticket,
    after: &Ticket,
) -> serde_json::Result<IndexMap<String, Difference>> {
    let (before, after) = (members(before)?, members(after)?);
    let names: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let mut fields = IndexMap::new();
    for name in names {
        let (from, to) = (before.get(name), after.get(name));
        if from.map(|value| value.get()) == to.map(|value| value.get()) {
            continue;
        }
        let is_told = !name.contains('.') && name != "form" && name != "metaData";
        let told = |value: Option<&Box<RawValue>>| {
            value
                .filter(|value| is_told && value.get().len() <= VALUE_BYTES_MAX)
                .cloned()
        };
        let difference = Difference {
            from: told(from),
            to: told(to),
        };
        fields.insert(name.clone(), difference);
    }
    Ok(fields)
}

type Members = IndexMap<String, Box<RawValue>>;

fn members(ticket: &Ticket) -> serde_json::Result<Members> {
    let mut members: Members = serde_json::from_slice(&serde_json::to_vec(ticket)?)?;
    members.retain(|name, _| !NOT_TOLD.contains(&name.as_str()));
    for name in NESTED {
        let Some(nested) = members.shift_remove(name) else {
            continue;
        };
        let nested: Members = serde_json::from_str(nested.get())?;
        let flat = nested
            .into_iter()
            .map(|(key, value)| (format!("{name}.{key}"), value));
        members.extend(flat);
    }
    Ok(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_that_differ_are_told_and_what_was_filled_in_by_name_alone() {
        let raw = |json: &str| RawValue::from_string(json.into()).unwrap();
        let before = Ticket {
            title: Some("x".repeat(2 * VALUE_BYTES_MAX)),
            status: "OPEN".into(),
            form_data: IndexMap::from([("a".into(), raw("1")), ("b".into(), raw("2"))]),
            ..Ticket::default()
        };
        let after = Ticket {
            title: Some("y".into()),
            status: "DONE".into(),
            lexorank: "0|1:".into(),
            form_data: IndexMap::from([("a".into(), raw("1")), ("c".into(), raw("2"))]),
            ..Ticket::default()
        };
        let told = serde_json::to_value(difference(&before, &after).unwrap()).unwrap();
        let expected = serde_json::json!({
            "formData.b": {}, "formData.c": {}, "status": {"from": "OPEN", "to": "DONE"}, "title": {"to": "y"},
        });
        assert_eq!(told, expected);
    }
}
