//! Every event that these tests make the running code announce is held against the schema that is published for it: as
//! the council's own systems get it, and as each recipient does.

use enrol::domain::recipient_event;
use enrol::messaging::cloud_event;
use enrol::storage::Database;
use enrol::storage::recipients::{self, events};
use serde_json::Value as Json;

#[path = "../../src/messaging/schema_check.rs"]
mod schema_check;

/// Holds all events there are against their schemas.
pub async fn all_fit_their_schemas(database: &Database, url: &str) {
    let bodies: Vec<Json> =
        sqlx::query_scalar("SELECT body FROM outbox WHERE exchange = 'enrol.events'")
            .fetch_all(database.pool())
            .await
            .unwrap();
    for body in &bodies {
        fits("", &cloud_event::TYPES, body);
    }
    while events::share(database, 100).await.unwrap() > 0 {}
    let today = chrono::Utc::now().date_naive();
    for recipient in recipients::list(database).await.unwrap() {
        if !recipient.is_live(today) {
            continue;
        }
        let given = events::pull(database, &recipient, 0, url, 1000)
            .await
            .unwrap();
        for event in &given.events {
            fits("recipients/", &recipient_event::TYPES, event);
        }
    }
}

/// Holds an event against the schema in `folder` of its type, which has to be one of `types`.
pub fn fits(folder: &str, types: &[&str], event: &Json) {
    let kind = event["type"].as_str().unwrap();
    assert!(types.contains(&kind), "{kind}");
    let name = kind.strip_prefix("uk.enrol.").unwrap();
    let path = format!("queue-config/events/{folder}{name}.schema.json");
    let schema = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    schema_check::check(&schema, event, kind).unwrap_or_else(|wrong| panic!("{wrong}: {event:#}"));
}
