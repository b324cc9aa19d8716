//! Time scales that the priors allow for.
//!
//! The documented times may be wrong by a factor, and one ring time or one conversation tells which: nobody answers
//! before six seconds, or hundreds have. So each prior of a time is a mixture of its documented shape at five scales, a
//! third to three times, and the data choose among them before their own rows of a table are full.

/// Scales of a prior's times.
pub(crate) const SCALES: usize = 5;
/// How many times the documented ones, and how much each is believed before anything is seen.
pub(crate) const SCALE: [f64; SCALES] = [
    1.0 / 3.0,
    0.577_350_269_189_625_8,
    1.0,
    1.732_050_807_568_877_2,
    3.0,
];
pub(crate) const BELIEVED: [f64; SCALES] = [0.02, 0.08, 0.8, 0.08, 0.02];

/// How much each is believed after what was seen, of these log likelihoods (Bayes).
pub(crate) fn posterior(likely: &[f64; SCALES]) -> [f64; SCALES] {
    let most = likely.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weights: [f64; SCALES] = std::array::from_fn(|k| BELIEVED[k] * (likely[k] - most).exp());
    let sum: f64 = weights.iter().sum();
    weights.map(|weight| weight / sum)
}

/// Each of `of`, weighted.
pub(crate) fn mixed<const N: usize>(weights: &[f64; SCALES], of: &[[f64; N]; SCALES]) -> [f64; N] {
    let mut sum = [0.0; N];
    for (&weight, rows) in weights.iter().zip(of) {
        if weight > 0.0 {
            for (sum, value) in sum.iter_mut().zip(rows) {
                *sum += weight * value;
            }
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beliefs_are_a_distribution_around_the_documented_scale() {
        assert!((BELIEVED.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        for (low, high) in [(0, 4), (1, 3)] {
            assert!((SCALE[low] * SCALE[high] - 1.0).abs() < 1e-12);
            assert!((BELIEVED[low] - BELIEVED[high]).abs() < 1e-12);
        }
        for (after, before) in posterior(&[-3.0; SCALES]).iter().zip(BELIEVED) {
            assert!((after - before).abs() < 1e-12);
        }
        assert!(posterior(&[-900.0, 0.0, -900.0, -900.0, -900.0])[1] > 0.999);
        assert!((mixed(&BELIEVED, &[[2.0]; SCALES])[0] - 2.0).abs() < 1e-12);
    }
}
