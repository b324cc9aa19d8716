//! The calls' part of the simulator: from the dial until an agent has them or nobody does.
use super::fate::{Answerer, Fate};
use super::policy::{CallView, Event, Stage};
use super::world::{GONE, Happening, World};
use crate::books::Outcome;

/// Nothing rings or fails in less time, seconds: a dial never costs no time at all.
const SHORTEST: f64 = 0.001;
/// How long the carrier takes to fail a call, seconds.
const FAILURE_SECONDS: f64 = 0.5;

impl World<'_> {
    /// The number of one more callee.
    pub(super) fn new_number(&mut self) -> u64 {
        self.places.push(GONE);
        self.machine.push(false);
        self.places.len() as u64 - 1
    }

    /// Dials a lead of the hopper, or one more.
    pub(super) fn dial(&mut self, lead: Option<u64>) {
        let s = self.scenario;
        let call = lead.unwrap_or_else(|| self.new_number());
        let fate = Fate::of_dial(s, self.seed, call);
        let p = fate.probability(s.answer_probability.at(self.now));
        let known = (s.lead_known && s.leads_differ()).then_some(p);
        self.set_place(call, self.calls.len());
        self.calls.push(CallView {
            id: call,
            stage: Stage::InFlight,
            dialed: self.now,
            since: self.now,
            p: known,
        });
        self.count.in_flight += 1;
        self.run.attempts += u64::from(self.now >= s.warmup_seconds);
        self.run.most_lines = self.run.most_lines.max(self.calls.len() as u64);
        self.tell(Event::Dialed {
            call,
            p: known,
            lead: fate.lead,
        });
        let down = |&(from, to): &(f64, f64)| (from..to).contains(&self.now);
        if s.outages.iter().any(down) {
            self.plan(FAILURE_SECONDS, Happening::Fail(call));
            return;
        }
        let (after, happening, machine) = self.what_comes(call, &fate, p);
        self.set_machine(call, machine);
        self.plan(after.max(SHORTEST), happening);
    }

    /// What becomes of a call that nobody gives up, after how long, and whether a machine answers.
    fn what_comes(&self, call: u64, fate: &Fate, p: f64) -> (f64, Happening, bool) {
        let Some((machines, picked)) = self.scenario.machines.as_ref().zip(fate.machine) else {
            return match fate.answerer(p, 0.0) {
                Answerer::Person => (fate.ring, Happening::Answer(call), false),
                _ => (fate.unanswered, Happening::NoAnswer(call), false),
            };
        };
        let detection = machines.detection.as_ref();
        match fate.answerer(p, machines.probability.at(self.now)) {
            Answerer::Person => {
                let wrong = detection.is_some_and(|d| picked.luck < d.false_positives);
                let verdict = if wrong {
                    Happening::Mistaken(call)
                } else {
                    Happening::Answer(call)
                };
                (fate.ring + picked.delay, verdict, false)
            }
            Answerer::Machine => {
                let seen = detection.is_some_and(|d| picked.luck >= d.missed);
                let verdict = if seen {
                    Happening::Detected(call)
                } else {
                    Happening::Answer(call)
                };
                (picked.ring + picked.delay, verdict, true)
            }
            Answerer::Nobody => (fate.unanswered, Happening::NoAnswer(call), false),
        }
    }

    /// Whether a machine answered this call.
    pub(super) fn is_machine(&self, call: u64) -> bool {
        usize::try_from(call).is_ok_and(|call| self.machine[call])
    }

    fn set_machine(&mut self, call: u64, machine: bool) {
        if let Ok(call) = usize::try_from(call) {
            self.machine[call] = machine;
        }
    }

    fn place_of(&self, call: u64) -> Option<usize> {
        let place = *self.places.get(usize::try_from(call).ok()?)?;
        (place != GONE).then_some(place)
    }

    fn set_place(&mut self, call: u64, place: usize) {
        if let Ok(call) = usize::try_from(call) {
            self.places[call] = place;
        }
    }

    /// Takes a call out of the list, if it is still there.
    pub(super) fn remove(&mut self, call: u64) -> Option<CallView> {
        let place = self.place_of(call)?;
        let view = self.calls.swap_remove(place);
        let moved = self.calls.get(place).map(|moved| moved.id);
        self.set_place(call, GONE);
        if let Some(moved) = moved {
            self.set_place(moved, place);
        }
        match view.stage {
            Stage::InFlight => self.count.in_flight -= 1,
            Stage::Waiting => self.count.waiting -= 1,
        }
        self.run.line_seconds += self.now - view.dialed;
        Some(view)
    }

    pub(super) fn measured(&self, view: &CallView) -> u64 {
        u64::from(view.dialed >= self.scenario.warmup_seconds)
    }

    pub(super) fn answer(&mut self, call: u64) {
        let Some(place) = self.place_of(call) else {
            return;
        };
        let view = &mut self.calls[place];
        view.stage = Stage::Waiting;
        view.since = self.now;
        let view = *view;
        self.count.in_flight -= 1;
        self.count.waiting += 1;
        if self.is_machine(call) {
            self.unseen += 1;
        } else {
            self.run.answered += self.measured(&view);
            self.run.total_answered += 1;
            self.run.minute(self.now).answered += 1;
        }
        self.tell(Event::Answered { call });
        self.waiting.push_back(call);
        self.plan(self.scenario.grace_seconds, Happening::Deadline(call));
        self.matching();
    }

    pub(super) fn unanswered(&mut self, call: u64, outcome: Outcome) {
        let Some(view) = self.remove(call) else {
            return;
        };
        let counted = self.measured(&view);
        match outcome {
            Outcome::Failed => self.run.failed += counted,
            _ => self.run.unanswered += counted,
        }
        self.tell(Event::Ended { call, outcome });
        self.changed = true;
    }

    /// Detection says machine and hangs up: to policies a call that nobody answered.
    pub(super) fn hung_up_on(&mut self, call: u64, person: bool) {
        let Some(view) = self.remove(call) else {
            return;
        };
        let counted = self.measured(&view);
        if person {
            self.run.mistaken += counted;
        } else {
            self.run.detected += counted;
        }
        let outcome = Outcome::NoAnswer;
        self.tell(Event::Ended { call, outcome });
        self.changed = true;
    }

    pub(super) fn abandon(&mut self, call: u64) {
        let Some(at) = self.waiting.iter().position(|&waiting| waiting == call) else {
            return;
        };
        self.waiting.remove(at);
        if let Some(view) = self.remove(call) {
            if self.is_machine(call) {
                // Nobody knows, so it counts as a person, answered and abandoned.
                self.unseen -= 1;
                self.run.answered += self.measured(&view);
                self.run.total_answered += 1;
                self.run.minute(view.since).answered += 1;
            }
            self.run.abandoned += self.measured(&view);
            self.run.total_abandoned += 1;
            self.run.wait_seconds += self.now - view.since;
            self.run.minute(view.since).abandoned += 1;
        }
        self.tell(Event::Abandoned { call });
    }

    pub(super) fn give_up(&mut self, call: u64) {
        let Some(place) = self.place_of(call) else {
            return;
        };
        let view = &self.calls[place];
        let allowed = self
            .scenario
            .give_up_after
            .is_some_and(|after| self.now - view.dialed >= after);
        if !allowed || view.stage != Stage::InFlight {
            return;
        }
        self.run.given_up += self.measured(view);
        self.remove(call);
        let outcome = Outcome::Cancelled;
        self.tell(Event::Ended { call, outcome });
    }
}
