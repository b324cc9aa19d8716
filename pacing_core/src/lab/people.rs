//! Machines and shifts in the simulator, held to what the scenario says of them.
use super::policy::float;
use super::{Progress, Run, Scenario, Spec, pooled, replicate};

fn runs(scenario: &str, overrides: &str, policy: &str, seeds: &[u64]) -> Vec<Run> {
    let scenario = Scenario::named(scenario, overrides).unwrap();
    let spec = Spec::parse(policy).unwrap();
    replicate(&scenario, &spec, seeds, &Progress::default()).unwrap()
}

fn near(value: f64, wanted: f64, by: f64) {
    assert!((value - wanted).abs() < by, "{value} is not {wanted}");
}

#[test]
fn machines_are_found_out_by_agents() {
    let text = "agents = 20\nseconds = 30000.0\nwarmup_seconds = 0.0\ndecide_seconds = 1.0";
    let run = &runs("voicemail-undetected", text, "progressive", &[3])[0];
    let attempts = float(run.attempts);
    near(float(run.answered) / attempts, 0.06, 0.006);
    near(float(run.machines) / attempts, 0.5, 0.012);
    // Each has an agent for 12 s, and the last ones beyond the end.
    near(run.machine_seconds / float(run.machines), 12.0, 0.02);
    assert_eq!((run.detected, run.mistaken), (0, 0));
    let ended = run.answered + run.machines + run.unanswered;
    assert_eq!(run.attempts, ended);
    assert!((run.busy_seconds() / run.staffed_seconds - run.occupancy()).abs() < 1e-12);
    assert!(run.talk_minutes_per_agent_hour() < 60.0 * (run.occupancy() - 0.1));
}

#[test]
fn detection_costs_time_and_people() {
    let text = "agents = 20\nseconds = 60000.0\nwarmup_seconds = 0.0\ndecide_seconds = 1.0";
    let run = &runs("voicemail-detected", text, "ratio(k=8)", &[4])[0];
    let people = float(run.answered + run.mistaken);
    near(people / float(run.attempts), 0.06, 0.004);
    near(float(run.mistaken) / people, 0.03, 0.01);
    near(float(run.detected) / float(run.attempts), 0.5, 0.008);
    assert_eq!((run.machines, run.machine_seconds), (0, 0.0));
    let ended = run.answered + run.mistaken + run.detected + run.unanswered;
    assert_eq!(run.attempts, ended);
    // What a regulator counts is worse than what pacing is to blame for.
    assert!(run.abandon_rate_with_mistaken() > run.abandon_rate() + 0.015);
}

#[test]
fn a_machine_that_is_dropped_counts_as_a_person() {
    // One agent and a flood: nearly everything is dropped, machines like people.
    let text = "agents = 1\nseconds = 20000.0\nwarmup_seconds = 0.0";
    let run = &runs("voicemail-undetected", text, "constant(rate=2000)", &[5])[0];
    assert!(run.abandon_rate() > 0.8);
    assert!(float(run.answered) > 0.35 * float(run.attempts));
    assert_eq!(run.attempts, run.answered + run.machines + run.unanswered);
}

#[test]
fn the_policy_that_knows_all_knows_machines() {
    // Tuned on other seeds; progressive pays for each machine with a ring time.
    let text = "agents = 30\nseconds = 24000.0\ndecide_seconds = 0.5";
    for (scenario, theta) in [("voicemail-undetected", 0.3), ("voicemail-detected", 0.025)] {
        let (low, _) = pooled(&runs(scenario, text, "progressive", &[1]));
        let policy = format!("oracle(theta={theta})");
        let (occupancy, rate) = pooled(&runs(scenario, text, &policy, &[1]));
        assert!(occupancy > low + 0.1, "{scenario}: {occupancy} {low}");
        assert!((0.01..0.05).contains(&rate), "{scenario}: {rate}");
    }
}

#[test]
fn a_day_has_shifts_and_breaks() {
    for agents in [5, 20, 100] {
        let text = format!("agents = {agents}\ndecide_seconds = 1.0");
        let run = &runs("day", &text, "progressive", &[1])[0];
        let team = f64::from(agents);
        let quarters = run.quarters();
        let staffed = |quarter: usize| quarters[quarter].staffed / 900.0 / team;
        // Four fifths come first, the others after an hour; at noon some eat; two fifths go before the last hour.
        assert!((0.6..0.8).contains(&staffed(0)), "{}", staffed(0));
        near(staffed(6), 1.0, 1e-9);
        assert!((0.3..0.85).contains(&staffed(14)), "{}", staffed(14));
        near(staffed(30), 0.6, 1e-9);
        assert_eq!(quarters.len(), 32);
    }
}

#[test]
fn whoever_is_away_when_the_shift_ends_stays_away() {
    let text = "agents = 10\nseconds = 4000.0\nwarmup_seconds = 0.0
        leaves = [{ at = 900.0, share = 1.0, seconds = 1000.0 }]
        shifts = [{ share = 0.5, from = 0.0, to = 1500.0 }]";
    let run = &runs("base", text, "constant(rate=0)", &[1])[0];
    let staffed: Vec<f64> = run.quarters().iter().map(|q| q.staffed / 900.0).collect();
    near(staffed[0], 10.0, 1e-9);
    near(staffed[1], 0.0, 1e-9);
    near(staffed[3], 5.0, 1e-9);
}

#[test]
fn what_makes_no_sense_is_refused() {
    for (name, text) in [
        ("voicemail-detected", "answer_probability = 0.6"),
        (
            "base",
            "shifts = [{ share = 0.6, from = 0.0, to = 9.0 }, { share = 0.5, from = 0.0, to = 9.0 }]",
        ),
        ("base", "shifts = [{ share = 0.6, from = 10.0, to = 9.0 }]"),
        ("base", "shifts = [{ share = 0.6, from = 0.0, to = nan }]"),
        (
            "base",
            "inbound = { per_hour = 9.0, patience = { kind = \"exponential\", mean = 0.0 } }",
        ),
        (
            "base",
            "machines = { probability = 0.1, ring = { kind = \"constant\", value = 9.0 }, agent_seconds = -1.0 }",
        ),
    ] {
        assert!(Scenario::named(name, text).is_err(), "{text}");
    }
}
