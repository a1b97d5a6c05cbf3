//! `POST /inbound-mail`: a mail that the operator's mail system hands over.

use axum::extract::{Query, Request, State};
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use serde::Deserialize;
use subtle::ConstantTimeEq;
use utoipa::ToSchema;

use super::take::{InboundMailBody, take, too_large};
use crate::app::{App, SharedApp};
use crate::http::Json;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::responses::ErrorResponses;

/// The type of a mail.
const MAIL: &str = "message/rfc822";

/// A mail as it came (RFC 5322).
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "documents the body, which is bytes")]
pub struct InboundMail(Vec<u8>);

/// What is known of a mail beside its headers.
#[derive(Deserialize)]
pub struct Envelope {
    recipient: Option<String>,
}

/// Hand a mail over
///
/// For the mail system of the operator, with the secret `smtp.inbound_secret`. A mail to the address of a conversation (`Reply-To` of the mails that
/// this server sends) becomes a message of its session, once however often it is handed over; a report that a mail did not arrive is noted at the
/// messages in it; what programs write is ignored. 2xx: it is dealt with. 4xx: it will never be taken, and its sender may be told. 503: try again.
#[utoipa::path(
    post, path = "/inbound-mail", operation_id = "ReceiveMail", tag = "Server",
    params(("recipient" = Option<String>, Query, description = "The address that it was delivered to, when its headers may not say it")),
    request_body(content = InboundMail, content_type = "message/rfc822"),
    responses(
        (status = 200, description = "It is dealt with", body = InboundMailBody),
        (status = 410, description = "The conversation is gone", body = ErrorBody),
        ErrorResponses,
    ),
    security(("inboundMail" = [])),
)]
pub async fn receive(
    State(app): State<SharedApp>,
    Query(envelope): Query<Envelope>,
    request: Request,
) -> Result<Json<InboundMailBody>, ApiError> {
    authorize(&app, request.headers())?;
    expect_mail(request.headers())?;
    let most = app.config.smtp.inbound_bytes_max;
    let body = app.report_memory.read(request, most).await;
    let body = body.map_err(|error| match error.code() {
        "body_too_large" => too_large(most),
        _ => error,
    })?;
    let taken = take(&app, body.bytes.clone(), envelope.recipient).await?;
    Ok(Json(taken))
}

/// Lets in who knows the secret of the operator.
fn authorize(app: &App, headers: &HeaderMap) -> Result<(), ApiError> {
    let Some(secret) = &app.config.smtp.inbound_secret else {
        return Err(ApiError::not_found(
            "inbound_mail_off",
            "This server takes no mails here: set smtp.inbound_secret, or hand them over with `hark inbound-mail`.",
        ));
    };
    let given = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let given = given.and_then(|value| value.split_once(' '));
    let given = given.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let token = given.map_or("", |(_, token)| token.trim());
    if token.as_bytes().ct_eq(secret.0.as_bytes()).into() {
        return Ok(());
    }
    Err(ApiError::unauthorized(
        "wrong_secret",
        "Send the secret of smtp.inbound_secret as `Authorization: Bearer <secret>`.",
    ))
}

fn expect_mail(headers: &HeaderMap) -> Result<(), ApiError> {
    let given = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = given.and_then(|value| value.split(';').next());
    if essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case(MAIL)) {
        return Ok(());
    }
    Err(ApiError::unsupported_media(
        "The body must be a mail as it came: send it with `Content-Type: message/rfc822`.",
    ))
}
