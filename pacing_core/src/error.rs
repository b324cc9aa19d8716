//! What a caller can do wrong, each with a stable code and the next step.
use std::fmt;

/// An error of the caller. Nothing is changed when one is returned.
#[derive(Debug, Clone, PartialEq)]
pub enum PacingError {
    /// An argument is outside its domain: which one, its value, what is allowed.
    Domain {
        name: &'static str,
        value: f64,
        allowed: &'static str,
    },
    /// A word is not one of those known.
    Word {
        name: &'static str,
        value: String,
        allowed: &'static str,
    },
    /// An argument is neither a number nor an array of numbers.
    NotNumbers { name: &'static str },
    /// An array does not broadcast with the ones before it, or would become too large.
    Shape {
        name: &'static str,
        reason: &'static str,
    },
    /// A scenario or a policy cannot be read.
    Text { what: &'static str, reason: String },
    /// A snapshot cannot be used.
    Snapshot { reason: &'static str },
    /// A decision log cannot be used.
    Log { reason: String },
}

impl PacingError {
    /// A stable code for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Domain { .. } => "out_of_domain",
            Self::Word { .. } => "unknown_word",
            Self::NotNumbers { .. } => "not_numbers",
            Self::Shape { .. } => "bad_shape",
            Self::Text { .. } => "unreadable",
            Self::Snapshot { .. } => "bad_snapshot",
            Self::Log { .. } => "bad_log",
        }
    }
}

impl fmt::Display for PacingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Domain {
                name,
                value,
                allowed,
            } => {
                // Debug's form: 1e-300 is not three hundred zeros.
                write!(f, "{name} is {value:?}; give {allowed}")
            }
            Self::Word {
                name,
                value,
                allowed,
            } => {
                write!(f, "{name} is {value:?}; give one of {allowed}")
            }
            Self::NotNumbers { name } => {
                write!(
                    f,
                    "{name} is no number; give a number or an array of numbers"
                )
            }
            Self::Shape { name, reason } => write!(f, "the shape of {name} {reason}"),
            Self::Text { what, reason } => write!(f, "the {what} cannot be read: {reason}"),
            Self::Log { reason } => write!(f, "the decision log cannot be used: {reason}"),
            Self::Snapshot { reason } => {
                write!(
                    f,
                    "the snapshot cannot be used: {reason}; start the pacer without it"
                )
            }
        }
    }
}

impl std::error::Error for PacingError {}
