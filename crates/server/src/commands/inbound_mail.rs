//! `hark inbound-mail`: what the pipe of a mail server calls.

use std::io::Read;

use anyhow::{Context, Error, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::EndsWith;
use super::control::{self, Request};
use crate::app::SharedApp;
use crate::cli;
use crate::config::Config;
use crate::resources::message::inbound::{self, InboundMailBody, InboundMailOutcome};

/// What a pipe ends with, as mail servers read it (`sysexits.h`).
const DATA_ERROR: u8 = 65;
const NO_USER: u8 = 67;
const UNAVAILABLE: u8 = 69;
const TRY_AGAIN: u8 = 75;

/// What became of a mail that was handed to a server.
#[derive(Debug, Serialize, Deserialize)]
pub enum HandedOver {
    Taken(InboundMailBody),
    /// With the status that the endpoint would have answered.
    Refused {
        status: u16,
        message: String,
    },
}

/// Takes a mail that a command sent.
pub async fn take(app: &SharedApp, mail: &str, recipient: Option<String>) -> Result<HandedOver> {
    let mail = STANDARD.decode(mail).context("the mail is not in Base64")?;
    Ok(match inbound::take(app, mail.into(), recipient).await {
        Ok(taken) => HandedOver::Taken(taken),
        Err(error) => {
            if error.status().is_server_error() {
                tracing::warn!(%error, "a mail was not taken in");
            }
            HandedOver::Refused {
                status: error.status().as_u16(),
                message: error.message().to_owned(),
            }
        }
    })
}

/// Hands a mail from standard input to the server that runs.
pub async fn hand_over(config: Config, options: cli::InboundMail) -> Result<()> {
    let server = control::connect(&config).await;
    let server = server.context("no server runs on this data folder")?;
    let mut mail = Vec::new();
    // One byte more shows that it is too large; the rest is not worth reading.
    let most = config.smtp.inbound_bytes_max as u64 + 1;
    let input = std::io::stdin().lock();
    input
        .take(most)
        .read_to_end(&mut mail)
        .context("the mail cannot be read")?;
    let request = Request::InboundMail {
        mail: STANDARD.encode(&mail),
        recipient: options.recipient,
    };
    let done = control::ask(server, &request, |_| {}).await?;
    let handed_over = serde_json::from_value(done)
        .context("the answer of the server cannot be read; is it of another version?")?;
    match handed_over {
        HandedOver::Taken(taken) => {
            println!("{}", said(&taken));
            Ok(())
        }
        HandedOver::Refused { status, message } => Err(EndsWith {
            status: match status {
                404 => NO_USER,
                413 | 422 => DATA_ERROR,
                400..=499 => UNAVAILABLE,
                _ => TRY_AGAIN,
            },
            why: message,
        }
        .into()),
    }
}

fn said(taken: &InboundMailBody) -> String {
    let InboundMailBody {
        outcome,
        reason,
        ticket,
        message,
    } = taken;
    let shown = |id: &Option<store::ObjectId>| id.map(|id| id.to_string()).unwrap_or_default();
    match outcome {
        InboundMailOutcome::Taken => {
            format!("message {} in ticket {}", shown(message), shown(ticket))
        }
        InboundMailOutcome::Repeated => format!(
            "came before: message {} in ticket {}",
            shown(message),
            shown(ticket)
        ),
        InboundMailOutcome::Bounced => {
            format!("a mail that came back, noted in ticket {}", shown(ticket))
        }
        InboundMailOutcome::Ignored => {
            format!("ignored: {}", reason.as_deref().unwrap_or_default())
        }
    }
}

/// Whatever keeps a mail from being handed over, the operator can mend it: no mail is lost meanwhile.
pub fn for_mail_server(error: Error) -> Error {
    if error.is::<EndsWith>() {
        return error;
    }
    EndsWith {
        status: TRY_AGAIN,
        why: format!("{error:#}"),
    }
    .into()
}
