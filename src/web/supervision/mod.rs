//! What supervisors look after: how much work waits and how old it is, and the files from which no form came.

pub(super) mod exceptions;
pub(super) mod queue;

use super::routes::Routes;

/// Addresses of supervision.
pub(super) fn routes() -> Routes {
    Routes::default()
        .get("/supervision", queue::show)
        .post("/supervision/read-again", queue::read_again)
        .get("/supervision/exceptions", exceptions::show)
        .post(
            "/supervision/exceptions/{document}/read-again",
            exceptions::read_again,
        )
        .post(
            "/supervision/exceptions/{document}/dismiss",
            exceptions::dismiss,
        )
        .post(
            "/supervision/exceptions/{document}/restore",
            exceptions::restore,
        )
}
