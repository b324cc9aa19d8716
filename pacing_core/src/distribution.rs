//! Free agents less answers due, at one moment ahead.
//!
//! Both are sums of independent yes-or-no events, so their distributions are Poisson-binomial. For small teams they
//! are convolved exactly; for large ones three cumulants and an Edgeworth term give the tail (error below 0.002
//! where the variance is at least 9, see the tests), at a cost that does not grow with the square of the team.
use crate::normal;

/// Longest exact distribution.
const WIDTH: usize = 48;

/// The first three cumulants of a sum of independent variables.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
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

    /// Of a Poisson variable.
    pub fn poisson(mean: f64) -> Self {
        Self {
            mean,
            variance: mean,
            third: mean,
        }
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

/// The same of several sums side by side, so that a processor adds to more than one at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CumulantsOf<const N: usize> {
    mean: [f64; N],
    variance: [f64; N],
    third: [f64; N],
}

#[allow(clippy::needless_range_loop)] // arrays in step
impl<const N: usize> CumulantsOf<N> {
    /// Constants.
    pub fn constant(value: f64) -> Self {
        Self {
            mean: [value; N],
            variance: [0.0; N],
            third: [0.0; N],
        }
    }

    pub fn get(&self, at: usize) -> Cumulants {
        Cumulants {
            mean: self.mean[at],
            variance: self.variance[at],
            third: self.third[at],
        }
    }

    /// Adds to each sum one variable with that sum's probability.
    #[inline]
    pub fn add_one(&mut self, q: [f64; N]) {
        for i in 0..N {
            let variance = q[i] * (1.0 - q[i]);
            self.mean[i] += q[i];
            self.variance[i] += variance;
            self.third[i] += variance * (1.0 - 2.0 * q[i]);
        }
    }

    /// Adds `count` of them.
    #[inline]
    pub fn add(&mut self, q: [f64; N], count: f64) {
        for i in 0..N {
            let variance = q[i] * (1.0 - q[i]);
            self.mean[i] += count * q[i];
            self.variance[i] += count * variance;
            self.third[i] += count * variance * (1.0 - 2.0 * q[i]);
        }
    }

    /// Adds to each sum a Poisson variable with that mean.
    pub fn add_poisson(&mut self, mean: [f64; N]) {
        for i in 0..N {
            self.mean[i] += mean[i];
            self.variance[i] += mean[i];
            self.third[i] += mean[i];
        }
    }

    /// Adds variables by the sums of the first three powers of their probabilities.
    pub fn add_powers(&mut self, first: [f64; N], second: [f64; N], third: [f64; N]) {
        for i in 0..N {
            self.mean[i] += first[i];
            self.variance[i] += first[i] - second[i];
            self.third[i] += first[i] - 3.0 * second[i] + 2.0 * third[i];
        }
    }
}

/// Distribution of a sum of yes-or-no variables on 0..WIDTH; what lies beyond is not kept.
#[derive(Debug, Clone, Copy)]
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

    /// Adds a Poisson variable: as so many yes-or-no variables, which makes its variance up to a twelfth too small at
    /// means of 2.
    pub fn add_poisson(&mut self, mean: f64) {
        const PARTS: usize = 24;
        #[allow(clippy::cast_precision_loss)]
        let q = (mean / PARTS as f64).min(1.0);
        for _ in 0..PARTS {
            self.add(q);
        }
    }

    /// Adds one yes-or-no variable with probability `q`.
    pub fn add(&mut self, q: f64) {
        if q <= 0.0 {
            return;
        }
        let top = (self.top + 1).min(WIDTH - 1);
        let keep = 1.0 - q;
        // Downwards, so that each is still as it was where it is looked at; by fours, which are done together.
        let mut end = top + 1;
        while let Some([a, b, c, d, e]) = self.pmf[..end].last_chunk_mut::<5>() {
            let here = [*a, *b, *c, *d, *e];
            *b = here[1] * keep + here[0] * q;
            *c = here[2] * keep + here[1] * q;
            *d = here[3] * keep + here[2] * q;
            *e = here[4] * keep + here[3] * q;
            end -= 4;
        }
        for at in (1..end).rev() {
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

/// Free agents less answers due.
// Kept on the stack, a handful per decision: no allocation is worth more than a small variant.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, Clone)]
pub(crate) enum Balance {
    Exact {
        /// P(free agents <= answers due + k), for k further answers.
        nobody: [f64; WIDTH],
        shortfall: f64,
    },
    Normal {
        free: Cumulants,
        due: Cumulants,
    },
}

impl Balance {
    /// From exact sums. What was cut off of either counts as the worst case.
    pub fn exact(free: &Sum, due: &Sum) -> Self {
        let mut free_at_most = [1.0; WIDTH];
        let mut total = 0.0;
        for (at_most, mass) in free_at_most[..free.top].iter_mut().zip(&free.pmf) {
            total += mass;
            *at_most = total;
        }
        let pmf = &due.pmf[..=due.top];
        let lost = 1.0 - pmf.iter().sum::<f64>();
        let mut nobody = [1.0; WIDTH];
        for (more, nobody) in nobody[..free.top].iter_mut().enumerate() {
            let in_reach = free_at_most[more..free.top].iter().zip(pmf);
            let beyond = pmf.iter().skip(free.top - more).sum::<f64>();
            let found: f64 = in_reach.map(|(at_most, mass)| at_most * mass).sum();
            *nobody = (found + beyond + lost).clamp(0.0, 1.0);
            if *nobody > 1.0 - 1e-12 {
                break;
            }
        }
        let mut left = 1.0;
        let mut shortfall = 0.0;
        for (mass, at_most) in pmf.iter().zip(free_at_most) {
            left -= mass;
            shortfall += at_most * left.max(0.0);
        }
        Self::Exact { nobody, shortfall }
    }

    /// P(free agents - answers due <= 0), so that a further answer would find nobody, after `count` more calls
    /// that are each answered before the moment with probability `q`.
    pub fn nobody_free_after(&self, q: f64, count: u64) -> f64 {
        match self {
            Self::Exact { nobody, .. } => binomial_mean(nobody, q, count),
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

    /// Takes in one more call, answered before the moment with probability `q`. The shortfall stays that of the calls
    /// before.
    pub fn take_in(&mut self, q: f64) {
        match self {
            Self::Exact { nobody, .. } => {
                for at in 1..WIDTH {
                    nobody[at - 1] += (nobody[at] - nobody[at - 1]) * q;
                }
            }
            Self::Normal { due, .. } => due.add(q, 1.0),
        }
    }

    /// E max(0, answers due - free agents): answers that find nobody if nothing more is dialed.
    pub fn shortfall(&self) -> f64 {
        match self {
            Self::Exact { shortfall, .. } => *shortfall,
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

/// Mean of `value[k]` over k answers of `count` calls, each answered with probability `q`; 1 beyond the table. The
/// cost does not grow with the number of calls, which can be thousands where hardly anybody answers.
fn binomial_mean(value: &[f64; WIDTH], q: f64, count: u64) -> f64 {
    if count == 0 || q <= 0.0 {
        return value[0];
    }
    #[allow(clippy::cast_precision_loss)]
    let n = count as f64;
    // The mass at k answers, from the one before. Short of certainty, so that the mass at none is not nothing.
    let q = q.min(0.999_999);
    let odds = q / (1.0 - q);
    let mut mass = (n * (-q).ln_1p()).exp();
    let (mut known, mut mean, mut k) = (0.0, 0.0, 0.0);
    for value in value {
        known += mass;
        mean += mass * value;
        if k >= n {
            break;
        }
        mass *= odds * (n - k) / (k + 1.0);
        k += 1.0;
    }
    (mean + (1.0 - known)).clamp(0.0, 1.0)
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
            Balance::exact(&free, &due),
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

    /// The definition: every call convolved, every pair of counts looked at.
    fn plainly(free: &[f64], due: &[f64], q: f64, count: usize) -> (f64, f64) {
        let convolved = |probabilities: &mut dyn Iterator<Item = f64>| {
            let mut pmf = vec![1.0];
            for p in probabilities {
                pmf.push(0.0);
                for at in (0..pmf.len()).rev() {
                    pmf[at] = pmf[at] * (1.0 - p) + if at > 0 { pmf[at - 1] * p } else { 0.0 };
                }
            }
            pmf
        };
        let agents = convolved(&mut free.iter().copied());
        let added = std::iter::repeat_n(q, count);
        let answers = convolved(&mut due.iter().copied().chain(added));
        let (mut nobody, mut short) = (0.0, 0.0);
        for (d, due) in answers.iter().enumerate() {
            for (f, free) in agents.iter().enumerate().take(d + 1) {
                nobody += due * free;
                short += due * free * (d - f) as f64;
            }
        }
        (nobody, short)
    }

    #[test]
    fn the_exact_balance_is_the_definition() {
        let mut random = crate::random::Random::new(7, 1);
        for scene in 0..300 {
            let mut draw = |most: usize| random.below(most);
            let (idle, agents, calls, count) = (draw(4), draw(30), draw(30), draw(20));
            let waiting = if idle == 0 { draw(3) } else { 0 };
            let mut free: Vec<f64> = vec![1.0; idle];
            let mut due: Vec<f64> = vec![1.0; waiting];
            free.extend((0..agents).map(|_| random.uniform() * 0.4));
            due.extend((0..calls).map(|_| random.uniform() * 0.5));
            let q = [random.uniform(), 0.3, 0.0, 1.0][scene % 4];
            let mut free_sum = Sum::constant(idle);
            let mut due_sum = Sum::constant(waiting);
            free[idle..].iter().for_each(|&p| free_sum.add(p));
            due[waiting..].iter().for_each(|&p| due_sum.add(p));
            let balance = Balance::exact(&free_sum, &due_sum);
            let (nobody, _) = plainly(&free, &due, q, count);
            let (_, short) = plainly(&free, &due, 0.0, 0);
            let found = balance.nobody_free_after(q, count as u64);
            // A call that is certain to be answered counts as .999999 likely: up to 1e-6 each.
            assert!((found - nobody).abs() < 3e-5, "{scene}: {found} {nobody}");
            if q < 0.999 {
                assert!((found - nobody).abs() < 1e-10, "{scene}: {found} {nobody}");
            }
            assert!((balance.shortfall() - short).abs() < 1e-9, "{scene}");
        }
    }

    #[test]
    fn calls_taken_in_are_calls_that_were_there() {
        let (mut exact, mut normal) = both(20, 2, 6, 0.2, 0.3);
        let (exact_then, normal_then) = both(20, 2, 9, 0.2, 0.3);
        let alike = [exact.clone(), normal.clone()];
        for _ in 0..3 {
            exact.take_in(0.3);
            normal.take_in(0.3);
        }
        let risk = |balance: &Balance| balance.nobody_free_after(0.0, 0);
        assert!((risk(&exact) - risk(&exact_then)).abs() < 1e-12);
        assert!((risk(&normal) - risk(&normal_then)).abs() < 1e-12);
        for (now, before) in [exact, normal].iter().zip(&alike) {
            assert!((risk(now) - before.nobody_free_after(0.3, 3)).abs() < 1e-12);
        }
    }

    #[test]
    fn sums_side_by_side_are_the_sums_one_by_one() {
        let mut random = crate::random::Random::new(8, 1);
        let mut together = CumulantsOf::<3>::constant(2.0);
        let mut apart = [Cumulants {
            mean: 2.0,
            ..Cumulants::default()
        }; 3];
        for step in 0..200 {
            let q = std::array::from_fn(|_| random.uniform());
            let count = [1.0, 7.0][step % 2];
            if step % 3 == 0 {
                together.add_one(q);
            } else {
                together.add(q, count);
            }
            for (sum, q) in apart.iter_mut().zip(q) {
                sum.add(q, if step % 3 == 0 { 1.0 } else { count });
            }
        }
        for (i, apart) in apart.iter().enumerate() {
            assert_eq!(together.get(i), *apart);
        }
    }

    #[test]
    fn thousands_of_hopeless_calls_cost_no_more_than_a_few() {
        let balance = Balance::exact(&Sum::constant(5), &Sum::constant(0));
        // P(Poisson(2.4) >= 5), which a binomial of so many is but for 1e-5.
        let risk = balance.nobody_free_after(1e-4, 24_000);
        assert!((risk - 0.095_869).abs() < 1e-4, "{risk}");
        assert!((balance.nobody_free_after(0.5, u64::MAX) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn what_is_cut_off_counts_as_the_worst_case() {
        let (exact, _) = both(0, 30, 200, 0.0, 0.9);
        assert!((exact.nobody_free_after(0.0, 0) - 1.0).abs() < 1e-9);
    }
}
