//! Makes the filled sample scans, seeded.
fn main() {}
