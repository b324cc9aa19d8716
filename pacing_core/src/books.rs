//! What the pacer has been told: agents and calls, as they stand now.
//!
//! Both books are vectors with an index by id, so that a decision walks dense memory in a deterministic order,
//! and nothing is allocated once the vectors have grown to the size of the campaign.
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::codec::{Broken, In, Out};
use crate::error::PacingError;
use crate::state::{Layout, State};

/// What an agent does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgentState {
    Idle,
    /// Held for one call that is being connected; as good as talking.
    Reserved,
    Talk,
    Wrap,
    /// Logged in and paused, or not logged in.
    Away,
}

impl AgentState {
    /// The state by its name.
    ///
    /// # Errors
    /// [`PacingError::Word`] for any other word.
    pub fn parse(word: &str) -> Result<Self, PacingError> {
        Ok(match word {
            "idle" => Self::Idle,
            "reserved" => Self::Reserved,
            "talk" => Self::Talk,
            "wrap" => Self::Wrap,
            "away" => Self::Away,
            _ => {
                return Err(PacingError::Word {
                    name: "state",
                    value: word.to_owned(),
                    allowed: "idle, reserved, talk, wrap, away",
                });
            }
        })
    }
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Rang out, busy, or refused by the person or their machine: a fact about the person.
    NoAnswer,
    /// The network's failure: says nothing about the person.
    Failed,
    /// Given up by us.
    Cancelled,
    /// A person answered and ended the call before an agent was there.
    HangupBeforeAgent,
    /// The conversation is over.
    Done,
    /// The agent found a machine: nobody was there, so the answer counts no more.
    Machine,
    /// Nobody knows (after a recovery): counts as abandoned if it had been answered and not connected.
    Unknown,
}

impl Outcome {
    /// The outcome by its name.
    ///
    /// # Errors
    /// [`PacingError::Word`] for any other word.
    pub fn parse(word: &str) -> Result<Self, PacingError> {
        Ok(match word {
            "no_answer" => Self::NoAnswer,
            "failed" => Self::Failed,
            "cancelled" => Self::Cancelled,
            "hangup_before_agent" => Self::HangupBeforeAgent,
            "done" => Self::Done,
            "machine" => Self::Machine,
            "unknown" => Self::Unknown,
            _ => {
                return Err(PacingError::Word {
                    name: "outcome",
                    value: word.to_owned(),
                    allowed: "no_answer, failed, cancelled, hangup_before_agent, done, machine, unknown",
                });
            }
        })
    }
}

/// One agent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Agent {
    pub id: u64,
    pub state: AgentState,
    /// Since when in this state.
    pub since: f64,
    /// Will not become free after this call.
    pub leaving: bool,
    /// Is to leave then, or after the call that runs then.
    pub leaves_at: Option<f64>,
}

/// How far a call has come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Stage {
    /// Dialed, not yet answered.
    InFlight,
    /// Answered by a person, no agent yet. `counted` once it is in the ledger as abandoned.
    Waiting { since: f64, counted: bool },
    /// With an agent, at last: `counted` if the ledger holds it as abandoned.
    Talking { agent: u64, counted: bool },
}

/// One call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call {
    pub id: u64,
    pub dialed: f64,
    pub ringing: Option<f64>,
    /// The lead's own answer probability, if the caller knows one.
    pub given_p: Option<f64>,
    pub stage: Stage,
}

/// Rows with an id, dense, in a deterministic order.
#[derive(Debug, Clone)]
pub(crate) struct Book<T> {
    rows: Vec<T>,
    index: HashMap<u64, usize, BuildHasherDefault<IdHasher>>,
}

/// Fibonacci hashing (Knuth, TAOCP 3, 6.4) of ids, which the database gives: quick, and the same in every run.
#[derive(Debug, Clone, Copy, Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    fn write_u64(&mut self, id: u64) {
        let mixed = (self.0 ^ id).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        // The table looks at the highest and the lowest bits; the product's low ones are poor.
        self.0 = mixed ^ (mixed >> 32);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// The rows in their order; the index follows from them.
impl<T: Row + Copy + State> State for Book<T> {
    fn put(&self, out: &mut Out) {
        self.rows.put(out);
    }

    fn take(from: &mut In<'_>) -> Result<Self, Broken> {
        let mut book = Self::new();
        let rows: Vec<T> = State::take(from)?;
        if rows.into_iter().all(|row| book.insert(row)) {
            return Ok(book);
        }
        Err(Broken("an id is there twice"))
    }

    fn layout(layout: &mut Layout) {
        Vec::<T>::layout(layout);
    }
}

/// A row of a [`Book`].
pub(crate) trait Row {
    fn id(&self) -> u64;
}

impl Row for Agent {
    fn id(&self) -> u64 {
        self.id
    }
}

impl Row for Call {
    fn id(&self) -> u64 {
        self.id
    }
}

impl<T: Row + Copy> Book<T> {
    pub fn new() -> Self {
        Self {
            rows: Vec::new(),
            index: HashMap::default(),
        }
    }

    pub fn rows(&self) -> &[T] {
        &self.rows
    }

    pub fn rows_mut(&mut self) -> &mut [T] {
        &mut self.rows
    }

    pub fn get_mut(&mut self, id: u64) -> Option<&mut T> {
        self.index.get(&id).map(|&at| &mut self.rows[at])
    }

    /// Adds a row; false, and nothing changes, when its id is there already.
    pub fn insert(&mut self, row: T) -> bool {
        if self.index.contains_key(&row.id()) {
            return false;
        }
        self.index.insert(row.id(), self.rows.len());
        self.rows.push(row);
        true
    }

    pub fn remove(&mut self, id: u64) -> Option<T> {
        let at = self.index.remove(&id)?;
        let row = self.rows.swap_remove(at);
        if let Some(moved) = self.rows.get(at) {
            self.index.insert(moved.id(), at);
        }
        Some(row)
    }
}
