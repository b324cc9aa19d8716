//! Have conversations, or wrap-ups, become longer or shorter? Page's CUSUM test on their ends as they come.
//!
//! Ends are a counting process: over any time, as many are expected as the hazards of all that were running add up to,
//! whatever their ages. With n ends where H were expected, the log-likelihood ratio of hazards w times as high is
//! n ln w - (w - 1) H (Page 1954; Gandy and others 2010 for durations). Running ones count by the hazard they have
//! lived through, so conversations that do not end tell before any has.
use crate::duration::Durations;

/// How many times as high the hazards are that the test looks for: twice as long, half as long.
const HAZARDS: [f64; 2] = [0.5, 2.0];
/// Log-likelihood ratio that is a change.
const ALARM: f64 = 9.0;
/// Looks are no more frequent than that, seconds.
const LOOK_SECONDS: f64 = 2.0;
/// The fewest ends with which the hazards are known well enough to be tested.
const ENOUGH: f64 = 60.0;
/// Ends as foreseen that are added to those counted when a change is measured.
const CERTAINTY: f64 = 4.0;

#[derive(Debug, Clone, Copy)]
struct Sum {
    total: f64,
    ends: f64,
    expected: f64,
}

const NO_SUM: Sum = Sum {
    total: 0.0,
    ends: 0.0,
    expected: 0.0,
};

#[derive(Debug, Clone)]
pub(crate) struct TempoWatch {
    sums: [Sum; 2],
    /// Ends since the last look, and those expected of what has ended.
    ends: f64,
    expected: f64,
    looked: f64,
    /// Ends since the last change.
    seen: f64,
    changes: u64,
}

crate::state::state!(Sum {
    total,
    ends,
    expected
});
crate::state::state!(TempoWatch {
    sums,
    ends,
    expected,
    looked,
    seen,
    changes
});

impl TempoWatch {
    pub fn new() -> Self {
        Self {
            sums: [NO_SUM; 2],
            ends: 0.0,
            expected: 0.0,
            looked: f64::NEG_INFINITY,
            seen: 0.0,
            changes: 0,
        }
    }

    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// Hazard lived through since the last look by something `age` old.
    fn lived(&self, now: f64, age: f64, known: &Durations) -> f64 {
        let before = (age - (now - self.looked)).max(0.0);
        known.hazard_between(before, age)
    }

    /// Something ended at this age.
    pub fn ended(&mut self, now: f64, age: f64, known: &Durations) {
        self.ends += 1.0;
        self.seen += 1.0;
        self.expected += self.lived(now, age, known);
    }

    /// Looks at the ends and at the ages of all that is running: how many times as high the hazards have become.
    pub fn look(
        &mut self,
        now: f64,
        running: impl Iterator<Item = f64>,
        known: &Durations,
    ) -> Option<f64> {
        if now < self.looked + LOOK_SECONDS {
            return None;
        }
        let expected = self.expected + running.map(|age| self.lived(now, age, known)).sum::<f64>();
        let ends = std::mem::take(&mut self.ends);
        self.expected = 0.0;
        self.looked = now;
        if self.seen < ENOUGH {
            return None;
        }
        for (sum, hazard) in self.sums.iter_mut().zip(HAZARDS) {
            if sum.total <= 0.0 {
                *sum = NO_SUM;
            }
            sum.total += ends * hazard.ln() - (hazard - 1.0) * expected;
            sum.ends += ends;
            sum.expected += expected;
        }
        let (sum, hazard) = self
            .sums
            .into_iter()
            .zip(HAZARDS)
            .find(|(sum, _)| sum.total >= ALARM)?;
        self.sums = [NO_SUM; 2];
        self.seen = 0.0;
        self.changes += 1;
        Some((sum.ends + CERTAINTY) / (sum.expected + CERTAINTY / hazard))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::duration::{Running, TALK};
    use crate::random::Random;

    /// Ten agents who talk without a pause, watched every second.
    struct Floor {
        watch: TempoWatch,
        known: Durations,
        random: Random,
        now: f64,
        since: [f64; 10],
        until: [f64; 10],
        changes: Vec<(f64, f64)>,
    }

    impl Floor {
        fn new(seed: u64) -> Self {
            Self {
                watch: TempoWatch::new(),
                known: Durations::new(TALK),
                random: Random::new(seed, 2),
                now: 0.0,
                since: [0.0; 10],
                until: [0.0; 10],
                changes: Vec::new(),
            }
        }

        fn talk(&mut self, seconds: u32, mean: f64) {
            for _ in 0..seconds {
                self.now += 1.0;
                let mut running = Running::new();
                for agent in 0..10 {
                    if self.until[agent] <= self.now {
                        let age = self.now - self.since[agent];
                        self.watch.ended(self.now, age, &self.known);
                        self.known.observe(age, 200.0);
                        self.since[agent] = self.now;
                        self.until[agent] = self.now + self.random.lognormal(mean, 1.0);
                    }
                    running.add(&self.known, self.now - self.since[agent]);
                }
                self.known.refresh(&running);
                let (now, since) = (self.now, self.since);
                let ages = since.iter().map(|since| now - since);
                if let Some(rate) = self.watch.look(now, ages, &self.known) {
                    self.known.begin_anew(rate, 20.0);
                    self.changes.push((now, rate));
                }
            }
        }
    }

    #[test]
    fn a_change_is_found_within_tens_of_conversations() {
        for (seed, before, after) in [(1, 120.0, 300.0), (2, 120.0, 300.0), (3, 240.0, 80.0)] {
            let mut floor = Floor::new(seed);
            floor.talk(20_000, before);
            let (at, known) = (floor.now, floor.changes.len());
            floor.talk(2000, after);
            let (found, rate) = floor.changes[known];
            // 60 of the shorter conversations.
            assert!(
                found - at < 6.0 * f64::max(before, after),
                "{seed}: {}",
                found - at
            );
            assert_eq!(rate < 1.0, after > before, "{seed}: {rate}");
        }
    }

    #[test]
    fn steady_conversations_hardly_ever_look_like_a_change() {
        let mut floor = Floor::new(4);
        floor.talk(100_000, 120.0);
        assert!(floor.changes.len() <= 1, "{:?}", floor.changes);
    }
}
