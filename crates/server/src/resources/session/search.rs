//! Searching for sessions: by their keys first, then by the words of their texts.

use std::collections::HashSet;
use std::time::Duration;

use axum::extract::{RawQuery, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use store::filter::{FieldPath, Filter, RangeOp, Scalar};
use store::search::{SEARCH_WORDS_MAX, words};
use store::{Kind, ObjectId, Query, RawRow, Search, Snapshot};

use super::document::Session;
use super::list;
use super::render::wire;
use super::schema::SessionBody;
use super::searched::phone_term;
use crate::app::SharedApp;
use crate::auth::{Member, SessionsRead};
use crate::http::error::ApiError;
use crate::http::list_query::{BadQuery, Plain};
use crate::http::responses::ErrorResponses;
use crate::identity;

/// Characters of a term.
pub const TERM_CHARS_MAX: usize = 512;
/// How many sessions are answered unless `limit` says otherwise.
pub const LIMIT_DEFAULT: u32 = 30;
/// The most sessions of an answer.
pub const LIMIT_MAX: u32 = 100;
/// What programs made up begins by chance like many a word: it counts from this many characters on.
const OPAQUE_START_MIN: usize = 8;
/// A search takes no longer than this.
const DEADLINE: Duration = Duration::from_secs(2);

/// Search sessions
///
/// By name, email address, phone number (digits in any grouping), user id, company, plan and the custom attributes that are text,
/// of which the first 2 KiB count. Each word of the term must begin a word of the session; case and diacritics make no
/// difference. A session whose `userId`, `email`, `phone`, `gleapId` or id is the term comes first, then those of which one of
/// these begins with it, then the newest of the others. What was written is found at once.
#[utoipa::path(
    get, path = "/v3/sessions/search", operation_id = "SearchSessions", tag = "Session",
    params(
        ("project" = String, Header, description = "The id of the project"),
        ("searchTerm" = Option<String>, Query, description = "What to search for: at most 512 characters and 16 words"),
        ("q" = Option<String>, Query, description = "The same, where `searchTerm` is not given"),
        ("limit" = Option<u32>, Query, description = "How many at the most: 1 to 100, otherwise 30"),
    ),
    responses((status = 200, description = "The sessions", body = Vec<SessionBody>), ErrorResponses),
    security(("jwt" = ["sessions:read"])),
)]
pub async fn search(
    State(app): State<SharedApp>,
    member: Member<SessionsRead>,
    RawQuery(raw): RawQuery,
) -> Result<Response, ApiError> {
    let asked = Asked::read(&raw.unwrap_or_default())?;
    let read = app
        .store
        .read(member.project, move |snapshot| find(snapshot, &asked));
    let show = |row: &RawRow| wire(row, member.project, member.organisation);
    let body = list::array(&read.await?, show);
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}

/// What is searched for, and how many.
struct Asked {
    term: String,
    limit: u32,
}

impl Asked {
    fn read(raw: &str) -> Result<Self, ApiError> {
        let (mut term, mut short, mut limit) = (None, None, LIMIT_DEFAULT);
        for parameter in Plain::parse(raw)? {
            match parameter.name.as_str() {
                "searchTerm" => term = Some(parameter.value),
                "q" => short = Some(parameter.value),
                "limit" => limit = parameter.whole(1, LIMIT_MAX)?,
                name => {
                    let message = "is none of a search, which has `searchTerm` (or `q`) and `limit`; GET /v3/sessions filters";
                    return Err(BadQuery::new(name, message).into());
                }
            }
        }
        let term = term.or(short).unwrap_or_default();
        let term = term.trim();
        check(term)?;
        Ok(Self {
            term: term.to_owned(),
            limit,
        })
    }
}

fn check(term: &str) -> Result<(), ApiError> {
    let characters = term.chars().count();
    let fault = if term.is_empty() {
        "searchTerm: is empty: say what to search for".to_owned()
    } else if characters > TERM_CHARS_MAX {
        format!("searchTerm: has {characters} characters: give at most {TERM_CHARS_MAX}")
    } else if words(term).len() > SEARCH_WORDS_MAX {
        format!("searchTerm: has more than {SEARCH_WORDS_MAX} words: leave some out")
    } else {
        return Ok(());
    };
    Err(ApiError::unprocessable("invalid_search_term", vec![fault]))
}

/// Sessions in the order in which they were found, each once.
struct Found {
    rows: Vec<RawRow>,
    ids: HashSet<ObjectId>,
    limit: usize,
}

impl Found {
    fn add(&mut self, rows: impl IntoIterator<Item = RawRow>) {
        for row in rows {
            if self.rows.len() < self.limit && self.ids.insert(row.id) {
                self.rows.push(row);
            }
        }
    }

    fn is_full(&self) -> bool {
        self.rows.len() >= self.limit
    }
}

/// From the best match to the least, until there are enough.
fn find(snapshot: &Snapshot<'_>, asked: &Asked) -> Result<Vec<RawRow>, ApiError> {
    found(snapshot, &asked.term, asked.limit)
}

/// The sessions that a term finds, the best match first.
///
/// # Errors
/// Those of the store.
pub fn found(snapshot: &Snapshot<'_>, term: &str, limit: u32) -> Result<Vec<RawRow>, ApiError> {
    let mut found = Found {
        rows: Vec::new(),
        ids: HashSet::new(),
        limit: limit as usize,
    };
    for tier in [exactly, beginning, by_phone, by_words] {
        if !found.is_full() {
            found.add(tier(snapshot, term, limit)?);
        }
    }
    Ok(found.rows)
}

fn exactly(snapshot: &Snapshot<'_>, term: &str, _: u32) -> store::Result<Vec<RawRow>> {
    let mut rows = Vec::new();
    let keys = [
        (identity::USER_ID, Some(term.to_owned())),
        (identity::EMAIL, identity::email_key(term)),
        (identity::PHONE, identity::phone_key(term)),
        (identity::GLEAP_ID, Some(term.to_owned())),
    ];
    for (kind, key) in keys {
        if let Some(key) = key {
            rows.extend(snapshot.find_raw::<Session>(kind, &key)?);
        }
    }
    if let Ok(id) = term.parse::<ObjectId>() {
        rows.extend(snapshot.raw::<Session>(id)?);
        rows.extend(snapshot.find_raw::<Session>(identity::MERGED_ID, &id.to_string())?);
    }
    Ok(rows)
}

fn beginning(snapshot: &Snapshot<'_>, term: &str, limit: u32) -> store::Result<Vec<RawRow>> {
    let mut rows = Vec::new();
    for (kind, start) in starts(term) {
        rows.extend(snapshot.find_beginning::<Session>(kind, &start, limit)?);
    }
    if let Some((first, last)) = ids_beginning(term) {
        let side = |op, id| Filter::Range {
            field: FieldPath::known("_id"),
            op,
            value: Scalar::Id(id),
        };
        let query = Query {
            filter: Filter::And(vec![side(RangeOp::Ge, first), side(RangeOp::Le, last)]),
            limit,
            deadline: DEADLINE,
            ..Query::default()
        };
        rows.extend(snapshot.page::<Session>(&query)?.rows);
    }
    Ok(rows)
}

/// The beginnings of keys that a term is, in the form in which keys are kept.
fn starts(term: &str) -> Vec<(Kind, String)> {
    let is_opaque = term.len() >= OPAQUE_START_MIN;
    let international = term.starts_with('+') || term.starts_with("00");
    let digits = phone_term(term).filter(|_| international);
    [
        Some((identity::USER_ID, term.to_owned())),
        Some((identity::EMAIL, identity::email_fold(term))),
        digits.map(|digits| (identity::PHONE, format!("+{digits}"))),
        is_opaque.then(|| (identity::GLEAP_ID, term.to_owned())),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The first and the last id that begin with a term.
fn ids_beginning(term: &str) -> Option<(ObjectId, ObjectId)> {
    let is_start = (OPAQUE_START_MIN..24).contains(&term.len());
    let filled = |digit: &str| {
        let text = format!("{term}{}", digit.repeat(24 - term.len()));
        text.parse().ok()
    };
    if is_start {
        Some((filled("0")?, filled("f")?))
    } else {
        None
    }
}

fn by_phone(snapshot: &Snapshot<'_>, term: &str, limit: u32) -> store::Result<Vec<RawRow>> {
    match phone_term(term) {
        Some(digits) => by_words(snapshot, &digits, limit),
        None => Ok(Vec::new()),
    }
}

fn by_words(snapshot: &Snapshot<'_>, term: &str, limit: u32) -> store::Result<Vec<RawRow>> {
    snapshot.search::<Session>(&Search {
        text: term.to_owned(),
        limit,
        deadline: DEADLINE,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_begin_with_hexadecimal_digits() {
        let (first, last) = ids_beginning("697dC2a0").unwrap();
        assert_eq!(first.to_string(), "697dc2a00000000000000000");
        assert_eq!(last.to_string(), "697dc2a0ffffffffffffffff");
        for term in ["697dc2a", "697dc2ag", "697dc2a00000000000000000", "ünïcödé"] {
            assert!(ids_beginning(term).is_none(), "{term}");
        }
    }
}
