//! The review of tables: counted, compared or made, attacked, and told.

mod cells;
mod side;

use std::collections::BTreeMap;

use yunei_model::{Decision, Status};

use cells::{One, bytes};
use side::Side;

use super::atoms::{Atoms, Told};
use super::attack::{self, Found};
use super::between::{self, Table};
use super::blanks::{self, Candidate, Choice};
use super::brackets::Place;
use super::columns::Columns;
use super::counted::{Counted, Rows, worst};
use super::difference;
use super::meets::{self, Singled};
use super::published::{self, Grid, Published};
use super::report::{CellReport, TableReport, decision, worse};
use super::spec::{Rounded, RoundedNamed, Spec, TableSpec};
use super::{Earlier, ReviewError, Tables, Verdicts};
use crate::profile::{Profile, Rounding};
use crate::rules::{self, Figure, real};

/// Reviews the tables of a spec.
pub(super) fn review(
    microdata: &Columns,
    spec: &Spec,
    profile: &Profile,
    given: &Tables,
    earlier: &[Earlier],
    verdicts: &mut Verdicts,
) -> Result<Vec<TableReport>, ReviewError> {
    let side = Side::new(spec, microdata)?;
    let before: Vec<Side<'_>> = earlier
        .iter()
        .map(|earlier| Side::new(&earlier.spec, microdata))
        .collect::<Result<_, _>>()?;
    let mut looked_at = vec![false; microdata.rows()];
    for kept in before.iter().chain([&side]).flat_map(|side| &side.kept) {
        looked_at
            .iter_mut()
            .zip(kept)
            .for_each(|(l, k)| *l = *l || *k);
    }
    let rows = Rows::new(spec, &side.columns, &looked_at)?;
    let mut counted = side.counted(&rows, profile)?;
    let grids = side.grids(profile);
    let mut out: Vec<Out<'_>> = Vec::new();
    for (before, earlier) in before.iter().zip(earlier) {
        let counted = before.counted(&rows, profile)?;
        let grids = before.grids(profile);
        let published = before.read(&earlier.tables, &counted, &grids)?;
        verdicts.earlier(&earlier.name, &published);
        out.push(Out {
            side: before,
            counted,
            grids,
            published,
        });
    }
    look_between(
        (&side, &mut counted),
        &mut out,
        &rows,
        (profile, given),
        verdicts,
    );
    let released: Vec<Told<'_>> = out.iter().flat_map(Out::told).collect();
    let bench = Bench {
        side: &side,
        counted: &counted,
        grids: &grids,
        released: &released,
        rows: &rows,
        profile,
        made: given.is_empty(),
    };
    bench.rows_differ(&out, verdicts);
    bench.review(given, verdicts)
}

/// Has the tables tell what lies between their figures, but for one that the gate judges by itself.
fn look_between<'a>(
    (side, counted): (&Side<'_>, &mut [Counted<'a>]),
    out: &mut [Out<'a>],
    rows: &Rows,
    (profile, given): (&Profile, &Tables),
    verdicts: &mut Verdicts,
) {
    if let ([only], true, true) = (&*counted, out.is_empty(), given.is_empty())
        && only.is_plain()
    {
        return;
    }
    let own = counted.iter_mut().zip(&side.kept);
    let mut tables: Vec<Table<'_, 'a>> = own
        .map(|(counted, kept)| Table {
            counted,
            kept,
            own: true,
        })
        .collect();
    for out in out {
        let earlier = out.counted.iter_mut().zip(&out.side.kept);
        tables.extend(earlier.map(|(counted, kept)| Table {
            counted,
            kept,
            own: false,
        }));
    }
    for reason in between::look(&mut tables, rows, profile) {
        verdicts.decide(Decision::Review);
        verdicts.reason(reason);
    }
}

/// An earlier release.
struct Out<'a> {
    side: &'a Side<'a>,
    counted: Vec<Counted<'a>>,
    grids: Vec<Vec<Grid>>,
    published: Vec<Published>,
}

impl Out<'_> {
    fn told(&self) -> Vec<Told<'_>> {
        let tables = self.counted.iter().zip(&self.grids);
        tables
            .zip(&self.published)
            .zip(&self.side.kept)
            .map(|(((counted, grids), published), kept)| Told {
                counted,
                published,
                grids,
                kept,
            })
            .collect()
    }
}

struct Bench<'a> {
    side: &'a Side<'a>,
    counted: &'a [Counted<'a>],
    grids: &'a [Vec<Grid>],
    released: &'a [Told<'a>],
    rows: &'a Rows,
    profile: &'a Profile,
    made: bool,
}

impl Bench<'_> {
    /// Tables over rows that overlap without being the same need people: what lies between them is nobody's cell.
    fn rows_differ(&self, out: &[Out<'_>], verdicts: &mut Verdicts) {
        let all: Vec<&Vec<bool>> = out
            .iter()
            .flat_map(|out| &out.side.kept)
            .chain(&self.side.kept)
            .collect();
        let overlap = |a: &[bool], b: &[bool]| a != b && a.iter().zip(b).any(|(a, b)| *a && *b);
        let differ = self
            .side
            .kept
            .iter()
            .any(|own| all.iter().any(|other| overlap(own, other)));
        if differ {
            verdicts.decide(Decision::Review);
            verdicts.reason("tables are made of rows that overlap and are not the same");
        }
    }

    /// Whether the tables can be reviewed; takes note of what holds of each as a whole.
    fn is_sound(&self, verdicts: &mut Verdicts) -> bool {
        for (table, counted) in self.side.spec.tables.iter().zip(self.counted) {
            if counted.is_broken() {
                verdicts.decide(Decision::Withhold);
                let name = &table.name;
                verdicts.reason(format!(
                    "table `{name}`: a value or a sum is no finite number"
                ));
                return false;
            }
            if counted.is_empty() {
                verdicts.decide(Decision::Withhold);
                verdicts.reason(format!("table `{}` is empty", table.name));
            }
            if counted.is_system(self.profile) {
                verdicts.decide(Decision::Review);
                let name = &table.name;
                verdicts.reason(format!(
                    "table `{name}`: a column is summed under weights that could be solved for its values"
                ));
            }
            if let Some(waived) = waived(table.rounding, self.profile.settings().rounding) {
                verdicts.notice(format!("table `{}` {waived}", table.name));
            }
        }
        true
    }

    fn review(
        &self,
        given: &Tables,
        verdicts: &mut Verdicts,
    ) -> Result<Vec<TableReport>, ReviewError> {
        if !self.is_sound(verdicts) {
            return Ok(Vec::new());
        }
        let mut proven = false;
        let published = if self.made {
            let (published, by_gate) = self.make(verdicts)?;
            proven = by_gate;
            published
        } else {
            let published = self.side.read(given, self.counted, self.grids)?;
            for (table, published) in self.side.spec.tables.iter().zip(&published) {
                verdicts.problems_of(published);
                for liberty in &published.liberties {
                    let notice = format!("table `{}`: {}", table.name, liberty.notice());
                    if liberty.is_for_people() {
                        verdicts.decide(Decision::Review);
                        verdicts.reason(notice);
                    } else {
                        verdicts.notice(notice);
                    }
                }
            }
            published
        };
        let told: Vec<Told<'_>> = self
            .counted
            .iter()
            .zip(&published)
            .zip(self.grids)
            .zip(&self.side.kept)
            .map(|(((counted, published), grids), kept)| Told {
                counted,
                published,
                grids,
                kept,
            })
            .chain(self.released.iter().map(Told::again))
            .collect();
        let atoms = Atoms::new(&told, self.rows)?;
        let mut found = attack::attack(&told, &atoms, self.rows, self.profile);
        if proven {
            for found in found.values_mut().flatten() {
                found.proven = true;
            }
        }
        self.earlier_given_back(&found, verdicts);
        let own = self.counted.len();
        let singled = meets::attack(&told, own, &atoms, self.rows, self.profile)?;
        verdicts.singled(singled);
        let differences = self.differences(&told, &atoms, verdicts);
        let tables = self.side.spec.tables.iter().zip(&told).enumerate();
        Ok(tables
            .map(|(index, (table, told))| {
                self.table(index, table, told, &found, &differences, verdicts)
            })
            .collect())
    }

    /// The tables that may be published, and whether the gate has proven their blanks; all blank where none may.
    fn make(&self, verdicts: &mut Verdicts) -> Result<(Vec<Published>, bool), ReviewError> {
        let candidates: Vec<Candidate<'_>> = self
            .counted
            .iter()
            .zip(&self.side.kept)
            .map(|(counted, kept)| Candidate { counted, kept })
            .collect();
        let chosen = blanks::choose(&candidates, self.released, self.rows, self.profile)?;
        let Choice { blank, proven } = chosen.unwrap_or_else(|reason| {
            verdicts.decide(Decision::Withhold);
            verdicts.reason(reason);
            let all = self.counted.iter().map(|c| vec![true; c.frame.cells()]);
            Choice {
                blank: all.collect(),
                proven: false,
            }
        });
        let published = self
            .counted
            .iter()
            .zip(self.grids)
            .zip(&blank)
            .map(|((counted, grids), blank)| published::rounded(counted, grids, blank))
            .collect();
        Ok((published, proven))
    }

    fn earlier_given_back(&self, found: &BTreeMap<Place, Vec<Found>>, verdicts: &mut Verdicts) {
        let own = self.counted.len();
        let status = |f: &Vec<Found>| worst(f.iter().map(Found::status));
        let of_earlier = found.iter().filter(|((table, _), _)| *table >= own);
        let status = worst(of_earlier.map(|(_, found)| status(found)));
        match status {
            Status::Pass => {}
            Status::Fail => verdicts.reason("a blank cell of an earlier release is given back"),
            Status::Review => {
                verdicts.reason("a blank cell of an earlier release is not proven to stay unknown");
            }
        }
        verdicts.decide(decision(status));
    }

    fn differences(
        &self,
        told: &[Told<'_>],
        atoms: &Atoms,
        verdicts: &mut Verdicts,
    ) -> BTreeMap<Place, Figure> {
        let mut of_cell = BTreeMap::new();
        if told.len() < 2 {
            return of_cell;
        }
        match difference::differences(told, atoms, self.rows, self.profile) {
            Some(found) => {
                for difference in found {
                    for place in [difference.whole, difference.part] {
                        of_cell.entry(place).or_insert(difference.figure);
                    }
                }
            }
            None => {
                verdicts.decide(Decision::Review);
                verdicts.reason("too many pairs of cells to look for differences");
            }
        }
        of_cell
    }

    fn table(
        &self,
        index: usize,
        spec: &TableSpec,
        told: &Told<'_>,
        found: &BTreeMap<Place, Vec<Found>>,
        differences: &BTreeMap<Place, Figure>,
        verdicts: &mut Verdicts,
    ) -> TableReport {
        let one = One {
            spec,
            told,
            made: self.made,
        };
        let cells: Vec<CellReport> = (0..told.counted.frame.cells())
            .map(|cell| {
                let found = found.get(&(index, cell)).map_or(&[][..], Vec::as_slice);
                one.cell(cell, found, differences.get(&(index, cell)))
            })
            .collect();
        let count = |status| cells.iter().filter(|c| c.status == status).count() as u64;
        let is_shown = |c: &&CellReport| c.figures.iter().any(|f| f.shown.is_some());
        let shown = cells.iter().filter(is_shown).count() as u64;
        let (mut decided, name) = (Decision::Release, &spec.name);
        if one.leaks(&cells, Status::Fail) {
            decided = Decision::Withhold;
        } else if one.leaks(&cells, Status::Review) {
            decided = Decision::Review;
        }
        for reason in one.reasons(&cells) {
            verdicts.reason(format!("table `{name}`: {reason}"));
        }
        if told.published.problems.count > 0 || shown == 0 {
            decided = Decision::Withhold;
        }
        if shown == 0 {
            verdicts.reason(format!("table `{name}` shows nothing"));
        }
        if let Some(rule) = &self.profile.settings().size
            && let figure = rules::size(shown, bytes(&cells), rule)
            && figure.status != Status::Pass
        {
            decided = worse(decided, decision(figure.status));
            verdicts.reason(format!("table `{name}` is larger than the profile allows"));
        }
        verdicts.decide(decided);
        TableReport {
            name: name.clone(),
            dimensions: spec.dimensions.clone(),
            decision: decided,
            cells_total: cells.len() as u64,
            cells_shown: shown,
            cells_failed: count(Status::Fail),
            cells_review: count(Status::Review),
            cells,
        }
    }
}

/// What a table's rounding leaves out of the profile's.
fn waived(rounding: Rounded, profile: Option<Rounding>) -> Option<&'static str> {
    let profile = profile?;
    let own = match rounding {
        Rounded::ByProfile | Rounded::Named(RoundedNamed::Profile) => return None,
        Rounded::Named(RoundedNamed::Exact) => return Some("waives the profile's rounding"),
        Rounded::By(own) => own,
    };
    let digits = profile.figure_digits.is_some_and(|most| {
        let own = own.figure_digits;
        own.is_none_or(|digits| digits > most)
    });
    let coarse = own.base >= profile.base && own.method == profile.method;
    (digits || !coarse).then_some("waives a part of the profile's rounding")
}

impl Verdicts {
    fn problems_of(&mut self, published: &Published) {
        for problem in &published.problems.listed {
            self.problem(problem.clone());
        }
        let listed = published.problems.listed.len() as u64;
        self.problems_total += published.problems.count.saturating_sub(listed);
    }

    /// Sets of rows that are no cell, and that shown cells of several tables give back.
    fn singled(&mut self, singled: Singled) {
        if singled.failed > 0 {
            self.decide(Decision::Withhold);
            let count = real(singled.failed);
            self.reason(format!(
                "shown cells of several tables together tell of too few: {count}"
            ));
        }
        if singled.review > 0 {
            self.decide(Decision::Review);
            let count = real(singled.review);
            self.reason(format!(
                "where cells of several tables meet, too few are not proven to stay unknown: {count}"
            ));
        }
    }

    /// An earlier release that is not what the microdata gives cannot be audited against.
    fn earlier(&mut self, name: &str, published: &[Published]) {
        let count: u64 = published.iter().map(|p| p.problems.count).sum();
        if count > 0 {
            self.decide(Decision::Review);
            let count = real(count);
            self.reason(format!(
                "the earlier release `{name}` is not what the microdata gives ({count} problems)"
            ));
        }
    }
}
