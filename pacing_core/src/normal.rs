//! The normal and lognormal distributions.

/// Density of the standard normal distribution.
pub(crate) fn density(z: f64) -> f64 {
    const ONE_OVER_SQRT_TWO_PI: f64 = 0.398_942_280_401_432_7;
    ONE_OVER_SQRT_TWO_PI * (-0.5 * z * z).exp()
}

/// Distribution function of the standard normal distribution.
pub(crate) fn cumulative(z: f64) -> f64 {
    0.5 * libm::erfc(-z * std::f64::consts::FRAC_1_SQRT_2)
}

/// Parameters (mu, sigma) of the lognormal distribution with this mean and coefficient of variation.
pub(crate) fn lognormal(mean: f64, cv: f64) -> (f64, f64) {
    let sigma_squared = (cv * cv).ln_1p();
    (mean.ln() - 0.5 * sigma_squared, sigma_squared.sqrt())
}
