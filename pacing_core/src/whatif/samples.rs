//! Durations of which some had not ended when the log did.
use crate::lab::Dist;

/// Most quantiles in a distribution.
const MOST: usize = 999;
/// Fewest ends to make a distribution of.
pub(super) const FEWEST: usize = 20;

/// Durations, ended or cut off.
#[derive(Debug, Clone, Default)]
pub(super) struct Durations {
    seen: Vec<(f64, bool)>,
    ended: usize,
}

impl Durations {
    pub fn add(&mut self, seconds: f64, ended: bool) {
        if seconds >= 0.0 {
            self.seen.push((seconds, ended));
            self.ended += usize::from(ended);
        }
    }

    pub fn ended(&self) -> usize {
        self.ended
    }

    /// The product-limit estimate (Kaplan and Meier 1958), so that the long ones, which are still running, are not
    /// missed; as quantiles. Nothing if too few have ended.
    pub fn distribution(&self) -> Option<Dist> {
        if self.ended < FEWEST {
            return None;
        }
        let mut sorted = self.seen.clone();
        // Ends before what was cut off at the same age.
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
        let count = self.ended.min(MOST);
        #[allow(clippy::cast_precision_loss)]
        let steps = (count + 1) as f64;
        let mut values = Vec::with_capacity(count);
        let mut alive = 1.0;
        let mut longest = 0.0;
        for (at, &(seconds, ended)) in sorted.iter().enumerate() {
            #[allow(clippy::cast_precision_loss)]
            let left = (sorted.len() - at) as f64;
            if !ended {
                continue;
            }
            alive *= 1.0 - 1.0 / left;
            longest = seconds;
            #[allow(clippy::cast_precision_loss)]
            while values.len() < count && (values.len() + 1) as f64 / steps <= 1.0 - alive {
                values.push(seconds);
            }
        }
        values.resize(count, longest);
        Some(Dist::Quantiles { values })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn cutting_off_does_not_make_it_shorter() {
        let mut random = Random::new(1, 1);
        let (mut seen, mut cut) = (Durations::default(), Durations::default());
        for _ in 0..20_000 {
            let seconds = random.lognormal(120.0, 1.0);
            let until = 300.0 * random.uniform() + 60.0;
            seen.add(seconds, true);
            cut.add(seconds.min(until), seconds <= until);
        }
        let (whole, part) = (seen.distribution().unwrap(), cut.distribution().unwrap());
        assert!(
            (whole.mean() / 120.0 - 1.0).abs() < 0.03,
            "{}",
            whole.mean()
        );
        for u in [0.1, 0.5, 0.8] {
            let (a, b) = (whole.quantile(u), part.quantile(u));
            assert!((a / b - 1.0).abs() < 0.06, "{u} {a} {b}");
        }
    }

    #[test]
    fn too_few_are_none() {
        let mut few = Durations::default();
        for _ in 0..FEWEST - 1 {
            few.add(5.0, true);
        }
        few.add(f64::NAN, true);
        assert!(few.distribution().is_none());
        few.add(5.0, true);
        assert!((few.distribution().unwrap().quantile(0.5) - 5.0).abs() < 1e-12);
    }
}
