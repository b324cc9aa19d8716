//! Free agents less answers due, at one moment ahead.
//!
//! Both are sums of independent yes-or-no events, so their distributions are Poisson-binomial. For small teams they
//! are convolved exactly; for large ones three cumulants and an Edgeworth term give the tail (error below 0.002
//! where the variance is at least 9, see the tests), at a cost that does not grow with the square of the team.
use crate::normal;

/// Longest exact distribution.
const WIDTH: usize = 48;

/// The first three cumulants of a sum of independent variables.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cumulants {
    pub mean: f64,
    pub variance: f64,
    pub third: f64,
}

impl Cumulants {
    /// Adds `count` yes-or-no variables with probability `q`.
    pub fn add(&mut self, q: f64, count: f64) {
        let variance = q * (1.0 - q);
        self.mean += count * q;
        self.variance += count * variance;
        self.third += count * variance * (1.0 - 2.0 * q);
    }

    /// Between two sums, linearly.
    pub fn between(a: Self, b: Self, part: f64) -> Self {
        let mix = |x: f64, y: f64| x + (y - x) * part;
        Self {
            mean: mix(a.mean, b.mean),
            variance: mix(a.variance, b.variance),
            third: mix(a.third, b.third),
        }
    }
}

/// Distribution of a sum of yes-or-no variables on 0..WIDTH; what lies beyond is not kept.
#[derive(Debug, Clone)]
pub(crate) struct Sum {
    pmf: [f64; WIDTH],
    top: usize,
}

impl Sum {
    /// A constant.
    pub fn constant(value: usize) -> Self {
        let mut pmf = [0.0; WIDTH];
        if value < WIDTH {
            pmf[value] = 1.0;
        }
        Self {
            pmf,
            top: value.min(WIDTH - 1),
        }
    }

    /// Adds one yes-or-no variable with probability `q`.
    pub fn add(&mut self, q: f64) {
        if q <= 0.0 {
            return;
        }
        let top = (self.top + 1).min(WIDTH - 1);
        let keep = 1.0 - q;
        // Downwards, so that each place still finds its lower neighbour as it was.
        for at in (1..=top).rev() {
            self.pmf[at] = self.pmf[at] * keep + self.pmf[at - 1] * q;
        }
        self.pmf[0] *= keep;
        // Ends that weigh nothing are cut off; the answers' lost tail counts as the worst case below.
        self.top = if self.pmf[top] < 1e-12 && top > self.top {
            self.top
        } else {
            top
        };
    }
}

impl Sum {
    /// P(this many answers or fewer agents), with what was cut off counted as the worst case.
    fn finds_nobody(&self, free_at_most: &[f64; WIDTH]) -> f64 {
        let mut known = 0.0;
        let mut short = 0.0;
        for (mass, at_most) in self.pmf[..=self.top].iter().zip(free_at_most) {
            known += mass;
            short += mass * at_most;
        }
        (short + (1.0 - known)).clamp(0.0, 1.0)
    }
}

/// Free agents less answers due.
// Kept on the stack, a handful per decision: no allocation is worth more than a small variant.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, Clone)]
pub(crate) enum Balance {
    Exact {
        /// P(free agents <= j).
        free_at_most: [f64; WIDTH],
        due: Sum,
    },
    Normal {
        free: Cumulants,
        due: Cumulants,
    },
}

impl Balance {
    /// From exact sums.
    pub fn exact(free: &Sum, due: Sum) -> Self {
        let mut free_at_most = [0.0; WIDTH];
        let mut total = 0.0;
        for (at_most, mass) in free_at_most.iter_mut().zip(&free.pmf) {
            total += mass;
            *at_most = total;
        }
        Self::Exact { free_at_most, due }
    }

    /// P(free agents - answers due <= 0), so that a further answer would find nobody, after `count` more calls
    /// that are each answered before the moment with probability `q`.
    pub fn nobody_free_after(&self, q: f64, count: u64) -> f64 {
        match self {
            Self::Exact { free_at_most, due } if count == 0 => due.finds_nobody(free_at_most),
            Self::Exact { free_at_most, due } => {
                let mut due = due.clone();
                for _ in 0..count {
                    due.add(q);
                }
                due.finds_nobody(free_at_most)
            }
            Self::Normal { free, due } => {
                let mut due = *due;
                #[allow(clippy::cast_precision_loss)]
                due.add(q, count as f64);
                below(
                    free.mean - due.mean,
                    free.variance + due.variance,
                    free.third - due.third,
                )
            }
        }
    }

    /// E max(0, answers due - free agents): answers that find nobody if nothing more is dialed.
    pub fn shortfall(&self) -> f64 {
        match self {
            Self::Exact { free_at_most, due } => {
                let mut more = 1.0;
                let mut short = 0.0;
                for (mass, at_most) in due.pmf[..=due.top].iter().zip(free_at_most.iter()) {
                    more -= mass;
                    short += at_most * more.max(0.0);
                }
                short
            }
            Self::Normal { free, due } => {
                let mean = free.mean - due.mean;
                let sd = (free.variance + due.variance).sqrt();
                if sd < 1e-9 {
                    return (-mean).max(0.0);
                }
                let z = -mean / sd;
                (sd * (normal::density(z) + z * normal::cumulative(z))).max(0.0)
            }
        }
    }
}

/// P(D <= 0) for a whole-numbered D with these cumulants: normal with half a step of continuity correction and
/// the first Edgeworth term (Feller II, XVI.4).
fn below(mean: f64, variance: f64, third: f64) -> f64 {
    let sd = variance.sqrt();
    if sd < 1e-6 {
        return if mean < 0.5 { 1.0 } else { 0.0 };
    }
    let z = (0.5 - mean) / sd;
    let skew = third / (variance * sd);
    (normal::cumulative(z) - normal::density(z) * skew / 6.0 * (z * z - 1.0)).clamp(0.0, 1.0)
}

#[cfg(test)]
#[allow(clippy::cast_precision_loss)]
mod tests {
    use super::*;

    fn both(agents: usize, idle: usize, calls: usize, r: f64, q: f64) -> (Balance, Balance) {
        let mut free = Sum::constant(idle);
        let mut due = Sum::constant(0);
        let mut free_c = Cumulants {
            mean: idle as f64,
            ..Cumulants::default()
        };
        let mut due_c = Cumulants::default();
        for _ in 0..agents {
            free.add(r);
            free_c.add(r, 1.0);
        }
        for _ in 0..calls {
            due.add(q);
            due_c.add(q, 1.0);
        }
        (
            Balance::exact(&free, due),
            Balance::Normal {
                free: free_c,
                due: due_c,
            },
        )
    }

    #[test]
    fn binomial_cases_by_hand() {
        let (exact, _) = both(0, 1, 2, 0.0, 0.5);
        assert!((exact.nobody_free_after(0.0, 0) - 0.75).abs() < 1e-15);
        assert!((exact.shortfall() - 0.25).abs() < 1e-15);
        let (exact, normal) = both(0, 0, 0, 0.0, 0.5);
        assert!((exact.nobody_free_after(0.0, 0) - 1.0).abs() < 1e-15);
        assert!((normal.nobody_free_after(0.0, 0) - 1.0).abs() < 1e-15);
    }

    #[test]
    fn the_approximation_is_as_good_as_stated() {
        for (agents, idle, calls, r, q) in [
            (97, 1, 60, 0.1, 0.15),
            (90, 3, 40, 0.12, 0.2),
            (100, 0, 120, 0.12, 0.05),
            (60, 4, 30, 0.15, 0.3),
        ] {
            let (exact, normal) = both(agents, idle, calls, r, q);
            let (a, b) = (
                exact.nobody_free_after(0.0, 0),
                normal.nobody_free_after(0.0, 0),
            );
            assert!((a - b).abs() < 0.002, "{a} {b}");
            assert!((exact.shortfall() - normal.shortfall()).abs() < 0.02);
        }
    }

    #[test]
    fn what_is_cut_off_counts_as_the_worst_case() {
        let (exact, _) = both(0, 30, 200, 0.0, 0.9);
        assert!((exact.nobody_free_after(0.0, 0) - 1.0).abs() < 1e-9);
    }
}
