//! What lies between two figures, where the gate's own engine has not looked: several tables, groups, tables that are published.

use super::*;

const TOWN: &str = "[[dimension]]\nname = \"town\"\nlabels = [\"a\", \"b\", \"c\", \"d\", \"e\"]\ntotal = \"all\"\n";
const SEX: &str = "[[dimension]]\nname = \"sex\"\nlabels = [\"f\", \"m\"]\n";

fn table(name: &str, dimension: &str, measures: &[String]) -> String {
    format!(
        "[[table]]\nname = \"{name}\"\ndimensions = [\"{dimension}\"]\n{}",
        measures.concat()
    )
}

fn sum(name: &str, column: &str, weight: &str) -> String {
    let weight = if weight.is_empty() {
        String::new()
    } else {
        format!("weight = \"{weight}\"\n")
    };
    format!(
        "[[table.measure]]\nname = \"{name}\"\naggregate = \"sum\"\ncolumn = \"{column}\"\n{weight}"
    )
}

fn parsed(parts: &[&str]) -> Spec {
    Spec::parse(&format!("format = 1\nsubject = \"id\"\n{}", parts.concat())).unwrap()
}

/// So many of fifty in each town that `w` leaves out; `y` is `x` but for those; `z` is another column; `p` and `q` leave out fifteen, and
/// differ for so many.
fn left_out(few: [u32; 5]) -> Columns {
    let mut text = "id,town,sex,x,w,y,z,p,q".to_owned();
    let mut id = 0_u32;
    for (town, few) in ["a", "b", "c", "d", "e"].iter().zip(few) {
        for place in 0..50 {
            id += 1;
            let x = 20_000 + (id * 7_919) % 70_000;
            let (w, y) = if place < few { (0, x / 2) } else { (1, x) };
            let (sex, z) = (if id.is_multiple_of(2) { "f" } else { "m" }, 500 + id % 90);
            text.push_str(&format!(
                "\n{id},{town},{sex},{x},{w},{y},{z},{},{}",
                u8::from(place >= 15),
                u8::from(place >= 15 && place < 50 - few)
            ));
        }
    }
    columns(&text)
}

fn made(source: &Columns, spec: &Spec) -> Report {
    review(source, spec, &profile("yunei"), &Tables::new(), &[]).unwrap()
}

fn blanks(report: &Report) -> Vec<String> {
    let cells = report.tables[0].cells.iter();
    let blank = cells.filter(|cell| cell.figures.iter().all(|f| f.shown.is_none()));
    blank.map(|cell| cell.cell.join("/")).collect()
}

/// The plain sum and the weighed one by town.
fn both() -> String {
    table("t", "town", &[sum("s", "x", ""), sum("sw", "x", "w")])
}

#[test]
fn two_figures_keep_what_lies_between_them_beside_another_table() {
    let source = left_out([1, 0, 20, 25, 30]);
    let alone = made(&source, &parsed(&[TOWN, &both()]));
    assert_eq!(alone.decision, Decision::Release, "{:?}", alone.reasons);
    let of_gate = blanks(&alone);
    // What the gate does for one table is done where there are two, and where there is a group.
    let beside = parsed(&[TOWN, SEX, &both(), &table("u", "sex", &[COUNT.to_owned()])]);
    let groups = TOWN.replace(
        "total",
        "groups = [{ label = \"de\", of = [\"d\", \"e\"] }]\ntotal",
    );
    for spec in [beside, parsed(&[&groups, &both()])] {
        let made = made(&source, &spec);
        let blank = blanks(&made);
        assert!(blank.iter().any(|cell| cell == "a"), "{blank:?}");
        // The one in a is alone, unless some of 20 and more are blank with him.
        let many = blank
            .iter()
            .any(|cell| ["c", "d", "e"].contains(&cell.as_str()));
        assert!(
            made.decision == Decision::Withhold || many,
            "{:?}: {blank:?}, of the gate {of_gate:?}",
            made.decision
        );
    }
}

/// The plain sum and the weighed one by town as published, with these towns blank.
fn published(source: &Columns, blank: &[&str]) -> String {
    let bare = parsed(&[&TOWN.replace("total = \"all\"\n", ""), &both()]);
    let counted = made(source, &bare);
    let mut total = [0.0, 0.0];
    let mut text = "town,s,sw".to_owned();
    for cell in &counted.tables[0].cells {
        let exact = [0, 1].map(|measure| cell.figures[measure].exact.unwrap());
        total = [total[0] + exact[0], total[1] + exact[1]];
        let town = cell.cell[0].as_str();
        let [s, sw] = exact.map(|figure| round(figure).to_string());
        if blank.contains(&town) {
            text.push_str(&format!("\n{town},,"));
        } else {
            text.push_str(&format!("\n{town},{s},{sw}"));
        }
    }
    format!("{text}\nall,{},{}", round(total[0]), round(total[1]))
}

#[test]
fn what_lies_between_two_published_figures_is_attacked() {
    // For one of a they differ, for nobody of b; or for nobody of either.
    for few in [[1, 0, 20, 25, 30], [0, 0, 20, 25, 30]] {
        let source = left_out(few);
        let spec = parsed(&[TOWN, &both()]);
        let report = reviewed(&source, &spec, "yunei", &published(&source, &["a", "b"]));
        assert!(report.problems.is_empty(), "{:?}", report.problems);
        assert_eq!(report.decision, Decision::Withhold, "{:?}", report.reasons);
        let brackets = &cell(&report, &["a"]).brackets;
        let told = |b: &&BracketReport| b.between.is_some() && b.status == Status::Fail;
        assert!(brackets.iter().any(|b| told(&b)), "{brackets:?}");
        // With 20 others blank it holds.
        let text = published(&source, &["a", "b", "c"]);
        let report = reviewed(&source, &spec, "yunei", &text);
        assert_eq!(report.decision, Decision::Release, "{:?}", report.reasons);
    }
}

fn round(exact: f64) -> f64 {
    crate::round_figure(exact, 6)
}

#[test]
fn figures_of_two_tables_that_differ_for_one_are_for_people() {
    let one = left_out([1; 5]);
    let bare = TOWN.replace("total = \"all\"\n", "");
    let two = |first: String, second: String| {
        parsed(&[
            &bare,
            &table("t", "town", &[first]),
            &table("u", "town", &[second]),
        ])
    };
    let columns = two(sum("s", "x", ""), sum("sy", "y", ""));
    let masks = two(sum("s", "x", "p"), sum("sw", "x", "q"));
    for spec in [&columns, &masks] {
        let report = made(&one, spec);
        assert_eq!(report.decision, Decision::Review, "{:?}", report.reasons);
        let reasons = report.reasons.join("; ");
        assert!(reasons.contains("differ for too few"), "{reasons}");
        // Where they differ for twenty and more, they tell of nobody.
        let report = made(&left_out([20; 5]), spec);
        assert_eq!(report.decision, Decision::Release, "{:?}", report.reasons);
    }
    // Of two columns that have nothing to do with each other nothing is told.
    let other = two(sum("s", "x", ""), sum("sz", "z", ""));
    assert_eq!(made(&one, &other).decision, Decision::Release);
}

#[test]
fn figures_of_an_earlier_release_are_beside() {
    let source = left_out([1; 5]);
    let bare = TOWN.replace("total = \"all\"\n", "");
    let spec = |column: &str| parsed(&[&bare, &table("t", "town", &[sum("s", column, "")])]);
    let profile = profile("yunei");
    let first = made(&source, &spec("x"));
    assert_eq!(first.decision, Decision::Release);
    let earlier = |column: &str| Earlier {
        name: "before".to_owned(),
        spec: spec(column),
        tables: as_given(&made(&source, &spec(column)).tables[0]),
    };
    let judged = |column: &str| {
        review(
            &source,
            &spec("y"),
            &profile,
            &Tables::new(),
            &[earlier(column)],
        )
        .unwrap()
        .decision
    };
    assert_eq!(judged("x"), Decision::Review);
    assert_eq!(judged("z"), Decision::Release);
}

#[test]
fn other_rows_and_other_cells_are_no_difference() {
    // By town and by sex there is one set of rows that both are told of: all of them, among whom five differ ...
    let spec = parsed(&[
        &TOWN.replace("total = \"all\"\n", ""),
        SEX,
        &table("t", "town", &[sum("s", "x", "")]),
        &table("u", "sex", &[sum("sy", "y", "")]),
    ]);
    assert_eq!(made(&left_out([1; 5]), &spec).decision, Decision::Review);
    // ... or fifteen.
    let report = made(&left_out([3; 5]), &spec);
    assert_eq!(report.decision, Decision::Release, "{:?}", report.reasons);
}

#[test]
fn the_same_numbers_under_two_names_are_one_figure() {
    // The weight is 1 throughout: what one table hides the other shows.
    let source = left_out([0; 5]);
    let spec = parsed(&[
        TOWN,
        &table("t", "town", &[sum("s", "x", "")]),
        &table("u", "town", &[sum("sw", "x", "w")]),
    ]);
    let report = made(&source, &spec);
    assert_eq!(report.decision, Decision::Release, "{:?}", report.reasons);
    // Each hides one town with a partner, and the other shows the partner.
    let mut text = "id,town,x,w".to_owned();
    for id in 0..205_u32 {
        let town = ["e", "a", "b", "c", "d"][id.div_ceil(5).div_ceil(10).min(4) as usize];
        let town = if id < 5 { "e" } else { town };
        text.push_str(&format!("\n{id},{town},{},1", 1000 + id * 3 % 500));
    }
    let source = columns(&text);
    let made = made(&source, &spec);
    // Blank: the small one and a in the first table, the small one and b in the second.
    let blank = |index: usize, partner: usize| {
        let mut table = made.tables[index].clone();
        for (place, cell) in table.cells.iter_mut().enumerate() {
            let hidden = place == 4 || place == partner;
            let exact = cell.figures[0].exact.map(round);
            cell.figures[0].shown = exact.filter(|_| !hidden);
        }
        as_given(&table)
    };
    let given: Tables = blank(0, 0).into_iter().chain(blank(1, 1)).collect();
    let report = review(&source, &spec, &profile("yunei"), &given, &[]).unwrap();
    assert!(report.problems.is_empty(), "{:?}", report.problems);
    assert_eq!(report.decision, Decision::Withhold, "{:?}", report.reasons);
}

#[test]
fn two_sums_with_blanks_hold_as_one_does() {
    // A small town, its partner, and two columns that have nothing to do with each other.
    let source = usual();
    let measures = "[[table.measure]]\nname = \"i\"\naggregate = \"sum\"\ncolumn = \"income\"\n[[table.measure]]\nname = \"a\"\naggregate = \"sum\"\ncolumn = \"age\"\n";
    let spec = spec(measures);
    for profile_name in ["yunei", "acro"] {
        let profile = profile(profile_name);
        let made = review(&source, &spec, &profile, &Tables::new(), &[]).unwrap();
        assert_eq!(made.decision, Decision::Release, "{:?}", made.reasons);
        let again = review(&source, &spec, &profile, &as_given(&made.tables[0]), &[]).unwrap();
        assert_eq!(again.decision, Decision::Release, "{:?}", again.reasons);
    }
}

/// A published table of `x` by town, with these towns blank.
fn by_town(source: &Columns, blank: &[&str]) -> (Spec, String) {
    let bare = TOWN.replace("total = \"all\"\n", "");
    let measures = [sum("s", "x", "")];
    let counted = made(source, &parsed(&[&bare, &table("t", "town", &measures)]));
    let mut text = "town,s".to_owned();
    let mut total = 0.0;
    for cell in &counted.tables[0].cells {
        let exact = cell.figures[0].exact.unwrap();
        total += exact;
        let town = cell.cell[0].as_str();
        let hidden = blank.contains(&town);
        let shown = if hidden {
            String::new()
        } else {
            round(exact).to_string()
        };
        text.push_str(&format!("\n{town},{shown}"));
    }
    text.push_str(&format!("\nall,{}", round(total)));
    (parsed(&[TOWN, &table("t", "town", &measures)]), text)
}

/// So many of fifty in each town have something.
fn having(some: [u32; 5], something: impl Fn(u32) -> u32) -> Columns {
    let mut text = "id,town,x".to_owned();
    for (town, some) in ["a", "b", "c", "d", "e"].iter().zip(some) {
        for place in 0..50 {
            let x = if place < some { something(place) } else { 0 };
            text.push_str(&format!("\n{town}{place},{town},{x}"));
        }
    }
    columns(&text)
}

#[test]
fn the_few_who_have_something_are_not_hidden_by_a_few() {
    let source = having([3, 3, 30, 30, 30], |place| 40_000 + place * 997);
    // All but the two are shown: six people's sum is told.
    let (spec, text) = by_town(&source, &["a", "b"]);
    let report = reviewed(&source, &spec, "yunei", &text);
    assert!(report.problems.is_empty(), "{:?}", report.problems);
    assert_eq!(report.decision, Decision::Withhold, "{:?}", report.reasons);
    let (spec, text) = by_town(&source, &["a", "b", "c"]);
    let report = reviewed(&source, &spec, "yunei", &text);
    assert_eq!(report.decision, Decision::Release, "{:?}", report.reasons);
}

#[test]
fn all_who_are_alike_are_not_hidden_by_others_who_are() {
    let source = having([50, 50, 20, 25, 30], |_| 1);
    let (spec, text) = by_town(&source, &["a", "b"]);
    let report = reviewed(&source, &spec, "yunei", &text);
    assert!(report.problems.is_empty(), "{:?}", report.problems);
    assert_eq!(report.decision, Decision::Withhold, "{:?}", report.reasons);
    let (spec, text) = by_town(&source, &["a", "b", "c"]);
    let report = reviewed(&source, &spec, "yunei", &text);
    assert_eq!(report.decision, Decision::Release, "{:?}", report.reasons);
}
