//! Issabel's call centre module, from the description in PACING.md: every 5 s, agents free now or probably soon by an
//! exponential fitted to the mean duration, less who waits and what still rings.
use std::collections::{HashMap, VecDeque};

use crate::books::{AgentState, Outcome};
use crate::lab::policy::{Decision, Event, Policy, Snapshot, float};
use crate::lab::scenario::Scenario;

const EVERY: f64 = 5.0;
/// Mean answer time to begin with, seconds.
const FIRST_ANSWER: f64 = 8.0;
/// Conversations before busy agents are looked at.
const FEW: f64 = 10.0;
/// The answer rate is that of so many seconds, and never taken lower than this.
const WINDOW: f64 = 1800.0;
const LOWEST_RATE: f64 = 0.20;

pub(super) struct Issabel {
    threshold: f64,
    overcommit: bool,
    next: f64,
    /// When a call was dialed, then when it was connected.
    since: HashMap<u64, f64>,
    answer_seconds: f64,
    answers: f64,
    talk_seconds: f64,
    talks: f64,
    recent: VecDeque<(f64, bool)>,
    recent_answers: u64,
}

impl Issabel {
    pub fn new(threshold: f64, overcommit: bool) -> Self {
        Self {
            threshold,
            overcommit,
            next: 0.0,
            since: HashMap::new(),
            answer_seconds: 0.0,
            answers: 0.0,
            talk_seconds: 0.0,
            talks: 0.0,
            recent: VecDeque::new(),
            recent_answers: 0,
        }
    }

    fn remember(&mut self, now: f64, answered: bool) {
        self.recent.push_back((now, answered));
        self.recent_answers += u64::from(answered);
        while let Some(&(at, was)) = self.recent.front()
            && now - at > WINDOW
        {
            self.recent.pop_front();
            self.recent_answers -= u64::from(was);
        }
    }

    /// Busy agents, by the age of their conversations, who count as free soon.
    fn soon(&self, ages: impl Iterator<Item = f64>) -> f64 {
        if self.talks < FEW {
            return 0.0;
        }
        let answer = if self.answers > 0.0 {
            self.answer_seconds / self.answers
        } else {
            FIRST_ANSWER
        };
        let mean = (self.talk_seconds / self.talks).max(1e-9);
        let probable = |age: &f64| 1.0 - (-(age + answer) / mean).exp() >= self.threshold;
        float(ages.filter(probable).count() as u64)
    }
}

impl Policy for Issabel {
    fn name(&self) -> &'static str {
        "issabel"
    }

    fn version(&self) -> &'static str {
        "1"
    }

    fn reset(&mut self, _scenario: &Scenario, _seed: u64) {
        *self = Self::new(self.threshold, self.overcommit);
    }

    fn on_event(&mut self, now: f64, event: Event) {
        match event {
            Event::Dialed { call, .. } | Event::Connected { call, .. } => {
                self.since.insert(call, now);
            }
            Event::Answered { call } => {
                if let Some(dialed) = self.since.get(&call) {
                    self.answer_seconds += now - dialed;
                    self.answers += 1.0;
                }
                self.remember(now, true);
            }
            Event::Ended { call, outcome } => {
                let since = self.since.remove(&call);
                if matches!(outcome, Outcome::Done | Outcome::Machine) {
                    self.talk_seconds += since.map_or(0.0, |since| now - since);
                    self.talks += 1.0;
                } else {
                    self.remember(now, false);
                }
            }
            Event::Abandoned { call } => {
                self.since.remove(&call);
            }
            Event::Agent { .. } | Event::AgentGone { .. } => {}
        }
    }

    fn decide(&mut self, s: &Snapshot<'_>) -> Decision {
        if s.now + 1e-9 < self.next {
            return Decision::default();
        }
        self.next = s.now + EVERY;
        let talking = s.agents.iter().filter(|a| a.state == AgentState::Talk);
        let soon = self.soon(talking.map(|a| s.now - a.since));
        let mut wanted = s.count.free() + soon - float(s.count.in_flight + s.pending);
        if self.overcommit && wanted > 0.0 && !self.recent.is_empty() {
            let rate = float(self.recent_answers) / float(self.recent.len() as u64);
            wanted /= rate.max(LOWEST_RATE);
        }
        Decision::dial_about(wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_counts_when_an_exponential_would_have_ended() {
        let mut policy = Issabel::new(0.97, false);
        (policy.talks, policy.talk_seconds) = (10.0, 1000.0);
        // 1 - exp(-(age + 8) / 100) >= 0.97 from an age of 342.7 s on.
        assert!((policy.soon([342.0, 343.0, 900.0].into_iter()) - 2.0).abs() < 1e-12);
        policy.talks = 9.0;
        assert!(policy.soon([900.0].into_iter()).abs() < 1e-12);
    }
}
