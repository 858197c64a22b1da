//! Storage against a real PostgreSQL.

mod arrivals;
mod attempts;
mod page_sets;
mod publishing;
mod support;
