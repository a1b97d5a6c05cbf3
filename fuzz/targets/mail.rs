//! Mails that come in: parts, character sets, pages, quoted mails, reports.

#![no_main]

use libfuzzer_sys::fuzz_target;
use server::resources::message::inbound::history::without_history;
use server::resources::message::inbound::mail::{Mail, MailKind};

/// Bytes of text that one byte of a mail becomes at the most: a line break and a sign for an item of a page, a letter of another character set.
const GROWTH: usize = 8;

fuzz_target!(|bytes: &[u8]| {
    let Ok(mail) = Mail::read(bytes) else {
        return;
    };
    let again = Mail::read(bytes).expect("it was read before");
    assert_eq!(mail.id, again.id);
    let MailKind::Written(written) = mail.kind else {
        return;
    };
    assert!(written.text.len() <= GROWTH * bytes.len(), "{}", written.text);
    let own = without_history(&written.text);
    assert!(own.len() <= written.text.len(), "{own}");
    let kept: usize = written.files.iter().map(|file| file.bytes.len()).sum();
    assert!(kept <= bytes.len(), "{kept} bytes of files");
});
