//! One server for the test process, one database for each test, and readings of invented families.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::OnceLock,
};

use rand::{Rng, SeedableRng, rngs::StdRng};
use sqlx::Connection;
use uuid::Uuid;

use crate::{
    domain::{
        field::{FieldKind, FieldState, FieldValue},
        reading::{DocumentReading, FieldReading, FormReading, PageReading},
    },
    forms::definition::{Field, FormDefinition},
    storage::{
        Database,
        documents::{self, Arrival, Intake},
        leases::{self, Claim, Lease, RetryPolicy},
        reading::{self, Recorded},
        sealing::Sealer,
    },
};

/// Name of the weights that no network has.
pub const MODEL: &str = "weights of the tests";

/// A server that ends with this process, however it ends: its standard input closes then.
struct Server {
    folder: String,
    _process: Child,
}

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        let script = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/src/storage/temporary-postgres.sh"
        );
        let mut process = Command::new(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("bash runs the script");
        let mut folder = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut folder)
            .unwrap();
        assert!(
            !folder.is_empty(),
            "PostgreSQL did not start; its message is above"
        );
        Server {
            folder: folder.trim().to_owned(),
            _process: process,
        }
    })
}

/// What a test works with.
pub struct Stage {
    pub database: Database,
    pub sealer: Sealer,
    pub definitions: Vec<FormDefinition>,
    folder: tempfile::TempDir,
}

impl Stage {
    /// The file that the sealer's key is in.
    pub fn key_file(&self) -> std::path::PathBuf {
        self.folder.path().join("key")
    }

    /// A migrated database of its own.
    pub async fn new() -> Self {
        let folder = &server().folder;
        let name = format!("test_{}", Uuid::now_v7().simple());
        let url = |database: &str| format!("postgres://enrol@localhost/{database}?host={folder}");
        let mut connection = sqlx::PgConnection::connect(&url("postgres")).await.unwrap();
        let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
        sqlx::raw_sql(create)
            .execute(&mut connection)
            .await
            .unwrap();
        let database = Database::open(&url(&name), 6).await.unwrap();
        database.migrate().await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("key");
        Sealer::create_key_file(&key).unwrap();
        Self {
            database,
            sealer: Sealer::from_key_file(&key).unwrap(),
            definitions: crate::forms::load_all(),
            folder,
        }
    }

    pub fn definition(&self) -> &FormDefinition {
        &self.definitions[0]
    }

    /// A new document with bytes of its own.
    pub async fn document(&self, key: &str) -> Uuid {
        let sha256 = rand::rng().random();
        match documents::insert(&self.database, &arrival(key, "v1", sha256))
            .await
            .unwrap()
        {
            Intake::New(id) => id,
            other => panic!("not new: {other:?}"),
        }
    }

    pub async fn claim(&self, id: Uuid) -> Lease {
        match leases::claim(&self.database, id, &RetryPolicy::default())
            .await
            .unwrap()
        {
            Claim::Granted { lease, .. } => lease,
            other => panic!("not granted: {other:?}"),
        }
    }

    pub async fn record(&self, lease: &Lease, forms: Vec<FormReading>) -> Recorded {
        let reading = DocumentReading {
            model: MODEL.to_owned(),
            forms,
            unplaced: Vec::new(),
        };
        reading::record(
            &self.database,
            &self.sealer,
            &self.definitions,
            lease,
            &reading,
        )
        .await
        .unwrap()
    }

    /// A new document, read as `forms`.
    pub async fn scan(&self, key: &str, forms: Vec<FormReading>) -> Recorded {
        let id = self.document(key).await;
        let lease = self.claim(id).await;
        self.record(&lease, forms).await
    }

    /// One text from the database.
    pub async fn text(&self, query: &'static str) -> Option<String> {
        sqlx::query_scalar(query)
            .fetch_one(self.database.pool())
            .await
            .unwrap()
    }

    /// One number from the database.
    pub async fn count(&self, query: &'static str) -> i64 {
        sqlx::query_scalar(query)
            .fetch_one(self.database.pool())
            .await
            .unwrap()
    }

    pub async fn execute(&self, statement: &'static str) {
        sqlx::raw_sql(statement)
            .execute(self.database.pool())
            .await
            .unwrap();
    }
}

pub fn arrival(key: &str, version: &str, sha256: [u8; 32]) -> Arrival {
    Arrival {
        bucket: "scans".into(),
        object_key: key.into(),
        object_version: version.into(),
        size_bytes: 1000,
        last_modified: None,
        content: Ok(sha256),
    }
}

/// The form of `family`, of which `pages` are in the file, in this order.
pub fn form(
    definition: &FormDefinition,
    family: u64,
    set_number: Option<&str>,
    pages: &[u32],
) -> FormReading {
    FormReading {
        form: definition.id.clone(),
        version: definition.version,
        pages: pages
            .iter()
            .enumerate()
            .map(|(index, page)| PageReading {
                page: *page,
                document_page: u32::try_from(index).unwrap() + 1,
                residual_mm: 0.1,
                homography: [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
                set_number: set_number.map(str::to_owned),
            })
            .collect(),
        fields: definition
            .fields
            .iter()
            .filter(|field| pages.contains(&field.page))
            .map(|field| answer(field, family))
            .collect(),
    }
}

/// Moves the pages of a form to later pages of the file.
pub fn from_page(mut form: FormReading, first: u32) -> FormReading {
    for page in &mut form.pages {
        page.document_page += first - 1;
    }
    form
}

/// Another scan of the same sheets: every sixth character is misread.
pub fn read_again(mut form: FormReading) -> FormReading {
    for field in &mut form.fields {
        if let Some(raw) = &mut field.raw {
            *raw = raw
                .chars()
                .enumerate()
                .map(|(i, c)| if i % 6 == 5 { '#' } else { c })
                .collect();
        }
    }
    form
}

/// The same answer for the same family and field, always; every fifth field is left blank.
fn answer(field: &Field, family: u64) -> FieldReading {
    let seed = field.name.bytes().fold(family, |seed, byte| {
        seed.wrapping_mul(0x0100_0000_01b3)
            .wrapping_add(u64::from(byte))
    });
    let mut random = StdRng::seed_from_u64(seed);
    let blank = random.random_ratio(1, 5);
    let (raw, value) = match field.kind {
        _ if blank => (None, None),
        FieldKind::OneOf => {
            let option = &field.options[random.random_range(0..field.options.len())];
            (None, Some(FieldValue::Text(option.value.clone())))
        }
        FieldKind::AnyOf => {
            let marked = field.options.iter().filter(|_| random.random_ratio(1, 3));
            (
                None,
                Some(FieldValue::Choices(
                    marked.map(|option| option.value.clone()).collect(),
                )),
            )
        }
        FieldKind::Signature => (None, Some(FieldValue::Signed(true))),
        _ => {
            let length = random.random_range(6..12);
            let text: String = (0..length)
                .map(|_| char::from(random.random_range(b'A'..=b'Z')))
                .collect();
            (Some(text.clone()), Some(FieldValue::Text(text)))
        }
    };
    FieldReading {
        name: field.name.clone(),
        kind: field.kind,
        raw,
        value,
        confidence: 0.5,
        state: if blank {
            FieldState::Blank
        } else {
            FieldState::Review
        },
        reasons: if blank {
            Vec::new()
        } else {
            vec!["Not calibrated yet".into()]
        },
        page: field.page,
        zone: field.zone.into(),
        alternatives: Vec::new(),
        signals: None,
    }
}
