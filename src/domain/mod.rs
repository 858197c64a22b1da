//! Plain data: what a form, a field and a person are. No input or output.

pub mod calibration;
pub mod code_lists;
pub mod contact_list;
pub mod field;
pub mod household;
pub mod keying;
pub mod proposal;
pub mod protected_address;
pub mod reading;
pub mod recipient;
pub mod recipient_event;
pub mod recipient_fields;
pub mod retention;
pub mod role;
pub mod sampling;
pub mod urgency;
