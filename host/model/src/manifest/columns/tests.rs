use crate::{Manifest, ManifestError};

/// A `per-row` manifest with these derived columns and this output.
fn manifest(derived: &str, output: &str) -> Vec<String> {
    let text = format!(
        r#"
name = "shapes"
version = "1.0.0"
title = {{ zh = "形", en = "Shapes" }}
world = "per-row"
purpose = "drill"
author = "Nobody"
bias = "None known."
[[resource]]
name = "rides"
fields = ["age"]
{derived}
{output}
"#
    );
    match Manifest::parse(&text) {
        Ok(_) => Vec::new(),
        Err(ManifestError::Rules { broken }) => broken,
        Err(error) => panic!("{error}"),
    }
}

/// An output with these dimensions and measures.
fn output(rest: &str) -> String {
    format!("[[output]]\nname = \"table\"\nresource = \"rides\"\n{rest}")
}

fn number(bounds: &str) -> String {
    format!("[[derived]]\nname = \"figure\"\ntype = \"number\"\n{bounds}")
}

fn category(labels: &str) -> String {
    format!("[[derived]]\nname = \"class\"\ntype = \"category\"\nlabels = [{labels}]")
}

const COUNT: &str = "[[output.measure]]\nname = \"n\"\naggregate = \"count\"";

#[test]
fn bounds_and_labels_of_derived_columns_bound_something() {
    let right = [
        number("min = 0.0\nmax = 0.0"),
        number("min = -1e300\nmax = 1e300"),
        category("\"a\", \"b\""),
    ];
    for derived in right {
        assert!(manifest(&derived, &output(COUNT)).is_empty(), "{derived}");
    }
    let wrong = [
        (number("min = 1.0\nmax = 0.5"), "bounds"),
        (number("min = nan\nmax = 1.0"), "bounds"),
        (number("min = 0.0\nmax = nan"), "bounds"),
        (number("min = 0.0\nmax = inf"), "bounds"),
        (number("min = -inf\nmax = 0.0"), "bounds"),
        (category(""), "no label"),
        (category("\"a\", \"other\""), "reserved"),
        (category("\"a\", \" \""), "reserved"),
        (category("\"a\", \"b\", \"a\""), "`a` twice"),
        (
            [category("\"a\""), category("\"b\"")].join("\n"),
            "`class` is there twice",
        ),
    ];
    for (derived, told) in wrong {
        let broken = manifest(&derived, &output(COUNT));
        assert_eq!(broken.len(), 1, "{derived}: {broken:?}");
        assert!(broken[0].contains(told), "{derived}: {broken:?}");
    }
}

#[test]
fn names_of_outputs_and_columns_are_there_once() {
    let derived = category("\"a\"");
    let twice = [output(COUNT), output(COUNT)].join("\n");
    let measures = output(&[COUNT, COUNT].join("\n"));
    let dimension = "[[output.dimension]]\nderived = \"class\"";
    let dimensions = output(&[dimension, dimension, COUNT].join("\n"));
    let both = output(&[dimension, &COUNT.replace("\"n\"", "\"class\"")].join("\n"));
    for (written, told) in [
        (twice, "output `table` is there twice"),
        (measures, "column `n` is there twice"),
        (dimensions, "column `class` is there twice"),
        (both, "column `class` is there twice"),
    ] {
        let broken = manifest(&derived, &written);
        assert_eq!(broken.len(), 1, "{written}: {broken:?}");
        assert!(broken[0].contains(told), "{broken:?}");
    }
}
