//! The query string of lists: `status=OPEN,NEW&createdAt>=2026-01-31&customData.plan!=free&sort=-createdAt&limit=50`.
//!
//! `=` and `!=` take one value or several separated by commas (or the parameter again), `>=`, `<=`, `>` and `<` one. A name alone
//! asks that the value is there, `!name` that it is not. `filter` takes the same as JSON, in the operators of MongoDB.

mod json;
mod parameter;
mod plain;
mod readings;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use parameter::{Op, Parameter};
pub use plain::Plain;
use store::Sort;
use store::filter::{FieldPath, Filter, Scalar};

/// The most bytes of a query string.
pub const QUERY_BYTES_MAX: usize = 8 * 1024;
/// The most conditions of a query, those in `filter` included.
pub const CONDITIONS_MAX: usize = 64;
/// The most values that one condition compares with.
pub const VALUES_MAX: usize = 100;
/// The deepest nesting of `$and`, `$or`, `$nor` and `$not`.
pub const DEPTH_MAX: usize = 8;
/// The most keys of `sort`.
pub const SORT_KEYS_MAX: usize = 8;
/// How many documents a page has unless `limit` says otherwise.
pub const LIMIT_DEFAULT: u32 = 100;
/// The most documents of a page.
pub const LIMIT_MAX: u32 = 1000;

/// Parameters of the original API that choose what is shown of a document. Here all of it is shown.
const IGNORED: [&str; 2] = ["fields", "populate"];

/// What a list was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct ListQuery {
    /// Which documents.
    pub filter: Filter,
    /// In which order; empty: the order of the list.
    pub sort: Vec<Sort>,
    /// How many at the most, 1 to [`LIMIT_MAX`].
    pub limit: u32,
    /// How many to leave out first.
    pub skip: u64,
    /// Where the page before ended, as it was given out.
    pub cursor: Option<String>,
    /// Whether to tell how many there are in all.
    pub with_count: bool,
}

/// A query string that cannot be answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("query parameter `{parameter}`: {message}")]
pub struct BadQuery {
    /// The parameter at fault, as far as it could be read.
    pub parameter: String,
    /// What is wrong and what to write instead.
    pub message: String,
}

impl BadQuery {
    /// What is wrong with a parameter.
    #[must_use]
    pub fn new(parameter: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            parameter: parameter.into(),
            message: message.into(),
        }
    }
}

impl Default for ListQuery {
    fn default() -> Self {
        Self {
            filter: Filter::All,
            sort: Vec::new(),
            limit: LIMIT_DEFAULT,
            skip: 0,
            cursor: None,
            with_count: false,
        }
    }
}

impl ListQuery {
    /// Reads the part of a URL after `?`, percent-encoded or not. `own` names the parameters that the route reads by itself.
    ///
    /// # Errors
    /// [`BadQuery`] when something is outside the grammar or beyond a limit.
    pub fn parse(raw: &str, own: &[&str]) -> Result<Self, BadQuery> {
        let mut query = Self::default();
        let mut conditions = Conditions::default();
        for piece in pieces(raw)? {
            let parameter = Parameter::parse(piece)?;
            let name = parameter.name.as_str();
            if !own.contains(&name)
                && !IGNORED.contains(&name)
                && !query.set(&parameter, &mut conditions)?
            {
                conditions.add(parameter)?;
            }
        }
        query.filter = conditions.into_filter();
        Ok(query)
    }

    /// Takes a parameter that is no condition; tells whether it was one.
    fn set(
        &mut self,
        parameter: &Parameter,
        conditions: &mut Conditions,
    ) -> Result<bool, BadQuery> {
        let Parameter { name, op, value } = parameter;
        match name.as_str() {
            "limit" => self.limit = whole(name, value, 1, LIMIT_MAX)?,
            "skip" => self.skip = whole(name, value, 0, u32::MAX)?.into(),
            "sort" => self.sort = sort(value)?,
            "cursor" => self.cursor = Some(value.clone()),
            "filter" => conditions
                .filters
                .push(json::parse(value, &mut conditions.count)?),
            "withCount" => {
                self.with_count = match value.as_str() {
                    "true" | "" => true,
                    "false" => false,
                    _ => return Err(BadQuery::new(name, "must be true or false")),
                }
            }
            _ => return Ok(false),
        }
        let bare = *op == Op::Exists && name == "withCount";
        if *op == Op::Equal || bare {
            Ok(true)
        } else {
            Err(BadQuery::new(
                name,
                format!("takes a value with `=`, as in `{name}=…`"),
            ))
        }
    }
}

/// What stands between the `&` of a query string that is not too long.
fn pieces(raw: &str) -> Result<impl Iterator<Item = &str>, BadQuery> {
    if raw.len() > QUERY_BYTES_MAX {
        return Err(BadQuery::new(
            "?",
            format!("a query string has at most {QUERY_BYTES_MAX} bytes: ask for less at once"),
        ));
    }
    Ok(raw.split('&').filter(|piece| !piece.is_empty()))
}

/// A property and all that it may, or may not, be equal to.
struct Equality {
    path: FieldPath,
    negated: bool,
    values: Vec<String>,
}

/// Conditions as they are collected: equal names with `=`, or with `!=`, are one condition.
#[derive(Default)]
struct Conditions {
    equal: Vec<Equality>,
    filters: Vec<Filter>,
    count: usize,
}

impl Conditions {
    fn add(&mut self, parameter: Parameter) -> Result<(), BadQuery> {
        let Parameter { name, op, value } = parameter;
        let path = field(&name, &name)?;
        let filter = match op {
            Op::Equal => return self.equality(path, false, &value),
            Op::Unequal => return self.equality(path, true, &value),
            Op::Exists => Filter::Exists(path),
            Op::Missing => not(Filter::Exists(path)),
            Op::Range(_) if value.is_empty() => {
                let message = "compares with nothing: write a value after the operator";
                return Err(BadQuery::new(name, message));
            }
            Op::Range(op) => readings::range(path, op, &value),
        };
        self.filters.push(filter);
        count(&mut self.count, &name)
    }

    fn equality(&mut self, path: FieldPath, negated: bool, list: &str) -> Result<(), BadQuery> {
        let values = list.split(',').map(str::to_owned);
        let mut known = self.equal.iter_mut();
        if let Some(known) = known.find(|known| known.path == path && known.negated == negated) {
            known.values.extend(values);
            return few(known.values.len(), path.as_str());
        }
        let values: Vec<_> = values.collect();
        few(values.len(), path.as_str())?;
        count(&mut self.count, path.as_str())?;
        self.equal.push(Equality {
            path,
            negated,
            values,
        });
        Ok(())
    }

    fn into_filter(self) -> Filter {
        let equal = self.equal.into_iter().map(Equality::into_filter);
        let filters = equal.chain(self.filters);
        all(filters.filter(|filter| *filter != Filter::All).collect())
    }
}

impl Equality {
    fn into_filter(self) -> Filter {
        let scalars = self
            .values
            .iter()
            .flat_map(|value| readings::of_text(value));
        let filter = one_of(self.path, scalars.collect());
        if self.negated { not(filter) } else { filter }
    }
}

/// The parameters that a route reads by itself: the last value of each, decoded. A name alone is empty.
///
/// # Errors
/// [`BadQuery`] when one cannot be decoded, or has another operator than `=`.
pub fn own_parameters(raw: &str, own: &[&str]) -> Result<HashMap<String, String>, BadQuery> {
    let mut found = HashMap::new();
    for piece in raw.split('&').filter(|piece| !piece.is_empty()) {
        let parameter = Parameter::parse(piece)?;
        if !own.contains(&parameter.name.as_str()) {
            continue;
        }
        if !matches!(parameter.op, Op::Equal | Op::Exists) {
            let message = format!("takes a value with `=`, as in `{}=…`", parameter.name);
            return Err(BadQuery::new(parameter.name, message));
        }
        found.insert(parameter.name, parameter.value);
    }
    Ok(found)
}

fn all(mut filters: Vec<Filter>) -> Filter {
    match filters.len() {
        0 => Filter::All,
        1 => filters.remove(0),
        _ => Filter::And(filters),
    }
}

fn not(filter: Filter) -> Filter {
    Filter::Not(Box::new(filter))
}

fn one_of(path: FieldPath, mut scalars: Vec<Scalar>) -> Filter {
    if scalars.len() == 1 {
        Filter::Eq(path, scalars.remove(0))
    } else {
        Filter::In(path, scalars)
    }
}

fn count(conditions: &mut usize, parameter: &str) -> Result<(), BadQuery> {
    *conditions += 1;
    if *conditions <= CONDITIONS_MAX {
        return Ok(());
    }
    Err(BadQuery::new(
        parameter,
        format!("is one condition too many: a query has at most {CONDITIONS_MAX}"),
    ))
}

fn few(values: usize, parameter: &str) -> Result<(), BadQuery> {
    if values <= VALUES_MAX {
        return Ok(());
    }
    Err(BadQuery::new(
        parameter,
        format!("lists {values} values: give at most {VALUES_MAX} and ask again for the others"),
    ))
}

/// `name` is the path, `parameter` is where it was written.
fn field(name: &str, parameter: &str) -> Result<FieldPath, BadQuery> {
    if name.starts_with('$') {
        return Err(BadQuery::new(
            parameter,
            format!("`{name}` is no operator here: {}", json::OPERATORS),
        ));
    }
    FieldPath::parse(name)
        .map_err(|error| BadQuery::new(parameter, format!("names no property: {error}")))
}

fn whole(parameter: &str, value: &str, least: u32, most: u32) -> Result<u32, BadQuery> {
    let number = value
        .parse()
        .ok()
        .filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| {
        BadQuery::new(
            parameter,
            format!("must be a whole number from {least} to {most}"),
        )
    })
}

fn sort(value: &str) -> Result<Vec<Sort>, BadQuery> {
    let keys: Vec<_> = value.split(',').filter(|key| !key.is_empty()).collect();
    if keys.len() > SORT_KEYS_MAX {
        return Err(BadQuery::new(
            "sort",
            format!("has {} keys: give at most {SORT_KEYS_MAX}", keys.len()),
        ));
    }
    let read = |key: &&str| {
        let path = key.strip_prefix('-').unwrap_or(key);
        Ok(Sort {
            path: field(path, "sort")?.to_string(),
            descending: key.starts_with('-'),
        })
    };
    keys.iter().map(read).collect()
}
