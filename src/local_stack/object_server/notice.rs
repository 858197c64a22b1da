//! S3 event records to RabbitMQ.

use chrono::{DateTime, SecondsFormat, Utc};
use lapin::{
    BasicProperties, Channel, Connection, ConnectionProperties,
    options::{BasicPublishOptions, ConfirmSelectOptions},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;
use tokio::sync::Mutex;

/// Where object notices go.
const EXCHANGE: &str = "enrol.objects";

/// What S3 leaves unencoded in the keys of event records.
const KEY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// A new object.
#[derive(Debug, Clone)]
pub(super) struct NewObject {
    pub(super) event: &'static str,
    pub(super) bucket: String,
    pub(super) key: String,
    pub(super) size: i64,
    pub(super) etag: String,
}

/// Publishes records with confirms over a connection that is made anew when it fails.
#[derive(Debug)]
pub(super) struct Notices {
    broker_url: String,
    open: Mutex<Option<(Connection, Channel)>>,
}

impl Notices {
    pub(super) fn new(broker_url: String) -> Self {
        Self {
            broker_url,
            open: Mutex::new(None),
        }
    }

    /// Announces `object`; a failure is logged and left to the sweep.
    pub(super) async fn announce(&self, object: &NewObject, at: DateTime<Utc>) {
        let body = record(object, at).to_string();
        let mut open = self.open.lock().await;
        for _ in 0..2 {
            match self.publish(&mut open, object.event, body.as_bytes()).await {
                Ok(()) => return,
                Err(error) => {
                    *open = None;
                    tracing::debug!(%error, "notice of a new object was not taken");
                }
            }
        }
        tracing::warn!(
            "the broker did not take the notice of a new object; the next sweep will find the object"
        );
    }

    async fn publish(
        &self,
        open: &mut Option<(Connection, Channel)>,
        event: &str,
        body: &[u8],
    ) -> Result<(), NoticeError> {
        if open
            .as_ref()
            .is_none_or(|(_, channel)| !channel.status().connected())
        {
            let connection =
                Connection::connect(&self.broker_url, ConnectionProperties::default()).await?;
            let channel = connection.create_channel().await?;
            channel
                .confirm_select(ConfirmSelectOptions::default())
                .await?;
            *open = Some((connection, channel));
        }
        let Some((_, channel)) = open.as_ref() else {
            return Err(NoticeError::NotTaken);
        };
        let confirmation = channel
            .basic_publish(
                EXCHANGE.into(),
                format!("ObjectCreated.{event}").into(),
                BasicPublishOptions {
                    mandatory: true,
                    ..Default::default()
                },
                body,
                BasicProperties::default()
                    .with_content_type("application/json".into())
                    .with_delivery_mode(2),
            )
            .await?
            .await?;
        // With `mandatory`, an unroutable message is confirmed and handed back.
        if confirmation.is_ack() && confirmation.take_message().is_none() {
            Ok(())
        } else {
            Err(NoticeError::NotTaken)
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum NoticeError {
    #[error("broker: {0}")]
    Broker(#[from] lapin::Error),
    #[error("no queue takes it")]
    NotTaken,
}

/// The record as AWS documents it ("Event message structure", version 2.1), keys URL-encoded.
fn record(object: &NewObject, at: DateTime<Utc>) -> serde_json::Value {
    let key = utf8_percent_encode(&object.key, KEY)
        .to_string()
        .replace("%20", "+");
    json!({ "Records": [{
        "eventVersion": "2.1",
        "eventSource": "enrol:s3",
        "awsRegion": "",
        "eventTime": at.to_rfc3339_opts(SecondsFormat::Millis, true),
        "eventName": format!("ObjectCreated:{}", object.event),
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "enrol",
            "bucket": { "name": object.bucket, "arn": format!("arn:aws:s3:::{}", object.bucket) },
            "object": {
                "key": key,
                "size": object.size,
                "eTag": object.etag,
                "sequencer": format!("{:016X}", at.timestamp_micros()),
            },
        },
    }]})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_encoded_as_s3_does() {
        let object = NewObject {
            event: "Put",
            bucket: "b".to_owned(),
            key: "scans/a b+ü.pdf".to_owned(),
            size: 3,
            etag: "e".to_owned(),
        };
        let record = record(&object, DateTime::UNIX_EPOCH);
        assert_eq!(
            record["Records"][0]["s3"]["object"]["key"],
            "scans/a+b%2B%C3%BC.pdf"
        );
        assert_eq!(
            record["Records"][0]["eventTime"],
            "1970-01-01T00:00:00.000Z"
        );
    }
}
