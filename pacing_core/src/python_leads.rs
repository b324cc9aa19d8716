//! The Python face of what is learned about leads, and of how good probabilities turned out.
use numpy::{IntoPyArray, PyArray1};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::error::PacingError;
use crate::lab::foretell;
use crate::leads::{Feature, Lead, LeadModel};
use crate::python::raise;
use crate::python_arguments::{answered, dials_kept, predicted, probabilities, whole_named};
use crate::python_lab::PyScenario;

/// Most dials of one call of `foretell`: what they take stays below a gigabyte.
const MOST_DIALS: usize = 10_000_000;

#[pyclass(frozen, eq, name = "Lead", module = "pacing_core")]
#[derive(PartialEq)]
struct PyLead {
    inner: Lead,
}

fn whole(feature: Feature, number: &Bound<'_, PyAny>) -> PyResult<u64> {
    number.extract().map_err(|_| {
        raise(PacingError::Domain {
            name: feature.name(),
            value: number.extract().unwrap_or(f64::NAN),
            allowed: "a whole number, 0 or more",
        })
    })
}

#[pymethods]
impl PyLead {
    #[new]
    #[pyo3(signature = (*, hour=None, weekday=None, attempt=None, last_outcome=None, number_type=None, area=None,
                        list=None))]
    #[allow(clippy::too_many_arguments)]
    fn new(
        hour: Option<&Bound<'_, PyAny>>,
        weekday: Option<&Bound<'_, PyAny>>,
        attempt: Option<&Bound<'_, PyAny>>,
        last_outcome: Option<&str>,
        number_type: Option<&str>,
        area: Option<&str>,
        list: Option<&str>,
    ) -> PyResult<Self> {
        let mut inner = Lead::default();
        for (feature, number) in [
            (Feature::Hour, hour),
            (Feature::Weekday, weekday),
            (Feature::Attempt, attempt),
        ] {
            if let Some(number) = number {
                inner = inner
                    .with_number(feature, whole(feature, number)?)
                    .map_err(raise)?;
            }
        }
        for (feature, word) in [
            (Feature::LastOutcome, last_outcome),
            (Feature::NumberType, number_type),
            (Feature::Area, area),
            (Feature::List, list),
        ] {
            if let Some(word) = word {
                inner = inner.with_word(feature, word);
            }
        }
        Ok(Self { inner })
    }
}

#[pyclass(name = "LeadModel", module = "pacing_core")]
struct PyLeadModel {
    inner: LeadModel,
}

#[pymethods]
impl PyLeadModel {
    #[new]
    fn new() -> Self {
        Self {
            inner: LeadModel::new(),
        }
    }

    fn probability(&self, lead: &PyLead) -> f64 {
        self.inner.probability(lead.inner)
    }

    fn learn(&mut self, lead: &PyLead, answered: bool) {
        self.inner.learn(lead.inner, answered);
    }

    /// Calls learned from.
    fn calls(&self) -> u64 {
        self.inner.calls()
    }

    fn snapshot<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.inner.snapshot())
    }

    fn restore(&mut self, data: &[u8]) -> PyResult<()> {
        self.inner.restore(data).map_err(raise)
    }
}

#[pyclass(frozen, eq, get_all, name = "Calibration", module = "pacing_core")]
#[derive(PartialEq)]
struct PyCalibration {
    brier: f64,
    reliability: f64,
    resolution: f64,
    uncertainty: f64,
    curve: Vec<(u64, f64, f64)>,
}

#[pymethods]
impl PyCalibration {
    fn __repr__(&self) -> String {
        format!(
            "Calibration(brier={:.4}, reliability={:.5}, resolution={:.4}, uncertainty={:.4})",
            self.brier, self.reliability, self.resolution, self.uncertainty
        )
    }
}

#[pyfunction]
#[pyo3(signature = (predicted, answered, groups=10))]
#[allow(clippy::needless_pass_by_value)]
fn calibration(
    #[pyo3(from_py_with = predicted)] predicted: Vec<f64>,
    #[pyo3(from_py_with = answered)] answered: Vec<bool>,
    #[pyo3(from_py_with = whole_named::groups)] groups: usize,
) -> PyResult<PyCalibration> {
    let c = crate::calibration(&predicted, &answered, groups).map_err(raise)?;
    Ok(PyCalibration {
        brier: c.brier,
        reliability: c.reliability,
        resolution: c.resolution,
        uncertainty: c.uncertainty,
        curve: c
            .curve
            .iter()
            .map(|group| (group.calls, group.predicted, group.answered))
            .collect(),
    })
}

#[pyfunction]
#[pyo3(name = "dial_order", signature = (probabilities, last=None))]
#[allow(clippy::needless_pass_by_value)]
fn order_of_dials(
    #[pyo3(from_py_with = probabilities)] probabilities: Vec<Option<f64>>,
    last: Option<f64>,
) -> Vec<usize> {
    let known: Vec<f64> = probabilities
        .iter()
        .map(|p| p.unwrap_or(f64::NAN))
        .collect();
    crate::dial_order(&known, last)
}

type Arrays<'py> = (
    Bound<'py, PyArray1<f64>>,
    Bound<'py, PyArray1<bool>>,
    Bound<'py, PyArray1<f64>>,
);

#[pyfunction]
#[pyo3(name = "foretell")]
fn foretell_dials<'py>(
    py: Python<'py>,
    scenario: &PyScenario,
    #[pyo3(from_py_with = whole_named::seed)] seed: u64,
    #[pyo3(from_py_with = dials_kept)] dials: usize,
) -> PyResult<Arrays<'py>> {
    if dials > MOST_DIALS {
        #[allow(clippy::cast_precision_loss)]
        return Err(raise(PacingError::Domain {
            name: "dials",
            value: dials as f64,
            allowed: "10,000,000 at most",
        }));
    }
    let told = py.detach(|| foretell(&scenario.inner, seed, dials));
    Ok((
        told.predicted.into_pyarray(py),
        told.answered.into_pyarray(py),
        told.truth.into_pyarray(py),
    ))
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyLead>()?;
    module.add_class::<PyLeadModel>()?;
    module.add_class::<PyCalibration>()?;
    module.add_function(wrap_pyfunction!(calibration, module)?)?;
    module.add_function(wrap_pyfunction!(foretell_dials, module)?)?;
    module.add_function(wrap_pyfunction!(order_of_dials, module)?)?;
    Ok(())
}
