//! A bad quarter of an hour is not gone on with, however much earlier ones have saved.
//!
//! The budget of a long window looks at no shorter time than the abandons that its surplus is made of, hours late in a
//! window. What was answered and abandoned of late, fading, takes part of the risk away meanwhile.

/// Seconds after which what happened counts for a third in [`Recent`]: its mean age is that of a quarter of an hour.
const RECENT_SECONDS: f64 = 450.0;
/// The risk falls from what the target allows, and half an abandon more, to so many times that, and one more (or a
/// single abandon would stop a small team); and to this share.
const LEAST: f64 = 1.5;
const LEAST_SHARE: f64 = 1.0 / 3.0;

/// Answered and abandoned of late.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Recent {
    now: f64,
    answered: f64,
    abandoned: f64,
}

crate::state::state!(Recent {
    now,
    answered,
    abandoned,
});

impl Recent {
    pub fn new() -> Self {
        Self {
            now: f64::NEG_INFINITY,
            answered: 0.0,
            abandoned: 0.0,
        }
    }

    fn fade(&mut self, now: f64) {
        if now > self.now {
            let keep = (-(now - self.now) / RECENT_SECONDS).exp();
            self.answered *= keep;
            self.abandoned *= keep;
            self.now = now;
        }
    }

    pub fn answered(&mut self, now: f64) {
        self.fade(now);
        self.answered += 1.0;
    }

    /// An answer of late was a machine's.
    pub fn nobody_was_there(&mut self, now: f64) {
        self.fade(now);
        self.answered = (self.answered - 1.0).max(0.0);
    }

    pub fn abandoned(&mut self, now: f64) {
        self.fade(now);
        self.abandoned += 1.0;
    }

    /// The share of the risk that is still taken. Never none: that is what the window's budget is for.
    pub fn share(&mut self, now: f64, target: f64) -> f64 {
        self.fade(now);
        let mean = target * self.answered;
        let (all, least) = (mean + 0.5, LEAST * mean + 1.0);
        let beyond = ((self.abandoned - all) / (least - all)).clamp(0.0, 1.0);
        1.0 - (1.0 - LEAST_SHARE) * beyond
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_quarter_of_an_hour_is_noticed_and_forgotten() {
        let mut recent = Recent::new();
        let mut shares = Vec::new();
        for second in 0..7200_u32 {
            let now = f64::from(second);
            // An answer every two seconds, one in thirty-three abandoned; one in ten of them from the first hour on for
            // ten minutes.
            if second % 2 == 0 {
                recent.answered(now);
            }
            let each = if (3600..4200).contains(&second) {
                20
            } else {
                66
            };
            if second % each == 1 {
                recent.abandoned(now);
            }
            shares.push(recent.share(now, 0.03));
        }
        assert!(shares[1800..3600].iter().all(|&share| share > 0.8));
        assert!(shares[3900] < 0.4 && (shares[4199] - LEAST_SHARE).abs() < 1e-9);
        assert!(shares[6000] > 0.8);
    }

    #[test]
    fn one_abandon_does_not_slow_a_small_team() {
        let mut recent = Recent::new();
        for second in 0..20 {
            recent.answered(f64::from(30 * second));
        }
        recent.abandoned(600.0);
        assert!(recent.share(600.0, 0.03) > 0.6);
        assert!(recent.share(1000.0, 0.03) > 0.99);
    }
}
