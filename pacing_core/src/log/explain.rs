//! One decision of a log: what was known, and what came of it.
use super::reader::{Entry, Reader};
use super::seconds;
use crate::books::{AgentState, Stage};
use crate::error::PacingError;
use crate::pacer::{Decision, Limits, Pacer};

/// What was known at a decision, and why it is as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// Milliseconds of the engine, and epoch seconds at its second 0.
    pub at: i64,
    pub wall: Option<f64>,
    pub about: String,
    /// Agents by state; those who leave after their call are counted in their state, and here.
    pub idle: u64,
    pub reserved: u64,
    pub talking: u64,
    pub wrapping: u64,
    pub away: u64,
    pub leaving: u64,
    /// Calls dialed and not answered; answered people waiting.
    pub in_flight: u64,
    pub waiting: u64,
    pub limits: Limits,
    pub answer_probability: f64,
    /// The ledger, with the budget's history.
    pub answered: u64,
    pub abandoned: u64,
    pub target: f64,
    pub cap: Option<f64>,
    pub decision: Decision,
    /// The log has the same.
    pub as_recorded: bool,
}

impl Explanation {
    fn new(pacer: &Pacer, limits: Limits, decision: Decision) -> Self {
        let (agents, calls) = pacer.books();
        let of = |state| agents.iter().filter(|agent| agent.state == state).count() as u64;
        let (answered, abandoned) = pacer.ledger();
        let waiting = |stage| matches!(stage, Stage::Waiting { .. });
        Self {
            at: 0,
            wall: None,
            about: String::new(),
            idle: of(AgentState::Idle),
            reserved: of(AgentState::Reserved),
            talking: of(AgentState::Talk),
            wrapping: of(AgentState::Wrap),
            away: of(AgentState::Away),
            leaving: agents.iter().filter(|agent| agent.leaving).count() as u64,
            in_flight: calls.iter().filter(|c| c.stage == Stage::InFlight).count() as u64,
            waiting: calls.iter().filter(|c| waiting(c.stage)).count() as u64,
            limits,
            answer_probability: pacer.answer_probability(),
            answered,
            abandoned,
            target: pacer.options().target,
            cap: pacer.options().cap,
            decision,
            as_recorded: true,
        }
    }

    /// Abandons that the target still allows, negative when it is overdrawn; calls in flight are not counted.
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub fn surplus(&self) -> f64 {
        let target = self.cap.map_or(self.target, |cap| cap.min(self.target));
        target * self.answered as f64 - self.abandoned as f64
    }
}

/// The last decision at or before a moment, milliseconds of the engine.
///
/// # Errors
/// [`PacingError::Log`] when the log cannot be replayed up to there, or has no decision before.
pub fn explain(bytes: &[u8], at: i64) -> Result<Explanation, PacingError> {
    let mut pacer: Option<Pacer> = None;
    let mut found: Option<Explanation> = None;
    let (mut about, mut wall) = (String::new(), None);
    for entry in Reader::new(bytes) {
        match entry {
            Entry::Start(start) => {
                if found.is_some() && start.at.is_none_or(|start| start > at) {
                    break;
                }
                pacer = Some(start.pacer()?);
                (about, wall) = (start.about.clone(), start.wall);
            }
            Entry::Input { at: then, .. } | Entry::Decide { at: then, .. } if then > at => break,
            Entry::Input { at, input } => {
                if let Some(pacer) = &mut pacer {
                    input.tell(pacer, seconds(at));
                }
            }
            Entry::Decide {
                at,
                limits,
                made,
                check: _,
            } => {
                if let Some(pacer) = &mut pacer {
                    let decision = pacer.decide(seconds(at), limits);
                    let as_recorded = made.is(&decision);
                    found = Some(Explanation {
                        at,
                        wall,
                        about: about.clone(),
                        as_recorded,
                        ..Explanation::new(pacer, limits, decision)
                    });
                }
            }
            Entry::Damage(_) => pacer = None,
            Entry::Check(_) => {}
        }
    }
    found.ok_or_else(|| PacingError::Log {
        reason: "it has no decision at or before that time".to_owned(),
    })
}
