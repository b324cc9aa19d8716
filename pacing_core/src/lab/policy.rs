//! What a pacing policy is: it hears what happens, sees how things stand, and says how many to dial.
use super::scenario::Scenario;
use crate::books::{AgentState, Outcome};
use crate::leads::Lead;

/// Version of [`Snapshot`]: a field may be added under the same number, a changed meaning raises it.
pub const SNAPSHOT_VERSION: u32 = 1;

/// Something that happened.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Event {
    /// An agent's state; `leaving`: will not become free after this call.
    Agent {
        agent: u64,
        state: AgentState,
        leaving: bool,
    },
    AgentGone {
        agent: u64,
    },
    /// With the lead's own answer probability, where policies are told, and what is known about the lead.
    Dialed {
        call: u64,
        p: Option<f64>,
        lead: Option<Lead>,
    },
    Answered {
        call: u64,
    },
    Connected {
        call: u64,
        agent: u64,
    },
    Abandoned {
        call: u64,
    },
    Ended {
        call: u64,
        outcome: Outcome,
    },
}

/// What an agent will do after the present call or idle time, as far as anybody was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    Ready,
    Pause,
    Logout,
}

/// An agent as a policy sees one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AgentView {
    pub id: u64,
    pub state: AgentState,
    /// Second at which this state began.
    pub since: f64,
    pub next: Next,
    /// Second at which that is planned.
    pub planned: Option<f64>,
}

/// How far a call has come that is not yet with an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    InFlight,
    Waiting,
}

/// A call that is not yet with an agent, as a policy sees one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CallView {
    pub id: u64,
    pub stage: Stage,
    /// Second of the dial.
    pub dialed: f64,
    /// Second at which the stage began.
    pub since: f64,
    /// The lead's own answer probability, where policies are told.
    pub p: Option<f64>,
}

/// A lead that will be dialed soon, as a policy sees one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NextLead {
    /// The number that its call will have.
    pub number: u64,
    /// The lead's own answer probability, where policies are told.
    pub p: Option<f64>,
    /// What is known about the lead.
    pub lead: Option<Lead>,
}

/// How things stand at a decision. Borrowed, so that a decision copies nothing.
#[derive(Debug, Clone, Copy)]
pub struct Snapshot<'a> {
    pub version: u32,
    /// Seconds since the run's start.
    pub now: f64,
    /// Logged in: an agent who is away is listed as such.
    pub agents: &'a [AgentView],
    pub calls: &'a [CallView],
    /// Dials decided and not yet made.
    pub pending: u64,
    /// Leads that may be dialed now.
    pub hopper: u64,
    pub lines_free: u64,
    pub rate_tokens: u64,
    pub target: f64,
    pub cap: f64,
    /// Answered by a person and abandoned since the run's start.
    pub answered: u64,
    pub abandoned: u64,
    /// Agents in each state, calls in each stage: what most policies need of the lists.
    pub count: Count,
    /// Where leads differ: the next of the hopper in its order, those asked for already left out.
    pub next: &'a [NextLead],
}

/// How many agents and calls are where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    pub idle: u64,
    pub talking: u64,
    pub wrapping: u64,
    pub in_flight: u64,
    pub waiting: u64,
}

impl Count {
    /// Idle agents for whom nobody waits, negative when more wait.
    #[must_use]
    pub fn free(&self) -> f64 {
        float(self.idle) - float(self.waiting)
    }

    /// Agents at work or ready.
    #[must_use]
    pub fn logged_in(&self) -> u64 {
        self.idle + self.talking + self.wrapping
    }
}

impl Snapshot<'_> {
    /// Abandons that the cap still allows, negative when it is overdrawn.
    #[must_use]
    pub fn budget_left(&self) -> f64 {
        self.cap * float(self.answered) - float(self.abandoned)
    }
}

/// What a policy wants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decision {
    pub dials: u64,
    /// Ringing calls to give up; the scenario says from when on that is allowed.
    pub give_up: Vec<u64>,
    /// Which of the next leads to dial, by number, in this order; where it ends, the hopper's order goes on.
    pub leads: Vec<u64>,
    /// For people and logs.
    pub note: String,
}

impl Decision {
    /// So many dials and nothing else.
    #[must_use]
    pub fn dial(dials: u64) -> Self {
        Self {
            dials,
            ..Self::default()
        }
    }

    /// The whole part of a number of dials, none if it is negative or not a number.
    #[must_use]
    pub fn dial_about(dials: f64) -> Self {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        Self::dial((dials + 1e-9) as u64)
    }
}

/// A pacing policy.
pub trait Policy {
    fn name(&self) -> &str;
    fn version(&self) -> &str;
    /// A run begins. The seed is for policies that draw.
    fn reset(&mut self, scenario: &Scenario, seed: u64);
    /// The next working day of the same window begins, its clock at 0 again; the window has seen so many people answer
    /// and be abandoned. Who keeps nothing over the night begins anew.
    fn next_day(&mut self, scenario: &Scenario, seed: u64, _ledger: (u64, u64)) {
        self.reset(scenario, seed);
    }
    fn on_event(&mut self, now: f64, event: Event);
    fn decide(&mut self, snapshot: &Snapshot<'_>) -> Decision;
}

#[allow(clippy::cast_precision_loss)]
pub(crate) fn float(count: u64) -> f64 {
    count as f64
}
