//! The form of an export that spreadsheets read.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::value::RawValue;
use store::RawRow;

use crate::http::error::ApiError;
use crate::http::list_query::BadQuery;
use crate::resources::session::columns::{self, CUSTOM, Kind, SECRET, STANDARD};

/// Custom attributes that get a column each. A table of more is none that people read.
pub const CUSTOM_COLUMNS_MAX: usize = 1_000;

/// The mark by which Excel knows that a file is UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The columns of a table.
pub struct Table {
    columns: Vec<(String, Kind)>,
    noticed: BTreeSet<String>,
    bom: bool,
}

/// The members of a session, as they were written.
type Members = IndexMap<String, Box<RawValue>>;

impl Table {
    /// The standard fields.
    pub fn standard(bom: bool) -> Self {
        let shown = STANDARD
            .iter()
            .filter(|(name, _)| *name != SECRET && *name != "customData");
        Self {
            columns: shown.map(|(name, kind)| ((*name).into(), *kind)).collect(),
            noticed: BTreeSet::new(),
            bom,
        }
    }

    /// The columns of a list such as `userId,email,customData.seats`.
    pub fn named(list: &str, bom: bool) -> Result<Self, BadQuery> {
        let column = |name: &str| {
            let kind = columns::kind(name).ok_or_else(|| {
                let message = format!(
                    "{name:?} is no field of a session; custom attributes are named {CUSTOM}<name>"
                );
                BadQuery::new("columns", message)
            })?;
            Ok((name.to_owned(), kind))
        };
        Ok(Self {
            columns: list.split(',').map(column).collect::<Result<_, _>>()?,
            noticed: BTreeSet::new(),
            bom,
        })
    }

    /// Takes note of the custom attributes of some sessions.
    ///
    /// # Errors
    /// When there are more than a table has columns for.
    pub fn notice(&mut self, rows: &[RawRow]) -> Result<(), ApiError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Custom {
            #[serde(default)]
            custom_data: IndexMap<String, serde::de::IgnoredAny>,
        }
        for row in rows {
            let custom: Custom = serde_json::from_slice(&row.json).map_err(ApiError::internal)?;
            for name in custom.custom_data.into_keys() {
                if !self.noticed.contains(&name) {
                    self.noticed.insert(name);
                }
            }
            if self.noticed.len() > CUSTOM_COLUMNS_MAX {
                return Err(ApiError::unprocessable(
                    "too_many_columns",
                    vec![format!(
                        "the sessions have more than {CUSTOM_COLUMNS_MAX} different custom attributes: name the columns with `columns=`, or export as ndjson"
                    )],
                ));
            }
        }
        Ok(())
    }

    /// The columns, with one for each custom attribute that was noticed.
    pub fn with_noticed(mut self) -> Self {
        let noticed = std::mem::take(&mut self.noticed);
        let column = |name| (format!("{CUSTOM}{name}"), Kind::Free);
        self.columns.extend(noticed.into_iter().map(column));
        self
    }

    /// The first line.
    pub fn head(&self) -> Result<Vec<u8>, ApiError> {
        let names = self.columns.iter().map(|(name, _)| name.as_str());
        let line = written([names])?;
        let mark = if self.bom { BYTE_ORDER_MARK } else { b"" };
        Ok([mark, &line].concat())
    }

    /// A line for each session.
    pub fn rows(&self, sessions: impl Iterator<Item = Vec<u8>>) -> Result<Vec<u8>, ApiError> {
        let lines = sessions.map(|json| self.cells(&json));
        written(lines.collect::<Result<Vec<_>, _>>()?)
    }

    fn cells(&self, json: &[u8]) -> Result<Vec<String>, ApiError> {
        let members: Members = serde_json::from_slice(json).map_err(ApiError::internal)?;
        let custom: Members = match members.get("customData") {
            Some(custom) => serde_json::from_str(custom.get()).map_err(ApiError::internal)?,
            None => Members::new(),
        };
        let cell = |(name, kind): &(String, Kind)| {
            let value = match name.strip_prefix(CUSTOM) {
                Some(attribute) => custom.get(attribute),
                None => members.get(name),
            };
            value.map_or_else(String::new, |value| columns::cell(*kind, value))
        };
        Ok(self.columns.iter().map(cell).collect())
    }
}

fn written<L, C>(lines: impl IntoIterator<Item = L>) -> Result<Vec<u8>, ApiError>
where
    L: IntoIterator<Item = C>,
    C: AsRef<[u8]>,
{
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    for line in lines {
        writer.write_record(line).map_err(ApiError::internal)?;
    }
    writer.into_inner().map_err(ApiError::internal)
}
