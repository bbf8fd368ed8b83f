//! Attacks by several tables: of one run, of two units, of two days, of two row filters.

use yunei_tests::Told;

use super::atoms::Atoms;
use super::{Verdict, attack, both_left, bracketed, caught, difference, left, unsolved};
use crate::manifest::{DERIVED, INCOME, Output, analysis, per_row};
use crate::panel;
use crate::score::{Line, Route};
use crate::stand::{Guest, Stand};
use crate::table::Table;

/// The routes that show exact figures; what is played on each.
const EXACT: [Way; 2] = [
    Way {
        route: Route::Recomputed,
        guest: Guest::Copier,
        way: "plain",
        trade: "trade",
    },
    Way {
        route: Route::Reviewed,
        guest: Guest::Mirror,
        way: "income",
        trade: "class",
    },
];

/// How incomes are asked for on a route.
struct Way {
    route: Route,
    guest: Guest,
    way: &'static str,
    /// The dimension that the trade is.
    trade: &'static str,
}

impl Way {
    /// An output of incomes.
    fn output(&self, name: &'static str, dimensions: &[&'static str]) -> Output {
        let measure = match self.route {
            Route::Reviewed => DERIVED,
            Route::Recomputed | Route::Private => INCOME,
        };
        Output::of(name, dimensions, &[measure])
    }

    fn manifest(&self, name: &str, outputs: &[Output]) -> String {
        match self.route {
            Route::Reviewed => per_row(name, outputs),
            Route::Recomputed | Route::Private => analysis(name, outputs),
        }
    }
}

/// What two tables together say of the marked person.
fn together(stand: &Stand<'_>, tables: &[(&[&str], &Table)]) -> Verdict {
    let atoms = Atoms::of_the_panel();
    let mut knowledge = atoms.knowledge();
    for (dimensions, table) in tables {
        atoms.learn(&mut knowledge, stand, table, dimensions, "income");
    }
    match knowledge.bracket(&atoms.with(&["marked"], &["1"])) {
        Ok(bracket) => bracketed(bracket),
        Err(error) => unsolved(&error),
    }
}

/// Two outputs of one run.
pub(super) fn two_outputs(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    let found = attack(stand, "linked tables over shared margins");
    let mut lines = Vec::new();
    for way in &EXACT {
        let outputs = [
            way.output("table", &["district"]),
            way.output("other", &["district", "marked"]),
        ];
        let manifest = way.manifest("two-outputs", &outputs);
        let mut rows = stand.rows()?;
        let ended = stand.play(&mut rows, 0, way.guest, &manifest, way.way)?;
        let verdict = match left(way.route, ended)? {
            Err(kept) => kept,
            Ok(tables) => {
                let (marked, plain): (Vec<_>, Vec<_>) = tables
                    .iter()
                    .map(|(_, table)| table)
                    .partition(|table| table.columns.iter().any(|column| column == "Marked"));
                match (plain.first(), marked.first()) {
                    (Some(a), Some(b)) => {
                        together(stand, &[(&["district"], a), (&["district", "marked"], b)])
                    }
                    _ => caught("not both tables left"),
                }
            }
        };
        lines.push(found.line(way.route, verdict));
    }
    Ok(lines)
}

/// One table for each of two units, who put them together.
pub(super) fn two_units(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    let found = attack(stand, "colluding operating units");
    let mut lines = Vec::new();
    for way in &EXACT {
        let one = way.manifest("collusion-one", &[way.output("table", &[way.trade])]);
        let two = way.output("table", &[way.trade, "marked"]);
        let two = way.manifest("collusion-two", &[two]);
        let mut rows = stand.rows()?;
        let one = stand.play(&mut rows, 0, way.guest, &one, way.way)?;
        let two = stand.play(&mut rows, 1, way.guest, &two, way.way)?;
        let verdict = both_left(way.route, one, two)?.map_or_else(
            |kept| kept,
            |(a, b)| together(stand, &[(&["trade"], &a), (&["trade", "marked"], &b)]),
        );
        lines.push(found.line(way.route, verdict));
    }
    Ok(lines)
}

/// The same table before and after one person has left.
pub(super) fn one_leaves(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    let found = attack(stand, "N against N − 1 rows");
    let mut lines = Vec::new();
    for way in &EXACT {
        let manifest = way.manifest("one-leaves", &[way.output("table", &["district"])]);
        let mut rows = stand.rows()?;
        let before = stand.play(&mut rows, 0, way.guest, &manifest, way.way)?;
        stand.import(&mut rows, &panel::rows(false))?;
        let after = stand.play(&mut rows, 1, way.guest, &manifest, way.way)?;
        let verdict = both_left(way.route, before, after)?
            .map_or_else(|kept| kept, |tables| apart(stand, &tables));
        lines.push(found.line(way.route, verdict));
    }
    Ok(lines)
}

/// The same table of all rows, and of those that another grant's row filter leaves.
pub(super) fn row_filter(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    let found = attack(stand, "a row filter that leaves one out");
    let mut lines = Vec::new();
    for way in &EXACT {
        let manifest = way.manifest("row-filter", &[way.output("table", &["district"])]);
        let mut rows = stand.rows()?;
        stand.narrow(&mut rows, 1, ("marked", "eq", "0"))?;
        let all = stand.play(&mut rows, 0, way.guest, &manifest, way.way)?;
        let others = stand.play(&mut rows, 1, way.guest, &manifest, way.way)?;
        let verdict = both_left(way.route, all, others)?
            .map_or_else(|kept| kept, |tables| apart(stand, &tables));
        lines.push(found.line(way.route, verdict));
    }
    Ok(lines)
}

/// What the incomes of the west in two tables differ by.
fn apart(stand: &Stand<'_>, (one, other): &(Table, Table)) -> Verdict {
    let west = |table: &Table| table.figure(&["west"], "income");
    difference(stand, west(one).zip(west(other)))
}
