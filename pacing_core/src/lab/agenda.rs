//! The future event list: what is planned, soonest first; of what happens at the same moment, planned first goes first.
//!
//! A heap of four children a node (Johnson 1975): half the levels of a binary one, and a node's children lie
//! side by side. What happens mostly plans something, so what was taken out leaves its place at the top to the next
//! that is planned: one walk down instead of one down and one up (a hold, in the words of Jones 1986).
use super::world::Happening;

const CHILDREN: usize = 4;

#[derive(Debug, Clone, Copy)]
struct Entry {
    /// The moment, nanoseconds, then the number of the plan: no two are alike.
    key: u128,
    happening: Happening,
}

#[derive(Debug)]
pub(super) struct Agenda {
    heap: Vec<Entry>,
    planned: u64,
    /// The top was taken out.
    open: bool,
    /// The next decision and the next inbound call: of each there is one at most, so it waits beside the heap.
    decide: u128,
    inbound: u128,
}

/// Later than anything planned.
const NEVER: u128 = u128::MAX;

impl Agenda {
    pub fn new() -> Self {
        Self {
            heap: Vec::new(),
            planned: 0,
            open: false,
            decide: NEVER,
            inbound: NEVER,
        }
    }

    pub fn push(&mut self, at: u64, happening: Happening) {
        self.planned += 1;
        let key = (u128::from(at) << 64) | u128::from(self.planned);
        match happening {
            Happening::Decide => self.decide = key,
            Happening::Inbound => self.inbound = key,
            _ => self.add(Entry { key, happening }),
        }
    }

    fn add(&mut self, entry: Entry) {
        if std::mem::take(&mut self.open) {
            self.sink(entry);
        } else {
            self.heap.push(entry);
            self.rise(entry);
        }
    }

    /// The soonest, and its moment.
    pub fn pop(&mut self) -> Option<(u64, Happening)> {
        if std::mem::take(&mut self.open) {
            let last = self.heap.pop()?;
            if !self.heap.is_empty() {
                self.sink(last);
            }
        }
        let top = self.heap.first().map_or(NEVER, |top| top.key);
        let key = top.min(self.decide).min(self.inbound);
        if key == NEVER {
            return None;
        }
        let happening = if key == self.inbound {
            self.inbound = NEVER;
            Happening::Inbound
        } else if key == self.decide {
            self.decide = NEVER;
            Happening::Decide
        } else {
            self.open = true;
            self.heap.first()?.happening
        };
        #[allow(clippy::cast_possible_truncation)]
        let at = (key >> 64) as u64;
        Some((at, happening))
    }

    /// Puts an entry where it belongs, from the top, which is free, downwards.
    fn sink(&mut self, entry: Entry) {
        let heap = self.heap.as_mut_slice();
        let mut at = 0;
        while let Some(least) = least(heap, CHILDREN * at + 1) {
            let child = heap[least];
            if entry.key < child.key {
                break;
            }
            heap[at] = child;
            at = least;
        }
        heap[at] = entry;
    }

    /// The same from the bottom, where it was added, upwards.
    fn rise(&mut self, entry: Entry) {
        let heap = self.heap.as_mut_slice();
        let mut at = heap.len() - 1;
        while at > 0 {
            let parent = (at - 1) / CHILDREN;
            if heap[parent].key < entry.key {
                break;
            }
            heap[at] = heap[parent];
            at = parent;
        }
        heap[at] = entry;
    }
}

/// Where the least of the children that begin at `first` is.
#[inline]
fn least(heap: &[Entry], first: usize) -> Option<usize> {
    if let Some([a, b, c, d]) = heap.get(first..first + CHILDREN) {
        // By arithmetic, without a branch: which one it is cannot be guessed.
        let (left, right) = (usize::from(b.key < a.key), usize::from(d.key < c.key));
        let last = usize::from(c.key.min(d.key) < a.key.min(b.key));
        return Some(first + [left, 2 + right][last]);
    }
    (first..heap.len()).min_by_key(|&child| heap[child].key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    /// Random holds, pushes and pops beside a sorted list.
    #[test]
    fn what_is_planned_comes_in_its_order() {
        let mut random = Random::new(5, 1);
        let (mut agenda, mut plain) = (Agenda::new(), Vec::new());
        let (mut now, mut planned) = (0, 0);
        for step in 0..20_000 {
            // Now and then the one decision and the one inbound call there may be.
            for single in [Happening::Decide, Happening::Inbound] {
                if random.below(5) == 0 && plain.iter().all(|&(_, _, other)| other != single) {
                    let at = now + random.below(30) as u64;
                    agenda.push(at, single);
                    plain.push((at, planned, single));
                    planned += 1;
                }
            }
            // Grows to some hundreds, and runs empty again and again.
            let filling = step % 2000 < 1000;
            for _ in 0..random.below(if filling { 4 } else { 2 }) {
                // Few moments, so that many coincide.
                let at = now + random.below(30) as u64;
                agenda.push(at, Happening::Answer(planned));
                plain.push((at, planned, Happening::Answer(planned)));
                planned += 1;
            }
            let least = plain.iter().copied().min_by_key(|plan| (plan.0, plan.1));
            let found = agenda.pop();
            assert_eq!(found, least.map(|(at, _, happening)| (at, happening)));
            plain.retain(|&plan| Some(plan) != least);
            now = found.map_or(now, |(at, _)| at);
        }
        assert!(planned > 15_000);
    }

    #[test]
    fn an_empty_one_stays_empty_and_can_be_filled_again() {
        let mut agenda = Agenda::new();
        assert_eq!(agenda.pop(), None);
        agenda.push(7, Happening::Dial);
        assert_eq!(agenda.pop(), Some((7, Happening::Dial)));
        assert_eq!((agenda.pop(), agenda.pop()), (None, None));
        agenda.push(3, Happening::Decide);
        assert_eq!(agenda.pop(), Some((3, Happening::Decide)));
        assert_eq!(agenda.pop(), None);
    }
}
