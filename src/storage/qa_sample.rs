//! Draws fields of a new record to be keyed again blind, with a chance that is stored.
//!
//! How often follows from what has to be proved: see [`crate::domain::sampling`]. Article 9 fields are left out, for
//! nobody needs to look at them once more for a statistic; so are blanks that no person looked at, and fields that two
//! people have keyed already.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Result;
use super::form_fields::from_name;
use super::second_keying::sample_begins;
use super::settlement::SettlementContext;
use crate::domain::field::FieldKind;
use crate::domain::keying::presentation;
use crate::domain::sampling::{Drawn, Limits, share};

/// Where randomness comes from: a number from 0 up to 1 for each field.
pub type Chance<'a> = &'a (dyn Fn() -> f64 + Send + Sync);

/// Draws among the settled fields of a form. `form_by` settled it.
pub(super) async fn draw(
    connection: &mut PgConnection,
    context: &SettlementContext<'_>,
    form_id: Uuid,
    form_by: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<()> {
    let rules = context.keying;
    if rules.qa_share_most <= 0.0 {
        return Ok(());
    }
    give_up_old(connection, sample_begins(rules, now), now).await?;
    let known = known(connection, sample_begins(rules, now)).await?;
    let fields = sqlx::query!(
        "SELECT name, kind, confidence, settled_by FROM field f
         WHERE form_id = $1 AND NOT special AND (settled_by IS NOT NULL OR state = 'accepted')
           AND NOT EXISTS (SELECT FROM keying_task t WHERE t.form_id = f.form_id AND t.name = f.name
                           AND t.purpose = 'double' AND t.state IN ('agreed', 'decided'))
         ORDER BY name",
        form_id
    )
    .fetch_all(&mut *connection)
    .await?;
    for field in fields {
        let Some(defined) = context.definition.field(&field.name) else {
            continue;
        };
        let kind: FieldKind = from_name(&field.kind)?;
        let by_clerk = field.settled_by.is_some();
        let group = known
            .iter()
            .find(|(k, clerk, _)| *k == kind && *clerk == by_clerk);
        let limits = Limits {
            floor: if by_clerk {
                rules.qa_share_clerk
            } else {
                rules.qa_share_machine
            },
            most: rules.qa_share_most,
        };
        let known = group.map(|(_, _, known)| *known).unwrap_or_default();
        let chance = share(defined.rules.target_error, known, limits);
        if (context.chance)() >= chance {
            continue;
        }
        let mode = by_clerk.then(|| presentation(kind, field.confidence, rules).as_str());
        sqlx::query!(
            "INSERT INTO keying_task (id, form_id, name, kind, purpose, state, first_by, form_by, mode, chance, created_at)
             VALUES ($1, $2, $3, $4, 'qa', 'open', $5, $6, $7, $8, $9)",
            Uuid::new_v4(),
            form_id,
            field.name,
            field.kind,
            field.settled_by,
            form_by,
            mode,
            chance,
            now
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// What the sample of the period says of each kind of field, from the machine (false) and from clerks (true).
async fn known(
    connection: &mut PgConnection,
    since: DateTime<Utc>,
) -> Result<Vec<(FieldKind, bool, Drawn)>> {
    let rows = sqlx::query!(
        r#"SELECT kind, first_by IS NOT NULL AS "by_clerk!", count(*) AS "drawn!",
                  count(*) FILTER (WHERE state = 'decided' AND taken <> 'first') AS "wrong!",
                  sum(1 / chance) AS "settled!"
           FROM keying_task WHERE purpose = 'qa' AND state <> 'withdrawn' AND created_at > $1
           GROUP BY kind, first_by IS NOT NULL"#,
        since
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let drawn = Drawn {
                drawn: u64::try_from(row.drawn).unwrap_or_default(),
                wrong: u64::try_from(row.wrong).unwrap_or_default(),
                settled: row.settled,
            };
            Ok((from_name(&row.kind)?, row.by_clerk, drawn))
        })
        .collect()
}

/// Withdraws fields that nobody keyed in time, but for those that somebody else is just withdrawing. What the reader was sure of them goes too, for nobody will judge it.
async fn give_up_old(
    connection: &mut PgConnection,
    before: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "WITH old AS (
             UPDATE keying_task SET state = 'withdrawn', lease_holder = NULL, lease_until = NULL, version = version + 1
             WHERE id IN (SELECT id FROM keying_task
                          WHERE purpose = 'qa' AND state = 'open' AND created_at <= $1
                            AND (lease_until IS NULL OR lease_until <= $2)
                          FOR UPDATE SKIP LOCKED)
             RETURNING form_id, name)
         DELETE FROM field_signals s USING old WHERE s.form_id = old.form_id AND s.name = old.name",
        before,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}
