//! The Python face: conversion of arguments and errors, nothing else.
#![allow(clippy::needless_pass_by_value)]
use pyo3::create_exception;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::log::{GroupBudget, Input, RecordedPacer, Shadow};
use crate::python_arguments::{probabilities, whole_named};
use crate::python_log::{PyShadowFigures, Watched, shadow_of};
use crate::simulation::{Scenario, simulate};
use crate::{AgentState, Decision, Limits, Options, Outcome, PacingError, Policy};

create_exception!(
    pacing_core,
    PacingValueError,
    PyValueError,
    "An argument the core cannot work with; `code` is stable, the text says what to give instead."
);

pub(crate) fn raise(error: PacingError) -> PyErr {
    let raised = PacingValueError::new_err(error.to_string());
    Python::attach(|py| {
        // Setting an attribute on a fresh exception only fails when memory is out; the error itself matters more.
        let _ = raised.value(py).setattr("code", error.code());
    });
    raised
}

#[pyclass(frozen, eq, get_all, name = "Decision", module = "pacing_core")]
#[derive(PartialEq)]
struct PyDecision {
    dials: u64,
    give_up: Vec<u64>,
    limited_by: &'static str,
    expected_answers: f64,
    free_agents: f64,
    abandon_risk: f64,
}

impl From<Decision> for PyDecision {
    fn from(d: Decision) -> Self {
        Self {
            dials: d.dials,
            give_up: d.give_up,
            limited_by: d.limited_by.code(),
            expected_answers: d.expected_answers,
            free_agents: d.free_agents,
            abandon_risk: d.abandon_risk,
        }
    }
}

#[pymethods]
impl PyDecision {
    fn __repr__(&self) -> String {
        format!(
            "Decision(dials={}, give_up={:?}, limited_by='{}', expected_answers={:.3}, free_agents={:.3}, abandon_risk={:.5})",
            self.dials,
            self.give_up,
            self.limited_by,
            self.expected_answers,
            self.free_agents,
            self.abandon_risk
        )
    }
}

fn parse_policy(word: &str) -> Result<Policy, PacingError> {
    match word {
        "predictive" => Ok(Policy::Predictive),
        "progressive" => Ok(Policy::Progressive),
        _ => Err(PacingError::Word {
            name: "policy",
            value: word.to_owned(),
            allowed: "predictive, progressive",
        }),
    }
}

#[pyclass(name = "Pacer", module = "pacing_core")]
struct PyPacer {
    inner: RecordedPacer,
    /// The policy beside it, if it is written in Python.
    watched: Option<Watched>,
}

#[pymethods]
impl PyPacer {
    #[new]
    #[pyo3(signature = (*, target=0.03, cap=None, grace_seconds=2.0, seed=0, budget_answered=0, budget_abandoned=0,
                        policy="predictive", give_up_after=None, prior_scale=1.0))]
    #[allow(clippy::too_many_arguments)]
    fn new(
        target: f64,
        cap: Option<f64>,
        grace_seconds: f64,
        #[pyo3(from_py_with = whole_named::seed)] seed: u64,
        #[pyo3(from_py_with = whole_named::budget_answered)] budget_answered: u64,
        #[pyo3(from_py_with = whole_named::budget_abandoned)] budget_abandoned: u64,
        policy: &str,
        give_up_after: Option<f64>,
        prior_scale: f64,
    ) -> PyResult<Self> {
        // Both policies are deterministic; the seed is part of the face for policies that draw.
        let _ = seed;
        let options = Options {
            target,
            cap,
            grace_seconds,
            policy: parse_policy(policy).map_err(raise)?,
            give_up_after,
            budget_answered,
            budget_abandoned,
            prior_scale,
        };
        Ok(Self {
            inner: RecordedPacer::new(options).map_err(raise)?,
            watched: None,
        })
    }

    fn set_target(&mut self, target: f64) -> PyResult<()> {
        self.inner.set_target(target).map_err(raise)
    }

    #[pyo3(signature = (target, answered, abandoned, *, expected=0.0))]
    fn set_group_budget(
        &mut self,
        target: f64,
        #[pyo3(from_py_with = whole_named::answered)] answered: u64,
        #[pyo3(from_py_with = whole_named::abandoned)] abandoned: u64,
        expected: f64,
    ) -> PyResult<()> {
        let told = GroupBudget {
            target,
            answered,
            abandoned,
            expected,
        };
        self.inner.set_group_budget(Some(told)).map_err(raise)
    }

    fn clear_group_budget(&mut self) -> PyResult<()> {
        self.inner.set_group_budget(None).map_err(raise)
    }

    /// Answered and abandoned by the group, as last told and with what this campaign has added since.
    fn group_ledger(&self) -> Option<(u64, u64)> {
        self.inner.pacer().group_ledger()
    }

    /// Abandons to be expected of the calls in flight, as of the last decision.
    fn expected_abandons(&self) -> f64 {
        self.inner.pacer().expected_abandons()
    }

    #[pyo3(signature = (now, agent_id, state, leaving=false))]
    fn agent(
        &mut self,
        now: f64,
        #[pyo3(from_py_with = whole_named::agent_id)] agent_id: u64,
        state: &str,
        leaving: bool,
    ) -> PyResult<()> {
        let input = Input::Agent {
            agent: agent_id,
            state: AgentState::parse(state).map_err(raise)?,
            leaving,
        };
        self.inner.tell(now, input);
        Ok(())
    }

    #[pyo3(signature = (now, agent_id, at=None))]
    fn agent_leaves(
        &mut self,
        now: f64,
        #[pyo3(from_py_with = whole_named::agent_id)] agent_id: u64,
        at: Option<f64>,
    ) {
        let agent = agent_id;
        self.inner.tell(now, Input::AgentLeaves { agent, at });
    }

    fn agent_gone(
        &mut self,
        now: f64,
        #[pyo3(from_py_with = whole_named::agent_id)] agent_id: u64,
    ) {
        self.inner.tell(now, Input::AgentGone { agent: agent_id });
    }

    #[pyo3(signature = (now, call_id, p=None))]
    fn dialed(
        &mut self,
        now: f64,
        #[pyo3(from_py_with = whole_named::call_id)] call_id: u64,
        p: Option<f64>,
    ) {
        self.inner.tell(now, Input::Dialed { call: call_id, p });
    }

    #[allow(clippy::needless_pass_by_value)]
    fn next_leads(
        &mut self,
        #[pyo3(from_py_with = probabilities)] probabilities: Vec<Option<f64>>,
    ) {
        self.inner.set_next_leads(&probabilities);
    }

    fn ringing(&mut self, now: f64, #[pyo3(from_py_with = whole_named::call_id)] call_id: u64) {
        self.inner.tell(now, Input::Ringing { call: call_id });
    }

    fn answered(&mut self, now: f64, #[pyo3(from_py_with = whole_named::call_id)] call_id: u64) {
        self.inner.tell(now, Input::Answered { call: call_id });
    }

    fn connected(
        &mut self,
        now: f64,
        #[pyo3(from_py_with = whole_named::call_id)] call_id: u64,
        #[pyo3(from_py_with = whole_named::agent_id)] agent_id: u64,
    ) {
        let (call, agent) = (call_id, agent_id);
        self.inner.tell(now, Input::Connected { call, agent });
    }

    fn abandoned(&mut self, now: f64, #[pyo3(from_py_with = whole_named::call_id)] call_id: u64) {
        self.inner.tell(now, Input::Abandoned { call: call_id });
    }

    fn ended(
        &mut self,
        now: f64,
        #[pyo3(from_py_with = whole_named::call_id)] call_id: u64,
        outcome: &str,
    ) -> PyResult<()> {
        let outcome = Outcome::parse(outcome).map_err(raise)?;
        let call = call_id;
        self.inner.tell(now, Input::Ended { call, outcome });
        Ok(())
    }

    #[pyo3(signature = (now, *, lines_free, rate_tokens, leads, pending=0))]
    fn decide(
        &mut self,
        now: f64,
        #[pyo3(from_py_with = whole_named::lines_free)] lines_free: i64,
        #[pyo3(from_py_with = whole_named::rate_tokens)] rate_tokens: i64,
        #[pyo3(from_py_with = whole_named::leads)] leads: i64,
        #[pyo3(from_py_with = whole_named::pending)] pending: i64,
    ) -> PyDecision {
        let whole = |n: i64| u64::try_from(n).unwrap_or(0);
        let limits = Limits {
            lines_free: whole(lines_free),
            rate_tokens: whole(rate_tokens),
            leads: whole(leads),
            pending: whole(pending),
        };
        self.inner.decide(now, limits).into()
    }

    fn snapshot<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.inner.pacer().snapshot())
    }

    fn restore(&mut self, data: &[u8]) -> PyResult<()> {
        self.inner.restore(data).map_err(raise)
    }

    fn answer_probability(&self) -> f64 {
        self.inner.pacer().answer_probability()
    }

    /// Changes of talk and of wrap-up times that were noticed.
    fn tempo_changes(&self) -> (u64, u64) {
        self.inner.pacer().tempo_changes()
    }

    /// Jumps of the answer probability that were noticed.
    fn jumps(&self) -> u64 {
        self.inner.pacer().jumps()
    }

    /// Answered by a person and abandoned, the budget's history included.
    fn ledger(&self) -> (u64, u64) {
        self.inner.pacer().ledger()
    }

    /// Events that made no sense and were ignored.
    fn ignored_events(&self) -> u64 {
        self.inner.pacer().ignored_events()
    }

    /// Keep a log from here on.
    #[pyo3(signature = (about="", wall=None))]
    fn start_log(&mut self, about: &str, wall: Option<f64>) {
        self.inner.start_log(about, wall);
    }

    /// What was recorded since the last time.
    fn drain_log<'py>(&mut self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.inner.drain_log())
    }

    /// What follows can be a file of its own.
    fn cut_log(&mut self) {
        self.inner.cut_log();
    }

    /// Keep no log any more.
    fn stop_log(&mut self) {
        self.inner.stop_log();
    }

    fn log_state(&self) -> &'static str {
        if self.inner.keeps_log() {
            "on"
        } else if self.inner.log_overflowed() {
            "overflowed"
        } else {
            "off"
        }
    }

    /// Another policy beside this one, from here on.
    #[pyo3(signature = (policy, *, target=None))]
    fn set_shadow(
        &mut self,
        policy: Option<Bound<'_, PyAny>>,
        target: Option<f64>,
    ) -> PyResult<()> {
        self.watched = None;
        self.inner.set_shadow(None);
        if let Some(policy) = policy {
            let (shadow, watched) = shadow_of(self.inner.pacer(), &policy, target, true)?;
            self.inner.set_shadow(Some(shadow));
            self.watched = watched;
        }
        Ok(())
    }

    /// How the policy beside compares.
    fn shadow(&self, py: Python<'_>) -> Option<PyShadowFigures> {
        let failure = self.watched.as_ref().and_then(|w| w.failure(py));
        self.inner
            .shadow()
            .map(|shadow: &Shadow| PyShadowFigures::new(shadow, failure))
    }
}

/// Outcome of a simulated run.
#[pyclass(frozen, eq, get_all, name = "SimulationResult", module = "pacing_core")]
#[derive(PartialEq)]
struct PySimulationResult {
    attempts: u64,
    live_answers: u64,
    abandoned: u64,
    ended_before_agent: u64,
    abandon_rate: f64,
    occupancy: f64,
    talk_minutes_per_agent_hour: f64,
    connected: u64,
    handle_mean: f64,
}

#[pymethods]
impl PySimulationResult {
    fn __repr__(&self) -> String {
        format!(
            "SimulationResult(attempts={}, live_answers={}, abandoned={}, abandon_rate={:.5}, occupancy={:.4})",
            self.attempts, self.live_answers, self.abandoned, self.abandon_rate, self.occupancy
        )
    }
}

#[pyfunction]
#[pyo3(signature = (agents, answer_probability, seconds, seed, target=0.03, policy="predictive", *,
                    talk_mean=120.0, talk_cv=1.0, wrap_mean=15.0, wrap_cv=0.5, ring_low=6.0, ring_high=20.0,
                    no_answer_seconds=25.0, grace_seconds=2.0, decide_interval=0.2, dial_latency=0.0,
                    bridge_latency=0.0, lines=1_000_000, change_at=None, changed_probability=None))]
#[allow(clippy::too_many_arguments)]
fn simulate_base(
    py: Python<'_>,
    #[pyo3(from_py_with = whole_named::agents)] agents: u32,
    answer_probability: f64,
    seconds: f64,
    #[pyo3(from_py_with = whole_named::seed)] seed: u64,
    target: f64,
    policy: &str,
    talk_mean: f64,
    talk_cv: f64,
    wrap_mean: f64,
    wrap_cv: f64,
    ring_low: f64,
    ring_high: f64,
    no_answer_seconds: f64,
    grace_seconds: f64,
    decide_interval: f64,
    dial_latency: f64,
    bridge_latency: f64,
    #[pyo3(from_py_with = whole_named::lines)] lines: u32,
    change_at: Option<f64>,
    changed_probability: Option<f64>,
) -> PyResult<PySimulationResult> {
    let scenario = Scenario {
        agents,
        answer_probability,
        change: change_at.zip(changed_probability),
        talk_mean,
        talk_cv,
        wrap_mean,
        wrap_cv,
        ring_low,
        ring_high,
        no_answer_seconds,
        seconds,
        seed,
        decide_interval,
        dial_latency,
        bridge_latency,
        lines,
        pacer: Options {
            target,
            grace_seconds,
            policy: parse_policy(policy).map_err(raise)?,
            ..Options::default()
        },
    };
    let r = py.detach(|| simulate(&scenario)).map_err(raise)?;
    Ok(PySimulationResult {
        attempts: r.attempts,
        live_answers: r.live_answers,
        abandoned: r.abandoned,
        ended_before_agent: r.ended_before_agent,
        abandon_rate: r.abandon_rate,
        occupancy: r.occupancy,
        talk_minutes_per_agent_hour: r.talk_minutes_per_agent_hour,
        connected: r.connected,
        handle_mean: r.handle_mean,
    })
}

#[pymodule]
fn pacing_core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add(
        "PacingValueError",
        module.py().get_type::<PacingValueError>(),
    )?;
    module.add_class::<PyPacer>()?;
    module.add_class::<PyDecision>()?;
    module.add_class::<PySimulationResult>()?;
    module.add_function(wrap_pyfunction!(simulate_base, module)?)?;
    crate::python_lab::register(module)?;
    crate::python_leads::register(module)?;
    crate::python_log::register(module)?;
    crate::python_whatif::register(module)?;
    crate::python_staffing::register(module)
}
