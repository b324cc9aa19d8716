//! The discrete-event simulator: events in time order, one policy, one seed.
//!
//! Dialing and inbound arrivals stop at the scenario's end; calls then end by themselves and count in full.
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};

use super::agenda::Agenda;
use super::fate;
use super::floor::next;
use super::policy::{
    AgentView, CallView, Count, Event, Next, NextLead, Policy, SNAPSHOT_VERSION, Snapshot, float,
};
use super::scenario::Scenario;
use super::tally::{MINUTE, Piece, Run};
use crate::books::{AgentState, Outcome};
use crate::random::Random;

pub(super) const GONE: usize = usize::MAX;

/// Leads of the hopper that policies see, where leads differ.
const HOPPER: usize = 128;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Happening {
    Decide,
    Dial,
    Answer(u64),
    NoAnswer(u64),
    Fail(u64),
    Detected(u64),
    Mistaken(u64),
    Deadline(u64),
    TalkEnd(usize),
    WrapEnd(usize),
    Seen(usize),
    Inbound,
    Impatient(u64),
    Come(usize),
    Notice(usize),
    Leave(usize),
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
    /// When the wrap-up under way or to come ends, nanoseconds; 0: there is none.
    pub(super) wrap_ends: u64,
    /// Second at which the shift ends, and from which on that is known; none: not before the run does.
    pub(super) ends: Option<(f64, f64)>,
    /// Is away and does not come back.
    pub(super) off: bool,
}

/// That an agent goes; announced: policies are told when the time comes. Happenings name it by its number, which
/// keeps them short in the future event list.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trip {
    pub(super) agent: usize,
    pub(super) leave: usize,
    pub(super) announced: bool,
}

/// A leave or the end of a shift.
#[derive(Debug, Clone, Copy)]
pub(super) struct Going {
    /// None: for good.
    pub(super) seconds: Option<f64>,
    pub(super) notice: f64,
}

pub(super) struct World<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) policy: &'a mut dyn Policy,
    pub(super) stop: &'a AtomicBool,
    pub(super) seed: u64,
    pub(super) now: f64,
    pub(super) agenda: Agenda,
    pub(super) agents: Vec<AgentView>,
    pub(super) workers: Vec<Worker>,
    pub(super) idle: VecDeque<usize>,
    pub(super) calls: Vec<CallView>,
    /// Where in `calls` a call is, by its number.
    pub(super) places: Vec<usize>,
    /// Whether a machine answers a call, by its number.
    pub(super) machine: Vec<bool>,
    /// Machines that answered and of which nobody knows yet what they are.
    pub(super) unseen: u64,
    /// The scenario's leaves, then the ends of its shifts.
    pub(super) goings: Vec<Going>,
    pub(super) trips: Vec<Trip>,
    /// Answered people waiting, oldest first.
    pub(super) waiting: VecDeque<u64>,
    pub(super) inbound: VecDeque<Caller>,
    /// Answered and abandoned before the run, in the ledger's window.
    pub(super) ledger: (u64, u64),
    pub(super) arrivals: Random,
    pub(super) arrived: u64,
    pub(super) pending: u64,
    /// Where leads differ: the next, in their order; and those asked for and not yet dialed.
    hopper: Vec<NextLead>,
    asked_for: VecDeque<u64>,
    pub(super) count: Count,
    pub(super) tokens: f64,
    pub(super) tokens_at: f64,
    pub(super) changed: bool,
    pub(super) run: Run,
}

/// An inbound caller who waits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caller {
    pub(super) since: f64,
    pub(super) number: u64,
    pub(super) talk: f64,
    pub(super) wrap: f64,
}

/// Runs a scenario that has been checked; nothing if `stop` was set meanwhile.
pub fn run(
    scenario: &Scenario,
    policy: &mut dyn Policy,
    seed: u64,
    stop: &AtomicBool,
) -> Option<Run> {
    policy.reset(scenario, seed);
    one_day(scenario, policy, seed, (0, 0), stop)
}

/// The same for a policy that has been told that a run begins, in a ledger's window that has seen so many people
/// answer and be abandoned before.
pub(super) fn one_day(
    scenario: &Scenario,
    policy: &mut dyn Policy,
    seed: u64,
    ledger: (u64, u64),
    stop: &AtomicBool,
) -> Option<Run> {
    let mut world = World::new(scenario, policy, seed, stop);
    world.ledger = ledger;
    world.begin();
    while let Some((at, happening)) = world.agenda.pop() {
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
        let minutes = (scenario.seconds / MINUTE).ceil().max(1.0) as usize;
        Self {
            scenario,
            policy,
            stop,
            seed,
            now: 0.0,
            agenda: Agenda::new(),
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
            machine: vec![false],
            unseen: 0,
            goings: goings(scenario),
            trips: Vec::new(),
            ledger: (0, 0),
            waiting: VecDeque::new(),
            inbound: VecDeque::new(),
            arrivals: fate::arrivals(seed),
            arrived: 0,
            pending: 0,
            hopper: Vec::new(),
            asked_for: VecDeque::new(),
            count: Count {
                idle: u64::from(scenario.agents),
                ..Count::default()
            },
            tokens: scenario.calls_per_second.unwrap_or(0.0),
            tokens_at: 0.0,
            changed: false,
            run: Run {
                seed,
                minutes: vec![Piece::default(); minutes],
                ..Run::default()
            },
        }
    }

    fn begin(&mut self) {
        self.plan_shifts();
        for id in 0..self.agents.len() {
            if self.agents[id].state == AgentState::Idle {
                self.tell(Event::Agent {
                    agent: id as u64,
                    state: AgentState::Idle,
                    leaving: false,
                });
            }
        }
        self.plan_leaves();
        self.plan_arrival();
        self.plan(0.0, Happening::Decide);
    }

    pub(super) fn plan_arrival(&mut self) {
        if let Some(inbound) = &self.scenario.inbound {
            let gap = -self.arrivals.uniform().ln() * 3600.0 / inbound.per_hour;
            if self.now + gap < self.scenario.seconds {
                self.plan(gap, Happening::Inbound);
            }
        }
    }

    pub(super) fn plan(&mut self, after: f64, happening: Happening) {
        self.plan_at(self.nanoseconds(after), happening);
    }

    /// The moment so many seconds from now.
    pub(super) fn nanoseconds(&self, after: f64) -> u64 {
        whole((self.now + after) * 1e9)
    }

    pub(super) fn plan_at(&mut self, at: u64, happening: Happening) {
        self.agenda.push(at, happening);
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
                let lead = self.asked_for.pop_front();
                self.dial(lead);
            }
            Happening::Answer(call) => self.answer(call),
            Happening::NoAnswer(call) => self.unanswered(call, Outcome::NoAnswer),
            Happening::Fail(call) => self.unanswered(call, Outcome::Failed),
            Happening::Detected(call) => self.hung_up_on(call, false),
            Happening::Mistaken(call) => self.hung_up_on(call, true),
            Happening::Deadline(call) => self.abandon(call),
            Happening::TalkEnd(agent) => {
                self.end_call(agent, Outcome::Done);
                self.set(agent, AgentState::Wrap);
                self.wrap_up(agent);
            }
            Happening::WrapEnd(agent) => self.free(agent),
            Happening::Seen(agent) => {
                self.unseen -= 1;
                self.end_call(agent, Outcome::Machine);
                self.free(agent);
            }
            Happening::Inbound => self.caller(),
            Happening::Impatient(caller) => self.caller_gives_up(caller),
            Happening::Notice(trip) => {
                let Trip { agent, leave, .. } = self.trips[trip];
                let coming = self.goings[leave];
                self.agents[agent].planned = Some(self.now + coming.notice);
                self.agents[agent].next = next(coming.seconds);
            }
            Happening::Leave(trip) => self.leave(self.trips[trip]),
            Happening::Come(agent) => self.come(agent),
            Happening::Back(agent) => self.back(agent),
        }
    }

    fn decide(&mut self) {
        if self.now >= self.scenario.seconds {
            return;
        }
        let lines = self.scenario.most_lines();
        let lines_free = lines.saturating_sub(self.calls.len() as u64 + self.pending);
        let rate_tokens = self.rate_tokens();
        self.fill_hopper();
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
            answered: self.ledger.0 + self.run.total_answered + self.unseen,
            abandoned: self.ledger.1 + self.run.total_abandoned,
            count: self.count,
            next: &self.hopper,
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
        let mut wanted = decision.leads.into_iter();
        for _ in 0..dials {
            let lead = self.take_lead(wanted.next());
            if self.scenario.dial_latency > 0.0 {
                self.pending += 1;
                self.asked_for.extend(lead);
                self.plan(self.scenario.dial_latency, Happening::Dial);
            } else {
                self.dial(lead);
            }
        }
    }

    fn fill_hopper(&mut self) {
        if !self.scenario.leads_differ() {
            return;
        }
        while self.hopper.len() < HOPPER {
            let number = self.new_number();
            let fate = fate::Fate::of_dial(self.scenario, self.seed, number);
            let p = fate.probability(self.scenario.answer_probability.at(self.now));
            self.hopper.push(NextLead {
                number,
                p: self.scenario.lead_known.then_some(p),
                lead: fate.lead,
            });
        }
    }

    /// The lead that is wanted, else the next; none where leads are alike.
    fn take_lead(&mut self, wanted: Option<u64>) -> Option<u64> {
        let place =
            wanted.and_then(|wanted| self.hopper.iter().position(|lead| lead.number == wanted));
        if self.hopper.is_empty() {
            // More dials than the hopper shows.
            self.fill_hopper();
        }
        let place = place.unwrap_or(0);
        (place < self.hopper.len()).then(|| self.hopper.remove(place).number)
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

    fn finish(mut self) -> Run {
        for agent in 0..self.agents.len() {
            if self.agents[agent].state != AgentState::Away {
                self.staffed(agent);
            }
        }
        self.run
    }
}

/// The nearest whole number, halves away from zero, as `round` has it: without the call that `round` is, and by signed
/// numbers, which processors turn into floats and back in one step.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss
)]
fn whole(value: f64) -> u64 {
    if !(0.0..9e18).contains(&value) {
        return value.round() as u64;
    }
    let below = value as i64;
    // The difference is exact.
    below as u64 + u64::from(value - below as f64 >= 0.5)
}

fn goings(scenario: &Scenario) -> Vec<Going> {
    let leaves = scenario.leaves.iter().map(|leave| Going {
        seconds: leave.seconds,
        notice: leave.notice,
    });
    let ends = scenario.shifts.iter().map(|shift| Going {
        seconds: None,
        notice: shift.notice,
    });
    leaves.chain(ends).collect()
}
