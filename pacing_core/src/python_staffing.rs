//! The Python face of staffing: numbers or numpy arrays in, the same out, broadcast against each other.
#![allow(clippy::needless_pass_by_value)]
use pyo3::prelude::*;
use pyo3::types::PyFloat;

use crate::erlang;
use crate::error::PacingError;
use crate::python::raise;
use crate::python_arrays::{apply, floats, one_float, whole};
use crate::queue::{Counting, Demand, Queue, check_seconds};
use crate::staffing::{self, Target};

#[pyfunction]
fn erlang_b(servers: Bound<'_, PyAny>, load: Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
    let py = servers.py();
    let given = [("servers", &servers), ("load", &load)];
    one_float(
        py,
        apply(py, given, |[n, a]| Ok([erlang::erlang_b(n, a)?]))?,
    )
}

#[pyfunction]
fn erlang_c(servers: Bound<'_, PyAny>, load: Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
    let py = servers.py();
    let given = [("servers", &servers), ("load", &load)];
    one_float(
        py,
        apply(py, given, |[n, a]| Ok([erlang::erlang_c(n, a)?]))?,
    )
}

/// A queue in its steady state.
#[pyclass(frozen, get_all, name = "Queue", module = "pacing_core")]
struct PyQueue {
    wait_probability: Py<PyAny>,
    mean_wait_seconds: Py<PyAny>,
    mean_wait_of_waiting_seconds: Py<PyAny>,
    speed_of_answer_seconds: Py<PyAny>,
    service_level: Py<PyAny>,
    answered_within: Py<PyAny>,
    abandonment: Py<PyAny>,
    abandonment_of_waiting: Py<PyAny>,
    occupancy: Py<PyAny>,
    mean_queue: Py<PyAny>,
}

#[pymethods]
impl PyQueue {
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let text =
            |value: &Py<PyAny>| -> PyResult<String> { Ok(value.bind(py).repr()?.to_string()) };
        Ok(format!(
            "Queue(wait_probability={}, speed_of_answer_seconds={}, service_level={}, abandonment={}, occupancy={})",
            text(&self.wait_probability)?,
            text(&self.speed_of_answer_seconds)?,
            text(&self.service_level)?,
            text(&self.abandonment)?,
            text(&self.occupancy)?
        ))
    }
}

/// Patience that was not given: callers wait for ever.
fn for_ever<'py>(py: Python<'py>, patience: Option<Bound<'py, PyAny>>) -> Bound<'py, PyAny> {
    patience.unwrap_or_else(|| PyFloat::new(py, f64::INFINITY).into_any())
}

fn demand(load: f64, aht: f64, patience: f64) -> Result<Demand, PacingError> {
    Demand::new(load, aht, Some(patience))
}

#[pyfunction]
#[pyo3(signature = (servers, load, *, aht_seconds, patience_seconds=None, target_seconds=None,
                    counting="late_abandons"))]
fn queue(
    py: Python<'_>,
    servers: Bound<'_, PyAny>,
    load: Bound<'_, PyAny>,
    aht_seconds: Bound<'_, PyAny>,
    patience_seconds: Option<Bound<'_, PyAny>>,
    target_seconds: Option<Bound<'_, PyAny>>,
    counting: &str,
) -> PyResult<PyQueue> {
    let counting = Counting::parse(counting).map_err(raise)?;
    let patience = for_ever(py, patience_seconds);
    let target = target_seconds.unwrap_or_else(|| PyFloat::new(py, 20.0).into_any());
    let given = [
        ("servers", &servers),
        ("load", &load),
        ("aht_seconds", &aht_seconds),
        ("patience_seconds", &patience),
        ("target_seconds", &target),
    ];
    let results = apply(py, given, |[n, a, aht, patience, seconds]| {
        check_seconds("target_seconds", seconds)?;
        let queue = Queue::new(n, demand(a, aht, patience)?)?;
        Ok([
            queue.wait_probability(),
            queue.mean_wait(),
            queue.mean_wait_of_waiting(),
            queue.speed_of_answer(),
            queue.service_level(seconds, counting)?,
            queue.answered_within(seconds),
            queue.abandonment(),
            queue.abandonment_of_waiting(),
            queue.occupancy(),
            queue.mean_queue(),
        ])
    })?;
    let mut columns = floats(py, results)?.into_iter();
    let mut next = || columns.next().unwrap_or_else(|| py.None());
    Ok(PyQueue {
        wait_probability: next(),
        mean_wait_seconds: next(),
        mean_wait_of_waiting_seconds: next(),
        speed_of_answer_seconds: next(),
        service_level: next(),
        answered_within: next(),
        abandonment: next(),
        abandonment_of_waiting: next(),
        occupancy: next(),
        mean_queue: next(),
    })
}

#[pyfunction]
fn servers_for_blocking(load: Bound<'_, PyAny>, blocking: Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
    let py = load.py();
    let given = [("load", &load), ("blocking", &blocking)];
    let results = apply(py, given, |[a, b]| {
        Ok([staffing::servers_for_blocking(a, b)?])
    })?;
    whole(py, results)
}

#[pyfunction]
#[pyo3(signature = (load, service_level, seconds, *, aht_seconds, patience_seconds=None,
                    counting="late_abandons"))]
fn servers_for_service_level(
    py: Python<'_>,
    load: Bound<'_, PyAny>,
    service_level: Bound<'_, PyAny>,
    seconds: Bound<'_, PyAny>,
    aht_seconds: Bound<'_, PyAny>,
    patience_seconds: Option<Bound<'_, PyAny>>,
    counting: &str,
) -> PyResult<Py<PyAny>> {
    let counting = Counting::parse(counting).map_err(raise)?;
    let patience = for_ever(py, patience_seconds);
    let given = [
        ("load", &load),
        ("service_level", &service_level),
        ("seconds", &seconds),
        ("aht_seconds", &aht_seconds),
        ("patience_seconds", &patience),
    ];
    let results = apply(py, given, |[a, level, seconds, aht, patience]| {
        let target = Target::ServiceLevel {
            level,
            seconds,
            counting,
        };
        Ok([staffing::servers_for(target, demand(a, aht, patience)?)?])
    })?;
    whole(py, results)
}

/// The targets that are one number.
fn servers_for_one(
    load: Bound<'_, PyAny>,
    named: (&'static str, Bound<'_, PyAny>),
    aht_seconds: Bound<'_, PyAny>,
    patience_seconds: Option<Bound<'_, PyAny>>,
    target: impl Fn(f64) -> Target + Sync,
) -> PyResult<Py<PyAny>> {
    let py = load.py();
    let patience = for_ever(py, patience_seconds);
    let given = [
        ("load", &load),
        (named.0, &named.1),
        ("aht_seconds", &aht_seconds),
        ("patience_seconds", &patience),
    ];
    let results = apply(py, given, |[a, value, aht, patience]| {
        Ok([staffing::servers_for(
            target(value),
            demand(a, aht, patience)?,
        )?])
    })?;
    whole(py, results)
}

#[pyfunction]
#[pyo3(signature = (load, seconds, *, aht_seconds, patience_seconds=None))]
fn servers_for_speed_of_answer(
    load: Bound<'_, PyAny>,
    seconds: Bound<'_, PyAny>,
    aht_seconds: Bound<'_, PyAny>,
    patience_seconds: Option<Bound<'_, PyAny>>,
) -> PyResult<Py<PyAny>> {
    servers_for_one(
        load,
        ("seconds", seconds),
        aht_seconds,
        patience_seconds,
        |seconds| Target::SpeedOfAnswer { seconds },
    )
}

#[pyfunction]
#[pyo3(signature = (load, occupancy, *, aht_seconds, patience_seconds=None))]
fn servers_for_occupancy(
    load: Bound<'_, PyAny>,
    occupancy: Bound<'_, PyAny>,
    aht_seconds: Bound<'_, PyAny>,
    patience_seconds: Option<Bound<'_, PyAny>>,
) -> PyResult<Py<PyAny>> {
    servers_for_one(
        load,
        ("occupancy", occupancy),
        aht_seconds,
        patience_seconds,
        |share| Target::Occupancy { share },
    )
}

#[pyfunction]
#[pyo3(signature = (load, abandonment, *, aht_seconds, patience_seconds))]
fn servers_for_abandonment(
    load: Bound<'_, PyAny>,
    abandonment: Bound<'_, PyAny>,
    aht_seconds: Bound<'_, PyAny>,
    patience_seconds: Bound<'_, PyAny>,
) -> PyResult<Py<PyAny>> {
    let patience = Some(patience_seconds);
    servers_for_one(
        load,
        ("abandonment", abandonment),
        aht_seconds,
        patience,
        |share| Target::Abandonment { share },
    )
}

#[pyfunction]
fn with_shrinkage(servers: Bound<'_, PyAny>, shrinkage: Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
    let py = servers.py();
    let given = [("servers", &servers), ("shrinkage", &shrinkage)];
    one_float(
        py,
        apply(py, given, |[n, s]| Ok([staffing::with_shrinkage(n, s)?]))?,
    )
}

#[pyfunction]
fn full_time_equivalents(
    paid_hours: Bound<'_, PyAny>,
    hours_each: Bound<'_, PyAny>,
) -> PyResult<Py<PyAny>> {
    let py = paid_hours.py();
    let given = [("paid_hours", &paid_hours), ("hours_each", &hours_each)];
    one_float(
        py,
        apply(py, given, |[hours, each]| {
            Ok([staffing::full_time_equivalents(hours, each)?])
        })?,
    )
}

/// Add what is above to the module.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyQueue>()?;
    module.add_function(wrap_pyfunction!(erlang_b, module)?)?;
    module.add_function(wrap_pyfunction!(erlang_c, module)?)?;
    module.add_function(wrap_pyfunction!(queue, module)?)?;
    module.add_function(wrap_pyfunction!(servers_for_blocking, module)?)?;
    module.add_function(wrap_pyfunction!(servers_for_service_level, module)?)?;
    module.add_function(wrap_pyfunction!(servers_for_speed_of_answer, module)?)?;
    module.add_function(wrap_pyfunction!(servers_for_occupancy, module)?)?;
    module.add_function(wrap_pyfunction!(servers_for_abandonment, module)?)?;
    module.add_function(wrap_pyfunction!(with_shrinkage, module)?)?;
    module.add_function(wrap_pyfunction!(full_time_equivalents, module)?)?;
    Ok(())
}
