//! Deep hierarchies: every blank cell is decided, and what is said of it holds.

use super::*;

const SECTORS: usize = 4;
const BRANCHES: usize = 3;
const TRADES: usize = 4;
const REGIONS: usize = 6;
const PROFILE: &str = r#"
name = "shares"
title = { zh = "x", en = "x" }
origin = "a test: the p% rule"
[threshold]
minimum = 1
fails = "below"
[zero]
disclosive = false
[p_percent]
share = 0.1
fails = "below"
[suppression]
interval_count = 1
interval_share = 0.1
suppressed_share_max = 1.0
"#;

/// Turnover of firms by trade, of which four make a branch, three branches a sector, and region. Amounts differ by orders of magnitude.
fn source() -> Columns {
    let mut text = "firm,trade,region,turnover".to_owned();
    let (mut state, mut firm) = (7_u64, 0);
    let mut draw = |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    for trade in 0..SECTORS * BRANCHES * TRADES {
        for region in 0..REGIONS {
            for _ in 0..1 + draw(9) {
                let turnover = 10_u64.pow(1 + draw(3) as u32) + draw(90);
                text.push_str(&format!("\n{firm},{trade},{region},{turnover}"));
                firm += 1;
            }
        }
    }
    columns(&text)
}

fn hierarchy() -> Spec {
    let list = |labels: Vec<String>| labels.join(", ");
    let trades = SECTORS * BRANCHES * TRADES;
    let labels = list((0..trades).map(|t| format!("\"{t}\"")).collect());
    let regions = list((0..REGIONS).map(|r| format!("\"{r}\"")).collect());
    let branch = |b: usize| {
        let of = (b * TRADES..(b + 1) * TRADES).map(|t| format!("\"{t}\""));
        format!("{{ label = \"b{b}\", of = [{}] }}", list(of.collect()))
    };
    let sector = |s: usize| {
        let of = (s * BRANCHES..(s + 1) * BRANCHES).map(|b| format!("\"b{b}\""));
        format!("{{ label = \"s{s}\", of = [{}] }}", list(of.collect()))
    };
    let groups = (0..SECTORS * BRANCHES)
        .map(branch)
        .chain((0..SECTORS).map(sector));
    Spec::parse(&format!(
        "format = 1\nsubject = \"firm\"\n[[dimension]]\nname = \"trade\"\ntotal = \"all\"\nlabels = [{labels}]\ngroups = [{}]\n[[dimension]]\nname = \"region\"\ntotal = \"all\"\nlabels = [{regions}]\n[[table]]\nname = \"t\"\ndimensions = [\"trade\", \"region\"]\nrounding = \"exact\"\n[[table.measure]]\nname = \"turnover\"\naggregate = \"sum\"\ncolumn = \"turnover\"\n",
        list(groups.collect())
    ))
    .unwrap()
}

/// Every cell that fails is blank, and so are the others of its row of trades in the same branch, if `beside`.
fn published(source: &Columns, beside: bool) -> Tables {
    let spec = hierarchy();
    let profile = Profile::parse(PROFILE).unwrap();
    let made = review(source, &spec, &profile, &Tables::new(), &[]).unwrap();
    let mut table = made.tables[0].clone();
    let fails = |cell: &CellReport| !cell.failed.is_empty();
    let failing: Vec<Vec<String>> = table
        .cells
        .iter()
        .filter(|c| fails(c))
        .map(|c| c.cell.clone())
        .collect();
    for cell in &mut table.cells {
        let number = |label: &String| label.parse::<usize>().ok();
        let near = |of: &Vec<String>| {
            let trades = (number(&of[0]), number(&cell.cell[0]));
            let same = matches!(trades, (Some(a), Some(b)) if a / TRADES == b / TRADES);
            same && number(&cell.cell[1]).is_some() && number(&of[1]).is_some()
        };
        let blank = fails(cell) || (beside && failing.iter().any(near));
        for figure in &mut cell.figures {
            figure.shown = figure.exact.filter(|_| !blank);
        }
    }
    as_given(&table)
}

#[test]
fn every_blank_of_a_deep_hierarchy_is_decided() {
    let source = source();
    let profile = Profile::parse(PROFILE).unwrap();
    for beside in [true, false] {
        let tables = published(&source, beside);
        let report = review(&source, &hierarchy(), &profile, &tables, &[]).unwrap();
        assert!(report.problems.is_empty(), "{:?}", report.problems);
        let brackets = report.tables[0].cells.iter().flat_map(|c| &c.brackets);
        let count = |status| brackets.clone().filter(|b| b.status == status).count();
        let (pass, fail) = (count(Status::Pass), count(Status::Fail));
        // With the others of the branch blank beside them most hold; alone on their lines they do not.
        let expected = if beside { pass > 20 } else { fail > 0 };
        assert!(expected, "{pass} {fail}");
        assert_eq!(count(Status::Review), 0, "{pass} {fail}");
    }
}
