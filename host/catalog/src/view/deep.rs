//! Stacks for what recurses over a guest's query.
//!
//! Parser, planner and optimiser recurse over expressions, some of them without a limit of their own.
//! They run on a stack of their own that the greatest query cannot exhaust: memory that is only
//! reserved, and taken page by page as far as the recursion goes.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// Bytes reserved for planning; 1500 tokens take at most a third of it even in unoptimised builds.
const PLANNING_BYTES: usize = 256 << 20;
/// Bytes reserved for each step of evaluation.
const EVALUATION_BYTES: usize = 64 << 20;
/// Times that a planning future is polled at most; it waits for nothing.
const POLLS_MAX: usize = 100_000;

/// Looks once at the bounds of the present thread's stack, which Linux tells in `/proc`.
pub(super) fn prepare() {
    let _ = stacker::remaining_stack();
}

/// Runs a planning future to its end, here and now. Nothing when it waits, which planning has no reason to.
pub(super) fn plan<T>(planning: impl Future<Output = T>) -> Option<T> {
    stacker::grow(PLANNING_BYTES, || {
        // Polled to its end here, it must not be told to let other tasks have their turn.
        let mut planning = pin!(tokio::task::unconstrained(planning));
        let mut context = Context::from_waker(Waker::noop());
        (0..POLLS_MAX).find_map(|_| match planning.as_mut().poll(&mut context) {
            Poll::Ready(result) => Some(result),
            Poll::Pending => None,
        })
    })
}

/// Runs one step of evaluation.
pub(super) fn evaluate<T>(step: impl FnOnce() -> T) -> T {
    stacker::grow(EVALUATION_BYTES, step)
}
