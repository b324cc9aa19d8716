//! Numbers as bytes and back: variable length, little end first, every double exact to its last bit.
//!
//! Reading never panics and never takes more memory than the bytes it reads could fill.

/// Bytes that are not what they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Broken(pub &'static str);

/// FNV-1a, 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sum(pub u64);

impl Sum {
    pub const fn new() -> Self {
        Self(0xCBF2_9CE4_8422_2325)
    }

    pub fn add(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
        }
    }

    pub fn of(bytes: &[u8]) -> u64 {
        let mut sum = Self::new();
        sum.add(bytes);
        sum.0
    }
}

/// Where numbers are written to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Out(pub Vec<u8>);

impl Out {
    pub fn byte(&mut self, value: u8) {
        self.0.push(value);
    }

    /// Seven bits a byte, the low ones first; the eighth says that more follow.
    pub fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            #[allow(clippy::cast_possible_truncation)]
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        #[allow(clippy::cast_possible_truncation)]
        self.0.push(value as u8);
    }

    /// Small numbers of either sign are short.
    pub fn signed(&mut self, value: i64) {
        #[allow(clippy::cast_sign_loss)]
        self.varint(((value << 1) ^ (value >> 63)) as u64);
    }

    /// The step from `before` to `value`, around the end of the number line if that is shorter.
    pub fn step(&mut self, before: u64, value: u64) {
        #[allow(clippy::cast_possible_wrap)]
        self.signed(value.wrapping_sub(before) as i64);
    }

    /// Eight bytes.
    pub fn double(&mut self, value: f64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub fn bytes(&mut self, value: &[u8]) {
        self.varint(value.len() as u64);
        self.0.extend_from_slice(value);
    }
}

/// Where numbers are read from.
#[derive(Debug, Clone)]
pub(crate) struct In<'a> {
    bytes: &'a [u8],
}

const SHORT: Broken = Broken("it ends too early");

impl<'a> In<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    pub fn left(&self) -> usize {
        self.bytes.len()
    }

    pub fn take(&mut self, count: usize) -> Result<&'a [u8], Broken> {
        let (head, rest) = self.bytes.split_at_checked(count).ok_or(SHORT)?;
        self.bytes = rest;
        Ok(head)
    }

    pub fn byte(&mut self) -> Result<u8, Broken> {
        Ok(self.take(1)?[0])
    }

    pub fn varint(&mut self) -> Result<u64, Broken> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7F);
            if shift == 63 && part > 1 {
                break;
            }
            value |= part << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Broken("a number is too long"))
    }

    pub fn signed(&mut self) -> Result<i64, Broken> {
        let value = self.varint()?;
        #[allow(clippy::cast_possible_wrap)]
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    pub fn step(&mut self, before: u64) -> Result<u64, Broken> {
        #[allow(clippy::cast_sign_loss)]
        Ok(before.wrapping_add(self.signed()? as u64))
    }

    pub fn double(&mut self) -> Result<f64, Broken> {
        let bytes = self.take(8)?;
        Ok(f64::from_le_bytes(
            bytes.try_into().map_err(|_| Broken("no double"))?,
        ))
    }

    /// How many elements follow: never more than bytes are left, as each takes one at least.
    pub fn count(&mut self) -> Result<usize, Broken> {
        let count = usize::try_from(self.varint()?).unwrap_or(usize::MAX);
        if count > self.left() {
            return Err(Broken("it tells of more than it holds"));
        }
        Ok(count)
    }

    pub fn bytes(&mut self) -> Result<&'a [u8], Broken> {
        let count = self.count()?;
        self.take(count)
    }

    pub fn text(&mut self) -> Result<&'a str, Broken> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Broken("a text is not UTF-8"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let numbers = [
            0,
            1,
            127,
            128,
            300,
            u64::from(u32::MAX),
            u64::MAX - 1,
            u64::MAX,
        ];
        let mut out = Out::default();
        for &n in &numbers {
            out.varint(n);
            #[allow(clippy::cast_possible_wrap)]
            out.signed(n as i64);
            out.step(5, n);
            out.double(f64::from_bits(n));
        }
        out.bytes("grüße".as_bytes());
        let mut read = In::new(&out.0);
        for &n in &numbers {
            assert_eq!(read.varint(), Ok(n));
            #[allow(clippy::cast_possible_wrap)]
            let signed = n as i64;
            assert_eq!(read.signed(), Ok(signed));
            assert_eq!(read.step(5), Ok(n));
            assert_eq!(read.double().map(f64::to_bits), Ok(n));
        }
        assert_eq!(read.text(), Ok("grüße"));
        assert_eq!(read.byte(), Err(SHORT));
    }

    #[test]
    fn lies_about_lengths_are_found() {
        assert!(In::new(&[0xFF; 11]).varint().is_err());
        assert!(In::new(&[0xFF, 0xFF, 0xFF, 0xFF, 0x0F]).count().is_err());
        assert!(In::new(&[5, 1, 2]).bytes().is_err());
        assert!(In::new(&[2, 0xC3, 0x28]).text().is_err());
    }
}
