//! Enrol turns paper registration forms of Children's Centres and Family Hubs into checked records.

pub mod cli;
pub mod config;
pub mod decoding;
pub mod demonstration;
pub mod domain;
pub mod erasing;
pub mod forms;
pub mod lifecycle;
pub mod local_stack;
pub mod matching;
pub mod messaging;
pub mod objects;
pub mod programs;
pub mod roles;
pub mod storage;
pub mod telemetry;
pub mod validation;
pub mod web;
