//! Calls as client SDKs make them.

use serde_json::{Value, json};

use super::{Answer, Call, TestApp};

impl TestApp {
    /// A call of a client of the first project, with the credential of a session when it has one.
    pub fn client(&self, call: Call, session: Option<&Value>) -> Call {
        let call = call.header("Api-Token", &self.accounts.first.sdk_key);
        match session {
            Some(session) => call
                .header("Gleap-Id", session["gleapId"].as_str().unwrap())
                .header("Gleap-Hash", session["gleapHash"].as_str().unwrap()),
            None => call,
        }
    }

    /// `POST` of a client.
    pub async fn sdk(&self, path: &str, session: Option<&Value>, body: Value) -> Answer {
        self.send(self.client(Call::post(path).json(&body), session))
            .await
    }

    /// A new guest.
    pub async fn guest(&self) -> Value {
        let facts = json!({"lang": "en-us", "deviceType": "desktop", "platform": "web"});
        self.sdk("/sessions", None, facts).await.ok()
    }

    /// A client says who its user is.
    pub async fn sdk_identify(&self, session: &Value, body: Value) -> Value {
        self.sdk("/sessions/identify", Some(session), body)
            .await
            .ok()
    }

    /// A client sends events.
    pub async fn sdk_events(&self, session: &Value, events: Value) -> Value {
        let body = json!({"time": 3, "events": events, "opened": false, "type": "js", "sdkVersion": "16.4.0", "ws": true});
        self.sdk("/sessions/events", Some(session), body).await.ok()
    }
}
