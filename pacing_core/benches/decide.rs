//! Cost of one decision by size: `cargo bench -p pacing_core`.
//!
//! Every agent but one in fifty is busy; the calls in flight are spread over a ring time. Bounds to meet
//! (PACING.md): p99 50 us at 300 agents and 1,000 calls, 250 us at 2,000 agents and 8,000 calls.
#![allow(clippy::cast_precision_loss)]
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use pacing_core::{AgentState, Limits, Options, Outcome, Pacer};
use std::hint::black_box;

fn busy_pacer(agents: u64, calls: u64) -> (Pacer, f64) {
    let mut pacer = Pacer::new(Options {
        budget_answered: 10_000,
        budget_abandoned: 250,
        ..Options::default()
    })
    .expect("the default options are valid");
    let share = |i: u64, of: u64| i as f64 / of as f64;
    // Something to have learned: 400 dials, three in ten answered.
    for call in 0..400 {
        let at = call as f64 * 0.5;
        pacer.dialed(at, 1_000_000 + call, None);
        if call % 10 < 3 {
            pacer.answered(at + 6.0 + (call % 14) as f64, 1_000_000 + call);
            pacer.ended(at + 21.0, 1_000_000 + call, Outcome::HangupBeforeAgent);
        } else {
            pacer.ended(at + 25.0, 1_000_000 + call, Outcome::NoAnswer);
        }
    }
    let start = 1000.0;
    for agent in 0..agents {
        let at = start + 200.0 * share(agent, agents);
        let state = if agent % 9 == 0 {
            AgentState::Wrap
        } else {
            AgentState::Talk
        };
        pacer.agent(at, agent, state, false);
    }
    for call in 0..calls {
        pacer.dialed(start + 200.0 + 25.0 * share(call, calls), call, None);
    }
    for agent in 0..agents.div_ceil(50) {
        pacer.agent(start + 225.0, agent, AgentState::Idle, false);
    }
    (pacer, start + 225.0)
}

fn decide(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decide");
    for (agents, calls) in [
        (10, 5),
        (50, 30),
        (50, 90),
        (100, 60),
        (300, 1000),
        (2000, 8000),
    ] {
        let (mut pacer, mut now) = busy_pacer(agents, calls);
        let limits = Limits {
            lines_free: 100_000,
            rate_tokens: 100,
            leads: 100_000,
            pending: 0,
        };
        let name = BenchmarkId::from_parameter(format!("{agents} agents {calls} calls"));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                now += 1e-6;
                black_box(pacer.decide(now, limits))
            });
        });
    }
    group.finish();
}

criterion_group!(benches, decide);
criterion_main!(benches);
