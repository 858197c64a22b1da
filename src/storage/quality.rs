//! How well machine and people do: counts for the quality page, of the forms of somebody's centres. Answers are not
//! among them.

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::centres::Scope;
use super::{Database, Result};

/// Whose figures are asked for.
#[derive(Debug, Clone, Copy)]
pub enum Of<'a> {
    /// One person's own, wherever they work.
    Account(Uuid),
    /// Those of everybody who works for these centres, over forms of these centres.
    Scope(&'a Scope),
}

impl Of<'_> {
    /// The account, the centres (none means all) and whether forms of unknown centre count.
    fn parts(&self) -> (Option<Uuid>, Option<&[String]>, bool) {
        match self {
            Self::Account(account) => (Some(*account), None, true),
            Self::Scope(scope) => (None, scope.centres.as_deref(), scope.unknown),
        }
    }
}

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

/// Fields of forms in `scope` checked since `since`, by kind and source.
pub async fn checked(
    database: &Database,
    scope: &Scope,
    since: DateTime<Utc>,
) -> Result<Vec<Checked>> {
    let rows = sqlx::query_as!(
        Checked,
        r#"SELECT t.kind, CASE WHEN t.first_by IS NULL THEN 'machine' ELSE 'clerk' END AS "source!",
                  CASE t.purpose WHEN 'qa' THEN 'sample' ELSE 'double' END AS "check!",
                  count(*) FILTER (WHERE t.state <> 'differs') AS "cases!",
                  count(*) FILTER (WHERE t.state = 'decided' AND t.taken <> 'first') AS "wrong!",
                  count(*) FILTER (WHERE t.state = 'differs') AS "undecided!"
           FROM keying_task t JOIN form f ON f.id = t.form_id
           WHERE t.state IN ('agreed', 'decided', 'differs') AND COALESCE(t.third_at, t.second_at) >= $1
             AND ($2::text[] IS NULL OR f.centre = ANY($2) OR f.centre IS NULL AND $3)
           GROUP BY 1, 2, 3 ORDER BY 3 DESC, 2 DESC, 1"#,
        since,
        scope.centres.as_deref(),
        scope.unknown
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

/// Figures of clerks since `since`: of one, or of all of whom something is known and who work for the centres.
pub async fn clerks(
    database: &Database,
    of: Of<'_>,
    since: DateTime<Utc>,
) -> Result<Vec<ClerkFigures>> {
    let (only, centres, unknown) = of.parts();
    let rows = sqlx::query_as!(
        ClerkFigures,
        r#"SELECT a.id AS account_id, a.display_name AS name, COALESCE(c.cases, 0) AS "cases!",
                  COALESCE(c.wrong, 0) AS "wrong!", COALESCE(k.timed, 0) AS "timed!", k.seconds
           FROM account a
           LEFT JOIN (SELECT t.first_by, count(*) AS cases,
                             count(*) FILTER (WHERE t.state = 'decided' AND t.taken <> 'first') AS wrong
                      FROM keying_task t JOIN form f ON f.id = t.form_id
                      WHERE t.state IN ('agreed', 'decided') AND COALESCE(t.third_at, t.second_at) >= $1
                        AND ($3::text[] IS NULL OR f.centre = ANY($3) OR f.centre IS NULL AND $4)
                      GROUP BY t.first_by) c ON c.first_by = a.id
           LEFT JOIN (SELECT k.account_id, count(*) AS timed,
                             percentile_cont(0.5) WITHIN GROUP (ORDER BY k.seconds) AS seconds
                      FROM keying_time k JOIN form f ON f.id = k.form_id
                      WHERE k.at >= $1 AND ($3::text[] IS NULL OR f.centre = ANY($3) OR f.centre IS NULL AND $4)
                      GROUP BY k.account_id) k ON k.account_id = a.id
           WHERE (a.id = $2 OR $2::uuid IS NULL AND (c.cases IS NOT NULL OR k.timed IS NOT NULL))
             AND ($3::text[] IS NULL OR NOT EXISTS (SELECT FROM account_centre w WHERE w.account_id = a.id)
                  OR EXISTS (SELECT FROM account_centre w WHERE w.account_id = a.id AND w.centre = ANY($3)))
           ORDER BY a.display_name, a.id"#,
        since,
        only,
        centres,
        unknown
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
    /// `confirm`: the value was shown and stayed. `correct`: it was shown and another was put in its place. `blind`: it
    /// was not shown. `second`: keyed again.
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

/// Times and errors since `since` by kind and mode.
pub async fn modes(
    database: &Database,
    of: Of<'_>,
    since: DateTime<Utc>,
) -> Result<Vec<ModeFigures>> {
    let (only, centres, unknown) = of.parts();
    let rows = sqlx::query_as!(
        ModeFigures,
        r#"SELECT k.kind, k.mode AS "mode!", k.timed AS "timed!", k.seconds AS "seconds!", k.changed AS "changed!",
                  COALESCE(c.cases, 0) AS "cases!", COALESCE(c.wrong, 0) AS "wrong!"
           FROM (SELECT k.kind, CASE WHEN k.mode = 'confirm' AND k.changed THEN 'correct' ELSE k.mode END AS mode,
                        count(*) AS timed, count(*) FILTER (WHERE k.changed) AS changed,
                        percentile_cont(0.5) WITHIN GROUP (ORDER BY k.seconds) AS seconds
                 FROM keying_time k JOIN form f ON f.id = k.form_id
                 WHERE k.at >= $1 AND ($2::uuid IS NULL OR k.account_id = $2)
                   AND ($3::text[] IS NULL OR f.centre = ANY($3) OR f.centre IS NULL AND $4)
                 GROUP BY 1, 2) k
           LEFT JOIN (SELECT t.kind, CASE WHEN t.mode = 'confirm' AND x.settled_value IS DISTINCT FROM x.value
                                          THEN 'correct' ELSE t.mode END AS mode,
                             count(*) AS cases,
                             count(*) FILTER (WHERE t.state = 'decided' AND t.taken <> 'first') AS wrong
                      FROM keying_task t JOIN form f ON f.id = t.form_id
                      JOIN field x ON x.form_id = t.form_id AND x.name = t.name
                      WHERE t.purpose = 'qa' AND t.state IN ('agreed', 'decided')
                        AND COALESCE(t.third_at, t.second_at) >= $1 AND ($2::uuid IS NULL OR t.first_by = $2)
                        AND ($3::text[] IS NULL OR f.centre = ANY($3) OR f.centre IS NULL AND $4)
                      GROUP BY 1, 2) c ON c.kind = k.kind AND c.mode = k.mode
           ORDER BY k.kind, k.mode"#,
        since,
        only,
        centres,
        unknown
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
    scope: &Scope,
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
           WHERE f.state = 'settled' AND f.settled_at >= $1
             AND ($2::text[] IS NULL OR f.centre = ANY($2) OR f.centre IS NULL AND $3)"#,
        since,
        scope.centres.as_deref(),
        scope.unknown
    )
    .fetch_one(database.pool())
    .await?;
    Ok(figures)
}
