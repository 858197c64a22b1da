//! Object storage over the S3 protocol.

mod error;
mod store;

pub use error::ObjectError;
pub use store::{ObjectInfo, ObjectStore};
