//! How well machine and people do: counts for the quality page. Answers are not among them.

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::{Database, Result};

/// Fields that were checked by a blind second keying, and how many of them were wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// Kind of field.
    pub kind: String,
    /// `machine` or `clerk`: who gave the answer that was checked.
    pub source: String,
    /// How it was checked: `sample` after the record was made, `double` before.
    pub check: String,
    /// Fields checked.
    pub cases: i64,
    /// Of these, wrong.
    pub wrong: i64,
    /// Fields that two people read differently and nobody has decided; not among the cases.
    pub undecided: i64,
}

/// Fields checked since `since`, by kind and source.
pub async fn checked(database: &Database, since: DateTime<Utc>) -> Result<Vec<Checked>> {
    let rows = sqlx::query_as!(
        Checked,
        r#"SELECT kind, CASE WHEN first_by IS NULL THEN 'machine' ELSE 'clerk' END AS "source!",
                  CASE purpose WHEN 'qa' THEN 'sample' ELSE 'double' END AS "check!",
                  count(*) FILTER (WHERE state <> 'differs') AS "cases!",
                  count(*) FILTER (WHERE state = 'decided' AND taken <> 'first') AS "wrong!",
                  count(*) FILTER (WHERE state = 'differs') AS "undecided!"
           FROM keying_task WHERE state IN ('agreed', 'decided', 'differs') AND COALESCE(third_at, second_at) >= $1
           GROUP BY 1, 2, 3 ORDER BY 3 DESC, 2 DESC, 1"#,
        since
    )
    .fetch_all(database.pool())
    .await?;
    Ok(rows)
}

/// What was checked of one clerk's answers, sample and double keying together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClerkFigures {
    /// Account.
    #[serde(skip)]
    pub account_id: Uuid,
    /// What colleagues see.
    pub name: String,
    /// Fields checked.
    pub cases: i64,
    /// Of these, wrong.
    pub wrong: i64,
    /// Fields timed.
    pub timed: i64,
    /// Median seconds for a field.
    pub seconds: Option<f64>,
}

/// Figures of clerks since `since`: of `only` one, or of all of whom something is known.
pub async fn clerks(
    database: &Database,
    since: DateTime<Utc>,
    only: Option<Uuid>,
) -> Result<Vec<ClerkFigures>> {
    let rows = sqlx::query_as!(
        ClerkFigures,
        r#"SELECT a.id AS account_id, a.display_name AS name, COALESCE(c.cases, 0) AS "cases!",
                  COALESCE(c.wrong, 0) AS "wrong!", COALESCE(k.timed, 0) AS "timed!", k.seconds
           FROM account a
           LEFT JOIN (SELECT first_by, count(*) AS cases,
                             count(*) FILTER (WHERE state = 'decided' AND taken <> 'first') AS wrong
                      FROM keying_task WHERE state IN ('agreed', 'decided') AND COALESCE(third_at, second_at) >= $1
                      GROUP BY first_by) c ON c.first_by = a.id
           LEFT JOIN (SELECT account_id, count(*) AS timed,
                             percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS seconds
                      FROM keying_time WHERE at >= $1 GROUP BY account_id) k ON k.account_id = a.id
           WHERE (a.id = $2 OR $2::uuid IS NULL AND (c.cases IS NOT NULL OR k.timed IS NOT NULL))
           ORDER BY a.display_name, a.id"#,
        since,
        only
    )
    .fetch_all(database.pool())
    .await?;
    Ok(rows)
}

/// How long a kind of field takes in one mode, and how often the sample found the answer wrong.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModeFigures {
    /// Kind of field.
    pub kind: String,
    /// `confirm`, `blind` or `second`.
    pub mode: String,
    /// Fields timed.
    pub timed: i64,
    /// Median seconds for a field.
    pub seconds: f64,
    /// Of the timed, those whose answer was another than the reader's.
    pub changed: i64,
    /// Fields of this kind and mode checked by the sample.
    pub cases: i64,
    /// Of these, wrong.
    pub wrong: i64,
}

/// Times and errors since `since` by kind and mode, of `only` one account or of all.
pub async fn modes(
    database: &Database,
    since: DateTime<Utc>,
    only: Option<Uuid>,
) -> Result<Vec<ModeFigures>> {
    let rows = sqlx::query_as!(
        ModeFigures,
        r#"SELECT k.kind, k.mode, k.timed AS "timed!", k.seconds AS "seconds!", k.changed AS "changed!",
                  COALESCE(c.cases, 0) AS "cases!", COALESCE(c.wrong, 0) AS "wrong!"
           FROM (SELECT kind, mode, count(*) AS timed, count(*) FILTER (WHERE changed) AS changed,
                        percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS seconds
                 FROM keying_time WHERE at >= $1 AND ($2::uuid IS NULL OR account_id = $2) GROUP BY kind, mode) k
           LEFT JOIN (SELECT kind, mode, count(*) AS cases,
                             count(*) FILTER (WHERE state = 'decided' AND taken <> 'first') AS wrong
                      FROM keying_task
                      WHERE purpose = 'qa' AND state IN ('agreed', 'decided') AND COALESCE(third_at, second_at) >= $1
                        AND ($2::uuid IS NULL OR first_by = $2)
                      GROUP BY kind, mode) c ON c.kind = k.kind AND c.mode = k.mode
           ORDER BY k.kind, k.mode"#,
        since,
        only
    )
    .fetch_all(database.pool())
    .await?;
    Ok(rows)
}

/// What passed without a person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct StraightThrough {
    /// Forms that became records.
    pub forms: i64,
    /// Of these, without a person.
    pub forms_untouched: i64,
    /// Fields of these forms with something in them.
    pub fields: i64,
    /// Of these, accepted without a person.
    pub fields_untouched: i64,
}

/// What became records since `since`, and how much of it without a person.
pub async fn straight_through(
    database: &Database,
    since: DateTime<Utc>,
) -> Result<StraightThrough> {
    let figures = sqlx::query_as!(
        StraightThrough,
        r#"SELECT count(DISTINCT f.id) AS "forms!",
                  count(DISTINCT f.id) - count(DISTINCT x.form_id) FILTER (WHERE x.settled_by IS NOT NULL)
                      AS "forms_untouched!",
                  count(x.name) FILTER (WHERE x.state <> 'blank' OR x.settled_by IS NOT NULL) AS "fields!",
                  count(x.name) FILTER (WHERE x.state = 'accepted' AND x.settled_by IS NULL) AS "fields_untouched!"
           FROM form f LEFT JOIN field x ON x.form_id = f.id
           WHERE f.state = 'settled' AND f.settled_at >= $1"#,
        since
    )
    .fetch_one(database.pool())
    .await?;
    Ok(figures)
}

/// Why fields went to a person, in the reader's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// The reason.
    pub reason: String,
    /// Fields of settled forms that had it.
    pub fields: i64,
    /// Of these, settled as something else than what was read. Article 9 fields count as not changed.
    pub changed: i64,
}

/// The `limit` most frequent reasons of forms settled since `since`.
pub async fn reasons(database: &Database, since: DateTime<Utc>, limit: i64) -> Result<Vec<Reason>> {
    let reasons = sqlx::query_as!(
        Reason,
        r#"SELECT r.reason AS "reason!", count(*) AS "fields!",
                  count(*) FILTER (WHERE NOT x.special AND x.settled_value IS DISTINCT FROM x.value) AS "changed!"
           FROM form f JOIN field x ON x.form_id = f.id CROSS JOIN LATERAL unnest(x.reasons) AS r (reason)
           WHERE f.state = 'settled' AND f.settled_at >= $1 AND x.settled_by IS NOT NULL
           GROUP BY r.reason ORDER BY count(*) DESC, r.reason LIMIT $2"#,
        since,
        limit
    )
    .fetch_all(database.pool())
    .await?;
    Ok(reasons)
}
