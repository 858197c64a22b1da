//! What stands around every page: title, who is signed in, where to go.

use chrono::Utc;

use super::rights;
use super::session::SignedIn;
use crate::storage::accounts::Permission;

/// The parts of the site, for the menu.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    Review,
    Second,
    Matching,
    Reception,
    Supervision,
    Audit,
    Sharing,
    Retention,
    ContactLists,
    Quality,
    Accounts,
    Elsewhere,
}

/// A link of the menu.
pub(super) struct MenuLink {
    pub href: &'static str,
    pub text: &'static str,
    pub here: bool,
}

/// Who is signed in, as the frame shows it.
pub(super) struct Person {
    pub display_name: String,
    pub csrf: String,
    pub links: Vec<MenuLink>,
    /// Whether pages of theirs keep what is being typed.
    pub keeps: bool,
    /// Seconds until the session ends if nothing more is asked for.
    pub idle_seconds: i64,
    /// When that is.
    pub idle_end: String,
    /// Seconds until the session ends whatever happens.
    pub last_seconds: i64,
    /// When that is.
    pub last_end: String,
}

/// Titles never hold personal data: they end up in histories and on shared screens.
pub(super) struct Frame {
    pub title: String,
    /// Whether the page reports an error, which its title then says.
    pub error: bool,
    /// Whether the page uses the whole width of a large screen.
    pub wide: bool,
    pub person: Option<Person>,
}

impl Frame {
    /// The parts of the site that are for this person.
    pub fn menu(signed_in: &SignedIn, section: Section) -> Vec<MenuLink> {
        let all = [
            (
                Section::Review,
                "/review",
                "Forms to check",
                signed_in.can(Permission::CheckForms),
            ),
            (
                Section::Second,
                "/second",
                "Keying again",
                signed_in.can(Permission::KeyAgain),
            ),
            (
                Section::Matching,
                "/matching",
                "Same person?",
                signed_in.can(Permission::CheckForms),
            ),
            (
                Section::Reception,
                "/reception",
                "Scans",
                signed_in.can(Permission::Scans),
            ),
            (
                Section::Audit,
                "/audit",
                "Audit trail",
                signed_in.can(Permission::ReadAudit),
            ),
            (
                Section::Sharing,
                "/recipients",
                "Sharing",
                signed_in.can(Permission::Recipients),
            ),
            (
                Section::ContactLists,
                "/contact-lists",
                "Contact lists",
                signed_in.can(Permission::ContactLists),
            ),
            (
                Section::Retention,
                "/retention",
                "Retention",
                rights::sees_plans(signed_in),
            ),
            (
                Section::Supervision,
                "/supervision",
                "Work in hand",
                signed_in.can(Permission::Exceptions),
            ),
            (
                Section::Quality,
                "/quality",
                "Quality",
                signed_in.can(Permission::CheckForms) || signed_in.can(Permission::KeyAgain),
            ),
            (
                Section::Accounts,
                "/accounts",
                "Accounts",
                signed_in.can(Permission::ManageAccounts),
            ),
        ];
        all.into_iter()
            .filter(|(.., allowed)| *allowed)
            .map(|(of, href, text, _)| MenuLink {
                href,
                text,
                here: of == section,
            })
            .collect()
    }

    /// A page for whoever is signed in.
    pub fn new(title: impl Into<String>, signed_in: &SignedIn, section: Section) -> Self {
        let now = Utc::now();
        let idle_end = now + signed_in.ends.idle;
        let person = Person {
            display_name: signed_in.account.display_name.clone(),
            csrf: signed_in.csrf.clone(),
            links: Self::menu(signed_in, section),
            keeps: signed_in.can(Permission::CheckForms),
            idle_seconds: signed_in.ends.idle.num_seconds(),
            idle_end: time(idle_end.min(signed_in.ends.at)),
            last_seconds: (signed_in.ends.at - now).num_seconds(),
            last_end: time(signed_in.ends.at),
        };
        Self {
            title: title.into(),
            error: false,
            wide: false,
            person: Some(person),
        }
    }

    /// A page for nobody in particular.
    pub fn bare(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            error: false,
            wide: false,
            person: None,
        }
    }

    /// The same, using the whole width.
    pub fn wide(self) -> Self {
        Self { wide: true, ..self }
    }
}

/// `27 March 2026, 14:05`, in the server's time zone.
pub(super) fn date_time(at: chrono::DateTime<Utc>) -> String {
    at.with_timezone(&chrono::Local)
        .format("%-d %B %Y, %H:%M")
        .to_string()
}

/// `14:05`.
fn time(at: chrono::DateTime<Utc>) -> String {
    at.with_timezone(&chrono::Local).format("%H:%M").to_string()
}

/// `27 March 2026`.
pub(super) fn date(date: chrono::NaiveDate) -> String {
    date.format("%-d %B %Y").to_string()
}
