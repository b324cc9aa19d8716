//! The Python face of the decision log: replay, and a policy beside the pacer.
#![allow(clippy::needless_pass_by_value)]
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use pyo3::exceptions::{PyTimeoutError, PyTypeError};
use pyo3::prelude::*;

use crate::lab::Scenario;
use crate::lab::policy::{Decision, Event, Policy, Snapshot};
use crate::log::{
    Difference, Explanation, Figures, REASONS, Report, Shadow, explain, replay, seconds,
};
use crate::python::raise;
use crate::python_lab::PyScenario;
use crate::python_policy::{PyEvent, ask, check};
use crate::{Pacer, PacingError};

/// A policy beside a live pacer that takes longer for one answer is switched off.
const LONGEST_ANSWER: Duration = Duration::from_millis(50);
/// How often a replay looks for Ctrl-C, calls of the policy.
const LOOK_EVERY: u32 = 256;

/// Whether a policy written in Python has failed, and how.
#[derive(Clone, Default)]
pub(crate) struct Watched {
    failed: Arc<AtomicBool>,
    error: Arc<Mutex<Option<PyErr>>>,
}

impl Watched {
    fn keep(&self, error: PyErr) {
        self.failed.store(true, Ordering::Relaxed);
        if let Ok(mut kept) = self.error.lock() {
            kept.get_or_insert(error);
        }
    }

    fn take(&self) -> Option<PyErr> {
        self.error.lock().ok().and_then(|mut kept| kept.take())
    }

    /// What went wrong, in a line.
    pub(crate) fn failure(&self, py: Python<'_>) -> Option<String> {
        let kept = self.error.lock().ok()?;
        kept.as_ref().map(|error| {
            let name = error.get_type(py).name();
            let name = name.map_or_else(|_| String::new(), |name| name.to_string());
            format!("{name}: {}", error.value(py))
        })
    }
}

/// A policy written in Python, beside a pacer. What it raises is kept; it is asked no more then.
struct Beside {
    policy: Py<PyAny>,
    name: String,
    version: String,
    watched: Watched,
    /// Beside a live pacer: an answer may not take long.
    live: bool,
    calls: u32,
}

impl Beside {
    fn call<T>(&mut self, work: impl FnOnce(&Bound<'_, PyAny>, &str) -> PyResult<T>) -> Option<T> {
        if self.watched.failed.load(Ordering::Relaxed) {
            return None;
        }
        self.calls = self.calls.wrapping_add(1);
        let look = !self.live && self.calls.is_multiple_of(LOOK_EVERY);
        Python::attach(|py| {
            let began = Instant::now();
            let result = work(self.policy.bind(py), &self.name);
            let took = began.elapsed();
            let result = result.and_then(|value| {
                if self.live && took > LONGEST_ANSWER {
                    return Err(PyTimeoutError::new_err(format!(
                        "one answer took {:.0} ms; {} are allowed beside a live pacer",
                        took.as_secs_f64() * 1000.0,
                        LONGEST_ANSWER.as_millis(),
                    )));
                }
                if look {
                    py.check_signals()?;
                }
                Ok(value)
            });
            result.map_err(|error| self.watched.keep(error)).ok()
        })
    }
}

impl Policy for Beside {
    fn name(&self) -> &str {
        &self.name
    }

    fn version(&self) -> &str {
        &self.version
    }

    fn reset(&mut self, scenario: &Scenario, seed: u64) {
        let inner = scenario.clone();
        self.call(|policy, _| {
            policy
                .call_method1("reset", (PyScenario { inner }, seed))
                .map(drop)
        });
    }

    fn on_event(&mut self, now: f64, event: Event) {
        let event = PyEvent::new(now, event);
        self.call(|policy, _| policy.call_method1("on_event", (event,)).map(drop));
    }

    fn decide(&mut self, snapshot: &Snapshot<'_>) -> Decision {
        self.call(|policy, name| ask(policy, name, snapshot))
            .unwrap_or_default()
    }
}

/// The policy that was asked for: a name, "ringmaster" with or without a target, or an object.
pub(crate) fn shadow_of(
    pacer: &Pacer,
    policy: &Bound<'_, PyAny>,
    target: Option<f64>,
    live: bool,
) -> PyResult<(Shadow, Option<Watched>)> {
    if let Ok(name) = policy.extract::<String>() {
        let shadow = match target {
            Some(target) if name == "ringmaster" => Shadow::at_target(pacer, target),
            Some(_) => {
                return Err(PyTypeError::new_err(
                    "a target is for the policy 'ringmaster' alone",
                ));
            }
            None => Shadow::named(pacer, &name),
        };
        return Ok((shadow.map_err(raise)?, None));
    }
    check(policy)?;
    let watched = Watched::default();
    let name: String = policy.getattr("name")?.extract()?;
    let beside = Beside {
        policy: policy.clone().unbind(),
        name: name.clone(),
        version: policy.getattr("version")?.extract()?,
        watched: watched.clone(),
        live,
        calls: 0,
    };
    let shadow = Shadow::with(pacer, &name, Box::new(beside), watched.failed.clone());
    Ok((shadow, Some(watched)))
}

/// Two deciders on the same inputs.
#[pyclass(frozen, eq, get_all, name = "ShadowFigures", module = "pacing_core")]
#[derive(PartialEq, Clone)]
pub(crate) struct PyShadowFigures {
    name: String,
    on: bool,
    failure: Option<String>,
    decisions: u64,
    more: u64,
    fewer: u64,
    dials_then: u64,
    dials_now: u64,
    in_flight_then: f64,
    in_flight_now: f64,
    limited_then: Vec<(&'static str, u64)>,
    limited_now: Vec<(&'static str, u64)>,
}

impl PyShadowFigures {
    pub(crate) fn new(shadow: &Shadow, failure: Option<String>) -> Self {
        Self {
            on: shadow.is_on(),
            failure,
            ..Self::of(shadow.name(), shadow.figures())
        }
    }

    fn of(name: &str, figures: &Figures) -> Self {
        let (in_flight_then, in_flight_now) = figures.wanted_in_flight();
        let named = |counts: [u64; 6]| {
            let all = REASONS.iter().zip(counts);
            all.filter(|(_, count)| *count > 0)
                .map(|(reason, count)| (reason.code(), count))
                .collect()
        };
        Self {
            name: name.to_owned(),
            on: true,
            failure: None,
            decisions: figures.decisions,
            more: figures.more,
            fewer: figures.fewer,
            dials_then: figures.dials_then,
            dials_now: figures.dials_now,
            in_flight_then,
            in_flight_now,
            limited_then: named(figures.limited_then),
            limited_now: named(figures.limited_now),
        }
    }
}

/// The first decision that did not come out again.
#[pyclass(frozen, eq, get_all, name = "ReplayDifference", module = "pacing_core")]
#[derive(PartialEq, Clone)]
struct PyDifference {
    at: f64,
    reason: &'static str,
    dials_then: u64,
    dials_now: u64,
    limited_then: &'static str,
    limited_now: &'static str,
    give_up_then: Vec<u64>,
    give_up_now: Vec<u64>,
}

impl From<Difference> for PyDifference {
    fn from(d: Difference) -> Self {
        Self {
            at: seconds(d.at),
            reason: d.reason,
            dials_then: d.then.dials,
            dials_now: d.now.dials,
            limited_then: d.then.limited_by.code(),
            limited_now: d.now.limited_by.code(),
            give_up_then: d.then.give_up,
            give_up_now: d.now.give_up,
        }
    }
}

/// What a replay showed.
#[pyclass(frozen, eq, get_all, name = "Replay", module = "pacing_core")]
#[derive(PartialEq)]
struct PyReplay {
    about: String,
    pacer_version: u32,
    own_version: u32,
    keyframes: u64,
    inputs: u64,
    decisions: u64,
    differing: u64,
    first_difference: Option<PyDifference>,
    damage: Vec<(usize, usize, &'static str)>,
    start: Option<f64>,
    end: Option<f64>,
    wall: Option<f64>,
    minutes: Vec<(f64, PyShadowFigures)>,
    total: Option<PyShadowFigures>,
}

impl PyReplay {
    fn new(report: Report, other: Option<&str>) -> Self {
        let total = other.map(|name| PyShadowFigures::of(name, &report.total()));
        let row = |(at, figures): &(i64, Figures)| {
            (
                seconds(*at),
                PyShadowFigures::of(other.unwrap_or(""), figures),
            )
        };
        Self {
            minutes: report.minutes.iter().map(row).collect(),
            total,
            damage: report
                .damage
                .iter()
                .map(|d| (d.offset, d.bytes, d.reason))
                .collect(),
            about: report.about,
            pacer_version: report.pacer_version,
            own_version: report.own_version,
            keyframes: report.keyframes,
            inputs: report.inputs,
            decisions: report.decisions,
            differing: report.differing,
            first_difference: report.first.map(Into::into),
            start: report.from.map(seconds),
            end: report.to.map(seconds),
            wall: report.wall,
        }
    }
}

#[pymethods]
impl PyReplay {
    /// Whether every decision came out again, to the last bit.
    #[getter]
    fn exact(&self) -> bool {
        self.first_difference.is_none()
    }

    fn __repr__(&self) -> String {
        format!(
            "Replay(about='{}', decisions={}, differing={}, exact={})",
            self.about,
            self.decisions,
            self.differing,
            if self.exact() { "True" } else { "False" }
        )
    }
}

/// What was known at a decision, and why it is as it is.
#[pyclass(frozen, eq, get_all, name = "Explanation", module = "pacing_core")]
#[derive(PartialEq)]
struct PyExplanation {
    at: f64,
    wall: Option<f64>,
    about: String,
    idle: u64,
    reserved: u64,
    talking: u64,
    wrapping: u64,
    away: u64,
    leaving: u64,
    in_flight: u64,
    waiting: u64,
    lines_free: u64,
    rate_tokens: u64,
    leads: u64,
    pending: u64,
    answer_probability: f64,
    answered: u64,
    abandoned: u64,
    target: f64,
    cap: Option<f64>,
    surplus: f64,
    dials: u64,
    give_up: Vec<u64>,
    limited_by: &'static str,
    expected_answers: f64,
    free_agents: f64,
    abandon_risk: f64,
    as_recorded: bool,
}

impl From<Explanation> for PyExplanation {
    fn from(e: Explanation) -> Self {
        Self {
            at: seconds(e.at),
            surplus: e.surplus(),
            wall: e.wall,
            about: e.about,
            idle: e.idle,
            reserved: e.reserved,
            talking: e.talking,
            wrapping: e.wrapping,
            away: e.away,
            leaving: e.leaving,
            in_flight: e.in_flight,
            waiting: e.waiting,
            lines_free: e.limits.lines_free,
            rate_tokens: e.limits.rate_tokens,
            leads: e.limits.leads,
            pending: e.limits.pending,
            answer_probability: e.answer_probability,
            answered: e.answered,
            abandoned: e.abandoned,
            target: e.target,
            cap: e.cap,
            dials: e.decision.dials,
            give_up: e.decision.give_up,
            limited_by: e.decision.limited_by.code(),
            expected_answers: e.decision.expected_answers,
            free_agents: e.decision.free_agents,
            abandon_risk: e.decision.abandon_risk,
            as_recorded: e.as_recorded,
        }
    }
}

#[pyfunction(name = "explain")]
fn explain_log(py: Python<'_>, data: &[u8], at: f64) -> PyResult<PyExplanation> {
    let at = milliseconds(Some(at), 0);
    let explanation = py.detach(|| explain(data, at)).map_err(raise)?;
    Ok(explanation.into())
}

/// Milliseconds of a second that a caller gave; open ends where nothing was given.
fn milliseconds(second: Option<f64>, open: i64) -> i64 {
    #[allow(clippy::cast_possible_truncation)]
    second.map_or(open, |s| (s * 1000.0).round() as i64)
}

#[pyfunction(name = "replay")]
#[pyo3(signature = (data, *, policy=None, target=None, start=None, end=None))]
fn replay_log(
    py: Python<'_>,
    data: &[u8],
    policy: Option<Bound<'_, PyAny>>,
    target: Option<f64>,
    start: Option<f64>,
    end: Option<f64>,
) -> PyResult<PyReplay> {
    let within = (milliseconds(start, i64::MIN), milliseconds(end, i64::MAX));
    let policy = match (policy, target) {
        (None, None) => {
            let report = py.detach(|| replay(data, None, within)).map_err(raise)?;
            return Ok(PyReplay::new(report, None));
        }
        (None, Some(_)) => pyo3::types::PyString::new(py, "ringmaster").into_any(),
        (Some(policy), _) => policy,
    };
    let mut watched = None;
    let mut name = String::new();
    let mut refused = None;
    let mut other = |pacer: &Pacer| match shadow_of(pacer, &policy, target, false) {
        Ok((shadow, watching)) => {
            watched = watching;
            shadow.name().clone_into(&mut name);
            Ok(shadow)
        }
        Err(error) => {
            refused = Some(error);
            Err(PacingError::Log {
                reason: String::new(),
            })
        }
    };
    let report = replay(data, Some(&mut other), within);
    if let Some(error) = refused {
        return Err(error);
    }
    if let Some(error) = watched.and_then(|watched| watched.take()) {
        return Err(error);
    }
    Ok(PyReplay::new(report.map_err(raise)?, Some(&name)))
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyShadowFigures>()?;
    module.add_class::<PyDifference>()?;
    module.add_class::<PyReplay>()?;
    module.add_class::<PyExplanation>()?;
    module.add_function(wrap_pyfunction!(replay_log, module)?)?;
    module.add_function(wrap_pyfunction!(explain_log, module)?)?;
    Ok(())
}
