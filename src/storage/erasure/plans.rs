//! What somebody proposes to erase, and what somebody else says of it.

use chrono::{DateTime, Utc};
use serde_json::Value as Json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::super::audit::{self, Act, Actor};
use super::super::sealing::Sealer;
use super::super::{Database, Result, StorageError, outbox, suppression};
use super::extent::{self, Extent, Obstacle};
use super::{Subject, Task, missing};
use crate::domain::contact_list::Channel;
use crate::messaging::cloud_event::retention_due;

/// Why something is to be erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Its time is over.
    Retention,
    /// The family asks for it.
    Request,
}

impl Reason {
    /// The name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Retention => "retention",
            Self::Request => "request",
        }
    }
}

/// What somebody proposes to erase.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// Why.
    pub reason: Reason,
    /// The rule or the ground, in words without personal data.
    pub rule: String,
    /// What.
    pub subjects: Vec<Subject>,
    /// The account.
    pub by: Uuid,
    /// Now.
    pub at: DateTime<Utc>,
}

/// Notes a proposal, but for what another one names that is not finished. What is due is announced. Returns its id;
/// nothing when there is nothing left to propose.
pub async fn propose(
    database: &Database,
    public_url: &str,
    proposal: &Proposal,
) -> Result<Option<Uuid>> {
    let mut transaction = database.begin().await?;
    // Two people who propose the same at the same moment propose it once.
    sqlx::query!("LOCK TABLE erasure_plan IN SHARE ROW EXCLUSIVE MODE")
        .execute(&mut *transaction)
        .await?;
    let ids: Vec<Uuid> = proposal.subjects.iter().map(|s| s.id()).collect();
    let taken = sqlx::query_scalar!(
        "SELECT e.subject_id FROM erasure e JOIN erasure_plan p ON p.id = e.plan_id
         WHERE e.subject_id = ANY ($1) AND (e.state = 'erased'
             OR e.state = 'planned' AND p.decision IS DISTINCT FROM 'refused')",
        &ids
    )
    .fetch_all(&mut *transaction)
    .await?;
    let subjects: Vec<Subject> = proposal
        .subjects
        .iter()
        .filter(|s| !taken.contains(&s.id()))
        .copied()
        .collect();
    if subjects.is_empty() {
        return Ok(None);
    }
    let id = Uuid::now_v7();
    sqlx::query!(
        "INSERT INTO erasure_plan (id, reason, rule, proposed_at, proposed_by) VALUES ($1, $2, $3, $4, $5)",
        id,
        proposal.reason.as_str(),
        proposal.rule,
        proposal.at,
        proposal.by
    )
    .execute(&mut *transaction)
    .await?;
    for subject in subjects {
        sqlx::query!(
            "INSERT INTO erasure (plan_id, kind, subject_id, state) VALUES ($1, $2, $3, 'planned')",
            id,
            subject.kind(),
            subject.id()
        )
        .execute(&mut *transaction)
        .await?;
        if let (Reason::Retention, Subject::Household(household)) = (proposal.reason, subject) {
            let event = retention_due(Uuid::now_v7(), proposal.at, public_url, household);
            outbox::insert(&mut transaction, &event).await?;
        }
        let act = Act::new("proposed_erasure", subject.kind(), subject.id());
        audit::record(&mut *transaction, Actor::Account(proposal.by), act).await?;
    }
    transaction.commit().await?;
    Ok(Some(id))
}

/// Whether a plan that is not finished names it.
pub async fn is_proposed(database: &Database, subject: Uuid) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM erasure e JOIN erasure_plan p ON p.id = e.plan_id
               WHERE e.subject_id = $1 AND e.state = 'planned' AND p.decision IS DISTINCT FROM 'refused') AS "proposed!""#,
        subject
    )
    .fetch_one(database.pool())
    .await?)
}

/// Why a plan was not decided.
#[derive(Debug, thiserror::Error)]
pub enum DecisionError {
    /// Whoever proposed it does not agree to it too.
    #[error("somebody else has to agree")]
    SamePerson,
    /// Somebody decided before.
    #[error("it was decided before")]
    Decided,
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<sqlx::Error> for DecisionError {
    fn from(error: sqlx::Error) -> Self {
        Self::Storage(error.into())
    }
}

/// Notes what somebody says of a plan. Whoever proposed it may take it back, and not agree to it. A family that asked to be
/// erased is not written to again by a form of before: no contact list holds its addresses from now on.
///
/// # Errors
/// See [`DecisionError`].
pub async fn decide(
    database: &Database,
    sealer: &Sealer,
    plan: Uuid,
    by: Uuid,
    agrees: bool,
    at: DateTime<Utc>,
) -> Result<(), DecisionError> {
    let mut transaction = database.begin().await?;
    let found = sqlx::query!(
        "SELECT proposed_by, decision, reason FROM erasure_plan WHERE id = $1 FOR UPDATE",
        plan
    )
    .fetch_optional(&mut *transaction)
    .await?
    .ok_or_else(|| missing("plan"))?;
    if found.decision.is_some() {
        return Err(DecisionError::Decided);
    }
    if agrees && found.proposed_by == by {
        return Err(DecisionError::SamePerson);
    }
    if agrees && found.reason == Reason::Request.as_str() {
        let people = sqlx::query_scalar!(
            "SELECT m.service_user_id FROM erasure e JOIN household_member m ON m.household_id = e.subject_id
             WHERE e.plan_id = $1",
            plan
        )
        .fetch_all(&mut *transaction)
        .await?;
        for (person, channel) in people
            .into_iter()
            .flat_map(|p| Channel::ALL.map(|c| (p, c.purpose())))
        {
            suppression::add_person(&mut transaction, sealer, person, channel, at.date_naive())
                .await?;
        }
    }
    let decision = if agrees { "approved" } else { "refused" };
    sqlx::query!(
        "UPDATE erasure_plan SET decision = $2, decided_by = $3, decided_at = $4 WHERE id = $1",
        plan,
        decision,
        by,
        at
    )
    .execute(&mut *transaction)
    .await?;
    let action = if agrees {
        "approved_erasure"
    } else {
        "refused_erasure"
    };
    audit::record(
        &mut *transaction,
        Actor::Account(by),
        Act::new(action, "erasure_plan", plan),
    )
    .await?;
    transaction.commit().await?;
    Ok(())
}

/// What is agreed to and not done, the oldest first.
pub async fn to_do(database: &Database, limit: i64) -> Result<Vec<Task>> {
    let rows = sqlx::query!(
        r#"SELECT p.id, e.kind, e.subject_id, p.proposed_at, p.decided_by AS "decided_by!"
           FROM erasure_plan p JOIN erasure e ON e.plan_id = p.id
           WHERE p.decision = 'approved' AND p.finished_at IS NULL AND e.state = 'planned'
           ORDER BY p.decided_at, e.subject_id LIMIT $1"#,
        limit
    )
    .fetch_all(database.pool())
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Task {
            plan: r.id,
            subject: Subject::stored(&r.kind, r.subject_id),
            proposed_at: r.proposed_at,
            decided_by: r.decided_by,
        })
        .collect())
}

/// Closes the plans of which nothing is left to do, files included. Returns how many.
pub async fn finish(database: &Database, now: DateTime<Utc>) -> Result<u64> {
    let finished = sqlx::query!(
        "UPDATE erasure_plan p SET finished_at = $1 WHERE decision = 'approved' AND finished_at IS NULL
         AND NOT EXISTS (SELECT FROM erasure e WHERE e.plan_id = p.id AND e.state = 'planned')
         AND NOT EXISTS (SELECT FROM erasure_object o WHERE o.plan_id = p.id)",
        now
    )
    .execute(database.pool())
    .await?;
    Ok(finished.rows_affected())
}

/// Notes that something is not erased, and why.
pub(super) async fn keep(connection: &mut PgConnection, task: &Task, because: &str) -> Result<()> {
    sqlx::query!(
        "UPDATE erasure SET state = 'kept', kept_because = $3 WHERE plan_id = $1 AND subject_id = $2 AND state = 'planned'",
        task.plan,
        task.subject.id(),
        because
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A plan.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Id.
    pub id: Uuid,
    /// `retention` or `request`.
    pub reason: String,
    /// The rule or the ground.
    pub rule: String,
    /// When it was proposed.
    pub proposed_at: DateTime<Utc>,
    /// By whom.
    pub proposed_by: Uuid,
    /// Their name.
    pub proposer: String,
    /// `approved` or `refused`.
    pub decision: Option<String>,
    /// When.
    pub decided_at: Option<DateTime<Utc>>,
    /// Name of whoever decided.
    pub decider: Option<String>,
    /// When nothing was left to do.
    pub finished_at: Option<DateTime<Utc>>,
    /// What it names.
    pub subjects: i64,
    /// Of these, what is erased.
    pub erased: i64,
    /// Of these, what was kept because something stood in the way.
    pub kept: i64,
    /// Files that are still to be removed.
    pub files_left: i64,
}

/// The newest plans.
pub async fn list(database: &Database, limit: i64) -> Result<Vec<Plan>> {
    read(database, None, limit).await
}

/// One plan.
pub async fn find(database: &Database, id: Uuid) -> Result<Option<Plan>> {
    Ok(read(database, Some(id), 1).await?.pop())
}

async fn read(database: &Database, id: Option<Uuid>, limit: i64) -> Result<Vec<Plan>> {
    Ok(sqlx::query_as!(
        Plan,
        r#"SELECT p.id, p.reason, p.rule, p.proposed_at, p.proposed_by, a.display_name AS proposer, p.decision,
                  p.decided_at, d.display_name AS "decider?", p.finished_at,
                  (SELECT count(*) FROM erasure e WHERE e.plan_id = p.id) AS "subjects!",
                  (SELECT count(*) FROM erasure e WHERE e.plan_id = p.id AND e.state = 'erased') AS "erased!",
                  (SELECT count(*) FROM erasure e WHERE e.plan_id = p.id AND e.state = 'kept') AS "kept!",
                  (SELECT count(*) FROM erasure_object o WHERE o.plan_id = p.id) AS "files_left!"
           FROM erasure_plan p JOIN account a ON a.id = p.proposed_by LEFT JOIN account d ON d.id = p.decided_by
           WHERE $1::uuid IS NULL OR p.id = $1 ORDER BY p.proposed_at DESC, p.id DESC LIMIT $2"#,
        id,
        limit
    )
    .fetch_all(database.pool())
    .await?)
}

/// What a plan names, and what became of it.
#[derive(Debug, Clone)]
pub struct Named {
    /// What.
    pub subject: Subject,
    /// Reference of the family's newest form, while it is there.
    pub reference: Option<String>,
    /// When the list was made, and what it is about.
    pub list: Option<(DateTime<Utc>, String)>,
    /// Whether its address is protected.
    pub protected: bool,
    /// `planned`, `kept` or `erased`.
    pub state: String,
    /// Why it was kept.
    pub kept_because: Option<String>,
    /// When it was erased.
    pub erased_at: Option<DateTime<Utc>>,
    /// What was removed.
    pub removed: Option<Json>,
    /// Files that are still to be removed.
    pub files_left: i64,
}

/// What `plan` names.
pub async fn planned(database: &Database, plan: Uuid) -> Result<Vec<Named>> {
    let rows = sqlx::query!(
        r#"SELECT e.kind, e.subject_id, e.state, e.kept_because, e.erased_at, e.removed,
                  COALESCE(h.address_protected, false) AS "protected!",
                  (SELECT f.reference FROM registration r JOIN form f ON f.id = r.form_id
                   WHERE r.household_id = e.subject_id ORDER BY r.registered_at DESC LIMIT 1) AS reference,
                  l.made_at AS "made_at?", l.about AS "about?",
                  (SELECT count(*) FROM erasure_object o
                   WHERE o.plan_id = e.plan_id AND o.subject_id = e.subject_id) AS "files_left!"
           FROM erasure e LEFT JOIN household h ON h.id = e.subject_id LEFT JOIN contact_list l ON l.id = e.subject_id
           WHERE e.plan_id = $1 ORDER BY reference, e.subject_id"#,
        plan
    )
    .fetch_all(database.pool())
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Named {
            subject: Subject::stored(&r.kind, r.subject_id),
            reference: r.reference,
            list: r.made_at.zip(r.about),
            protected: r.protected,
            state: r.state,
            kept_because: r.kept_because,
            erased_at: r.erased_at,
            removed: r.removed,
            files_left: r.files_left,
        })
        .collect())
}

/// What would go with `subject`, and what stands in the way, as of `proposed_at`.
pub async fn look(
    database: &Database,
    subject: Subject,
    proposed_at: DateTime<Utc>,
) -> Result<(Extent, Vec<Obstacle>)> {
    let mut transaction = database.begin().await?;
    let extent = extent::of(&mut transaction, subject).await?;
    let obstacles = extent::obstacles(&mut transaction, subject, &extent, proposed_at).await?;
    Ok((extent, obstacles))
}
