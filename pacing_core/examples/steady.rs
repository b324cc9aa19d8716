//! Policies side by side over the same people: the steady state, the cold start, and how a window ends.
//!
//! ```console
//! cargo run --release -p pacing_core --no-default-features --features lab --example steady -- \
//!     base 'agents = 10; seconds = 84000.0' 1-4 progressive 'oracle(theta=0.0235)' ringmaster
//! ```
//!
//! Per policy: occupancy after the warm-up with its standard error over the seeds, abandon rate, answers; occupancy and
//! abandons up to the 500th answer (mean over the seeds, and how many seeds were over the cap there); in how many
//! seeds the whole run's ledger ends over the cap, and its mean rate.
#![allow(clippy::cast_precision_loss)]
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use pacing_core::AgentState;
use pacing_core::lab::policy::{Decision, Event, Policy, Snapshot};
use pacing_core::lab::{Run, Scenario, Spec, run};

/// Answers that count as the cold start.
const COLD: u64 = 500;

/// What has happened up to the last answer of the cold start.
#[derive(Default, Clone)]
struct Cold {
    agents: u64,
    busy: i64,
    busy_seconds: f64,
    last: f64,
    answered: u64,
    abandoned: u64,
    states: Vec<bool>,
    end: Option<(f64, u64)>,
}

impl Cold {
    fn hear(&mut self, now: f64, event: Event) {
        if self.answered <= COLD && self.end.is_none() {
            self.busy_seconds += self.busy as f64 * (now - self.last);
            self.last = now;
        }
        match event {
            Event::Agent { agent, state, .. } => self.set(agent, state),
            Event::Connected { agent, .. } => self.set(agent, AgentState::Talk),
            Event::AgentGone { agent } => self.set(agent, AgentState::Away),
            Event::Answered { .. } => self.answered += 1,
            Event::Abandoned { .. } => self.abandoned += 1,
            Event::Dialed { .. } | Event::Ended { .. } => {}
        }
        if self.answered == COLD && self.end.is_none() {
            let occupancy = self.busy_seconds / (now * self.agents as f64).max(1e-9);
            self.end = Some((occupancy, self.abandoned));
        }
    }

    fn set(&mut self, agent: u64, state: AgentState) {
        let at = usize::try_from(agent).unwrap();
        self.states.resize(self.states.len().max(at + 1), false);
        self.agents = self.agents.max(agent + 1);
        let busy = matches!(state, AgentState::Talk | AgentState::Wrap);
        self.busy += i64::from(busy) - i64::from(std::mem::replace(&mut self.states[at], busy));
    }
}

/// Passes everything on and watches the beginning.
struct Watch {
    inner: Box<dyn Policy + Send>,
    cold: Arc<Mutex<Cold>>,
}

impl Policy for Watch {
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
        self.cold.lock().unwrap().hear(now, event);
        self.inner.on_event(now, event);
    }

    fn decide(&mut self, snapshot: &Snapshot<'_>) -> Decision {
        self.inner.decide(snapshot)
    }
}

fn watched(scenario: &Scenario, spec: &Spec, seed: u64) -> (Run, Cold) {
    let cold = Arc::new(Mutex::new(Cold::default()));
    let mut policy = Watch {
        inner: spec.build(),
        cold: Arc::clone(&cold),
    };
    let result = run(scenario, &mut policy, seed, &AtomicBool::new(false)).unwrap();
    drop(policy);
    (result, Arc::into_inner(cold).unwrap().into_inner().unwrap())
}

fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    (mean, (squares / (n - 1.0).max(1.0) / n).sqrt())
}

fn report(scenario: &Scenario, spec: &Spec, seeds: std::ops::RangeInclusive<u64>) -> String {
    let started = std::time::Instant::now();
    let runs: Vec<(Run, Cold)> = seeds.map(|seed| watched(scenario, spec, seed)).collect();
    let cap = scenario.cap;
    let sum = |of: fn(&Run) -> u64| runs.iter().map(|(run, _)| of(run)).sum::<u64>() as f64;
    let occupancy: Vec<f64> = runs.iter().map(|(run, _)| run.occupancy()).collect();
    let (mean, error) = mean_and_error(&occupancy);
    let cold: Vec<(f64, u64)> = runs.iter().filter_map(|(_, cold)| cold.end).collect();
    let first = cold.iter().map(|c| c.0).sum::<f64>() / cold.len().max(1) as f64;
    let early = cold.iter().map(|c| c.1).sum::<u64>() as f64 / cold.len().max(1) as f64;
    let early_over = cold
        .iter()
        .filter(|c| c.1 as f64 > cap * COLD as f64)
        .count();
    let over = runs
        .iter()
        .filter(|(r, _)| r.total_abandoned as f64 > cap * r.total_answered as f64)
        .count();
    format!(
        "{} n={} {spec:<32} U {mean:.4} ±{error:.4} a {:.5} of {} | first {COLD}: U {first:.3} a {:.4} over {early_over}/{} | \
         window: over {over}/{} a {:.5} | {:.2} us/decision",
        scenario.name,
        scenario.agents,
        sum(|r| r.abandoned) / sum(|r| r.answered),
        sum(|r| r.answered),
        early / COLD as f64,
        cold.len(),
        runs.len(),
        sum(|r| r.total_abandoned) / sum(|r| r.total_answered),
        started.elapsed().as_secs_f64() * 1e6 / sum(|r| r.decisions),
    )
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, text, seeds, policies @ ..] = arguments.as_slice() else {
        eprintln!("steady SCENARIO 'key = value; ...' FIRST-LAST POLICY...");
        std::process::exit(2);
    };
    let scenario = Scenario::named(name, &text.replace(';', "\n")).unwrap();
    let (first, last) = seeds.split_once('-').unwrap();
    let seeds = first.parse().unwrap()..=last.parse().unwrap();
    for policy in policies {
        let spec = Spec::parse(policy).unwrap();
        println!("{}", report(&scenario, &spec, seeds.clone()));
    }
}
