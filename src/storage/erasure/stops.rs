//! What keeps a family's records from being erased or used.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::super::audit::{self, Act, Actor};
use super::super::{Database, Result};

/// What is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopKind {
    /// Erasing.
    Hold,
    /// Using; the record is only kept: UK GDPR Article 18.
    Restriction,
    /// Using, until somebody has decided about the objection: Article 21.
    Objection,
}

impl StopKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Hold, Self::Restriction, Self::Objection];

    /// The name in the database and on pages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Restriction => "restriction",
            Self::Objection => "objection",
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Why it may be placed: names and words.
    pub fn reasons(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Hold => &[
                ("safeguarding", "Needed to keep a child safe"),
                ("legal_claim", "Needed for a legal claim"),
                ("inquiry", "Needed for an inquiry or inspection"),
                ("request", "A request of the family is being answered"),
            ],
            Self::Restriction => &[
                ("accuracy", "The family says that it is not right"),
                (
                    "unlawful",
                    "It may not be used, and the family wants it kept",
                ),
                ("claim", "The family needs it for a legal claim"),
            ],
            Self::Objection => &[("objection", "The family objects to its use")],
        }
    }
}

/// A stop in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// `hold`, `restriction` or `objection`.
    pub kind: String,
    /// One of [`StopKind::reasons`].
    pub reason: String,
    /// Since when.
    pub placed_at: DateTime<Utc>,
    /// Who placed it.
    pub placed_by: String,
}

/// The stops in force for a family.
pub async fn of_household(database: &Database, household: Uuid) -> Result<Vec<Stop>> {
    Ok(sqlx::query_as!(
        Stop,
        "SELECT s.kind, s.reason, s.placed_at, a.display_name AS placed_by
         FROM record_stop s JOIN account a ON a.id = s.placed_by
         WHERE s.household_id = $1 AND s.lifted_at IS NULL ORDER BY s.kind",
        household
    )
    .fetch_all(database.pool())
    .await?)
}

/// Places a stop; nothing changes where it is in force.
pub async fn place(
    database: &Database,
    household: Uuid,
    kind: StopKind,
    reason: &str,
    by: Uuid,
    at: DateTime<Utc>,
) -> Result<()> {
    let mut transaction = database.begin().await?;
    let placed = sqlx::query!(
        "INSERT INTO record_stop (id, household_id, kind, reason, placed_at, placed_by)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (household_id, kind) WHERE lifted_at IS NULL DO NOTHING",
        Uuid::now_v7(),
        household,
        kind.as_str(),
        reason,
        at,
        by
    )
    .execute(&mut *transaction)
    .await?;
    if placed.rows_affected() > 0 {
        let act = Act::new("placed_stop", "household", household);
        audit::record_part(&mut *transaction, Actor::Account(by), act, kind.as_str()).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// Lifts a stop; nothing changes where none is in force.
pub async fn lift(
    database: &Database,
    household: Uuid,
    kind: StopKind,
    by: Uuid,
    at: DateTime<Utc>,
) -> Result<()> {
    let mut transaction = database.begin().await?;
    let lifted = sqlx::query!(
        "UPDATE record_stop SET lifted_at = $3, lifted_by = $4
         WHERE household_id = $1 AND kind = $2 AND lifted_at IS NULL",
        household,
        kind.as_str(),
        at,
        by
    )
    .execute(&mut *transaction)
    .await?;
    if lifted.rows_affected() > 0 {
        let act = Act::new("lifted_stop", "household", household);
        audit::record_part(&mut *transaction, Actor::Account(by), act, kind.as_str()).await?;
    }
    transaction.commit().await?;
    Ok(())
}
