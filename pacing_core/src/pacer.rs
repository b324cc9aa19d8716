//! The pacer: told what happens, asked how many to dial.
use crate::books::{Agent, AgentState, Book, Call, Outcome, Stage};
use crate::budget::{Allowance, Ledger, Price};
use crate::change::Finished;
use crate::error::PacingError;
use crate::forecast::{Forecast, Learned, Scene};
use crate::growth::Growth;
use crate::recent::Recent;
use crate::ring::RingEnd;
use crate::snapshot;
use crate::taken::Taken;
use crate::upcoming::{Bounds, Choice, Upcoming};

/// An answered person is reported as connected or abandoned at most so long after it happened, seconds.
const REPORT_DELAY: f64 = 0.25;
/// Part of the grace that matching and bridging take, seconds.
const BRIDGE_MARGIN: f64 = 0.3;

/// No clock shows more seconds than this, whenever it began to count.
const LATEST: f64 = 1e12;
/// What has lasted longer says no more than this, seconds.
const LONGEST: f64 = 86_400.0;
/// No campaign has a window with more calls than this.
const MOST_COUNTED: u64 = 1_000_000_000_000;

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
    /// The priors' times and answer probability are so many times the documented ones: to see how much hangs on them.
    pub prior_scale: f64,
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
            prior_scale: 1.0,
        }
    }
}

/// What else binds a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    learned: Learned,
    scene: Scene,
    answered: u64,
    abandoned: u64,
    /// Of the campaign's group, this campaign included.
    group: Option<Ledger>,
    price: Price,
    recent: Recent,
    growth: Growth,
    upcoming: Upcoming,
    taken: Taken,
    /// Abandons expected of the calls in flight, as of the last decision.
    expected_abandons: f64,
    ignored: u64,
}

crate::state::state!(Options {
    target,
    cap,
    grace_seconds,
    policy,
    give_up_after,
    budget_answered,
    budget_abandoned,
    prior_scale,
});
crate::state::state!(Pacer {
    options,
    now,
    agents,
    calls,
    learned,
    scene,
    answered,
    abandoned,
    group,
    price,
    recent,
    growth,
    upcoming,
    taken,
    expected_abandons,
    ignored,
});

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
        if !(0.1..=10.0).contains(&options.prior_scale) {
            return Err(PacingError::Domain {
                name: "prior_scale",
                value: options.prior_scale,
                allowed: "0.1 to 10",
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
        for (name, count) in [
            ("budget_answered", options.budget_answered),
            ("budget_abandoned", options.budget_abandoned),
        ] {
            check_count(name, count)?;
        }
        Ok(Self {
            answered: options.budget_answered,
            abandoned: options.budget_abandoned,
            learned: Learned::with_prior(options.prior_scale),
            options,
            now: f64::NEG_INFINITY,
            agents: Book::new(),
            calls: Book::new(),
            scene: Scene::new(),
            group: None,
            price: Price::new(),
            recent: Recent::new(),
            growth: Growth::new(),
            upcoming: Upcoming::default(),
            taken: Taken::new(),
            expected_abandons: 0.0,
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

    /// The budget of the group that the campaign belongs to, as it stands now: what all its campaigns together, this
    /// one included, have answered and abandoned, and the abandons expected of the others' calls in flight (their
    /// [`Pacer::expected_abandons`]). It binds beside the campaign's own from now on; this campaign's own events are
    /// added to it as they come, the others' when it is told again.
    ///
    /// # Errors
    /// [`PacingError::Domain`] unless 0 < target < 1, 0 <= expected <= 1,000,000 and the counts are at most
    /// 1,000,000,000,000; nothing is changed then.
    pub fn set_group_budget(
        &mut self,
        target: f64,
        answered: u64,
        abandoned: u64,
        expected: f64,
    ) -> Result<(), PacingError> {
        check_share("target", target)?;
        check_count("answered", answered)?;
        check_count("abandoned", abandoned)?;
        if !(0.0..=1e6).contains(&expected) {
            return Err(PacingError::Domain {
                name: "expected",
                value: expected,
                allowed: "0 to 1,000,000 abandons",
            });
        }
        self.group = Some(Ledger {
            target,
            answered,
            abandoned,
            expected,
        });
        Ok(())
    }

    /// No group's budget binds any more.
    pub fn clear_group_budget(&mut self) {
        self.group = None;
    }

    /// Answered and abandoned by the group, as last told and with what this campaign has added since.
    #[must_use]
    pub fn group_ledger(&self) -> Option<(u64, u64)> {
        self.group.map(|group| (group.answered, group.abandoned))
    }

    /// Abandons to be expected of the calls in flight, as of the last decision and before its dials: for the
    /// budget of the group.
    #[must_use]
    pub fn expected_abandons(&self) -> f64 {
        self.expected_abandons
    }

    /// How it is set up, the target as it is now.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Answered by a person and abandoned, the budget's history included.
    #[must_use]
    pub fn ledger(&self) -> (u64, u64) {
        (self.answered, self.abandoned)
    }

    /// All agents and calls it knows.
    pub(crate) fn books(&self) -> (&[Agent], &[Call]) {
        (self.agents.rows(), self.calls.rows())
    }

    /// Events that made no sense (unknown or repeated ids) and were ignored.
    #[must_use]
    pub fn ignored_events(&self) -> u64 {
        self.ignored
    }

    /// An agent's state. Whoever begins to talk without having been reserved or connected was taken by somebody else's
    /// call, such as an inbound one.
    pub fn agent(&mut self, now: f64, id: u64, state: AgentState, leaving: bool) {
        let now = self.advance(now);
        if state == AgentState::Talk
            && let Some(agent) = self.agents.get_mut(id)
            && matches!(agent.state, AgentState::Idle | AgentState::Wrap)
        {
            self.taken.one(now);
        }
        self.set_agent(now, id, state, leaving);
    }

    fn set_agent(&mut self, now: f64, id: u64, state: AgentState, leaving: bool) {
        let mut fresh = Agent {
            id,
            state,
            since: now,
            leaving,
            leaves_at: None,
        };
        let Some(agent) = self.agents.get_mut(id) else {
            self.agents.insert(fresh);
            return;
        };
        if agent.state == state {
            agent.leaving = leaving;
            return;
        }
        let before = *agent;
        if state != AgentState::Away {
            fresh.leaves_at = before.leaves_at;
        }
        *agent = fresh;
        self.learn_duration(before, now);
    }

    /// When the agent is to leave: a planned break, a shift's end; none: no plan any more. Whoever is in a call then
    /// ends it first. From that moment on the agent is not counted on. Being away ends the plan.
    pub fn agent_leaves(&mut self, now: f64, id: u64, at: Option<f64>) {
        self.advance(now);
        let possible = at.is_none_or(|at| at.abs() <= LATEST);
        match self.agents.get_mut(id) {
            Some(agent) if possible => agent.leaves_at = at,
            _ => self.ignored += 1,
        }
    }

    /// The agent logged out.
    pub fn agent_gone(&mut self, now: f64, id: u64) {
        let now = self.advance(now);
        match self.agents.remove(id) {
            Some(agent) => self.learn_duration(agent, now),
            None => self.ignored += 1,
        }
    }

    /// What is known of the leads that will be dialed next is forgotten; see [`Pacer::next_lead`].
    pub fn forget_next_leads(&mut self) {
        self.upcoming.forget();
    }

    /// One more lead that will be dialed after those told before, and its own answer probability; none: it is a
    /// usual one. A decision goes through them one by one; each call dialed takes the first off. 256 are kept, further
    /// ones left out.
    pub fn next_lead(&mut self, p: Option<f64>) {
        self.upcoming.push(p);
    }

    /// A call was dialed. `given_p`: this lead's own answer probability, where the caller knows one.
    pub fn dialed(&mut self, now: f64, id: u64, given_p: Option<f64>) {
        let dialed = self.advance(now);
        let given_p = given_p
            .filter(|p| p.is_finite())
            .map(|p| p.clamp(0.001, 0.999));
        let call = Call {
            id,
            dialed,
            ringing: None,
            given_p,
            stage: Stage::InFlight,
        };
        if self.calls.insert(call) {
            self.upcoming.dialed();
            self.learned.dialed(dialed, given_p);
        } else {
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
                let was = *call;
                call.stage = Stage::Waiting {
                    since: now,
                    counted: false,
                };
                self.count_answer();
                self.learn_ring(&was, now, RingEnd::Answered);
            }
            _ => self.ignored += 1,
        }
    }

    /// The person speaks with the agent, whose state becomes "talk". A call that was never reported as answered
    /// is taken to be answered now.
    pub fn connected(&mut self, now: f64, id: u64, agent: u64) {
        let now = self.advance(now);
        let late = self.options.grace_seconds + REPORT_DELAY;
        match self.calls.get_mut(id) {
            Some(call) if !matches!(call.stage, Stage::Talking { .. }) => {
                let was = *call;
                let mut abandoned = false;
                if let Stage::Waiting { since, counted } = was.stage {
                    let late = now - since > late;
                    if late && !counted {
                        self.count_abandon();
                    }
                    abandoned = late || counted;
                }
                if let Some(call) = self.calls.get_mut(id) {
                    call.stage = Stage::Talking {
                        agent,
                        counted: abandoned,
                    };
                }
                if was.stage == Stage::InFlight {
                    self.count_answer();
                    self.learn_ring(&was, now, RingEnd::Answered);
                }
            }
            _ => {
                self.ignored += 1;
                return;
            }
        }
        let leaving = self.agents.get_mut(agent).is_some_and(|a| a.leaving);
        self.set_agent(now, agent, AgentState::Talk, leaving);
    }

    /// The answered person was abandoned: counts in the ledger, and the call leaves the books.
    pub fn abandoned(&mut self, now: f64, id: u64) {
        let now = self.advance(now);
        let Some(call) = self.calls.remove(id) else {
            self.ignored += 1;
            return;
        };
        match call.stage {
            Stage::Waiting { counted, .. } | Stage::Talking { counted, .. } => {
                if !counted {
                    self.count_abandon();
                }
            }
            Stage::InFlight => {
                self.count_answer();
                self.count_abandon();
                self.learn_ring(&call, now, RingEnd::Answered);
            }
        }
    }

    /// The call is over and leaves the books.
    pub fn ended(&mut self, now: f64, id: u64, outcome: Outcome) {
        let now = self.advance(now);
        let Some(call) = self.calls.remove(id) else {
            self.ignored += 1;
            return;
        };
        match (call.stage, outcome) {
            (Stage::InFlight, Outcome::NoAnswer | Outcome::Machine) => {
                self.learn_ring(&call, now, RingEnd::Unanswered);
            }
            (Stage::InFlight, Outcome::Failed | Outcome::Cancelled | Outcome::Unknown) => {
                self.learn_ring(&call, now, RingEnd::Censored);
            }
            (Stage::InFlight, Outcome::Done | Outcome::HangupBeforeAgent) => {
                // The answer was never reported; when it came is not known, that it came is.
                self.count_answer();
                self.learn_ring(&call, now, RingEnd::Censored);
            }
            (Stage::Waiting { counted, .. }, Outcome::Unknown) => {
                if !counted {
                    self.count_abandon();
                }
            }
            (Stage::Waiting { counted: false, .. }, Outcome::Machine) => self.nobody_was_there(),
            (Stage::Waiting { .. }, _) => {}
            (Stage::Talking { agent, counted }, outcome) => {
                if outcome == Outcome::Machine && !counted {
                    self.nobody_was_there();
                }
                self.conversation_over(now, agent);
            }
        }
    }

    /// What was learned, as bytes. Agents, calls and the ledger are not part of it.
    #[must_use]
    pub fn snapshot(&self) -> Vec<u8> {
        snapshot::write(&self.learned, &self.price)
    }

    /// Takes over what another pacer learned.
    ///
    /// # Errors
    /// [`PacingError::Snapshot`] for bytes that are not a snapshot of this version; nothing is changed then.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<(), PacingError> {
        (self.learned, self.price) = snapshot::read(bytes, self.options.prior_scale)?;
        Ok(())
    }

    /// Answer probability as learned so far.
    #[must_use]
    pub fn answer_probability(&self) -> f64 {
        self.learned.ring.answer_probability()
    }

    /// Jumps of the answer probability that were noticed, each followed by learning anew.
    #[must_use]
    pub fn jumps(&self) -> u64 {
        self.learned.answers.jumps()
    }

    /// The same of talk and of wrap-up times.
    #[must_use]
    pub fn tempo_changes(&self) -> (u64, u64) {
        let learned = &self.learned;
        (learned.talk_tempo.changes(), learned.wrap_tempo.changes())
    }

    /// How many to dial now, and why not more.
    pub fn decide(&mut self, now: f64, limits: Limits) -> Decision {
        let now = self.advance(now);
        let (agents, calls) = (self.agents.rows(), self.calls.rows());
        self.scene.take(now, agents, calls, &mut self.learned);
        // Both are asked, whatever the first says.
        if self.learned.look(now) | self.learned.look_at_work(now, agents) {
            self.scene.take(now, agents, calls, &mut self.learned);
        }
        self.scene.count_calls(now, &self.learned);
        self.count_overdue(now);
        let asked_for = self.upcoming.ratios(limits.pending, &self.learned).0;
        self.scene.add_pending(limits.pending, asked_for.all());
        let grace = (self.options.grace_seconds - BRIDGE_MARGIN).max(0.0);
        let taken = self.taken.rate(now);
        let forecast = Forecast::new(&self.scene, &self.learned, grace, taken);
        let allowance = self.allowance(forecast.shortfall());
        let cut = limits.lines_free.min(limits.rate_tokens).min(limits.leads);
        let one_each = u64::try_from(self.scene.idle)
            .unwrap_or(0)
            .saturating_sub(self.scene.open);
        // Where others take agents first, as many idle ones as they surely need are nobody's own. The rest are, however
        // far over the target: who dials nothing pays nothing back.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let others = (forecast.taken + 3.0 * forecast.taken.sqrt()).ceil() as u64;
        let sure = one_each.saturating_sub(others);
        let at_work = self.scene.talk_ages.len() + self.scene.wrap_ages.len();
        let at_work = at_work as u64 + u64::try_from(self.scene.idle).unwrap_or(0);
        let bounds = Bounds {
            allowance,
            one_each: sure,
            room: self.growth.room(now, self.scene.open, at_work),
            cut,
        };
        let next = self.upcoming.ratios(limits.pending, &self.learned).1;
        let choice = match self.options.policy {
            Policy::Progressive => Choice::of_usual(&forecast, one_each, cut),
            Policy::Predictive => bounds.among(&forecast, next),
        };
        Decision {
            dials: choice.wanted.min(cut),
            give_up: self.overlong(now, &forecast),
            limited_by: self.reason(choice.wanted, limits, &forecast, allowance),
            expected_answers: choice.expected_answers,
            free_agents: forecast.free_agents.max(0.0),
            abandon_risk: choice.risk,
        }
    }

    fn reason(
        &self,
        wanted: u64,
        limits: Limits,
        forecast: &Forecast,
        allowance: Allowance,
    ) -> LimitedBy {
        if wanted > limits.leads {
            return LimitedBy::HopperEmpty;
        }
        if wanted > limits.lines_free {
            return LimitedBy::Lines;
        }
        if wanted > limits.rate_tokens {
            return LimitedBy::CallsPerSecond;
        }
        if forecast.free_agents < 0.5 {
            return LimitedBy::Agents;
        }
        match self.options.policy {
            Policy::Predictive if allowance.hard_stop() => LimitedBy::AbandonBudget,
            Policy::Predictive if wanted > 0 => LimitedBy::None,
            _ => LimitedBy::Agents,
        }
    }

    /// What the budgets of campaign and group allow, `expected` abandons of the calls in flight taken off.
    fn allowance(&mut self, expected: f64) -> Allowance {
        let target = self
            .options
            .cap
            .map_or(self.options.target, |cap| cap.min(self.options.target));
        let own = Ledger {
            target,
            answered: self.answered,
            abandoned: self.abandoned,
            expected: 0.0,
        };
        let price = self.price.get();
        let mut allowance = own.allowance(expected, price);
        if let Some(group) = self.group {
            allowance = allowance.and(group.allowance(expected, price));
        }
        allowance = allowance.part(self.recent.share(self.now, target));
        self.expected_abandons = expected;
        self.price.decided(allowance);
        allowance
    }

    fn count_answer(&mut self) {
        self.answered += 1;
        self.price.answered();
        self.recent.answered(self.now);
        if let Some(group) = &mut self.group {
            group.answered += 1;
        }
    }

    fn count_abandon(&mut self) {
        self.abandoned += 1;
        self.price.abandoned();
        self.recent.abandoned(self.now);
        if let Some(group) = &mut self.group {
            group.abandoned += 1;
        }
    }

    /// What answered was a machine: only people count.
    fn nobody_was_there(&mut self) {
        self.answered = self.answered.saturating_sub(1);
        self.price.nobody_was_there();
        self.recent.nobody_was_there(self.now);
        if let Some(group) = &mut self.group {
            group.answered = group.answered.saturating_sub(1);
        }
    }

    /// Calls that have rung longer than the option allows while more answers are due than agents free.
    fn overlong(&self, now: f64, forecast: &Forecast) -> Vec<u64> {
        match self.options.give_up_after {
            Some(after) if forecast.expected_answers > forecast.free_agents => self
                .calls
                .rows()
                .iter()
                .filter(|call| call.stage == Stage::InFlight)
                .filter(|call| call.ringing.is_some_and(|since| now - since >= after))
                .map(|call| call.id)
                .collect(),
            _ => Vec::new(),
        }
    }

    /// People waiting beyond the grace are abandoned, whether or not somebody said so.
    fn count_overdue(&mut self, now: f64) {
        let late = self.options.grace_seconds + REPORT_DELAY;
        let mut overdue = 0;
        // The scene has counted who waits; mostly nobody does, and thousands of calls need not be looked at again.
        let mut waiting = self.scene.waiting;
        for call in self.calls.rows_mut() {
            if waiting == 0 {
                break;
            }
            if let Stage::Waiting { since, counted } = &mut call.stage {
                waiting -= 1;
                if !*counted && now - *since > late {
                    *counted = true;
                    overdue += 1;
                }
            }
        }
        for _ in 0..overdue {
            self.count_abandon();
        }
    }

    /// The end of a conversation starts the wrap-up, also if the agent's new state is never reported.
    fn conversation_over(&mut self, now: f64, agent: u64) {
        if let Some(agent) = self.agents.get_mut(agent)
            && agent.state == AgentState::Talk
        {
            let before = *agent;
            agent.state = AgentState::Wrap;
            agent.since = now;
            self.learn_duration(before, now);
        }
    }

    fn learn_duration(&mut self, before: Agent, now: f64) {
        #[allow(clippy::cast_precision_loss)]
        let memory = (8.0 * self.agents.rows().len() as f64).max(200.0);
        let seconds = (now - before.since).min(LONGEST);
        self.learned
            .finished_work(now, before.state, seconds, memory);
    }

    fn learn_ring(&mut self, call: &Call, now: f64, end: RingEnd) {
        #[allow(clippy::cast_precision_loss)]
        let memory = (15.0 * self.scene.open as f64).max(250.0);
        let over = Finished {
            dialed: call.dialed,
            age: now - call.dialed,
            end,
        };
        self.learned.finished(over, call.given_p, memory);
    }

    /// Time never goes backwards: an earlier or absurd `now` counts as the latest seen.
    fn advance(&mut self, now: f64) -> f64 {
        if now.abs() <= LATEST && now > self.now {
            self.now = now;
        } else if !self.now.is_finite() {
            self.now = 0.0;
        }
        self.now
    }
}

fn check_count(name: &'static str, count: u64) -> Result<(), PacingError> {
    if count <= MOST_COUNTED {
        return Ok(());
    }
    #[allow(clippy::cast_precision_loss)]
    Err(PacingError::Domain {
        name,
        value: count as f64,
        allowed: "0 to 1,000,000,000,000",
    })
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
