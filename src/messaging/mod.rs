//! RabbitMQ: names, connections, what comes in (S3 records) and what goes out (CloudEvents).
//!
//! The broker only carries requests; attempts and results are in PostgreSQL. A consumer and a publisher never share
//! a connection, since flow control blocks connections that publish.

pub mod cloud_event;
mod connection;
pub mod consumer;
pub mod publisher;
mod recipient_queue;
pub mod s3_event;
pub mod topology;

pub use connection::{MessagingError, queue_depth};
