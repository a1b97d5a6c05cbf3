//! The mail of a sign-up, with a code that is drawn when it is sent and kept as a hash.

use std::time::Duration;

use minijinja::context;
use serde::{Deserialize, Serialize};
use store::{ObjectId, Tx};

use crate::accounts::SCOPE;
use crate::accounts::sign_up::{CODE_DIGITS, LASTS_MS, SignUp, proof};
use crate::app::SharedApp;
use crate::identity;
use crate::jobs::queue::{Failure, Job, Kind, NewJob, enqueue};
use crate::mail::{Email, Person};

/// The name of the job.
const KIND: &str = "sign_up_mail";
const TIME_LIMIT: Duration = Duration::from_secs(120);
/// A code that comes later than the sign-up lasts is of no use.
const PAUSES: &[Duration] = &[
    Duration::from_secs(30),
    Duration::from_secs(120),
    Duration::from_secs(600),
];

/// Which sign-up.
#[derive(Serialize, Deserialize)]
struct Which {
    sign_up: ObjectId,
}

/// The job that sends these mails.
#[must_use]
pub fn kind() -> Kind {
    Kind::new(KIND, 2, TIME_LIMIT, PAUSES, send)
}

/// Asks for the mail of a sign-up.
///
/// # Errors
/// Those of the store.
pub fn ask(tx: &mut Tx<'_>, sign_up: ObjectId) -> store::Result<()> {
    let job = NewJob::new(KIND, &Which { sign_up });
    enqueue(tx, job.unique(format!("{KIND}:{sign_up}"))).map(drop)
}

/// What the mail says was chosen by nobody but this server: the address may be that of anybody.
async fn send(app: SharedApp, job: Job) -> Result<(), Failure> {
    let Which { sign_up } = job.payload()?;
    let code = app.random.text(b"0123456789", CODE_DIGITS);
    let hashed = app.passwords.hash_apart(&app.random, proof(sign_up, &code));
    let hash = hashed
        .await
        .map_err(Failure::retry)?
        .map_err(Failure::stop)?;
    let unit = move |tx: &mut Tx<'_>| prepare(tx, sign_up, &hash);
    let Some((who, has_account)) = app.store.write(SCOPE, unit).await? else {
        return Ok(()); // it has ended meanwhile
    };
    let (name, values) = if has_account {
        let link = format!("{}/sign-in", app.config.base_url());
        ("account_exists", context! { link => link })
    } else {
        let minutes = LASTS_MS / 60_000;
        ("sign_up", context! { code => code, minutes => minutes })
    };
    let language = app.config.accounts.language.name();
    let mail = app.mail.templates.render(language, name, values);
    let mail = mail.map_err(Failure::stop)?;
    let email = Email {
        html: Some(mail.html),
        ..Email::new(Person::at(&who.email), mail.subject, mail.text)
    };
    app.mail.send_for(&job, &email, app.now()).await
}

/// Whom the mail goes to, and whether there is an account already.
fn prepare(tx: &mut Tx<'_>, id: ObjectId, hash: &str) -> store::Result<Option<(SignUp, bool)>> {
    let row = tx.get_for_update::<SignUp>(id)?;
    let Some(mut row) = row.filter(|row| row.doc.expires_at > tx.now()) else {
        return Ok(None);
    };
    let account = tx.owner(identity::ACCOUNT_EMAIL, &row.doc.email_key)?;
    row.doc.code_hash = account.is_none().then(|| hash.to_owned());
    row.doc.attempts = 0;
    tx.put(&mut row)?;
    Ok(Some((row.doc, account.is_some())))
}
