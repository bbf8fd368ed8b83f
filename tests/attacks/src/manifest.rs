//! Manifests of the attackers' modules, written as they are needed, and put into a component in place of its own.

use std::fmt::Write as _;

use yunei_tests::{StoryError, Told};

/// Name of the custom section that holds a manifest.
const SECTION: &str = "yunei:manifest";

/// One measure of an output: name, aggregate, and what else it takes, as lines of TOML.
pub type Measure = (&'static str, &'static str, &'static str);

/// An output and its lineage.
#[derive(Debug, Clone)]
pub struct Output {
    pub name: &'static str,
    /// Fields, each under the banding of its name; `class` is the derived category.
    pub dimensions: Vec<&'static str>,
    pub measures: Vec<Measure>,
    pub totals: bool,
    /// More lines of the output's own.
    pub more: &'static str,
}

impl Output {
    pub fn of(name: &'static str, dimensions: &[&'static str], measures: &[Measure]) -> Self {
        Self {
            name,
            dimensions: dimensions.to_vec(),
            measures: measures.to_vec(),
            totals: false,
            more: "",
        }
    }

    pub const fn with_totals(mut self) -> Self {
        self.totals = true;
        self
    }
}

/// Total of incomes.
pub const INCOME: Measure = ("income", "sum", "field = \"income\"");
/// Rows.
pub const COUNT: Measure = ("people", "count", "");

/// The manifest of a module that reads tables.
pub fn analysis(name: &str, outputs: &[Output]) -> String {
    let head = r#"world = "analysis"

[[resource]]
name = "attack-panel"
fields = ["district", "trade", "health", "income", "marked", "working", "hours"]

[[parameter]]
name = "way"
type = "enumeration"
values = ["plain", "hash", "base64", "low-bits", "row-order", "choice-of-cells", "column-names", "labels", "false-counts", "trap", "nothing"]
default = "nothing"
"#;
    manifest(name, head, outputs)
}

/// The manifest of a module that derives a figure and a class of each row.
pub fn per_row(name: &str, outputs: &[Output]) -> String {
    let head = r#"world = "per-row"

[[resource]]
name = "attack-panel"
fields = ["trade", "income", "marked"]

[[parameter]]
name = "way"
type = "enumeration"
values = ["income", "full-support", "low-bits", "labels", "infinities", "beyond-bounds"]
default = "income"

[[derived]]
name = "figure"
type = "number"
min = 0.0
max = 100000000.0

[[derived]]
name = "class"
type = "category"
labels = ["baker", "clerk", "driver", "farmer", "teacher"]
"#;
    manifest(name, head, outputs)
}

/// The manifest of a module whose class is a copy of everybody's health.
pub fn per_row_of_health(name: &str, outputs: &[Output]) -> String {
    per_row(name, outputs)
        .replace(r#"fields = ["trade","#, r#"fields = ["health","#)
        .replace(
            r#"labels = ["baker", "clerk", "driver", "farmer", "teacher"]"#,
            r#"labels = ["healthy", "ill"]"#,
        )
}

/// The manifest of a module that contributes for each person.
pub fn per_subject(name: &str, epsilon: f64) -> String {
    let head = r#"world = "per-subject"

[[resource]]
name = "attack-panel"
fields = ["trade", "income", "marked"]

[[parameter]]
name = "way"
type = "enumeration"
values = ["presence", "full-support", "state", "trap"]
default = "presence"

[contribution]
cells = ["baker", "clerk", "driver", "farmer", "teacher"]
cells_per_subject = 1
"#;
    let measure = r#"
[[contribution.measures]]
name = "income"
min = 0.0
max = 100000.0
"#;
    manifest(name, &format!("{head}epsilon = {epsilon}\n{measure}"), &[])
}

fn manifest(name: &str, head: &str, outputs: &[Output]) -> String {
    let mut text = format!(
        r#"name = "{name}"
version = "1.0.0"
title = {{ zh = "攻击", en = "An attack" }}
purpose = "transit-planning"
author = "Nobody"
bias = "Hostile on purpose."
{head}"#
    );
    for output in outputs {
        let Output {
            name, totals, more, ..
        } = output;
        // Writing to a string cannot fail.
        let _written = write!(
            text,
            "\n[[output]]\nname = \"{name}\"\nresource = \"attack-panel\"\ntotals = {totals}\n{more}\n"
        );
        for dimension in &output.dimensions {
            let lines = if *dimension == "class" {
                "derived = \"class\"".to_owned()
            } else {
                format!("field = \"{dimension}\"\nbanding = \"{dimension}\"")
            };
            let _written = write!(text, "\n[[output.dimension]]\n{lines}\n");
        }
        for (name, aggregate, more) in &output.measures {
            let _written = write!(
                text,
                "\n[[output.measure]]\nname = \"{name}\"\naggregate = \"{aggregate}\"\n{more}\n"
            );
        }
    }
    text
}

/// The component with another manifest.
pub fn dressed(component: &[u8], manifest: &str) -> Told<Vec<u8>> {
    const HEADER_BYTES: usize = 8;
    let cut = || StoryError("a component that is cut short".to_owned());
    let mut made = component.get(..HEADER_BYTES).ok_or_else(cut)?.to_vec();
    let mut rest = component.get(HEADER_BYTES..).ok_or_else(cut)?;
    while let Some(id) = rest.first() {
        let (length, bytes) = number(rest.get(1..).ok_or_else(cut)?).ok_or_else(cut)?;
        let end = 1 + bytes + length;
        let section = rest.get(..end).ok_or_else(cut)?;
        let content = section.get(1 + bytes..).ok_or_else(cut)?;
        if *id != 0 || !is_manifest(content) {
            made.extend_from_slice(section);
        }
        rest = rest.get(end..).ok_or_else(cut)?;
    }
    let mut content = leb(SECTION.len());
    content.extend_from_slice(SECTION.as_bytes());
    content.extend_from_slice(manifest.as_bytes());
    made.push(0);
    made.extend(leb(content.len()));
    made.extend(content);
    Ok(made)
}

fn is_manifest(custom: &[u8]) -> bool {
    number(custom).is_some_and(|(length, bytes)| {
        custom.get(bytes..bytes + length) == Some(SECTION.as_bytes())
    })
}

/// An unsigned LEB128 number, and its bytes.
fn number(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut value = 0;
    for (place, byte) in bytes.iter().take(5).enumerate() {
        value |= usize::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some((value, place + 1));
        }
    }
    None
}

fn leb(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(value & 0x7f).unwrap_or(0);
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_takes_another_manifest_and_keeps_the_rest() {
        let empty = b"\0asm\x0d\0\x01\0";
        let once = dressed(empty, "name = \"a\"").unwrap();
        let twice = dressed(&once, &"x".repeat(300)).unwrap();
        assert_eq!(twice, dressed(empty, &"x".repeat(300)).unwrap());
        assert!(dressed(&once[..once.len() - 1], "").is_err());
        for value in [0, 127, 128, 16_384, 1 << 20] {
            let bytes = leb(value);
            assert_eq!(number(&bytes), Some((value, bytes.len())));
        }
    }
}
