//! What `cargo xtask bench suppress` measures: rules, suppression, proofs and audit of tables with margins, in one thread.
//!
//! Duty: accumulate made-up counts once per table, judge them again and again, and tell how long each judgement took and how good the pattern was.
//!
//! Invariants: the counts are the same for every machine; the accumulation is not part of the clock.
//!
//! Never: ship with Yunei.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Instant;

use serde_json::json;
use yunei_benchmarks::ended;
use yunei_disclosure::linked::{
    Atoms, Axis, Frame, Joint, LinkedTable, Reading, Standing, judge_linked,
};
use yunei_disclosure::{
    Accumulator, Dimension, Measure, Profile, Protection, Shape, Statistics, SubjectKey, judge,
};
use yunei_model::{Aggregate, Decision, Digest, Name};

/// Judgements of each table.
const TURNS: usize = 5;
/// The default profile.
const PROFILE: &str = include_str!("../../../../policies/disclosure/yunei.toml");

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    ended(measure())
}

fn measure() -> Result<serde_json::Value, Failure> {
    let profile = Profile::parse(PROFILE)?;
    let mut told = BTreeMap::new();
    for side in [32, 100] {
        told.insert(format!("{side} × {side}"), single(side, &profile)?);
    }
    told.insert("30 × 20 beside 30 × 10".to_owned(), linked(&profile)?);
    Ok(json!(told))
}

/// People in each cell: most cells are well filled, about one in fifty is small.
const fn people(cell: usize) -> usize {
    if cell.is_multiple_of(53) {
        1 + cell % 9
    } else {
        10 + cell * 7 % 23
    }
}

fn dimension(name: &str, labels: usize) -> Result<Dimension, Failure> {
    Ok(Dimension {
        name: Name::parse(name)?,
        title: None,
        labels: (0..labels).map(|label| label.to_string()).collect(),
        sensitive: false,
    })
}

fn measures() -> Result<Vec<Measure>, Failure> {
    let measure = |name: &str, aggregate| {
        Ok::<_, Failure>(Measure {
            name: Name::parse(name)?,
            title: None,
            aggregate,
            weighted: false,
        })
    };
    Ok(vec![
        measure("people", Aggregate::Count)?,
        measure("sum", Aggregate::Sum)?,
    ])
}

/// One row for each of `people` in each of `cells` cells; `place` says where a cell's rows go.
fn gather(
    shape: &Shape,
    cells: usize,
    mut place: impl FnMut(usize) -> Result<usize, Failure>,
) -> Result<Statistics, Failure> {
    let mut accumulator = Accumulator::new(shape, Protection::Subjects)?;
    let mut subject = 0_i128;
    let inputs = shape.inputs().len();
    for cell in 0..cells {
        let place = place(cell)?;
        for k in 0..people(cell) {
            subject += 1;
            let value = 1.0 + f64::from(u32::try_from(k % 7)?) / 7.0;
            let values = vec![Some(value); inputs];
            accumulator.row(SubjectKey::Integer(subject), place, &values)?;
        }
    }
    Ok(accumulator.finish()?)
}

fn single(side: usize, profile: &Profile) -> Result<serde_json::Value, Failure> {
    let dimensions = vec![dimension("a", side)?, dimension("b", side)?];
    let shape = Shape::new(dimensions, measures()?, true)?;
    let statistics = gather(&shape, side * side, Ok)?;
    let mut millis = Vec::new();
    let mut last = None;
    for _ in 0..TURNS {
        let clock = Instant::now();
        let judgement = judge(&statistics, &shape, profile, Protection::Subjects);
        millis.push(clock.elapsed().as_secs_f64() * 1e3);
        last = Some(judgement);
    }
    let judgement = last.ok_or("nothing was judged")?;
    let verdict = judgement.verdict(Name::parse("table")?, yunei_model::Route::Recomputed);
    Ok(json!({
        "millis": millis,
        "released": judgement.decision == Decision::Release,
        "cells": verdict.cells_total,
        "failed": verdict.cells_failed,
        "complementary": verdict.cells_complementary,
        "cost": judgement.pattern.map(|p| p.cost),
        "bound": judgement.pattern.map(|p| p.bound),
    }))
}

/// Two tables that share a dimension of 30: 20 and 10 labels beside it.
fn linked(profile: &Profile) -> Result<serde_json::Value, Failure> {
    let axis = |name: &str, labels| {
        Ok::<_, Failure>(Axis {
            field: Name::parse(name)?,
            banding: Digest::of(name.as_bytes()),
            labels,
        })
    };
    let (a, b, c) = (axis("a", 30)?, axis("b", 20)?, axis("c", 10)?);
    let reading = |aggregate, value: Option<&str>| {
        Ok::<_, Failure>(Reading {
            aggregate,
            value: value.map(Name::parse).transpose()?,
            denominator: None,
            weight: None,
        })
    };
    let readings = [
        reading(Aggregate::Count, None)?,
        reading(Aggregate::Sum, Some("value"))?,
    ];
    let frame = Frame::new([a.clone(), b.clone(), c.clone()], readings.clone())?;
    let cells = 30 * 20 * 10;
    let mut atoms = Atoms::new(&frame);
    let finest = gather(frame.shape(), cells, |cell| {
        Ok(atoms.number(u64::try_from(cell)?)? as usize)
    })?;
    let wide = Shape::new(
        vec![dimension("a", 30)?, dimension("b", 20)?],
        measures()?,
        true,
    )?;
    let narrow = Shape::new(
        vec![dimension("a", 30)?, dimension("c", 10)?],
        measures()?,
        true,
    )?;
    let of_wide = gather(&wide, cells, |cell| Ok(cell / 10))?;
    let of_narrow = gather(&narrow, cells, |cell| Ok(cell / 200 * 10 + cell % 10))?;
    let (wide_axes, narrow_axes) = ([a.clone(), b], [a, c]);
    let table = |shape, statistics, axes| LinkedTable {
        shape,
        statistics,
        axes,
        readings: &readings,
        standing: Standing::Candidate,
        piece: None,
    };
    let tables = [
        table(&wide, &of_wide, &wide_axes),
        table(&narrow, &of_narrow, &narrow_axes),
    ];
    let joint = Joint {
        frame: &frame,
        atoms: &atoms,
        statistics: &finest,
    };
    let mut millis = Vec::new();
    let mut released = true;
    for _ in 0..TURNS {
        let clock = Instant::now();
        let judgements = judge_linked(&joint, &tables, profile, Protection::Subjects);
        millis.push(clock.elapsed().as_secs_f64() * 1e3);
        released &= judgements.iter().all(|j| j.decision == Decision::Release);
    }
    Ok(json!({ "millis": millis, "released": released, "finest": atoms.len() }))
}
