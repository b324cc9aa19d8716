//! The pacer of this crate, the very code that dials live: events are passed on, decisions are asked for.
//!
//! Where something is known about leads, their answer probabilities are learned from it, unless told.
use std::collections::{HashMap, VecDeque};

use crate::books::Outcome;
use crate::lab::policy::{AgentView, Decision, Event, Policy, Snapshot};
use crate::lab::scenario::Scenario;
use crate::leads::{Lead, LeadModel};
use crate::{Limits, Options, Pacer, dial_order};

pub(super) struct Ringmaster {
    pacer: Option<Pacer>,
    /// What is learned about leads, and the leads of calls not yet answered; none: leads are all alike.
    leads: Option<LeadModel>,
    ringing: HashMap<u64, Lead>,
    plans: Plans,
    prior_scale: f64,
    /// The order of the next leads; none: the hopper's.
    queue: Option<Queue>,
}

/// Leads left when the next batch is put in order.
const FEW: usize = 32;

/// The next leads in the order in which they will be dialed, those asked for already first.
#[derive(Default)]
struct Queue {
    leads: VecDeque<(u64, f64)>,
    /// The highest number looked at so far.
    seen: u64,
    /// Probability of the lead dialed last.
    last: Option<f64>,
}

impl Queue {
    fn dialed(&mut self, call: u64) {
        if let Some(place) = self.leads.iter().position(|lead| lead.0 == call) {
            self.last = self.leads.remove(place).map(|lead| lead.1);
        }
    }

    /// Puts one more batch in order where few leads are left; whether it did.
    fn fill(&mut self, snapshot: &Snapshot<'_>, model: Option<&LeadModel>) -> bool {
        let pending = usize::try_from(snapshot.pending).unwrap_or(usize::MAX);
        if self.leads.len().saturating_sub(pending) >= FEW {
            return false;
        }
        let seen = self.seen;
        if let Some(newest) = snapshot.next.last() {
            self.seen = seen.max(newest.number);
        }
        let batch: Vec<(u64, f64)> = snapshot
            .next
            .iter()
            .filter(|next| next.number > seen)
            .filter_map(|next| {
                let learned = || Some(model?.probability(next.lead?));
                Some((next.number, next.p.or_else(learned)?))
            })
            .collect();
        let probabilities: Vec<f64> = batch.iter().map(|lead| lead.1).collect();
        let last = self.leads.back().map(|lead| lead.1).or(self.last);
        for place in dial_order(&probabilities, last) {
            self.leads.push_back(batch[place]);
        }
        !batch.is_empty()
    }

    fn probabilities(&self) -> impl Iterator<Item = f64> {
        self.leads.iter().map(|lead| lead.1)
    }

    /// The numbers of those to dial now.
    fn first(&self, pending: u64, dials: u64) -> Vec<u64> {
        let whole = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        let then = self.leads.iter().skip(whole(pending));
        then.take(whole(dials)).map(|lead| lead.0).collect()
    }
}

/// Planned departures that have been told.
#[derive(Default)]
pub(in crate::lab) struct Plans(Vec<Option<f64>>);

impl Plans {
    /// What is new: which agent, and when that one is to leave.
    pub fn news(&mut self, agents: &[AgentView]) -> Vec<(u64, Option<f64>)> {
        self.0.resize(agents.len().max(self.0.len()), None);
        let mut news = Vec::new();
        for (told, agent) in self.0.iter_mut().zip(agents) {
            if *told != agent.planned {
                *told = agent.planned;
                news.push((agent.id, agent.planned));
            }
        }
        news
    }
}

impl Ringmaster {
    pub fn predictive(learn_leads: bool, prior_scale: f64, mix: bool) -> Self {
        Self {
            pacer: None,
            leads: learn_leads.then(LeadModel::new),
            ringing: HashMap::new(),
            plans: Plans::default(),
            prior_scale,
            queue: mix.then(Queue::default),
        }
    }

    fn begin_anew(&mut self) {
        self.ringing.clear();
        self.plans = Plans::default();
        self.queue = self.queue.as_ref().map(|_| Queue::default());
    }

    /// The answer probability of a lead of which something is known.
    fn learned(&mut self, call: u64, lead: Option<Lead>) -> Option<f64> {
        let (model, lead) = self.leads.as_ref().zip(lead)?;
        self.ringing.insert(call, lead);
        Some(model.probability(lead))
    }

    /// What became of a call tells about its lead.
    fn learn(&mut self, call: u64, answered: Option<bool>) {
        let Some(lead) = self.ringing.remove(&call) else {
            return;
        };
        if let (Some(model), Some(answered)) = (&mut self.leads, answered) {
            model.learn(lead, answered);
        }
    }
}

/// A checked scenario holds nothing that a pacer refuses; one that did would dial nothing.
fn begin(scenario: &Scenario, ledger: (u64, u64), prior_scale: f64) -> Option<Pacer> {
    let options = Options {
        target: scenario.target,
        cap: Some(scenario.cap),
        grace_seconds: scenario.grace_seconds,
        give_up_after: scenario.give_up_after,
        budget_answered: ledger.0,
        budget_abandoned: ledger.1,
        prior_scale,
        ..Options::default()
    };
    Pacer::new(options).ok()
}

impl Policy for Ringmaster {
    fn name(&self) -> &'static str {
        "ringmaster"
    }

    fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }

    fn reset(&mut self, scenario: &Scenario, _seed: u64) {
        self.leads = self.leads.as_ref().map(|_| LeadModel::new());
        self.begin_anew();
        self.pacer = begin(scenario, (0, 0), self.prior_scale);
    }

    /// As a dialer that is started in the morning: what was learned from the snapshot, the ledger from the books.
    fn next_day(&mut self, scenario: &Scenario, _seed: u64, ledger: (u64, u64)) {
        self.begin_anew();
        let learned = self.pacer.take().map(|pacer| pacer.snapshot());
        self.pacer = begin(scenario, ledger, self.prior_scale);
        if let Some((pacer, learned)) = self.pacer.as_mut().zip(learned)
            && pacer.restore(&learned).is_err()
        {
            // What a pacer wrote it reads; a day without dials would show that it did not.
            self.pacer = None;
        }
    }

    fn on_event(&mut self, now: f64, event: Event) {
        let mut event = event;
        match &mut event {
            Event::Dialed { call, p, lead } => *p = p.or_else(|| self.learned(*call, *lead)),
            Event::Answered { call } => self.learn(*call, Some(true)),
            Event::Ended { call, outcome } => {
                self.learn(*call, {
                    let nobody = matches!(outcome, Outcome::NoAnswer | Outcome::Machine);
                    nobody.then_some(false)
                });
            }
            _ => {}
        }
        if let (Some(queue), Event::Dialed { call, .. }) = (&mut self.queue, event) {
            queue.dialed(call);
        }
        let Some(pacer) = &mut self.pacer else {
            return;
        };
        match event {
            Event::Agent {
                agent,
                state,
                leaving,
            } => pacer.agent(now, agent, state, leaving),
            Event::AgentGone { agent } => pacer.agent_gone(now, agent),
            Event::Dialed { call, p, .. } => pacer.dialed(now, call, p),
            Event::Answered { call } => pacer.answered(now, call),
            Event::Connected { call, agent } => pacer.connected(now, call, agent),
            Event::Abandoned { call } => pacer.abandoned(now, call),
            Event::Ended { call, outcome } => pacer.ended(now, call, outcome),
        }
    }

    fn decide(&mut self, snapshot: &Snapshot<'_>) -> Decision {
        let limits = Limits {
            lines_free: snapshot.lines_free,
            rate_tokens: snapshot.rate_tokens,
            leads: snapshot.hopper,
            pending: snapshot.pending,
        };
        let Some(pacer) = &mut self.pacer else {
            return Decision::default();
        };
        for (agent, at) in self.plans.news(snapshot.agents) {
            pacer.agent_leaves(snapshot.now, agent, at);
        }
        if let Some(queue) = &mut self.queue
            && queue.fill(snapshot, self.leads.as_ref())
        {
            pacer.forget_next_leads();
            queue.probabilities().for_each(|p| pacer.next_lead(Some(p)));
        }
        let decision = pacer.decide(snapshot.now, limits);
        let queue = self.queue.as_ref();
        Decision {
            dials: decision.dials,
            give_up: decision.give_up,
            leads: queue.map_or_else(Vec::new, |queue| {
                queue.first(snapshot.pending, decision.dials)
            }),
            note: String::new(),
        }
    }
}
