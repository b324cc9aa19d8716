//! The Python face of the windows of the abandon budget, and of what a decision costs.
#![allow(clippy::needless_pass_by_value)]
use std::time::Instant;

use numpy::{PyArray1, ToPyArray};
use pyo3::prelude::*;

use crate::error::PacingError;
use crate::lab::policy::{Decision, Event, Policy, Snapshot};
use crate::lab::{Day, Scenario, Spec, Window, run, windows};
use crate::python::raise;
use crate::python_arguments::{seeds, threads, whole_named};
use crate::python_lab::{PyScenario, at_length};

/// Longest window, days.
const LONGEST: u32 = 3660;

/// Of a day: answered, abandoned, talk, busy and staffed agent seconds.
type PyDay = (u64, u64, f64, f64, f64);

fn day(day: &Day) -> PyDay {
    (day.answered, day.abandoned, day.talk, day.busy, day.staffed)
}

#[pyclass(frozen, eq, get_all, name = "Window", module = "pacing_core")]
#[derive(PartialEq)]
struct PyWindow {
    seed: u64,
    answered: u64,
    abandoned: u64,
    talk_seconds: f64,
    busy_seconds: f64,
    staffed_seconds: f64,
    /// Each by itself.
    days: Vec<PyDay>,
    /// The window so far, at each day's end.
    evenings: Vec<PyDay>,
}

impl From<Window> for PyWindow {
    fn from(window: Window) -> Self {
        let whole = window.whole();
        Self {
            seed: window.seed,
            answered: whole.answered,
            abandoned: whole.abandoned,
            talk_seconds: whole.talk,
            busy_seconds: whole.busy,
            staffed_seconds: whole.staffed,
            days: window.days.iter().map(day).collect(),
            evenings: window.evenings().iter().map(day).collect(),
        }
    }
}

#[pymethods]
impl PyWindow {
    fn __repr__(&self) -> String {
        format!(
            "Window(seed={}, days={}, answered={}, abandoned={})",
            self.seed,
            self.days.len(),
            self.answered,
            self.abandoned
        )
    }
}

#[pyfunction]
#[pyo3(signature = (scenario, policy, seeds, *, days=30, threads=None, progress=None))]
fn simulate_windows(
    py: Python<'_>,
    scenario: &PyScenario,
    policy: &str,
    #[pyo3(from_py_with = seeds)] seeds: Vec<u64>,
    #[pyo3(from_py_with = whole_named::days)] days: u32,
    #[pyo3(from_py_with = threads)] threads: Option<usize>,
    progress: Option<Bound<'_, PyAny>>,
) -> PyResult<Vec<PyWindow>> {
    if !(1..=LONGEST).contains(&days) {
        return Err(raise(PacingError::Domain {
            name: "days",
            value: f64::from(days),
            allowed: "1 to 3660",
        }));
    }
    let spec = Spec::parse(policy).map_err(raise)?;
    let scenario = &scenario.inner;
    let done = at_length(py, threads, progress, |p| {
        windows(scenario, &spec, &seeds, days, p)
    })?;
    Ok(done.into_iter().map(Into::into).collect())
}

/// A policy and how long each of its decisions took.
struct Timed {
    inner: Box<dyn Policy + Send>,
    seconds: Vec<f64>,
}

impl Policy for Timed {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn version(&self) -> &str {
        self.inner.version()
    }

    fn reset(&mut self, scenario: &Scenario, seed: u64) {
        self.inner.reset(scenario, seed);
    }

    fn on_event(&mut self, now: f64, event: Event) {
        self.inner.on_event(now, event);
    }

    fn decide(&mut self, snapshot: &Snapshot<'_>) -> Decision {
        let start = Instant::now();
        let decision = self.inner.decide(snapshot);
        self.seconds.push(start.elapsed().as_secs_f64());
        decision
    }
}

#[pyfunction]
fn decision_times<'py>(
    py: Python<'py>,
    scenario: &PyScenario,
    policy: &str,
    #[pyo3(from_py_with = whole_named::seed)] seed: u64,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let spec = Spec::parse(policy).map_err(raise)?;
    let scenario = &scenario.inner;
    let seconds = at_length(py, Some(1), None, |progress| {
        let mut timed = Timed {
            inner: spec.build(),
            seconds: Vec::new(),
        };
        run(scenario, &mut timed, seed, &progress.stop).map(|_| timed.seconds)
    })?;
    Ok(seconds.to_pyarray(py))
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyWindow>()?;
    module.add_function(wrap_pyfunction!(simulate_windows, module)?)?;
    module.add_function(wrap_pyfunction!(decision_times, module)?)?;
    Ok(())
}
