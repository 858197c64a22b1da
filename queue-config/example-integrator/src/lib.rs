//! An example of a recipient: it keeps a copy of the families it is given in step with Enrol, whatever is lost, repeated or
//! out of order on the way. Nothing here uses Enrol's code, only its events and its API.
//!
//! [`keeper`] is the logic, [`copy`] what is kept, [`register`] the API, [`queue`] the broker.

pub mod copy;
pub mod keeper;
pub mod queue;
pub mod register;
