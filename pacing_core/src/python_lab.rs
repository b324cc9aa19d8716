//! The Python face of the laboratory: long work without the GIL, Ctrl-C heard, policies written in Python.
#![allow(clippy::needless_pass_by_value)]
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::lab::{Progress, Scenario, Spec, mean_and_half_width, replicate, run, tune};
use crate::python::raise;
use crate::python_arguments::{seeds, threads, values};
use crate::python_policy::{
    Adapter, PyAgentView, PyCallView, PyEvent, PyNextLead, PyPolicyDecision, PySnapshot,
};
use crate::python_run::PyRun;
use crate::python_windows;

const POLL: Duration = Duration::from_millis(50);

#[pyclass(frozen, eq, name = "Scenario", module = "pacing_core")]
#[derive(PartialEq)]
pub(crate) struct PyScenario {
    pub(crate) inner: Scenario,
}

#[pymethods]
impl PyScenario {
    #[staticmethod]
    #[pyo3(signature = (name, overrides=""))]
    fn named(name: &str, overrides: &str) -> PyResult<Self> {
        let inner = Scenario::named(name, overrides).map_err(raise)?;
        Ok(Self { inner })
    }

    #[staticmethod]
    fn from_toml(text: &str) -> PyResult<Self> {
        let inner = Scenario::from_toml(text).map_err(raise)?;
        Ok(Self { inner })
    }

    #[staticmethod]
    fn names() -> Vec<&'static str> {
        Scenario::names()
    }

    fn to_toml(&self) -> String {
        self.inner.to_toml()
    }

    #[getter]
    fn name(&self) -> &str {
        &self.inner.name
    }

    #[getter]
    fn version(&self) -> u32 {
        self.inner.version
    }

    #[getter]
    fn about(&self) -> &str {
        &self.inner.about
    }

    #[getter]
    fn agents(&self) -> u32 {
        self.inner.agents
    }

    #[getter]
    fn seconds(&self) -> f64 {
        self.inner.seconds
    }

    #[getter]
    fn warmup_seconds(&self) -> f64 {
        self.inner.warmup_seconds
    }

    #[getter]
    fn target(&self) -> f64 {
        self.inner.target
    }

    #[getter]
    fn cap(&self) -> f64 {
        self.inner.cap
    }

    #[getter]
    fn handle_seconds(&self) -> f64 {
        self.inner.handle_seconds()
    }

    fn __repr__(&self) -> String {
        format!(
            "Scenario({}, {} agents)",
            self.inner.name, self.inner.agents
        )
    }
}

/// Works on another thread without the GIL; this one listens for Ctrl-C and tells the progress.
pub(crate) fn at_length<T: Send>(
    py: Python<'_>,
    threads: Option<usize>,
    report: Option<Bound<'_, PyAny>>,
    work: impl FnOnce(&Progress) -> Option<T> + Send,
) -> PyResult<T> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads.unwrap_or(0))
        .build()
        .map_err(|error| PyRuntimeError::new_err(format!("no threads to work on: {error}")))?;
    let report = report.map(Bound::unbind);
    let progress = Progress::default();
    py.detach(|| {
        std::thread::scope(|scope| {
            let (finished, wait) = mpsc::channel();
            let (pool, progress) = (&pool, &progress);
            scope.spawn(move || {
                // Nobody listens any more after an error: then the result is of no use.
                let _ = finished.send(pool.install(|| work(progress)));
            });
            loop {
                match wait.recv_timeout(POLL) {
                    Ok(result) => {
                        look(progress, report.as_ref())?;
                        return result
                            .ok_or_else(|| PyRuntimeError::new_err("the simulation was stopped"));
                    }
                    Err(mpsc::RecvTimeoutError::Timeout) => look(progress, report.as_ref())?,
                    Err(mpsc::RecvTimeoutError::Disconnected) => {
                        return Err(PyRuntimeError::new_err("the simulation broke off"));
                    }
                }
            }
        })
    })
}

fn look(progress: &Progress, report: Option<&Py<PyAny>>) -> PyResult<()> {
    let looked = Python::attach(|py| {
        py.check_signals()?;
        if let Some(report) = report {
            report.call1(py, (progress.done.load(Ordering::Relaxed),))?;
        }
        Ok(())
    });
    if looked.is_err() {
        progress.stop.store(true, Ordering::Relaxed);
    }
    looked
}

#[pyfunction]
#[pyo3(signature = (scenario, policy, seeds, *, threads=None, progress=None))]
fn simulate(
    py: Python<'_>,
    scenario: &PyScenario,
    policy: Bound<'_, PyAny>,
    #[pyo3(from_py_with = seeds)] seeds: Vec<u64>,
    #[pyo3(from_py_with = threads)] threads: Option<usize>,
    progress: Option<Bound<'_, PyAny>>,
) -> PyResult<Vec<PyRun>> {
    let scenario = &scenario.inner;
    if let Ok(text) = policy.extract::<String>() {
        let spec = Spec::parse(&text).map_err(raise)?;
        let runs = at_length(py, threads, progress, |p| {
            replicate(scenario, &spec, &seeds, p)
        })?;
        return Ok(runs.into_iter().map(Into::into).collect());
    }
    let stop = AtomicBool::new(false);
    let mut adapter = Adapter::new(&policy, &stop)?;
    let mut runs = Vec::new();
    for seed in seeds {
        let done = run(scenario, &mut adapter, seed, &stop);
        if let Some(error) = adapter.failed.take() {
            return Err(error);
        }
        runs.extend(done.map(PyRun::from));
        if let Some(report) = &progress {
            report.call1((runs.len(),))?;
        }
    }
    Ok(runs)
}

#[pyfunction(name = "tune")]
#[pyo3(signature = (scenario, policy, seeds, *, threads=None, progress=None))]
fn tune_policy(
    py: Python<'_>,
    scenario: &PyScenario,
    policy: &str,
    #[pyo3(from_py_with = seeds)] seeds: Vec<u64>,
    #[pyo3(from_py_with = threads)] threads: Option<usize>,
    progress: Option<Bound<'_, PyAny>>,
) -> PyResult<String> {
    let spec = Spec::parse(policy).map_err(raise)?;
    let scenario = &scenario.inner;
    let best = at_length(py, threads, progress, |p| tune(scenario, &spec, &seeds, p))?;
    Ok(best.to_string())
}

/// Names of the policies, and a line about each.
#[pyfunction]
fn policies() -> Vec<(&'static str, &'static str)> {
    Spec::all()
}

#[pyfunction]
fn interval(#[pyo3(from_py_with = values)] values: Vec<f64>) -> (f64, f64) {
    mean_and_half_width(&values)
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyScenario>()?;
    module.add_class::<PyRun>()?;
    python_windows::register(module)?;
    module.add_class::<PyAgentView>()?;
    module.add_class::<PyCallView>()?;
    module.add_class::<PyNextLead>()?;
    module.add_class::<PySnapshot>()?;
    module.add_class::<PyEvent>()?;
    module.add_class::<PyPolicyDecision>()?;
    module.add_function(wrap_pyfunction!(simulate, module)?)?;
    module.add_function(wrap_pyfunction!(tune_policy, module)?)?;
    module.add_function(wrap_pyfunction!(policies, module)?)?;
    module.add_function(wrap_pyfunction!(interval, module)?)?;
    Ok(())
}
