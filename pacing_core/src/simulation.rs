//! A seeded simulation of the base scenario of PACING.md, driving the same pacer that dials live.
//!
//! Events in time order; every person's fate (answer, ring, talk, wrap-up) comes from the seed and the number of
//! the dial. Dialing stops at `seconds`; calls then end by themselves, and those dialed before count in full.
//! Occupancy is measured over 0..`seconds`, cold start included.
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use crate::random::Random;
use crate::{AgentState, Limits, Options, Outcome, Pacer, PacingError};

/// A scenario. The default is the base scenario with 50 agents for 1,200 s.
#[derive(Debug, Clone)]
pub struct Scenario {
    pub agents: u32,
    pub answer_probability: f64,
    /// From the given second on, another answer probability.
    pub change: Option<(f64, f64)>,
    pub talk_mean: f64,
    pub talk_cv: f64,
    pub wrap_mean: f64,
    pub wrap_cv: f64,
    pub ring_low: f64,
    pub ring_high: f64,
    /// How long an unanswered dial occupies its line.
    pub no_answer_seconds: f64,
    pub seconds: f64,
    pub seed: u64,
    /// Time between two decisions.
    pub decide_interval: f64,
    /// Delay between a decision and its dials.
    pub dial_latency: f64,
    /// Delay between a match and the conversation; a person not matched in grace less this is abandoned.
    pub bridge_latency: f64,
    pub lines: u32,
    pub pacer: Options,
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            agents: 50,
            answer_probability: 0.3,
            change: None,
            talk_mean: 120.0,
            talk_cv: 1.0,
            wrap_mean: 15.0,
            wrap_cv: 0.5,
            ring_low: 6.0,
            ring_high: 20.0,
            no_answer_seconds: 25.0,
            seconds: 1200.0,
            seed: 0,
            decide_interval: 0.2,
            dial_latency: 0.0,
            bridge_latency: 0.0,
            lines: u32::MAX,
            pacer: Options::default(),
        }
    }
}

/// What a run gave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcomes {
    pub attempts: u64,
    pub live_answers: u64,
    pub abandoned: u64,
    /// Ended by the person before an agent was there; nobody hangs up by themselves in the base scenario.
    pub ended_before_agent: u64,
    pub abandon_rate: f64,
    /// Share of the agents' time that is talk or wrap-up.
    pub occupancy: f64,
    pub talk_minutes_per_agent_hour: f64,
    /// Mean handle time (talk and wrap-up) of connected calls, seconds.
    pub handle_mean: f64,
    pub connected: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Happening {
    Decide,
    Dial(u64),
    Answer(u64),
    NoAnswer(u64),
    Deadline(u64),
    Connect(u64, u64),
    TalkEnd(u64, u64),
    WrapEnd(u64),
}

/// Time in nanoseconds, so that events order exactly, then the order of planning.
type Due = Reverse<(u64, u64, Happening)>;

struct Run<'a> {
    scenario: &'a Scenario,
    pacer: Pacer,
    events: BinaryHeap<Due>,
    planned: u64,
    now: f64,
    /// Longest idle first.
    idle: VecDeque<u64>,
    /// Answered and waiting for an agent, oldest first.
    waiting: VecDeque<u64>,
    pending: u64,
    on_line: u64,
    dials: u64,
    talk: f64,
    wrap: f64,
    handle: f64,
    outcomes: Outcomes,
}

/// Runs a scenario.
///
/// # Errors
/// [`PacingError::Domain`] for a value outside its range.
pub fn simulate(scenario: &Scenario) -> Result<Outcomes, PacingError> {
    check(scenario)?;
    let mut run = Run {
        pacer: Pacer::new(scenario.pacer.clone())?,
        scenario,
        events: BinaryHeap::new(),
        planned: 0,
        now: 0.0,
        idle: (0..u64::from(scenario.agents)).collect(),
        waiting: VecDeque::new(),
        pending: 0,
        on_line: 0,
        dials: 0,
        talk: 0.0,
        wrap: 0.0,
        handle: 0.0,
        outcomes: Outcomes {
            attempts: 0,
            live_answers: 0,
            abandoned: 0,
            ended_before_agent: 0,
            abandon_rate: 0.0,
            occupancy: 0.0,
            talk_minutes_per_agent_hour: 0.0,
            handle_mean: 0.0,
            connected: 0,
        },
    };
    for agent in 0..u64::from(scenario.agents) {
        run.pacer.agent(0.0, agent, AgentState::Idle, false);
    }
    run.plan(0.0, Happening::Decide);
    while let Some(Reverse((at, _, happening))) = run.events.pop() {
        #[allow(clippy::cast_precision_loss)]
        {
            run.now = at as f64 * 1e-9;
        }
        run.happen(happening);
    }
    Ok(run.finish())
}

impl Run<'_> {
    fn plan(&mut self, after: f64, happening: Happening) {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let at = ((self.now + after) * 1e9).round() as u64;
        self.planned += 1;
        self.events.push(Reverse((at, self.planned, happening)));
    }

    fn happen(&mut self, happening: Happening) {
        let now = self.now;
        match happening {
            Happening::Decide => self.decide(),
            Happening::Dial(call) => self.dial(call),
            Happening::Answer(call) => {
                self.on_line -= 1;
                self.outcomes.live_answers += 1;
                self.pacer.answered(now, call);
                self.waiting.push_back(call);
                self.plan(
                    (self.scenario.pacer.grace_seconds - self.scenario.bridge_latency).max(0.0),
                    Happening::Deadline(call),
                );
                self.matching();
            }
            Happening::NoAnswer(call) => {
                self.on_line -= 1;
                self.pacer.ended(now, call, Outcome::NoAnswer);
            }
            Happening::Deadline(call) => {
                if let Some(at) = self.waiting.iter().position(|&waiting| waiting == call) {
                    self.waiting.remove(at);
                    self.outcomes.abandoned += 1;
                    self.pacer.abandoned(now, call);
                }
            }
            Happening::Connect(call, agent) => self.connect(call, agent),
            Happening::TalkEnd(call, agent) => {
                self.pacer.ended(now, call, Outcome::Done);
                self.pacer.agent(now, agent, AgentState::Wrap, false);
            }
            Happening::WrapEnd(agent) => {
                self.pacer.agent(now, agent, AgentState::Idle, false);
                self.idle.push_back(agent);
                self.matching();
            }
        }
    }

    fn decide(&mut self) {
        if self.now >= self.scenario.seconds {
            return;
        }
        let lines = u64::from(self.scenario.lines);
        let decision = self.pacer.decide(
            self.now,
            Limits {
                lines_free: lines.saturating_sub(self.on_line + self.pending),
                rate_tokens: u64::MAX,
                leads: u64::MAX,
                pending: self.pending,
            },
        );
        for _ in 0..decision.dials {
            self.dials += 1;
            let call = self.dials;
            if self.scenario.dial_latency > 0.0 {
                self.pending += 1;
                self.plan(self.scenario.dial_latency, Happening::Dial(call));
            } else {
                self.pending += 1;
                self.dial(call);
            }
        }
        self.plan(self.scenario.decide_interval, Happening::Decide);
    }

    fn fate(&self, call: u64) -> Random {
        Random::new(self.scenario.seed, call)
    }

    fn dial(&mut self, call: u64) {
        let s = self.scenario;
        self.pending -= 1;
        self.on_line += 1;
        self.outcomes.attempts += 1;
        self.pacer.dialed(self.now, call, None);
        let mut fate = self.fate(call);
        let p = match s.change {
            Some((from, p)) if self.now >= from => p,
            _ => s.answer_probability,
        };
        if fate.uniform() < p {
            let ring = s.ring_low + (s.ring_high - s.ring_low) * fate.uniform();
            self.plan(ring, Happening::Answer(call));
        } else {
            self.plan(s.no_answer_seconds, Happening::NoAnswer(call));
        }
    }

    fn matching(&mut self) {
        while !self.waiting.is_empty() && !self.idle.is_empty() {
            let (Some(call), Some(agent)) = (self.waiting.pop_front(), self.idle.pop_front())
            else {
                return;
            };
            if self.scenario.bridge_latency > 0.0 {
                self.pacer
                    .agent(self.now, agent, AgentState::Reserved, false);
                self.plan(
                    self.scenario.bridge_latency,
                    Happening::Connect(call, agent),
                );
            } else {
                self.connect(call, agent);
            }
        }
    }

    fn connect(&mut self, call: u64, agent: u64) {
        let s = self.scenario;
        self.pacer.connected(self.now, call, agent);
        let mut fate = self.fate(call.wrapping_add(1 << 40));
        let talk = fate.lognormal(s.talk_mean, s.talk_cv);
        let wrap = fate.lognormal(s.wrap_mean, s.wrap_cv);
        let inside = |from: f64, to: f64| to.min(s.seconds) - from.min(s.seconds);
        self.talk += inside(self.now, self.now + talk);
        self.wrap += inside(self.now + talk, self.now + talk + wrap);
        self.handle += talk + wrap;
        self.outcomes.connected += 1;
        self.plan(talk, Happening::TalkEnd(call, agent));
        self.plan(talk + wrap, Happening::WrapEnd(agent));
    }

    #[allow(clippy::cast_precision_loss)]
    fn finish(self) -> Outcomes {
        let time = f64::from(self.scenario.agents) * self.scenario.seconds;
        let rate = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
        Outcomes {
            abandon_rate: rate(
                self.outcomes.abandoned as f64,
                self.outcomes.live_answers as f64,
            ),
            occupancy: rate(self.talk + self.wrap, time),
            talk_minutes_per_agent_hour: 60.0 * rate(self.talk, time),
            handle_mean: rate(self.handle, self.outcomes.connected as f64),
            ..self.outcomes
        }
    }
}

fn check(s: &Scenario) -> Result<(), PacingError> {
    let within = |name, value: f64, low: f64, high: f64, allowed| {
        if (low..=high).contains(&value) {
            Ok(())
        } else {
            Err(PacingError::Domain {
                name,
                value,
                allowed,
            })
        }
    };
    within("agents", f64::from(s.agents), 1.0, 10_000.0, "1 to 10,000")?;
    within(
        "answer_probability",
        s.answer_probability,
        0.0,
        1.0,
        "0 to 1",
    )?;
    within("seconds", s.seconds, 1.0, 1e8, "1 to 100,000,000 seconds")?;
    within("talk_mean", s.talk_mean, 0.1, 1e5, "0.1 to 100,000 seconds")?;
    within("talk_cv", s.talk_cv, 0.0, 10.0, "0 to 10")?;
    within("wrap_mean", s.wrap_mean, 0.0, 1e5, "0 to 100,000 seconds")?;
    within("wrap_cv", s.wrap_cv, 0.0, 10.0, "0 to 10")?;
    within("ring_low", s.ring_low, 0.0, 600.0, "0 to 600 seconds")?;
    within(
        "ring_high",
        s.ring_high,
        s.ring_low,
        600.0,
        "ring_low to 600 seconds",
    )?;
    within(
        "no_answer_seconds",
        s.no_answer_seconds,
        0.0,
        600.0,
        "0 to 600 seconds",
    )?;
    within(
        "decide_interval",
        s.decide_interval,
        0.01,
        60.0,
        "0.01 to 60 seconds",
    )?;
    within("dial_latency", s.dial_latency, 0.0, 10.0, "0 to 10 seconds")?;
    within(
        "bridge_latency",
        s.bridge_latency,
        0.0,
        10.0,
        "0 to 10 seconds",
    )?;
    if let Some((at, p)) = s.change {
        within("change_at", at, 0.0, 1e8, "0 to 100,000,000 seconds")?;
        within("changed_probability", p, 0.0, 1.0, "0 to 1")?;
    }
    Ok(())
}
