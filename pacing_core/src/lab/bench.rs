//! Many runs on all cores, and the search for a policy's best parameter.
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rayon::prelude::*;

use super::policies::{Spec, Tuned};
use super::policy::float;
use super::scenario::Scenario;
use super::tally::Run;
use super::world::run;

/// Halvings of the range of a parameter: on a quarter of the seeds, then of three times what is left on all.
const COARSE: u32 = 5;
const FINE: u32 = 6;

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
    let busy = sum(Run::busy_seconds);
    let occupancy = busy / sum(|run| run.staffed_seconds).max(1e-9);
    let abandoned = sum(|run| float(run.abandoned)) / sum(|run| float(run.answered)).max(1.0);
    (occupancy, abandoned)
}

/// The policy with the parameters that give the highest occupancy at an abandon rate at or under the cap, over
/// these seeds: of the ways to tune it the one that does best on a quarter of them, by halving, as more of the
/// parameter dials more. If no value keeps the cap, the most careful one. A policy with nothing to tune comes back
/// as it is; nothing if it was stopped.
#[must_use]
pub fn tune(scenario: &Scenario, spec: &Spec, seeds: &[u64], progress: &Progress) -> Option<Spec> {
    let few = &seeds[..seeds.len().div_ceil(4)];
    let mut best: Option<Search> = None;
    for &way in spec.tuned() {
        let mut search = Search::new(spec, way);
        search.halve(COARSE, scenario, few, progress)?;
        if best.as_ref().is_none_or(|best| search.beats(best)) {
            best = Some(search);
        }
    }
    let Some(mut search) = best else {
        return Some(spec.clone());
    };
    search.widen();
    search.halve(FINE, scenario, seeds, progress)?;
    Some(search.found())
}

/// One way of tuning under way: where in its range the cap is met, and the best that keeps it.
struct Search<'a> {
    spec: &'a Spec,
    way: Tuned,
    low: f64,
    high: f64,
    kept: Option<(f64, Spec)>,
    /// The lowest rate seen.
    rate: f64,
}

impl<'a> Search<'a> {
    fn new(spec: &'a Spec, way: Tuned) -> Self {
        Self {
            spec,
            way,
            low: 0.0,
            high: 1.0,
            kept: None,
            rate: f64::INFINITY,
        }
    }

    /// The policy at a share of the range.
    fn at(&self, share: f64) -> Spec {
        let Tuned { from, to, .. } = self.way;
        let value = if self.way.logarithmic {
            from * (to / from).powf(share)
        } else {
            from + (to - from) * share
        };
        let fixed = self.way.fixed.iter();
        fixed
            .fold(self.spec.clone(), |spec, &(at, value)| spec.with(at, value))
            // Written with four digits, so that the text of the policy is the policy.
            .with(self.way.parameter, round4(value))
    }

    fn halve(
        &mut self,
        times: u32,
        scenario: &Scenario,
        seeds: &[u64],
        progress: &Progress,
    ) -> Option<()> {
        for _ in 0..times {
            let middle = 0.5 * (self.low + self.high);
            let spec = self.at(middle);
            let (occupancy, rate) = pooled(&replicate(scenario, &spec, seeds, progress)?);
            self.rate = self.rate.min(rate);
            if rate > scenario.cap {
                self.high = middle;
                continue;
            }
            self.low = middle;
            if self.kept.as_ref().is_none_or(|(most, _)| occupancy > *most) {
                self.kept = Some((occupancy, spec));
            }
        }
        Some(())
    }

    /// To be looked at on more seeds: what was found on few is only about right.
    fn widen(&mut self) {
        let width = self.high - self.low;
        (self.low, self.high) = ((self.low - width).max(0.0), (self.high + width).min(1.0));
        self.kept = None;
    }

    fn beats(&self, other: &Self) -> bool {
        match (&self.kept, &other.kept) {
            (Some(mine), Some(theirs)) => mine.0 > theirs.0,
            (None, None) => self.rate < other.rate,
            (mine, _) => mine.is_some(),
        }
    }

    fn found(self) -> Spec {
        let careful = self.at(0.0);
        self.kept.map_or(careful, |(_, spec)| spec)
    }
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
        assert_eq!(progress.done.load(Ordering::Relaxed), 5 + 2 * 6);
        let runs = replicate(&scenario, &best, &[1, 2], &progress).unwrap();
        let (occupancy, rate) = pooled(&runs);
        assert!((occupancy - 0.807).abs() < 0.02, "{best} {occupancy}");
        assert!((0.02..0.034).contains(&rate), "{best} {rate}");
    }
    #[test]
    fn webitel_keeps_the_cap_at_ten_agents_by_more_than_one_parameter() {
        let scenario = scenario("agents = 10\nseconds = 60000.0\ndecide_seconds = 0.5");
        let spec = Spec::parse("webitel").unwrap();
        let progress = Progress::default();
        let best = tune(&scenario, &spec, &[101, 102], &progress).unwrap();
        assert!(best.to_string().contains("target=0"), "{best}");
        let (_, rate) = pooled(&replicate(&scenario, &best, &[101, 102], &progress).unwrap());
        assert!((0.02..=0.03).contains(&rate), "{best} {rate}");
    }
}
