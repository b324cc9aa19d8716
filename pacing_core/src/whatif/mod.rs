//! What another target would bring: a campaign's own recent log, fitted, simulated at several targets.
//!
//! [`Model::fit`] takes from the log how people answer, how long they ring, talk and are wrapped up, how many agents
//! there are and what limits the dialing; [`curve`] runs the simulator with it, the pacer warm with what it has
//! learned, the same people at every target.
mod curve;
mod fit;
mod samples;
#[cfg(test)]
mod tests;

pub use curve::{Point, curve};
pub use fit::{Model, Past};
