//! Windows of the abandon budget: working days end to end under one ledger, what was learned carried over the nights.
//!
//! The judge counts for itself: answered and abandoned are the simulator's counts, whatever the policy believes.
use std::sync::atomic::Ordering;

use rayon::prelude::*;

use super::bench::Progress;
use super::policies::Spec;
use super::policy::float;
use super::scenario::Scenario;
use super::tally::Run;
use super::world::one_day;

/// Seeds of the days of a window lie apart by this.
const STRIDE: u64 = 1 << 20;

/// A working day of a window.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Day {
    pub answered: u64,
    pub abandoned: u64,
    /// Agent seconds.
    pub talk: f64,
    pub busy: f64,
    pub staffed: f64,
}

impl Day {
    fn of(run: &Run) -> Self {
        Self {
            answered: run.total_answered,
            abandoned: run.total_abandoned,
            talk: run.talk_seconds,
            busy: run.busy_seconds(),
            staffed: run.staffed_seconds,
        }
    }

    /// Whether more than this share was abandoned.
    #[must_use]
    pub fn over(&self, cap: f64) -> bool {
        float(self.abandoned) > cap * float(self.answered)
    }
}

/// A window and its days.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    pub seed: u64,
    pub days: Vec<Day>,
}

impl Window {
    /// Its days taken together.
    #[must_use]
    pub fn whole(&self) -> Day {
        self.evenings().pop().unwrap_or_default()
    }

    /// How the window stands at the end of each day.
    #[must_use]
    pub fn evenings(&self) -> Vec<Day> {
        let mut so_far = Day::default();
        let each = self.days.iter().map(|day| {
            so_far.answered += day.answered;
            so_far.abandoned += day.abandoned;
            so_far.talk += day.talk;
            so_far.busy += day.busy;
            so_far.staffed += day.staffed;
            so_far
        });
        each.collect()
    }
}

/// One window of so many days for each seed, in the order of the seeds; nothing if it was stopped. The scenario is a
/// day's; `progress` counts days.
#[must_use]
pub fn windows(
    scenario: &Scenario,
    spec: &Spec,
    seeds: &[u64],
    days: u32,
    progress: &Progress,
) -> Option<Vec<Window>> {
    seeds
        .par_iter()
        .map(|&seed| window(scenario, spec, seed, days, progress))
        .collect()
}

fn window(
    scenario: &Scenario,
    spec: &Spec,
    seed: u64,
    days: u32,
    progress: &Progress,
) -> Option<Window> {
    let mut policy = spec.build();
    let mut window = Window {
        seed,
        days: Vec::with_capacity(days as usize),
    };
    let mut ledger = (0, 0);
    for day in 0..u64::from(days) {
        let of_day = seed.wrapping_add(STRIDE.wrapping_mul(day + 1));
        if day == 0 {
            policy.reset(scenario, of_day);
        } else {
            policy.next_day(scenario, of_day, ledger);
        }
        let run = one_day(scenario, policy.as_mut(), of_day, ledger, &progress.stop)?;
        ledger.0 += run.total_answered;
        ledger.1 += run.total_abandoned;
        window.days.push(Day::of(&run));
        progress.done.fetch_add(1, Ordering::Relaxed);
    }
    Some(window)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(policy: &str, seeds: &[u64], days: u32) -> Vec<Window> {
        let text = "agents = 5\nseconds = 2500.0\nwarmup_seconds = 0.0\ndecide_seconds = 1.0";
        let scenario = Scenario::named("base", text).unwrap();
        let spec = Spec::parse(policy).unwrap();
        windows(&scenario, &spec, seeds, days, &Progress::default()).unwrap()
    }

    #[test]
    fn a_window_is_its_days() {
        let all = some("ratio(k=3)", &[7, 8], 3);
        assert_eq!(all, some("ratio(k=3)", &[7, 8], 3));
        assert_eq!((all[0].seed, all[0].days.len()), (7, 3));
        assert_ne!(all[0].days[0], all[0].days[1]);
        assert_ne!(all[0].days[0], all[1].days[0]);
        let whole = all[0].whole();
        let answered: u64 = all[0].days.iter().map(|day| day.answered).sum();
        assert_eq!(whole.answered, answered);
        assert_eq!(all[0].evenings()[0], all[0].days[0]);
        assert!(whole.over(0.001) && !whole.over(0.9));
        // The first days are the same, however many follow.
        assert_eq!(some("ratio(k=3)", &[7], 2)[0].days[..], all[0].days[..2]);
    }

    #[test]
    fn our_pacer_remembers_over_the_night() {
        let days = &some("ringmaster", &[1], 4)[0].days;
        let occupancy = |day: &Day| day.busy / day.staffed;
        let progressive = &some("progressive", &[1], 4)[0].days;
        // The first day begins with nothing learned and no ledger; the last does not.
        let gain = |at: usize| occupancy(&days[at]) - occupancy(&progressive[at]);
        assert!(gain(3) > gain(0), "{days:?}");
    }

    #[test]
    fn it_ends_early_when_told() {
        let progress = Progress::default();
        progress.stop.store(true, Ordering::Relaxed);
        let scenario = Scenario::named("day", "").unwrap();
        let spec = Spec::parse("ringmaster").unwrap();
        assert!(windows(&scenario, &spec, &[1], 30, &progress).is_none());
    }
}
