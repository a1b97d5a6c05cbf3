//! A server that sends its mail to another on loopback.

use super::smtp::Taken;
use super::{SmtpServer, TestApp};

/// The server, and what takes its mail.
pub struct Mailing {
    pub app: TestApp,
    pub smtp: SmtpServer,
}

impl Mailing {
    pub async fn start(more: &[(&'static str, &str)]) -> Self {
        let smtp = SmtpServer::start().await;
        let port = smtp.port();
        let mut options = vec![
            ("smtp.host", "127.0.0.1"),
            ("smtp.port", &port),
            ("smtp.tls", "none"),
            ("smtp.from", "Hark <hark@example.com>"),
        ];
        options.extend(more);
        let app = TestApp::with(&options).await;
        Self { app, smtp }
    }

    /// Does what is due; returns all mails so far.
    pub async fn mails(&self) -> Vec<Taken> {
        self.app.run_jobs().await;
        self.smtp.taken()
    }

    /// The latest mail to an address.
    pub async fn latest(&self, address: &str) -> Taken {
        let mails = self.mails().await;
        let mut to = mails.into_iter().rev();
        to.find(|mail| mail.to == [address])
            .expect("no mail went there")
    }
}
