//! Finds objects that no notice announced.
//!
//! Notices get lost somewhere in every product, so the bucket itself is compared with what is on record. A listing
//! has no version and, with some servers, no ETag; so key, size and time of writing are compared, and only an object
//! that differs costs a HEAD. An object that was replaced within the same second by one of the same size looks the
//! same; its own notice still counts.

use std::{collections::HashMap, sync::Arc, time::Duration};

use enrol::{
    lifecycle::Shutdown,
    objects::ObjectInfo,
    storage::documents::{self, KnownObject},
};

use crate::intake::{Intake, IntakeError, Outcome};

/// Keys asked for at once.
const BATCH: usize = 500;

/// Sweeps at once and then every `interval`, until shutdown.
pub async fn run(intake: Arc<Intake>, interval: Duration, shutdown: Shutdown) {
    loop {
        match sweep(&intake, &shutdown).await {
            Ok(0) => {}
            Ok(found) => tracing::info!(found, "the sweep found objects that no notice announced"),
            Err(error) => tracing::warn!(%error, "the sweep failed, the next one starts over"),
        }
        if !shutdown.sleep(interval).await {
            return;
        }
    }
}

/// Takes in what is in the bucket and not on record. Returns how many rows that made.
pub async fn sweep(intake: &Intake, shutdown: &Shutdown) -> Result<usize, IntakeError> {
    let mut found = 0;
    for batch in intake.list().await?.chunks(BATCH) {
        for key in unknown(intake, batch).await? {
            if shutdown.is_triggered() {
                return Ok(found);
            }
            match intake.take_found(&key).await {
                Ok(Outcome::Taken(documents::Intake::Known) | Outcome::Ignored) => {}
                Ok(Outcome::Taken(_)) => found += 1,
                Err(error) if error.is_retryable() => return Err(error),
                // One object that cannot be taken in must not hide the others.
                Err(error) => {
                    tracing::error!(%error, "an object that the sweep found cannot be taken in")
                }
            }
        }
    }
    Ok(found)
}

/// The keys of `objects` that differ from everything on record.
async fn unknown(intake: &Intake, objects: &[ObjectInfo]) -> Result<Vec<String>, IntakeError> {
    let keys: Vec<String> = objects.iter().map(|object| object.key.clone()).collect();
    let mut on_record: HashMap<String, Vec<KnownObject>> = HashMap::new();
    for known in documents::known_objects(intake.database(), intake.bucket(), &keys).await? {
        on_record
            .entry(known.object_key.clone())
            .or_default()
            .push(known);
    }
    Ok(objects
        .iter()
        .filter(|object| {
            !on_record
                .get(&object.key)
                .is_some_and(|known| known.iter().any(|known| looks_the_same(object, known)))
        })
        .map(|object| object.key.clone())
        .collect())
}

/// HEAD tells the time to the second, listings more exactly.
fn looks_the_same(object: &ObjectInfo, known: &KnownObject) -> bool {
    if object.etag == known.object_version {
        return true;
    }
    let same_time = match (object.last_modified, known.last_modified) {
        (Some(listed), Some(known)) => listed.timestamp() == known.timestamp(),
        _ => false,
    };
    same_time && i64::try_from(object.size) == Ok(known.size_bytes)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn pair(listed_millis: i64, size: u64, etag: &str) -> (ObjectInfo, KnownObject) {
        let object = ObjectInfo {
            key: "scan.pdf".into(),
            etag: etag.into(),
            version: None,
            size,
            last_modified: DateTime::from_timestamp_millis(listed_millis),
        };
        let known = KnownObject {
            object_key: "scan.pdf".into(),
            object_version: "e1".into(),
            size_bytes: 10,
            last_modified: DateTime::from_timestamp_millis(5_000),
        };
        (object, known)
    }

    #[test]
    fn compares_size_and_second_where_there_is_no_etag() {
        let same = |millis, size, etag| {
            let (object, known) = pair(millis, size, etag);
            looks_the_same(&object, &known)
        };
        assert!(same(5_700, 10, ""));
        assert!(!same(5_700, 11, ""));
        assert!(!same(6_000, 10, ""));
        assert!(same(9_000, 10, "e1"));
    }
}
