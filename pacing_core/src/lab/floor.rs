//! The agents' part of the simulator: matching, conversations, breaks.
use super::fate::{self, Fate};
use super::policy::{Event, Next};
use super::world::{Happening, World};
use crate::books::AgentState;

impl World<'_> {
    pub(super) fn plan_leaves(&mut self) {
        for (which, leave) in self.scenario.leaves.iter().enumerate() {
            let mut team: Vec<(f64, usize, f64, bool)> = (0..self.agents.len())
                .map(|agent| {
                    let mut random = fate::leave(self.seed, which as u64, agent as u64);
                    let order = random.uniform();
                    let at = leave.at + leave.within * random.uniform();
                    (order, agent, at, random.uniform() < leave.announced)
                })
                .collect();
            team.sort_by(|a, b| a.0.total_cmp(&b.0));
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let leaving = (leave.share * f64::from(self.scenario.agents)).round() as usize;
            for &(_, agent, at, announced) in team.iter().take(leaving) {
                if announced {
                    self.plan(
                        (at - leave.notice).max(0.0),
                        Happening::Notice(agent, which),
                    );
                }
                self.plan(at, Happening::Leave(agent, which, announced));
            }
        }
    }

    /// Callers and answered people get the agents idle longest; true if no inbound caller waits any more.
    pub(super) fn matching(&mut self) -> bool {
        while let Some(&agent) = self.idle.front() {
            if let Some((since, caller)) = self.inbound.pop_front() {
                self.run.inbound_wait_seconds += self.now - since;
                let (talk, wrap) = Fate::of_inbound(self.scenario, self.seed, caller);
                self.set(agent, AgentState::Talk);
                self.occupy(agent, talk, wrap);
            } else if let Some(call) = self.waiting.pop_front() {
                self.connect(call, agent);
            } else {
                break;
            }
            self.idle.pop_front();
        }
        self.inbound.is_empty()
    }

    fn connect(&mut self, call: u64, agent: usize) {
        let Some(view) = self.remove(call) else {
            return;
        };
        self.run.connected += self.measured(&view);
        self.run.wait_seconds += self.now - view.since;
        self.workers[agent].call = Some(call);
        self.place(agent, AgentState::Talk);
        let id = agent as u64;
        self.tell(Event::Connected { call, agent: id });
        let fate = Fate::of_dial(self.scenario, self.seed, call);
        self.occupy(agent, fate.talk, fate.wrap);
    }

    fn occupy(&mut self, agent: usize, talk: f64, wrap: f64) {
        let talk = talk * self.scenario.talk_factor.at(self.now);
        let (start, end) = (self.now, self.scenario.seconds);
        let inside =
            |from: f64, to: f64| (to.min(end) - from.max(self.scenario.warmup_seconds)).max(0.0);
        self.run.talk_seconds += inside(start, start + talk);
        self.run.wrap_seconds += inside(start + talk, start + talk + wrap);
        self.run.handle_seconds += talk + wrap;
        self.run
            .spread(start, (start + talk + wrap).min(end), |piece, seconds| {
                piece.busy += seconds;
            });
        self.plan(talk, Happening::TalkEnd(agent));
        self.plan(talk + wrap, Happening::WrapEnd(agent));
    }

    pub(super) fn ready(&mut self, agent: usize) {
        self.set(agent, AgentState::Idle);
        self.idle.push_back(agent);
        self.matching();
        self.changed = true;
    }

    pub(super) fn leave(&mut self, agent: usize, leave: usize, announced: bool) {
        let view = &mut self.agents[agent];
        if view.state == AgentState::Away {
            (view.next, view.planned) = (Next::Ready, None);
            return;
        }
        if self.workers[agent].leave.is_some() {
            return;
        }
        if view.state == AgentState::Idle {
            self.idle.retain(|&idle| idle != agent);
            self.go(agent, leave);
            return;
        }
        self.workers[agent].leave = Some(leave);
        if announced {
            view.planned = Some(self.now);
            view.next = next(self.scenario.leaves[leave].seconds);
            let event = Event::Agent {
                agent: view.id,
                state: view.state,
                leaving: true,
            };
            self.tell(event);
        }
    }

    pub(super) fn go(&mut self, agent: usize, leave: usize) {
        self.workers[agent].leave = None;
        self.staffed(agent);
        self.agents[agent].next = Next::Ready;
        self.agents[agent].planned = None;
        if let Some(seconds) = self.scenario.leaves[leave].seconds {
            self.set(agent, AgentState::Away);
            self.plan(seconds, Happening::Back(agent));
        } else {
            self.place(agent, AgentState::Away);
            let agent = agent as u64;
            self.tell(Event::AgentGone { agent });
        }
    }

    pub(super) fn staffed(&mut self, agent: usize) {
        let from = self.workers[agent].staffed_since;
        let to = self.now.min(self.scenario.seconds);
        self.run.staffed_seconds += (to - from.max(self.scenario.warmup_seconds)).max(0.0);
        self.run
            .spread(from, to, |piece, seconds| piece.staffed += seconds);
    }

    /// Puts an agent into a state and tells the policy.
    pub(super) fn set(&mut self, agent: usize, state: AgentState) {
        self.place(agent, state);
        self.tell(Event::Agent {
            agent: agent as u64,
            state,
            leaving: self.agents[agent].next != Next::Ready && self.workers[agent].leave.is_some(),
        });
    }

    fn place(&mut self, agent: usize, state: AgentState) {
        let before = self.agents[agent].state;
        for (state, step) in [(before, -1_i64), (state, 1)] {
            let counter = match state {
                AgentState::Idle => &mut self.count.idle,
                AgentState::Talk | AgentState::Reserved => &mut self.count.talking,
                AgentState::Wrap => &mut self.count.wrapping,
                AgentState::Away => continue,
            };
            *counter = counter.wrapping_add_signed(step);
        }
        self.agents[agent].state = state;
        self.agents[agent].since = self.now;
    }
}

pub(super) fn next(away: Option<f64>) -> Next {
    match away {
        Some(_) => Next::Pause,
        None => Next::Logout,
    }
}
