//! Pacing of outbound dialing.
//!
//! The crate is pure: no clock, no thread, no input or output. Time is an argument, in seconds. `PyO3` is used
//! in the files `python*.rs` alone, behind the feature `python`.
//!
//! * [`erlang`], [`queue`], [`staffing`]: blocking, waiting and giving up, and how many servers a target takes.
//! * [`Pacer`]: how many numbers to dial now, learned from the campaign's own calls.
//! * [`simulation`]: the base scenario, driving the same pacer.
//! * [`lab`]: any scenario, any policy, the pacer beside others.
// PyO3's macros expand to unsafe code, so `forbid` holds for the pure build that tests and benches use.
#![cfg_attr(not(feature = "python"), forbid(unsafe_code))]
#![cfg_attr(feature = "python", deny(unsafe_code))]

mod books;
mod budget;
mod calibration;
mod change;
mod codec;
mod distribution;
mod due;
mod duration;
pub mod erlang;
mod error;
mod forecast;
mod gamma;
mod growth;
#[cfg(feature = "lab")]
pub mod lab;
mod leads;
pub mod log;
mod normal;
mod offered_wait;
mod pacer;
mod prior;
#[cfg(feature = "python")]
mod python;
#[cfg(feature = "python")]
mod python_arguments;
#[cfg(feature = "python")]
mod python_arrays;
#[cfg(feature = "python")]
mod python_lab;
#[cfg(feature = "python")]
mod python_leads;
#[cfg(feature = "python")]
mod python_log;
#[cfg(feature = "python")]
mod python_policy;
#[cfg(feature = "python")]
mod python_run;
#[cfg(feature = "python")]
mod python_staffing;
#[cfg(feature = "python")]
mod python_whatif;
#[cfg(feature = "python")]
mod python_windows;
pub mod queue;
mod random;
mod recent;
mod ring;
pub mod simulation;
mod snapshot;
pub mod staffing;
mod state;
mod taken;
mod tempo;
mod upcoming;
#[cfg(feature = "lab")]
pub mod whatif;

pub use books::{AgentState, Outcome};
pub use calibration::{Calibration, Group, calibration};
pub use error::PacingError;
pub use leads::{Feature, Lead, LeadModel};
pub use pacer::{Decision, LimitedBy, Limits, Options, Pacer, Policy};
pub use upcoming::dial_order;
