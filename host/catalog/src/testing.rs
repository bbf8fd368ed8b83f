//! A small resource, files of it, and views on it, for tests.

use std::fs::File;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int32Array, Int64Array,
    RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::Schema;
use cap_std::ambient_authority;
use cap_std::fs::Dir;
use futures::StreamExt;
use parquet::arrow::ArrowWriter;
use yunei_model::{
    CountingIds, FixedClock, Mask, Name, OrganisationId, Resource, ResourceId, Snapshot, Timestamp,
};

use crate::{
    Batches, CatalogueEntry, ImportError, ImportFormat, ImportTerms, MaskKey, SourceFile, Vault,
    ViewColumn, ViewError, ViewPlan, Views, import,
};

/// The entry of the resource `rides`.
pub(crate) const RIDES: &str = r#"
name = "rides"
source_unit = "transport-bureau"
basis = "statistical"
subject = "card"
grade = "g2"
licence = "CC0-1.0"
synthetic = true
title = { zh = "刷卡记录", en = "Card rides" }
description = { zh = "每次刷卡一行", en = "One row per ride" }
population = { name = "riders", title = { zh = "乘客", en = "Riders" } }

[[data]]
path = "rides.csv"
format = { kind = "csv", encoding = "gb18030" }
data_as_of = "2024-03-01T00:00:00Z"

[[field]]
name = "card"
title = { zh = "卡号", en = "Card" }
type = "text"
class = "direct-identifier"
grade = "g3"
mask = { kind = "pseudonym" }
[[field]]
name = "age"
title = { zh = "年龄", en = "Age" }
type = "int32"
class = "quasi-identifier"
grade = "g2"
nullable = true
banding = [
  { name = "decades", kind = "ranges", edges = [0, 20, 40, 60, 120], within = "halves" },
  { name = "halves", kind = "ranges", edges = [0, 60, 120] },
]
[[field]]
name = "fare"
title = { zh = "票价", en = "Fare" }
type = "decimal"
class = "ordinary"
grade = "g1"
[[field]]
name = "day"
title = { zh = "日期", en = "Day" }
type = "date"
class = "ordinary"
grade = "g1"
[[field]]
name = "at"
title = { zh = "时刻", en = "Time" }
type = "timestamp"
class = "quasi-identifier"
grade = "g2"
nullable = true
[[field]]
name = "speed"
title = { zh = "速度", en = "Speed" }
type = "float64"
class = "ordinary"
grade = "g1"
nullable = true
[[field]]
name = "student"
title = { zh = "学生", en = "Student" }
type = "boolean"
class = "sensitive"
grade = "g2"
nullable = true
[[field]]
name = "line"
title = { zh = "线路", en = "Line" }
type = "text"
class = "ordinary"
grade = "g1"
nullable = true
[[field]]
name = "ride"
title = { zh = "序号", en = "Ride" }
type = "int64"
class = "ordinary"
grade = "g1"
"#;

/// Rows of `rides`, not sorted by card.
pub(crate) const RIDES_CSV: &str = "\
card,age,fare,day,at,speed,student,line,ride
B7,31,2.00,2024-02-28,2024-02-28 08:15:00,31.5,false,\"1路, 快\",1
A1,,1.5,2024-02-29,,,true,,2
C9,70,0,2024-02-29,2024-02-29T23:59:59Z,-0.0,,2路,3
A1,19,12.3456,2024-03-01,2024-03-01 00:00:00.000001,12,true,3路,4
";

pub(crate) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

pub(crate) fn register(entry: &str) -> Resource {
    let ids = CountingIds::default();
    CatalogueEntry::parse(entry)
        .unwrap()
        .register(ResourceId::new(&ids), OrganisationId::new(&ids), 1)
        .unwrap()
}

pub(crate) fn rides() -> Resource {
    register(RIDES)
}

/// A source directory and a vault.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) source: tempfile::TempDir,
    pub(crate) kept: tempfile::TempDir,
    pub(crate) vault: Vault,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let source = tempfile::tempdir().unwrap();
        let kept = tempfile::tempdir().unwrap();
        let vault = Vault::new(Dir::open_ambient_dir(kept.path(), ambient_authority()).unwrap());
        Self {
            source,
            kept,
            vault,
        }
    }

    pub(crate) fn put(&self, path: &str, bytes: impl AsRef<[u8]>) -> &Self {
        std::fs::write(self.source.path().join(path), bytes).unwrap();
        self
    }

    pub(crate) fn import(
        &self,
        path: &str,
        format: ImportFormat,
        resource: &Resource,
    ) -> Result<Snapshot, ImportError> {
        let terms = ImportTerms {
            format,
            data_as_of: Timestamp::from_micros(5),
            onto: None,
        };
        self.import_as(path, &terms, resource)
    }

    pub(crate) fn import_as(
        &self,
        path: &str,
        terms: &ImportTerms<'_>,
        resource: &Resource,
    ) -> Result<Snapshot, ImportError> {
        let source = Dir::open_ambient_dir(self.source.path(), ambient_authority()).unwrap();
        let clock = FixedClock::at(Timestamp::from_micros(7));
        let ids = CountingIds::default();
        let file = SourceFile::open(&source, path)?;
        import(file, terms, resource, &self.vault, &ids, &clock)
    }

    pub(crate) fn csv(&self, text: impl AsRef<[u8]>) -> Result<Snapshot, ImportError> {
        self.put("rides.csv", text);
        self.import("rides.csv", CSV, &rides())
    }

    pub(crate) fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.kept.path()).unwrap();
        let mut names: Vec<String> = entries
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// A view on a snapshot: all its columns unmasked, all its rows.
    pub(crate) fn plan(&self, resource: &Resource, snapshot: &Snapshot) -> (ViewPlan, Vec<File>) {
        let columns = resource.schema.fields.iter().map(|field| ViewColumn {
            name: field.name.clone(),
            kind: field.kind,
            nullable: field.nullable,
            mask: Mask::None,
        });
        let plan = ViewPlan {
            name: resource.name.clone(),
            columns: columns.collect(),
            filter: Vec::new(),
            mask_key: MaskKey::from_bytes([7; 32]),
            parts: snapshot.parts.clone(),
            lookups: Vec::new(),
        };
        let files = snapshot.parts.iter();
        let files = files.map(|part| self.vault.open_part(part).unwrap());
        (plan, files.collect())
    }
}

pub(crate) const CSV: ImportFormat = ImportFormat::Csv {
    encoding: crate::Encoding::Utf8,
    delimiter: crate::Delimiter::Comma,
};

/// The rows of [`RIDES_CSV`] as a file of another writer would hold them: other widths, units and order of columns.
pub(crate) fn rides_parquet(change: impl FnOnce(&mut Vec<(&str, ArrayRef)>)) -> Vec<u8> {
    let at = [
        Some(1_709_079_300_000_000),
        None,
        Some(1_709_251_199_000_000),
        Some(1_709_222_400_000_001),
    ];
    let mut columns: Vec<(&str, ArrayRef)> = vec![
        ("ride", Arc::new(Int32Array::from(vec![1, 2, 3, 4]))),
        (
            "card",
            Arc::new(StringArray::from(vec!["B7", "A1", "C9", "A1"])),
        ),
        (
            "age",
            Arc::new(Float64Array::from(vec![
                Some(31.0),
                None,
                Some(70.0),
                Some(19.0),
            ])),
        ),
        (
            "fare",
            Arc::new(
                Decimal128Array::from(vec![200_000, 150_000, 0, 1_234_560])
                    .with_precision_and_scale(12, 5)
                    .unwrap(),
            ),
        ),
        (
            "day",
            Arc::new(Date32Array::from(vec![19_781, 19_782, 19_782, 19_783])),
        ),
        (
            "at",
            Arc::new(TimestampMicrosecondArray::from(at.to_vec()).with_timezone("UTC")),
        ),
        (
            "speed",
            Arc::new(Float64Array::from(vec![
                Some(31.5),
                None,
                Some(-0.0),
                Some(12.0),
            ])),
        ),
        (
            "student",
            Arc::new(BooleanArray::from(vec![
                Some(false),
                Some(true),
                None,
                Some(true),
            ])),
        ),
        (
            "line",
            Arc::new(StringArray::from(vec![
                Some("1路, 快"),
                None,
                Some("2路"),
                Some("3路"),
            ])),
        ),
    ];
    change(&mut columns);
    parquet_of(columns)
}

pub(crate) fn parquet_of(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let fields = columns
        .iter()
        .map(|(n, a)| arrow::datatypes::Field::new(*n, a.data_type().clone(), true));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let arrays = columns.into_iter().map(|(_, a)| a).collect();
    let batch = RecordBatch::try_new(Arc::clone(&schema), arrays).unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, schema, None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

/// An `int64` column replaced, for files with one value gone wrong.
pub(crate) fn replace(columns: &mut [(&str, ArrayRef)], name: &str, with: ArrayRef) {
    let column = columns.iter_mut().find(|(n, _)| *n == name).unwrap();
    column.1 = with;
}

pub(crate) fn longs(values: &[i64]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

/// Everything that a stream yields, without any run-time: nothing is spawned, nothing waits.
pub(crate) fn drain(batches: Batches) -> Result<Vec<RecordBatch>, ViewError> {
    futures::executor::block_on(batches.collect::<Vec<_>>())
        .into_iter()
        .collect()
}

/// The result of a query as lines of text, on a run-time of one thread.
pub(crate) fn query(views: &Views, text: &str) -> Result<Vec<String>, ViewError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let batches: Vec<_> = views.sql(text)?.collect().await;
        let batches = batches.into_iter().collect::<Result<Vec<_>, _>>()?;
        Ok(lines(&batches))
    })
}

/// Rows as text, values divided by `|`.
pub(crate) fn lines(batches: &[RecordBatch]) -> Vec<String> {
    let options = arrow::util::display::FormatOptions::default().with_null("∅");
    let mut lines = Vec::new();
    for batch in batches {
        let columns: Vec<_> = batch
            .columns()
            .iter()
            .map(|c| arrow::util::display::ArrayFormatter::try_new(c, &options).unwrap())
            .collect();
        for row in 0..batch.num_rows() {
            let values: Vec<String> = columns.iter().map(|c| c.value(row).to_string()).collect();
            lines.push(values.join("|"));
        }
    }
    lines
}

pub(crate) fn scan(views: &Views, view: &str, columns: &[usize]) -> Vec<String> {
    lines(&drain(views.scan(&name(view), columns).unwrap()).unwrap())
}
