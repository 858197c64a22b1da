//! One person's record over time, and records that turn out to be the same person.

mod consents;
mod correct;
mod history;
mod merge;

use uuid::Uuid;

use super::page_error::PageError;
use super::routes::Routes;
use super::session::SignedIn;
use super::state::AppState;
use super::visible;
use crate::storage::service_users::{self, HouseholdRecord, ServiceUser};

/// A person with their household, for somebody who may see both.
async fn person(
    state: &AppState,
    signed_in: &SignedIn,
    id: Uuid,
) -> Result<(ServiceUser, HouseholdRecord), PageError> {
    let person = service_users::service_user(&state.database, id)
        .await?
        .ok_or(PageError::NotFound)?;
    let household = visible::household(state, signed_in, person.household_id).await?;
    Ok((person, household))
}

/// Addresses of people's records.
pub(super) fn routes() -> Routes {
    Routes::default()
        .get("/service-users/{service_user}/history", history::show)
        .get(
            "/service-users/{service_user}/correct",
            correct::show_person,
        )
        .post(
            "/service-users/{service_user}/correct",
            correct::correct_person,
        )
        .get("/households/{household}/consents", consents::show)
        .get("/households/{household}/correct", correct::show_household)
        .post(
            "/households/{household}/correct",
            correct::correct_household,
        )
        .get("/service-users/{service_user}/merge", merge::show)
        .post("/service-users/{service_user}/merge", merge::merge)
        .post("/service-users/{service_user}/unmerge", merge::undo)
}
