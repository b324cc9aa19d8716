//! Erlang B (blocking) and C (waiting), for whole and fractional numbers of servers.
//!
//! 1/B(N) = 1 + N/A + N(N-1)/A^2 + ..., which is the recursion 1/B(x) = 1 + (x/A)/B(x-1) unrolled: every term is
//! positive, so nothing cancels. It ends at the fractional part f of N in 1/B(f) = A * integral of e^(-At) (1+t)^f over
//! t > 0 (Jagerman 1974), an incomplete gamma function. C = N B / (N - A (1 - B)).
use crate::error::PacingError;

const LARGEST: f64 = 1e7;

fn check(servers: f64, load: f64) -> Result<(), PacingError> {
    if !(0.0..=LARGEST).contains(&servers) {
        return Err(PacingError::Domain {
            name: "servers",
            value: servers,
            allowed: "a number of servers from 0 to 10,000,000, fractions allowed",
        });
    }
    if !(0.0..=LARGEST).contains(&load) {
        return Err(PacingError::Domain {
            name: "load",
            value: load,
            allowed: "an offered load from 0 to 10,000,000 erlang",
        });
    }
    Ok(())
}

/// Probability that a call finds all `servers` busy and is lost, at `load` erlang offered (Erlang B).
///
/// Relative error at most 1e-12; 0 where the true value is below the smallest float.
///
/// # Errors
/// [`PacingError::Domain`] for a negative, absurd or non-finite argument.
pub fn erlang_b(servers: f64, load: f64) -> Result<f64, PacingError> {
    check(servers, load)?;
    if servers == 0.0 {
        return Ok(1.0);
    }
    if load == 0.0 {
        return Ok(0.0);
    }
    let fraction = servers.fract();
    let mut left = servers;
    let (mut term, mut sum, mut lost) = (1.0_f64, 1.0_f64, 0.0_f64);
    while left >= 1.0 {
        term *= left / load;
        left -= 1.0;
        // The last step carries the whole rest of the series.
        let part = if left < 1.0 {
            term * inverse_below_one(fraction, load)
        } else {
            term
        };
        // Kahan's summation: a hundred thousand terms would lose four digits otherwise.
        let corrected = part - lost;
        let next = sum + corrected;
        lost = (next - sum) - corrected;
        sum = next;
        if !sum.is_finite() {
            return Ok(0.0);
        }
        if term < 1e-24 * sum && left < load {
            break;
        }
    }
    if servers < 1.0 {
        sum = inverse_below_one(fraction, load);
    }
    Ok((1.0 / sum).clamp(0.0, 1.0))
}

/// Probability that a call has to wait (Erlang C); 1 when the load is not below the number of servers.
///
/// # Errors
/// [`PacingError::Domain`] for a negative, absurd or non-finite argument.
pub fn erlang_c(servers: f64, load: f64) -> Result<f64, PacingError> {
    let blocked = erlang_b(servers, load)?;
    if load >= servers {
        // Saturated or overloaded: the queue grows without end and everybody waits. With no load nobody does.
        return Ok(if load > 0.0 { 1.0 } else { 0.0 });
    }
    Ok((servers * blocked / ((servers - load) + load * blocked)).clamp(0.0, 1.0))
}

/// 1/B for a number of servers f in [0, 1).
// The letters are those of the formulas (Press et al., Numerical Recipes, 6.2).
#[allow(clippy::many_single_char_names)]
fn inverse_below_one(f: f64, load: f64) -> f64 {
    if f == 0.0 {
        return 1.0;
    }
    let s = f + 1.0;
    if load < 1.5 {
        // e^A A^-f (Gamma(s) - gamma(s, A)), the lower function by its power series.
        let (mut term, mut sum, mut n) = (1.0 / s, 1.0 / s, 0.0);
        while term > 1e-18 * sum {
            n += 1.0;
            term *= load / (s + n);
            sum += term;
        }
        return load.exp() * load.powf(-f) * libm::tgamma(s) - load * sum;
    }
    // Continued fraction of the upper incomplete gamma function (Lentz's algorithm).
    let mut b = load + 1.0 - s;
    let mut c = 1e300;
    let mut d = 1.0 / b;
    let mut h = d;
    for n in 1..10_000_u32 {
        let n = f64::from(n);
        let a = -n * (n - s);
        b += 2.0;
        d = 1.0 / (a * d + b);
        c = b + a / c;
        let factor = c * d;
        h *= factor;
        if (factor - 1.0).abs() < 1e-16 {
            break;
        }
    }
    load * h
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(value: f64, truth: f64) {
        assert!((value / truth - 1.0).abs() < 1e-12, "{value} {truth}");
    }

    #[test]
    fn known_values() {
        close(erlang_b(2.0, 1.0).unwrap(), 0.2);
        close(erlang_b(10.0, 5.0).unwrap(), 0.018_384_570_336_648_134);
        close(erlang_c(1.0, 0.5).unwrap(), 0.5);
        close(erlang_c(2.0, 1.0).unwrap(), 1.0 / 3.0);
    }

    #[test]
    fn fractional_servers_lie_between_and_join_smoothly() {
        for load in [0.3, 1.4, 1.6, 5.0, 40.0] {
            let mut last = 1.0;
            for tenth in 1..200 {
                let b = erlang_b(f64::from(tenth) / 10.0, load).unwrap();
                assert!(b < last && b > 0.0);
                last = b;
            }
            let near = erlang_b(3.0 - 1e-9, load).unwrap();
            assert!((near / erlang_b(3.0, load).unwrap() - 1.0).abs() < 1e-7);
        }
    }

    #[test]
    fn edges() {
        assert_eq!(erlang_b(0.0, 3.0), Ok(1.0));
        assert_eq!(erlang_b(5.0, 0.0), Ok(0.0));
        assert_eq!(erlang_c(5.0, 5.0), Ok(1.0));
        assert_eq!(erlang_c(5.0, 50.0), Ok(1.0));
        assert_eq!(erlang_c(0.0, 0.0), Ok(0.0));
        assert!(erlang_b(1e6, 1.0).unwrap() < 1e-300);
        for bad in [f64::NAN, -1.0, f64::INFINITY] {
            assert!(erlang_b(bad, 1.0).is_err());
            assert!(erlang_c(1.0, bad).is_err());
        }
    }
}
