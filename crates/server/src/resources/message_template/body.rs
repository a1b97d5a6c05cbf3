//! What may be written of a template: `MessageTemplateDTO` of the contract.

use serde::Deserialize;
use serde_json::Value;
use store::{ObjectId, Tx};

use super::document::{MessageTemplate, TemplateAction};
use crate::accounts::member::is_member;
use crate::app::App;
use crate::files::document as kept;
use crate::files::token::FileToken;
use crate::http::error::ApiError;
use crate::resources::message::body::attachment_faults;
use crate::resources::message::create::named;
use crate::resources::message::document::MessageData;
use crate::resources::message::rich_text;
use crate::resources::session::attributes::compact;
use crate::resources::ticket::document::Attachment;
use crate::resources::ticket::fields::is_rank;
use crate::sdk::bugs::fields::NAME_CHARS_MAX;

/// Templates of a project.
pub const TEMPLATES_MAX: u64 = 1_000;
/// Characters of a title.
pub const TITLE_CHARS_MAX: usize = 200;
/// Bytes of the document as JSON.
pub const CONTENT_BYTES_MAX: usize = 64 << 10;
/// Members who see a template.
pub const USERS_MAX: usize = 100;
/// Actions of a template.
pub const ACTIONS_MAX: usize = 20;
/// Bytes of the data of an action as JSON.
pub const ACTION_BYTES_MAX: usize = 8 << 10;

/// A body as it is sent. `null` says nothing.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Fields {
    title: Option<String>,
    content: Option<Value>,
    lexorank: Option<String>,
    is_public: Option<bool>,
    users: Option<Vec<ObjectId>>,
    attachments: Option<Vec<Attachment>>,
    actions: Option<Vec<TemplateAction>>,
}

/// What is to be written.
#[derive(Debug, Clone)]
pub struct Change {
    fields: Fields,
    data: Option<MessageData>,
    /// The files of this server that are attached, when that is to be written.
    files: Option<Vec<FileToken>>,
}

impl Fields {
    /// What a new template is to be.
    ///
    /// # Errors
    /// 422 naming each field that does not fit.
    pub async fn create(self, app: &App, project: ObjectId) -> Result<Change, ApiError> {
        let missing = [
            ("title", self.title.is_none()),
            ("content", self.content.is_none()),
            ("lexorank", self.lexorank.is_none()),
        ];
        let missing = missing.into_iter().filter(|(_, is_missing)| *is_missing);
        let faults = missing
            .map(|(name, _)| format!("{name}: is required"))
            .collect();
        self.check(app, project, faults).await
    }

    /// What is to be changed of one.
    ///
    /// # Errors
    /// 422 naming each field that does not fit.
    pub async fn update(self, app: &App, project: ObjectId) -> Result<Change, ApiError> {
        self.check(app, project, Vec::new()).await
    }

    async fn check(
        mut self,
        app: &App,
        project: ObjectId,
        mut faults: Vec<String>,
    ) -> Result<Change, ApiError> {
        if let Some(title) = &mut self.title {
            *title = title.trim().to_owned();
            if !(1..=TITLE_CHARS_MAX).contains(&title.chars().count()) {
                faults.push(format!("title: must be 1 to {TITLE_CHARS_MAX} characters"));
            }
        }
        if self.lexorank.as_ref().is_some_and(|rank| !is_rank(rank)) {
            faults.push("lexorank: must be 1 to 200 digits, small letters, `|` and `:`".into());
        }
        let data = self.read_content(&mut faults)?;
        if let Some(users) = &mut self.users {
            users.sort_unstable();
            users.dedup();
            if users.len() > USERS_MAX {
                faults.push(format!("users: are more than {USERS_MAX}"));
                users.clear();
            }
            for user in users {
                if !is_member(app, *user, project).await? {
                    faults.push(format!("users: {user} is no member of the project"));
                }
            }
        }
        if let Some(files) = &self.attachments {
            faults.extend(attachment_faults(files));
        }
        self.check_actions(&mut faults);
        if faults.is_empty() {
            let files = self.attachments.as_deref();
            let files = files.map(|attachments| named(app, attachments));
            return Ok(Change {
                fields: self,
                data,
                files,
            });
        }
        Err(ApiError::unprocessable("invalid_field", faults))
    }

    fn read_content(&self, faults: &mut Vec<String>) -> Result<Option<MessageData>, ApiError> {
        let Some(sent) = &self.content else {
            return Ok(None);
        };
        match rich_text::read(sent) {
            Ok(document) => {
                let data = MessageData::of(&document).map_err(ApiError::internal)?;
                if data.content.get().len() > CONTENT_BYTES_MAX {
                    faults.push(format!("content: is larger than {CONTENT_BYTES_MAX} bytes"));
                }
                Ok(Some(data))
            }
            Err(fault) => {
                faults.push(format!("content: {fault}"));
                Ok(None)
            }
        }
    }

    fn check_actions(&mut self, faults: &mut Vec<String>) {
        let Some(actions) = &mut self.actions else {
            return;
        };
        if actions.len() > ACTIONS_MAX {
            faults.push(format!("actions: are more than {ACTIONS_MAX}"));
        }
        for (number, action) in actions.iter_mut().enumerate() {
            if !(1..=NAME_CHARS_MAX).contains(&action.kind.chars().count()) {
                faults.push(format!(
                    "actions[{number}].type: must be 1 to {NAME_CHARS_MAX} characters"
                ));
            }
            action.data = action.data.take().and_then(|data| compact(&data).ok());
            let bytes = action.data.as_ref().map_or(0, |data| data.get().len());
            if bytes > ACTION_BYTES_MAX {
                faults.push(format!(
                    "actions[{number}].data: is larger than {ACTION_BYTES_MAX} bytes"
                ));
            }
        }
    }
}

impl Change {
    /// Keeps the files that are attached from then on, and lets go those that were.
    ///
    /// # Errors
    /// Those of the store.
    pub fn keep_files(
        &self,
        tx: &mut Tx<'_>,
        template: ObjectId,
        before: &[FileToken],
    ) -> store::Result<()> {
        let Some(files) = &self.files else {
            return Ok(());
        };
        for gone in before.iter().filter(|file| !files.contains(file)) {
            kept::leave_template(tx, gone, template)?;
        }
        for file in files {
            kept::claim_for_template(tx, file, template)?;
        }
        Ok(())
    }

    /// Writes it into a template. Who writes it goes on seeing it.
    pub fn apply(&self, template: &mut MessageTemplate, by: ObjectId) {
        let fields = self.fields.clone();
        set(&mut template.title, fields.title);
        set(&mut template.lexorank, fields.lexorank);
        set(&mut template.is_public, fields.is_public);
        set(&mut template.users, fields.users);
        set(&mut template.attachments, fields.attachments);
        set(&mut template.actions, fields.actions);
        if let Some(data) = self.data.clone() {
            template.content = Some(data.content);
            template.text = data.text;
        }
        if !template.is_for(by) {
            template.users.push(by);
        }
    }
}

fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}
