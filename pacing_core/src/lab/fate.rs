//! Common random numbers: what would happen to the n-th dial, whoever dials it and whenever.
//!
//! Each dial, each inbound call and each agent draws from a stream of its own, of the seed and its number. So two
//! policies meet the same people, who talk as long, and differ in what they make of them.
use super::scenario::Scenario;
use crate::leads::{Lead, from_log_odds, log_odds};
use crate::random::Random;

/// The n-th callee.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Fate {
    /// The lead's own answer probability, where leads differ.
    pub own_p: Option<f64>,
    /// What is known about the lead, where that tells something.
    pub lead: Option<Lead>,
    /// What that makes of the log-odds of an answer.
    effect: f64,
    /// Answers if this is under the answer probability of the moment.
    pub luck: f64,
    /// Seconds from the dial to the answer of a person.
    pub ring: f64,
    /// Seconds that the line is occupied otherwise.
    pub unanswered: f64,
    pub talk: f64,
    pub wrap: f64,
    /// Where machines answer.
    pub machine: Option<Picked>,
}

/// The machine that would answer, and what detection makes of whoever answers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Picked {
    /// Seconds from the dial to the machine's answer.
    pub ring: f64,
    /// Seconds from the answer to the verdict.
    pub delay: f64,
    /// The verdict is wrong if this is under the share of such verdicts.
    pub luck: f64,
}

/// Who answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answerer {
    Person,
    Machine,
    Nobody,
}

const DIAL: u64 = 1 << 56;
const INBOUND: u64 = 2 << 56;
const ARRIVALS: u64 = 3 << 56;
const LEAVE: u64 = 4 << 56;
const POLICY: u64 = 5 << 56;
const SHIFT: u64 = 6 << 56;
const LEAD: u64 = 7 << 56;

impl Fate {
    /// The fate of dial number `dial`, from 1.
    pub fn of_dial(scenario: &Scenario, seed: u64, dial: u64) -> Self {
        let mut random = Random::new(seed, DIAL | dial);
        let luck = random.uniform();
        let ring = scenario.ring.draw(&mut random);
        let unanswered = scenario.unanswered.draw(&mut random);
        let talk = scenario.talk.draw(&mut random);
        let wrap = scenario.wrap.draw(&mut random);
        let own_p = scenario.lead_concentration.map(|concentration| {
            let mean = scenario.answer_probability.at(0.0);
            let yes = gamma(mean * concentration, &mut random);
            let no = gamma((1.0 - mean) * concentration, &mut random);
            (yes / (yes + no).max(1e-300)).clamp(0.0, 1.0)
        });
        let machine = scenario.machines.as_ref().map(|machines| Picked {
            ring: machines.ring.draw(&mut random),
            delay: machines
                .detection
                .as_ref()
                .map_or(0.0, |detection| detection.delay.draw(&mut random)),
            luck: random.uniform(),
        });
        let mut people = Random::new(seed, LEAD | dial);
        let (mut lead, mut effect) = (Lead::default(), 0.0);
        for feature in &scenario.lead_features {
            let (level, more) = feature.draw(people.uniform());
            effect += more;
            lead = lead.with_number(feature.feature, level).unwrap_or(lead);
        }
        Self {
            own_p,
            lead: (!scenario.lead_features.is_empty()).then_some(lead),
            effect,
            luck,
            ring,
            unanswered,
            talk,
            wrap,
            machine,
        }
    }

    /// Probability that this person answers, where one does of whom nothing is known with probability `p`.
    pub fn probability(&self, p: f64) -> f64 {
        let p = self.own_p.unwrap_or(p);
        if self.effect == 0.0 {
            return p;
        }
        from_log_odds(log_odds(p) + self.effect)
    }

    /// Who answers when a person does with probability `p` and a machine with `machine`: people at one end of the
    /// luck, machines at the other, so that a change of one share changes nothing for the other.
    pub fn answerer(&self, p: f64, machine: f64) -> Answerer {
        if self.luck < p {
            Answerer::Person
        } else if self.luck >= 1.0 - machine {
            Answerer::Machine
        } else {
            Answerer::Nobody
        }
    }

    /// Talk, wrap-up and patience of the n-th inbound call.
    pub fn of_inbound(scenario: &Scenario, seed: u64, call: u64) -> (f64, f64, Option<f64>) {
        let mut random = Random::new(seed, INBOUND | call);
        let talk = scenario.talk.draw(&mut random);
        let wrap = scenario.wrap.draw(&mut random);
        let inbound = scenario.inbound.as_ref();
        let patience = inbound.and_then(|inbound| inbound.patience.as_ref());
        (talk, wrap, patience.map(|dist| dist.draw(&mut random)))
    }
}

/// Seconds between the inbound calls.
pub(crate) fn arrivals(seed: u64) -> Random {
    Random::new(seed, ARRIVALS)
}

/// The stream of an agent's breaks.
pub(crate) fn leave(seed: u64, which: u64, agent: u64) -> Random {
    Random::new(seed, LEAVE | (which << 32) | agent)
}

/// The stream of an agent's coming and going.
pub(crate) fn shift(seed: u64, agent: u64) -> Random {
    Random::new(seed, SHIFT | agent)
}

/// The stream of a policy that draws.
pub(crate) fn policy(seed: u64) -> Random {
    Random::new(seed, POLICY)
}

/// A draw of the gamma distribution with this shape and scale 1 (Marsaglia and Tsang 2000).
fn gamma(shape: f64, random: &mut Random) -> f64 {
    if shape < 1.0 {
        let boost = random.uniform().powf(1.0 / shape.max(1e-6));
        return gamma(shape + 1.0, random) * boost;
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let radius = (-2.0 * random.uniform().ln()).sqrt();
        let x = radius * (std::f64::consts::TAU * random.uniform()).cos();
        let v = (1.0 + c * x).powi(3);
        if v > 0.0 && random.uniform().ln() < 0.5 * x * x + d - d * v + d * v.ln() {
            return d * v;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fate_depends_on_seed_and_number_alone() {
        let scenario = Scenario::base();
        let fate = Fate::of_dial(&scenario, 7, 12);
        assert_eq!(fate, Fate::of_dial(&scenario, 7, 12));
        assert_ne!(fate, Fate::of_dial(&scenario, 8, 12));
        assert_ne!(fate, Fate::of_dial(&scenario, 7, 13));
    }

    #[test]
    fn another_answer_probability_changes_nothing_else_about_a_person() {
        let mut scenario = Scenario::base();
        let before = Fate::of_dial(&scenario, 3, 5);
        scenario.answer_probability = 0.9.into();
        assert_eq!(before, Fate::of_dial(&scenario, 3, 5));
    }

    #[test]
    fn the_leads_own_probabilities_have_the_scenarios_mean() {
        let mut scenario = Scenario::base();
        scenario.lead_concentration = Some(2.0);
        let leads: Vec<f64> = (0..20_000)
            .filter_map(|n| Fate::of_dial(&scenario, 1, n).own_p)
            .collect();
        let mean = leads.iter().sum::<f64>() / 20_000.0;
        let variance = leads.iter().map(|p| (p - mean).powi(2)).sum::<f64>() / 20_000.0;
        assert!((mean - 0.3).abs() < 0.006);
        // Beta: m (1 - m) / (concentration + 1).
        assert!((variance - 0.07).abs() < 0.002, "{variance}");
    }
}
