//! The people of one form beside the records that may be theirs.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::Value as Json;
use uuid::Uuid;

use super::super::frame::{Frame, Section, date};
use super::super::page_error::{PageError, render};
use super::super::review::evidence::definition_of;
use super::super::session::SignedIn;
use super::super::state::AppState;
use super::super::visible;
use super::super::words::Words;
use crate::domain::household::MemberRole;
use crate::domain::proposal::{ADDRESS, Answers, Outcome, says_the_same};
use crate::domain::protected_address::{HIDDEN, tells_where};
use crate::storage::accounts::Permission;
use crate::storage::audit::{self, Act};
use crate::storage::register::deciding::{self, Candidate, Question, Said};
use crate::storage::review::FormHead;
use crate::storage::settlement::SettleError;

struct ValueRow {
    label: String,
    on_form: String,
    on_record: String,
    /// What happens to it if it is the same person.
    effect: &'static str,
    differs: bool,
}

struct CandidateCard {
    id: Uuid,
    number: usize,
    version: i32,
    household_id: Option<Uuid>,
    likely: bool,
    chance: String,
    rows: Vec<ValueRow>,
    reasons: Vec<String>,
    special_changes: String,
    chosen: bool,
}

struct PersonCard {
    block: String,
    title: String,
    crops: Vec<(String, String)>,
    candidates: Vec<CandidateCard>,
    new_chosen: bool,
    error: Option<&'static str>,
}

struct HouseholdChoice {
    id: Uuid,
    of: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "matching.html", config = "src/web/askama.toml")]
struct MatchingPage {
    frame: Frame,
    csrf: String,
    id: Uuid,
    reference: String,
    version: i32,
    signed: String,
    people: Vec<PersonCard>,
    new_people: usize,
    households: Vec<HouseholdChoice>,
    own_chosen: bool,
    /// Records of centres that this person does not see: somebody else has to decide.
    elsewhere: usize,
    errors: Vec<(String, String)>,
}

/// The page.
pub(super) async fn show(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Response, PageError> {
    page(&state, &signed_in, id, None, &[]).await
}

/// The page, with what was `said` and why it was not taken: the id of an input and a text for each.
pub(super) async fn page(
    state: &AppState,
    signed_in: &SignedIn,
    id: Uuid,
    said: Option<&Said>,
    errors: &[(String, String)],
) -> Result<Response, PageError> {
    signed_in.must(Permission::CheckForms)?;
    let head = visible::form(state, signed_in, id).await?;
    if head.state != "matching" {
        return Err(PageError::NotFound);
    }
    let definition = definition_of(state, &head)?;
    let context = state.settling(definition);
    let questions = match deciding::questions(&state.database, &context, id).await {
        Ok(questions) => questions,
        Err(SettleError::Storage(error)) => return Err(error.into()),
        Err(_) => {
            return Err(PageError::Broken(
                "a waiting form is not settled".to_owned(),
            ));
        }
    };
    let act = Act::new("viewed_matches", "form", id);
    audit::record(state.database.pool(), signed_in.actor(), act).await?;
    let words = Words(Some(definition));
    let (mut people, mut households, mut elsewhere) = (Vec::new(), Vec::new(), 0);
    for question in &questions.people {
        let mut card = person(&head, &words, question, said);
        for (place, candidate) in question.candidates.iter().enumerate() {
            let Some(hidden) = seen(state, signed_in, candidate).await? else {
                elsewhere += 1;
                continue;
            };
            let act = Act::new("viewed", "service_user", candidate.id);
            audit::record(state.database.pool(), signed_in.actor(), act).await?;
            let mut shown = candidate_card(&words, question, candidate, hidden);
            shown.number = place + 1;
            shown.chosen = match said {
                Some(said) => said.people.get(&question.block) == Some(&Some(candidate.id)),
                None => candidate.likely && place == 0,
            };
            card.candidates.push(shown);
            offer_household(&mut households, &words, question, candidate);
        }
        let missing = errors
            .iter()
            .any(|(field, _)| *field == format!("who-{}", question.block));
        card.error = missing.then_some("Say who this is");
        people.push(card);
    }
    let chosen = said.map_or(questions.likely_household, |said| said.household);
    households
        .iter_mut()
        .for_each(|h| h.chosen = Some(h.id) == chosen);
    let mut frame = Frame::new(
        format!("Form {}: same person?", head.reference),
        signed_in,
        Section::Matching,
    );
    frame.error = !errors.is_empty();
    Ok(render(&MatchingPage {
        frame: frame.wide(),
        csrf: signed_in.csrf.clone(),
        id,
        reference: head.reference.clone(),
        version: head.version,
        signed: date(questions.signed),
        people,
        new_people: questions.new_people,
        own_chosen: !households.iter().any(|h| h.chosen),
        households,
        elsewhere,
        errors: errors.to_vec(),
    }))
}

/// Whether the person may see the record, and then whether its whereabouts have to be hidden.
async fn seen(
    state: &AppState,
    signed_in: &SignedIn,
    candidate: &Candidate,
) -> Result<Option<bool>, PageError> {
    let Some(household) = candidate.household_id else {
        return Ok(Some(true));
    };
    let record = visible::household_if_seen(state, signed_in, household).await?;
    Ok(record.map(|record| visible::hides_whereabouts(signed_in, &record)))
}

fn person(
    head: &FormHead,
    words: &Words<'_>,
    question: &Question,
    said: Option<&Said>,
) -> PersonCard {
    let crops = ["first_name", "surname", "date_of_birth"]
        .iter()
        .map(|leaf| format!("{}.{leaf}", question.block))
        .filter(|name| words.knows(name))
        .map(|name| {
            (
                format!("/review/{}/fields/{name}/crop", head.id),
                words.label(&name),
            )
        })
        .collect();
    PersonCard {
        title: title(question),
        crops,
        candidates: Vec::new(),
        new_chosen: said.is_some_and(|s| s.people.get(&question.block) == Some(&None)),
        block: question.block.clone(),
        error: None,
    }
}

fn title(question: &Question) -> String {
    match question.role {
        MemberRole::PrimaryCarer => "Primary carer".to_owned(),
        MemberRole::SecondaryCarer => "Secondary carer".to_owned(),
        MemberRole::Child => question.block.replace("child_", "Child "),
    }
}

fn candidate_card(
    words: &Words<'_>,
    question: &Question,
    candidate: &Candidate,
    hidden: bool,
) -> CandidateCard {
    let special: Vec<String> = candidate
        .special_changes
        .iter()
        .map(|leaf| words.own_label(&format!("{}.{leaf}", question.block)))
        .collect();
    CandidateCard {
        id: candidate.id,
        number: 0,
        version: candidate.version,
        household_id: candidate.household_id,
        likely: candidate.likely,
        chance: chance(candidate.probability),
        rows: rows(words, question, candidate, hidden),
        reasons: candidate
            .reasons
            .iter()
            .filter(|reason| !(hidden && tells_where(&reason.of)))
            .map(|reason| reason.words.clone())
            .collect(),
        special_changes: special.join(", "),
        chosen: false,
    }
}

/// In words that promise no more than the model knows.
fn chance(probability: f64) -> String {
    match probability {
        p if p >= 0.999 => "more than 99.9 % likely".to_owned(),
        p if p >= 0.99 => "more than 99 % likely".to_owned(),
        p => format!("{:.0} % likely", p * 100.0),
    }
}

/// Everything that the form or the record says, in the order of the form.
fn rows(
    words: &Words<'_>,
    question: &Question,
    candidate: &Candidate,
    hidden: bool,
) -> Vec<ValueRow> {
    let mut all: Answers = candidate.on_record.clone();
    all.extend(question.on_form.clone());
    let mut names: Vec<String> = all.into_keys().collect();
    names.sort_by_key(|name| words.place(&full_name(question, name)));
    let row = |name: String| {
        let full = full_name(question, &name);
        let (on_form, on_record) = (question.on_form.get(&name), candidate.on_record.get(&name));
        let change = candidate.changes.iter().find(|c| c.name == name);
        let concealed = hidden && tells_where(&name);
        let label = if name == ADDRESS {
            "Address".to_owned()
        } else {
            words.own_label(&full)
        };
        let said = |value: Option<&Json>| value.map(|v| words.value(&full, v)).unwrap_or_default();
        ValueRow {
            label,
            on_form: said(on_form),
            on_record: if concealed {
                HIDDEN.to_owned()
            } else {
                said(on_record)
            },
            effect: match change.map(|c| c.outcome) {
                _ if concealed => "",
                Some(Outcome::Added) => "Added to the record",
                Some(Outcome::Replaces) => "Takes its place; the old value stays in the history",
                Some(Outcome::Older) => "Stays as it is: the record is newer than this form",
                None => "",
            },
            differs: !concealed
                && matches!((on_form, on_record), (Some(a), Some(b)) if !says_the_same(a, b)),
        }
    };
    names.into_iter().map(row).collect()
}

fn full_name(question: &Question, leaf: &str) -> String {
    let leaf = if leaf == ADDRESS {
        "address_line_1"
    } else {
        leaf
    };
    format!("{}.{leaf}", question.block)
}

fn offer_household(
    households: &mut Vec<HouseholdChoice>,
    words: &Words<'_>,
    question: &Question,
    candidate: &Candidate,
) {
    let Some(id) = candidate.household_id else {
        return;
    };
    let name = |answer: &str| {
        let value = candidate.on_record.get(answer);
        value
            .map(|v| words.value(&full_name(question, answer), v))
            .unwrap_or_default()
    };
    let of = format!("{} {}", name("first_name"), name("surname"));
    match households.iter_mut().find(|h| h.id == id) {
        Some(known) => known.of = format!("{}, {of}", known.of),
        None => households.push(HouseholdChoice {
            id,
            of,
            chosen: false,
        }),
    }
}
