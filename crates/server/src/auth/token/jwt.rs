//! Tokens that say themselves whom they stand for: sign-ins and API keys of members, as JWT (RFC 7519).

use std::fmt;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use store::{Millis, ObjectId};

use crate::auth::keys::ServerKey;
use crate::auth::roles::Scopes;

/// What a token says. A signature proves that this server said it, not that it still holds: look `jti` up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The member it stands for.
    pub sub: ObjectId,
    /// The id under which it can be revoked.
    pub jti: ObjectId,
    /// When it was made, in seconds since 1970.
    pub iat: i64,
    /// The first second at which it is no longer good, since 1970; absent: good until revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exp: Option<i64>,
    /// The only project it opens; absent: every project of the member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<ObjectId>,
    /// All it may do; absent: whatever the role of the member allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scopes>,
    /// What it is for.
    pub kind: TokenKind,
}

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    /// Made once, used by programs.
    ApiKey,
    /// The answer to a password.
    Login,
}

/// Why a token is not good. Never repeats the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not a token that this server signed.
    #[error("the token is not valid; copy it again in full, or make a new one")]
    Invalid,
    /// Names a key that this server does not have.
    #[error(
        "the token was signed with another server key; make a new one, or restore the secret file"
    )]
    ForeignKey,
    /// Past its `exp`.
    #[error("the token has expired; sign in again or make a new one")]
    Expired,
}

/// Signs tokens with the key of this server and verifies that it did. HS256 only.
pub struct TokenSigner {
    header: Header,
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
}

impl TokenSigner {
    /// A signer that knows the one key derived from `key`.
    #[must_use]
    pub fn new(key: &ServerKey) -> Self {
        let secret = key.signing_key();
        let mut validation = Validation::new(Algorithm::HS256);
        // `verify` compares `exp` itself: the library would read the clock of the machine.
        validation.validate_exp = false;
        validation.required_spec_claims.clear();
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(key.id().to_owned());
        Self {
            header,
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
            validation,
        }
    }

    /// The token that says `claims`.
    #[must_use]
    pub fn sign(&self, claims: &Claims) -> String {
        jsonwebtoken::encode(&self.header, claims, &self.encoding)
            .expect("claims are plain JSON and an HMAC takes any key")
    }

    /// What `token` says, if this server signed it and it is good at `now`.
    ///
    /// # Errors
    /// [`TokenError`]: a wrong form, signature, algorithm or key, or an `exp` that is reached (no leeway).
    pub fn verify(&self, token: &str, now: Millis) -> Result<Claims, TokenError> {
        let data = jsonwebtoken::decode::<Claims>(token, &self.decoding, &self.validation)
            .map_err(|error| self.explain(error.kind(), token))?;
        if data.header.kid != self.header.kid {
            return Err(TokenError::ForeignKey);
        }
        match data.claims.exp {
            Some(exp) if now.0.div_euclid(1000) >= exp => Err(TokenError::Expired),
            _ => Ok(data.claims),
        }
    }

    /// Tells a forged token from one of a server whose secret file was lost.
    fn explain(&self, kind: &ErrorKind, token: &str) -> TokenError {
        let is_foreign = matches!(kind, ErrorKind::InvalidSignature)
            && jsonwebtoken::decode_header(token)
                .is_ok_and(|header| header.kid.is_some() && header.kid != self.header.kid);
        if is_foreign {
            TokenError::ForeignKey
        } else {
            TokenError::Invalid
        }
    }
}

impl fmt::Debug for TokenSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSigner")
            .field("key", &self.header.kid)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::roles::Scope;
    use proptest::prelude::*;

    const NOW: Millis = Millis(1_800_000_000_500);

    /// Headers that ask for no or another algorithm: `{"typ":"JWT","alg":"…"}` in base64url.
    const OTHER_ALGORITHMS: [(&str, &str); 7] = [
        ("none", "eyJ0eXAiOiJKV1QiLCJhbGciOiJub25lIn0"),
        ("None", "eyJ0eXAiOiJKV1QiLCJhbGciOiJOb25lIn0"),
        ("NONE", "eyJ0eXAiOiJKV1QiLCJhbGciOiJOT05FIn0"),
        ("", "eyJ0eXAiOiJKV1QiLCJhbGciOiIifQ"),
        ("RS256", "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9"),
        ("ES256", "eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9"),
        ("EdDSA", "eyJ0eXAiOiJKV1QiLCJhbGciOiJFZERTQSJ9"),
    ];

    fn key(byte: u8) -> ServerKey {
        ServerKey::from_secret(&[byte; 32])
    }

    fn claims() -> Claims {
        Claims {
            sub: ObjectId::from_parts(1, [1; 8]),
            jti: ObjectId::from_parts(2, [2; 8]),
            iat: 1_800_000_000,
            exp: Some(1_800_000_001),
            project: Some(ObjectId::from_parts(3, [3; 8])),
            scope: Some(Scopes::from_iter([
                Scope::SessionsRead,
                Scope::TicketsWrite,
            ])),
            kind: TokenKind::ApiKey,
        }
    }

    /// A token signed with `secret`, whatever its header says.
    fn forge(header: &Header, claims: &impl Serialize, secret: &[u8]) -> String {
        jsonwebtoken::encode(header, claims, &EncodingKey::from_secret(secret)).unwrap()
    }

    #[test]
    fn reads_what_it_signed() {
        let signer = TokenSigner::new(&key(1));
        assert_eq!(signer.verify(&signer.sign(&claims()), NOW), Ok(claims()));
        let bare = Claims {
            exp: None,
            project: None,
            scope: None,
            kind: TokenKind::Login,
            ..claims()
        };
        assert_eq!(signer.verify(&signer.sign(&bare), NOW), Ok(bare));
    }

    #[test]
    fn the_wire_form_is_what_the_documents_promise() {
        let signer = TokenSigner::new(&key(1));
        let header = jsonwebtoken::decode_header(signer.sign(&claims())).unwrap();
        assert_eq!(
            (header.alg, header.kid.as_deref()),
            (Algorithm::HS256, Some(key(1).id()))
        );
        assert_eq!(
            serde_json::to_value(claims()).unwrap(),
            serde_json::json!({
                "sub": "000000010101010101010101", "jti": "000000020202020202020202",
                "iat": 1_800_000_000, "exp": 1_800_000_001,
                "project": "000000030303030303030303",
                "scope": ["sessions:read", "tickets:write"], "kind": "api_key"
            })
        );
    }

    #[test]
    fn expires_at_its_second_and_not_before() {
        let signer = TokenSigner::new(&key(1));
        let token = signer.sign(&claims());
        assert!(signer.verify(&token, Millis(1_800_000_000_999)).is_ok());
        for late in [1_800_000_001_000, i64::MAX] {
            assert_eq!(
                signer.verify(&token, Millis(late)),
                Err(TokenError::Expired)
            );
        }
    }

    #[test]
    fn a_token_of_another_server_is_named_as_such() {
        let token = TokenSigner::new(&key(2)).sign(&claims());
        let signer = TokenSigner::new(&key(1));
        assert_eq!(signer.verify(&token, NOW), Err(TokenError::ForeignKey));
    }

    #[test]
    fn the_right_secret_under_a_wrong_name_is_refused() {
        let signer = TokenSigner::new(&key(1));
        for kid in [None, Some("other".to_owned())] {
            let header = Header {
                kid,
                ..Header::new(Algorithm::HS256)
            };
            let token = forge(&header, &claims(), key(1).signing_key());
            assert_eq!(signer.verify(&token, NOW), Err(TokenError::ForeignKey));
        }
    }

    #[test]
    fn other_algorithms_are_refused_even_with_the_right_secret() {
        let signer = TokenSigner::new(&key(1));
        for algorithm in [Algorithm::HS384, Algorithm::HS512] {
            let mut header = Header::new(algorithm);
            header.kid = Some(key(1).id().to_owned());
            let token = forge(&header, &claims(), key(1).signing_key());
            assert_eq!(signer.verify(&token, NOW), Err(TokenError::Invalid));
        }
    }

    #[test]
    fn an_unsigned_token_is_refused() {
        let signer = TokenSigner::new(&key(1));
        let signed = signer.sign(&claims());
        let [_, payload, signature] = signed.split('.').collect::<Vec<_>>()[..] else {
            panic!("{signed}")
        };
        for (alg, header) in OTHER_ALGORITHMS {
            for signature in ["", signature] {
                let token = format!("{header}.{payload}.{signature}");
                assert_eq!(
                    signer.verify(&token, NOW),
                    Err(TokenError::Invalid),
                    "{alg}"
                );
            }
        }
    }

    #[test]
    fn claims_that_lack_something_are_refused() {
        let signer = TokenSigner::new(&key(1));
        let complete = serde_json::to_value(claims()).unwrap();
        let refused = |claims: &serde_json::Value| {
            let token = forge(&signer.header, claims, key(1).signing_key());
            signer.verify(&token, NOW) == Err(TokenError::Invalid)
        };
        assert!(!refused(&complete));
        for name in ["sub", "jti", "iat", "kind"] {
            let mut broken = complete.clone();
            broken.as_object_mut().unwrap().remove(name);
            assert!(refused(&broken), "{name}");
        }
        for (name, value) in [("scope", "everything"), ("sub", "root"), ("kind", "god")] {
            let mut broken = complete.clone();
            broken[name] = value.into();
            assert!(refused(&broken), "{name}");
        }
    }

    #[test]
    fn nothing_secret_is_printed() {
        let printed = format!("{:?}", TokenSigner::new(&key(1)));
        assert_eq!(
            printed,
            format!("TokenSigner {{ key: Some({:?}), .. }}", key(1).id())
        );
    }

    proptest! {
        #[test]
        fn a_changed_token_is_refused(position in any::<prop::sample::Index>(), byte in 0x20u8..0x7f) {
            let signer = TokenSigner::new(&key(1));
            let token = signer.sign(&claims());
            let mut changed = token.clone().into_bytes();
            let position = position.index(changed.len());
            prop_assume!(changed[position] != byte);
            changed[position] = byte;
            prop_assert!(signer.verify(str::from_utf8(&changed).unwrap(), NOW).is_err());
        }

        #[test]
        fn any_text_is_refused_without_a_panic(text in ".*") {
            prop_assert_eq!(TokenSigner::new(&key(1)).verify(&text, NOW), Err(TokenError::Invalid));
        }
    }
}
