//! Enrol.
fn main() {}
