//! Everything that the people of a household ever said of their consents, with what proves it.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::super::{Database, Result};

/// An answer on a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenAnswer {
    /// Who answered.
    pub person: Uuid,
    /// Purpose or channel.
    pub purpose: String,
    /// `yes`, `no`, `not_answered` or `unreadable`.
    pub answer: String,
    /// What the person was told.
    pub wording: String,
    /// Version of the wording and of the privacy notice.
    pub wording_version: String,
    /// Date on the form.
    pub signed_on: Option<NaiveDate>,
    /// When it was taken down.
    pub captured_at: DateTime<Utc>,
    /// Who confirmed it.
    pub confirmed_by: Option<String>,
    /// The form with its reference and definition.
    pub form_id: Option<Uuid>,
    /// What people quote.
    pub reference: Option<String>,
    /// Definition of the form.
    pub definition_id: Option<String>,
    /// Its version.
    pub definition_version: Option<i32>,
    /// Whether it is the answer that the one in force stands on.
    pub stands: bool,
}

/// A consent taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenBack {
    /// Who took it back.
    pub person: Uuid,
    /// Purpose or channel.
    pub purpose: String,
    /// From which day.
    pub withdrawn_on: NaiveDate,
    /// How they said so: `phone`, `link` ...
    pub how: String,
    /// When it was noted.
    pub noted_at: DateTime<Utc>,
    /// The person or the system that noted it; nobody where the family did so itself.
    pub noted_by: Option<String>,
    /// When it was found to be a mistake of staff.
    pub undone_at: Option<DateTime<Utc>>,
    /// By whom.
    pub undone_by: Option<String>,
}

/// Every answer on every form of the household's people, newest first.
pub async fn answers(database: &Database, household: Uuid) -> Result<Vec<GivenAnswer>> {
    let answers = sqlx::query_as!(
        GivenAnswer,
        r#"SELECT person_in_use(c.service_user_id) AS "person!", c.purpose, c.answer, c.wording, c.wording_version,
                  c.signed_on, c.captured_at, a.display_name AS "confirmed_by?", c.form_id, f.reference AS "reference?",
                  f.definition_id AS "definition_id?", f.definition_version AS "definition_version?",
                  s.consent_id IS NOT NULL AS "stands!"
           FROM consent c
           LEFT JOIN account a ON a.id = c.confirmed_by
           LEFT JOIN form f ON f.id = c.form_id
           LEFT JOIN standing_consents($1) s ON s.consent_id = c.id
           WHERE person_in_use(c.service_user_id) IN (SELECT service_user_id FROM standing_consents($1))
           ORDER BY c.captured_at DESC, c.id DESC"#,
        household
    )
    .fetch_all(database.pool())
    .await?;
    Ok(answers)
}

/// Every consent that the household's people took back, newest first.
pub async fn taken_back(database: &Database, household: Uuid) -> Result<Vec<TakenBack>> {
    let taken_back = sqlx::query_as!(
        TakenBack,
        r#"SELECT person_in_use(w.service_user_id) AS "person!", w.purpose, w.withdrawn_on, w.how, w.noted_at,
                  COALESCE(a.display_name, r.name) AS noted_by, w.undone_at, u.display_name AS "undone_by?"
           FROM consent_withdrawal w
           LEFT JOIN account a ON a.id = w.noted_by
           LEFT JOIN recipient r ON r.id = w.recipient_id
           LEFT JOIN account u ON u.id = w.undone_by
           WHERE person_in_use(w.service_user_id) IN (SELECT service_user_id FROM standing_consents($1))
           ORDER BY w.noted_at DESC, w.id DESC"#,
        household
    )
    .fetch_all(database.pool())
    .await?;
    Ok(taken_back)
}
