//! Tables on a terminal.

use serde::Deserialize;
use serde_json::Value;
use yunei_model::{Figures, Language, OpenedOutput, OpenedTable, Table};

use crate::printer::text;
use crate::sheet::{Sheet, figure, visible};

/// Rows shown of one table; a file has all of them.
const ROWS_SHOWN_MAX: usize = 1000;
/// What stands in a cell that is blank.
const BLANK: &str = "·";

/// A released table, as JSON has it.
#[derive(Debug, Deserialize)]
pub struct Released {
    columns: Vec<Heading>,
    rows: Vec<Vec<Value>>,
}

#[derive(Debug, Deserialize)]
struct Heading {
    title: String,
}

impl Released {
    /// The table in columns.
    pub fn text(self) -> String {
        let headings = self
            .columns
            .into_iter()
            .map(|column| column.title)
            .collect();
        columns(headings, &self.rows)
    }
}

/// A sealed output, opened for a reviewer: all of it.
pub fn opened(output: &OpenedOutput, language: Language) -> String {
    let mut parts: Vec<String> = output
        .tables
        .iter()
        .map(|t| under_review(t, language))
        .collect();
    if !output.notes.is_empty() {
        let notes: Vec<String> = output
            .notes
            .iter()
            .map(|note| format!("  {}", visible(note)))
            .collect();
        parts.push(format!("notes of the module\n{}", notes.join("\n")));
    }
    parts.join("\n\n")
}

fn under_review(opened: &OpenedTable, language: Language) -> String {
    let whose = match opened.figures {
        Figures::Gate => "the gate's own figures",
        Figures::Checked => "the module's figures, in cells that the gate checked",
        Figures::Module => "the module's figures",
    };
    let rows = columns_of(&opened.table, language);
    format!("{} ({whose})\n{rows}", opened.output)
}

fn columns_of(table: &Table, language: Language) -> String {
    let heading = |column: &yunei_model::Column| match (&column.title, language) {
        (Some(title), Language::Zh) => title.zh.clone(),
        (Some(title), Language::En) => title.en.clone(),
        (None, _) => column.name.to_string(),
    };
    let headings = table.columns().iter().map(heading).collect();
    let cell = |column: &yunei_model::Column, row: usize| {
        column
            .values
            .get(row)
            .map_or(Value::Null, |value| serde_json::json!(value))
    };
    let row = |row: usize| {
        table
            .columns()
            .iter()
            .map(|column| cell(column, row))
            .collect()
    };
    let rows: Vec<Vec<Value>> = (0..table.rows()).map(row).collect();
    columns(headings, &rows)
}

fn columns(headings: Vec<String>, rows: &[Vec<Value>]) -> String {
    let width = headings.len();
    let mut sheet = Sheet::of(headings);
    for row in rows.iter().take(ROWS_SHOWN_MAX) {
        sheet.cells(row.iter().map(cell).collect());
    }
    for column in 0..width {
        let of_column = || rows.iter().filter_map(|row| row.get(column));
        let numeric = of_column().all(|value| value.is_number() || value.is_null());
        if numeric && of_column().any(Value::is_number) {
            sheet.numbers(column);
        }
    }
    let more = rows.len().saturating_sub(ROWS_SHOWN_MAX);
    let more = if more > 0 {
        format!("\n{more} more rows; a file has all of them")
    } else {
        String::new()
    };
    format!("{}{more}", text(&sheet))
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => BLANK.to_owned(),
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_f64() => number.as_f64().map(figure).unwrap_or_default(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
