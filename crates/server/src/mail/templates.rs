//! The texts of mails, in the languages that there are. Values in HTML are escaped by themselves.
//!
//! A mail `name` is `<lang>/name.txt`, whose first line is the subject and whose second is empty, and `<lang>/name.html`, which
//! extends `layout.html`. Languages without a template of that name fall back to English.

use anyhow::{Context, Result};
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context};
use serde::Serialize;

/// The language that has all templates.
pub const FALLBACK: &str = "en";

/// Every template by its name. A new one is added here.
const TEMPLATES: &[(&str, &str)] = &[
    ("layout.html", include_str!("templates/en/layout.html")),
    ("en/test.txt", include_str!("templates/en/test.txt")),
    ("en/test.html", include_str!("templates/en/test.html")),
    ("de/test.txt", include_str!("templates/de/test.txt")),
    (
        "en/transcript.txt",
        include_str!("templates/en/transcript.txt"),
    ),
    (
        "en/transcript.html",
        include_str!("templates/en/transcript.html"),
    ),
    (
        "de/transcript.txt",
        include_str!("templates/de/transcript.txt"),
    ),
    (
        "de/transcript.html",
        include_str!("templates/de/transcript.html"),
    ),
    ("de/test.html", include_str!("templates/de/test.html")),
    ("en/reply.txt", include_str!("templates/en/reply.txt")),
    ("en/reply.html", include_str!("templates/en/reply.html")),
    ("de/reply.txt", include_str!("templates/de/reply.txt")),
    ("de/reply.html", include_str!("templates/de/reply.html")),
    (
        "en/invitation.txt",
        include_str!("templates/en/invitation.txt"),
    ),
    (
        "en/invitation.html",
        include_str!("templates/en/invitation.html"),
    ),
    (
        "de/invitation.txt",
        include_str!("templates/de/invitation.txt"),
    ),
    (
        "de/invitation.html",
        include_str!("templates/de/invitation.html"),
    ),
    ("en/sign_up.txt", include_str!("templates/en/sign_up.txt")),
    ("en/sign_up.html", include_str!("templates/en/sign_up.html")),
    ("de/sign_up.txt", include_str!("templates/de/sign_up.txt")),
    ("de/sign_up.html", include_str!("templates/de/sign_up.html")),
    (
        "en/account_exists.txt",
        include_str!("templates/en/account_exists.txt"),
    ),
    (
        "en/account_exists.html",
        include_str!("templates/en/account_exists.html"),
    ),
    (
        "de/account_exists.txt",
        include_str!("templates/de/account_exists.txt"),
    ),
    (
        "de/account_exists.html",
        include_str!("templates/de/account_exists.html"),
    ),
];

/// A mail as its template made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// The templates, compiled.
pub struct Templates(Environment<'static>);

impl Templates {
    /// # Errors
    /// When one of them is not well-formed, which a test shows.
    pub fn new() -> Result<Self> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|name| match name.ends_with(".html") {
            true => AutoEscape::Html,
            false => AutoEscape::None,
        });
        for (name, source) in TEMPLATES {
            environment.add_template(name, source)?;
        }
        Ok(Self(environment))
    }

    /// The mail `name` in a language such as `de` or `de-AT`. `layout.html` gets `lang` and `subject` beside the values.
    ///
    /// # Errors
    /// When there is no such template, or one of its values is missing.
    pub fn render(&self, language: &str, name: &str, values: impl Serialize) -> Result<Rendered> {
        let language = self.language(language, name);
        let values = Value::from(Serde(values));
        let text = self.one(&format!("{language}/{name}.txt"), values.clone())?;
        let (subject, text) = text
            .split_once("\n\n")
            .with_context(|| format!("the template {name}.txt has no line with its subject"))?;
        let all = context! { lang => language, subject => subject, ..values };
        Ok(Rendered {
            subject: subject.to_owned(),
            html: self.one(&format!("{language}/{name}.html"), all)?,
            text: text.to_owned(),
        })
    }

    fn one(&self, name: &str, values: Value) -> Result<String> {
        Ok(self.0.get_template(name)?.render(values)?)
    }

    fn language<'l>(&self, asked: &'l str, name: &str) -> &'l str {
        let short = asked.split(['-', '_']).next().unwrap_or(asked);
        let has = |language: &&str| {
            let file = |ending| format!("{language}/{name}.{ending}");
            let has = |ending| self.0.get_template(&file(ending)).is_ok();
            has("txt") && has("html")
        };
        [asked, short].into_iter().find(has).unwrap_or(FALLBACK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(language: &str, server: &str) -> Rendered {
        let templates = Templates::new().unwrap();
        let values = context! { server => server };
        templates.render(language, "test", values).unwrap()
    }

    #[test]
    fn a_language_is_found_and_others_fall_back() {
        for (asked, subject) in [
            ("de", "Hark kann Mails verschicken"),
            ("de-AT", "Hark kann Mails verschicken"),
            ("en-GB", "Hark can send mail"),
            ("xx", "Hark can send mail"),
            ("", "Hark can send mail"),
            ("../de", "Hark can send mail"),
        ] {
            assert_eq!(render(asked, "h").subject, subject, "{asked}");
        }
    }

    #[test]
    fn values_are_text_in_html() {
        let mail = render("en", "<img src=x onerror=alert(1)>");
        assert!(mail.html.contains("&lt;img src=x"), "{}", mail.html);
        assert!(!mail.html.contains("<img"));
        assert!(mail.text.contains("<img src=x onerror=alert(1)>"));
        assert!(mail.html.contains("<title>Hark can send mail</title>"));
    }

    #[test]
    fn a_missing_value_is_an_error() {
        let templates = Templates::new().unwrap();
        assert!(templates.render("en", "test", context! {}).is_err());
        assert!(templates.render("en", "none", context! {}).is_err());
    }

    #[test]
    fn every_mail_has_both_forms_and_is_there_in_english() {
        let names: Vec<_> = TEMPLATES.iter().map(|(name, _)| *name).collect();
        for name in names.iter().filter(|name| **name != "layout.html") {
            let (language, file) = name.split_once('/').unwrap();
            let (mail, _) = file.rsplit_once('.').unwrap();
            for language in [language, FALLBACK] {
                for ending in ["txt", "html"] {
                    let needed = format!("{language}/{mail}.{ending}");
                    assert!(names.contains(&needed.as_str()), "{needed}");
                }
            }
        }
    }
}
