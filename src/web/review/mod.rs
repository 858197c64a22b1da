//! The review desk: forms that wait, one form with its doubtful fields, and what the clerk makes of them.

pub(super) mod answers;
pub(super) mod evidence;
pub(super) mod field_view;
pub(super) mod form;
pub(super) mod list;
pub(super) mod submit;
