//! What a call that succeeds is answered.

use serde_json::json;

use super::shown;
use crate::support::{Call, TestApp};

async fn filled() -> TestApp {
    let app = TestApp::new().await;
    let body = json!({
        "userId": "user-1", "name": "Ada Lovelace", "email": "ada@example.com", "phone": "+43 1 5331234", "value": "12.5",
        "plan": "pro", "company": {"id": "acme", "name": "ACME"}, "createdAt": "2025-01-31", "seats": 3,
        "customData": {"beta": true, "teams": ["a", "b"]},
    });
    app.identify(body).await.ok();
    let events = json!([
        {"userId": "user-1", "name": "pageView", "data": {"page": "https://example.com/pricing"}},
        {"userId": "user-1", "name": "invoice_paid", "data": {"amount": 99.5}},
    ]);
    app.track(events).await.ok();
    app
}

#[tokio::test]
async fn lookup() {
    let app = filled().await;
    insta::assert_snapshot!(shown(&app.lookup("user-1").await), @r#"
    200
    etag: "[id]-2"
    last-modified: [date]
    cache-control: private, no-cache
    {
      "_id": "[id]",
      "id": "[id]",
      "project": "[id]",
      "organisation": "[id]",
      "userId": "user-1",
      "gleapId": "[id]",
      "gleapHash": "[secret]",
      "name": "Ada Lovelace",
      "email": "ada@example.com",
      "phone": "+43 1 5331234",
      "value": 12.5,
      "plan": "pro",
      "companyId": "acme",
      "companyName": "ACME",
      "lang": "en",
      "lastPageView": {
        "page": "https://example.com/pricing",
        "date": "[date]"
      },
      "tags": [],
      "blocked": false,
      "emailOnly": false,
      "unsubscribed": false,
      "sessions": 0,
      "countFeedbackReports": 0,
      "countFeedbackComments": 0,
      "firstActivity": "[date]",
      "lastActivity": "[date]",
      "createdAt": "[date]",
      "updatedAt": "[date]",
      "eventData": {
        "pageView": {
          "count": 1,
          "firstAt": "[date]",
          "lastAt": "[date]",
          "lastData": {
            "page": "https://example.com/pricing"
          }
        },
        "invoice_paid": {
          "count": 1,
          "firstAt": "[date]",
          "lastAt": "[date]",
          "lastData": {
            "amount": 99.5
          }
        }
      },
      "memory": [],
      "customData": {
        "seats": 3,
        "beta": true,
        "teams": [
          "a",
          "b"
        ]
      }
    }
    "#);
}

#[tokio::test]
async fn lookup_of_a_user_who_only_did_something() {
    let app = TestApp::new().await;
    app.track(json!([{"userId": "u", "name": "seen"}]))
        .await
        .ok();
    insta::assert_snapshot!(shown(&app.lookup("u").await), @r#"
    200
    etag: "[id]-2"
    last-modified: [date]
    cache-control: private, no-cache
    {
      "_id": "[id]",
      "id": "[id]",
      "project": "[id]",
      "organisation": "[id]",
      "userId": "u",
      "gleapId": "[id]",
      "gleapHash": "[secret]",
      "value": 0,
      "lang": "en",
      "tags": [],
      "blocked": false,
      "emailOnly": false,
      "unsubscribed": false,
      "sessions": 0,
      "countFeedbackReports": 0,
      "countFeedbackComments": 0,
      "firstActivity": "[date]",
      "createdAt": "[date]",
      "updatedAt": "[date]",
      "eventData": {
        "seen": {
          "count": 1,
          "firstAt": "[date]",
          "lastAt": "[date]"
        }
      },
      "memory": []
    }
    "#);
}

#[tokio::test]
async fn not_modified() {
    let app = filled().await;
    let tag = app.lookup("user-1").await.header("etag").to_owned();
    let call = Call::get("/v3/sessions/by-user-id/user-1").header("if-none-match", tag);
    insta::assert_snapshot!(shown(&app.send(app.owner(call)).await), @r#"
    304
    etag: "[id]-2"
    last-modified: [date]
    cache-control: private, no-cache
    "#);
}

#[tokio::test]
async fn identify() {
    let app = TestApp::new().await;
    let made = app.identify(json!({"userId": "u"})).await;
    insta::assert_snapshot!(shown(&made), @r#"
    200
    {
      "success": true,
      "sessionId": "[id]",
      "created": true
    }
    "#);
}

#[tokio::test]
async fn identify_with_faults() {
    let app = TestApp::new().await;
    let refused = app
        .identify(json!({"userId": "u", "name": {}, "createdAt": "soon"}))
        .await;
    insta::assert_snapshot!(shown(&refused), @r#"
    422
    cache-control: no-store
    {
      "statusCode": 422,
      "error": "Unprocessable Entity",
      "code": "invalid_attributes",
      "message": "name: must be text; createdAt: must be a date like 2026-01-31T08:05:00.123Z",
      "errors": [
        "name: must be text",
        "createdAt: must be a date like 2026-01-31T08:05:00.123Z"
      ],
      "requestId": "[id]"
    }
    "#);
}

#[tokio::test]
async fn track() {
    let app = TestApp::new().await;
    let events = json!([{"userId": "u", "name": "seen"}, {"userId": "u", "name": "seen"}, {"userId": "guest", "name": 5}]);
    insta::assert_snapshot!(shown(&app.track(events).await), @r#"
    200
    {
      "success": true,
      "stored": 1,
      "repeated": 1,
      "dropped": 1,
      "errors": [
        "events[2].name: expected a string, found integer"
      ]
    }
    "#);
}

#[tokio::test]
async fn users_me() {
    let app = TestApp::new().await;
    insta::assert_snapshot!(shown(&app.get("/v3/users/me").await), @r#"
    200
    {
      "_id": "[id]",
      "id": "[id]",
      "firstName": "setup",
      "lastName": "",
      "userType": "service_account",
      "confirmed": true,
      "completedOnboarding": false,
      "available": true,
      "unavailableProjects": [],
      "notificationPreferences": {
        "all-created-tickets": {
          "email": false,
          "inApp": false,
          "push": false
        },
        "all-sla-breached": {
          "email": false,
          "inApp": false,
          "push": false
        },
        "all-ticket-messages": {
          "email": false,
          "inApp": false,
          "push": false
        },
        "personal-assignment": {
          "email": false,
          "inApp": false,
          "push": false
        },
        "personal-mention": {
          "email": false,
          "inApp": false,
          "push": false
        },
        "personal-ticket-messages": {
          "email": false,
          "inApp": false,
          "push": false
        },
        "team-ticket-assignment": {
          "email": false,
          "inApp": false,
          "push": false
        },
        "team-ticket-messages": {
          "email": false,
          "inApp": false,
          "push": false
        }
      },
      "notificationSettings": {
        "directlySendNotifications": false,
        "preventNotificationsWhereICreator": false,
        "sendEmailOnlyWhenOffline": false
      },
      "createdAt": "[date]",
      "updatedAt": "[date]"
    }
    "#);
}

#[tokio::test]
async fn permissions() {
    let app = TestApp::new().await;
    insta::assert_snapshot!(shown(&app.get("/v3/users/me/permissions").await), @r#"
    200
    {
      "permissions": [
        "sessions:read",
        "sessions:write",
        "tickets:read",
        "tickets:write",
        "project:read",
        "project:write",
        "members:read",
        "members:write"
      ],
      "roles": [
        "owner"
      ]
    }
    "#);
}

#[tokio::test]
async fn login() {
    let app = TestApp::new().await;
    let body = json!({"email": crate::support::OWNER, "password": crate::support::PASSWORD});
    insta::assert_snapshot!(shown(&app.send(Call::post("/v3/auth/login").json(&body)).await), @r#"
    200
    {
      "token": "[secret]",
      "expiresAt": "[date]",
      "user": {
        "_id": "[id]",
        "id": "[id]",
        "email": "owner@example.com",
        "firstName": "owner",
        "lastName": "",
        "userType": "default",
        "confirmed": true,
        "completedOnboarding": false,
        "available": true,
        "unavailableProjects": [],
        "notificationPreferences": {
          "all-created-tickets": {
            "email": false,
            "inApp": false,
            "push": false
          },
          "all-sla-breached": {
            "email": false,
            "inApp": false,
            "push": false
          },
          "all-ticket-messages": {
            "email": false,
            "inApp": false,
            "push": false
          },
          "personal-assignment": {
            "email": false,
            "inApp": false,
            "push": false
          },
          "personal-mention": {
            "email": false,
            "inApp": false,
            "push": false
          },
          "personal-ticket-messages": {
            "email": false,
            "inApp": false,
            "push": false
          },
          "team-ticket-assignment": {
            "email": false,
            "inApp": false,
            "push": false
          },
          "team-ticket-messages": {
            "email": false,
            "inApp": false,
            "push": false
          }
        },
        "notificationSettings": {
          "directlySendNotifications": false,
          "preventNotificationsWhereICreator": false,
          "sendEmailOnlyWhenOffline": false
        },
        "createdAt": "[date]",
        "updatedAt": "[date]"
      }
    }
    "#);
}

#[tokio::test]
async fn admin_auth() {
    let app = TestApp::new().await;
    insta::assert_snapshot!(shown(&app.send(app.server(Call::get("/admin/auth"))).await), @r#"
    200
    {
      "success": true,
      "projectId": "[id]"
    }
    "#);
}

#[tokio::test]
async fn identity_history() {
    let app = filled().await;
    app.identify(json!({"userId": "user-1", "name": "Ada L."}))
        .await
        .ok();
    let session = app.session("user-1").await;
    let path = format!(
        "/v3/sessions/{}/identity-history",
        session["_id"].as_str().unwrap()
    );
    insta::assert_snapshot!(shown(&app.get(&path).await), @r#"
    200
    {
      "history": [
        {
          "at": "[date]",
          "by": {
            "source": "admin",
            "method": "POST",
            "originalUrl": "/admin/identify",
            "hasApiKey": true
          },
          "changes": {
            "name": {
              "from": "Ada Lovelace",
              "to": "Ada L."
            }
          }
        },
        {
          "at": "[date]",
          "by": {
            "source": "admin",
            "method": "POST",
            "originalUrl": "/admin/identify",
            "hasApiKey": true
          },
          "changes": {
            "userId": {
              "to": "user-1"
            },
            "email": {
              "to": "ada@example.com"
            },
            "name": {
              "to": "Ada Lovelace"
            }
          }
        }
      ]
    }
    "#);
}

#[tokio::test]
async fn counted_list() {
    let app = TestApp::new().await;
    insta::assert_snapshot!(shown(&app.get("/v3/sessions?withCount=true").await), @r#"
    200
    {
      "data": [],
      "totalCount": 0
    }
    "#);
}
