//! Tickets as spreadsheets read them.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde_json::value::RawValue;

use crate::http::error::ApiError;
use crate::http::list_query::BadQuery;
use crate::resources::session::columns::{Kind, cell};
use crate::resources::ticket::document::Ticket;

/// Columns of a table.
pub const COLUMNS_MAX: usize = 1_000;

/// The columns that every ticket has.
const STANDARD: [&str; 25] = [
    "bugId",
    "id",
    "type",
    "status",
    "priority",
    "title",
    "createdAt",
    "updatedAt",
    "session.id",
    "session.userId",
    "session.name",
    "session.email",
    "session.companyName",
    "processingUser.email",
    "processingTeam",
    "tags",
    "archived",
    "isSpam",
    "snoozedUntil",
    "dueDate",
    "sentiment",
    "conversationRating",
    "upvotesCount",
    "hasAgentReply",
    "mergedInto",
];

/// The columns of a table. A name with a dot is that of a member of a member.
pub struct Table {
    pub columns: Vec<String>,
}

type Members = IndexMap<String, Box<RawValue>>;

impl Table {
    /// The standard columns, and what was filled in.
    pub fn standard(filled_in: Vec<String>) -> Self {
        let standard = STANDARD.iter().map(|name| (*name).to_owned());
        Self {
            columns: standard.chain(filled_in).take(COLUMNS_MAX).collect(),
        }
    }

    /// The columns of a list such as `bugId,session.email`.
    pub fn named(list: &str) -> Result<Self, BadQuery> {
        let columns: Vec<_> = list.split(',').map(str::trim).map(str::to_owned).collect();
        if columns.len() > COLUMNS_MAX || columns.iter().any(String::is_empty) {
            return Err(BadQuery::new(
                "columns",
                format!("names 1 to {COLUMNS_MAX} columns, separated by commas"),
            ));
        }
        Ok(Self { columns })
    }

    /// The first line.
    pub fn head(&self) -> Result<Vec<u8>, ApiError> {
        let names = self.columns.iter().map(|name| {
            let name = serde_json::value::to_raw_value(name).map_err(ApiError::internal)?;
            Ok(cell(Kind::Text, &name))
        });
        written([names.collect::<Result<Vec<_>, ApiError>>()?])
    }

    /// A line for each ticket.
    pub fn rows(&self, tickets: &[Vec<u8>]) -> Result<Vec<u8>, ApiError> {
        let lines = tickets.iter().map(|json| self.cells(json));
        written(lines.collect::<Result<Vec<_>, ApiError>>()?)
    }

    fn cells(&self, json: &[u8]) -> Result<Vec<String>, ApiError> {
        let members: Members = serde_json::from_slice(json).map_err(ApiError::internal)?;
        let mut inner: IndexMap<&str, Members> = IndexMap::new();
        for name in &self.columns {
            if let Some((outer, _)) = name.split_once('.')
                && !inner.contains_key(outer)
            {
                let value = members
                    .get(outer)
                    .map(|value| serde_json::from_str(value.get()));
                inner.insert(outer, value.and_then(Result::ok).unwrap_or_default());
            }
        }
        let value = |name: &String| match name.split_once('.') {
            Some((outer, key)) => inner.get(outer).and_then(|members| members.get(key)),
            None => members.get(name),
        };
        let text = |name| value(name).map_or_else(String::new, |value| cell(Kind::Text, value));
        Ok(self.columns.iter().map(text).collect())
    }
}

fn written(lines: impl IntoIterator<Item = Vec<String>>) -> Result<Vec<u8>, ApiError> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    for line in lines {
        writer.write_record(line).map_err(ApiError::internal)?;
    }
    writer.into_inner().map_err(ApiError::internal)
}

/// The names of what was filled in, in the order of the alphabet.
pub fn fields_of(tickets: &[Ticket]) -> Vec<String> {
    let mut names = BTreeSet::new();
    for ticket in tickets {
        for (outer, members) in [
            ("formData", &ticket.form_data),
            ("attributes", &ticket.attributes),
            ("customData", &ticket.custom_data),
        ] {
            // A comma would end the name in `columns`.
            let keys = members.keys().filter(|key| !key.contains(','));
            names.extend(keys.map(|key| format!("{outer}.{key}")));
        }
    }
    names.into_iter().collect()
}

/// What people call a column: its name in words.
pub fn label(name: &str) -> String {
    let name = name
        .split_once('.')
        .map_or(name, |(outer, key)| match outer {
            "formData" | "attributes" | "customData" => key,
            _ => name,
        });
    let mut words = String::new();
    for sign in name.chars() {
        if sign == '.' {
            words.push(' ');
        } else if sign.is_uppercase() && words.ends_with(char::is_lowercase) {
            words.push(' ');
            words.extend(sign.to_lowercase());
        } else {
            words.push(sign);
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_words() {
        for (name, expected) in [
            ("bugId", "bug id"),
            ("session.companyName", "session company name"),
            ("formData.Your e-mail", "Your e-mail"),
            ("id", "id"),
        ] {
            assert_eq!(label(name), expected);
        }
    }
}
