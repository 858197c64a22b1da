//! What is due by the retention rules.

use chrono::{DateTime, Local, NaiveDate, Utc};
use uuid::Uuid;

use super::super::{Database, Result};
use super::Subject;
use crate::domain::retention::{Due, Retention};

/// A family whose time is over, as long as no plan names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueFamily {
    /// The household.
    pub id: Uuid,
    /// Reference of its newest form.
    pub reference: String,
    /// The day its newest form was signed, else came.
    pub last_form: NaiveDate,
    /// Whether somebody placed a hold on it.
    pub held: bool,
    /// Whether its address is protected.
    pub protected: bool,
}

/// Everything that is due and that no unfinished plan names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueRecords {
    /// The rule for families as of today.
    pub rule: Due,
    /// Families, those on hold among them.
    pub families: Vec<DueFamily>,
    /// Scans without a record.
    pub scans: Vec<Subject>,
    /// Lists of people to write to.
    pub lists: Vec<Subject>,
}

/// A kind of record: how long it is kept, and how many are due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueKind {
    /// What it is, in words.
    pub kind: &'static str,
    /// Its rule, in words.
    pub rule: String,
    /// How many are due, those on hold among them.
    pub due: usize,
    /// How many of those are on hold.
    pub held: usize,
}

impl DueRecords {
    /// How many are due of every kind of record.
    pub fn kinds(&self, rules: &Retention) -> [DueKind; 3] {
        let row = |kind, rule, due, held| DueKind {
            kind,
            rule,
            due,
            held,
        };
        let (scans, lists) = (rules.scans_in_words(), rules.lists_in_words());
        [
            row(
                "Families",
                rules.in_words(),
                self.families.len(),
                self.held(),
            ),
            row("Scans without a record", scans, self.scans.len(), 0),
            row("Who was on a contact list", lists, self.lists.len(), 0),
        ]
    }

    /// How many of the families are on hold.
    pub fn held(&self) -> usize {
        self.families.iter().filter(|f| f.held).count()
    }

    /// What can be proposed: everything but families on hold.
    pub fn subjects(&self) -> Vec<Subject> {
        let families = self.families.iter().filter(|f| !f.held);
        let families = families.map(|f| Subject::Household(f.id));
        families
            .chain(self.scans.iter().copied())
            .chain(self.lists.iter().copied())
            .collect()
    }
}

/// What is due by `rules`, of every kind of record.
pub async fn records(
    database: &Database,
    rules: &Retention,
    now: DateTime<Utc>,
) -> Result<DueRecords> {
    let rule = rules.due(now.with_timezone(&Local).date_naive());
    Ok(DueRecords {
        rule,
        families: families(database, rule).await?,
        scans: match rules.scans_before(now) {
            Some(before) => scans(database, before).await?,
            None => vec![],
        },
        lists: match rules.lists_before(now) {
            Some(before) => lists(database, before).await?,
            None => vec![],
        },
    })
}

/// The families that are due and that no unfinished plan names, those on hold among them.
pub async fn families(database: &Database, due: Due) -> Result<Vec<DueFamily>> {
    let (rule, until) = match due {
        Due::NotBefore(_) | Due::Undecided(_) => return Ok(vec![]),
        Due::RegisteredUntil(day) => ("registered", day),
        Due::YoungestBornUntil(day) => ("born", day),
        Due::SignedUntil(day) => ("signed", day),
    };
    Ok(sqlx::query_as!(
        DueFamily,
        r#"SELECT h.id, last.reference AS "reference!", last.as_of AS "last_form!", h.address_protected AS protected,
                  EXISTS (SELECT FROM record_stop s WHERE s.household_id = h.id AND s.kind = 'hold'
                          AND s.lifted_at IS NULL) AS "held!"
           FROM household h
           CROSS JOIN LATERAL (
               SELECT f.reference, r.as_of, r.registered_at FROM registration r JOIN form f ON f.id = r.form_id
               WHERE r.household_id = h.id ORDER BY r.as_of DESC, r.registered_at DESC LIMIT 1) last
           WHERE CASE $1
                   WHEN 'registered' THEN last.registered_at::date <= $2
                   WHEN 'signed' THEN last.as_of <= $2
                   ELSE COALESCE((SELECT max(s.date_of_birth) FROM household_member m
                                  JOIN service_user s ON s.id = m.service_user_id AND s.kind = 'child'
                                  WHERE m.household_id = h.id), last.as_of) <= $2
                 END
             AND NOT EXISTS (SELECT FROM erasure e JOIN erasure_plan p ON p.id = e.plan_id
                             WHERE e.subject_id = h.id AND e.state = 'planned' AND p.decision IS DISTINCT FROM 'refused')
           ORDER BY last.as_of, last.reference"#,
        rule,
        until
    )
    .fetch_all(database.pool())
    .await?)
}

/// Scans that no record was made of, that need nobody any more and that came in before `before`: copies of others, files
/// that somebody dealt with, and forms set aside.
pub async fn scans(database: &Database, before: DateTime<Utc>) -> Result<Vec<Subject>> {
    let ids = sqlx::query_scalar!(
        "SELECT d.id FROM document d
         WHERE d.received_at < $1 AND d.state NOT IN ('received', 'reading')
           -- Copies go with what they are copies of.
           AND NOT EXISTS (SELECT FROM document o WHERE o.sha256 = d.sha256 AND o.id <> d.id AND (o.received_at, o.id) < (d.received_at, d.id))
           AND CASE WHEN d.state IN ('exception', 'quarantined') THEN d.dismissed_at IS NOT NULL
                    ELSE NOT EXISTS (SELECT FROM page p WHERE p.document_id = d.id AND p.outcome = 'in_form'
                                     AND p.form_id NOT IN (SELECT id FROM form WHERE state = 'set_aside'))
                         AND EXISTS (SELECT FROM page p WHERE p.document_id = d.id) END
           AND NOT EXISTS (SELECT FROM page p JOIN form f ON f.id = p.form_id
                           WHERE p.document_id = d.id AND f.state <> 'set_aside')
           AND NOT EXISTS (SELECT FROM document c JOIN page p ON p.document_id = c.id JOIN form f ON f.id = p.form_id
                           WHERE c.sha256 = d.sha256 AND f.state <> 'set_aside')
           AND NOT EXISTS (SELECT FROM erasure e JOIN erasure_plan p ON p.id = e.plan_id
                           WHERE e.subject_id = d.id AND e.state = 'planned' AND p.decision IS DISTINCT FROM 'refused')
         ORDER BY d.received_at, d.id",
        before
    )
    .fetch_all(database.pool())
    .await?;
    Ok(ids.into_iter().map(Subject::Document).collect())
}

/// Lists of people to write to that were made before `before` and of which it is still known who was on them. A hold on the
/// family of one of them keeps the list.
pub async fn lists(database: &Database, before: DateTime<Utc>) -> Result<Vec<Subject>> {
    let ids = sqlx::query_scalar!(
        "SELECT l.id FROM contact_list l
         WHERE l.made_at < $1
           AND EXISTS (SELECT FROM contact_list_person p WHERE p.list_id = l.id)
           AND NOT EXISTS (SELECT FROM contact_list_person p
                           JOIN household_member m ON m.service_user_id = person_in_use(p.service_user_id)
                           JOIN record_stop s ON s.household_id = m.household_id
                           WHERE p.list_id = l.id AND s.kind = 'hold' AND s.lifted_at IS NULL)
           AND NOT EXISTS (SELECT FROM erasure e JOIN erasure_plan p ON p.id = e.plan_id
                           WHERE e.subject_id = l.id AND e.state = 'planned' AND p.decision IS DISTINCT FROM 'refused')
         ORDER BY l.made_at, l.id",
        before
    )
    .fetch_all(database.pool())
    .await?;
    Ok(ids.into_iter().map(Subject::ContactList).collect())
}
