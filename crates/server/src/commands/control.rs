//! Commands on accounts and jobs, and imports, work while a server runs: they are sent to it over a socket in the data folder, which
//! only the owner of the folder can open. Without a server they open the database themselves.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::ObjectId;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;

use super::{database, import, inbound_mail};
use crate::accounts::AccountError;
use crate::accounts::api_key::{self, CreatedApiKey, NewApiKey};
use crate::accounts::member::{self, NewMember};
use crate::accounts::project::{self, ProjectSecret, Verification};
use crate::accounts::setup::{self, SetupRequest};
use crate::accounts::verification;
use crate::app::{App, SharedApp, Surroundings};
use crate::config::Config;
use crate::jobs::queue::dead;
use crate::resources::project::audit_log::document::Auditor;

/// The name of the socket in the data folder.
const SOCKET: &str = "hark.sock";

/// What a command asks for.
#[derive(Debug, Serialize, Deserialize)]
pub enum Request {
    Setup(SetupRequest),
    TokenCreate(NewApiKey),
    TokenList {
        project: ObjectId,
    },
    TokenRevoke {
        id: ObjectId,
    },
    ProjectCreate {
        name: String,
    },
    ProjectList,
    ProjectRotate {
        project: ObjectId,
        secret: ProjectSecret,
    },
    MemberCreate(NewMember),
    IdentitySign {
        project: ObjectId,
        user_id: String,
    },
    IdentityMode {
        project: ObjectId,
        mode: Verification,
    },
    Import(import::Job),
    /// A mail in Base64.
    InboundMail {
        mail: String,
        recipient: Option<String>,
    },
    JobsList,
    /// Without an id: all that are dead.
    JobsRetry {
        id: Option<ObjectId>,
    },
    Doctor {
        repair: bool,
    },
    Backup {
        file: PathBuf,
    },
}

/// What is answered: any number of `Progress`, then one of the others.
#[derive(Debug, Serialize, Deserialize)]
pub enum Reply {
    Progress(Progress),
    Done(Value),
    Failed(String),
}

/// How far a long command is.
#[derive(Debug, Serialize, Deserialize)]
pub enum Progress {
    Import(import::Counts),
    /// Documents examined.
    Doctor(u64),
}

/// Where progress is told. What nobody waits for is left out.
pub type ProgressSender = mpsc::Sender<Progress>;

/// Does what a request asks for. Progress is told on the way.
async fn execute(app: &SharedApp, request: Request, progress: &ProgressSender) -> Result<Value> {
    let json =
        |result: Result<Value, serde_json::Error>| result.context("the result cannot be shown");
    match request {
        Request::Setup(request) => json(serde_json::to_value(setup::setup(app, request).await?)),
        Request::TokenCreate(new) => json(serde_json::to_value(create_api_key(app, new).await?)),
        Request::TokenList { project } => json(serde_json::to_value(
            api_key::list_api_keys(app, project).await?,
        )),
        Request::TokenRevoke { id } => json(serde_json::to_value(
            api_key::revoke_api_key(app, id, None).await?,
        )),
        Request::ProjectCreate { name } => json(serde_json::to_value(
            project::create_project(app, name).await?,
        )),
        Request::ProjectList => json(serde_json::to_value(project::list_projects(app).await?)),
        Request::ProjectRotate { project, secret } => json(serde_json::to_value(
            project::rotate(app, Auditor::operator(project), secret).await?,
        )),
        Request::MemberCreate(new) => {
            json(serde_json::to_value(member::create_member(app, new).await?))
        }
        Request::IdentitySign { project, user_id } => json(serde_json::to_value(
            verification::sign(app, project, &user_id).await?,
        )),
        Request::IdentityMode { project, mode } => json(serde_json::to_value(
            verification::set_mode(app, project, mode).await?,
        )),
        Request::JobsList => json(serde_json::to_value(dead::list(app).await?)),
        Request::JobsRetry { id: Some(id) } => {
            json(serde_json::to_value(dead::retry(app, id).await?))
        }
        Request::JobsRetry { id: None } => json(serde_json::to_value(dead::retry_all(app).await?)),
        Request::Doctor { repair } => {
            database::examine(&app.config, repair, progress.clone()).await
        }
        Request::Backup { file } => database::copy(&app.config, file).await,
        Request::InboundMail { mail, recipient } => json(serde_json::to_value(
            inbound_mail::take(app, &mail, recipient).await?,
        )),
        Request::Import(job) => json(serde_json::to_value(
            import::import(app, job, progress).await?,
        )),
    }
}

async fn create_api_key(app: &App, new: NewApiKey) -> Result<CreatedApiKey, AccountError> {
    let auditor = Auditor::operator(new.project);
    api_key::create_api_key(app, new, auditor).await
}

/// Sends a request to the server that runs on this data folder, or does it here when none does.
pub async fn run<T: DeserializeOwned>(
    config: Config,
    request: Request,
    on_progress: impl FnMut(&Progress),
) -> Result<T> {
    let done = match connect(&config).await {
        Some(stream) => ask(stream, &request, on_progress).await?,
        None => do_here(config, request, on_progress).await?,
    };
    serde_json::from_value(done)
        .context("the answer of the server cannot be read; is it of another version?")
}

/// The server that runs on this data folder.
pub async fn connect(config: &Config) -> Option<UnixStream> {
    UnixStream::connect(config.data.join(SOCKET)).await.ok()
}

async fn do_here(
    config: Config,
    request: Request,
    mut on_progress: impl FnMut(&Progress),
) -> Result<Value> {
    let app = Arc::new(App::open(config, Surroundings::default())?);
    let (progress, mut told) = mpsc::channel(16);
    let work = execute(&app, request, &progress);
    tokio::pin!(work);
    let done = loop {
        tokio::select! {
            done = &mut work => break done,
            Some(counts) = told.recv() => on_progress(&counts),
        }
    };
    app.store.close();
    done
}

/// Asks a running server.
pub async fn ask(
    stream: UnixStream,
    request: &Request,
    mut on_progress: impl FnMut(&Progress),
) -> Result<Value> {
    let (read, mut write) = stream.into_split();
    send(&mut write, request).await?;
    let mut lines = BufReader::new(read).lines();
    while let Some(line) = lines.next_line().await? {
        match serde_json::from_str(&line)
            .context("the server answered something else; is it of another version?")?
        {
            Reply::Progress(counts) => on_progress(&counts),
            Reply::Done(value) => return Ok(value),
            Reply::Failed(message) => return Err(anyhow!(message)),
        }
    }
    Err(anyhow!("the server stopped before it was done"))
}

async fn send(write: &mut OwnedWriteHalf, message: &impl Serialize) -> Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    Ok(write.write_all(&line).await?)
}

/// The socket of a running server; it is removed when this is dropped.
pub struct ControlSocket {
    path: PathBuf,
    task: tokio::task::JoinHandle<()>,
}

impl ControlSocket {
    /// Listens in the data folder. A socket of which nobody listens is a left-over.
    ///
    /// # Errors
    /// When the socket cannot be made, or another server listens there, which only one over PostgreSQL can.
    pub fn open(app: &SharedApp) -> Result<Self> {
        let path = app.config.data.join(SOCKET);
        if std::os::unix::net::UnixStream::connect(&path).is_ok() {
            bail!("another server runs on this data folder: give each its own with --data");
        }
        let _ = std::fs::remove_file(&path);
        let listener = UnixListener::bind(&path)
            .with_context(|| format!("cannot listen on {}", path.display()))?;
        only_for_owner(&path)?;
        let app = Arc::clone(app);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(Arc::clone(&app), stream));
            }
        });
        Ok(Self { path, task })
    }
}

impl Drop for ControlSocket {
    fn drop(&mut self) {
        self.task.abort();
        let _ = std::fs::remove_file(&self.path);
    }
}

fn only_for_owner(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    Ok(std::fs::set_permissions(
        path,
        std::fs::Permissions::from_mode(0o600),
    )?)
}

async fn answer(app: SharedApp, stream: UnixStream) {
    let (read, mut write) = stream.into_split();
    let mut lines: Lines<BufReader<OwnedReadHalf>> = BufReader::new(read).lines();
    let Ok(Some(line)) = lines.next_line().await else {
        return;
    };
    let reply = match serde_json::from_str(&line) {
        Ok(request) => answer_request(&app, request, &mut write).await,
        Err(error) => Reply::Failed(format!(
            "the server does not know this command; is it of another version? ({error})"
        )),
    };
    let _ = send(&mut write, &reply).await;
}

async fn answer_request(app: &SharedApp, request: Request, write: &mut OwnedWriteHalf) -> Reply {
    let (progress, mut told) = mpsc::channel(16);
    let work = execute(app, request, &progress);
    tokio::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return done.map_or_else(|error| Reply::Failed(format!("{error:#}")), Reply::Done),
            Some(counts) = told.recv() => {
                // The command may have gone away; what it asked for is finished all the same.
                let _ = send(write, &Reply::Progress(counts)).await;
            }
        }
    }
}
