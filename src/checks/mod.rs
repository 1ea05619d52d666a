//! Checks before anything is measured: of submissions ([`lint`]) and of the machine ([`doctor`]).

pub mod doctor;
pub mod lint;
