//! Modules of the world `analysis`, run as plain functions against tables made up on the spot.

use yunei_guest::testing::{Domain, batch};
use yunei_guest::{
    Date, Decimal, Error, Kind, Level, Output, Result, Timestamp, note, open, parameter, sql, write,
};

#[test]
fn every_kind_of_value_comes_back_as_it_was_written() -> Result<()> {
    type All = (
        bool,
        i32,
        i64,
        f64,
        String,
        Date,
        Timestamp,
        Option<Decimal>,
    );
    let rows: Vec<All> = (0..100)
        .map(|n| {
            (
                n % 3 == 0,
                n - 50,
                i64::from(n) << 40,
                f64::from(n) / 7.0,
                "无锡".repeat(n as usize % 4),
                Date(n),
                Timestamp(-i64::from(n)),
                (n % 5 != 0).then_some(Decimal(i128::from(n) * -(1 << 90))),
            )
        })
        .collect();
    let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let batch = batch(&names, rows.clone())?;
    let kinds: Vec<Kind> = batch.columns().iter().map(|c| c.kind()).collect();
    assert_eq!(kinds[0], Kind::Boolean);
    assert_eq!(kinds[7], Kind::Decimal128);
    assert!(batch.rows::<All>()?.eq(rows));
    Ok(())
}

#[test]
fn narrow_numbers_are_read_as_wider_ones() -> Result<()> {
    let batch = batch(&["n", "amount"], [(7, Decimal(12_345))])?;
    let wide: Vec<(i64, f64)> = batch.rows()?.collect();
    assert_eq!(wide, [(7, 1.2345)]);
    let double: Vec<(f64, Decimal)> = batch.rows()?.collect();
    assert_eq!(double, [(7.0, Decimal(12_345))]);
    Ok(())
}

#[test]
fn an_absent_value_is_an_error_unless_it_is_expected() -> Result<()> {
    let batch = batch(&["delay"], [(Some(1),), (None,), (Some(3),)])?;
    let error = batch.rows::<(i32,)>().err();
    let expected = Error::Absent {
        column: "delay".to_owned(),
        row: 1,
    };
    assert_eq!(error, Some(expected));
    let optional: Vec<(Option<i64>,)> = batch.rows()?.collect();
    assert_eq!(optional, [(Some(1),), (None,), (Some(3),)]);
    Ok(())
}

#[test]
fn reading_as_another_kind_names_the_column() -> Result<()> {
    let batch = batch(&["carrier", "month"], [("UA", 1)])?;
    let error = batch.rows::<(&str, &str)>().err();
    let message = error.map(|error| error.to_string());
    assert_eq!(
        message.as_deref(),
        Some("column `month` is int32, not text")
    );
    let error = batch.rows::<(&str,)>().err();
    let expected = Error::Width {
        columns: 2,
        values: 1,
    };
    assert_eq!(error, Some(expected));
    Ok(())
}

#[test]
fn a_field_that_is_not_granted_is_named() {
    let module = || open("flights")?.scan(["tailnum"]).map(drop);
    let domain = Domain::new().table("flights", ["month"], [(1,)]);
    let error = domain.run(module).err();
    let expected = Error::NoField {
        table: "flights".to_owned(),
        field: "tailnum".to_owned(),
    };
    assert_eq!(error, Some(expected));
}

#[test]
fn a_table_that_is_not_granted_is_denied() {
    let error = Domain::new().run(|| open("weather").map(drop)).err();
    assert!(matches!(error, Some(Error::Denied { what, .. }) if what == "table `weather`"));
}

#[test]
fn a_query_reads_by_position() -> Result<()> {
    let query = "SELECT inches, delay FROM both";
    let module = || {
        let mut sum = 0.0;
        for batch in sql(query)? {
            for (inches, delay) in batch?.rows::<(f64, f64)>()? {
                sum += inches * delay;
            }
        }
        write("sum", ["sum"], [(sum,)])
    };
    let domain = Domain::new().answer(query, ["inches", "delay"], [(0.5, 4.0), (1.0, 3.0)]);
    let outcome = domain.run(module)?;
    let rows: Vec<(f64,)> = outcome.output("sum")?.rows()?.collect();
    assert_eq!(rows, [(5.0,)]);
    Ok(())
}

#[test]
fn outputs_longer_than_a_batch_arrive_whole() -> Result<()> {
    const ROWS: i32 = 50_001;
    let value = |n: i32| (n % 7 != 0).then(|| n.to_string());
    let module = || write("long", ["n", "text"], (0..ROWS).map(|n| (n, value(n))));
    let outcome = Domain::new().run(module)?;
    let rows = outcome
        .output("long")?
        .rows::<(i32, Option<&str>)>()?
        .collect::<Vec<_>>();
    assert_eq!(rows.len(), ROWS as usize);
    let wrong = rows
        .iter()
        .zip(0..)
        .find(|((n, text), expected)| n != expected || *text != value(*n).as_deref());
    assert_eq!(wrong, None);
    Ok(())
}

#[test]
fn an_output_has_the_schema_of_its_rows() -> Result<()> {
    let module = || Output::<(&str, Option<f64>)>::create("means", ["carrier", "mean"])?.finish();
    let outcome = Domain::new().run(module)?;
    let fields: Vec<_> = outcome
        .fields("means")
        .iter()
        .map(|f| (f.name.as_str(), f.kind, f.nullable))
        .collect();
    assert_eq!(
        fields,
        [
            ("carrier", Kind::Text, false),
            ("mean", Kind::Float64, true)
        ]
    );
    assert!(outcome.output("means")?.is_empty());
    assert!(outcome.output("medians").is_err());
    Ok(())
}

#[test]
fn parameters_have_the_type_that_the_manifest_gives() -> Result<()> {
    let module = || {
        let rows: (i64, String, Date) = (parameter("n")?, parameter("airport")?, parameter("day")?);
        note(Level::Info, "read");
        write("parameters", ["n", "airport", "day"], [rows])
    };
    let domain = || {
        Domain::new()
            .parameter("n", 3)
            .parameter("airport", "JFK")
            .parameter("day", Date(9))
    };
    let outcome = domain().run(module)?;
    let rows: Vec<(i64, &str, Date)> = outcome.output("parameters")?.rows()?.collect();
    assert_eq!(rows, [(3, "JFK", Date(9))]);
    assert_eq!(outcome.notes(), [(Level::Info, "read".to_owned())]);

    let error = domain()
        .run(|| parameter::<String>("n").map(drop))
        .err()
        .map(|e| e.to_string());
    assert_eq!(
        error.as_deref(),
        Some("the run has no parameter `n` of the type asked for")
    );
    Ok(())
}

#[test]
fn the_error_of_a_module_is_the_error_of_the_run() {
    let outcome = Domain::new().run(|| Err("no flights at all".into()));
    assert_eq!(
        outcome.err(),
        Some(Error::Message("no flights at all".to_owned()))
    );
}
