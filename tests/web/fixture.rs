//! A web server on a local stack, and a form that waits for a clerk.

use std::path::Path;

use enrol::config::Config;
use enrol::domain::field::FieldKind;
use enrol::domain::recipient::{Basis, Terms};
use enrol::domain::recipient_fields::FieldGroup;
use enrol::forms::definition::{DataCategory, Field, FormDefinition};
use enrol::lifecycle::Shutdown;
use enrol::local_stack::LocalStack;
use enrol::objects::ObjectStore;
use enrol::storage::Database;
use enrol::storage::accounts::{self, NewAccount, Role};
use enrol::storage::audit::Actor;
use enrol::storage::sealing::{Sealer, SpecialContent};
use enrol::storage::{api_tokens, recipients};
use enrol::web::{Server, random_token, token_hash};
use reqwest::{Client, Response};
use scraper::{Html, Selector};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::events;

/// Password of every account here.
pub const PASSWORD: &str = "correct horse battery";
/// Pixels per millimetre of the scans made here.
const SCALE: f64 = 4.0;

pub struct Site {
    pub url: String,
    pub database: Database,
    pub config: Config,
    shutdown: Shutdown,
    stack: LocalStack,
    _folder: tempfile::TempDir,
}

impl Site {
    /// Starts everything and adds two clerks, a receptionist and a supervisor.
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// The same with a configuration of the test's own.
    pub async fn start_with(configure: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let stack = LocalStack::start(&folder.path().join("stack"))
            .await
            .unwrap();
        let mut config = stack.config.clone();
        config.web.listen = "127.0.0.1:0".into();
        config.web.public_url = String::new();
        configure(&mut config);
        if !Path::new("src/web/dist/enrol.css").is_file() {
            // Styles are npm's business, not these tests'.
            let assets = folder.path().join("assets");
            std::fs::create_dir_all(&assets).unwrap();
            std::fs::write(assets.join("enrol.css"), "").unwrap();
            config.web.assets_folder = assets;
        }
        let server = Server::bind(&config).await.unwrap();
        let url = format!("http://{}", server.address());
        let shutdown = Shutdown::new();
        shutdown.spawn(server.serve(shutdown.clone()));
        let database = Database::connect(&config.database).await.unwrap();
        let hash = enrol::web::password::hash(PASSWORD).unwrap();
        for (user_name, display_name, role) in [
            ("ada", "Ada Clerk", Role::Clerk),
            ("ben", "Ben Clerk", Role::Clerk),
            ("rea", "Rea Reception", Role::Reception),
            ("sue", "Sue Supervisor", Role::Supervisor),
        ] {
            let new = NewAccount {
                user_name,
                display_name,
                roles: &[role],
                centres: &[],
                password_hash: &hash,
            };
            accounts::add(&database, new).await.unwrap();
        }
        Self {
            url,
            database,
            config,
            shutdown,
            stack,
            _folder: folder,
        }
    }

    pub async fn stop(self) {
        events::all_fit_their_schemas(&self.database, &self.url).await;
        self.shutdown.trigger();
        self.shutdown
            .finished(std::time::Duration::from_secs(15))
            .await;
        self.database.close().await;
        self.stack.stop().await;
    }

    pub fn sealer(&self) -> Sealer {
        Sealer::from_key_file(&self.config.keys.special_category_key_file).unwrap()
    }

    /// A browser that has signed in.
    pub async fn browser(&self, user_name: &str) -> Browser {
        let browser = self.stranger();
        let answer = browser.sign_in(user_name, PASSWORD).await;
        assert!(
            answer.status().is_success(),
            "{user_name} must be able to sign in"
        );
        browser
    }

    /// Adds an account with the usual password.
    pub async fn account(&self, user_name: &str, roles: &[Role], centres: &[&str]) {
        let centres: Vec<String> = centres.iter().map(|c| (*c).to_owned()).collect();
        let new = NewAccount {
            user_name,
            display_name: user_name,
            roles,
            centres: &centres,
            password_hash: &enrol::web::password::hash(PASSWORD).unwrap(),
        };
        accounts::add(&self.database, new).await.unwrap();
    }

    /// Registers a recipient for a public task and gives out a token: all centres, no queue.
    pub async fn recipient(&self, scopes: &[&str], field_groups: &[FieldGroup]) -> Given {
        self.recipient_with(scopes, field_groups, |_| {}).await
    }

    /// The same with terms of the test's own.
    pub async fn recipient_with(
        &self,
        scopes: &[&str],
        field_groups: &[FieldGroup],
        agree: impl FnOnce(&mut Terms),
    ) -> Given {
        let mut terms = Terms {
            organisation: "early_help".to_owned(),
            name: "Early Help".to_owned(),
            contact: "early-help@example.org".to_owned(),
            purpose: "To offer families early help".to_owned(),
            basis: Basis::PublicTask,
            responsible: None,
            scopes: scopes.iter().map(|s| (*s).to_owned()).collect(),
            field_groups: field_groups.iter().copied().collect(),
            centres: vec![],
            has_queue: false,
            valid_until: chrono::Utc::now().date_naive() + chrono::Days::new(30),
        };
        agree(&mut terms);
        let id = recipients::register(&self.database, &terms, Actor::Machine)
            .await
            .unwrap();
        let token = random_token();
        api_tokens::add(&self.database, id, &token_hash(&token), Actor::Machine)
            .await
            .unwrap();
        Given {
            id,
            token,
            url: self.url.clone(),
        }
    }

    /// A browser that stays where an answer would lead it on.
    pub fn stranger_staying(&self) -> Browser {
        let client = Client::builder()
            .cookie_store(true)
            .redirect(reqwest::redirect::Policy::none());
        Browser {
            client: client.build().unwrap(),
            url: self.url.clone(),
        }
    }

    /// The same, signed in.
    pub async fn browser_staying(&self, user_name: &str) -> Browser {
        let browser = self.stranger_staying();
        let answer = browser.sign_in(user_name, PASSWORD).await;
        assert!(answer.status().is_redirection(), "{user_name} must get in");
        browser
    }

    /// A browser that nobody has signed in with.
    pub fn stranger(&self) -> Browser {
        Browser {
            client: Client::builder().cookie_store(true).build().unwrap(),
            url: self.url.clone(),
        }
    }

    /// A form, each page in a scan of its own, whose fields read as `values` say; all others are blank. It has the
    /// continuation sheet if something is written there.
    pub async fn form(&self, reference: &str, values: &[(&str, Json)]) -> Uuid {
        let definition = enrol::forms::load("registration").unwrap();
        let form = Uuid::now_v7();
        sqlx::query(
            "INSERT INTO form (id, reference, definition_id, definition_version, set_number, state, received_at)
             VALUES ($1, $2, 'registration', 1, $3, 'in_review', '2026-03-27T09:14:00Z')",
        )
        .bind(form)
        .bind(reference)
        .bind(reference.trim_start_matches("F-"))
        .execute(self.database.pool())
        .await
        .unwrap();
        let written_on = |page: u32| {
            let on = |name: &str| definition.field(name).is_some_and(|f| f.page == page);
            values.iter().any(|(name, _)| on(name))
        };
        let pages: Vec<u32> = (1..=definition.pages)
            .filter(|page| !definition.optional_pages.contains(page) || written_on(*page))
            .collect();
        for number in &pages {
            self.page(form, reference, &definition, *number).await;
        }
        for field in definition.fields.iter().filter(|f| pages.contains(&f.page)) {
            let read = values
                .iter()
                .find(|(name, _)| *name == field.name)
                .map(|(_, value)| value);
            self.field(form, field, read).await;
        }
        form
    }

    async fn page(&self, form: Uuid, reference: &str, definition: &FormDefinition, number: u32) {
        let (document, key) = (Uuid::now_v7(), format!("test/{reference}-{number}.png"));
        let (width, height) = (
            definition.page.width_mm * SCALE,
            definition.page.height_mm * SCALE,
        );
        let mut picture =
            image::GrayImage::from_pixel(width as u32, height as u32, image::Luma([250]));
        for field in definition.fields.iter().filter(|f| f.page == number) {
            let zone = field.zone;
            for step in 0..(zone.width * SCALE) as u32 {
                let (x, y) = (
                    (zone.x * SCALE) as u32 + step,
                    ((zone.y + zone.height) * SCALE) as u32,
                );
                if x < picture.width() && y < picture.height() {
                    picture.put_pixel(x, y, image::Luma([40]));
                }
            }
        }
        let mut png = std::io::Cursor::new(Vec::new());
        picture.write_to(&mut png, image::ImageFormat::Png).unwrap();
        let objects = ObjectStore::new(&self.config.objects);
        objects
            .put(&key, png.into_inner().into(), "image/png")
            .await
            .unwrap();
        sqlx::query(
            "INSERT INTO document (id, bucket, object_key, object_version, size_bytes, received_at, state, next_attempt_at)
             VALUES ($1, $2, $3, '1', 1000, '2026-03-27T09:14:00Z', 'read', now())",
        )
        .bind(document)
        .bind(objects.bucket())
        .bind(&key)
        .execute(self.database.pool())
        .await
        .unwrap();
        sqlx::query(
            "INSERT INTO page (id, document_id, number, outcome, form_id, form_page, residual_mm, homography)
             VALUES ($1, $2, 1, 'in_form', $3, $4, 0.1, $5)",
        )
        .bind(Uuid::now_v7())
        .bind(document)
        .bind(form)
        .bind(number as i32)
        .bind([SCALE, 0.0, 0.0, 0.0, SCALE, 0.0, 0.0, 0.0, 1.0].as_slice())
        .execute(self.database.pool())
        .await
        .unwrap();
    }

    async fn field(&self, form: Uuid, field: &Field, read: Option<&Json>) {
        let special = field.rules.category == DataCategory::Special;
        let always = field.rules.consent.is_some() || field.kind == FieldKind::Signature;
        let state = if read.is_some() || always {
            "review"
        } else {
            "blank"
        };
        let reasons: Vec<String> = if always {
            vec!["Consent is always confirmed by a person".into()]
        } else if read.is_some() {
            vec!["Handwriting is checked by a person".into()]
        } else {
            vec![]
        };
        let raw = read.and_then(Json::as_str).map(str::to_owned);
        sqlx::query(
            "INSERT INTO field (form_id, name, kind, form_page, state, confidence, reasons, raw, value, special)
             VALUES ($1, $2, $3, $4, $5, 0.8, $6, $7, $8, $9)",
        )
        .bind(form)
        .bind(&field.name)
        .bind(field.kind.as_str())
        .bind(field.page as i32)
        .bind(state)
        .bind(&reasons)
        .bind(raw.as_ref().filter(|_| !special))
        .bind(read.filter(|_| !special))
        .bind(special)
        .execute(self.database.pool())
        .await
        .unwrap();
        if special {
            let content = SpecialContent {
                raw,
                value: read.cloned(),
                settled_value: None,
                alternatives: Vec::new(),
            };
            let (key_id, sealed) = self
                .sealer()
                .seal_field(form, &field.name, &content)
                .unwrap();
            sqlx::query(
                "INSERT INTO field_special (form_id, name, key_id, sealed) VALUES ($1, $2, $3, $4)",
            )
            .bind(form)
            .bind(&field.name)
            .bind(key_id)
            .bind(sealed)
            .execute(self.database.pool())
            .await
            .unwrap();
        }
    }

    /// Number of rows that a query counts.
    pub async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql)
            .fetch_one(self.database.pool())
            .await
            .unwrap()
    }
}

/// What a family with one child wrote.
pub fn written() -> Vec<(&'static str, Json)> {
    vec![
        ("office.centre", json!("OAK")),
        ("office.date_received", json!("2026-03-27")),
        ("primary_carer.first_name", json!("GRACE")),
        ("primary_carer.surname", json!("EXAMPLE")),
        ("primary_carer.date_of_birth", json!("1992-05-17")),
        ("primary_carer.mobile", json!("07700900123")),
        ("primary_carer.email", json!("grace@example.org")),
        ("primary_carer.address_line_1", json!("14 Elm Road")),
        ("primary_carer.postcode", json!("MK40 1AA")),
        ("primary_carer.ethnic_group", json!("white_irish")),
        ("child_1.first_name", json!("TOM")),
        ("child_1.surname", json!("EXAMPLE")),
        ("child_1.date_of_birth", json!("2024-02-29")),
        ("consent.email", json!("yes")),
        ("consent.phone", json!("no")),
        ("declaration.signature", json!(true)),
        ("declaration.date_signed", json!("2026-03-20")),
    ]
}

/// The same answers, written by another family.
pub fn by_another_family(values: Vec<(&'static str, Json)>) -> Vec<(&'static str, Json)> {
    let other = |name: &str, value: Json| match name {
        "primary_carer.first_name" => json!("OMAR"),
        "primary_carer.surname" | "child_1.surname" => json!("SPECIMEN"),
        "primary_carer.date_of_birth" => json!("1988-11-02"),
        "primary_carer.mobile" => json!("07700900456"),
        "primary_carer.email" => json!("omar@example.org"),
        "primary_carer.address_line_1" => json!("3 Mill Lane"),
        "primary_carer.postcode" => json!("MK42 9ZZ"),
        "child_1.first_name" => json!("ROSE"),
        "child_1.date_of_birth" => json!("2023-07-08"),
        _ => value,
    };
    values
        .into_iter()
        .map(|(name, value)| (name, other(name, value)))
        .collect()
}

/// A recipient with its token.
pub struct Given {
    pub id: Uuid,
    pub token: String,
    pub url: String,
}

impl Given {
    pub async fn get(&self, path: &str) -> Response {
        let asked = Client::new()
            .get(format!("{}{path}", self.url))
            .bearer_auth(&self.token);
        asked.send().await.unwrap()
    }

    /// What is at `path`, which must be there.
    pub async fn json(&self, path: &str) -> Json {
        let answer = self.get(path).await;
        assert_eq!(answer.status(), 200, "{path}");
        answer.json().await.unwrap()
    }

    pub async fn post(&self, path: &str, body: &Json) -> Response {
        let asked = Client::new()
            .post(format!("{}{path}", self.url))
            .bearer_auth(&self.token);
        asked.json(body).send().await.unwrap()
    }
}

/// A person at a browser.
pub struct Browser {
    pub client: Client,
    pub url: String,
}

impl Browser {
    pub async fn sign_in(&self, user_name: &str, password: &str) -> Response {
        let page = self.get("/sign-in").await.text().await.unwrap();
        let csrf = hidden(&page, "csrf");
        self.post(
            "/sign-in",
            &[
                ("csrf", &csrf),
                ("next", "/"),
                ("user_name", user_name),
                ("password", password),
            ],
        )
        .await
    }

    pub async fn get(&self, path: &str) -> Response {
        self.client
            .get(format!("{}{path}", self.url))
            .send()
            .await
            .unwrap()
    }

    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        self.client
            .post(format!("{}{path}", self.url))
            .form(fields)
            .send()
            .await
            .unwrap()
    }

    /// What the review page of `form` sends when every consent is answered and all else is confirmed.
    pub async fn confirmed(&self, form: Uuid, consents: &str) -> Vec<(String, String)> {
        let html = self
            .get(&format!("/review/{form}"))
            .await
            .text()
            .await
            .unwrap();
        let html = Html::parse_document(&html);
        let mut sent = Vec::new();
        for input in html.select(&Selector::parse("[data-enrol-review] input").unwrap()) {
            let (name, value) = (
                input.attr("name").unwrap(),
                input.attr("value").unwrap_or_default(),
            );
            let choice = matches!(input.attr("type"), Some("radio" | "checkbox"));
            let consent = name.starts_with("value:consent.");
            if (!choice && !consent)
                || input.attr("checked").is_some()
                || (consent && value == consents)
            {
                sent.push((name.to_owned(), value.to_owned()));
            }
        }
        for area in html.select(&Selector::parse("[data-enrol-review] textarea").unwrap()) {
            sent.push((area.attr("name").unwrap().to_owned(), area.text().collect()));
        }
        sent
    }

    pub async fn send(&self, form: Uuid, fields: &[(String, String)]) -> Response {
        self.client
            .post(format!("{}/review/{form}", self.url))
            .form(fields)
            .send()
            .await
            .unwrap()
    }
}

pub fn hidden(html: &str, name: &str) -> String {
    let html = Html::parse_document(html);
    let inputs = Selector::parse("input[type=hidden]").unwrap();
    let input = html.select(&inputs).find(|i| i.attr("name") == Some(name));
    input
        .and_then(|i| i.attr("value"))
        .unwrap_or_default()
        .to_owned()
}

/// The text of the first element that `selector` finds.
pub fn text(html: &str, selector: &str) -> String {
    let html = Html::parse_document(html);
    let first = html.select(&Selector::parse(selector).unwrap()).next();
    let text: String = first.map(|e| e.text().collect()).unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The HTML of the first element that `selector` finds, one line per tag, with ids replaced by names.
pub fn element(html: &str, selector: &str, ids: &[(Uuid, &str)]) -> String {
    let html = Html::parse_document(html);
    let first = html
        .select(&Selector::parse(selector).unwrap())
        .next()
        .map(|e| e.html())
        .unwrap_or_default();
    let named = ids.iter().fold(first, |html, (id, name)| {
        html.replace(&id.to_string(), name)
    });
    named
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace("> <", "><")
        .replace("><", ">\n<")
}
