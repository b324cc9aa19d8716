//! Erlang B (blocking) and C (waiting), for whole and fractional numbers of servers.
//!
//! 1/B(N) = 1 + W(N, A) with the scaled upper incomplete gamma function W (Jagerman 1974), which is the well-known sum
//! 1 + N/A + N(N-1)/A^2 + ... for whole N. C = U/(W + U), where U = N/(N - A) weighs the states with a queue.
use crate::error::PacingError;
use crate::gamma::gamma;

/// The most servers and the highest load the formulas take.
pub const LARGEST: f64 = 1e7;

pub(crate) fn check_servers(servers: f64) -> Result<(), PacingError> {
    if (0.0..=LARGEST).contains(&servers) {
        return Ok(());
    }
    Err(PacingError::Domain {
        name: "servers",
        value: servers,
        allowed: "a number of servers from 0 to 10,000,000, fractions allowed",
    })
}

pub(crate) fn check_load(load: f64) -> Result<(), PacingError> {
    if (0.0..=LARGEST).contains(&load) {
        return Ok(());
    }
    Err(PacingError::Domain {
        name: "load",
        value: load,
        allowed: "an offered load from 0 to 10,000,000 erlang",
    })
}

/// Weight of the states with a free server against 1 for "all busy, nobody waits": 1/B - 1.
///
/// 0 servers have no such state; with no load it is infinite.
pub(crate) fn free_weight(servers: f64, load: f64) -> f64 {
    if servers == 0.0 {
        return 0.0;
    }
    gamma(servers, load, servers - load).upper
}

/// Probability that a call finds all `servers` busy and is lost, at `load` erlang offered (Erlang B).
///
/// Relative error at most 1e-12; 0 where the true value is below the smallest float.
///
/// # Errors
/// [`PacingError::Domain`] for a negative, absurd or non-finite argument.
pub fn erlang_b(servers: f64, load: f64) -> Result<f64, PacingError> {
    check_servers(servers)?;
    check_load(load)?;
    Ok((1.0 / (1.0 + free_weight(servers, load))).clamp(0.0, 1.0))
}

/// Probability that a call has to wait (Erlang C); 1 when the load is not below the number of servers.
///
/// Relative error at most 1e-12; 0 where the true value is below the smallest float.
///
/// # Errors
/// [`PacingError::Domain`] for a negative, absurd or non-finite argument.
pub fn erlang_c(servers: f64, load: f64) -> Result<f64, PacingError> {
    check_servers(servers)?;
    check_load(load)?;
    if load >= servers {
        // Saturated or overloaded: the queue grows without end and everybody waits. With no load nobody does.
        return Ok(if load > 0.0 { 1.0 } else { 0.0 });
    }
    let queue = servers / (servers - load);
    Ok((queue / (free_weight(servers, load) + queue)).clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(value: f64, truth: f64) {
        assert!((value / truth - 1.0).abs() < 1e-12, "{value} {truth}");
    }

    /// 1/B by its sum, with Kahan's correction: another way than the one taken above.
    fn by_the_sum(servers: u32, load: f64) -> f64 {
        let (mut term, mut sum, mut lost) = (1.0_f64, 1.0_f64, 0.0_f64);
        for left in (1..=servers).rev() {
            term *= f64::from(left) / load;
            let corrected = term - lost;
            let next = sum + corrected;
            lost = (next - sum) - corrected;
            sum = next;
        }
        1.0 / sum
    }

    #[test]
    fn known_values() {
        close(erlang_b(2.0, 1.0).unwrap(), 0.2);
        close(erlang_b(10.0, 5.0).unwrap(), 0.018_384_570_336_648_134);
        close(erlang_c(1.0, 0.5).unwrap(), 0.5);
        close(erlang_c(2.0, 1.0).unwrap(), 1.0 / 3.0);
    }

    #[test]
    fn the_plain_sum_agrees_wherever_it_can_be_summed() {
        for servers in [
            1_u32, 2, 3, 7, 19, 20, 21, 60, 300, 1000, 30_000, 50_000, 100_000,
        ] {
            let n = f64::from(servers);
            for sigmas in [
                -30.0, -9.0, -3.1, -2.0, -1.4, -1.0, -0.1, 0.0, 0.4, 1.3, 1.5, 2.9, 8.0, 300.0,
            ] {
                let load = n + sigmas * n.sqrt();
                let truth = if load > 0.0 {
                    by_the_sum(servers, load)
                } else {
                    0.0
                };
                if truth > 1e-300 {
                    close(erlang_b(n, load).unwrap(), truth);
                }
            }
        }
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
