//! What writer and reader both remember of the records before: numbers are told as steps from there.
use crate::codec::{Broken, In, Out};
use crate::pacer::{Decision, LimitedBy, Limits};

/// A decision as the log has it: what was to be done, and why not more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    pub dials: u64,
    pub limited_by: LimitedBy,
    pub give_up: Vec<u64>,
}

impl From<&Decision> for Made {
    fn from(decision: &Decision) -> Self {
        Self {
            dials: decision.dials,
            limited_by: decision.limited_by,
            give_up: decision.give_up.clone(),
        }
    }
}

impl Made {
    pub(super) fn is(&self, decision: &Decision) -> bool {
        self.dials == decision.dials
            && self.limited_by == decision.limited_by
            && self.give_up == decision.give_up
    }
}

/// A number that depends on every bit of every decision since the keyframe, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Check(u64);

impl Check {
    pub const fn new() -> Self {
        Self(0x6A09_E667_F3BC_C909)
    }

    pub fn add(&mut self, decision: &Decision) {
        let mut mix = |word: u64| {
            self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        };
        mix(decision.dials);
        mix(decision.limited_by as u64);
        mix(decision.expected_answers.to_bits());
        mix(decision.free_agents.to_bits());
        mix(decision.abandon_risk.to_bits());
        for &call in &decision.give_up {
            mix(call);
        }
        self.0 ^= self.0 >> 29;
    }

    /// Its upper bits: what a decision is told with.
    pub fn short(self) -> u16 {
        let bytes = self.0.to_le_bytes();
        u16::from_le_bytes([bytes[6], bytes[7]])
    }

    /// What a block ends with.
    pub fn long(self) -> u32 {
        let bytes = self.0.to_le_bytes();
        u32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]])
    }
}

/// The same on both sides of the file.
#[derive(Debug, Clone)]
pub(super) struct Memory {
    /// Milliseconds of the last record.
    pub at: i64,
    /// Time between the last two decisions that were apart.
    pub step: i64,
    pub limits: Limits,
    pub made: Made,
    pub check: Check,
    newest_call: u64,
    agent: u64,
}

impl Memory {
    pub fn new(at: i64) -> Self {
        Self {
            at,
            step: 0,
            limits: Limits {
                lines_free: 0,
                rate_tokens: 0,
                leads: 0,
                pending: 0,
            },
            made: Made {
                dials: 0,
                limited_by: LimitedBy::None,
                give_up: Vec::new(),
            },
            check: Check::new(),
            newest_call: 0,
            agent: 0,
        }
    }

    pub fn put_new_call(&mut self, call: u64, out: &mut Out) {
        out.step(self.newest_call, call);
        self.newest_call = call;
    }

    pub fn take_new_call(&mut self, from: &mut In<'_>) -> Result<u64, Broken> {
        self.newest_call = from.step(self.newest_call)?;
        Ok(self.newest_call)
    }

    pub fn put_call(&mut self, call: u64, out: &mut Out) {
        // Backwards, and unsigned in the usual case.
        out.varint(self.newest_call.wrapping_sub(call));
    }

    pub fn take_call(&mut self, from: &mut In<'_>) -> Result<u64, Broken> {
        Ok(self.newest_call.wrapping_sub(from.varint()?))
    }

    pub fn put_agent(&mut self, agent: u64, out: &mut Out) {
        out.step(self.agent, agent);
        self.agent = agent;
    }

    pub fn take_agent(&mut self, from: &mut In<'_>) -> Result<u64, Broken> {
        self.agent = from.step(self.agent)?;
        Ok(self.agent)
    }
}

/// The four limits, in their order in the log.
pub(super) fn four(limits: &mut Limits) -> [&mut u64; 4] {
    [
        &mut limits.lines_free,
        &mut limits.rate_tokens,
        &mut limits.leads,
        &mut limits.pending,
    ]
}
