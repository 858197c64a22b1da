//! The API that other systems read records through.

mod bearer;
mod problem;
mod service_user;

use axum::{Json, response::IntoResponse};
use utoipa::OpenApi;

use super::routes::Routes;
use bearer::Scheme;

/// Opens records without Article 9 data.
pub const READ: &str = "service-users:read";
/// Opens Article 9 data as well.
pub const READ_SPECIAL: &str = "service-users:special";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Enrol",
        description = "Records made from registration forms. Each read is noted in the audit trail."
    ),
    paths(service_user::show),
    components(schemas(service_user::ServiceUserView, service_user::ConsentView, problem::ProblemView)),
    modifiers(&Scheme)
)]
struct Description;

pub(super) fn routes() -> Routes {
    Routes::default()
        .get("/api/service-users/{service_user}", service_user::show)
        .get("/api/{*rest}", async || problem::Problem::NotFound)
        .get("/openapi.json", openapi)
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
