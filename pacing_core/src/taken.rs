//! Agents taken by others: inbound calls, which go first.
//!
//! How often somebody who was free begins to talk with a person of whom the pacer knows nothing is counted, fading; so
//! many agents fewer are counted on when a call dialed now is answered.

/// Seconds after which what happened counts for a third.
const MEMORY: f64 = 900.0;
/// Seconds that a beginning counts as at least: one caller in the first moment is no flood.
const LEAST: f64 = 120.0;

/// How often agents are taken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taken {
    since: f64,
    now: f64,
    count: f64,
}

crate::state::state!(Taken { since, now, count });

impl Taken {
    pub fn new() -> Self {
        Self {
            since: f64::NEG_INFINITY,
            now: f64::NEG_INFINITY,
            count: 0.0,
        }
    }

    fn fade(&mut self, now: f64) {
        if !self.since.is_finite() {
            self.since = now;
        }
        if now > self.now {
            if self.count > 0.0 {
                self.count *= (-(now - self.now) / MEMORY).exp();
            }
            self.now = now;
        }
    }

    /// One was taken.
    pub fn one(&mut self, now: f64) {
        self.fade(now);
        self.count += 1.0;
    }

    /// How many a second.
    pub fn rate(&mut self, now: f64) -> f64 {
        self.fade(now);
        if self.count <= 0.0 {
            return 0.0;
        }
        let counted = MEMORY * (1.0 - (-(now - self.since) / MEMORY).exp());
        self.count / counted.max(LEAST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_found_soon_and_followed() {
        let mut taken = Taken::new();
        assert!(taken.rate(0.0) <= 0.0);
        let mut rates = Vec::new();
        for second in 0..7200_u32 {
            let now = f64::from(second);
            // Every 8 s for an hour, then nobody.
            if second % 8 == 0 && second < 3600 {
                taken.one(now);
            }
            rates.push(taken.rate(now));
        }
        assert!(rates[..60].iter().all(|&rate| rate < 0.08));
        assert!(
            rates[300..3600]
                .iter()
                .all(|&rate| (0.11..0.14).contains(&rate))
        );
        assert!(rates[3600 + 2700] < 0.01);
    }
}
