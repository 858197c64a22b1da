//! The one way from an id in an address to a form, a scan or a household: only what the person may see is found.
//!
//! What belongs to another centre is not found, rather than refused, so that nobody learns that it is there.

use uuid::Uuid;

use super::page_error::PageError;
use super::session::SignedIn;
use super::state::AppState;
use crate::storage::accounts::Permission;
use crate::storage::centres;
use crate::storage::reception::{self, Scan};
use crate::storage::review::{self, FormHead};
use crate::storage::service_users::{self, HouseholdRecord};

/// The form, for somebody whose centre it is.
pub(super) async fn form(
    state: &AppState,
    signed_in: &SignedIn,
    id: Uuid,
) -> Result<FormHead, PageError> {
    if !centres::sees_form(&state.database, &signed_in.scope(), id).await? {
        return Err(PageError::NotFound);
    }
    review::form(&state.database, id)
        .await?
        .ok_or(PageError::NotFound)
}

/// The scan, for somebody whose centre it is.
pub(super) async fn scan(
    state: &AppState,
    signed_in: &SignedIn,
    id: Uuid,
) -> Result<Scan, PageError> {
    if !centres::sees_document(&state.database, &signed_in.scope(), id).await? {
        return Err(PageError::NotFound);
    }
    reception::scan(&state.database, id)
        .await?
        .ok_or(PageError::NotFound)
}

/// The household, for somebody whose centre it is, without what a protected address must not show them.
pub(super) async fn household(
    state: &AppState,
    signed_in: &SignedIn,
    id: Uuid,
) -> Result<HouseholdRecord, PageError> {
    household_if_seen(state, signed_in, id)
        .await?
        .ok_or(PageError::NotFound)
}

/// The same; nothing where it belongs to another centre or there is none.
pub(super) async fn household_if_seen(
    state: &AppState,
    signed_in: &SignedIn,
    id: Uuid,
) -> Result<Option<HouseholdRecord>, PageError> {
    if !centres::sees_household(&state.database, &signed_in.scope(), id).await? {
        return Ok(None);
    }
    let mut record = service_users::household(&state.database, id).await?;
    if let Some(record) = &mut record
        && hides_whereabouts(signed_in, record)
    {
        record.hide_whereabouts();
    }
    Ok(record)
}

/// Whether this person must not see where the family is.
pub(super) fn hides_whereabouts(signed_in: &SignedIn, record: &HouseholdRecord) -> bool {
    record.address_protected && !signed_in.can(Permission::SeeProtectedAddresses)
}

/// Fails when the whereabouts of the form's family must not be shown to this person.
pub(super) async fn whereabouts(
    state: &AppState,
    signed_in: &SignedIn,
    form: Uuid,
) -> Result<(), PageError> {
    let named = signed_in.can(Permission::SeeProtectedAddresses);
    if !named && service_users::form_is_protected(&state.database, form).await? {
        return Err(PageError::Protected);
    }
    Ok(())
}
