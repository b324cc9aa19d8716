//! The simulator held to theory: the table of limits, Erlang's formulas, Little's law, conservation.
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use super::fate::Fate;
use super::policy::{Decision, Event, Policy, Snapshot, float};
use super::{Progress, Run, Scenario, Spec, pooled, replicate, run};
use crate::erlang;

fn runs(scenario: &str, overrides: &str, policy: &str, seeds: &[u64]) -> Vec<Run> {
    let scenario = Scenario::named(scenario, overrides).unwrap();
    let spec = Spec::parse(policy).unwrap();
    replicate(&scenario, &spec, seeds, &Progress::default()).unwrap()
}

#[test]
fn progressive_is_where_theory_puts_it() {
    // 135 / (135 + 13 / .3) in the exponential scenario, for every team size.
    for agents in [1, 10] {
        let overrides = format!("agents = {agents}\nseconds = {}", 4e6 / f64::from(agents));
        let (occupancy, rate) = pooled(&runs("exponential", &overrides, "progressive", &[1, 2]));
        assert!((occupancy - 0.757).abs() < 0.004, "{agents}: {occupancy}");
        assert!(rate < 1e-12);
    }
    // Base: 135 / (135 + 13 + .7 / .3 * 25 + the wait for the next decision).
    let (occupancy, _) = pooled(&runs("base", "seconds = 40000.0", "progressive", &[1]));
    assert!((occupancy - 0.653).abs() < 0.006, "{occupancy}");
}

#[test]
fn a_constant_rate_loses_what_erlang_says() {
    // Rows of PACING.md: the load at which Erlang B is 3 %, occupancy (1 - B) load / N.
    for (agents, load, known) in [(10, 5.529, 0.536), (50, 41.93, 0.814)] {
        let rate = load / 135.0 / 0.3 * 3600.0 / f64::from(agents);
        let overrides = format!("agents = {agents}\nseconds = {}", 3e6 / f64::from(agents));
        let policy = format!("constant(rate={rate})");
        let (occupancy, abandoned) = pooled(&runs("exponential", &overrides, &policy, &[5, 6]));
        let blocked = erlang::erlang_b(f64::from(agents), load).unwrap();
        assert!((blocked - 0.03).abs() < 1e-4);
        assert!((abandoned - blocked).abs() < 0.004, "{agents}: {abandoned}");
        assert!((occupancy - known).abs() < 0.008, "{agents}: {occupancy}");
    }
}

#[test]
fn the_threshold_policy_comes_within_three_thousandths_of_the_exact_optimum() {
    // PACING.md: N = 10, .8502 at 3 %. Theta was tuned to the cap on seeds 101 to 104.
    let overrides = "agents = 10\nseconds = 400000.0";
    let all = runs("exponential", overrides, "oracle(theta=0.02697)", &[1, 2]);
    let (occupancy, rate) = pooled(&all);
    assert!((rate - 0.03).abs() < 0.004, "{rate}");
    // Half a standard error of this short run is .001; what the rate is off by is worth about a third of it.
    let at_cap = occupancy + (0.03 - rate) / 3.0;
    assert!((0.8502 - at_cap).abs() < 0.006, "{occupancy} {rate}");
}

#[test]
fn a_queue_without_dialing_is_erlangs_c() {
    let overrides = "agents = 5\nseconds = 500000.0\ninbound = { per_hour = 100.0 }";
    let all = runs("exponential", overrides, "constant(rate=0)", &[1, 2]);
    let load = 100.0 * 135.0 / 3600.0;
    let waits = erlang::erlang_c(5.0, load).unwrap();
    let calls: u64 = all.iter().map(|run| run.inbound).sum();
    let waited: u64 = all.iter().map(|run| run.inbound_waited).sum();
    let seconds: f64 = all.iter().map(|run| run.inbound_wait_seconds).sum();
    assert!(all.iter().all(|run| run.attempts == 0));
    assert!((float(waited) / float(calls) - waits).abs() < 0.02);
    let wait = seconds / float(calls);
    let theory = waits * 135.0 / (5.0 - load);
    assert!((wait / theory - 1.0).abs() < 0.08, "{wait} {theory}");
}

/// Counts what every policy is told and looks at each decision.
struct Watcher {
    inner: Box<dyn Policy + Send>,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    busy: f64,
    in_flight: f64,
    looks: f64,
    told: [u64; 4],
}

impl Policy for Watcher {
    fn name(&self) -> &'static str {
        "watcher"
    }

    fn version(&self) -> &'static str {
        "1"
    }

    fn reset(&mut self, scenario: &Scenario, seed: u64) {
        self.inner.reset(scenario, seed);
    }

    fn on_event(&mut self, now: f64, event: Event) {
        let mut seen = self.seen.lock().unwrap();
        match event {
            Event::Dialed { .. } => seen.told[0] += 1,
            Event::Answered { .. } => seen.told[1] += 1,
            Event::Connected { .. } => seen.told[2] += 1,
            Event::Abandoned { .. } => seen.told[3] += 1,
            _ => {}
        }
        self.inner.on_event(now, event);
    }

    fn decide(&mut self, s: &Snapshot<'_>) -> Decision {
        let mut seen = self.seen.lock().unwrap();
        seen.busy += float(s.count.talking + s.count.wrapping);
        seen.in_flight += float(s.count.in_flight + s.count.waiting);
        seen.looks += 1.0;
        let in_flight = s.calls.len() as u64;
        assert_eq!(in_flight, s.count.in_flight + s.count.waiting);
        assert_eq!(s.count.logged_in(), s.agents.len() as u64);
        self.inner.decide(s)
    }
}

fn watched(policy: &str) -> (Run, Seen) {
    let text = "agents = 20\nseconds = 60000.0\nwarmup_seconds = 0.0";
    let scenario = Scenario::named("base", text).unwrap();
    let seen = Arc::new(Mutex::new(Seen::default()));
    let mut watcher = Watcher {
        inner: Spec::parse(policy).unwrap().build(),
        seen: Arc::clone(&seen),
    };
    let run = run(&scenario, &mut watcher, 3, &AtomicBool::new(false)).unwrap();
    drop(watcher);
    let seen = Arc::into_inner(seen).unwrap().into_inner().unwrap();
    (run, seen)
}

#[test]
fn littles_law_and_conservation_hold() {
    for policy in ["ratio(k=3)", "ringmaster", "vicidial-tapered", "webitel"] {
        let (run, seen) = watched(policy);
        // Counted by looking, against rate times time.
        let busy = run.handle_seconds / 60_000.0;
        assert!((seen.busy / seen.looks / busy - 1.0).abs() < 0.01);
        let lines = run.line_seconds / 60_000.0;
        assert!((seen.in_flight / seen.looks / lines - 1.0).abs() < 0.02);
        assert!((run.occupancy() - seen.busy / seen.looks / 20.0).abs() < 0.003);
        assert_eq!(run.attempts, run.answered + run.unanswered);
        assert_eq!(run.answered, run.connected + run.abandoned);
        let told = [run.attempts, run.answered, run.connected, run.abandoned];
        assert_eq!(told, seen.told);
        assert_eq!(run.decisions, 300_000);
        let pieces: u64 = run.quarters().iter().map(|piece| piece.answered).sum();
        assert_eq!(pieces, run.answered);
        let staffed: f64 = run.quarters().iter().map(|piece| piece.staffed).sum();
        assert!((staffed - 20.0 * 60_000.0).abs() < 1e-3);
    }
}

/// Remembers what became of each call.
struct Diary {
    inner: Box<dyn Policy + Send>,
    answered: Arc<Mutex<Vec<(u64, f64)>>>,
    dialed: Vec<f64>,
}

impl Policy for Diary {
    fn name(&self) -> &'static str {
        "diary"
    }

    fn version(&self) -> &'static str {
        "1"
    }

    fn reset(&mut self, scenario: &Scenario, seed: u64) {
        self.dialed = vec![0.0];
        self.inner.reset(scenario, seed);
    }

    fn on_event(&mut self, now: f64, event: Event) {
        match event {
            Event::Dialed { call, .. } => {
                assert_eq!(call, self.dialed.len() as u64);
                self.dialed.push(now);
            }
            Event::Answered { call } => {
                let after = now - self.dialed[usize::try_from(call).unwrap()];
                self.answered.lock().unwrap().push((call, after));
            }
            _ => {}
        }
        self.inner.on_event(now, event);
    }

    fn decide(&mut self, s: &Snapshot<'_>) -> Decision {
        self.inner.decide(s)
    }
}

#[test]
fn two_policies_meet_the_same_people() {
    let scenario = Scenario::named("base", "seconds = 4000.0").unwrap();
    let mut heard = Vec::new();
    for policy in ["progressive", "ringmaster", "vicidial-average"] {
        let answered = Arc::new(Mutex::new(Vec::new()));
        let mut diary = Diary {
            inner: Spec::parse(policy).unwrap().build(),
            answered: Arc::clone(&answered),
            dialed: Vec::new(),
        };
        run(&scenario, &mut diary, 8, &AtomicBool::new(false)).unwrap();
        let mut list = answered.lock().unwrap().clone();
        list.sort_by_key(|entry| entry.0);
        list.truncate(500);
        heard.push(list);
    }
    for (a, b) in heard[0]
        .iter()
        .zip(&heard[1])
        .chain(heard[0].iter().zip(&heard[2]))
    {
        assert_eq!(a.0, b.0);
        assert!((a.1 - b.1).abs() < 1e-6);
        let fate = Fate::of_dial(&scenario, 8, a.0);
        assert!((fate.ring - a.1).abs() < 1e-6 && fate.luck < 0.3);
    }
    assert!(heard.iter().all(|list| list.len() == 500));
}

#[test]
fn lines_and_calls_per_second_bind() {
    let narrow = runs("base", "lines = 10\nseconds = 8000.0", "ringmaster", &[1]);
    assert_eq!(narrow[0].most_lines, 10);
    let slow = runs(
        "base",
        "calls_per_second = 0.5\nseconds = 8000.0",
        "ratio(k=5)",
        &[1],
    );
    assert!(float(slow[0].attempts) <= 0.5 * 4400.0 + 1.0);
    assert!(float(slow[0].attempts) > 0.45 * 4400.0);
}

#[test]
fn agents_leave_and_come_back() {
    let gone = runs("shock-agents", "", "ringmaster", &[1]);
    let staffed = |from: usize, to: usize| -> f64 {
        let pieces = &gone[0].quarters()[from..to];
        pieces
            .iter()
            .map(|piece| piece.staffed / 900.0)
            .sum::<f64>()
            / float((to - from) as u64)
    };
    assert!((staffed(0, 16) - 50.0).abs() < 1e-6);
    assert!((staffed(20, 32) - 25.0).abs() < 0.5);
    let breaks = runs("breaks", "", "ringmaster", &[1]);
    let staffed: f64 = breaks[0].quarters()[8..24]
        .iter()
        .map(|piece| piece.staffed)
        .sum();
    // A fifth is away for 300 of 900 s.
    assert!((staffed / (16.0 * 900.0 * 50.0) - 0.933).abs() < 0.01);
}

#[test]
fn a_ringing_call_is_given_up_only_where_that_is_allowed() {
    struct Impatient;
    impl Policy for Impatient {
        fn name(&self) -> &'static str {
            "impatient"
        }

        fn version(&self) -> &'static str {
            "1"
        }

        fn reset(&mut self, _scenario: &Scenario, _seed: u64) {}

        fn on_event(&mut self, _now: f64, _event: Event) {}

        fn decide(&mut self, s: &Snapshot<'_>) -> Decision {
            Decision {
                dials: 5_u64.saturating_sub(s.calls.len() as u64),
                give_up: s
                    .calls
                    .iter()
                    .map(|call| call.id)
                    .chain([u64::MAX])
                    .collect(),
                leads: Vec::new(),
                note: "away with them".to_owned(),
            }
        }
    }
    let stop = AtomicBool::new(false);
    let mut scenario = Scenario::named("base", "seconds = 5000.0").unwrap();
    let never = run(&scenario, &mut Impatient, 1, &stop).unwrap();
    assert_eq!(never.given_up, 0);
    scenario.give_up_after = Some(16.0);
    let after = run(&scenario, &mut Impatient, 1, &stop).unwrap();
    assert!(after.given_up > 50 && after.unanswered <= 5);
    let ended = after.answered + after.given_up + after.unanswered;
    assert_eq!(after.attempts, ended);
}
