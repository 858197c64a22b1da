//! The review desk: forms that wait, one form with its doubtful fields, and what the clerk makes of them.

pub(super) mod actions;
pub(super) mod answers;
pub(super) mod batch;
pub(super) mod desk;
pub(super) mod evidence;
pub(super) mod field_view;
pub(super) mod form;
pub(super) mod list;
pub(super) mod live;
pub(super) mod next;
pub(super) mod pages;
pub(super) mod reopen;
pub(super) mod submit;
