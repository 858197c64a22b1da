//! A copy of everything that is kept about one person (UK GDPR Article 15), as PDF to read and JSON to take along.

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use super::copy_pdf::{self, Content};
use crate::forms::definition::Zone;
use crate::forms::print::Fonts;
use crate::storage::accounts::Permission;
use crate::storage::audit::{self, Act};
use crate::storage::subject_access::{self, Paper, PersonCopy};
use crate::storage::{review, service_users};
use crate::web::page_error::PageError;
use crate::web::posted::Posted;
use crate::web::state::AppState;
use crate::web::visible;
use crate::web::words::Words;

/// What stands before the sections.
const INTRODUCTION: [&str; 3] = [
    "This is what is kept about you here. What other people wrote about themselves is left out, and covered on the pictures of forms.",
    "You may ask to have it put right, erased or restricted, object to its use, take consents back, and complain to the Information Commissioner's Office (ico.org.uk).",
    "Before you pass this on: check the notes and the pictures for anything about somebody else.",
];

/// Makes the copy. `format` is `pdf` or `json`.
pub(super) async fn make(
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, PageError> {
    let signed_in = &posted.signed_in;
    signed_in.must(Permission::Rights)?;
    let person = service_users::service_user(&state.database, id).await?;
    let person = person.ok_or(PageError::NotFound)?;
    let household = visible::household(&state, signed_in, person.household_id).await?;
    if visible::hides_whereabouts(signed_in, &household) {
        return Err(PageError::Protected);
    }
    let pdf = match posted.first("format") {
        Some("pdf") => true,
        Some("json") => false,
        _ => return Err(PageError::Malformed),
    };
    let act = Act::new("copied_for_subject", "service_user", person.id);
    audit::record(state.database.pool(), signed_in.actor(), act).await?;
    let copy = subject_access::gather(&state.database, &state.sealer, person.id).await?;
    let (kind, name, body) = if pdf {
        let pictures = pictures(&state, &copy).await?;
        let sections = in_words(&state, copy);
        let writing = tokio::task::spawn_blocking(move || {
            let fonts = Fonts::find().map_err(|error| error.to_string())?;
            copy_pdf::write(
                "A copy of your data",
                &INTRODUCTION,
                &sections,
                &pictures,
                &fonts,
            )
        });
        let written = writing
            .await
            .map_err(|error| error.to_string())
            .and_then(|w| w);
        let written = written.map_err(PageError::Broken)?;
        ("application/pdf", "copy.pdf", written)
    } else {
        let sections = copy
            .sections
            .into_iter()
            .map(|(title, content)| (title.to_owned(), content));
        let body = Json::Object(sections.collect::<Map<String, Json>>());
        (
            "application/json",
            "copy.json",
            body.to_string().into_bytes(),
        )
    };
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
    ];
    Ok((headers, body).into_response())
}

/// The sections with questions and answers in the words of the forms.
fn in_words(state: &AppState, copy: PersonCopy) -> Vec<(&'static str, Content)> {
    let words =
        |paper: &Paper| Words(state.definition(&paper.definition_id, paper.definition_version));
    let newest = copy.papers.first().map(|p| (words(p), p.block.clone()));
    let say = |name: &str, value: &Json| match &newest {
        Some((words, block)) => {
            let full = format!("{block}.{name}");
            (Some(words.own_label(&full)), words.value(&full, value))
        }
        None => (Some(name.replace('_', " ")), value.to_string()),
    };
    let members = |value: &Json| value.as_object().cloned().unwrap_or_default();
    let items = |value: &Json| value.as_array().cloned().unwrap_or_default();
    let told = |title: &'static str, content: &Json| match title {
        "Record" => {
            let mut rows = Vec::new();
            for record in items(content) {
                for name in [
                    "first_name",
                    "surname",
                    "date_of_birth",
                    "nhs_number",
                    "email",
                ] {
                    rows.extend(record.get(name).map(|value| say(name, value)));
                }
                rows.extend(members(&record["details"]).iter().map(|(n, v)| say(n, v)));
            }
            Some(rows)
        }
        "Ethnic group, disability, health and pregnancy" => {
            Some(members(content).iter().map(|(n, v)| say(n, v)).collect())
        }
        "What was read from forms" => {
            let mut rows = Vec::new();
            for (form, paper) in items(content).iter().zip(&copy.papers) {
                rows.push((None, format!("Form {}", paper.reference)));
                let mut fields: Vec<(String, Json)> =
                    members(&form["fields"]).into_iter().collect();
                let words = words(paper);
                fields.sort_by_key(|(name, _)| words.place(name));
                for (name, field) in fields {
                    let (read, taken) = (&field["read"], &field["taken"]);
                    let value = match (taken.is_null(), read.as_str()) {
                        (true, _) => "nothing was taken".to_owned(),
                        (false, Some(read)) if taken.as_str() != Some(read) => {
                            format!("{} (read as {read})", words.value(&name, taken))
                        }
                        (false, _) => words.value(&name, taken),
                    };
                    rows.push((Some(words.label(&name)), value));
                }
            }
            Some(rows)
        }
        _ => None,
    };
    copy.sections
        .iter()
        .map(|(title, content)| match told(title, content) {
            Some(rows) => (*title, Content::Told(rows)),
            None => (*title, Content::Kept(content.clone())),
        })
        .collect()
}

/// The pages of the person's forms on which something of theirs stands, everything else covered.
async fn pictures(state: &AppState, copy: &PersonCopy) -> Result<Vec<(String, Bytes)>, PageError> {
    let mut pictures = Vec::new();
    for paper in &copy.papers {
        let Some(definition) = state.definition(&paper.definition_id, paper.definition_version)
        else {
            continue;
        };
        for page in review::pages(&state.database, paper.form_id).await? {
            let on_page = definition
                .fields
                .iter()
                .filter(|f| f.page == page.form_page);
            let keep: Vec<Zone> = on_page
                .filter(|f| Paper::is_theirs(paper, &f.name))
                .map(|f| f.zone)
                .collect();
            if keep.is_empty() {
                continue;
            }
            let size = Zone {
                x: 0.0,
                y: 0.0,
                width: definition.page.width_mm,
                height: definition.page.height_mm,
            };
            let picture = state.pictures.covered(&page, size, keep).await;
            let picture = picture
                .map_err(|error| PageError::Broken(format!("a page cannot be shown: {error}")))?;
            let caption = format!("Form {}, page {}", paper.reference, page.form_page);
            pictures.push((caption, picture));
        }
    }
    Ok(pictures)
}
