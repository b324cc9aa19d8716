//! The abandon budget: how much risk the next dial may take, from realised counts.
//!
//! Surplus = target x answered - abandoned - abandons to be expected of the calls in flight. Answers still to come
//! earn nothing before they come. The risk allowed to the marginal dial grows in proportion to the surplus beyond a
//! reserve. That is integral control: an estimate that is too careful or too bold shifts where the surplus settles,
//! and the long-run rate is the target all the same. The surplus settles around `SETTLE` and swings by about
//! sqrt(surplus), so that it hardly ever falls under zero; it is allowed to grow with the root of the budget, which
//! makes the pacing smoother at no cost in the rate (the unspent share tends to zero).

/// Surplus (in abandons) kept untouched, and how it grows with the root of all abandons allowed so far.
const RESERVE: f64 = 0.5;
const RESERVE_GROWTH: f64 = 0.2;
/// Surplus beyond the reserve at which the risk is `RISK_AT_SETTLE` x target.
const SETTLE: f64 = 6.0;
/// How `SETTLE` grows with the root of all abandons allowed so far.
const GROWTH: f64 = 0.3;
const RISK_AT_SETTLE: f64 = 1.5;
/// No dial takes a greater risk than this, however large the surplus.
const HIGHEST_RISK: f64 = 0.5;
/// Risk still allowed with no surplus, as a share of the target: even the last dial costs less than an answer earns.
const RISK_WITHOUT_SURPLUS: f64 = 0.5;

/// What the next dial may risk.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Allowance {
    /// Highest probability that the marginal dial, answered, finds nobody.
    pub risk: f64,
    /// With no surplus each dial must hold an idle agent of its own, within this (tiny) risk.
    pub risk_on_idle: f64,
}

impl Allowance {
    /// No surplus: agents still busy may not be counted on.
    pub fn hard_stop(&self) -> bool {
        self.risk <= 0.0
    }
}

/// The allowance after `answered` and `abandoned` counts, with `shortfall` abandons expected of calls in flight.
///
/// It never falls when `target` rises, all else equal.
pub(crate) fn allowance(target: f64, answered: u64, abandoned: u64, shortfall: f64) -> Allowance {
    #[allow(clippy::cast_precision_loss)]
    let (answered, abandoned) = (answered as f64, abandoned as f64);
    let allowed = target * answered;
    let surplus = allowed - abandoned - shortfall;
    let reserve = RESERVE + RESERVE_GROWTH * allowed.sqrt();
    let settle = SETTLE + GROWTH * allowed.sqrt();
    let risk = RISK_AT_SETTLE * target * (surplus - reserve) / settle;
    Allowance {
        risk: risk.clamp(0.0, HIGHEST_RISK),
        risk_on_idle: RISK_WITHOUT_SURPLUS * target,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_answered_yet_is_a_hard_stop() {
        let a = allowance(0.03, 0, 0, 0.0);
        assert!(a.hard_stop());
        assert!(a.risk_on_idle > 0.0 && a.risk_on_idle < 0.03);
    }

    #[test]
    fn risk_grows_with_answers_and_falls_with_abandons() {
        let base = allowance(0.03, 300, 2, 0.0).risk;
        assert!(base > 0.0);
        assert!(allowance(0.03, 400, 2, 0.0).risk > base);
        assert!(allowance(0.03, 300, 3, 0.0).risk < base);
        assert!(allowance(0.03, 300, 2, 1.0).risk < base);
    }

    #[test]
    fn a_higher_target_never_allows_less() {
        for answered in [0, 10, 100, 1000, 100_000] {
            for abandoned in [0, 1, 5, 20, 400] {
                let mut last = 0.0;
                for step in 1..100 {
                    let risk = allowance(f64::from(step) / 500.0, answered, abandoned, 0.2).risk;
                    assert!(risk >= last);
                    last = risk;
                }
            }
        }
    }
}
