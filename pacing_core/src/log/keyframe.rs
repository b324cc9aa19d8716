//! A keyframe: who wrote it, when, and the pacer as it stood, complete.
use super::PACER_VERSION;
use super::recorded::FURTHEST;
use crate::codec::{Broken, In, Out};
use crate::error::PacingError;
use crate::pacer::Pacer;
use crate::state::{Layout, State};

/// Longest text about a log, bytes.
const LONGEST_ABOUT: usize = 200;
/// Counts above cannot be: doubles no longer tell them apart.
const MOST: u64 = 1 << 53;

/// Where a log, or a part of it, starts.
#[derive(Debug, Clone, PartialEq)]
pub struct Start {
    /// Version of the pacer's behaviour, and of the program, that wrote it.
    pub pacer_version: u32,
    pub program: String,
    /// What it is about: the campaign's id.
    pub about: String,
    /// Milliseconds of the engine; none if the pacer had not heard of any time.
    pub at: Option<i64>,
    /// Epoch seconds at engine second 0; none if not known.
    pub wall: Option<f64>,
    /// How the pacer was set up: to be read whatever build wrote the rest.
    pub target: f64,
    pub cap: Option<f64>,
    pub grace_seconds: f64,
    /// The pacer goes on from the records before; otherwise it is another.
    pub goes_on: bool,
    layout: u64,
    state: Vec<u8>,
}

impl Start {
    pub(super) fn new(
        pacer: &Pacer,
        at: Option<i64>,
        wall: Option<f64>,
        about: &str,
        goes_on: bool,
    ) -> Self {
        let mut state = Out::default();
        pacer.put(&mut state);
        let mut end = about.len().min(LONGEST_ABOUT);
        while !about.is_char_boundary(end) {
            end -= 1;
        }
        Self {
            pacer_version: PACER_VERSION,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            about: about[..end].to_owned(),
            at,
            wall: wall.filter(|wall| wall.is_finite()),
            target: pacer.options().target,
            cap: pacer.options().cap,
            grace_seconds: pacer.options().grace_seconds,
            goes_on,
            layout: Layout::of::<Pacer>(),
            state: state.0,
        }
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let mut out = Out::default();
        out.varint(u64::from(self.pacer_version));
        out.bytes(self.program.as_bytes());
        out.bytes(self.about.as_bytes());
        self.at.put(&mut out);
        self.wall.put(&mut out);
        self.target.put(&mut out);
        self.cap.put(&mut out);
        self.grace_seconds.put(&mut out);
        self.goes_on.put(&mut out);
        out.0.extend_from_slice(&self.layout.to_le_bytes());
        out.bytes(&self.state);
        out.0
    }

    pub(super) fn read(payload: &[u8]) -> Result<Self, Broken> {
        let mut from = In::new(payload);
        let start = Self {
            pacer_version: State::take(&mut from)?,
            program: from.text()?.to_owned(),
            about: from.text()?.to_owned(),
            at: State::take(&mut from)?,
            wall: State::take(&mut from)?,
            target: State::take(&mut from)?,
            cap: State::take(&mut from)?,
            grace_seconds: State::take(&mut from)?,
            goes_on: State::take(&mut from)?,
            layout: u64::from_le_bytes(from.take(8)?.try_into().map_err(|_| Broken("no layout"))?),
            state: from.bytes()?.to_owned(),
        };
        if from.left() > 0 {
            return Err(Broken("a keyframe is too long"));
        }
        if start
            .at
            .is_some_and(|at| at.unsigned_abs() > FURTHEST.unsigned_abs())
        {
            return Err(Broken("a time is too far away"));
        }
        Ok(start)
    }

    /// The pacer as it stood.
    ///
    /// # Errors
    /// [`PacingError::Log`] if another version wrote it, or no pacer can have been like this.
    pub fn pacer(&self) -> Result<Pacer, PacingError> {
        let refuse = |reason: String| Err(PacingError::Log { reason });
        if self.layout != Layout::of::<Pacer>() {
            return refuse(format!(
                "its pacer is of another build (version {} of the pacer, Ringmaster {}; this is version \
                 {PACER_VERSION}, Ringmaster {}): replay it with the Ringmaster that wrote it",
                self.pacer_version,
                self.program,
                env!("CARGO_PKG_VERSION"),
            ));
        }
        let mut from = In::new(&self.state);
        match Pacer::take(&mut from) {
            Ok(pacer) if from.left() == 0 && possible(&pacer) => Ok(pacer),
            Ok(_) => refuse("its pacer cannot have been".to_owned()),
            Err(Broken(reason)) => refuse(format!("its pacer cannot be read: {reason}")),
        }
    }

    /// Whether a pacer is exactly as this one was.
    #[must_use]
    pub fn is(&self, pacer: &Pacer) -> bool {
        let mut state = Out::default();
        pacer.put(&mut state);
        self.layout == Layout::of::<Pacer>() && self.state == state.0
    }
}

/// Whether a pacer made of foreign bytes could have become so by events; nothing in it may overflow.
fn possible(pacer: &Pacer) -> bool {
    let (answered, abandoned) = pacer.ledger();
    let options = pacer.options();
    answered < MOST
        && abandoned < MOST
        && pacer.ignored_events() < MOST
        && Pacer::new(options.clone()).is_ok()
}

/// A log as another build would have written it.
#[cfg(test)]
pub(crate) fn of_another_build(bytes: &[u8]) -> Vec<u8> {
    let (block, length) = super::block::read(bytes).unwrap();
    let super::block::Block::Keyframe(payload) = block else {
        panic!("a log begins with a keyframe");
    };
    let mut start = Start::read(payload).unwrap();
    start.layout ^= 1;
    let mut bent = Vec::new();
    super::block::write_keyframe(&start.write(), &mut bent);
    bent.extend_from_slice(&bytes[length..]);
    bent
}
