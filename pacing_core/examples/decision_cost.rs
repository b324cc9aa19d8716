//! What one decision costs in a running campaign, and what a simulated day costs:
//! `cargo run --release -p pacing_core --example decision_cost`, with a number of repeats if not five.
//!
//! The pacer decides five times a second beside the laboratory's events, so between two decisions calls are dialed,
//! answered and ended, as when it dials live. Each decision is timed by itself; the first ten minutes are not. Runs
//! are deterministic, so the same run is timed several times and the least time of each decision is taken: what
//! other work on the machine took from it falls out. A lower answer probability is what puts many calls in flight. Bounds to meet (PACING.md): p99 50 us at 300 agents
//! and 1,000 calls, 250 us at 2,000 agents and 8,000 calls; a day of 100 agents in about a second.
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use pacing_core::PacingError;
use pacing_core::lab::policy::{Decision, Event, Policy, Snapshot};
use pacing_core::lab::{Scenario, Spec, run};

/// Agents, answer probability, timed decisions.
const SIZES: [(u32, f64, usize); 6] = [
    (10, 0.3, 10_000),
    (50, 0.3, 10_000),
    (100, 0.3, 10_000),
    (100, 0.1, 10_000),
    (300, 0.05, 10_000),
    (2000, 0.032, 2_000),
];
/// Every lead with an answer probability of its own, which the policy is told.
const LEADS_DIFFER: &str = "lead_concentration = 4.0\nlead_known = true";
const WARMUP_SECONDS: f64 = 600.0;
const DECIDE_SECONDS: f64 = 0.2;
/// Times that each run is timed, if no other number is given.
const REPEATS: usize = 5;
/// The pacer; the threshold policy that is told the distributions; one that does next to nothing.
const POLICIES: [&str; 3] = ["ringmaster", "oracle(theta=0.028)", "ratio(k=5)"];

/// A policy with a stop-watch.
struct Timed {
    inner: Box<dyn Policy + Send>,
    events: u64,
    in_flight: u64,
    times: Vec<Duration>,
    all: Duration,
}

impl Policy for Timed {
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
        self.events += 1;
        self.inner.on_event(now, event);
    }

    fn decide(&mut self, snapshot: &Snapshot<'_>) -> Decision {
        let begin = Instant::now();
        let decision = self.inner.decide(snapshot);
        let took = begin.elapsed();
        self.all += took;
        if snapshot.now >= WARMUP_SECONDS {
            self.times.push(took);
            self.in_flight += snapshot.count.in_flight;
        }
        decision
    }
}

fn once(policy: &str, scenario: &Scenario) -> Result<(Timed, Duration), PacingError> {
    let mut timed = Timed {
        inner: Spec::parse(policy)?.build(),
        events: 0,
        in_flight: 0,
        times: Vec::new(),
        all: Duration::ZERO,
    };
    let begin = Instant::now();
    run(scenario, &mut timed, 1, &AtomicBool::new(false));
    Ok((timed, begin.elapsed()))
}

/// The least of several runs, the whole and each decision; and the decisions of all runs as they came.
fn timed(
    policy: &str,
    scenario: &Scenario,
    repeats: usize,
) -> Result<(Timed, Duration, Vec<Duration>), PacingError> {
    let (mut best, mut least) = once(policy, scenario)?;
    let mut all = best.times.clone();
    for _ in 1..repeats {
        let (again, took) = once(policy, scenario)?;
        least = least.min(took);
        best.all = best.all.min(again.all);
        all.extend_from_slice(&again.times);
        for (time, other) in best.times.iter_mut().zip(again.times) {
            *time = other.min(*time);
        }
    }
    best.times.sort_unstable();
    all.sort_unstable();
    Ok((best, least, all))
}

/// The time that `share` of the sorted times do not exceed, microseconds.
fn quantile(sorted: &[Duration], share: f64) -> f64 {
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss
    )]
    let at = (share * sorted.len() as f64) as usize;
    sorted
        .get(at.min(sorted.len().saturating_sub(1)))
        .map_or(0.0, |time| time.as_secs_f64() * 1e6)
}

fn sized(agents: u32, p: f64, decisions: usize, more: &str) -> Result<Scenario, PacingError> {
    #[allow(clippy::cast_precision_loss)]
    let seconds = WARMUP_SECONDS + decisions as f64 * DECIDE_SECONDS;
    Scenario::named(
        "base",
        &format!(
            "agents = {agents}\nanswer_probability = {p:?}\nseconds = {seconds:?}\n\
             warmup_seconds = 0.0\ndecide_seconds = {DECIDE_SECONDS:?}\n{more}"
        ),
    )
}

fn row(policy: &str, note: &str, scenario: &Scenario, repeats: usize) -> Result<(), PacingError> {
    let (run, _, all) = timed(policy, scenario, repeats)?;
    println!(
        "| {} | {} | {policy}{note} | {:.1} | {:.1} | {:.1} | {:.1} |",
        scenario.agents,
        run.in_flight / (run.times.len() as u64).max(1),
        quantile(&run.times, 0.5),
        quantile(&run.times, 0.99),
        quantile(&run.times, 0.999),
        quantile(&all, 0.99),
    );
    Ok(())
}

fn by_size(repeats: usize) -> Result<(), PacingError> {
    println!("| agents | in flight | policy | p50 us | p99 us | p99.9 us | p99 as it came |");
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    for (agents, p, decisions) in SIZES {
        let scenario = sized(agents, p, decisions, "")?;
        for policy in POLICIES {
            row(policy, "", &scenario, repeats)?;
        }
        let scenario = sized(agents, p, decisions, LEADS_DIFFER)?;
        row(POLICIES[0], ", leads differ", &scenario, repeats)?;
    }
    Ok(())
}

fn day(repeats: usize) -> Result<(), PacingError> {
    println!("\n| day of 8 h, 100 agents | seconds | of them decisions | events told |");
    println!("| --- | --- | --- | --- |");
    let scenario = Scenario::named(
        "base",
        "agents = 100\nseconds = 28800.0\nwarmup_seconds = 0.0",
    )?;
    for policy in POLICIES {
        let (timed, took, _) = timed(policy, &scenario, repeats)?;
        println!(
            "| {policy} | {:.2} | {:.2} | {} |",
            took.as_secs_f64(),
            timed.all.as_secs_f64(),
            timed.events,
        );
    }
    Ok(())
}

fn main() -> ExitCode {
    let asked = std::env::args().nth(1);
    let repeats = asked.and_then(|text| text.parse().ok()).unwrap_or(REPEATS);
    match by_size(repeats).and_then(|()| day(repeats)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
