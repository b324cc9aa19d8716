//! What is about to happen: the balance of free agents and answers due, when a call dialed now is answered.
//!
//! PACING.md, near-optimal policy: dial while E over ring time R of P(agents free by t + R + grace - answers due
//! before t + R <= 0) <= theta. R takes the middle of each sixth of the learned ring time distribution.
use crate::books::{Agent, AgentState, Call, Stage};
use crate::change::{AnswerWatch, Finding, Finished, with_odds};
use crate::distribution::{Balance, Cumulants, CumulantsOf, Sum};
use crate::due::{COLUMNS, Due, EVER};
use crate::duration::{self, Durations, Running};
use crate::ring::{ROWS, RingEnd, RingTable, Yet, place_of, row_of};
use crate::state::Scratch;
use crate::tempo::TempoWatch;

/// Moments ahead that stand for the ring time distribution.
pub(crate) const MOMENTS: usize = 6;
/// Busy agents, idle agents and expected answers up to which distributions are exact.
const EXACT_BUSY: usize = 64;
const EXACT_IDLE: usize = 24;
const EXACT_DUE: f64 = 16.0;
const EXACT_CALLS: u64 = 40;
/// Standard errors by which the answer probability is taken higher than estimated: with a surplus to spend, where
/// realised counts correct what is left of an error, and without one.
const CAUTION: f64 = 1.0;
const CAUTION_ON_IDLE: f64 = 3.0;

/// What has been learned.
#[derive(Debug, Clone)]
pub(crate) struct Learned {
    pub ring: RingTable,
    pub talk: Durations,
    pub wrap: Durations,
    /// Answers of dials with a given probability, over the sum of those probabilities, fading.
    pub given_answers: f64,
    pub given_sum: f64,
    pub answers: AnswerWatch,
    pub talk_tempo: TempoWatch,
    pub wrap_tempo: TempoWatch,
    regime: Regime,
}

crate::state::state!(Learned {
    ring,
    talk,
    wrap,
    given_answers,
    given_sum,
    answers,
    talk_tempo,
    wrap_tempo,
    regime,
});

/// How likely calls are answered, dialed before and after some moment, in comparison with what the table says.
#[derive(Debug, Clone, Copy)]
struct Regime {
    since: f64,
    /// Answer probability before, where the table tells of the time after.
    before: Option<f64>,
    /// Factor for the time after, where the table tells of the time before.
    after: f64,
}

crate::state::state!(Regime {
    since,
    before,
    after
});

/// Nothing has changed.
const STEADY: Regime = Regime {
    since: f64::NEG_INFINITY,
    before: None,
    after: 1.0,
};
/// What the old shapes of ring times, talk and wrap-up are worth after a jump, in dials and durations.
const SHAPES: f64 = 20.0;

impl Learned {
    #[cfg(test)]
    pub fn new() -> Self {
        Self::with_prior(1.0)
    }

    /// Knowing priors alone, of which all times and the answer probability are `scale` times the documented ones.
    pub fn with_prior(scale: f64) -> Self {
        Self {
            ring: RingTable::with_prior(scale),
            talk: Durations::new(duration::TALK.scaled(scale)),
            wrap: Durations::new(duration::WRAP.scaled(scale)),
            given_answers: 0.0,
            given_sum: 0.0,
            answers: AnswerWatch::new(),
            talk_tempo: TempoWatch::new(),
            wrap_tempo: TempoWatch::new(),
            regime: STEADY,
        }
    }

    /// A call was dialed.
    pub fn dialed(&mut self, now: f64, given_p: Option<f64>) {
        let own = given_p.map(|p| self.own(p));
        self.answers.dialed(now, own, &self.ring);
    }

    /// A call is over; `memory` of them count.
    pub fn finished(&mut self, call: Finished, given_p: Option<f64>, memory: f64) {
        let own = given_p.map(|p| self.own(p));
        self.answers.finished(call, own, &self.ring);
        if call.dialed >= self.known_since() {
            self.ring.observe(call.age, call.end, memory);
        }
        if let Some(p) = given_p
            && call.end != RingEnd::Censored
        {
            self.observe_given(p, call.end == RingEnd::Answered);
        }
    }

    fn own(&self, given: f64) -> f64 {
        (given * self.given_factor()).clamp(0.001, 0.999)
    }

    /// The table is learned from calls dialed since then.
    fn known_since(&self) -> f64 {
        match self.regime.before {
            Some(_) => self.regime.since,
            None => f64::NEG_INFINITY,
        }
    }

    /// A conversation or a wrap-up is over; `memory` of them count.
    pub fn finished_work(&mut self, now: f64, state: AgentState, seconds: f64, memory: f64) {
        let (known, tempo) = match state {
            AgentState::Talk => (&mut self.talk, &mut self.talk_tempo),
            AgentState::Wrap => (&mut self.wrap, &mut self.wrap_tempo),
            AgentState::Idle | AgentState::Reserved | AgentState::Away => return,
        };
        tempo.ended(now, seconds, known);
        known.observe(seconds, memory);
    }

    /// Looks for a change of talk and wrap-up times; true if there is one, and they are learned anew.
    pub fn look_at_work(&mut self, now: f64, agents: &[Agent]) -> bool {
        let ages = |state| {
            let doing = agents.iter().filter(move |agent| agent.state == state);
            doing.map(move |agent| now - agent.since)
        };
        let talk = self
            .talk_tempo
            .look(now, ages(AgentState::Talk), &self.talk);
        let wrap = self
            .wrap_tempo
            .look(now, ages(AgentState::Wrap), &self.wrap);
        if let Some(rate) = talk {
            self.talk.begin_anew(rate, SHAPES);
        }
        if let Some(rate) = wrap {
            self.wrap.begin_anew(rate, SHAPES);
        }
        talk.or(wrap).is_some()
    }

    /// Looks for a jump; true if there is one, and what is learned is learned anew.
    pub fn look(&mut self, now: f64) -> bool {
        let Some(finding) = self.answers.look(now, &self.ring) else {
            return false;
        };
        match finding {
            Finding::Nothing => {
                if self.regime.before.is_none() {
                    self.regime = STEADY;
                }
                false
            }
            Finding::Suspicion {
                since,
                odds,
                probability,
            } => {
                if self.regime.before.is_none() {
                    let p = self.ring.answer_probability();
                    self.regime = Regime {
                        since,
                        before: None,
                        after: 1.0 + probability * (with_odds(p, odds) / p - 1.0),
                    };
                }
                false
            }
            Finding::Jump { since, from, to } => {
                // Given probabilities are off by that much more, until their own results tell.
                let factor = self.given_factor() * to / from;
                self.given_sum = 5.0;
                self.given_answers = (factor * 15.0 - 10.0).max(0.0);
                self.ring.begin_anew(to, SHAPES);
                for call in self.answers.recent() {
                    self.ring.observe(call.age, call.end, f64::INFINITY);
                }
                self.regime = Regime {
                    since,
                    before: Some(from),
                    after: 1.0,
                };
                true
            }
        }
    }

    /// Works everything out anew with nothing in flight or running.
    pub fn settle(&mut self) {
        let nobody = Running::new();
        self.ring.refresh(&[0.0; ROWS]);
        self.talk.refresh(&nobody);
        self.wrap.refresh(&nobody);
    }

    /// Takes in whether a dial with a given probability was answered.
    pub fn observe_given(&mut self, p: f64, answered: bool) {
        let keep = 1.0 - 1.0 / 300.0;
        self.given_answers = self.given_answers * keep + f64::from(u8::from(answered));
        self.given_sum = self.given_sum * keep + p;
    }

    /// Factor by which given probabilities turn out too low (prior: ten expected answers at factor one).
    pub fn given_factor(&self) -> f64 {
        ((self.given_answers + 10.0) / (self.given_sum + 10.0)).clamp(0.1, 10.0)
    }
}

/// Who should have left so many seconds ago and is idle still has not kept the plan, and is counted on again.
const STALE_PLAN: f64 = 60.0;

/// An agent who is to leave soon.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Departing {
    /// Seconds from now.
    within: f64,
    state: AgentState,
    age: f64,
}

crate::state::state!(Departing { within, state, age });

/// Calls by row of age. Calls of one age often follow one another, and a sum that was just written is slow to read:
/// they are counted by turns in two places.
struct Counts([[u32; ROWS]; 2]);

impl Counts {
    fn new() -> Self {
        Self([[0; ROWS]; 2])
    }

    #[inline]
    fn add(&mut self, number: usize, row: usize) {
        self.0[number & 1][row] += 1;
    }

    fn rows(&self) -> [f64; ROWS] {
        std::array::from_fn(|row| f64::from(self.0[0][row]) + f64::from(self.0[1][row]))
    }
}

/// A call in flight with an answer probability of its own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Given {
    /// Its age in rows (see [`place_of`]).
    pub place: f64,
    /// How many times as likely it is answered as the table says of one in `Scene::in_flight`.
    pub ratio: f64,
}

/// The books, counted for one decision.
#[derive(Debug, Clone)]
pub(crate) struct Scene {
    /// Idle agents less answered people already waiting for one.
    pub idle: i64,
    pub talk_ages: Vec<f64>,
    pub wrap_ages: Vec<f64>,
    /// Agents in none of the three above, who leave before all that rings now is answered.
    pub departing: Vec<Departing>,
    /// Calls in flight by row of age, those without a probability of their own.
    pub in_flight: [f64; ROWS],
    /// The same of those dialed before the answer probability changed.
    pub older: [f64; ROWS],
    /// Answer probabilities in comparison with the table's: of calls dialed since a change, and before.
    pub since_factor: f64,
    pub older_factor: f64,
    /// The others, and the age of the oldest of them in rows, if there are any.
    pub given: Scratch<Given>,
    pub oldest_given: Option<f64>,
    /// Calls in flight: when dialed, and the answer probability of its own or no number.
    flying: Scratch<(f64, f64)>,
    /// All in flight.
    pub open: u64,
    /// Answered people who wait for an agent.
    pub waiting: u64,
    running_talk: Running,
    running_wrap: Running,
}

crate::state::state!(Scene {
    idle,
    talk_ages,
    wrap_ages,
    departing,
    in_flight,
    older,
    since_factor,
    older_factor,
    given,
    oldest_given,
    flying,
    open,
    waiting,
    running_talk,
    running_wrap,
});

impl Scene {
    pub fn new() -> Self {
        Self {
            idle: 0,
            talk_ages: Vec::new(),
            wrap_ages: Vec::new(),
            departing: Vec::new(),
            in_flight: [0.0; ROWS],
            older: [0.0; ROWS],
            since_factor: 1.0,
            older_factor: 1.0,
            given: Scratch::default(),
            oldest_given: None,
            flying: Scratch::default(),
            open: 0,
            waiting: 0,
            running_talk: Running::new(),
            running_wrap: Running::new(),
        }
    }

    /// Counts the books and brings the estimates up to date with what is still running.
    pub fn take(&mut self, now: f64, agents: &[Agent], calls: &[Call], learned: &mut Learned) {
        self.talk_ages.clear();
        self.wrap_ages.clear();
        self.departing.clear();
        let look = learned.ring.quantile(0.98) + 5.0;
        self.running_talk = Running::new();
        self.running_wrap = Running::new();
        let mut on_line = Counts::new();
        let (mut idle, mut reserved, mut waiting) = (0_i64, 0_i64, 0_i64);
        let since = learned.known_since();
        // Thousands of calls are far apart in memory: what is asked of them is taken out at once.
        let mut flying = std::mem::take(&mut self.flying.0);
        flying.clear();
        for (number, call) in calls.iter().enumerate() {
            match call.stage {
                Stage::InFlight => {
                    flying.push((call.dialed, call.given_p.unwrap_or(f64::NAN)));
                    if call.dialed >= since {
                        on_line.add(number, row_of(now - call.dialed));
                    }
                }
                Stage::Waiting { .. } => waiting += 1,
                Stage::Talking { .. } => {}
            }
        }
        self.flying.0 = flying;
        for agent in agents {
            let age = now - agent.since;
            let stays = !agent.leaving && self.stays(agent, now, look);
            match agent.state {
                AgentState::Idle if stays => idle += 1,
                AgentState::Talk => {
                    self.running_talk.add(&learned.talk, age);
                    if stays {
                        self.talk_ages.push(age);
                    }
                }
                AgentState::Wrap => {
                    self.running_wrap.add(&learned.wrap, age);
                    if stays {
                        self.wrap_ages.push(age);
                    }
                }
                AgentState::Reserved => {
                    reserved += 1;
                    if stays {
                        self.talk_ages.push(0.0);
                    }
                }
                AgentState::Idle | AgentState::Away => {}
            }
        }
        self.idle = idle - (waiting - reserved).max(0);
        self.waiting = waiting.unsigned_abs();
        learned.ring.refresh(&on_line.rows());
        learned.talk.refresh(&self.running_talk);
        learned.wrap.refresh(&self.running_wrap);
    }

    /// Whether an agent is there for all that rings now; who leaves meanwhile is noted.
    fn stays(&mut self, agent: &Agent, now: f64, look: f64) -> bool {
        let Some(within) = agent.leaves_at.map(|at| at - now) else {
            return true;
        };
        if within > 0.0 && within <= look {
            self.departing.push(Departing {
                within,
                state: agent.state,
                age: now - agent.since,
            });
        }
        within > look || (within < -STALE_PLAN && agent.state == AgentState::Idle)
    }

    /// Counts the calls in flight that `take` found.
    pub fn count_calls(&mut self, now: f64, learned: &Learned) {
        let regime = learned.regime;
        self.since_factor = regime.after;
        self.older_factor = match regime.before {
            Some(before) => before / learned.ring.answer_probability(),
            None => 1.0,
        };
        let (mut in_flight, mut olders) = (Counts::new(), Counts::new());
        let mut yet = None;
        let given_factor = learned.given_factor();
        let factors = [self.since_factor, self.older_factor].map(|f| f * given_factor);
        let each = 1.0 / self.since_factor;
        let mut given = std::mem::take(&mut self.given.0);
        given.clear();
        let mut oldest = 0.0;
        for (number, &(dialed, p)) in self.flying.0.iter().enumerate() {
            let age = now - dialed;
            let older = dialed < regime.since;
            if p.is_nan() {
                let counts = if older { &mut olders } else { &mut in_flight };
                counts.add(number, row_of(age));
                continue;
            }
            let p = (p * factors[usize::from(older)]).clamp(0.001, 0.999);
            let yet = yet.get_or_insert_with(|| Yet::of(&learned.ring));
            let place = place_of(age);
            let ratio = yet.ratio(place, p) * each;
            oldest = f64::max(oldest, place);
            given.push(Given { place, ratio });
        }
        self.oldest_given = (!given.is_empty()).then_some(oldest);
        self.given.0 = given;
        self.open = self.flying.0.len() as u64;
        self.in_flight = in_flight.rows();
        self.older = olders.rows();
    }

    /// Dials asked for and not yet reported are as good as dialed now; `ratios` of those with a probability of their own.
    pub fn add_pending(&mut self, pending: u64, ratios: impl Iterator<Item = f64>) {
        self.open = self.open.saturating_add(pending);
        let mut alike = pending;
        for ratio in ratios {
            alike = alike.saturating_sub(1);
            self.given.0.push(Given { place: 0.0, ratio });
            self.oldest_given.get_or_insert(0.0);
        }
        #[allow(clippy::cast_precision_loss)]
        {
            self.in_flight[0] += alike as f64;
        }
    }
}

/// One moment ahead.
#[derive(Debug, Clone)]
pub(crate) struct Moment {
    pub balance: Balance,
    /// Probability that a call dialed now is answered before the moment.
    pub answer: f64,
    /// Inbound callers for whom there would be nobody if no call were in flight.
    pub without: f64,
}

/// The moments ahead of one decision.
#[derive(Debug, Clone)]
pub(crate) struct Forecast {
    /// Idle agents less people waiting.
    idle: i64,
    pub moments: [Moment; MOMENTS],
    /// Idle agents alone against every answer the calls in flight may ever give.
    pub on_idle: Moment,
    pub expected_answers: f64,
    /// Answer probability of one new dial, as estimated.
    pub answer_probability: f64,
    /// Agents free at the mean ring time.
    pub free_agents: f64,
    /// Agents whom others take until a call dialed now is answered.
    pub taken: f64,
}

/// Agents looked at together.
const BATCH: usize = 32;

/// Each busy agent's probabilities of being free within the three horizons.
fn freeing(scene: &Scene, learned: &Learned, nodes: [f64; 3], mut f: impl FnMut([f64; 3])) {
    let (talk, wrap) = (&learned.talk, &learned.wrap);
    let wrapped = nodes.map(|within| wrap.mean_within(within));
    let work = [
        (talk, &scene.talk_ages, wrapped),
        (wrap, &scene.wrap_ages, [1.0; 3]),
    ];
    // One loop for both, so that there is one copy of what is done with each agent; in batches, as what was written a
    // moment ago is slow to read.
    let mut batch = [[0.0; 3]; BATCH];
    for (known, ages, then) in work {
        for ages in ages.chunks(BATCH) {
            for (ends, &age) in batch.iter_mut().zip(ages) {
                *ends = known.ends_within_each(age, nodes);
            }
            for ends in &batch[..ages.len()] {
                f(std::array::from_fn(|i| ends[i] * then[i]));
            }
        }
    }
    for &Departing { within, state, age } in &scene.departing {
        let free = match state {
            AgentState::Idle => [1.0; 3],
            AgentState::Talk => {
                let ends = talk.ends_within_each(age, nodes);
                std::array::from_fn(|i| ends[i] * wrapped[i])
            }
            AgentState::Wrap => wrap.ends_within_each(age, nodes),
            AgentState::Reserved | AgentState::Away => continue,
        };
        f(std::array::from_fn(|i| {
            if nodes[i] < within { free[i] } else { 0.0 }
        }));
    }
}

/// The moments ahead, and where each lies between the three nodes at which agents are looked at: their
/// probabilities are smooth in the horizon, so straight lines between will do.
struct Horizons {
    at: [f64; MOMENTS],
    nodes: [f64; 3],
    place: [(usize, f64); MOMENTS],
}

impl Horizons {
    fn new(learned: &Learned, grace: f64) -> Self {
        let at: [f64; MOMENTS] = std::array::from_fn(|i| {
            #[allow(clippy::cast_precision_loss)]
            let u = (i as f64 + 0.5) / MOMENTS as f64;
            learned.ring.quantile(u)
        });
        let ends = [at[0], at[MOMENTS / 2], at[MOMENTS - 1]];
        let place = std::array::from_fn(|i| {
            let left = usize::from(i > MOMENTS / 2);
            let part = (at[i] - ends[left]) / (ends[left + 1] - ends[left]).max(1e-9);
            (left, part.clamp(0.0, 1.0))
        });
        Self {
            at,
            nodes: ends.map(|r| r + grace),
            place,
        }
    }

    /// Free agents at the three nodes.
    #[allow(clippy::cast_precision_loss)]
    fn free(&self, scene: &Scene, learned: &Learned) -> CumulantsOf<3> {
        let mut free = CumulantsOf::constant(scene.idle as f64);
        freeing(scene, learned, self.nodes, |r| free.add_one(r));
        free
    }

    /// The distributions of free agents at the moments, and the mean at the middle node.
    #[allow(clippy::cast_precision_loss)]
    fn exactly_free(&self, scene: &Scene, learned: &Learned, idle: usize) -> ([Sum; MOMENTS], f64) {
        let (mut sums, mut mean) = ([Sum::constant(idle); MOMENTS], scene.idle as f64);
        freeing(scene, learned, self.nodes, |r| {
            mean += r[1];
            for (sum, (left, part)) in sums.iter_mut().zip(self.place) {
                sum.add(r[left] + (r[left + 1] - r[left]) * part);
            }
        });
        (sums, mean)
    }
}

impl Forecast {
    /// `taken`: agents a second whom others take first.
    pub fn new(scene: &Scene, learned: &Learned, grace: f64, taken: f64) -> Self {
        let ring = &learned.ring;
        let p = ring.answer_probability();
        let caution = ring.answer_probability_at_most(CAUTION) / p;
        let careful = ring.answer_probability_at_most(CAUTION_ON_IDLE) / p;
        let horizons = Horizons::new(learned, grace);
        let mut chances = [[0.0; COLUMNS]; ROWS];
        let due = Due::new(&mut chances, scene, learned, horizons.at, caution, careful);
        let mut answers = due.cumulants();
        let gone: [f64; MOMENTS] = std::array::from_fn(|i| taken * (horizons.at[i] + grace));
        let most_gone = gone[MOMENTS - 1];
        if taken > 0.0 {
            answers.add_poisson(std::array::from_fn(|column| match column {
                EVER => most_gone,
                moment => gone[moment - 1],
            }));
        }
        let ever = answers.get(EVER);
        let idle = usize::try_from(scene.idle).unwrap_or(0);
        let waiting = usize::try_from(-scene.idle).unwrap_or(0);
        let few = idle <= EXACT_IDLE
            && waiting <= EXACT_IDLE
            && scene.open <= EXACT_CALLS
            && ever.mean <= EXACT_DUE;
        let busy = scene.talk_ages.len() + scene.wrap_ages.len() + scene.departing.len();
        let factor = scene.since_factor;
        let moment = |i: usize, balance: Balance, without: f64| {
            let answer = ring.answered_within(0.0, horizons.at[i]) * caution * factor;
            let answer = answer.min(1.0);
            Moment {
                balance,
                answer,
                without,
            }
        };
        let (moments, on_idle, free_agents) = if few && busy <= EXACT_BUSY {
            let mut sums = due.sums::<COLUMNS>(waiting);
            let (free, mean) = horizons.exactly_free(scene, learned, idle);
            let mut without = [0.0; MOMENTS];
            if taken > 0.0 {
                sums[EVER].add_poisson(most_gone);
                for i in 0..MOMENTS {
                    sums[i + 1].add_poisson(gone[i]);
                    let mut alone = Sum::constant(0);
                    alone.add_poisson(gone[i]);
                    without[i] = Balance::exact(&free[i], &alone).shortfall();
                }
            }
            let moments = std::array::from_fn(|i| {
                moment(i, Balance::exact(&free[i], &sums[i + 1]), without[i])
            });
            let on_idle = Balance::exact(&Sum::constant(idle), &sums[EVER]);
            (moments, on_idle, mean)
        } else {
            let free = horizons.free(scene, learned);
            let moments = std::array::from_fn(|i| {
                let (left, part) = horizons.place[i];
                let free = Cumulants::between(free.get(left), free.get(left + 1), part);
                let due = answers.get(i + 1);
                let without = if taken > 0.0 {
                    let due = Cumulants::poisson(gone[i]);
                    Balance::Normal { free, due }.shortfall()
                } else {
                    0.0
                };
                moment(i, Balance::Normal { free, due }, without)
            });
            let on_idle = if few {
                let mut sum = due.sums::<1>(waiting)[EVER];
                if taken > 0.0 {
                    sum.add_poisson(most_gone);
                }
                Balance::exact(&Sum::constant(idle), &sum)
            } else {
                #[allow(clippy::cast_precision_loss)]
                Balance::Normal {
                    free: Cumulants {
                        mean: scene.idle as f64,
                        ..Cumulants::default()
                    },
                    due: ever,
                }
            };
            (moments, on_idle, free.get(1).mean)
        };
        Self {
            idle: scene.idle,
            moments,
            on_idle: Moment {
                balance: on_idle,
                answer: (p * careful * factor).min(1.0),
                without: 0.0,
            },
            expected_answers: (ever.mean - most_gone).max(0.0) / careful,
            answer_probability: (p * factor).min(1.0),
            free_agents,
            taken: most_gone,
        }
    }

    /// Answers that find nobody if nothing more is dialed.
    pub fn shortfall(&self) -> f64 {
        self.moments
            .iter()
            .map(|m| m.balance.shortfall() - m.without)
            .fold(0.0, f64::max)
    }

    /// Takes in a call dialed now that is answered `ratio` times as likely as a usual one.
    pub fn take_in(&mut self, ratio: f64) {
        for moment in self.moments.iter_mut().chain([&mut self.on_idle]) {
            moment.balance.take_in((moment.answer * ratio).min(1.0));
        }
        self.expected_answers += (self.answer_probability * ratio).min(1.0);
    }

    /// Probability that one more call dialed now, after `others` dialed with it, finds nobody when answered.
    pub fn risk_after(&self, others: u64) -> f64 {
        let total: f64 = self.moments.iter().map(|m| m.risk_after(others)).sum();
        #[allow(clippy::cast_precision_loss)]
        {
            total / MOMENTS as f64
        }
    }

    /// How many to dial, at most `limit`, so that the last of them runs no more than `risk`.
    pub fn dials_within(&self, risk: f64, limit: u64) -> u64 {
        most(limit, |others| self.risk_after(others) <= risk)
    }

    /// The same, when agents that are busy now may not be counted on.
    pub fn dials_on_idle(&self, risk: f64, limit: u64) -> u64 {
        if self.idle <= 0 {
            return 0;
        }
        most(limit, |others| self.on_idle.risk_after(others) <= risk)
    }
}

/// The greatest n <= limit for which `allowed(n - 1)`; `allowed` holds up to some point and never again.
fn most(limit: u64, allowed: impl Fn(u64) -> bool) -> u64 {
    let (mut sure, mut step) = (0, 1);
    while sure < limit && allowed(sure.saturating_add(step).min(limit) - 1) {
        sure = sure.saturating_add(step).min(limit);
        step = step.saturating_mul(2);
    }
    let mut beyond = sure.saturating_add(step).min(limit.saturating_add(1));
    while beyond > sure + 1 {
        let middle = sure + (beyond - sure) / 2;
        if allowed(middle - 1) {
            sure = middle;
        } else {
            beyond = middle;
        }
    }
    sure
}

impl Moment {
    /// Probability that an answer finds nobody, after `others` dialed now.
    fn risk_after(&self, others: u64) -> f64 {
        self.balance.nobody_free_after(self.answer, others)
    }
}
