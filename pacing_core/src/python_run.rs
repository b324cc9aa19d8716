//! The Python face of a run: its counts, its rates, its minutes as numpy arrays.
use numpy::{PyArray1, ToPyArray};
use pyo3::prelude::*;

use crate::error::PacingError;
use crate::lab::{Piece, Run};
use crate::python::raise;

/// Of a quarter of an hour: answered, abandoned, busy and staffed agent seconds.
type Quarter = (u64, u64, f64, f64);

#[pyclass(frozen, eq, name = "Run", module = "pacing_core")]
#[derive(PartialEq)]
pub(crate) struct PyRun {
    #[pyo3(get)]
    seed: u64,
    #[pyo3(get)]
    attempts: u64,
    #[pyo3(get)]
    answered: u64,
    #[pyo3(get)]
    connected: u64,
    #[pyo3(get)]
    abandoned: u64,
    #[pyo3(get)]
    machines: u64,
    #[pyo3(get)]
    detected: u64,
    #[pyo3(get)]
    mistaken: u64,
    #[pyo3(get)]
    unanswered: u64,
    #[pyo3(get)]
    failed: u64,
    #[pyo3(get)]
    given_up: u64,
    #[pyo3(get)]
    total_answered: u64,
    #[pyo3(get)]
    total_abandoned: u64,
    #[pyo3(get)]
    inbound: u64,
    #[pyo3(get)]
    inbound_waited: u64,
    #[pyo3(get)]
    inbound_abandoned: u64,
    #[pyo3(get)]
    most_lines: u64,
    #[pyo3(get)]
    decisions: u64,
    #[pyo3(get)]
    inbound_wait_seconds: f64,
    #[pyo3(get)]
    talk_seconds: f64,
    #[pyo3(get)]
    wrap_seconds: f64,
    #[pyo3(get)]
    machine_seconds: f64,
    #[pyo3(get)]
    staffed_seconds: f64,
    #[pyo3(get)]
    line_seconds: f64,
    #[pyo3(get)]
    occupancy: f64,
    #[pyo3(get)]
    abandon_rate: f64,
    #[pyo3(get)]
    abandon_rate_with_mistaken: f64,
    #[pyo3(get)]
    talk_minutes_per_agent_hour: f64,
    #[pyo3(get)]
    dials_per_contact: f64,
    #[pyo3(get)]
    worst_quarter: f64,
    #[pyo3(get)]
    worst_hour: f64,
    #[pyo3(get)]
    quarters: Vec<Quarter>,
    inner: Run,
}

impl From<Run> for PyRun {
    fn from(run: Run) -> Self {
        Self {
            seed: run.seed,
            attempts: run.attempts,
            answered: run.answered,
            connected: run.connected,
            abandoned: run.abandoned,
            machines: run.machines,
            detected: run.detected,
            mistaken: run.mistaken,
            unanswered: run.unanswered,
            failed: run.failed,
            given_up: run.given_up,
            total_answered: run.total_answered,
            total_abandoned: run.total_abandoned,
            inbound: run.inbound,
            inbound_waited: run.inbound_waited,
            inbound_abandoned: run.inbound_abandoned,
            most_lines: run.most_lines,
            decisions: run.decisions,
            inbound_wait_seconds: run.inbound_wait_seconds,
            talk_seconds: run.talk_seconds,
            wrap_seconds: run.wrap_seconds,
            machine_seconds: run.machine_seconds,
            staffed_seconds: run.staffed_seconds,
            line_seconds: run.line_seconds,
            occupancy: run.occupancy(),
            abandon_rate: run.abandon_rate(),
            abandon_rate_with_mistaken: run.abandon_rate_with_mistaken(),
            talk_minutes_per_agent_hour: run.talk_minutes_per_agent_hour(),
            dials_per_contact: run.dials_per_contact(),
            worst_quarter: run.worst(1),
            worst_hour: run.worst(4),
            quarters: run
                .quarters()
                .iter()
                .map(|p| (p.answered, p.abandoned, p.busy, p.staffed))
                .collect(),
            inner: run,
        }
    }
}

fn check(name: &'static str, value: f64, high: f64, allowed: &'static str) -> PyResult<()> {
    if (0.0..=high).contains(&value) {
        return Ok(());
    }
    Err(raise(PacingError::Domain {
        name,
        value,
        allowed,
    }))
}

/// A column of the minutes.
type Column<'py> = Bound<'py, PyArray1<f64>>;

impl PyRun {
    fn column<'py>(&self, py: Python<'py>, of: impl Fn(&Piece) -> f64) -> Column<'py> {
        let column: Vec<f64> = self.inner.minutes.iter().map(of).collect();
        column.to_pyarray(py)
    }
}

#[allow(clippy::cast_precision_loss)]
#[pymethods]
impl PyRun {
    /// Of each minute: answered, abandoned, busy and staffed agent seconds.
    fn minutes<'py>(
        &self,
        py: Python<'py>,
    ) -> (Column<'py>, Column<'py>, Column<'py>, Column<'py>) {
        (
            self.column(py, |minute| minute.answered as f64),
            self.column(py, |minute| minute.abandoned as f64),
            self.column(py, |minute| minute.busy),
            self.column(py, |minute| minute.staffed),
        )
    }

    fn occupancy_between(&self, start: f64, end: f64) -> PyResult<f64> {
        check("start", start, 1e9, "0 to 1,000,000,000 seconds")?;
        check("end", end, 1e9, "0 to 1,000,000,000 seconds")?;
        Ok(self.inner.occupancy_between(start, end))
    }

    fn recovery(&self, shock: f64, until: f64, least: f64) -> PyResult<Option<f64>> {
        check("shock", shock, 1e9, "0 to 1,000,000,000 seconds")?;
        check("until", until, 1e9, "0 to 1,000,000,000 seconds")?;
        check("least", least, 1.0, "an occupancy from 0 to 1")?;
        Ok(self.inner.recovery(shock, until, least))
    }

    fn __repr__(&self) -> String {
        format!(
            "Run(seed={}, answered={}, abandon_rate={:.5}, occupancy={:.4})",
            self.seed, self.answered, self.abandon_rate, self.occupancy
        )
    }
}
