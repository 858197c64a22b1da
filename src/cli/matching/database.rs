//! The searches of an evaluation in a PostgreSQL of its own.

use std::{
    fmt,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    time::Instant,
};

use anyhow::Context as _;
use sqlx::{Connection as _, PgConnection};
use uuid::Uuid;

use crate::{
    matching::{
        Namesakes, Parameters, SearchKeys, Traits,
        evaluation::{self, Figures, Found},
        population::Population,
    },
    storage::{Database, match_keys},
};

/// Parts a list within a text; in no name.
const BETWEEN: &str = "\u{1f}";

/// How long searches and changes took.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub struct Searches {
    /// Seconds to load the register and build the indexes.
    load_seconds: f64,
    /// Milliseconds of half of all searches, at most.
    median_ms: f64,
    /// Milliseconds of 95 % of all searches, at most.
    p95_ms: f64,
    /// Milliseconds of the slowest search.
    slowest_ms: f64,
    /// Milliseconds to renew the keys of one person, on average.
    keep_ms: f64,
}

impl fmt::Display for Searches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "search                  median {:.2} ms, 95 % within {:.2} ms, slowest {:.1} ms; renewing keys {:.2} ms; \
             loaded in {:.0} s",
            self.median_ms, self.p95_ms, self.slowest_ms, self.keep_ms, self.load_seconds
        )
    }
}

/// A server that ends with this process.
struct Server {
    folder: String,
    process: Child,
}

impl Server {
    fn start() -> anyhow::Result<Self> {
        let mut process = Command::new("bash")
            .args(["-c", include_str!("../../storage/temporary-postgres.sh")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start bash")?;
        let mut folder = String::new();
        let output = process
            .stdout
            .take()
            .context("PostgreSQL's script has no output")?;
        BufReader::new(output).read_line(&mut folder)?;
        anyhow::ensure!(
            !folder.is_empty(),
            "PostgreSQL did not start; its message is above"
        );
        Ok(Self {
            folder: folder.trim().to_owned(),
            process,
        })
    }

    fn stop(mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// Evaluates with the searches of the database.
pub fn evaluate(
    parameters: &Parameters,
    town: &Population,
    most: usize,
) -> anyhow::Result<(Figures, Searches)> {
    let server = Server::start()?;
    let runtime = super::super::runtime()?;
    let url = format!("postgres://enrol@localhost/postgres?host={}", server.folder);
    let began = Instant::now();
    let mut connection = runtime.block_on(async {
        let database = Database::open(&url, 2).await?;
        database.migrate().await?;
        database.close().await;
        let mut connection = PgConnection::connect(&url).await?;
        load(&mut connection, &town.register).await?;
        anyhow::Ok(connection)
    })?;
    let load_seconds = began.elapsed().as_secs_f64();
    let mut times = Vec::new();
    let mut failure = None;
    let (_, figures) = evaluation::judge(parameters, town, most, |traits| {
        let began = Instant::now();
        let found = runtime.block_on(match_keys::candidates(&mut connection, traits));
        times.push(began.elapsed().as_secs_f64() * 1000.0);
        match found {
            Ok(found) => Found {
                places: found.people.iter().map(|(id, _)| place(*id)).collect(),
                namesakes: found.namesakes,
            },
            Err(error) => {
                failure = Some(error);
                Found {
                    places: Vec::new(),
                    namesakes: Namesakes { bearing: 0, of: 0 },
                }
            }
        }
    });
    if let Some(error) = failure {
        return Err(error.into());
    }
    let began = Instant::now();
    let renewed = town.register.len().min(500);
    runtime.block_on(async {
        for (number, traits) in town.register.iter().take(renewed).enumerate() {
            match_keys::keep(&mut connection, Uuid::from_u128(number as u128), traits).await?;
        }
        anyhow::Ok(())
    })?;
    #[expect(clippy::cast_precision_loss, reason = "500 at most")]
    let keep_ms = began.elapsed().as_secs_f64() * 1000.0 / renewed.max(1) as f64;
    runtime.block_on(connection.close())?;
    server.stop();
    times.sort_by(f64::total_cmp);
    let at = |percent: usize| times.get((times.len().max(1) - 1) * percent / 100).copied();
    let searches = Searches {
        load_seconds,
        median_ms: at(50).unwrap_or_default(),
        p95_ms: at(95).unwrap_or_default(),
        slowest_ms: at(100).unwrap_or_default(),
        keep_ms,
    };
    Ok((figures, searches))
}

fn place(id: Uuid) -> usize {
    usize::try_from(id.as_u128()).unwrap_or(usize::MAX)
}

/// Loads keys in bulk. These people have neither form nor household, so the reference to service users is given up; the
/// indexes are built at the end, as the migration has them.
async fn load(connection: &mut PgConnection, people: &[Traits]) -> anyhow::Result<()> {
    let drop_all = "ALTER TABLE match_key DROP CONSTRAINT match_key_service_user_id_fkey;
        CREATE TABLE index_kept AS SELECT indexdef FROM pg_indexes WHERE tablename = 'match_key' AND indexdef LIKE '%gin%';
        DROP INDEX match_key_keys; DROP INDEX match_key_name;";
    sqlx::raw_sql(drop_all).execute(&mut *connection).await?;
    for (batch, people) in people.chunks(10_000).enumerate() {
        insert(connection, batch * 10_000, people).await?;
    }
    let build = "SET maintenance_work_mem = '512MB';
        DO $$ DECLARE statement text; BEGIN
          FOR statement IN SELECT indexdef FROM index_kept LOOP EXECUTE statement; END LOOP;
        END $$;";
    sqlx::raw_sql(build).execute(&mut *connection).await?;
    sqlx::raw_sql("VACUUM ANALYZE match_key")
        .execute(&mut *connection)
        .await?;
    Ok(())
}

async fn insert(
    connection: &mut PgConnection,
    from: usize,
    people: &[Traits],
) -> anyhow::Result<()> {
    let keys: Vec<SearchKeys> = people.iter().map(SearchKeys::of).collect();
    let column = |of: fn(&Traits) -> Option<String>| people.iter().map(of).collect::<Vec<_>>();
    let ids: Vec<Uuid> = (from..from + people.len())
        .map(|number| Uuid::from_u128(number as u128))
        .collect();
    sqlx::query(
        "INSERT INTO match_key (service_user_id, kind, first_name, middle_names, surname, known_as, date_of_birth,
                                nhs_number, phones, email, address_line, postcode, gender, keys, name)
         SELECT id, kind, first, middle, surname, known, birth, nhs, string_to_array(phones, $16), email, line, code,
                gender, string_to_array(keys, $16), name
         FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::date[], $8::text[],
                     $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[])
              AS t (id, kind, first, middle, surname, known, birth, nhs, phones, email, line, code, gender, keys, name)",
    )
    .bind(ids)
    .bind(column(|t| Some(t.kind.as_str().to_owned())))
    .bind(column(|t| Some(t.first_name.clone())))
    .bind(column(|t| t.middle_names.clone()))
    .bind(column(|t| Some(t.surname.clone())))
    .bind(column(|t| t.known_as.clone()))
    .bind(people.iter().map(|t| t.date_of_birth).collect::<Vec<_>>())
    .bind(column(|t| t.nhs_number.clone()))
    .bind(column(|t| Some(t.phones.join(BETWEEN))))
    .bind(column(|t| t.email.clone()))
    .bind(column(|t| t.address_line.clone()))
    .bind(column(|t| t.postcode.clone()))
    .bind(column(|t| t.gender.clone()))
    .bind(keys.iter().map(|k| k.own.join(BETWEEN)).collect::<Vec<_>>())
    .bind(keys.iter().map(|k| k.name.clone()).collect::<Vec<_>>())
    .bind(BETWEEN)
    .execute(connection)
    .await?;
    Ok(())
}
