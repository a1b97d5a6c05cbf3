//! Conditions on email addresses and phone numbers: a list finds whom an address identifies, however it is written there.

use store::filter::{FieldPath, Filter, Scalar};
use store::{Kind, Snapshot};

use super::document::Session;
use crate::identity;

/// The same conditions, in which an address that a session must be equal to also stands for the spelling of the session that it identifies.
/// They stay conditions on the field alone, so that an index of it serves them.
///
/// # Errors
/// Those of the store.
pub fn widen(snapshot: &Snapshot<'_>, filter: Filter) -> store::Result<Filter> {
    let each = |filters: Vec<Filter>| -> store::Result<Vec<Filter>> {
        let filters = filters.into_iter().map(|filter| widen(snapshot, filter));
        filters.collect()
    };
    Ok(match filter {
        Filter::And(filters) => Filter::And(each(filters)?),
        Filter::Or(filters) => Filter::Or(each(filters)?),
        Filter::Not(filter) => Filter::Not(Box::new(widen(snapshot, *filter)?)),
        Filter::Eq(field, scalar) if kind(&field).is_some() => {
            one_of(snapshot, field, vec![scalar])?
        }
        Filter::In(field, scalars) if kind(&field).is_some() => one_of(snapshot, field, scalars)?,
        other => other,
    })
}

/// What a field of addresses identifies by.
fn kind(field: &FieldPath) -> Option<Kind> {
    match field.as_str() {
        "email" => Some(identity::EMAIL),
        "phone" => Some(identity::PHONE),
        _ => None,
    }
}

fn one_of(
    snapshot: &Snapshot<'_>,
    field: FieldPath,
    mut scalars: Vec<Scalar>,
) -> store::Result<Filter> {
    let mut spellings = Vec::new();
    for scalar in &scalars {
        if let Scalar::Text(text) = scalar {
            spellings.extend(other_spelling(snapshot, &field, text)?);
        }
    }
    for spelling in spellings.into_iter().map(Scalar::Text) {
        if !scalars.contains(&spelling) {
            scalars.push(spelling);
        }
    }
    Ok(match scalars.len() {
        1 => Filter::Eq(field, scalars.remove(0)),
        _ => Filter::In(field, scalars),
    })
}

/// How the session that an address identifies writes it.
fn other_spelling(
    snapshot: &Snapshot<'_>,
    field: &FieldPath,
    text: &str,
) -> store::Result<Option<String>> {
    let (kind, key) = match kind(field) {
        Some(identity::EMAIL) => (identity::EMAIL, identity::email_key(text)),
        _ => (identity::PHONE, identity::phone_key(text)),
    };
    let Some(key) = key else { return Ok(None) };
    let holder = snapshot.find::<Session>(kind, &key)?;
    Ok(holder.and_then(|row| match kind {
        identity::EMAIL => row.doc.email,
        _ => row.doc.phone,
    }))
}
