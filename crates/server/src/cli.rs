//! The command line: every flag and sub-command, with its help.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::config::Sources;

const ABOUT: &str = "\
Hark keeps the record of your product's users: who they are, what they did, what they told you.

It answers the Gleap v3 REST API and its server-side API, on a server of your own. One program, one data folder. \
Start with `hark setup`, which makes a project and prints its keys, then `hark serve`.";

const EXAMPLES: &str = "\
Examples:
  hark setup                    make organisation, project and owner; print their keys
  hark serve                    serve on 127.0.0.1:8080 from ./data
  hark --listen 0.0.0.0:80 --data /srv/hark serve
  hark token create --project 65f1c0ffee0123456789abcd --name reporting --role viewer
  hark backup hark-today.db     copy the database while the server runs

Options may also stand in hark.toml or in variables such as HARK_LISTEN.
hark.default.toml explains them all.";

const ROLES: [&str; 4] = ["owner", "admin", "agent", "viewer"];

/// Hark, a self-hosted customer platform.
#[derive(Debug, Parser)]
#[command(name = "hark", version, about, long_about = ABOUT, after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Cli {
    /// Flags that set options.
    #[command(flatten)]
    pub options: Options,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Flags for options, each named as in `hark.default.toml`.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Options of the server")]
pub struct Options {
    /// Read options from this file instead of ./hark.toml [env: HARK_CONFIG]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of the database, the server key and files [default: ./data]
    #[arg(long, global = true, value_name = "FOLDER")]
    data: Option<String>,
    /// Where documents live: `sqlite:` is a file in the data folder, `postgres://…` a server [default: sqlite:]
    #[arg(long, global = true, value_name = "URL")]
    database: Option<String>,
    /// Address and port to listen on [default: 127.0.0.1:8080]
    #[arg(long, global = true, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Where clients reach this server, such as https://hark.example.com [default: the listen address]
    #[arg(long, global = true, value_name = "URL")]
    public_url: Option<String>,
    /// File with the server key [default: secret.key in the data folder, made when missing]
    #[arg(long, global = true, value_name = "FILE")]
    secret_file: Option<String>,
    /// Address or network of a reverse proxy whose X-Forwarded-For is believed; may be given more than once
    #[arg(long, global = true, value_name = "CIDR")]
    trusted_proxy: Vec<String>,
    /// Location database in the MaxMind format, which gives sessions their location [default: none]
    #[arg(long, global = true, value_name = "FILE")]
    geoip: Option<String>,
    /// Form of the log: text or json [default: text]
    #[arg(long, global = true, value_name = "FORMAT")]
    log_format: Option<String>,
    /// Least important line to log: error, warn, info, debug or trace [default: info]
    #[arg(long, global = true, value_name = "LEVEL")]
    log_level: Option<String>,
}

impl Options {
    /// These flags and `variables` as sources of the configuration.
    #[must_use]
    pub fn into_sources(self, variables: Vec<(String, String)>) -> Sources {
        let proxies = (!self.trusted_proxy.is_empty()).then(|| self.trusted_proxy.join(","));
        let flags = [
            ("--data", "data", self.data),
            ("--database", "database", self.database),
            ("--listen", "listen", self.listen),
            ("--public-url", "public_url", self.public_url),
            ("--secret-file", "secret_file", self.secret_file),
            ("--trusted-proxy", "trusted_proxy", proxies),
            ("--geoip", "geoip", self.geoip),
            ("--log-format", "log.format", self.log_format),
            ("--log-level", "log.level", self.log_level),
        ];
        let given = flags
            .into_iter()
            .filter_map(|(flag, key, value)| Some((flag, key, value?)));
        Sources {
            file: self.config,
            variables,
            flags: given.collect(),
        }
    }
}

/// The sub-commands of `hark`; the help of each stands at its type.
#[derive(Debug, Subcommand)]
pub enum Command {
    Serve(Serve),
    Setup(Setup),
    #[command(subcommand)]
    Token(Token),
    #[command(subcommand)]
    Project(Project),
    #[command(subcommand)]
    Member(Member),
    #[command(subcommand)]
    Identity(Identity),
    Demo(Demo),
    Import(Import),
    MailTest(MailTest),
    InboundMail(InboundMail),
    #[command(subcommand)]
    Jobs(Jobs),
    Doctor(Doctor),
    Backup(Backup),
    Restore(Restore),
    Copy(Copy),
    Migrate(Migrate),
    /// Print the description of the API (OpenAPI 3.1, JSON)
    Openapi,
}

/// Serve the API until SIGTERM or Ctrl-C
///
/// Once told to stop, it takes no more connections and finishes what it accepted, within shutdown.deadline_ms.
#[derive(Debug, Args)]
pub struct Serve {
    /// At the first start, make a demo organisation and print its keys with commands to try
    #[arg(long)]
    pub demo: bool,
}

/// Fill an empty data folder with a made-up product's users, events, tickets and conversations
///
/// To try things, and to see what the server looks like when it is used. `hark serve --demo` on the same folder prints the
/// keys. Everybody in it is made up, with addresses at example.com.
#[derive(Debug, Args)]
pub struct Demo {
    /// How many end users there are
    #[arg(long, value_name = "NUMBER", default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub sessions: u32,
    /// Days until today in which they come
    #[arg(long, value_name = "NUMBER", default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=365))]
    pub days: u32,
    /// How many tickets they open, one a visit at the most
    #[arg(long, value_name = "NUMBER", default_value_t = 200, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    pub tickets: u32,
    /// The same number makes the same people
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub seed: u64,
}

/// Make the first organisation, project and owner, and print their keys
///
/// Run again, it changes nothing and prints the same keys where they can still be shown: secrets that are kept
/// only as hashes cannot.
#[derive(Debug, Args)]
pub struct Setup {
    /// Print one JSON object for programs instead of text
    #[arg(long)]
    pub json: bool,
    /// Name of the organisation
    #[arg(long, value_name = "NAME", default_value = "My organisation")]
    pub organisation: String,
    /// Name of the project
    #[arg(long, value_name = "NAME", default_value = "My project")]
    pub project: String,
    /// Address the owner signs in with; a password is made and printed once
    #[arg(long, value_name = "ADDRESS", default_value = "owner@example.com")]
    pub email: String,
}

/// Create, list or revoke API keys
///
/// An API key is what a program sends to /v3 as `Authorization: Bearer …`.
#[derive(Debug, Subcommand)]
pub enum Token {
    Create(TokenCreate),
    /// List the API keys of a project, without their secrets
    List(InProject),
    Revoke(TokenRevoke),
}

/// Create an API key and print it
///
/// Only its id is kept, so that it cannot be shown again: note it down.
#[derive(Debug, Args)]
pub struct TokenCreate {
    /// Id of the project
    #[arg(long, value_name = "ID")]
    pub project: String,
    /// What the key is for, as shown in lists
    #[arg(long, value_name = "NAME")]
    pub name: String,
    /// What the key may do at most
    #[arg(long, default_value = "admin", value_parser = ROLES)]
    pub role: String,
    /// Limit the key to this scope, such as sessions:read; may be given more than once [default: all of the role]
    #[arg(long, value_name = "SCOPE")]
    pub scope: Vec<String>,
    /// Days until the key expires [default: never]
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub expires_days: Option<u32>,
}

/// Revoke an API key at once
///
/// Requests that carry it are refused from then on, also by a server that runs.
#[derive(Debug, Args)]
pub struct TokenRevoke {
    /// Id of the key, as `hark token list` shows it
    #[arg(value_name = "KEY_ID")]
    pub id: String,
}

/// A project to work on.
#[derive(Debug, Args)]
pub struct InProject {
    /// Id of the project
    #[arg(long, value_name = "ID")]
    pub project: String,
}

/// Create or list projects
///
/// Each project has sessions, keys and members of its own.
#[derive(Debug, Subcommand)]
pub enum Project {
    Create(ProjectCreate),
    /// List all projects with their ids
    List,
    /// Replace a secret of a project; the one before stays valid until the next time
    Rotate(ProjectRotate),
}

/// Makes a new secret and prints it. The one before stays valid beside it, so that nothing stops while your servers
/// take over the new one; older ones end.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("secret").required(true))]
pub struct ProjectRotate {
    /// Id of the project
    #[arg(long, value_name = "ID")]
    pub project: String,
    /// The secret token of /admin
    #[arg(long, group = "secret")]
    pub api_token: bool,
    /// The secret of identity verification
    #[arg(long, group = "secret")]
    pub identity_secret: bool,
}

/// Create a project and print its keys
#[derive(Debug, Args)]
pub struct ProjectCreate {
    /// Name of the project
    #[arg(long, value_name = "NAME")]
    pub name: String,
}

/// Add people of the team
///
/// A member signs in with an address and a password.
#[derive(Debug, Subcommand)]
pub enum Member {
    Create(MemberCreate),
}

/// Create a member with a role in a project
///
/// Without --password-stdin a password is made and printed once.
#[derive(Debug, Args)]
pub struct MemberCreate {
    /// Address to sign in with
    #[arg(long, value_name = "ADDRESS")]
    pub email: String,
    /// Id of the project
    #[arg(long, value_name = "ID")]
    pub project: String,
    /// What the member may do in the project
    #[arg(long, default_value = "agent", value_parser = ROLES)]
    pub role: String,
    /// Read the password from standard input, so that it stays out of the shell's history
    #[arg(long)]
    pub password_stdin: bool,
}

/// Prove who users are, or ask clients for the proof
///
/// Your backend hands its pages and apps a userHash with the user id: the HMAC-SHA256 of the id under the identity secret.
#[derive(Debug, Subcommand)]
pub enum Identity {
    Sign(IdentitySign),
    Mode(IdentityMode),
}

/// Print the userHash of a user id
///
/// To compare with what your backend makes, or to try identify by hand. The newest identity secret is used.
#[derive(Debug, Args)]
pub struct IdentitySign {
    /// Id of the project
    #[arg(long, value_name = "ID")]
    pub project: String,
    /// Id of the user in your system, exactly as clients send it
    #[arg(value_name = "USER_ID")]
    pub user_id: String,
}

/// Set whether clients must prove who their user is
#[derive(Debug, Args)]
pub struct IdentityMode {
    /// Id of the project
    #[arg(long, value_name = "ID")]
    pub project: String,
    /// off: the userHash is not looked at; required: without the right one nobody becomes a user
    #[arg(value_name = "MODE", value_parser = ["off", "required"])]
    pub mode: String,
}

/// Load sessions from a file into a project
///
/// Sessions as `GET /v3/sessions/export` gives them: one JSON object a line, a JSON array, or a table (CSV) whose first
/// line names the columns. A session that is there already, by user id or else by email, is updated. All lines are checked
/// first: when one is wrong nothing is loaded, unless --partial leaves it out. Wrong lines are named. One that another session
/// stands in the way of shows only while it is written: it is named and left out.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hark import sessions.ndjson --project 65f1c0ffee0123456789abcd\n  hark import users.csv --project 65f1c0ffee0123456789abcd --mapping '{\"E-mail\":\"email\"}' --dry-run"
)]
pub struct Import {
    /// File of sessions: NDJSON, JSON or CSV; UTF-8, UTF-16 or Windows-1252
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Id of the project
    #[arg(long, value_name = "ID")]
    pub project: String,
    /// Format of the file [default: told by how it begins]
    #[arg(long, value_name = "FORMAT", value_parser = ["csv", "ndjson", "json"])]
    pub format: Option<String>,
    /// Which column is which field, as JSON: {"E-mail":"email","Seats":"customData.seats","Notes":""}
    #[arg(long, value_name = "JSON")]
    pub mapping: Option<String>,
    /// Say what would be done, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Leave out lines that are wrong, and load the others; the status is 0 then
    #[arg(long)]
    pub partial: bool,
}

/// Check the database, and repair what can be repaired
///
/// Looks at the file itself, at indexes and identities against the documents, and for orphans. Ends with status 1
/// when something is wrong and was not repaired.
#[derive(Debug, Args)]
pub struct Doctor {
    /// Repair what can be repaired, such as indexes that differ from their documents; make a backup first
    #[arg(long, visible_alias = "reindex")]
    pub repair: bool,
}

/// Send one mail at once, to see whether the options smtp.* are right
#[derive(Debug, Args)]
pub struct MailTest {
    /// Address that it goes to
    #[arg(value_name = "ADDRESS")]
    pub to: String,
}

/// Hand a mail from standard input to the server that runs, so that an answer comes into its conversation
///
/// For the pipe of a mail server or a .forward file. Ends with a status that mail servers know: 0 it is dealt with, 67 it went to no conversation,
/// 65 or 69 it will never be taken, 75 try again later, also when no server runs on this data folder.
#[derive(Debug, Args)]
#[command(
    after_help = "Example, in master.cf of Postfix:\n  hark unix - n n - 4 pipe\n    flags=DRXhu user=hark argv=/usr/bin/hark inbound-mail --recipient ${recipient} --data /var/lib/hark"
)]
pub struct InboundMail {
    /// Address that it was delivered to, when its headers may not say it
    #[arg(long, value_name = "ADDRESS")]
    pub recipient: Option<String>,
}

/// List jobs that were given up, and try them again
///
/// A job is what is done after a change, such as sending a mail. One that failed too often is dead: it is kept for 30 days.
#[derive(Debug, Subcommand)]
pub enum Jobs {
    /// List the dead jobs, the last that died first: id, kind, project, when it died, how often it ran, why it failed
    List,
    Retry(JobsRetry),
}

/// Have a dead job, or all of them, run again
///
/// It is due at once and may fail as often as a new one. Where an unfinished job does the same, the dead one is removed instead, and that is said.
/// Jobs that have to run one after another lose their place when they die: such a job runs beside the others now.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("which").required(true))]
pub struct JobsRetry {
    /// Id of the job, as `hark jobs list` shows it
    #[arg(value_name = "JOB_ID", group = "which")]
    pub id: Option<String>,
    /// All that are dead, of all projects
    #[arg(long, group = "which")]
    pub all: bool,
}

/// Copy the database to a file, also while a server runs
///
/// The copy is consistent, and is checked by opening it. Uploaded files are copied into a folder beside it, whose name ends
/// in .files; those that are there already are not copied again.
#[derive(Debug, Args)]
pub struct Backup {
    /// File to write; it must not exist
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// Put a backup in the place of the database; no server may run
///
/// The backup is checked first, and the database that was there is kept beside it. Uploaded files that are missing are put
/// back from the folder beside the backup.
#[derive(Debug, Args)]
pub struct Restore {
    /// File that `hark backup` wrote
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// Bring the database to the version of this program, without serving
///
/// A server does the same when it starts.
#[derive(Debug, Args)]
pub struct Migrate {
    /// Distribute the tables over the nodes of a cluster (PostgreSQL with Citus); no server may run
    #[arg(long)]
    pub citus: bool,
}

/// Copy everything into another database, such as from the file to PostgreSQL; no server may run
///
/// The target has to be empty. A copy that broke off goes on when it is started again with the same databases; until it is complete, no
/// server opens it. At the end both are compared row by row. The source is not changed.
#[derive(Debug, Args)]
#[command(
    group = clap::ArgGroup::new("databases").args(["from", "to"]).required(true).multiple(true),
    after_help = "Examples:\n  hark copy --from sqlite: --to postgres://hark@db.example.com/hark\n  HARK_DATABASE=postgres://hark:password@db.example.com/hark hark copy --to sqlite:/srv/hark/copy.db"
)]
pub struct Copy {
    /// What is copied: `sqlite:` the file in the data folder, `sqlite:FILE`, or `postgres://…` [default: the database of the options]
    #[arg(long, value_name = "URL")]
    pub from: Option<String>,
    /// Where it goes, written in the same way [default: the database of the options]
    #[arg(long, value_name = "URL")]
    pub to: Option<String>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split(' '))
    }

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_and_argument_has_help() {
        fn visit(command: &clap::Command) {
            let name = command.get_name();
            assert!(command.get_about().is_some(), "{name}");
            for argument in command.get_arguments() {
                assert!(
                    argument.get_help().is_some(),
                    "{name} {}",
                    argument.get_id()
                );
            }
            command.get_subcommands().for_each(visit);
        }
        visit(&Cli::command());
    }

    #[test]
    fn flags_become_sources() {
        let cli = parse("hark serve --listen 127.0.0.1:9 --trusted-proxy ::1 --trusted-proxy 10.0.0.0/8 --config h.toml").unwrap();
        let sources = cli.options.into_sources(Vec::new());
        assert_eq!(sources.file, Some("h.toml".into()));
        let flags = [
            ("--listen", "listen", "127.0.0.1:9".to_owned()),
            (
                "--trusted-proxy",
                "trusted_proxy",
                "::1,10.0.0.0/8".to_owned(),
            ),
        ];
        assert_eq!(sources.flags, flags);
    }

    #[test]
    fn every_flag_sets_a_known_option() {
        let line = "hark --data d --database sqlite: --listen 127.0.0.1:9 --public-url https://h.example.com \
                    --secret-file s --trusted-proxy ::1 --geoip g --log-format json --log-level debug openapi";
        let sources = parse(&line.split_whitespace().collect::<Vec<_>>().join(" "))
            .unwrap()
            .options
            .into_sources(Vec::new());
        let empty = tempfile::NamedTempFile::new().unwrap();
        let sources = Sources {
            file: Some(empty.path().to_owned()),
            ..sources
        };
        let config = crate::config::Config::load(&sources).unwrap();
        assert_eq!(
            (config.base_url().as_str(), config.secret_path()),
            ("https://h.example.com", "s".into())
        );
        assert_eq!(sources.flags.len(), 9);
    }

    #[test]
    fn examples_are_understood() {
        let examples = EXAMPLES
            .lines()
            .filter_map(|line| line.strip_prefix("  hark "));
        for example in examples {
            let arguments = example.split("   ").next().unwrap_or_default();
            parse(&format!("hark {arguments}"))
                .unwrap_or_else(|error| panic!("{arguments}: {error}"));
        }
    }

    #[test]
    fn wrong_values_are_refused() {
        assert!(parse("hark token create --project p --name n --role king").is_err());
        assert!(parse("hark token create --project p --name n --expires-days 0").is_err());
        assert!(parse("hark token create --project p --name n --expires-days 3650").is_ok());
        assert!(parse("hark token create --project p --name n --expires-days 3651").is_err());
        assert!(parse("hark identity mode --project p off").is_ok());
        assert!(parse("hark identity mode --project p on").is_err());
        assert!(parse("hark identity sign --project p").is_err());
        assert!(parse("hark jobs retry").is_err());
        assert!(parse("hark jobs retry 65f1c0ffee0123456789abcd").is_ok());
        assert!(parse("hark jobs retry --all").is_ok());
        assert!(parse("hark jobs retry 65f1c0ffee0123456789abcd --all").is_err());
        assert!(parse("hark copy").is_err());
        assert!(parse("hark copy --from sqlite:").is_ok());
        assert!(parse("hark").is_err());
    }
}
