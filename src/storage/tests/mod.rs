//! Storage against a real PostgreSQL.

mod arrivals;
mod attempts;
mod audit_trail;
mod calibration;
mod page_sets;
mod publishing;
mod queue;
mod support;
