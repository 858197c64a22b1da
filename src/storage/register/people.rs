//! Records of people: made of a form, or told more by a newer one.

use chrono::NaiveDate;
use serde_json::{Value as Json, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::super::sealing::Sealer;
use super::super::{Result, StorageError};
use super::changes::{self, Cause, Owner};
use super::{addresses, special};
use crate::domain::household::MemberRole;
use crate::domain::proposal::{self, ADDRESS, Answers, Change, preferred_phone};

/// What a form says of one person.
#[derive(Clone)]
pub(in crate::storage) struct Told {
    /// Ordinary answers.
    pub answers: Answers,
    /// Article 9 answers.
    pub special: Answers,
}

/// Stores somebody nobody knew before.
pub(super) async fn add(
    connection: &mut PgConnection,
    sealer: &Sealer,
    role: MemberRole,
    told: &Told,
    cause: &Cause,
) -> Result<Uuid> {
    let id = Uuid::now_v7();
    let kind = if role == MemberRole::Child {
        "child"
    } else {
        "carer"
    };
    let columns = Columns::of(&told.answers)?;
    sqlx::query!(
        "INSERT INTO service_user (id, kind, first_name, surname, date_of_birth, nhs_number, phone, email, details,
                                   created_at, changed_at, as_of)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11)",
        id,
        kind,
        columns.first_name,
        columns.surname,
        columns.date_of_birth,
        columns.nhs_number,
        columns.phone,
        columns.email,
        columns.details,
        cause.at,
        cause.as_of
    )
    .execute(&mut *connection)
    .await?;
    if let Some(address) = told.answers.get(ADDRESS) {
        addresses::move_to(connection, id, address, cause.as_of, cause.form_id).await?;
    }
    for (name, value) in &told.special {
        special::put(connection, sealer, Owner::Person(id), name, value).await?;
    }
    Ok(id)
}

/// The ordinary answers on record.
pub(in crate::storage) async fn answers(
    connection: &mut PgConnection,
    id: Uuid,
) -> Result<(Answers, NaiveDate)> {
    let row = sqlx::query!(
        "SELECT first_name, surname, date_of_birth, nhs_number, email, details, as_of FROM service_user WHERE id = $1",
        id
    )
    .fetch_optional(&mut *connection)
    .await?
    .ok_or(StorageError::NotFound {
        subject: "service user",
    })?;
    let mut answers: Answers = serde_json::from_value(row.details).unwrap_or_default();
    let columns = [
        ("first_name", Some(json!(row.first_name))),
        ("surname", Some(json!(row.surname))),
        ("date_of_birth", row.date_of_birth.map(|d| json!(d))),
        ("nhs_number", row.nhs_number.map(|n| json!(n))),
        ("email", row.email.map(|e| json!(e))),
        (ADDRESS, addresses::in_use(connection, id).await?),
    ];
    let known = columns
        .into_iter()
        .filter_map(|(n, v)| Some((n.to_owned(), v?)));
    answers.extend(known);
    Ok((answers, row.as_of))
}

/// What is on record of a person, and how what a form says differs from it.
pub(in crate::storage) struct Differences {
    /// Ordinary answers on record.
    pub on_record: Answers,
    /// Ordinary answers that differ.
    pub ordinary: Vec<Change>,
    /// Article 9 answers that differ.
    pub special: Vec<Change>,
}

/// How what a form signed on `signed` says differs from the record.
pub(in crate::storage) async fn compare(
    connection: &mut PgConnection,
    sealer: &Sealer,
    id: Uuid,
    told: &Told,
    signed: NaiveDate,
) -> Result<Differences> {
    let (on_record, as_of) = answers(connection, id).await?;
    let since = changes::since(connection, Owner::Person(id)).await?;
    let from = |name: &str| since.get(name).copied().unwrap_or(as_of);
    let sealed = special::of(connection, sealer, Owner::Person(id)).await?;
    Ok(Differences {
        ordinary: proposal::changes(&on_record, from, &told.answers, signed),
        special: proposal::changes(&sealed, from, &told.special, signed),
        on_record,
    })
}

/// Takes into the record what the form says and nothing newer contradicts. Returns the names of what changed; of
/// Article 9 answers it says `special`.
pub(super) async fn tell(
    connection: &mut PgConnection,
    sealer: &Sealer,
    id: Uuid,
    told: &Told,
    cause: &Cause,
) -> Result<Vec<String>> {
    sqlx::query!("SELECT id FROM service_user WHERE id = $1 FOR UPDATE", id)
        .fetch_one(&mut *connection)
        .await?;
    let found = compare(connection, sealer, id, told, cause.as_of).await?;
    let mut changed = Vec::new();
    let taken: Vec<Change> = found
        .ordinary
        .into_iter()
        .filter(Change::is_taken)
        .collect();
    if !taken.is_empty() {
        set(connection, id, found.on_record, &taken, cause).await?;
        changed.extend(taken.into_iter().map(|c| c.name));
    }
    if special::take(connection, sealer, Owner::Person(id), &found.special, cause).await? {
        changed.push("special".to_owned());
    }
    Ok(changed)
}

/// Puts the new values of `taken` over the `answers` on record, with their trace.
pub(in crate::storage) async fn set(
    connection: &mut PgConnection,
    id: Uuid,
    mut answers: Answers,
    taken: &[Change],
    cause: &Cause,
) -> Result<()> {
    for change in taken {
        let (old, new) = (change.old.as_ref(), Some(&change.new));
        changes::note(connection, Owner::Person(id), &change.name, old, new, cause).await?;
        if change.name == ADDRESS {
            addresses::move_to(connection, id, &change.new, cause.as_of, cause.form_id).await?;
        }
        answers.insert(change.name.clone(), change.new.clone());
    }
    write(connection, id, &answers, cause).await
}

/// Writes the ordinary answers but the address over those on record. The caller has noted what changed.
pub(in crate::storage) async fn write(
    connection: &mut PgConnection,
    id: Uuid,
    answers: &Answers,
    cause: &Cause,
) -> Result<()> {
    let columns = Columns::of(answers)?;
    sqlx::query!(
        "UPDATE service_user SET first_name = $2, surname = $3, date_of_birth = $4, nhs_number = $5, phone = $6,
                email = $7, details = $8, changed_at = $9, version = version + 1 WHERE id = $1",
        id,
        columns.first_name,
        columns.surname,
        columns.date_of_birth,
        columns.nhs_number,
        columns.phone,
        columns.email,
        columns.details,
        cause.at
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Answers as the table keeps them.
struct Columns {
    first_name: String,
    surname: String,
    date_of_birth: Option<NaiveDate>,
    nhs_number: Option<String>,
    phone: Option<String>,
    email: Option<String>,
    details: Json,
}

impl Columns {
    fn of(answers: &Answers) -> Result<Self> {
        let text = |name: &str| answers.get(name).and_then(Json::as_str).map(str::to_owned);
        let name = |name: &'static str| {
            text(name).ok_or_else(|| StorageError::Inconsistent {
                subject: "service user",
                problem: format!("no {name}"),
            })
        };
        const APART: [&str; 6] = [
            "first_name",
            "surname",
            "date_of_birth",
            "nhs_number",
            "email",
            ADDRESS,
        ];
        let details: Answers = answers
            .iter()
            .filter(|(name, _)| !APART.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        Ok(Self {
            first_name: name("first_name")?,
            surname: name("surname")?,
            date_of_birth: text("date_of_birth").and_then(|d| d.parse().ok()),
            nhs_number: text("nhs_number"),
            phone: preferred_phone(&details),
            email: text("email"),
            details: json!(details),
        })
    }
}
