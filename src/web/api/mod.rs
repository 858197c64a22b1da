//! The API: other systems read records, send scans and follow them, and see how much work waits.

mod bearer;
mod problem;
mod scans;
mod service_user;
mod work;

use axum::{Json, response::IntoResponse};
use utoipa::OpenApi;

use super::routes::Routes;
use bearer::Scheme;

/// Opens records without Article 9 data.
pub const READ: &str = "service-users:read";
/// Opens Article 9 data as well.
pub const READ_SPECIAL: &str = "service-users:special";
/// Shows what became of scans.
pub const SCANS_READ: &str = "scans:read";
/// Sends scans, and has them read again.
pub const SCANS_WRITE: &str = "scans:write";
/// Shows how much work waits.
pub const WORK_READ: &str = "work:read";
/// Everything that a token can be given.
pub const SCOPES: [&str; 5] = [READ, READ_SPECIAL, SCANS_READ, SCANS_WRITE, WORK_READ];

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Enrol",
        description = "Records made from registration forms, the scans they were made from, and the work that waits. Each read of a record is noted in the audit trail."
    ),
    paths(service_user::show, scans::list, scans::show, scans::send, scans::read_again, work::show),
    components(schemas(
        service_user::ServiceUserView,
        service_user::ConsentView,
        scans::ScanView,
        scans::FormView,
        scans::PageView,
        scans::Sent,
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
        .get("/api/scans", scans::list)
        .get("/api/scans/{scan}", scans::show)
        .post("/api/scans/{scan}/read-again", scans::read_again)
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
