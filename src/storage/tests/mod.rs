//! Storage against a real PostgreSQL.

mod arrivals;
mod attempts;
mod calibration;
mod page_sets;
mod publishing;
mod qa_sample;
mod second_keying;
mod second_stage;
mod support;
