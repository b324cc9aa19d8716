//! Shows the live pacer's books to a policy of the laboratory.
use std::sync::Mutex;

use super::input::Input;
use crate::books;
use crate::lab::Scenario;
use crate::lab::policy::{
    AgentView, CallView, Count, Event, Next, Policy, SNAPSHOT_VERSION, Snapshot, Stage,
};
use crate::pacer::{Limits, Pacer};

/// A policy, and what it is shown.
pub(super) struct Onlooker {
    // Never locked: it makes the policy one that may be looked at from any thread.
    policy: Mutex<Box<dyn Policy + Send>>,
    /// Second that the policy takes for 0.
    origin: Option<f64>,
    agents: Vec<AgentView>,
    calls: Vec<CallView>,
    count: Count,
}

impl Onlooker {
    pub fn new(live: &Pacer, policy: Box<dyn Policy + Send>) -> Self {
        let mut onlooker = Self {
            policy: Mutex::new(policy),
            origin: None,
            agents: Vec::new(),
            calls: Vec::new(),
            count: Count::default(),
        };
        onlooker.begin(live);
        onlooker
    }

    fn policy(&mut self) -> &mut dyn Policy {
        // Poisoned or not: nobody else holds it.
        match self.policy.get_mut() {
            Ok(policy) => policy.as_mut(),
            Err(poisoned) => poisoned.into_inner().as_mut(),
        }
    }

    /// The policy begins, and hears of the agents and calls that are there.
    pub fn begin(&mut self, live: &Pacer) {
        let options = live.options();
        let (agents, calls) = live.books();
        self.origin = None;
        // The base scenario, as far as a campaign says nothing else; it is part of the crate and can be read.
        if let Ok(mut scenario) = Scenario::named("base", "") {
            scenario.agents = u32::try_from(agents.len()).unwrap_or(u32::MAX).max(1);
            scenario.target = options.target;
            scenario.cap = options.cap.unwrap_or(options.target);
            scenario.grace_seconds = options.grace_seconds;
            self.policy().reset(&scenario, 0);
        }
        for agent in agents {
            let event = Event::Agent {
                agent: agent.id,
                state: agent.state,
                leaving: agent.leaving,
            };
            self.policy().on_event(0.0, event);
        }
        for call in calls {
            if call.stage == books::Stage::InFlight {
                let (call, p, lead) = (call.id, call.given_p, None);
                self.policy().on_event(0.0, Event::Dialed { call, p, lead });
            }
        }
    }

    fn time(&mut self, now: f64) -> f64 {
        now - *self.origin.get_or_insert(now)
    }

    pub fn tell(&mut self, now: f64, input: &Input) {
        let event = match *input {
            Input::Agent {
                agent,
                state,
                leaving,
            } => Event::Agent {
                agent,
                state,
                leaving,
            },
            Input::AgentGone { agent } => Event::AgentGone { agent },
            Input::Dialed { call, p } => Event::Dialed {
                call,
                p,
                lead: None,
            },
            Input::Answered { call } => Event::Answered { call },
            Input::Connected { call, agent } => Event::Connected { call, agent },
            Input::Abandoned { call } => Event::Abandoned { call },
            Input::Ended { call, outcome } => Event::Ended { call, outcome },
            // Policies do not hear of these.
            Input::Ringing { .. }
            | Input::AgentLeaves { .. }
            | Input::SetTarget { .. }
            | Input::ForgetNextLeads
            | Input::NextLead { .. }
            | Input::GroupBudget { .. } => return,
        };
        let now = self.time(now);
        self.policy().on_event(now, event);
    }

    pub fn decide(&mut self, now: f64, limits: Limits, live: &Pacer) -> u64 {
        let origin = *self.origin.get_or_insert(now);
        self.look(origin, live);
        let (options, (answered, abandoned)) = (live.options(), live.ledger());
        let snapshot = Snapshot {
            version: SNAPSHOT_VERSION,
            now: now - origin,
            agents: &self.agents,
            calls: &self.calls,
            pending: limits.pending,
            hopper: limits.leads,
            lines_free: limits.lines_free,
            rate_tokens: limits.rate_tokens,
            target: options.target,
            cap: options.cap.unwrap_or(options.target),
            answered,
            abandoned,
            count: self.count,
            next: &[],
        };
        match self.policy.get_mut() {
            Ok(policy) => policy.decide(&snapshot).dials,
            Err(poisoned) => poisoned.into_inner().decide(&snapshot).dials,
        }
    }

    fn look(&mut self, origin: f64, live: &Pacer) {
        let (agents, calls) = live.books();
        self.count = Count::default();
        self.agents.clear();
        for agent in agents {
            match agent.state {
                books::AgentState::Idle => self.count.idle += 1,
                books::AgentState::Talk | books::AgentState::Reserved => self.count.talking += 1,
                books::AgentState::Wrap => self.count.wrapping += 1,
                books::AgentState::Away => {}
            }
            self.agents.push(AgentView {
                id: agent.id,
                state: agent.state,
                since: agent.since - origin,
                next: if agent.leaving {
                    Next::Pause
                } else {
                    Next::Ready
                },
                planned: None,
            });
        }
        self.calls.clear();
        for call in calls {
            let (stage, since) = match call.stage {
                books::Stage::InFlight => (Stage::InFlight, call.dialed),
                books::Stage::Waiting { since, .. } => (Stage::Waiting, since),
                books::Stage::Talking { .. } => continue,
            };
            match stage {
                Stage::InFlight => self.count.in_flight += 1,
                Stage::Waiting => self.count.waiting += 1,
            }
            self.calls.push(CallView {
                id: call.id,
                stage,
                dialed: call.dialed - origin,
                since: since - origin,
                p: call.given_p,
            });
        }
    }
}
