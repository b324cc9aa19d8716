//! The leads that will be dialed next: their own answer probabilities, and how many of them to dial now.
//!
//! Where leads differ, the next dial is not a usual one. Whoever keeps the hopper says in which order its leads will be
//! dialed and what is known of each; a decision then goes through them one by one. The order is the hopper's; where it
//! is free to choose, [`dial_order`] brings leads that are alike together.
use crate::budget::Allowance;
use crate::forecast::{Forecast, Learned};

/// Most leads that are kept; more is more than is dialed before it is told anew.
const MOST: usize = 256;
/// A probability told counts as no nearer to 0 or 1.
const LOWEST: f64 = 0.001;

/// Answer probabilities of the next leads, in the order of their dials; none: it is a usual one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Upcoming {
    next: Vec<Option<f64>>,
}

crate::state::state!(Upcoming { next });

impl Upcoming {
    /// Nothing is known of any lead after this.
    pub fn forget(&mut self) {
        self.next.clear();
    }

    /// One more, after those told before; what is no probability is a usual lead's. More than enough are left out.
    pub fn push(&mut self, p: Option<f64>) {
        if self.next.len() < MOST {
            let known = p.filter(|p| p.is_finite());
            self.next.push(known.map(|p| p.clamp(LOWEST, 1.0 - LOWEST)));
        }
    }

    /// The first was dialed.
    pub fn dialed(&mut self) {
        if !self.next.is_empty() {
            self.next.remove(0);
        }
    }

    /// How many times as likely as a usual dial's answers those of the leads are: of the `pending` that are asked for
    /// already, and of those after them.
    pub fn ratios(&self, pending: u64, learned: &Learned) -> (Ratios<'_>, Ratios<'_>) {
        let asked_for =
            usize::try_from(pending).map_or(self.next.len(), |n| n.min(self.next.len()));
        let (asked_for, then) = self.next.split_at(asked_for);
        let usual = learned.ring.answer_probability();
        let each = learned.given_factor();
        (
            Ratios {
                of: asked_for,
                each,
                usual,
            },
            Ratios {
                of: then,
                each,
                usual,
            },
        )
    }
}

/// See [`Upcoming::ratios`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ratios<'a> {
    of: &'a [Option<f64>],
    /// By which probabilities that are told turn out too low.
    each: f64,
    usual: f64,
}

impl<'a> Ratios<'a> {
    pub fn is_empty(self) -> bool {
        self.of.is_empty()
    }

    /// Usual leads have 1.
    pub fn all(self) -> impl Iterator<Item = f64> + 'a {
        self.of.iter().map(move |p| {
            p.map_or(1.0, |p| {
                (p * self.each).clamp(LOWEST, 1.0 - LOWEST) / self.usual
            })
        })
    }
}

/// What limits a decision.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub allowance: Allowance,
    /// Idle agents with no call in flight for them: so many dials are always wanted.
    pub one_each: u64,
    /// Beyond those no more than this (see `growth`).
    pub room: u64,
    /// No more than this can be dialed now.
    pub cut: u64,
}

/// How many dials are wanted, and what they make of the forecast.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Choice {
    /// At most one more than can be dialed, beyond one each.
    pub wanted: u64,
    /// Answers still expected of all calls in flight, those dialed now included.
    pub expected_answers: f64,
    /// See `Decision::abandon_risk`.
    pub risk: f64,
}

impl Bounds {
    /// Whether one more may be dialed after so many.
    fn allow(&self, then: &Forecast, others: u64) -> bool {
        others < self.one_each
            || (others < self.room
                && (then.dials_on_idle(self.allowance.risk_on_idle, 1) > 0
                    || (!self.allowance.hard_stop()
                        && then.dials_within(self.allowance.risk, 1) > 0)))
    }

    /// So many dials less to be had, as they were dialed.
    fn after(self, dials: u64) -> Self {
        Self {
            allowance: self.allowance,
            one_each: self.one_each.saturating_sub(dials),
            room: self.room.saturating_sub(dials),
            cut: self.cut.saturating_sub(dials),
        }
    }

    /// How many usual leads to dial.
    pub fn usual(&self, forecast: &Forecast) -> Choice {
        let within = self.cut.saturating_add(1);
        let on_idle = forecast.dials_on_idle(self.allowance.risk_on_idle, within);
        let ahead = if self.allowance.hard_stop() {
            0
        } else {
            forecast.dials_within(self.allowance.risk, within)
        };
        let wanted = self.one_each.max(on_idle.max(ahead).min(self.room));
        Choice::of_usual(forecast, wanted, self.cut)
    }

    /// How many of the next leads to dial, and usual ones after them.
    pub fn among(&self, forecast: &Forecast, next: Ratios<'_>) -> Choice {
        if next.is_empty() {
            return self.usual(forecast);
        }
        let mut then = forecast.clone();
        let (mut dials, mut risk) = (0, forecast.risk_after(0));
        for ratio in next.all() {
            if !self.allow(&then, dials) {
                return Choice {
                    wanted: dials,
                    expected_answers: then.expected_answers,
                    risk,
                };
            }
            if dials == self.cut {
                return Choice {
                    wanted: dials + 1,
                    expected_answers: then.expected_answers,
                    risk,
                };
            }
            risk = then.risk_after(0);
            then.take_in(ratio);
            dials += 1;
        }
        let more = self.after(dials).usual(&then);
        Choice {
            wanted: dials + more.wanted,
            // What a usual one would risk, if none is dialed after those told.
            risk: if more.wanted == 0 || dials == self.cut {
                risk
            } else {
                more.risk
            },
            ..more
        }
    }
}

impl Choice {
    /// Of `wanted` usual leads, as many dialed as can be.
    pub fn of_usual(forecast: &Forecast, wanted: u64, cut: u64) -> Self {
        let dials = wanted.min(cut);
        #[allow(clippy::cast_precision_loss)]
        let fresh = dials as f64 * forecast.answer_probability;
        Self {
            wanted,
            expected_answers: forecast.expected_answers + fresh,
            risk: forecast.risk_after(dials.saturating_sub(1)),
        }
    }
}

/// An order for leads of which any may be dialed first, with these answer probabilities: from one end to the other, so
/// that each has its like for neighbours, beginning at the end that is nearer to the lead dialed last. The result holds
/// the places of the leads in the order of their dials. Leads of which nothing is known (no number) are among those of
/// the mean.
///
/// Dialing leads together that are alike keeps what a dial brings steady for some time, which is what small teams'
/// occupancy depends on (decision 36). Applied to one batch of the hopper after the other, no lead is overtaken by
/// more than its batch.
#[must_use]
#[allow(clippy::cast_precision_loss)]
pub fn dial_order(probabilities: &[f64], last: Option<f64>) -> Vec<usize> {
    let known = || probabilities.iter().copied().filter(|p| p.is_finite());
    let mean = known().sum::<f64>() / known().count().max(1) as f64;
    let of = |at: usize| {
        if probabilities[at].is_finite() {
            probabilities[at]
        } else {
            mean
        }
    };
    let mut order: Vec<usize> = (0..probabilities.len()).collect();
    order.sort_by(|&a, &b| of(b).total_cmp(&of(a)));
    if let (Some(last), Some(&most), Some(&least)) = (last, order.first(), order.last())
        && (last - of(least)).abs() < (last - of(most)).abs()
    {
        // Not turned round as a whole: who are equally likely stay in their order.
        order.sort_by(|&a, &b| of(a).total_cmp(&of(b)).then(a.cmp(&b)));
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leads_that_are_alike_are_neighbours_and_none_is_lost() {
        let p = [0.3, 0.9, f64::NAN, 0.1, 0.3];
        assert_eq!(dial_order(&p, None), [1, 2, 0, 4, 3]);
        assert_eq!(dial_order(&p, Some(0.8)), [1, 2, 0, 4, 3]);
        assert_eq!(dial_order(&p, Some(0.2)), [3, 0, 4, 2, 1]);
        assert_eq!(dial_order(&[], Some(0.2)), [0_usize; 0]);
        assert_eq!(dial_order(&[f64::NAN; 3], Some(0.2)), [0, 1, 2]);
        assert_eq!(dial_order(&[0.2; 3], Some(f64::NAN)), [0, 1, 2]);
    }

    #[test]
    fn what_is_told_is_bounded_whatever_is_told() {
        let mut upcoming = Upcoming::default();
        for p in [f64::NAN, f64::INFINITY, -1.0, 2.0]
            .iter()
            .cycle()
            .take(10_000)
        {
            upcoming.push(Some(*p));
        }
        let learned = Learned::new();
        let (asked_for, then) = upcoming.ratios(3, &learned);
        assert_eq!((asked_for.all().count(), then.all().count()), (3, MOST - 3));
        assert!(then.all().all(|ratio| ratio.is_finite() && ratio > 0.0));
        assert!(upcoming.ratios(u64::MAX, &learned).1.is_empty());
        for _ in 0..MOST + 5 {
            upcoming.dialed();
        }
        assert!(upcoming.ratios(0, &learned).1.is_empty());
    }
}
