//! `POST /api/withdrawals`: an answer to a message says that somebody takes a consent back.

use axum::extract::State;
use axum::http::StatusCode;
use chrono::Utc;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::WITHDRAWALS_WRITE;
use super::bearer::Recipient;
use super::problem::{Problem, ProblemView};
use crate::domain::contact_list::Channel;
use crate::storage::register::withdrawal::{self, Said, Withdrawal};
use crate::storage::suppression::{self, SuppressionKey};
use crate::storage::{Database, StorageError};
use crate::web::state::AppState;

/// Who takes back which consent: a person by id, or whoever has an address. One of the two.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WithdrawalRequest {
    /// `contact.email` or `contact.text`.
    #[schema(example = "contact.text")]
    purpose: String,
    /// The address or number that the answer came from.
    #[schema(example = "07700900123")]
    address: Option<String>,
    /// The person.
    #[schema(value_type = Option<String>)]
    service_user_id: Option<Uuid>,
}

/// Takes consents back at once. The answer is the same whether anybody has that address or not; either way no contact list
/// holds it from now on.
#[utoipa::path(
    post,
    path = "/api/withdrawals",
    request_body = WithdrawalRequest,
    responses(
        (status = 204, description = "No list holds the address from now on, and whoever has it has taken the consent back"),
        (status = 401, description = "No valid token", body = ProblemView, content_type = "application/problem+json"),
        (status = 403, description = "Scope missing", body = ProblemView, content_type = "application/problem+json"),
        (status = 422, description = "Not a withdrawal", body = ProblemView, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests; Retry-After says how long to wait", body = ProblemView, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemView, content_type = "application/problem+json"),
    ),
    security(("token" = ["withdrawals:write"]))
)]
pub(super) async fn take_back(
    State(state): State<AppState>,
    recipient: Recipient,
    body: axum::body::Bytes,
) -> Result<StatusCode, Problem> {
    recipient.must(WITHDRAWALS_WRITE)?;
    let refused = |text: &str| Problem::Refused(text.to_owned());
    let request: WithdrawalRequest = serde_json::from_slice(&body)
        .map_err(|_| refused("Send JSON with purpose, and address or service_user_id"))?;
    let channel = Channel::parse(&request.purpose)
        .ok_or_else(|| refused("purpose is contact.email or contact.text"))?;
    let purpose = channel.purpose();
    let by = recipient.id();
    match (request.address, request.service_user_id) {
        (Some(address), None) => {
            let address = channel
                .valid(&address)
                .ok_or_else(|| refused("address is not one that such messages go to"))?;
            Database::uninterrupted(at_address(state, by, purpose, address)).await?;
        }
        (None, Some(person)) => {
            Database::uninterrupted(async move { of_person(&state, by, purpose, person).await })
                .await?;
        }
        _ => return Err(refused("Send either address or service_user_id")),
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn at_address(
    state: AppState,
    by: Uuid,
    purpose: &'static str,
    address: String,
) -> Result<(), StorageError> {
    for person in withdrawal::people_at(&state.database, purpose, &address).await? {
        of_person(&state, by, purpose, person).await?;
    }
    let mut transaction = state.database.begin().await?;
    let key = SuppressionKey::open(&mut transaction, &state.sealer).await?;
    let today = Utc::now().date_naive();
    suppression::add(&mut transaction, &key, purpose, &address, today).await?;
    transaction.commit().await?;
    Ok(())
}

async fn of_person(
    state: &AppState,
    by: Uuid,
    purpose: &'static str,
    person: Uuid,
) -> Result<(), StorageError> {
    let taken_back = Withdrawal {
        person,
        purpose: purpose.to_owned(),
        said: Said::InReply(by),
        at: Utc::now(),
    };
    let (database, sealer) = (&state.database, &state.sealer);
    match withdrawal::withdraw(database, sealer, &state.public_url, &taken_back).await {
        // There is no consent to take back (any more), or nobody of that id.
        Ok(()) | Err(StorageError::Conflict { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}
