//! Leads about which something is known, and how well a model learns from that.
use serde::{Deserialize, Serialize};

use super::fate::Fate;
use super::scenario::{Scenario, within};
use crate::error::PacingError;
use crate::leads::{Feature, Lead, LeadModel};

/// Dials between one and what became of it, for the model.
const DELAY: usize = 50;

/// A feature and what its levels tell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeadFeature {
    pub feature: Feature,
    /// Share of the leads and what is added to the log-odds of an answer, of each level; levels are numbered from 1.
    pub levels: Vec<(f64, f64)>,
}

impl LeadFeature {
    pub(super) fn check(&self) -> Result<(), PacingError> {
        let name = "lead_features.levels";
        for &(share, effect) in &self.levels {
            within(name, share, 0.0, 1.0, "shares from 0 to 1")?;
            within(name, effect, -10.0, 10.0, "effects from -10 to 10")?;
        }
        let whole: f64 = self.levels.iter().map(|level| level.0).sum();
        within(name, whole, 1.0 - 1e-9, 1.0 + 1e-9, "shares that make 1")?;
        Lead::default().with_number(self.feature, self.levels.len() as u64)?;
        Ok(())
    }

    /// The level of a lead, and its effect.
    pub(super) fn draw(&self, luck: f64) -> (u64, f64) {
        let mut below = 0.0;
        for (number, &(share, effect)) in (1..).zip(&self.levels) {
            below += share;
            if luck < below || number == self.levels.len() as u64 {
                return (number, effect);
            }
        }
        (1, 0.0)
    }
}

/// What a model foretold of each dial, and what came.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Foretold {
    /// Probability by the model at the dial.
    pub predicted: Vec<f64>,
    pub answered: Vec<bool>,
    /// The lead's true probability.
    pub truth: Vec<f64>,
}

/// The first `dials` people of a scenario, one after the other, before a model that learns what became of each 50 dials
/// later.
#[must_use]
pub fn foretell(scenario: &Scenario, seed: u64, dials: usize) -> Foretold {
    let mut model = LeadModel::new();
    let mut told = Foretold::default();
    let mut leads: Vec<Lead> = Vec::new();
    let p = scenario.answer_probability.at(0.0);
    for dial in 0..dials {
        let fate = Fate::of_dial(scenario, seed, dial as u64 + 1);
        let (lead, truth) = (fate.lead.unwrap_or_default(), fate.probability(p));
        told.predicted.push(model.probability(lead));
        told.answered.push(fate.luck < truth);
        told.truth.push(truth);
        leads.push(lead);
        if let Some(over) = dial.checked_sub(DELAY) {
            model.learn(leads[over], told.answered[over]);
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibration::calibration;

    #[test]
    fn what_is_learned_is_calibrated_and_tells_leads_apart() {
        let scenario = Scenario::named("mixed-features", "").unwrap();
        for seed in 1..=5 {
            let told = foretell(&scenario, seed, 20_000);
            // From the first call on, nothing told in advance; and once 5,000 are learned.
            for from in [0, 5000] {
                let (predicted, answered) = (&told.predicted[from..], &told.answered[from..]);
                let learned = calibration(predicted, answered, 10).unwrap();
                let known = calibration(&told.truth[from..], answered, 10).unwrap();
                assert!(learned.reliability < 0.0005, "{seed} {learned:?}");
                assert!(learned.resolution > 0.9 * known.resolution, "{seed}");
                assert!(learned.brier < known.brier + 0.003, "{seed}");
                assert!(known.brier < learned.uncertainty - 0.03, "{seed}");
            }
        }
    }

    #[test]
    fn a_scenario_says_what_is_known_about_leads() {
        let scenario = Scenario::named("mixed-features", "").unwrap();
        let told = foretell(&scenario, 1, 20_000);
        let mean = told.truth.iter().sum::<f64>() / 20_000.0;
        assert!((mean - 0.3).abs() < 0.01, "{mean}");
        for bad in [
            "lead_features = [{ feature = 'weekday', levels = [[0.5, 0.0]] }]",
            "lead_features = [{ feature = 'weather', levels = [[1.0, 0.0]] }]",
            "lead_features = [{ feature = 'area', levels = [[1.0, 99.0]] }]",
            "lead_features = [{ feature = 'attempt', levels = [] }]",
        ] {
            assert!(Scenario::named("base", bad).is_err(), "{bad}");
        }
    }
}
