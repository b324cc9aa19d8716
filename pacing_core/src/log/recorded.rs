//! A pacer whose inputs and decisions are recorded.
//!
//! Its time is whole milliseconds and never goes back, whether or not a log is kept: so a log holds each time
//! exactly in a byte or two, and to keep one changes no decision.
use super::input::{GroupBudget, Input};
use super::keyframe::Start;
use super::seconds;
use super::shadow::Shadow;
use super::writer::Writer;
use crate::error::PacingError;
use crate::pacer::{Decision, Limits, Options, Pacer};

/// Times further from 0 count as this far, milliseconds (285 years).
pub(super) const FURTHEST: i64 = 9_000_000_000_000;

/// More dials than anybody has asked for at once.
pub(super) const MOST_PENDING: u64 = 1 << 40;

/// A [`Pacer`] that can keep a log. See [`super`].
pub struct RecordedPacer {
    pacer: Pacer,
    at: Option<i64>,
    log: Option<Log>,
    overflowed: bool,
    shadow: Option<Shadow>,
}

#[derive(Debug, Clone)]
struct Log {
    writer: Writer,
    about: String,
    wall: Option<f64>,
}

impl RecordedPacer {
    /// # Errors
    /// As [`Pacer::new`].
    pub fn new(options: Options) -> Result<Self, PacingError> {
        Ok(Self {
            pacer: Pacer::new(options)?,
            at: None,
            log: None,
            overflowed: false,
            shadow: None,
        })
    }

    /// The pacer, to look at.
    #[must_use]
    pub fn pacer(&self) -> &Pacer {
        &self.pacer
    }

    /// Tells the pacer what happened.
    pub fn tell(&mut self, now: f64, input: Input) {
        let at = self.moment(now);
        input.tell(&mut self.pacer, seconds(at));
        if let Some(shadow) = &mut self.shadow {
            shadow.tell(seconds(at), &input);
        }
        self.record(|writer| writer.input(at, &input));
    }

    /// As [`Pacer::set_target`].
    ///
    /// # Errors
    /// As there; nothing is recorded then.
    pub fn set_target(&mut self, target: f64) -> Result<(), PacingError> {
        self.pacer.set_target(target)?;
        let at = self.moment(f64::NAN);
        self.record(|writer| writer.input(at, &Input::SetTarget { target }));
        Ok(())
    }

    /// As [`Pacer::set_group_budget`], or, for none, [`Pacer::clear_group_budget`].
    ///
    /// # Errors
    /// As there; nothing is recorded then.
    pub fn set_group_budget(&mut self, told: Option<GroupBudget>) -> Result<(), PacingError> {
        match told {
            Some(told) => told.tell(&mut self.pacer)?,
            None => self.pacer.clear_group_budget(),
        }
        let input = Input::GroupBudget { told };
        let at = self.moment(f64::NAN);
        if let Some(shadow) = &mut self.shadow {
            shadow.tell(seconds(at), &input);
        }
        self.record(|writer| writer.input(at, &input));
        Ok(())
    }

    /// Tells the pacer of the leads that will be dialed next, instead of what was told before; see [`Pacer::next_lead`].
    pub fn set_next_leads(&mut self, probabilities: &[Option<f64>]) {
        self.tell(f64::NAN, Input::ForgetNextLeads);
        for &p in probabilities {
            let p = p.filter(|p| p.is_finite());
            self.tell(f64::NAN, Input::NextLead { p });
        }
    }

    /// As [`Pacer::decide`].
    pub fn decide(&mut self, now: f64, limits: Limits) -> Decision {
        let at = self.moment(now);
        let limits = Limits {
            pending: limits.pending.min(MOST_PENDING),
            ..limits
        };
        let decision = self.pacer.decide(seconds(at), limits);
        self.record(|writer| writer.decide(at, limits, &decision));
        if let Some(shadow) = &mut self.shadow {
            shadow.decide(seconds(at), limits, &self.pacer, &decision);
        }
        decision
    }

    /// As [`Pacer::restore`]. A log starts anew with what was taken over.
    ///
    /// # Errors
    /// As there; nothing is changed then.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<(), PacingError> {
        self.pacer.restore(bytes)?;
        self.keyframe(false);
        if let Some(shadow) = &mut self.shadow {
            shadow.follow(&self.pacer);
        }
        Ok(())
    }

    /// Lets another policy decide beside this pacer from here on, or none.
    pub fn set_shadow(&mut self, shadow: Option<Shadow>) {
        self.shadow = shadow;
    }

    /// The policy beside.
    #[must_use]
    pub fn shadow(&self) -> Option<&Shadow> {
        self.shadow.as_ref()
    }

    /// Keeps a log from here on, beginning with the pacer as it stands. `about`: the campaign's id. `wall`: epoch
    /// seconds at second 0 of the pacer's time.
    pub fn start_log(&mut self, about: &str, wall: Option<f64>) {
        let start = Start::new(&self.pacer, self.at, wall, about, false);
        self.log = Some(Log {
            writer: Writer::new(&start),
            about: about.to_owned(),
            wall,
        });
        self.overflowed = false;
    }

    /// What was recorded since the last time, in whole blocks: to be appended. Nothing if no log is kept.
    pub fn drain_log(&mut self) -> Vec<u8> {
        self.log
            .as_mut()
            .map_or_else(Vec::new, |log| log.writer.drain())
    }

    /// What is recorded from here on begins with a keyframe, and can be a file of its own.
    pub fn cut_log(&mut self) {
        self.keyframe(true);
    }

    /// Keeps no log any more; what nobody fetched is lost.
    pub fn stop_log(&mut self) {
        self.log = None;
    }

    /// Whether a log is kept.
    #[must_use]
    pub fn keeps_log(&self) -> bool {
        self.log.is_some()
    }

    /// Whether recording ended by itself, as four megabytes waited to be fetched.
    #[must_use]
    pub fn log_overflowed(&self) -> bool {
        self.overflowed
    }

    fn keyframe(&mut self, goes_on: bool) {
        if let Some(log) = &mut self.log {
            let start = Start::new(&self.pacer, self.at, log.wall, &log.about, goes_on);
            log.writer.keyframe(&start);
        }
    }

    fn record(&mut self, write: impl FnOnce(&mut Writer)) {
        if let Some(log) = &mut self.log {
            write(&mut log.writer);
            if log.writer.overflows() {
                self.log = None;
                self.overflowed = true;
            }
        }
    }

    fn moment(&mut self, now: f64) -> i64 {
        #[allow(clippy::cast_precision_loss)]
        let furthest = FURTHEST as f64;
        let last = self.at;
        let at = if now.is_finite() {
            #[allow(clippy::cast_possible_truncation)]
            let at = (now * 1000.0).round().clamp(-furthest, furthest) as i64;
            last.map_or(at, |last| last.max(at))
        } else {
            last.unwrap_or(0)
        };
        self.at = Some(at);
        at
    }
}
