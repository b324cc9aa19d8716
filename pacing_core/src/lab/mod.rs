//! The laboratory: any scenario, any policy, one simulator. The policy `ringmaster` is the pacer that dials live.
mod agenda;
mod bench;
mod calls;
mod dist;
mod fate;
mod floor;
mod leads;
mod parts;
#[cfg(test)]
mod people;
mod policies;
pub mod policy;
mod record;
mod scenario;
#[cfg(test)]
mod shocks;
mod suite;
mod tally;
#[cfg(test)]
mod validity;
mod windows;
mod world;

pub use bench::{Progress, pooled, replicate, tune};
pub use dist::Dist;
pub use leads::{Foretold, LeadFeature, foretell};
pub use parts::{Detection, Inbound, Leave, Machines, Shift};
pub use policies::{Parameter, Spec, Tuned};
pub use record::record;
pub use scenario::{Scenario, Steps};
pub use tally::{MINUTE, Piece, Run, mean_and_half_width};
pub use windows::{Day, Window, windows};
pub use world::run;
