//! The pacer: told what happens, asked how many to dial.
use crate::books::{Agent, AgentState, Book, Call, Outcome, Stage};
use crate::error::PacingError;

/// Dial how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// Ahead of the agents, as far as the abandon budget allows.
    Predictive,
    /// One dial per idle agent with none outstanding for it.
    Progressive,
}

/// How a pacer is set up.
#[derive(Debug, Clone)]
pub struct Options {
    /// Wanted abandon rate: abandoned / answered by a person.
    pub target: f64,
    /// The most the law or an administrator allows; the smaller of the two binds.
    pub cap: Option<f64>,
    /// An answered person with no agent in this time is abandoned.
    pub grace_seconds: f64,
    pub policy: Policy,
    /// Give up a call that has been ringing for so long; never under 16 s. `None`: never.
    pub give_up_after: Option<f64>,
    /// What the budget's window has seen before this pacer began.
    pub budget_answered: u64,
    pub budget_abandoned: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            target: 0.03,
            cap: None,
            grace_seconds: 2.0,
            policy: Policy::Predictive,
            give_up_after: None,
            budget_answered: 0,
            budget_abandoned: 0,
        }
    }
}

/// What else binds a decision.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub lines_free: u64,
    pub rate_tokens: u64,
    pub leads: u64,
    /// Dials already asked for and not yet reported by `dialed`.
    pub pending: u64,
}

/// Why not more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitedBy {
    None,
    Agents,
    AbandonBudget,
    Lines,
    CallsPerSecond,
    HopperEmpty,
}

impl LimitedBy {
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Agents => "agents",
            Self::AbandonBudget => "abandon_budget",
            Self::Lines => "lines",
            Self::CallsPerSecond => "calls_per_second",
            Self::HopperEmpty => "hopper_empty",
        }
    }
}

/// What to do now, and what it was based on.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    pub dials: u64,
    /// Ringing calls to give up.
    pub give_up: Vec<u64>,
    pub limited_by: LimitedBy,
    /// Answers still expected of all calls in flight, the new dials included.
    pub expected_answers: f64,
    /// Agents expected to be free when a call dialed now is answered.
    pub free_agents: f64,
    /// Probability that the last call dialed now (or the next one, if none is) finds no agent when answered.
    pub abandon_risk: f64,
}

/// See the crate's head.
#[derive(Debug, Clone)]
pub struct Pacer {
    options: Options,
    now: f64,
    agents: Book<Agent>,
    calls: Book<Call>,
    answered: u64,
    abandoned: u64,
    ignored: u64,
}

impl Pacer {
    /// # Errors
    /// [`PacingError::Domain`] for an option outside its range.
    pub fn new(options: Options) -> Result<Self, PacingError> {
        check_share("target", options.target)?;
        if let Some(cap) = options.cap {
            check_share("cap", cap)?;
        }
        if !(0.0..=60.0).contains(&options.grace_seconds) {
            return Err(PacingError::Domain {
                name: "grace_seconds",
                value: options.grace_seconds,
                allowed: "0 to 60 seconds",
            });
        }
        if let Some(after) = options.give_up_after
            && !(16.0..=600.0).contains(&after)
        {
            return Err(PacingError::Domain {
                name: "give_up_after",
                value: after,
                allowed: "16 to 600 seconds of ringing",
            });
        }
        Ok(Self {
            answered: options.budget_answered,
            abandoned: options.budget_abandoned,
            options,
            now: f64::NEG_INFINITY,
            agents: Book::new(),
            calls: Book::new(),
            ignored: 0,
        })
    }

    /// Changes the wanted abandon rate from now on.
    ///
    /// # Errors
    /// [`PacingError::Domain`] unless 0 < target < 1.
    pub fn set_target(&mut self, target: f64) -> Result<(), PacingError> {
        check_share("target", target)?;
        self.options.target = target;
        Ok(())
    }

    /// Answered by a person and abandoned, the budget's history included.
    #[must_use]
    pub fn ledger(&self) -> (u64, u64) {
        (self.answered, self.abandoned)
    }

    /// Events that made no sense (unknown or repeated ids) and were ignored.
    #[must_use]
    pub fn ignored_events(&self) -> u64 {
        self.ignored
    }

    /// An agent's state.
    pub fn agent(&mut self, now: f64, id: u64, state: AgentState, leaving: bool) {
        let now = self.advance(now);
        let fresh = Agent {
            id,
            state,
            since: now,
            leaving,
        };
        match self.agents.get_mut(id) {
            None => {
                self.agents.insert(fresh);
            }
            Some(agent) if agent.state == state => agent.leaving = leaving,
            Some(agent) => *agent = fresh,
        }
    }

    /// The agent logged out.
    pub fn agent_gone(&mut self, now: f64, id: u64) {
        self.advance(now);
        if self.agents.remove(id).is_none() {
            self.ignored += 1;
        }
    }

    /// A call was dialed.
    pub fn dialed(&mut self, now: f64, id: u64, given_p: Option<f64>) {
        let dialed = self.advance(now);
        let call = Call {
            id,
            dialed,
            ringing: None,
            given_p,
            stage: Stage::InFlight,
        };
        if !self.calls.insert(call) {
            self.ignored += 1;
        }
    }

    /// It rings at the person's end.
    pub fn ringing(&mut self, now: f64, id: u64) {
        let now = self.advance(now);
        match self.calls.get_mut(id) {
            Some(call) if call.ringing.is_none() => call.ringing = Some(now),
            _ => self.ignored += 1,
        }
    }

    /// A person answered.
    pub fn answered(&mut self, now: f64, id: u64) {
        let now = self.advance(now);
        match self.calls.get_mut(id) {
            Some(call) if call.stage == Stage::InFlight => {
                call.stage = Stage::Waiting {
                    since: now,
                    counted: false,
                };
                self.answered += 1;
            }
            _ => self.ignored += 1,
        }
    }

    /// The person speaks with the agent.
    pub fn connected(&mut self, now: f64, id: u64, agent: u64) {
        let now = self.advance(now);
        match self.calls.get_mut(id) {
            Some(call) => call.stage = Stage::Talking { agent },
            None => self.ignored += 1,
        }
        self.agent(now, agent, AgentState::Talk, false);
    }

    /// The person was abandoned; the call leaves the books.
    pub fn abandoned(&mut self, now: f64, id: u64) {
        self.advance(now);
        match self.calls.remove(id) {
            Some(_) => self.abandoned += 1,
            None => self.ignored += 1,
        }
    }

    /// The call is over and leaves the books.
    pub fn ended(&mut self, now: f64, id: u64, _outcome: Outcome) {
        self.advance(now);
        if self.calls.remove(id).is_none() {
            self.ignored += 1;
        }
    }

    /// How many to dial now.
    pub fn decide(&mut self, now: f64, limits: Limits) -> Decision {
        self.advance(now);
        let count = |state| {
            self.agents
                .rows()
                .iter()
                .filter(|a| a.state == state && !a.leaving)
                .count() as u64
        };
        let open = self
            .calls
            .rows()
            .iter()
            .filter(|c| !matches!(c.stage, Stage::Talking { .. }))
            .count() as u64;
        let idle = count(AgentState::Idle);
        let want = (idle + count(AgentState::Reserved)).saturating_sub(open + limits.pending);
        let dials = want
            .min(limits.lines_free)
            .min(limits.rate_tokens)
            .min(limits.leads);
        Decision {
            dials,
            give_up: Vec::new(),
            limited_by: LimitedBy::Agents,
            expected_answers: 0.3 * (open + dials) as f64,
            free_agents: idle as f64,
            abandon_risk: 0.0,
        }
    }

    /// Time never goes backwards: an earlier or absurd `now` counts as the latest seen.
    fn advance(&mut self, now: f64) -> f64 {
        if now.is_finite() && now > self.now {
            self.now = now;
        } else if !self.now.is_finite() {
            self.now = 0.0;
        }
        self.now
    }
}

fn check_share(name: &'static str, value: f64) -> Result<(), PacingError> {
    if value > 0.0 && value < 1.0 {
        return Ok(());
    }
    Err(PacingError::Domain {
        name,
        value,
        allowed: "a share above 0 and below 1, such as 0.03",
    })
}
