//! Where everything that came in has ended: the sum that must add up.
//!
//! A scan is one form, or one file from which no form could be made. Files with the same bytes and pages that were
//! scanned again are counted beside the sum.

use serde::Serialize;

use super::{Database, Result};
use crate::messaging::cloud_event::{CONTACT_CREATED, CONTACT_UPDATED};

/// Counts over everything that ever came in. `scans = records + in_review + exceptions + quarantined`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Forms, and finished files from which no form came.
    pub scans: i64,
    /// Settled forms.
    pub records: i64,
    /// Forms waiting for a clerk, for a second one, or for somebody to say who on it is on record already.
    pub in_review: i64,
    /// Forms that are incomplete or set aside, and files that a person has to look at.
    pub exceptions: i64,
    /// Files that are dangerous, undecodable or could not be processed.
    pub quarantined: i64,
    /// Files whose pages had all come in before, and single pages of other files that had.
    pub duplicates: i64,
    /// Published `contact.created` events.
    pub events: i64,
    /// Published `contact.updated` events.
    pub updates: i64,
    /// Files still on their way, and forms of which pages are being read again; not part of the sum.
    pub in_progress: i64,
    /// Messages not yet published, events among them.
    pub unpublished: i64,
}

impl Summary {
    /// Whether every scan is in exactly one place.
    pub fn adds_up(&self) -> bool {
        self.scans == self.records + self.in_review + self.exceptions + self.quarantined
    }
}

impl std::fmt::Display for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "scans {} = records {} + in review {} + exceptions {} + quarantined {}; duplicates {}; events {} created, {} updated",
            self.scans,
            self.records,
            self.in_review,
            self.exceptions,
            self.quarantined,
            self.duplicates,
            self.events,
            self.updates
        )
    }
}

/// Counts. The left side of the sum is counted from pages, the right side from states, so that it can be wrong.
pub async fn summary(database: &Database) -> Result<Summary> {
    Ok(sqlx::query_as!(
        Summary,
        r#"SELECT
             (SELECT count(*) FROM form)
               + (SELECT count(*) FROM document d
                  WHERE d.finished_at IS NOT NULL AND d.duplicate_of IS NULL
                    AND NOT EXISTS (SELECT FROM page p WHERE p.document_id = d.id AND p.outcome = 'in_form'))
               AS "scans!",
             (SELECT count(*) FROM form WHERE state = 'settled') AS "records!",
             (SELECT count(*) FROM form WHERE state IN ('in_review', 'second_keying', 'matching')) AS "in_review!",
             (SELECT count(*) FROM form WHERE state IN ('incomplete', 'set_aside'))
               + (SELECT count(*) FROM document WHERE state = 'exception') AS "exceptions!",
             (SELECT count(*) FROM document WHERE state = 'quarantined') AS "quarantined!",
             (SELECT count(*) FROM document WHERE state = 'duplicate')
               + (SELECT count(*) FROM page p JOIN document d ON d.id = p.document_id
                  WHERE p.outcome = 'duplicate' AND d.state <> 'duplicate') AS "duplicates!",
             (SELECT count(*) FROM outbox WHERE message_type = $1 AND published_at IS NOT NULL) AS "events!",
             (SELECT count(*) FROM outbox WHERE message_type = $2 AND published_at IS NOT NULL) AS "updates!",
             (SELECT count(*) FROM document WHERE state IN ('received', 'reading'))
               + (SELECT count(*) FROM form_reading) AS "in_progress!",
             (SELECT count(*) FROM outbox WHERE published_at IS NULL) AS "unpublished!""#,
        CONTACT_CREATED,
        CONTACT_UPDATED
    )
    .fetch_one(database.pool())
    .await?)
}
