//! The files of `examples/`, as requests want them: ids for names, microseconds for dates.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value, json};
use toml::value::{Date, Datetime, Offset, Time};

use crate::{StoryError, Told};

/// A data set of `examples/data/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataSet {
    /// Name of the resource and of the directory.
    pub name: &'static str,
    /// Files with the state of the world that each tells of, in RFC 3339, in the order of import.
    pub files: &'static [(&'static str, &'static str)],
    /// The rest of the query that imports it.
    pub format: &'static str,
}

const PARQUET: &str = "format=parquet";
const GB18030: &str = "format=csv&encoding=gb18030";

/// The data sets, in the order of their names.
pub const DATA_SETS: [DataSet; 5] = [
    DataSet {
        name: "census-income-1994",
        files: &[("data.parquet", "1995-03-31T00:00:00Z")],
        format: PARQUET,
    },
    DataSet {
        name: "nyc-flights-2013",
        files: &[("data.parquet", "2013-12-31T00:00:00Z")],
        format: PARQUET,
    },
    DataSet {
        name: "nyc-weather-2013",
        files: &[("data.parquet", "2013-12-31T00:00:00Z")],
        format: PARQUET,
    },
    DataSet {
        name: "rand-health-insurance",
        files: &[("data.parquet", "1982-12-31T00:00:00Z")],
        format: PARQUET,
    },
    DataSet {
        name: "synthetic-wuxi-bus",
        files: &[
            ("rides-2026-03-02.csv", "2026-03-02T16:00:00Z"),
            ("rides-2026-03-03.csv", "2026-03-03T16:00:00Z"),
            ("rides-2026-03-04.csv", "2026-03-04T16:00:00Z"),
            ("rides-2026-03-05.csv", "2026-03-05T16:00:00Z"),
            ("rides-2026-03-06.csv", "2026-03-06T16:00:00Z"),
            ("rides-2026-03-07.csv", "2026-03-07T16:00:00Z"),
            ("rides-2026-03-08.csv", "2026-03-08T16:00:00Z"),
        ],
        format: GB18030,
    },
];

/// Text of a file.
pub(crate) fn text(path: &Path) -> Told<String> {
    std::fs::read_to_string(path).map_err(|error| StoryError::new(path.display(), error))
}

/// Bytes of a file.
pub(crate) fn bytes(path: &Path) -> Told<Vec<u8>> {
    std::fs::read(path).map_err(|error| StoryError::new(path.display(), error))
}

/// A TOML file as JSON.
pub(crate) fn table(path: &Path) -> Told<Value> {
    let table: toml::Table =
        toml::from_str(&text(path)?).map_err(|error| StoryError::new(path.display(), error))?;
    as_json(toml::Value::Table(table))
}

/// The list `key` of a TOML file.
pub(crate) fn list(path: &Path, key: &str) -> Told<Vec<Value>> {
    match table(path)?.get_mut(key).map(Value::take) {
        Some(Value::Array(items)) => Ok(items),
        _ => Err(StoryError(format!(
            "{}: there is no `[[{key}]]`",
            path.display()
        ))),
    }
}

/// The text at `key`.
pub(crate) fn string<'v>(value: &'v Value, key: &str) -> Told<&'v str> {
    let text = value.get(key).and_then(Value::as_str);
    text.ok_or_else(|| StoryError(format!("there is no text `{key}` in {value}")))
}

/// The terms of `<directory>/grant.toml`, with ids for the names of operating unit and scenario.
///
/// # Errors
/// The file cannot be read, or names what is not registered.
pub fn grant_terms(
    directory: &Path,
    organisations: &BTreeMap<String, String>,
    scenarios: &BTreeMap<String, String>,
) -> Told<Value> {
    let mut terms = table(&directory.join("grant.toml"))?;
    for (key, ids) in [("operator", organisations), ("scenario", scenarios)] {
        let name = string(&terms, key)?;
        let id = ids.get(name);
        let id = id.ok_or_else(|| StoryError(format!("{key} `{name}` is not registered")))?;
        let id = json!(id);
        if let Some(place) = terms.get_mut(key) {
            *place = id;
        }
    }
    Ok(terms)
}

/// `<directory>/request.json`, for the module and the grant with these ids.
///
/// # Errors
/// The file cannot be read.
pub fn request(directory: &Path, module: &str, grant: &str) -> Told<Value> {
    let path = directory.join("request.json");
    let mut request: Map<String, Value> = serde_json::from_str(&text(&path)?)
        .map_err(|error| StoryError::new(path.display(), error))?;
    request.insert("module".to_owned(), json!(module));
    request.insert("grant".to_owned(), json!(grant));
    Ok(Value::Object(request))
}

fn as_json(value: toml::Value) -> Told<Value> {
    Ok(match value {
        toml::Value::String(text) => json!(text),
        toml::Value::Integer(number) => json!(number),
        toml::Value::Float(number) => json!(number),
        toml::Value::Boolean(yes) => json!(yes),
        toml::Value::Datetime(moment) => json!(micros(moment)?),
        toml::Value::Array(items) => {
            Value::Array(items.into_iter().map(as_json).collect::<Told<_>>()?)
        }
        toml::Value::Table(table) => {
            let pairs = table
                .into_iter()
                .map(|(key, value)| Ok((key, as_json(value)?)));
            Value::Object(pairs.collect::<Told<_>>()?)
        }
    })
}

/// Microseconds since 1970 in UTC.
fn micros(moment: Datetime) -> Told<i64> {
    let Datetime {
        date: Some(date),
        time: Some(time),
        offset: Some(offset),
    } = moment
    else {
        return Err(StoryError(format!(
            "{moment}: a date, a time and an offset are needed"
        )));
    };
    let minutes = match offset {
        Offset::Z => 0,
        Offset::Custom { minutes } => i64::from(minutes),
    };
    Ok((days(date) * 86_400 + seconds(time) - minutes * 60) * 1_000_000)
}

fn seconds(time: Time) -> i64 {
    let second = time.second.unwrap_or_default();
    i64::from(time.hour) * 3600 + i64::from(time.minute) * 60 + i64::from(second)
}

/// Days since 1970, in the Gregorian calendar.
fn days(date: Date) -> i64 {
    // Years begin with March here, so that the leap day is the last of one.
    let month = (i64::from(date.month) + 9) % 12;
    let year = i64::from(date.year) - i64::from(date.month <= 2);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * month + 2) / 5 + i64::from(date.day) - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::micros;

    #[test]
    fn dates_are_microseconds_in_utc() {
        let micros = |text: &str| micros(text.parse().unwrap()).unwrap();
        assert_eq!(micros("1970-01-01T00:00:00Z"), 0);
        assert_eq!(micros("2026-01-01T00:00:00+08:00"), 1_767_196_800_000_000);
        assert_eq!(micros("2000-02-29T12:30:01Z"), 951_827_401_000_000);
    }
}
