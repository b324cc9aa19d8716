//! The scenarios that come with the package, and how a scenario is read.
//!
//! `extends = "base"` takes over everything another scenario of the suite says and the text does not.
use toml::{Table, Value};

use super::scenario::Scenario;
use crate::error::PacingError;

macro_rules! suite {
    ($($name:literal),* $(,)?) => {
        /// Name and text of every scenario of the suite.
        const SUITE: &[(&str, &str)] = &[
            $(($name, include_str!(concat!("../../scenarios/", $name, ".toml")))),*
        ];
    };
}

suite!(
    "base",
    "p10",
    "p60",
    "cap1",
    "cap5",
    "talk60",
    "talk300",
    "wrap60",
    "ring5-7",
    "exponential",
    "mixed",
    "mixed-unknown",
    "mixed-features",
    "breaks",
    "blend",
    "shock-answers",
    "shock-agents",
    "shock-carrier",
    "shock-talk",
    "cold",
    "day",
    "voicemail-undetected",
    "voicemail-detected",
);

fn unreadable(reason: String) -> PacingError {
    PacingError::Text {
        what: "scenario",
        reason,
    }
}

impl Scenario {
    /// Names of the suite's scenarios.
    #[must_use]
    pub fn names() -> Vec<&'static str> {
        SUITE.iter().map(|(name, _)| *name).collect()
    }

    /// A scenario of the suite, with what `overrides` (TOML) says instead.
    ///
    /// # Errors
    /// [`PacingError::Text`] for an unknown name or an unreadable text, [`PacingError::Domain`] for a value.
    pub fn named(name: &str, overrides: &str) -> Result<Self, PacingError> {
        let mut table = table(named(name)?)?;
        table.extend(self::table(overrides)?);
        finish(table)
    }

    /// A scenario from TOML.
    ///
    /// # Errors
    /// As [`Scenario::named`].
    pub fn from_toml(text: &str) -> Result<Self, PacingError> {
        finish(table(text)?)
    }

    /// As TOML, complete, in one form only: two scenarios are the same if and only if their texts are.
    #[must_use]
    pub fn to_toml(&self) -> String {
        // A scenario holds numbers, words and lists of them: all of that can be written.
        toml::to_string(self).unwrap_or_default()
    }
}

fn named(name: &str) -> Result<&'static str, PacingError> {
    SUITE
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, text)| *text)
        .ok_or_else(|| {
            let known = Scenario::names().join(", ");
            unreadable(format!("{name:?} is none of {known}"))
        })
}

/// The text's table with what it extends filled in.
fn table(text: &str) -> Result<Table, PacingError> {
    let mut table: Table = text.parse().map_err(|e| unreadable(format!("{e}")))?;
    match table.remove("extends") {
        None => Ok(table),
        Some(Value::String(name)) => {
            let parent = named(&name)?;
            // One step only: a text of the suite that is extended extends nothing itself.
            let mut whole: Table = parent.parse().map_err(|e| unreadable(format!("{e}")))?;
            if whole.contains_key("extends") {
                return Err(unreadable(format!("{name:?} itself extends another")));
            }
            whole.extend(table);
            Ok(whole)
        }
        Some(_) => Err(unreadable("`extends` is not a name".to_owned())),
    }
}

fn finish(table: Table) -> Result<Scenario, PacingError> {
    let scenario: Scenario = table.try_into().map_err(|e| unreadable(format!("{e}")))?;
    scenario.check()?;
    Ok(scenario)
}

#[cfg(test)]
impl Scenario {
    /// The base scenario.
    pub(crate) fn base() -> Self {
        Self::named("base", "").unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_suite_can_be_read_and_bears_its_names() {
        for name in Scenario::names() {
            let scenario = Scenario::named(name, "").unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(scenario.name, name);
            assert!(scenario.version >= 1 && scenario.about.len() > 10);
            assert_eq!(Scenario::from_toml(&scenario.to_toml()), Ok(scenario));
        }
    }

    #[test]
    fn overrides_win_and_are_checked() {
        let scenario = Scenario::named("p60", "agents = 7").unwrap();
        assert_eq!(scenario.agents, 7);
        assert!((scenario.answer_probability.at(0.0) - 0.6).abs() < 1e-12);
        for bad in ["agents = 0", "agent = 7", "agents =", "cap = nan"] {
            assert!(Scenario::named("base", bad).is_err(), "{bad}");
        }
        assert!(Scenario::named("basement", "").is_err());
        assert!(Scenario::from_toml("extends = \"p60\"").is_err());
        assert!(Scenario::from_toml("extends = 3").is_err());
    }
}
