//! One form: the fields that need a person, each with its crop, and all the others below.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use super::actions::NoteLine;
use super::answers::Typed;
use super::evidence::definition_of;
use super::field_view::{Control, FieldView, target};
use crate::domain::field::FieldState;
use crate::domain::household;
use crate::domain::keying::{Presentation, presentation};
use crate::forms::definition::FormDefinition;
use crate::storage::accounts::Permission;
use crate::storage::audit::{self, Act};
use crate::storage::centres;
use crate::storage::drafts::{self, Draft};
use crate::storage::form_actions::{self, Note};
use crate::storage::form_fields::{self, StoredField};
use crate::storage::review::{self, FormHead, FormPage, Holder};
use crate::web::frame::{Frame, Section, date_time};
use crate::web::page_error::{PageError, render};
use crate::web::session::SignedIn;
use crate::web::state::AppState;

/// Fields of one part of the form.
struct Group {
    id: String,
    title: String,
    fields: Vec<FieldView>,
}

struct ErrorLine {
    target: String,
    text: String,
}

#[derive(Template)]
#[template(path = "review_form.html", config = "src/web/askama.toml")]
struct FormPageView {
    frame: Frame,
    csrf: String,
    form_id: Uuid,
    reference: String,
    version: i32,
    remark: Option<String>,
    notes: Vec<NoteLine>,
    referred: Option<String>,
    received: String,
    definition: String,
    set_number: Option<String>,
    scans: Vec<String>,
    pages: Vec<u32>,
    errors: Vec<ErrorLine>,
    groups: Vec<Group>,
    quiet: Vec<Group>,
    attention_count: usize,
    quiet_count: usize,
    open_quiet: bool,
}

/// A form with all that its page is made of.
pub(in crate::web) struct OpenForm<'a> {
    pub head: FormHead,
    pub definition: &'a FormDefinition,
    pub fields: BTreeMap<String, StoredField>,
    pub pages: Vec<FormPage>,
    /// Names of the fields that a person has to look at.
    pub attention: BTreeSet<String>,
    /// Of these, the fields that are typed without sight of what was read.
    pub blind: BTreeSet<String>,
    /// What was typed before, by name of the field.
    pub drafts: BTreeMap<String, Kept>,
    /// What colleagues noted.
    pub notes: Vec<Note>,
    /// Why it was handed to the supervisors.
    pub referred: Option<String>,
}

/// What was typed before.
pub(in crate::web) struct Kept {
    pub typed: Typed,
    /// Whether the person went on to the next field.
    pub confirmed: bool,
    pub by: Uuid,
    /// What colleagues see of them.
    pub display_name: String,
    /// How long they looked at the field.
    pub seconds: Option<f64>,
}

/// Loads a form; `None` when there is none with that id that this person may see.
pub(super) async fn load<'a>(
    state: &'a AppState,
    signed_in: &SignedIn,
    id: Uuid,
) -> Result<Option<OpenForm<'a>>, PageError> {
    if !centres::sees_form(&state.database, &signed_in.scope(), id).await? {
        return Ok(None);
    }
    let Some(head) = review::form(&state.database, id).await? else {
        return Ok(None);
    };
    let definition = definition_of(state, &head)?;
    let mut connection = state
        .database
        .pool()
        .acquire()
        .await
        .map_err(crate::storage::StorageError::from)?;
    let fields = form_fields::load(&mut connection, &state.sealer, id).await?;
    drop(connection);
    let pages = review::pages(&state.database, id).await?;
    let fields: BTreeMap<_, _> = fields.into_iter().map(|f| (f.name.clone(), f)).collect();
    let attention = attention(definition, &fields);
    let is_blind = |f: &&StoredField| {
        attention.contains(&f.name)
            && presentation(f.kind, f.confidence, &state.keying) == Presentation::Blind
    };
    let blind = fields
        .values()
        .filter(is_blind)
        .map(|f| f.name.clone())
        .collect();
    let drafts = drafts::of_form(&state.database, &state.sealer, id).await?;
    let kept = |draft: Draft| {
        let typed = serde_json::from_value(draft.typed).ok()?;
        Some(Kept {
            typed,
            confirmed: draft.confirmed,
            by: draft.by,
            display_name: draft.display_name,
            seconds: draft.seconds,
        })
    };
    let drafts = drafts
        .into_iter()
        .filter_map(|(name, draft)| Some((name, kept(draft)?)))
        .collect();
    Ok(Some(OpenForm {
        head,
        definition,
        fields,
        pages,
        attention,
        blind,
        drafts,
        notes: form_actions::notes(&state.database, id).await?,
        referred: form_actions::referred_reason(&state.database, id).await?,
    }))
}

/// Fields that reading left open, and blank ones without which no record can be made.
fn attention(
    definition: &FormDefinition,
    fields: &BTreeMap<String, StoredField>,
) -> BTreeSet<String> {
    let state_of = |name: &str| fields.get(name).map(|f| f.state);
    let open = fields
        .values()
        .filter(|f| matches!(f.state, FieldState::Review | FieldState::Unreadable))
        .map(|f| f.name.clone());
    let missing = household::missing(
        definition,
        |name| state_of(name).is_some_and(|s| s != FieldState::Blank),
        |name| state_of(name).is_some_and(|s| s != FieldState::Blank),
    );
    open.chain(
        missing
            .into_iter()
            .map(|f| f.name.clone())
            .filter(|name| fields.contains_key(name)),
    )
    .collect()
}

pub(in crate::web) async fn show(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Response, PageError> {
    signed_in.must(Permission::CheckForms)?;
    let form = load(&state, &signed_in, id)
        .await?
        .ok_or(PageError::NotFound)?;
    if form.head.state != "in_review" {
        return Ok(closed(&form.head, &signed_in, StatusCode::OK, vec![]));
    }
    if let Some(holder) = review::claim(&state.database, id, signed_in.account.id).await? {
        return Ok(held(
            &form.head,
            &holder,
            &signed_in,
            StatusCode::OK,
            vec![],
        ));
    }
    audit::record(
        state.database.pool(),
        signed_in.actor(),
        Act::new("viewed", "form", id),
    )
    .await?;
    let typed = form.shown_at_first();
    Ok(page(&form, &signed_in, &typed, &BTreeMap::new()))
}

impl OpenForm<'_> {
    /// What the inputs show when the form is opened: what somebody typed before, else what was read.
    pub fn shown_at_first(&self) -> BTreeMap<String, Typed> {
        self.fields
            .values()
            .filter_map(|stored| {
                let field = self.definition.field(&stored.name)?;
                let typed = match self.drafts.get(&stored.name) {
                    Some(draft) => draft.typed.clone(),
                    None if self.blind.contains(&stored.name) => Typed::default(),
                    None => Typed::of_reading(field, stored),
                };
                Some((stored.name.clone(), typed))
            })
            .collect()
    }
}

/// The form with what was typed and what is wrong with it.
pub(super) fn page(
    form: &OpenForm<'_>,
    signed_in: &SignedIn,
    typed: &BTreeMap<String, Typed>,
    errors: &BTreeMap<String, String>,
) -> Response {
    let (mut groups, mut quiet): (Vec<Group>, Vec<Group>) = (vec![], vec![]);
    let mut error_lines = Vec::new();
    for field in &form.definition.fields {
        let Some(stored) = form.fields.get(&field.name) else {
            continue;
        };
        let attention = form.attention.contains(&field.name);
        let error = errors.get(&field.name).cloned();
        if let Some(text) = &error {
            error_lines.push(ErrorLine {
                target: target(&field.name),
                text: format!("{}: {text}", field.label),
            });
        }
        let nothing = Typed::default();
        let view = FieldView::new(
            field,
            stored,
            typed.get(&field.name).unwrap_or(&nothing),
            error,
            attention,
        );
        let view = if form.blind.contains(&field.name) {
            view.blind()
        } else {
            view
        };
        add(
            if attention { &mut groups } else { &mut quiet },
            &field.group,
            attention,
            view,
        );
    }
    let mut scans: Vec<String> = form.pages.iter().map(|p| p.object_key.clone()).collect();
    scans.dedup();
    let count = |groups: &[Group]| groups.iter().map(|g| g.fields.len()).sum();
    let frame = Frame::new(
        format!("Check form {}", form.head.reference),
        signed_in,
        Section::Review,
    )
    .wide();
    let view = FormPageView {
        frame: Frame {
            error: !errors.is_empty(),
            ..frame
        },
        csrf: signed_in.csrf.clone(),
        form_id: form.head.id,
        reference: form.head.reference.clone(),
        version: form.head.version,
        remark: form.head.reason.clone(),
        notes: form.notes.iter().cloned().map(NoteLine::from).collect(),
        referred: form.referred.clone(),
        received: date_time(form.head.received_at),
        definition: format!(
            "{}, version {}",
            form.definition.title, form.definition.version
        ),
        set_number: form.head.set_number.clone(),
        scans,
        pages: form.pages.iter().map(|p| p.form_page).collect(),
        errors: error_lines,
        attention_count: count(&groups),
        quiet_count: count(&quiet),
        open_quiet: errors.keys().any(|name| !form.attention.contains(name)),
        groups,
        quiet,
    };
    let status = if errors.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    (status, render(&view)).into_response()
}

fn add(groups: &mut Vec<Group>, title: &str, attention: bool, view: FieldView) {
    let title = if title.is_empty() { "The form" } else { title };
    if groups.last().is_none_or(|g| g.title != title) {
        let kind = if attention { "part" } else { "other" };
        let id = format!("{kind}-{}", groups.len() + 1);
        groups.push(Group {
            id,
            title: title.to_owned(),
            fields: vec![],
        });
    }
    if let Some(group) = groups.last_mut() {
        group.fields.push(view);
    }
}

#[derive(Template)]
#[template(path = "review_closed.html", config = "src/web/askama.toml")]
struct ClosedPage {
    frame: Frame,
    reference: String,
    what: String,
    lines: Vec<String>,
    household_id: Option<Uuid>,
    typed: Vec<(String, String)>,
    again: Option<String>,
    csrf: String,
    /// Where its pages can be put right.
    pages: Option<String>,
    /// Where it can be brought back to the desk, and the version that was seen.
    reopen: Option<(String, i32)>,
}

/// A form that does not wait for anybody (any more).
pub(super) fn closed(
    head: &FormHead,
    signed_in: &SignedIn,
    status: StatusCode,
    typed: Vec<(String, String)>,
) -> Response {
    let (what, lines, again) = match head.state.as_str() {
        "settled" => (
            "This form is done: its record has been made.".to_owned(),
            vec![],
            None,
        ),
        "second_keying" => (
            "This form was checked. Some of its fields wait to be keyed by a second person."
                .to_owned(),
            vec!["Its record is made as soon as two people agree on them.".to_owned()],
            None,
        ),
        "matching" => (
            "This form was checked. Somebody on it may be on record already.".to_owned(),
            vec![
                "Its record is made as soon as somebody has said who, under “Same person?”."
                    .to_owned(),
            ],
            None,
        ),
        "incomplete" => (
            "This form is not complete yet.".to_owned(),
            head.reason.iter().cloned().collect(),
            None,
        ),
        "set_aside" => (
            "This form was set aside.".to_owned(),
            head.reason.iter().cloned().collect(),
            None,
        ),
        _ => (
            "This form was changed while you were working on it, so nothing was stored.".to_owned(),
            vec![],
            Some(format!("/review/{}", head.id)),
        ),
    };
    let page = ClosedPage {
        frame: Frame::new(
            format!("Form {}", head.reference),
            signed_in,
            Section::Review,
        ),
        reference: head.reference.clone(),
        what,
        lines,
        household_id: head.household_id,
        typed,
        again,
        csrf: signed_in.csrf.clone(),
        pages: (head.state == "incomplete").then(|| format!("/review/{}/pages", head.id)),
        reopen: matches!(head.state.as_str(), "second_keying" | "matching")
            .then(|| (format!("/review/{}/reopen", head.id), head.version)),
    };
    (status, render(&page)).into_response()
}

/// A form that a colleague has.
pub(super) fn held(
    head: &FormHead,
    holder: &Holder,
    signed_in: &SignedIn,
    status: StatusCode,
    typed: Vec<(String, String)>,
) -> Response {
    let mut lines = vec![format!(
        "You can take it when they give it back or finish it, or at {} at the latest if they do nothing more.",
        date_time(holder.lease_until)
    )];
    if !typed.is_empty() {
        lines.insert(0, "Nothing of what you sent was stored.".into());
    }
    let page = ClosedPage {
        frame: Frame::new(
            format!("Form {}", head.reference),
            signed_in,
            Section::Review,
        ),
        reference: head.reference.clone(),
        what: format!("{} is working on this form.", holder.display_name),
        lines,
        household_id: None,
        typed,
        again: None,
        csrf: signed_in.csrf.clone(),
        pages: None,
        reopen: None,
    };
    (status, render(&page)).into_response()
}
