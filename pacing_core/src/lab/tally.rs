//! What a run gave: counted as it goes, compared afterwards.
use super::policy::float;

/// Length of the pieces a run is also counted by, seconds.
pub const MINUTE: f64 = 60.0;
/// Minutes of a quarter of an hour.
const QUARTER: usize = 15;

/// A minute, or a quarter of an hour.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Piece {
    pub answered: u64,
    pub abandoned: u64,
    /// Agent seconds of talk and wrap-up, and of being logged in and not paused.
    pub busy: f64,
    pub staffed: f64,
}

/// Minutes over which occupancy slides.
const WINDOW: usize = 5;

fn sum(pieces: &[Piece]) -> Piece {
    let mut all = Piece::default();
    for piece in pieces {
        all.answered += piece.answered;
        all.abandoned += piece.abandoned;
        all.busy += piece.busy;
        all.staffed += piece.staffed;
    }
    all
}

/// One run. Counts are of calls dialed after the warm-up; `total_…` count from the run's start.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Run {
    pub seed: u64,
    pub attempts: u64,
    /// Answered by a person = connected + abandoned. A machine that was dropped before anybody saw what it was counts
    /// as a person; one that an agent saw does not.
    pub answered: u64,
    pub connected: u64,
    pub abandoned: u64,
    /// Machines that agents had to find out.
    pub machines: u64,
    /// Machines that detection hung up on.
    pub detected: u64,
    /// People whom detection took for a machine and hung up on; in no other count. Regulators count them as abandoned.
    pub mistaken: u64,
    pub unanswered: u64,
    /// Failed by the carrier.
    pub failed: u64,
    pub given_up: u64,
    pub total_answered: u64,
    pub total_abandoned: u64,
    pub inbound: u64,
    pub inbound_waited: u64,
    /// Gave up waiting.
    pub inbound_abandoned: u64,
    /// Seconds that inbound callers waited in all, those who gave up included.
    pub inbound_wait_seconds: f64,
    /// Agent seconds after the warm-up.
    pub talk_seconds: f64,
    pub wrap_seconds: f64,
    /// With machines.
    pub machine_seconds: f64,
    pub staffed_seconds: f64,
    /// Line seconds of outbound calls before an agent has them, all of the run.
    pub line_seconds: f64,
    /// Seconds that answered people waited for an agent, abandoned ones too.
    pub wait_seconds: f64,
    /// All that calls take of agents, in full, seconds.
    pub handle_seconds: f64,
    pub most_lines: u64,
    pub decisions: u64,
    /// Minutes from the run's start, warm-up included.
    pub minutes: Vec<Piece>,
}

fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

impl Run {
    /// Share of the agents' time that is talk, wrap-up or finding out a machine.
    #[must_use]
    pub fn occupancy(&self) -> f64 {
        share(self.busy_seconds(), self.staffed_seconds)
    }

    /// Talk, wrap-up and machines, agent seconds after the warm-up.
    #[must_use]
    pub fn busy_seconds(&self) -> f64 {
        self.talk_seconds + self.wrap_seconds + self.machine_seconds
    }

    /// The abandon rate when people whom detection hung up on count as abandoned.
    #[must_use]
    pub fn abandon_rate_with_mistaken(&self) -> f64 {
        let answered = self.answered + self.mistaken;
        share(float(self.abandoned + self.mistaken), float(answered))
    }

    /// Quarters of an hour from the run's start, warm-up included.
    #[must_use]
    pub fn quarters(&self) -> Vec<Piece> {
        self.minutes.chunks(QUARTER).map(sum).collect()
    }

    /// Seconds from `shock` until the occupancy of the last five minutes is `least` or more again, looked at each whole
    /// minute: 0 if it does not fall under that before `until`, nothing if it is not back by then.
    #[must_use]
    pub fn recovery(&self, shock: f64, until: f64, least: f64) -> Option<f64> {
        let end = until.min(float(self.minutes.len() as u64) * MINUTE);
        let mut fallen = false;
        let mut at = (shock / MINUTE).floor() + 1.0;
        while at * MINUTE <= end {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let minute = at as usize;
            let window = sum(&self.minutes[minute.saturating_sub(WINDOW)..minute]);
            let low = share(window.busy, window.staffed) < least;
            if fallen && !low {
                return Some(at * MINUTE - shock);
            }
            fallen |= low;
            at += 1.0;
        }
        (!fallen).then_some(0.0)
    }

    /// Occupancy between two seconds, whole minutes of them.
    #[must_use]
    pub fn occupancy_between(&self, from: f64, to: f64) -> f64 {
        let last = self.minutes.len();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let minute = |second: f64| ((second / MINUTE).max(0.0) as usize).min(last);
        let (from, to) = (minute(from), minute(to));
        let piece = sum(&self.minutes[from.min(to)..to]);
        share(piece.busy, piece.staffed)
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
        self.quarters()
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

    /// The minute a second falls in.
    pub(crate) fn minute(&mut self, now: f64) -> &mut Piece {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let at = (now / MINUTE) as usize;
        let last = self.minutes.len() - 1;
        &mut self.minutes[at.min(last)]
    }

    /// Spreads a time over the minutes.
    pub(crate) fn spread(&mut self, from: f64, to: f64, mut add: impl FnMut(&mut Piece, f64)) {
        let last = self.minutes.len() - 1;
        let mut at = from;
        while at < to {
            // Times are not negative, so this is the floor.
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let minute = (at / MINUTE) as u32;
            let until = (f64::from(minute) * MINUTE + MINUTE).min(to);
            add(&mut self.minutes[last.min(minute as usize)], until - at);
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
    fn time_is_spread_over_the_minutes() {
        let mut run = Run {
            minutes: vec![Piece::default(); 45],
            ..Run::default()
        };
        run.spread(830.0, 2000.0, |piece, seconds| piece.busy += seconds);
        let busy: Vec<f64> = run.minutes.iter().map(|piece| piece.busy).collect();
        assert_eq!(busy[13..16], [10.0, 60.0, 60.0]);
        assert_eq!(busy[33..35], [20.0, 0.0]);
        let busy: Vec<f64> = run.quarters().iter().map(|piece| piece.busy).collect();
        assert_eq!(busy, [70.0, 900.0, 200.0]);
    }

    #[test]
    fn recovery_is_the_time_until_five_minutes_are_good_again() {
        let minutes = |busy: &[f64]| Run {
            minutes: busy
                .iter()
                .map(|&busy| Piece {
                    busy,
                    staffed: 60.0,
                    ..Piece::default()
                })
                .collect(),
            ..Run::default()
        };
        let mut busy = [60.0; 40];
        busy[10..16].fill(30.0);
        let run = minutes(&busy);
        // Under .95 from minute 11 on; minutes 16 to 20 are the first five good ones in a row.
        assert_eq!(run.recovery(600.0, 2400.0, 0.95), Some(660.0));
        assert_eq!(run.recovery(600.0, 900.0, 0.95), None);
        assert_eq!(run.recovery(1300.0, 9e9, 0.95), Some(0.0));
        assert!((run.occupancy_between(600.0, 960.0) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn the_worst_hour_is_the_worst_four_quarters() {
        let piece = |answered, abandoned| Piece {
            answered,
            abandoned,
            ..Piece::default()
        };
        let mut run = Run {
            minutes: vec![Piece::default(); 60],
            ..Run::default()
        };
        for (at, (answered, abandoned)) in [(100, 0), (100, 9), (5, 5), (100, 1)].iter().enumerate()
        {
            run.minutes[15 * at + 3] = piece(*answered, *abandoned);
        }
        assert!((run.worst(1) - 0.09).abs() < 1e-12);
        assert!((run.worst(2) - 14.0 / 105.0).abs() < 1e-12);
    }
}
