//! What supervisors look after: how much work waits and how old it is, and the files from which no form came.

pub(super) mod exceptions;
pub(super) mod queue;
