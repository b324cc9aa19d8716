//! A call centre in a few lines, for tests through the pacer's public door: steps of a fifth of a second, every
//! person's fate from a seed. Nothing here is the laboratory's, which is a feature.
#![allow(dead_code)] // each test file uses its part
#![allow(clippy::cast_precision_loss)]
use pacing_core::{AgentState, Decision, Limits, Outcome, Pacer};

/// `SplitMix64`.
pub struct Random(pub u64);

impl Random {
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, most: u64) -> u64 {
        self.bits() % most
    }

    pub fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub fn one_of<T: Copy>(&mut self, values: &[T]) -> T {
        let at = usize::try_from(self.below(values.len() as u64)).unwrap_or(0);
        values[at]
    }
}

const STEP: f64 = 0.2;
const GRACE: f64 = 2.0;

#[derive(Clone, Copy)]
struct Ringing {
    call: u64,
    at: f64,
    answers: bool,
}

#[derive(Clone, Copy)]
struct Busy {
    agent: u64,
    call: u64,
    talk_until: f64,
    wrap_until: f64,
    wrapping: bool,
}

/// The floor; every list keeps its room.
pub struct Floor {
    pub random: Random,
    pub now: f64,
    answer_probability: f64,
    dialed: u64,
    idle: Vec<u64>,
    ringing: Vec<Ringing>,
    waiting: Vec<(u64, f64)>,
    busy: Vec<Busy>,
}

impl Floor {
    pub fn new(agents: u64, answer_probability: f64, seed: u64, pacer: &mut Pacer) -> Self {
        for agent in 0..agents {
            pacer.agent(0.0, agent, AgentState::Idle, false);
        }
        Self {
            random: Random(seed),
            now: 0.0,
            answer_probability,
            dialed: 0,
            idle: (0..agents).collect(),
            ringing: Vec::with_capacity(10_000),
            waiting: Vec::with_capacity(1_000),
            busy: Vec::with_capacity(1_000),
        }
    }

    /// The next fifth of a second: what happens in it, and the decision at its end.
    pub fn step(&mut self, pacer: &mut Pacer) -> Decision {
        self.now += STEP;
        self.people(pacer);
        self.agents(pacer);
        self.matching(pacer);
        let decision = pacer.decide(
            self.now,
            Limits {
                lines_free: 9_000_u64.saturating_sub(self.ringing.len() as u64),
                rate_tokens: 200,
                leads: 1_000_000,
                pending: 0,
            },
        );
        for _ in 0..decision.dials {
            self.dial(pacer);
        }
        decision
    }

    fn dial(&mut self, pacer: &mut Pacer) {
        self.dialed += 1;
        let answers = self.random.uniform() < self.answer_probability;
        let rings = if answers {
            6.0 + 14.0 * self.random.uniform()
        } else {
            25.0
        };
        // Every third lead comes with a probability of its own.
        let given = self.dialed.is_multiple_of(3);
        pacer.dialed(
            self.now,
            self.dialed,
            given.then_some(self.answer_probability),
        );
        pacer.ringing(self.now, self.dialed);
        self.ringing.push(Ringing {
            call: self.dialed,
            at: self.now + rings,
            answers,
        });
    }

    fn people(&mut self, pacer: &mut Pacer) {
        let now = self.now;
        let waiting = &mut self.waiting;
        self.ringing.retain(|r| {
            if r.at > now {
                return true;
            }
            if r.answers {
                pacer.answered(now, r.call);
                waiting.push((r.call, now));
            } else {
                pacer.ended(now, r.call, Outcome::NoAnswer);
            }
            false
        });
        self.waiting.retain(|&(call, since)| {
            let patient = now - since <= GRACE;
            if !patient {
                pacer.abandoned(now, call);
            }
            patient
        });
    }

    fn agents(&mut self, pacer: &mut Pacer) {
        let now = self.now;
        let idle = &mut self.idle;
        self.busy.retain_mut(|b| {
            if !b.wrapping && now >= b.talk_until {
                pacer.ended(now, b.call, Outcome::Done);
                pacer.agent(now, b.agent, AgentState::Wrap, false);
                b.wrapping = true;
            }
            if now < b.wrap_until {
                return true;
            }
            pacer.agent(now, b.agent, AgentState::Idle, false);
            idle.push(b.agent);
            false
        });
    }

    fn matching(&mut self, pacer: &mut Pacer) {
        while !self.waiting.is_empty()
            && let Some(agent) = self.idle.pop()
        {
            let (call, _) = self.waiting.remove(0);
            pacer.connected(self.now, call, agent);
            let talk = -120.0 * self.random.uniform().max(1e-12).ln();
            self.busy.push(Busy {
                agent,
                call,
                talk_until: self.now + talk,
                wrap_until: self.now + talk + 5.0 + 20.0 * self.random.uniform(),
                wrapping: false,
            });
        }
    }
}
