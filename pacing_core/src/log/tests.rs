//! Logs of whole days and of rubbish, through the public door.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss
)]
use super::*;
use crate::books::{AgentState, Outcome};
use crate::pacer::{Limits, Options};
use crate::random::Random;

/// A log of so many steps of a small, lively call centre, with everything that can be told.
fn lively(seed: u64, steps: u32, cut_every: u32) -> (Vec<u8>, RecordedPacer) {
    let mut random = Random::new(seed, 1);
    // The pacer has a budget to spend, people are seldom lost, agents are mostly there.
    let mut pick = |n: f64| (random.uniform() * n) as u64;
    let mut pacer = RecordedPacer::new(Options {
        give_up_after: Some(16.0),
        budget_answered: 4000,
        ..Options::default()
    })
    .unwrap();
    pacer.start_log("c1", Some(1.7e9));
    let mut bytes = Vec::new();
    let (mut now, mut call) = (100.0, 0_u64);
    for step in 1..=steps {
        now += [0.0, 0.0, 0.2, 0.2, 0.2, 0.0317, 1.5, -3.0][pick(8.0) as usize];
        let open = call.saturating_sub(pick(30.0));
        let agent = pick(12.0);
        let input = match pick(40.0) {
            0..=11 => Input::Agent {
                agent,
                state: [
                    AgentState::Idle,
                    AgentState::Idle,
                    AgentState::Wrap,
                    AgentState::Away,
                ][pick(4.0) as usize],
                leaving: pick(5.0) == 0,
            },
            12 if pick(2.0) == 0 => Input::AgentLeaves {
                agent,
                at: (pick(4.0) > 0).then_some(now + 40.0),
            },
            12 => Input::AgentGone { agent },
            13..=20 => {
                call += 1;
                let p = (pick(3.0) == 0).then_some(0.123_456_789);
                Input::Dialed { call, p }
            }
            21..=24 => Input::Ringing { call: open },
            25 | 26 => Input::Answered { call: open },
            27..=29 => Input::Connected { call: open, agent },
            30 => Input::Abandoned { call: open },
            _ => Input::Ended {
                call: open,
                outcome: [Outcome::NoAnswer, Outcome::Done, Outcome::Failed][pick(3.0) as usize],
            },
        };
        pacer.tell(now, input);
        if pick(50.0) == 0 {
            let all = [None, Some(0.05), Some(f64::NAN), Some(0.812_345_678_9)];
            let next: Vec<_> = (0..pick(9.0)).map(|_| all[pick(4.0) as usize]).collect();
            pacer.set_next_leads(&next);
        }
        if pick(200.0) == 0 {
            pacer.set_target(0.01 + 0.001 * pick(50.0) as f64).unwrap();
        }
        if pick(100.0) == 0 {
            let told = (pick(4.0) > 0).then(|| GroupBudget {
                target: 0.01 + 0.001 * pick(50.0) as f64,
                answered: 3000 + pick(3000.0),
                abandoned: pick(150.0),
                expected: 0.1 * pick(20.0) as f64,
            });
            pacer.set_group_budget(told).unwrap();
        }
        for _ in 0..pick(4.0) {
            now += if pick(2.0) == 0 { 0.0 } else { 0.2 };
            pacer.decide(
                now,
                Limits {
                    lines_free: 100 - pick(2.0),
                    rate_tokens: 20,
                    leads: 1_000_000,
                    pending: pick(2.0),
                },
            );
        }
        if step % cut_every == 0 {
            bytes.extend(pacer.drain_log());
            pacer.cut_log();
        }
    }
    bytes.extend(pacer.drain_log());
    (bytes, pacer)
}

const ALWAYS: (i64, i64) = (i64::MIN, i64::MAX);

fn exact(bytes: &[u8]) -> Report {
    let report = replay(bytes, None, ALWAYS).unwrap();
    assert_eq!(report.first, None);
    assert_eq!((report.differing, report.damage.len()), (0, 0));
    report
}

#[test]
fn every_decision_comes_out_again() {
    for seed in 0..4 {
        let (bytes, _) = lively(seed, 3000, 4000);
        let report = exact(&bytes);
        assert_eq!((report.keyframes, report.inputs > 3000), (1, true));
        assert!(report.decisions > 3000);
        assert_eq!(report.about, "c1");
    }
}

#[test]
fn a_part_replays_by_itself_exactly_as_the_whole() {
    let (bytes, _) = lively(7, 2000, 400);
    assert_eq!(exact(&bytes).keyframes, 6);
    let mut from = 0;
    let mut decisions = 0;
    while let Some(to) = block::next_keyframe(&bytes, from + 1) {
        decisions += exact(&bytes[from..to]).decisions;
        from = to;
    }
    decisions += exact(&bytes[from..]).decisions;
    assert_eq!(decisions, exact(&bytes).decisions);
}

#[test]
fn a_pacer_from_a_keyframe_goes_on_as_the_one_that_was_never_written() {
    let (_, mut one) = lively(3, 1500, 100_000);
    one.start_log("c1", None);
    let bytes = one.drain_log();
    let Some(Entry::Start(start)) = Reader::new(&bytes).next() else {
        panic!("no start");
    };
    let mut other = start.pacer().unwrap();
    assert!(start.is(one.pacer()) && start.is(&other));
    let limits = Limits {
        lines_free: 50,
        rate_tokens: 50,
        leads: 50,
        pending: 1,
    };
    for step in 0..500_u32 {
        let now = 1e5 + f64::from(step) * 0.25;
        let input = Input::Dialed {
            call: 1_000_000 + u64::from(step),
            p: None,
        };
        one.tell(now, input);
        input.tell(&mut other, now);
        let (a, b) = (one.decide(now, limits), other.decide(now, limits));
        assert_eq!(a, b);
        assert_eq!(a.abandon_risk.to_bits(), b.abandon_risk.to_bits());
    }
    assert_eq!(one.pacer().snapshot(), other.snapshot());
}

#[test]
fn quiet_decisions_cost_next_to_nothing() {
    let mut pacer = RecordedPacer::new(Options::default()).unwrap();
    pacer.start_log("", None);
    let limits = Limits {
        lines_free: 9,
        rate_tokens: 9,
        leads: 9,
        pending: 0,
    };
    for tick in 0..36_000 {
        pacer.decide(f64::from(tick) * 0.2, limits);
    }
    let bytes = pacer.drain_log();
    let report = exact(&bytes);
    assert_eq!(report.decisions, 36_000);
    let mut empty = RecordedPacer::new(Options::default()).unwrap();
    empty.start_log("", None);
    assert!(
        bytes.len() < empty.drain_log().len() + 200,
        "{}",
        bytes.len()
    );
}

#[test]
fn a_keyframe_is_as_small_as_stated() {
    let mut pacer = RecordedPacer::new(Options::default()).unwrap();
    for id in 0..2000 {
        let state = [AgentState::Talk, AgentState::Wrap][id as usize % 2];
        let (agent, leaving) = (id, false);
        pacer.tell(
            1e6 + 0.317 * id as f64,
            Input::Agent {
                agent,
                state,
                leaving,
            },
        );
        pacer.tell(
            1e6 + 0.317 * id as f64,
            Input::Dialed {
                call: 1_000_000 + id,
                p: None,
            },
        );
    }
    pacer.start_log("", None);
    let length = pacer.drain_log().len();
    assert!(length < 81_920, "{length}");
}

#[test]
fn a_torn_tail_loses_only_the_tail_and_appending_goes_on() {
    let (mut bytes, mut pacer) = lively(5, 800, 100_000);
    let whole = bytes.len();
    pacer.tell(
        1e6,
        Input::Dialed {
            call: 1 << 40,
            p: None,
        },
    );
    bytes.extend(pacer.drain_log());
    for cut in [1, 3, 9, bytes.len() - whole - 1] {
        let mut torn = bytes[..bytes.len() - cut].to_vec();
        assert_eq!(Reader::sound_length(&torn), whole);
        let report = replay(&torn, None, ALWAYS).unwrap();
        assert_eq!((report.first, report.damage.len()), (None, 1));
        assert_eq!(report.damage[0].offset, whole);
        // Behind the torn tail, and in its place.
        pacer.cut_log();
        pacer.decide(
            2e6,
            Limits {
                lines_free: 1,
                rate_tokens: 1,
                leads: 1,
                pending: 0,
            },
        );
        let more = pacer.drain_log();
        torn.extend(&more);
        let report = replay(&torn, None, ALWAYS).unwrap();
        assert_eq!((report.first, report.damage.len()), (None, 1));
        assert_eq!(report.keyframes, 2);
    }
}

#[test]
fn another_pacer_is_caught_at_the_first_decision_that_differs() {
    let (bytes, _) = lively(11, 600, 100_000);
    let Some(Entry::Start(mut start)) = Reader::new(&bytes).next() else {
        panic!("no start");
    };
    // The same records behind the keyframe of a pacer with a debt.
    let first = block::next_keyframe(&bytes, 1).map_or_else(
        || block::read(&bytes).map(|read| read.1).unwrap(),
        |_| unreachable!(),
    );
    let other = RecordedPacer::new(Options {
        give_up_after: Some(16.0),
        budget_answered: 4000,
        budget_abandoned: 4000,
        ..Options::default()
    })
    .unwrap();
    *start = Start::new(other.pacer(), None, start.wall, "c1", false);
    let mut bent = Vec::new();
    block::write_keyframe(&start.write(), &mut bent);
    bent.extend(&bytes[first..]);
    let report = replay(&bent, None, ALWAYS).unwrap();
    let difference = report.first.unwrap();
    assert!(difference.at >= 97_000);
    assert!(report.decisions > 500);
}

#[test]
fn the_log_of_another_build_is_refused_not_misread() {
    let (bytes, _) = lively(1, 50, 100_000);
    let Err(crate::PacingError::Log { reason }) = replay(&of_another_build(&bytes), None, ALWAYS)
    else {
        panic!("it was replayed");
    };
    assert!(
        reason.contains("replay it with the Ringmaster that wrote it"),
        "{reason}"
    );
}

#[test]
fn rubbish_is_refused_and_never_panics() {
    for bytes in [&b""[..], b"hello", b"RMLOG", &[0x42; 400]] {
        assert!(matches!(
            replay(bytes, None, ALWAYS),
            Err(crate::PacingError::Log { .. })
        ));
    }
    let (good, _) = lively(2, 200, 60);
    let mut random = Random::new(9, 9);
    for _ in 0..250 {
        let mut bent = good.clone();
        for _ in 0..=(random.uniform() * 3.0) as usize {
            let at = (random.uniform() * bent.len() as f64) as usize;
            bent[at] = (random.uniform() * 256.0) as u8;
        }
        let _ = replay(&bent, None, ALWAYS);
    }
}

/// Damage that its checksums do not show: each block is bent and summed again.
#[test]
fn lies_with_good_checksums_never_panic() {
    let (good, _) = lively(2, 150, 50);
    let mut blocks = Vec::new();
    let mut at = 0;
    while let Ok((block, length)) = block::read(&good[at..]) {
        blocks.push(block);
        at += length;
    }
    let mut random = Random::new(4, 4);
    let mut read = 0;
    for round in 0..600 {
        let victim = round % blocks.len();
        let mut bent = Vec::new();
        for (which, block) in blocks.iter().enumerate() {
            let (block::Block::Keyframe(payload) | block::Block::Records(payload)) = block;
            let mut payload = payload.to_vec();
            if which == victim {
                for _ in 0..=(random.uniform() * 4.0) as usize {
                    let at = (random.uniform() * payload.len() as f64) as usize;
                    payload[at] = match (random.uniform() * 4.0) as u8 {
                        0 => 0xFF,
                        1 => 0x7F,
                        2 => 0x00,
                        _ => (random.uniform() * 256.0) as u8,
                    };
                }
            }
            match block {
                block::Block::Keyframe(_) => block::write_keyframe(&payload, &mut bent),
                block::Block::Records(_) => block::write_records(&payload, &mut bent),
            }
        }
        read += u32::from(replay(&bent, None, ALWAYS).is_ok());
    }
    assert!(read > 100, "{read}");
}

#[test]
fn nobody_fetching_ends_the_recording_not_the_pacing() {
    let mut pacer = RecordedPacer::new(Options::default()).unwrap();
    pacer.start_log("", None);
    let mut call = 0;
    while pacer.keeps_log() {
        call += 1;
        pacer.tell(
            0.0,
            Input::Dialed {
                call: call * 0x1234_5678_9ABC,
                p: Some(0.1),
            },
        );
        pacer.tell(
            0.0,
            Input::Ended {
                call: call * 0x1234_5678_9ABC,
                outcome: Outcome::Failed,
            },
        );
        assert!(call < 1_000_000);
    }
    assert!(pacer.log_overflowed() && pacer.drain_log().is_empty());
    pacer.start_log("", None);
    assert!(!pacer.log_overflowed() && !pacer.drain_log().is_empty());
}

#[test]
fn another_target_is_asked_on_the_same_inputs() {
    let (bytes, _) = lively(1, 2000, 700);
    let mut at = |live: &crate::Pacer| Shadow::at_target(live, 0.2);
    let report = replay(&bytes, Some(&mut at), ALWAYS).unwrap();
    let total = report.total();
    assert_eq!(report.first, None);
    assert_eq!(total.decisions, report.decisions);
    assert!(total.more > 0 && total.fewer == 0);
    assert!(total.dials_now > total.dials_then);
    let (then, now) = total.wanted_in_flight();
    assert!(now > then && then > 0.0);
    assert_eq!(total.limited_then.iter().sum::<u64>(), total.decisions);
    let mut refused = |live: &crate::Pacer| Shadow::at_target(live, 2.0);
    assert!(replay(&bytes, Some(&mut refused), ALWAYS).is_err());
}

#[cfg(feature = "lab")]
#[test]
fn a_policy_by_name_is_asked_and_live_is_as_offline() {
    let (bytes, _) = lively(1, 1000, 100_000);
    let mut ratio = |live: &crate::Pacer| Shadow::named(live, "ratio(k=3)");
    let offline = replay(&bytes, Some(&mut ratio), ALWAYS).unwrap().total();
    assert!(offline.dials_now > 0 && offline.limited_now == [0; 6]);
    // Live: the same story told to a pacer with the policy beside it.
    let mut live = None;
    for entry in Reader::new(&bytes) {
        match entry {
            Entry::Start(start) => {
                let mut pacer =
                    RecordedPacer::new(start.pacer().unwrap().options().clone()).unwrap();
                pacer.set_shadow(Some(Shadow::named(pacer.pacer(), "ratio(k=3)").unwrap()));
                live = Some(pacer);
            }
            Entry::Input {
                at,
                input: Input::SetTarget { target },
            } => {
                let _ = at;
                live.as_mut().unwrap().set_target(target).unwrap();
            }
            Entry::Input { at, input } => live.as_mut().unwrap().tell(seconds(at), input),
            Entry::Decide {
                at, limits, made, ..
            } => {
                let decision = live.as_mut().unwrap().decide(seconds(at), limits);
                assert!(made.is(&decision), "the shadow disturbed the pacer");
            }
            _ => {}
        }
    }
    assert_eq!(*live.unwrap().shadow().unwrap().figures(), offline);
    let (_, pacer) = lively(1, 10, 100_000);
    assert!(Shadow::named(pacer.pacer(), "oracle").is_err());
    assert!(Shadow::named(pacer.pacer(), "nobody").is_err());
}
