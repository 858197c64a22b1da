//! Publishes outbox rows to the event exchange.
fn main() {}
