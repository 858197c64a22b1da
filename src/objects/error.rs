//! What can go wrong with objects, and whether trying again helps.

/// A failed operation on the object store. Keys are not part of the text: people name files after people.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ObjectError {
    /// The object is in a bucket that this program was not configured for. Put the bucket back into the configuration.
    #[error("the object is in another bucket than the configured one")]
    OtherBucket,
    /// The store has no such object. Trying again does not help.
    #[error("the object is no longer in the store")]
    NotFound,
    /// The object is larger than allowed. Trying again does not help.
    #[error("the object is larger than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// The store did not answer in time, or refused. Trying again may help.
    #[error("object store: {operation} failed: {cause}")]
    Unavailable {
        /// What was tried.
        operation: &'static str,
        /// The client's words, without key.
        cause: String,
    },
}

impl ObjectError {
    /// Whether the same call may succeed later.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }
}
