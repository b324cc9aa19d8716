//! Who claims an agent where machines answer too: shares and times, as a policy that knows all knows them.
use crate::lab::dist::Dist;
use crate::lab::scenario::{Scenario, Steps};

/// Points that stand for a distribution in a sum.
const POINTS: u32 = 64;

/// Times are from the dial to the claim, detection's verdict included.
#[derive(Clone)]
pub(super) struct Claims {
    pub person: Dist,
    pub machine: Dist,
    /// Share of dials that a machine answers, the mean over the scenario's steps.
    pub share: f64,
    /// Share of the machines that claim an agent: all without detection.
    pub missed: f64,
    /// Share of the people who claim none because detection hung up on them.
    pub mistaken: f64,
    /// An agent's time with a machine.
    pub seconds: f64,
    people: f64,
}

impl Claims {
    /// None where no machines answer.
    pub fn new(scenario: &Scenario) -> Option<Self> {
        let machines = scenario.machines.as_ref()?;
        let detection = machines.detection.as_ref();
        let after = |ring: &Dist| match detection {
            Some(detection) => sum(ring, &detection.delay),
            None => ring.clone(),
        };
        Some(Self {
            person: after(&scenario.ring),
            machine: after(&machines.ring),
            share: mean(&machines.probability),
            missed: detection.map_or(1.0, |detection| detection.missed),
            mistaken: detection.map_or(0.0, |detection| detection.false_positives),
            seconds: machines.agent_seconds,
            people: mean(&scenario.answer_probability),
        })
    }

    /// Share of machines among those who claim an agent.
    pub fn weight(&self) -> f64 {
        let machines = self.share * self.missed;
        let people = self.people * (1.0 - self.mistaken);
        machines / (machines + people).max(1e-12)
    }

    /// When whoever claims an agent does.
    pub fn either(&self) -> Dist {
        let weight = self.weight();
        let share = |time: f64| {
            weight * self.machine.below(time) + (1.0 - weight) * self.person.below(time)
        };
        let (mut low, mut high) = (f64::MAX, 0.0_f64);
        for dist in [&self.person, &self.machine] {
            low = low.min(dist.quantile(1e-6));
            high = high.max(dist.quantile(1.0 - 1e-6));
        }
        let values = (1..POINTS).map(|i| {
            let wanted = f64::from(i) / f64::from(POINTS);
            let (mut from, mut to) = (low, high);
            for _ in 0..60 {
                let middle = 0.5 * (from + to);
                if share(middle) < wanted {
                    from = middle;
                } else {
                    to = middle;
                }
            }
            to
        });
        Dist::Quantiles {
            values: values.collect(),
        }
    }
}

fn mean(steps: &Steps) -> f64 {
    let values = steps.values();
    #[allow(clippy::cast_precision_loss)]
    let count = values.len().max(1) as f64;
    values.iter().sum::<f64>() / count
}

/// The sum of two independent times.
fn sum(a: &Dist, b: &Dist) -> Dist {
    let points = |dist: &Dist| -> Vec<f64> {
        (0..POINTS)
            .map(|i| dist.quantile((f64::from(i) + 0.5) / f64::from(POINTS)))
            .collect()
    };
    let (left, right) = (points(a), points(b));
    let mut values: Vec<f64> = left
        .iter()
        .flat_map(|x| right.iter().map(move |y| x + y))
        .collect();
    values.sort_by(f64::total_cmp);
    Dist::Quantiles { values }
}
