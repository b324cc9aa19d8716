//! The distributions a scenario is made of, in seconds: drawn by the simulator, known to the policy `oracle`.
use serde::{Deserialize, Serialize};

use crate::error::PacingError;
use crate::normal;
use crate::random::Random;

/// Longest time a distribution may be about, seconds.
const LONGEST: f64 = 1e6;

/// A distribution of a time in seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Dist {
    Constant {
        value: f64,
    },
    Uniform {
        low: f64,
        high: f64,
    },
    Exponential {
        mean: f64,
    },
    Lognormal {
        mean: f64,
        cv: f64,
    },
    /// Measured quantiles at equal steps of probability, 1/(n+1) to n/(n+1); straight lines between them, from 0
    /// below the first, and beyond the last as steep as between the last two.
    Quantiles {
        values: Vec<f64>,
    },
}

impl Dist {
    /// Whether it can be drawn from.
    ///
    /// # Errors
    /// [`PacingError::Domain`] for a parameter outside its range; `name` is the distribution's in the scenario.
    pub fn check(&self, name: &'static str) -> Result<(), PacingError> {
        let within = |value: f64, low: f64, allowed| {
            if (low..=LONGEST).contains(&value) {
                return Ok(());
            }
            Err(PacingError::Domain {
                name,
                value,
                allowed,
            })
        };
        match self {
            Self::Constant { value } => within(*value, 0.0, "0 to 1,000,000 seconds"),
            Self::Uniform { low, high } => {
                within(*low, 0.0, "0 to 1,000,000 seconds")?;
                within(*high, *low, "an upper end at or above the lower one")
            }
            Self::Exponential { mean } => within(*mean, 1e-6, "a mean above 0 seconds"),
            Self::Lognormal { mean, cv } => {
                within(*mean, 1e-6, "a mean above 0 seconds")?;
                if (0.0..=20.0).contains(cv) {
                    return Ok(());
                }
                within(-1.0, 0.0, "a coefficient of variation from 0 to 20")
            }
            Self::Quantiles { values } => {
                if values.len() < 2 {
                    return within(-1.0, 0.0, "two quantiles or more");
                }
                let mut last = 0.0;
                for &value in values {
                    within(value, last, "quantiles that do not fall")?;
                    last = value;
                }
                Ok(())
            }
        }
    }

    /// A draw, in seconds.
    #[inline]
    pub(crate) fn draw(&self, random: &mut Random) -> f64 {
        match self {
            Self::Constant { value } => *value,
            Self::Lognormal { mean, cv } => random.lognormal(*mean, *cv),
            _ => self.quantile(random.uniform()),
        }
    }

    /// The time that a share `u` of all draws stays under.
    #[inline]
    pub(crate) fn quantile(&self, u: f64) -> f64 {
        match self {
            Self::Constant { value } => *value,
            Self::Uniform { low, high } => low + (high - low) * u,
            // Off by 1e-16 of the mean where `ln_1p` is not, at five times the cost; a nanosecond is what counts.
            Self::Exponential { mean } => -mean * (1.0 - u).ln(),
            Self::Lognormal { .. } => self.search(u),
            Self::Quantiles { values } => {
                let at = u * steps(values);
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                let below = (at as usize).min(values.len());
                #[allow(clippy::cast_precision_loss)]
                let part = at - below as f64;
                let (low, high) = ends(values, below);
                low + (high - low) * part
            }
        }
    }

    /// By halving, where there is no formula.
    fn search(&self, u: f64) -> f64 {
        let (mut low, mut high) = (0.0, LONGEST);
        for _ in 0..80 {
            let middle = 0.5 * (low + high);
            if self.below(middle) < u {
                low = middle;
            } else {
                high = middle;
            }
        }
        high
    }

    /// P(draw <= seconds).
    pub(crate) fn below(&self, seconds: f64) -> f64 {
        if seconds < 0.0 {
            return 0.0;
        }
        match self {
            Self::Constant { value } => f64::from(u8::from(seconds >= *value)),
            Self::Uniform { low, high } if high > low => {
                ((seconds - low) / (high - low)).clamp(0.0, 1.0)
            }
            Self::Uniform { low, .. } => f64::from(u8::from(seconds >= *low)),
            Self::Exponential { mean } => -(-seconds / mean).exp_m1(),
            Self::Lognormal { mean, cv } if *cv > 0.0 => {
                let (mu, sigma) = normal::lognormal(*mean, *cv);
                if seconds <= 0.0 {
                    return 0.0;
                }
                normal::cumulative((seconds.ln() - mu) / sigma)
            }
            Self::Lognormal { mean, .. } => f64::from(u8::from(seconds >= *mean)),
            Self::Quantiles { values } => {
                let at = values.partition_point(|&value| value <= seconds);
                let (low, high) = ends(values, at);
                #[allow(clippy::cast_precision_loss)]
                let whole = at as f64;
                let part = ((seconds - low) / (high - low).max(1e-9)).clamp(0.0, 1.0);
                ((whole + part) / steps(values)).min(1.0)
            }
        }
    }

    /// Mean, seconds.
    #[must_use]
    pub fn mean(&self) -> f64 {
        match self {
            Self::Constant { value } => *value,
            Self::Uniform { low, high } => 0.5 * (low + high),
            Self::Exponential { mean } | Self::Lognormal { mean, .. } => *mean,
            Self::Quantiles { values } => {
                let middle = |at| {
                    let (low, high) = ends(values, at);
                    0.5 * (low + high)
                };
                (0..=values.len()).map(middle).sum::<f64>() / steps(values)
            }
        }
    }

    /// The same distribution with every time `factor` times as long.
    pub(crate) fn scaled(&self, factor: f64) -> Self {
        match self {
            Self::Constant { value } => Self::Constant {
                value: value * factor,
            },
            Self::Uniform { low, high } => Self::Uniform {
                low: low * factor,
                high: high * factor,
            },
            Self::Exponential { mean } => Self::Exponential {
                mean: mean * factor,
            },
            Self::Lognormal { mean, cv } => Self::Lognormal {
                mean: mean * factor,
                cv: *cv,
            },
            Self::Quantiles { values } => Self::Quantiles {
                values: values.iter().map(|v| v * factor).collect(),
            },
        }
    }
}

#[allow(clippy::cast_precision_loss)]
fn steps(values: &[f64]) -> f64 {
    (values.len() + 1) as f64
}

/// The two ends of the piece number `at`, of n + 1.
fn ends(values: &[f64], at: usize) -> (f64, f64) {
    let last = values.len() - 1;
    match at {
        0 => (0.0, values[0]),
        at if at <= last => (values[at - 1], values[at]),
        _ => (values[last], 2.0 * values[last] - values[last - 1]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<Dist> {
        vec![
            Dist::Constant { value: 25.0 },
            Dist::Uniform {
                low: 6.0,
                high: 20.0,
            },
            Dist::Exponential { mean: 13.0 },
            Dist::Lognormal {
                mean: 120.0,
                cv: 1.0,
            },
            Dist::Quantiles {
                values: vec![10.0, 20.0, 60.0, 100.0],
            },
        ]
    }

    #[test]
    fn draws_have_the_mean_and_the_shares_they_should() {
        for dist in all() {
            let mut random = Random::new(1, 2);
            let draws: Vec<f64> = (0..40_000).map(|_| dist.draw(&mut random)).collect();
            let mean = draws.iter().sum::<f64>() / 40_000.0;
            assert!((mean / dist.mean() - 1.0).abs() < 0.02, "{dist:?} {mean}");
            let median = dist.quantile(0.5);
            let under = draws.iter().filter(|&&x| x <= median).count();
            let known = dist.below(median);
            #[allow(clippy::cast_precision_loss)]
            let seen = under as f64 / 40_000.0;
            assert!((seen - known).abs() < 0.01, "{dist:?} {seen} {known}");
        }
    }

    #[test]
    fn quantiles_and_shares_are_each_others_inverse() {
        for dist in all().into_iter().skip(1) {
            for u in [0.01, 0.2, 0.5, 0.77, 0.99] {
                assert!((dist.below(dist.quantile(u)) - u).abs() < 1e-9, "{dist:?}");
            }
            let twice = dist.scaled(2.0);
            assert!((twice.mean() - 2.0 * dist.mean()).abs() < 1e-9);
            assert!((twice.quantile(0.3) - 2.0 * dist.quantile(0.3)).abs() < 1e-6);
        }
    }

    #[test]
    fn what_cannot_be_drawn_from_is_refused() {
        let bad = [
            Dist::Constant { value: -1.0 },
            Dist::Uniform {
                low: 5.0,
                high: 4.0,
            },
            Dist::Exponential { mean: 0.0 },
            Dist::Lognormal {
                mean: 3.0,
                cv: f64::NAN,
            },
            Dist::Quantiles { values: vec![3.0] },
            Dist::Quantiles {
                values: vec![3.0, 2.0],
            },
        ];
        for dist in bad {
            assert!(dist.check("talk").is_err(), "{dist:?}");
        }
        for dist in all() {
            assert_eq!(dist.check("talk"), Ok(()));
        }
    }
}
