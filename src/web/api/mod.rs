//! The API: recipients read the records they are given, send scans and follow them, and see how much work waits.

mod bearer;
mod disclosures;
mod events;
mod household;
mod problem;
pub(super) mod rate;
mod record;
mod scans;
mod service_user;
mod withdrawals;
mod work;

use axum::{Json, response::IntoResponse};
use utoipa::OpenApi;

use super::routes::Routes;
use bearer::Scheme;

/// Opens records of families, in the parts that were agreed.
pub const READ: &str = "service-users:read";
/// Opens the recipient's events.
pub const EVENTS_READ: &str = crate::storage::recipients::EVENTS_READ;
/// Shows what of a family was given to whom.
pub const DISCLOSURES_READ: &str = "disclosures:read";
/// Shows what became of scans.
pub const SCANS_READ: &str = "scans:read";
/// Sends scans, and has them read again.
pub const SCANS_WRITE: &str = "scans:write";
/// Takes consents back for people who answered a message.
pub const WITHDRAWALS_WRITE: &str = "withdrawals:write";
/// Shows how much work waits.
pub const WORK_READ: &str = "work:read";
/// Everything that a recipient's tokens can open, with what people read of it.
pub const SCOPE_TITLES: [(&str, &str); 7] = [
    (READ, "Read records of families"),
    (EVENTS_READ, "Events about families"),
    (DISCLOSURES_READ, "See what was disclosed of which family"),
    (SCANS_READ, "See what became of scans"),
    (SCANS_WRITE, "Send scans"),
    (
        WITHDRAWALS_WRITE,
        "Take consents back for people who answer a message",
    ),
    (WORK_READ, "See how much work waits"),
];

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Enrol",
        description = "Records made from registration forms, events about them, the scans they were made from, and the work that waits. Each recipient is given the parts of records that were agreed, of the families that were agreed; what it is given is noted per family."
    ),
    paths(
        service_user::show, household::list, household::show, events::pull, events::replay, disclosures::list,
        scans::list, scans::show, scans::send, scans::read_again, withdrawals::take_back, work::show
    ),
    components(schemas(
        service_user::ServiceUserView,
        record::MemberView,
        record::ConsentView,
        crate::domain::code_lists::Coding,
        household::HouseholdList,
        household::HouseholdLine,
        household::HouseholdView,
        events::EventPage,
        events::Replay,
        events::Replayed,
        disclosures::DisclosureView,
        scans::ScanView,
        scans::FormView,
        scans::PageView,
        scans::Sent,
        withdrawals::WithdrawalRequest,
        work::WorkView,
        work::CentreView,
        problem::ProblemView
    )),
    modifiers(&Scheme)
)]
struct Description;

pub(super) fn routes() -> Routes {
    Routes::default()
        .get("/api/service-users/{service_user}", service_user::show)
        .get("/api/households", household::list)
        .get("/api/households/{household}", household::show)
        .get("/api/events", events::pull)
        .post("/api/events/replay", events::replay)
        .get("/api/disclosures", disclosures::list)
        .get("/api/scans", scans::list)
        .get("/api/scans/{scan}", scans::show)
        .post("/api/scans/{scan}/read-again", scans::read_again)
        .post("/api/withdrawals", withdrawals::take_back)
        .get("/api/work", work::show)
        .get("/api/{*rest}", async || problem::Problem::NotFound)
        .get("/openapi.json", openapi)
}

/// Routes whose bodies are files.
pub(super) fn uploads() -> Routes {
    Routes::default()
        .post("/api/scans", scans::send)
        .at_most(scans::LIMIT)
}

async fn openapi() -> impl IntoResponse {
    Json(Description::openapi())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_description_is_stable() {
        insta::assert_json_snapshot!("openapi", Description::openapi(), { ".info.version" => "[version]" });
    }
}
