//! The fitted campaign, simulated at several targets.
use std::sync::atomic::Ordering;

use rayon::prelude::*;

use super::fit::Model;
use crate::error::PacingError;
use crate::lab::policy::{Decision, Event, Policy, Snapshot};
use crate::lab::{Progress, Run, Scenario, mean_and_half_width, run};
use crate::log::Input;
use crate::{Limits, Options, Pacer};

/// Batches at each target, after a first one that is not counted.
const BATCHES: u32 = 6;
/// What is not measured of each, seconds: all agents begin idle.
const WARM_UP: f64 = 420.0;
/// Work for all batches together: simulated seconds x (agents + what a run costs without any, in agents).
const WORK: f64 = 7.0e6;
const BARE: f64 = 60.0;
/// Shortest and longest measured part of a batch, seconds.
const MEASURED: (f64, f64) = (600.0, 28_800.0);

/// What a target would bring, each with half the width of its 95 % interval.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    pub target: f64,
    pub talk_minutes_per_agent_hour: (f64, f64),
    pub abandon_rate: (f64, f64),
    pub occupancy: (f64, f64),
    pub dials_per_contact: (f64, f64),
    /// Answers of people behind it.
    pub answered: u64,
}

/// The pacer, warm: it has learned what the log tells and the batches before, and begins with a surplus of abandons.
struct Warm<'a> {
    model: &'a Model,
    learned: Vec<u8>,
    surplus: f64,
    /// The ledger when the warm-up was over.
    warmed: Option<(u64, u64)>,
    pacer: Option<Pacer>,
}

impl Policy for Warm<'_> {
    fn name(&self) -> &'static str {
        "ringmaster"
    }

    fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }

    fn reset(&mut self, scenario: &Scenario, _seed: u64) {
        self.warmed = None;
        let (answered, abandoned) = ledger(self.model.ledger.0, self.surplus, scenario.target);
        let options = Options {
            target: scenario.target,
            cap: Some(scenario.cap),
            grace_seconds: scenario.grace_seconds,
            give_up_after: scenario.give_up_after,
            budget_answered: answered,
            budget_abandoned: abandoned,
            ..Options::default()
        };
        self.pacer = Pacer::new(options).ok().map(|mut pacer| {
            // A log of another build tells nothing that was learned: the pacer begins cold then.
            let _ = pacer.restore(&self.learned);
            pacer
        });
    }

    fn on_event(&mut self, now: f64, event: Event) {
        if let Some(pacer) = &mut self.pacer {
            Input::from(event).tell(pacer, now);
        }
    }

    fn decide(&mut self, snapshot: &Snapshot<'_>) -> Decision {
        let limits = Limits {
            lines_free: snapshot.lines_free,
            rate_tokens: snapshot.rate_tokens,
            leads: snapshot.hopper,
            pending: snapshot.pending,
        };
        let warm = snapshot.now >= WARM_UP;
        self.pacer.as_mut().map_or_else(Decision::default, |pacer| {
            if warm {
                self.warmed.get_or_insert(pacer.ledger());
            }
            let decision = pacer.decide(snapshot.now, limits);
            Decision {
                dials: decision.dials,
                give_up: decision.give_up,
                leads: Vec::new(),
                note: String::new(),
            }
        })
    }
}

/// A ledger of so many answers (more, if it takes more) with this surplus at a target.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss
)]
fn ledger(answered: u64, surplus: f64, target: f64) -> (u64, u64) {
    let answered = answered.max((surplus / target).clamp(0.0, 1e9) as u64);
    let abandoned = (target * answered as f64 - surplus).max(0.0).round() as u64;
    (answered, abandoned.min(answered))
}

#[allow(clippy::cast_precision_loss)]
fn surplus((answered, abandoned): (u64, u64), target: f64) -> f64 {
    target * answered as f64 - abandoned as f64
}

impl Model {
    /// The scenario of one batch at a target, `targets` of them sharing the work.
    fn at(&self, target: f64, targets: usize, effort: f64) -> Scenario {
        #[allow(clippy::cast_precision_loss)]
        let batches = f64::from(BATCHES + 1) * targets.max(1) as f64;
        let each = effort * WORK / (f64::from(self.scenario.agents) + BARE) / batches;
        let longest = MEASURED.1 * effort.max(1.0);
        let measured = (each - WARM_UP).clamp(MEASURED.0, longest);
        Scenario {
            target,
            cap: target,
            warmup_seconds: WARM_UP,
            seconds: WARM_UP + measured,
            ..self.scenario.clone()
        }
    }

    /// The batches at a target. Each begins with the learning and the surplus that the one before ended with, less what
    /// its warm-up will save: idle agents abandon nobody, and that would be spent in the part that is measured. The
    /// first, which is not among them, finds where the pacer settles, since until then its rate is not the lasting one.
    fn batches(&self, scenario: &Scenario, progress: &Progress) -> Option<Vec<Run>> {
        let own = self.cap.map_or(self.target, |cap| cap.min(self.target));
        let now = surplus(self.ledger, own).max(0.0);
        let mut policy = Warm {
            model: self,
            learned: self.learned.clone(),
            surplus: now * (scenario.target / own).sqrt(),
            warmed: None,
            pacer: None,
        };
        let mut runs = Vec::new();
        for seed in 0..=u64::from(BATCHES) {
            runs.push(run(scenario, &mut policy, seed, &progress.stop)?);
            progress.done.fetch_add(1, Ordering::Relaxed);
            if let Some(pacer) = &policy.pacer {
                let end = surplus(pacer.ledger(), scenario.target);
                let saved = policy.warmed.map_or(0.0, |warmed| {
                    surplus(warmed, scenario.target) - policy.surplus
                });
                policy.surplus = end - saved;
                policy.learned = pacer.snapshot();
            }
        }
        runs.remove(0);
        Some(runs)
    }
}

/// What each target would bring. The same people answer at every target; nothing if it was stopped. `effort`: how
/// much longer than usual to simulate; four times as long, intervals half as wide.
///
/// # Errors
/// [`PacingError::Domain`] for a target that is no share above 0 and below 1, or an effort outside 0.01 to 10,000.
pub fn curve(
    model: &Model,
    targets: &[f64],
    effort: f64,
    progress: &Progress,
) -> Result<Option<Vec<Point>>, PacingError> {
    if !(0.01..=10_000.0).contains(&effort) {
        return Err(PacingError::Domain {
            name: "effort",
            value: effort,
            allowed: "0.01 to 10,000",
        });
    }
    let scenarios: Vec<Scenario> = targets
        .iter()
        .map(|&target| model.at(target, targets.len(), effort))
        .collect();
    for scenario in &scenarios {
        scenario.check()?;
    }
    Ok(scenarios
        .par_iter()
        .map(|scenario| Some(point(scenario.target, &model.batches(scenario, progress)?)))
        .collect())
}

fn point(target: f64, runs: &[Run]) -> Point {
    let of =
        |value: fn(&Run) -> f64| mean_and_half_width(&runs.iter().map(value).collect::<Vec<f64>>());
    Point {
        target,
        talk_minutes_per_agent_hour: of(Run::talk_minutes_per_agent_hour),
        abandon_rate: of(Run::abandon_rate),
        occupancy: of(Run::occupancy),
        dials_per_contact: of(Run::dials_per_contact),
        answered: runs.iter().map(|run| run.answered).sum(),
    }
}
