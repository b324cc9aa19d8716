//! The near-optimal policy of PACING.md, told all distributions: dial while E over the ring time R of
//! P(agents free by t + R + grace - answers due before t + R <= 0) <= theta.
//!
//! For small teams theta moves the abandon rate in steps: between two of them lies no threshold, and the exact optimum
//! of a constrained decision process is a mix of two policies anyway. With dither = d the threshold of every ten
//! minutes lies between theta and theta (1 + d), evenly by ratio, so that the rate is continuous in theta.
use super::claims::Claims;
use super::tables::Truth;
use crate::books::AgentState;
use crate::distribution::{Balance, Cumulants, Sum};
use crate::lab::fate;
use crate::lab::policy::{AgentView, Decision, Event, Next, Policy, Snapshot, Stage, float};
use crate::lab::scenario::{Scenario, Steps};

/// Moments that stand for the ring time: the middles of equal shares of the answers.
const MOMENTS: usize = 8;
/// Up to so many agents, idle ones and calls the distributions are exact.
const EXACT_BUSY: u64 = 64;
const EXACT_IDLE: f64 = 24.0;
const EXACT_CALLS: u64 = 64;
/// How long a dithered threshold stays, seconds: long beside a call, so that passing over costs nothing.
const DITHER_SECONDS: f64 = 600.0;
/// Multiples of it, modulo 1, cover the range evenly after any number of them.
const GOLDEN: f64 = 0.618_033_988_749_894_9;

pub(super) struct Oracle {
    theta: f64,
    dither: f64,
    /// Where in its range the first threshold lies, 0 to 1.
    start: f64,
    known: Option<Known>,
}

/// What it is told.
struct Known {
    truth: Truth,
    answer_probability: Steps,
    talk_factor: Steps,
}

impl Oracle {
    pub fn new(theta: f64, dither: f64) -> Self {
        Self {
            theta,
            dither,
            start: 0.0,
            known: None,
        }
    }

    /// The threshold at a second of the run.
    fn threshold(&self, now: f64) -> f64 {
        let share = (self.start + (now / DITHER_SECONDS).floor() * GOLDEN).fract();
        self.theta * (1.0 + self.dither).powf(share)
    }
}

impl Policy for Oracle {
    fn name(&self) -> &'static str {
        "oracle"
    }

    fn version(&self) -> &'static str {
        "1"
    }

    fn reset(&mut self, scenario: &Scenario, seed: u64) {
        self.start = fate::policy(seed).uniform();
        let answers = match Claims::new(scenario) {
            Some(claims) => claims.either(),
            None => scenario.ring.clone(),
        };
        let horizons: [f64; MOMENTS] = std::array::from_fn(|i| {
            #[allow(clippy::cast_precision_loss)]
            let u = (i as f64 + 0.5) / MOMENTS as f64;
            answers.quantile(u)
        });
        self.known = Some(Known {
            truth: Truth::new(scenario, &horizons, scenario.grace_seconds),
            answer_probability: scenario.answer_probability.clone(),
            talk_factor: scenario.talk_factor.clone(),
        });
    }

    fn on_event(&mut self, _now: f64, _event: Event) {}

    fn decide(&mut self, s: &Snapshot<'_>) -> Decision {
        let room = s.lines_free.min(s.rate_tokens).min(s.hopper);
        match &self.known {
            Some(known) if room > 0 => Decision::dial(known.dials(s, self.threshold(s.now), room)),
            _ => Decision::default(),
        }
    }
}

/// Free agents and answers due, either way of counting.
// On the stack, one per decision.
#[allow(clippy::large_enum_variant)]
enum Sums {
    Exact([Sum; MOMENTS], [Sum; MOMENTS]),
    Cumulants([Cumulants; MOMENTS], [Cumulants; MOMENTS]),
}

impl Sums {
    fn new(s: &Snapshot<'_>) -> Self {
        let count = &s.count;
        let exact = count.talking + count.wrapping <= EXACT_BUSY
            && count.free().abs() <= EXACT_IDLE
            && count.in_flight + s.pending <= EXACT_CALLS;
        let (idle, waiting) = (count.free().max(0.0), (-count.free()).max(0.0));
        if exact {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let start = |value: f64| std::array::from_fn(|_| Sum::constant(value as usize));
            return Self::Exact(start(idle), start(waiting));
        }
        let start = |mean| {
            [Cumulants {
                mean,
                ..Cumulants::default()
            }; MOMENTS]
        };
        Self::Cumulants(start(idle), start(waiting))
    }

    fn free(&mut self, i: usize, q: f64) {
        match self {
            Self::Exact(free, _) => free[i].add(q),
            Self::Cumulants(free, _) => free[i].add(q, 1.0),
        }
    }

    fn due(&mut self, i: usize, q: f64) {
        match self {
            Self::Exact(_, due) => due[i].add(q),
            Self::Cumulants(_, due) => due[i].add(q, 1.0),
        }
    }

    fn balances(self) -> Vec<Balance> {
        match self {
            Self::Exact(free, due) => free
                .iter()
                .zip(due)
                .map(|(free, due)| Balance::exact(free, &due))
                .collect(),
            Self::Cumulants(free, due) => free
                .into_iter()
                .zip(due)
                .map(|(free, due)| Balance::Normal { free, due })
                .collect(),
        }
    }
}

fn will_be_free(agent: &AgentView, now: f64) -> bool {
    agent.next == Next::Ready || agent.planned.is_some_and(|planned| planned > now)
}

impl Known {
    fn dials(&self, s: &Snapshot<'_>, theta: f64, room: u64) -> u64 {
        let now = s.now;
        let mut sums = Sums::new(s);
        for agent in s.agents.iter().filter(|agent| will_be_free(agent, now)) {
            let age = now - agent.since;
            match agent.state {
                AgentState::Talk | AgentState::Reserved => {
                    let step = self.talk_factor.step(agent.since);
                    self.truth.talking(step, age, |i, q| sums.free(i, q));
                }
                AgentState::Wrap => self.truth.wrapping(age, |i, q| sums.free(i, q)),
                AgentState::Idle | AgentState::Away => {}
            }
        }
        for call in s.calls.iter().filter(|call| call.stage == Stage::InFlight) {
            let p = call
                .p
                .unwrap_or_else(|| self.answer_probability.at(call.dialed));
            self.truth
                .flying(p, now - call.dialed, |i, q| sums.due(i, q));
        }
        let p = self.answer_probability.at(now);
        for _ in 0..s.pending {
            self.truth.flying(p, 0.0, |i, q| sums.due(i, q));
        }
        let balances = sums.balances();
        let fresh = self.truth.fresh(p);
        let risk = |others: u64| {
            let total: f64 = balances
                .iter()
                .zip(&fresh)
                .map(|(balance, claims)| balance.nobody_free_after(*claims, others))
                .sum();
            total / float(MOMENTS as u64)
        };
        let mut dials = 0;
        while dials < room && risk(dials) <= theta {
            dials += 1;
        }
        dials
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_dither_the_threshold_is_theta() {
        let mut plain = Oracle::new(0.03, 0.0);
        plain.reset(&Scenario::base(), 7);
        for second in [0.0, 601.0, 123_456.0] {
            assert!(plain.threshold(second).total_cmp(&0.03).is_eq());
        }
    }

    #[test]
    fn a_dithered_threshold_covers_its_range_evenly_and_stays_ten_minutes() {
        let mut dithered = Oracle::new(0.03, 1.0);
        dithered.reset(&Scenario::base(), 7);
        let at = |k: u32| (dithered.threshold(f64::from(k) * DITHER_SECONDS + 1.0) / 0.03).log2();
        let mut shares: Vec<f64> = (0..100).map(at).collect();
        shares.sort_by(f64::total_cmp);
        for (share, wanted) in shares.iter().zip(0_u32..) {
            assert!((share - (f64::from(wanted) + 0.5) / 100.0).abs() < 0.02);
        }
        let (begin, end) = (dithered.threshold(600.0), dithered.threshold(1_199.9));
        assert!(begin.total_cmp(&end).is_eq());
        let mut other = Oracle::new(0.03, 1.0);
        other.reset(&Scenario::base(), 8);
        assert!(begin.total_cmp(&other.threshold(600.0)).is_ne());
    }
}
