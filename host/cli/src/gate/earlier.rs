//! Releases that are out already: a directory of specs, each with its tables beside it.

use std::path::{Path, PathBuf};

use yunei_disclosure::review::{Earlier, Spec, TABLES_MAX, Tables};

use super::columns;
use super::review::spec;
use crate::failure::Input;

/// Reads every `NAME.toml` of a directory, in the order of their names. A spec's only table is in `NAME.csv` or `NAME.parquet`; of several each is in
/// `NAME.TABLE.csv` or `NAME.TABLE.parquet`.
pub fn read(directory: &Path) -> Result<Vec<Earlier>, Input> {
    let failed = |error: std::io::Error| {
        Input::new(format!("cannot read `{}`", directory.display())).because(error)
    };
    let mut specs = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            specs.push(path);
        }
        if specs.len() > TABLES_MAX {
            return Err(Input::new(format!(
                "`{}` has more than {TABLES_MAX} releases",
                directory.display()
            ))
            .coded("too-large"));
        }
    }
    if specs.is_empty() {
        return Err(Input::new(format!(
            "`{}` has no spec of an earlier release",
            directory.display()
        ))
        .coded("no-earlier"));
    }
    specs.sort();
    specs.iter().map(|path| release(path)).collect()
}

fn release(path: &Path) -> Result<Earlier, Input> {
    let read: Spec = spec(path)?;
    let stem = path.with_extension("");
    let alone = read.tables.len() == 1;
    let mut tables = Tables::new();
    for table in &read.tables {
        let mut file = stem.clone().into_os_string();
        if !alone {
            file.push(".");
            file.push(&table.name);
        }
        let name = table.name.clone();
        tables.insert(name, columns::read(&existing(PathBuf::from(file)), None)?);
    }
    let name = path
        .file_stem()
        .map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    Ok(Earlier {
        name,
        spec: read,
        tables,
    })
}

/// The Parquet file where there is one, else the CSV file.
fn existing(stem: PathBuf) -> PathBuf {
    let with = |extension: &str| {
        let mut path = stem.clone().into_os_string();
        path.push(extension);
        PathBuf::from(path)
    };
    let parquet = with(".parquet");
    if parquet.is_file() {
        parquet
    } else {
        with(".csv")
    }
}
