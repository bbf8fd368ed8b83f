//! Derives columns that do not fit the rows that came in, the manifest, or each other.

use yunei_guest::bindings::per_row::{Batch, Guest, export_per_row};
use yunei_guest::{Column, Values, VarBytes, parameter};

struct Module;

export_per_row!(Module with_types_in yunei_guest::bindings::per_row);

fn column(values: Values) -> Column {
    Column {
        validity: None,
        values,
    }
}

fn text(offsets: Vec<i32>, bytes: &[u8]) -> Column {
    column(Values::Text(VarBytes {
        offsets,
        bytes: bytes.to_vec(),
    }))
}

impl Guest for Module {
    fn derive(rows: Batch) -> Result<Vec<Column>, String> {
        let attack: String = parameter("attack").map_err(|error| error.to_string())?;
        let rows = rows.rows as usize;
        let figure = |length| column(Values::Float64(vec![1.0; length]));
        let class = column(Values::Int32(vec![0; rows]));
        let rising: Vec<i32> = (0..=rows as i32).collect();
        Ok(match attack.as_str() {
            "short" => vec![figure(rows - 1), class],
            "long" => vec![figure(rows + 1), class],
            "missing" => vec![figure(rows)],
            "extra" => vec![figure(rows), class.clone(), class],
            "kind" => vec![class, figure(rows)],
            "offsets-falling" => vec![
                figure(rows),
                text(rising.into_iter().rev().collect(), &vec![b'a'; rows]),
            ],
            "offsets-outside" => vec![figure(rows), text(rising, b"a")],
            "offsets-negative" => vec![figure(rows), text(vec![i32::MIN; rows + 1], b"a")],
            "not-utf8" => vec![figure(rows), text(rising, &vec![0xFF; rows])],
            _ => vec![
                Column {
                    validity: Some(Vec::new()),
                    ..figure(rows)
                },
                class,
            ],
        })
    }
}
