//! The dashboard's side of signing in: the cookie, the first start, projects and their keys.

use futures_util::future::join_all;
use serde_json::json;
use server::auth::roles::Role;

use crate::support::{Accounts, Answer, Call, OWNER, PASSWORD, TestApp};

async fn sign_in(app: &TestApp) -> Answer {
    let body = json!({"email": OWNER, "password": PASSWORD});
    app.send(Call::post("/v3/auth/cookie").json(&body)).await
}

/// What a browser sends back.
fn cookie(answer: &Answer) -> String {
    let set = answer.header("set-cookie");
    set.split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn the_cookie_signs_in_where_the_dashboard_asks() {
    let app = TestApp::new().await;
    let answer = sign_in(&app).await;
    assert_eq!(answer.ok()["user"]["email"], OWNER);
    let set = answer.header("set-cookie");
    for part in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=604800"] {
        assert!(set.contains(part), "{set}");
    }
    let (_, token) = cookie(&answer)
        .split_once('=')
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    assert!(
        !answer.text().contains(&token),
        "no script may read the token"
    );
    let me = Call::get("/v3/users/me").header("cookie", cookie(&answer));
    let with_proof = me.header("hark-dashboard", "1");
    assert_eq!(app.send(with_proof).await.ok()["email"], OWNER);
}

#[tokio::test]
async fn a_page_of_others_cannot_use_the_cookie() {
    let app = TestApp::new().await;
    let signed_in = cookie(&sign_in(&app).await);
    for call in [
        Call::get("/v3/users/me"),
        Call::get("/v3/sessions").project(app.project()),
        Call::post("/v3/sessions")
            .project(app.project())
            .raw_json("{}"),
    ] {
        let answer = app.send(call.header("cookie", &signed_in)).await;
        assert_eq!(answer.error(), (401, "missing_token".into()));
    }
    let preflight = Call::new("OPTIONS", "/v3/users/me").header("origin", "https://example.com");
    let allowed = app.open(preflight).await;
    let allowed = allowed.headers()["access-control-allow-headers"]
        .to_str()
        .unwrap();
    assert!(
        !allowed.to_lowercase().contains("hark-dashboard"),
        "{allowed}"
    );
    assert!(!allowed.contains('*'));
}

#[tokio::test]
async fn signing_out_ends_the_sign_in_and_takes_the_cookie_back() {
    let app = TestApp::new().await;
    let signed_in = cookie(&sign_in(&app).await);
    let dashboard = |call: Call| {
        call.header("cookie", &signed_in)
            .header("hark-dashboard", "1")
    };
    let end = dashboard(Call::delete("/v3/users/me/sign-ins/current"));
    assert_eq!(app.send(end).await.status, 204);
    let me = app.send(dashboard(Call::get("/v3/users/me"))).await;
    assert_eq!(me.error(), (401, "token_revoked".into()));
    let forgotten = app.send(Call::delete("/v3/auth/cookie")).await;
    assert_eq!(forgotten.status, 204);
    assert!(
        forgotten
            .header("set-cookie")
            .starts_with("hark_sign_in=; Path=/; Max-Age=0")
    );
}

#[tokio::test]
async fn a_server_is_set_up_once() {
    let app = TestApp::new().await;
    assert_eq!(app.send(Call::get("/v3/setup")).await.ok()["done"], true);
    let body = json!({"organisation": "Other", "project": "Other", "email": "eve@example.com", "password": PASSWORD});
    let answer = app.send(Call::post("/v3/setup").json(&body)).await;
    assert_eq!(answer.error(), (409, "already_set_up".into()));
    let login = json!({"email": "eve@example.com", "password": PASSWORD});
    assert_eq!(
        app.send(Call::post("/v3/auth/login").json(&login))
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn an_empty_server_gets_its_owner_from_whoever_comes_first() {
    let app = TestApp::empty().await;
    assert_eq!(app.send(Call::get("/v3/setup")).await.ok()["done"], false);
    let set_up = |body| app.send(Call::post("/v3/setup").json(&body));
    let good = json!({"organisation": "Example Ltd", "project": "Shop", "email": "ada@example.com", "password": PASSWORD});
    for (field, value) in [
        ("organisation", " ".to_owned()),
        ("project", "x".repeat(101)),
        ("email", "ada".to_owned()),
        ("password", "short".to_owned()),
    ] {
        let mut bad = good.clone();
        bad[field] = value.into();
        let answer = set_up(bad).await;
        assert_eq!(answer.error(), (422, "invalid_setup".into()));
        assert!(answer.faults()[0].starts_with(field), "{}", answer.text());
    }
    assert_eq!(app.send(Call::get("/v3/setup")).await.ok()["done"], false);
    let mut longest = good.clone();
    longest["project"] = "x".repeat(100).into();
    let made = set_up(longest).await.ok();
    let project = made["projectId"].as_str().unwrap();
    let call = Call::get("/v3/sessions")
        .bearer(made["apiKey"].as_str().unwrap())
        .project(project);
    assert_eq!(app.send(call).await.ok(), json!([]));
    assert_eq!(set_up(good).await.error(), (409, "already_set_up".into()));
}

#[tokio::test]
async fn of_those_who_come_at_once_one_sets_the_server_up() {
    let app = TestApp::empty().await;
    let set_up = |name: &str| {
        let body = json!({"organisation": name, "project": name, "email": format!("{name}@example.com"), "password": PASSWORD});
        app.send(Call::post("/v3/setup").json(&body))
    };
    let answers = join_all(["one", "two", "three", "four"].map(set_up)).await;
    let (made, late): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!((made.len(), late.len()), (1, 3));
    for answer in late {
        assert_eq!(answer.error(), (409, "already_set_up".into()));
    }
    let rows = app.rows();
    for table in ["organisation", "project"] {
        let count = rows.iter().find(|(name, _)| name == table);
        assert_eq!(count, Some(&(table.to_owned(), 1)));
    }
}

#[tokio::test]
async fn everybody_sees_their_own_projects() {
    let app = TestApp::new().await;
    let (_, token) = app.member("viewer@example.com", Role::Viewer).await;
    let projects = app
        .send(Call::get("/v3/projects").bearer(&token))
        .await
        .ok();
    assert_eq!(projects.as_array().unwrap().len(), 1);
    assert_eq!(projects[0]["id"], app.project().to_string());
    assert_eq!(projects[0]["role"], "viewer");
    assert_eq!(
        projects[0]["permissions"],
        json!(Role::Viewer.scopes().names())
    );
}

#[tokio::test]
async fn secrets_are_made_and_the_one_before_stays() {
    let app = TestApp::new().await;
    let path = |what: &str| format!("/v3/projects/{}/{what}", app.project());
    let first = app
        .send(app.owner(Call::post(&path("api-token"))))
        .await
        .ok();
    for token in [
        first["secret"].as_str().unwrap(),
        &app.accounts.first.api_token,
    ] {
        let auth = Call::get("/admin/auth").api_token(token);
        assert_eq!(app.send(auth).await.status, 200);
    }
    let secret = app
        .send(app.owner(Call::post(&path("identity-secret"))))
        .await
        .ok();
    assert!(secret["secret"].as_str().unwrap().len() >= 32);
    let other = format!("/v3/projects/{}/api-token", app.accounts.foreign.id);
    let answer = app.send(app.owner(Call::post(&other))).await;
    assert_eq!(answer.error(), (404, "project_not_found".into()));
}

#[tokio::test]
async fn an_api_key_lives_until_it_is_revoked() {
    let app = TestApp::new().await;
    let path = format!("/v3/projects/{}/api-keys", app.project());
    let body = json!({"name": "Nightly export", "role": "viewer", "expiresDays": 30});
    let made = app
        .send(app.owner(Call::post(&path).json(&body)))
        .await
        .ok();
    let (id, token) = (
        made["id"].as_str().unwrap(),
        made["token"].as_str().unwrap(),
    );
    let sessions = || {
        Call::get("/v3/sessions")
            .bearer(token)
            .project(app.project())
    };
    assert_eq!(app.send(sessions()).await.status, 200);
    let listed = app.get(&path).await;
    assert!(!listed.text().contains(token));
    let listed = listed.ok();
    let listed = listed
        .as_array()
        .unwrap()
        .iter()
        .find(|key| key["id"] == id)
        .unwrap();
    assert_eq!(listed["name"], "Nightly export");
    assert_eq!(listed["expiresAt"], app.clock.at(30 * 86_400_000));
    let one = format!("{path}/{id}");
    assert_eq!(app.send(app.owner(Call::delete(&one))).await.status, 204);
    assert_eq!(
        app.send(sessions()).await.error(),
        (401, "token_revoked".into())
    );
    let foreign = Accounts::key(&app.app, app.accounts.foreign.id, Role::Viewer, None).await;
    let foreign = format!("{path}/{}", foreign.id);
    let answer = app.send(app.owner(Call::delete(&foreign))).await;
    assert_eq!(answer.error(), (404, "api_key_not_found".into()));
}

#[tokio::test]
async fn a_key_is_at_most_what_its_maker_is() {
    let app = TestApp::new().await;
    let path = format!("/v3/projects/{}/api-keys", app.project());
    let (_, admin) = app.member("admin@example.com", Role::Admin).await;
    let create = |body| {
        let call = Call::post(&path).json(&body).bearer(&admin);
        app.send(call.project(app.project()))
    };
    let owner = create(json!({"name": "x", "role": "owner"})).await;
    assert_eq!(owner.error(), (403, "role_too_high".into()));
    create(json!({"name": "x".repeat(100), "role": "admin", "expiresDays": 3650}))
        .await
        .ok();
    for body in [
        json!({"name": "", "role": "admin"}),
        json!({"name": "x".repeat(101), "role": "admin"}),
        json!({"name": "x", "role": "admin", "expiresDays": 0}),
        json!({"name": "x", "role": "admin", "expiresDays": 3651}),
    ] {
        assert_eq!(create(body).await.error(), (422, "invalid_api_key".into()));
    }
}

#[tokio::test]
async fn browsers_get_the_dashboard_at_the_root() {
    let app = TestApp::new().await;
    let page = app
        .send(Call::get("/").header("accept", "text/html,*/*"))
        .await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(
        page.header("content-security-policy")
            .contains("script-src 'self'")
    );
    let socket = app.send(Call::get("/")).await;
    assert_eq!(socket.error(), (426, "upgrade_required".into()));
    let unknown = app
        .send(Call::get("/v3/nothing").header("accept", "text/html"))
        .await;
    assert_eq!(unknown.error(), (404, "route_not_found".into()));
}
