//! A queue with Poisson arrivals, exponential handling, and callers who wait for ever (Erlang C, M/M/N) or give up
//! after an exponential time (Erlang A, M/M/N+M; Palm 1957).
//!
//! Notation: a call that arrives would wait V if it did not give up; its patience is R, exponential with mean 1/theta;
//! it waits min(V, R). With U and W of `gamma.rs`, x = N mu/theta and y = A mu/theta:
//!
//! * P(V > 0) = U(x, y)/(W(N, A) + U(x, y)); without patience U is N/(N - A)
//! * P(lost | V > 0) = `lost` of (x, y), and the mean wait is P(lost)/theta (Mandelbaum, Zeltyn 2007)
//! * P(V > t | V > 0) = gamma(x, y e^(-theta t))/gamma(x, y), from the density of V (Baccelli, Hebuterne 1981); the
//!   same with x + 1 among those who are served
//!
//! Shares are sums of non-negative parts, so that a small one keeps its digits.
use crate::erlang::{check_load, check_servers, free_weight};
use crate::error::PacingError;
use crate::gamma::{Gamma, exp_gap, gamma};
use crate::offered_wait::mean_of_the_served;

/// How abandons count in a service level at t: the variants of the measures' definitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Counting {
    /// Answered within t / (answered + abandoned after t).
    #[default]
    LateAbandons,
    /// Answered within t / offered.
    AllAbandons,
    /// (Answered or abandoned within t) / offered.
    AbandonsCredited,
    /// Answered within t / answered.
    AnsweredOnly,
}

impl Counting {
    /// From its word.
    ///
    /// # Errors
    /// [`PacingError::Word`] for another word.
    pub fn parse(word: &str) -> Result<Self, PacingError> {
        match word {
            "late_abandons" => Ok(Self::LateAbandons),
            "all_abandons" => Ok(Self::AllAbandons),
            "abandons_credited" => Ok(Self::AbandonsCredited),
            "answered_only" => Ok(Self::AnsweredOnly),
            _ => Err(PacingError::Word {
                name: "counting",
                value: word.to_owned(),
                allowed: "late_abandons, all_abandons, abandons_credited, answered_only",
            }),
        }
    }
}

/// What comes to a queue: all of it but the servers. Built valid or not at all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Demand {
    load: f64,
    aht: f64,
    /// Infinite: nobody gives up.
    patience: f64,
}

fn within(
    name: &'static str,
    value: f64,
    low: f64,
    high: f64,
    allowed: &'static str,
) -> Result<f64, PacingError> {
    if (low..=high).contains(&value) {
        return Ok(value);
    }
    Err(PacingError::Domain {
        name,
        value,
        allowed,
    })
}

/// A number of seconds to wait that the formulas take.
///
/// # Errors
/// [`PacingError::Domain`] for a negative, absurd or non-finite one.
pub(crate) fn check_seconds(name: &'static str, value: f64) -> Result<f64, PacingError> {
    within(
        name,
        value,
        0.0,
        1e9,
        "a waiting time from 0 to 1e9 seconds",
    )
}

impl Demand {
    /// `load` erlang offered, `aht` and `patience` mean seconds; patience `None` or infinite: nobody gives up.
    ///
    /// # Errors
    /// [`PacingError::Domain`] for a negative, absurd or undefined argument.
    pub fn new(load: f64, aht: f64, patience: Option<f64>) -> Result<Self, PacingError> {
        check_load(load)?;
        within(
            "aht_seconds",
            aht,
            1e-3,
            1e9,
            "a mean handling time from 0.001 to 1e9 seconds",
        )?;
        let patience = match patience {
            None => f64::INFINITY,
            Some(seconds) if seconds == f64::INFINITY => seconds,
            Some(seconds) => within(
                "patience_seconds",
                seconds,
                1e-6,
                1e9,
                "a mean patience from 1e-6 to 1e9 seconds, or none",
            )?,
        };
        Ok(Self {
            load,
            aht,
            patience,
        })
    }

    /// Erlang offered.
    #[must_use]
    pub fn load(&self) -> f64 {
        self.load
    }
}

/// A queue in its steady state.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Queue {
    servers: f64,
    demand: Demand,
    /// Of a call that arrives: there is a free server; all are busy.
    free: f64,
    wait: f64,
    /// The states with a queue, if callers give up.
    gamma: Option<Gamma>,
}

/// P(V > t | V > 0), and its complement.
#[derive(Debug, Clone, Copy)]
struct Tail {
    above: f64,
    below: f64,
}

impl Queue {
    /// The queue of so many servers; fractions are the analytic continuation.
    ///
    /// # Errors
    /// [`PacingError::Domain`] for no, a negative, an absurd or undefined number of servers.
    pub fn new(servers: f64, demand: Demand) -> Result<Self, PacingError> {
        check_servers(servers)?;
        if servers == 0.0 {
            return Err(PacingError::Domain {
                name: "servers",
                value: servers,
                allowed: "a number of servers above 0: nobody is served without one",
            });
        }
        let load = demand.load;
        let ratio = demand.patience / demand.aht;
        let gamma = ratio
            .is_finite()
            .then(|| gamma(servers * ratio, load * ratio, (servers - load) * ratio));
        let queue = match gamma {
            Some(states) => states.lower,
            None if load < servers => servers / (servers - load),
            None => f64::INFINITY,
        };
        let idle = free_weight(servers, load);
        // At most one of the two weights is infinite.
        let (free, wait) = if idle == f64::INFINITY {
            (1.0, 0.0)
        } else if queue == f64::INFINITY {
            (0.0, 1.0)
        } else {
            (idle / (idle + queue), queue / (idle + queue))
        };
        Ok(Self {
            servers,
            demand,
            free,
            wait,
            gamma,
        })
    }

    fn overloaded(&self) -> bool {
        self.gamma.is_none() && self.demand.load >= self.servers
    }

    /// Share of the calls that do not find a free server.
    #[must_use]
    pub fn wait_probability(&self) -> f64 {
        self.wait
    }

    /// Share of the calls that give up; 0 where nobody does.
    #[must_use]
    pub fn abandonment(&self) -> f64 {
        self.wait * self.abandonment_of_waiting()
    }

    /// Share of those who do not find a free server that gives up.
    #[must_use]
    pub fn abandonment_of_waiting(&self) -> f64 {
        self.gamma.map_or(0.0, |g| g.lost.clamp(0.0, 1.0))
    }

    /// Share of the calls that are answered.
    fn served(&self) -> f64 {
        (self.free + self.wait * self.gamma.map_or(1.0, |g| g.kept)).min(1.0)
    }

    /// Mean seconds in the queue of those who do not find a free server; infinite where the queue grows without end.
    #[must_use]
    pub fn mean_wait_of_waiting(&self) -> f64 {
        match self.gamma {
            Some(_) => self.abandonment_of_waiting() * self.demand.patience,
            None if self.overloaded() => f64::INFINITY,
            None => self.demand.aht / (self.servers - self.demand.load),
        }
    }

    /// Mean seconds in the queue over all calls, those who give up included.
    #[must_use]
    pub fn mean_wait(&self) -> f64 {
        self.wait * self.mean_wait_of_waiting()
    }

    /// Mean seconds in the queue of the calls that are answered.
    #[must_use]
    pub fn speed_of_answer(&self) -> f64 {
        let Some(g) = self.gamma else {
            return self.mean_wait();
        };
        if self.wait == 0.0 {
            return 0.0;
        }
        let (x, y) = self.shape();
        let mean = mean_of_the_served(x, y, self.gap()) * self.demand.patience;
        mean * (self.wait * g.kept / self.served())
    }

    /// Calls in the queue, on average.
    #[must_use]
    pub fn mean_queue(&self) -> f64 {
        if self.overloaded() {
            return f64::INFINITY;
        }
        self.mean_wait() * (self.demand.load / self.demand.aht)
    }

    /// Share of the servers that is busy.
    #[must_use]
    pub fn occupancy(&self) -> f64 {
        if self.overloaded() {
            return 1.0;
        }
        (self.demand.load * self.served() / self.servers).min(1.0)
    }

    fn shape(&self) -> (f64, f64) {
        let ratio = self.demand.patience / self.demand.aht;
        (self.servers * ratio, self.demand.load * ratio)
    }

    fn gap(&self) -> f64 {
        (self.servers - self.demand.load) * (self.demand.patience / self.demand.aht)
    }

    /// Answered within t / offered.
    #[must_use]
    pub fn answered_within(&self, seconds: f64) -> f64 {
        let Some(g) = self.gamma else {
            // Rounding may carry the sum of the parts a last digit above 1.
            return (self.free + self.wait * self.tail_for_ever(seconds).below).min(1.0);
        };
        let (x, y) = self.shape();
        let gap = self.gap() + 1.0;
        let served = tail(
            x + 1.0,
            y,
            gap,
            seconds / self.demand.patience,
            &gamma(x + 1.0, y, gap),
        );
        (self.free + self.wait * g.kept * served.below).min(1.0)
    }

    /// Answered or given up within t / offered, and its complement.
    fn ended_within(&self, seconds: f64) -> (f64, f64) {
        let (tail, time) = match self.gamma {
            None => (self.tail_for_ever(seconds), 0.0),
            Some(g) => {
                let (x, y) = self.shape();
                let time = seconds / self.demand.patience;
                (tail(x, y, self.gap(), time, &g), time)
            }
        };
        (
            self.free + self.wait * (tail.below - tail.above * (-time).exp_m1()),
            self.wait * tail.above * (-time).exp(),
        )
    }

    fn tail_for_ever(&self, seconds: f64) -> Tail {
        if self.overloaded() {
            return Tail {
                above: 1.0,
                below: 0.0,
            };
        }
        let exponent = -(self.servers - self.demand.load) * seconds / self.demand.aht;
        Tail {
            above: exponent.exp(),
            below: -exponent.exp_m1(),
        }
    }

    /// The service level at `seconds`.
    ///
    /// # Errors
    /// [`PacingError::Domain`] for a negative, absurd or non-finite time.
    pub fn service_level(&self, seconds: f64, counting: Counting) -> Result<f64, PacingError> {
        check_seconds("seconds", seconds)?;
        let level = match counting {
            Counting::AllAbandons => self.answered_within(seconds),
            Counting::AbandonsCredited => self.ended_within(seconds).0,
            Counting::AnsweredOnly if self.gamma.is_none() => self.answered_within(seconds),
            Counting::AnsweredOnly => self.answered_within(seconds) / self.served(),
            Counting::LateAbandons => {
                let answered = self.answered_within(seconds);
                if answered == 0.0 {
                    0.0
                } else {
                    answered / (answered + self.ended_within(seconds).1)
                }
            }
        };
        Ok(level.clamp(0.0, 1.0))
    }
}

/// P(V > t | V > 0) = P(x, y e^-time)/P(x, y), where `at` is gamma(x, y) and `time` is theta t.
fn tail(x: f64, y: f64, gap: f64, time: f64, at: &Gamma) -> Tail {
    let gone = -(-time).exp_m1();
    let gap_then = gap + y * gone;
    let then = gamma(x, y * (-time).exp(), gap_then);
    if gap >= 0.0 {
        // In logarithms, as both may be below the smallest float: y (1 - e^-time) - x time + ln of U's ratio.
        let exponent = -gap * gone - x * exp_gap(time);
        let above = exponent.exp() * (then.lower / at.lower);
        let below = if above < 0.5 {
            1.0 - above
        } else {
            -(exponent + (then.lower / at.lower).ln()).exp_m1()
        };
        return Tail { above, below };
    }
    let below = if gap_then < 0.0 {
        (then.q - at.q) / at.p
    } else {
        (at.p - then.p) / at.p
    };
    Tail {
        above: then.p / at.p,
        below: below.max(0.0),
    }
}
