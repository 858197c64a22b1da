//! Form definitions: one TOML drives printing, reading, checking, labels and export.

pub mod definition;
pub mod page_code;
