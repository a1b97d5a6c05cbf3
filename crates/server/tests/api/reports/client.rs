//! A client of the first project, and what it sends.

use serde_json::{Value, json};

use crate::support::{Answer, Call, TestApp};

/// A whole picture of one pixel.
pub const PNG: &[u8] =
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\
\0\0\0\nIDATx\x9cc\0\x01\0\0\x05\0\x01\r\n-\xb4\0\0\0\0IEND\xaeB`\x82";

/// A session with its credential.
pub struct Client<'a> {
    pub app: &'a TestApp,
    pub user: String,
    pub id: String,
    pub gleap_id: String,
    pub gleap_hash: String,
}

impl<'a> Client<'a> {
    pub async fn new(app: &'a TestApp, user: &str) -> Self {
        app.identify(
            json!({"userId": user, "name": "Ada", "email": format!("{user}@example.com")}),
        )
        .await
        .ok();
        let session = app.session(user).await;
        let text = |name: &str| session[name].as_str().unwrap().to_owned();
        Self {
            app,
            user: user.into(),
            id: text("id"),
            gleap_id: text("gleapId"),
            gleap_hash: text("gleapHash"),
        }
    }

    /// A call with the credential.
    pub fn call(&self, path: &str) -> Call {
        Call::post(path)
            .header("Api-Token", &self.app.accounts.first.sdk_key)
            .header("Gleap-Id", &self.gleap_id)
            .header("Gleap-Hash", &self.gleap_hash)
    }

    pub async fn send_report(&self, body: &Value) -> Answer {
        let call = self.call("/bugs/v2").json(body);
        self.app.send(call).await
    }

    /// Reports, and gives the answer.
    pub async fn report(&self, body: Value) -> Value {
        let answer = self.send_report(&body).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.json()
    }

    /// Reports, and gives the ticket.
    pub async fn ticket(&self, body: Value) -> Value {
        let reported = self.report(body).await;
        ticket(self.app, &reported).await
    }

    pub async fn send_files(&self, path: &str, files: &[(&str, &[u8])]) -> Answer {
        let body = multipart(files);
        let call = self
            .call(path)
            .header("Content-Type", "multipart/form-data; boundary=BBBOUNDARY");
        self.app.send(call.body(body)).await
    }

    /// Uploads one file and gives its path on the server.
    pub async fn upload(&self, name: &str, data: &[u8]) -> String {
        let answer = self.send_files("/uploads/sdk", &[(name, data)]).await.ok();
        answer["fileUrl"].as_str().unwrap().to_owned()
    }

    pub async fn session(&self) -> Value {
        self.app.session(&self.user).await
    }
}

/// The ticket that a report became.
pub async fn ticket(app: &TestApp, reported: &Value) -> Value {
    let id = reported["id"].as_str().unwrap();
    app.get(&format!("/v3/tickets/{id}")).await.ok()
}

/// A part of a ticket that has a path of its own.
pub async fn part(app: &TestApp, reported: &Value, part: &str) -> Answer {
    let id = reported["id"].as_str().unwrap();
    app.get(&format!("/v3/tickets/{id}/{part}")).await
}

/// The path of an address on this server.
pub fn path_of(url: &str) -> &str {
    url.strip_prefix("http://127.0.0.1:8080").unwrap()
}

/// What is at an address.
pub async fn fetch(app: &TestApp, url: &str) -> Answer {
    app.send(Call::get(path_of(url))).await
}

/// A body in parts, as the web sends it.
pub fn multipart(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, data) in files {
        let head = format!(
            "--BBBOUNDARY\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: image/png\r\n\r\n"
        );
        body.extend_from_slice(&[head.as_bytes(), data, b"\r\n"].concat());
    }
    body.extend_from_slice(b"--BBBOUNDARY--\r\n");
    body
}

/// How many files are in the folder, those on their way included.
pub fn stored_files(app: &TestApp) -> usize {
    let folder = app
        .app
        .config
        .data
        .join("files")
        .join(app.project().to_string());
    std::fs::read_dir(folder).map_or(0, Iterator::count)
}

/// How many rows a table has.
pub fn rows(app: &TestApp, table: &str) -> i64 {
    let rows = app.rows();
    let (_, count) = rows.iter().find(|(name, _)| name == table).unwrap();
    *count
}
