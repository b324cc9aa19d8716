//! Three policies of one line each.
use crate::lab::fate;
use crate::lab::policy::{Decision, Event, Policy, Snapshot, float};
use crate::lab::scenario::Scenario;
use crate::random::Random;

/// One dial per idle agent with none outstanding for it.
pub(super) struct Progressive;

impl Policy for Progressive {
    fn name(&self) -> &'static str {
        "progressive"
    }

    fn version(&self) -> &'static str {
        "1"
    }

    fn reset(&mut self, _scenario: &Scenario, _seed: u64) {}

    fn on_event(&mut self, _now: f64, _event: Event) {}

    fn decide(&mut self, s: &Snapshot<'_>) -> Decision {
        Decision::dial_about(s.count.free() - float(s.count.in_flight + s.pending))
    }
}

/// Outstanding ringing kept at k per idle agent.
pub(super) struct Ratio {
    per_idle: f64,
}

impl Ratio {
    pub fn new(per_idle: f64) -> Self {
        Self { per_idle }
    }
}

impl Policy for Ratio {
    fn name(&self) -> &'static str {
        "ratio"
    }

    fn version(&self) -> &'static str {
        "1"
    }

    fn reset(&mut self, _scenario: &Scenario, _seed: u64) {}

    fn on_event(&mut self, _now: f64, _event: Event) {}

    fn decide(&mut self, s: &Snapshot<'_>) -> Decision {
        let wanted = self.per_idle * s.count.free();
        Decision::dial_about(wanted - float(s.count.in_flight + s.pending))
    }
}

/// Poisson dials at a fixed rate. Answers are then Poisson too, so that Erlang's formula B holds.
pub(super) struct Constant {
    per_agent_hour: f64,
    gap: f64,
    next: f64,
    random: Random,
}

impl Constant {
    pub fn new(per_agent_hour: f64) -> Self {
        Self {
            per_agent_hour,
            gap: f64::INFINITY,
            next: f64::INFINITY,
            random: fate::policy(0),
        }
    }

    fn draw(&mut self) -> f64 {
        -self.random.uniform().ln() * self.gap
    }
}

impl Policy for Constant {
    fn name(&self) -> &'static str {
        "constant"
    }

    fn version(&self) -> &'static str {
        "1"
    }

    fn reset(&mut self, scenario: &Scenario, seed: u64) {
        self.gap = 3600.0 / (self.per_agent_hour * f64::from(scenario.agents));
        self.random = fate::policy(seed);
        self.next = self.draw();
    }

    fn on_event(&mut self, _now: f64, _event: Event) {}

    fn decide(&mut self, s: &Snapshot<'_>) -> Decision {
        let mut dials = 0;
        // No more than there is room for: a rate beyond all measure is cut, not counted out.
        while self.next <= s.now && dials < s.lines_free {
            dials += 1;
            self.next += self.draw();
        }
        self.next = self.next.max(s.now);
        Decision::dial(dials)
    }
}
