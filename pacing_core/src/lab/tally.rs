//! What a run gave: counted as it goes, compared afterwards.
use super::policy::float;

/// Length of the pieces a run is also counted by, seconds.
pub const PIECE_SECONDS: f64 = 900.0;

/// A quarter of an hour.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Piece {
    pub answered: u64,
    pub abandoned: u64,
    /// Agent seconds of talk and wrap-up, and of being logged in and not paused.
    pub busy: f64,
    pub staffed: f64,
}

/// One run. Counts are of calls dialed after the warm-up; `total_…` count from the run's start.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Run {
    pub seed: u64,
    pub attempts: u64,
    /// Answered by a person = connected + abandoned.
    pub answered: u64,
    pub connected: u64,
    pub abandoned: u64,
    pub unanswered: u64,
    /// Failed by the carrier.
    pub failed: u64,
    pub given_up: u64,
    pub total_answered: u64,
    pub total_abandoned: u64,
    pub inbound: u64,
    pub inbound_waited: u64,
    /// Seconds that inbound callers waited in all.
    pub inbound_wait_seconds: f64,
    /// Agent seconds after the warm-up.
    pub talk_seconds: f64,
    pub wrap_seconds: f64,
    pub staffed_seconds: f64,
    /// Line seconds of outbound calls before an agent has them, all of the run.
    pub line_seconds: f64,
    /// Seconds that answered people waited for an agent, abandoned ones too.
    pub wait_seconds: f64,
    /// Talk and wrap-up of connected calls in full, seconds.
    pub handle_seconds: f64,
    pub most_lines: u64,
    pub decisions: u64,
    /// Quarters of an hour from the run's start, warm-up included.
    pub pieces: Vec<Piece>,
}

fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

impl Run {
    /// Share of the agents' time that is talk or wrap-up.
    #[must_use]
    pub fn occupancy(&self) -> f64 {
        share(self.talk_seconds + self.wrap_seconds, self.staffed_seconds)
    }

    /// abandoned / answered by a person.
    #[must_use]
    pub fn abandon_rate(&self) -> f64 {
        share(float(self.abandoned), float(self.answered))
    }

    #[must_use]
    pub fn talk_minutes_per_agent_hour(&self) -> f64 {
        60.0 * share(self.talk_seconds, self.staffed_seconds)
    }

    #[must_use]
    pub fn dials_per_contact(&self) -> f64 {
        share(float(self.attempts), float(self.connected))
    }

    /// Highest abandon rate of `pieces` quarters of an hour in a row with 20 answers or more.
    #[must_use]
    pub fn worst(&self, pieces: usize) -> f64 {
        self.pieces
            .windows(pieces.max(1))
            .map(|window| {
                let answered: u64 = window.iter().map(|piece| piece.answered).sum();
                let abandoned: u64 = window.iter().map(|piece| piece.abandoned).sum();
                if answered < 20 {
                    0.0
                } else {
                    share(float(abandoned), float(answered))
                }
            })
            .fold(0.0, f64::max)
    }

    /// The piece a second falls in.
    pub(crate) fn piece(&mut self, now: f64) -> &mut Piece {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let at = (now / PIECE_SECONDS) as usize;
        let last = self.pieces.len() - 1;
        &mut self.pieces[at.min(last)]
    }

    /// Spreads a time over the pieces.
    pub(crate) fn spread(&mut self, from: f64, to: f64, mut add: impl FnMut(&mut Piece, f64)) {
        let mut at = from;
        while at < to {
            let end = ((at / PIECE_SECONDS).floor() + 1.0) * PIECE_SECONDS;
            let until = end.min(to);
            add(self.piece(at), until - at);
            at = until;
        }
    }
}

/// Mean of several numbers and half the width of its 95 % interval (Student's t).
#[must_use]
pub fn mean_and_half_width(values: &[f64]) -> (f64, f64) {
    let n = float(values.len() as u64);
    if values.is_empty() {
        return (0.0, 0.0);
    }
    let mean = values.iter().sum::<f64>() / n;
    if values.len() < 2 {
        return (mean, f64::INFINITY);
    }
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, student(values.len() - 1) * (variance / n).sqrt())
}

/// The 97.5 % quantile of Student's t: exact for few degrees of freedom, else Cornish and Fisher's expansion
/// (Abramowitz and Stegun 26.7.5), good to 0.001 from 5 on.
fn student(freedom: usize) -> f64 {
    const FEW: [f64; 5] = [12.706_205, 4.302_653, 3.182_446, 2.776_445, 2.570_582];
    if let Some(&exact) = FEW.get(freedom - 1) {
        return exact;
    }
    let z = 1.959_964_f64;
    let v = float(freedom as u64);
    z + (z.powi(3) + z) / (4.0 * v)
        + (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / (96.0 * v * v)
        + (3.0 * z.powi(7) + 19.0 * z.powi(5) + 17.0 * z.powi(3) - 15.0 * z) / (384.0 * v.powi(3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_students() {
        let (mean, half) = mean_and_half_width(&[1.0, 2.0, 3.0]);
        assert!((mean - 2.0).abs() < 1e-12);
        assert!((half - 4.302_653 / 3.0_f64.sqrt()).abs() < 1e-6);
        assert!((student(9) - 2.262_157).abs() < 1e-3);
        assert!((student(30) - 2.042_272).abs() < 1e-4);
    }

    #[test]
    fn time_is_spread_over_the_quarters() {
        let mut run = Run {
            pieces: vec![Piece::default(); 3],
            ..Run::default()
        };
        run.spread(800.0, 2000.0, |piece, seconds| piece.busy += seconds);
        let busy: Vec<f64> = run.pieces.iter().map(|piece| piece.busy).collect();
        assert_eq!(busy, [100.0, 900.0, 200.0]);
    }

    #[test]
    fn the_worst_hour_is_the_worst_four_quarters() {
        let piece = |answered, abandoned| Piece {
            answered,
            abandoned,
            ..Piece::default()
        };
        let run = Run {
            pieces: vec![piece(100, 0), piece(100, 9), piece(5, 5), piece(100, 1)],
            ..Run::default()
        };
        assert!((run.worst(1) - 0.09).abs() < 1e-12);
        assert!((run.worst(2) - 14.0 / 105.0).abs() < 1e-12);
    }
}
