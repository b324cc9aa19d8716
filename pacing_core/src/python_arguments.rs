//! Whole numbers and lists from Python: one out of range is refused by the argument's name, and before it takes
//! memory. (What is of the wrong kind, `PyO3` refuses; it notes the name itself.)
use pyo3::exceptions::PyOverflowError;
use pyo3::prelude::*;

use crate::error::PacingError;
use crate::python::raise;

/// A list is no longer than this.
const LONGEST_LIST: usize = 1_000_000;

/// A whole number of some width.
pub(crate) trait Whole: for<'a, 'py> FromPyObject<'a, 'py, Error = PyErr> {
    const ALLOWED: &'static str;
}

impl Whole for u32 {
    const ALLOWED: &'static str = "a whole number from 0 to 4,294,967,295";
}

impl Whole for u64 {
    const ALLOWED: &'static str = "a whole number from 0 to 18,446,744,073,709,551,615";
}

impl Whole for usize {
    const ALLOWED: &'static str = "a whole number, 0 or more";
}

impl Whole for i64 {
    const ALLOWED: &'static str = "a whole number up to 9,223,372,036,854,775,807";
}

/// A whole number, or the error that names it.
pub(crate) fn whole<T: Whole>(name: &'static str, given: &Bound<'_, PyAny>) -> PyResult<T> {
    given.extract().map_err(|error: PyErr| {
        if !error.is_instance_of::<PyOverflowError>(given.py()) {
            return error;
        }
        // Of a number without end, at least the sign.
        let value = given.extract().unwrap_or_else(|_| {
            if given.lt(0).unwrap_or(false) {
                f64::NEG_INFINITY
            } else {
                f64::INFINITY
            }
        });
        raise(PacingError::Domain {
            name,
            value,
            allowed: T::ALLOWED,
        })
    })
}

/// A list that is not too long, each of its values read by `read`.
fn list<T>(
    name: &'static str,
    given: &Bound<'_, PyAny>,
    read: impl Fn(&Bound<'_, PyAny>) -> PyResult<T>,
) -> PyResult<Vec<T>> {
    let too_long = || {
        raise(PacingError::Shape {
            name,
            reason: "is too long; give at most 1,000,000 values",
        })
    };
    let length = given.len().map_err(|error| {
        if error.is_instance_of::<PyOverflowError>(given.py()) {
            return too_long();
        }
        error
    })?;
    if length > LONGEST_LIST {
        return Err(too_long());
    }
    let mut values = Vec::with_capacity(length);
    for value in given.try_iter()?.take(LONGEST_LIST) {
        values.push(read(&value?)?);
    }
    Ok(values)
}

macro_rules! named {
    ($($name:ident: $kind:ty),* $(,)?) => {
        /// Readers for `from_py_with`, each by the name of its argument.
        pub(crate) mod whole_named {
            use super::{Bound, PyAny, PyResult, whole};
            $(pub(crate) fn $name(given: &Bound<'_, PyAny>) -> PyResult<$kind> {
                whole(stringify!($name), given)
            })*
        }
    };
}

named!(
    seed: u64,
    budget_answered: u64,
    budget_abandoned: u64,
    answered: u64,
    abandoned: u64,
    agent_id: u64,
    call_id: u64,
    lines_free: i64,
    rate_tokens: i64,
    leads: i64,
    pending: i64,
    agents: u32,
    lines: u32,
    dials: u64,
    days: u32,
    groups: usize,
);

/// The same of `foretell`, which keeps them in memory.
pub(crate) fn dials_kept(given: &Bound<'_, PyAny>) -> PyResult<usize> {
    whole("dials", given)
}

pub(crate) fn seeds(given: &Bound<'_, PyAny>) -> PyResult<Vec<u64>> {
    list("seeds", given, |seed| whole("seeds", seed))
}

pub(crate) fn give_up(given: &Bound<'_, PyAny>) -> PyResult<Vec<u64>> {
    list("give_up", given, |call| whole("give_up", call))
}

pub(crate) fn leads(given: &Bound<'_, PyAny>) -> PyResult<Vec<u64>> {
    list("leads", given, |lead| whole("leads", lead))
}

/// Probabilities, or None for what is not known.
pub(crate) fn probabilities(given: &Bound<'_, PyAny>) -> PyResult<Vec<Option<f64>>> {
    list("probabilities", given, |value| value.extract())
}

pub(crate) fn predicted(given: &Bound<'_, PyAny>) -> PyResult<Vec<f64>> {
    list("predicted", given, |value| value.extract())
}

pub(crate) fn answered(given: &Bound<'_, PyAny>) -> PyResult<Vec<bool>> {
    list("answered", given, |value| value.extract())
}

/// A list, if the caller gives one.
pub(crate) fn targets(given: &Bound<'_, PyAny>) -> PyResult<Option<Vec<f64>>> {
    if given.is_none() {
        return Ok(None);
    }
    list("targets", given, |value| value.extract()).map(Some)
}

pub(crate) fn values(given: &Bound<'_, PyAny>) -> PyResult<Vec<f64>> {
    list("values", given, |value| value.extract())
}

/// How many threads to work on, if the caller says.
pub(crate) fn threads(given: &Bound<'_, PyAny>) -> PyResult<Option<usize>> {
    if given.is_none() {
        return Ok(None);
    }
    let threads: usize = whole("threads", given)?;
    if threads <= 1024 {
        return Ok(Some(threads));
    }
    #[allow(clippy::cast_precision_loss)]
    Err(raise(PacingError::Domain {
        name: "threads",
        value: threads as f64,
        allowed: "1 to 1,024, or 0 for as many as there are cores",
    }))
}
