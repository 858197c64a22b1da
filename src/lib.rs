//! Enrol turns paper registration forms of Children's Centres and Family Hubs into checked records.

pub mod domain;
pub mod forms;
pub mod storage;
