//! Where options are named, and how the sources are put on top of each other.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use figment::providers::{Format, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};

use super::{ConfigError, DEFAULTS};

/// The file that is read from the working directory when no other is named.
const FILE: &str = "hark.toml";

/// The variable that names another file.
const FILE_VARIABLE: &str = "HARK_CONFIG";

/// Where options are looked for beside the defaults.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The file that `--config` names.
    pub file: Option<PathBuf>,
    /// Environment variables; those whose name does not begin with `HARK_` are passed over.
    pub variables: Vec<(String, String)>,
    /// Flags: the name as the user writes it, the option it sets, and its value as text.
    pub flags: Vec<(&'static str, &'static str, String)>,
}

/// The `HARK_*` variables of this process: the one place that looks at them.
#[must_use]
pub fn process_variables() -> Vec<(String, String)> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one module that reads the environment"
    )]
    let all = std::env::vars_os();
    let text = |(name, value): (OsString, OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    all.filter_map(text)
        .filter(|(name, _)| name.starts_with("HARK_"))
        .collect()
}

/// One source with the options it names. Errors tell the name.
struct Layer {
    name: String,
    options: Dict,
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name.clone())
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        Ok(Profile::Default.collect(self.options.clone()))
    }
}

pub(super) fn stack(sources: &Sources) -> Result<Figment, ConfigError> {
    let defaults = parse("hark.default.toml", DEFAULTS)?;
    let known = flatten(&defaults.options);
    let mut layers = vec![defaults];
    let mut faults = Vec::new();
    if let Some(file) = read_file(sources)? {
        faults.extend(unknown_options(&file, &known));
        layers.push(file);
    }
    let (variables, strangers) = variable_layers(&sources.variables, &known);
    layers.extend(variables);
    faults.extend(strangers);
    layers.extend(
        sources
            .flags
            .iter()
            .map(|(flag, key, text)| setting(flag, key, text, &known)),
    );
    if !faults.is_empty() {
        return Err(ConfigError(faults));
    }
    Ok(layers
        .into_iter()
        .fold(Figment::new(), |figment, layer| figment.merge(layer)))
}

fn read_file(sources: &Sources) -> Result<Option<Layer>, ConfigError> {
    let variable = || {
        sources
            .variables
            .iter()
            .find(|(name, _)| name == FILE_VARIABLE)
    };
    let named = sources
        .file
        .clone()
        .or_else(|| variable().map(|(_, path)| path.into()));
    let path = match named {
        Some(path) => path,
        None if Path::new(FILE).exists() => FILE.into(),
        None => return Ok(None),
    };
    let name = path.display().to_string();
    let text = fs::read_to_string(&path)
        .map_err(|error| ConfigError(vec![format!("{name}: cannot be read: {error}")]))?;
    parse(&name, &text).map(Some)
}

fn parse(name: &str, text: &str) -> Result<Layer, ConfigError> {
    let data = Toml::string(text)
        .data()
        .map_err(|error| ConfigError(vec![format!("{name}: {error}")]))?;
    let options = data.into_values().next().unwrap_or_default();
    Ok(Layer {
        name: name.to_owned(),
        options,
    })
}

/// Options by dotted name, such as `log.level`, with their values.
fn flatten(options: &Dict) -> Vec<(String, Value)> {
    let own = |(key, value): (&String, &Value)| match value {
        Value::Dict(_, inner) => flatten(inner)
            .into_iter()
            .map(|(rest, value)| (format!("{key}.{rest}"), value))
            .collect(),
        value => vec![(key.clone(), value.clone())],
    };
    options.iter().flat_map(own).collect()
}

fn unknown_options(file: &Layer, known: &[(String, Value)]) -> Vec<String> {
    let is_unknown = |key: &String| !known.iter().any(|(name, _)| name == key);
    let names = flatten(&file.options)
        .into_iter()
        .map(|(key, _)| key)
        .filter(is_unknown);
    names
        .map(|key| {
            format!(
                "{}: unknown option `{key}`: hark.default.toml lists all there are",
                file.name
            )
        })
        .collect()
}

fn variable_name(key: &str) -> String {
    format!("HARK_{}", key.replace('.', "_").to_uppercase())
}

/// A layer for each known variable, and a fault for each unknown one.
fn variable_layers(
    variables: &[(String, String)],
    known: &[(String, Value)],
) -> (Vec<Layer>, Vec<String>) {
    let (mut layers, mut faults) = (Vec::new(), Vec::new());
    let ours = |name: &str| name.starts_with("HARK_") && name != FILE_VARIABLE;
    for (name, text) in variables.iter().filter(|(name, _)| ours(name)) {
        match known.iter().find(|(key, _)| variable_name(key) == *name) {
            Some((key, _)) => layers.push(setting(name, key, text, known)),
            None => faults.push(format!(
                "environment: unknown variable {name}: hark.default.toml lists all options"
            )),
        }
    }
    (layers, faults)
}

/// Reads text as the type that the default has.
fn setting(name: &str, key: &str, text: &str, known: &[(String, Value)]) -> Layer {
    let value = match known.iter().find(|(known, _)| known == key) {
        Some((_, Value::Num(..))) => text
            .trim()
            .parse::<u64>()
            .map_or_else(|_| text.into(), Value::from),
        Some((_, Value::Array(..))) => items(text).into(),
        _ => text.into(),
    };
    let value = key.rsplit('.').fold(value, |value, part| {
        Map::from([(part.to_owned(), value)]).into()
    });
    Layer {
        name: name.to_owned(),
        options: value.into_dict().unwrap_or_default(),
    }
}

fn items(text: &str) -> Vec<&str> {
    text.split([',', ' '])
        .filter(|item| !item.is_empty())
        .collect()
}
