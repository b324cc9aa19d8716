//! How good probabilities turned out to be.
//!
//! Brier's score (1950) and its parts (Murphy 1973) over groups of calls of about the same probability:
//! score = reliability - resolution + uncertainty, as far as the calls of a group have one probability.
use crate::error::PacingError;

/// Calls of about the same probability.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Group {
    pub calls: u64,
    /// Mean probability given.
    pub predicted: f64,
    /// Share that was answered.
    pub answered: f64,
}

/// See [`calibration`].
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// Mean squared distance of probability and outcome: 0 is perfect, the uncertainty is what the mean rate gives.
    pub brier: f64,
    /// Mean squared distance of a group's probability and the share answered: 0 is calibrated.
    pub reliability: f64,
    /// Variance of the share answered between the groups: how much the probabilities tell apart.
    pub resolution: f64,
    /// Variance of the outcomes.
    pub uncertainty: f64,
    /// The calibration curve, by rising probability.
    pub curve: Vec<Group>,
}

/// Compares probabilities with outcomes, over `groups` groups of as many calls each.
///
/// # Errors
/// [`PacingError::Shape`] unless there are as many outcomes as probabilities, at least one, and at least one group;
/// [`PacingError::Domain`] for a probability outside 0 to 1.
pub fn calibration(
    predicted: &[f64],
    answered: &[bool],
    groups: usize,
) -> Result<Calibration, PacingError> {
    let refuse = |name, reason| Err(PacingError::Shape { name, reason });
    if predicted.is_empty() {
        return refuse("predicted", "is empty; give one probability or more");
    }
    if predicted.len() != answered.len() {
        return refuse("answered", "is another than that of predicted");
    }
    if groups == 0 {
        return refuse("groups", "is nothing; give one group or more");
    }
    if let Some(&value) = predicted.iter().find(|p| !(0.0..=1.0).contains(*p)) {
        return Err(PacingError::Domain {
            name: "predicted",
            value,
            allowed: "probabilities from 0 to 1",
        });
    }
    let mut calls: Vec<(f64, f64)> = predicted
        .iter()
        .zip(answered)
        .map(|(&p, &yes)| (p, f64::from(u8::from(yes))))
        .collect();
    calls.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mean = |calls: &[(f64, f64)], of: fn(&(f64, f64)) -> f64| {
        #[allow(clippy::cast_precision_loss)]
        {
            calls.iter().map(of).sum::<f64>() / calls.len() as f64
        }
    };
    let rate = mean(&calls, |call| call.1);
    let curve: Vec<Group> = calls
        .chunks(calls.len().div_ceil(groups))
        .map(|group| Group {
            calls: group.len() as u64,
            predicted: mean(group, |call| call.0),
            answered: mean(group, |call| call.1),
        })
        .collect();
    let over_groups = |of: &dyn Fn(&Group) -> f64| {
        #[allow(clippy::cast_precision_loss)]
        {
            let sum: f64 = curve.iter().map(|g| g.calls as f64 * of(g)).sum();
            sum / calls.len() as f64
        }
    };
    Ok(Calibration {
        brier: mean(&calls, |call| (call.0 - call.1).powi(2)),
        reliability: over_groups(&|g| (g.predicted - g.answered).powi(2)),
        resolution: over_groups(&|g| (g.answered - rate).powi(2)),
        uncertainty: rate * (1.0 - rate),
        curve,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_make_up_the_score_where_groups_are_of_one_probability() {
        // Two kinds of call: 20 at .2, of whom 3 answer, and 20 at .8, of whom 18 do.
        let predicted: Vec<f64> = (0..40).map(|i| if i < 20 { 0.2 } else { 0.8 }).collect();
        let answered: Vec<bool> = (0..40).map(|i| i < 3 || (20..38).contains(&i)).collect();
        let c = calibration(&predicted, &answered, 2).unwrap();
        assert_eq!(c.curve.len(), 2);
        assert!((c.curve[0].answered - 0.15).abs() < 1e-12);
        assert!((c.reliability - 0.00625).abs() < 1e-12);
        let rate: f64 = 21.0 / 40.0;
        assert!((c.uncertainty - rate * (1.0 - rate)).abs() < 1e-12);
        assert!((c.brier - (c.reliability - c.resolution + c.uncertainty)).abs() < 1e-12);
    }

    #[test]
    fn senseless_arguments_are_refused() {
        assert!(calibration(&[], &[], 10).is_err());
        assert!(calibration(&[0.5], &[], 10).is_err());
        assert!(calibration(&[0.5], &[true], 0).is_err());
        for bad in [f64::NAN, -0.1, 1.1, f64::INFINITY] {
            assert!(calibration(&[0.5, bad], &[true, false], 10).is_err());
        }
        let more_groups = calibration(&[0.5, 0.1], &[true, false], 9).unwrap();
        assert_eq!(more_groups.curve.len(), 2);
    }
}
