//! The policies, by name: `ratio`, `ratio(k=2.3)`, `vicidial-tapered(max_level=4)`.
mod claims;
mod issabel;
mod oracle;
mod ringmaster;
mod samuelson;
mod simple;
mod tables;
mod vicidial;
mod webitel;

use std::fmt;

pub(super) use ringmaster::Plans;

use super::policy::Policy;
use crate::error::PacingError;

/// A parameter of a policy and what the tuner may do with it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parameter {
    pub name: &'static str,
    /// As shipped.
    pub default: f64,
    pub low: f64,
    pub high: f64,
}

/// A policy that can be asked for by name.
struct Entry {
    name: &'static str,
    about: &'static str,
    parameters: &'static [Parameter],
    /// The ways to tune it, the first the obvious one; none if there is nothing to tune.
    tuned: &'static [Tuned],
    build: fn(&[f64]) -> Box<dyn Policy + Send>,
}

/// One way to tune a policy: over which values of one parameter the tuner looks for the best, more dialing more.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tuned {
    pub parameter: usize,
    /// The most careful and the boldest value to try.
    pub from: f64,
    pub to: f64,
    /// By ratio instead of by difference.
    pub logarithmic: bool,
    /// What other parameters are set to meanwhile.
    pub fixed: &'static [(usize, f64)],
}

const fn parameter(name: &'static str, default: f64, low: f64, high: f64) -> Parameter {
    Parameter {
        name,
        default,
        low,
        high,
    }
}

const fn tuned(parameter: usize, from: f64, to: f64, logarithmic: bool) -> Tuned {
    Tuned {
        parameter,
        from,
        to,
        logarithmic,
        fixed: &[],
    }
}

impl Tuned {
    const fn at(self, fixed: &'static [(usize, f64)]) -> Self {
        Self { fixed, ..self }
    }
}

const VICIDIAL: &[Parameter] = &[
    parameter("max_level", 3.0, 1.0, 100.0),
    parameter("drop_limit", 3.0, 0.0, 100.0),
    parameter("intensity", 0.0, -100.0, 100.0),
    parameter("target_difference", 0.0, -100.0, 100.0),
];

/// The ceiling of the level; the day's limit alone; the ceiling alone; the ceiling, aiming at one agent waiting.
const VICIDIAL_TUNED: &[Tuned] = &[
    tuned(0, 1.0, 10.0, true),
    tuned(1, 0.01, 10.0, true),
    tuned(0, 1.0, 10.0, true).at(&[(1, 100.0)]),
    tuned(0, 1.0, 10.0, true).at(&[(3, -1.0)]),
];

const ENTRIES: &[Entry] = &[
    Entry {
        name: "ringmaster",
        about: "the pacer of this package, as it dials live, all learned from nothing; leads=0: not about leads; mix=0: leads in the hopper's order; prior: its priors times this",
        parameters: &[
            parameter("leads", 1.0, 0.0, 1.0),
            parameter("prior", 1.0, 0.1, 10.0),
            parameter("mix", 1.0, 0.0, 1.0),
        ],
        tuned: &[],
        build: |v| {
            Box::new(ringmaster::Ringmaster::predictive(
                v[0] >= 0.5,
                v[1],
                v[2] >= 0.5,
            ))
        },
    },
    Entry {
        name: "oracle",
        about: "near-optimal: knows all distributions; theta is the highest risk of the marginal dial; dither=d: it moves from theta to theta (1 + d)",
        parameters: &[
            parameter("theta", 0.05, 0.0, 1.0),
            parameter("dither", 0.0, 0.0, 100.0),
        ],
        tuned: &[tuned(0, 1e-3, 0.9, true)],
        build: |v| Box::new(oracle::Oracle::new(v[0], v[1])),
    },
    Entry {
        name: "progressive",
        about: "one dial per idle agent with none outstanding for it",
        parameters: &[],
        tuned: &[],
        build: |_| Box::new(simple::Progressive),
    },
    Entry {
        name: "constant",
        about: "Poisson dials at a fixed rate per agent and hour, blind",
        parameters: &[parameter("rate", 30.0, 0.0, 1e6)],
        tuned: &[tuned(0, 0.1, 1000.0, true)],
        build: |v| Box::new(simple::Constant::new(v[0])),
    },
    Entry {
        name: "ratio",
        about: "outstanding ringing kept at k per idle agent",
        parameters: &[parameter("k", 2.0, 0.0, 1e3)],
        tuned: &[tuned(0, 1.0, 20.0, true)],
        build: |v| Box::new(simple::Ratio::new(v[0])),
    },
    Entry {
        name: "samuelson",
        about: "(idle + expected to be free within the ring time - waiting) / p - in flight, times a factor",
        parameters: &[parameter("factor", 1.0, 0.0, 100.0)],
        tuned: &[tuned(0, 0.1, 3.0, true)],
        build: |v| Box::new(samuelson::Samuelson::new(v[0])),
    },
    Entry {
        name: "vicidial-hard_limit",
        about: "VICIdial's adaptive dial level, back to 1 while the day's drops are over the limit",
        parameters: VICIDIAL,
        tuned: VICIDIAL_TUNED,
        build: |v| Box::new(vicidial::Vicidial::new(vicidial::Method::HardLimit, v)),
    },
    Entry {
        name: "vicidial-tapered",
        about: "the same, lowered the less the later it is",
        parameters: VICIDIAL,
        tuned: VICIDIAL_TUNED,
        build: |v| Box::new(vicidial::Vicidial::new(vicidial::Method::Tapered, v)),
    },
    Entry {
        name: "vicidial-average",
        about: "the same, halved",
        parameters: VICIDIAL,
        tuned: VICIDIAL_TUNED,
        build: |v| Box::new(vicidial::Vicidial::new(vicidial::Method::Average, v)),
    },
    Entry {
        name: "issabel",
        about: "Issabel's call centre: agents probably free soon, by an exponential",
        parameters: &[
            parameter("threshold", 0.97, 0.0, 1.0),
            parameter("overcommit", 0.0, 0.0, 1.0),
        ],
        tuned: &[
            tuned(0, 1.0, 0.01, false),
            tuned(0, 1.0, 0.01, false).at(&[(1, 1.0)]),
        ],
        build: |v| Box::new(issabel::Issabel::new(v[0], v[1] > 0.5)),
    },
    Entry {
        name: "webitel",
        about: "Webitel's: dials per idle agent by the connect rate and the distance to the target",
        parameters: &[
            parameter("target", 3.0, 0.0, 100.0),
            parameter("max", 3.0, 0.001, 100.0),
            parameter("q", 10.0, 0.0, 1e4),
        ],
        // Above the target by q; with no target, the nearer the maximum the fewer; that, by the maximum.
        tuned: &[
            tuned(2, 0.0, 1000.0, false),
            tuned(2, 0.0, 1000.0, false).at(&[(0, 0.0)]),
            tuned(1, 0.01, 100.0, true).at(&[(0, 0.0), (2, 0.0)]),
        ],
        build: |v| Box::new(webitel::Webitel::new(v[0], v[1], v[2])),
    },
];

/// A policy with its parameters, as text: see the head of this file.
#[derive(Clone)]
pub struct Spec {
    entry: usize,
    values: Vec<f64>,
}

impl Spec {
    /// Names and one line each.
    #[must_use]
    pub fn all() -> Vec<(&'static str, &'static str)> {
        ENTRIES.iter().map(|e| (e.name, e.about)).collect()
    }

    /// Reads `name` or `name(parameter=value, ...)`.
    ///
    /// # Errors
    /// [`PacingError::Text`] for an unknown name or parameter, [`PacingError::Domain`] for a value out of range.
    pub fn parse(text: &str) -> Result<Self, PacingError> {
        let unreadable = |reason: String| PacingError::Text {
            what: "policy",
            reason,
        };
        let (name, rest) = match text.split_once('(') {
            None => (text, ""),
            Some((name, rest)) => (
                name,
                rest.strip_suffix(')')
                    .ok_or_else(|| unreadable(format!("{text:?} has no closing bracket")))?,
            ),
        };
        let entry = ENTRIES.iter().position(|e| e.name == name.trim());
        let Some(entry) = entry else {
            let known: Vec<&str> = ENTRIES.iter().map(|e| e.name).collect();
            let known = known.join(", ");
            return Err(unreadable(format!("{name:?} is none of {known}")));
        };
        let parameters = ENTRIES[entry].parameters;
        let mut values: Vec<f64> = parameters.iter().map(|p| p.default).collect();
        for part in rest.split(',').filter(|part| !part.trim().is_empty()) {
            let read = part
                .split_once('=')
                .and_then(|(name, value)| Some((name.trim(), value.trim().parse::<f64>().ok()?)));
            let Some((name, value)) = read else {
                return Err(unreadable(format!("{part:?} is not parameter=number")));
            };
            let Some(at) = parameters.iter().position(|p| p.name == name) else {
                return Err(unreadable(format!(
                    "{} has no parameter {name:?}",
                    ENTRIES[entry].name
                )));
            };
            let p = &parameters[at];
            super::scenario::within(p.name, value, p.low, p.high, "a value in its range")?;
            values[at] = value;
        }
        Ok(Self { entry, values })
    }

    /// The ways in which the tuner may change it.
    #[must_use]
    pub fn tuned(&self) -> &'static [Tuned] {
        ENTRIES[self.entry].tuned
    }

    /// The same policy with another value of one parameter.
    #[must_use]
    pub fn with(&self, parameter: usize, value: f64) -> Self {
        let mut other = self.clone();
        if let (Some(place), Some(p)) = (
            other.values.get_mut(parameter),
            ENTRIES[self.entry].parameters.get(parameter),
        ) {
            *place = value.clamp(p.low, p.high);
        }
        other
    }

    /// The policy, ready for a run.
    #[must_use]
    pub fn build(&self) -> Box<dyn Policy + Send> {
        (ENTRIES[self.entry].build)(&self.values)
    }
}

impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entry = &ENTRIES[self.entry];
        write!(f, "{}", entry.name)?;
        let changed: Vec<String> = entry
            .parameters
            .iter()
            .zip(&self.values)
            .filter(|(p, value)| p.default.total_cmp(value).is_ne())
            .map(|(p, value)| format!("{}={value}", p.name))
            .collect();
        if changed.is_empty() {
            return Ok(());
        }
        write!(f, "({})", changed.join(","))
    }
}

impl fmt::Debug for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Spec({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_read_and_written_as_text() {
        for text in [
            "ringmaster",
            "ratio(k=2.3)",
            "vicidial-tapered(max_level=4,drop_limit=2)",
        ] {
            assert_eq!(Spec::parse(text).unwrap().to_string(), text);
        }
        let spaced = Spec::parse("issabel( threshold = 0.5 , overcommit = 1 )").unwrap();
        assert_eq!(spaced.to_string(), "issabel(threshold=0.5,overcommit=1)");
        assert_eq!(Spec::parse("ratio(k=2)").unwrap().to_string(), "ratio");
    }

    #[test]
    fn every_policy_says_its_name_and_the_tuner_stays_in_range() {
        for (name, _) in Spec::all() {
            let spec = Spec::parse(name).unwrap();
            assert_eq!(spec.build().name(), name);
            assert!(!spec.build().version().is_empty());
            let parameters = ENTRIES[spec.entry].parameters;
            for tuned in spec.tuned() {
                let ends = [(tuned.parameter, tuned.from), (tuned.parameter, tuned.to)];
                for (at, value) in ends.iter().chain(tuned.fixed) {
                    let p = parameters[*at];
                    assert!((p.low..=p.high).contains(value), "{name}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_policy_is_refused() {
        for text in [
            "magic",
            "ratio(k=2",
            "ratio(q=2)",
            "ratio(k)",
            "ratio(k=two)",
            "ratio(k=-1)",
            "ratio(k=nan)",
        ] {
            assert!(Spec::parse(text).is_err(), "{text}");
        }
    }
}
