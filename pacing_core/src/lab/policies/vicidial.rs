//! `VICIdial`'s adaptive dial level, from the description and the vectors in PACING.md.
//!
//! Working days are eight hours from 09:00, one after the other, for its counts of the day and its clock.
use std::collections::VecDeque;

use crate::lab::policy::{Decision, Event, Policy, Snapshot, float};
use crate::lab::scenario::Scenario;

/// Samples in a mean, and between two changes of the level.
const SAMPLES: usize = 15;
/// Samples between two looks at the day's drops.
const DROP_EVERY: u64 = 60;
const PLACE_EVERY: f64 = 2.5;
const MINUTE: f64 = 60.0;
const MINUTE_CALLS: usize = 20;
const DAY_CALLS: u64 = 50;
const DAY_SECONDS: f64 = 28_800.0;
const DAY_BEGINS: u32 = 9;
/// Latest dialing time as HHMM.
const LATEST: f64 = 2100.0;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    HardLimit,
    Tapered,
    Average,
}

/// What sets the level.
#[derive(Debug, Clone, Copy)]
struct Settings {
    method: Method,
    max_level: f64,
    drop_limit: f64,
    intensity: f64,
    target_difference: f64,
}

/// What was seen.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    /// Mean of ready less waiting, and of logged in.
    difference: f64,
    agents: f64,
    calls_minute: usize,
    drops_minute: usize,
    calls_today: u64,
    /// Per cent of human answers.
    drop_today: f64,
    /// HHMM as a plain whole number.
    clock: f64,
}

impl Settings {
    fn level(&self, level: f64, seen: &Seen) -> f64 {
        let distance = seen.difference + self.target_difference;
        let gap = if distance == 0.0 || seen.agents == 0.0 {
            0.0
        } else {
            distance / seen.agents
        };
        let gain = if gap < 0.0 {
            gap * (self.intensity / 100.0 - 1.0).abs()
        } else {
            gap * (1.0 + self.intensity / 100.0)
        };
        let mut next = three_decimals(level * (1.0 + gain)).clamp(1.0, self.max_level);
        if seen.calls_minute > MINUTE_CALLS && 2 * seen.drops_minute > seen.calls_minute {
            next /= 2.0;
        }
        if seen.calls_today > DAY_CALLS && seen.drop_today > self.drop_limit {
            next = match self.method {
                Method::HardLimit => 1.0,
                Method::Average => next / 2.0,
                Method::Tapered => {
                    let left = LATEST - seen.clock;
                    if left < 0.0 {
                        1.0
                    } else {
                        next * (left / 1000.0).min(1.0)
                    }
                }
            };
        }
        next.max(1.0)
    }
}

/// Rounded as its Perl's `sprintf("%.3f")` does: from the exact binary value.
fn three_decimals(level: f64) -> f64 {
    format!("{level:.3}").parse().unwrap_or(level)
}

pub(super) struct Vicidial {
    settings: Settings,
    level: f64,
    samples: VecDeque<(f64, f64)>,
    taken: u64,
    next_sample: f64,
    next_place: f64,
    day: f64,
    calls: VecDeque<f64>,
    drops: VecDeque<f64>,
    calls_today: u64,
    answers_today: u64,
    drops_today: u64,
    drop_today: f64,
}

impl Vicidial {
    /// Values: highest level, drop limit in per cent, intensity in per cent, target difference in agents.
    pub fn new(method: Method, values: &[f64]) -> Self {
        Self::from(Settings {
            method,
            max_level: values[0],
            drop_limit: values[1],
            intensity: values[2],
            target_difference: values[3],
        })
    }

    fn sample(&mut self, s: &Snapshot<'_>) {
        let day = (s.now / DAY_SECONDS).floor();
        if day > self.day {
            self.day = day;
            (self.calls_today, self.answers_today, self.drops_today) = (0, 0, 0);
            self.drop_today = 0.0;
        }
        for past in [&mut self.calls, &mut self.drops] {
            while past.front().is_some_and(|at| s.now - at > MINUTE) {
                past.pop_front();
            }
        }
        self.samples
            .push_back((s.count.free(), float(s.count.logged_in())));
        if self.samples.len() > SAMPLES {
            self.samples.pop_front();
        }
        self.taken += 1;
        if self.taken.is_multiple_of(DROP_EVERY) {
            self.drop_today = 100.0 * float(self.drops_today) / float(self.answers_today.max(1));
        }
        if self.taken.is_multiple_of(SAMPLES as u64) {
            self.level = self.settings.level(self.level, &self.seen(s.now));
        }
    }

    fn seen(&self, now: f64) -> Seen {
        let n = float(self.samples.len() as u64);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let minute = ((now - self.day * DAY_SECONDS) / 60.0) as u32;
        Seen {
            difference: self.samples.iter().map(|s| s.0).sum::<f64>() / n,
            agents: self.samples.iter().map(|s| s.1).sum::<f64>() / n,
            calls_minute: self.calls.len(),
            drops_minute: self.drops.len(),
            calls_today: self.calls_today,
            drop_today: self.drop_today,
            clock: f64::from((DAY_BEGINS + minute / 60) * 100 + minute % 60),
        }
    }
}

impl From<Settings> for Vicidial {
    fn from(settings: Settings) -> Self {
        Self {
            settings,
            level: 1.0,
            samples: VecDeque::new(),
            taken: 0,
            next_sample: 0.0,
            next_place: 0.0,
            day: 0.0,
            calls: VecDeque::new(),
            drops: VecDeque::new(),
            calls_today: 0,
            answers_today: 0,
            drops_today: 0,
            drop_today: 0.0,
        }
    }
}

impl Policy for Vicidial {
    fn name(&self) -> &'static str {
        match self.settings.method {
            Method::HardLimit => "vicidial-hard_limit",
            Method::Tapered => "vicidial-tapered",
            Method::Average => "vicidial-average",
        }
    }

    fn version(&self) -> &'static str {
        "1"
    }

    fn reset(&mut self, _scenario: &Scenario, _seed: u64) {
        *self = Self::from(self.settings);
    }

    fn on_event(&mut self, now: f64, event: Event) {
        match event {
            Event::Dialed { .. } => {
                self.calls.push_back(now);
                self.calls_today += 1;
            }
            Event::Answered { .. } => self.answers_today += 1,
            Event::Abandoned { .. } => {
                self.drops.push_back(now);
                self.drops_today += 1;
            }
            _ => {}
        }
    }

    fn decide(&mut self, s: &Snapshot<'_>) -> Decision {
        if s.now + 1e-9 >= self.next_sample {
            self.sample(s);
            self.next_sample = s.now + 1.0;
        }
        if s.now + 1e-9 < self.next_place {
            return Decision::default();
        }
        self.next_place = s.now + PLACE_EVERY;
        let count = &s.count;
        let goal = (self.level * float(count.idle + count.talking)).round();
        let outstanding = count.in_flight + s.pending + count.waiting + count.talking;
        Decision::dial_about(goal - float(outstanding))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(method: Method, intensity: f64, target_difference: f64) -> Settings {
        Settings {
            method,
            max_level: 3.0,
            drop_limit: 3.0,
            intensity,
            target_difference,
        }
    }

    fn seen(difference: f64) -> Seen {
        Seen {
            difference,
            agents: 20.0,
            ..Seen::default()
        }
    }

    #[test]
    fn vectors_of_the_level() {
        for (level, difference, intensity, target, wanted) in [
            (2.0, 3.0, 0.0, 0.0, 2.300),
            (2.0, -2.0, 0.0, 0.0, 1.800),
            (2.0, 3.0, 20.0, 0.0, 2.360),
            (2.0, -2.0, 20.0, 0.0, 1.840),
            (2.0, 3.0, -40.0, 0.0, 2.180),
            (2.0, -2.0, -40.0, 0.0, 1.720),
            (2.0, 1.0, 0.0, -1.0, 2.000),
            (2.0, 0.0, 0.0, -1.0, 1.900),
            (2.9, 4.0, 0.0, 0.0, 3.000),
        ] {
            let level =
                settings(Method::HardLimit, intensity, target).level(level, &seen(difference));
            assert!((level - wanted).abs() < 1e-12, "{level} {wanted}");
        }
    }

    #[test]
    fn vectors_of_too_many_drops() {
        let many = Seen {
            calls_today: 51,
            drop_today: 3.4,
            clock: 1530.0,
            ..seen(2.0)
        };
        for (method, wanted) in [
            (Method::HardLimit, 1.0),
            (Method::Average, 1.375),
            (Method::Tapered, 1.5675),
        ] {
            let level = settings(method, 0.0, 0.0).level(2.5, &many);
            assert!((level - wanted).abs() < 1e-12, "{method:?} {level}");
        }
        let late = Seen {
            clock: 2101.0,
            ..many
        };
        let level = settings(Method::Tapered, 0.0, 0.0).level(2.5, &late);
        assert!((level - 1.0).abs() < 1e-12);
    }

    #[test]
    fn vector_of_a_rise_from_one() {
        let settings = settings(Method::HardLimit, 0.0, 0.0);
        let mut level = 1.0;
        for wanted in [1.15, 1.322, 1.52, 1.748, 2.01, 2.311, 2.658, 3.0] {
            level = settings.level(level, &seen(3.0));
            assert!((level - wanted).abs() < 1e-12, "{level} {wanted}");
        }
    }

    #[test]
    fn a_minute_of_drops_halves_the_level() {
        let minute = Seen {
            calls_minute: 21,
            drops_minute: 11,
            ..seen(3.0)
        };
        let level = settings(Method::HardLimit, 0.0, 0.0).level(2.0, &minute);
        assert!((level - 1.15).abs() < 1e-12);
    }
}
