//! Samuelson (Interfaces 29, 1999): dials = (idle + E[free within the ring time] - waiting) / p - in flight, times a
//! factor to tune. Told the distributions of ring, talk and wrap-up; the answer probability is its own estimate.
use super::tables::Truth;
use crate::books::{AgentState, Outcome};
use crate::lab::policy::{Decision, Event, Policy, Snapshot, float};
use crate::lab::scenario::{Scenario, Steps};

/// Dials that the estimate begins with, at the true answer probability, and how many it remembers.
const PRIOR: f64 = 50.0;
const MEMORY: f64 = 500.0;

pub(super) struct Samuelson {
    factor: f64,
    truth: Option<Truth>,
    talk_factor: Steps,
    answered: f64,
    ended: f64,
}

impl Samuelson {
    pub fn new(factor: f64) -> Self {
        Self {
            factor,
            truth: None,
            talk_factor: Steps::One(1.0),
            answered: 0.0,
            ended: 1.0,
        }
    }

    fn count(&mut self, answered: f64) {
        let keep = 1.0 - 1.0 / MEMORY;
        self.answered = self.answered * keep + answered;
        self.ended = self.ended * keep + 1.0;
    }
}

impl Policy for Samuelson {
    fn name(&self) -> &'static str {
        "samuelson"
    }

    fn version(&self) -> &'static str {
        "1"
    }

    fn reset(&mut self, scenario: &Scenario, _seed: u64) {
        self.truth = Some(Truth::new(scenario, &[scenario.ring.mean()], 0.0));
        self.talk_factor = scenario.talk_factor.clone();
        self.answered = PRIOR * scenario.answer_probability.at(0.0);
        self.ended = PRIOR;
    }

    fn on_event(&mut self, _now: f64, event: Event) {
        match event {
            Event::Answered { .. } => self.count(1.0),
            Event::Ended {
                outcome: Outcome::NoAnswer,
                ..
            } => self.count(0.0),
            _ => {}
        }
    }

    fn decide(&mut self, s: &Snapshot<'_>) -> Decision {
        let Some(truth) = &self.truth else {
            return Decision::default();
        };
        let mut freeing = 0.0;
        for agent in s.agents {
            let age = s.now - agent.since;
            match agent.state {
                AgentState::Talk => {
                    let step = self.talk_factor.step(agent.since);
                    truth.talking(step, age, |_, q| freeing += q);
                }
                AgentState::Wrap => truth.wrapping(age, |_, q| freeing += q),
                _ => {}
            }
        }
        let p = (self.answered / self.ended).max(0.001);
        let wanted = self.factor * (s.count.free() + freeing) / p;
        Decision::dial_about(wanted - float(s.count.in_flight + s.pending))
    }
}
