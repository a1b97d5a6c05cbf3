//! What somebody wrote in a mail, without what the mail client put around it: the mails before, and the signature.
//!
//! Nobody can tell for sure. What is left out is what common clients mark, in the languages below; when nothing would be left, all of it stays.

/// How an attribution begins, and the verb in it or at its end, such as in "On Monday Ada wrote:".
const ATTRIBUTIONS: [(&str, &str); 13] = [
    ("on ", "wrote"),
    ("am ", "schrieb"),
    ("am ", "geschrieben"),
    ("le ", "écrit"),
    ("el ", "escribió"),
    ("il ", "scritto"),
    ("op ", "schreef"),
    ("op ", "geschreven"),
    ("em ", "escreveu"),
    ("den ", "skrev"),
    ("w dniu ", "napisał(a)"),
    ("w dniu ", "napisał"),
    ("w dniu ", "napisała"),
];
/// Lines that an attribution may be broken into.
const ATTRIBUTION_LINES_MAX: usize = 4;
/// Characters of an attribution.
const ATTRIBUTION_CHARS_MAX: usize = 400;
/// How the first line of the head of a mail begins that a client put under an answer.
const FROM: [&str; 10] = [
    "from:",
    "von:",
    "de:",
    "da:",
    "van:",
    "från:",
    "fra:",
    "od:",
    "expéditeur:",
    "mittente:",
];
/// How the others do.
const HEAD: [&str; 26] = [
    "sent:",
    "date:",
    "to:",
    "cc:",
    "subject:",
    "gesendet:",
    "datum:",
    "an:",
    "betreff:",
    "envoyé:",
    "à:",
    "objet:",
    "enviado:",
    "para:",
    "asunto:",
    "assunto:",
    "inviato:",
    "data:",
    "a:",
    "oggetto:",
    "verzonden:",
    "aan:",
    "onderwerp:",
    "skickat:",
    "till:",
    "ämne:",
];
/// Lines after the first in which others of the head stand.
const HEAD_LINES: usize = 5;
/// Of them so many must be there.
const HEAD_LINES_MIN: usize = 2;
/// Dashes on either side of a line such as "-----Original Message-----".
const DASHES_MIN: usize = 5;
/// Characters of what stands between them.
const TITLE_CHARS_MAX: usize = 40;
/// Underscores of the line that Outlook draws.
const UNDERSCORES_MIN: usize = 20;

/// The text without history and signature; all of it when nothing else is left.
#[must_use]
pub fn without_history(text: &str) -> String {
    let lines: Vec<_> = text.lines().collect();
    let mut kept: Vec<&str> = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        if ends_at(&lines, at) {
            break;
        }
        if let Some(after) = attribution(&lines, at) {
            match lines[after..].iter().find(|line| !line.trim().is_empty()) {
                // What is quoted goes line by line, and the answer may stand beneath it.
                Some(line) if is_quoted(line) => at = after,
                _ => break,
            }
            continue;
        }
        if !is_quoted(lines[at]) {
            kept.push(lines[at]);
        }
        at += 1;
    }
    let own = tidy(&kept);
    if own.is_empty() {
        return text.trim().to_owned();
    }
    own
}

/// Without empty lines around it and more than one in a row.
fn tidy(lines: &[&str]) -> String {
    let mut text = String::new();
    let mut is_empty = true;
    for line in lines.iter().map(|line| line.trim_end()) {
        if line.is_empty() && is_empty {
            continue;
        }
        text.push_str(line);
        text.push('\n');
        is_empty = line.is_empty();
    }
    text.trim().to_owned()
}

fn is_quoted(line: &str) -> bool {
    line.starts_with('>') || line.starts_with(" >")
}

/// Whether nothing of the author comes from this line on.
fn ends_at(lines: &[&str], at: usize) -> bool {
    let line = lines[at].trim();
    lines[at] == "-- "
        || lines[at] == "--"
        || is_title(line)
        || is_drawn(line) && begins_head(lines, at + 1)
        || !line.is_empty() && begins_head(lines, at)
}

/// Such as "-----Original Message-----", in any language.
fn is_title(line: &str) -> bool {
    let title = line.trim_matches('-');
    let dashes = (
        line.len() - line.trim_start_matches('-').len(),
        line.len() - line.trim_end_matches('-').len(),
    );
    let title = title.trim();
    dashes.0 >= DASHES_MIN
        && dashes.1 >= DASHES_MIN
        && (1..=TITLE_CHARS_MAX).contains(&title.chars().count())
        && title.chars().any(char::is_alphabetic)
}

fn is_drawn(line: &str) -> bool {
    line.len() >= UNDERSCORES_MIN && line.bytes().all(|byte| byte == b'_')
}

/// Whether the head of an earlier mail begins at this line, or after empty ones.
fn begins_head(lines: &[&str], at: usize) -> bool {
    let mut rest = lines[at.min(lines.len())..]
        .iter()
        .map(|line| plain(line))
        .skip_while(String::is_empty);
    let begins = |line: &str, names: &[&str]| names.iter().any(|name| line.starts_with(name));
    if !rest.next().is_some_and(|line| begins(&line, &FROM)) {
        return false;
    }
    let others = rest.take(HEAD_LINES).filter(|line| begins(line, &HEAD));
    others.count() >= HEAD_LINES_MIN
}

/// A line as it is compared: in lower case, without the stars of bold text and the space that French has before a colon.
fn plain(line: &str) -> String {
    let start: String = line.chars().take(ATTRIBUTION_CHARS_MAX).collect();
    let plain = start.trim().replace('*', "").to_lowercase();
    plain
        .replace([' ', '\u{a0}', '\u{202f}'], " ")
        .replace(" :", ":")
}

/// The line after an attribution that begins here.
fn attribution(lines: &[&str], at: usize) -> Option<usize> {
    let mut text = plain(lines[at]);
    let begins = |text: &str| {
        let mut starts = ATTRIBUTIONS.iter();
        starts.any(|(start, _)| text.starts_with(start))
    };
    if !begins(&text) {
        return None;
    }
    for after in at + 1..=at + ATTRIBUTION_LINES_MAX {
        if is_attribution(&text) {
            return Some(after);
        }
        let next = lines.get(after).filter(|line| !line.trim().is_empty())?;
        text.push(' ');
        text.push_str(&plain(next));
        if text.chars().count() > ATTRIBUTION_CHARS_MAX {
            return None;
        }
    }
    None
}

fn is_attribution(text: &str) -> bool {
    let Some(text) = text.strip_suffix(':') else {
        return false;
    };
    // A date, or somebody's address: otherwise somebody is told of what others wrote.
    let names_something = text.chars().any(|c| c.is_ascii_digit()) || text.contains('@');
    let has = |verb: &str| text.ends_with(verb) || text.contains(&format!(" {verb} "));
    let fits = |(start, verb): &(&str, &str)| text.starts_with(start) && has(verb);
    names_something && ATTRIBUTIONS.iter().any(fits)
}

#[cfg(test)]
mod tests;
