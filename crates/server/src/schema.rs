//! The kinds of documents and how their tables came to be.

use store::{Dictionary, Migration, Registered, Schema, Step};

use crate::accounts::api_key::{API_KEYS, ApiKey};
use crate::accounts::invitation::{INVITATIONS, Invitation};
use crate::accounts::member::{MEMBERS, Member};
use crate::accounts::organisation::{ORGANISATIONS, Organisation};
use crate::accounts::project::{PROJECTS, Project};
use crate::accounts::sign_in::{SIGN_INS, SignIn};
use crate::accounts::sign_up::{SIGN_UPS, SignUp};
use crate::accounts::user::{USERS, User};
use crate::files::document::{FILES, File};
use crate::http::idempotency::{USED_KEYS, UsedKey};
use crate::jobs::queue::document::{QUEUED_JOBS, QueuedJob};
use crate::live::outbox::{OUTBOXES, Outbox};
use crate::resources::company::document::{COMPANIES, Company};
use crate::resources::import::document::{
    IMPORT_BATCHES, IMPORT_CHANGES, IMPORTS, Import, ImportBatch, ImportChange,
};
use crate::resources::message::document::{MESSAGES, Message};
use crate::resources::message_template::document::{MESSAGE_TEMPLATES, MessageTemplate};
use crate::resources::project::audit_log::document::{AUDIT_ENTRIES, AuditEntry};
use crate::resources::project::retention::document::{RETENTIONS, Retention};
use crate::resources::project::saved_views::document::{SAVED_VIEWS, SavedViews};
use crate::resources::session::activity::{ACTIVITIES, Activity};
use crate::resources::session::blocked::{BLOCKED_IDENTITIES, BlockedIdentities};
use crate::resources::session::document::{SESSIONS, Session};
use crate::resources::session::event::{EVENTS, Event};
use crate::resources::session::history::{IDENTITY_CHANGES, IdentityChange};
use crate::resources::session::merge::{MERGES, Merge};
use crate::resources::team::attendance::{ATTENDANCES, Attendance};
use crate::resources::team::document::{TEAMS, Team};
use crate::resources::ticket::document::{TICKETS, Ticket};
use crate::resources::ticket::history::{TICKET_CHANGES, TicketChange};
use crate::resources::ticket::log::{TICKET_LOGS, TicketLog};
use crate::resources::ticket::number::{TICKET_NUMBERS, TicketNumber};
use crate::resources::ticket::settings::{TICKET_SETTINGS, TicketSettings};
use crate::resources::ticket::vote::{VOTES, Vote};
use crate::resources::webhook::document::{DELIVERIES, Delivery, WEBHOOKS, Webhooks};

/// All that the store keeps for Hark.
pub static SCHEMA: Schema = Schema {
    documents: &[
        Registered::of::<Organisation>(),
        Registered::of::<Project>(),
        Registered::of::<User>(),
        Registered::of::<Member>(),
        Registered::of::<ApiKey>(),
        Registered::of::<AuditEntry>(),
        Registered::of::<Session>(),
        Registered::of::<BlockedIdentities>(),
        Registered::of::<Event>(),
        Registered::of::<IdentityChange>(),
        Registered::of::<Merge>(),
        Registered::of::<UsedKey>(),
        Registered::of::<Company>(),
        Registered::of::<Outbox>(),
        Registered::of::<Ticket>(),
        Registered::of::<TicketNumber>(),
        Registered::of::<TicketLog>(),
        Registered::of::<TicketChange>(),
        Registered::of::<Vote>(),
        Registered::of::<TicketSettings>(),
        Registered::of::<File>(),
        Registered::of::<Activity>(),
        Registered::of::<Import>(),
        Registered::of::<ImportBatch>(),
        Registered::of::<ImportChange>(),
        Registered::of::<QueuedJob>(),
        Registered::of::<Webhooks>(),
        Registered::of::<Delivery>(),
        Registered::of::<SignIn>(),
        Registered::of::<Team>(),
        Registered::of::<Attendance>(),
        Registered::of::<Message>(),
        Registered::of::<SavedViews>(),
        Registered::of::<Retention>(),
        Registered::of::<MessageTemplate>(),
        Registered::of::<Invitation>(),
        Registered::of::<SignUp>(),
    ],
    migrations: &[
        Migration {
            version: 1,
            steps: &[
                Step::Create(&ORGANISATIONS),
                Step::Create(&PROJECTS),
                Step::Create(&USERS),
                Step::Create(&MEMBERS),
                Step::Create(&API_KEYS),
                Step::Create(&SESSIONS),
                Step::Create(&EVENTS),
                Step::Create(&IDENTITY_CHANGES),
                Step::Create(&MERGES),
            ],
        },
        // Client SDKs: credentials of merged sessions are looked up by their public half.
        Migration {
            version: 2,
            steps: &[
                Step::AddColumn(&Registered::of::<Merge>(), "gleap_id"),
                Step::AddIndex(&MERGES, "merge_by_gleap_id"),
                Step::Create(&USED_KEYS),
                Step::Create(&COMPANIES),
                Step::Create(&OUTBOXES),
                Step::Create(&TICKETS),
                Step::Create(&TICKET_NUMBERS),
                Step::Create(&TICKET_LOGS),
                Step::Create(&FILES),
                Step::Create(&ACTIVITIES),
                Step::Create(&IMPORTS),
                Step::Create(&IMPORT_BATCHES),
                Step::Create(&IMPORT_CHANGES),
            ],
        },
        // The search of sessions.
        Migration {
            version: 3,
            steps: &[Step::AddSearch(&Registered::of::<Session>())],
        },
        // What units of work ask for.
        Migration {
            version: 4,
            steps: &[Step::Create(&QUEUED_JOBS)],
        },
        // Sign-ins that can be revoked, and the people of a project.
        Migration {
            version: 5,
            steps: &[
                Step::Create(&SIGN_INS),
                Step::AddIndex(&MEMBERS, "member_by_project"),
            ],
        },
        // Tickets that the team works on: the inbox, boards, what is asleep, and their history.
        Migration {
            version: 6,
            steps: &[
                Step::AddColumn(&Registered::of::<Ticket>(), "processing_user"),
                Step::AddColumn(&Registered::of::<Ticket>(), "processing_team"),
                Step::AddColumn(&Registered::of::<Ticket>(), "archived"),
                Step::AddColumn(&Registered::of::<Ticket>(), "share_token"),
                Step::AddColumn(&Registered::of::<Ticket>(), "last_notification"),
                Step::AddColumn(&Registered::of::<Ticket>(), "snoozed_until"),
                Step::AddColumn(&Registered::of::<Ticket>(), "merged_into"),
                Step::AddColumn(&Registered::of::<Ticket>(), "tracker"),
                Step::AddIndex(&TICKETS, "ticket_by_board"),
                Step::AddIndex(&TICKETS, "ticket_by_news"),
                Step::AddIndex(&TICKETS, "ticket_by_member"),
                Step::AddIndex(&TICKETS, "ticket_by_team"),
                Step::AddIndex(&TICKETS, "ticket_by_share_token"),
                Step::AddIndex(&TICKETS, "ticket_by_waking"),
                Step::AddIndex(&TICKETS, "ticket_by_merge"),
                Step::AddIndex(&TICKETS, "ticket_by_tracker"),
                Step::AddSearch(&Registered::of::<Ticket>()),
                Step::Create(&TICKET_CHANGES),
            ],
        },
        // Lists of sessions: what they are sorted by, and custom attributes that a project has indexed.
        Migration {
            version: 7,
            steps: &[
                Step::AddIndex(&SESSIONS, "session_by_activity"),
                Step::AddIndex(&SESSIONS, "session_by_creation"),
                Step::AddIndex(&SESSIONS, "session_by_email"),
                Step::AddIndex(&SESSIONS, "session_by_user_id"),
                Step::AddDeclared(&Registered::of::<Session>()),
            ],
        },
        // Votes for tickets.
        Migration {
            version: 8,
            steps: &[Step::Create(&VOTES)],
        },
        // What projects call the statuses and types of tickets.
        Migration {
            version: 9,
            steps: &[Step::Create(&TICKET_SETTINGS)],
        },
        // Webhooks and their log.
        Migration {
            version: 10,
            steps: &[Step::Create(&WEBHOOKS), Step::Create(&DELIVERIES)],
        },
        // Teams that share tickets.
        Migration {
            version: 11,
            steps: &[
                Step::Create(&TEAMS),
                Step::Create(&ATTENDANCES),
                Step::AddColumn(&Registered::of::<Ticket>(), "carried_by"),
                Step::AddColumn(&Registered::of::<Ticket>(), "queued_at"),
                Step::AddIndex(&TICKETS, "ticket_by_load"),
                Step::AddIndex(&TICKETS, "ticket_by_queue"),
            ],
        },
        // What is said in tickets.
        Migration {
            version: 12,
            steps: &[
                Step::Create(&MESSAGES),
                Step::AddSearch(&Registered::of::<Message>()),
            ],
        },
        // Lists that teams keep.
        Migration {
            version: 13,
            steps: &[Step::Create(&SAVED_VIEWS)],
        },
        // How long projects keep events and guests.
        Migration {
            version: 14,
            steps: &[Step::Create(&RETENTIONS)],
        },
        // The changes of sessions.
        Migration {
            version: 15,
            steps: &[Step::AddFeed(&Registered::of::<Session>())],
        },
        // Texts that teams write again and again.
        Migration {
            version: 16,
            steps: &[
                Step::Create(&MESSAGE_TEMPLATES),
                Step::AddSearch(&Registered::of::<MessageTemplate>()),
            ],
        },
        // Who may become a member.
        Migration {
            version: 17,
            steps: &[Step::Create(&INVITATIONS), Step::Create(&SIGN_UPS)],
        },
        // Values that identify nobody.
        Migration {
            version: 18,
            steps: &[Step::Create(&BLOCKED_IDENTITIES)],
        },
        // How many tickets the team has not seen.
        Migration {
            version: 19,
            steps: &[
                Step::AddColumn(&Registered::of::<Ticket>(), "unread"),
                Step::AddIndex(&TICKETS, "ticket_by_unread"),
            ],
        },
        // Messages by the mails that they came or went with.
        Migration {
            version: 20,
            steps: &[
                Step::AddColumn(&Registered::of::<Message>(), "email_id"),
                Step::AddIndex(&MESSAGES, "message_by_email"),
            ],
        },
        // Files of members, and those of a ticket.
        Migration {
            version: 21,
            steps: &[
                Step::AddColumn(&Registered::of::<File>(), "uploader"),
                Step::AddIndex(&FILES, "file_by_ticket"),
                Step::AddIndex(&FILES, "file_by_uploader"),
            ],
        },
        // Who did what in a project.
        Migration {
            version: 22,
            steps: &[Step::Create(&AUDIT_ENTRIES)],
        },
    ],
    dictionary: Dictionary(include_bytes!("dictionary-1.txt")),
};
