//! One step of the desk as a page.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use uuid::Uuid;

use super::steps::{self, Step};
use super::suggestions;
use super::{advice, keys};
use crate::forms::definition::Zone;
use crate::storage::accounts::Permission;
use crate::storage::audit::{self, Act};
use crate::storage::review;
use crate::web::frame::{Frame, Section};
use crate::web::page_error::{PageError, render};
use crate::web::review::actions::NoteLine;
use crate::web::review::answers::{BLANK, STRUCK, Typed, UNREADABLE};
use crate::web::review::field_view::{Control, FieldView};
use crate::web::review::form::{self, OpenForm};
use crate::web::session::SignedIn;
use crate::web::state::AppState;

/// Paper shown above and below a field, in millimetres: its printed label and the lines next to it.
const AROUND: f64 = 22.0;

struct DeskField {
    view: FieldView,
    suggestions: Vec<Choice>,
    /// The mark that was chosen before, in words.
    marked: Option<&'static str>,
    how_sure: Option<&'static str>,
    /// The colleague whose draft this is.
    typed_by: Option<String>,
}

struct Choice {
    number: usize,
    as_typed: String,
    text: String,
    how_likely: &'static str,
}

struct Rect {
    x: String,
    y: String,
    width: String,
    height: String,
}

/// The page around the fields.
struct Sheet {
    number: u32,
    view_box: String,
    width: f64,
    height: f64,
    zones: Vec<Rect>,
    label: String,
}

#[derive(Template)]
#[template(path = "desk.html", config = "src/web/askama.toml")]
struct DeskPage {
    frame: Frame,
    csrf: String,
    form_id: Uuid,
    reference: String,
    step: String,
    title: String,
    number: usize,
    total: usize,
    done: usize,
    fields: Vec<DeskField>,
    errors: Vec<(String, String)>,
    /// One field with text of its own, where marks are buttons.
    marks: bool,
    /// Whether confirming is what there is to do.
    confirm: bool,
    /// Seconds taken over the step so far.
    spent: f64,
    previous: Option<String>,
    next_crops: Vec<String>,
    sheet: Sheet,
    pages: Vec<u32>,
    remark: Option<String>,
    notes: Vec<NoteLine>,
    referred: Option<String>,
    keys: String,
    key_list: Vec<keys::KeyLine>,
}

#[derive(Deserialize)]
pub(super) struct FieldQuery {
    field: Option<String>,
}

pub(super) async fn show(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Path(id): Path<Uuid>,
    Query(query): Query<FieldQuery>,
) -> Result<Response, PageError> {
    signed_in.must(Permission::CheckForms)?;
    let form = form::load(&state, &signed_in, id)
        .await?
        .ok_or(PageError::NotFound)?;
    if let Some(refused) = not_yours(&state, &form, &signed_in, StatusCode::OK).await? {
        return Ok(refused);
    }
    let step = match &query.field {
        Some(name) => steps::find(&form, name).ok_or(PageError::NotFound)?,
        None => {
            let all = steps::steps(&form);
            let open = all.into_iter().find(|step| !steps::is_done(&form, step));
            let to = match open {
                Some(step) => address(id, step.name()),
                None => format!("/review/{id}/desk/finish"),
            };
            return Ok(Redirect::to(&to).into_response());
        }
    };
    audit::record(
        state.database.pool(),
        signed_in.actor(),
        Act::new("viewed", "form", id),
    )
    .await?;
    let typed = form.shown_at_first();
    let shown = Shown {
        step: &step,
        typed: &typed,
        errors: &BTreeMap::new(),
        spent: 0.0,
    };
    desk_page(&state, &form, &signed_in, &shown).await
}

/// The address of a step.
pub(super) fn address(form: Uuid, field: &str) -> String {
    format!("/review/{form}/desk?field={field}")
}

/// What to answer when the form does not wait for this person; claims it otherwise.
pub(super) async fn not_yours(
    state: &AppState,
    form: &OpenForm<'_>,
    signed_in: &SignedIn,
    status: StatusCode,
) -> Result<Option<Response>, PageError> {
    if form.head.state != "in_review" {
        return Ok(Some(form::closed(&form.head, signed_in, status, vec![])));
    }
    let holder = review::claim(&state.database, form.head.id, signed_in.account.id).await?;
    Ok(holder.map(|holder| form::held(&form.head, &holder, signed_in, status, vec![])))
}

/// What a step's page shows.
pub(super) struct Shown<'a> {
    pub step: &'a Step,
    pub typed: &'a BTreeMap<String, Typed>,
    /// What is wrong, by field.
    pub errors: &'a BTreeMap<String, String>,
    /// Seconds that the person took over the step before it came back to them.
    pub spent: f64,
}

/// The page of a step with what was typed and what is wrong with it.
pub(super) async fn desk_page(
    state: &AppState,
    form: &OpenForm<'_>,
    signed_in: &SignedIn,
    shown: &Shown<'_>,
) -> Result<Response, PageError> {
    let Shown {
        step,
        typed,
        errors,
        spent,
    } = *shown;
    let all = steps::steps(form);
    let at = all.iter().position(|s| s == step);
    let fields: Vec<DeskField> = step
        .names
        .iter()
        .filter_map(|name| desk_field(form, signed_in, name, typed, errors))
        .collect();
    let single = fields.len() == 1;
    let marks = single
        && fields
            .iter()
            .all(|f| !matches!(f.view.control, Control::Radios { .. }));
    let confirm = marks
        && errors.is_empty()
        && step
            .names
            .iter()
            .all(|name| typed.get(name).is_some_and(|t| !t.is_empty()));
    let after = steps::after(form, &all, step);
    let chosen = keys::of_person(state, signed_in).await?;
    let title = match at {
        Some(at) => format!(
            "Form {}, step {} of {}",
            form.head.reference,
            at + 1,
            all.len()
        ),
        None => format!("Form {}, one field", form.head.reference),
    };
    let frame = Frame::new(title, signed_in, Section::Review).wide();
    let page = DeskPage {
        frame: Frame {
            error: !errors.is_empty(),
            ..frame
        },
        csrf: signed_in.csrf.clone(),
        form_id: form.head.id,
        reference: form.head.reference.clone(),
        step: step.name().to_owned(),
        title: group_of(form, step),
        number: at.map_or(0, |at| at + 1),
        total: all.len(),
        done: all.iter().filter(|s| steps::is_done(form, s)).count(),
        errors: fields
            .iter()
            .filter_map(|f| Some((f.view.id.clone(), f.view.error.clone()?)))
            .collect(),
        marks,
        confirm,
        spent,
        previous: at
            .and_then(|at| at.checked_sub(1))
            .map(|before| address(form.head.id, all[before].name())),
        next_crops: after
            .map(|s| s.names.iter().map(|n| crop(form.head.id, n)).collect())
            .unwrap_or_default(),
        sheet: sheet(form, step),
        pages: form.pages.iter().map(|p| p.form_page).collect(),
        remark: form.head.reason.clone(),
        notes: form.notes.iter().cloned().map(NoteLine::from).collect(),
        referred: form.referred.clone(),
        key_list: keys::lines(&chosen),
        keys: serde_json::json!(chosen).to_string(),
        fields,
    };
    let status = if errors.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    Ok((status, render(&page)).into_response())
}

fn crop(form: Uuid, field: &str) -> String {
    format!("/review/{form}/fields/{field}/crop")
}

fn group_of(form: &OpenForm<'_>, step: &Step) -> String {
    let group = form
        .definition
        .field(step.name())
        .map_or("", |f| f.group.as_str());
    if group.is_empty() { "The form" } else { group }.to_owned()
}

fn desk_field(
    form: &OpenForm<'_>,
    signed_in: &SignedIn,
    name: &str,
    typed: &BTreeMap<String, Typed>,
    errors: &BTreeMap<String, String>,
) -> Option<DeskField> {
    let (field, stored) = (form.definition.field(name)?, form.fields.get(name)?);
    let nothing = Typed::default();
    let typed = typed.get(name).unwrap_or(&nothing);
    let mut view = FieldView::new(field, stored, typed, errors.get(name).cloned(), true);
    // Whoever types blind sees nothing of what was read, not even how sure the reader was of it.
    let blind = form.blind.contains(name);
    if blind {
        view = view.blind();
    }
    // On this page the marks are buttons.
    view.has_marks = false;
    let advice: Vec<String> = view
        .why
        .iter()
        .filter_map(|reason| advice::what_to_do(reason).map(str::to_owned))
        .collect();
    view.why.extend(advice);
    let marked = match () {
        () if typed.is_marked(UNREADABLE) => Some("not readable"),
        () if typed.is_marked(STRUCK) => Some("struck out"),
        () if typed.is_marked(BLANK) => Some("left blank"),
        () => None,
    };
    let suggestions = if blind {
        vec![]
    } else {
        suggestions::on_form(form, field, stored)
    };
    let consent = field.rules.consent.is_some();
    let draft = form.drafts.get(name);
    Some(DeskField {
        suggestions: suggestions
            .into_iter()
            .enumerate()
            .map(|(at, s)| Choice {
                number: at + 1,
                as_typed: s.as_typed,
                text: s.text,
                how_likely: s.how_likely,
            })
            .collect(),
        marked: marked.filter(|_| !matches!(view.control, Control::Radios { .. })),
        how_sure: (!consent && !blind).then(|| advice::how_sure(stored)),
        typed_by: draft
            .filter(|d| d.by != signed_in.account.id)
            .map(|d| d.display_name.clone()),
        view,
    })
}

/// The part of the page around the fields, with their zones.
fn sheet(form: &OpenForm<'_>, step: &Step) -> Sheet {
    let fields: Vec<_> = step
        .names
        .iter()
        .filter_map(|name| form.definition.field(name))
        .collect();
    let size = form.definition.page;
    let whole = Zone {
        x: 0.0,
        y: 0.0,
        width: size.width_mm,
        height: size.height_mm,
    };
    let zone = fields
        .iter()
        .map(|f| f.zone)
        .reduce(|one, other| one.union(&other))
        .unwrap_or(whole);
    let top = (zone.y - AROUND).max(0.0);
    let bottom = (zone.bottom() + AROUND).min(size.height_mm);
    let number = fields.first().map_or(1, |f| f.page);
    Sheet {
        number,
        view_box: format!("0 {top:.1} {:.1} {:.1}", size.width_mm, bottom - top),
        width: size.width_mm,
        height: size.height_mm,
        zones: fields
            .iter()
            .map(|f| {
                let around = f.zone.grown(1.0);
                Rect {
                    x: format!("{:.1}", around.x),
                    y: format!("{:.1}", around.y),
                    width: format!("{:.1}", around.width),
                    height: format!("{:.1}", around.height),
                }
            })
            .collect(),
        label: format!(
            "Page {number} of the form around {}",
            fields
                .iter()
                .map(|f| f.label.as_str())
                .collect::<Vec<_>>()
                .join(", ")
        ),
    }
}
