//! Telling the broker that an object was created.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;
use tokio::{sync::mpsc, task::JoinHandle};

use crate::messaging::{
    publisher::{Message, Publisher},
    topology::{OBJECT_CREATED_ROUTING_KEY, OBJECTS},
};

/// Notices that wait while the broker is slow. What does not fit is left to intake's sweep.
const WAITING: usize = 10_000;
const PUBLISH_LIMIT: Duration = Duration::from_secs(20);
const FINISH_LIMIT: Duration = Duration::from_secs(5);
/// As AWS encodes keys in records: as in a form, but slashes stay.
const KEY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'*');

/// An object that was created.
#[derive(Clone)]
pub(super) struct Notice {
    pub bucket: String,
    pub key: String,
    pub size: u64,
    /// Without quotes.
    pub etag: String,
    pub created: DateTime<Utc>,
    /// `Put` or `CompleteMultipartUpload`.
    pub how: &'static str,
}

/// Publishes notices, one after the other.
#[derive(Debug)]
pub(super) struct Notices {
    sender: mpsc::Sender<Notice>,
    task: JoinHandle<()>,
}

/// Where to hand in notices.
#[derive(Debug, Clone)]
pub(super) struct NoticeSender(mpsc::Sender<Notice>);

impl Notices {
    /// Publishes to the broker at `url`, which need not be up yet.
    pub fn to(url: &str) -> Self {
        let (sender, queue) = mpsc::channel(WAITING);
        let publisher = Publisher::new(url, "enrol object store");
        let task = tokio::spawn(publish_all(publisher, url.to_owned(), queue));
        Self { sender, task }
    }

    pub fn sender(&self) -> NoticeSender {
        NoticeSender(self.sender.clone())
    }

    /// Publishes what waits, for a few seconds at most. Every [`NoticeSender`] must be gone.
    pub async fn finish(self) {
        let Self { sender, mut task } = self;
        drop(sender);
        if tokio::time::timeout(FINISH_LIMIT, &mut task).await.is_err() {
            task.abort();
        }
    }
}

impl NoticeSender {
    /// Hands in a notice; never waits and never fails the upload: what is lost, intake's sweep finds.
    pub fn send(&self, notice: Notice) {
        if self.0.try_send(notice).is_err() {
            tracing::warn!("object store: a notice was dropped, the sweep will find the object");
        }
    }
}

async fn publish_all(mut publisher: Publisher, url: String, mut queue: mpsc::Receiver<Notice>) {
    while let Some(notice) = queue.recv().await {
        let body = record(&notice);
        let message = Message {
            exchange: OBJECTS.name,
            routing_key: OBJECT_CREATED_ROUTING_KEY,
            content_type: "application/json",
            id: &sequencer(notice.created),
            kind: "ObjectCreated",
            body: body.as_bytes(),
        };
        let published = tokio::time::timeout(PUBLISH_LIMIT, async {
            match publisher.publish(message).await {
                // Only publishing shows that the broker was restarted since the last notice.
                Err(_) => publisher.publish(message).await,
                published => published,
            }
        });
        match published.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(%error, "object store: a notice was lost, the sweep will find the object");
            }
            Err(_) => {
                // What was cut off may have left the connection in any state.
                publisher = Publisher::new(&url, "enrol object store");
                tracing::warn!("object store: the broker did not take a notice in time");
            }
        }
    }
    publisher.close().await;
}

/// The record in the form of AWS, which Ceph RGW and RustFS copy.
fn record(notice: &Notice) -> String {
    let key = utf8_percent_encode(&notice.key, KEY)
        .to_string()
        .replace("%20", "+");
    json!({ "Records": [{
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "us-east-1",
        "eventTime": notice.created.to_rfc3339_opts(SecondsFormat::Millis, true),
        "eventName": format!("ObjectCreated:{}", notice.how),
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "enrol",
            "bucket": {
                "name": notice.bucket,
                "arn": format!("arn:aws:s3:::{}", notice.bucket),
            },
            "object": {
                "key": key,
                "size": notice.size,
                "eTag": notice.etag,
                "sequencer": sequencer(notice.created),
            },
        },
    }]})
    .to_string()
}

/// Hexadecimal digits that grow with time, so that records of one key can be put in order.
fn sequencer(created: DateTime<Utc>) -> String {
    format!("{:016X}", created.timestamp_nanos_opt().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messaging::s3_event;

    #[test]
    fn intake_understands_the_record() {
        let notice = Notice {
            bucket: "enrol-scans".to_owned(),
            key: "batch 7/scan (1) 50% résumé a+b.pdf".to_owned(),
            size: 12,
            etag: "abc".to_owned(),
            created: Utc::now(),
            how: "Put",
        };
        let notices = s3_event::parse(record(&notice).as_bytes()).expect("a record");
        assert_eq!(notices.len(), 1);
        assert_eq!(notices[0].key, notice.key);
        assert_eq!(notices[0].bucket, notice.bucket);
    }
}
