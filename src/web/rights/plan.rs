//! One plan to erase: what it names, what somebody else says of it, and what became of it.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use chrono::Utc;
use serde_json::Value as Json;
use uuid::Uuid;

use super::retention::must;
use crate::storage::Database;
use crate::storage::accounts::Permission;
use crate::storage::audit::{self, Act};
use crate::storage::erasure::{self, DecisionError, Named, Plan, Subject};
use crate::web::frame::{Frame, Section, date, date_time};
use crate::web::page_error::{PageError, render};
use crate::web::posted::Posted;
use crate::web::session::SignedIn;
use crate::web::state::AppState;

struct Row {
    what: String,
    href: Option<String>,
    state: &'static str,
    colour: &'static str,
    note: String,
}

#[derive(Template)]
#[template(path = "erasure_plan.html", config = "src/web/askama.toml")]
struct PlanPage {
    frame: Frame,
    csrf: String,
    id: Uuid,
    rule: String,
    asked: bool,
    proposed: String,
    state: String,
    colour: &'static str,
    decided: Option<String>,
    rows: Vec<Row>,
    may_agree: bool,
    may_refuse: bool,
    needs_safeguarding: bool,
    finished: bool,
    error: Option<&'static str>,
}

/// How far a plan is, and the colour of that.
pub(super) fn state_of(plan: &Plan) -> (String, &'static str) {
    match plan.decision.as_deref() {
        None => ("Waits for a second person".to_owned(), "govuk-tag--yellow"),
        Some("refused") => ("Not agreed to".to_owned(), "govuk-tag--grey"),
        Some(_) if plan.finished_at.is_some() => (
            format!("{} erased, {} kept", plan.erased, plan.kept),
            "govuk-tag--green",
        ),
        Some(_) => (
            format!("Erasing: {} of {}", plan.erased + plan.kept, plan.subjects),
            "govuk-tag--blue",
        ),
    }
}

pub(super) async fn show(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Response, PageError> {
    must(&signed_in)?;
    let act = Act::new("viewed", "erasure_plan", id);
    audit::record(state.database.pool(), signed_in.actor(), act).await?;
    page(&state, &signed_in, id, None).await
}

async fn found(state: &AppState, id: Uuid) -> Result<(Plan, Vec<Named>), PageError> {
    let plan = erasure::find(&state.database, id).await?;
    let plan = plan.ok_or(PageError::NotFound)?;
    Ok((plan, erasure::planned(&state.database, id).await?))
}

async fn page(
    state: &AppState,
    signed_in: &SignedIn,
    id: Uuid,
    error: Option<&'static str>,
) -> Result<Response, PageError> {
    let (plan, named) = found(state, id).await?;
    let open = plan.decision.is_none();
    // Who hides is for the safeguarding lead to decide; which family it is this page does not say.
    let protected = open && named.iter().any(|n| n.protected);
    let sees_protected = signed_in.can(Permission::SeeProtectedAddresses);
    let own = plan.proposed_by == signed_in.account.id;
    let (words, colour) = state_of(&plan);
    let decided = plan.decided_at.zip(plan.decider.as_ref());
    let page = PlanPage {
        frame: Frame {
            error: error.is_some(),
            ..Frame::new("Plan to erase", signed_in, Section::Retention).wide()
        },
        csrf: signed_in.csrf.clone(),
        id,
        asked: plan.reason == "request",
        proposed: format!("{}, {}", date_time(plan.proposed_at), plan.proposer),
        state: words,
        colour,
        decided: decided.map(|(at, who)| format!("{}, {who}", date_time(at))),
        rows: named.iter().map(row).collect(),
        may_agree: open && !own && (!protected || sees_protected),
        may_refuse: open,
        needs_safeguarding: protected && !sees_protected,
        finished: plan.finished_at.is_some(),
        rule: plan.rule,
        error,
    };
    let status = match error {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    Ok((status, render(&page)).into_response())
}

fn row(named: &Named) -> Row {
    let (state, colour) = match named.state.as_str() {
        "erased" if named.files_left > 0 => ("Files follow", "govuk-tag--blue"),
        "erased" => ("Erased", "govuk-tag--green"),
        "kept" => ("Kept", "govuk-tag--red"),
        _ => ("To be erased", "govuk-tag--yellow"),
    };
    let id = named.subject.id();
    let what = match named.subject {
        Subject::Household(_) => match &named.reference {
            Some(reference) => format!("Family of form {reference}"),
            None => format!("Family {id}"),
        },
        Subject::Document(_) => format!("Scan {id}"),
        Subject::ContactList(_) => match &named.list {
            Some((made, about)) => {
                format!(
                    "Who was on the contact list of {}: {about}",
                    date(made.date_naive())
                )
            }
            None => format!("Contact list {id}"),
        },
    };
    let there = named.state != "erased";
    let href = match named.subject {
        Subject::Household(_) => there.then(|| format!("/households/{id}")),
        Subject::Document(_) | Subject::ContactList(_) => None,
    };
    let note = match (&named.kept_because, &named.removed) {
        (Some(because), _) => because.clone(),
        (None, Some(removed)) => removed_in_words(named.subject, removed),
        (None, None) => String::new(),
    };
    Row {
        what,
        href,
        state,
        colour,
        note,
    }
}

fn removed_in_words(subject: Subject, removed: &Json) -> String {
    let rows: u64 = removed["rows"]
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(_, n)| n.as_u64())
        .sum();
    if let Subject::ContactList(_) = subject {
        return format!("who was on it ({rows} people); its counts stay");
    }
    let number = |name: &str| removed[name].as_u64().unwrap_or_default();
    format!(
        "{} people, {} forms, {} scans, {rows} rows, {} files",
        number("people"),
        number("forms"),
        number("scans"),
        number("files")
    )
}

/// Agrees or does not.
pub(super) async fn decide(
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, PageError> {
    must(&posted.signed_in)?;
    let agrees = match posted.first("decision") {
        Some("agree") => true,
        Some("refuse") => false,
        _ => return Err(PageError::Malformed),
    };
    let (_, named) = found(&state, id).await?;
    let sees_protected = posted.signed_in.can(Permission::SeeProtectedAddresses);
    if agrees && named.iter().any(|n| n.protected) && !sees_protected {
        return Err(PageError::Forbidden);
    }
    let (storing, by) = (state.clone(), posted.signed_in.account.id);
    let done = Database::uninterrupted(async move {
        let (database, sealer) = (&storing.database, &storing.sealer);
        erasure::decide(database, sealer, id, by, agrees, Utc::now()).await
    });
    match done.await {
        // A colleague was quicker: the page shows what was decided.
        Ok(()) | Err(DecisionError::Decided) => {
            Ok(Redirect::to(&format!("/retention/plans/{id}")).into_response())
        }
        Err(DecisionError::SamePerson) => {
            let error = Some("You proposed this: somebody else has to agree");
            page(&state, &posted.signed_in, id, error).await
        }
        Err(DecisionError::Storage(error)) => Err(error.into()),
    }
}

/// What was erased, when and by whom, for the file. It names nobody of the family.
pub(super) async fn certificate(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Response, PageError> {
    must(&signed_in)?;
    let (plan, named) = found(&state, id).await?;
    let (Some(finished), Some(decided), Some(decider)) =
        (plan.finished_at, plan.decided_at, &plan.decider)
    else {
        return Err(PageError::NotFound);
    };
    let act = Act::new("downloaded_certificate", "erasure_plan", id);
    audit::record(state.database.pool(), signed_in.actor(), act).await?;
    let mut text = format!(
        "Certificate of erasure\n\nPlan            {id}\nReason          {}\nProposed        {}, {}\nAgreed          {}, {decider}\nFinished        {}\n",
        plan.rule,
        plan.proposed_at.to_rfc3339(),
        plan.proposer,
        decided.to_rfc3339(),
        finished.to_rfc3339(),
    );
    for named in &named {
        let kind = match named.subject {
            Subject::Household(_) => "Family",
            Subject::Document(_) => "Scan",
            Subject::ContactList(_) => "Contact list",
        };
        text += &format!("\n{kind} {}\n", named.subject.id());
        match (&named.removed, named.erased_at, &named.kept_because) {
            (Some(removed), Some(at), _) => {
                text += &format!(
                    "  erased        {}\n  removed       {}\n",
                    at.to_rfc3339(),
                    removed_in_words(named.subject, removed)
                );
                for (table, rows) in removed["rows"].as_object().into_iter().flatten() {
                    text += &format!("    {table:<24}{rows:>8}\n");
                }
            }
            (.., because) => {
                text += &format!(
                    "  not erased    {}\n",
                    because.as_deref().unwrap_or_default()
                );
            }
        }
    }
    text += "\nKept: the audit trail and the list of disclosures, which hold ids and no values. Backups are not reached from here.\n";
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"erasure-{id}.txt\""),
        ),
    ];
    Ok((headers, text).into_response())
}
