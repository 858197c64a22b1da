//! Search keys of service users: who on the register may be the person whom a form names?

use chrono::NaiveDate;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Result, StorageError};
use crate::matching::{Kind, Namesakes, SearchKeys, Traits};

/// Most candidates that are returned.
pub const MOST_CANDIDATES: i64 = 50;

/// Namesakes that are counted at most.
const MOST_COUNTED: i64 = 5_000;

/// How much alike two names are, at the least, for the search by trigrams: 1 is equal.
const ALIKE: &str = "0.6";

/// Inserts the search keys of a service user, or replaces them.
///
/// # Errors
/// The database.
pub async fn keep(
    connection: &mut PgConnection,
    service_user: Uuid,
    traits: &Traits,
) -> Result<()> {
    let keys = SearchKeys::of(traits);
    sqlx::query!(
        "INSERT INTO match_key (service_user_id, kind, first_name, middle_names, surname, known_as, date_of_birth,
                                nhs_number, phones, email, address_line, postcode, gender, keys, name)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
         ON CONFLICT (service_user_id) DO UPDATE SET
           kind = excluded.kind, first_name = excluded.first_name, middle_names = excluded.middle_names,
           surname = excluded.surname, known_as = excluded.known_as, date_of_birth = excluded.date_of_birth,
           nhs_number = excluded.nhs_number, phones = excluded.phones, email = excluded.email,
           address_line = excluded.address_line, postcode = excluded.postcode, gender = excluded.gender,
           keys = excluded.keys, name = excluded.name",
        service_user,
        traits.kind.as_str(),
        traits.first_name,
        traits.middle_names,
        traits.surname,
        traits.known_as,
        traits.date_of_birth,
        traits.nhs_number,
        &traits.phones,
        traits.email,
        traits.address_line,
        traits.postcode,
        traits.gender,
        &keys.own,
        keys.name,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Removes the search keys of a service user; no error when there are none.
///
/// # Errors
/// The database.
pub async fn forget(connection: &mut PgConnection, service_user: Uuid) -> Result<()> {
    sqlx::query!(
        "DELETE FROM match_key WHERE service_user_id = $1",
        service_user
    )
    .execute(connection)
    .await?;
    Ok(())
}

struct Row {
    service_user_id: Uuid,
    kind: String,
    first_name: String,
    middle_names: Option<String>,
    surname: String,
    known_as: Option<String>,
    date_of_birth: Option<NaiveDate>,
    nhs_number: Option<String>,
    phones: Vec<String>,
    email: Option<String>,
    address_line: Option<String>,
    postcode: Option<String>,
    gender: Option<String>,
}

/// Who comes into question for somebody.
pub struct Candidates {
    /// Service users of the same kind who share a key or are called much alike: the likeliest first, at most
    /// [`MOST_CANDIDATES`].
    pub people: Vec<(Uuid, Traits)>,
    /// How many on the register bear the names looked for.
    pub namesakes: Namesakes,
}

/// Looks for those who may be the person with these traits. Whoever creates a service user when nobody fits keeps others from doing so meanwhile.
///
/// # Errors
/// The database.
pub async fn candidates(connection: &mut PgConnection, traits: &Traits) -> Result<Candidates> {
    let keys = SearchKeys::of(traits);
    let names: Vec<String> = keys.names().cloned().collect();
    let (asked, worth): (Vec<String>, Vec<f32>) = keys.asked.into_iter().unzip();
    sqlx::query!(
        "SELECT set_config('pg_trgm.similarity_threshold', $1, false)",
        ALIKE
    )
    .fetch_one(&mut *connection)
    .await?;
    let rows = sqlx::query_as!(
        Row,
        "SELECT service_user_id, kind, first_name, middle_names, surname, known_as, date_of_birth, nhs_number, phones,
                email, address_line, postcode, gender
         FROM match_key m
         WHERE keys && $1 OR (name % $3 AND kind = $4)
         ORDER BY (SELECT coalesce(sum(worth), 0) FROM unnest($1::text[], $2::real[]) AS q (key, worth)
                   WHERE q.key = ANY (m.keys)) + 8 * similarity(name, $3) DESC, service_user_id
         LIMIT $5",
        &asked,
        &worth,
        keys.name,
        traits.kind.as_str(),
        MOST_CANDIDATES,
    )
    .fetch_all(&mut *connection)
    .await?;
    let people: Result<Vec<_>> = rows
        .into_iter()
        .map(|row| Ok((row.service_user_id, row.into_traits()?)))
        .collect();
    Ok(Candidates {
        people: people?,
        namesakes: namesakes(connection, &names, traits.kind).await?,
    })
}

/// How many on the register bear the likeliest of these names; counted to [`MOST_COUNTED`], more make no difference. How
/// many people there are is what the planner believes, which costs nothing.
async fn namesakes(
    connection: &mut PgConnection,
    names: &[String],
    kind: Kind,
) -> Result<Namesakes> {
    let mut bearing = 0;
    for name in names {
        let key = std::slice::from_ref(name);
        let count = sqlx::query_scalar!(
            r#"SELECT count(*) AS "people!" FROM (SELECT FROM match_key WHERE keys @> $1 LIMIT $2) AS counted"#,
            key,
            MOST_COUNTED
        )
        .fetch_one(&mut *connection)
        .await?;
        bearing = bearing.max(usize::try_from(count).unwrap_or_default());
    }
    let of = sqlx::query_scalar!(
        r#"SELECT (reltuples * COALESCE((SELECT frequency FROM unnest(s.most_common_vals::text::text[],
                      s.most_common_freqs) AS v (kind, frequency) WHERE v.kind = $1), 0.5))::bigint AS "people!"
           FROM pg_class c LEFT JOIN pg_stats s ON s.schemaname = 'public' AND s.tablename = c.relname AND s.attname = 'kind'
           WHERE c.oid = 'match_key'::regclass"#,
        kind.as_str()
    )
    .fetch_one(connection)
    .await?;
    Ok(Namesakes {
        bearing,
        of: usize::try_from(of).unwrap_or_default(),
    })
}

impl Row {
    fn into_traits(self) -> Result<Traits> {
        Ok(Traits {
            kind: Kind::from_name(&self.kind).ok_or(StorageError::Inconsistent {
                subject: "match_key",
                problem: "neither carer nor child".to_owned(),
            })?,
            first_name: self.first_name,
            middle_names: self.middle_names,
            surname: self.surname,
            known_as: self.known_as,
            date_of_birth: self.date_of_birth,
            nhs_number: self.nhs_number,
            phones: self.phones,
            email: self.email,
            address_line: self.address_line,
            postcode: self.postcode,
            gender: self.gender,
        })
    }
}
