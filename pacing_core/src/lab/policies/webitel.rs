//! Webitel's predictive factor, from the description in PACING.md: dials per idle agent, from the last hour.
use std::collections::VecDeque;

use crate::books::Outcome;
use crate::lab::policy::{Decision, Event, Policy, Snapshot, float};
use crate::lab::scenario::Scenario;

const WINDOW: f64 = 3600.0;
const EVERY: f64 = 30.0;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Answered,
    Unanswered,
    Abandoned,
}

pub(super) struct Webitel {
    /// Per cent.
    target: f64,
    max: f64,
    q: f64,
    recent: VecDeque<(f64, Kind)>,
    next: f64,
    factor: f64,
}

impl Webitel {
    pub fn new(target: f64, max: f64, q: f64) -> Self {
        Self {
            target,
            max,
            q,
            recent: VecDeque::new(),
            next: 0.0,
            factor: 1.0,
        }
    }

    /// Dials per idle agent, from the share of dials that connect and the abandoned per cent.
    fn factor(&self, connect_rate: f64, abandoned: f64) -> f64 {
        if abandoned >= self.max || connect_rate <= 0.0 {
            return 1.0;
        }
        let over = 1.0 / connect_rate;
        let distance = self.target - abandoned;
        let distance = if distance == 0.0 { 0.99 } else { distance };
        if distance > 0.0 {
            return over * (1.0 + distance * self.q / 100.0);
        }
        over * (self.max - abandoned) * (100.0 + self.q) / (self.max * 100.0)
    }

    fn refresh(&mut self, now: f64) {
        while self
            .recent
            .front()
            .is_some_and(|&(at, _)| now - at > WINDOW)
        {
            self.recent.pop_front();
        }
        let of = |kind| float(self.recent.iter().filter(|r| r.1 == kind).count() as u64);
        let (answered, unanswered) = (of(Kind::Answered), of(Kind::Unanswered));
        let dials = answered + unanswered;
        self.factor = if answered > 0.0 {
            let abandoned = 100.0 * of(Kind::Abandoned) / answered;
            self.factor(answered / dials, abandoned)
        } else {
            1.0
        };
    }
}

impl Policy for Webitel {
    fn name(&self) -> &'static str {
        "webitel"
    }

    fn version(&self) -> &'static str {
        "1"
    }

    fn reset(&mut self, _scenario: &Scenario, _seed: u64) {
        *self = Self::new(self.target, self.max, self.q);
    }

    fn on_event(&mut self, now: f64, event: Event) {
        let kind = match event {
            Event::Answered { .. } => Kind::Answered,
            Event::Abandoned { .. } => Kind::Abandoned,
            Event::Ended { outcome, .. }
                if !matches!(outcome, Outcome::Done | Outcome::Machine) =>
            {
                Kind::Unanswered
            }
            _ => return,
        };
        self.recent.push_back((now, kind));
    }

    fn decide(&mut self, s: &Snapshot<'_>) -> Decision {
        if s.now + 1e-9 >= self.next {
            self.refresh(s.now);
            self.next = s.now + EVERY;
        }
        let wanted = self.factor * s.count.free();
        Decision::dial_about(wanted - float(s.count.in_flight + s.pending))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_factor_is_the_described_one() {
        let policy = Webitel::new(3.0, 3.0, 10.0);
        assert!((policy.factor(0.5, 1.0) - 2.0 * 1.2).abs() < 1e-12);
        assert!((policy.factor(0.5, 3.0) - 1.0).abs() < 1e-12);
        let apart = Webitel::new(2.0, 4.0, 10.0);
        assert!((apart.factor(0.5, 2.0) - 2.0 * (1.0 + 0.99 * 0.1)).abs() < 1e-12);
        assert!((apart.factor(0.5, 3.0) - 2.0 * 1.0 * 110.0 / 400.0).abs() < 1e-12);
    }
}
