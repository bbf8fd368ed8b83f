// The kernel that the benchmark `scan` compiles twice: for the sandbox, and natively. It works on slices, so that what is
// compared is the way of the rows and not a library.

/// Sums per group; groups are small numbers from 0.
#[derive(Debug, Default)]
pub struct Sums {
    totals: Vec<(i64, i64)>,
}

impl Sums {
    /// Adds rows: each value to the total of its group. Rows of a negative group are left out.
    pub fn add(&mut self, groups: &[i32], values: &[i64]) {
        for (group, value) in groups.iter().zip(values) {
            let Ok(group) = usize::try_from(*group) else {
                continue;
            };
            if group >= self.totals.len() {
                self.totals.resize(group + 1, (0, 0));
            }
            if let Some((rows, total)) = self.totals.get_mut(group) {
                *rows += 1;
                *total = total.wrapping_add(*value);
            }
        }
    }

    /// Groups that have rows, each with its total.
    pub fn totals(&self) -> impl Iterator<Item = (i32, i64)> {
        (0..)
            .zip(&self.totals)
            .filter(|(_, (rows, _))| *rows > 0)
            .map(|(group, (_, total))| (group, *total))
    }
}
