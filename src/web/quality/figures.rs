//! What the page says, as numbers: also what `?format=json` answers with.

use chrono::{TimeDelta, Utc};
use serde::Serialize;

use crate::domain::sampling::{cases_to_prove, wilson};
use crate::storage::keying_waits::{self, Counts};
use crate::storage::quality::{self, Checked, ClerkFigures, ModeFigures, Of, StraightThrough};
use crate::storage::quality_causes::{self, Reason, WrongField};
use crate::web::page_error::PageError;
use crate::web::session::SignedIn;
use crate::web::state::AppState;

/// Reasons and fields shown.
const MOST_CAUSES: i64 = 10;

/// An error rate with what is known of it.
#[derive(Serialize)]
pub(super) struct Rate {
    #[serde(flatten)]
    pub checked: Checked,
    /// Wilson's 95 % interval, wide enough for what is undecided.
    pub low: f64,
    pub high: f64,
    /// The strictest target among fields of this kind.
    pub target: f64,
    /// Cases that are still needed to prove the target, were they all right; null when it is out of reach.
    pub still_needed: Option<u64>,
}

/// A field that went wrong, under its label.
#[derive(Serialize)]
pub(super) struct Wrong {
    pub label: String,
    #[serde(flatten)]
    pub counts: WrongField,
}

/// Everything on the page.
#[derive(Serialize)]
pub(super) struct Figures {
    pub days: i64,
    /// Only for supervisors, of the forms of their centres.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub all: Option<AllFigures>,
    pub clerks: Vec<ClerkFigures>,
    pub modes: Vec<ModeFigures>,
}

#[derive(Serialize)]
pub(super) struct AllFigures {
    pub rates: Vec<Rate>,
    pub straight_through: StraightThrough,
    pub reasons: Vec<Reason>,
    pub wrong_fields: Vec<Wrong>,
    #[serde(flatten)]
    pub counts: Waiting,
    pub wrong_records: usize,
}

/// What waits, under the names that the answer in JSON gives it.
#[derive(Serialize)]
pub(super) struct Waiting {
    pub waiting_double: i64,
    pub waiting_sample: i64,
    pub waiting_differing: i64,
}

impl From<Counts> for Waiting {
    fn from(counts: Counts) -> Self {
        Self {
            waiting_double: counts.double,
            waiting_sample: counts.sample,
            waiting_differing: counts.differing,
        }
    }
}

/// The figures of the last `days`: a supervisor's are those of their centres, everybody else's their own.
pub(super) async fn gather(
    state: &AppState,
    signed_in: &SignedIn,
    days: i64,
    supervisor: bool,
) -> Result<Figures, PageError> {
    let since = Utc::now() - TimeDelta::days(days);
    let database = &state.database;
    let scope = signed_in.scope();
    let of = if supervisor {
        Of::Scope(&scope)
    } else {
        Of::Account(signed_in.account.id)
    };
    let all = if supervisor {
        let checked = quality::checked(database, &scope, since).await?;
        let wrong = quality_causes::wrong_fields(database, &scope, since, MOST_CAUSES).await?;
        let counts = keying_waits::counts(database, &state.keying, &scope, None).await?;
        Some(AllFigures {
            rates: checked.into_iter().map(|c| rate(state, c)).collect(),
            straight_through: quality::straight_through(database, &scope, since).await?,
            reasons: quality_causes::reasons(database, &scope, since, MOST_CAUSES).await?,
            wrong_fields: wrong.into_iter().map(|w| labelled(state, w)).collect(),
            counts: counts.into(),
            wrong_records: 0,
        })
    } else {
        None
    };
    Ok(Figures {
        days,
        all,
        clerks: quality::clerks(database, of, since).await?,
        modes: quality::modes(database, of, since).await?,
    })
}

fn labelled(state: &AppState, counts: WrongField) -> Wrong {
    let version = u32::try_from(counts.definition_version).unwrap_or_default();
    Wrong {
        label: super::label(state, &counts.definition_id, version, &counts.name),
        counts,
    }
}

fn rate(state: &AppState, checked: Checked) -> Rate {
    let of = |n: i64| u64::try_from(n).unwrap_or_default();
    // What nobody has decided yet may be right or wrong: the interval leaves room for both.
    let cases = of(checked.cases + checked.undecided);
    let (fewest, most) = (of(checked.wrong), of(checked.wrong + checked.undecided));
    let (low, _) = wilson(fewest, cases).unwrap_or((0.0, 1.0));
    let (_, high) = wilson(most, cases).unwrap_or((0.0, 1.0));
    let target = state
        .definitions()
        .iter()
        .flat_map(|d| &d.fields)
        .filter(|f| f.kind.as_str() == checked.kind)
        .map(|f| f.rules.target_error)
        .fold(1.0, f64::min);
    Rate {
        checked,
        low,
        high,
        target,
        still_needed: cases_to_prove(target, most).map(|needed| needed.saturating_sub(cases)),
    }
}
