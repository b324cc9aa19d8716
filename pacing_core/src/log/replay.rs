//! Decides everything in a log once more: the same, to the last bit, or what another would have decided.
use super::figures::Figures;
use super::memory::Made;
use super::reader::{Checker, Damage, Entry, Reader};
use super::shadow::Shadow;
use super::{PACER_VERSION, seconds};
use crate::error::PacingError;
use crate::pacer::{Decision, Limits, Pacer};

/// Milliseconds of a row of the comparison.
const MINUTE: i64 = 60_000;

/// A decision that did not come out again.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Milliseconds of the engine.
    pub at: i64,
    pub then: Made,
    pub now: Decision,
    pub reason: &'static str,
}

/// What a replay showed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    pub about: String,
    /// Version of the pacer that wrote the log, and of this one.
    pub pacer_version: u32,
    pub own_version: u32,
    pub keyframes: u64,
    pub inputs: u64,
    pub decisions: u64,
    /// Decisions with other dials, calls to give up or reason than recorded.
    pub differing: u64,
    /// The first decision that differs in any bit.
    pub first: Option<Difference>,
    pub damage: Vec<Damage>,
    /// First and last moment, milliseconds of the engine, and epoch seconds at its second 0.
    pub from: Option<i64>,
    pub to: Option<i64>,
    pub wall: Option<f64>,
    /// By the minute, with the minute's first millisecond; empty unless another was asked.
    pub minutes: Vec<(i64, Figures)>,
    /// The other was switched off, as it failed.
    pub failed: bool,
}

impl Report {
    /// All minutes together.
    #[must_use]
    pub fn total(&self) -> Figures {
        let mut total = Figures::default();
        for (_, figures) in &self.minutes {
            total.join(figures);
        }
        total
    }
}

/// Whom to ask besides, made of the pacer as it was at the start.
pub type Other<'a> = dyn FnMut(&Pacer) -> Result<Shadow, PacingError> + 'a;

/// Replays a log. `other`: whom to compare it with. `within`: only decisions from the first to before the second
/// millisecond are compared with the other's.
///
/// # Errors
/// [`PacingError::Log`] when nothing in it can be replayed; whatever `other` refuses.
pub fn replay(
    bytes: &[u8],
    other: Option<&mut Other<'_>>,
    within: (i64, i64),
) -> Result<Report, PacingError> {
    let mut replay = Replay {
        report: Report {
            own_version: PACER_VERSION,
            ..Report::default()
        },
        pacer: None,
        checker: Checker::new(),
        exact: true,
        shadow: None,
        other,
        within,
    };
    for entry in Reader::new(bytes) {
        replay.take(entry)?;
    }
    if replay.report.keyframes == 0 {
        let reason = match replay.report.damage.first() {
            Some(damage) => format!("at byte {}: {}", damage.offset, damage.reason),
            None => "it is empty".to_owned(),
        };
        return Err(PacingError::Log { reason });
    }
    replay.report.failed = replay.shadow.is_some_and(|shadow| !shadow.is_on());
    Ok(replay.report)
}

struct Replay<'a, 'b> {
    report: Report,
    pacer: Option<Pacer>,
    checker: Checker,
    /// Every decision since the last keyframe came out to the last bit.
    exact: bool,
    shadow: Option<Shadow>,
    other: Option<&'a mut Other<'b>>,
    within: (i64, i64),
}

impl Replay<'_, '_> {
    fn take(&mut self, entry: Entry) -> Result<(), PacingError> {
        match entry {
            Entry::Start(start) => return self.start(&start),
            Entry::Input { at, input } => {
                self.moment(at);
                self.report.inputs += 1;
                if let Some(pacer) = &mut self.pacer {
                    input.tell(pacer, seconds(at));
                }
                if let Some(shadow) = &mut self.shadow {
                    shadow.tell(seconds(at), &input);
                }
            }
            Entry::Decide {
                at,
                limits,
                made,
                check,
            } => {
                self.moment(at);
                self.decide(at, limits, &made, check);
            }
            Entry::Check(check) => {
                if self.exact && !self.checker.fits_block(check) {
                    self.exact = false;
                    self.differs_at_last("figures of the decisions before");
                }
            }
            Entry::Damage(damage) => {
                self.pacer = None;
                self.report.damage.push(damage);
            }
        }
        Ok(())
    }

    fn moment(&mut self, at: i64) {
        self.report.from.get_or_insert(at);
        self.report.to = Some(at);
    }

    fn start(&mut self, start: &super::Start) -> Result<(), PacingError> {
        if self.report.keyframes == 0 {
            self.report.about.clone_from(&start.about);
            self.report.pacer_version = start.pacer_version;
            self.report.wall = start.wall;
        }
        self.report.keyframes += 1;
        let goes_on = start.goes_on && self.pacer.is_some();
        if goes_on && self.exact && !self.pacer.as_ref().is_some_and(|p| start.is(p)) {
            self.differs_at_last("the pacer at a keyframe");
        }
        let pacer = start.pacer()?;
        if let Some(other) = &mut self.other {
            match &mut self.shadow {
                None => self.shadow = Some(other(&pacer)?),
                Some(shadow) if !goes_on => shadow.follow(&pacer),
                Some(_) => {}
            }
        }
        self.pacer = Some(pacer);
        self.checker = Checker::new();
        self.exact = true;
        Ok(())
    }

    fn decide(&mut self, at: i64, limits: Limits, made: &Made, check: Option<u16>) {
        let Some(pacer) = &mut self.pacer else {
            return;
        };
        let now = seconds(at);
        let decision = pacer.decide(now, limits);
        self.checker.add(&decision);
        self.report.decisions += 1;
        if let Some(shadow) = &mut self.shadow
            && let Some(wish) = shadow.decide(now, limits, pacer, &decision)
            && (self.within.0..self.within.1).contains(&at)
        {
            let minute = at.div_euclid(MINUTE) * MINUTE;
            let in_flight = super::figures::in_flight(pacer.books().1, limits.pending);
            let then = super::figures::Wish {
                dials: made.dials,
                limited_by: Some(made.limited_by),
            };
            if self.report.minutes.last().is_none_or(|row| row.0 != minute) {
                self.report.minutes.push((minute, Figures::default()));
            }
            if let Some((_, figures)) = self.report.minutes.last_mut() {
                figures.add(in_flight, then, wish);
            }
        }
        let same = made.is(&decision);
        self.report.differing += u64::from(!same);
        if same && (!self.exact || self.checker.fits(check)) {
            return;
        }
        if self.exact || !same {
            let reason = if same {
                "figures of this decision"
            } else {
                "what was decided"
            };
            self.exact = false;
            self.report.first.get_or_insert(Difference {
                at,
                then: made.clone(),
                now: decision,
                reason,
            });
        }
    }

    /// Something differs that no single decision shows: the last moment stands for it.
    fn differs_at_last(&mut self, reason: &'static str) {
        let at = self.report.to.unwrap_or(0);
        let (Some(pacer), None) = (&self.pacer, &self.report.first) else {
            return;
        };
        let limits = Limits {
            lines_free: 0,
            rate_tokens: 0,
            leads: 0,
            pending: 0,
        };
        let now = pacer.clone().decide(seconds(at), limits);
        self.report.first = Some(Difference {
            at,
            then: Made::from(&now),
            now,
            reason,
        });
    }
}
