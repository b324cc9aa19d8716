//! The fewest whole servers that reach a target.
//!
//! Every measure here is monotone in the number of servers (the wait offered falls in the likelihood-ratio order), so
//! the number is found by growing steps from the load and then by halving.
use crate::erlang::{LARGEST, check_load, erlang_b};
use crate::error::PacingError;
use crate::queue::{Counting, Demand, Queue, check_seconds};

/// What a number of servers has to reach.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Target {
    /// At least this service level at so many seconds.
    ServiceLevel {
        level: f64,
        seconds: f64,
        counting: Counting,
    },
    /// At most so many seconds of waiting, on average over the answered calls.
    SpeedOfAnswer { seconds: f64 },
    /// At most this share of the servers busy.
    Occupancy { share: f64 },
    /// At most this share of the calls giving up.
    Abandonment { share: f64 },
}

fn share(name: &'static str, value: f64) -> Result<f64, PacingError> {
    if value > 0.0 && value < 1.0 {
        return Ok(value);
    }
    Err(PacingError::Domain {
        name,
        value,
        allowed: "a share above 0 and below 1",
    })
}

impl Target {
    /// Check the target itself.
    fn check(self) -> Result<(), PacingError> {
        match self {
            Self::ServiceLevel { level, seconds, .. } => {
                share("service_level", level)?;
                check_seconds("seconds", seconds)?;
            }
            Self::SpeedOfAnswer { seconds } => {
                check_seconds("seconds", seconds)?;
                if seconds == 0.0 {
                    return Err(PacingError::Domain {
                        name: "seconds",
                        value: seconds,
                        allowed: "a mean wait above 0 seconds",
                    });
                }
            }
            Self::Occupancy { share: value } => {
                share("occupancy", value)?;
            }
            Self::Abandonment { share: value } => {
                share("abandonment", value)?;
            }
        }
        Ok(())
    }

    fn reached(self, queue: &Queue) -> Result<bool, PacingError> {
        Ok(match self {
            Self::ServiceLevel {
                level,
                seconds,
                counting,
            } => queue.service_level(seconds, counting)? >= level,
            Self::SpeedOfAnswer { seconds } => queue.speed_of_answer() <= seconds,
            Self::Occupancy { share } => queue.occupancy() <= share,
            Self::Abandonment { share } => queue.abandonment() <= share,
        })
    }

    fn out_of_reach(self) -> PacingError {
        let (name, value) = match self {
            Self::ServiceLevel { level, .. } => ("service_level", level),
            Self::SpeedOfAnswer { seconds } => ("seconds", seconds),
            Self::Occupancy { share } => ("occupancy", share),
            Self::Abandonment { share } => ("abandonment", share),
        };
        out_of_reach(name, value)
    }
}

fn out_of_reach(name: &'static str, value: f64) -> PacingError {
    PacingError::Domain {
        name,
        value,
        allowed: "a target that 10,000,000 servers reach",
    }
}

/// Smallest whole number from 1 to `LARGEST` that is enough; `None` if there is none. `near` is where to begin.
fn smallest(
    near: f64,
    enough: impl Fn(f64) -> Result<bool, PacingError>,
) -> Result<Option<f64>, PacingError> {
    let start = near.ceil().clamp(1.0, LARGEST);
    let mut step = near.sqrt().ceil().max(1.0);
    // Too few is always known to fail, or 0; many is always known to be enough.
    let (mut few, mut many);
    if enough(start)? {
        (few, many) = (0.0, start);
        let mut tried = start - step;
        while tried >= 1.0 {
            if !enough(tried)? {
                few = tried;
                break;
            }
            many = tried;
            step *= 2.0;
            tried -= step;
        }
    } else {
        few = start;
        loop {
            if few >= LARGEST {
                return Ok(None);
            }
            many = (few + step).min(LARGEST);
            if enough(many)? {
                break;
            }
            few = many;
            step *= 2.0;
        }
    }
    while many - few > 1.0 {
        let middle = f64::midpoint(few, many).floor();
        if enough(middle)? {
            many = middle;
        } else {
            few = middle;
        }
    }
    Ok(Some(many))
}

/// The fewest servers that reach the target; 0 where nobody calls.
///
/// # Errors
/// [`PacingError::Domain`] for a target that is none, or that 10,000,000 servers do not reach.
pub fn servers_for(target: Target, demand: Demand) -> Result<f64, PacingError> {
    target.check()?;
    if demand.load() == 0.0 {
        return Ok(0.0);
    }
    smallest(demand.load(), |servers| {
        target.reached(&Queue::new(servers, demand)?)
    })?
    .ok_or_else(|| target.out_of_reach())
}

/// The fewest servers (lines) at which at most this share of the calls is lost (Erlang B); 0 where nobody calls.
///
/// # Errors
/// [`PacingError::Domain`] for a load or share outside its range, or that 10,000,000 servers do not reach.
pub fn servers_for_blocking(load: f64, blocking: f64) -> Result<f64, PacingError> {
    check_load(load)?;
    share("blocking", blocking)?;
    if load == 0.0 {
        return Ok(0.0);
    }
    smallest(load, |servers| Ok(erlang_b(servers, load)? <= blocking))?
        .ok_or_else(|| out_of_reach("blocking", blocking))
}

/// Servers on the roster for so many at work, if a share of the paid time is not available for calls.
///
/// # Errors
/// [`PacingError::Domain`] for a negative or absurd number, or a shrinkage outside [0, 1).
pub fn with_shrinkage(servers: f64, shrinkage: f64) -> Result<f64, PacingError> {
    crate::erlang::check_servers(servers)?;
    if !(0.0..1.0).contains(&shrinkage) {
        return Err(PacingError::Domain {
            name: "shrinkage",
            value: shrinkage,
            allowed: "a share of the paid time from 0 to below 1",
        });
    }
    Ok(servers / (1.0 - shrinkage))
}

/// Full-time persons for so many paid hours: hours needed / hours of one full-time person.
///
/// # Errors
/// [`PacingError::Domain`] for negative, absurd or undefined hours, or no hours of one person.
pub fn full_time_equivalents(paid_hours: f64, hours_each: f64) -> Result<f64, PacingError> {
    if !(0.0..=1e12).contains(&paid_hours) {
        return Err(PacingError::Domain {
            name: "paid_hours",
            value: paid_hours,
            allowed: "hours from 0 to 1e12",
        });
    }
    if !(1e-3..=1e5).contains(&hours_each) {
        return Err(PacingError::Domain {
            name: "hours_each",
            value: hours_each,
            allowed: "the hours of one full-time person, 0.001 to 100,000",
        });
    }
    Ok(paid_hours / hours_each)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_is_enough_and_one_less_is_not() {
        for load in [0.001, 0.7, 10.0, 333.3, 20_000.0] {
            for (patience, counting) in [
                (None, Counting::LateAbandons),
                (Some(90.0), Counting::LateAbandons),
                (Some(5.0), Counting::AllAbandons),
                (Some(2000.0), Counting::AnsweredOnly),
                (Some(60.0), Counting::AbandonsCredited),
            ] {
                let demand = Demand::new(load, 240.0, patience).unwrap();
                for target in [
                    Target::ServiceLevel {
                        level: 0.8,
                        seconds: 20.0,
                        counting,
                    },
                    Target::SpeedOfAnswer { seconds: 3.0 },
                    Target::Occupancy { share: 0.85 },
                ] {
                    let servers = servers_for(target, demand).unwrap();
                    let enough = |n: f64| target.reached(&Queue::new(n, demand).unwrap()).unwrap();
                    assert!(enough(servers), "{load} {patience:?} {target:?}");
                    assert!(
                        servers <= 1.0 || !enough(servers - 1.0),
                        "{load} {target:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn blocking_by_the_tables() {
        // A = 4.4612 carries 1 % on 10 lines, and a little more does not.
        assert_eq!(servers_for_blocking(4.4611, 0.01), Ok(10.0));
        assert_eq!(servers_for_blocking(4.4613, 0.01), Ok(11.0));
        assert_eq!(servers_for_blocking(0.0, 0.01), Ok(0.0));
        assert!(servers_for_blocking(1e7, 1e-9).is_err());
    }

    #[test]
    fn nobody_calls_or_nobody_can_help() {
        let none = Demand::new(0.0, 240.0, None).unwrap();
        assert_eq!(servers_for(Target::Occupancy { share: 0.5 }, none), Ok(0.0));
        let full = Demand::new(LARGEST, 240.0, None).unwrap();
        let error = servers_for(Target::Occupancy { share: 0.5 }, full).unwrap_err();
        assert!(error.to_string().contains("occupancy is 0.5"));
    }
}
