use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

/// Numbers of 16 bits that a state has.
const LANES: usize = 1024;
const BYTES: usize = 2 * LANES;

/// One digest for a set, whatever the order in which its items were added, and from which one can be taken away again: what a delta
/// costs follows what has changed.
///
/// LtHash16 (K. Lewi, W. Kim, I. Maykov, S. Weis, "Securing Update Propagation with Homomorphic Hashing", 2019): the BLAKE3 digest of each
/// item, extended to 2,048 bytes, read as 1,024 little-endian numbers, added lane by lane modulo 2^16.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    lanes: Box<[u16; LANES]>,
}

impl Default for State {
    fn default() -> Self {
        Self { lanes: Box::new([0; LANES]) }
    }
}

impl State {
    /// Adds an item.
    pub fn add(&mut self, item: &[u8]) {
        self.each_lane(item, u16::wrapping_add);
    }

    /// Takes away an item that was added.
    pub fn remove(&mut self, item: &[u8]) {
        self.each_lane(item, u16::wrapping_sub);
    }

    /// Adds all items of another state.
    pub fn join(&mut self, other: &Self) {
        for (lane, added) in self.lanes.iter_mut().zip(other.lanes.iter()) {
            *lane = lane.wrapping_add(*added);
        }
    }

    /// Takes away all items of another state.
    pub fn leave(&mut self, other: &Self) {
        for (lane, gone) in self.lanes.iter_mut().zip(other.lanes.iter()) {
            *lane = lane.wrapping_sub(*gone);
        }
    }

    /// `sha256:` and the hexadecimal SHA-256 over the bytes of the state.
    #[must_use]
    pub fn root(&self) -> String {
        format!("sha256:{}", stella_digest::hex(&Sha256::digest(self.bytes())))
    }

    /// The bytes of the state in base64.
    #[must_use]
    pub fn encode(&self) -> String {
        BASE64_STANDARD.encode(self.bytes())
    }

    /// The state that [`State::encode`] gave as this text.
    #[must_use]
    pub fn decode(text: &str) -> Option<Self> {
        let bytes = BASE64_STANDARD.decode(text).ok().filter(|bytes| bytes.len() == BYTES)?;
        let mut state = Self::default();
        for (lane, pair) in state.lanes.iter_mut().zip(bytes.chunks_exact(2)) {
            *lane = u16::from_le_bytes([pair[0], pair[1]]);
        }
        Some(state)
    }

    fn bytes(&self) -> Vec<u8> {
        self.lanes.iter().flat_map(|lane| lane.to_le_bytes()).collect()
    }

    fn each_lane(&mut self, item: &[u8], change: fn(u16, u16) -> u16) {
        let mut expanded = [0; BYTES];
        blake3::Hasher::new().update(item).finalize_xof().fill(&mut expanded);
        for (lane, pair) in self.lanes.iter_mut().zip(expanded.chunks_exact(2)) {
            *lane = change(*lane, u16::from_le_bytes([pair[0], pair[1]]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first 32 bytes are what `printf a | b3sum` prints.
    #[test]
    fn a_state_of_one_item_is_its_extended_digest() {
        let mut state = State::default();
        state.add(b"a");
        assert_eq!(stella_digest::hex(&state.bytes()[..32]), "17762fddd969a453925d65717ac3eea21320b66b54342fde15128d6caf21215f");
    }

    #[test]
    fn items_come_in_any_order_and_go_again() {
        let (mut one, mut other) = (State::default(), State::default());
        for item in [b"a", b"b", b"c"] {
            one.add(item);
        }
        one.remove(b"b");
        other.add(b"c");
        other.add(b"a");
        assert_eq!(one, other);
        assert_eq!(State::decode(&one.encode()), Some(other));
    }
}
