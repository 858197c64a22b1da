//! What families may ask of their records, and how long those are kept.

mod copy_pdf;
mod family;
mod plan;
mod retention;
mod subject_access;

pub(super) use retention::sees_plans;

use super::frame::date;
use super::routes::Routes;
use crate::storage::erasure::stops::{Stop, StopKind};

pub(super) fn routes() -> Routes {
    Routes::default()
        .get("/retention", retention::show)
        .post("/retention", retention::propose)
        .get("/retention/plans/{plan}", plan::show)
        .post("/retention/plans/{plan}", plan::decide)
        .get("/retention/plans/{plan}/certificate", plan::certificate)
        .post(
            "/service-users/{service_user}/subject-access",
            subject_access::make,
        )
        .get("/households/{household}/rights", family::show)
        .post("/households/{household}/stops", family::stop)
        .post("/households/{household}/erasure", family::propose)
}

/// A stop in force, as pages say it.
pub(super) fn stop_in_words(stop: &Stop) -> String {
    let kind = StopKind::parse(&stop.kind);
    let what = match kind {
        Some(StopKind::Restriction) => "Restricted: keep this record and do not use it.",
        Some(StopKind::Objection) => {
            "The family objects to the use of this record. Do not use it until that is decided."
        }
        Some(StopKind::Hold) | None => "On hold: this record must not be erased.",
    };
    let reasons = kind.map_or(&[] as &[_], StopKind::reasons);
    let reason = reasons
        .iter()
        .find(|(name, _)| *name == stop.reason)
        .map_or("", |(_, words)| *words);
    let since = date(stop.placed_at.date_naive());
    format!("{what} {reason}. Since {since}, {}.", stop.placed_by)
}
