//! Numbers and numpy arrays, broadcast against each other: a function of numbers made one of arrays.
use numpy::ndarray::IxDyn;
use numpy::{PyArray1, PyArrayDyn, PyArrayMethods, PyUntypedArrayMethods};
use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyInt};

use crate::error::PacingError;
use crate::python::{PacingValueError, raise};

/// Results of one call, at most: what they take stays below a gigabyte.
const MOST_RESULTS: usize = 10_000_000;
const TOO_MANY: &str = "would give more than 10,000,000 results; ask in several calls";
/// Between these many results the loop looks for Ctrl-C; fewer are not worth releasing the GIL.
const CHUNK: usize = 4096;
const WORTH_RELEASING: usize = 32;

/// One argument: a number, or an array with its shape.
enum Given<'py> {
    Number(f64),
    Array(Bound<'py, PyArrayDyn<f64>>),
}

fn caused_by_the_value(error: &PyErr, py: Python<'_>) -> bool {
    error.is_instance_of::<PyValueError>(py)
        || error.is_instance_of::<PyTypeError>(py)
        || error.is_instance_of::<PyOverflowError>(py)
}

fn read<'py>(name: &'static str, given: &Bound<'py, PyAny>) -> PyResult<Given<'py>> {
    let py = given.py();
    let convert = || -> PyResult<Option<Given<'py>>> {
        if given.is_instance_of::<PyFloat>() || given.is_instance_of::<PyInt>() {
            return Ok(Some(Given::Number(given.extract()?)));
        }
        // Before numpy makes an array of it. What has no length is left to numpy.
        if given.len().map_or_else(
            |error| error.is_instance_of::<PyOverflowError>(py),
            |length| length > MOST_RESULTS,
        ) {
            let reason = TOO_MANY;
            return Err(raise(PacingError::Shape { name, reason }));
        }
        let array = py.import("numpy")?.call_method1("asarray", (given,))?;
        let kind: String = array.getattr("dtype")?.getattr("kind")?.extract()?;
        if !matches!(kind.as_str(), "f" | "i" | "u" | "b") {
            return Ok(None);
        }
        if array.getattr("size")?.extract::<usize>()? > MOST_RESULTS {
            let reason = TOO_MANY;
            return Err(raise(PacingError::Shape { name, reason }));
        }
        let array = py
            .import("numpy")?
            .call_method1("asarray", (array, "float64"))?;
        let array = array.cast_into::<PyArrayDyn<f64>>()?;
        if array.ndim() == 0 {
            return Ok(Some(Given::Number(array.call_method0("item")?.extract()?)));
        }
        Ok(Some(Given::Array(array)))
    };
    match convert() {
        Ok(Some(value)) => Ok(value),
        Ok(None) => Err(raise(PacingError::NotNumbers { name })),
        Err(error) if error.is_instance_of::<PacingValueError>(py) => Err(error),
        Err(error) if caused_by_the_value(&error, py) => {
            Err(raise(PacingError::NotNumbers { name }))
        }
        Err(error) => Err(error),
    }
}

/// numpy's rule: shapes are aligned at their ends, and a 1 stretches.
fn broadcast(shape: &mut Vec<usize>, other: &[usize]) -> Result<(), &'static str> {
    if other.len() > shape.len() {
        let missing = other.len() - shape.len();
        shape.splice(0..0, std::iter::repeat_n(1, missing));
    }
    let offset = shape.len() - other.len();
    for (mine, &theirs) in shape[offset..].iter_mut().zip(other) {
        if *mine == 1 {
            *mine = theirs;
        } else if theirs != 1 && theirs != *mine {
            return Err("does not fit the arguments before it; give shapes that broadcast");
        }
    }
    let size = shape
        .iter()
        .try_fold(1_usize, |size, &n| size.checked_mul(n));
    match size {
        Some(size) if size <= MOST_RESULTS => Ok(()),
        _ => Err(TOO_MANY),
    }
}

enum Column {
    Constant(f64),
    Values(Vec<f64>),
}

impl Column {
    fn at(&self, index: usize) -> f64 {
        match self {
            Self::Constant(value) => *value,
            Self::Values(values) => values[index],
        }
    }
}

/// `M` results, each a number, or an array of one shape.
pub(crate) enum Results<const M: usize> {
    Numbers([f64; M]),
    Arrays([Vec<f64>; M], Vec<usize>),
}

/// Apply a function of `N` numbers element by element.
pub(crate) fn apply<const N: usize, const M: usize>(
    py: Python<'_>,
    given: [(&'static str, &Bound<'_, PyAny>); N],
    function: impl Fn([f64; N]) -> Result<[f64; M], PacingError> + Sync,
) -> PyResult<Results<M>> {
    let mut arguments = Vec::with_capacity(N);
    let mut shape: Option<Vec<usize>> = None;
    for (name, value) in given {
        let argument = read(name, value)?;
        if let Given::Array(array) = &argument {
            broadcast(shape.get_or_insert_default(), array.shape())
                .map_err(|reason| raise(PacingError::Shape { name, reason }))?;
        }
        arguments.push(argument);
    }
    let Some(shape) = shape else {
        let numbers = std::array::from_fn(|i| match arguments[i] {
            Given::Number(value) => value,
            Given::Array(_) => f64::NAN, // there is none without a shape
        });
        return function(numbers).map(Results::Numbers).map_err(raise);
    };
    let columns: Vec<Column> = arguments
        .iter()
        .map(|argument| match argument {
            Given::Number(value) => Column::Constant(*value),
            Given::Array(array) => {
                let array = array.readonly();
                let view = array.as_array();
                let stretched = view.broadcast(IxDyn(&shape));
                Column::Values(stretched.map_or_else(Vec::new, |v| v.iter().copied().collect()))
            }
        })
        .collect();
    let size = shape.iter().product();
    let mut results: [Vec<f64>; M] = std::array::from_fn(|_| Vec::with_capacity(size));
    let mut done = 0;
    while done < size {
        let end = size.min(done + CHUNK);
        let mut chunk = || -> Result<(), PacingError> {
            for index in done..end {
                let values = function(std::array::from_fn(|i| columns[i].at(index)))?;
                for (column, value) in results.iter_mut().zip(values) {
                    column.push(value);
                }
            }
            Ok(())
        };
        if end - done < WORTH_RELEASING {
            chunk().map_err(raise)?;
        } else {
            py.detach(chunk).map_err(raise)?;
        }
        done = end;
        py.check_signals()?;
    }
    Ok(Results::Arrays(results, shape))
}

fn array(py: Python<'_>, values: Vec<f64>, shape: &[usize]) -> PyResult<Py<PyAny>> {
    let array = PyArray1::from_vec(py, values).reshape(shape.to_vec())?;
    Ok(array.into_any().unbind())
}

pub(crate) fn floats<const M: usize>(
    py: Python<'_>,
    results: Results<M>,
) -> PyResult<Vec<Py<PyAny>>> {
    match results {
        Results::Numbers(numbers) => Ok(numbers
            .iter()
            .map(|&n| PyFloat::new(py, n).into_any().unbind())
            .collect()),
        Results::Arrays(arrays, shape) => {
            arrays.into_iter().map(|a| array(py, a, &shape)).collect()
        }
    }
}

pub(crate) fn one_float(py: Python<'_>, results: Results<1>) -> PyResult<Py<PyAny>> {
    match results {
        Results::Numbers([number]) => Ok(PyFloat::new(py, number).into_any().unbind()),
        Results::Arrays([values], shape) => array(py, values, &shape),
    }
}

// Numbers of servers are whole and at most 10,000,000.
#[allow(clippy::cast_possible_truncation)]
pub(crate) fn whole(py: Python<'_>, results: Results<1>) -> PyResult<Py<PyAny>> {
    match results {
        Results::Numbers([number]) => Ok((number as i64).into_pyobject(py)?.into_any().unbind()),
        Results::Arrays([values], shape) => {
            let values = values.into_iter().map(|v| v as i64).collect();
            let array = PyArray1::from_vec(py, values).reshape(shape)?;
            Ok(array.into_any().unbind())
        }
    }
}
