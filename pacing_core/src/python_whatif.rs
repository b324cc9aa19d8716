//! The Python face of what-if: a log fitted and simulated, and logs of simulated campaigns.
#![allow(clippy::needless_pass_by_value)]
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::PacingError;
use crate::lab::record;
use crate::python::raise;
use crate::python_arguments::{targets, threads, whole_named};
use crate::python_lab::{PyScenario, at_length};
use crate::whatif::{Model, Past, Point, curve};

/// What a target would bring, each with half the width of its 95 % interval.
#[pyclass(frozen, eq, get_all, name = "WhatIfPoint", module = "pacing_core")]
#[derive(PartialEq, Clone)]
struct PyPoint {
    target: f64,
    talk_minutes_per_agent_hour: (f64, f64),
    abandon_rate: (f64, f64),
    occupancy: (f64, f64),
    dials_per_contact: (f64, f64),
    answered: u64,
}

impl From<Point> for PyPoint {
    fn from(p: Point) -> Self {
        Self {
            target: p.target,
            talk_minutes_per_agent_hour: p.talk_minutes_per_agent_hour,
            abandon_rate: p.abandon_rate,
            occupancy: p.occupancy,
            dials_per_contact: p.dials_per_contact,
            answered: p.answered,
        }
    }
}

#[pymethods]
impl PyPoint {
    fn __repr__(&self) -> String {
        let (talk, half) = self.talk_minutes_per_agent_hour;
        format!(
            "WhatIfPoint(target={}, talk={talk:.2}±{half:.2}, abandon_rate={:.4})",
            self.target, self.abandon_rate.0
        )
    }
}

/// A campaign's log, fitted, and what several targets would bring.
#[pyclass(frozen, eq, get_all, name = "WhatIf", module = "pacing_core")]
#[derive(PartialEq)]
struct PyWhatIf {
    target: f64,
    cap: Option<f64>,
    points: Vec<PyPoint>,
    scenario: String,
    seconds: f64,
    agents: f64,
    dialed: u64,
    answered: u64,
    abandoned: u64,
    abandon_rate: f64,
    talk_minutes_per_agent_hour: f64,
    occupancy: f64,
}

impl PyWhatIf {
    fn new(model: &Model, points: Vec<Point>) -> Self {
        let past: Past = model.past;
        Self {
            target: model.target,
            cap: model.cap,
            points: points.into_iter().map(Into::into).collect(),
            scenario: model.scenario.to_toml(),
            seconds: past.seconds,
            agents: past.agents,
            dialed: past.dialed,
            answered: past.answered,
            abandoned: past.abandoned,
            abandon_rate: past.abandon_rate(),
            talk_minutes_per_agent_hour: past.talk_minutes_per_agent_hour,
            occupancy: past.occupancy,
        }
    }
}

#[pymethods]
impl PyWhatIf {
    fn __repr__(&self) -> String {
        format!(
            "WhatIf(target={}, agents={:.1}, points={})",
            self.target,
            self.agents,
            self.points.len()
        )
    }
}

/// Half, the same and twice the present target, and what lies between.
fn usual(model: &Model) -> Vec<f64> {
    let now = model.cap.map_or(model.target, |cap| cap.min(model.target));
    [0.25, 0.5, 1.0, 1.5, 2.0]
        .iter()
        .map(|times| (times * now).min(0.5))
        .collect()
}

#[pyfunction]
#[pyo3(signature = (data, targets=None, *, within=14_400.0, effort=1.0, threads=None))]
fn what_if(
    py: Python<'_>,
    data: &[u8],
    #[pyo3(from_py_with = targets)] targets: Option<Vec<f64>>,
    within: f64,
    effort: f64,
    #[pyo3(from_py_with = threads)] threads: Option<usize>,
) -> PyResult<PyWhatIf> {
    if !(within > 0.0 && within <= 1e9) {
        return Err(raise(PacingError::Domain {
            name: "within",
            value: within,
            allowed: "seconds above 0",
        }));
    }
    let model = py.detach(|| Model::fit(data, within)).map_err(raise)?;
    let targets = targets.unwrap_or_else(|| usual(&model));
    let points = at_length(py, threads, None, |progress| {
        curve(&model, &targets, effort, progress).transpose()
    })?;
    Ok(PyWhatIf::new(&model, points.map_err(raise)?))
}

#[pyfunction(name = "record")]
fn record_run<'py>(
    py: Python<'py>,
    scenario: &PyScenario,
    #[pyo3(from_py_with = whole_named::seed)] seed: u64,
) -> PyResult<Bound<'py, PyBytes>> {
    let scenario = &scenario.inner;
    let log = at_length(py, Some(1), None, |progress| {
        record(scenario, seed, &progress.stop).map(|(_, log)| log)
    })?;
    Ok(PyBytes::new(py, &log))
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyPoint>()?;
    module.add_class::<PyWhatIf>()?;
    module.add_function(wrap_pyfunction!(what_if, module)?)?;
    module.add_function(wrap_pyfunction!(record_run, module)?)?;
    Ok(())
}
