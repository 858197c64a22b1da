//! The record made of a form. Every look at one is noted; a look at Article 9 data needs a click of its own.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use chrono::Utc;
use serde_json::Value as Json;
use uuid::Uuid;

use super::frame::{Frame, Section, date, date_time};
use super::page_error::{PageError, render};
use super::posted::Posted;
use super::rights;
use super::session::SignedIn;
use super::state::AppState;
use super::visible;
use super::words::{Words, role_in_words};
use crate::domain::protected_address::{HIDDEN, tells_where};
use crate::forms::definition::FormDefinition;
use crate::storage::accounts::Permission;
use crate::storage::audit::{self, Act};
use crate::storage::erasure::stops;
use crate::storage::register::household_merging;
use crate::storage::register::withdrawal::{self, Said, Withdrawal};
use crate::storage::service_users::{self, ConsentRecord, HouseholdRecord, ServiceUser};
use crate::storage::{Database, StorageError};

struct PersonCard {
    id: Uuid,
    role: String,
    rows: Vec<(String, String)>,
}

struct ConsentRow {
    wording: String,
    wording_version: String,
    answer: &'static str,
    colour: &'static str,
    signed: Option<String>,
    confirmed_by: Option<String>,
    crop: Option<String>,
    withdrawn: Option<String>,
    /// Where it can be withdrawn: the person and the purpose as the page sends them.
    takes_back: Option<String>,
    /// Where a withdrawal that staff noted can be undone, sent the same way.
    undoes: Option<String>,
    explicit: bool,
}

/// How somebody can say that they take a consent back, as stored and in words.
pub(super) const WAYS: [(&str, &str); 5] = [
    ("in_person", "In person"),
    ("phone", "By phone"),
    ("letter", "By letter"),
    ("email", "By e-mail"),
    ("text", "By text message"),
];

#[derive(Template)]
#[template(path = "household.html", config = "src/web/askama.toml")]
struct HouseholdPage {
    frame: Frame,
    csrf: String,
    id: Uuid,
    reference: String,
    created: String,
    people: Vec<PersonCard>,
    details: Vec<(String, String)>,
    consents: Vec<ConsentRow>,
    /// Whether there is a consent to take back.
    may_take_back: bool,
    ways: [(&'static str, &'static str); 5],
    special: Option<Vec<(String, String)>>,
    protection: Protection,
    /// Whether the person answers what families ask of their records.
    may_answer: bool,
    /// Whether the person may say that two households are one.
    may_merge: bool,
    may_correct: bool,
    /// What keeps the record from being used or erased.
    stops: Vec<String>,
}

/// What the page says about a protected address, and what the person may do about it.
struct Protection {
    protected: bool,
    hidden: bool,
    may_protect: bool,
    may_lift: bool,
}

/// The record of a household.
pub(super) async fn show(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Response, PageError> {
    signed_in.must(Permission::SeeHouseholds)?;
    let in_use = household_merging::in_use(&state.database, id).await?;
    if let Some(other) = in_use.filter(|other| *other != id) {
        visible::household(&state, &signed_in, other).await?;
        return Ok(Redirect::to(&format!("/households/{other}")).into_response());
    }
    let record = visible::household(&state, &signed_in, id).await?;
    audit::record(
        state.database.pool(),
        signed_in.actor(),
        Act::new("viewed", "household", id),
    )
    .await?;
    page(&state, &signed_in, &record, None).await
}

/// The same with Article 9 data. Asked for by a form, so that no link and no reload shows it by accident.
pub(super) async fn show_special(
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, PageError> {
    posted.signed_in.must(Permission::SeeHouseholds)?;
    let record = visible::household(&state, &posted.signed_in, id).await?;
    let act = Act::new("viewed_special", "household", id);
    audit::record(state.database.pool(), posted.signed_in.actor(), act).await?;
    let mut special =
        service_users::special_of_household(&state.database, &state.sealer, id).await?;
    if visible::hides_whereabouts(&posted.signed_in, &record) {
        special.retain(|name, _| !tells_where(name));
    }
    page(&state, &posted.signed_in, &record, Some(&special)).await
}

/// Marks the address of a household as protected.
pub(super) async fn protect(
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Redirect, PageError> {
    posted.signed_in.must(Permission::ProtectAddress)?;
    set_protected(&state, &posted.signed_in, id, true).await
}

/// Takes the mark off.
pub(super) async fn unprotect(
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Redirect, PageError> {
    posted.signed_in.must(Permission::SeeProtectedAddresses)?;
    set_protected(&state, &posted.signed_in, id, false).await
}

/// Takes a consent back for somebody who asked for it.
pub(super) async fn withdraw(
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Redirect, PageError> {
    posted.signed_in.must(Permission::SeeHouseholds)?;
    let record = visible::household(&state, &posted.signed_in, id).await?;
    let consent = posted.first("consent").and_then(|c| c.split_once(' '));
    let (person, purpose) = consent.ok_or(PageError::Malformed)?;
    let person = person.parse().map_err(|_| PageError::Malformed)?;
    let how = posted.first("how").ok_or(PageError::Malformed)?;
    if !WAYS.iter().any(|(name, _)| *name == how) {
        return Err(PageError::Malformed);
    }
    // Only of people who answer on this record.
    let answers = |c: &ConsentRecord| c.service_user_id == person && c.purpose == purpose;
    if !record.consents.iter().any(answers) {
        return Err(PageError::NotFound);
    }
    let taken_back = Withdrawal {
        person,
        purpose: purpose.to_owned(),
        said: Said::ToStaff(how.to_owned(), posted.signed_in.account.id),
        at: Utc::now(),
    };
    let storing = state.clone();
    let done = Database::uninterrupted(async move {
        let (database, sealer) = (&storing.database, &storing.sealer);
        withdrawal::withdraw(database, sealer, &storing.public_url, &taken_back).await
    });
    match done.await {
        // Sent twice, or a colleague was quicker: the page shows what is in force.
        Ok(()) | Err(StorageError::Conflict { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(Redirect::to(&format!("/households/{id}#consent")))
}

/// Takes back a withdrawal that a colleague noted by mistake.
pub(super) async fn undo_withdrawal(
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Redirect, PageError> {
    posted.signed_in.must(Permission::SeeHouseholds)?;
    let record = visible::household(&state, &posted.signed_in, id).await?;
    let consent = posted.first("consent").and_then(|c| c.split_once(' '));
    let (person, purpose) = consent.ok_or(PageError::Malformed)?;
    let person: Uuid = person.parse().map_err(|_| PageError::Malformed)?;
    let answers = |c: &ConsentRecord| c.service_user_id == person && c.purpose == purpose;
    if !record.consents.iter().any(answers) {
        return Err(PageError::NotFound);
    }
    let (storing, by) = (state.clone(), posted.signed_in.account.id);
    let purpose = purpose.to_owned();
    let done = Database::uninterrupted(async move {
        let (database, sealer) = (&storing.database, &storing.sealer);
        let url = &storing.public_url;
        withdrawal::undo(database, sealer, url, person, &purpose, by, Utc::now()).await
    });
    match done.await {
        Ok(()) | Err(StorageError::Conflict { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(Redirect::to(&format!("/households/{id}#consent")))
}

async fn set_protected(
    state: &AppState,
    signed_in: &SignedIn,
    id: Uuid,
    protected: bool,
) -> Result<Redirect, PageError> {
    let record = visible::household(state, signed_in, id).await?;
    if record.address_protected != protected {
        let (state, actor) = (state.clone(), signed_in.actor());
        Database::uninterrupted(async move {
            service_users::protect_address(&state.database, actor, id, protected).await
        })
        .await?;
    }
    Ok(Redirect::to(&format!("/households/{id}")))
}

/// A person's record is part of the household's.
pub(super) async fn of_service_user(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Redirect, PageError> {
    signed_in.must(Permission::SeeHouseholds)?;
    let member = service_users::service_user(&state.database, id)
        .await?
        .ok_or(PageError::NotFound)?;
    visible::household(&state, &signed_in, member.household_id).await?;
    Ok(Redirect::to(&format!(
        "/households/{}#service-user-{id}",
        member.household_id
    )))
}

async fn page(
    state: &AppState,
    signed_in: &SignedIn,
    record: &HouseholdRecord,
    special: Option<&BTreeMap<String, Json>>,
) -> Result<Response, PageError> {
    let stops = stops::of_household(&state.database, record.id).await?;
    let definition = state.definition(&record.definition_id, record.definition_version);
    let words = Words(definition);
    let mut details: Vec<(String, String)> = Vec::new();
    let hidden = visible::hides_whereabouts(signed_in, record);
    if hidden {
        details.push((
            "Address, telephone and centre".to_owned(),
            HIDDEN.to_owned(),
        ));
    }
    if let Some(centre) = &record.centre {
        details.push(words.row("office.centre", &Json::String(centre.clone())));
    }
    details.extend(words.rows(&record.details));
    let page = HouseholdPage {
        frame: Frame::new("Household record", signed_in, Section::Elsewhere).wide(),
        csrf: signed_in.csrf.clone(),
        id: record.id,
        reference: record.form_reference.clone(),
        created: date_time(record.created_at),
        people: record
            .members
            .iter()
            .map(|member| person(&words, member))
            .collect(),
        details,
        consents: record
            .consents
            .iter()
            .map(|c| consent(c, record, definition))
            .collect(),
        may_take_back: record.consents.iter().any(|c| c.answer == "yes"),
        ways: WAYS,
        special: special.map(|s| words.rows(s)),
        protection: Protection {
            protected: record.address_protected,
            hidden,
            may_protect: signed_in.can(Permission::ProtectAddress),
            may_lift: signed_in.can(Permission::SeeProtectedAddresses),
        },
        may_answer: signed_in.can(Permission::Rights),
        may_merge: signed_in.can(Permission::MergePeople),
        may_correct: signed_in.can(Permission::CorrectRecords),
        stops: stops.iter().map(rights::stop_in_words).collect(),
    };
    Ok(render(&page))
}

fn consent(
    consent: &ConsentRecord,
    record: &HouseholdRecord,
    definition: Option<&FormDefinition>,
) -> ConsentRow {
    let (answer, colour) = match consent.withdrawn_on {
        Some(_) => ("Withdrawn", "govuk-tag--red"),
        None => answer_in_words(&consent.answer),
    };
    let field = definition.and_then(|d| {
        d.fields
            .iter()
            .find(|f| f.rules.consent.as_ref() == Some(&consent.purpose))
    });
    ConsentRow {
        wording: consent.wording.clone(),
        wording_version: consent.wording_version.clone(),
        answer,
        colour,
        signed: consent.signed_on.map(date),
        confirmed_by: consent.confirmed_by.clone(),
        // The picture is of the form that the answer stands on, if that is still the kind of form shown here.
        crop: field.map(|f| {
            let form = consent.form_id.unwrap_or(record.form_id);
            format!("/review/{form}/fields/{}/crop", f.name)
        }),
        withdrawn: consent.withdrawn_on.map(date),
        takes_back: (consent.answer == "yes")
            .then(|| format!("{} {}", consent.service_user_id, consent.purpose)),
        undoes: consent
            .by_staff
            .then(|| format!("{} {}", consent.service_user_id, consent.purpose)),
        explicit: consent.purpose == withdrawal::EXPLICIT,
    }
}

/// An answer to a request for consent in words, and the colour of its tag.
pub(super) fn answer_in_words(answer: &str) -> (&'static str, &'static str) {
    match answer {
        "yes" => ("Yes", "govuk-tag--green"),
        "no" => ("No", "govuk-tag--red"),
        "not_answered" => ("Not answered", "govuk-tag--grey"),
        _ => ("Not readable", "govuk-tag--grey"),
    }
}

fn person(words: &Words<'_>, member: &ServiceUser) -> PersonCard {
    let block = member.block();
    let role = role_in_words(&member.role, member.position);
    let name = format!("{} {}", member.first_name, member.surname);
    let mut rows = vec![("Name".to_owned(), name)];
    let optional = [
        ("Date of birth", member.date_of_birth.map(date)),
        (
            "NHS number",
            member.nhs_number.as_deref().map(grouped_nhs_number),
        ),
        ("E-mail", member.email.clone()),
    ];
    rows.extend(
        optional
            .into_iter()
            .filter_map(|(label, value)| Some((label.to_owned(), value?))),
    );
    let details: BTreeMap<String, Json> = member
        .details
        .as_object()
        .into_iter()
        .flatten()
        .map(|(leaf, value)| (format!("{block}.{leaf}"), value.clone()))
        .collect();
    for (label, value) in words.rows(&details) {
        let label = label
            .split_once(": ")
            .map_or(label.clone(), |(_, own)| own.to_owned());
        rows.push((label, value));
    }
    PersonCard {
        id: member.id,
        role,
        rows,
    }
}

/// As printed on letters: `943 476 5919`.
fn grouped_nhs_number(number: &str) -> String {
    match (number.get(..3), number.get(3..6), number.get(6..)) {
        (Some(a), Some(b), Some(c)) => format!("{a} {b} {c}"),
        _ => number.to_owned(),
    }
}
