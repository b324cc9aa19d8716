//! What was learned, as bytes: a restarted dialer need not begin cold.
//!
//! Layout: the mark `RMPACER`, one byte of version, then little-endian doubles, then a checksum (FNV-1a, 64 bits) of
//! all before it. Agents, calls and the abandon ledger are not part of it: those are the database's.
use crate::budget::Price;
use crate::error::PacingError;
use crate::forecast::Learned;

const MARK: &[u8; 7] = b"RMPACER";
/// 2: the estimate before a jump of the answer probability; 3: the price of risk. A snapshot of another version is
/// refused: a dialer learns anew within minutes what a migration would have to guess.
const VERSION: u8 = 3;
const HEAD: usize = MARK.len() + 1;

fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |sum, &byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    })
}

/// A mark, a version, doubles and their checksum.
pub(crate) fn pack(mark: [u8; 7], version: u8, values: impl Iterator<Item = f64>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(8 * 700);
    bytes.extend_from_slice(&mark);
    bytes.push(version);
    for value in values {
        bytes.extend_from_slice(&value.to_le_bytes());
    }
    let sum = checksum(&bytes);
    bytes.extend_from_slice(&sum.to_le_bytes());
    bytes
}

/// What `pack` wrote, if it is `count` finite values.
///
/// # Errors
/// [`PacingError::Snapshot`] for anything else.
pub(crate) fn unpack(
    mark: [u8; 7],
    version: u8,
    count: usize,
    bytes: &[u8],
) -> Result<Vec<f64>, PacingError> {
    let refuse = |reason| Err(PacingError::Snapshot { reason });
    if bytes.get(..mark.len()) != Some(mark.as_slice()) {
        return refuse("it does not begin as one");
    }
    if bytes.get(mark.len()) != Some(&version) {
        return refuse("it is of another version");
    }
    if bytes.len() != HEAD + 8 * (count + 1) {
        return refuse("it is cut off or too long");
    }
    let (body, sum) = bytes.split_at(bytes.len() - 8);
    if checksum(body).to_le_bytes() != sum {
        return refuse("it is damaged");
    }
    let chunks = body[HEAD..].chunks_exact(8);
    let values: Vec<f64> = chunks
        .map(|chunk| f64::from_le_bytes(chunk.try_into().unwrap_or_default()))
        .collect();
    if values.iter().all(|value| value.is_finite()) {
        return Ok(values);
    }
    refuse("it holds values that are no numbers")
}

/// Writes what was learned.
pub(crate) fn write(learned: &Learned, price: &Price) -> Vec<u8> {
    // The fields are only reachable together for writing; a copy costs nothing here.
    pack(
        *MARK,
        VERSION,
        fields(&mut learned.clone(), &mut price.clone()).map(|value| *value),
    )
}

/// Reads what was learned, on the priors of the documented ones times `prior_scale`.
///
/// # Errors
/// [`PacingError::Snapshot`] for anything `write` did not write.
pub(crate) fn read(bytes: &[u8], prior_scale: f64) -> Result<(Learned, Price), PacingError> {
    let mut learned = Learned::with_prior(prior_scale);
    let mut price = Price::new();
    let count = fields(&mut learned, &mut price).count();
    let values = unpack(*MARK, VERSION, count, bytes)?;
    if !values.iter().all(|value| (0.0..=1e12).contains(value)) {
        return Err(PacingError::Snapshot {
            reason: "it holds values that cannot be counts",
        });
    }
    for (field, value) in fields(&mut learned, &mut price).zip(values) {
        *field = value;
    }
    learned.settle();
    Ok((learned, price))
}

fn fields<'a>(learned: &'a mut Learned, price: &'a mut Price) -> impl Iterator<Item = &'a mut f64> {
    let ring = learned.ring.learned_mut().into_iter().flatten();
    let talk = learned.talk.learned_mut().into_iter().flatten();
    let wrap = learned.wrap.learned_mut().into_iter().flatten();
    ring.chain(talk)
        .chain(wrap)
        .chain(learned.answers.learned_mut())
        .chain([&mut learned.given_answers, &mut learned.given_sum])
        .chain(price.learned_mut())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ring::RingEnd;

    fn some() -> (Learned, Price) {
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
        let mut price = Price::new();
        price.answered();
        price.abandoned();
        (learned, price)
    }

    #[test]
    fn what_is_written_is_read() {
        let (learned, price) = some();
        let (again, same) = read(&write(&learned, &price), 1.0).unwrap();
        assert_eq!(write(&again, &same), write(&learned, &price));
        assert!((same.get() - price.get()).abs() < 1e-12 && price.get() > Price::new().get());
        let (a, b) = (
            learned.ring.answer_probability(),
            again.ring.answer_probability(),
        );
        assert!((a - b).abs() < 0.01, "{a} {b}");
    }

    #[test]
    fn garbage_is_refused() {
        let (learned, price) = some();
        let good = write(&learned, &price);
        assert!(read(b"", 1.0).is_err());
        assert!(read(b"hello", 1.0).is_err());
        assert!(read(&good[..good.len() - 1], 1.0).is_err());
        let mut other_version = good.clone();
        other_version[7] = 9;
        assert!(read(&other_version, 1.0).is_err());
        for at in (0..good.len()).step_by(97) {
            let mut bent = good.clone();
            bent[at] ^= 0x10;
            assert!(read(&bent, 1.0).is_err(), "{at}");
        }
    }
}
