//! Talk and wrap-up times, learned while the longest of them are still running.
//!
//! Hazard per piece of a fixed grid = ends seen / time spent in the piece (piecewise exponential maximum
//! likelihood; Friedman 1982). A conversation still running adds its time and no end, so short ones, which are seen
//! first, do not make the estimate too short.
//!
//! Prior: a few durations that never age, lognormal (see [`Prior`]), at one of several scales, of which the data say
//! which (see [`crate::prior`]).
use crate::codec::{Broken, In, Out};
use crate::normal;
use crate::prior::{SCALE, SCALES, mixed, posterior};
use crate::state::{Layout, State};

/// Edges of the pieces, seconds; the last piece has no end.
const EDGES: [f64; PIECES] = [
    0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 15.0, 18.0, 22.0, 27.0, 33.0, 40.0, 50.0,
    60.0, 75.0, 90.0, 110.0, 135.0, 165.0, 200.0, 245.0, 300.0, 370.0, 450.0, 560.0, 700.0, 900.0,
    1200.0, 1800.0, 3600.0,
];
pub(crate) const PIECES: usize = 34;

/// A lognormal prior worth `weight` observed durations.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Prior {
    pub mean: f64,
    pub cv: f64,
    pub weight: f64,
}

crate::state::state!(Prior { mean, cv, weight });

/// Talk: mean 120 s, cv 1. Wrap-up: mean 15 s, cv 0.5. Each worth six.
pub(crate) const TALK: Prior = Prior {
    mean: 120.0,
    cv: 1.0,
    weight: 6.0,
};
pub(crate) const WRAP: Prior = Prior {
    mean: 15.0,
    cv: 0.5,
    weight: 6.0,
};

/// Learned hazards.
#[derive(Debug, Clone)]
pub(crate) struct Durations {
    prior: Scaled,
    ends: [f64; PIECES],
    time: [f64; PIECES],
    /// Per piece, worked out by `refresh`.
    hazard: [f64; PIECES],
    /// Integral of the hazard up to the piece's start.
    cumulative: [f64; PIECES],
    quick: Quick,
}

/// Piece of every whole second below 512.
#[derive(Debug, Clone)]
struct Quick([u8; 512]);

impl Quick {
    fn new() -> Self {
        let mut quick = [0_u8; 512];
        let mut second = 0.0;
        for entry in &mut quick {
            *entry = u8::try_from(piece_from(second, 0)).unwrap_or(0);
            second += 1.0;
        }
        Self(quick)
    }
}

/// The same for every grid: nothing is written, and none is made of foreign bytes.
impl State for Quick {
    fn put(&self, _: &mut Out) {}

    fn take(_: &mut In<'_>) -> Result<Self, Broken> {
        Ok(Self::new())
    }

    fn layout(layout: &mut Layout) {
        layout.name("Quick");
    }
}

crate::state::state!(Durations {
    prior,
    ends,
    time,
    hazard,
    cumulative,
    quick,
});

fn piece_from(seconds: f64, mut piece: usize) -> usize {
    while piece + 1 < PIECES && EDGES[piece + 1] <= seconds {
        piece += 1;
    }
    piece
}

impl Prior {
    /// So many times as long.
    pub fn scaled(self, scale: f64) -> Self {
        Self {
            mean: self.mean * scale,
            ..self
        }
    }

    /// Ends and time in each piece of all its durations.
    fn pieces(self) -> [(f64, f64); PIECES] {
        let (mu, sigma) = normal::lognormal(self.mean, self.cv);
        let below = |t: f64| {
            if t <= 0.0 {
                0.0
            } else {
                normal::cumulative((t.ln() - mu) / sigma)
            }
        };
        std::array::from_fn(|piece| {
            let start = EDGES[piece];
            let end = EDGES.get(piece + 1).copied().unwrap_or(4.0 * start);
            let steps = 64_u32;
            let width = (end - start) / f64::from(steps);
            let alive: f64 = (0..steps)
                .map(|i| 1.0 - below(start + (f64::from(i) + 0.5) * width))
                .sum();
            let ends = self.weight * (below(end) - below(start));
            (ends, self.weight * alive * width)
        })
    }
}

/// A prior at every scale: ends and time in each piece of all its durations, and what follows for the hazard.
#[derive(Debug, Clone)]
struct Scaled {
    of: Prior,
    ends: [[f64; PIECES]; SCALES],
    time: [[f64; PIECES]; SCALES],
    hazard: [[f64; PIECES]; SCALES],
    log_hazard: [[f64; PIECES]; SCALES],
}

impl Scaled {
    fn new(of: Prior) -> Self {
        let mut scaled = Self {
            of,
            ends: [[0.0; PIECES]; SCALES],
            time: [[0.0; PIECES]; SCALES],
            hazard: [[0.0; PIECES]; SCALES],
            log_hazard: [[0.0; PIECES]; SCALES],
        };
        for (k, scale) in SCALE.into_iter().enumerate() {
            let mut hazard = 0.0;
            let pieces = of.scaled(scale).pieces();
            for (piece, (ends, time)) in pieces.into_iter().enumerate() {
                // Where none of the prior's durations gets to, the hazard stays what it was last.
                if time > 1e-6 * of.weight {
                    hazard = f64::max(ends / time, 1e-9);
                }
                scaled.ends[k][piece] = ends;
                scaled.time[k][piece] = time;
                scaled.hazard[k][piece] = hazard;
                scaled.log_hazard[k][piece] = hazard.ln();
            }
        }
        scaled
    }

    /// Ends and time of the prior, each scale weighted by how likely it makes what was seen (Bayes).
    fn after(&self, ends: &[f64; PIECES], time: &[f64; PIECES]) -> [[f64; PIECES]; 2] {
        let mut likely = [0.0; SCALES];
        for (k, likely) in likely.iter_mut().enumerate() {
            let (hazard, log) = (&self.hazard[k], &self.log_hazard[k]);
            for piece in 0..PIECES {
                *likely += ends[piece] * log[piece] - time[piece] * hazard[piece];
            }
        }
        let weights = posterior(&likely);
        [mixed(&weights, &self.ends), mixed(&weights, &self.time)]
    }
}

/// What it is worked out from is written.
impl State for Scaled {
    fn put(&self, out: &mut Out) {
        self.of.put(out);
    }

    fn take(from: &mut In<'_>) -> Result<Self, Broken> {
        let of = Prior::take(from)?;
        let sensible = |value: f64| (1e-3..=1e6).contains(&value);
        if [of.mean, of.cv, of.weight].into_iter().all(sensible) {
            return Ok(Self::new(of));
        }
        Err(Broken("it holds a prior that cannot be"))
    }

    fn layout(layout: &mut Layout) {
        layout.name("Scaled");
        Prior::layout(layout);
    }
}

impl Durations {
    pub fn new(prior: Prior) -> Self {
        let mut durations = Self {
            prior: Scaled::new(prior),
            ends: [0.0; PIECES],
            time: [0.0; PIECES],
            hazard: [0.0; PIECES],
            cumulative: [0.0; PIECES],
            quick: Quick::new(),
        };
        durations.refresh(&Running::new());
        durations
    }

    fn piece_of(&self, seconds: f64) -> usize {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let whole = seconds.max(0.0) as usize;
        let quick = &self.quick.0;
        match quick.get(whole) {
            // Edges are whole seconds.
            Some(&piece) => usize::from(piece),
            None => piece_from(seconds, usize::from(quick[quick.len() - 1])),
        }
    }

    /// Takes in a finished duration; earlier ones fade so that about `memory` of them count.
    pub fn observe(&mut self, seconds: f64, memory: f64) {
        let keep = 1.0 - 1.0 / memory;
        for piece in 0..PIECES {
            self.ends[piece] *= keep;
            self.time[piece] *= keep;
        }
        let last = self.piece_of(seconds);
        for piece in 0..last {
            self.time[piece] += EDGES[piece + 1] - EDGES[piece];
        }
        self.time[last] += (seconds - EDGES[last]).max(0.0);
        self.ends[last] += 1.0;
    }

    /// Keeps only the shape, worth `weight` durations, of hazards `rate` times as high.
    pub fn begin_anew(&mut self, rate: f64, weight: f64) {
        let sum: f64 = self.ends.iter().sum();
        let keep = if sum > 1e-9 {
            (weight / sum).min(1.0)
        } else {
            0.0
        };
        for (ends, time) in self.ends.iter_mut().zip(&mut self.time) {
            *ends *= keep;
            *time *= keep / rate;
        }
    }

    /// Works the hazards out anew, with the durations still running.
    pub fn refresh(&mut self, running: &Running) {
        let mut beyond = 0.0;
        let mut extra = [0.0; PIECES];
        for piece in (0..PIECES).rev() {
            let width = EDGES.get(piece + 1).map_or(0.0, |end| end - EDGES[piece]);
            extra[piece] = running.time[piece] + beyond * width;
            beyond += running.count[piece];
        }
        for (extra, time) in extra.iter_mut().zip(&self.time) {
            *extra += time;
        }
        let [prior_ends, prior_time] = self.prior.after(&self.ends, &extra);
        let mut total = 0.0;
        for (piece, seen) in extra.iter().enumerate() {
            let ends = prior_ends[piece] + self.ends[piece];
            let time = prior_time[piece] + seen;
            // An end within a tenth of a second of the piece's start leaves no time behind; the floor keeps the
            // hazard finite (a wrap-up cut off by a timer).
            self.hazard[piece] = ends / time.max(0.05 * ends).max(1e-9);
            self.cumulative[piece] = total;
            if let Some(end) = EDGES.get(piece + 1) {
                total += self.hazard[piece] * (end - EDGES[piece]);
            }
        }
    }

    fn cumulative_at(&self, seconds: f64) -> f64 {
        let piece = self.piece_of(seconds);
        self.cumulative[piece] + self.hazard[piece] * (seconds - EDGES[piece])
    }

    /// Integral of the hazard between two ages.
    pub fn hazard_between(&self, from: f64, to: f64) -> f64 {
        self.cumulative_at(to) - self.cumulative_at(from)
    }

    /// Probability that what has lasted `age` seconds ends within `within` seconds more.
    pub fn ends_within(&self, age: f64, within: f64) -> f64 {
        one_less_exp(self.cumulative_at(age + within) - self.cumulative_at(age))
    }

    /// The same for several horizons.
    pub fn ends_within_each<const N: usize>(&self, age: f64, within: [f64; N]) -> [f64; N] {
        let so_far = self.cumulative_at(age);
        within.map(|w| one_less_exp(self.cumulative_at(age + w) - so_far))
    }

    /// Mean over u in (0, within) of the probability that a new duration is at most u: what is left for the
    /// wrap-up after a conversation that ends somewhere within the horizon.
    pub fn mean_within(&self, within: f64) -> f64 {
        let steps = 8_u32;
        let width = within / f64::from(steps);
        (0..steps)
            .map(|i| self.ends_within(0.0, (f64::from(i) + 0.5) * width))
            .sum::<f64>()
            / f64::from(steps)
    }

    /// What is learned, for a snapshot to read or to fill.
    pub fn learned_mut(&mut self) -> [&mut [f64; PIECES]; 2] {
        [&mut self.ends, &mut self.time]
    }
}

/// 1 - e^(-x) for x >= 0; for small x by a Pade approximant (error below 1e-6), as this is the inner loop.
fn one_less_exp(x: f64) -> f64 {
    if x < 0.25 {
        return 12.0 * x / (12.0 + x * (6.0 + x));
    }
    1.0 - (-x).exp()
}

/// Durations that have not ended.
#[derive(Debug, Clone)]
pub(crate) struct Running {
    count: [f64; PIECES],
    time: [f64; PIECES],
}

crate::state::state!(Running { count, time });

impl Running {
    pub fn new() -> Self {
        Self {
            count: [0.0; PIECES],
            time: [0.0; PIECES],
        }
    }

    pub fn add(&mut self, grid: &Durations, age: f64) {
        let piece = grid.piece_of(age);
        self.count[piece] += 1.0;
        self.time[piece] += (age - EDGES[piece]).max(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prior::BELIEVED;

    #[test]
    fn the_prior_is_a_mixture_of_lognormals() {
        let talk = Durations::new(TALK);
        let (mu, sigma) = normal::lognormal(120.0, 1.0);
        for t in [10.0_f64, 50.0, 120.0, 400.0] {
            let below = |scale: f64| normal::cumulative(((t / scale).ln() - mu) / sigma);
            let truth: f64 = SCALE.iter().zip(BELIEVED).map(|(s, w)| w * below(*s)).sum();
            assert!((talk.ends_within(0.0, t) - truth).abs() < 0.01, "{t}");
        }
    }

    #[test]
    fn a_prior_off_by_a_factor_of_three_is_found_out_before_one_conversation_is_over() {
        // Two hundred conversations of the documented length, 15 s old; three of them have ended.
        for scale in [1.0 / 3.0, 3.0] {
            let (truth, mut talk) = (Durations::new(TALK), Durations::new(TALK.scaled(scale)));
            let mut running = Running::new();
            for _ in 0..197 {
                running.add(&talk, 15.0);
            }
            let naive = talk.ends_within(15.0, 20.0);
            for _ in 0..3 {
                talk.observe(12.0, 1e9);
            }
            talk.refresh(&running);
            let (wanted, found) = (truth.ends_within(15.0, 20.0), talk.ends_within(15.0, 20.0));
            assert!(
                (found - wanted).abs() < 0.4 * (naive - wanted).abs(),
                "{naive} {found} {wanted}"
            );
        }
    }

    #[test]
    fn running_ones_keep_short_ones_from_biasing() {
        // Exponential with mean 100: of 1000 begun 50 s ago, 394 have ended.
        let mut talk = Durations::new(TALK);
        for i in 0..394 {
            talk.observe(-100.0 * (1.0 - f64::from(i) / 1000.0).ln(), 1e9);
        }
        let short_only = {
            let mut copy = talk.clone();
            copy.refresh(&Running::new());
            copy.ends_within(0.0, 40.0)
        };
        let mut running = Running::new();
        for _ in 0..606 {
            running.add(&talk, 50.0);
        }
        talk.refresh(&running);
        let truth = 1.0 - (-0.4_f64).exp();
        assert!((talk.ends_within(0.0, 40.0) - truth).abs() < 0.02);
        assert!(short_only > 0.7);
    }

    #[test]
    fn probabilities_stay_probabilities() {
        let wrap = Durations::new(WRAP);
        for age in [0.0, 3.3, 511.9, 512.0, 4000.0, 1e7] {
            for within in [0.0, 1.0, 20.0, 1e6] {
                assert!((0.0..=1.0).contains(&wrap.ends_within(age, within)));
            }
        }
        assert!(wrap.mean_within(20.0) < wrap.ends_within(0.0, 20.0));
    }
}
