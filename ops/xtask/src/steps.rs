//! Steps: each prints its name and how long it took; the failed ones are named at the end.

use std::time::{Duration, Instant};

use anyhow::bail;

/// A list of steps that are being done.
#[derive(Debug, Default)]
pub struct Steps {
    failed: Vec<String>,
}

impl Steps {
    /// Does one step and goes on whatever comes of it. Gives what the step gave.
    pub fn step<T>(&mut self, name: &str, work: impl FnOnce() -> anyhow::Result<T>) -> Option<T> {
        println!("── {name}");
        let start = Instant::now();
        let outcome = work();
        let took = seconds(start.elapsed());
        match outcome {
            Ok(value) => {
                println!("── {name}: done in {took}");
                Some(value)
            }
            Err(error) => {
                println!("{error:#}");
                println!("── {name}: FAILED after {took}");
                self.failed.push(name.to_owned());
                None
            }
        }
    }

    /// Does one step that everything after it needs.
    pub fn need<T>(
        &mut self,
        name: &str,
        work: impl FnOnce() -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        match self.step(name, work) {
            Some(value) => Ok(value),
            None => bail!("failed: {}", self.failed.join(", ")),
        }
    }

    /// An error that names what failed, if anything did.
    pub fn finish(self) -> anyhow::Result<()> {
        if self.failed.is_empty() {
            Ok(())
        } else {
            bail!("failed: {}", self.failed.join(", "))
        }
    }
}

fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}

#[cfg(test)]
mod tests;
