//! Reads registered pages: ticks, handwriting, print.
