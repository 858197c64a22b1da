//! The whole path on real parts: scans into the bucket, through every program, a clerk at the web pages, one record
//! and one event per form.

mod faults;
mod rig;
mod whole_path;
