//! Shocks: what the pacer does when the world changes between one call and the next.
use super::bench::{Progress, replicate};
use super::policies::Spec;
use super::policy::float;
use super::scenario::Scenario;
use super::tally::Run;

/// Abandon rate and occupancy of quarters of an hour, all runs together.
fn quarters(runs: &[Run], which: &std::ops::Range<usize>) -> (f64, f64) {
    let (mut answered, mut abandoned, mut busy, mut staffed) = (0, 0, 0.0, 0.0);
    for run in runs {
        for piece in &run.quarters()[which.clone()] {
            answered += piece.answered;
            abandoned += piece.abandoned;
            busy += piece.busy;
            staffed += piece.staffed;
        }
    }
    (float(abandoned) / float(answered), busy / staffed)
}

fn runs(name: &str, overrides: &str) -> Vec<Run> {
    let scenario = Scenario::named(name, overrides).unwrap();
    let spec = Spec::parse("ringmaster").unwrap();
    let seeds: Vec<u64> = (1..=6).collect();
    replicate(&scenario, &spec, &seeds, &Progress::default()).unwrap()
}

#[test]
fn a_jump_of_the_answer_rate_costs_less_than_twice_the_cap_and_little_time() {
    // Up after two hours (quarter 8), down after four (quarter 16).
    let runs = runs(
        "shock-answers",
        "agents = 50\nseconds = 18000.0\ndecide_seconds = 0.5",
    );
    let (up, _) = quarters(&runs, &(8..9));
    let (down, occupied) = quarters(&runs, &(16..17));
    let (_, before) = quarters(&runs, &(4..8));
    assert!(up < 0.06, "{up}");
    assert!(down < 0.06, "{down}");
    assert!(occupied > 0.95 * before, "{occupied} {before}");
    for run in &runs {
        assert!(float(run.total_abandoned) <= 0.03 * float(run.total_answered));
    }
}

#[test]
fn an_outage_of_the_carrier_leaves_the_estimate_alone() {
    let runs = runs(
        "shock-carrier",
        "agents = 50\nseconds = 10800.0\ndecide_seconds = 0.5",
    );
    let (rate, _) = quarters(&runs, &(8..9));
    let (after, occupied) = quarters(&runs, &(9..10));
    let (_, before) = quarters(&runs, &(4..8));
    assert!(rate < 0.06 && after < 0.06, "{rate} {after}");
    assert!(occupied > 0.97 * before, "{occupied} {before}");
}
