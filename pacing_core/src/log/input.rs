//! What a pacer can be told, as a value: told to a pacer, written to a log, read from one.
//!
//! A new kind of input is a variant here with its number, its bytes both ways, and the call it stands for.
use super::memory::Memory;
use crate::books::{AgentState, Outcome};
use crate::codec::{Broken, In, Out};
use crate::error::PacingError;
use crate::pacer::Pacer;
use crate::state::State;

/// As [`Pacer::set_group_budget`] takes it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GroupBudget {
    pub target: f64,
    pub answered: u64,
    pub abandoned: u64,
    pub expected: f64,
}

impl GroupBudget {
    /// Tells it to a pacer.
    ///
    /// # Errors
    /// As [`Pacer::set_group_budget`].
    pub fn tell(&self, pacer: &mut Pacer) -> Result<(), PacingError> {
        pacer.set_group_budget(self.target, self.answered, self.abandoned, self.expected)
    }
}

/// One call of a method of [`Pacer`] that changes what it knows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Input {
    Agent {
        agent: u64,
        state: AgentState,
        leaving: bool,
    },
    /// A planned break or shift's end; none: no plan any more.
    AgentLeaves {
        agent: u64,
        at: Option<f64>,
    },
    AgentGone {
        agent: u64,
    },
    Dialed {
        call: u64,
        p: Option<f64>,
    },
    Ringing {
        call: u64,
    },
    Answered {
        call: u64,
    },
    Connected {
        call: u64,
        agent: u64,
    },
    Abandoned {
        call: u64,
    },
    Ended {
        call: u64,
        outcome: Outcome,
    },
    /// Of the campaign's group; none: no group's budget binds.
    GroupBudget {
        told: Option<GroupBudget>,
    },
    /// A target that the pacer refuses is not an input.
    SetTarget {
        target: f64,
    },
    /// What was known of the leads to be dialed next is not known any more.
    ForgetNextLeads,
    /// One more lead that will be dialed, after those told before.
    NextLead {
        p: Option<f64>,
    },
}

impl Input {
    /// Tells it to a pacer.
    pub fn tell(&self, pacer: &mut Pacer, now: f64) {
        match *self {
            Self::Agent {
                agent,
                state,
                leaving,
            } => pacer.agent(now, agent, state, leaving),
            Self::AgentLeaves { agent, at } => pacer.agent_leaves(now, agent, at),
            Self::AgentGone { agent } => pacer.agent_gone(now, agent),
            Self::Dialed { call, p } => pacer.dialed(now, call, p),
            Self::Ringing { call } => pacer.ringing(now, call),
            Self::Answered { call } => pacer.answered(now, call),
            Self::Connected { call, agent } => pacer.connected(now, call, agent),
            Self::Abandoned { call } => pacer.abandoned(now, call),
            Self::Ended { call, outcome } => pacer.ended(now, call, outcome),
            Self::GroupBudget { told: None } => pacer.clear_group_budget(),
            Self::GroupBudget { told: Some(told) } => {
                // As below.
                let _ = told.tell(pacer);
            }
            Self::SetTarget { target } => {
                // Checked before it was recorded; a log made by hand may hold anything, and changes nothing then.
                let _ = pacer.set_target(target);
            }
            Self::ForgetNextLeads => pacer.forget_next_leads(),
            Self::NextLead { p } => pacer.next_lead(p),
        }
    }

    /// Its number in the log.
    pub(super) fn kind(&self) -> u8 {
        match self {
            Self::Agent { .. } => 0,
            Self::AgentGone { .. } => 1,
            Self::Dialed { p: None, .. } => 2,
            Self::Dialed { p: Some(_), .. } => 3,
            Self::Ringing { .. } => 4,
            Self::Answered { .. } => 5,
            Self::Connected { .. } => 6,
            Self::Abandoned { .. } => 7,
            Self::Ended { .. } => 8,
            Self::SetTarget { .. } => 9,
            Self::GroupBudget { told: Some(_) } => 10,
            Self::GroupBudget { told: None } => 11,
            Self::AgentLeaves { at: Some(_), .. } => 12,
            Self::AgentLeaves { at: None, .. } => 13,
            Self::ForgetNextLeads => 14,
            Self::NextLead { p: Some(_) } => 15,
            Self::NextLead { p: None } => 16,
        }
    }

    /// What follows its number. Calls are told by their distance from the newest, agents from the last one named.
    pub(super) fn write(&self, memory: &mut Memory, out: &mut Out) {
        match *self {
            Self::Agent {
                agent,
                state,
                leaving,
            } => {
                memory.put_agent(agent, out);
                let mut word = Out::default();
                state.put(&mut word);
                out.byte(word.0[0] << 1 | u8::from(leaving));
            }
            Self::AgentGone { agent } => memory.put_agent(agent, out),
            Self::AgentLeaves { agent, at } => {
                memory.put_agent(agent, out);
                if let Some(at) = at {
                    out.double(at);
                }
            }
            Self::Dialed { call, p } => {
                memory.put_new_call(call, out);
                if let Some(p) = p {
                    out.double(p);
                }
            }
            Self::Ringing { call } | Self::Answered { call } | Self::Abandoned { call } => {
                memory.put_call(call, out);
            }
            Self::Connected { call, agent } => {
                memory.put_call(call, out);
                memory.put_agent(agent, out);
            }
            Self::Ended { call, outcome } => {
                memory.put_call(call, out);
                outcome.put(out);
            }
            Self::SetTarget { target } => out.double(target),
            Self::NextLead { p: Some(p) } => out.double(p),
            Self::NextLead { p: None }
            | Self::ForgetNextLeads
            | Self::GroupBudget { told: None } => {}
            Self::GroupBudget { told: Some(told) } => {
                out.double(told.target);
                out.varint(told.answered);
                out.varint(told.abandoned);
                out.double(told.expected);
            }
        }
    }

    pub(super) fn read(kind: u8, memory: &mut Memory, from: &mut In<'_>) -> Result<Self, Broken> {
        Ok(match kind {
            0 => {
                let agent = memory.take_agent(from)?;
                let byte = from.byte()?;
                Self::Agent {
                    agent,
                    state: State::take(&mut In::new(&[byte >> 1]))?,
                    leaving: byte & 1 == 1,
                }
            }
            1 => Self::AgentGone {
                agent: memory.take_agent(from)?,
            },
            2 => Self::Dialed {
                call: memory.take_new_call(from)?,
                p: None,
            },
            3 => Self::Dialed {
                call: memory.take_new_call(from)?,
                p: Some(from.double()?),
            },
            4 => Self::Ringing {
                call: memory.take_call(from)?,
            },
            5 => Self::Answered {
                call: memory.take_call(from)?,
            },
            6 => Self::Connected {
                call: memory.take_call(from)?,
                agent: memory.take_agent(from)?,
            },
            7 => Self::Abandoned {
                call: memory.take_call(from)?,
            },
            8 => Self::Ended {
                call: memory.take_call(from)?,
                outcome: State::take(from)?,
            },
            9 => Self::SetTarget {
                target: from.double()?,
            },
            10 => Self::GroupBudget {
                told: Some(GroupBudget {
                    target: from.double()?,
                    answered: from.varint()?,
                    abandoned: from.varint()?,
                    expected: from.double()?,
                }),
            },
            11 => Self::GroupBudget { told: None },
            12 => Self::AgentLeaves {
                agent: memory.take_agent(from)?,
                at: Some(from.double()?),
            },
            13 => Self::AgentLeaves {
                agent: memory.take_agent(from)?,
                at: None,
            },
            14 => Self::ForgetNextLeads,
            15 => Self::NextLead {
                p: Some(from.double()?),
            },
            16 => Self::NextLead { p: None },
            _ => return Err(Broken("a record is of an unknown kind")),
        })
    }
}
