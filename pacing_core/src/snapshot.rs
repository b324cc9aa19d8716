//! What was learned, as bytes: a restarted dialer need not begin cold.
//!
//! Layout: the mark `RMPACER`, one byte of version, then little-endian doubles, then a checksum (FNV-1a, 64 bits) of
//! all before it. Agents, calls and the abandon ledger are not part of it: those are the database's.
use crate::error::PacingError;
use crate::forecast::Learned;

const MARK: &[u8; 7] = b"RMPACER";
/// 2: the estimate before a jump of the answer probability. A snapshot of another version is refused: a dialer learns
/// anew within minutes what a migration would have to guess.
const VERSION: u8 = 2;
const HEAD: usize = MARK.len() + 1;

fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |sum, &byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    })
}

/// Writes what was learned.
pub(crate) fn write(learned: &Learned) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(8 * 700);
    bytes.extend_from_slice(MARK);
    bytes.push(VERSION);
    // The fields are only reachable together for writing; a copy costs nothing here.
    for value in fields(&mut learned.clone()) {
        bytes.extend_from_slice(&value.to_le_bytes());
    }
    let sum = checksum(&bytes);
    bytes.extend_from_slice(&sum.to_le_bytes());
    bytes
}

/// Reads what was learned.
///
/// # Errors
/// [`PacingError::Snapshot`] for anything `write` did not write.
pub(crate) fn read(bytes: &[u8]) -> Result<Learned, PacingError> {
    let refuse = |reason| Err(PacingError::Snapshot { reason });
    if bytes.get(..MARK.len()) != Some(MARK.as_slice()) {
        return refuse("it does not begin as one");
    }
    if bytes.get(MARK.len()) != Some(&VERSION) {
        return refuse("it is of another version");
    }
    let mut learned = Learned::new();
    let wanted = fields(&mut learned).count();
    if bytes.len() != HEAD + 8 * (wanted + 1) {
        return refuse("it is cut off or too long");
    }
    let (body, sum) = bytes.split_at(bytes.len() - 8);
    if checksum(body).to_le_bytes() != sum {
        return refuse("it is damaged");
    }
    for (field, chunk) in fields(&mut learned).zip(body[HEAD..].chunks_exact(8)) {
        let value = f64::from_le_bytes(chunk.try_into().unwrap_or_default());
        if !value.is_finite() || !(0.0..=1e12).contains(&value) {
            return refuse("it holds values that cannot be counts");
        }
        *field = value;
    }
    learned.settle();
    Ok(learned)
}

fn fields(learned: &mut Learned) -> impl Iterator<Item = &mut f64> {
    let ring = learned.ring.learned_mut().into_iter().flatten();
    let talk = learned.talk.learned_mut().into_iter().flatten();
    let wrap = learned.wrap.learned_mut().into_iter().flatten();
    ring.chain(talk)
        .chain(wrap)
        .chain(learned.answers.learned_mut())
        .chain([&mut learned.given_answers, &mut learned.given_sum])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ring::RingEnd;

    fn some() -> Learned {
        let mut learned = Learned::new();
        for i in 0..300 {
            let end = if i % 2 == 0 {
                RingEnd::Answered
            } else {
                RingEnd::Unanswered
            };
            learned.ring.observe(f64::from(i % 30), end, 250.0);
            learned.talk.observe(f64::from(i), 250.0);
        }
        learned.observe_given(0.4, true);
        learned.settle();
        learned
    }

    #[test]
    fn what_is_written_is_read() {
        let learned = some();
        let again = read(&write(&learned)).unwrap();
        assert_eq!(write(&again), write(&learned));
        let (a, b) = (
            learned.ring.answer_probability(),
            again.ring.answer_probability(),
        );
        assert!((a - b).abs() < 0.01, "{a} {b}");
    }

    #[test]
    fn garbage_is_refused() {
        let good = write(&some());
        assert!(read(b"").is_err());
        assert!(read(b"hello").is_err());
        assert!(read(&good[..good.len() - 1]).is_err());
        let mut other_version = good.clone();
        other_version[7] = 9;
        assert!(read(&other_version).is_err());
        for at in (0..good.len()).step_by(97) {
            let mut bent = good.clone();
            bent[at] ^= 0x10;
            assert!(read(&bent).is_err(), "{at}");
        }
    }
}
