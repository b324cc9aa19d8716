//! Reads a log: starts, inputs, decisions, and what is damaged.
use super::block::{self, Block};
use super::input::Input;
use super::keyframe::Start;
use super::memory::{Check, Made, Memory, four};
use super::writer::{
    AGAIN, DECIDE, DIALS, GIVE_UP, KIND, LATER, LONGEST_RUN, ONE_STEP, REASON, RUN, SAME_TIME,
};
use crate::codec::{Broken, In};
use crate::pacer::{Decision, LimitedBy, Limits};
use crate::state::State;

/// Bytes that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    pub offset: usize,
    pub bytes: usize,
    pub reason: &'static str,
}

/// One thing a log says. Times are milliseconds of the engine.
#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    Start(Box<Start>),
    Input {
        at: i64,
        input: Input,
    },
    Decide {
        at: i64,
        limits: Limits,
        made: Made,
        /// Of all decisions so far; none where it was not kept.
        check: Option<u16>,
    },
    /// Of all decisions so far, at the end of a block.
    Check(u32),
    Damage(Damage),
}

/// What the replay of a log works out again and compares with [`Entry`]'s checks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Checker(Check);

impl Checker {
    pub fn new() -> Self {
        Self(Check::new())
    }

    pub fn add(&mut self, decision: &Decision) {
        self.0.add(decision);
    }

    pub fn fits(self, short: Option<u16>) -> bool {
        short.is_none_or(|check| check == self.0.short())
    }

    pub fn fits_block(self, long: u32) -> bool {
        long == self.0.long()
    }
}

/// Reads one entry after the other.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    block: Option<OpenBlock<'a>>,
    memory: Option<Memory>,
    /// Decisions of a run still to come.
    run: u64,
}

#[derive(Debug, Clone)]
struct OpenBlock<'a> {
    records: In<'a>,
    check: u32,
    offset: usize,
}

impl<'a> Reader<'a> {
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            block: None,
            memory: None,
            run: 0,
        }
    }

    /// How many bytes from the start are whole blocks: a writer may go on after them.
    #[must_use]
    pub fn sound_length(bytes: &[u8]) -> usize {
        let mut at = 0;
        while let Some(Ok((_, length))) = bytes.get(at..).map(block::read) {
            at += length;
        }
        at
    }

    fn damage(&mut self, offset: usize, reason: &'static str) -> Entry {
        self.block = None;
        self.memory = None;
        self.run = 0;
        self.at = block::next_keyframe(self.bytes, offset + 1).unwrap_or(self.bytes.len());
        Entry::Damage(Damage {
            offset,
            bytes: self.at - offset,
            reason,
        })
    }

    fn next_block(&mut self) -> Option<Entry> {
        let offset = self.at;
        let rest = self.bytes.get(offset..).filter(|rest| !rest.is_empty())?;
        let (block, length) = match block::read(rest) {
            Ok(read) => read,
            Err(reason) => return Some(self.damage(offset, reason)),
        };
        match block {
            Block::Keyframe(payload) => match Start::read(payload) {
                Ok(start) => {
                    self.at += length;
                    self.memory = Some(Memory::new(start.at.unwrap_or(0)));
                    Some(Entry::Start(Box::new(start)))
                }
                Err(Broken(reason)) => Some(self.damage(offset, reason)),
            },
            Block::Records(_) if self.memory.is_none() => {
                Some(self.damage(offset, "records without a keyframe before them"))
            }
            Block::Records(payload) => {
                let Some((records, check)) = payload.split_last_chunk::<4>() else {
                    return Some(self.damage(offset, "a block is too short"));
                };
                self.at += length;
                self.block = Some(OpenBlock {
                    records: In::new(records),
                    check: u32::from_le_bytes(*check),
                    offset,
                });
                self.next()
            }
        }
    }
}

impl Iterator for Reader<'_> {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        let (Some(open), Some(memory)) = (&mut self.block, &mut self.memory) else {
            return self.next_block();
        };
        if self.run > 0 {
            self.run -= 1;
            return Some(memory.again(memory.step));
        }
        if open.records.left() == 0 {
            let check = open.check;
            self.block = None;
            return Some(Entry::Check(check));
        }
        let offset = open.offset;
        let read = match memory.record(&mut open.records) {
            Ok(Record::Entry(entry)) => return Some(entry),
            Ok(Record::Run(run)) => {
                self.run = run - 1;
                return Some(memory.again(memory.step));
            }
            Err(Broken(reason)) => reason,
        };
        Some(self.damage(offset, read))
    }
}

enum Record {
    Entry(Entry),
    Run(u64),
}

impl Memory {
    fn record(&mut self, from: &mut In<'_>) -> Result<Record, Broken> {
        let head = from.byte()?;
        let kind = head & KIND;
        if kind == RUN {
            let run = from.varint()?;
            if head != RUN || !(1..=LONGEST_RUN).contains(&run) {
                return Err(Broken("a run cannot be so long"));
            }
            return Ok(Record::Run(run));
        }
        let step = match head & !KIND {
            SAME_TIME => 0,
            ONE_STEP => self.step,
            LATER => i64::try_from(from.varint()?).unwrap_or(i64::MAX),
            _ => return Err(Broken("a record's time is told in an unknown way")),
        };
        let at = self.at.saturating_add(step);
        if at > super::recorded::FURTHEST {
            return Err(Broken("a time is too far away"));
        }
        if kind == AGAIN || kind == DECIDE {
            if step > 0 {
                self.step = step;
            }
            if kind == AGAIN {
                return Ok(Record::Entry(self.again(step)));
            }
            self.at = at;
            return self.decision(from).map(Record::Entry);
        }
        self.at = at;
        let input = Input::read(kind, self, from)?;
        Ok(Record::Entry(Entry::Input { at, input }))
    }

    fn again(&mut self, step: i64) -> Entry {
        self.at = self.at.saturating_add(step).min(super::recorded::FURTHEST);
        Entry::Decide {
            at: self.at,
            limits: self.limits,
            made: self.made.clone(),
            check: None,
        }
    }

    fn decision(&mut self, from: &mut In<'_>) -> Result<Entry, Broken> {
        let mask = from.byte()?;
        for (bit, limit) in four(&mut self.limits).into_iter().enumerate() {
            if mask & (1 << bit) != 0 {
                *limit = from.step(*limit)?;
            }
        }
        if self.limits.pending > super::recorded::MOST_PENDING {
            return Err(Broken("more dials are pending than can be"));
        }
        self.made.dials = if mask & DIALS == 0 { 0 } else { from.varint()? };
        if mask & REASON != 0 {
            self.made.limited_by = LimitedBy::take(from)?;
        }
        self.made.give_up.clear();
        if mask & GIVE_UP != 0 {
            self.made.give_up = State::take(from)?;
        }
        let check: [u8; 2] = from.take(2)?.try_into().map_err(|_| Broken("no check"))?;
        Ok(Entry::Decide {
            at: self.at,
            limits: self.limits,
            made: self.made.clone(),
            check: Some(u16::from_le_bytes(check)),
        })
    }
}
