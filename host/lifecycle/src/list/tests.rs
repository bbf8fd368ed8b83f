use super::*;

/// Pages of the numbers from 1 to `rows` of which `sees` are seen, as a client that follows `next` gets them.
fn pages(rows: usize, limit: u32, sees: impl Fn(usize) -> bool) -> Vec<Listed<usize, usize>> {
    let mut pages = Vec::new();
    let mut after = None;
    for _ in 0..100 {
        let mut listing = Listing::new(Page::first(limit).after(after));
        while let Some(part) = listing.part() {
            let from = part.after.map_or(1, |last| last + 1);
            let read: Vec<usize> = (from..=rows).take(part.limit as usize).collect();
            listing.read(read.len());
            for row in read {
                if !listing.look(row, sees(row).then_some(row)) {
                    break;
                }
            }
        }
        let page = listing.listed();
        after = page.next;
        pages.push(page);
        if after.is_none() {
            break;
        }
    }
    pages
}

fn all(pages: &[Listed<usize, usize>]) -> Vec<usize> {
    pages.iter().flat_map(|page| page.items.clone()).collect()
}

#[test]
fn a_page_is_short_only_at_the_end() {
    for rows in [0, 1, 9, 10, 11, 99, 100, 101, 250, 1000, 1001, 2050] {
        for limit in [1, 10, 100, 999, 1000] {
            for step in [1, 2, 7, 300] {
                let pages = if rows / step > 90 * limit as usize {
                    continue;
                } else {
                    pages(rows, limit, |row| row % step == 0)
                };
                let seen: Vec<usize> = (1..=rows).filter(|row| row % step == 0).collect();
                assert_eq!(all(&pages), seen, "{rows} {limit} {step}");
                let (last, full) = pages.split_last().unwrap();
                assert!(full.iter().all(|page| page.items.len() == limit as usize));
                assert!(last.items.len() <= limit as usize);
                assert!(
                    !last.items.is_empty() || seen.is_empty(),
                    "{rows} {limit} {step}: the list ended a page before"
                );
            }
        }
    }
}

#[test]
fn what_nobody_sees_is_looked_through_in_bounds_and_never_taken_for_the_end() {
    let rows = 3 * ROWS_LOOKED_AT_MAX;
    let pages = pages(rows, 10, |row| row == rows);
    assert_eq!(all(&pages), [rows]);
    assert!(pages.len() > 2);
    let empty = pages.first().unwrap();
    assert!(empty.items.is_empty() && empty.next.is_some());
}
