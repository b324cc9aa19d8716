//! How likely each lead is to answer, learned from what is known about leads and what became of their calls.
//!
//! Logistic regression with an intercept, which is the campaign's rate, and one effect on the log-odds for each level
//! of each feature. Every effect has a normal prior around nothing, so a level hardly seen stays at the campaign's
//! rate; what is not known of a lead adds nothing. Mean and variance of each coefficient are brought up to date call
//! by call (an extended Kalman filter with a diagonal covariance; compare Graepel et al. 2010), so several features
//! share what one call tells. The probability is averaged over what is still uncertain (`MacKay` 1992), which keeps it
//! calibrated while little is known. Effects fade back to the prior over some `EFFECT_MEMORY` calls (an
//! Ornstein-Uhlenbeck process), the intercept follows the campaign within about a thousand.
//!
//! The number of levels is fixed: words are hashed onto them, and two that fall together share an effect. So no data,
//! however hostile, makes the model grow.
use crate::error::PacingError;
use crate::snapshot::{pack, unpack};

/// What may be known about a lead before it is dialed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "lab", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "lab", serde(rename_all = "snake_case"))]
pub enum Feature {
    /// Hour of the day where the lead is, 0 to 23.
    Hour,
    /// Day of the week, 0 to 6.
    Weekday,
    /// Number of the attempt from 1; 12 stands for all later ones too.
    Attempt,
    /// What became of the call before.
    LastOutcome,
    /// Mobile, fixed line, ...
    NumberType,
    Area,
    List,
}

impl Feature {
    pub const ALL: [Self; FEATURES] = [
        Self::Hour,
        Self::Weekday,
        Self::Attempt,
        Self::LastOutcome,
        Self::NumberType,
        Self::Area,
        Self::List,
    ];

    /// Its name in scenarios and in Python.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Weekday => "weekday",
            Self::Attempt => "attempt",
            Self::LastOutcome => "last_outcome",
            Self::NumberType => "number_type",
            Self::Area => "area",
            Self::List => "list",
        }
    }

    const fn levels(self) -> usize {
        match self {
            Self::Hour => 24,
            Self::Weekday => 7,
            Self::Attempt => 12,
            Self::LastOutcome => 16,
            Self::NumberType => 8,
            Self::Area | Self::List => 64,
        }
    }

    const fn place(self) -> usize {
        self as usize
    }
}

const FEATURES: usize = 7;
/// Coefficients: the intercept and every level.
const SIZE: usize = 1 + 24 + 7 + 12 + 16 + 8 + 64 + 64;
/// Where a feature's levels begin, less one.
const START: [usize; FEATURES] = [0, 24, 31, 43, 59, 67, 131];

/// Prior: three in ten answer, give or take; an effect multiplies the odds by up to 1.6 or so.
const PRIOR_RATE: f64 = 0.3;
const PRIOR_VARIANCE: f64 = 1.0;
const EFFECT_VARIANCE: f64 = 0.25;
/// Calls over which an effect fades.
const EFFECT_MEMORY: f64 = 50_000.0;
/// What each call adds to the variance of the intercept.
const DRIFT: f64 = 5e-6;

/// What is known about one lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lead {
    /// Level of each feature from 1; 0: not known.
    levels: [u8; FEATURES],
}

impl Lead {
    /// The same lead with a number known: an hour, a weekday, an attempt; of other features the number's digits are
    /// taken as a word.
    ///
    /// # Errors
    /// [`PacingError::Domain`] for an hour above 23, a weekday above 6, an attempt of 0.
    pub fn with_number(self, feature: Feature, number: u64) -> Result<Self, PacingError> {
        #[allow(clippy::cast_precision_loss)]
        let refuse = |allowed| {
            Err(PacingError::Domain {
                name: feature.name(),
                value: number as f64,
                allowed,
            })
        };
        let level = match feature {
            Feature::Hour if number > 23 => return refuse("an hour from 0 to 23"),
            Feature::Weekday if number > 6 => return refuse("a weekday from 0 to 6"),
            Feature::Attempt if number == 0 => return refuse("the attempt's number from 1 on"),
            Feature::Hour | Feature::Weekday => number + 1,
            Feature::Attempt => number.min(12),
            _ => return Ok(self.with_word(feature, &number.to_string())),
        };
        Ok(self.with_level(feature, level))
    }

    /// The same lead with a word known. An hour, a weekday or an attempt is a number: words say nothing there.
    #[must_use]
    pub fn with_word(self, feature: Feature, word: &str) -> Self {
        match feature {
            Feature::Hour | Feature::Weekday | Feature::Attempt => self,
            _ => {
                let hash = crate::codec::Sum::of(word.as_bytes());
                self.with_level(feature, hash % feature.levels() as u64 + 1)
            }
        }
    }

    fn with_level(mut self, feature: Feature, level: u64) -> Self {
        self.levels[feature.place()] = u8::try_from(level).unwrap_or(0);
        self
    }

    /// The coefficients that make up its log-odds.
    fn coefficients(self) -> impl Iterator<Item = usize> {
        let effects = START.into_iter().zip(self.levels);
        std::iter::once(0).chain(
            effects
                .filter(|(_, level)| *level > 0)
                .map(|(start, level)| start + usize::from(level)),
        )
    }
}

/// The model.
#[derive(Debug, Clone)]
pub struct LeadModel {
    mean: [f64; SIZE],
    variance: [f64; SIZE],
    /// Calls learned from when a coefficient was last looked at.
    seen: [f64; SIZE],
    /// Calls learned from.
    calls: f64,
}

const MARK: &[u8; 7] = b"RMLEADS";
const VERSION: u8 = 1;

pub(crate) fn log_odds(p: f64) -> f64 {
    (p / (1.0 - p)).ln()
}

pub(crate) fn from_log_odds(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

impl Default for LeadModel {
    fn default() -> Self {
        Self::new()
    }
}

impl LeadModel {
    #[must_use]
    pub fn new() -> Self {
        let mut model = Self {
            mean: [0.0; SIZE],
            variance: [EFFECT_VARIANCE; SIZE],
            seen: [0.0; SIZE],
            calls: 0.0,
        };
        model.mean[0] = log_odds(PRIOR_RATE);
        model.variance[0] = PRIOR_VARIANCE;
        model
    }

    /// Mean and variance of a coefficient now.
    fn coefficient(&self, at: usize) -> (f64, f64) {
        let calls = self.calls - self.seen[at];
        if at == 0 {
            return (self.mean[0], (self.variance[0] + calls * DRIFT).min(4.0));
        }
        let keep = (-calls / EFFECT_MEMORY).exp();
        let variance = EFFECT_VARIANCE + keep * keep * (self.variance[at] - EFFECT_VARIANCE);
        (self.mean[at] * keep, variance)
    }

    /// Probability that a person answers, and the variance of the log-odds it comes from.
    fn predict(&self, lead: Lead) -> (f64, f64) {
        let (mut mean, mut variance) = (0.0, 0.0);
        for at in lead.coefficients() {
            let (m, v) = self.coefficient(at);
            mean += m;
            variance += v;
        }
        let certain = (1.0 + std::f64::consts::PI * variance / 8.0).sqrt();
        (from_log_odds(mean / certain), variance)
    }

    /// Probability that a person answers this lead's call.
    #[must_use]
    pub fn probability(&self, lead: Lead) -> f64 {
        self.predict(lead).0.clamp(0.001, 0.999)
    }

    /// Takes in what became of a call that rang until it was answered or not; one that the network failed or that was
    /// given up says nothing.
    pub fn learn(&mut self, lead: Lead, answered: bool) {
        let (p, variance) = self.predict(lead);
        let slope = p * (1.0 - p);
        let gain = 1.0 / (1.0 + slope * variance);
        let surprise = f64::from(u8::from(answered)) - p;
        for at in lead.coefficients() {
            let (m, v) = self.coefficient(at);
            self.mean[at] = (m + v * gain * surprise).clamp(-12.0, 12.0);
            self.variance[at] = v - v * v * slope * gain;
            self.seen[at] = self.calls;
        }
        self.calls += 1.0;
    }

    /// Calls learned from.
    #[must_use]
    pub fn calls(&self) -> u64 {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        {
            self.calls as u64
        }
    }

    /// What was learned, as bytes.
    #[must_use]
    pub fn snapshot(&self) -> Vec<u8> {
        let values = self.mean.iter().chain(&self.variance).chain(&self.seen);
        pack(
            *MARK,
            VERSION,
            values.chain(std::iter::once(&self.calls)).copied(),
        )
    }

    /// Takes over what another model learned.
    ///
    /// # Errors
    /// [`PacingError::Snapshot`] for bytes that are not a snapshot of this version; nothing is changed then.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<(), PacingError> {
        let values = unpack(*MARK, VERSION, 3 * SIZE + 1, bytes)?;
        let calls = values[3 * SIZE];
        let (mean, rest) = values.split_at(SIZE);
        let (variance, seen) = rest[..2 * SIZE].split_at(SIZE);
        let sound = (0.0..=1e15).contains(&calls)
            && mean.iter().all(|m| m.abs() <= 12.0)
            && variance.iter().all(|v| (0.0..=4.0).contains(v))
            && seen.iter().all(|s| (0.0..=calls).contains(s));
        if !sound {
            return Err(PacingError::Snapshot {
                reason: "it holds values that cannot be coefficients",
            });
        }
        self.mean.copy_from_slice(mean);
        self.variance.copy_from_slice(variance);
        self.seen.copy_from_slice(seen);
        self.calls = calls;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn attempt(number: u64) -> Lead {
        Lead::default()
            .with_number(Feature::Attempt, number)
            .unwrap()
    }

    #[test]
    fn with_nothing_learned_every_lead_is_the_prior() {
        let model = LeadModel::new();
        for lead in [Lead::default(), attempt(3)] {
            let p = model.probability(lead);
            assert!((0.28..0.36).contains(&p), "{p}");
        }
    }

    #[test]
    fn levels_hardly_seen_stay_at_the_campaigns_rate() {
        let mut model = LeadModel::new();
        let mut random = Random::new(5, 1);
        for _ in 0..3000 {
            model.learn(attempt(1), random.uniform() < 0.15);
        }
        model.learn(attempt(2), true);
        let (often, once, never) = (
            model.probability(attempt(1)),
            model.probability(attempt(2)),
            model.probability(attempt(3)),
        );
        assert!((often - 0.15).abs() < 0.03, "{often}");
        assert!(once > never && once < 0.35, "{once} {never}");
    }

    #[test]
    fn a_changed_effect_is_followed() {
        let mut model = LeadModel::new();
        let mut random = Random::new(6, 1);
        let mut call = |model: &mut LeadModel, first: f64, second: f64| {
            model.learn(attempt(1), random.uniform() < first);
            model.learn(attempt(2), random.uniform() < second);
        };
        for _ in 0..2000 {
            call(&mut model, 0.5, 0.1);
        }
        assert!(model.probability(attempt(1)) > 3.0 * model.probability(attempt(2)));
        for _ in 0..4000 {
            call(&mut model, 0.1, 0.5);
        }
        assert!(model.probability(attempt(2)) > model.probability(attempt(1)));
    }

    #[test]
    fn hostile_words_and_numbers_change_nothing_but_coefficients() {
        let mut model = LeadModel::new();
        let size = model.snapshot().len();
        for n in 0..5000_u64 {
            let word = format!("list {n} \u{1F4DE}");
            let lead = attempt(n + 1)
                .with_word(Feature::List, &word)
                .with_word(Feature::Hour, &word)
                .with_number(Feature::Area, u64::MAX - n)
                .unwrap();
            model.learn(lead, n % 2 == 0);
            assert!((0.0..=1.0).contains(&model.probability(lead)));
        }
        assert_eq!(model.snapshot().len(), size);
        for (feature, number) in [
            (Feature::Hour, 24),
            (Feature::Weekday, 7),
            (Feature::Attempt, 0),
        ] {
            assert!(Lead::default().with_number(feature, number).is_err());
        }
    }

    #[test]
    fn a_restored_model_is_the_same_model() {
        let mut model = LeadModel::new();
        for n in 1..500 {
            model.learn(attempt(n % 7 + 1), n % 3 == 0);
        }
        let bytes = model.snapshot();
        let mut other = LeadModel::new();
        other.restore(&bytes).unwrap();
        assert_eq!(other.snapshot(), bytes);
        for at in (0..bytes.len()).step_by(61) {
            let mut bent = bytes.clone();
            bent[at] ^= 0x04;
            assert!(other.restore(&bent).is_err(), "{at}");
        }
        assert_eq!(other.snapshot(), bytes);
    }
}
