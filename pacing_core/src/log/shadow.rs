//! A second policy beside the pacer: it hears the same events, decides, and never dials.
#[cfg(feature = "lab")]
use std::sync::Arc;
#[cfg(feature = "lab")]
use std::sync::atomic::{AtomicBool, Ordering};

use super::figures::{Figures, Wish, in_flight};
use super::input::Input;
#[cfg(feature = "lab")]
use super::onlooker::Onlooker;
use crate::error::PacingError;
#[cfg(feature = "lab")]
use crate::lab::{Spec, policy::Policy};
use crate::pacer::{Decision, Limits, Pacer};

/// See the file's head.
pub struct Shadow {
    name: String,
    decider: Decider,
    figures: Figures,
}

enum Decider {
    Pacer(Box<Pacer>),
    #[cfg(feature = "lab")]
    Policy(Box<Onlooker>, Arc<AtomicBool>),
    /// It has failed, as only a policy of the laboratory can.
    #[cfg_attr(not(feature = "lab"), allow(dead_code))]
    Off,
}

impl Shadow {
    /// The pacer itself at another target, from what the live one has learned. The live one's cap binds it too.
    ///
    /// # Errors
    /// [`PacingError::Domain`] unless 0 < target < 1.
    pub fn at_target(live: &Pacer, target: f64) -> Result<Self, PacingError> {
        let mut pacer = live.clone();
        pacer.set_target(target)?;
        Ok(Self {
            name: format!("ringmaster at {target}"),
            decider: Decider::Pacer(Box::new(pacer)),
            figures: Figures::default(),
        })
    }

    /// A policy of the laboratory by name, such as `ratio(k=2)`.
    ///
    /// # Errors
    /// [`PacingError::Text`] for an unknown name, and for `oracle`, which knows a scenario's distributions and
    /// there is none here.
    #[cfg(feature = "lab")]
    pub fn named(live: &Pacer, text: &str) -> Result<Self, PacingError> {
        let spec = Spec::parse(text)?;
        let policy = spec.build();
        match policy.name() {
            "ringmaster" => Self::at_target(live, live.options().target),
            "oracle" => Err(PacingError::Text {
                what: "policy",
                reason:
                    "oracle knows a scenario's own distributions, and a campaign has none to tell"
                        .to_owned(),
            }),
            _ => Ok(Self::with(
                live,
                &spec.to_string(),
                policy,
                Arc::new(AtomicBool::new(false)),
            )),
        }
    }

    /// Any policy. Once it sets `failed` it is asked no more.
    #[cfg(feature = "lab")]
    #[must_use]
    pub fn with(
        live: &Pacer,
        name: &str,
        policy: Box<dyn Policy + Send>,
        failed: Arc<AtomicBool>,
    ) -> Self {
        Self {
            name: name.to_owned(),
            decider: Decider::Policy(Box::new(Onlooker::new(live, policy)), failed),
            figures: Figures::default(),
        }
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Counts of the live decisions and its own since it began.
    #[must_use]
    pub fn figures(&self) -> &Figures {
        &self.figures
    }

    /// Whether it still decides.
    #[must_use]
    pub fn is_on(&self) -> bool {
        !matches!(self.decider, Decider::Off)
    }

    /// Another live pacer takes the place of the one before; what is counted stays.
    pub(super) fn follow(&mut self, live: &Pacer) {
        match &mut self.decider {
            Decider::Pacer(pacer) => {
                let target = pacer.options().target;
                let mut fresh = live.clone();
                if fresh.set_target(target).is_ok() {
                    **pacer = fresh;
                }
            }
            #[cfg(feature = "lab")]
            Decider::Policy(onlooker, _) => onlooker.begin(live),
            Decider::Off => {}
        }
    }

    pub(super) fn tell(&mut self, now: f64, input: &Input) {
        match &mut self.decider {
            Decider::Pacer(pacer) => {
                // Its target is the question, and stays.
                if !matches!(input, Input::SetTarget { .. }) {
                    input.tell(pacer, now);
                }
            }
            #[cfg(feature = "lab")]
            Decider::Policy(onlooker, failed) => {
                onlooker.tell(now, input);
                if failed.load(Ordering::Relaxed) {
                    self.decider = Decider::Off;
                }
            }
            Decider::Off => {}
        }
    }

    /// Decides beside `live`, which has just decided; what it wants, unless it is off.
    pub(super) fn decide(
        &mut self,
        now: f64,
        limits: Limits,
        live: &Pacer,
        then: &Decision,
    ) -> Option<Wish> {
        let wish = match &mut self.decider {
            Decider::Pacer(pacer) => {
                let decision = pacer.decide(now, limits);
                Wish {
                    dials: decision.dials,
                    limited_by: Some(decision.limited_by),
                }
            }
            #[cfg(feature = "lab")]
            Decider::Policy(onlooker, failed) => {
                let wanted = onlooker.decide(now, limits, live);
                if failed.load(Ordering::Relaxed) {
                    self.decider = Decider::Off;
                    return None;
                }
                let cut = limits.lines_free.min(limits.rate_tokens).min(limits.leads);
                Wish {
                    dials: wanted.min(cut),
                    limited_by: None,
                }
            }
            Decider::Off => return None,
        };
        let then = Wish {
            dials: then.dials,
            limited_by: Some(then.limited_by),
        };
        self.figures
            .add(in_flight(live.books().1, limits.pending), then, wish);
        Some(wish)
    }
}
