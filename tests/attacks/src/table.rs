//! A released table, as whoever fetched it reads it.

use yunei_tests::{StoryError, Told};

/// Columns and rows, as texts; an empty text is a blank cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// Reads CSV. None of the attacks' tables has a comma or a quotation mark in a value.
    pub fn parse(bytes: &[u8]) -> Told<Self> {
        let text = std::str::from_utf8(bytes).map_err(|error| StoryError::new("a table", error))?;
        let mut lines = text.trim_start_matches('\u{feff}').lines();
        let split = |line: &str| line.split(',').map(str::to_owned).collect();
        Ok(Self {
            columns: lines.next().map(split).unwrap_or_default(),
            rows: lines.map(split).collect(),
        })
    }

    /// The figure in a column of the row with these labels; none where it is blank or not there.
    pub fn figure(&self, labels: &[&str], column: &str) -> Option<f64> {
        let column = self.columns.iter().position(|name| name == column)?;
        let row = self
            .rows
            .iter()
            .find(|row| row.iter().zip(labels).all(|(a, b)| a == b))?;
        row.get(column)?.parse().ok()
    }

    /// Every figure of a column with its row's labels.
    pub fn figures<'a>(
        &'a self,
        dimensions: usize,
        column: &str,
    ) -> impl Iterator<Item = (&'a [String], f64)> {
        let column = self.columns.iter().position(|name| name == column);
        self.rows.iter().filter_map(move |row| {
            let figure = row.get(column?)?.parse().ok()?;
            Some((row.get(..dimensions)?, figure))
        })
    }
}
