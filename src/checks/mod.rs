//! Checks before a measurement: of submissions ([`lint`]), of the machine ([`doctor`]) and of rules ([`rules`]).
//! It may use [`crate::submission`], [`crate::worker_process`], [`crate::protocol`], [`crate::machine`], [`crate::quality`],
//! [`crate::graph`], [`crate::rules`], [`crate::rank`], [`crate::text`] and [`crate::util`].

pub mod doctor;
pub mod lint;
pub mod rules;
