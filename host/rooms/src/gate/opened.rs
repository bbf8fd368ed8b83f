//! A sealed output as tables that people can read.

use yunei_model::{Column, FieldType, Name, Table, Value};

use crate::RoomError;
use crate::cell::{Frame, StoredColumn, read_frames};

struct Building {
    name: Name,
    fields: Vec<(Name, FieldType)>,
    columns: Vec<Vec<Value>>,
}

/// Tables by name, and notes of the journal.
pub type Opened = (Vec<(Name, Table)>, Vec<String>);

/// The tables and notes of a sealed output; at most `rows_max` rows in all.
pub fn tables(plaintext: &[u8], rows_max: u64) -> Result<Opened, RoomError> {
    let mut building: Vec<Building> = Vec::new();
    let mut notes = Vec::new();
    let mut rows_seen = 0_u64;
    for frame in read_frames(plaintext) {
        match frame? {
            Frame::Create { name, fields } => {
                let columns = fields.iter().map(|_| Vec::new()).collect();
                building.push(Building {
                    name,
                    fields,
                    columns,
                });
            }
            Frame::Append {
                output,
                rows,
                columns,
            } => {
                rows_seen += u64::from(rows);
                if rows_seen > rows_max {
                    return Err(RoomError::protocol("more rows than an output may have"));
                }
                let table = building
                    .get_mut(output as usize)
                    .ok_or_else(|| RoomError::protocol("rows without a table"))?;
                append(table, rows as usize, &columns)?;
            }
            Frame::Derived { .. } | Frame::Contributions { .. } => {}
            Frame::Note { level, message } => notes.push(format!("{level:?}: {message}")),
        }
    }
    let tables = building.into_iter().map(finish).collect::<Result<_, _>>()?;
    Ok((tables, notes))
}

fn append(table: &mut Building, rows: usize, columns: &[StoredColumn]) -> Result<(), RoomError> {
    if columns.len() != table.columns.len() {
        return Err(RoomError::protocol("rows of another width"));
    }
    for (into, column) in table.columns.iter_mut().zip(columns) {
        for row in 0..rows {
            into.push(
                value(column, row)
                    .ok_or_else(|| RoomError::protocol("a column of another length"))?,
            );
        }
    }
    Ok(())
}

fn finish(table: Building) -> Result<(Name, Table), RoomError> {
    let columns = table
        .fields
        .into_iter()
        .zip(table.columns)
        .map(|((name, _), values)| Column {
            name,
            title: None,
            values,
        });
    // INVARIANT: names of columns are the module's, and are told to nobody but by the table.
    let unequal = |_| RoomError::protocol("columns of unequal lengths");
    let built = Table::new(columns.collect()).map_err(unequal)?;
    Ok((table.name, built))
}

/// The value of a row; outer `None` when the buffers are too short for it.
fn value(column: &StoredColumn, row: usize) -> Option<Value> {
    if let Some(validity) = &column.validity
        && !bit(validity, row)?
    {
        return Some(Value::Absent);
    }
    Some(match column.kind {
        FieldType::Boolean => Value::Text(bit(&column.values, row)?.to_string()),
        FieldType::Int32 | FieldType::Date => {
            Value::Integer(i64::from(i32::from_le_bytes(fixed(&column.values, row)?)))
        }
        FieldType::Int64 | FieldType::Timestamp => {
            Value::Integer(i64::from_le_bytes(fixed(&column.values, row)?))
        }
        FieldType::Float64 => {
            let number = f64::from_le_bytes(fixed(&column.values, row)?);
            if number.is_finite() {
                Value::Number(number)
            } else {
                Value::Text(number.to_string())
            }
        }
        FieldType::Decimal => {
            let unscaled = i128::from_le_bytes(fixed(&column.values, row)?);
            Value::Text(format!(
                "{}{}.{:04}",
                sign(unscaled),
                unscaled.unsigned_abs() / 10_000,
                unscaled.unsigned_abs() % 10_000
            ))
        }
        FieldType::Text => {
            let start = usize::try_from(i32::from_le_bytes(fixed(&column.values, row)?)).ok()?;
            let end = usize::try_from(i32::from_le_bytes(fixed(&column.values, row + 1)?)).ok()?;
            let bytes = column.text.as_ref()?.get(start..end)?;
            Value::Text(String::from_utf8_lossy(bytes).into_owned())
        }
    })
}

fn sign(value: i128) -> &'static str {
    if value < 0 { "-" } else { "" }
}

fn fixed<const N: usize>(bytes: &[u8], row: usize) -> Option<[u8; N]> {
    bytes.get(row * N..)?.first_chunk().copied()
}

fn bit(bytes: &[u8], row: usize) -> Option<bool> {
    Some(bytes.get(row / 8)? >> (row % 8) & 1 == 1)
}
