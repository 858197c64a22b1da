//! Storage against a real PostgreSQL.

mod arrivals;
mod attempts;
mod audit_trail;
mod calibration;
mod data_protection;
mod key_rotation;
mod match_keys;
mod page_sets;
mod publishing;
mod qa_sample;
mod queue;
mod second_keying;
mod second_stage;
mod support;
