//! Makes the filled sample scans, seeded.
