//! `s3s-fs` with what it lacks: ETags in listings, a limit on object size, keys it can keep, and notices.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use chrono::Utc;
use futures_util::TryStreamExt;
use s3s::{
    Body, S3, S3Request, S3Response, S3Result,
    dto::{
        AbortMultipartUploadInput, AbortMultipartUploadOutput, CompleteMultipartUploadInput,
        CompleteMultipartUploadOutput, CopyObjectInput, CopyObjectOutput, CreateBucketInput,
        CreateBucketOutput, CreateMultipartUploadInput, CreateMultipartUploadOutput,
        DeleteBucketInput, DeleteBucketOutput, DeleteObjectInput, DeleteObjectOutput,
        DeleteObjectsInput, DeleteObjectsOutput, ETag, GetBucketLocationInput,
        GetBucketLocationOutput, GetObjectInput, GetObjectOutput, HeadBucketInput,
        HeadBucketOutput, HeadObjectInput, HeadObjectOutput, ListBucketsInput, ListBucketsOutput,
        ListObjectsInput, ListObjectsOutput, ListObjectsV2Input, ListObjectsV2Output,
        ListPartsInput, ListPartsOutput, Object, PutObjectInput, PutObjectOutput, StreamingBlob,
        UploadPartInput, UploadPartOutput,
    },
    s3_error,
};
use s3s_fs::FileSystem;
use tokio::sync::RwLock;

use super::notice::{Notice, NoticeSender};

/// The longest name of a file, in bytes, in every usual file system.
const LONGEST_NAME: usize = 255;

/// A folder of objects.
#[derive(Debug)]
pub(super) struct Announced {
    files: FileSystem,
    notices: NoticeSender,
    max_bytes: u64,
    /// An object and its ETag are two files: written under this lock, read under its shared side, so that nobody
    /// sees the new bytes with the old ETag.
    writing: Arc<RwLock<()>>,
}

impl Announced {
    pub fn new(files: FileSystem, notices: NoticeSender, max_bytes: u64) -> Self {
        Self {
            files,
            notices,
            max_bytes,
            writing: Arc::default(),
        }
    }

    /// Reads a body to its end before the lock is taken: a slow client must not hold up the others.
    async fn read_body(&self, body: Option<StreamingBlob>) -> S3Result<Bytes> {
        let Some(mut body) = body else {
            return Ok(Bytes::new());
        };
        let mut bytes = BytesMut::new();
        while let Some(chunk) = body
            .try_next()
            .await
            .map_err(|_| s3_error!(IncompleteBody))?
        {
            if (bytes.len() + chunk.len()) as u64 > self.max_bytes {
                return Err(s3_error!(EntityTooLarge));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes.freeze())
    }

    async fn announce<T>(
        &self,
        request: &S3Request<T>,
        bucket: String,
        key: String,
        how: &'static str,
    ) {
        let input = HeadObjectInput {
            bucket: bucket.clone(),
            key: key.clone(),
            ..Default::default()
        };
        let Ok(head) = self.files.head_object(with_input(request, input)).await else {
            return;
        };
        self.notices.send(Notice {
            bucket,
            key,
            size: head
                .output
                .content_length
                .and_then(|size| u64::try_from(size).ok())
                .unwrap_or(0),
            etag: head.output.e_tag.map(ETag::into_value).unwrap_or_default(),
            created: Utc::now(),
            how,
        });
    }

    async fn fill_in_etags<T>(&self, request: &S3Request<T>, bucket: &str, objects: &mut [Object]) {
        for object in objects {
            let Some(key) = object.key.clone().filter(|_| object.e_tag.is_none()) else {
                continue;
            };
            let input = HeadObjectInput {
                bucket: bucket.to_owned(),
                key,
                ..Default::default()
            };
            // An object that is removed meanwhile stays in the listing without ETag.
            if let Ok(head) = self.files.head_object(with_input(request, input)).await {
                object.e_tag = head.output.e_tag;
            }
        }
    }
}

/// Keys become paths. One that would leave its bucket, clash with another or not fit is refused before anything is
/// written.
fn check_key(bucket: &str, key: &str, upload_id: usize) -> S3Result<()> {
    // s3s-fs keeps what it knows of an object in a file with this name.
    let in_base64 = |text: &str| text.len().div_ceil(3) * 4;
    let side_file = ".bucket-.object-.metadata.json".len() + in_base64(bucket) + in_base64(key);
    if side_file + upload_id > LONGEST_NAME {
        return Err(s3_error!(KeyTooLongError));
    }
    let odd_part = |part: &str| matches!(part, "" | "." | "..");
    if key.split('/').any(odd_part) || key.chars().any(char::is_control) {
        return Err(s3_error!(
            InvalidArgument,
            "this store cannot keep an object under this key"
        ));
    }
    Ok(())
}

fn with_input<T, U>(request: &S3Request<T>, input: U) -> S3Request<U> {
    S3Request {
        input,
        method: request.method.clone(),
        uri: request.uri.clone(),
        headers: request.headers.clone(),
        extensions: Default::default(),
        credentials: request.credentials.clone(),
        region: request.region.clone(),
        service: request.service.clone(),
        trailing_headers: None,
    }
}

/// Operations that `s3s-fs` does as they should be done.
macro_rules! pass_on {
    ($lock:ident: $($operation:ident($input:ty) -> $output:ty;)*) => {
        $(
            fn $operation<'store, 'call>(
                &'store self,
                request: S3Request<$input>,
            ) -> std::pin::Pin<Box<dyn Future<Output = S3Result<S3Response<$output>>> + Send + 'call>>
            where
                'store: 'call,
                Self: 'call,
            {
                Box::pin(async move {
                    let _guard = self.writing.$lock().await;
                    self.files.$operation(request).await
                })
            }
        )*
    };
}

#[async_trait]
impl S3 for Announced {
    pass_on! { read:
        abort_multipart_upload(AbortMultipartUploadInput) -> AbortMultipartUploadOutput;
        create_bucket(CreateBucketInput) -> CreateBucketOutput;
        delete_bucket(DeleteBucketInput) -> DeleteBucketOutput;
        get_bucket_location(GetBucketLocationInput) -> GetBucketLocationOutput;
        get_object(GetObjectInput) -> GetObjectOutput;
        head_bucket(HeadBucketInput) -> HeadBucketOutput;
        head_object(HeadObjectInput) -> HeadObjectOutput;
        list_buckets(ListBucketsInput) -> ListBucketsOutput;
        list_parts(ListPartsInput) -> ListPartsOutput;
    }
    pass_on! { write:
        delete_object(DeleteObjectInput) -> DeleteObjectOutput;
        delete_objects(DeleteObjectsInput) -> DeleteObjectsOutput;
    }

    async fn put_object(
        &self,
        mut request: S3Request<PutObjectInput>,
    ) -> S3Result<S3Response<PutObjectOutput>> {
        check_key(&request.input.bucket, &request.input.key, 0)?;
        let bytes = self.read_body(request.input.body.take()).await?;
        request.input.body = Some(StreamingBlob::from(Body::from(bytes)));
        let (bucket, key) = (request.input.bucket.clone(), request.input.key.clone());
        let original = with_input(&request, ());
        let _guard = self.writing.write().await;
        let response = self.files.put_object(request).await?;
        self.announce(&original, bucket, key, "Put").await;
        Ok(response)
    }

    async fn copy_object(
        &self,
        request: S3Request<CopyObjectInput>,
    ) -> S3Result<S3Response<CopyObjectOutput>> {
        check_key(&request.input.bucket, &request.input.key, 0)?;
        let (bucket, key) = (request.input.bucket.clone(), request.input.key.clone());
        let original = with_input(&request, ());
        let _guard = self.writing.write().await;
        let response = self.files.copy_object(request).await?;
        self.announce(&original, bucket, key, "Copy").await;
        Ok(response)
    }

    async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        let upload_id = ".upload-00000000-0000-0000-0000-000000000000".len();
        check_key(&request.input.bucket, &request.input.key, upload_id)?;
        self.files.create_multipart_upload(request).await
    }

    async fn upload_part(
        &self,
        mut request: S3Request<UploadPartInput>,
    ) -> S3Result<S3Response<UploadPartOutput>> {
        let bytes = self.read_body(request.input.body.take()).await?;
        request.input.body = Some(StreamingBlob::from(Body::from(bytes)));
        self.files.upload_part(request).await
    }

    async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let (bucket, key) = (request.input.bucket.clone(), request.input.key.clone());
        let original = with_input(&request, ());
        let _guard = self.writing.write().await;
        let response = self.files.complete_multipart_upload(request).await?;
        self.announce(&original, bucket, key, "CompleteMultipartUpload")
            .await;
        Ok(response)
    }

    async fn list_objects(
        &self,
        request: S3Request<ListObjectsInput>,
    ) -> S3Result<S3Response<ListObjectsOutput>> {
        let bucket = request.input.bucket.clone();
        let original = with_input(&request, ());
        let _guard = self.writing.read().await;
        let mut response = self.files.list_objects(request).await?;
        let objects = response.output.contents.as_deref_mut().unwrap_or_default();
        self.fill_in_etags(&original, &bucket, objects).await;
        Ok(response)
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let bucket = request.input.bucket.clone();
        let original = with_input(&request, ());
        let _guard = self.writing.read().await;
        let mut response = self.files.list_objects_v2(request).await?;
        let objects = response.output.contents.as_deref_mut().unwrap_or_default();
        self.fill_in_etags(&original, &bucket, objects).await;
        Ok(response)
    }
}
