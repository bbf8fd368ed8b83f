//! What the entry point of a `per-subject` module does with one subject's batches.

use yunei_guest::testing::batch;
use yunei_guest::{Batch, Contribution, Error, Position, Result, Rows, contributions};

yunei_guest::category! {
    enum Cell { Few = "few", Many = "many" }
}

fn rides() -> Result<Batch> {
    batch(
        &["line", "minutes"],
        [("602", Some(10.0)), ("15", None), ("602", Some(2.5))],
    )
}

fn fares() -> Result<Batch> {
    batch(&["fen"], [(200,), (150,)])
}

#[test]
fn rows_of_one_resource_are_typed() -> Result<()> {
    fn contribute<'a>(rides: Rows<'a, (&'a str, Option<f64>)>) -> Contribution {
        let minutes = rides.filter_map(|(line, minutes)| minutes.filter(|_| line == "602"));
        Contribution::new(Cell::Many, 1_u32, minutes.sum())
    }
    let given = contributions(&[rides()?], contribute)?;
    assert_eq!(given, [Contribution::new(1_u32, 1_u32, 12.5)]);
    Ok(())
}

type Rides<'a> = Rows<'a, (String, Option<f64>)>;
type Fares<'a> = Rows<'a, (i32,)>;

#[test]
fn several_resources_are_a_tuple_and_may_be_empty() -> Result<()> {
    fn contribute((rides, fares): (Rides<'_>, Fares<'_>)) -> [Contribution; 2] {
        [
            Contribution::new(Cell::Few, 0_u32, rides.len() as f64),
            Contribution::new(Cell::Few, 1_u32, fares.map(|(fen,)| f64::from(fen)).sum()),
        ]
    }
    let given = contributions(&[rides()?, fares()?], contribute)?;
    assert_eq!(
        given.iter().map(|c| c.value).collect::<Vec<_>>(),
        [3.0, 350.0]
    );
    let none: [(i32,); 0] = [];
    let given = contributions(&[rides()?, batch(&["fen"], none)?], contribute)?;
    assert_eq!(given[1].value, 0.0);
    Ok(())
}

#[test]
fn batches_can_be_taken_as_they_come() -> Result<()> {
    let contribute = |batches: &[Batch]| -> Result<Option<Contribution>> {
        let rows = batches.iter().map(Batch::len).sum::<usize>();
        Ok((rows > 0).then(|| Contribution::new(0_u32, 0_u32, rows as f64)))
    };
    let given = contributions(&[rides()?, fares()?], contribute)?;
    assert_eq!(given, [Contribution::new(0_u32, 0_u32, 5.0)]);
    assert!(contributions(&[], contribute)?.is_empty());
    Ok(())
}

#[test]
fn what_does_not_fit_the_manifest_is_an_error() -> Result<()> {
    fn contribute(_: Rows<'_, (i32,)>) -> Vec<Contribution> {
        Vec::new()
    }
    let several = contributions(&[fares()?, fares()?], contribute);
    assert_eq!(several, Err(Error::from("2 resources, not 1")));
    let wide = contributions(&[rides()?], contribute);
    assert!(matches!(
        wide,
        Err(Error::Width {
            columns: 2,
            values: 1
        })
    ));
    let failing = |_: Rows<'_, (i32,)>| -> Result<Contribution> { Err(Error::from("no")) };
    assert_eq!(contributions(&[fares()?], failing), Err(Error::from("no")));
    Ok(())
}

#[test]
fn labels_are_positions() {
    assert_eq!(Cell::LABELS, ["few", "many"]);
    assert_eq!((Cell::Few.position(), Cell::Many.position()), (0, 1));
}
