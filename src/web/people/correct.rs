//! Putting right what is wrong in a record.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use chrono::Utc;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::super::frame::{Frame, Section};
use super::super::page_error::{PageError, message, render};
use super::super::posted::Posted;
use super::super::review::answers::{BLANK, MARK_PREFIX, Typed, settle, typed};
use super::super::review::field_view::{Choice, Control, control, target};
use super::super::session::SignedIn;
use super::super::state::AppState;
use super::super::visible;
use super::person;
use crate::domain::field::{FieldKind, FieldValue};
use crate::domain::household::{block_of, leaf_of};
use crate::domain::proposal::{ADDRESS, Answers};
use crate::domain::protected_address::tells_where;
use crate::forms::definition::{DataCategory, Field, FormDefinition};
use crate::storage::accounts::Permission;
use crate::storage::audit::{self, Act};
use crate::storage::register::Owner;
use crate::storage::register::correcting::{self, Correction, NewValues};
use crate::storage::service_users::HouseholdRecord;
use crate::storage::{Database, StorageError};

/// Why a value is put right, as the audit trail keeps it and in words.
const WHYS: [(&str, &str); 3] = [
    ("asked", "The family asked for it"),
    ("misread", "It was read or keyed wrongly"),
    ("learned", "Staff learned that it has changed"),
];

/// Blocks of a form whose answers say how the form came about, not what the family is.
const ABOUT_THE_FORM: [&str; 3] = ["office", "declaration", "consent"];

/// One value with its input.
struct Input {
    name: String,
    id: String,
    label: String,
    why: Vec<String>,
    error: Option<String>,
    described_by: Option<String>,
    control: Control,
}

struct Mistake {
    target: String,
    text: String,
}

#[derive(Template)]
#[template(path = "correct.html", config = "src/web/askama.toml")]
struct CorrectPage {
    frame: Frame,
    csrf: String,
    action: String,
    back: String,
    version: i32,
    inputs: Vec<Input>,
    special: Option<Vec<Input>>,
    has_special: bool,
    hidden: bool,
    whys: [(&'static str, &'static str); 3],
    chosen: String,
    mistakes: Vec<Mistake>,
}

/// A record that is put right: whose, and what the form asks of them.
struct Subject<'a> {
    owner: Owner,
    household: Uuid,
    fields: Vec<Field>,
    hidden: bool,
    signed_in: &'a SignedIn,
}

impl<'a> Subject<'a> {
    fn new(
        state: &AppState,
        signed_in: &'a SignedIn,
        record: &HouseholdRecord,
        owner: Owner,
        block: Option<&str>,
    ) -> Result<Self, PageError> {
        let definition = state
            .definition(&record.definition_id, record.definition_version)
            .ok_or(PageError::NotFound)?;
        let hidden = visible::hides_whereabouts(signed_in, record);
        let mut fields = match block {
            Some(block) => of_block(definition, block),
            None => of_all(definition, record),
        };
        fields.retain(|f| {
            let asked = f.rules.consent.is_none() && f.kind != FieldKind::Signature;
            asked && !(hidden && tells_where(&f.name))
        });
        Ok(Self {
            owner,
            household: record.id,
            fields,
            hidden,
            signed_in,
        })
    }

    fn path(&self) -> String {
        match self.owner {
            Owner::Person(id) => format!("/service-users/{id}/correct"),
            Owner::Household(id) => format!("/households/{id}/correct"),
        }
    }

    fn of(&self, category: DataCategory) -> impl Iterator<Item = &Field> {
        self.fields
            .iter()
            .filter(move |f| f.rules.category == category)
    }

    /// The name under which a record keeps the answer.
    fn stored_name<'f>(&self, field: &'f Field) -> &'f str {
        match (self.owner, field.name.split_once('.')) {
            (Owner::Person(_), Some((_, leaf))) => leaf,
            _ => &field.name,
        }
    }

    /// What stands in the inputs at first.
    fn known(&self, field: &Field, answers: &Answers) -> Typed {
        let name = self.stored_name(field);
        let part = || answers.get(ADDRESS).and_then(|address| address.get(name));
        let value = answers.get(name).or_else(part);
        value
            .and_then(|json| FieldValue::from_json(field.kind, json))
            .map(|value| Typed::of_value(&value))
            .unwrap_or_default()
    }
}

/// The fields that ask about one person. A household may have more children than fit on a form.
fn of_block(definition: &FormDefinition, block: &str) -> Vec<Field> {
    let fields = |block: &str| -> Vec<Field> {
        let of_it = definition
            .fields
            .iter()
            .filter(|f| block_of(&f.name) == block);
        of_it.cloned().collect()
    };
    let own = fields(block);
    if !own.is_empty() || !block.starts_with("child_") {
        return own;
    }
    let mut first = fields("child_1");
    for field in &mut first {
        if let Some((_, leaf)) = field.name.split_once('.') {
            field.name = format!("{block}.{leaf}");
        }
    }
    first
}

/// The fields that ask about the household and about nobody who has a record of their own.
fn of_all(definition: &FormDefinition, record: &HouseholdRecord) -> Vec<Field> {
    let members: Vec<String> = record.members.iter().map(|m| m.block()).collect();
    let not_of_all = |block: &str| {
        ABOUT_THE_FORM.contains(&block)
            || block.ends_with("_carer")
            || block.starts_with("child_")
            || members.iter().any(|member| member == block)
    };
    let fields = definition.fields.iter();
    fields
        .filter(|f| !not_of_all(block_of(&f.name)))
        .cloned()
        .collect()
}

/// The values of one person.
pub(super) async fn show_person(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Response, PageError> {
    signed_in.must(Permission::CorrectRecords)?;
    let (person, record) = person(&state, &signed_in, id).await?;
    let block = person.block();
    let owner = Owner::Person(person.id);
    let subject = Subject::new(&state, &signed_in, &record, owner, Some(&block))?;
    show(&state, &subject, false).await
}

/// Puts values of one person right, or shows them with their Article 9 answers.
pub(super) async fn correct_person(
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, PageError> {
    posted.signed_in.must(Permission::CorrectRecords)?;
    let (person, record) = person(&state, &posted.signed_in, id).await?;
    let block = person.block();
    let owner = Owner::Person(person.id);
    let subject = Subject::new(&state, &posted.signed_in, &record, owner, Some(&block))?;
    answer(&state, &subject, &posted).await
}

/// The values of a household that belong to no single person.
pub(super) async fn show_household(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Response, PageError> {
    signed_in.must(Permission::CorrectRecords)?;
    let record = visible::household(&state, &signed_in, id).await?;
    let subject = Subject::new(&state, &signed_in, &record, Owner::Household(id), None)?;
    show(&state, &subject, false).await
}

/// The same as [`correct_person`] for a household.
pub(super) async fn correct_household(
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, PageError> {
    posted.signed_in.must(Permission::CorrectRecords)?;
    let record = visible::household(&state, &posted.signed_in, id).await?;
    let owner = Owner::Household(id);
    let subject = Subject::new(&state, &posted.signed_in, &record, owner, None)?;
    answer(&state, &subject, &posted).await
}

async fn show(
    state: &AppState,
    subject: &Subject<'_>,
    special: bool,
) -> Result<Response, PageError> {
    let on_record = correcting::on_record(&state.database, &state.sealer, subject.owner).await?;
    let kind = match subject.owner {
        Owner::Person(_) => "service_user",
        Owner::Household(_) => "household",
    };
    let action = if special { "viewed_special" } else { "viewed" };
    let act = Act::new(action, kind, subject.owner.id());
    audit::record(state.database.pool(), subject.signed_in.actor(), act).await?;
    let inputs = |category, answers: &Answers| -> Vec<Input> {
        let fields = subject.of(category);
        fields
            .map(|f| input(f, &subject.known(f, answers), None))
            .collect()
    };
    let page = page(
        subject,
        on_record.version,
        inputs(DataCategory::Ordinary, &on_record.ordinary),
        special.then(|| inputs(DataCategory::Special, &on_record.special)),
    );
    Ok(render(&page))
}

fn page(
    subject: &Subject<'_>,
    version: i32,
    inputs: Vec<Input>,
    special: Option<Vec<Input>>,
) -> CorrectPage {
    let has_special = subject.of(DataCategory::Special).next().is_some();
    CorrectPage {
        frame: Frame::new("Put a record right", subject.signed_in, Section::Elsewhere),
        csrf: subject.signed_in.csrf.clone(),
        action: subject.path(),
        back: format!("/households/{}", subject.household),
        version,
        inputs,
        special,
        has_special,
        hidden: subject.hidden,
        whys: WHYS,
        chosen: String::new(),
        mistakes: Vec::new(),
    }
}

fn input(field: &Field, typed: &Typed, error: Option<String>) -> Input {
    let id = field.name.replace('.', "-");
    let label = field.label.split_once(": ");
    let mut control = control(field, typed);
    if let Control::Radios { options } = &mut control {
        options.retain(|o| !o.other);
        options.push(Choice {
            value: format!("{MARK_PREFIX}{BLANK}"),
            label: "No answer".to_owned(),
            checked: typed.is_empty() || typed.is_marked(BLANK),
            other: true,
        });
    }
    Input {
        label: label
            .map_or(field.label.as_str(), |(_, own)| own)
            .to_owned(),
        why: Vec::new(),
        described_by: error.as_ref().map(|_| format!("error-{id}")),
        error,
        control,
        name: field.name.clone(),
        id,
    }
}

async fn answer(
    state: &AppState,
    subject: &Subject<'_>,
    posted: &Posted,
) -> Result<Response, PageError> {
    if posted.first("special") == Some("show") {
        return show(state, subject, true).await;
    }
    let on_record = correcting::on_record(&state.database, &state.sealer, subject.owner).await?;
    let with_special = posted.first("special") == Some("sent");
    let chosen = posted.first("why").unwrap_or_default();
    let why = WHYS.iter().find(|(name, _)| *name == chosen);
    let all = typed(&posted.fields);
    let mut mistakes = Vec::new();
    let mut take = |category, answers| -> (NewValues, Vec<Input>) {
        let (mut values, mut inputs) = (NewValues::new(), Vec::new());
        for field in subject.of(category) {
            let typed = all.get(&field.name).cloned().unwrap_or_default();
            // What was left as it is need not pass today's rules.
            let untouched = typed == subject.known(field, answers);
            let error = match new_value(field, &typed) {
                _ if untouched => None,
                Ok(value) => {
                    values.insert(subject.stored_name(field).to_owned(), value);
                    None
                }
                Err(error) => Some(error),
            };
            let input = input(field, &typed, error.clone());
            mistakes.extend(error.map(|error| Mistake {
                target: target(&field.name),
                text: format!("{}: {error}", input.label),
            }));
            inputs.push(input);
        }
        (values, inputs)
    };
    let (ordinary, inputs) = take(DataCategory::Ordinary, &on_record.ordinary);
    let (special, special_inputs) = if with_special {
        take(DataCategory::Special, &on_record.special)
    } else {
        Default::default()
    };
    let version = posted.version()?;
    let Some((why, _)) = why.filter(|_| mistakes.is_empty()) else {
        if why.is_none() {
            mistakes.push(Mistake {
                target: "why".to_owned(),
                text: "Say why it is put right".to_owned(),
            });
        }
        let mut page = page(
            subject,
            version,
            inputs,
            with_special.then_some(special_inputs),
        );
        page.frame.error = true;
        page.chosen = chosen.to_owned();
        page.mistakes = mistakes;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, render(&page)).into_response());
    };
    let correction = Correction {
        owner: subject.owner,
        version,
        ordinary,
        special,
        why,
        by: subject.signed_in.account.id,
        at: Utc::now(),
    };
    let storing = state.clone();
    let done = Database::uninterrupted(async move {
        let (database, sealer) = (&storing.database, &storing.sealer);
        correcting::correct(database, sealer, &storing.public_url, &correction).await
    });
    match done.await {
        Ok(_) => Ok(Redirect::to(&format!("/households/{}", subject.household)).into_response()),
        Err(StorageError::Conflict { .. }) => Ok(message(
            StatusCode::CONFLICT,
            "Nothing was changed",
            &["Somebody else changed this record in the meantime. Look at it again."],
            (&subject.path(), "Back to the record"),
        )),
        Err(error) => Err(error.into()),
    }
}

/// The value typed; nothing where none is.
fn new_value(field: &Field, typed: &Typed) -> Result<Option<Json>, String> {
    // A comb of names may be left empty on a form, a record without a name may not be.
    const NEEDED: [&str; 2] = ["first_name", "surname"];
    let leaf = leaf_of(&field.name);
    match settle(field, typed, false)?.value() {
        Some(value) => Ok(Some(json!(value))),
        None if NEEDED.contains(&leaf) => Err("A record needs it".to_owned()),
        None => Ok(None),
    }
}
