//! How long records are kept, what is due, and what somebody proposed to erase.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use chrono::Utc;
use uuid::Uuid;

use crate::domain::retention::{Due, Retention};
use crate::storage::Database;
use crate::storage::accounts::Permission;
use crate::storage::audit::{self, Act};
use crate::storage::erasure::due::{self, DueKind, DueRecords};
use crate::storage::erasure::{self, Plan, Proposal, Reason};
use crate::web::frame::{Frame, Section, date, date_time};
use crate::web::page_error::{PageError, render};
use crate::web::posted::Posted;
use crate::web::session::SignedIn;
use crate::web::state::AppState;

/// Plans shown.
const PLANS: i64 = 50;

struct FamilyRow {
    id: Uuid,
    reference: String,
    last_form: String,
    held: bool,
}

struct PlanRow {
    id: Uuid,
    when: String,
    by: String,
    what: String,
    state: String,
    colour: &'static str,
}

#[derive(Template)]
#[template(path = "retention.html", config = "src/web/askama.toml")]
struct RetentionPage {
    frame: Frame,
    csrf: String,
    kinds: [DueKind; 3],
    /// What has to be decided before anything is due.
    undecided: Option<String>,
    not_before: Option<String>,
    families: Vec<FamilyRow>,
    is_due: bool,
    plans: Vec<PlanRow>,
}

/// Plans may name families of any centre: they are for people who see all of them.
pub(super) fn must(signed_in: &SignedIn) -> Result<(), PageError> {
    signed_in.must(Permission::AgreeToErase)?;
    if sees_plans(signed_in) {
        Ok(())
    } else {
        Err(PageError::NotFound)
    }
}

/// Whether this person sees plans to erase.
pub(in crate::web) fn sees_plans(signed_in: &SignedIn) -> bool {
    signed_in.can(Permission::AgreeToErase) && signed_in.scope().centres.is_none()
}

pub(super) async fn show(
    State(state): State<AppState>,
    signed_in: SignedIn,
) -> Result<Response, PageError> {
    must(&signed_in)?;
    let act = Act::list("erasure_plan");
    audit::record(state.database.pool(), signed_in.actor(), act).await?;
    let rules = &state.retention;
    let found = due::records(&state.database, rules, Utc::now()).await?;
    let kinds = found.kinds(rules);
    let plans = erasure::list(&state.database, PLANS).await?;
    let page = RetentionPage {
        frame: Frame::new("Retention", &signed_in, Section::Retention).wide(),
        csrf: signed_in.csrf.clone(),
        is_due: kinds.iter().any(|kind| kind.due > 0),
        kinds,
        undecided: match found.rule {
            Due::Undecided(end) => Some(date(end)),
            _ => None,
        },
        not_before: match found.rule {
            Due::NotBefore(end) => Some(date(end)),
            _ => None,
        },
        families: found
            .families
            .into_iter()
            .map(|f| FamilyRow {
                id: f.id,
                reference: f.reference,
                last_form: date(f.last_form),
                held: f.held,
            })
            .collect(),
        plans: plans.into_iter().map(row).collect(),
    };
    Ok(render(&page))
}

/// The rules by which what is proposed is due, as the plan keeps them.
fn rule_of(rules: &Retention, found: &DueRecords) -> String {
    found
        .kinds(rules)
        .iter()
        .filter(|kind| kind.due > kind.held)
        .map(|kind| format!("{}: {}", kind.kind, kind.rule))
        .collect::<Vec<_>>()
        .join(" ")
}

fn row(plan: Plan) -> PlanRow {
    let (state, colour) = super::plan::state_of(&plan);
    PlanRow {
        id: plan.id,
        when: date_time(plan.proposed_at),
        by: plan.proposer,
        what: format!("{} · {}", plan.subjects, plan.rule),
        state,
        colour,
    }
}

/// Proposes everything that is due and not on hold.
pub(super) async fn propose(
    State(state): State<AppState>,
    posted: Posted,
) -> Result<Response, PageError> {
    must(&posted.signed_in)?;
    let now = Utc::now();
    let found = due::records(&state.database, &state.retention, now).await?;
    let proposal = Proposal {
        reason: Reason::Retention,
        rule: rule_of(&state.retention, &found),
        subjects: found.subjects(),
        by: posted.signed_in.account.id,
        at: now,
    };
    let storing = state.clone();
    let made = Database::uninterrupted(async move {
        erasure::propose(&storing.database, &storing.public_url, &proposal).await
    })
    .await?;
    let next = made.map_or_else(
        || "/retention".to_owned(),
        |plan| format!("/retention/plans/{plan}"),
    );
    Ok(Redirect::to(&next).into_response())
}
