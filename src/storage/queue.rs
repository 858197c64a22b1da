//! Which form comes next: the urgent ones first, then the oldest, never one that a colleague has.

use chrono::Utc;
use uuid::Uuid;

use super::centres::Scope;
use super::review::{CLAIM, Holder};
use super::{Database, Result};

/// Tries to claim a form before a busy queue counts as empty for the moment.
const TRIES: u32 = 20;

/// A form in the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedForm {
    /// Id.
    pub id: Uuid,
    /// What people quote.
    pub reference: String,
    /// When its first page arrived.
    pub received_at: chrono::DateTime<Utc>,
    /// Pages it has.
    pub pages: i64,
    /// Fields that a person has to look at.
    pub to_look_at: i64,
    /// Fields that somebody has dealt with already.
    pub drafts: i64,
    /// Why it comes before older ones.
    pub priority_reason: Option<String>,
    /// The centre it belongs to, where that is known.
    pub centre: Option<String>,
    /// Why a clerk handed it to the supervisors.
    pub referred_reason: Option<String>,
    /// Who has it.
    pub holder: Option<Holder>,
}

/// Which part of the queue is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part<'a> {
    /// What the person may see.
    pub scope: &'a Scope,
    /// Only forms of this centre.
    pub centre: Option<&'a str>,
    /// Forms handed to the supervisors instead of those that wait for a clerk.
    pub referred: bool,
}

/// Forms waiting for somebody, in the order in which they are handed out, at most `limit`.
pub async fn waiting(database: &Database, part: Part<'_>, limit: i64) -> Result<Vec<QueuedForm>> {
    let rows = sqlx::query!(
        r#"SELECT f.id, f.reference, f.received_at, f.priority_reason, f.centre, f.referred_reason,
                  (SELECT count(*) FROM page p WHERE p.form_id = f.id AND p.outcome = 'in_form') AS "pages!",
                  (SELECT count(*) FROM field x WHERE x.form_id = f.id AND x.settled_as IS NULL
                       AND x.state IN ('review', 'unreadable')) AS "to_look_at!",
                  (SELECT count(*) FROM field_draft d WHERE d.form_id = f.id AND d.confirmed) AS "drafts!",
                  c.account_id AS "account_id?", a.display_name AS "display_name?", c.lease_until AS "lease_until?"
           FROM form f
           LEFT JOIN review_claim c ON c.form_id = f.id AND c.lease_until > $1
           LEFT JOIN account a ON a.id = c.account_id
           WHERE f.state = 'in_review' AND (f.referred_at IS NOT NULL) = $3 AND ($4::text IS NULL OR f.centre = $4)
             AND ($5::text[] IS NULL OR f.centre = ANY($5) OR f.centre IS NULL AND $6)
           ORDER BY f.priority DESC, f.received_at, f.id LIMIT $2"#,
        Utc::now(),
        limit,
        part.referred,
        part.centre,
        part.scope.centres.as_deref(),
        part.scope.unknown
    )
    .fetch_all(database.pool())
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| QueuedForm {
            id: r.id,
            reference: r.reference,
            received_at: r.received_at,
            pages: r.pages,
            to_look_at: r.to_look_at,
            drafts: r.drafts,
            priority_reason: r.priority_reason,
            centre: r.centre,
            referred_reason: r.referred_reason,
            holder: match (r.account_id, r.display_name, r.lease_until) {
                (Some(account_id), Some(display_name), Some(lease_until)) => Some(Holder {
                    account_id,
                    display_name,
                    lease_until,
                }),
                _ => None,
            },
        })
        .collect())
}

/// Claims the next form for `account`: one that it has already, else the first that nobody has. Two clerks never get
/// the same, however close together they ask.
pub async fn next(
    database: &Database,
    scope: &Scope,
    account: Uuid,
    centre: Option<&str>,
) -> Result<Option<Uuid>> {
    if let Some(form) = begun(database, scope, account, centre).await? {
        return Ok(Some(form));
    }
    for _ in 0..TRIES {
        let now = Utc::now();
        // A form that somebody is claiming at this moment is locked and left out. One that was claimed between this
        // statement's snapshot and its lock is refused by the claim's own condition; then it is tried again.
        let row = sqlx::query!(
            r#"WITH next AS (
                   SELECT f.id FROM form f
                   WHERE f.state = 'in_review' AND f.referred_at IS NULL AND ($2::text IS NULL OR f.centre = $2)
                     AND ($5::text[] IS NULL OR f.centre = ANY($5) OR f.centre IS NULL AND $6)
                     AND NOT EXISTS (SELECT 1 FROM review_claim c
                                     WHERE c.form_id = f.id AND c.lease_until > $3 AND c.account_id <> $1)
                   ORDER BY f.priority DESC, f.received_at, f.id
                   LIMIT 1 FOR UPDATE OF f SKIP LOCKED),
               claimed AS (
                   INSERT INTO review_claim (form_id, account_id, lease_until) SELECT id, $1, $4 FROM next
                   ON CONFLICT (form_id) DO UPDATE
                   SET account_id = excluded.account_id, lease_until = excluded.lease_until
                   WHERE review_claim.account_id = excluded.account_id OR review_claim.lease_until <= $3
                   RETURNING form_id)
               SELECT (SELECT id FROM next) AS found, (SELECT form_id FROM claimed) AS claimed"#,
            account,
            centre,
            now,
            now + CLAIM,
            scope.centres.as_deref(),
            scope.unknown
        )
        .fetch_one(database.pool())
        .await?;
        match (row.found, row.claimed) {
            (_, Some(form)) => return Ok(Some(form)),
            (None, None) => return Ok(None),
            (Some(_), None) => {}
        }
    }
    Ok(None)
}

/// A form that the account has already, with its claim renewed.
async fn begun(
    database: &Database,
    scope: &Scope,
    account: Uuid,
    centre: Option<&str>,
) -> Result<Option<Uuid>> {
    let now = Utc::now();
    let form = sqlx::query_scalar!(
        "UPDATE review_claim SET lease_until = $4 WHERE account_id = $1 AND lease_until > $3 AND form_id =
             (SELECT f.id FROM review_claim c JOIN form f ON f.id = c.form_id
              WHERE c.account_id = $1 AND c.lease_until > $3 AND f.state = 'in_review' AND f.referred_at IS NULL
                AND ($2::text IS NULL OR f.centre = $2) AND ($5::text[] IS NULL OR f.centre = ANY($5) OR f.centre IS NULL AND $6)
              ORDER BY f.priority DESC, f.received_at, f.id LIMIT 1)
         RETURNING form_id",
        account,
        centre,
        now,
        now + CLAIM,
        scope.centres.as_deref(),
        scope.unknown
    )
    .fetch_optional(database.pool())
    .await?;
    Ok(form)
}

/// The centres of `scope` that have forms waiting.
pub async fn centres(database: &Database, scope: &Scope) -> Result<Vec<String>> {
    let centres = sqlx::query_scalar!(
        r#"SELECT DISTINCT centre AS "centre!" FROM form
           WHERE state = 'in_review' AND centre IS NOT NULL AND ($1::text[] IS NULL OR centre = ANY($1)) ORDER BY 1"#,
        scope.centres.as_deref()
    )
    .fetch_all(database.pool())
    .await?;
    Ok(centres)
}

/// How much work there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Work {
    /// Forms that wait for a clerk.
    pub waiting: i64,
    /// Those of them that nobody has.
    pub free: i64,
    /// Those of them that come first.
    pub urgent: i64,
    /// Forms handed to the supervisors.
    pub referred: i64,
}

/// Counts the queue of `scope`.
pub async fn work(database: &Database, scope: &Scope) -> Result<Work> {
    let work = sqlx::query_as!(
        Work,
        r#"SELECT count(*) FILTER (WHERE f.referred_at IS NULL) AS "waiting!",
                  count(*) FILTER (WHERE f.referred_at IS NULL AND c.form_id IS NULL) AS "free!",
                  count(*) FILTER (WHERE f.referred_at IS NULL AND f.priority > 0) AS "urgent!",
                  count(*) FILTER (WHERE f.referred_at IS NOT NULL) AS "referred!"
           FROM form f LEFT JOIN review_claim c ON c.form_id = f.id AND c.lease_until > $1
           WHERE f.state = 'in_review' AND ($2::text[] IS NULL OR f.centre = ANY($2) OR f.centre IS NULL AND $3)"#,
        Utc::now(),
        scope.centres.as_deref(),
        scope.unknown
    )
    .fetch_one(database.pool())
    .await?;
    Ok(work)
}

/// Why a form comes before older ones, inside the caller's transaction.
pub(super) async fn set_urgency(
    connection: &mut sqlx::PgConnection,
    form_id: Uuid,
    urgency: Option<crate::domain::urgency::Urgency>,
) -> Result<()> {
    sqlx::query!(
        "UPDATE form SET priority = $2, priority_reason = $3 WHERE id = $1",
        form_id,
        urgency.map_or(0, |u| u.rank()),
        urgency.map(|u| u.reason())
    )
    .execute(connection)
    .await?;
    Ok(())
}
