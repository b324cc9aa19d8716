//! Answer probability and ring time, learned together from calls that may not have answered yet.
//!
//! A dialed call meets two competing risks: a person answers, or it ends without an answer. A life table with
//! discrete hazards (Kaplan and Meier 1958; Aalen and Johansen 1978 for competing risks) takes a call still
//! ringing, given up or failed in the network as what it is, right-censored: it was at risk until now. So quick
//! answers, which are seen before slow ones and before any failure to answer, do not make the estimate too high.
//!
//! Prior: four dials that never age: a person answers after 6 to 20 s (uniform), otherwise the line is free again
//! after 10 to 40 s (uniform); both times at one of several scales (see [`crate::prior`]). The share that is answered
//! begins at 0.3 (worth four dials) and follows the data by the EM algorithm for a mixture of the two (Dempster, Laird
//! and Rubin 1977), at every scale; the likelihood says how much each scale counts. That matters in the first minute:
//! the rows of the table know nothing of each other, and without it many answers in the first ten seconds of ringing
//! would say nothing about the next ten.
use std::sync::{Arc, OnceLock};

use crate::codec::{Broken, In, Out};
use crate::prior::{BELIEVED, SCALE, SCALES, mixed, posterior};
use crate::state::{Layout, State};

/// Width of a row of the table, seconds.
pub(crate) const STEP: f64 = 0.5;
/// Rows; the last also holds everything older.
pub(crate) const ROWS: usize = 160;

const PRIOR_DIALS: f64 = 4.0;
const PRIOR_ANSWER: f64 = 0.3;
/// Steps of the EM algorithm at most; and after how many dials the table speaks for itself, and none is made.
const EM_STEPS: usize = 20;
const ENOUGH: f64 = 200.0;
/// Share of dials that keep to no scale's times.
const ODD: f64 = 0.01;
const PRIOR_RING: (f64, f64) = (6.0, 20.0);
const PRIOR_UNANSWERED: (f64, f64) = (10.0, 40.0);

/// How an observation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RingEnd {
    Answered,
    Unanswered,
    Censored,
}

/// The learned table and what follows from it.
#[derive(Debug, Clone)]
pub(crate) struct RingTable {
    answered: [f64; ROWS],
    unanswered: [f64; ROWS],
    censored: [f64; ROWS],
    /// Still on the line at the row's start.
    survival: [f64; ROWS + 1],
    /// Answered before the row's start.
    incidence: [f64; ROWS + 1],
    prior: Prior,
    /// Observations behind the estimate, those still ringing by the part they have told.
    weight: f64,
}

crate::state::state!(RingTable {
    answered,
    unanswered,
    censored,
    survival,
    incidence,
    prior,
    weight,
});

/// A time ahead in rows, to look many calls up with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shift {
    rows: usize,
    part: f64,
    /// Share of the answer probability that a call older than anything seen is given.
    if_unknown: f64,
}

impl Shift {
    pub fn of(within: f64) -> Self {
        let rows = row_of(within);
        #[allow(clippy::cast_precision_loss)]
        let part = (within / STEP - rows as f64).clamp(0.0, 1.0);
        Self {
            rows,
            part,
            if_unknown: (within / 10.0).min(1.0),
        }
    }
}

/// What a call on the line will yet do, by age, for calls whose answer probability is their own.
pub(crate) struct Yet {
    /// Answer probability of all dials.
    mean: f64,
    /// Probability that a call at the start of a row is answered at some time.
    answered: [f64; ROWS + 1],
}

impl Yet {
    pub fn of(table: &RingTable) -> Self {
        let ever = [Shift::of(f64::INFINITY)];
        Self {
            mean: table.answer_probability(),
            answered: std::array::from_fn(|row| {
                table.answered_from_row(row.min(ROWS - 1), &ever)[0]
            }),
        }
    }

    /// How many times as likely as the table says a call of this age (in rows, see [`place_of`]) is answered, within any
    /// time, if the answer probability of its own dial was `p` (Bayes: its odds of being one that answers are
    /// multiplied).
    #[inline]
    pub fn ratio(&self, place: f64, p: f64) -> f64 {
        let (row, part) = row_and_part(place);
        let answered = self.answered[row] + (self.answered[row + 1] - self.answered[row]) * part;
        let (odds, usual) = (p * (1.0 - self.mean), (1.0 - p) * self.mean);
        odds / (usual + (odds - usual) * answered)
    }
}

/// The row an age falls in.
#[inline]
pub(crate) fn row_of(age: f64) -> usize {
    // A cast saturates, so what is below 0 counts as 0; to 32 bits it costs a third of what it does to 64.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let row = (age / STEP) as u32;
    (row as usize).min(ROWS - 1)
}

/// An age in rows, from the first one's start to where the last one ends.
#[inline]
pub(crate) fn place_of(age: f64) -> f64 {
    #[allow(clippy::cast_precision_loss)]
    let end = ROWS as f64;
    (age / STEP).max(0.0).min(end)
}

/// The row, and how far the place is on the way to the next.
#[inline]
pub(crate) fn row_and_part(place: f64) -> (usize, f64) {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let row = (place as u32).min(ROWS as u32 - 1);
    (row as usize, place - f64::from(row))
}

/// The part of a uniform distribution in each row; the last holds all beyond.
fn uniform_rows(range: (f64, f64)) -> [f64; ROWS] {
    let mut start = 0.0;
    std::array::from_fn(|row| {
        let end = if row + 1 < ROWS {
            start + STEP
        } else {
            f64::INFINITY
        };
        let overlap = (range.1.min(end) - range.0.max(start)).max(0.0);
        start += STEP;
        overlap / (range.1 - range.0)
    })
}

impl RingTable {
    #[cfg(test)]
    pub fn new() -> Self {
        Self::with_prior(1.0)
    }

    /// With a prior whose times and answer probability are `scale` times the documented ones.
    pub fn with_prior(scale: f64) -> Self {
        let mut table = Self {
            answered: [0.0; ROWS],
            unanswered: [0.0; ROWS],
            censored: [0.0; ROWS],
            survival: [1.0; ROWS + 1],
            incidence: [0.0; ROWS + 1],
            prior: Prior::scaled(scale),
            weight: 0.0,
        };
        table.refresh(&[0.0; ROWS]);
        table
    }

    /// Takes in one finished observation; earlier ones fade so that about `memory` of them count.
    pub fn observe(&mut self, age: f64, end: RingEnd, memory: f64) {
        if end != RingEnd::Censored {
            self.fade(1.0 - 1.0 / memory);
        }
        let rows = match end {
            RingEnd::Answered => &mut self.answered,
            RingEnd::Unanswered => &mut self.unanswered,
            RingEnd::Censored => &mut self.censored,
        };
        rows[row_of(age)] += 1.0;
    }

    /// Lets everything learned count `keep` of what it did.
    pub fn fade(&mut self, keep: f64) {
        for rows in [&mut self.answered, &mut self.unanswered, &mut self.censored] {
            for row in rows.iter_mut() {
                *row *= keep;
            }
        }
    }

    /// Keeps only the shapes, worth `weight` dials of which a share `p` is answered: the answer probability has
    /// jumped, and ring times have not.
    pub fn begin_anew(&mut self, p: f64, weight: f64) {
        self.censored = [0.0; ROWS];
        for (rows, total) in [
            (&mut self.answered, weight * p),
            (&mut self.unanswered, weight * (1.0 - p)),
        ] {
            let sum: f64 = rows.iter().sum();
            // Where nothing of the kind was ever seen, the prior's shape is all there is.
            let factor = if sum > 1e-9 {
                (total / sum).min(1.0)
            } else {
                0.0
            };
            for row in rows.iter_mut() {
                *row *= factor;
            }
        }
    }

    /// Works the table out anew, with the calls now on the line (by row of age) as censored today.
    #[allow(clippy::needless_range_loop)] // five tables in step
    pub fn refresh(&mut self, on_line: &[f64; ROWS]) {
        let (answered, unanswered) = self.prior_shares(on_line);
        let prior_answered = mixed(&answered, &self.prior.shape.answered);
        let prior_unanswered = mixed(&unanswered, &self.prior.shape.unanswered);
        let mut at_risk = [0.0; ROWS];
        let mut older = 0.0;
        let mut ended = PRIOR_DIALS;
        for row in (0..ROWS).rev() {
            let ends = self.answered[row]
                + self.unanswered[row]
                + prior_answered[row]
                + prior_unanswered[row];
            let cut = self.censored[row] + on_line[row];
            ended += self.answered[row] + self.unanswered[row];
            // A censored call is at risk for half of its last row.
            at_risk[row] = older + ends + 0.5 * cut;
            older += ends + cut;
        }
        let mut alive = 1.0;
        let mut answered = 0.0;
        for row in 0..ROWS {
            self.survival[row] = alive;
            self.incidence[row] = answered;
            if at_risk[row] > 1e-12 {
                let each = 1.0 / at_risk[row];
                let answers = (self.answered[row] + prior_answered[row]) * each;
                let others = (self.unanswered[row] + prior_unanswered[row]) * each;
                answered += alive * answers;
                alive = (alive * (1.0 - answers - others)).max(0.0);
            }
        }
        self.survival[ROWS] = alive;
        self.incidence[ROWS] = answered;
        let told: f64 = (0..ROWS)
            .map(|row| (self.censored[row] + on_line[row]) * self.incidence[row])
            .sum();
        self.weight = ended + told / self.answer_probability();
    }

    /// How many of the prior's dials are answered at each scale, and how many are not.
    fn prior_shares(&self, on_line: &[f64; ROWS]) -> ([f64; SCALES], [f64; SCALES]) {
        let answered: f64 = self.answered.iter().sum();
        let finished = answered + self.unanswered.iter().sum::<f64>();
        let p = (PRIOR_ANSWER * self.prior.scale).clamp(0.01, 0.95);
        let mut shares = [(PRIOR_DIALS * p + answered) / (PRIOR_DIALS + finished); SCALES];
        let mut weights = BELIEVED;
        if finished < ENOUGH {
            let mut likely = [0.0; SCALES];
            for k in 0..SCALES {
                (shares[k], likely[k]) = self.at_scale(k, p, shares[k], on_line);
            }
            weights = posterior(&likely);
        }
        (
            std::array::from_fn(|k| PRIOR_DIALS * weights[k] * shares[k]),
            std::array::from_fn(|k| PRIOR_DIALS * weights[k] * (1.0 - shares[k])),
        )
    }

    /// Were times of scale `k`: the share of dials that is answered, the mixture's maximum a posteriori estimate, from
    /// `first` on, so that deciding twice is deciding once; and the log likelihood then of all that was seen.
    fn at_scale(&self, k: usize, prior: f64, first: f64, on_line: &[f64; ROWS]) -> (f64, f64) {
        let shape = &self.prior.shape;
        let (may_answer, may_end) = (&shape.may_answer[k], &shape.may_end[k]);
        let answered: f64 = self.answered.iter().sum();
        let unanswered: f64 = self.unanswered.iter().sum();
        let mut p = first.clamp(0.001, 0.999);
        // Of the rows with somebody on the line, side by side, so that several are divided at once.
        let (mut yes, mut no, mut count) = ([0.0; ROWS], [0.0; ROWS], [0.0; ROWS]);
        let mut all = PRIOR_DIALS + answered + unanswered;
        let mut rows = 0;
        for (row, &on_line) in on_line.iter().enumerate() {
            if on_line > 0.0 {
                (yes[rows], no[rows]) = (may_answer[row], may_end[row]);
                count[rows] = on_line;
                all += on_line;
                rows += 1;
            }
        }
        let mut answers_due = [0.0; ROWS];
        for _ in 0..EM_STEPS {
            for (row, due) in answers_due[..rows].iter_mut().enumerate() {
                let (yes, no) = (p * yes[row], (1.0 - p) * no[row]);
                *due = count[row] * yes / (yes + no).max(1e-12);
            }
            let mut answers = PRIOR_DIALS * prior + answered;
            for due in &answers_due[..rows] {
                answers += due;
            }
            let next = (answers / all).clamp(0.001, 0.999);
            let settled = (next - p).abs() < 1e-4;
            p = next;
            if settled {
                break;
            }
        }
        let mut likely = answered * p.ln() + unanswered * (1.0 - p).ln();
        for row in 0..ROWS {
            if self.answered[row] > 0.0 {
                likely += self.answered[row] * shape.log_answered[k][row];
            }
            if self.unanswered[row] > 0.0 {
                likely += self.unanswered[row] * shape.log_unanswered[k][row];
            }
            if on_line[row] > 0.0 {
                let left = p * may_answer[row] + (1.0 - p) * may_end[row];
                likely += on_line[row] * (left + ODD).ln();
            }
        }
        (p, likely)
    }

    /// Probability that a person answers a new dial.
    pub fn answer_probability(&self) -> f64 {
        self.incidence[ROWS].clamp(1e-4, 0.9999)
    }

    /// Upper limit of that, `z` standard errors away (Wilson 1927, which holds for few observations too).
    pub fn answer_probability_at_most(&self, z: f64) -> f64 {
        let (p, n) = (self.answer_probability(), self.weight.max(1.0));
        let spread = (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
        ((p + z * z / (2.0 * n) + z * spread) / (1.0 + z * z / n)).clamp(p, 1.0)
    }

    /// Answered before `age`, of all dialed (linear within a row).
    fn incidence_at(&self, age: f64) -> f64 {
        Self::read(&self.incidence, age)
    }

    fn read(table: &[f64; ROWS + 1], age: f64) -> f64 {
        let at = (age / STEP).max(0.0);
        let row = row_of(age);
        #[allow(clippy::cast_precision_loss)]
        let part = (at - row as f64).min(1.0);
        table[row] + (table[row + 1] - table[row]) * part
    }

    /// Probability that a call of this age, still ringing, is answered within `within` seconds from now
    /// (`f64::INFINITY`: ever).
    pub fn answered_within(&self, age: f64, within: f64) -> f64 {
        let alive = Self::read(&self.survival, age);
        if alive < 1e-3 {
            // Older than anything seen: it may be a slow route, and is taken for one.
            return self.answer_probability() * (within / 10.0).min(1.0);
        }
        ((self.incidence_at(age + within) - self.incidence_at(age)) / alive).clamp(0.0, 1.0)
    }

    /// The same for calls whose age is the start of a row: what `answered_within` says, in fewer steps.
    pub fn answered_from_row<const N: usize>(&self, row: usize, shifts: &[Shift; N]) -> [f64; N] {
        let alive = self.survival[row];
        if alive < 1e-3 {
            return std::array::from_fn(|i| self.answer_probability() * shifts[i].if_unknown);
        }
        let (so_far, each) = (self.incidence[row], 1.0 / alive);
        std::array::from_fn(|i| {
            let Shift { rows, part, .. } = shifts[i];
            let at = (row + rows).min(ROWS);
            let next = (at + 1).min(ROWS);
            let then = self.incidence[at] + (self.incidence[next] - self.incidence[at]) * part;
            ((then - so_far) * each).clamp(0.0, 1.0)
        })
    }

    /// Of the calls that a person will answer, and of the others, the shares still on the line at an age.
    pub fn left(&self, age: f64) -> (f64, f64) {
        let p = self.answer_probability();
        let to_come = (self.incidence[ROWS] - self.incidence_at(age)).max(0.0);
        let others = (Self::read(&self.survival, age) - to_come).max(0.0);
        ((to_come / p).min(1.0), (others / (1.0 - p)).min(1.0))
    }

    /// Ring time by which a share `u` of the answers has come.
    pub fn quantile(&self, u: f64) -> f64 {
        let wanted = u * self.incidence[ROWS];
        let row = self.incidence[1..ROWS].partition_point(|&answered| answered < wanted);
        let in_row = self.incidence[row + 1] - self.incidence[row];
        #[allow(clippy::cast_precision_loss)]
        let start = row as f64 * STEP;
        if in_row <= 0.0 {
            return start;
        }
        start + STEP * ((wanted - self.incidence[row]) / in_row).clamp(0.0, 1.0)
    }

    /// What is learned, for a snapshot to read or to fill.
    pub fn learned_mut(&mut self) -> [&mut [f64; ROWS]; 3] {
        [&mut self.answered, &mut self.unanswered, &mut self.censored]
    }
}

/// The prior's two distributions at every scale: over the rows, the logarithms of that, and what is left of each in the
/// middle of a row.
#[derive(Debug)]
struct PriorShape {
    answered: [[f64; ROWS]; SCALES],
    unanswered: [[f64; ROWS]; SCALES],
    log_answered: [[f64; ROWS]; SCALES],
    log_unanswered: [[f64; ROWS]; SCALES],
    may_answer: [[f64; ROWS]; SCALES],
    may_end: [[f64; ROWS]; SCALES],
}

/// Times and answer probability are so many times the documented ones.
#[derive(Debug, Clone)]
struct Prior {
    scale: f64,
    shape: Arc<PriorShape>,
}

impl Prior {
    fn scaled(scale: f64) -> Self {
        static DOCUMENTED: OnceLock<Arc<PriorShape>> = OnceLock::new();
        let shape = if (scale - 1.0).abs() < 1e-9 {
            DOCUMENTED
                .get_or_init(|| Arc::new(PriorShape::scaled(1.0)))
                .clone()
        } else {
            Arc::new(PriorShape::scaled(scale))
        };
        Self { scale, shape }
    }
}

/// The scale alone is written.
impl State for Prior {
    fn put(&self, out: &mut Out) {
        self.scale.put(out);
    }

    fn take(from: &mut In<'_>) -> Result<Self, Broken> {
        let scale = f64::take(from)?;
        if (0.01..=100.0).contains(&scale) {
            return Ok(Self::scaled(scale));
        }
        Err(Broken("it holds a prior that cannot be"))
    }

    fn layout(layout: &mut Layout) {
        layout.name("Prior");
        f64::layout(layout);
    }
}

impl PriorShape {
    fn scaled(scale: f64) -> Self {
        let ranges = |(low, high): (f64, f64)| SCALE.map(|s| (low * scale * s, high * scale * s));
        let (rings, ends) = (ranges(PRIOR_RING), ranges(PRIOR_UNANSWERED));
        let (answered, unanswered) = (rings.map(uniform_rows), ends.map(uniform_rows));
        #[allow(clippy::cast_precision_loss)]
        let log = |rows: [f64; ROWS]| rows.map(|part| (part + ODD / ROWS as f64).ln());
        Self {
            answered,
            unanswered,
            log_answered: answered.map(log),
            log_unanswered: unanswered.map(log),
            may_answer: rings.map(left),
            may_end: ends.map(left),
        }
    }
}

/// The part of a uniform distribution that lies beyond the middle of each row.
fn left((low, high): (f64, f64)) -> [f64; ROWS] {
    let mut age = -0.5 * STEP;
    std::array::from_fn(|_| {
        age += STEP;
        ((high - age) / (high - low)).clamp(0.0, 1.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prior_alone_is_the_documented_one() {
        let table = RingTable::new();
        // A person who takes longer than 10 s competes with the end of an unanswered call: the life table
        // keeps the shares exactly.
        assert!((table.answer_probability() - 0.3).abs() < 1e-9);
        assert!((table.quantile(0.5) - 13.0).abs() < 0.5);
        assert!(table.answered_within(0.0, 1.9) < 1e-9);
        assert!(table.answered_within(0.0, 5.9) < 0.1 * 0.3);
        assert!((table.answered_within(0.0, f64::INFINITY) - 0.3).abs() < 1e-9);
    }

    #[test]
    fn a_wrong_prior_is_forgotten() {
        for scale in [1.0 / 3.0, 3.0] {
            let mut table = RingTable::with_prior(scale);
            let prior = table.answer_probability();
            assert!((prior - 0.3).abs() > 0.1, "{scale} {prior}");
            for i in 0..200 {
                if i % 10 < 3 {
                    table.observe(6.0 + f64::from(i % 14), RingEnd::Answered, 250.0);
                } else {
                    table.observe(25.0, RingEnd::Unanswered, 250.0);
                }
            }
            table.refresh(&[0.0; ROWS]);
            assert!((table.answer_probability() - 0.3).abs() < 0.03, "{scale}");
            assert!((table.quantile(0.5) - 13.0).abs() < 2.0, "{scale}");
        }
    }

    #[test]
    #[allow(clippy::cast_precision_loss)]
    fn a_wrong_prior_is_found_out_within_one_ring_time() {
        // 600 dials, 12 s ago, 180 of which would be answered uniformly over 6 to 20 s: 77 have been, none has failed.
        for scale in [1.0 / 3.0, 1.0, 3.0] {
            let mut table = RingTable::with_prior(scale);
            for i in 0..77_u8 {
                table.observe(6.0 + f64::from(i) * 6.0 / 77.0, RingEnd::Answered, 1e9);
            }
            let mut on_line = [0.0; ROWS];
            on_line[row_of(12.0)] = 523.0;
            table.refresh(&on_line);
            let p = table.answer_probability();
            assert!((0.2..0.4).contains(&p), "{scale} {p}");
        }
    }

    #[test]
    fn early_answers_of_calls_still_ringing_do_not_bias_upwards() {
        // 100 dials, 15 s ago; 30 of them would answer uniformly over 6..20 s, so 19 have.
        let mut table = RingTable::new();
        let mut on_line = [0.0; ROWS];
        for i in 0..19 {
            table.observe(6.0 + f64::from(i) * 9.0 / 19.0, RingEnd::Answered, 500.0);
        }
        on_line[row_of(15.0)] = 81.0;
        table.refresh(&on_line);
        let p = table.answer_probability();
        assert!((0.2..0.4).contains(&p), "{p}");
    }

    #[test]
    fn another_answer_probability_is_followed_within_tens_of_calls() {
        for (truth, answers) in [(0.1, 8), (0.6, 48)] {
            let mut table = RingTable::new();
            for i in 0..80 {
                if i % 10 < answers / 8 {
                    table.observe(6.0 + f64::from(i % 14), RingEnd::Answered, 250.0);
                } else {
                    table.observe(25.0, RingEnd::Unanswered, 250.0);
                }
            }
            table.refresh(&[0.0; ROWS]);
            assert!((table.answer_probability() - truth).abs() < 0.04);
        }
    }

    #[test]
    fn failures_of_the_network_do_not_lower_the_estimate() {
        let mut table = RingTable::new();
        for _ in 0..500 {
            table.observe(0.3, RingEnd::Censored, 250.0);
        }
        table.refresh(&[0.0; ROWS]);
        assert!((table.answer_probability() - 0.3).abs() < 0.01);
    }

    #[test]
    fn a_call_with_a_probability_of_its_own_is_judged_by_bayes() {
        let mut table = RingTable::new();
        for age in 0..31_u8 {
            table.observe(3.0 + f64::from(age), RingEnd::Answered, 250.0);
            table.observe(9.0 + f64::from(age), RingEnd::Unanswered, 250.0);
        }
        table.refresh(&[0.0; ROWS]);
        let (mean, yet) = (table.answer_probability(), Yet::of(&table));
        for age in [0.0, 0.4, 3.3, 11.1, 25.7, 33.0] {
            for p in [0.02, 0.3, 0.9] {
                let odds = p * (1.0 - mean) / ((1.0 - p) * mean);
                let ever = table.answered_within(age, f64::INFINITY);
                let plain = odds / (1.0 + (odds - 1.0) * ever);
                let quick = yet.ratio(place_of(age), p);
                assert!(
                    (quick - plain).abs() < 0.01 * plain,
                    "{age} {p}: {quick} {plain}"
                );
                assert!(quick * ever <= 1.0 + 1e-9);
            }
        }
    }

    #[test]
    #[allow(clippy::cast_precision_loss)]
    fn looking_up_by_row_is_looking_up() {
        let mut table = RingTable::new();
        for age in 0..31_u8 {
            table.observe(3.0 + f64::from(age), RingEnd::Answered, 250.0);
            table.observe(9.0 + f64::from(age), RingEnd::Unanswered, 250.0);
        }
        table.refresh(&[0.0; ROWS]);
        let horizons = [0.0, 0.3, 6.0, 13.37, 79.9, 1e9, f64::INFINITY];
        let shifts = horizons.map(Shift::of);
        for row in 0..ROWS {
            let quick = table.answered_from_row(row, &shifts);
            for (quick, within) in quick.into_iter().zip(horizons) {
                let plain = table.answered_within(row as f64 * STEP, within);
                assert!((quick - plain).abs() < 1e-12, "{row} {within}");
            }
        }
    }

    #[test]
    fn a_call_older_than_all_seen_may_still_answer() {
        let mut table = RingTable::new();
        for _ in 0..200 {
            table.observe(25.0, RingEnd::Unanswered, 250.0);
        }
        table.refresh(&[0.0; ROWS]);
        assert!(table.answered_within(60.0, 10.0) > 0.0);
    }
}
