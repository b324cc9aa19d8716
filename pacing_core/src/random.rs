//! Seeded randomness for simulations: `SplitMix64` (Steele, Lea and Flood 2014), one stream per call.
//!
//! Each call draws from a stream of its own, so two policies meet the same people (common random numbers).
use crate::normal;

#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    /// The stream of number `stream` under this seed.
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut mixed = Self(seed ^ stream.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23));
        mixed.0 ^= mixed.next();
        mixed
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Uniform in (0, 1).
    pub fn uniform(&mut self) -> f64 {
        #[allow(clippy::cast_precision_loss)]
        let whole = (self.next() >> 11) as f64;
        (whole + 0.5) / 9_007_199_254_740_992.0
    }

    /// Uniform over 0..most, for tests.
    #[cfg(test)]
    #[allow(clippy::cast_possible_truncation)]
    pub fn below(&mut self, most: usize) -> usize {
        (self.next() % most as u64) as usize
    }

    /// Lognormal with this mean and coefficient of variation (Box and Muller).
    pub fn lognormal(&mut self, mean: f64, cv: f64) -> f64 {
        if mean <= 0.0 {
            return 0.0;
        }
        let (mu, sigma) = normal::lognormal(mean, cv);
        let radius = (-2.0 * self.uniform().ln()).sqrt();
        (mu + sigma * radius * (std::f64::consts::TAU * self.uniform()).cos()).exp()
    }
}
