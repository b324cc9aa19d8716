//! Two deciders side by side on the same inputs: the one that dialed, and one that was only asked.
//!
//! This is the open-loop answer: what the other would have dialed is not dialed, so its next decision stands before
//! the same calls again and may ask for the same dials once more. Sums of its dials therefore say less than how
//! many calls each wanted in flight, and how often the other wanted more or fewer.
use crate::books::{Call, Stage};
use crate::pacer::LimitedBy;

/// Every reason, in the order of [`Figures::limited_then`].
pub const REASONS: [LimitedBy; 6] = [
    LimitedBy::None,
    LimitedBy::Agents,
    LimitedBy::AbandonBudget,
    LimitedBy::Lines,
    LimitedBy::CallsPerSecond,
    LimitedBy::HopperEmpty,
];

/// What one of the two wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wish {
    pub dials: u64,
    /// A policy that is not the pacer does not say.
    pub limited_by: Option<LimitedBy>,
}

/// Counts of decisions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    pub decisions: u64,
    /// The other wanted more dials, or fewer.
    pub more: u64,
    pub fewer: u64,
    pub dials_then: u64,
    pub dials_now: u64,
    /// Sum over the decisions of calls in flight, those asked for and not yet dialed among them.
    pub in_flight: u64,
    /// By [`REASONS`].
    pub limited_then: [u64; 6],
    pub limited_now: [u64; 6],
}

impl Figures {
    pub(crate) fn add(&mut self, in_flight: u64, then: Wish, now: Wish) {
        let place = |reason: LimitedBy| REASONS.iter().position(|&r| r == reason);
        self.decisions += 1;
        self.more += u64::from(now.dials > then.dials);
        self.fewer += u64::from(now.dials < then.dials);
        self.dials_then = self.dials_then.saturating_add(then.dials);
        self.dials_now = self.dials_now.saturating_add(now.dials);
        self.in_flight = self.in_flight.saturating_add(in_flight);
        for (counts, wish) in [(&mut self.limited_then, then), (&mut self.limited_now, now)] {
            if let Some(at) = wish.limited_by.and_then(place) {
                counts[at] += 1;
            }
        }
    }

    pub(crate) fn join(&mut self, other: &Self) {
        self.decisions += other.decisions;
        self.more += other.more;
        self.fewer += other.fewer;
        self.dials_then = self.dials_then.saturating_add(other.dials_then);
        self.dials_now = self.dials_now.saturating_add(other.dials_now);
        self.in_flight = self.in_flight.saturating_add(other.in_flight);
        for at in 0..REASONS.len() {
            self.limited_then[at] += other.limited_then[at];
            self.limited_now[at] += other.limited_now[at];
        }
    }

    /// Calls in flight that each wanted, mean over the decisions: those there, and its dials.
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub fn wanted_in_flight(&self) -> (f64, f64) {
        let mean =
            |dials: u64| self.in_flight.saturating_add(dials) as f64 / self.decisions.max(1) as f64;
        (mean(self.dials_then), mean(self.dials_now))
    }
}

/// Calls in flight, with the pending ones.
pub(crate) fn in_flight(calls: &[Call], pending: u64) -> u64 {
    let dialed = calls.iter().filter(|c| c.stage == Stage::InFlight).count() as u64;
    dialed.saturating_add(pending)
}
