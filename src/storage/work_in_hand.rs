//! How much work waits, how old it is, and where it comes from.

use chrono::{DateTime, Utc};

use super::centres::Scope;
use super::{Database, Result};

/// Everything that is not finished at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkInHand {
    /// Forms waiting for a clerk.
    pub waiting: i64,
    /// When the first page of the oldest of them arrived.
    pub oldest: Option<DateTime<Utc>>,
    /// Forms waiting by age.
    pub by_age: Ages,
    /// Forms somebody is working on right now; part of those that wait.
    pub in_hand: i64,
    /// Forms with a page missing.
    pub incomplete: i64,
    /// Forms set aside.
    pub set_aside: i64,
    /// Files not read yet.
    pub unread: i64,
    /// When the oldest of them arrived.
    pub oldest_unread: Option<DateTime<Utc>>,
    /// Files from which no form came and that nobody has dealt with.
    pub exceptions: i64,
    /// Forms by centre.
    pub centres: Vec<CentreWork>,
}

/// Numbers of forms by how long they have waited.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ages {
    /// Less than a day.
    pub today: i64,
    /// One to three days.
    pub three_days: i64,
    /// Three to seven days.
    pub week: i64,
    /// Longer.
    pub longer: i64,
}

/// One centre's share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CentreWork {
    /// Code of the centre; nothing where it is not known.
    pub centre: Option<String>,
    /// Forms waiting for a clerk.
    pub waiting: i64,
    /// When the first page of the oldest of them arrived.
    pub oldest: Option<DateTime<Utc>>,
    /// Forms with a page missing.
    pub incomplete: i64,
    /// Forms settled since the time asked about.
    pub settled: i64,
}

/// The work of `scope` at `now`; settled forms are counted from `since` on.
pub async fn work_in_hand(
    database: &Database,
    scope: &Scope,
    now: DateTime<Utc>,
    since: DateTime<Utc>,
) -> Result<WorkInHand> {
    let forms = sqlx::query!(
        r#"SELECT count(*) FILTER (WHERE state = 'in_review') AS "waiting!",
                  min(received_at) FILTER (WHERE state = 'in_review') AS oldest,
                  count(*) FILTER (WHERE state = 'in_review' AND received_at > $1::timestamptz - interval '1 day') AS "today!",
                  count(*) FILTER (WHERE state = 'in_review' AND received_at <= $1 - interval '1 day'
                                   AND received_at > $1 - interval '3 days') AS "three_days!",
                  count(*) FILTER (WHERE state = 'in_review' AND received_at <= $1 - interval '3 days'
                                   AND received_at > $1 - interval '7 days') AS "week!",
                  count(*) FILTER (WHERE state = 'in_review' AND received_at <= $1 - interval '7 days') AS "longer!",
                  count(*) FILTER (WHERE state = 'incomplete') AS "incomplete!",
                  count(*) FILTER (WHERE state = 'set_aside') AS "set_aside!",
                  count(*) FILTER (WHERE EXISTS (SELECT FROM review_claim c
                                                 WHERE c.form_id = form.id AND c.lease_until > $1)) AS "in_hand!"
           FROM form
           WHERE state <> 'settled' AND ($2::text[] IS NULL OR centre = ANY($2) OR centre IS NULL AND $3)"#,
        now,
        scope.centres.as_deref(),
        scope.unknown
    )
    .fetch_one(database.pool())
    .await?;
    let files = sqlx::query!(
        r#"SELECT count(*) FILTER (WHERE state IN ('received', 'reading')) AS "unread!",
                  min(received_at) FILTER (WHERE state IN ('received', 'reading')) AS oldest_unread,
                  count(*) FILTER (WHERE state IN ('exception', 'quarantined')) AS "exceptions!"
           FROM document
           WHERE (state IN ('received', 'reading') OR state IN ('exception', 'quarantined') AND dismissed_at IS NULL)
             AND ($1::text[] IS NULL OR centre = ANY($1) OR centre IS NULL AND $2)"#,
        scope.centres.as_deref(),
        scope.unknown
    )
    .fetch_one(database.pool())
    .await?;
    Ok(WorkInHand {
        waiting: forms.waiting,
        oldest: forms.oldest,
        by_age: Ages {
            today: forms.today,
            three_days: forms.three_days,
            week: forms.week,
            longer: forms.longer,
        },
        in_hand: forms.in_hand,
        incomplete: forms.incomplete,
        set_aside: forms.set_aside,
        unread: files.unread,
        oldest_unread: files.oldest_unread,
        exceptions: files.exceptions,
        centres: centres(database, scope, since).await?,
    })
}

async fn centres(
    database: &Database,
    scope: &Scope,
    since: DateTime<Utc>,
) -> Result<Vec<CentreWork>> {
    Ok(sqlx::query_as!(
        CentreWork,
        r#"SELECT centre,
                  count(*) FILTER (WHERE state = 'in_review') AS "waiting!",
                  min(received_at) FILTER (WHERE state = 'in_review') AS oldest,
                  count(*) FILTER (WHERE state = 'incomplete') AS "incomplete!",
                  count(*) FILTER (WHERE state = 'settled') AS "settled!"
           FROM form
           WHERE (state IN ('in_review', 'incomplete') OR state = 'settled' AND settled_at >= $1)
             AND ($2::text[] IS NULL OR centre = ANY($2) OR centre IS NULL AND $3)
           GROUP BY 1 ORDER BY 2 DESC, 1"#,
        since,
        scope.centres.as_deref(),
        scope.unknown
    )
    .fetch_all(database.pool())
    .await?)
}
