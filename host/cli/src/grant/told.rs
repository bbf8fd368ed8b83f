//! Grants in words.

use serde::Deserialize;
use yunei_model::{Comparison, Condition, Grant, Quota, Scalar};

use crate::sheet::{Sheet, list, number, time};

/// How much is used.
#[derive(Debug, Deserialize)]
pub struct Usage {
    runs: u64,
    rows: u64,
    released_cells: u64,
}

/// What state a grant is in now.
pub fn state(grant: Grant) -> String {
    format!("{} version {} is {}", grant.id, grant.version, grant.state)
}

/// Several grants.
pub fn list_of(grants: Vec<Grant>) -> Sheet {
    let mut sheet = Sheet::new([
        "id",
        "version",
        "state",
        "purpose",
        "resources",
        "from",
        "until",
    ]);
    for grant in grants {
        sheet.row([
            grant.id.to_string(),
            grant.version.to_string(),
            grant.state.to_string(),
            grant.terms.purpose.to_string(),
            list(grant.terms.resources.iter().map(|granted| &granted.name)),
            time(grant.terms.from),
            time(grant.terms.until),
        ]);
    }
    sheet
}

/// One grant, term by term.
pub fn one(grant: &Grant) -> Sheet {
    let terms = &grant.terms;
    let yes = |yes: bool| if yes { "yes" } else { "no" };
    let mut sheet = Sheet::facts();
    sheet
        .fact("grant", grant.id)
        .fact("version", grant.version)
        .fact("state", grant.state)
        .fact("operator", terms.operator)
        .fact("scenario", terms.scenario)
        .fact("purpose", &terms.purpose)
        .fact("products", list(&terms.products))
        .fact("join", yes(terms.join))
        .fact("export", yes(terms.export))
        .fact("binding", terms.binding)
        .fact_if("as of", terms.as_of.map(time))
        .fact("from", time(terms.from))
        .fact("until", time(terms.until))
        .fact("quota", quota(&terms.quota));
    for granted in &terms.resources {
        sheet.fact(
            "resource",
            format!("{}: {}", granted.name, list(&granted.fields)),
        );
        for condition in &granted.filter {
            sheet.fact("  rows where", condition_words(condition));
        }
        sheet.fact_if("  snapshot", granted.snapshot);
    }
    for parameter in &terms.parameters {
        sheet.fact("parameter", &parameter.name);
    }
    sheet
}

/// What is used of a quota.
pub fn usage(usage: &Usage, quota: &Quota) -> Sheet {
    let mut sheet = Sheet::new(["quota", "used", "granted", "left"]);
    let mut row = |name: &str, used: u64, granted: u64| {
        let left = granted.saturating_sub(used);
        sheet.row([name.to_owned(), number(used), number(granted), number(left)]);
    };
    row("runs", usage.runs, quota.runs);
    row("rows", usage.rows, quota.rows);
    row("cells released", usage.released_cells, quota.released_cells);
    for column in 1..=3 {
        sheet.numbers(column);
    }
    sheet
}

fn quota(quota: &Quota) -> String {
    let Quota {
        runs,
        rows,
        released_cells,
    } = *quota;
    format!(
        "{} runs, {} rows fed, {} cells released",
        number(runs),
        number(rows),
        number(released_cells)
    )
}

fn condition_words(condition: &Condition) -> String {
    let comparison = match condition.comparison {
        Comparison::Eq => "=",
        Comparison::Ne => "≠",
        Comparison::Lt => "<",
        Comparison::Le => "≤",
        Comparison::Gt => ">",
        Comparison::Ge => "≥",
    };
    let value = match &condition.value {
        Scalar::Boolean(value) => value.to_string(),
        Scalar::Integer(value) => value.to_string(),
        Scalar::Number(value) => value.to_string(),
        Scalar::Text(value) => format!("\"{value}\""),
    };
    format!("{} {comparison} {value}", condition.field)
}
