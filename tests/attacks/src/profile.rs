//! What is public about a profile: how it rounds.

use std::path::Path;

use serde::Deserialize;
use yunei_tests::{StoryError, Told};

/// The part of a profile's file that tells the slack of a released figure.
#[derive(Debug, Deserialize)]
pub struct Profile {
    pub name: String,
    rounding: Option<Rounding>,
}

#[derive(Debug, Deserialize)]
struct Rounding {
    figure_digits: Option<i32>,
}

impl Profile {
    /// Every profile of `policies/disclosure/`, by name.
    pub fn all(repository: &Path) -> Told<Vec<Self>> {
        let directory = repository.join("policies").join("disclosure");
        let entries = std::fs::read_dir(&directory)
            .map_err(|error| StoryError::new(directory.display(), error))?;
        let mut profiles = Vec::new();
        for path in entries.flatten().map(|entry| entry.path()) {
            if path
                .extension()
                .is_some_and(|extension| extension == "toml")
            {
                let text = std::fs::read_to_string(&path)
                    .map_err(|error| StoryError::new(path.display(), error))?;
                let profile: Self = toml::from_str(&text)
                    .map_err(|error| StoryError::new(path.display(), error))?;
                profiles.push(profile);
            }
        }
        // The default first, then by name.
        profiles.sort_by_key(|profile| (profile.name != "yunei", profile.name.clone()));
        Ok(profiles)
    }

    /// Half the width of what a released sum or mean can stand for.
    pub fn figure_slack(&self, figure: f64) -> f64 {
        let digits = self.rounding.as_ref().and_then(|r| r.figure_digits);
        match digits {
            Some(digits) if figure != 0.0 => {
                let order = figure.abs().log10().floor();
                0.5 * 10_f64.powf(order - f64::from(digits) + 1.0)
            }
            // Doubles themselves are not exact.
            _ => 1e-6 * figure.abs().max(1.0),
        }
    }
}
