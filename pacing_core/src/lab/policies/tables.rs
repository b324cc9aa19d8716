//! What is about to happen, from a scenario's true distributions, tabulated by age for several horizons.
use crate::lab::dist::Dist;
use crate::lab::scenario::Scenario;

use super::claims::Claims;

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
    /// A call dialed now that a person answers is with an agent's queue within.
    ring: Vec<f64>,
    talk: Vec<Table>,
    wrap: Table,
    /// Still ringing if a person will answer; still occupied otherwise; answered within each horizon.
    flight: Table,
    /// The share of dials that end as machines, the times of those, the same by age as for people.
    machines: Option<(Claims, Vec<f64>, Table)>,
}

impl Truth {
    /// `horizons`: seconds from now within which answers count; agents may take `grace` seconds longer.
    pub fn new(scenario: &Scenario, horizons: &[f64], grace: f64) -> Self {
        let free: Vec<f64> = horizons.iter().map(|r| r + grace).collect();
        let n = horizons.len();
        let talk = scenario.talk_factor.values();
        let claims = Claims::new(scenario);
        let ring = &claims
            .as_ref()
            .map_or(&scenario.ring, |claims| &claims.person)
            .clone();
        let gone = ring.quantile(TAIL).max(scenario.unanswered.quantile(TAIL));
        let found_out = claims
            .as_ref()
            .map(|claims| (claims.weight(), claims.seconds));
        let machines = claims.map(|claims| {
            let ring = claims.machine.clone();
            let within = horizons.iter().map(|&r| ring.below(r)).collect();
            let table = Table::new(ring.quantile(TAIL), n + 1, |age, row| {
                row[n] = 1.0 - ring.below(age);
                for (value, r) in row.iter_mut().zip(horizons) {
                    *value = (ring.below(age + r) - ring.below(age)).max(0.0);
                }
            });
            (claims, within, table)
        });
        Self {
            machines,
            ring: horizons.iter().map(|&r| ring.below(r)).collect(),
            talk: talk
                .iter()
                .map(|&factor| {
                    let talk = scenario.talk.scaled(factor);
                    talking(&talk, &scenario.wrap, &free, found_out)
                })
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

    /// A call dialed now, which a person answers with probability `p`, claims an agent within each horizon.
    pub fn fresh(&self, p: f64) -> Vec<f64> {
        let Some((claims, within, _)) = &self.machines else {
            return self.ring.iter().map(|within| p * within).collect();
        };
        let people = p * (1.0 - claims.mistaken);
        let machines = claims.share * claims.missed;
        let both = self.ring.iter().zip(within);
        both.map(|(a, b)| people * a + machines * b).collect()
    }

    /// A call dialed `age` seconds ago, which a person answers with probability `p` at the dial, claims an agent within.
    pub fn flying(&self, p: f64, age: f64, mut each: impl FnMut(usize, f64)) {
        let n = self.ring.len();
        let (low, high, part) = self.flight.around(age);
        let at = |i: usize| low[i] + (high[i] - low[i]) * part;
        let Some((claims, _, table)) = &self.machines else {
            let alive = p * at(n) + (1.0 - p) * at(n + 1);
            for i in 0..n {
                let q = if alive > 1e-12 {
                    (p * at(i) / alive).clamp(0.0, 1.0)
                } else {
                    0.0
                };
                each(i, q);
            }
            return;
        };
        let (below, above, rest) = table.around(age);
        let machine = |i: usize| claims.share * (below[i] + (above[i] - below[i]) * rest);
        let nobody = (1.0 - p - claims.share).max(0.0);
        let alive = (p * at(n) + machine(n) + nobody * at(n + 1)).max(1e-12);
        for i in 0..n {
            let claiming = p * (1.0 - claims.mistaken) * at(i) + claims.missed * machine(i);
            each(i, (claiming / alive).clamp(0.0, 1.0));
        }
    }
}

fn read(table: &Table, age: f64, mut each: impl FnMut(usize, f64)) {
    let (low, high, part) = table.around(age);
    for (i, (a, b)) in low.iter().zip(high).enumerate() {
        each(i, a + (b - a) * part);
    }
}

/// P(talk and wrap-up end within each horizon | still talking at an age). Among the conversations may be a share of
/// machines, each found out after so many seconds.
fn talking(talk: &Dist, wrap: &Dist, free: &[f64], machines: Option<(f64, f64)>) -> Table {
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
        if let Some((share, seconds)) = machines
            && age < seconds
        {
            let people = (1.0 - share) * (1.0 - before);
            for (value, horizon) in row.iter_mut().zip(free) {
                let found_out = share * f64::from(u8::from(age + horizon >= seconds));
                *value = (people * *value + found_out) / (people + share).max(1e-12);
            }
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
    fn machines_claim_agents_unless_they_are_detected() {
        let undetected = Scenario::named("voicemail-undetected", "").unwrap();
        let truth = Truth::new(&undetected, &[60.0], 2.0);
        assert!((truth.fresh(0.06)[0] - 0.56).abs() < 1e-9);
        // At 22 s only machines and nobody: machines answer from 15 to 24 s, nobody rings 25 s long.
        truth.flying(0.06, 22.0, |_, q| {
            let machine = 0.5 * 2.0 / 9.0;
            assert!((q - machine / (machine + 0.44)).abs() < 1e-6, "{q}");
        });
        // Any call is a machine's with 50 of 56; after the 12 s it is not.
        let soon = Truth::new(&undetected, &[10.0], 2.0);
        soon.talking(0, 1.0, |_, q| assert!(q > 50.0 / 56.0));
        soon.talking(0, 12.5, |_, q| assert!(q < 0.1));
        let detected = Scenario::named("voicemail-detected", "").unwrap();
        let truth = Truth::new(&detected, &[60.0], 2.0);
        assert!((truth.fresh(0.06)[0] - 0.06 * 0.97).abs() < 1e-9);
        let half = Truth::new(&detected, &[16.0], 2.0);
        assert!((half.fresh(0.06)[0] - 0.03 * 0.97).abs() < 1e-4);
    }

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
