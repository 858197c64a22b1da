//! Makes the filled sample scans, seeded.

mod blank;
mod encode;
mod hand;
mod hostile;
mod scan;
