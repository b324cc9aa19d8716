//! The decision log: everything a pacer was told and everything it decided, so that it can be asked again.
//!
//! [`RecordedPacer`] is a [`Pacer`](crate::Pacer) with a log; [`Reader`] reads the bytes back; [`replay`] decides
//! once more and compares; `docs/reference/decision-log.md` describes the bytes.
mod block;
mod explain;
mod figures;
mod input;
mod keyframe;
mod memory;
#[cfg(feature = "lab")]
mod onlooker;
mod reader;
mod recorded;
mod replay;
mod shadow;
#[cfg(test)]
mod tests;
mod writer;

pub use explain::{Explanation, explain};
pub use figures::{Figures, REASONS};
pub use input::{GroupBudget, Input};
pub use keyframe::Start;
#[cfg(test)]
pub(crate) use keyframe::of_another_build;
pub use memory::Made;
pub use reader::{Damage, Entry, Reader};
pub use recorded::RecordedPacer;
pub use replay::{Difference, Other, Report, replay};
pub use shadow::Shadow;

/// Version of the format.
pub const FORMAT: u8 = 1;

/// Version of the pacer's behaviour: raised with every change by which the same inputs may give another decision.
/// A log tells it, so that a replay that differs can say why.
pub const PACER_VERSION: u32 = 7;

/// Seconds of a moment of the log, which are whole milliseconds.
#[must_use]
#[allow(clippy::cast_precision_loss)]
pub fn seconds(at: i64) -> f64 {
    at as f64 / 1000.0
}
