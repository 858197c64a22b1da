//! What changed lately, for whoever watches scans go through.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

use super::{Database, Result};

/// How far back every look goes again: a row's time is taken before its transaction commits.
const OVERLAP: Duration = Duration::seconds(30);

/// Whether a change is of a file or of a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// A file.
    Document,
    /// A form: the page set of one family.
    Form,
}

/// A document or form in a state it was not in at the last look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// When it came into that state.
    pub at: DateTime<Utc>,
    /// What changed.
    pub subject: Subject,
    /// Its id.
    pub id: Uuid,
    /// What to call it: the object's key, or the form's reference.
    pub name: String,
    /// For a form: the keys of the files its pages came from.
    pub files: Vec<String>,
    /// The new state, as in the database: `received`, `in_review` ...
    pub state: String,
    /// Why, where there is a reason.
    pub reason: Option<String>,
}

/// Looks for changes and reports each of them once. States that came and went between two looks are not seen.
#[derive(Debug)]
pub struct Watcher {
    database: Database,
    since: DateTime<Utc>,
    reported: HashMap<Uuid, (String, DateTime<Utc>)>,
}

impl Watcher {
    /// Reports what changes after `since`.
    pub fn new(database: Database, since: DateTime<Utc>) -> Self {
        Self {
            database,
            since,
            reported: HashMap::new(),
        }
    }

    /// The changes since the last look, oldest first.
    pub async fn changes(&mut self) -> Result<Vec<Change>> {
        let rows = sqlx::query!(
            r#"SELECT changed_at AS "at!", false AS "is_form!", id AS "id!", object_key AS "name!",
                      '{}'::text[] AS "files!", state AS "state!", reason
               FROM document WHERE changed_at >= $1
               UNION ALL
               SELECT changed_at, true, id, reference,
                      ARRAY(SELECT DISTINCT d.object_key FROM page p JOIN document d ON d.id = p.document_id
                            WHERE p.form_id = form.id AND p.outcome = 'in_form' ORDER BY d.object_key),
                      state, reason
               FROM form WHERE changed_at >= $1
               ORDER BY 1, 2"#,
            self.since
        )
        .fetch_all(self.database.pool())
        .await?;
        let mut changes = Vec::new();
        for row in rows {
            let state = (row.state, row.at);
            if self.reported.get(&row.id) == Some(&state) {
                continue;
            }
            self.reported.insert(row.id, state.clone());
            self.since = self.since.max(row.at - OVERLAP);
            changes.push(Change {
                at: row.at,
                subject: if row.is_form {
                    Subject::Form
                } else {
                    Subject::Document
                },
                id: row.id,
                name: row.name,
                files: row.files,
                state: state.0,
                reason: row.reason,
            });
        }
        // What is older than the overlap is not looked at again.
        self.reported.retain(|_, (_, at)| *at >= self.since);
        Ok(changes)
    }
}
