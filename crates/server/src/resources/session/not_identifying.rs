//! Addresses that a session shows, but is not found by, because another has them or they are blocked.

use std::convert::Infallible;

use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponseParts, ResponseParts};
use store::{Kind, Row, Snapshot};

use super::document::Session;
use crate::identity;

/// The fields of a call that are kept, but identify nobody: in the header `Hark-Not-Identifying` of its answer, when there are some.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NotIdentifying(Vec<&'static str>);

impl NotIdentifying {
    /// Of the addresses that a session has come to show since it had the keys `old`.
    ///
    /// # Errors
    /// Those of the store.
    pub fn of(
        snapshot: &Snapshot<'_>,
        old: &[(Kind, String, bool)],
        row: &Row<Session>,
    ) -> store::Result<Self> {
        let mut fields = Vec::new();
        for (kind, key, required) in row.doc.keys() {
            let is_new = !old.contains(&(kind, key.clone(), required));
            if is_new && !required && snapshot.owner(kind, &key)? != Some(row.id) {
                fields.push(identity::field(kind));
            }
        }
        Ok(Self(fields))
    }
}

impl IntoResponseParts for NotIdentifying {
    type Error = Infallible;

    fn into_response_parts(self, mut answer: ResponseParts) -> Result<ResponseParts, Infallible> {
        if !self.0.is_empty()
            && let Ok(fields) = HeaderValue::try_from(self.0.join(", "))
        {
            let name = HeaderName::from_static("hark-not-identifying");
            answer.headers_mut().insert(name, fields);
        }
        Ok(answer)
    }
}
