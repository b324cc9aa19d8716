//! Answers due: which of the calls in flight a person will answer, and by when.
//!
//! All horizons are looked at in one walk over the calls. Calls of one row of age are alike; a call with an answer
//! probability of its own has that of its age, in proportion, between the two rows around it. Where only cumulants
//! are wanted, such calls are first summed up by row, the powers of their proportions: thousands of calls then cost
//! little more than their rows. The mean is the same; the variance is off by what neighbouring rows differ, squared.
//! No sum can tell that a call is not more than certain to be answered, so there the factor that a call's own
//! probability makes is held to what makes the likeliest column certain, the moments and the answers at any time apart.
//! What is given up of it is caution alone: no probability falls below what is estimated (see the tests).
use crate::distribution::{CumulantsOf, Sum};
use crate::forecast::{Given, Learned, MOMENTS, Scene};
use crate::ring::{ROWS, Shift, row_and_part};

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
        let given = scene.oldest_given;
        let given = given.map_or(0, |place| row_and_part(place).0 + 1);
        let rows = (oldest.unwrap_or(0).max(given) + 1).min(ROWS);
        let shifts = within.map(Shift::of);
        for (row, chance) in chance[..rows].iter_mut().enumerate() {
            if !any(row) && scene.given.0.is_empty() {
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

    /// The probabilities of a call with one of its own.
    fn own(&self, call: Given) -> [f64; COLUMNS] {
        let (from, part) = row_and_part(call.place);
        let to = (from + 1).min(ROWS - 1);
        let (from, to) = (&self.chance[from], &self.chance[to]);
        std::array::from_fn(|i| ((from[i] + (to[i] - from[i]) * part) * call.ratio).min(1.0))
    }

    /// Of calls between each row and the next: the factors that make answers at any time certain, and those before
    /// the moments.
    fn certain(&self) -> ([f64; ROWS], [f64; ROWS]) {
        let (mut ever, mut moments) = ([f64::INFINITY; ROWS], [f64::INFINITY; ROWS]);
        let mut next = [0.0; 2];
        for row in (0..self.rows).rev() {
            let chance = &self.chance[row];
            let here = [
                chance[EVER],
                chance[EVER + 1..].iter().copied().fold(0.0, f64::max),
            ];
            ever[row] = 1.0 / f64::max(here[0], next[0]);
            moments[row] = 1.0 / f64::max(here[1], next[1]);
            next = here;
        }
        (ever, moments)
    }

    /// Three cumulants of each column.
    pub fn cumulants(&self) -> CumulantsOf<COLUMNS> {
        let mut due = CumulantsOf::constant(0.0);
        self.alike(|q, count| due.add(q, count));
        if self.scene.given.0.is_empty() {
            return due;
        }
        let rows = &self.chance[..self.rows];
        let (ever, moments) = self.certain();
        // Of the moments; and by what those of the answers at any time differ.
        let mut powers = [[0.0; 8]; ROWS];
        let mut more = [[0.0; 8]; ROWS];
        let uncut: [f64; ROWS] = std::array::from_fn(|row| ever[row].min(moments[row]));
        for &Given { place, ratio } in &self.scene.given.0 {
            let (row, part) = row_and_part(place);
            if ratio <= uncut[row] {
                add_powers(&mut powers[row], part, cubes(ratio));
                continue;
            }
            let held = cubes(ratio.min(moments[row]));
            let own = cubes(ratio.min(ever[row]));
            add_powers(&mut powers[row], part, held);
            add_powers(
                &mut more[row],
                part,
                std::array::from_fn(|i| own[i] - held[i]),
            );
        }
        let mut before = [[0.0; 4]; 2];
        for ((row, chance), (powers, more)) in rows.iter().enumerate().zip(powers.iter().zip(&more))
        {
            let last = row + 1 == ROWS;
            // What is on the way from the row before, and from here to the next.
            let here = |sums: &[f64; 8], before: &[f64; 4], i: usize| {
                before[i] + sums[i] - if last { 0.0 } else { sums[4 + i] }
            };
            let of = |i: usize| {
                let mut column = [here(powers, &before[0], i); COLUMNS];
                column[EVER] += here(more, &before[1], i);
                column
            };
            let (first, second, third) = (of(0), of(1), of(2));
            due.add_powers(
                std::array::from_fn(|i| chance[i] * first[i]),
                std::array::from_fn(|i| chance[i] * chance[i] * second[i]),
                std::array::from_fn(|i| chance[i] * chance[i] * chance[i] * third[i]),
            );
            before = [
                [powers[4], powers[5], powers[6], 0.0],
                [more[4], more[5], more[6], 0.0],
            ];
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
        for &call in &self.scene.given.0 {
            add(self.own(call), 1.0);
        }
        due
    }
}

/// The first three powers, and a place that makes four of them.
#[inline]
fn cubes(ratio: f64) -> [f64; 4] {
    [ratio, ratio * ratio, ratio * ratio * ratio, 0.0]
}

/// Adds them to a row: whole, and the part that belongs to the next row.
#[inline]
fn add_powers(sums: &mut [f64; 8], part: f64, powers: [f64; 4]) {
    for i in 0..4 {
        sums[i] += powers[i];
        sums[4 + i] += part * powers[i];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distribution::Balance;
    use crate::random::Random;
    use crate::ring::{RingEnd, STEP, Yet, place_of};

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
        for &Given { place, ratio } in &scene.given.0 {
            call(place * STEP, ratio, 1.0);
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
                let (place, p) = (place_of(random.uniform() * 28.0), random.uniform());
                let ratio = Yet::of(&learned.ring).ratio(place, p);
                scene.given.0.push(Given { place, ratio });
                scene.oldest_given = Some(scene.oldest_given.map_or(place, |old| old.max(place)));
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
                let quick = [sum.mean, sum.variance, sum.third];
                if given > 0 && i != EVER {
                    // Caution that would make calls more than certain is given up, what is estimated is not.
                    let estimated = plainly(&learned, &scene, within, 1.0)[0];
                    let all = estimated - error..=plain[0] + error;
                    assert!(all.contains(&quick[0]), "{scene_number} {i}: {quick:?}");
                    let given_up = 1.0 - quick[0] / plain[0];
                    assert!(given_up < 0.03, "{scene_number} {i}: {given_up}");
                    continue;
                }
                for (quick, plain) in quick.into_iter().zip(plain) {
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
        let place = place_of(11.3);
        scene.given.0.push(Given { place, ratio: 2.0 });
        scene.oldest_given = Some(place);
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
