//! Lists of people to write to, as GOV.UK Notify takes them.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{Local, Utc};
use serde_json::Value as Json;
use uuid::Uuid;

use super::frame::{Frame, Section, date_time};
use super::page_error::{PageError, render};
use super::posted::Posted;
use super::routes::Routes;
use super::session::{SignedIn, random_token, token_hash};
use super::state::AppState;
use crate::domain::contact_list::{Channel, LeftOut};
use crate::storage::Database;
use crate::storage::accounts::Permission;
use crate::storage::audit::{self, Act};
use crate::storage::contact_lists::{self, ContactList, MadeList, Wanted};

/// Lists shown.
const LISTS: i64 = 50;
/// People left out who are shown one by one.
const ROWS: usize = 500;
/// Longest description of a message, in characters.
const ABOUT: usize = 200;

pub(super) fn routes() -> Routes {
    Routes::default()
        .get("/contact-lists", show)
        .post("/contact-lists", make)
}

struct LeftOutRow {
    household: Uuid,
    reference: String,
    reason: &'static str,
}

struct MadeRow {
    when: String,
    by: String,
    channel: &'static str,
    about: String,
    listed: i32,
    left_out: i64,
}

/// What was asked for, as the page shows it again.
#[derive(Default)]
struct Asked {
    purpose: String,
    centre: String,
    about: String,
}

#[derive(Template)]
#[template(path = "contact_lists.html", config = "src/web/askama.toml")]
struct ListsPage {
    frame: Frame,
    csrf: String,
    asked: Asked,
    channels: [(&'static str, &'static str); 2],
    /// How many would be listed, with the reasons why others would not.
    looked: Option<(usize, Vec<(&'static str, usize)>)>,
    left_out: Vec<LeftOutRow>,
    made: Vec<MadeRow>,
    error: Option<&'static str>,
}

const CHANNELS: [(&str, &str); 2] = [
    ("contact.email", "E-mail"),
    ("contact.text", "Text message"),
];

async fn show(State(state): State<AppState>, signed_in: SignedIn) -> Result<Response, PageError> {
    signed_in.must(Permission::ContactLists)?;
    let act = Act::list("contact_list");
    audit::record(state.database.pool(), signed_in.actor(), act).await?;
    page(&state, &signed_in, Asked::default(), None, None).await
}

async fn page(
    state: &AppState,
    signed_in: &SignedIn,
    asked: Asked,
    found: Option<ContactList>,
    error: Option<&'static str>,
) -> Result<Response, PageError> {
    let made = contact_lists::made(&state.database, LISTS).await?;
    let mut counts: BTreeMap<LeftOut, usize> = BTreeMap::new();
    let mut left_out = Vec::new();
    for person in found.iter().flat_map(|f| &f.left_out) {
        *counts.entry(person.reason).or_default() += 1;
        if left_out.len() < ROWS {
            left_out.push(LeftOutRow {
                household: person.household_id,
                reference: person.reference.clone(),
                reason: person.reason.title(),
            });
        }
    }
    let counts = counts.into_iter().map(|(reason, n)| (reason.title(), n));
    let page = ListsPage {
        frame: Frame {
            error: error.is_some(),
            ..Frame::new("Contact lists", signed_in, Section::ContactLists).wide()
        },
        csrf: signed_in.csrf.clone(),
        asked,
        channels: CHANNELS,
        looked: found.as_ref().map(|f| (f.listed.len(), counts.collect())),
        left_out,
        made: made.into_iter().map(row).collect(),
        error,
    };
    let status = match error {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    Ok((status, render(&page)).into_response())
}

fn row(made: MadeList) -> MadeRow {
    let counts = made.left_out.as_object().into_iter().flatten();
    let channel = CHANNELS
        .iter()
        .find(|(purpose, _)| *purpose == made.purpose);
    MadeRow {
        when: date_time(made.made_at),
        by: made.made_by,
        channel: channel.map_or("", |(_, title)| *title),
        about: match made.centre {
            Some(centre) => format!("{} ({centre})", made.about),
            None => made.about,
        },
        listed: made.listed,
        left_out: counts.filter_map(|(_, n)| Json::as_i64(n)).sum(),
    }
}

/// Looks, or makes the file.
async fn make(State(state): State<AppState>, posted: Posted) -> Result<Response, PageError> {
    posted.signed_in.must(Permission::ContactLists)?;
    let text = |name: &str| posted.first(name).unwrap_or_default().trim().to_owned();
    let asked = Asked {
        purpose: text("purpose"),
        centre: text("centre").to_uppercase(),
        about: text("about"),
    };
    let signed_in = &posted.signed_in;
    let Some(channel) = Channel::parse(&asked.purpose) else {
        let error = Some("Say how you write to them");
        return page(&state, signed_in, asked, None, error).await;
    };
    let scope = signed_in.scope();
    let centre = Some(asked.centre.clone()).filter(|c| !c.is_empty());
    let due = state.retention.due(Local::now().date_naive());
    let making = state.clone();
    let (about, by) = (asked.about.clone(), signed_in.account.id);
    if posted.first("action") != Some("export") {
        let act = Act::new("looked_at_list", "account", by);
        audit::record(state.database.pool(), signed_in.actor(), act).await?;
        let wanted = Wanted {
            channel,
            centre: centre.as_deref(),
            scope: &scope,
            due,
        };
        let found = contact_lists::look(&state.database, &state.sealer, &wanted).await?;
        return page(&state, signed_in, asked, Some(found), None).await;
    }
    if about.is_empty() || about.chars().count() > ABOUT {
        let error = Some("Say in up to 200 characters what the message is about");
        return page(&state, signed_in, asked, None, error).await;
    }
    let (list, tokens) = Database::uninterrupted(async move {
        let wanted = Wanted {
            channel,
            centre: centre.as_deref(),
            scope: &scope,
            due,
        };
        let link = || {
            let token = random_token();
            let hash = token_hash(&token);
            (token, hash)
        };
        let (database, sealer) = (&making.database, &making.sealer);
        contact_lists::make(database, sealer, &wanted, &about, by, Utc::now(), &link).await
    })
    .await?;
    let csv = notify_csv(channel, &list, &tokens, &state.public_url)
        .map_err(|error| PageError::Broken(format!("a list cannot be written: {error}")))?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"contact-list.csv\"",
        ),
    ];
    Ok((headers, csv).into_response())
}

/// A recipient column that GOV.UK Notify knows by its name, and two for the template: `((first name))` and
/// `((stop link))`.
fn notify_csv(
    channel: Channel,
    list: &ContactList,
    tokens: &[String],
    public_url: &str,
) -> Result<Vec<u8>, csv::Error> {
    let address = match channel {
        Channel::Email => "email address",
        Channel::Text => "phone number",
    };
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record([address, "first name", "stop link"])?;
    for (person, token) in list.listed.iter().zip(tokens) {
        let link = format!("{public_url}/stop/{token}");
        csv.write_record([&person.address, &person.first_name, &link])?;
    }
    csv.into_inner().map_err(|error| error.into_error().into())
}
