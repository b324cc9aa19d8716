//! Blocks: a file is a row of them, each with its checksum, so that a torn tail loses only the tail.
//!
//! A keyframe: `RMLOG`, format, length (4 bytes), what it holds, checksum (8 bytes). A block of records: `B`, length
//! (4 bytes), records, checksum (4 bytes). Lengths and checksums have their little end first; a checksum is FNV-1a
//! of all before it in its block, in 4 bytes folded. After damage the next keyframe is looked for.
use super::FORMAT;
use crate::codec::Sum;

const MARK: &[u8; 5] = b"RMLOG";
const RECORDS: u8 = b'B';
/// Nothing is longer, bytes.
pub(super) const LONGEST: usize = 1 << 22;

/// One block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Block<'a> {
    Keyframe(&'a [u8]),
    Records(&'a [u8]),
}

fn fold(sum: u64) -> u32 {
    let bytes = (sum ^ (sum >> 32)).to_le_bytes();
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

fn length(payload: &[u8]) -> [u8; 4] {
    u32::try_from(payload.len())
        .unwrap_or(u32::MAX)
        .to_le_bytes()
}

pub(super) fn write_keyframe(payload: &[u8], out: &mut Vec<u8>) {
    let from = out.len();
    out.extend_from_slice(MARK);
    out.push(FORMAT);
    out.extend_from_slice(&length(payload));
    out.extend_from_slice(payload);
    let sum = Sum::of(&out[from..]);
    out.extend_from_slice(&sum.to_le_bytes());
}

pub(super) fn write_records(payload: &[u8], out: &mut Vec<u8>) {
    let from = out.len();
    out.push(RECORDS);
    out.extend_from_slice(&length(payload));
    out.extend_from_slice(payload);
    let sum = fold(Sum::of(&out[from..]));
    out.extend_from_slice(&sum.to_le_bytes());
}

/// The block at the start of `bytes` and its whole length; otherwise what is wrong.
pub(super) fn read(bytes: &[u8]) -> Result<(Block<'_>, usize), &'static str> {
    let keyframe = bytes.starts_with(MARK);
    let head = if keyframe { MARK.len() + 1 } else { 1 };
    let tail = if keyframe { 8 } else { 4 };
    if !keyframe && bytes.first() != Some(&RECORDS) {
        if MARK.starts_with(&bytes[..bytes.len().min(MARK.len())]) {
            return Err("it is cut short");
        }
        return Err("no block begins here");
    }
    if keyframe
        && bytes
            .get(MARK.len())
            .is_some_and(|&format| format != FORMAT)
    {
        return Err("it is of another format than this program reads");
    }
    let Some(length) = bytes.get(head..head + 4) else {
        return Err("it is cut short");
    };
    let length = u32::from_le_bytes(length.try_into().unwrap_or_default());
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if length > LONGEST {
        return Err("a block is too long");
    }
    let end = head + 4 + length;
    let Some(sum) = bytes.get(end..end + tail) else {
        return Err("it is cut short");
    };
    let wanted = Sum::of(&bytes[..end]);
    let payload = &bytes[head + 4..end];
    let (block, sound) = if keyframe {
        (Block::Keyframe(payload), sum == wanted.to_le_bytes())
    } else {
        (Block::Records(payload), sum == fold(wanted).to_le_bytes())
    };
    if !sound {
        return Err("a checksum does not fit");
    }
    Ok((block, end + tail))
}

/// Where the next keyframe begins, from `from` on, whether or not it is sound.
pub(super) fn next_keyframe(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let at = rest.windows(MARK.len()).position(|window| window == MARK)?;
    Some(from + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> Vec<u8> {
        let mut bytes = Vec::new();
        write_keyframe(b"state", &mut bytes);
        write_records(b"what happened", &mut bytes);
        bytes
    }

    #[test]
    fn what_is_written_is_read() {
        let bytes = two();
        let (block, length) = read(&bytes).unwrap();
        assert_eq!(block, Block::Keyframe(b"state"));
        let (block, rest) = read(&bytes[length..]).unwrap();
        assert_eq!(block, Block::Records(b"what happened"));
        assert_eq!(length + rest, bytes.len());
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_found() {
        let bytes = two();
        let first = read(&bytes).unwrap().1;
        for at in 0..first {
            for bit in 0..8 {
                let mut bent = bytes.clone();
                bent[at] ^= 1 << bit;
                assert!(read(&bent).is_err(), "{at} {bit}");
            }
            assert!(read(&bytes[..at]).is_err(), "{at}");
        }
        for at in first..bytes.len() {
            assert!(read(&bytes[first..at]).is_err(), "{at}");
        }
    }

    #[test]
    fn the_next_keyframe_is_found_behind_rubbish() {
        let mut bytes = vec![1, 2, 3, b'R', b'M'];
        write_keyframe(b"later", &mut bytes);
        assert_eq!(next_keyframe(&bytes, 0), Some(5));
        assert_eq!(next_keyframe(&bytes, 6), None);
        assert_eq!(next_keyframe(&bytes, 600), None);
    }
}
