//! A file stays under 500 lines. There is no list of exemptions.

use std::path::Path;

use super::tree;

/// The number of lines that no file reaches.
const LINES_MAX: usize = 500;

/// The files below `root` that are too long.
pub fn check(root: &Path) -> anyhow::Result<Vec<String>> {
    let too_long = |(path, text): (std::path::PathBuf, String)| {
        let lines = text.lines().count();
        (lines >= LINES_MAX).then(|| {
            format!(
                "{}: {lines} lines, must stay under {LINES_MAX}",
                path.display()
            )
        })
    };
    let texts = tree::texts(root, tree::SOURCE)?;
    Ok(texts.into_iter().filter_map(too_long).collect())
}

#[cfg(test)]
mod tests;
