//! Answers due: which of the calls in flight a person will answer, and by when.
//!
//! All horizons are looked at in one walk over the calls. Calls of one row of age are alike; a call with an answer
//! probability of its own has that of its age, in proportion, between the two rows around it. Where only cumulants
//! are wanted, such calls are first summed up by row, the powers of their proportions: thousands of calls then cost
//! little more than their rows. The mean is the same; the variance is off by what neighbouring rows differ, squared.
use crate::distribution::{CumulantsOf, Sum};
use crate::forecast::{Learned, MOMENTS, Scene};
use crate::ring::{ROWS, STEP, Shift, row_of};

/// Columns of [`Due`]: answers whenever they come, then those before each moment.
pub(crate) const COLUMNS: usize = MOMENTS + 1;
/// The first of them.
pub(crate) const EVER: usize = 0;

/// Of each row of age, the chances in each column.
pub(crate) type Chances = [[f64; COLUMNS]; ROWS];

/// Probabilities that calls in flight are answered, by row of age, within each of several horizons.
pub(crate) struct Due<'a> {
    scene: &'a Scene,
    /// Up to the oldest call and one beyond.
    rows: usize,
    chance: &'a Chances,
}

impl<'a> Due<'a> {
    /// Answers before each of the moments are taken to be `caution` times as likely as estimated, those that come at
    /// any time `careful` times. The table is the caller's, as it is large to move.
    pub fn new(
        chance: &'a mut Chances,
        scene: &'a Scene,
        learned: &Learned,
        moments: [f64; MOMENTS],
        caution: f64,
        careful: f64,
    ) -> Self {
        let mut within = [f64::INFINITY; COLUMNS];
        within[1..].copy_from_slice(&moments);
        let mut factors = [caution * scene.since_factor; COLUMNS];
        factors[EVER] = careful * scene.since_factor;
        let any = |row: usize| scene.in_flight[row] > 0.0 || scene.older[row] > 0.0;
        let oldest = (0..ROWS).rposition(any);
        let given = scene.given.iter().map(|&(age, _)| row_of(age) + 1).max();
        let rows = (oldest.unwrap_or(0).max(given.unwrap_or(0)) + 1).min(ROWS);
        let shifts = within.map(Shift::of);
        for (row, chance) in chance[..rows].iter_mut().enumerate() {
            if !any(row) && scene.given.is_empty() {
                continue;
            }
            *chance = learned.ring.answered_from_row(row, &shifts);
            for (q, factor) in chance.iter_mut().zip(factors) {
                *q *= factor;
            }
        }
        Self {
            scene,
            rows,
            chance,
        }
    }

    /// Each group of calls in flight alike: probability of an answer within each horizon, and how many.
    fn alike(&self, mut f: impl FnMut([f64; COLUMNS], f64)) {
        let rows = &self.chance[..self.rows];
        for (chance, &count) in rows.iter().zip(&self.scene.in_flight) {
            if count > 0.0 {
                f(chance.map(|q| q.min(1.0)), count);
            }
        }
        let older = self.scene.older_factor / self.scene.since_factor;
        for (chance, &count) in rows.iter().zip(&self.scene.older) {
            if count > 0.0 {
                f(chance.map(|q| (q * older).min(1.0)), count);
            }
        }
    }

    /// The two rows around an age, and how far it is from the one to the other.
    fn between(age: f64) -> (usize, usize, f64) {
        let row = row_of(age);
        #[allow(clippy::cast_precision_loss)]
        let part = (age / STEP - row as f64).clamp(0.0, 1.0);
        (row, (row + 1).min(ROWS - 1), part)
    }

    /// The probabilities of a call with one of its own.
    fn own(&self, age: f64, ratio: f64) -> [f64; COLUMNS] {
        let (from, to, part) = Self::between(age);
        let (from, to) = (&self.chance[from], &self.chance[to]);
        std::array::from_fn(|i| ((from[i] + (to[i] - from[i]) * part) * ratio).min(1.0))
    }

    /// Three cumulants of each column.
    pub fn cumulants(&self) -> CumulantsOf<COLUMNS> {
        let mut due = CumulantsOf::constant(0.0);
        self.alike(|q, count| due.add(q, count));
        if self.scene.given.is_empty() {
            return due;
        }
        let rows = &self.chance[..self.rows];
        let mut highest = [0.0; ROWS];
        for (highest, chance) in highest.iter_mut().zip(rows) {
            *highest = chance.iter().copied().fold(0.0, f64::max);
        }
        let mut powers = [[0.0; 3]; ROWS];
        for &(age, ratio) in &self.scene.given {
            let (from, to, part) = Self::between(age);
            if ratio * f64::max(highest[from], highest[to]) > 1.0 {
                // Certain to be answered in some column, and not more than certain: no sum can tell that.
                due.add_one(self.own(age, ratio));
                continue;
            }
            let mut power = ratio;
            for sums in [0, 1, 2] {
                powers[from][sums] += (1.0 - part) * power;
                powers[to][sums] += part * power;
                power *= ratio;
            }
        }
        for (chance, sums) in rows.iter().zip(&powers) {
            due.add_powers(
                chance.map(|q| q * sums[0]),
                chance.map(|q| q * q * sums[1]),
                chance.map(|q| q * q * q * sums[2]),
            );
        }
        due
    }

    /// The distributions of the first `N` columns, people waiting already included.
    pub fn sums<const N: usize>(&self, waiting: usize) -> [Sum; N] {
        let mut due = [Sum::constant(waiting); N];
        let mut add = |q: [f64; COLUMNS], count: f64| {
            for (sum, q) in due.iter_mut().zip(q) {
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                for _ in 0..(count as usize) {
                    sum.add(q);
                }
            }
        };
        self.alike(&mut add);
        for &(age, ratio) in &self.scene.given {
            add(self.own(age, ratio), 1.0);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distribution::Balance;
    use crate::random::Random;
    use crate::ring::{RingEnd, Yet};

    fn learned(random: &mut Random) -> Learned {
        let mut learned = Learned::new();
        for _ in 0..400 {
            let (end, age) = if random.uniform() < 0.3 {
                (RingEnd::Answered, 6.0 + 14.0 * random.uniform())
            } else {
                (RingEnd::Unanswered, 20.0 + 10.0 * random.uniform())
            };
            learned.ring.observe(age, end, 250.0);
        }
        learned.settle();
        learned
    }

    /// The definition, call by call: mean, variance and third cumulant of the answers.
    fn plainly(learned: &Learned, scene: &Scene, within: f64, caution: f64) -> [f64; 3] {
        let ring = &learned.ring;
        let mut sums = [0.0; 3];
        let mut call = |age: f64, ratio: f64, count: f64| {
            let q = (ring.answered_within(age, within) * caution * ratio).min(1.0);
            sums[0] += count * q;
            sums[1] += count * q * (1.0 - q);
            sums[2] += count * q * (1.0 - q) * (1.0 - 2.0 * q);
        };
        let mut start = 0.0;
        for &count in &scene.in_flight {
            call(start, 1.0, count);
            start += STEP;
        }
        for &(age, ratio) in &scene.given {
            call(age, ratio, 1.0);
        }
        sums
    }

    #[test]
    fn one_walk_over_the_calls_gives_what_each_call_by_itself_does() {
        let mut random = Random::new(3, 1);
        for scene_number in 0..50 {
            let learned = learned(&mut random);
            let mut scene = Scene::new();
            for _ in 0..random.below(300) {
                scene.in_flight[random.below(60)] += 1.0;
            }
            // Every second scene has leads with a probability of their own: those are interpolated.
            let given = [0, 200][scene_number % 2];
            for _ in 0..given {
                let (age, p) = (random.uniform() * 28.0, random.uniform());
                scene
                    .given
                    .push((age, Yet::of(&learned.ring).ratio(age, p)));
            }
            let moments = std::array::from_fn(|_| 2.0 + 20.0 * random.uniform());
            let mut chances = [[0.0; COLUMNS]; ROWS];
            let due = Due::new(&mut chances, &scene, &learned, moments, 1.1, 1.3);
            let sums = due.cumulants();
            for i in 0..COLUMNS {
                let sum = sums.get(i);
                let (within, caution) = match i {
                    EVER => (f64::INFINITY, 1.3),
                    _ => (moments[i - 1], 1.1),
                };
                let plain = plainly(&learned, &scene, within, caution);
                let error = if given > 0 {
                    0.01 * plain[0].max(1.0)
                } else {
                    1e-9
                };
                for (quick, plain) in [sum.mean, sum.variance, sum.third].into_iter().zip(plain) {
                    assert!(
                        (quick - plain).abs() <= error,
                        "{scene_number} {i}: {quick} {plain}"
                    );
                }
            }
        }
    }

    #[test]
    fn distributions_and_cumulants_agree() {
        let mut random = Random::new(4, 1);
        let learned = learned(&mut random);
        let mut scene = Scene::new();
        scene.in_flight[0] = 3.0;
        scene.in_flight[17] = 2.0;
        scene.given.push((11.3, 2.0));
        let mut chances = [[0.0; COLUMNS]; ROWS];
        let due = Due::new(&mut chances, &scene, &learned, [13.0; MOMENTS], 1.0, 1.0);
        let cumulants = due.cumulants();
        let sums = due.sums::<COLUMNS>(2);
        for (i, sum) in sums.iter().enumerate() {
            // With nobody free, the expected shortfall is the mean of the answers.
            let mean = Balance::exact(&Sum::constant(0), sum).shortfall();
            let known = cumulants.get(i).mean;
            assert!((mean - 2.0 - known).abs() < 1e-9, "{i} {mean}");
        }
    }
}
