//! Lists: one page of what an actor may see, filled from as many pages of the store as that takes.
//!
//! The one rule for all of them: a page holds less than was asked for only at the true end of the list, where it has no
//! `next`, or after [`ROWS_LOOKED_AT_MAX`] rows, where it has one even if it is empty.

use yunei_store::{Order, PAGE_ROWS_MAX, Page};

/// Rows of the store that are looked at for one page at most. An actor who may see few of many goes on with `next`.
const ROWS_LOOKED_AT_MAX: usize = 10 * PAGE_ROWS_MAX as usize;
/// Rows that are read at once at least: an actor who may see few of many is spared as many questions.
const ROWS_READ_MIN: u32 = 100;

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<T, I> {
    /// What the actor may see.
    pub items: Vec<T>,
    /// Where the next page begins; `None` at the end of the list.
    pub next: Option<I>,
}

/// A page that is being filled.
#[derive(Debug)]
pub(crate) struct Listing<T, I> {
    wanted: usize,
    order: Order,
    /// The last row that was looked at.
    reached: Option<I>,
    /// One more than wanted, once it is known that the list goes on.
    seen: Vec<(I, T)>,
    looked_at: usize,
    over: bool,
}

impl<T, I: Copy> Listing<T, I> {
    /// An empty page, to be filled as `page` says.
    pub(crate) fn new(page: Page<I>) -> Self {
        Self {
            wanted: page.limit.clamp(1, PAGE_ROWS_MAX) as usize,
            order: page.order,
            reached: page.after,
            seen: Vec::new(),
            looked_at: 0,
            over: false,
        }
    }

    /// What to read from the store next; `None` when the page is done.
    pub(crate) fn part(&self) -> Option<Page<I>> {
        let done = self.over || self.is_full() || self.looked_at >= ROWS_LOOKED_AT_MAX;
        (!done).then(|| Page {
            after: self.reached,
            limit: self.rows_at_once(),
            order: self.order,
        })
    }

    /// Notes how many rows the store gave for [`Self::part`]: fewer than it was asked for are its last.
    pub(crate) fn read(&mut self, rows: usize) {
        self.over = rows < self.rows_at_once() as usize;
    }

    /// Notes that a row was looked at, and what the actor sees of it. False when the page needs no further one.
    pub(crate) fn look(&mut self, id: I, item: Option<T>) -> bool {
        self.looked_at += 1;
        self.reached = Some(id);
        self.seen.extend(item.map(|item| (id, item)));
        !self.is_full()
    }

    /// The page.
    pub(crate) fn listed(mut self) -> Listed<T, I> {
        let goes_on = self.is_full();
        self.seen.truncate(self.wanted);
        let next = if goes_on {
            self.seen.last().map(|(id, _)| *id)
        } else if self.over {
            None
        } else {
            self.reached
        };
        let items = self.seen.into_iter().map(|(_, item)| item).collect();
        Listed { items, next }
    }

    fn is_full(&self) -> bool {
        self.seen.len() > self.wanted
    }

    fn rows_at_once(&self) -> u32 {
        let rows = u32::try_from(self.wanted).unwrap_or(PAGE_ROWS_MAX);
        rows.saturating_add(1).clamp(ROWS_READ_MIN, PAGE_ROWS_MAX)
    }
}

#[cfg(test)]
mod tests;
