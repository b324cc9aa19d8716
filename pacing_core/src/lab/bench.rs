//! Many runs on all cores, and the search for a policy's best parameter.
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rayon::prelude::*;

use super::policies::Spec;
use super::policy::float;
use super::scenario::Scenario;
use super::tally::Run;
use super::world::run;

/// Halvings of the range of a parameter.
const HALVINGS: u32 = 9;

/// How far a long piece of work is, and the way to end it early.
#[derive(Debug, Default)]
pub struct Progress {
    pub stop: AtomicBool,
    /// Runs done.
    pub done: AtomicU64,
}

/// One run for each seed, in the order of the seeds; nothing if it was stopped.
#[must_use]
pub fn replicate(
    scenario: &Scenario,
    spec: &Spec,
    seeds: &[u64],
    progress: &Progress,
) -> Option<Vec<Run>> {
    seeds
        .par_iter()
        .map(|&seed| {
            let done = run(scenario, spec.build().as_mut(), seed, &progress.stop);
            progress.done.fetch_add(1, Ordering::Relaxed);
            done
        })
        .collect()
}

/// Occupancy and abandon rate of several runs taken together.
#[must_use]
pub fn pooled(runs: &[Run]) -> (f64, f64) {
    let sum = |of: fn(&Run) -> f64| runs.iter().map(of).sum::<f64>();
    let busy = sum(|run| run.talk_seconds + run.wrap_seconds);
    let occupancy = busy / sum(|run| run.staffed_seconds).max(1e-9);
    let abandoned = sum(|run| float(run.abandoned)) / sum(|run| float(run.answered)).max(1.0);
    (occupancy, abandoned)
}

/// The policy with the value of its parameter that gives the highest occupancy at an abandon rate at or under the
/// cap, over these seeds: by halving, as more of the parameter dials more. If no value keeps the cap, the most
/// careful one. A policy with nothing to tune comes back as it is; nothing if it was stopped.
#[must_use]
pub fn tune(scenario: &Scenario, spec: &Spec, seeds: &[u64], progress: &Progress) -> Option<Spec> {
    let Some(tuned) = spec.tuned() else {
        return Some(spec.clone());
    };
    let value = |share: f64| {
        if tuned.logarithmic {
            return tuned.from * (tuned.to / tuned.from).powf(share);
        }
        tuned.from + (tuned.to - tuned.from) * share
    };
    // Written with four digits, so that the text of the policy is the policy.
    let at = |share: f64| spec.with(tuned.parameter, round4(value(share)));
    let mut best: Option<(f64, Spec)> = None;
    let mut keeps = |share: f64| {
        let (occupancy, rate) = pooled(&replicate(scenario, &at(share), seeds, progress)?);
        let kept = rate <= scenario.cap;
        if kept && best.as_ref().is_none_or(|(most, _)| occupancy > *most) {
            best = Some((occupancy, at(share)));
        }
        Some(kept)
    };
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        if keeps(middle)? {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(best.map_or_else(|| at(0.0), |(_, spec)| spec))
}

/// Four significant digits.
fn round4(value: f64) -> f64 {
    format!("{value:.3e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scenario(text: &str) -> Scenario {
        Scenario::named("base", text).unwrap()
    }

    #[test]
    fn the_same_seeds_give_the_same_runs_in_order() {
        let scenario = scenario("agents = 5\nseconds = 4000.0\nwarmup_seconds = 0.0");
        let spec = Spec::parse("ringmaster").unwrap();
        let seeds = [4, 2, 9];
        let runs = replicate(&scenario, &spec, &seeds, &Progress::default()).unwrap();
        assert_eq!(runs.iter().map(|r| r.seed).collect::<Vec<_>>(), seeds);
        let again = replicate(&scenario, &spec, &seeds, &Progress::default()).unwrap();
        assert_eq!(runs, again);
        assert_ne!(runs[0], runs[1]);
    }

    #[test]
    fn work_ends_early_when_told() {
        let progress = Progress::default();
        progress.stop.store(true, Ordering::Relaxed);
        let spec = Spec::parse("ratio").unwrap();
        assert!(replicate(&scenario(""), &spec, &[1], &progress).is_none());
        assert!(tune(&scenario(""), &spec, &[1], &progress).is_none());
    }

    #[test]
    fn tuning_finds_the_ratio_of_the_table() {
        // PACING.md: N = 10, best k 2.3, occupancy .807.
        let scenario = scenario("agents = 10\nseconds = 80000.0\ndecide_seconds = 0.5");
        let spec = Spec::parse("ratio").unwrap();
        let progress = Progress::default();
        let best = tune(&scenario, &spec, &[101, 102], &progress).unwrap();
        let runs = replicate(&scenario, &best, &[1, 2], &progress).unwrap();
        let (occupancy, rate) = pooled(&runs);
        assert!((occupancy - 0.807).abs() < 0.02, "{best} {occupancy}");
        assert!((0.02..0.034).contains(&rate), "{best} {rate}");
        assert!(progress.done.load(Ordering::Relaxed) >= 18);
    }
}
