//! Answers to mails: what a session writes to the address of a conversation is said in it.
//!
//! A mail comes by `POST /inbound-mail` ([`endpoint`]) or by `hark inbound-mail`. [`mail`] reads it, [`place`] finds the conversation by the
//! token in its addresses, and [`take`] says it there as any message of a session is said. Nothing else of a mail is believed.

mod bounced;
mod endpoint;
mod files;
pub mod history;
pub mod mail;
mod page;
mod part;
mod place;
mod report;
mod take;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::part::Part;
pub use self::take::{InboundMailBody, InboundMailOutcome, take};
use super::by_mail::ReplyToken;
use crate::app::SharedApp;

/// Headers that name whom a mail went to; those that mail servers write come first.
const RECIPIENTS: [&str; 9] = [
    "Delivered-To",
    "X-Original-To",
    "Envelope-To",
    "X-Envelope-To",
    "X-Forwarded-To",
    "To",
    "Cc",
    "Resent-To",
    // Of a mail of ours that came back.
    "Reply-To",
];
/// Tokens of a mail that are looked at.
const TOKENS_MAX: usize = 10;

/// The operations.
pub fn routes() -> OpenApiRouter<SharedApp> {
    OpenApiRouter::new().routes(routes!(endpoint::receive))
}

/// The tokens in the addresses of a mail, each once.
fn reply_tokens(mail: &Part<'_>) -> Vec<ReplyToken> {
    let mut tokens = Vec::new();
    for name in RECIPIENTS {
        for token in mail.values(name).flat_map(ReplyToken::find) {
            if tokens.len() < TOKENS_MAX && !tokens.contains(&token) {
                tokens.push(token);
            }
        }
    }
    tokens
}
