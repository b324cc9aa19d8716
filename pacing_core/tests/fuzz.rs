//! Whatever the pacer is told, in whatever order, twice, backwards or about nobody: it keeps to its limits, its
//! numbers stay numbers, and the same story gives the same decisions to the last bit.
use pacing_core::{AgentState, Decision, Limits, Options, Outcome, Pacer, Policy};
use support::{Floor, Random};

mod support;

const STATES: [AgentState; 5] = [
    AgentState::Idle,
    AgentState::Reserved,
    AgentState::Talk,
    AgentState::Wrap,
    AgentState::Away,
];
const OUTCOMES: [Outcome; 7] = [
    Outcome::NoAnswer,
    Outcome::Failed,
    Outcome::Cancelled,
    Outcome::HangupBeforeAgent,
    Outcome::Done,
    Outcome::Machine,
    Outcome::Unknown,
];
const ODD_TIMES: [f64; 8] = [
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    -1.0,
    0.0,
    1e-300,
    1e300,
    f64::MIN,
];
const ODD_SHARES: [f64; 8] = [0.0, 1.0, -0.5, 7.0, f64::NAN, f64::INFINITY, 1e-300, -0.0];
const ODD_COUNTS: [u64; 6] = [0, 1, 2, 1 << 33, 1 << 60, u64::MAX];

/// One thing that happens, to anybody, at a time that mostly goes on.
fn anything(random: &mut Random, clock: &mut f64, ids: u64, pacer: &mut Pacer) {
    *clock += [0.0, 0.01, 0.3, 2.0, 17.0, -3.0][usize::try_from(random.below(6)).unwrap_or(0)];
    let now = match random.below(60) {
        0 => random.one_of(&ODD_TIMES),
        _ => *clock,
    };
    let id = match random.below(100) {
        0 => random.one_of(&ODD_COUNTS),
        _ => random.below(ids),
    };
    let other = random.below(ids);
    match random.below(16) {
        0..=2 => pacer.agent(now, id, random.one_of(&STATES), random.below(5) == 0),
        3 => pacer.agent_gone(now, id),
        4..=6 => pacer.dialed(now, id, None),
        7 => pacer.dialed(now, id, Some(random.uniform())),
        8 => pacer.dialed(now, id, Some(random.one_of(&ODD_SHARES))),
        9 => pacer.ringing(now, id),
        10 | 11 => pacer.answered(now, id),
        12 => pacer.connected(now, id, other),
        13 => pacer.abandoned(now, id),
        _ => pacer.ended(now, id, random.one_of(&OUTCOMES)),
    }
}

fn limits(random: &mut Random) -> Limits {
    let mut count = |most| match random.below(8) {
        0 => random.one_of(&ODD_COUNTS),
        _ => random.below(most),
    };
    Limits {
        lines_free: count(60),
        rate_tokens: count(60),
        leads: count(1000),
        pending: count(20),
    }
}

#[allow(clippy::needless_update)] // an option that comes later has its default here
fn options(random: &mut Random) -> Options {
    let answered = random.below(5000);
    Options {
        target: 0.001 + 0.2 * random.uniform(),
        cap: [None, Some(0.03)][usize::from(random.below(2) == 0)],
        grace_seconds: 10.0 * random.uniform(),
        policy: [Policy::Predictive, Policy::Progressive][usize::from(random.below(6) == 0)],
        give_up_after: [None, Some(16.0)][usize::from(random.below(2) == 0)],
        budget_answered: answered,
        budget_abandoned: random.below(answered / 10 + 1),
        ..Options::default()
    }
}

fn check(decision: &Decision, limits: Limits, pacer: &Pacer) {
    let room = limits.lines_free.min(limits.rate_tokens).min(limits.leads);
    assert!(decision.dials <= room, "{decision:?} {limits:?}");
    assert!((0.0..=1.0).contains(&decision.abandon_risk), "{decision:?}");
    for expected in [decision.expected_answers, decision.free_agents] {
        assert!(expected.is_finite() && expected >= 0.0, "{decision:?}");
    }
    let p = pacer.answer_probability();
    assert!(p > 0.0 && p < 1.0, "{p}");
    let (answered, abandoned) = pacer.ledger();
    assert!(abandoned <= answered, "{abandoned} of {answered}");
}

/// A story from a seed: the decisions on the way, each checked.
fn story(seed: u64) -> (Vec<Decision>, Pacer) {
    let mut random = Random(seed);
    let mut pacer = Pacer::new(options(&mut random)).expect("these options are valid");
    let ids = random.one_of(&[3, 12, 60, 400]);
    let mut clock = random.one_of(&[0.0, -100.0, 1.7e9]);
    let mut decisions = Vec::new();
    for _ in 0..random.below(400) {
        anything(&mut random, &mut clock, ids, &mut pacer);
        if random.below(4) == 0 {
            let limits = limits(&mut random);
            let decision = pacer.decide(clock, limits);
            check(&decision, limits, &pacer);
            assert_eq!(pacer.decide(clock, limits), decision, "twice is once");
            decisions.push(decision);
        }
    }
    (decisions, pacer)
}

#[test]
fn any_story_keeps_to_the_limits_and_comes_out_the_same_again() {
    for seed in 0..400 {
        let (decisions, pacer) = story(seed);
        let (again, other) = story(seed);
        assert_eq!(decisions, again, "{seed}");
        assert_eq!(pacer.snapshot(), other.snapshot(), "{seed}");
        // What it learned can always be carried on with.
        let mut heir = Pacer::new(Options::default()).expect("the default options are valid");
        heir.restore(&pacer.snapshot())
            .unwrap_or_else(|error| panic!("{seed}: {error}"));
        assert_eq!(heir.snapshot(), pacer.snapshot(), "{seed}");
    }
}

#[test]
fn a_campaign_goes_on_after_nonsense() {
    let mut pacer = Pacer::new(Options::default()).expect("the default options are valid");
    let mut floor = Floor::new(20, 0.3, 5, &mut pacer);
    let mut random = Random(9);
    let mut dials = 0;
    for step in 0..9000 {
        // Of nobody the campaign knows, at times that cannot be.
        if step % 7 == 0 {
            let (now, id) = (random.one_of(&ODD_TIMES), 1 << 40);
            pacer.answered(now, id);
            pacer.connected(now, id, id);
            pacer.ended(now, id, Outcome::Done);
            pacer.abandoned(now, id);
            pacer.agent_gone(now, id);
        }
        let decision = floor.step(&mut pacer);
        dials += if step >= 6000 { decision.dials } else { 0 };
    }
    let (answered, abandoned) = pacer.ledger();
    assert!(dials > 200, "{dials}");
    assert!(abandoned * 20 < answered, "{abandoned} of {answered}");
    assert!(pacer.ignored_events() >= 5 * 9000 / 7);
}

#[test]
fn a_decision_about_a_hopeless_list_takes_no_time_to_speak_of() {
    // Nobody ever answers: the learned probability tends to nothing, and thousands of dials would be needed for one.
    let mut pacer = Pacer::new(Options {
        budget_answered: 1_000_000,
        ..Options::default()
    })
    .expect("these options are valid");
    for call in 0..200_000_u32 {
        let now = 0.001 * f64::from(call);
        let id = u64::from(call);
        pacer.dialed(now, id, None);
        pacer.ended(now + 25.0, id, Outcome::NoAnswer);
    }
    for agent in 0..20 {
        pacer.agent(300.0, agent, AgentState::Idle, false);
    }
    let unlimited = Limits {
        lines_free: u64::MAX,
        rate_tokens: u64::MAX,
        leads: u64::MAX,
        pending: 0,
    };
    let begin = std::time::Instant::now();
    let mut dials = 0;
    for _ in 0..1000 {
        dials = pacer.decide(300.0, unlimited).dials;
    }
    // As many as may be in flight at the start, however many would be wanted.
    assert_eq!(dials, 2 * 20 + 10);
    // A call convolved by itself takes 0.1 us; so many a thousand times over would take minutes.
    assert!(begin.elapsed().as_secs() < 10);
}
