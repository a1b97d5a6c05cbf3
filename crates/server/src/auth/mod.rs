//! Who calls: one extractor type per kind of caller. A handler that asks for one cannot be written without the check.
//!
//! | type | credential | opens |
//! |---|---|---|
//! | [`Member`] | `Authorization: Bearer <JWT>` and `project: <id>` | `/v3/*` of one project, with the scope it names |
//! | the same | the cookie of a signed-in browser, see [`cookie`] | the same |
//! | [`SignedIn`] | `Authorization: Bearer <JWT>` | what concerns the caller itself |
//! | [`ProjectToken`] | `Api-Token: <secret token>` | `/admin/*` of one project |
//! | [`Visitor`] | `Api-Token: <SDK key>`, `Gleap-Id` and `Gleap-Hash` | what client SDKs call, of one session |

pub mod cookie;
mod credentials;
mod freshness;
pub mod keys;
mod member;
pub mod password;
mod project_token;
pub mod roles;
pub mod token;
mod visitor;

pub use credentials::{Access, Credential, Credentials};
pub use member::{
    AnyMember, Member, MembersRead, MembersWrite, ProjectRead, ProjectWrite, Provisional, Requires,
    SessionsRead, SessionsWrite, SignedIn, TicketsRead, TicketsWrite, presented_token,
};
pub use project_token::{ProjectAccess, ProjectToken, ProvisionalToken, WrongTokens};
pub use visitor::{ClientCredential, SdkProject, Visitor, shield};
