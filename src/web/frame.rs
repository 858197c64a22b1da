//! What stands around every page: title, who is signed in, where to go.

use super::session::SignedIn;
use crate::storage::accounts::Role;

/// The parts of the site, for the menu.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    Review,
    Second,
    Reception,
    Quality,
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
    /// A page for whoever is signed in.
    pub fn new(title: impl Into<String>, signed_in: &SignedIn, section: Section) -> Self {
        let all = [
            (
                Section::Review,
                "/review",
                "Forms to check",
                signed_in.may(Role::Clerk),
            ),
            (
                Section::Second,
                "/second",
                "Keying again",
                signed_in.may(Role::Clerk),
            ),
            (
                Section::Reception,
                "/reception",
                "Scans",
                signed_in.may(Role::Reception),
            ),
            (
                Section::Quality,
                "/quality",
                "Quality",
                signed_in.may(Role::Clerk),
            ),
        ];
        let links = all
            .into_iter()
            .filter(|(.., allowed)| *allowed)
            .map(|(of, href, text, _)| MenuLink {
                href,
                text,
                here: of == section,
            })
            .collect();
        let person = Person {
            display_name: signed_in.account.display_name.clone(),
            csrf: signed_in.csrf.clone(),
            links,
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
pub(super) fn date_time(at: chrono::DateTime<chrono::Utc>) -> String {
    at.with_timezone(&chrono::Local)
        .format("%-d %B %Y, %H:%M")
        .to_string()
}

/// `27 March 2026`.
pub(super) fn date(date: chrono::NaiveDate) -> String {
    date.format("%-d %B %Y").to_string()
}
