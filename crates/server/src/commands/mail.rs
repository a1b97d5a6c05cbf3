//! `hark mail-test`: shows whether mail can be sent with the options that there are.

use anyhow::{Context, Result};
use store::Clock;

use crate::auth::token::Random;
use crate::cli;
use crate::config::Config;
use crate::mail::Mail;

/// Sends one mail, at once.
pub async fn test(config: Config, options: cli::MailTest) -> Result<()> {
    let mail = Mail::new(&config.smtp)?;
    let id = hex::encode(Random::system().bytes::<12>());
    let now = store::SystemClock.now();
    mail.send_test(&options.to, &config.base_url(), &id, now)
        .await
        .context("the mail was not sent")?;
    println!("the mail server took a mail for {}", options.to);
    Ok(())
}
