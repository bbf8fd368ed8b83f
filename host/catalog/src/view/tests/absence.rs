//! What is not granted cannot be named, and what is kept back is not told of.

use yunei_model::Code;

use super::{granted, granted_plan};
use crate::testing::{Desk, RIDES_CSV, name, query};
use crate::{ViewError, Views};

#[test]
fn ungranted_columns_have_no_position() {
    let desk = Desk::new();
    let views = granted(&desk, &desk.csv(RIDES_CSV).unwrap());
    let rides = name("rides");
    let refused = |columns: &[usize]| views.scan(&rides, columns).map(drop).unwrap_err();
    for position in [4, 8, usize::MAX] {
        let error = refused(&[0, position]);
        assert_eq!(
            error,
            ViewError::Position {
                position,
                columns: 4
            }
        );
        assert_eq!(error.code(), Code::GrantField);
    }
    assert_eq!(refused(&[1, 1]), ViewError::PositionTwice { position: 1 });
    let unknown = views.scan(&name("flights"), &[0]).map(drop).unwrap_err();
    assert_eq!(unknown.code(), Code::GrantResource);
}

#[test]
fn ungranted_columns_cannot_be_named_in_a_query() {
    let desk = Desk::new();
    let views = granted(&desk, &desk.csv(RIDES_CSV).unwrap());
    for text in [
        "SELECT age FROM rides",
        "SELECT \"age\" FROM rides",
        "SELECT \"AGE\" FROM rides",
        "SELECT rides.age FROM rides",
        "SELECT \"rides\".\"student\" FROM rides",
        "SELECT fare FROM rides WHERE student",
        "SELECT fare FROM rides ORDER BY age",
        "SELECT count(*) FROM rides GROUP BY age",
        "SELECT r.age FROM rides AS r",
        "SELECT a FROM (SELECT age AS a FROM rides)",
        "WITH x AS (SELECT speed FROM rides) SELECT * FROM x",
        "SELECT fare FROM rides WHERE EXISTS (SELECT 1 FROM rides AS s WHERE s.age = 1)",
        "SELECT sum(fare) FILTER (WHERE age > 1) FROM rides",
        "SELECT sum(fare) OVER (PARTITION BY age) FROM rides",
        "SELECT fare FROM rides JOIN rides AS s USING (ride)",
    ] {
        let error = query(&views, text).expect_err(text);
        assert_eq!(error.code(), Code::GrantField, "{text}: {error}");
    }
}

#[test]
fn a_star_is_the_granted_columns_masked() {
    let desk = Desk::new();
    let views = granted(&desk, &desk.csv(RIDES_CSV).unwrap());
    let rows = query(&views, "SELECT * FROM rides").unwrap();
    assert_eq!(rows.len(), 2);
    for row in rows {
        assert_eq!(row.split('|').count(), 4, "{row}");
        assert!(!row.contains("A1"), "{row}");
    }
    // A condition meets masked values too.
    assert!(
        query(&views, "SELECT fare FROM rides WHERE card = 'A1'")
            .unwrap()
            .is_empty()
    );
    let widened = query(&views, "SELECT * FROM rides NATURAL JOIN rides AS s").unwrap();
    assert!(widened.iter().all(|row| row.split('|').count() == 4));
}

#[test]
fn only_views_are_tables() {
    let desk = Desk::new();
    let views = granted(&desk, &desk.csv(RIDES_CSV).unwrap());
    for table in [
        "flights",
        "information_schema.tables",
        "information_schema.columns",
        "information_schema.df_settings",
        "datafusion.information_schema.columns",
        "datafusion.public.rides",
        "public.rides",
        "\"/etc/passwd\"",
        "'/etc/passwd'",
        "\"file:///etc/passwd\"",
        "\"parts://parts/0\"",
        "pg_catalog.pg_class",
        "generate_series(1, 10)",
        "range(10)",
        "read_parquet('x')",
        "parquet_metadata('x')",
    ] {
        let text = format!("SELECT * FROM {table}");
        let error = query(&views, &text).expect_err(&text);
        let code = error.code();
        assert!(
            matches!(code, Code::GrantResource | Code::BadRequest),
            "{text}: {error}"
        );
    }
}

#[test]
fn only_one_query_is_run() {
    let desk = Desk::new();
    let views = granted(&desk, &desk.csv(RIDES_CSV).unwrap());
    for text in [
        "",
        ";",
        "-- nothing",
        "SELECT 1; SELECT 2",
        "SHOW TABLES",
        "SHOW ALL",
        "DESCRIBE rides",
        "EXPLAIN SELECT * FROM rides",
        "EXPLAIN ANALYZE SELECT * FROM rides",
        "SET datafusion.catalog.information_schema = true",
        "CREATE TABLE t AS SELECT * FROM rides",
        "CREATE VIEW v AS SELECT * FROM rides",
        "CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION '/etc'",
        "COPY rides TO 'x.csv'",
        "COPY (SELECT * FROM rides) TO 'x.csv'",
        "INSERT INTO rides SELECT * FROM rides",
        "DELETE FROM rides",
        "UPDATE rides SET fare = 1",
        "TRUNCATE rides",
        "DROP TABLE rides",
        "PREPARE p AS SELECT 1",
        "EXECUTE p",
        "BEGIN",
        "SELECT * INTO t FROM rides",
        "SELECT fare FROM",
        "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT * FROM r",
    ] {
        let error = query(&views, text).expect_err(text);
        assert_eq!(error.code(), Code::BadRequest, "{text}: {error}");
    }
}

#[test]
fn clock_chance_host_and_bombs_are_no_functions() {
    let desk = Desk::new();
    let views = granted(&desk, &desk.csv(RIDES_CSV).unwrap());
    for call in [
        "now()",
        "current_date",
        "current_date()",
        "current_time",
        "current_timestamp",
        "today()",
        "localtimestamp",
        "random()",
        "uuid()",
        "version()",
        "repeat('x', 1000000000)",
        "lpad('x', 1000000000)",
        "rpad('x', 1000000000)",
        "pg_sleep(1)",
        "@@version",
        "$1",
        "input_file_name()",
    ] {
        let text = format!("SELECT {call} FROM rides");
        assert!(query(&views, &text).is_err(), "{text}");
    }
    assert!(query(&views, "SELECT CAST('now' AS TIMESTAMP) FROM rides").is_err());
}

/// The functions on offer: a look at this file shows what an upgrade brings.
#[test]
fn the_functions_on_offer_are_known() {
    let mut names: Vec<String> = Vec::new();
    names.extend(
        super::super::functions::scalar()
            .iter()
            .map(|f| format!("scalar {}", f.name())),
    );
    names.extend(
        super::super::functions::aggregate()
            .iter()
            .map(|f| format!("aggregate {}", f.name())),
    );
    names.extend(
        super::super::functions::window()
            .iter()
            .map(|f| format!("window {}", f.name())),
    );
    names.sort();
    insta::assert_snapshot!(names.join("\n"));
}

/// Division by the age of a filtered row, a cast of a filtered text, an overflow over filtered sums:
/// none of them may fail, for the rows that would fail them are not there.
#[test]
fn errors_cannot_be_made_to_tell_of_filtered_rows() {
    let desk = Desk::new();
    let snapshot = desk.csv(RIDES_CSV).unwrap();
    let (mut plan, files) = granted_plan(&desk, &snapshot);
    plan.columns.push(crate::ViewColumn {
        name: name("ride"),
        kind: yunei_model::FieldType::Int64,
        nullable: false,
        mask: yunei_model::Mask::None,
    });
    let views = Views::open(vec![(plan, files)]).unwrap();
    // Rides 1 and 3 are filtered.
    for text in [
        "SELECT 1 / (ride - 3) FROM rides",
        "SELECT ride FROM rides WHERE 1 / (ride - 1) > 5",
        "SELECT sum(1 / (ride - 1)) FROM rides",
        "SELECT ride FROM rides ORDER BY 1 / (ride - 3)",
        "SELECT a.ride FROM rides AS a JOIN rides AS b ON 1 / (a.ride - 3) = 1 / (b.ride - 1)",
    ] {
        query(&views, text).expect(text);
    }
    // Ride 4 is not: its error says nothing either.
    for text in [
        "SELECT 1 / (ride - 4) FROM rides",
        "SELECT CAST(card AS INT) FROM rides",
    ] {
        let error = query(&views, text).expect_err(text);
        assert_eq!(error, ViewError::Failed);
        assert_eq!(
            error.to_string(),
            "the query failed on the rows that it read"
        );
    }
}

#[test]
fn statistics_tell_nothing_of_filtered_rows() {
    let desk = Desk::new();
    let snapshot = desk.csv(RIDES_CSV).unwrap();
    let (plan, files) = granted_plan(&desk, &snapshot);
    let views = Views::open(vec![(plan, files)]).unwrap();
    let rows = query(
        &views,
        "SELECT count(*), max(fare), min(fare), count(line) FROM rides",
    );
    assert_eq!(rows.unwrap(), ["2|12.3456|1.5000|1"]);
}
