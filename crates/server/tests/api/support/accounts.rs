//! The accounts of a test server: three projects, of which one belongs to another organisation.

use serde_json::json;
use server::accounts::api_key::{CreatedApiKey, NewApiKey, create_api_key};
use server::accounts::member::{self, NewMember};
use server::accounts::organisation::Organisation;
use server::accounts::project::create_project;
use server::accounts::setup::{self, SetupRequest};
use server::accounts::{SCOPE, project};
use server::app::App;
use server::auth::roles::{Role, Scopes};
use server::resources::project::audit_log::document::Auditor;
use store::{Millis, ObjectId};

pub const OWNER: &str = "owner@example.com";
pub const PASSWORD: &str = "correct horse battery";

#[derive(Clone, Default)]
pub struct Accounts {
    pub first: Project,
    /// Another project of the same organisation.
    pub sister: Project,
    /// A project of another organisation.
    pub foreign: Project,
    /// The API key of the owner, for the first project.
    pub owner_key: String,
}

#[derive(Clone, Default)]
pub struct Project {
    pub id: ObjectId,
    pub sdk_key: String,
    pub api_token: String,
}

impl Accounts {
    pub async fn make(app: &App) -> Self {
        let request = SetupRequest {
            organisation: "Example".into(),
            project: "First".into(),
            email: OWNER.into(),
            password: Some(PASSWORD.into()),
        };
        let made = setup::setup(app, request).await.unwrap();
        let sister = project(app, "Sister").await;
        let foreign = project(app, "Foreign").await;
        give_to_another_organisation(app, foreign.id).await;
        Self {
            first: Project {
                id: made.project_id,
                sdk_key: made.sdk_key,
                api_token: made.api_token.unwrap(),
            },
            sister,
            foreign,
            owner_key: made.api_key.unwrap(),
        }
    }

    /// An API key for a project.
    pub async fn key(
        app: &App,
        project: ObjectId,
        role: Role,
        scopes: Option<Scopes>,
    ) -> CreatedApiKey {
        Self::key_until(app, project, role, scopes, None).await
    }

    /// An API key that ends by itself.
    pub async fn key_until(
        app: &App,
        project: ObjectId,
        role: Role,
        scopes: Option<Scopes>,
        expires_at: Option<Millis>,
    ) -> CreatedApiKey {
        let new = NewApiKey {
            project,
            name: "test".into(),
            role,
            scopes,
            expires_at,
        };
        create_api_key(app, new, Auditor::operator(project))
            .await
            .unwrap()
    }

    /// A person with [`PASSWORD`] who is a member of a project.
    pub async fn member(app: &App, project: ObjectId, email: &str, role: Role) -> ObjectId {
        let new = NewMember {
            project,
            email: email.into(),
            role,
            password: Some(PASSWORD.into()),
        };
        member::create_member(app, new).await.unwrap().user_id
    }
}

async fn project(app: &App, name: &str) -> Project {
    let made = create_project(app, name.into()).await.unwrap();
    Project {
        id: made.project_id,
        sdk_key: made.sdk_key,
        api_token: made.api_token,
    }
}

async fn give_to_another_organisation(app: &App, id: ObjectId) {
    let key = app.key.id().to_owned();
    let unit = move |tx: &mut store::Tx<'_>| {
        let other = json!({"name": "Other", "serverKey": key});
        let other: Organisation = serde_json::from_value(other).unwrap();
        let organisation = tx.insert(tx.new_id(), other)?.id;
        let mut row = tx.get_for_update::<project::Project>(id)?.unwrap();
        row.doc.organisation = organisation;
        tx.put(&mut row)
    };
    app.store.write(SCOPE, unit).await.unwrap();
}
