//! Policies written in Python: what they are shown, what they answer.
#![allow(clippy::needless_pass_by_value)]
use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::books::{AgentState, Outcome};
use crate::lab::Scenario;
use crate::lab::policy::{
    AgentView, CallView, Decision, Event, Next, NextLead, Policy, Snapshot, Stage,
};
use crate::python_arguments::{give_up, leads, whole_named};
use crate::python_lab::PyScenario;

/// How often a Python policy's run looks for Ctrl-C, decisions.
const LOOK_EVERY: u32 = 256;

fn state_word(state: AgentState) -> &'static str {
    match state {
        AgentState::Idle => "idle",
        AgentState::Reserved => "reserved",
        AgentState::Talk => "talk",
        AgentState::Wrap => "wrap",
        AgentState::Away => "away",
    }
}

fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::NoAnswer => "no_answer",
        Outcome::Failed => "failed",
        Outcome::Cancelled => "cancelled",
        Outcome::HangupBeforeAgent => "hangup_before_agent",
        Outcome::Done => "done",
        Outcome::Machine => "machine",
        Outcome::Unknown => "unknown",
    }
}

#[pyclass(frozen, get_all, name = "AgentView", module = "pacing_core")]
pub(crate) struct PyAgentView {
    id: u64,
    state: &'static str,
    since: f64,
    next: &'static str,
    planned: Option<f64>,
}

impl From<&AgentView> for PyAgentView {
    fn from(agent: &AgentView) -> Self {
        Self {
            id: agent.id,
            state: state_word(agent.state),
            since: agent.since,
            next: match agent.next {
                Next::Ready => "ready",
                Next::Pause => "pause",
                Next::Logout => "logout",
            },
            planned: agent.planned,
        }
    }
}

#[pyclass(frozen, get_all, name = "CallView", module = "pacing_core")]
pub(crate) struct PyCallView {
    id: u64,
    stage: &'static str,
    dialed: f64,
    since: f64,
    p: Option<f64>,
}

impl From<&CallView> for PyCallView {
    fn from(call: &CallView) -> Self {
        Self {
            id: call.id,
            stage: match call.stage {
                Stage::InFlight => "in_flight",
                Stage::Waiting => "waiting",
            },
            dialed: call.dialed,
            since: call.since,
            p: call.p,
        }
    }
}

#[pyclass(frozen, get_all, name = "NextLead", module = "pacing_core")]
pub(crate) struct PyNextLead {
    number: u64,
    p: Option<f64>,
}

#[pyclass(frozen, name = "Snapshot", module = "pacing_core")]
pub(crate) struct PySnapshot {
    agents: Vec<AgentView>,
    calls: Vec<CallView>,
    next: Vec<NextLead>,
    #[pyo3(get)]
    version: u32,
    #[pyo3(get)]
    now: f64,
    #[pyo3(get)]
    pending: u64,
    #[pyo3(get)]
    hopper: u64,
    #[pyo3(get)]
    lines_free: u64,
    #[pyo3(get)]
    rate_tokens: u64,
    #[pyo3(get)]
    target: f64,
    #[pyo3(get)]
    cap: f64,
    #[pyo3(get)]
    answered: u64,
    #[pyo3(get)]
    abandoned: u64,
    #[pyo3(get)]
    budget_left: f64,
    #[pyo3(get)]
    idle: u64,
    #[pyo3(get)]
    talking: u64,
    #[pyo3(get)]
    wrapping: u64,
    #[pyo3(get)]
    in_flight: u64,
    #[pyo3(get)]
    waiting: u64,
}

#[pymethods]
impl PySnapshot {
    #[getter]
    fn agents<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let views: Vec<PyAgentView> = self.agents.iter().map(Into::into).collect();
        PyTuple::new(py, views)
    }

    #[getter]
    fn calls<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let views: Vec<PyCallView> = self.calls.iter().map(Into::into).collect();
        PyTuple::new(py, views)
    }

    #[getter]
    fn next<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let views: Vec<PyNextLead> = self.next.iter().map(Into::into).collect();
        PyTuple::new(py, views)
    }
}

impl From<&NextLead> for PyNextLead {
    fn from(lead: &NextLead) -> Self {
        Self {
            number: lead.number,
            p: lead.p,
        }
    }
}

impl From<&Snapshot<'_>> for PySnapshot {
    fn from(s: &Snapshot<'_>) -> Self {
        Self {
            agents: s.agents.to_vec(),
            calls: s.calls.to_vec(),
            next: s.next.to_vec(),
            version: s.version,
            now: s.now,
            pending: s.pending,
            hopper: s.hopper,
            lines_free: s.lines_free,
            rate_tokens: s.rate_tokens,
            target: s.target,
            cap: s.cap,
            answered: s.answered,
            abandoned: s.abandoned,
            budget_left: s.budget_left(),
            idle: s.count.idle,
            talking: s.count.talking,
            wrapping: s.count.wrapping,
            in_flight: s.count.in_flight,
            waiting: s.count.waiting,
        }
    }
}

#[pyclass(frozen, get_all, name = "Event", module = "pacing_core")]
#[derive(Default)]
pub(crate) struct PyEvent {
    now: f64,
    kind: &'static str,
    agent: Option<u64>,
    call: Option<u64>,
    state: Option<&'static str>,
    outcome: Option<&'static str>,
    p: Option<f64>,
    leaving: bool,
}

impl PyEvent {
    pub(crate) fn new(now: f64, event: Event) -> Self {
        let blank = Self {
            now,
            ..Self::default()
        };
        let call = |kind, call| Self {
            kind,
            call: Some(call),
            now,
            ..Self::default()
        };
        match event {
            Event::Agent {
                agent,
                state,
                leaving,
            } => Self {
                kind: "agent",
                agent: Some(agent),
                state: Some(state_word(state)),
                leaving,
                ..blank
            },
            Event::AgentGone { agent } => Self {
                kind: "agent_gone",
                agent: Some(agent),
                ..blank
            },
            Event::Dialed { call: id, p, .. } => Self {
                p,
                ..call("dialed", id)
            },
            Event::Answered { call: id } => call("answered", id),
            Event::Connected { call: id, agent } => Self {
                agent: Some(agent),
                ..call("connected", id)
            },
            Event::Abandoned { call: id } => call("abandoned", id),
            Event::Ended { call: id, outcome } => Self {
                outcome: Some(outcome_word(outcome)),
                ..call("ended", id)
            },
        }
    }
}

#[pyclass(frozen, get_all, name = "PolicyDecision", module = "pacing_core")]
#[derive(Clone)]
pub(crate) struct PyPolicyDecision {
    dials: u64,
    give_up: Vec<u64>,
    note: String,
    leads: Vec<u64>,
}

#[pymethods]
impl PyPolicyDecision {
    #[new]
    #[pyo3(signature = (dials, give_up=Vec::new(), note=String::new(), leads=Vec::new()))]
    fn new(
        #[pyo3(from_py_with = whole_named::dials)] dials: u64,
        #[pyo3(from_py_with = give_up)] give_up: Vec<u64>,
        note: String,
        #[pyo3(from_py_with = leads)] leads: Vec<u64>,
    ) -> Self {
        Self {
            dials,
            give_up,
            note,
            leads,
        }
    }

    fn __repr__(&self) -> String {
        format!(
            "PolicyDecision(dials={}, give_up={:?}, note={:?}, leads={:?})",
            self.dials, self.give_up, self.note, self.leads
        )
    }
}

/// A policy written in Python. Its first exception ends the run.
pub(crate) struct Adapter<'a, 'py> {
    policy: &'a Bound<'py, PyAny>,
    name: String,
    version: String,
    stop: &'a AtomicBool,
    pub(crate) failed: Option<PyErr>,
    decisions: u32,
}

impl<'a, 'py> Adapter<'a, 'py> {
    pub(crate) fn new(policy: &'a Bound<'py, PyAny>, stop: &'a AtomicBool) -> PyResult<Self> {
        check(policy)?;
        Ok(Self {
            name: policy.getattr("name")?.extract()?,
            version: policy.getattr("version")?.extract()?,
            policy,
            stop,
            failed: None,
            decisions: 0,
        })
    }

    fn keep<T>(&mut self, result: PyResult<T>) -> Option<T> {
        result
            .map_err(|error| {
                self.stop.store(true, Ordering::Relaxed);
                self.failed.get_or_insert(error);
            })
            .ok()
    }
}

/// Asks a policy written in Python.
pub(crate) fn ask(
    policy: &Bound<'_, PyAny>,
    name: &str,
    snapshot: &Snapshot<'_>,
) -> PyResult<Decision> {
    let answer = policy.call_method1("decide", (PySnapshot::from(snapshot),))?;
    if let Ok(decision) = answer.cast::<PyPolicyDecision>() {
        let decision = decision.get().clone();
        return Ok(Decision {
            dials: decision.dials,
            give_up: decision.give_up,
            leads: decision.leads,
            note: decision.note,
        });
    }
    answer.extract::<u64>().map(Decision::dial).map_err(|_| {
        let shown = answer.repr().map_or_else(|_| String::new(), |r| r.to_string());
        let error = PyTypeError::new_err(format!(
            "decide() of policy {name} returned {shown}; return a whole number of dials, 0 or more, \
             or a PolicyDecision",
        ));
        error.set_cause(policy.py(), None);
        error
    })
}

/// Whether an object has what a policy needs.
pub(crate) fn check(policy: &Bound<'_, PyAny>) -> PyResult<()> {
    for method in ["reset", "on_event", "decide"] {
        if !policy.getattr(method).is_ok_and(|m| m.is_callable()) {
            return Err(PyTypeError::new_err(format!(
                "a policy is a name such as 'ratio(k=2)' or an object with reset, on_event and decide; \
                 this one has no {method}()"
            )));
        }
    }
    Ok(())
}

impl Policy for Adapter<'_, '_> {
    fn name(&self) -> &str {
        &self.name
    }

    fn version(&self) -> &str {
        &self.version
    }

    fn reset(&mut self, scenario: &Scenario, seed: u64) {
        let inner = scenario.clone();
        let result = self
            .policy
            .call_method1("reset", (PyScenario { inner }, seed));
        self.keep(result);
    }

    fn on_event(&mut self, now: f64, event: Event) {
        if self.failed.is_none() {
            let event = PyEvent::new(now, event);
            let result = self.policy.call_method1("on_event", (event,));
            self.keep(result);
        }
    }

    fn decide(&mut self, snapshot: &Snapshot<'_>) -> Decision {
        if self.failed.is_some() {
            return Decision::default();
        }
        self.decisions = self.decisions.wrapping_add(1);
        if self.decisions.is_multiple_of(LOOK_EVERY) {
            let result = self.policy.py().check_signals();
            self.keep(result);
        }
        let result = ask(self.policy, &self.name, snapshot);
        self.keep(result).unwrap_or_default()
    }
}
