//! Medians with their spread, and the machine that they were measured on.

use std::fmt;
use std::fs;

use crate::process::Call;
use crate::workspace::Workspace;

use super::{Built, Profile};

/// What many measurements of one thing came to, in the unit that they were taken in.
#[derive(Debug, Clone, PartialEq)]
pub struct Figures {
    sorted: Vec<f64>,
}

impl Figures {
    /// Takes the measurements in any order.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = values.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        Self { sorted }
    }

    /// The median, nearest rank.
    pub fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.sorted.len()
    }

    /// The value at a share of the sorted list, nearest rank; not a number where there is none.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a rank within a short list"
    )]
    pub fn quantile(&self, share: f64) -> f64 {
        let rank = (share * self.sorted.len().saturating_sub(1) as f64).round() as usize;
        self.sorted.get(rank).copied().unwrap_or(f64::NAN)
    }
}

impl fmt::Display for Figures {
    /// With the precision that is asked for, one digit unless it is.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(1);
        write!(
            f,
            "p50 {:.digits$} (p10 {:.digits$}, p90 {:.digits$}, p99 {:.digits$}, min {:.digits$}, max {:.digits$})",
            self.median(),
            self.quantile(0.1),
            self.quantile(0.9),
            self.quantile(0.99),
            self.quantile(0.0),
            self.quantile(1.0),
        )
    }
}

/// The machine, in a line.
pub fn machine() -> anyhow::Result<String> {
    let processors = std::thread::available_parallelism()?;
    Ok(format!(
        "machine: {processors} × {}, {}, Linux {}",
        line_of("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".to_owned()),
        line_of("/proc/meminfo", "MemTotal").unwrap_or_else(|| "unknown memory".to_owned()),
        first_words("/proc/sys/kernel/osrelease", 1),
    ))
}

/// Says what is measured where: a figure without it is worth nothing.
pub fn print_machine(workspace: &Workspace, built: &Built) -> anyhow::Result<()> {
    println!("{}", machine()?);
    println!(
        "load before: {} (1, 5, 15 min)",
        first_words("/proc/loadavg", 3)
    );
    let program = Call::new(built.program("yunei"))
        .args(["--version"])
        .read()?;
    let compiler = Call::new("rustc")
        .args(["--version"])
        .within(&workspace.root)
        .read()
        .unwrap_or_default();
    let profile = match built.profile {
        Profile::Release => "optimised build",
        Profile::Dev => "dev build: not a figure to quote",
    };
    println!("{}, {}, {profile}", program.trim(), compiler.trim());
    Ok(())
}

/// Says how busy the machine is now.
pub fn print_load() {
    println!(
        "load after: {} (1, 5, 15 min)",
        first_words("/proc/loadavg", 3)
    );
}

/// The value of the first line `key : value` of a file.
fn line_of(path: &str, key: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        (name.trim() == key).then(|| value.trim().to_owned())
    })
}

fn first_words(path: &str, count: usize) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let words: Vec<&str> = text.split_whitespace().take(count).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::Figures;

    #[test]
    fn quantiles_are_values_of_the_list() {
        let figures = Figures::of([5.0, 1.0, 3.0, 2.0, 4.0]);
        assert!((figures.median() - 3.0).abs() < f64::EPSILON);
        assert!((figures.quantile(0.0) - 1.0).abs() < f64::EPSILON);
        assert!((figures.quantile(1.0) - 5.0).abs() < f64::EPSILON);
        assert!(Figures::of([]).median().is_nan());
    }

    #[test]
    fn spread_is_told_with_the_median() {
        let told = format!("{:.2}", Figures::of([1.0, 2.0, 3.0]));
        assert_eq!(
            told,
            "p50 2.00 (p10 1.00, p90 3.00, p99 3.00, min 1.00, max 3.00)"
        );
    }
}
