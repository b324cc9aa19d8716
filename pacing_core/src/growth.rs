//! How fast the calls in flight may grow.
//!
//! What a dial does is known one ring time later. A belief that suddenly wants many times the calls in flight, such as
//! a fall of the answer probability, gets them by doublings, each one ring time after the other, so that answers can
//! contradict it before it has cost more than the calls of one such step. In steady dialing the limit is out of reach.

/// About a ring time, seconds.
const STEP_SECONDS: f64 = 10.0;
/// Times the most calls in flight of the step before.
const FACTOR: u64 = 2;
/// Calls that need no history: a team begins with so many an agent, and a few more.
const EACH_AGENT: u64 = 2;
const ANYHOW: u64 = 10;

/// Calls in flight of this step and of the one before.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Growth {
    since: f64,
    most_before: u64,
    most: u64,
}

crate::state::state!(Growth {
    since,
    most_before,
    most,
});

impl Growth {
    pub fn new() -> Self {
        Self {
            since: f64::NEG_INFINITY,
            most_before: 0,
            most: 0,
        }
    }

    /// How many more may be dialed now, `open` being in flight and `agents` at work.
    pub fn room(&mut self, now: f64, open: u64, agents: u64) -> u64 {
        let passed = now - self.since;
        if passed >= STEP_SECONDS {
            self.most_before = if passed < 2.0 * STEP_SECONDS {
                self.most
            } else {
                open
            };
            (self.since, self.most) = (now, open);
        }
        self.most = self.most.max(open);
        let most = FACTOR
            .saturating_mul(self.most_before)
            .saturating_add(EACH_AGENT.saturating_mul(agents))
            .saturating_add(ANYHOW);
        most.saturating_sub(open)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_belief_gets_its_calls_by_doublings() {
        let mut growth = Growth::new();
        let mut open = 0;
        let mut by_step = Vec::new();
        for tick in 0..200 {
            open += growth.room(f64::from(tick) * 0.2, open, 100);
            if tick % 50 == 49 {
                by_step.push(open);
            }
        }
        assert_eq!(by_step, [210, 630, 1470, 3150]);
    }

    #[test]
    fn what_was_in_flight_before_a_pause_is_forgotten() {
        let mut growth = Growth::new();
        growth.room(0.0, 5000, 10);
        assert_eq!(growth.room(100.0, 0, 10), 30);
    }
}
