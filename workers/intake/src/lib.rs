//! Turns object-created notices into document rows.
