//! s3s-fs, with ETags in listings and a notice after every new object.

use chrono::Utc;
use s3s::{
    S3, S3Request, S3Response, S3Result,
    dto::{
        AbortMultipartUploadInput, AbortMultipartUploadOutput, CompleteMultipartUploadInput,
        CompleteMultipartUploadOutput, CopyObjectInput, CopyObjectOutput, CreateBucketInput,
        CreateBucketOutput, CreateMultipartUploadInput, CreateMultipartUploadOutput,
        DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput,
        GetBucketLocationInput, GetBucketLocationOutput, GetObjectInput, GetObjectOutput,
        HeadBucketInput, HeadBucketOutput, HeadObjectInput, HeadObjectOutput, ListBucketsInput,
        ListBucketsOutput, ListObjectsInput, ListObjectsOutput, ListObjectsV2Input,
        ListObjectsV2Output, ListPartsInput, ListPartsOutput, Object, PutObjectInput,
        PutObjectOutput, UploadPartInput, UploadPartOutput,
    },
};
use s3s_fs::FileSystem;

use super::notice::{NewObject, Notices};

/// A file system store that announces what is put into it.
#[derive(Debug)]
pub(super) struct Announced {
    files: FileSystem,
    notices: Notices,
}

impl Announced {
    pub(super) fn new(files: FileSystem, notices: Notices) -> Self {
        Self { files, notices }
    }

    async fn head(&self, bucket: &str, key: &str) -> S3Result<HeadObjectOutput> {
        let input = HeadObjectInput::builder()
            .bucket(bucket.to_owned())
            .key(key.to_owned())
            .build();
        let input = input.map_err(s3s::S3Error::internal_error)?;
        let request = S3Request {
            input,
            method: "HEAD".parse().map_err(s3s::S3Error::internal_error)?,
            uri: "/".parse().map_err(s3s::S3Error::internal_error)?,
            headers: Default::default(),
            extensions: Default::default(),
            credentials: None,
            region: None,
            service: None,
            trailing_headers: None,
        };
        Ok(self.files.head_object(request).await?.output)
    }

    async fn announce(&self, event: &'static str, bucket: String, key: String) {
        let Ok(head) = self.head(&bucket, &key).await else {
            return;
        };
        let etag = head
            .e_tag
            .map(|tag| tag.value().to_owned())
            .unwrap_or_default();
        let size = head.content_length.unwrap_or_default();
        self.notices
            .announce(
                &NewObject {
                    event,
                    bucket,
                    key,
                    size,
                    etag,
                },
                Utc::now(),
            )
            .await;
    }

    /// s3s-fs lists objects without ETags; a sweep compares them.
    async fn fill_etags(&self, bucket: &str, objects: Option<&mut Vec<Object>>) {
        for object in objects.into_iter().flatten() {
            if let (None, Some(key)) = (&object.e_tag, &object.key) {
                object.e_tag = self
                    .head(bucket, key)
                    .await
                    .ok()
                    .and_then(|head| head.e_tag);
            }
        }
    }
}

macro_rules! pass_on {
    ($($operation:ident($input:ty) -> $output:ty;)*) => {
        #[async_trait::async_trait]
        impl S3 for Announced {
            $(async fn $operation(&self, request: S3Request<$input>) -> S3Result<S3Response<$output>> {
                self.files.$operation(request).await
            })*

            async fn put_object(&self, request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
                let (bucket, key) = (request.input.bucket.clone(), request.input.key.clone());
                let response = self.files.put_object(request).await?;
                self.announce("Put", bucket, key).await;
                Ok(response)
            }

            async fn copy_object(&self, request: S3Request<CopyObjectInput>) -> S3Result<S3Response<CopyObjectOutput>> {
                let (bucket, key) = (request.input.bucket.clone(), request.input.key.clone());
                let response = self.files.copy_object(request).await?;
                self.announce("Copy", bucket, key).await;
                Ok(response)
            }

            async fn complete_multipart_upload(
                &self,
                request: S3Request<CompleteMultipartUploadInput>,
            ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
                let (bucket, key) = (request.input.bucket.clone(), request.input.key.clone());
                let response = self.files.complete_multipart_upload(request).await?;
                self.announce("CompleteMultipartUpload", bucket, key).await;
                Ok(response)
            }

            async fn list_objects(&self, request: S3Request<ListObjectsInput>) -> S3Result<S3Response<ListObjectsOutput>> {
                let bucket = request.input.bucket.clone();
                let mut response = self.files.list_objects(request).await?;
                self.fill_etags(&bucket, response.output.contents.as_mut()).await;
                Ok(response)
            }

            async fn list_objects_v2(&self, request: S3Request<ListObjectsV2Input>) -> S3Result<S3Response<ListObjectsV2Output>> {
                let bucket = request.input.bucket.clone();
                let mut response = self.files.list_objects_v2(request).await?;
                self.fill_etags(&bucket, response.output.contents.as_mut()).await;
                Ok(response)
            }
        }
    };
}

pass_on! {
    abort_multipart_upload(AbortMultipartUploadInput) -> AbortMultipartUploadOutput;
    create_bucket(CreateBucketInput) -> CreateBucketOutput;
    create_multipart_upload(CreateMultipartUploadInput) -> CreateMultipartUploadOutput;
    delete_object(DeleteObjectInput) -> DeleteObjectOutput;
    delete_objects(DeleteObjectsInput) -> DeleteObjectsOutput;
    get_bucket_location(GetBucketLocationInput) -> GetBucketLocationOutput;
    get_object(GetObjectInput) -> GetObjectOutput;
    head_bucket(HeadBucketInput) -> HeadBucketOutput;
    head_object(HeadObjectInput) -> HeadObjectOutput;
    list_buckets(ListBucketsInput) -> ListBucketsOutput;
    list_parts(ListPartsInput) -> ListPartsOutput;
    upload_part(UploadPartInput) -> UploadPartOutput;
}
