//! A mail server on loopback that speaks SMTP (RFC 5321) and does what a test tells it.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use mailparse::{MailHeaderMap, ParsedMail};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What it took.
#[derive(Clone, Debug, Default)]
pub struct Taken {
    pub from: String,
    pub to: Vec<String>,
    /// As it was sent, without the dots that SMTP adds.
    pub data: String,
}

pub struct SmtpServer {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct State {
    taken: Vec<Taken>,
    /// Answers to the next commands that begin so, in order.
    answers: VecDeque<(&'static str, &'static str)>,
    /// Whether it says that it could encrypt, which it cannot.
    offers_starttls: bool,
    connections: usize,
}

impl SmtpServer {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                shared.lock().unwrap().connections += 1;
                tokio::spawn(talk(stream, Arc::clone(&shared)));
            }
        });
        Self {
            address,
            state,
            task,
        }
    }

    /// Where it listens, as an option of the server under test.
    pub fn port(&self) -> String {
        self.address.port().to_string()
    }

    /// The next command that begins so gets this answer; of several for one command each counts once, in order.
    pub fn answer(&self, command: &'static str, answer: &'static str) {
        let mut state = self.state.lock().unwrap();
        state.answers.push_back((command, answer));
    }

    /// Offers STARTTLS from now on, and refuses it when it is asked for.
    pub fn offer_starttls(&self) {
        self.state.lock().unwrap().offers_starttls = true;
    }

    /// All mails so far.
    pub fn taken(&self) -> Vec<Taken> {
        self.state.lock().unwrap().taken.clone()
    }

    /// How often somebody connected.
    pub fn connections(&self) -> usize {
        self.state.lock().unwrap().connections
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Taken {
    /// A header, decoded.
    pub fn header(&self, name: &str) -> Option<String> {
        self.parsed().headers.get_first_value(name)
    }

    /// The part of a kind such as `text/html`, decoded.
    pub fn part(&self, kind: &str) -> Option<String> {
        let mail = self.parsed();
        let part = mail.parts().find(|part| part.ctype.mimetype == kind)?;
        Some(part.get_body().unwrap())
    }

    fn parsed(&self) -> ParsedMail<'_> {
        mailparse::parse_mail(self.data.as_bytes()).unwrap()
    }
}

async fn talk(stream: TcpStream, state: Arc<Mutex<State>>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    say(&mut stream, "220 mail.example.com").await?;
    let mut mail = Taken::default();
    loop {
        let line = hear(&mut stream).await?;
        let command = line.to_ascii_uppercase();
        if let Some(answer) = told(&state, &command) {
            say(&mut stream, answer).await?;
            continue;
        }
        let answer = match command.split(' ').next().unwrap_or_default() {
            "EHLO" if state.lock().unwrap().offers_starttls => {
                "250-mail.example.com\r\n250 STARTTLS"
            }
            "EHLO" => "250-mail.example.com\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN",
            "STARTTLS" => "454 TLS not available",
            "AUTH" => "235 welcome",
            "MAIL" => {
                mail.from = address(&line);
                "250 ok"
            }
            "RCPT" => {
                mail.to.push(address(&line));
                "250 ok"
            }
            "DATA" => {
                say(&mut stream, "354 go on").await?;
                mail.data = data(&mut stream).await?;
                match told(&state, ".") {
                    Some(answer) => answer,
                    None => {
                        let taken = std::mem::take(&mut mail);
                        state.lock().unwrap().taken.push(taken);
                        "250 taken"
                    }
                }
            }
            "QUIT" => {
                say(&mut stream, "221 bye").await?;
                return Some(());
            }
            "RSET" | "NOOP" => "250 ok",
            _ => "502 what?",
        };
        say(&mut stream, answer).await?;
    }
}

/// What the test wants said to a command.
fn told(state: &Mutex<State>, command: &str) -> Option<&'static str> {
    let mut state = state.lock().unwrap();
    let mut answers = state.answers.iter();
    let at = answers.position(|(asked, _)| command.starts_with(asked))?;
    state.answers.remove(at).map(|(_, answer)| answer)
}

async fn say(stream: &mut BufReader<TcpStream>, line: &str) -> Option<()> {
    let line = format!("{line}\r\n");
    stream.write_all(line.as_bytes()).await.ok()
}

async fn hear(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    let read = stream.read_line(&mut line).await.ok()?;
    (read > 0).then(|| line.trim_end().to_owned())
}

async fn data(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut data = String::new();
    loop {
        let line = hear(stream).await?;
        if line == "." {
            return Some(data);
        }
        data.push_str(line.strip_prefix('.').unwrap_or(&line));
        data.push_str("\r\n");
    }
}

/// What stands between angle brackets.
fn address(line: &str) -> String {
    let after = line.split_once('<').map_or("", |(_, after)| after);
    after
        .split_once('>')
        .map_or("", |(address, _)| address)
        .to_owned()
}
