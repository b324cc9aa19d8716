//! The fit and the curve against scenarios whose truth is known.
use std::sync::atomic::AtomicBool;

use super::*;
use crate::lab::{Progress, Scenario, record};

fn log_of(text: &str) -> (Scenario, Vec<u8>) {
    let scenario = Scenario::named("base", text).unwrap();
    let (_, log) = record(&scenario, 77, &AtomicBool::new(false)).unwrap();
    (scenario, log)
}

#[test]
fn the_fit_is_the_scenario() {
    let (scenario, log) =
        log_of("agents = 30\nseconds = 7200.0\nwarmup_seconds = 0.0\ntarget = 0.02");
    let model = Model::fit(&log, 1e9).unwrap();
    let fitted = &model.scenario;
    assert_eq!(fitted.agents, 30);
    assert!((fitted.answer_probability.at(0.0) - 0.3).abs() < 0.025);
    for (a, b) in [
        (&fitted.ring, &scenario.ring),
        (&fitted.unanswered, &scenario.unanswered),
        (&fitted.talk, &scenario.talk),
        (&fitted.wrap, &scenario.wrap),
    ] {
        assert!(
            (a.mean() / b.mean() - 1.0).abs() < 0.06,
            "{} {}",
            a.mean(),
            b.mean()
        );
        let (a, b) = (a.quantile(0.5), b.quantile(0.5));
        assert!((a / b - 1.0).abs() < 0.08, "{a} {b}");
    }
    assert_eq!((fitted.lines, fitted.calls_per_second), (None, None));
    assert!(fitted.dial_latency < 1e-9);
    assert!((fitted.decide_seconds - 0.2).abs() < 0.01);
    assert!((model.target - 0.02).abs() < 1e-12);
    assert!((0.8..1.0).contains(&model.past.occupancy));
    let foreign = Model::fit(&crate::log::of_another_build(&log), 1e9).unwrap();
    assert_eq!(foreign.scenario, model.scenario);
    assert_eq!((foreign.past, foreign.target), (model.past, model.target));
    let part = Model::fit(&log, 1800.0).unwrap();
    assert!((part.past.seconds - 1800.0).abs() < 1.0);
    assert!(part.past.answered < model.past.answered / 2);
}

#[test]
fn limits_and_latency_are_found() {
    let (_, log) = log_of(
        "agents = 20\nseconds = 5400.0\nwarmup_seconds = 0.0\nlines = 12\ndial_latency = 0.8\n",
    );
    let fitted = Model::fit(&log, 1e9).unwrap().scenario;
    assert!(fitted.lines.is_some_and(|lines| (1..=12).contains(&lines)));
    assert!(
        (fitted.dial_latency - 0.8).abs() < 0.15,
        "{}",
        fitted.dial_latency
    );
}

#[test]
fn too_little_is_said_so() {
    let (_, log) = log_of("agents = 2\nseconds = 300.0\nwarmup_seconds = 0.0");
    for bytes in [&log[..], b"", b"rubbish"] {
        assert!(matches!(
            Model::fit(bytes, 1e9),
            Err(crate::PacingError::Log { .. })
        ));
    }
}

#[test]
fn the_curve_rises_and_comes_out_again() {
    let (_, log) = log_of("agents = 20\nseconds = 7200.0\nwarmup_seconds = 0.0");
    let model = Model::fit(&log, 1e9).unwrap();
    let targets = [0.01, 0.05, 0.15];
    let points = curve(&model, &targets, 0.2, &Progress::default())
        .unwrap()
        .unwrap();
    for two in points.windows(2) {
        assert!(two[0].talk_minutes_per_agent_hour.0 < two[1].talk_minutes_per_agent_hour.0);
        assert!(two[0].abandon_rate.0 < two[1].abandon_rate.0);
    }
    assert_eq!(
        curve(&model, &targets, 0.2, &Progress::default())
            .unwrap()
            .unwrap(),
        points
    );
    assert!(curve(&model, &[0.5, 1.5], 1.0, &Progress::default()).is_err());
    assert!(curve(&model, &targets, f64::NAN, &Progress::default()).is_err());
    let stopped = Progress::default();
    stopped
        .stop
        .store(true, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(curve(&model, &targets, 0.2, &stopped).unwrap(), None);
}

#[test]
fn what_is_asked_of_the_past_is_the_past_again() {
    let (_, log) =
        log_of("agents = 100\nseconds = 10800.0\nwarmup_seconds = 0.0\ndecide_seconds = 0.5");
    let model = Model::fit(&log, 1e9).unwrap();
    let points = curve(&model, &[0.01, 0.03], 1.0, &Progress::default())
        .unwrap()
        .unwrap();
    for point in &points {
        let (rate, half) = point.abandon_rate;
        assert!((rate / point.target - 1.0).abs() < 0.2, "{rate} ±{half}");
    }
    let (occupancy, half) = points[1].occupancy;
    assert!(
        (occupancy - model.past.occupancy).abs() < 0.01 + half,
        "{occupancy} ±{half}, was {}",
        model.past.occupancy
    );
}
