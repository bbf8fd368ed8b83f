//! Manifests of the attackers' modules, written as they are needed. They name the panel by its kind: which rows are meant, the stand puts in.

use std::fmt::Write as _;

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
    pub more: String,
}

impl Output {
    pub fn of(name: &'static str, dimensions: &[&'static str], measures: &[Measure]) -> Self {
        Self {
            name,
            dimensions: dimensions.to_vec(),
            measures: measures.to_vec(),
            totals: false,
            more: String::new(),
        }
    }

    pub const fn with_totals(mut self) -> Self {
        self.totals = true;
        self
    }
}

/// Total of incomes.
pub const INCOME: Measure = ("income", "sum", "field = \"income\"");
/// Total of what is derived.
pub const DERIVED: Measure = ("income", "sum", "derived = \"figure\"");
/// Most that a private contribution may be.
pub const PRIVATE_BOUND: i64 = 100_000;
/// Rows.
pub const COUNT: Measure = ("people", "count", "");

/// The manifest of a module that reads tables.
pub fn analysis(name: &str, outputs: &[Output]) -> String {
    let head = r#"world = "analysis"

[[resource]]
name = "attack-panel"
fields = ["district", "trade", "health", "income", "marked", "working", "hours", "salary"]

[[parameter]]
name = "panel"
type = "enumeration"
values = ["attack-panel"]
default = "attack-panel"

[[parameter]]
name = "way"
type = "enumeration"
values = ["plain", "hash", "base64", "low-bits", "row-order", "choice-of-cells", "column-names", "labels", "false-counts", "trap", "nothing"]
default = "nothing"
"#;
    manifest(name, head, outputs)
}

/// The same module, with the list that the panel's rows refer to.
pub fn joined(manifest: &str) -> String {
    let list = "[[resource]]\nname = \"attack-list\"\nfields = [\"desk\", \"listed\", \"unlisted\", \"floor\"]\n\n[[parameter]]\nname = \"way\"";
    manifest
        .replacen("[[parameter]]\nname = \"way\"", list, 1)
        .replacen("fields = [\"", "fields = [\"desk\", \"", 1)
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
values = ["income", "but-one", "mask", "marked", "unmarked", "full-support", "low-bits", "labels", "infinities", "beyond-bounds", "trap"]
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
values = ["presence", "indicator", "dominant", "full-support", "state", "trap", "low-bits", "choice-of-cells", "beyond-bounds"]
default = "presence"

[contribution]
cells = ["baker", "clerk", "driver", "farmer", "teacher"]
cells_per_subject = 1
"#;
    let measure = format!(
        "\n[[contribution.measures]]\nname = \"income\"\nmin = 0.0\nmax = {PRIVATE_BOUND}.0\n"
    );
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
