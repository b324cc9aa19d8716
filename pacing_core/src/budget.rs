//! The abandon budget: how much risk the next dial may take, from realised counts.
//!
//! Surplus = target x answered - abandoned - abandons to be expected of the calls in flight. Answers still to come
//! earn nothing before they come. The risk allowed to the marginal dial is proportional to the surplus beyond a
//! reserve: the surplus then settles where abandons come as fast as answers pay for them, and the long-run rate is the
//! target whatever the forecast gets wrong. This is integral control; the level it settles at is chosen so:
//!
//! * A risk that swings costs occupancy, which is concave in the abandon rate (Jensen): the loss falls as 1 / level.
//!   What is unspent at the end costs level / answers. The sum is least where the level grows with the root of the
//!   budget; the unspent share tends to zero.
//! * Abandons are about Poisson and rarer the smaller the surplus, so it hardly ever falls under zero, whenever the
//!   window ends.
//! * A large budget may be owed some: dialing on at a third of the target pays two abandons in three back and costs
//!   a fiftieth of the occupancy, stopping pays back the third as well and costs nearly a third (decision 25).
//!
//! At the level the risk is the target over the abandons that a unit of allowed risk has cost so far ([`Price`]). That
//! is what small teams need, whose risk comes in large steps, without a mode of their own.

/// Surplus, in abandons, kept untouched.
const RESERVE: f64 = 0.5;
/// Where the surplus settles: this many abandons and so many times the root of all abandons allowed so far.
const LEVEL: f64 = 3.0;
const LEVEL_GROWTH: f64 = 0.6;
/// What may be owed before no risk is left: so many times what the level exceeds these abandons by, and from three more
/// on so many times the root of that, as a debt swings the surplus about and the level must stay out of its reach. A
/// small budget is never overdrawn knowingly.
const OWED: f64 = 1.4;
const OWED_GROWTH: f64 = 2.4;
const NEVER_OWED: f64 = 5.0;
/// No dial takes more than so many times the risk taken at the level: a surplus from better days is spent smoothly.
const MOST: f64 = 2.0;
/// Nor a greater one than this.
const HIGHEST_RISK: f64 = 0.5;
/// Risk still allowed with no surplus beyond the reserve, as a share of the target, where only idle agents count:
/// an answer earns twice what it costs, so a debt is paid back sooner than by one dial per agent, which answers less.
/// With a debt as large as the level should be, the forecast is not believed any more, and no risk is left.
const RISK_ON_IDLE: f64 = 0.5;
/// Prior of the price, in units of risk; its value 1.1; and after how many abandons earlier ones fade.
const PRICE_WEIGHT: f64 = 30.0;
const PRICE: f64 = 1.1;
const PRICE_MEMORY: f64 = 100.0;
const LOWEST_PRICE: f64 = 0.1;
const HIGHEST_PRICE: f64 = 4.0;

/// Answered by a person and abandoned, and the rate that is allowed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Ledger {
    pub target: f64,
    pub answered: u64,
    pub abandoned: u64,
    /// Abandons to be expected of calls in flight that are not this pacer's own.
    pub expected: f64,
}

crate::state::state!(Ledger {
    target,
    answered,
    abandoned,
    expected,
});

/// What the next dial may risk.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Allowance {
    /// Highest probability that the marginal dial, answered, finds nobody.
    pub risk: f64,
    /// The same where agents still busy are not counted on; 0 far over the target: each dial then holds an idle
    /// agent of its own.
    pub risk_on_idle: f64,
}

impl Allowance {
    /// No surplus: agents still busy may not be counted on.
    pub fn hard_stop(&self) -> bool {
        self.risk <= 0.0
    }

    /// Only a share of it where agents still busy are counted on.
    pub fn part(self, share: f64) -> Self {
        Self {
            risk: self.risk * share,
            ..self
        }
    }

    /// Both bind.
    pub fn and(self, other: Self) -> Self {
        Self {
            risk: self.risk.min(other.risk),
            risk_on_idle: self.risk_on_idle.min(other.risk_on_idle),
        }
    }
}

impl Ledger {
    /// The allowance, with `shortfall` abandons expected of the pacer's own calls in flight, where a unit of risk
    /// costs `price` abandons per answer. It never falls when the target rises, all else equal.
    pub fn allowance(&self, shortfall: f64, price: f64) -> Allowance {
        #[allow(clippy::cast_precision_loss)]
        let (answered, abandoned) = (self.answered as f64, self.abandoned as f64);
        let allowed = self.target * answered;
        let surplus = allowed - abandoned - self.expected - shortfall;
        let level = LEVEL + LEVEL_GROWTH * allowed.sqrt();
        let beyond = (level - NEVER_OWED).max(0.0);
        let owed = (OWED * beyond).min(OWED_GROWTH * beyond.sqrt()) - RESERVE;
        let share = ((surplus + owed) / (level + owed)).clamp(0.0, MOST);
        Allowance {
            risk: (self.target / price * share).min(HIGHEST_RISK),
            risk_on_idle: RISK_ON_IDLE * self.target * (1.0 + surplus / level).clamp(0.0, 1.0),
        }
    }
}

/// Abandons per answer that a unit of allowed risk costs, as seen so far.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Price {
    /// Risk allowed, summed over the answers, and what it cost; both fading.
    risk: f64,
    abandoned: f64,
    /// Allowed by the last decision.
    allowed: f64,
}

crate::state::state!(Price {
    risk,
    abandoned,
    allowed,
});

impl Price {
    pub fn new() -> Self {
        Self {
            risk: 0.0,
            abandoned: 0.0,
            allowed: 0.0,
        }
    }

    pub fn decided(&mut self, allowance: Allowance) {
        self.allowed = allowance.risk;
    }

    pub fn answered(&mut self) {
        // Bounded, so that what cost nothing for long is not believed to be free.
        let most = (self.abandoned + PRICE_WEIGHT * PRICE) / LOWEST_PRICE - PRICE_WEIGHT;
        self.risk = (self.risk + self.allowed).min(most);
    }

    /// An answer was a machine's: what was allowed at it is taken to be what is allowed now.
    pub fn nobody_was_there(&mut self) {
        self.risk = (self.risk - self.allowed).max(0.0);
    }

    pub fn abandoned(&mut self) {
        let keep = 1.0 - 1.0 / PRICE_MEMORY;
        self.risk *= keep;
        self.abandoned = self.abandoned * keep + 1.0;
    }

    /// What is learned, for a snapshot to read or to fill.
    pub fn learned_mut(&mut self) -> [&mut f64; 2] {
        [&mut self.risk, &mut self.abandoned]
    }

    pub fn get(&self) -> f64 {
        let price = (self.abandoned + PRICE_WEIGHT * PRICE) / (self.risk + PRICE_WEIGHT);
        price.clamp(LOWEST_PRICE, HIGHEST_PRICE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn ledger(target: f64, answered: u64, abandoned: u64) -> Ledger {
        Ledger {
            target,
            answered,
            abandoned,
            expected: 0.0,
        }
    }

    fn allowance(target: f64, answered: u64, abandoned: u64) -> Allowance {
        ledger(target, answered, abandoned).allowance(0.0, PRICE)
    }

    #[test]
    fn nothing_answered_yet_counts_on_idle_agents_alone() {
        let a = allowance(0.03, 0, 0);
        assert!(a.hard_stop());
        assert!(a.risk_on_idle > 0.0 && a.risk_on_idle < 0.03);
    }

    #[test]
    fn the_further_over_the_target_the_more_each_dial_holds_its_agent() {
        let on_idle = |abandoned| allowance(0.03, 100, abandoned).risk_on_idle;
        assert!((on_idle(0) - on_idle(3)).abs() < 1e-15);
        assert!(on_idle(3) > on_idle(4) && on_idle(4) > on_idle(6));
        assert!(on_idle(8) <= 0.0);
    }

    #[test]
    fn risk_grows_with_answers_and_falls_with_abandons() {
        let base = allowance(0.03, 300, 4).risk;
        assert!(base > 0.0);
        assert!(allowance(0.03, 400, 4).risk > base);
        assert!(allowance(0.03, 300, 5).risk < base);
        assert!(ledger(0.03, 300, 4).allowance(1.0, PRICE).risk < base);
        let others = Ledger {
            expected: 1.0,
            ..ledger(0.03, 300, 4)
        };
        assert_eq!(
            others.allowance(0.0, PRICE),
            ledger(0.03, 300, 4).allowance(1.0, PRICE)
        );
    }

    #[test]
    fn a_higher_target_never_allows_less() {
        for answered in [0, 10, 100, 1000, 100_000] {
            for abandoned in [0, 1, 5, 20, 400] {
                let mut last = ledger(1e-4, answered, abandoned).allowance(0.2, PRICE);
                for step in 1..100 {
                    let a =
                        ledger(f64::from(step) / 500.0, answered, abandoned).allowance(0.2, PRICE);
                    assert!(a.risk >= last.risk - 1e-12 && a.risk_on_idle >= last.risk_on_idle);
                    last = a;
                }
            }
        }
    }

    #[test]
    fn the_smaller_of_two_allowances_binds() {
        let (wide, narrow) = (allowance(0.05, 1000, 20), allowance(0.03, 1000, 29));
        assert_eq!(wide.and(narrow), narrow);
        assert_eq!(narrow.and(wide), narrow);
    }

    #[test]
    fn a_large_budget_pays_a_debt_back_and_dials_on_a_small_one_stops() {
        // 300 abandons are allowed, the level is 13.4: owed 1, owed 20; and 6 allowed, owed 2.
        assert!(allowance(0.03, 10_000, 301).risk > 0.1 * allowance(0.03, 10_000, 287).risk);
        assert!(allowance(0.03, 10_000, 320).hard_stop());
        assert!(allowance(0.03, 200, 8).hard_stop());
    }

    /// Abandons of clumps of one to three come with the risk allowed, `cost` per unit of it.
    fn window(seed: u64, cost: f64, answers: u64) -> (f64, f64, f64) {
        let mut random = Random::new(seed, 1);
        let mut ledger = ledger(0.03, 0, 0);
        let mut price = Price::new();
        let mut lowest = f64::INFINITY;
        for _ in 0..answers {
            let allowance = ledger.allowance(0.0, price.get());
            price.decided(allowance);
            price.answered();
            ledger.answered += 1;
            if random.uniform() < cost * allowance.risk / 2.0 {
                let clump = 1 + random.below(3) as u64;
                for _ in 0..clump {
                    ledger.abandoned += 1;
                    price.abandoned();
                }
            }
            #[allow(clippy::cast_precision_loss)]
            {
                lowest = lowest.min(0.03 * ledger.answered as f64 - ledger.abandoned as f64);
            }
        }
        #[allow(clippy::cast_precision_loss)]
        let surplus = 0.03 * ledger.answered as f64 - ledger.abandoned as f64;
        (surplus, lowest, price.get())
    }

    #[test]
    fn the_budget_is_spent_and_not_overdrawn_whatever_a_unit_of_risk_costs() {
        for cost in [0.4, 1.1, 3.0] {
            let mut over = 0;
            let mut prices = 0.0;
            for seed in 0..200 {
                let (surplus, lowest, price) = window(seed, cost, 20_000);
                over += u32::from(surplus < 0.0);
                // 600 abandons are allowed; the level is 17.7.
                assert!(surplus < 60.0, "{cost} {surplus}");
                // So much may be owed there.
                assert!(lowest > -11.0, "{cost} {lowest}");
                prices += price / 200.0;
            }
            assert_eq!(over, 0, "{cost}");
            assert!((prices / cost - 1.0).abs() < 0.3, "{cost} {prices}");
        }
    }
}
