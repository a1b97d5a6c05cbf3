//! Attributes as they come and as they are shown.

use serde_json::{Value, json};

use crate::support::{Call, TestApp};

/// The answer that shows the user, after a call with these bytes beside its user id.
async fn shown(app: &TestApp, members: &str) -> String {
    let body = format!(r#"{{"userId":"u",{members}}}"#);
    let call = app.server(Call::post("/admin/identify").raw_json(body));
    app.send(call).await.ok();
    app.lookup("u").await.text().to_owned()
}

#[tokio::test]
async fn null_takes_an_attribute_away() {
    let app = TestApp::new().await;
    let standard = json!({
        "name": "Ada", "email": "ada@example.com", "phone": "+4315331234", "avatar": "https://example.com/a.png", "sla": 3,
        "plan": "pro", "companyId": "acme", "companyName": "ACME", "platform": "web", "deviceType": "desktop",
        "seats": 3, "flag": false,
    });
    let mut body = standard.clone();
    body["userId"] = json!("u");
    app.identify(body.clone()).await.ok();
    let session = app.session("u").await;
    assert_eq!(
        (&session["name"], &session["customData"]),
        (&json!("Ada"), &json!({"seats": 3, "flag": false}))
    );
    for name in standard.as_object().unwrap().keys() {
        body[name] = Value::Null;
    }
    app.identify(body).await.ok();
    let session = app.session("u").await;
    for name in standard
        .as_object()
        .unwrap()
        .keys()
        .chain([&"customData".to_owned()])
    {
        assert_eq!(session.get(name), None, "{name}");
    }
    // What is always there goes back to what it was.
    app.identify(json!({"userId": "u", "value": 5, "lang": "de"}))
        .await
        .ok();
    app.identify(
        json!({"userId": "u", "value": null, "lang": null, "customData": null, "createdAt": null}),
    )
    .await
    .ok();
    let session = app.session("u").await;
    assert_eq!(
        (&session["value"], &session["lang"]),
        (&json!(0), &json!("en"))
    );
}

#[tokio::test]
async fn empty_text_is_no_value() {
    let app = TestApp::new().await;
    app.identify(json!({"userId": "u", "name": "Ada", "note": "x"}))
        .await
        .ok();
    app.identify(json!({"userId": "u", "name": "", "note": ""}))
        .await
        .ok();
    let session = app.session("u").await;
    assert_eq!(session.get("name"), None);
    assert_eq!(
        session["customData"]["note"], "",
        "custom data is the customer's own"
    );
}

#[tokio::test]
async fn numbers_may_come_as_text() {
    let app = TestApp::new().await;
    for (given, shown) in [
        (json!("12.5"), json!(12.5)),
        (json!(" 7 "), json!(7)),
        (json!("-3"), json!(-3)),
        (json!(0), json!(0)),
        (json!(1e300), json!(1e300)),
        (json!(""), json!(0)),
    ] {
        app.identify(json!({"userId": "u", "value": given}))
            .await
            .ok();
        assert_eq!(app.session("u").await["value"], shown, "{given}");
    }
    app.identify(json!({"userId": "u", "sla": "24"})).await.ok();
    assert_eq!(app.session("u").await["sla"], 24);
    for bad in [
        json!("much"),
        json!("1e400"),
        json!("NaN"),
        json!("0x10"),
        json!(true),
        json!({}),
        json!([1]),
    ] {
        let answer = app
            .identify(json!({"userId": "u", "value": bad, "sla": bad}))
            .await;
        assert_eq!(
            answer.faults(),
            ["value: must be a number", "sla: must be a number"],
            "{bad}"
        );
    }
}

/// The value of a user as it is written in the answer.
async fn written_value(app: &TestApp) -> String {
    let answer = app.lookup("u").await;
    let rest = answer.text().split("\"value\":").nth(1).unwrap().to_owned();
    rest.split(',').next().unwrap().to_owned()
}

#[tokio::test]
async fn numbers_are_exact_and_stay_so() {
    let app = TestApp::new().await;
    let mut bits = 1_u64;
    for n in 0..300 {
        // Digits all the way, from tiny to huge.
        bits = bits
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let mantissa = f64::from_bits((bits >> 12) | 1.0_f64.to_bits());
        let value = mantissa * 10_f64.powi(n % 60 - 30);
        let body = format!(r#"{{"userId":"u","value":{value:?}}}"#);
        let identify = async || {
            app.send(app.server(Call::post("/admin/identify").raw_json(body.clone())))
                .await
                .ok()
        };
        identify().await;
        assert_eq!(written_value(&app).await.parse(), Ok(value));
        // Neither the same call again nor a change beside it moves the last digit.
        let tag = app.lookup("u").await.header("etag").to_owned();
        identify().await;
        assert_eq!(app.lookup("u").await.header("etag"), tag, "{value:?}");
        app.identify(json!({"userId": "u", "n": n})).await.ok();
        assert_eq!(written_value(&app).await.parse(), Ok(value));
    }
}

#[tokio::test]
async fn text_may_come_as_a_number_or_a_truth() {
    let app = TestApp::new().await;
    app.identify(json!({"userId": "u", "name": 7, "plan": true, "companyId": 12.50}))
        .await
        .ok();
    let session = app.session("u").await;
    assert_eq!(
        (&session["name"], &session["plan"], &session["companyId"]),
        (&json!("7"), &json!("true"), &json!("12.5"))
    );
    let answer = app
        .identify(json!({"userId": "u", "name": {"first": "A"}, "email": ["x"]}))
        .await;
    assert_eq!(
        answer.faults(),
        ["name: must be text", "email: must be text"]
    );
    assert_eq!(
        app.session("u").await["name"],
        "7",
        "a call that is refused changes nothing"
    );
}

#[tokio::test]
async fn a_company_may_come_as_an_object() {
    let app = TestApp::new().await;
    let company = async |value: Value| {
        app.identify(json!({"userId": "u", "company": value})).await;
        let session = app.session("u").await;
        [session["companyId"].clone(), session["companyName"].clone()]
    };
    assert_eq!(
        company(json!({"id": "acme", "name": "ACME", "plan": "x"})).await,
        [json!("acme"), json!("ACME")]
    );
    assert_eq!(
        company(json!({"name": "No id"})).await,
        [json!("acme"), json!("ACME")]
    );
    assert_eq!(
        company(json!({"id": " "})).await,
        [json!("acme"), json!("ACME")]
    );
    assert_eq!(
        company(json!({"id": " 42 ", "name": " Other "})).await,
        [json!("42"), json!("Other")]
    );
    assert_eq!(
        company(json!({"id": 43})).await,
        [json!("43"), json!("Other")]
    );
    assert_eq!(app.session("u").await.get("customData"), None);
    // Both forms at once: the later one counts, and the call repeated changes nothing.
    let both = json!({"userId": "u", "company": {"id": "a", "name": "A"}, "companyId": "b"});
    app.identify(both.clone()).await.ok();
    let first = app.lookup("u").await;
    app.identify(both).await.ok();
    assert_eq!(app.lookup("u").await.header("etag"), first.header("etag"));
    assert_eq!(
        (&first.json()["companyId"], &first.json()["companyName"]),
        (&json!("b"), &json!("A"))
    );
    for bad in [json!("acme"), json!(1), json!(["acme"])] {
        let answer = app.identify(json!({"userId": "u", "company": bad})).await;
        assert_eq!(answer.faults(), ["company: must be {id, name}"]);
    }
}

#[tokio::test]
async fn custom_data_keeps_its_order() {
    let app = TestApp::new().await;
    let first = shown(&app, r#""z":1,"a":2,"customData":{"m":3,"b":4}"#).await;
    assert!(
        first.contains(r#""customData":{"z":1,"a":2,"m":3,"b":4}"#),
        "{first}"
    );
    let second = shown(&app, r#""new":5,"a":6,"z":null"#).await;
    assert!(
        second.contains(r#""customData":{"a":6,"m":3,"b":4,"new":5}"#),
        "{second}"
    );
}

#[tokio::test]
async fn values_are_kept_as_they_were_written() {
    let app = TestApp::new().await;
    let verbatim = concat!(
        r#""one":1.0,"exponent":1E3,"long":123456789012345678901234567890,"exact":0.1000,"minus":-0,"#,
        r#""nested":{"long":[12345678901234567890123,1.50,1e2],"empty":{},"list":[]},"#,
        r#""text":"tab\tquote\" é \u00e9 slash\/ two  spaces","null inside":{"gone":null,"list":[null]}"#
    );
    let answer = shown(&app, &format!(r#""customData":{{{verbatim}}}"#)).await;
    assert!(answer.contains(verbatim), "{answer}");
}

#[tokio::test]
async fn only_the_space_between_parts_goes() {
    let app = TestApp::new().await;
    let spaced = "\"nested\" : { \"long\" :\t[ 12345678901234567890123 ,\r\n 1.50 , 1e2 ] , \"text\" : \" a  b \\\" { c \" }";
    let compact = r#""nested":{"long":[12345678901234567890123,1.50,1e2],"text":" a  b \" { c "}"#;
    for members in [spaced.to_owned(), format!("\"customData\": {{ {spaced} }}")] {
        let answer = shown(&app, &members).await;
        assert!(answer.contains(compact), "{answer}");
    }
}

#[tokio::test]
async fn dates_are_dates() {
    let app = TestApp::new().await;
    for (given, shown) in [
        ("2025-01-31T08:05:00.123Z", "2025-01-31T08:05:00.123Z"),
        ("2025-01-31T08:05:00+02:00", "2025-01-31T06:05:00.000Z"),
        ("2025-01-31", "2025-01-31T00:00:00.000Z"),
        ("0001-01-01T00:00:00.000Z", "0001-01-01T00:00:00.000Z"),
        ("9999-12-30T22:00:00.000Z", "9999-12-30T22:00:00.000Z"),
    ] {
        app.identify(json!({"userId": "u", "createdAt": given}))
            .await
            .ok();
        assert_eq!(app.session("u").await["createdAt"], shown, "{given}");
    }
    let before = app.lookup("u").await;
    for bad in [
        json!("yesterday"),
        json!("2025-02-30T00:00:00Z"),
        json!("0000-01-01T00:00:00Z"),
        json!("-000001-01-01T00:00:00Z"),
        json!("9999-12-31T23:59:59.999Z"),
        json!("10000-01-01T00:00:00Z"),
        json!("2025-01-01T00:00:00"),
        json!(1_735_725_600_000_i64),
        json!({"date": 1}),
    ] {
        let answer = app.identify(json!({"userId": "u", "createdAt": bad})).await;
        assert_eq!(answer.error(), (422, "invalid_attributes".into()), "{bad}");
        assert!(
            answer.faults()[0].starts_with("createdAt: must be"),
            "{bad}"
        );
    }
    assert_eq!(app.lookup("u").await.body, before.body);
}

#[tokio::test]
async fn the_last_page_may_be_told() {
    let app = TestApp::new().await;
    let view = json!({"page": "https://example.com/a", "date": "2026-02-01T00:00:00.000Z"});
    app.identify(json!({"userId": "u", "lastPageView": view}))
        .await
        .ok();
    assert_eq!(app.session("u").await["lastPageView"], view);
    for bad in [
        json!("page"),
        json!({"page": "x"}),
        json!({"page": 1, "date": "2026-02-01"}),
        json!({"page": "x", "date": "soon"}),
    ] {
        let answer = app
            .identify(json!({"userId": "u", "lastPageView": bad}))
            .await;
        assert_eq!(
            answer.faults(),
            ["lastPageView: must be {page, date}"],
            "{bad}"
        );
    }
}
