//! The agents' part of the simulator: matching, conversations, breaks.
use super::fate::{self, Fate};
use super::policy::{Event, Next};
use super::world::{Caller, Happening, Trip, World};
use crate::books::{AgentState, Outcome};

impl World<'_> {
    /// Who comes when, and whose shift ends before the run does.
    pub(super) fn plan_shifts(&mut self) {
        let scenario = self.scenario;
        let mut first = 0.0;
        for (which, shift) in scenario.shifts.iter().enumerate() {
            let last = first + shift.share * f64::from(scenario.agents);
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let members = (first.round() as usize)..(last.round() as usize);
            first = last;
            for agent in members {
                let mut random = fate::shift(self.seed, agent as u64);
                let from = shift.from + shift.within * random.uniform();
                let to = shift.to - shift.within * random.uniform();
                if from > 0.0 {
                    self.idle.retain(|&idle| idle != agent);
                    self.place(agent, AgentState::Away);
                    self.plan(from, Happening::Come(agent));
                }
                if shift.to < scenario.seconds {
                    let which = scenario.leaves.len() + which;
                    let told = (to - shift.notice).max(from);
                    self.workers[agent].ends = Some((to, told));
                    let trip = self.trip(agent, which, true);
                    self.plan(told, Happening::Notice(trip));
                    self.plan(to, Happening::Leave(trip));
                }
            }
        }
    }

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
                let trip = self.trip(agent, which, announced);
                if announced {
                    self.plan((at - leave.notice).max(0.0), Happening::Notice(trip));
                }
                self.plan(at, Happening::Leave(trip));
            }
        }
    }

    fn trip(&mut self, agent: usize, leave: usize, announced: bool) -> usize {
        self.trips.push(Trip {
            agent,
            leave,
            announced,
        });
        self.trips.len() - 1
    }

    /// Callers and answered people get the agents idle longest.
    pub(super) fn matching(&mut self) {
        while let Some(&agent) = self.idle.front() {
            if let Some(caller) = self.inbound.pop_front() {
                self.serve(caller, agent);
            } else if let Some(call) = self.waiting.pop_front() {
                self.connect(call, agent);
            } else {
                break;
            }
            self.idle.pop_front();
        }
    }

    fn serve(&mut self, caller: Caller, agent: usize) {
        self.run.inbound_wait_seconds += self.now - caller.since;
        self.set(agent, AgentState::Talk);
        self.occupy(agent, caller.talk, caller.wrap);
    }

    /// An inbound call arrives.
    pub(super) fn caller(&mut self) {
        self.arrived += 1;
        self.run.inbound += 1;
        let number = self.arrived;
        let (talk, wrap, patience) = Fate::of_inbound(self.scenario, self.seed, number);
        let caller = Caller {
            since: self.now,
            number,
            talk,
            wrap,
        };
        self.plan_arrival();
        // Whoever is idle was left idle by `matching`: nobody waits.
        if let Some(&agent) = self.idle.front() {
            self.serve(caller, agent);
            self.idle.pop_front();
            return;
        }
        self.inbound.push_back(caller);
        self.run.inbound_waited += 1;
        if let Some(patience) = patience {
            self.plan(patience, Happening::Impatient(number));
        }
    }

    pub(super) fn caller_gives_up(&mut self, number: u64) {
        let waits = |caller: &Caller| caller.number == number;
        if let Some(at) = self.inbound.iter().position(waits)
            && let Some(caller) = self.inbound.remove(at)
        {
            self.run.inbound_abandoned += 1;
            self.run.inbound_wait_seconds += self.now - caller.since;
        }
    }

    fn connect(&mut self, call: u64, agent: usize) {
        let Some(view) = self.remove(call) else {
            return;
        };
        self.run.wait_seconds += self.now - view.since;
        self.workers[agent].call = Some(call);
        self.place(agent, AgentState::Talk);
        let id = agent as u64;
        self.tell(Event::Connected { call, agent: id });
        if self.is_machine(call) {
            self.run.machines += self.measured(&view);
            self.look_at_machine(agent);
            return;
        }
        self.run.connected += self.measured(&view);
        let fate = Fate::of_dial(self.scenario, self.seed, call);
        self.occupy(agent, fate.talk, fate.wrap);
    }

    /// The agent listens until it is clear that nobody is there.
    fn look_at_machine(&mut self, agent: usize) {
        let machines = self.scenario.machines.as_ref();
        let seconds = machines.map_or(0.0, |machines| machines.agent_seconds);
        let (start, end) = (self.now, self.scenario.seconds);
        let measured = (start + seconds).min(end) - start.max(self.scenario.warmup_seconds);
        self.run.machine_seconds += measured.max(0.0);
        self.run.handle_seconds += seconds;
        self.run
            .spread(start, (start + seconds).min(end), |minute, seconds| {
                minute.busy += seconds;
            });
        self.plan(seconds, Happening::Seen(agent));
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
            .spread(start, (start + talk + wrap).min(end), |minute, seconds| {
                minute.busy += seconds;
            });
        self.workers[agent].wrap_ends = if wrap > 0.0 {
            self.nanoseconds(talk + wrap)
        } else {
            0
        };
        self.plan(talk, Happening::TalkEnd(agent));
    }

    /// The wrap-up of a conversation that has just ended; none at all is over at once.
    pub(super) fn wrap_up(&mut self, agent: usize) {
        let ends = self.workers[agent].wrap_ends;
        if ends > 0 && ends > self.nanoseconds(0.0) {
            self.plan_at(ends, Happening::WrapEnd(agent));
        } else {
            self.free(agent);
        }
    }

    /// The outbound call of an agent is over.
    pub(super) fn end_call(&mut self, agent: usize, outcome: Outcome) {
        if let Some(call) = self.workers[agent].call.take() {
            self.tell(Event::Ended { call, outcome });
        }
    }

    /// Done with a call: goes where that was planned, else is ready.
    pub(super) fn free(&mut self, agent: usize) {
        match self.workers[agent].leave {
            Some(leave) => self.go(agent, leave),
            None => self.ready(agent),
        }
    }

    pub(super) fn come(&mut self, agent: usize) {
        self.workers[agent].staffed_since = self.now;
        self.ready(agent);
    }

    /// A break is over, and perhaps the shift.
    pub(super) fn back(&mut self, agent: usize) {
        if self.workers[agent].off {
            let agent = agent as u64;
            self.tell(Event::AgentGone { agent });
            return;
        }
        self.come(agent);
    }

    pub(super) fn ready(&mut self, agent: usize) {
        self.set(agent, AgentState::Idle);
        self.idle.push_back(agent);
        self.matching();
        self.changed = true;
    }

    pub(super) fn leave(&mut self, trip: Trip) {
        let Trip {
            agent,
            leave,
            announced,
        } = trip;
        let view = &mut self.agents[agent];
        let for_good = self.goings[leave].seconds.is_none();
        if view.state == AgentState::Away {
            (view.next, view.planned) = (Next::Ready, None);
            self.workers[agent].off |= for_good;
            return;
        }
        if self.workers[agent].leave.is_some() && !for_good {
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
            view.next = next(self.goings[leave].seconds);
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
        let ends = self.workers[agent].ends;
        let view = &mut self.agents[agent];
        (view.next, view.planned) = match ends {
            Some((ends, told)) if (told..ends).contains(&self.now) => (Next::Logout, Some(ends)),
            _ => (Next::Ready, None),
        };
        if let Some(seconds) = self.goings[leave].seconds {
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
            .spread(from, to, |minute, seconds| minute.staffed += seconds);
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
