//! The discrete-event simulator: events in time order, one policy, one seed.
//!
//! Dialing and inbound arrivals stop at the scenario's end; calls then end by themselves and count in full.
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};

use super::fate::{self, Fate};
use super::floor::next;
use super::policy::{
    AgentView, CallView, Count, Event, Next, Policy, SNAPSHOT_VERSION, Snapshot, Stage, float,
};
use super::scenario::Scenario;
use super::tally::{PIECE_SECONDS, Piece, Run};
use crate::books::{AgentState, Outcome};
use crate::random::Random;

/// Nothing rings or fails in less time, seconds: a dial never costs no time at all.
const SHORTEST: f64 = 0.001;
/// How long the carrier takes to fail a call, seconds.
const FAILURE_SECONDS: f64 = 0.5;
const GONE: usize = usize::MAX;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Happening {
    Decide,
    Dial,
    Answer(u64),
    NoAnswer(u64),
    Fail(u64),
    Deadline(u64),
    TalkEnd(usize),
    WrapEnd(usize),
    Inbound,
    Notice(usize, usize),
    Leave(usize, usize, bool),
    Back(usize),
}

/// What the simulator alone knows of an agent.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Worker {
    /// The outbound call, while talking.
    pub(super) call: Option<u64>,
    /// Goes on this leave after the call.
    pub(super) leave: Option<usize>,
    pub(super) staffed_since: f64,
}

pub(super) struct World<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) policy: &'a mut dyn Policy,
    pub(super) stop: &'a AtomicBool,
    pub(super) seed: u64,
    pub(super) now: f64,
    pub(super) events: BinaryHeap<Reverse<(u64, u64, Happening)>>,
    pub(super) planned: u64,
    pub(super) agents: Vec<AgentView>,
    pub(super) workers: Vec<Worker>,
    pub(super) idle: VecDeque<usize>,
    pub(super) calls: Vec<CallView>,
    /// Where in `calls` a call is, by its number.
    pub(super) places: Vec<usize>,
    /// Answered people waiting, oldest first.
    pub(super) waiting: VecDeque<u64>,
    pub(super) inbound: VecDeque<(f64, u64)>,
    pub(super) arrivals: Random,
    pub(super) arrived: u64,
    pub(super) pending: u64,
    pub(super) count: Count,
    pub(super) tokens: f64,
    pub(super) tokens_at: f64,
    pub(super) changed: bool,
    pub(super) run: Run,
}

/// Runs a scenario that has been checked; nothing if `stop` was set meanwhile.
pub fn run(
    scenario: &Scenario,
    policy: &mut dyn Policy,
    seed: u64,
    stop: &AtomicBool,
) -> Option<Run> {
    let mut world = World::new(scenario, policy, seed, stop);
    world.begin();
    while let Some(Reverse((at, _, happening))) = world.events.pop() {
        #[allow(clippy::cast_precision_loss)]
        {
            world.now = at as f64 * 1e-9;
        }
        world.happen(happening);
        if std::mem::take(&mut world.changed) && scenario.decide_on_change {
            world.decide();
        }
        if stop.load(Ordering::Relaxed) {
            return None;
        }
    }
    Some(world.finish())
}

impl<'a> World<'a> {
    fn new(
        scenario: &'a Scenario,
        policy: &'a mut dyn Policy,
        seed: u64,
        stop: &'a AtomicBool,
    ) -> Self {
        let team = scenario.agents as usize;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let pieces = (scenario.seconds / PIECE_SECONDS).ceil().max(1.0) as usize;
        Self {
            scenario,
            policy,
            stop,
            seed,
            now: 0.0,
            events: BinaryHeap::new(),
            planned: 0,
            agents: (0..u64::from(scenario.agents))
                .map(|id| AgentView {
                    id,
                    state: AgentState::Idle,
                    since: 0.0,
                    next: Next::Ready,
                    planned: None,
                })
                .collect(),
            workers: vec![Worker::default(); team],
            idle: (0..team).collect(),
            calls: Vec::new(),
            places: vec![GONE],
            waiting: VecDeque::new(),
            inbound: VecDeque::new(),
            arrivals: fate::arrivals(seed),
            arrived: 0,
            pending: 0,
            count: Count {
                idle: u64::from(scenario.agents),
                ..Count::default()
            },
            tokens: scenario.calls_per_second.unwrap_or(0.0),
            tokens_at: 0.0,
            changed: false,
            run: Run {
                seed,
                pieces: vec![Piece::default(); pieces],
                ..Run::default()
            },
        }
    }

    fn begin(&mut self) {
        self.policy.reset(self.scenario, self.seed);
        for id in 0..u64::from(self.scenario.agents) {
            self.tell(Event::Agent {
                agent: id,
                state: AgentState::Idle,
                leaving: false,
            });
        }
        self.plan_leaves();
        self.plan_arrival();
        self.plan(0.0, Happening::Decide);
    }

    fn plan_arrival(&mut self) {
        if let Some(inbound) = &self.scenario.inbound {
            let gap = -self.arrivals.uniform().ln() * 3600.0 / inbound.per_hour;
            if self.now + gap < self.scenario.seconds {
                self.plan(gap, Happening::Inbound);
            }
        }
    }

    pub(super) fn plan(&mut self, after: f64, happening: Happening) {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let at = ((self.now + after) * 1e9).round() as u64;
        self.planned += 1;
        self.events.push(Reverse((at, self.planned, happening)));
    }

    pub(super) fn tell(&mut self, event: Event) {
        self.policy.on_event(self.now, event);
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Decide => {
                if self.now < self.scenario.seconds {
                    self.decide();
                    self.plan(self.scenario.decide_seconds, Happening::Decide);
                }
            }
            Happening::Dial => {
                self.pending -= 1;
                self.dial();
            }
            Happening::Answer(call) => self.answer(call),
            Happening::NoAnswer(call) => self.unanswered(call, Outcome::NoAnswer),
            Happening::Fail(call) => self.unanswered(call, Outcome::Failed),
            Happening::Deadline(call) => self.abandon(call),
            Happening::TalkEnd(agent) => {
                if let Some(call) = self.workers[agent].call.take() {
                    let outcome = Outcome::Done;
                    self.tell(Event::Ended { call, outcome });
                }
                self.set(agent, AgentState::Wrap);
            }
            Happening::WrapEnd(agent) => match self.workers[agent].leave {
                Some(leave) => self.go(agent, leave),
                None => self.ready(agent),
            },
            Happening::Inbound => {
                self.arrived += 1;
                self.run.inbound += 1;
                self.inbound.push_back((self.now, self.arrived));
                self.plan_arrival();
                if !self.matching() {
                    self.run.inbound_waited += 1;
                }
            }
            Happening::Notice(agent, leave) => {
                let coming = &self.scenario.leaves[leave];
                self.agents[agent].planned = Some(self.now + coming.notice);
                self.agents[agent].next = next(coming.seconds);
            }
            Happening::Leave(agent, leave, announced) => self.leave(agent, leave, announced),
            Happening::Back(agent) => {
                self.workers[agent].staffed_since = self.now;
                self.ready(agent);
            }
        }
    }

    fn decide(&mut self) {
        if self.now >= self.scenario.seconds {
            return;
        }
        let lines = self.scenario.most_lines();
        let lines_free = lines.saturating_sub(self.calls.len() as u64 + self.pending);
        let rate_tokens = self.rate_tokens();
        let snapshot = Snapshot {
            version: SNAPSHOT_VERSION,
            now: self.now,
            agents: &self.agents,
            calls: &self.calls,
            pending: self.pending,
            hopper: u64::MAX,
            lines_free,
            rate_tokens,
            target: self.scenario.target,
            cap: self.scenario.cap,
            answered: self.run.total_answered,
            abandoned: self.run.total_abandoned,
            count: self.count,
        };
        self.run.decisions += 1;
        let decision = self.policy.decide(&snapshot);
        if self.stop.load(Ordering::Relaxed) {
            return;
        }
        for call in decision.give_up {
            self.give_up(call);
        }
        let dials = decision.dials.min(lines_free).min(rate_tokens);
        self.tokens -= float(dials);
        for _ in 0..dials {
            if self.scenario.dial_latency > 0.0 {
                self.pending += 1;
                self.plan(self.scenario.dial_latency, Happening::Dial);
            } else {
                self.dial();
            }
        }
    }

    /// A bucket that holds one second's worth, one call at least.
    fn rate_tokens(&mut self) -> u64 {
        let Some(rate) = self.scenario.calls_per_second else {
            return u64::MAX;
        };
        self.tokens = (self.tokens + rate * (self.now - self.tokens_at)).min(rate.max(1.0));
        self.tokens_at = self.now;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        {
            self.tokens.max(0.0) as u64
        }
    }

    fn dial(&mut self) {
        let s = self.scenario;
        let call = self.places.len() as u64;
        let fate = Fate::of_dial(s, self.seed, call);
        let known = fate.own_p.filter(|_| s.lead_known);
        self.places.push(self.calls.len());
        self.calls.push(CallView {
            id: call,
            stage: Stage::InFlight,
            dialed: self.now,
            since: self.now,
            p: known,
        });
        self.count.in_flight += 1;
        self.run.attempts += u64::from(self.now >= s.warmup_seconds);
        self.run.most_lines = self.run.most_lines.max(self.calls.len() as u64);
        self.tell(Event::Dialed { call, p: known });
        let p = fate
            .own_p
            .unwrap_or_else(|| s.answer_probability.at(self.now));
        let down = |&(from, to): &(f64, f64)| (from..to).contains(&self.now);
        if s.outages.iter().any(down) {
            self.plan(FAILURE_SECONDS, Happening::Fail(call));
        } else if fate.luck < p {
            self.plan(fate.ring.max(SHORTEST), Happening::Answer(call));
        } else {
            self.plan(fate.unanswered.max(SHORTEST), Happening::NoAnswer(call));
        }
    }

    fn place_of(&self, call: u64) -> Option<usize> {
        let place = *self.places.get(usize::try_from(call).ok()?)?;
        (place != GONE).then_some(place)
    }

    fn set_place(&mut self, call: u64, place: usize) {
        if let Ok(call) = usize::try_from(call) {
            self.places[call] = place;
        }
    }

    /// Takes a call out of the list, if it is still there.
    pub(super) fn remove(&mut self, call: u64) -> Option<CallView> {
        let place = self.place_of(call)?;
        let view = self.calls.swap_remove(place);
        let moved = self.calls.get(place).map(|moved| moved.id);
        self.set_place(call, GONE);
        if let Some(moved) = moved {
            self.set_place(moved, place);
        }
        match view.stage {
            Stage::InFlight => self.count.in_flight -= 1,
            Stage::Waiting => self.count.waiting -= 1,
        }
        self.run.line_seconds += self.now - view.dialed;
        Some(view)
    }

    pub(super) fn measured(&self, view: &CallView) -> u64 {
        u64::from(view.dialed >= self.scenario.warmup_seconds)
    }

    fn answer(&mut self, call: u64) {
        let Some(place) = self.place_of(call) else {
            return;
        };
        let view = &mut self.calls[place];
        view.stage = Stage::Waiting;
        view.since = self.now;
        let view = *view;
        self.count.in_flight -= 1;
        self.count.waiting += 1;
        self.run.answered += self.measured(&view);
        self.run.total_answered += 1;
        self.run.piece(self.now).answered += 1;
        self.tell(Event::Answered { call });
        self.waiting.push_back(call);
        self.plan(self.scenario.grace_seconds, Happening::Deadline(call));
        self.matching();
    }

    fn unanswered(&mut self, call: u64, outcome: Outcome) {
        let Some(view) = self.remove(call) else {
            return;
        };
        let counted = self.measured(&view);
        match outcome {
            Outcome::Failed => self.run.failed += counted,
            _ => self.run.unanswered += counted,
        }
        self.tell(Event::Ended { call, outcome });
        self.changed = true;
    }

    fn abandon(&mut self, call: u64) {
        let Some(at) = self.waiting.iter().position(|&waiting| waiting == call) else {
            return;
        };
        self.waiting.remove(at);
        if let Some(view) = self.remove(call) {
            self.run.abandoned += self.measured(&view);
            self.run.total_abandoned += 1;
            self.run.wait_seconds += self.now - view.since;
            self.run.piece(view.since).abandoned += 1;
        }
        self.tell(Event::Abandoned { call });
    }

    fn give_up(&mut self, call: u64) {
        let Some(place) = self.place_of(call) else {
            return;
        };
        let view = &self.calls[place];
        let allowed = self
            .scenario
            .give_up_after
            .is_some_and(|after| self.now - view.dialed >= after);
        if !allowed || view.stage != Stage::InFlight {
            return;
        }
        self.run.given_up += self.measured(view);
        self.remove(call);
        let outcome = Outcome::Cancelled;
        self.tell(Event::Ended { call, outcome });
    }

    fn finish(mut self) -> Run {
        for agent in 0..self.agents.len() {
            if self.agents[agent].state != AgentState::Away {
                self.staffed(agent);
            }
        }
        self.run
    }
}
