//! Queries that run, their types, and their limits.

use yunei_model::{Code, FieldType};

use super::granted;
use crate::testing::{Desk, RIDES_CSV, query, rides};
use crate::{SQL_BYTES_MAX, SQL_TOKENS_MAX, ViewError, ViewOptions, Views};

fn whole(desk: &Desk) -> Views {
    let snapshot = desk.csv(RIDES_CSV).unwrap();
    Views::open(vec![desk.plan(&rides(), &snapshot)]).unwrap()
}

#[test]
fn queries_group_join_and_order() {
    let desk = Desk::new();
    let views = whole(&desk);
    let cases: [(&str, &[&str]); 7] = [
        (
            "SELECT card, count(*) FROM rides GROUP BY card ORDER BY card",
            &["A1|2", "B7|1", "C9|1"],
        ),
        (
            "SELECT a.ride FROM rides AS a JOIN rides AS b ON a.card = b.card AND a.ride < b.ride",
            &["2"],
        ),
        (
            "SELECT ride FROM rides ORDER BY ride DESC LIMIT 2",
            &["4", "3"],
        ),
        (
            "WITH s AS (SELECT * FROM rides WHERE student) SELECT sum(fare) FROM s",
            &["13.8456"],
        ),
        (
            "SELECT day, extract(month FROM day) FROM rides WHERE ride = 4",
            &["2024-03-01|3"],
        ),
        (
            "SELECT ride FROM rides WHERE card = 'B7' UNION ALL SELECT ride FROM rides WHERE card = 'C9'",
            &["1", "3"],
        ),
        (
            "SELECT ride, rank() OVER (ORDER BY fare) FROM rides ORDER BY ride",
            &["1|3", "2|2", "3|1", "4|4"],
        ),
    ];
    for (text, rows) in cases {
        assert_eq!(query(&views, text).unwrap(), rows, "{text}");
    }
}

#[test]
fn results_have_the_types_of_the_guest_interface() {
    let desk = Desk::new();
    let views = whole(&desk);
    let text = "SELECT count(*) AS n, avg(fare) AS fare, avg(speed) AS speed, max(at) AS at, \
                arrow_cast(max(age), 'UInt8') AS age, arrow_cast(min(line), 'Utf8View') AS line, \
                arrow_cast(max(at), 'Timestamp(Second, Some(\"+08:00\"))') AS local, \
                bool_and(student) AS student, min(day) AS day FROM rides";
    let batches = views.sql(text).unwrap();
    let fields: Vec<(&str, FieldType)> = batches
        .fields()
        .iter()
        .map(|f| (f.name.as_str(), f.kind))
        .collect();
    let expected = [
        ("n", FieldType::Int64),
        ("fare", FieldType::Decimal),
        ("speed", FieldType::Float64),
        ("at", FieldType::Timestamp),
        ("age", FieldType::Int32),
        ("line", FieldType::Text),
        ("local", FieldType::Timestamp),
        ("student", FieldType::Boolean),
        ("day", FieldType::Date),
    ];
    assert_eq!(fields, expected);
    assert_eq!(
        query(&views, text).unwrap(),
        ["4|3.9614|14.5|2024-02-29T23:59:59|70|1路, 快|2024-02-29T15:59:59|false|2024-02-28"]
    );
    for text in [
        "SELECT NULL",
        "SELECT INTERVAL '1' DAY",
        "SELECT X'00'",
        "SELECT array_agg(ride) FROM rides",
    ] {
        let error = query(&views, text).expect_err(text);
        assert_eq!(error.code(), Code::BadRequest, "{text}");
    }
}

#[test]
fn a_value_that_does_not_fit_its_carrier_fails_the_query_and_is_not_told() {
    let desk = Desk::new();
    let views = whole(&desk);
    let text = "SELECT arrow_cast(18446744073709551615, 'UInt64') AS n FROM rides";
    assert_eq!(query(&views, text), Err(ViewError::Failed));
}

#[test]
fn planning_quotes_the_query_alone() {
    let desk = Desk::new();
    let views = granted(&desk, &desk.csv(RIDES_CSV).unwrap());
    for text in [
        "SELECT nonsense(fare) FROM rides",
        "SELECT sum(card) FROM rides WHERE",
        "SELECT fare FROM rides GROUP BY line",
        "SELECT CAST(fare AS BLOB[) FROM rides",
    ] {
        let said = format!("{:?}", query(&views, text).expect_err(text));
        for kept_back in ["age", "speed", "student", "A1", "B7", "12.3456"] {
            assert!(!said.contains(kept_back), "{text}: {said}");
        }
    }
}

#[test]
fn a_query_has_greatest_sizes() {
    let desk = Desk::new();
    let views = whole(&desk);
    let padded = |bytes: usize| {
        let text = "SELECT ride FROM rides WHERE ride = 1";
        text.to_owned() + &" ".repeat(bytes - text.len())
    };
    assert_eq!(query(&views, &padded(SQL_BYTES_MAX)).unwrap(), ["1"]);
    assert_eq!(
        query(&views, &padded(SQL_BYTES_MAX + 1))
            .unwrap_err()
            .code(),
        Code::TooLarge
    );
    // `SELECT ride`, then two tokens for each `+ 1`, then `FROM rides`.
    let sum = |tokens: usize| format!("SELECT ride{} FROM rides", " + 1".repeat((tokens - 4) / 2));
    query(&views, &sum(SQL_TOKENS_MAX)).unwrap();
    let error = query(&views, &sum(SQL_TOKENS_MAX + 2)).unwrap_err();
    assert_eq!(error.code(), Code::TooLarge);
    let nested = format!("SELECT {}1{} FROM rides", "(".repeat(300), ")".repeat(300));
    assert_eq!(query(&views, &nested).unwrap_err().code(), Code::BadRequest);
    let wide: Vec<String> = (0..513).map(|n| format!("1 AS c{n}")).collect();
    let text = format!("SELECT {} FROM rides", wide.join(","));
    assert_eq!(query(&views, &text).unwrap_err().code(), Code::TooLarge);
}

/// No disk to spill to: a query that needs more than its memory ends.
#[test]
fn a_query_that_needs_too_much_memory_ends() {
    let desk = Desk::new();
    let snapshot = desk.csv(RIDES_CSV).unwrap();
    let options = ViewOptions {
        query_memory_bytes_max: 64 << 10,
        ..ViewOptions::default()
    };
    let views = Views::open_with(vec![desk.plan(&rides(), &snapshot)], &options).unwrap();
    let ten = "(VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9))";
    let text = format!(
        "SELECT a.column1 + b.column1 * 10 + c.column1 * 100 + d.column1 * 1000 + e.column1 * 10000 AS n \
         FROM {ten} AS a, {ten} AS b, {ten} AS c, {ten} AS d, {ten} AS e ORDER BY n DESC"
    );
    assert_eq!(query(&views, &text), Err(ViewError::Memory));
    assert_eq!(query(&views, "SELECT count(*) FROM rides").unwrap(), ["4"]);
}

#[test]
fn a_query_reads_views_so_many_times_and_no_more() {
    let desk = Desk::new();
    let views = whole(&desk);
    let union =
        |times: usize| vec!["SELECT ride FROM rides WHERE ride = 1"; times].join(" UNION ALL ");
    assert_eq!(query(&views, &union(32)).unwrap().len(), 32);
    assert_eq!(
        query(&views, &union(33)).unwrap_err().code(),
        Code::TooLarge
    );
    let inner = "SELECT * FROM (WITH x AS (SELECT ride FROM rides) SELECT * FROM x) AS y";
    assert_eq!(query(&views, inner).unwrap_err().code(), Code::BadRequest);
    let mut doubled = "WITH q0 AS (SELECT ride FROM rides)".to_owned();
    for level in 1..40 {
        let below = level - 1;
        doubled += &format!(
            ", q{level} AS (SELECT a.ride FROM q{below} AS a JOIN q{below} AS b ON a.ride = b.ride)"
        );
    }
    assert_eq!(
        query(&views, &(doubled + " SELECT * FROM q39"))
            .unwrap_err()
            .code(),
        Code::TooLarge
    );
}

/// What recurses does it on a stack that suffices: none of these ends the process.
#[test]
fn long_chains_do_not_exhaust_the_stack() {
    let desk = Desk::new();
    let views = whole(&desk);
    let chains = [
        format!("SELECT ride{} FROM rides", "::bigint".repeat(740)),
        format!(
            "SELECT ride FROM rides WHERE ride = 0{}",
            " OR ride = 1".repeat(370)
        ),
        format!(
            "SELECT {}ride{} FROM rides",
            "abs(".repeat(35),
            ")".repeat(35)
        ),
    ];
    for text in chains {
        query(&views, &text).unwrap();
    }
    for text in ["NOT ".repeat(1400), "(".repeat(1400), "- ".repeat(1400)] {
        assert!(
            query(
                &views,
                &format!("SELECT ride FROM rides WHERE {text} student")
            )
            .is_err()
        );
    }
}
