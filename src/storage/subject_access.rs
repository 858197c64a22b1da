//! Everything that is kept about one person, for the copy that UK GDPR Article 15 gives them.

use serde_json::{Map, Value as Json, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::sealing::{Sealer, associated_data};
use super::{Database, Result, StorageError};

/// A form that tells of the person, and where on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paper {
    /// The form.
    pub form_id: Uuid,
    /// What people quote.
    pub reference: String,
    /// Definition.
    pub definition_id: String,
    /// Its version.
    pub definition_version: u32,
    /// The person's part: `child_2`.
    pub block: String,
}

impl Paper {
    /// Whether a field of the form tells of this person: their own part, and what the primary carer said of the household
    /// and agreed to.
    pub fn is_theirs(&self, field: &str) -> bool {
        let part = field.split_once('.').map_or(field, |(part, _)| part);
        part == self.block
            || self.block == "primary_carer"
                && ["household", "consent", "declaration"].contains(&part)
    }
}

/// What is kept about a person, section by section in the order in which people read it, and their forms.
#[derive(Clone)]
pub struct PersonCopy {
    /// Title and content.
    pub sections: Vec<(&'static str, Json)>,
    /// Forms, newest first.
    pub papers: Vec<Paper>,
}

/// Gathers everything. What other people wrote about themselves is left out.
pub async fn gather(database: &Database, sealer: &Sealer, person: Uuid) -> Result<PersonCopy> {
    let mut transaction = database.begin().await?;
    sqlx::query!("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .execute(&mut *transaction)
        .await?;
    let connection = &mut *transaction;
    let ids = sqlx::query_scalar!(
        r#"WITH RECURSIVE same AS (
               SELECT person_in_use($1) AS id
               UNION SELECT s.id FROM same JOIN service_user s ON s.merged_into = same.id
           ) SELECT id AS "id!" FROM same ORDER BY id"#,
        person
    )
    .fetch_all(&mut *connection)
    .await?;
    let papers = papers(connection, &ids).await?;
    let forms: Vec<Uuid> = papers.iter().map(|p| p.form_id).collect();
    let signs = papers.iter().any(|p| p.block == "primary_carer");
    let households = sqlx::query_scalar!(
        "SELECT DISTINCT household_id FROM household_member WHERE service_user_id = ANY ($1) ORDER BY household_id",
        &ids
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut sections = vec![
        ("Record", records(connection, &ids).await?),
        (
            "Ethnic group, disability, health and pregnancy",
            special(connection, sealer, &ids, &households, signs).await?,
        ),
        ("Addresses", addresses(connection, &ids).await?),
        ("Households", memberships(connection, &ids).await?),
        (
            "What was read from forms",
            answers(connection, sealer, &papers).await?,
        ),
        ("Consents", consents(connection, &ids).await?),
        ("Consents taken back", withdrawals(connection, &ids).await?),
        ("What changed", changes(connection, sealer, &ids).await?),
        (
            "Given to others",
            disclosures(connection, &ids, &households).await?,
        ),
        ("Contact lists", lists(connection, &ids).await?),
        (
            "Compared with other records",
            matches(connection, &ids).await?,
        ),
    ];
    let mut subjects = ids.clone();
    subjects.extend(&households);
    subjects.extend(&forms);
    sections.push((
        "Who looked or changed something",
        trail(connection, &subjects).await?,
    ));
    if signs {
        sections.push((
            "Notes of staff about the forms",
            notes(connection, &forms).await?,
        ));
        sections.push(("The household", details(connection, &households).await?));
    }
    Ok(PersonCopy { sections, papers })
}

async fn papers(connection: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<Paper>> {
    let rows = sqlx::query!(
        "SELECT f.id, f.reference, f.definition_id, f.definition_version, m.block
         FROM registration_member m JOIN registration r ON r.form_id = m.form_id JOIN form f ON f.id = r.form_id
         WHERE m.service_user_id = ANY ($1) ORDER BY r.as_of DESC, f.reference DESC",
        ids
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Paper {
            form_id: r.id,
            reference: r.reference,
            definition_id: r.definition_id,
            definition_version: u32::try_from(r.definition_version).unwrap_or_default(),
            block: r.block,
        })
        .collect())
}

async fn records(connection: &mut PgConnection, ids: &[Uuid]) -> Result<Json> {
    Ok(sqlx::query_scalar!(
        r#"SELECT COALESCE(jsonb_agg(jsonb_strip_nulls(to_jsonb(x)) ORDER BY x.created_at), '[]') AS "json!" FROM (
               SELECT id, kind, first_name, surname, date_of_birth, nhs_number, phone, email, details, created_at,
                      changed_at, merged_into FROM service_user WHERE id = ANY ($1)) x"#,
        ids
    )
    .fetch_one(connection)
    .await?)
}

/// Opened: the person whose they are may know them. Of the household only for whoever answered for it.
async fn special(
    connection: &mut PgConnection,
    sealer: &Sealer,
    ids: &[Uuid],
    households: &[Uuid],
    signs: bool,
) -> Result<Json> {
    let rows = sqlx::query!(
        r#"SELECT COALESCE(service_user_id, household_id) AS "owner!", name, key_id, sealed FROM special_value
           WHERE service_user_id = ANY ($1) OR $3 AND household_id = ANY ($2) ORDER BY name"#,
        ids,
        households,
        signs
    )
    .fetch_all(connection)
    .await?;
    let mut values = Map::new();
    for row in rows {
        values.insert(
            row.name.clone(),
            super::register::special::open(sealer, row.owner, &row.name, &row.key_id, &row.sealed)?,
        );
    }
    Ok(Json::Object(values))
}

async fn addresses(connection: &mut PgConnection, ids: &[Uuid]) -> Result<Json> {
    Ok(sqlx::query_scalar!(
        r#"SELECT COALESCE(jsonb_agg(jsonb_strip_nulls(to_jsonb(x)) ORDER BY x.since), '[]') AS "json!" FROM (
               SELECT line_1, line_2, town, postcode, since, until FROM address WHERE service_user_id = ANY ($1)) x"#,
        ids
    )
    .fetch_one(connection)
    .await?)
}

async fn memberships(connection: &mut PgConnection, ids: &[Uuid]) -> Result<Json> {
    Ok(sqlx::query_scalar!(
        r#"SELECT COALESCE(jsonb_agg(jsonb_strip_nulls(to_jsonb(x)) ORDER BY x.joined_on), '[]') AS "json!" FROM (
               SELECT household_id, role, joined_on, left_on FROM household_member WHERE service_user_id = ANY ($1)) x"#,
        ids
    )
    .fetch_one(connection)
    .await?)
}

/// What was read and what was settled, of the person's own part of each form.
async fn answers(connection: &mut PgConnection, sealer: &Sealer, papers: &[Paper]) -> Result<Json> {
    let mut forms = Vec::new();
    for paper in papers {
        let rows = sqlx::query!(
            "SELECT f.name, f.raw, f.settled_as, COALESCE(f.settled_value, f.value) AS value, s.key_id AS \"key_id?\",
                    s.sealed AS \"sealed?\"
             FROM field f LEFT JOIN field_special s ON s.form_id = f.form_id AND s.name = f.name
             WHERE f.form_id = $1 ORDER BY f.name",
            paper.form_id
        )
        .fetch_all(&mut *connection)
        .await?;
        let mut fields = Map::new();
        for row in rows.into_iter().filter(|r| paper.is_theirs(&r.name)) {
            let (mut raw, mut value) = (row.raw, row.value);
            if let (Some(key_id), Some(sealed)) = (row.key_id, row.sealed) {
                let content = sealer.open_field(paper.form_id, &row.name, &key_id, &sealed)?;
                (raw, value) = (content.raw, content.settled_value.or(content.value));
            }
            if raw.is_some() || value.is_some() {
                let settled = row.settled_as;
                fields.insert(
                    row.name,
                    json!({ "read": raw, "taken": value, "settled": settled }),
                );
            }
        }
        forms.push(json!({ "form": paper.reference, "fields": fields }));
    }
    Ok(Json::Array(forms))
}

async fn consents(connection: &mut PgConnection, ids: &[Uuid]) -> Result<Json> {
    Ok(sqlx::query_scalar!(
        r#"SELECT COALESCE(jsonb_agg(jsonb_strip_nulls(to_jsonb(x)) ORDER BY x.captured_at, x.purpose), '[]') AS "json!"
           FROM (SELECT c.purpose, c.answer, c.wording, c.wording_version, c.signed_on, c.captured_at, f.reference AS form
                 FROM consent c LEFT JOIN form f ON f.id = c.form_id WHERE c.service_user_id = ANY ($1)) x"#,
        ids
    )
    .fetch_one(connection)
    .await?)
}

async fn withdrawals(connection: &mut PgConnection, ids: &[Uuid]) -> Result<Json> {
    Ok(sqlx::query_scalar!(
        r#"SELECT COALESCE(jsonb_agg(jsonb_strip_nulls(to_jsonb(x)) ORDER BY x.noted_at), '[]') AS "json!" FROM (
               SELECT purpose, withdrawn_on, how, noted_at, undone_at FROM consent_withdrawal
               WHERE service_user_id = ANY ($1)) x"#,
        ids
    )
    .fetch_one(connection)
    .await?)
}

async fn changes(connection: &mut PgConnection, sealer: &Sealer, ids: &[Uuid]) -> Result<Json> {
    let rows = sqlx::query!(
        "SELECT c.id, c.name, c.cause, c.old, c.new, c.key_id, c.sealed, c.as_of, c.changed_at FROM record_change c
         WHERE c.service_user_id = ANY ($1) ORDER BY c.changed_at, c.name",
        ids
    )
    .fetch_all(connection)
    .await?;
    let mut changes = Vec::new();
    for row in rows {
        let (mut old, mut new) = (row.old, row.new);
        if let (Some(key_id), Some(sealed)) = (row.key_id, row.sealed) {
            let plain = sealer.open(&key_id, &associated_data(row.id, &row.name), &sealed)?;
            let mut both: Json =
                serde_json::from_slice(&plain).map_err(|_| StorageError::Inconsistent {
                    subject: "record_change",
                    problem: "what is sealed is not JSON".to_owned(),
                })?;
            (old, new) = (Some(both["old"].take()), Some(both["new"].take()));
        }
        changes.push(json!({ "what": row.name, "why": row.cause, "old": old, "new": new, "true_from": row.as_of,
                             "changed_at": row.changed_at }));
    }
    Ok(Json::Array(changes))
}

async fn disclosures(
    connection: &mut PgConnection,
    ids: &[Uuid],
    households: &[Uuid],
) -> Result<Json> {
    Ok(sqlx::query_scalar!(
        r#"SELECT COALESCE(jsonb_agg(jsonb_strip_nulls(to_jsonb(x)) ORDER BY x.at), '[]') AS "json!" FROM (
               SELECT d.at, r.name AS recipient, r.organisation, d.via, d.event_type, d.field_groups, d.basis, d.purpose
               FROM disclosure d JOIN recipient r ON r.id = d.recipient_id
               WHERE d.service_user_id = ANY ($1) OR d.service_user_id IS NULL AND d.household_id = ANY ($2)) x"#,
        ids,
        households
    )
    .fetch_one(connection)
    .await?)
}

async fn lists(connection: &mut PgConnection, ids: &[Uuid]) -> Result<Json> {
    Ok(sqlx::query_scalar!(
        r#"SELECT COALESCE(jsonb_agg(to_jsonb(x) ORDER BY x.made_at), '[]') AS "json!" FROM (
               SELECT l.made_at, l.purpose, l.about FROM contact_list_person p JOIN contact_list l ON l.id = p.list_id
               WHERE p.service_user_id = ANY ($1)) x"#,
        ids
    )
    .fetch_one(connection)
    .await?)
}

/// That records were compared, and what was said; not whose the other form is.
async fn matches(connection: &mut PgConnection, ids: &[Uuid]) -> Result<Json> {
    Ok(sqlx::query_scalar!(
        r#"SELECT COALESCE(jsonb_agg(jsonb_strip_nulls(to_jsonb(x)) ORDER BY x.decided_at), '[]') AS "json!" FROM (
               SELECT probability, verdict, is_same, decided_at FROM match_candidate
               WHERE service_user_id = ANY ($1)) x"#,
        ids
    )
    .fetch_one(connection)
    .await?)
}

/// Staff by kind, not by name.
async fn trail(connection: &mut PgConnection, subjects: &[Uuid]) -> Result<Json> {
    Ok(sqlx::query_scalar!(
        r#"SELECT COALESCE(jsonb_agg(to_jsonb(x) ORDER BY x.at), '[]') AS "json!" FROM (
               SELECT at, CASE actor_kind WHEN 'account' THEN 'staff' ELSE actor_kind END AS who, action, subject
               FROM audit_entry WHERE subject_id = ANY ($1)) x"#,
        subjects
    )
    .fetch_one(connection)
    .await?)
}

async fn notes(connection: &mut PgConnection, forms: &[Uuid]) -> Result<Json> {
    Ok(sqlx::query_scalar!(
        r#"SELECT COALESCE(jsonb_agg(to_jsonb(x) ORDER BY x.at), '[]') AS "json!" FROM (
               SELECT at, text FROM form_note WHERE form_id = ANY ($1)) x"#,
        forms
    )
    .fetch_one(connection)
    .await?)
}

async fn details(connection: &mut PgConnection, households: &[Uuid]) -> Result<Json> {
    Ok(sqlx::query_scalar!(
        r#"SELECT COALESCE(jsonb_agg(jsonb_strip_nulls(to_jsonb(x))), '[]') AS "json!" FROM (
               SELECT id, centre, details, created_at FROM household WHERE id = ANY ($1) ORDER BY id) x"#,
        households
    )
    .fetch_one(connection)
    .await?)
}
