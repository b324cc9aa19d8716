//! What is about to happen, from a scenario's true distributions, tabulated by age for several horizons.
use crate::lab::dist::Dist;
use crate::lab::scenario::Scenario;

/// Step of the tables in age, seconds.
const STEP: f64 = 0.5;
/// Tables end at this share of a distribution; whatever is older counts as that old.
const TAIL: f64 = 0.9999;
const LONGEST: f64 = 14_400.0;
/// Pieces in which the end of a conversation within a horizon is looked for.
const PIECES: u32 = 24;

/// Rows by age, one column per horizon.
struct Table {
    columns: usize,
    values: Vec<f64>,
}

impl Table {
    fn new(oldest: f64, columns: usize, mut row: impl FnMut(f64, &mut [f64])) -> Self {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let rows = (oldest.min(LONGEST) / STEP).ceil() as usize + 2;
        let mut values = vec![0.0; rows * columns];
        let mut age = 0.0;
        for chunk in values.chunks_exact_mut(columns) {
            row(age, chunk);
            age += STEP;
        }
        Self { columns, values }
    }

    /// The rows around an age, and how far from the first to the second.
    fn around(&self, age: f64) -> (&[f64], &[f64], f64) {
        let at = (age / STEP).max(0.0);
        let last = self.values.len() / self.columns - 2;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let row = (at as usize).min(last);
        #[allow(clippy::cast_precision_loss)]
        let part = (at - row as f64).min(1.0);
        let start = row * self.columns;
        let (low, high) = self.values[start..start + 2 * self.columns].split_at(self.columns);
        (low, high, part)
    }
}

/// The true chances within each of several horizons.
pub(super) struct Truth {
    /// A call dialed now is answered within.
    pub ring: Vec<f64>,
    talk: Vec<Table>,
    wrap: Table,
    /// Still ringing if a person will answer; still occupied otherwise; answered within each horizon.
    flight: Table,
}

impl Truth {
    /// `horizons`: seconds from now within which answers count; agents may take `grace` seconds longer.
    pub fn new(scenario: &Scenario, horizons: &[f64], grace: f64) -> Self {
        let free: Vec<f64> = horizons.iter().map(|r| r + grace).collect();
        let n = horizons.len();
        let talk = scenario.talk_factor.values();
        let ring = &scenario.ring;
        let gone = ring.quantile(TAIL).max(scenario.unanswered.quantile(TAIL));
        Self {
            ring: horizons.iter().map(|&r| ring.below(r)).collect(),
            talk: talk
                .iter()
                .map(|&factor| talking(&scenario.talk.scaled(factor), &scenario.wrap, &free))
                .collect(),
            wrap: wrapping(&scenario.wrap, &free),
            flight: Table::new(gone, n + 2, |age, row| {
                row[n] = 1.0 - ring.below(age);
                row[n + 1] = 1.0 - scenario.unanswered.below(age);
                for (value, r) in row.iter_mut().zip(horizons) {
                    *value = (ring.below(age + r) - ring.below(age)).max(0.0);
                }
            }),
        }
    }

    /// An agent who has talked for `age` seconds, since the talk factor's step `step`, is free within.
    pub fn talking(&self, step: usize, age: f64, each: impl FnMut(usize, f64)) {
        read(&self.talk[step], age, each);
    }

    /// An agent who has wrapped up for `age` seconds is free within.
    pub fn wrapping(&self, age: f64, each: impl FnMut(usize, f64)) {
        read(&self.wrap, age, each);
    }

    /// A call dialed `age` seconds ago, which a person answers with probability `p` at the dial, is answered within.
    pub fn flying(&self, p: f64, age: f64, mut each: impl FnMut(usize, f64)) {
        let n = self.ring.len();
        let (low, high, part) = self.flight.around(age);
        let at = |i: usize| low[i] + (high[i] - low[i]) * part;
        let alive = p * at(n) + (1.0 - p) * at(n + 1);
        for i in 0..n {
            let q = if alive > 1e-12 {
                (p * at(i) / alive).clamp(0.0, 1.0)
            } else {
                0.0
            };
            each(i, q);
        }
    }
}

fn read(table: &Table, age: f64, mut each: impl FnMut(usize, f64)) {
    let (low, high, part) = table.around(age);
    for (i, (a, b)) in low.iter().zip(high).enumerate() {
        each(i, a + (b - a) * part);
    }
}

/// P(talk and wrap-up end within each horizon | still talking at an age).
fn talking(talk: &Dist, wrap: &Dist, free: &[f64]) -> Table {
    let wrapped: Vec<Vec<f64>> = free
        .iter()
        .map(|horizon| {
            (0..PIECES)
                .map(|i| wrap.below(horizon * (1.0 - (f64::from(i) + 0.5) / f64::from(PIECES))))
                .collect()
        })
        .collect();
    let mut last = vec![1.0; free.len()];
    Table::new(talk.quantile(TAIL), free.len(), |age, row| {
        let before = talk.below(age);
        if 1.0 - before > 1e-9 {
            for ((value, horizon), wrapped) in row.iter_mut().zip(free).zip(&wrapped) {
                let mut sum = 0.0;
                let mut from = before;
                let mut end = age;
                for share in wrapped {
                    end += horizon / f64::from(PIECES);
                    let to = talk.below(end);
                    sum += (to - from) * share;
                    from = to;
                }
                *value = (sum / (1.0 - before)).clamp(0.0, 1.0);
            }
            last.copy_from_slice(row);
        } else {
            row.copy_from_slice(&last);
        }
    })
}

fn wrapping(wrap: &Dist, free: &[f64]) -> Table {
    Table::new(wrap.quantile(TAIL), free.len(), |age, row| {
        let left = 1.0 - wrap.below(age);
        for (value, horizon) in row.iter_mut().zip(free) {
            *value = if left > 1e-9 {
                ((wrap.below(age + horizon) - wrap.below(age)) / left).clamp(0.0, 1.0)
            } else {
                1.0
            };
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponential_times_do_not_age_and_their_sum_is_erlangs() {
        let mut scenario = Scenario::base();
        scenario.talk = Dist::Exponential { mean: 100.0 };
        scenario.wrap = Dist::Exponential { mean: 100.0 };
        let truth = Truth::new(&scenario, &[10.0, 50.0], 2.0);
        for age in [0.0, 33.3, 400.0] {
            truth.talking(0, age, |i, q| {
                let x = [12.0_f64, 52.0][i] / 100.0;
                let erlang = 1.0 - (-x).exp() * (1.0 + x);
                assert!((q - erlang).abs() < 1e-4, "{q} {erlang}");
            });
            truth.wrapping(age, |i, q| {
                let x = [12.0_f64, 52.0][i] / 100.0;
                assert!((q - (1.0 - (-x).exp())).abs() < 1e-6);
            });
        }
    }

    #[test]
    fn a_call_still_ringing_is_judged_by_what_it_has_outlived() {
        let scenario = Scenario::base();
        let truth = Truth::new(&scenario, &[7.0], 2.0);
        truth.flying(0.3, 0.0, |_, q| assert!((q - 0.3 / 14.0).abs() < 1e-9));
        // At 13 s half of those who answer have; .15 of .85 still may, all of it within 7 s more.
        truth.flying(0.3, 13.0, |_, q| assert!((q - 0.15 / 0.85).abs() < 1e-9));
        truth.flying(0.3, 22.0, |_, q| assert!(q < 1e-12));
        truth.flying(0.3, 500.0, |_, q| assert!(q < 1e-12));
    }
}
