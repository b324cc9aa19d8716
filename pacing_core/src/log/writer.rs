//! Writes records into blocks.
use super::block;
use super::input::Input;
use super::keyframe::Start;
use super::memory::{Made, Memory, four};
use crate::codec::Out;
use crate::pacer::{Decision, Limits};
use crate::state::State;

/// A record begins with its kind and, above `TIME`, how its time is told.
pub(super) const KIND: u8 = 0x1F;
pub(super) const SAME_TIME: u8 = 0;
pub(super) const LATER: u8 = 0x20;
pub(super) const ONE_STEP: u8 = 0x40;
/// Kinds besides the inputs' own.
pub(super) const DECIDE: u8 = 31;
pub(super) const AGAIN: u8 = 30;
pub(super) const RUN: u8 = 29;
/// In a decision's second byte, after the four limits.
pub(super) const DIALS: u8 = 0x10;
pub(super) const REASON: u8 = 0x20;
pub(super) const GIVE_UP: u8 = 0x40;
/// Longest run in one record.
pub(super) const LONGEST_RUN: u64 = 1000;
/// A block is closed when it is longer, bytes.
const BLOCK: usize = 32_768;
/// Bytes that may wait to be fetched; when more do, nobody reads, and recording ends.
const MOST_WAITING: usize = 1 << 22;

/// The log of one pacer, as far as nobody has fetched it.
#[derive(Debug, Clone)]
pub(super) struct Writer {
    memory: Memory,
    block: Out,
    ready: Vec<u8>,
    /// Decisions like the one before, one step apart, not yet written.
    run: u64,
}

impl Writer {
    pub fn new(start: &Start) -> Self {
        let mut writer = Self {
            memory: Memory::new(0),
            block: Out::default(),
            ready: Vec::new(),
            run: 0,
        };
        writer.keyframe(start);
        writer
    }

    /// Starts anew from here.
    pub fn keyframe(&mut self, start: &Start) {
        self.close_block();
        block::write_keyframe(&start.write(), &mut self.ready);
        self.memory = Memory::new(start.at.unwrap_or(0));
    }

    pub fn input(&mut self, at: i64, input: &Input) {
        self.head(at, input.kind());
        input.write(&mut self.memory, &mut self.block);
        self.close_long_block();
    }

    pub fn decide(&mut self, at: i64, limits: Limits, decision: &Decision) {
        self.memory.check.add(decision);
        let mut limits = limits;
        let same = four(&mut self.memory.limits) == four(&mut limits);
        let step = at - self.memory.at;
        if same && self.memory.made.is(decision) {
            if step == self.memory.step {
                self.memory.at = at;
                self.run += 1;
                return;
            }
            self.head(at, AGAIN);
        } else {
            self.head(at, DECIDE);
            self.write_decision(limits, decision);
        }
        if step > 0 {
            self.memory.step = step;
        }
        self.close_long_block();
    }

    fn write_decision(&mut self, mut limits: Limits, decision: &Decision) {
        let mask_at = self.block.0.len();
        self.block.byte(0);
        let mut mask = 0_u8;
        let before = four(&mut self.memory.limits);
        for (bit, (old, new)) in before.into_iter().zip(four(&mut limits)).enumerate() {
            if old != new {
                mask |= 1 << bit;
                self.block.step(*old, *new);
                *old = *new;
            }
        }
        if decision.dials > 0 {
            mask |= DIALS;
            self.block.varint(decision.dials);
        }
        if decision.limited_by != self.memory.made.limited_by {
            mask |= REASON;
            decision.limited_by.put(&mut self.block);
        }
        if !decision.give_up.is_empty() {
            mask |= GIVE_UP;
            decision.give_up.put(&mut self.block);
        }
        self.block.0[mask_at] = mask;
        let check = self.memory.check.short().to_le_bytes();
        self.block.0.extend_from_slice(&check);
        self.memory.made = Made::from(decision);
    }

    fn head(&mut self, at: i64, kind: u8) {
        self.write_run();
        let after = at - self.memory.at;
        self.memory.at = at;
        if after == 0 {
            self.block.byte(SAME_TIME | kind);
        } else if after == self.memory.step {
            self.block.byte(ONE_STEP | kind);
        } else {
            self.block.byte(LATER | kind);
            #[allow(clippy::cast_sign_loss)]
            self.block.varint(after as u64);
        }
    }

    fn write_run(&mut self) {
        while self.run > 0 {
            let part = self.run.min(LONGEST_RUN);
            self.block.byte(RUN);
            self.block.varint(part);
            self.run -= part;
        }
    }

    fn close_long_block(&mut self) {
        if self.block.0.len() > BLOCK {
            self.close_block();
        }
    }

    fn close_block(&mut self) {
        self.write_run();
        if self.block.0.is_empty() {
            return;
        }
        let check = self.memory.check.long().to_le_bytes();
        self.block.0.extend_from_slice(&check);
        block::write_records(&self.block.0, &mut self.ready);
        self.block.0.clear();
    }

    /// All that was recorded since the last time, in whole blocks.
    pub fn drain(&mut self) -> Vec<u8> {
        self.close_block();
        std::mem::take(&mut self.ready)
    }

    /// Nobody fetches what is recorded.
    pub fn overflows(&self) -> bool {
        self.ready.len() > MOST_WAITING
    }
}
