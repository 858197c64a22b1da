//! Proof that nobody changed the audit trail.
//!
//! Each entry has a link in `audit_link` whose hash covers the entry and the hash before; migration 0006 says exactly
//! how, and the database makes the links. Here they are checked by independent code. A change, and a removal from the
//! middle, breaks the chain. A removal at the end does not: it shows against a head that was noted elsewhere.

use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Database, Result};

/// A hash of the chain.
pub type Hash = [u8; 32];

/// The end of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Entries in the chain.
    pub entries: i64,
    /// Hash of the last one; zeros for an empty chain.
    pub hash: Hash,
}

/// What is wrong with the trail.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// The content of an entry is not what was chained.
    #[error(
        "entry {id} (position {position}) is not what was written: it, or the entry before it, was changed"
    )]
    Changed {
        /// Position in the chain.
        position: i64,
        /// Id of the entry.
        id: i64,
    },
    /// An entry of the chain is gone.
    #[error("the entry at position {position} is gone")]
    Missing {
        /// Position in the chain.
        position: i64,
    },
    /// An entry is there that the chain does not know.
    #[error("entry {id} is not in the chain: it was put in past the database's own rules")]
    Unchained {
        /// Id of the entry.
        id: i64,
    },
    /// The noted head is nowhere in the chain.
    #[error(
        "the noted head is not in the chain: entries were taken from its end, or all of it was written anew"
    )]
    HeadGone,
}

/// An entry as it goes into the hash.
struct Content<'a> {
    position: i64,
    id: i64,
    at: DateTime<Utc>,
    actor_kind: &'a str,
    actor_id: Option<Uuid>,
    action: &'a str,
    subject: &'a str,
    subject_id: Option<Uuid>,
    part: Option<&'a str>,
}

impl Content<'_> {
    fn hash(&self, before: &Hash) -> Hash {
        let mut hash = Sha256::new_with_prefix(before);
        let mut add = |part: Option<&str>| match part {
            Some(text) => {
                hash.update(text.len().to_string());
                hash.update(":");
                hash.update(text);
                hash.update(",");
            }
            None => hash.update("-,"),
        };
        add(Some(&self.position.to_string()));
        add(Some(&self.id.to_string()));
        add(Some(&self.at.timestamp_micros().to_string()));
        add(Some(self.actor_kind));
        add(self.actor_id.map(|id| id.to_string()).as_deref());
        add(Some(self.action));
        add(Some(self.subject));
        add(self.subject_id.map(|id| id.to_string()).as_deref());
        add(self.part);
        hash.finalize().into()
    }
}

/// Walks the whole chain. `noted` is a head that somebody wrote down earlier. The outer error is the database's.
pub async fn verify(database: &Database, noted: Option<&Hash>) -> Result<Result<Head, Broken>> {
    let mut transaction = database.begin().await?;
    // One look at both tables, whatever is written meanwhile.
    sqlx::query!("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .execute(&mut *transaction)
        .await?;
    let mut head = Head {
        entries: 0,
        hash: [0; 32],
    };
    let mut found = noted.is_none_or(|noted| *noted == head.hash);
    {
        let mut links = sqlx::query!(
            r#"SELECT l.position, l.hash, e.id AS "id?", e.at AS "at?", e.actor_kind AS "actor_kind?", e.actor_id,
                      e.action AS "action?", e.subject AS "subject?", e.subject_id, e.part
               FROM audit_link l LEFT JOIN audit_entry e ON e.id = l.entry_id ORDER BY l.position"#
        )
        .fetch(&mut *transaction);
        while let Some(link) = links.try_next().await? {
            let position = head.entries + 1;
            let (Some(id), Some(at), Some(actor_kind), Some(action), Some(subject)) = (
                link.id,
                link.at,
                link.actor_kind.as_deref(),
                link.action.as_deref(),
                link.subject.as_deref(),
            ) else {
                return Ok(Err(Broken::Missing { position }));
            };
            if link.position != position {
                return Ok(Err(Broken::Missing { position }));
            }
            let content = Content {
                position,
                id,
                at,
                actor_kind,
                actor_id: link.actor_id,
                action,
                subject,
                subject_id: link.subject_id,
                part: link.part.as_deref(),
            };
            let hash = content.hash(&head.hash);
            if link.hash != hash {
                return Ok(Err(Broken::Changed { position, id }));
            }
            found |= noted == Some(&hash);
            head = Head {
                entries: position,
                hash,
            };
        }
    }
    let unchained = sqlx::query_scalar!(
        "SELECT id FROM audit_entry e WHERE NOT EXISTS (SELECT FROM audit_link l WHERE l.entry_id = e.id)
         ORDER BY id LIMIT 1"
    )
    .fetch_optional(&mut *transaction)
    .await?;
    Ok(match unchained {
        Some(id) => Err(Broken::Unchained { id }),
        None if !found => Err(Broken::HeadGone),
        None => Ok(head),
    })
}

/// The end of the chain as the database has it, to be noted elsewhere.
pub async fn head(database: &Database) -> Result<Head> {
    let last = sqlx::query!("SELECT position, hash FROM audit_link ORDER BY position DESC LIMIT 1")
        .fetch_optional(database.pool())
        .await?;
    Ok(match last {
        Some(last) => Head {
            entries: last.position,
            hash: last.hash.try_into().unwrap_or([0; 32]),
        },
        None => Head {
            entries: 0,
            hash: [0; 32],
        },
    })
}
