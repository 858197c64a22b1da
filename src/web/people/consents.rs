//! Every answer that the people of a household ever gave to the questions for consent.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::super::frame::{Frame, Section, date, date_time};
use super::super::household::{WAYS, answer_in_words};
use super::super::page_error::{PageError, render};
use super::super::session::SignedIn;
use super::super::state::AppState;
use super::super::visible;
use super::super::words::role_in_words;
use crate::storage::accounts::Permission;
use crate::storage::audit::{self, Act};
use crate::storage::register::consent_history::{self, GivenAnswer, TakenBack};
use crate::storage::service_users::HouseholdRecord;

/// Something that was said.
struct Said {
    at: DateTime<Utc>,
    when: String,
    answer: &'static str,
    colour: &'static str,
    /// Whether it is in force.
    stands: bool,
    how: String,
    form: Option<(Uuid, String)>,
    crop: Option<String>,
}

/// What one person said of one purpose, newest first.
struct Asked {
    id: String,
    person: String,
    wording: String,
    said: Vec<Said>,
}

#[derive(Template)]
#[template(path = "consents.html", config = "src/web/askama.toml")]
struct ConsentsPage {
    frame: Frame,
    id: Uuid,
    asked: Vec<Asked>,
}

/// The page.
pub(super) async fn show(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Response, PageError> {
    signed_in.must(Permission::SeeHouseholds)?;
    let record = visible::household(&state, &signed_in, id).await?;
    let answers = consent_history::answers(&state.database, id).await?;
    let taken_back = consent_history::taken_back(&state.database, id).await?;
    let act = Act::new("viewed_consents", "household", id);
    audit::record(state.database.pool(), signed_in.actor(), act).await?;
    let mut questions: Vec<(Uuid, String)> = Vec::new();
    for answer in &answers {
        let question = (answer.person, answer.purpose.clone());
        if !questions.contains(&question) {
            questions.push(question);
        }
    }
    questions.sort_by_key(|(person, purpose)| (place(&record, *person), purpose.clone()));
    let asked = questions
        .iter()
        .map(|(person, purpose)| {
            let of_it = |p: &Uuid, q: &String| p == person && q == purpose;
            let mut on_forms: Vec<&GivenAnswer> = answers.iter().collect();
            on_forms.retain(|a| of_it(&a.person, &a.purpose));
            let mut back: Vec<&TakenBack> = taken_back.iter().collect();
            back.retain(|t| of_it(&t.person, &t.purpose));
            asked(&state, &record, &on_forms, &back)
        })
        .collect();
    Ok(render(&ConsentsPage {
        frame: Frame::new("Consents over time", &signed_in, Section::Elsewhere).wide(),
        id,
        asked,
    }))
}

fn place(record: &HouseholdRecord, person: Uuid) -> usize {
    let known = record.members.iter().position(|m| m.id == person);
    known.unwrap_or(usize::MAX)
}

fn asked(
    state: &AppState,
    record: &HouseholdRecord,
    answers: &[&GivenAnswer],
    taken_back: &[&TakenBack],
) -> Asked {
    let newest = answers[0];
    let withdrawn = record.consents.iter().any(|c| {
        c.service_user_id == newest.person
            && c.purpose == newest.purpose
            && c.withdrawn_on.is_some()
    });
    let mut said: Vec<Said> = answers
        .iter()
        .map(|a| on_form(state, a, a.stands && !withdrawn))
        .collect();
    let last_in_force = taken_back.iter().position(|t| t.undone_at.is_none());
    said.extend(taken_back.iter().enumerate().map(|(at, t)| {
        let stands = withdrawn && Some(at) == last_in_force;
        back(t, stands)
    }));
    said.sort_by_key(|s| std::cmp::Reverse(s.at));
    let member = record.members.iter().find(|m| m.id == newest.person);
    let person = match member {
        Some(member) => role_in_words(&member.role, member.position),
        None => "Somebody who left".to_owned(),
    };
    Asked {
        id: format!("{}-{}", newest.person, newest.purpose.replace('.', "-")),
        person,
        wording: newest.wording.clone(),
        said,
    }
}

fn on_form(state: &AppState, given: &GivenAnswer, stands: bool) -> Said {
    let (answer, colour) = answer_in_words(&given.answer);
    let definition = given.definition_id.as_ref().zip(given.definition_version);
    let definition = definition.and_then(|(id, version)| {
        let version = u32::try_from(version).ok()?;
        state.definition(id, version)
    });
    let field = definition.and_then(|d| {
        let asks =
            |f: &&crate::forms::definition::Field| f.rules.consent.as_ref() == Some(&given.purpose);
        d.fields.iter().find(asks)
    });
    let mut how = format!("Wording {}", given.wording_version);
    if let Some(by) = &given.confirmed_by {
        how.push_str(&format!(", confirmed by {by}"));
    }
    Said {
        at: given.captured_at,
        when: given.signed_on.map_or_else(
            || format!("Not dated, taken down {}", date_time(given.captured_at)),
            |day| format!("Signed {}", date(day)),
        ),
        answer,
        colour,
        stands,
        how,
        form: given.form_id.zip(given.reference.clone()),
        crop: given
            .form_id
            .zip(field)
            .map(|(form, field)| format!("/review/{form}/fields/{}/crop", field.name)),
    }
}

fn back(taken_back: &TakenBack, stands: bool) -> Said {
    let way = WAYS.iter().find(|(name, _)| *name == taken_back.how);
    let mut how = match (way, taken_back.how.as_str()) {
        (Some((_, words)), _) => (*words).to_owned(),
        (None, "link") => "By the link of a message".to_owned(),
        (None, _) => "In reply to a message".to_owned(),
    };
    if let Some(by) = &taken_back.noted_by {
        how.push_str(&format!(", noted by {by}"));
    }
    if let Some(undone) = taken_back.undone_at {
        let by = taken_back.undone_by.as_deref().unwrap_or("somebody");
        how.push_str(&format!(
            ". A mistake: undone on {} by {by}",
            date_time(undone)
        ));
    }
    Said {
        at: taken_back.noted_at,
        when: format!("From {}", date(taken_back.withdrawn_on)),
        answer: "Withdrawn",
        colour: "govuk-tag--red",
        stands,
        how,
        form: None,
        crop: None,
    }
}
