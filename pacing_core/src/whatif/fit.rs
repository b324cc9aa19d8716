//! A log, read as what happened: people, agents, limits.
use std::collections::HashMap;

use super::samples::Durations;
use crate::books::{AgentState, Outcome};
use crate::error::PacingError;
use crate::lab::{Dist, Scenario};
use crate::log::{Entry, Input, Reader, seconds};
use crate::pacer::{LimitedBy, Options, Pacer};

/// A call that was dialed less than so long before the log's end may still be answered, seconds: it tells nothing.
const UNSETTLED: f64 = 90.0;
/// Answers below which nothing is fitted.
const FEWEST_ANSWERS: u64 = 50;
/// Without a decision for so long, milliseconds, it is not being dialed.
const PAUSE: i64 = 5000;
/// The pacer that learns from the log decides so often, milliseconds.
const LOOK: i64 = 1000;
/// A limit is part of the model if it bound so large a share of the decisions.
const BINDS: f64 = 0.005;
/// Longest way from a decision to its dials that is believed, seconds.
const LONGEST_LATENCY: f64 = 5.0;

const MOST_LINES: u64 = 1_000_000;

/// How it was, in the part of the log that was read.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Past {
    pub seconds: f64,
    /// Mean number of agents logged in and not paused.
    pub agents: f64,
    pub dialed: u64,
    pub answered: u64,
    pub abandoned: u64,
    pub talk_minutes_per_agent_hour: f64,
    /// Talk and wrap-up, as a share of the agents' time.
    pub occupancy: f64,
}

impl Past {
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub fn abandon_rate(&self) -> f64 {
        self.abandoned as f64 / (self.answered as f64).max(1.0)
    }
}

/// What a log tells about its campaign.
#[derive(Debug, Clone)]
pub struct Model {
    /// To be run at any target.
    pub scenario: Scenario,
    pub past: Past,
    /// The pacer's target and cap at the log's end.
    pub target: f64,
    pub cap: Option<f64>,
    /// What a pacer has learned of the log.
    pub(super) learned: Vec<u8>,
    /// Answered and abandoned at its end, the budget's history included.
    pub(super) ledger: (u64, u64),
}

impl Model {
    /// Reads the last `within` seconds of a log.
    ///
    /// # Errors
    /// [`PacingError::Log`] when it is no log, or too little happened in it.
    pub fn fit(bytes: &[u8], within: f64) -> Result<Self, PacingError> {
        let Span {
            first,
            last,
            keyframes,
        } = span(bytes)?;
        let from = seconds(first).max(seconds(last) - within);
        let mut walk = Walk::new(from, seconds(last), keyframes);
        for entry in Reader::new(bytes) {
            // Calls that end when nobody is dialed any more tell of another time.
            if matches!(entry, Entry::Input { at, .. } if at > last) {
                break;
            }
            walk.take(entry);
        }
        walk.model()
    }
}

/// First and last decision of a log, milliseconds, and the keyframes before the last.
struct Span {
    first: i64,
    last: i64,
    keyframes: usize,
}

fn span(bytes: &[u8]) -> Result<Span, PacingError> {
    let mut span: Option<Span> = None;
    let mut keyframes = 0;
    for entry in Reader::new(bytes) {
        match entry {
            Entry::Start(_) => keyframes += 1,
            Entry::Decide { at, .. } => {
                span = Some(Span {
                    first: span.map_or(at, |span| span.first),
                    last: at,
                    keyframes,
                });
            }
            _ => {}
        }
    }
    span.ok_or_else(|| PacingError::Log {
        reason: "it holds no decision: give the log of a campaign that was dialed".to_owned(),
    })
}

#[derive(Debug, Clone, Copy)]
struct Open {
    dialed: f64,
    answered: bool,
    agent: Option<u64>,
}

/// Walks through a log with books of its own, so that a log of another build can be read too.
struct Walk {
    from: f64,
    to: f64,
    now: f64,
    /// As it was at the last keyframe; after the last of all it learns as the live one did, nearly.
    pacer: Option<Pacer>,
    /// Keyframes yet to come.
    keyframes: usize,
    /// The moment it last decided, milliseconds.
    looked: i64,
    /// As far as they can be read of a log of another build.
    options: Options,
    agents: HashMap<u64, (AgentState, f64)>,
    calls: HashMap<u64, Open>,
    /// Agents logged in and not paused; talking; wrapping up.
    present: f64,
    talking: f64,
    wrapping: f64,
    /// Dials asked for and not yet made.
    pending: f64,
    /// Integrals of these four, and of 1, over the time in which it was dialed.
    seconds: [f64; 5],
    ring: Durations,
    unanswered: Durations,
    talk: Durations,
    wrap: Durations,
    settled: (u64, u64),
    past: Past,
    decisions: u64,
    /// Milliseconds of the last decision.
    decided: Option<i64>,
    moments: u64,
    limited: [u64; 2],
    /// Sum of the lines there were whenever there were too few.
    lines: u64,
    dials_by_ten: HashMap<u64, u64>,
}

impl Walk {
    fn new(from: f64, to: f64, keyframes: usize) -> Self {
        Self {
            from,
            to,
            now: from,
            pacer: None,
            keyframes,
            looked: i64::MIN / 2,
            options: Options::default(),
            agents: HashMap::new(),
            calls: HashMap::new(),
            present: 0.0,
            talking: 0.0,
            wrapping: 0.0,
            pending: 0.0,
            seconds: [0.0; 5],
            ring: Durations::default(),
            unanswered: Durations::default(),
            talk: Durations::default(),
            wrap: Durations::default(),
            settled: (0, 0),
            past: Past::default(),
            decisions: 0,
            decided: None,
            moments: 0,
            limited: [0; 2],
            lines: 0,
            dials_by_ten: HashMap::new(),
        }
    }

    fn inside(&self) -> bool {
        self.now >= self.from
    }

    fn advance(&mut self, at: i64) {
        let now = seconds(at);
        let passed = now - self.now.max(self.from);
        if passed > 0.0 && self.decided.is_some_and(|last| at - last < PAUSE) {
            let counts = [self.present, self.talking, self.wrapping, self.pending, 1.0];
            for (sum, count) in self.seconds.iter_mut().zip(counts) {
                *sum += count * passed;
            }
        }
        self.now = now;
    }

    fn take(&mut self, entry: Entry) {
        match entry {
            Entry::Start(start) => {
                self.options = Options {
                    target: start.target,
                    cap: start.cap,
                    grace_seconds: start.grace_seconds,
                    ..Options::default()
                };
                self.keyframes = self.keyframes.saturating_sub(1);
                let Ok(pacer) = start.pacer() else {
                    return;
                };
                if !start.goes_on || self.pacer.is_none() {
                    self.begin(&pacer, start.at);
                }
                self.pacer = Some(pacer);
            }
            Entry::Input { at, input } => {
                self.advance(at);
                self.input(&input);
                if let Some(pacer) = self.learning() {
                    input.tell(pacer, seconds(at));
                }
            }
            Entry::Decide {
                at, limits, made, ..
            } => {
                self.advance(at);
                // Jumps are looked for, and risk is given its price, at decisions: one a second tells as much as all.
                if at - self.looked >= LOOK {
                    self.looked = at;
                    if let Some(pacer) = self.learning() {
                        pacer.decide(seconds(at), limits);
                    }
                }
                let apart = self.decided.is_none_or(|last| at > last);
                self.decided = Some(at);
                #[allow(clippy::cast_precision_loss)]
                let asked = limits.pending.saturating_add(made.dials).min(MOST_LINES) as f64;
                self.pending = asked;
                if !self.inside() {
                    return;
                }
                self.decisions += 1;
                self.moments += u64::from(apart);
                if made.limited_by == LimitedBy::Lines {
                    self.limited[0] += 1;
                    // The simulator's lines are those of calls before an agent has them.
                    let ahead = self.calls.values().filter(|call| call.agent.is_none());
                    let room = limits.lines_free.min(MOST_LINES) + limits.pending;
                    self.lines += ahead.count() as u64 + room;
                }
                self.limited[1] += u64::from(made.limited_by == LimitedBy::CallsPerSecond);
            }
            // What was open then can no longer be followed.
            Entry::Damage(_) => self.forget(),
            Entry::Check(_) => {}
        }
    }

    /// The pacer, once no keyframe takes its place any more.
    fn learning(&mut self) -> Option<&mut Pacer> {
        self.pacer.as_mut().filter(|_| self.keyframes == 0)
    }

    fn forget(&mut self) {
        self.agents.clear();
        self.calls.clear();
        (self.present, self.talking, self.wrapping) = (0.0, 0.0, 0.0);
        self.pacer = None;
    }

    /// Another pacer: its books instead of ours.
    fn begin(&mut self, pacer: &Pacer, at: Option<i64>) {
        self.forget();
        if let Some(at) = at {
            self.advance(at);
        }
        let (agents, calls) = pacer.books();
        for agent in agents {
            self.agent(agent.id, Some(agent.state), agent.since);
        }
        for call in calls {
            let (answered, agent) = match call.stage {
                crate::books::Stage::InFlight => (false, None),
                crate::books::Stage::Waiting { .. } => (true, None),
                crate::books::Stage::Talking { agent, .. } => (true, Some(agent)),
            };
            let open = Open {
                dialed: call.dialed,
                answered,
                agent,
            };
            self.calls.insert(call.id, open);
        }
    }

    /// An agent's new state; none: gone.
    fn agent(&mut self, id: u64, state: Option<AgentState>, since: f64) {
        let before = match state {
            Some(state) => self.agents.insert(id, (state, since)),
            None => self.agents.remove(&id),
        };
        if let Some((old, began)) = before {
            self.count(old, -1.0);
            let lasted = self.now - began;
            if self.inside() {
                match old {
                    AgentState::Talk => {
                        self.talk.add(lasted, true);
                        if state != Some(AgentState::Wrap) {
                            self.wrap.add(0.0, true);
                        }
                    }
                    AgentState::Wrap => self.wrap.add(lasted, true),
                    AgentState::Idle | AgentState::Reserved | AgentState::Away => {}
                }
            }
        }
        if let Some(state) = state {
            self.count(state, 1.0);
        }
    }

    fn count(&mut self, state: AgentState, by: f64) {
        self.present += if state == AgentState::Away { 0.0 } else { by };
        self.talking += if state == AgentState::Talk { by } else { 0.0 };
        self.wrapping += if state == AgentState::Wrap { by } else { 0.0 };
    }

    fn change(&mut self, id: u64, state: AgentState) {
        if self.agents.get(&id).is_none_or(|agent| agent.0 != state) {
            self.agent(id, Some(state), self.now);
        }
    }

    fn input(&mut self, input: &Input) {
        match *input {
            Input::Agent { agent, state, .. } => self.change(agent, state),
            Input::AgentGone { agent } => self.agent(agent, None, self.now),
            Input::Dialed { call, .. } => self.dialed(call),
            Input::Answered { call } => self.answered(call),
            Input::Connected { call, agent } => {
                self.answered(call);
                if let Some(open) = self.calls.get_mut(&call) {
                    open.agent = Some(agent);
                }
                self.change(agent, AgentState::Talk);
            }
            Input::Abandoned { call } => {
                self.answered(call);
                if self.calls.remove(&call).is_some() {
                    self.past.abandoned += u64::from(self.inside());
                }
            }
            Input::Ended { call, outcome } => self.ended(call, outcome),
            Input::SetTarget { target } => self.options.target = target,
            // Nothing that the model is made of.
            _ => {}
        }
    }

    fn dialed(&mut self, call: u64) {
        let open = Open {
            dialed: self.now,
            answered: false,
            agent: None,
        };
        self.pending = (self.pending - 1.0).max(0.0);
        if self.calls.insert(call, open).is_none() && self.inside() {
            self.past.dialed += 1;
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let ten = ((self.now - self.from) / 10.0) as u64;
            *self.dials_by_ten.entry(ten).or_insert(0) += 1;
        }
    }

    fn answered(&mut self, call: u64) {
        let Some(open) = self.calls.get_mut(&call) else {
            return;
        };
        if open.answered {
            return;
        }
        open.answered = true;
        let dialed = open.dialed;
        if self.inside() {
            self.past.answered += 1;
            self.ring.add(self.now - dialed, true);
            self.settled.0 += u64::from(self.settles(dialed));
        }
    }

    fn settles(&self, dialed: f64) -> bool {
        dialed >= self.from && dialed < self.to - UNSETTLED
    }

    fn ended(&mut self, call: u64, outcome: Outcome) {
        let Some(open) = self.calls.remove(&call) else {
            return;
        };
        if let Some(agent) = open.agent
            && self
                .agents
                .get(&agent)
                .is_some_and(|a| a.0 == AgentState::Talk)
        {
            self.change(agent, AgentState::Wrap);
        }
        let network = matches!(outcome, Outcome::NoAnswer | Outcome::Failed);
        if !open.answered && network && self.inside() {
            self.unanswered.add(self.now - open.dialed, true);
            self.settled.1 += u64::from(self.settles(open.dialed));
        }
    }

    #[allow(clippy::cast_precision_loss)]
    fn model(mut self) -> Result<Model, PacingError> {
        for (state, since) in self.agents.values() {
            match state {
                AgentState::Talk => self.talk.add(self.to - since, false),
                AgentState::Wrap => self.wrap.add(self.to - since, false),
                AgentState::Idle | AgentState::Reserved | AgentState::Away => {}
            }
        }
        let [present, talking, wrapping, pending, span] = self.seconds;
        self.past.seconds = span;
        self.past.agents = present / span.max(1e-9);
        self.past.talk_minutes_per_agent_hour = 60.0 * talking / present.max(1e-9);
        self.past.occupancy = (talking + wrapping) / present.max(1e-9);
        let (answered, unanswered) = self.settled;
        if self.past.answered < FEWEST_ANSWERS || answered == 0 || self.past.agents < 0.5 {
            return Err(PacingError::Log {
                reason: format!(
                    "only {} answers of people are in it: give a longer part, {FEWEST_ANSWERS} at least",
                    self.past.answered
                ),
            });
        }
        let options = self
            .pacer
            .as_ref()
            .map_or(self.options, |pacer| pacer.options().clone());
        let probability = answered as f64 / (answered + unanswered) as f64;
        let mut scenario = Scenario::named("base", "")?;
        "fitted".clone_into(&mut scenario.name);
        "Fitted to a campaign's own log.".clone_into(&mut scenario.about);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let agents = self.past.agents.round().clamp(1.0, 10_000.0) as u32;
        scenario.agents = agents;
        scenario.answer_probability = probability.clamp(0.001, 1.0).into();
        let fitted = |seen: &Durations, or: Dist| seen.distribution().unwrap_or(or);
        scenario.ring = fitted(&self.ring, scenario.ring);
        scenario.unanswered = fitted(&self.unanswered, scenario.unanswered);
        scenario.talk = fitted(&self.talk, scenario.talk);
        scenario.wrap = if self.wrap.ended() > 0 {
            fitted(&self.wrap, scenario.wrap)
        } else {
            Dist::Constant { value: 0.0 }
        };
        scenario.grace_seconds = options.grace_seconds;
        scenario.give_up_after = options.give_up_after;
        scenario.dial_latency =
            (pending / self.past.dialed.max(1) as f64).clamp(0.0, LONGEST_LATENCY);
        scenario.decide_seconds = (span / self.moments.max(1) as f64).clamp(0.2, 1.0);
        let share = |count: u64| count as f64 / self.decisions.max(1) as f64;
        if share(self.limited[0]) > BINDS {
            let lines = (self.lines / self.limited[0]).clamp(1, MOST_LINES);
            scenario.lines = u32::try_from(lines).ok();
        }
        if share(self.limited[1]) > BINDS {
            let most = self.dials_by_ten.values().max().copied().unwrap_or(1);
            scenario.calls_per_second = Some((most as f64 / 10.0).max(0.1));
        }
        scenario.check()?;
        Ok(Model {
            target: options.target,
            cap: options.cap,
            learned: self.pacer.as_ref().map_or_else(Vec::new, Pacer::snapshot),
            ledger: self.pacer.as_ref().map_or((0, 0), Pacer::ledger),
            scenario,
            past: self.past,
        })
    }
}
