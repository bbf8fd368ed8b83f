//! Tables for people.

use comfy_table::{Attribute, Cell, CellAlignment, ColumnConstraint, ContentArrangement, Table};
use comfy_table::{ContentLineStyle, LineStyle, TableStyle};
use yunei_model::Timestamp;

/// Characters of one cell; the rest is cut.
const CELL_CHARACTERS_MAX: usize = 2000;
/// Columns as wide as an id are never broken over lines, so that they can be copied.
const ID_CHARACTERS: usize = 36;

/// A line under the heading, and nothing else.
const STYLE: TableStyle = TableStyle::new()
    .header_lines(ContentLineStyle::none())
    .header_separator(LineStyle::none().fill('─').junction('─'))
    .content_lines(ContentLineStyle::none());

/// A table with a heading, or of facts with a label each.
#[derive(Debug)]
pub struct Sheet {
    heading: Vec<String>,
    rows: Vec<Vec<String>>,
    numbers: Vec<usize>,
}

impl Sheet {
    /// A table with these columns.
    pub fn new<const N: usize>(columns: [&str; N]) -> Self {
        Self::of(columns.map(str::to_owned).to_vec())
    }

    /// The same, of columns that are known only now.
    pub const fn of(columns: Vec<String>) -> Self {
        Self {
            heading: columns,
            rows: Vec::new(),
            numbers: Vec::new(),
        }
    }

    /// Facts about one thing.
    pub const fn facts() -> Self {
        Self::of(Vec::new())
    }

    /// One more row.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) -> &mut Self {
        self.rows.push(cells.to_vec());
        self
    }

    /// One more row, of cells that are known only now.
    pub fn cells(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// One more fact.
    pub fn fact(&mut self, label: &str, value: impl ToString) -> &mut Self {
        self.row([label.to_owned(), value.to_string()])
    }

    /// One more fact, if there is one.
    pub fn fact_if(&mut self, label: &str, value: Option<impl ToString>) -> &mut Self {
        match value {
            Some(value) => self.fact(label, value),
            None => self,
        }
    }

    /// Sets a column of numbers flush right.
    pub fn numbers(&mut self, column: usize) {
        self.numbers.push(column);
    }

    /// As text, `width` characters wide at most, or as wide as it needs.
    pub fn text(&self, width: Option<u16>) -> String {
        if self.rows.is_empty() {
            return "none".to_owned();
        }
        let mut table = Table::new();
        table.load_style(STYLE).force_no_tty();
        if let Some(width) = width {
            table
                .set_content_arrangement(ContentArrangement::Dynamic)
                .set_width(width);
        }
        if !self.heading.is_empty() {
            let cells = self
                .heading
                .iter()
                .map(|name| Cell::new(visible(name)).add_attribute(Attribute::Bold));
            table.set_header(cells.collect::<Vec<_>>());
        }
        for row in &self.rows {
            table.add_row(
                row.iter()
                    .map(|cell| Cell::new(cut(&visible(cell))))
                    .collect::<Vec<_>>(),
            );
        }
        for (index, column) in table.column_iter_mut().enumerate() {
            let is_id = |row: &Vec<String>| {
                row.get(index)
                    .is_some_and(|cell| cell.len() == ID_CHARACTERS && !cell.contains(' '))
            };
            let label = self.heading.is_empty() && index == 0;
            if label || self.rows.iter().any(is_id) {
                column.set_constraint(ColumnConstraint::ContentWidth);
            }
            if self.numbers.contains(&index) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        table.trim_fmt()
    }
}

/// A text with nothing in it that steers a terminal or turns the direction of writing round.
pub fn visible(text: &str) -> String {
    let steers = |c: char| {
        c.is_control() && c != '\n'
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if steers(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// A time to the second, UTC.
pub fn time(at: Timestamp) -> String {
    let second = Timestamp::from_micros(
        at.as_micros()
            .div_euclid(1_000_000)
            .saturating_mul(1_000_000),
    );
    second.to_string().replacen(".000000", "", 1)
}

/// A whole number with its thousands apart.
pub fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut apart = String::with_capacity(digits.len() * 2);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            apart.push(',');
        }
        apart.push(digit);
    }
    apart
}

/// A figure to six significant digits.
pub fn figure(value: f64) -> String {
    let rounded = format!("{value:.5e}").parse().unwrap_or(value);
    let shown: f64 = if rounded == 0.0 { 0.0 } else { rounded };
    shown.to_string()
}

/// Things in a row, separated by commas.
pub fn list<T: ToString>(things: impl IntoIterator<Item = T>) -> String {
    let texts: Vec<String> = things.into_iter().map(|thing| thing.to_string()).collect();
    texts.join(", ")
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(CELL_CHARACTERS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
