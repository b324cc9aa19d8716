//! A pacer that has seen its campaign at its busiest allocates nothing any more: no event and no decision does.
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use pacing_core::{Options, Pacer};

mod support;

/// Counts what the test's own thread asks for.
struct Counting;

thread_local! {
    static ASKED: Cell<u64> = const { Cell::new(0) };
}

fn asked() -> u64 {
    ASKED.with(Cell::get)
}

fn count() {
    // A thread that is being torn down counts no more.
    let _ = ASKED.try_with(|asked| asked.set(asked.get() + 1));
}

// SAFETY: everything is passed on to the system's allocator as it came.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        unsafe { System.realloc(block, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn the_steady_state_allocates_nothing() {
    for (agents, answer_probability) in [(5, 0.3), (100, 0.3), (300, 0.05)] {
        let before = asked();
        let mut pacer = Pacer::new(Options::default()).expect("the default options are valid");
        let mut floor = support::Floor::new(agents, answer_probability, 11, &mut pacer);
        // A quarter of an hour to warm up, then ten minutes.
        for _ in 0..4_500 {
            floor.step(&mut pacer);
        }
        assert!(asked() > before, "warming up allocates, and is counted");
        let warm = asked();
        let mut dials = 0;
        for _ in 0..3_000 {
            dials += floor.step(&mut pacer).dials;
        }
        assert!(dials > agents * 5);
        assert_eq!(asked() - warm, 0, "{agents} agents");
    }
}
