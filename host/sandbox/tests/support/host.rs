//! A host that grants `trips` and remembers what it was asked.

use std::sync::{Arc, Mutex};

use yunei_model::{Code, FieldType, Name};
use yunei_sandbox::{
    AnalysisHost, Batch, Buffer, Column, Denial, FieldInfo, Level, OutputId, ParameterValue,
    ReaderId, Stop, Unserved, Values,
};

/// What a test can look at afterwards.
#[derive(Debug, Default)]
pub struct Seen {
    pub asked: Vec<String>,
    pub appended: Vec<Batch>,
    pub notes: Vec<String>,
    pub lent_and_dropped: usize,
}

/// Grants `trips(fare)` in batches of doubles, and an output `out`.
#[derive(Clone, Default)]
pub struct Trips {
    pub seen: Arc<Mutex<Seen>>,
    pub batches: Vec<Vec<f64>>,
    /// Ends the run on this call.
    pub stop_on: Option<(&'static str, Stop)>,
    read: usize,
}

impl Trips {
    pub fn of(batches: &[&[f64]]) -> Self {
        Self {
            batches: batches.iter().map(|batch| batch.to_vec()).collect(),
            ..Self::default()
        }
    }

    fn asked(&mut self, what: &str) -> Result<(), Stop> {
        self.seen.lock().unwrap().asked.push(what.to_owned());
        match &self.stop_on {
            Some((call, stop)) if what.starts_with(call) => Err(stop.clone()),
            _ => Ok(()),
        }
    }
}

pub fn fare() -> FieldInfo {
    FieldInfo {
        name: Name::parse("fare").unwrap(),
        kind: FieldType::Float64,
        nullable: true,
    }
}

/// Values that somebody else owns, like a slot of the ring.
struct Lent(Vec<f64>, Arc<Mutex<Seen>>);

impl AsRef<[f64]> for Lent {
    fn as_ref(&self) -> &[f64] {
        &self.0
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        self.1.lock().unwrap().lent_and_dropped += 1;
    }
}

impl AnalysisHost for Trips {
    fn open(&mut self, name: &str) -> Result<Vec<FieldInfo>, Unserved> {
        self.asked(&format!("open {name}"))?;
        if name == "trips" {
            return Ok(vec![fare()]);
        }
        Err(Unserved::Denied(Denial {
            code: Code::GrantResource,
            clause: Some("grant.resources".to_owned()),
        }))
    }

    fn scan(&mut self, table: &str, columns: &[u32]) -> Result<ReaderId, Unserved> {
        self.asked(&format!("scan {table} {columns:?}"))?;
        Ok(ReaderId(1))
    }

    fn next(&mut self, reader: ReaderId) -> Result<Option<Batch>, Unserved> {
        self.asked(&format!("next {}", reader.0))?;
        let batch = self.batches.get(self.read).cloned();
        self.read += 1;
        Ok(batch.map(|values| Batch {
            rows: u32::try_from(values.len()).unwrap(),
            columns: vec![Column::valid(Values::Float64(Buffer::lent(Lent(
                values,
                Arc::clone(&self.seen),
            ))))],
        }))
    }

    fn sql(&mut self, text: &str) -> Result<ReaderId, Unserved> {
        self.asked(&format!("sql {text}"))?;
        Ok(ReaderId(2))
    }

    fn close(&mut self, reader: ReaderId) {
        self.seen
            .lock()
            .unwrap()
            .asked
            .push(format!("close {}", reader.0));
    }

    fn create_output(&mut self, name: &str, schema: &[FieldInfo]) -> Result<OutputId, Unserved> {
        self.asked(&format!("create {name} {}", schema.len()))?;
        Ok(OutputId(1))
    }

    fn append(&mut self, _output: OutputId, rows: Batch) -> Result<(), Unserved> {
        self.asked("append")?;
        self.seen.lock().unwrap().appended.push(rows);
        Ok(())
    }

    fn note(&mut self, level: Level, message: &str) -> Result<(), Stop> {
        self.asked("note")?;
        self.seen
            .lock()
            .unwrap()
            .notes
            .push(format!("{level:?} {message}"));
        Ok(())
    }

    fn parameter(&mut self, name: &str) -> Result<Option<ParameterValue>, Stop> {
        self.asked(&format!("parameter {name}"))?;
        Ok((name == "since").then_some(ParameterValue::Date(19_000)))
    }
}
