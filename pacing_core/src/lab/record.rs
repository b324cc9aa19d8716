//! A run of the simulator under the pacer, with its decision log: as if a dialer had kept it.
use std::sync::atomic::AtomicBool;

use super::policies::Plans;
use super::policy::{Decision, Event, Policy, Snapshot};
use super::scenario::Scenario;
use super::tally::Run;
use super::world::run;
use crate::log::{Input, RecordedPacer};
use crate::{Limits, Options};

impl From<Event> for Input {
    fn from(event: Event) -> Self {
        match event {
            Event::Agent {
                agent,
                state,
                leaving,
            } => Self::Agent {
                agent,
                state,
                leaving,
            },
            Event::AgentGone { agent } => Self::AgentGone { agent },
            Event::Dialed { call, p, .. } => Self::Dialed { call, p },
            Event::Answered { call } => Self::Answered { call },
            Event::Connected { call, agent } => Self::Connected { call, agent },
            Event::Abandoned { call } => Self::Abandoned { call },
            Event::Ended { call, outcome } => Self::Ended { call, outcome },
        }
    }
}

/// Decisions after which what was recorded is fetched.
const FETCH_EVERY: u32 = 1000;

struct Recording {
    pacer: Option<RecordedPacer>,
    log: Vec<u8>,
    decisions: u32,
    plans: Plans,
}

impl Policy for Recording {
    fn name(&self) -> &'static str {
        "ringmaster"
    }

    fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }

    fn reset(&mut self, scenario: &Scenario, _seed: u64) {
        let options = Options {
            target: scenario.target,
            cap: Some(scenario.cap),
            grace_seconds: scenario.grace_seconds,
            give_up_after: scenario.give_up_after,
            ..Options::default()
        };
        self.pacer = RecordedPacer::new(options).ok();
        if let Some(pacer) = &mut self.pacer {
            pacer.start_log(&scenario.name, None);
        }
    }

    fn on_event(&mut self, now: f64, event: Event) {
        if let Some(pacer) = &mut self.pacer {
            pacer.tell(now, event.into());
        }
    }

    fn decide(&mut self, snapshot: &Snapshot<'_>) -> Decision {
        let Some(pacer) = &mut self.pacer else {
            return Decision::default();
        };
        let limits = Limits {
            lines_free: snapshot.lines_free,
            rate_tokens: snapshot.rate_tokens,
            leads: snapshot.hopper,
            pending: snapshot.pending,
        };
        for (agent, at) in self.plans.news(snapshot.agents) {
            pacer.tell(snapshot.now, Input::AgentLeaves { agent, at });
        }
        let decision = pacer.decide(snapshot.now, limits);
        self.decisions += 1;
        if self.decisions.is_multiple_of(FETCH_EVERY) {
            self.log.extend(pacer.drain_log());
        }
        Decision {
            dials: decision.dials,
            give_up: decision.give_up,
            leads: Vec::new(),
            note: String::new(),
        }
    }
}

/// A run and its decision log; nothing if `stop` was set meanwhile.
#[must_use]
pub fn record(scenario: &Scenario, seed: u64, stop: &AtomicBool) -> Option<(Run, Vec<u8>)> {
    let mut policy = Recording {
        pacer: None,
        log: Vec::new(),
        decisions: 0,
        plans: Plans::default(),
    };
    let run = run(scenario, &mut policy, seed, stop)?;
    let mut log = policy.log;
    if let Some(pacer) = &mut policy.pacer {
        log.extend(pacer.drain_log());
    }
    Some((run, log))
}
