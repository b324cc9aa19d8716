//! A scenario is data: who works, whom they call, what is allowed.
use serde::{Deserialize, Serialize};

use super::dist::Dist;
use super::leads::LeadFeature;
use super::parts::{Inbound, Leave, Machines, Shift};
use crate::error::PacingError;

/// A value that changes at given seconds: `0.3`, or `[[0, 0.1], [3600, 0.5]]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Steps {
    One(f64),
    Many(Vec<(f64, f64)>),
}

impl From<f64> for Steps {
    fn from(value: f64) -> Self {
        Self::One(value)
    }
}

impl Steps {
    /// The value at a second.
    #[must_use]
    pub fn at(&self, now: f64) -> f64 {
        match self {
            Self::One(value) => *value,
            Self::Many(steps) => steps[self.step(now)].1,
        }
    }

    /// Which step holds.
    pub(crate) fn step(&self, now: f64) -> usize {
        match self {
            Self::One(_) => 0,
            Self::Many(steps) => steps.partition_point(|step| step.0 <= now).max(1) - 1,
        }
    }

    /// All values it takes.
    pub(crate) fn values(&self) -> Vec<f64> {
        match self {
            Self::One(value) => vec![*value],
            Self::Many(steps) => steps.iter().map(|step| step.1).collect(),
        }
    }

    pub(super) fn check(
        &self,
        name: &'static str,
        low: f64,
        high: f64,
        allowed: &'static str,
    ) -> Result<(), PacingError> {
        for value in self.values() {
            within(name, value, low, high, allowed)?;
        }
        if let Self::Many(steps) = self {
            let ordered = steps.windows(2).all(|two| two[0].0 < two[1].0);
            if steps.first().is_none_or(|step| step.0 != 0.0) || !ordered {
                return Err(PacingError::Domain {
                    name,
                    value: steps.first().map_or(f64::NAN, |step| step.0),
                    allowed: "steps that begin at second 0, each later than the one before",
                });
            }
        }
        Ok(())
    }
}

/// A scenario. Times are seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    pub name: String,
    pub version: u32,
    pub about: String,
    pub agents: u32,
    /// Dialing stops then; occupancy is measured up to then.
    pub seconds: f64,
    /// Nothing before is measured.
    #[serde(default)]
    pub warmup_seconds: f64,
    /// Probability that a person answers.
    pub answer_probability: Steps,
    /// Leads differ: each has its own probability, Beta with the mean above and this sum of its two shapes.
    #[serde(default)]
    pub lead_concentration: Option<f64>,
    /// Leads differ by what is known about them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lead_features: Vec<LeadFeature>,
    /// Whether policies are told a lead's own probability.
    #[serde(default)]
    pub lead_known: bool,
    /// Dial to answer.
    pub ring: Dist,
    /// How long an unanswered dial occupies its line.
    pub unanswered: Dist,
    pub talk: Dist,
    pub wrap: Dist,
    /// Talk times are so many times as long.
    #[serde(default = "one")]
    pub talk_factor: Steps,
    pub grace_seconds: f64,
    pub target: f64,
    pub cap: f64,
    /// Time between two decisions.
    pub decide_seconds: f64,
    /// Decide also when an agent or a line becomes free.
    #[serde(default)]
    pub decide_on_change: bool,
    /// Delay between a decision and its dials.
    #[serde(default)]
    pub dial_latency: f64,
    /// None: 100 per agent and 100 more.
    #[serde(default)]
    pub lines: Option<u32>,
    #[serde(default)]
    pub calls_per_second: Option<f64>,
    /// Ringing calls may be given up after so many seconds; none: never.
    #[serde(default)]
    pub give_up_after: Option<f64>,
    /// Who works when; who is in no shift works from beginning to end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shifts: Vec<Shift>,
    #[serde(default)]
    pub leaves: Vec<Leave>,
    /// Between these seconds the carrier fails every new call at once.
    #[serde(default)]
    pub outages: Vec<(f64, f64)>,
    #[serde(default)]
    pub inbound: Option<Inbound>,
    #[serde(default)]
    pub machines: Option<Machines>,
}

fn one() -> Steps {
    Steps::One(1.0)
}

pub(crate) fn within(
    name: &'static str,
    value: f64,
    low: f64,
    high: f64,
    allowed: &'static str,
) -> Result<(), PacingError> {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    Err(PacingError::Domain {
        name,
        value,
        allowed,
    })
}

impl Scenario {
    /// Whether a lead has a probability of its own.
    #[must_use]
    pub fn leads_differ(&self) -> bool {
        self.lead_concentration.is_some() || !self.lead_features.is_empty()
    }

    /// Lines that may be in use at once.
    #[must_use]
    pub fn most_lines(&self) -> u64 {
        self.lines
            .map_or(u64::from(self.agents) * 100 + 100, u64::from)
    }

    /// Mean talk and wrap-up at the start, seconds.
    #[must_use]
    pub fn handle_seconds(&self) -> f64 {
        self.talk.mean() * self.talk_factor.at(0.0) + self.wrap.mean()
    }

    /// Whether it can be run.
    ///
    /// # Errors
    /// [`PacingError::Domain`] for the first value outside its range.
    pub fn check(&self) -> Result<(), PacingError> {
        let share = "0 to 1";
        within(
            "agents",
            f64::from(self.agents),
            1.0,
            10_000.0,
            "1 to 10,000",
        )?;
        within("seconds", self.seconds, 1.0, 1e8, "1 to 100,000,000")?;
        // Thirty working years: what a run takes to remember its calls stays below a gigabyte or so.
        within(
            "seconds",
            self.seconds,
            1.0,
            1e9 / f64::from(self.agents),
            "at most 1,000,000,000 agent seconds, so fewer seconds or fewer agents",
        )?;
        within(
            "warmup_seconds",
            self.warmup_seconds,
            0.0,
            self.seconds - 1.0,
            "less than the run",
        )?;
        self.answer_probability
            .check("answer_probability", 0.0, 1.0, share)?;
        self.talk_factor
            .check("talk_factor", 0.01, 100.0, "0.01 to 100")?;
        if let Some(concentration) = self.lead_concentration {
            within(
                "lead_concentration",
                concentration,
                0.01,
                1e6,
                "0.01 to 1,000,000",
            )?;
        }
        for feature in &self.lead_features {
            feature.check()?;
        }
        self.ring.check("ring")?;
        self.unanswered.check("unanswered")?;
        self.talk.check("talk")?;
        self.wrap.check("wrap")?;
        within("grace_seconds", self.grace_seconds, 0.0, 60.0, "0 to 60")?;
        within("target", self.target, 1e-6, 1.0 - 1e-6, "above 0, below 1")?;
        within("cap", self.cap, 1e-6, 1.0 - 1e-6, "above 0, below 1")?;
        within(
            "decide_seconds",
            self.decide_seconds,
            0.01,
            1.0,
            "0.01 to 1",
        )?;
        within("dial_latency", self.dial_latency, 0.0, 10.0, "0 to 10")?;
        if let Some(lines) = self.lines {
            within("lines", f64::from(lines), 0.0, 1e6, "0 to 1,000,000")?;
        }
        for (name, count, most) in [
            ("leaves", self.leaves.len(), 1_000.0),
            ("shifts", self.shifts.len(), 1_000.0),
            ("outages", self.outages.len(), 10_000.0),
        ] {
            #[allow(clippy::cast_precision_loss)]
            within(name, count as f64, 0.0, most, "a shorter list")?;
        }
        if let Some(rate) = self.calls_per_second {
            within("calls_per_second", rate, 0.01, 1e6, "0.01 to 1,000,000")?;
        }
        if let Some(after) = self.give_up_after {
            within("give_up_after", after, 16.0, 600.0, "16 to 600 seconds")?;
        }
        for leave in &self.leaves {
            leave.check()?;
        }
        for shift in &self.shifts {
            shift.check()?;
        }
        let staffed: f64 = self.shifts.iter().map(|shift| shift.share).sum();
        within("shifts.share", staffed, 0.0, 1.0 + 1e-9, "1 at most in all")?;
        for (from, to) in &self.outages {
            within("outages", *from, 0.0, *to, "a beginning before the end")?;
        }
        if let Some(inbound) = &self.inbound {
            inbound.check()?;
        }
        if let Some(machines) = &self.machines {
            machines.check()?;
            let most = highest(&self.answer_probability) + highest(&machines.probability);
            let allowed = "1 at most with the highest answer_probability";
            within("machines.probability", most, 0.0, 1.0 + 1e-9, allowed)?;
        }
        Ok(())
    }
}

fn highest(steps: &Steps) -> f64 {
    steps.values().into_iter().fold(0.0, f64::max)
}
