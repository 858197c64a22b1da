//! What belongs to a family, a scan or a list of people, and what stands in the way of erasing it.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::super::Result;
use super::Subject;

/// Everything that goes with a family, a scan or a list of people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extent {
    /// The family; nothing when a scan that no record was made of or a list is erased.
    pub household: Option<Uuid>,
    /// Everybody who is on record for this family only, with the records that were found to be the same person.
    pub people: Vec<Uuid>,
    /// Records of people who belong to another family too: they stay, without what this family's forms said.
    pub staying: Vec<Uuid>,
    /// Forms.
    pub forms: Vec<Uuid>,
    /// Files that hold pages of those forms, and every other copy of them.
    pub documents: Vec<Uuid>,
    /// Those of the files that hold pages of other forms too. Their other pages stay.
    pub shared: Vec<Uuid>,
    /// The list of people to write to, of which only the people go.
    pub list: Option<Uuid>,
}

/// Why something cannot be erased now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// There is no such family, scan or list (any more).
    Gone,
    /// Somebody placed a hold on the family, or on the family of somebody on the list.
    Hold,
    /// A form of the family, or one that may be of somebody in it, waits for a person.
    FormWaits(String),
    /// A file with pages of the family waits for a person.
    ScanWaits,
    /// What was proposed is not what is there: the family was told of again since.
    Newer(NaiveDate),
}

impl Obstacle {
    /// In words, with what to do.
    pub fn in_words(&self) -> String {
        match self {
            Self::Gone => "It is not there any more.".to_owned(),
            Self::Hold => "A hold was placed on it. Lift the hold first.".to_owned(),
            Self::FormWaits(reference) => {
                format!("Form {reference} waits for somebody. Finish it or set it aside first.")
            }
            Self::ScanWaits => {
                "A file with its pages could not be read in full. Deal with it under Work in hand first."
                    .to_owned()
            }
            Self::Newer(day) => {
                format!("A form signed on {} was registered since this was proposed.", day.format("%-d %B %Y"))
            }
        }
    }
}

/// What goes with `subject`.
pub(super) async fn of(connection: &mut PgConnection, subject: Subject) -> Result<Extent> {
    match subject {
        Subject::Household(id) => of_household(connection, id).await,
        Subject::Document(id) => of_document(connection, id).await,
        Subject::ContactList(id) => Ok(Extent {
            list: Some(id),
            ..Extent::default()
        }),
    }
}

async fn of_household(connection: &mut PgConnection, id: Uuid) -> Result<Extent> {
    // Whoever is in question, by the record in use, with all records that are the same person.
    let everybody = sqlx::query!(
        r#"WITH RECURSIVE named AS (
               SELECT service_user_id AS id FROM household_member WHERE household_id = $1
               UNION SELECT service_user_id FROM consent WHERE household_id = $1
               UNION SELECT m.service_user_id FROM registration_member m JOIN registration r ON r.form_id = m.form_id
                     WHERE r.household_id = $1
           ), same AS (
               SELECT DISTINCT person_in_use(id) AS root, person_in_use(id) AS id FROM named
               UNION SELECT same.root, s.id FROM same JOIN service_user s ON s.merged_into = same.id
           )
           SELECT same.id AS "id!", EXISTS (
               SELECT FROM same other
               JOIN household_member m ON m.service_user_id = other.id AND m.household_id <> $1
               WHERE other.root = same.root) AS "stays!"
           FROM same ORDER BY same.id"#,
        id
    )
    .fetch_all(&mut *connection)
    .await?;
    let forms = sqlx::query_scalar!(
        "SELECT form_id FROM registration WHERE household_id = $1 ORDER BY form_id",
        id
    )
    .fetch_all(&mut *connection)
    .await?;
    let of = |stays: bool| {
        everybody
            .iter()
            .filter(|p| p.stays == stays)
            .map(|p| p.id)
            .collect()
    };
    let (documents, shared) = files(connection, &forms, &[]).await?;
    Ok(Extent {
        household: Some(id),
        people: of(false),
        staying: of(true),
        forms,
        documents,
        shared,
        list: None,
    })
}

async fn of_document(connection: &mut PgConnection, id: Uuid) -> Result<Extent> {
    let forms = sqlx::query_scalar!(
        r#"SELECT DISTINCT f.id FROM page p JOIN form f ON f.id = p.form_id
           WHERE p.document_id = $1 AND f.state = 'set_aside' ORDER BY f.id"#,
        id
    )
    .fetch_all(&mut *connection)
    .await?;
    let (documents, shared) = files(connection, &forms, &[id]).await?;
    Ok(Extent {
        forms,
        documents,
        shared,
        ..Extent::default()
    })
}

/// The files of `forms` and `also` with their copies, and those among them with pages of other forms.
async fn files(
    connection: &mut PgConnection,
    forms: &[Uuid],
    also: &[Uuid],
) -> Result<(Vec<Uuid>, Vec<Uuid>)> {
    let rows = sqlx::query!(
        r#"WITH RECURSIVE own AS (
               SELECT d.id, d.sha256 FROM document d
               WHERE d.id = ANY ($2) OR EXISTS (SELECT FROM page p WHERE p.document_id = d.id AND p.form_id = ANY ($1))
               UNION
               SELECT d.id, d.sha256 FROM own JOIN document d ON d.sha256 = own.sha256 OR d.duplicate_of = own.id
           )
           SELECT own.id AS "id!", EXISTS (
               SELECT FROM page p WHERE p.document_id = own.id AND p.form_id <> ALL ($1)) AS "shared!"
           FROM own ORDER BY own.id"#,
        forms,
        also
    )
    .fetch_all(connection)
    .await?;
    let shared = rows.iter().filter(|r| r.shared).map(|r| r.id).collect();
    Ok((rows.into_iter().map(|r| r.id).collect(), shared))
}

/// What stands in the way of erasing it. `proposed_at` is when somebody proposed to.
pub(super) async fn obstacles(
    connection: &mut PgConnection,
    subject: Subject,
    extent: &Extent,
    proposed_at: DateTime<Utc>,
) -> Result<Vec<Obstacle>> {
    let there = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM household WHERE id = $1 UNION ALL SELECT FROM document WHERE id = $1
                          UNION ALL SELECT FROM contact_list WHERE id = $1) AS "there!""#,
        subject.id()
    )
    .fetch_one(&mut *connection)
    .await?;
    if !there {
        return Ok(vec![Obstacle::Gone]);
    }
    let mut obstacles = Vec::new();
    let held = sqlx::query_scalar!(
        r#"SELECT EXISTS (
               SELECT FROM record_stop s
               WHERE s.kind = 'hold' AND s.lifted_at IS NULL AND (s.household_id = $1 OR s.household_id IN (
                   SELECT m.household_id FROM contact_list_person p
                   JOIN household_member m ON m.service_user_id = person_in_use(p.service_user_id)
                   WHERE p.list_id = $2))) AS "held!""#,
        extent.household,
        extent.list
    )
    .fetch_one(&mut *connection)
    .await?;
    if held {
        obstacles.push(Obstacle::Hold);
    }
    let waiting = sqlx::query_scalar!(
        "SELECT f.reference FROM form f
         WHERE f.state NOT IN ('settled', 'set_aside') AND (
             f.joins_household = $1 OR f.id = ANY ($3)
             OR EXISTS (SELECT FROM match_candidate c WHERE c.form_id = f.id AND c.service_user_id = ANY ($2)))
         ORDER BY f.reference",
        extent.household,
        &[extent.people.as_slice(), &extent.staying].concat(),
        &extent.forms
    )
    .fetch_all(&mut *connection)
    .await?;
    obstacles.extend(waiting.into_iter().map(Obstacle::FormWaits));
    let unread = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM document WHERE id = ANY ($1) AND dismissed_at IS NULL
                          AND state IN ('received', 'reading', 'exception', 'quarantined')) AS "unread!""#,
        &extent.documents
    )
    .fetch_one(&mut *connection)
    .await?;
    if unread {
        obstacles.push(Obstacle::ScanWaits);
    }
    let newer = sqlx::query_scalar!(
        "SELECT as_of FROM registration WHERE household_id = $1 AND registered_at > $2
         ORDER BY registered_at DESC LIMIT 1",
        extent.household,
        proposed_at
    )
    .fetch_optional(connection)
    .await?;
    obstacles.extend(newer.map(Obstacle::Newer));
    Ok(obstacles)
}
