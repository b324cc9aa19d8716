//! Has the answer probability jumped? Page's CUSUM test over the calls in the order of their dials.
//!
//! Each call says something from the first second on: answered, ended, or still on the line at an age by which it
//! might have been answered. Against an answer probability p, the log-likelihood ratio of one whose odds are w times
//! as high is, with q the probability that a call on the line will yet be answered,
//!
//! * answered: ln w - D      * ended: -D      * on the line: ln(1 + (w-1) q) - D      with D = ln(1 - p + w p).
//!
//! So a jump up is seen as soon as quick answers outnumber what the ages of the calls in flight explain, and calls that
//! the network failed say nothing. A jump down is looked for among calls that are over only: it is in no hurry. The sum over the calls dialed since a moment, highest over all moments, is the test
//! (Page 1954; Lorden 1971), for five values of w; its place of the maximum says since when. Calls dialed within a
//! second are one cohort, and the last `COHORTS` of them are summed anew at every look, as those in flight still tell
//! more; what is older is summed up once, and is what p is estimated from.
//!
//! Two levels: past `ALARM` the jump is a fact, and what was learned before it is forgotten but for its shape. Before
//! that, a jump up is a suspicion of probability `1 / (1 + exp(ALARM - sum))`, and calls dialed since are expected to
//! answer as often as that says. A suspicion costs nothing when it passes.
use std::collections::VecDeque;

use crate::ring::{RingEnd, RingTable};

/// How many times as high the odds of an answer are that the test looks for.
const ODDS: [f64; KINDS] = [0.25, 0.5, 2.0, 4.0, 10.0];
const KINDS: usize = 5;
/// Log-likelihood ratio that is a jump. One down, wrongly taken for a fact, costs abandoned people, one up only idle
/// time.
const ALARM: [f64; KINDS] = [12.0, 12.0, 9.0, 9.0, 9.0];
/// So much below the alarm a suspicion has a probability of one half.
const ALERTNESS: f64 = 1.0;
/// Suspicions of less are ignored.
const LEAST_SUSPICION: f64 = 0.05;
/// Calls dialed within so many seconds are judged together.
const COHORT_SECONDS: f64 = 1.0;
const COHORTS: usize = 64;
/// Calls of a cohort that count: the ring times they are held against are wrong for all of them alike, and twenty calls a
/// second tell a jump before any ring time is over.
const COHORT_CALLS: f64 = 20.0;
/// Share of a cohort's calls that may still be on the line when it is over.
const LEFT: f64 = 0.02;
/// Looks are no more frequent than that.
const LOOK_SECONDS: f64 = 0.5;
/// Finished calls kept, to begin anew with those since a jump.
const RECENT: usize = 256;
/// Finished calls that the estimate before a jump rests on, at most, and the fewest with which there can be an alarm.
const MEMORY: f64 = 2000.0;
const ENOUGH: f64 = 30.0;
/// Dials' worth of the estimate of the ring table in the estimate before a jump.
const TABLE_WEIGHT: f64 = 10.0;

/// Calls dialed at about the same time.
#[derive(Debug, Clone, Copy)]
struct Cohort {
    first: f64,
    last: f64,
    /// Answer probability of those without one of their own, before any jump.
    base: f64,
    /// What finished calls and the term D of those on the line add to each sum.
    told: [f64; KINDS],
    on_line: f64,
    /// Sum of the answer probabilities of those on the line.
    expected: f64,
    answers: f64,
    ended: f64,
}

/// One sum, up to some cohort.
#[derive(Debug, Clone, Copy)]
struct Sum {
    total: f64,
    since: f64,
    answers: f64,
    ended: f64,
}

/// A call that is over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Finished {
    pub dialed: f64,
    pub age: f64,
    pub end: RingEnd,
}

/// What a look found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Finding {
    Nothing,
    /// Calls dialed since then answer `odds` times as often, in odds, with this probability.
    Suspicion {
        since: f64,
        odds: f64,
        probability: f64,
    },
    /// Calls dialed since then answer with probability `to`, those before with `from`.
    Jump {
        since: f64,
        from: f64,
        to: f64,
    },
}

#[derive(Debug, Clone)]
pub(crate) struct AnswerWatch {
    cohorts: VecDeque<Cohort>,
    recent: VecDeque<Finished>,
    sums: [Sum; KINDS],
    /// Answered and finished, of cohorts no longer kept, fading.
    answers: f64,
    ended: f64,
    jumps: u64,
    next_look: f64,
}

crate::state::state!(Cohort {
    first,
    last,
    base,
    told,
    on_line,
    expected,
    answers,
    ended
});
crate::state::state!(Sum {
    total,
    since,
    answers,
    ended
});
crate::state::state!(Finished { dialed, age, end });
crate::state::state!(AnswerWatch {
    cohorts,
    recent,
    sums,
    answers,
    ended,
    jumps,
    next_look
});

const NO_SUM: Sum = Sum {
    total: 0.0,
    since: f64::NEG_INFINITY,
    answers: 0.0,
    ended: 0.0,
};

/// p with its odds multiplied.
pub(crate) fn with_odds(p: f64, odds: f64) -> f64 {
    odds * p / (1.0 - p + odds * p)
}

impl Cohort {
    /// Adds `count` calls to those on the line.
    fn add(&mut self, p: f64, count: f64) {
        for (told, odds) in self.told.iter_mut().zip(ODDS) {
            *told -= count * (1.0 - p + odds * p).ln();
        }
        self.on_line = (self.on_line + count).max(0.0);
        self.expected = if self.on_line > 0.0 {
            (self.expected + count * p).max(0.0)
        } else {
            0.0
        };
    }

    /// Probability that one still on the line will be answered, their answer probability being `p`.
    fn yet(&self, p: f64, now: f64, ring: &RingTable) -> f64 {
        let (may_answer, may_end) = ring.left(now - 0.5 * (self.first + self.last));
        let (yes, no) = (p * may_answer, (1.0 - p) * may_end);
        if yes + no > 1e-9 { yes / (yes + no) } else { p }
    }

    /// What its calls count for: no more than `COHORT_CALLS` of them, as their errors are not their own.
    fn weight(&self) -> f64 {
        (COHORT_CALLS / (self.on_line + self.ended).max(1.0)).min(1.0)
    }

    fn mean(&self) -> f64 {
        (self.expected / self.on_line).clamp(1e-4, 0.9999)
    }
}

impl Sum {
    fn add(&mut self, cohort: &Cohort, more: f64) {
        if self.total <= 0.0 {
            *self = Sum {
                since: cohort.first,
                ..NO_SUM
            };
        }
        self.total += more;
        self.answers += cohort.answers;
        self.ended += cohort.ended;
    }
}

/// ln(1 + (w-1) q) by q, between which lines are straight: it is wanted for a hundred cohorts at every look.
struct Logs([[f64; KINDS]; Logs::STEPS + 2]);

impl Logs {
    const STEPS: usize = 256;

    fn get() -> &'static Self {
        static LOGS: std::sync::OnceLock<Logs> = std::sync::OnceLock::new();
        LOGS.get_or_init(|| {
            #[allow(clippy::cast_precision_loss)]
            let q = |step: usize| (step as f64 / Self::STEPS as f64).min(1.0);
            Self(std::array::from_fn(|step| {
                ODDS.map(|odds| (1.0 + (odds - 1.0) * q(step)).ln())
            }))
        })
    }

    fn at(&self, q: f64) -> [f64; KINDS] {
        #[allow(clippy::cast_precision_loss)]
        let place = q.clamp(0.0, 1.0) * Self::STEPS as f64;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let step = place as usize;
        let part = place - place.floor();
        let (low, high) = (&self.0[step], &self.0[step + 1]);
        std::array::from_fn(|kind| low[kind] + (high[kind] - low[kind]) * part)
    }
}

impl AnswerWatch {
    pub fn new() -> Self {
        Self {
            cohorts: VecDeque::with_capacity(COHORTS),
            recent: VecDeque::with_capacity(RECENT),
            sums: [NO_SUM; KINDS],
            answers: 0.0,
            ended: 0.0,
            jumps: 0,
            next_look: f64::NEG_INFINITY,
        }
    }

    pub fn jumps(&self) -> u64 {
        self.jumps
    }

    /// The estimate before any jump that is not found yet.
    fn base(&self, ring: &RingTable) -> f64 {
        let p = ring.answer_probability();
        ((self.answers + TABLE_WEIGHT * p) / (self.ended + TABLE_WEIGHT)).clamp(0.001, 0.999)
    }

    /// A call was dialed, with its own answer probability where it has one.
    pub fn dialed(&mut self, now: f64, own: Option<f64>, ring: &RingTable) {
        let fresh = self
            .cohorts
            .back()
            .is_none_or(|cohort| now - cohort.first >= COHORT_SECONDS);
        if fresh {
            if self.cohorts.len() >= COHORTS {
                self.retire();
            }
            self.cohorts.push_back(Cohort {
                first: now,
                last: now,
                base: self.base(ring),
                told: [0.0; KINDS],
                on_line: 0.0,
                expected: 0.0,
                answers: 0.0,
                ended: 0.0,
            });
        }
        if let Some(cohort) = self.cohorts.back_mut() {
            cohort.last = now;
            let p = own.unwrap_or(cohort.base);
            cohort.add(p, 1.0);
        }
    }

    /// The oldest cohort is summed up for good; one of it that is still on the line tells nothing any more.
    fn retire(&mut self) {
        let Some(mut cohort) = self.cohorts.pop_front() else {
            return;
        };
        if cohort.on_line > 0.0 {
            cohort.add(cohort.mean(), -cohort.on_line);
        }
        let weight = cohort.weight();
        for (sum, told) in self.sums.iter_mut().zip(cohort.told) {
            sum.add(&cohort, told * weight);
            sum.total = sum.total.max(0.0);
        }
        let keep = (1.0 - cohort.ended / MEMORY).max(0.0);
        self.answers = self.answers * keep + cohort.answers;
        self.ended = self.ended * keep + cohort.ended;
    }

    /// A call is over, one way or the other.
    pub fn finished(&mut self, call: Finished, own: Option<f64>, ring: &RingTable) {
        if self.recent.len() >= RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(call);
        let after = self.cohorts.partition_point(|c| c.first <= call.dialed);
        let Some(cohort) = after.checked_sub(1).and_then(|at| self.cohorts.get_mut(at)) else {
            return;
        };
        if call.dialed > cohort.last || cohort.on_line < 0.5 {
            return;
        }
        let p = own.unwrap_or(cohort.base);
        cohort.on_line -= 1.0;
        cohort.expected = if cohort.on_line > 0.0 {
            (cohort.expected - p).max(0.0)
        } else {
            0.0
        };
        match call.end {
            RingEnd::Answered => {
                cohort.answers += 1.0;
                cohort.ended += 1.0;
                for (told, odds) in cohort.told.iter_mut().zip(ODDS) {
                    *told += odds.ln();
                }
            }
            RingEnd::Unanswered => cohort.ended += 1.0,
            RingEnd::Censored => {
                let (may_answer, may_end) = ring.left(call.age);
                let (yes, no) = (p * may_answer, (1.0 - p) * may_end);
                let q = if yes + no > 1e-9 { yes / (yes + no) } else { p };
                for (told, odds) in cohort.told.iter_mut().zip(ODDS) {
                    *told += (1.0 + (odds - 1.0) * q).ln();
                }
            }
        }
    }

    /// Looks at everything that has ended or is on the line, at most every `LOOK_SECONDS`.
    pub fn look(&mut self, now: f64, ring: &RingTable) -> Option<Finding> {
        if now < self.next_look {
            return None;
        }
        self.next_look = now + LOOK_SECONDS;
        Some(self.find(now, ring))
    }

    fn find(&mut self, now: f64, ring: &RingTable) -> Finding {
        if self.ended < ENOUGH {
            return Finding::Nothing;
        }
        let logs = Logs::get();
        let mut sums = self.sums;
        for cohort in &self.cohorts {
            let q = if cohort.on_line > 0.0 {
                cohort.yet(cohort.mean(), now, ring)
            } else {
                0.0
            };
            let flying = logs.at(q);
            // What is missing so far may yet come: with thousands of calls of one age, a small error of their ring
            // times would be a jump down. It is told by cohorts that are over.
            let over = cohort.on_line <= LEFT * (cohort.on_line + cohort.ended);
            for (kind, sum) in sums.iter_mut().enumerate() {
                if over || ODDS[kind] > 1.0 {
                    let told = cohort.told[kind] + cohort.on_line * flying[kind];
                    sum.add(cohort, told * cohort.weight());
                }
            }
        }
        let beyond = |kind: usize| sums[kind].total - ALARM[kind];
        let better = |a: usize, b: usize| if beyond(b) > beyond(a) { b } else { a };
        let kind = (1..KINDS).fold(0, better);
        if beyond(kind) >= 0.0 {
            return self.jump(sums[kind], kind, now, ring);
        }
        let up = better(better(2, 3), 4);
        let probability = 1.0 / (1.0 + (-beyond(up) - ALERTNESS).exp());
        if probability < LEAST_SUSPICION {
            return Finding::Nothing;
        }
        Finding::Suspicion {
            since: sums[up].since,
            odds: ODDS[up],
            probability,
        }
    }

    /// Begins anew with the calls since the jump.
    fn jump(&mut self, sum: Sum, kind: usize, now: f64, ring: &RingTable) -> Finding {
        let from = self.base(ring);
        let to = self.estimate(sum, with_odds(from, ODDS[kind]), now, ring);
        self.jumps += 1;
        self.answers = to * ENOUGH;
        self.ended = ENOUGH;
        self.sums = [NO_SUM; KINDS];
        self.cohorts.clear();
        while self.recent.front().is_some_and(|c| c.dialed < sum.since) {
            self.recent.pop_front();
        }
        Finding::Jump {
            since: sum.since,
            from,
            to,
        }
    }

    /// Share answered of the calls since the jump (EM over those on the line), with dials at `guess` before them
    /// that make four answers.
    fn estimate(&self, sum: Sum, guess: f64, now: f64, ring: &RingTable) -> f64 {
        let mut p = guess;
        for _ in 0..20 {
            let (mut answers, mut all) = (sum.answers + 4.0, sum.ended + 4.0 / guess);
            for cohort in self.cohorts.iter().filter(|c| c.first >= sum.since) {
                answers += cohort.on_line * cohort.yet(p, now, ring);
                all += cohort.on_line;
            }
            p = (answers / all).clamp(0.001, 0.999);
        }
        p
    }

    /// Finished calls dialed since the last jump, as far as they are kept.
    pub fn recent(&self) -> impl Iterator<Item = &Finished> {
        self.recent.iter()
    }

    /// What the estimate before a jump rests on, for a snapshot to read or to fill.
    pub fn learned_mut(&mut self) -> [&mut f64; 2] {
        [&mut self.answers, &mut self.ended]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;
    use crate::ring::ROWS;

    /// Calls dialed one after the other, each ending as the base scenario says, watched twice a second.
    struct Line {
        watch: AnswerWatch,
        ring: RingTable,
        random: Random,
        now: f64,
        gap: f64,
        /// When it is over, when it was dialed, how it ends.
        open: Vec<(f64, f64, RingEnd)>,
        jumps: Vec<(f64, f64, f64)>,
    }

    impl Line {
        fn new(seed: u64, gap: f64) -> Self {
            Self {
                watch: AnswerWatch::new(),
                ring: RingTable::new(),
                random: Random::new(seed, 1),
                now: 0.0,
                gap,
                open: Vec::new(),
                jumps: Vec::new(),
            }
        }

        /// Dials `calls` numbers, answered with probability `p`; none: the carrier fails them.
        fn dial(&mut self, calls: usize, p: Option<f64>) {
            for _ in 0..calls {
                let (luck, ring) = (self.random.uniform(), self.random.uniform());
                let (lasts, end) = match p {
                    None => (0.5, RingEnd::Censored),
                    Some(p) if luck < p => (6.0 + 14.0 * ring, RingEnd::Answered),
                    Some(_) => (25.0, RingEnd::Unanswered),
                };
                self.watch.dialed(self.now, None, &self.ring);
                self.open.push((self.now + lasts, self.now, end));
                self.now += self.gap;
                self.settle();
            }
        }

        fn settle(&mut self) {
            self.open.sort_by(|a, b| a.0.total_cmp(&b.0));
            let over = self.open.partition_point(|call| call.0 <= self.now);
            for (at, dialed, end) in self.open.drain(..over) {
                let age = at - dialed;
                self.watch
                    .finished(Finished { dialed, age, end }, None, &self.ring);
                self.ring.observe(age, end, 250.0);
            }
            let mut on_line = [0.0; ROWS];
            for call in &self.open {
                on_line[crate::ring::row_of(self.now - call.1)] += 1.0;
            }
            self.ring.refresh(&on_line);
            if let Some(Finding::Jump { since, to, .. }) = self.watch.look(self.now, &self.ring) {
                self.jumps.push((self.now, since, to));
            }
        }
    }

    #[test]
    fn a_jump_up_is_found_within_tens_of_calls_most_of_them_in_flight() {
        for seed in 0..8 {
            let mut line = Line::new(seed, 0.3);
            line.dial(2000, Some(0.1));
            let (at, before) = (line.now, line.jumps.len());
            line.dial(120, Some(0.5));
            let (found, since, to) = line.jumps[before];
            // 6 s pass before anybody can answer; 25 s before the first call ends without an answer.
            assert!(found - at < 25.0, "seed {seed}: {}", found - at);
            assert!((since - at).abs() < 15.0, "seed {seed}: {}", since - at);
            assert!((0.25..0.75).contains(&to), "seed {seed}: {to}");
        }
    }

    #[test]
    fn a_jump_down_is_found_within_tens_of_calls() {
        for seed in 0..8 {
            let mut line = Line::new(seed, 1.4);
            line.dial(1000, Some(0.5));
            let (at, before) = (line.now, line.jumps.len());
            line.dial(100, Some(0.1));
            let (found, _, to) = line.jumps[before];
            // 100 calls in 140 s, of which those of the last 25 s are not over.
            assert!(found - at < 140.0, "seed {seed}: {}", found - at);
            assert!(to < 0.3, "seed {seed}: {to}");
        }
    }

    #[test]
    fn steady_calls_hardly_ever_look_like_a_jump() {
        let mut found = 0;
        for (seed, p) in [(1, 0.1), (2, 0.3), (3, 0.6)] {
            let mut line = Line::new(seed, 0.4);
            line.dial(15_000, Some(p));
            found += line.jumps.len();
        }
        assert!(found <= 4, "{found} in 45,000 calls");
    }

    #[test]
    fn an_outage_of_the_carrier_is_no_jump_and_neither_is_its_end() {
        for seed in 0..4 {
            let mut line = Line::new(seed, 0.3);
            line.dial(2000, Some(0.3));
            let before = line.jumps.len();
            line.dial(400, None);
            line.dial(400, Some(0.3));
            assert_eq!(line.jumps.len(), before, "seed {seed}");
        }
    }

    #[test]
    fn the_table_of_logarithms_is_exact_enough() {
        for step in 0..=1000 {
            let q = f64::from(step) / 1000.0;
            for (log, odds) in Logs::get().at(q).into_iter().zip(ODDS) {
                assert!((log - (1.0 + (odds - 1.0) * q).ln()).abs() < 1e-3, "{q}");
            }
        }
    }
}
