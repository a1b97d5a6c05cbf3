//! The mail of an invitation, with a secret that is drawn when it is sent and kept as a hash.

use std::time::Duration;

use minijinja::context;
use serde::{Deserialize, Serialize};
use store::{ObjectId, Tx};

use super::body::name;
use crate::accounts::SCOPE;
use crate::accounts::invitation::{self, Invitation};
use crate::accounts::user::User;
use crate::app::SharedApp;
use crate::auth::token::new_invitation_token;
use crate::jobs::queue::{Failure, Job, Kind, NewJob, enqueue};
use crate::mail::{Email, Person};

/// The name of the job.
const KIND: &str = "invitation_mail";
const TIME_LIMIT: Duration = Duration::from_secs(120);
const MINUTE: u64 = 60;
const PAUSES: &[Duration] = &[
    Duration::from_secs(MINUTE),
    Duration::from_secs(5 * MINUTE),
    Duration::from_secs(15 * MINUTE),
    Duration::from_secs(60 * MINUTE),
    Duration::from_secs(4 * 60 * MINUTE),
    Duration::from_secs(12 * 60 * MINUTE),
];

/// Which invitation.
#[derive(Serialize, Deserialize)]
struct Which {
    invitation: ObjectId,
}

/// What a mail says.
struct Told {
    invitation: Invitation,
    /// Of the project or organisation.
    name: String,
    /// The name of who invites.
    inviter: String,
}

/// The job that sends these mails.
#[must_use]
pub fn kind() -> Kind {
    Kind::new(KIND, 2, TIME_LIMIT, PAUSES, send)
}

/// Asks for the mail of an invitation.
///
/// # Errors
/// Those of the store.
pub fn ask(tx: &mut Tx<'_>, invitation: ObjectId) -> store::Result<()> {
    let job = NewJob::new(KIND, &Which { invitation });
    enqueue(tx, job.unique(format!("{KIND}:{invitation}"))).map(drop)
}

/// One that is sent again has another secret; that of the mail before opens nothing any more.
async fn send(app: SharedApp, job: Job) -> Result<(), Failure> {
    let Which { invitation } = job.payload()?;
    let secret = new_invitation_token(&app.random);
    let hash = secret.hash;
    let unit = move |tx: &mut Tx<'_>| prepare(tx, invitation, &hash);
    let Some(told) = app.store.write(SCOPE, unit).await? else {
        return Ok(()); // it was answered or withdrawn meanwhile
    };
    let link = format!("{}/invitation#{}", app.config.base_url(), secret.token);
    let language = app.config.accounts.language.name();
    let values = context! {
        name => told.name, inviter => told.inviter, link => link, role => told.invitation.role.name(),
        days => app.config.accounts.invitation_days,
    };
    let mail = app.mail.templates.render(language, "invitation", values);
    let mail = mail.map_err(Failure::stop)?;
    let email = Email {
        html: Some(mail.html),
        ..Email::new(Person::at(&told.invitation.email), mail.subject, mail.text)
    };
    app.mail.send_for(&job, &email, app.now()).await
}

fn prepare(tx: &mut Tx<'_>, id: ObjectId, hash: &str) -> store::Result<Option<Told>> {
    let row = tx.get_for_update::<Invitation>(id)?;
    let Some(row) = row.filter(|row| row.doc.is_open(tx.now())) else {
        return Ok(None);
    };
    let inviter = tx.get::<User>(row.doc.invited_by)?;
    let told = Told {
        name: name(tx, &row.doc)?,
        inviter: inviter.map(|user| user.doc.name).unwrap_or_default(),
        invitation: row.doc.clone(),
    };
    invitation::set_token(tx, row, hash)?;
    Ok(Some(told))
}
