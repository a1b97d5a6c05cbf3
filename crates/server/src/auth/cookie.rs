//! The sign-in of a browser: its token in a cookie that no script can read.
//!
//! Browsers send cookies by themselves, also for pages of others. So the cookie counts only beside the header
//! [`PROOF`]: no form and no picture can send it, and a script of another origin has to ask first, which CORS refuses.

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// The name of the cookie.
const NAME: &str = "hark_sign_in";

/// The header without which the cookie is not looked at. Its value does not matter.
pub const PROOF: HeaderName = HeaderName::from_static("hark-dashboard");

/// The token of the cookie of a request that the dashboard itself made.
#[must_use]
pub fn token(headers: &HeaderMap) -> Option<&str> {
    headers.get(PROOF)?;
    let lines = headers.get_all(COOKIE).into_iter();
    let pairs = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    let mut found = pairs.filter(|(name, _)| *name == NAME);
    found.next().map(|(_, value)| value)
}

/// The `Set-Cookie` that signs a browser in for `seconds`; 0 signs it out.
/// `secure`: the server is reached over TLS, and the cookie never travels without it.
#[must_use]
pub fn set(token: &str, seconds: i64, secure: bool) -> HeaderValue {
    let secure = if secure { "; Secure" } else { "" };
    let cookie =
        format!("{NAME}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
    HeaderValue::try_from(cookie).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(proof: bool, cookie: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_static(cookie));
        if proof {
            headers.insert(PROOF, HeaderValue::from_static("1"));
        }
        headers
    }

    #[test]
    fn the_cookie_counts_only_with_the_proof() {
        assert_eq!(
            token(&request(true, "a=b; hark_sign_in=x.y.z")),
            Some("x.y.z")
        );
        assert_eq!(token(&request(false, "hark_sign_in=x.y.z")), None);
        assert_eq!(token(&request(true, "xhark_sign_in=x.y.z")), None);
        assert_eq!(token(&HeaderMap::new()), None);
    }

    #[test]
    fn no_script_and_no_other_site_gets_the_cookie() {
        let cookie = set("x.y.z", 60, true);
        assert_eq!(
            cookie,
            "hark_sign_in=x.y.z; Path=/; Max-Age=60; HttpOnly; SameSite=Strict; Secure"
        );
        assert!(!set("", 0, false).to_str().unwrap().contains("Secure"));
    }
}
