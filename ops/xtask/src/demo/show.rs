//! Answers in words and columns.

use serde_json::Value;

/// Cells of a verdict that are shown.
const CELLS_SHOWN: usize = 3;
/// Columns of a terminal that one view takes at most.
const VIEW_WIDTH: usize = 62;

/// A released table, its first rows, aligned.
pub fn table(table: &Value, rows_max: usize) -> String {
    let columns = items(table, "/columns").map(|column| {
        let title = column.get("title").filter(|title| title.is_string());
        plain(title.or_else(|| column.get("name")).unwrap_or(&Value::Null))
    });
    let mut lines: Vec<Vec<String>> = vec![columns.collect()];
    let rows = items(table, "/rows").count();
    for row in items(table, "/rows").take(rows_max) {
        lines.push(items(row, "").map(cell).collect());
    }
    let numeric: Vec<bool> = match items(table, "/rows").next() {
        Some(first) => items(first, "").map(|value| !value.is_string()).collect(),
        None => Vec::new(),
    };
    let mut text = aligned(&lines, &numeric);
    if rows > rows_max {
        text.push_str(&format!("\n… {} more rows", rows - rows_max));
    }
    text
}

/// Lines of cells as columns with a rule below the first line.
pub fn aligned(lines: &[Vec<String>], right: &[bool]) -> String {
    let mut widths: Vec<usize> = Vec::new();
    for line in lines {
        for (index, cell) in line.iter().enumerate() {
            match widths.get_mut(index) {
                Some(width) => *width = (*width).max(self::width(cell)),
                None => widths.push(self::width(cell)),
            }
        }
    }
    let mut text = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let cells = line
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(column, (cell, wide))| {
                let pad = " ".repeat(wide.saturating_sub(width(cell)));
                let to_right = right.get(column).copied().unwrap_or_default();
                if to_right {
                    format!("{pad}{cell}")
                } else {
                    format!("{cell}{pad}")
                }
            });
        let cells: Vec<String> = cells.collect();
        text.push(cells.join("  ").trim_end().to_owned());
        if index == 0 {
            let rule: Vec<String> = widths.iter().map(|wide| "─".repeat(*wide)).collect();
            text.push(rule.join("  "));
        }
    }
    text.join("\n")
}

/// A run as its operating unit sees it: all that it is told.
pub fn coarse(seen: &Value) -> Vec<String> {
    let pretty = serde_json::to_string_pretty(seen).unwrap_or_default();
    pretty.lines().map(str::to_owned).collect()
}

/// A run as an authority sees it.
pub fn detail(detail: &Value) -> Vec<String> {
    let of_run = |key: &str| {
        plain(
            detail
                .pointer(&format!("/run/{key}"))
                .unwrap_or(&Value::Null),
        )
    };
    let count = |key: &str| {
        let count = detail.pointer(&format!("/run/{key}"));
        count
            .and_then(Value::as_u64)
            .map_or_else(String::new, grouped)
    };
    let root = of_run("trace_root");
    let mut lines = vec![
        format!("state       {}", of_run("state")),
        format!("rows fed    {}", count("rows_fed")),
        format!("host calls  {}", count("calls")),
        format!("trace root  {}", cut(&root, 32)),
    ];
    if let Some(cause) = detail
        .pointer("/run/end_cause")
        .filter(|cause| !cause.is_null())
    {
        lines.push(format!("ended by    {}", pairs(cause)));
    }
    let fields = items(detail, "/use_of_fields");
    let used: Vec<String> = fields
        .filter(|field| field.get("used") == Some(&Value::Bool(true)))
        .map(|field| plain(field.get("field").unwrap_or(&Value::Null)))
        .collect();
    if !used.is_empty() {
        lines.push(format!("read        {}", used.join(", ")));
    }
    for verdict in items(detail, "/verdicts") {
        lines.extend(self::verdict(verdict));
    }
    for review in items(detail, "/reviews") {
        let of = |key: &str| plain(review.get(key).unwrap_or(&Value::Null));
        lines.push(format!("review      {}: {}", of("outcome"), of("reason")));
    }
    lines
}

/// The layers of lock-down that each room of a run confirmed, from the record.
pub fn layers(entries: &[Value]) -> Vec<String> {
    let mut locked: Vec<(Vec<String>, Vec<String>)> = Vec::new();
    for entry in entries {
        for room in items(entry, "/entry/observed/layers") {
            let name = plain(room.get(0).unwrap_or(&Value::Null));
            let layers: Vec<String> = items(room, "/1").map(plain).collect();
            match locked.iter_mut().find(|(_, same)| *same == layers) {
                Some((rooms, _)) => rooms.push(name),
                None => locked.push((vec![name], layers)),
            }
        }
    }
    let mut lines = Vec::new();
    for (rooms, layers) in locked {
        lines.push(format!("locked      {}:", rooms.join(", ")));
        for some in layers.chunks(3) {
            lines.push(format!("            {}", some.join(", ")));
        }
    }
    lines
}

fn verdict(verdict: &Value) -> Vec<String> {
    let of = |key: &str| plain(verdict.get(key).unwrap_or(&Value::Null));
    let mut lines = vec![format!(
        "verdict     {} → {} ({})",
        of("output"),
        of("decision"),
        of("route")
    )];
    // What the gate cannot compute has no cells for it.
    if verdict.get("cells_total").and_then(Value::as_u64) > Some(0) {
        lines.push(format!(
            "cells       {} in all, {} let out by the gate itself",
            of("cells_total"),
            of("cells_released")
        ));
        lines.push(format!(
            "            {} empty or failed, {} to protect others",
            of("cells_failed"),
            of("cells_complementary")
        ));
    }
    lines.extend(items(verdict, "/reasons").map(|reason| format!("because     {}", plain(reason))));
    let failed = items(verdict, "/cells").filter(|cell| items(cell, "/failed").next().is_some());
    for cell in failed.take(CELLS_SHOWN) {
        let names: Vec<String> = items(cell, "/cell").map(plain).collect();
        lines.push(format!("cell        {}", names.join(" × ")));
        lines.extend(items(cell, "/failed").map(rule));
    }
    lines
}

fn rule(figure: &Value) -> String {
    let of = |key: &str| figure.get(key).unwrap_or(&Value::Null);
    let measure = match of("measure") {
        Value::Null => String::new(),
        measure => format!(" of {}", plain(measure)),
    };
    let (value, bound) = (number(of("value")), number(of("bound")));
    format!(
        "            {}{measure}: {value}, bound {bound}",
        plain(of("rule"))
    )
}

/// A refusal: code, sentence, clause and reasons.
pub fn refusal(status: u16, answer: &Value) -> String {
    let of = |key: &str| plain(answer.get(key).unwrap_or(&Value::Null));
    let mut lines = vec![format!("{status} {}: {}", of("code"), of("message"))];
    if answer.get("clause").is_some_and(Value::is_string) {
        lines.push(format!("clause  {}", of("clause")));
    }
    lines.extend(items(answer, "/details").map(|detail| format!("reason  {}", plain(detail))));
    lines.join("\n")
}

/// Two views beside each other.
pub fn beside(left: (&str, &[String]), right: (&str, &[String])) -> String {
    let widest = left
        .1
        .iter()
        .map(|line| width(line))
        .max()
        .unwrap_or_default();
    let wide = widest.max(width(left.0)).min(VIEW_WIDTH);
    let mut lines = vec![String::new(), row(left.0, wide, right.0)];
    lines.push(row(&"─".repeat(wide), wide, &"─".repeat(wide)));
    for index in 0..left.1.len().max(right.1.len()) {
        let of = |view: &[String]| view.get(index).cloned().unwrap_or_default();
        lines.push(row(&cut(&of(left.1), wide), wide, &of(right.1)));
    }
    lines.join("\n")
}

fn row(left: &str, wide: usize, right: &str) -> String {
    let pad = " ".repeat(wide.saturating_sub(width(left)));
    format!("   {left}{pad}  │  {right}").trim_end().to_owned()
}

/// Every line further to the right.
pub fn indent(text: &str, by: usize) -> String {
    let pad = " ".repeat(by);
    let lines: Vec<String> = text.lines().map(|line| format!("{pad}{line}")).collect();
    lines.join("\n")
}

/// The list at `pointer`.
pub fn items<'v>(value: &'v Value, pointer: &str) -> impl Iterator<Item = &'v Value> {
    value
        .pointer(pointer)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

/// A value as people read it.
pub fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "—".to_owned(),
        other => other.to_string(),
    }
}

/// An absent cell is one that must not be seen.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => "·".to_owned(),
        Value::Number(_) => number(value),
        other => plain(other),
    }
}

/// A count with its thousands told apart.
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn number(value: &Value) -> String {
    match (value.as_i64(), value.as_f64()) {
        (None, Some(number)) => {
            let text = format!("{number:.3}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        _ => plain(value),
    }
}

fn pairs(value: &Value) -> String {
    match value.as_object() {
        Some(object) => {
            let pairs = object.iter().map(|(key, value)| match key.as_str() {
                "kind" => plain(value),
                _ => format!("{key} {}", plain(value)),
            });
            pairs.collect::<Vec<_>>().join(", ")
        }
        None => plain(value),
    }
}

/// A text that takes so many columns at most.
pub fn cut(text: &str, wide: usize) -> String {
    if width(text) <= wide {
        return text.to_owned();
    }
    let kept: String = text.chars().take(wide.saturating_sub(1)).collect();
    format!("{kept}…")
}

/// Columns of a terminal: what is shown here is not wide, as titles are in English.
fn width(text: &str) -> usize {
    text.chars().count()
}
