//! Filters as JSON, e.g. `{"$or": [{"status": "OPEN"}, {"value": {"$gte": 100}}]}`.

use serde_json::{Map, Value};
use store::filter::{FieldPath, Filter, RangeOp};

use super::{BadQuery, DEPTH_MAX, all, count, few, field, not, one_of, readings};

/// What to write, in the words of an error.
pub const OPERATORS: &str =
    "a filter knows $and, $or, $nor, $not, $eq, $ne, $in, $nin, $gt, $gte, $lt, $lte and $exists";

/// Reads the value of the parameter `filter`; adds its conditions to `conditions`.
pub fn parse(text: &str, conditions: &mut usize) -> Result<Filter, BadQuery> {
    let value = serde_json::from_str(text).map_err(|error| bad(format!("is not JSON: {error}")))?;
    Reader { conditions }.filter(&value, 0)
}

fn bad(message: impl Into<String>) -> BadQuery {
    BadQuery::new("filter", message)
}

struct Reader<'c> {
    conditions: &'c mut usize,
}

impl Reader<'_> {
    fn filter(&mut self, value: &Value, depth: usize) -> Result<Filter, BadQuery> {
        let members = value
            .as_object()
            .ok_or_else(|| bad("must be an object like {\"status\": \"OPEN\"}"))?;
        if depth > DEPTH_MAX {
            return Err(bad(format!(
                "is nested deeper than {DEPTH_MAX}: write it flatter"
            )));
        }
        let filters: Result<Vec<_>, _> = members
            .iter()
            .map(|(key, value)| self.member(key, value, depth))
            .collect();
        Ok(all(filters?))
    }

    fn member(&mut self, key: &str, value: &Value, depth: usize) -> Result<Filter, BadQuery> {
        match key {
            "$and" => Ok(all(self.list(key, value, depth)?)),
            "$or" => Ok(Filter::Or(self.list(key, value, depth)?)),
            "$nor" => Ok(not(Filter::Or(self.list(key, value, depth)?))),
            "$not" => Ok(not(self.filter(value, depth + 1)?)),
            _ => self.property(&field(key, "filter")?, value, depth),
        }
    }

    fn list(
        &mut self,
        operator: &str,
        value: &Value,
        depth: usize,
    ) -> Result<Vec<Filter>, BadQuery> {
        let filters = value.as_array().filter(|filters| !filters.is_empty());
        let filters = filters
            .ok_or_else(|| bad(format!("{operator} takes an array of one filter or more")))?;
        filters
            .iter()
            .map(|filter| self.filter(filter, depth + 1))
            .collect()
    }

    fn property(
        &mut self,
        path: &FieldPath,
        value: &Value,
        depth: usize,
    ) -> Result<Filter, BadQuery> {
        match value.as_object() {
            Some(operators) => self.operators(path, operators, depth),
            None => self.condition(path, "$eq", value, depth),
        }
    }

    fn operators(
        &mut self,
        path: &FieldPath,
        operators: &Map<String, Value>,
        depth: usize,
    ) -> Result<Filter, BadQuery> {
        if operators.is_empty() || operators.keys().any(|key| !key.starts_with('$')) {
            return Err(bad(format!(
                "compares `{path}` with an object: name its members by dotted paths, as in `{path}.name`"
            )));
        }
        let filters: Result<Vec<_>, _> = operators
            .iter()
            .map(|(operator, value)| self.condition(path, operator, value, depth))
            .collect();
        Ok(all(filters?))
    }

    fn condition(
        &mut self,
        path: &FieldPath,
        operator: &str,
        value: &Value,
        depth: usize,
    ) -> Result<Filter, BadQuery> {
        if operator == "$not" {
            let operators = value.as_object().filter(|_| depth < DEPTH_MAX);
            let operators = operators.ok_or_else(|| {
                bad(format!(
                    "$not of `{path}` takes an object of operators, at most {DEPTH_MAX} deep"
                ))
            })?;
            return Ok(not(self.operators(path, operators, depth + 1)?));
        }
        count(self.conditions, "filter")?;
        match operator {
            "$eq" => equal(path, value),
            "$ne" => equal(path, value).map(not),
            "$in" => within(path, operator, value),
            "$nin" => within(path, operator, value).map(not),
            "$gt" => range(path, RangeOp::Gt, value),
            "$gte" => range(path, RangeOp::Ge, value),
            "$lt" => range(path, RangeOp::Lt, value),
            "$lte" => range(path, RangeOp::Le, value),
            "$exists" => exists(path, value),
            "$regex" => Err(bad(format!(
                "matches `{path}` with a regular expression, which lists do not serve: name whole values with $in"
            ))),
            _ => Err(bad(format!(
                "`{operator}` of `{path}` is no operator: {OPERATORS}"
            ))),
        }
    }
}

fn equal(path: &FieldPath, value: &Value) -> Result<Filter, BadQuery> {
    let scalars = readings::of_json(without_nul(path, value)?);
    let scalars = scalars.ok_or_else(|| {
        bad(format!(
            "compares `{path}` with an array or object: use $in for one of several values"
        ))
    })?;
    Ok(one_of(path.clone(), scalars))
}

fn within(path: &FieldPath, operator: &str, value: &Value) -> Result<Filter, BadQuery> {
    let values = value
        .as_array()
        .ok_or_else(|| bad(format!("{operator} of `{path}` takes an array of values")))?;
    few(values.len(), "filter")?;
    let mut scalars = Vec::new();
    for value in values {
        let readings = readings::of_json(without_nul(path, value)?);
        scalars.extend(readings.ok_or_else(|| {
            bad(format!(
                "{operator} of `{path}` takes texts, numbers, booleans and null only"
            ))
        })?);
    }
    Ok(Filter::In(path.clone(), scalars))
}

fn range(path: &FieldPath, op: RangeOp, value: &Value) -> Result<Filter, BadQuery> {
    let range = readings::range_of_json(path.clone(), op, without_nul(path, value)?);
    range.ok_or_else(|| {
        bad(format!(
            "bounds `{path}` with what has no order: use a number, a text or a date"
        ))
    })
}

fn exists(path: &FieldPath, value: &Value) -> Result<Filter, BadQuery> {
    match value.as_bool() {
        Some(true) => Ok(Filter::Exists(path.clone())),
        Some(false) => Ok(not(Filter::Exists(path.clone()))),
        None => Err(bad(format!("$exists of `{path}` takes true or false"))),
    }
}

fn without_nul<'v>(path: &FieldPath, value: &'v Value) -> Result<&'v Value, BadQuery> {
    match value.as_str() {
        Some(text) if text.contains('\0') => Err(bad(format!(
            "compares `{path}` with a NUL character: leave it out"
        ))),
        _ => Ok(value),
    }
}
