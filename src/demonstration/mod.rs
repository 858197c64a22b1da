//! A clerk for demonstrations and end-to-end tests: works through the web pages like a person who can read the
//! forms perfectly, because it has their truth files.
//!
//! It uses nothing but what the pages show: it signs in, opens forms from the list, recognises a form by its
//! printed set number or the name of its scan, fills in the inputs and sends them.

mod clerk;
mod filled;
mod review_page;
mod truth;

pub use clerk::{Clerk, ClerkError, Outcome, Report};
pub use truth::{Expected, Truth, TruthError, load};
