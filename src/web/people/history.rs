//! What became of one person's record.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::Value as Json;
use uuid::Uuid;

use super::super::frame::{Frame, Section, date, date_time};
use super::super::page_error::{PageError, render};
use super::super::session::SignedIn;
use super::super::state::AppState;
use super::super::visible;
use super::super::words::Words;
use super::person;
use crate::domain::proposal::ADDRESS;
use crate::domain::protected_address::{HIDDEN, tells_where};
use crate::storage::accounts::Permission;
use crate::storage::audit::{self, Act};
use crate::storage::register::history::{self, PastChange};
use crate::storage::register::merging;

struct ChangeRow {
    when: String,
    label: String,
    old: String,
    new: String,
    why: String,
}

struct MergeRow {
    id: Uuid,
    when: String,
    by: String,
    reason: String,
    undone: Option<String>,
}

#[derive(Template)]
#[template(path = "history.html", config = "src/web/askama.toml")]
struct HistoryPage {
    frame: Frame,
    csrf: String,
    id: Uuid,
    household_id: Uuid,
    changes: Vec<ChangeRow>,
    addresses: Vec<(String, String)>,
    forms: Vec<(Uuid, String, String)>,
    merges: Vec<MergeRow>,
    may_merge: bool,
}

/// The page.
pub(super) async fn show(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Response, PageError> {
    signed_in.must(Permission::SeeHouseholds)?;
    let (record, household) = person(&state, &signed_in, id).await?;
    let database = &state.database;
    let act = Act::new("viewed_history", "service_user", record.id);
    audit::record(database.pool(), signed_in.actor(), act).await?;
    let hidden = visible::hides_whereabouts(&signed_in, &household);
    let definition = state.definition(&household.definition_id, household.definition_version);
    let words = Words(definition);
    let block = record.block();
    let changes = history::changes_of(database, record.id).await?;
    let addresses = if hidden {
        vec![(HIDDEN.to_owned(), String::new())]
    } else {
        let addresses = history::addresses_of(database, record.id).await?;
        let span = |since, until: Option<_>| match until {
            Some(until) => format!("from {} to {}", date(since), date(until)),
            None => format!("since {}", date(since)),
        };
        addresses
            .into_iter()
            .map(|a| (a.lines.join(", "), span(a.since, a.until)))
            .collect()
    };
    let forms = history::forms_of(database, record.id).await?;
    let merges = merging::of_person(database, record.id).await?;
    Ok(render(&HistoryPage {
        frame: Frame::new("History of a record", &signed_in, Section::Elsewhere).wide(),
        csrf: signed_in.csrf.clone(),
        id: record.id,
        household_id: record.household_id,
        changes: changes
            .iter()
            .map(|c| row(&words, &block, c, hidden))
            .collect(),
        addresses,
        forms: forms
            .into_iter()
            .map(|f| {
                let what = if f.made {
                    "made the record"
                } else {
                    "told more"
                };
                (
                    f.form_id,
                    f.reference,
                    format!("signed {}, {what}", date(f.as_of)),
                )
            })
            .collect(),
        merges: merges
            .into_iter()
            .map(|m| MergeRow {
                id: m.id,
                when: date_time(m.merged_at),
                by: m.merged_by,
                reason: m.reason,
                undone: m.undone_at.map(date_time),
            })
            .collect(),
        may_merge: signed_in.can(Permission::MergePeople),
    }))
}

fn row(words: &Words<'_>, block: &str, change: &PastChange, hidden: bool) -> ChangeRow {
    let full = format!("{block}.{}", change.name);
    let concealed = hidden && tells_where(&change.name);
    let value = |value: &Option<Json>| match value {
        _ if change.special => "kept apart".to_owned(),
        _ if concealed => HIDDEN.to_owned(),
        Some(value) => words.value(&full, value),
        None => String::new(),
    };
    let why = match change.cause.as_str() {
        "registration" => "a newer form",
        "merge" => "two records made one",
        "unmerge" => "two records parted",
        "rectification" => "corrected on request",
        _ => "consent withdrawn",
    };
    let form = change
        .form_reference
        .as_ref()
        .map(|f| format!(" {f}"))
        .unwrap_or_default();
    let by = change
        .changed_by
        .as_ref()
        .map(|by| format!(", {by}"))
        .unwrap_or_default();
    ChangeRow {
        when: date_time(change.changed_at),
        label: if change.name == ADDRESS {
            "Address".to_owned()
        } else {
            words.own_label(&full)
        },
        old: value(&change.old),
        new: value(&change.new),
        why: format!("{why}{form}{by}"),
    }
}
