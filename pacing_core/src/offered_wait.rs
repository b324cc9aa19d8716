//! Mean wait of the calls that are answered, where callers give up.
//!
//! Given V > 0 the density of the wait V that is offered is proportional to exp(y (1 - e^-s) - x s) with s = theta v
//! (Baccelli, Hebuterne 1981), and a caller is still there with e^-s: among the answered it is the same with x + 1. Its
//! mean has no closed form. It is integrated by Gauss's rule between the points where the density is e^-40 of its peak;
//! the density is log-concave, so nothing lies outside.
use crate::gamma::exp_gap;

/// Nodes and weights of Gauss-Legendre with 16 points (positive half).
const RULE: [(f64, f64); 8] = [
    (0.095_012_509_837_637_44, 0.189_450_610_455_068_5),
    (0.281_603_550_779_258_9, 0.182_603_415_044_923_6),
    (0.458_016_777_657_227_4, 0.169_156_519_395_002_54),
    (0.617_876_244_402_643_7, 0.149_595_988_816_576_73),
    (0.755_404_408_355_003, 0.124_628_971_255_533_87),
    (0.865_631_202_387_831_7, 0.095_158_511_682_492_78),
    (0.944_575_023_073_232_6, 0.062_253_523_938_647_89),
    (0.989_400_934_991_649_9, 0.027_152_459_411_754_095),
];
const PANELS: u32 = 10;
/// The density is cut where it is e^-40 of its peak.
const DROP: f64 = 40.0;

/// Where a rising function passes `DROP`, up to a factor of 2, at most `limit`.
fn reach(start: f64, limit: f64, drop: impl Fn(f64) -> f64) -> f64 {
    let mut end = start;
    while end < limit && drop(end) < DROP {
        end *= 2.0;
    }
    end.min(limit)
}

/// (integral of density, integral of r times density) over `from..to`.
fn moments(from: f64, to: f64, drop: &impl Fn(f64) -> f64) -> (f64, f64) {
    let half = (to - from) / f64::from(2 * PANELS);
    let (mut mass, mut first) = (0.0, 0.0);
    for panel in 0..PANELS {
        let middle = from + half * f64::from(2 * panel + 1);
        for (node, weight) in RULE {
            for r in [middle - half * node, middle + half * node] {
                let density = weight * (-drop(r)).exp();
                mass += density;
                first += r * density;
            }
        }
    }
    (mass * half, first * half)
}

/// E[theta V | V > 0, answered] for x = N mu/theta > 0, y = A mu/theta >= 0, `gap` = x - y.
pub(crate) fn mean_of_the_served(x: f64, y: f64, gap: f64) -> f64 {
    let (x, gap) = (x + 1.0, gap + 1.0);
    let width = 1.0 / (gap.abs() + x.max(y).sqrt());
    if gap >= 0.0 {
        // Highest at s = 0.
        let drop = |s: f64| gap * s + y * exp_gap(s);
        let (mass, first) = moments(0.0, reach(width, f64::INFINITY, drop), &drop);
        return first / mass;
    }
    // Highest at e^s = y/x; r is the distance from there.
    let peak = (-gap / x).ln_1p();
    let width = 1.0 / x.sqrt();
    let drop = |r: f64| x * exp_gap(r);
    let (low, high) = (
        reach(width, peak, |r| drop(-r)),
        reach(width, f64::INFINITY, drop),
    );
    let ((mass_low, first_low), (mass_high, first_high)) =
        (moments(-low, 0.0, &drop), moments(0.0, high, &drop));
    peak + (first_low + first_high) / (mass_low + mass_high)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The mean over the states a caller finds: with j before them in the queue, the time until the (j+1)th departure.
    fn over_the_states(x: f64, y: f64) -> f64 {
        let (mut weight, mut time, mut mass, mut first) = (1.0, 0.0, 0.0, 0.0);
        for j in 0..200_000 {
            let rate = x + f64::from(j) + 1.0;
            time += 1.0 / rate;
            let answered = weight * x / rate;
            mass += answered;
            first += answered * time;
            weight *= y / rate;
            if answered < 1e-18 * mass && rate > y {
                break;
            }
        }
        first / mass
    }

    #[test]
    fn the_integral_agrees_with_the_sum_over_states() {
        for x in [1e-3, 0.2, 1.0, 7.0, 50.0, 400.0, 3000.0] {
            for ratio in [1e-6, 0.1, 0.6, 0.95, 1.0, 1.001, 1.05, 1.4, 3.0, 30.0] {
                let y = x * ratio;
                if y > 500.0 && ratio > 2.0 {
                    continue; // the sum would overflow
                }
                let (value, truth) = (mean_of_the_served(x, y, x - y), over_the_states(x, y));
                assert!(
                    (value / truth - 1.0).abs() < 1e-10,
                    "{x} {y}: {value} {truth}"
                );
            }
        }
    }
}
