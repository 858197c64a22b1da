//! For whoever watches the process: does it run, can it work.

use axum::extract::State;
use axum::http::StatusCode;

use super::routes::Routes;
use super::state::AppState;

pub(super) fn routes() -> Routes {
    Routes::default()
        .get("/livez", async || "ok")
        .get("/readyz", ready)
}

async fn ready(State(state): State<AppState>) -> (StatusCode, &'static str) {
    let asked = sqlx::query("SELECT 1").execute(state.database.pool());
    match tokio::time::timeout(std::time::Duration::from_secs(2), asked).await {
        Ok(Ok(_)) => (StatusCode::OK, "ok"),
        _ => (
            StatusCode::SERVICE_UNAVAILABLE,
            "the database does not answer",
        ),
    }
}
