//! Reading S3 event notifications as AWS, Ceph RGW and RustFS send them.
//!
//! Only what identifies an object is taken; unknown fields are ignored. Nothing in a notice is trusted for more than
//! where to look: size and ETag come from a HEAD.

use percent_encoding::percent_decode_str;
use serde::Deserialize;

/// A notice that cannot be understood, now or ever.
#[derive(Debug, thiserror::Error)]
pub enum NoticeError {
    /// Not JSON, or not of the expected shape.
    #[error("not an S3 event: {0}")]
    Shape(#[from] serde_json::Error),
    /// Neither records nor a test event.
    #[error("not an S3 event: neither records nor a test event")]
    Unknown,
    /// The decoded key is not UTF-8.
    #[error("record {0} has a key that is not UTF-8")]
    Key(usize),
}

/// One object that a notice says was created.
#[derive(Clone, PartialEq, Eq)]
pub struct ObjectCreated {
    /// Bucket.
    pub bucket: String,
    /// Key, decoded.
    pub key: String,
    /// Version id, where the bucket has versions.
    pub version: Option<String>,
    /// ETag without quotes, where the notice has one.
    pub etag: Option<String>,
    /// Size in bytes as announced.
    pub size: Option<u64>,
}

/// Keys are left out: people name files after people.
impl std::fmt::Debug for ObjectCreated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ObjectCreated")
            .field("bucket", &self.bucket)
            .field("version", &self.version)
            .field("etag", &self.etag)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Notice {
    #[serde(rename = "Records")]
    records: Option<Vec<Record>>,
    #[serde(rename = "Event")]
    event: Option<String>,
}

#[derive(Deserialize)]
struct Record {
    #[serde(rename = "eventName")]
    event_name: String,
    s3: S3,
}

#[derive(Deserialize)]
struct S3 {
    bucket: Bucket,
    object: Object,
}

#[derive(Deserialize)]
struct Bucket {
    name: String,
}

#[derive(Deserialize)]
struct Object {
    key: String,
    size: Option<u64>,
    #[serde(rename = "eTag", alias = "etag")]
    etag: Option<String>,
    #[serde(rename = "versionId")]
    version: Option<String>,
}

/// The created objects in a notice; none for test events and for events of other kinds.
///
/// # Errors
/// [`NoticeError`]; such a message belongs to the dead letters.
pub fn parse(body: &[u8]) -> Result<Vec<ObjectCreated>, NoticeError> {
    let notice: Notice = serde_json::from_slice(body)?;
    match (notice.records, notice.event) {
        (Some(records), _) => records
            .into_iter()
            .enumerate()
            .filter(|(_, record)| is_creation(&record.event_name))
            .map(|(index, record)| object_created(index, record.s3))
            .collect(),
        (None, Some(event)) if event.ends_with("TestEvent") => Ok(Vec::new()),
        (None, _) => Err(NoticeError::Unknown),
    }
}

/// AWS leaves out the `s3:` that some other servers write.
fn is_creation(event_name: &str) -> bool {
    event_name
        .strip_prefix("s3:")
        .unwrap_or(event_name)
        .starts_with("ObjectCreated")
}

fn object_created(index: usize, s3: S3) -> Result<ObjectCreated, NoticeError> {
    let given = |text: Option<String>| {
        text.map(|t| t.trim_matches('"').to_owned())
            .filter(|t| !t.is_empty() && t != "null")
    };
    Ok(ObjectCreated {
        bucket: s3.bucket.name,
        key: decode_key(&s3.object.key).ok_or(NoticeError::Key(index + 1))?,
        version: given(s3.object.version),
        etag: given(s3.object.etag),
        size: s3.object.size,
    })
}

/// Keys are encoded as in a form: `+` is a space, and a plus sign is `%2B`.
fn decode_key(key: &str) -> Option<String> {
    let spaced = key.replace('+', " ");
    Some(percent_decode_str(&spaced).decode_utf8().ok()?.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    type Shown = (String, String, Option<String>, Option<String>, Option<u64>);

    /// `Debug` hides keys; tests want them.
    fn shown(body: &str) -> Vec<Shown> {
        parse(body.as_bytes())
            .unwrap()
            .into_iter()
            .map(|o| (o.bucket, o.key, o.version, o.etag, o.size))
            .collect()
    }

    #[test]
    fn reads_what_aws_sends() {
        insta::assert_json_snapshot!(shown(include_str!("testdata/aws.json")));
    }

    #[test]
    fn reads_what_ceph_sends() {
        insta::assert_json_snapshot!(shown(include_str!("testdata/ceph.json")));
    }

    #[test]
    fn reads_what_rustfs_sends() {
        insta::assert_json_snapshot!(shown(include_str!("testdata/rustfs.json")));
    }

    #[test]
    fn takes_several_records_and_leaves_out_removals() {
        insta::assert_json_snapshot!(shown(include_str!("testdata/several.json")));
    }

    #[test]
    fn takes_a_test_event_for_what_it_is() {
        let body = r#"{"Service":"Amazon S3","Event":"s3:TestEvent","Time":"2026-11-01T09:00:00.000Z","Bucket":"scans"}"#;
        assert_eq!(parse(body.as_bytes()).unwrap(), []);
    }

    #[test]
    fn refuses_what_is_no_notice() {
        for body in [
            "",
            "not json",
            "[]",
            "{}",
            r#"{"Records":[{"eventName":"ObjectCreated:Put"}]}"#,
            r#"{"document_id":"x"}"#,
        ] {
            assert!(parse(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn refuses_a_key_that_is_not_utf8() {
        let body = r#"{"Records":[{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"%ff"}}}]}"#;
        assert!(matches!(parse(body.as_bytes()), Err(NoticeError::Key(1))));
    }

    proptest::proptest! {
        #[test]
        fn decodes_every_key_that_was_encoded(key in "\\PC{0,40}") {
            let encoded = percent_encoding::utf8_percent_encode(&key, percent_encoding::NON_ALPHANUMERIC)
                .to_string()
                .replace("%20", "+");
            proptest::prop_assert_eq!(decode_key(&encoded), Some(key));
        }

        #[test]
        fn never_panics(body in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
            let _ = parse(&body);
        }
    }
}
