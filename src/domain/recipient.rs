//! Who is given records of families, and on which terms.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::recipient_fields::FieldGroup;

/// Code of an organisation that is not in the list.
pub const OTHER: &str = "other";

/// Why a recipient may be given personal data. UK GDPR Article 6, in the words people use.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum Basis {
    /// The council's own task, or the recipient's.
    PublicTask,
    /// A law says that it has to be given.
    LegalDuty,
    /// To keep a child safe. Somebody answers for it by name.
    Safeguarding,
    /// To save a life.
    VitalInterests,
    /// The family agreed to its data being shared.
    Consent,
    /// The family asked for the service; agreeing to sharing is how.
    Requested,
}

impl Basis {
    /// Every basis.
    pub const ALL: [Self; 6] = [
        Self::PublicTask,
        Self::LegalDuty,
        Self::Safeguarding,
        Self::VitalInterests,
        Self::Consent,
        Self::Requested,
    ];

    /// The name in the database and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PublicTask => "public_task",
            Self::LegalDuty => "legal_duty",
            Self::Safeguarding => "safeguarding",
            Self::VitalInterests => "vital_interests",
            Self::Consent => "consent",
            Self::Requested => "requested",
        }
    }

    /// The name people use.
    pub const fn title(self) -> &'static str {
        match self {
            Self::PublicTask => "Public task",
            Self::LegalDuty => "Legal duty",
            Self::Safeguarding => "Safeguarding of children",
            Self::VitalInterests => "Vital interests",
            Self::Consent => "Explicit consent",
            Self::Requested => "A service the family asked for",
        }
    }

    /// The basis of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|basis| basis.as_str() == name)
    }

    /// Whether only families are given that said yes to sharing.
    pub const fn needs_agreement(self) -> bool {
        matches!(self, Self::Consent | Self::Requested)
    }
}

/// An organisation that the privacy statement names.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Organisation {
    /// Name in the database.
    pub code: String,
    /// Name people use.
    pub name: String,
    /// Whether it is part of the council.
    pub inside: bool,
}

/// The organisations of one version of the list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Organisations {
    /// Version; changes with every change.
    pub version: i32,
    /// The organisations, those inside the council first.
    #[serde(rename = "organisation")]
    pub all: Vec<Organisation>,
}

static ORGANISATIONS: LazyLock<Organisations> = LazyLock::new(|| {
    toml::from_str(include_str!("organisations.toml")).expect("the list is checked by a test")
});

impl Organisations {
    /// The list in use.
    pub fn current() -> &'static Self {
        &ORGANISATIONS
    }

    /// The organisation of that code.
    pub fn find(&self, code: &str) -> Option<&Organisation> {
        self.all.iter().find(|o| o.code == code)
    }
}

/// What was agreed with a recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Code of the organisation, or [`OTHER`].
    pub organisation: String,
    /// What people call the system or team that reads.
    pub name: String,
    /// How to reach whoever looks after it.
    pub contact: String,
    /// What for, in words that a family understands.
    pub purpose: String,
    /// Why that is lawful.
    pub basis: Basis,
    /// Whoever answers for it; safeguarding needs one.
    pub responsible: Option<String>,
    /// What its tokens open.
    pub scopes: Vec<String>,
    /// Which parts of records it is given.
    pub field_groups: BTreeSet<FieldGroup>,
    /// Codes of the centres whose families it is given; none means all.
    pub centres: Vec<String>,
    /// Whether events are put into a queue of its own.
    pub has_queue: bool,
    /// Last day on which it is given anything.
    pub valid_until: NaiveDate,
}

/// Something that is wrong with terms: the field, and what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TermsProblem {
    /// Name of the field.
    pub field: &'static str,
    /// What to do, in plain words.
    pub text: &'static str,
}

/// Longest agreement, in years: somebody has to look at it again.
const MOST_YEARS: u32 = 3;

impl Terms {
    /// What has to be put right before a recipient may be registered on `today`.
    pub fn problems(&self, today: NaiveDate) -> Vec<TermsProblem> {
        let mut problems = Vec::new();
        let mut must = |holds: bool, field, text| {
            if !holds {
                problems.push(TermsProblem { field, text });
            }
        };
        let said = |text: &str| (2..=500).contains(&text.trim().chars().count());
        let known = Organisations::current().find(&self.organisation).is_some();
        must(
            known || self.organisation == OTHER,
            "organisation",
            "Select an organisation",
        );
        must(
            said(&self.name),
            "name",
            "Enter the name of the system or team that reads",
        );
        must(
            said(&self.contact),
            "contact",
            "Enter how to reach whoever looks after it",
        );
        must(
            self.purpose.trim().chars().count() >= 10 && said(&self.purpose),
            "purpose",
            "Enter what the data is for, in words that a family understands",
        );
        let named = self
            .responsible
            .as_deref()
            .is_some_and(|name| said(name) && name.trim().contains(' '));
        must(
            named || self.basis != Basis::Safeguarding,
            "responsible",
            "Enter the first name and surname of the person who answers for sharing to safeguard children",
        );
        must(
            !self.scopes.is_empty(),
            "scopes",
            "Select what its tokens open",
        );
        must(
            !self.field_groups.is_empty(),
            "field_groups",
            "Select at least one part of the record",
        );
        let latest = today
            .checked_add_months(chrono::Months::new(12 * MOST_YEARS))
            .unwrap_or(today);
        must(
            self.valid_until >= today && self.valid_until <= latest,
            "valid_until",
            "Enter a day from today to three years from now",
        );
        problems
    }

    /// The name people use for the organisation.
    pub fn organisation_name(&self) -> &str {
        let known = Organisations::current().find(&self.organisation);
        known.map_or("Another organisation", |o| o.name.as_str())
    }

    /// Whether it is given `group`.
    pub fn gives(&self, group: FieldGroup) -> bool {
        self.field_groups.contains(&group)
    }
}

#[cfg(test)]
#[path = "recipient_tests.rs"]
pub(crate) mod tests;
