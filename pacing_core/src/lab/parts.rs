//! The parts of a scenario: shifts and breaks, inbound calls, machines that answer.
use serde::{Deserialize, Serialize};

use super::dist::Dist;
use super::scenario::{Steps, within};
use crate::error::PacingError;

const SHARE: &str = "0 to 1";
const SECONDS: &str = "0 to 100,000,000";

/// Agents who work from one second to another. Shares are of the team, in the order of the agents' numbers. At the
/// end whoever is in a call ends it first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shift {
    pub share: f64,
    pub from: f64,
    /// A shift that ends with the run has no end that anybody plans.
    pub to: f64,
    /// Each comes up to so many seconds after the beginning, and goes up to so many before the end.
    #[serde(default)]
    pub within: f64,
    /// So long ahead policies are told of the end.
    #[serde(default)]
    pub notice: f64,
}

impl Shift {
    pub(super) fn check(&self) -> Result<(), PacingError> {
        within("shifts.share", self.share, 0.0, 1.0, SHARE)?;
        within("shifts.from", self.from, 0.0, 1e8, SECONDS)?;
        within(
            "shifts.to",
            self.to,
            self.from,
            1e8,
            "the beginning or later",
        )?;
        let half = 0.5 * (self.to - self.from);
        within("shifts.within", self.within, 0.0, half, "0 to half of it")?;
        within("shifts.notice", self.notice, 0.0, 1e5, "0 to 100,000")
    }
}

/// Agents who go on a break or home. Whoever is in a call ends it first, wrap-up included.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leave {
    /// First second at which one leaves.
    pub at: f64,
    /// All have left after so many seconds more.
    #[serde(default)]
    pub within: f64,
    /// Share of the agents; which ones depends on the seed.
    pub share: f64,
    /// How long they are away; none: for good.
    #[serde(default)]
    pub seconds: Option<f64>,
    /// Share of the leaving ones whose leaving policies are told, from the moment that is planned `notice` ahead.
    #[serde(default)]
    pub announced: f64,
    #[serde(default)]
    pub notice: f64,
}

/// Inbound calls, which take agents before outbound answers do, and talk and wrap up as those.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inbound {
    /// Poisson arrivals.
    pub per_hour: f64,
    /// How long one waits before giving up; none: without end.
    #[serde(default)]
    pub patience: Option<Dist>,
}

/// Answering machines and voice mail. Without detection one is an answer like any other until an agent sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machines {
    /// Share of the dials that a machine answers.
    pub probability: Steps,
    /// Dial to the machine's answer.
    pub ring: Dist,
    /// An agent sees after so long that it is one, and is ready at once.
    pub agent_seconds: f64,
    #[serde(default)]
    pub detection: Option<Detection>,
}

/// Detection listens to every answer. Machines are hung up on; people go on to an agent, and their grace begins then.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Detection {
    /// Answer to verdict.
    pub delay: Dist,
    /// Share of the people who are taken for a machine and hung up on.
    #[serde(default)]
    pub false_positives: f64,
    /// Share of the machines that are taken for a person.
    #[serde(default)]
    pub missed: f64,
}

impl Machines {
    pub(super) fn check(&self) -> Result<(), PacingError> {
        self.probability
            .check("machines.probability", 0.0, 1.0, SHARE)?;
        self.ring.check("machines.ring")?;
        let seconds = self.agent_seconds;
        within("machines.agent_seconds", seconds, 0.0, 3600.0, "0 to 3600")?;
        if let Some(detection) = &self.detection {
            detection.delay.check("machines.detection.delay")?;
            let (mistaken, missed) = (detection.false_positives, detection.missed);
            within(
                "machines.detection.false_positives",
                mistaken,
                0.0,
                1.0,
                SHARE,
            )?;
            within("machines.detection.missed", missed, 0.0, 1.0, SHARE)?;
        }
        Ok(())
    }
}

impl Leave {
    pub(super) fn check(&self) -> Result<(), PacingError> {
        within("leaves.at", self.at, 0.0, 1e8, SECONDS)?;
        within("leaves.within", self.within, 0.0, 1e5, "0 to 100,000")?;
        within("leaves.share", self.share, 0.0, 1.0, SHARE)?;
        within("leaves.announced", self.announced, 0.0, 1.0, SHARE)?;
        within("leaves.notice", self.notice, 0.0, 1e5, "0 to 100,000")?;
        match self.seconds {
            Some(seconds) => within("leaves.seconds", seconds, 0.0, 1e8, SECONDS),
            None => Ok(()),
        }
    }
}

impl Inbound {
    pub(super) fn check(&self) -> Result<(), PacingError> {
        let rate = self.per_hour;
        within("inbound.per_hour", rate, 0.001, 1e6, "0.001 to 1,000,000")?;
        match &self.patience {
            Some(patience) => patience.check("inbound.patience"),
            None => Ok(()),
        }
    }
}
