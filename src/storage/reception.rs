//! What reception sees: each scan and what became of its pages.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::centres::Scope;
use super::{Database, Result};

/// A file that arrived, with everything that came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Scan {
    /// Id of the document.
    pub id: Uuid,
    /// Name in the store.
    pub object_key: String,
    /// When it arrived.
    pub received_at: DateTime<Utc>,
    /// `received`, `reading`, `read`, `exception`, `quarantined` or `duplicate`.
    pub state: String,
    /// What is wrong and what to do, in plain words.
    pub reason: Option<String>,
    /// Size in bytes.
    pub size_bytes: i64,
    /// Number of pages, once they have been counted.
    pub page_count: Option<i32>,
    /// When the file that this one repeats arrived.
    pub repeats: Option<DateTime<Utc>>,
    /// Forms that pages of this file belong to.
    pub forms: Vec<ScanForm>,
    /// Pages in the order of the file.
    pub pages: Vec<ScanPage>,
}

/// A form that was found in a scan.
#[derive(Debug, Clone, PartialEq)]
pub struct ScanForm {
    /// Id.
    pub id: Uuid,
    /// What people quote.
    pub reference: String,
    /// `incomplete`, `in_review`, `second_keying`, `settled` or `set_aside`.
    pub state: String,
    /// What is missing.
    pub reason: Option<String>,
    /// Printed set number, without which no page of it can be printed again.
    pub set_number: Option<String>,
}

/// One page of a scan.
#[derive(Debug, Clone, PartialEq)]
pub struct ScanPage {
    /// Page of the file, from 1.
    pub number: i32,
    /// `in_form`, `blank`, `exception`, `quarantined` or `duplicate`.
    pub outcome: String,
    /// What is wrong.
    pub reason: Option<String>,
    /// Page of the form, from 1.
    pub form_page: Option<i32>,
    /// Reference of its form.
    pub reference: Option<String>,
}

/// The scans of `scope` that arrived last, newest first, at most `limit`, those before `before` where it is given.
pub async fn recent(
    database: &Database,
    scope: &Scope,
    before: Option<DateTime<Utc>>,
    limit: i64,
) -> Result<Vec<Scan>> {
    select(database, scope, None, before, limit).await
}

/// One scan, whatever its centre.
pub async fn scan(database: &Database, id: Uuid) -> Result<Option<Scan>> {
    Ok(select(database, &Scope::ALL, Some(id), None, 1)
        .await?
        .pop())
}

async fn select(
    database: &Database,
    scope: &Scope,
    id: Option<Uuid>,
    before: Option<DateTime<Utc>>,
    limit: i64,
) -> Result<Vec<Scan>> {
    let documents = sqlx::query!(
        r#"SELECT d.id, d.object_key, d.received_at, d.state, d.reason, d.size_bytes, d.page_count,
                  o.received_at AS "repeats?"
           FROM document d LEFT JOIN document o ON o.id = d.duplicate_of
           WHERE ($1::uuid IS NULL OR d.id = $1) AND ($2::timestamptz IS NULL OR d.received_at < $2)
             AND ($4::text[] IS NULL OR d.centre = ANY($4) OR d.centre IS NULL AND (
                 EXISTS (SELECT FROM page p JOIN form f ON f.id = p.form_id
                         WHERE p.document_id = d.id AND f.centre = ANY($4))
                 OR $5 AND NOT EXISTS (SELECT FROM page p JOIN form f ON f.id = p.form_id
                                       WHERE p.document_id = d.id AND f.centre IS NOT NULL)))
           ORDER BY d.received_at DESC, d.id DESC LIMIT $3"#,
        id,
        before,
        limit,
        scope.centres.as_deref(),
        scope.unknown
    )
    .fetch_all(database.pool())
    .await?;
    let mut scans: Vec<Scan> = documents
        .into_iter()
        .map(|d| Scan {
            id: d.id,
            object_key: d.object_key,
            received_at: d.received_at,
            state: d.state,
            reason: d.reason,
            size_bytes: d.size_bytes,
            page_count: d.page_count,
            repeats: d.repeats,
            forms: vec![],
            pages: vec![],
        })
        .collect();
    add_pages(database, &mut scans).await?;
    Ok(scans)
}

async fn add_pages(database: &Database, scans: &mut [Scan]) -> Result<()> {
    let ids: Vec<Uuid> = scans.iter().map(|s| s.id).collect();
    let pages = sqlx::query!(
        r#"SELECT p.document_id, p.number, p.outcome, p.reason, p.form_page, f.id AS "form_id?",
                  f.reference AS "reference?", f.state AS "form_state?", f.reason AS "form_reason?",
                  f.set_number AS "set_number?"
           FROM page p LEFT JOIN form f ON f.id = p.form_id
           WHERE p.document_id = ANY($1) ORDER BY p.document_id, p.number"#,
        &ids
    )
    .fetch_all(database.pool())
    .await?;
    for row in pages {
        let Some(scan) = scans.iter_mut().find(|s| s.id == row.document_id) else {
            continue;
        };
        if let (Some(id), Some(reference), Some(state)) =
            (row.form_id, row.reference.clone(), row.form_state)
            && row.outcome == "in_form"
            && scan.forms.iter().all(|f| f.id != id)
        {
            scan.forms.push(ScanForm {
                id,
                reference,
                state,
                reason: row.form_reason,
                set_number: row.set_number,
            });
        }
        scan.pages.push(ScanPage {
            number: row.number,
            outcome: row.outcome,
            reason: row.reason,
            form_page: row.form_page,
            reference: row.reference,
        });
    }
    Ok(())
}
