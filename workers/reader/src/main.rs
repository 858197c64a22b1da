//! Reads registered pages: ticks, handwriting, print.
fn main() {}
