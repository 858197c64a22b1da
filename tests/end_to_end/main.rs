//! The whole path on real parts: scans into the bucket, through every program, a clerk at the web pages, one record
//! and one event per form.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on shall say where"
)]

mod at_reception;
mod browser;
mod erasure;
mod faults;
mod pages;
mod rig;
mod siblings;
mod whole_path;
