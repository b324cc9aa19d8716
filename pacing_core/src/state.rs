//! The complete state of a pacer as bytes, so that a log can begin in the middle of a day and still be replayed to
//! the last bit.
//!
//! A struct takes part by one line beside its definition, `state!(Name { every, field });`. A field that is added
//! and not listed there does not compile. The names also make the layout's number, by which a state written by
//! another version is recognised and refused.
use std::hash::Hash;

use crate::books::{Agent, AgentState, Call, Outcome, Stage};
use crate::codec::{Broken, In, Out, Sum};
use crate::pacer::{LimitedBy, Policy};
use crate::ring::RingEnd;

/// Something that is part of a pacer's state.
pub(crate) trait State: Sized {
    fn put(&self, out: &mut Out);
    fn take(from: &mut In<'_>) -> Result<Self, Broken>;
    /// Adds what determines the bytes' meaning.
    fn layout(layout: &mut Layout);
}

/// The number of a layout, being worked out.
pub(crate) struct Layout(Sum);

impl Layout {
    pub fn of<T: State>() -> u64 {
        let mut layout = Self(Sum::new());
        T::layout(&mut layout);
        layout.0.0
    }

    pub fn name(&mut self, name: &str) {
        self.0.add(name.as_bytes());
        self.0.add(&[0]);
    }

    /// A field of `S`; the function is never called and only tells the field's type.
    pub fn field<S, T: State>(&mut self, name: &str, _: fn(&S) -> &T) {
        self.name(name);
        T::layout(self);
    }
}

macro_rules! state {
    ($name:ident { $($field:ident),* $(,)? }) => {
        impl $crate::state::State for $name {
            fn put(&self, out: &mut $crate::codec::Out) {
                let Self { $($field),* } = self;
                $($crate::state::State::put($field, out);)*
            }

            fn take(from: &mut $crate::codec::In<'_>) -> Result<Self, $crate::codec::Broken> {
                $(let $field = $crate::state::State::take(from)?;)*
                Ok(Self { $($field),* })
            }

            fn layout(layout: &mut $crate::state::Layout) {
                layout.name(stringify!($name));
                $(layout.field(stringify!($field), |s: &Self| &s.$field);)*
            }
        }
    };
}
pub(crate) use state;

/// Enums without fields: each has its number in this list.
macro_rules! words {
    ($name:ident { $($word:ident),* $(,)? }) => {
        impl State for $name {
            fn put(&self, out: &mut Out) {
                const WORDS: &[$name] = &[$($name::$word),*];
                // Exhaustive, so that a new word must be listed.
                match self { $($name::$word)|* => {} }
                let at = WORDS.iter().position(|word| word == self);
                out.varint(at.unwrap_or(0) as u64);
            }

            fn take(from: &mut In<'_>) -> Result<Self, Broken> {
                const WORDS: &[$name] = &[$($name::$word),*];
                let at = usize::try_from(from.varint()?).unwrap_or(usize::MAX);
                WORDS.get(at).copied().ok_or(Broken("it holds an unknown word"))
            }

            fn layout(layout: &mut Layout) {
                layout.name(stringify!($name));
                $(layout.name(stringify!($word));)*
            }
        }
    };
}

words!(AgentState {
    Idle,
    Reserved,
    Talk,
    Wrap,
    Away
});
words!(Policy {
    Predictive,
    Progressive
});

words!(Outcome {
    NoAnswer,
    Failed,
    Cancelled,
    HangupBeforeAgent,
    Done,
    Unknown,
    Machine
});
words!(RingEnd {
    Answered,
    Unanswered,
    Censored
});
words!(LimitedBy {
    None,
    Agents,
    AbandonBudget,
    Lines,
    CallsPerSecond,
    HopperEmpty
});

state!(Agent {
    id,
    state,
    since,
    leaving,
    leaves_at
});
state!(Call {
    id,
    dialed,
    ringing,
    given_p,
    stage
});

impl State for Stage {
    fn put(&self, out: &mut Out) {
        match *self {
            Self::InFlight => out.byte(0),
            Self::Waiting { since, counted } => {
                out.byte(1 + u8::from(counted));
                since.put(out);
            }
            Self::Talking { agent, counted } => {
                out.byte(3 + u8::from(counted));
                agent.put(out);
            }
        }
    }

    fn take(from: &mut In<'_>) -> Result<Self, Broken> {
        Ok(match from.byte()? {
            0 => Self::InFlight,
            tag @ (1 | 2) => Self::Waiting {
                since: State::take(from)?,
                counted: tag == 2,
            },
            tag @ (3 | 4) => Self::Talking {
                agent: State::take(from)?,
                counted: tag == 4,
            },
            _ => return Err(Broken("it holds an unknown stage")),
        })
    }

    fn layout(layout: &mut Layout) {
        layout.name("Stage InFlight Waiting(since) Waiting(since, counted)");
        layout.name("Talking(agent) Talking(agent, counted)");
    }
}

impl State for f64 {
    fn put(&self, out: &mut Out) {
        // Turned round, 0.0 is one byte and small whole numbers are three.
        out.varint(self.to_bits().swap_bytes());
    }

    fn take(from: &mut In<'_>) -> Result<Self, Broken> {
        let value = f64::from_bits(from.varint()?.swap_bytes());
        // A pacer that has not heard of any time yet stands at minus infinity.
        if value.abs() <= 1e15 || value == f64::NEG_INFINITY {
            return Ok(value);
        }
        Err(Broken("it holds a number that cannot be"))
    }

    fn layout(layout: &mut Layout) {
        layout.name("f64");
    }
}

macro_rules! whole {
    ($($name:ident),*) => {
        $(impl State for $name {
            fn put(&self, out: &mut Out) {
                #[allow(clippy::cast_lossless)]
                out.varint(*self as u64);
            }

            fn take(from: &mut In<'_>) -> Result<Self, Broken> {
                $name::try_from(from.varint()?).map_err(|_| Broken("it holds a number that cannot be"))
            }

            fn layout(layout: &mut Layout) {
                layout.name(stringify!($name));
            }
        })*
    };
}

whole!(u64, u32, u16, u8, usize);

impl State for i64 {
    fn put(&self, out: &mut Out) {
        out.signed(*self);
    }

    fn take(from: &mut In<'_>) -> Result<Self, Broken> {
        from.signed()
    }

    fn layout(layout: &mut Layout) {
        layout.name("i64");
    }
}

impl State for bool {
    fn put(&self, out: &mut Out) {
        out.byte(u8::from(*self));
    }

    fn take(from: &mut In<'_>) -> Result<Self, Broken> {
        match from.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Broken("it holds neither yes nor no")),
        }
    }

    fn layout(layout: &mut Layout) {
        layout.name("bool");
    }
}

impl<T: State> State for Option<T> {
    fn put(&self, out: &mut Out) {
        self.is_some().put(out);
        if let Some(value) = self {
            value.put(out);
        }
    }

    fn take(from: &mut In<'_>) -> Result<Self, Broken> {
        bool::take(from)?.then(|| T::take(from)).transpose()
    }

    fn layout(layout: &mut Layout) {
        layout.name("Option");
        T::layout(layout);
    }
}

impl<T: State> State for Vec<T> {
    fn put(&self, out: &mut Out) {
        self.len().put(out);
        for value in self {
            value.put(out);
        }
    }

    fn take(from: &mut In<'_>) -> Result<Self, Broken> {
        // Grows as it is read: a lie about the length costs no memory.
        (0..from.count()?).map(|_| T::take(from)).collect()
    }

    fn layout(layout: &mut Layout) {
        layout.name("Vec");
        T::layout(layout);
    }
}

/// Room that one decision works in, kept so that the next need not ask for memory: no part of a state.
#[derive(Debug, Clone)]
pub(crate) struct Scratch<T>(pub Vec<T>);

impl<T> Default for Scratch<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> State for Scratch<T> {
    fn put(&self, _: &mut Out) {}

    fn take(_: &mut In<'_>) -> Result<Self, Broken> {
        Ok(Self::default())
    }

    fn layout(layout: &mut Layout) {
        layout.name("Scratch");
    }
}

impl<T: State + Copy, const N: usize> State for [T; N] {
    fn put(&self, out: &mut Out) {
        for value in self {
            value.put(out);
        }
    }

    fn take(from: &mut In<'_>) -> Result<Self, Broken> {
        let mut values = Vec::with_capacity(N);
        for _ in 0..N {
            values.push(T::take(from)?);
        }
        values
            .try_into()
            .map_err(|_| Broken("an array has another length"))
    }

    fn layout(layout: &mut Layout) {
        layout.name(&N.to_string());
        T::layout(layout);
    }
}

impl<A: State, B: State> State for (A, B) {
    fn put(&self, out: &mut Out) {
        self.0.put(out);
        self.1.put(out);
    }

    fn take(from: &mut In<'_>) -> Result<Self, Broken> {
        Ok((A::take(from)?, B::take(from)?))
    }

    fn layout(layout: &mut Layout) {
        A::layout(layout);
        B::layout(layout);
    }
}

/// In the order of the keys, whatever order the map keeps.
impl<K: State + Ord + Hash, V: State> State for std::collections::HashMap<K, V> {
    fn put(&self, out: &mut Out) {
        let mut rows: Vec<(&K, &V)> = self.iter().collect();
        rows.sort_by(|a, b| a.0.cmp(b.0));
        rows.len().put(out);
        for (key, value) in rows {
            key.put(out);
            value.put(out);
        }
    }

    fn take(from: &mut In<'_>) -> Result<Self, Broken> {
        (0..from.count()?)
            .map(|_| Ok((K::take(from)?, V::take(from)?)))
            .collect()
    }

    fn layout(layout: &mut Layout) {
        layout.name("HashMap");
        K::layout(layout);
        V::layout(layout);
    }
}

/// Sequences that are taken from at both ends.
impl<T: State> State for std::collections::VecDeque<T> {
    fn put(&self, out: &mut Out) {
        self.len().put(out);
        for value in self {
            value.put(out);
        }
    }

    fn take(from: &mut In<'_>) -> Result<Self, Broken> {
        Vec::take(from).map(Into::into)
    }

    fn layout(layout: &mut Layout) {
        Vec::<T>::layout(layout);
    }
}
