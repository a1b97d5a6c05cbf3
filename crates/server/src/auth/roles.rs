//! What a member may do in a project: the role names the scopes, and what is not named is refused.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

/// What a member is in a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Made the project, or took it over.
    Owner,
    /// Runs the project: its settings, keys and members.
    Admin,
    /// Works with sessions and tickets.
    Agent,
    /// Looks on.
    Viewer,
}

/// One thing that a credential may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Scope {
    /// See sessions, their events and everything about them.
    #[serde(rename = "sessions:read")]
    SessionsRead,
    /// Create, change, merge and delete sessions.
    #[serde(rename = "sessions:write")]
    SessionsWrite,
    /// See tickets and messages.
    #[serde(rename = "tickets:read")]
    TicketsRead,
    /// Create, answer and change tickets.
    #[serde(rename = "tickets:write")]
    TicketsWrite,
    /// See the settings of the project, never its secrets.
    #[serde(rename = "project:read")]
    ProjectRead,
    /// Change settings, keys and secrets of the project.
    #[serde(rename = "project:write")]
    ProjectWrite,
    /// See who is a member.
    #[serde(rename = "members:read")]
    MembersRead,
    /// Invite, change and remove members.
    #[serde(rename = "members:write")]
    MembersWrite,
}

/// A text that names no role or no scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnknownName {
    /// Asked for a role.
    #[error("a role is one of owner, admin, agent, viewer")]
    Role,
    /// Asked for a scope.
    #[error("a scope is sessions, tickets, project or members, then :read or :write")]
    Scope,
}

impl Role {
    /// Every role, the most powerful first.
    pub const ALL: [Self; 4] = [Self::Owner, Self::Admin, Self::Agent, Self::Viewer];

    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Agent => "agent",
            Self::Viewer => "viewer",
        }
    }

    /// All that a member of this role may do.
    #[must_use]
    pub fn scopes(self) -> Scopes {
        use Scope::{
            MembersRead, ProjectRead, SessionsRead, SessionsWrite, TicketsRead, TicketsWrite,
        };
        let granted: &[Scope] = match self {
            Self::Owner | Self::Admin => &Scope::ALL,
            Self::Agent => &[
                SessionsRead,
                SessionsWrite,
                TicketsRead,
                TicketsWrite,
                ProjectRead,
                MembersRead,
            ],
            Self::Viewer => &[SessionsRead, TicketsRead, ProjectRead, MembersRead],
        };
        granted.iter().copied().collect()
    }
}

impl Scope {
    /// Every scope, in the order in which they are listed.
    pub const ALL: [Self; 8] = [
        Self::SessionsRead,
        Self::SessionsWrite,
        Self::TicketsRead,
        Self::TicketsWrite,
        Self::ProjectRead,
        Self::ProjectWrite,
        Self::MembersRead,
        Self::MembersWrite,
    ];

    /// The name on the wire: what it is about, then `read` or `write`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SessionsRead => "sessions:read",
            Self::SessionsWrite => "sessions:write",
            Self::TicketsRead => "tickets:read",
            Self::TicketsWrite => "tickets:write",
            Self::ProjectRead => "project:read",
            Self::ProjectWrite => "project:write",
            Self::MembersRead => "members:read",
            Self::MembersWrite => "members:write",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        let role = Self::ALL.into_iter().find(|role| role.name() == name);
        role.ok_or(UnknownName::Role)
    }
}

impl FromStr for Scope {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        let scope = Self::ALL.into_iter().find(|scope| scope.name() == name);
        scope.ok_or(UnknownName::Scope)
    }
}

/// A set of scopes; an array of their names on the wire.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes(u8);

impl Scopes {
    /// Whether `scope` is in the set.
    #[must_use]
    pub const fn contains(self, scope: Scope) -> bool {
        self.0 & bit(scope) != 0
    }

    /// What is in both: an API key never allows more than the role of its member.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The scopes in the set, in the order of [`Scope::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL
            .into_iter()
            .filter(move |&scope| self.contains(scope))
    }

    /// Their names, as `GET /v3/users/me/permissions` lists them.
    #[must_use]
    pub fn names(self) -> Vec<&'static str> {
        self.iter().map(Scope::name).collect()
    }
}

const fn bit(scope: Scope) -> u8 {
    1 << scope as u8
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |set, scope| set | bit(scope)))
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Scopes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<Scope>::deserialize(deserializer)?
            .into_iter()
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_this() {
        let look = [
            "sessions:read",
            "tickets:read",
            "project:read",
            "members:read",
        ];
        let work = [
            "sessions:read",
            "sessions:write",
            "tickets:read",
            "tickets:write",
            "project:read",
            "members:read",
        ];
        assert_eq!(Role::Viewer.scopes().names(), look);
        assert_eq!(Role::Agent.scopes().names(), work);
        for role in [Role::Owner, Role::Admin] {
            assert_eq!(role.scopes().names(), Scope::ALL.map(Scope::name));
        }
    }

    #[test]
    fn a_role_may_do_all_that_the_next_may() {
        for pair in Role::ALL.windows(2) {
            let (more, less) = (pair[0].scopes(), pair[1].scopes());
            assert_eq!(more.and(less), less, "{} and {}", pair[0], pair[1]);
        }
    }

    #[test]
    fn nothing_is_allowed_by_default() {
        assert!(
            Scope::ALL
                .into_iter()
                .all(|scope| !Scopes::default().contains(scope))
        );
    }

    #[test]
    fn a_key_allows_no_more_than_its_role() {
        let key = Scopes::from_iter([Scope::SessionsRead, Scope::ProjectWrite]);
        assert_eq!(Role::Viewer.scopes().and(key).names(), ["sessions:read"]);
        assert_eq!(
            Role::Owner.scopes().and(Scopes::default()),
            Scopes::default()
        );
    }

    #[test]
    fn names_are_read_back_and_serde_agrees() {
        for role in Role::ALL {
            assert_eq!(role.to_string().parse(), Ok(role));
            assert_eq!(serde_json::to_value(role).unwrap(), role.name());
        }
        for scope in Scope::ALL {
            assert_eq!(scope.to_string().parse(), Ok(scope));
            assert_eq!(serde_json::to_value(scope).unwrap(), scope.name());
        }
    }

    #[test]
    fn other_names_are_refused() {
        for bad in [
            "",
            "Owner",
            "root",
            "owner ",
            "sessions",
            "sessions:*",
            "sessions:read,project:write",
        ] {
            assert_eq!(bad.parse::<Role>(), Err(UnknownName::Role), "{bad}");
            assert_eq!(bad.parse::<Scope>(), Err(UnknownName::Scope), "{bad}");
        }
        assert!(serde_json::from_str::<Scopes>(r#"["sessions:read","*"]"#).is_err());
    }

    #[test]
    fn a_set_is_an_array_without_repetition() {
        let set: Scopes =
            serde_json::from_str(r#"["tickets:read","sessions:read","tickets:read"]"#).unwrap();
        assert_eq!(
            serde_json::to_string(&set).unwrap(),
            r#"["sessions:read","tickets:read"]"#
        );
    }
}
