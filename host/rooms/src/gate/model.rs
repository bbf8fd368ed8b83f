//! Regressions: the gate fits a registered design from the snapshot, and looks who stands behind each coefficient.

use arrow::array::{ArrayRef, RecordBatch};
use futures::StreamExt;
use tokio::runtime::Runtime;
use yunei_catalog::Views;
use yunei_disclosure::{
    Design, Estimates, Examination, Fit, Profile, Protection, RegressionFault, Step, SubjectKey,
    SubjectRows, Support, Term, TermValue, judge_regression,
};
use yunei_model::{Name, Table, Verdict};

use super::coding::{Coder, Numbers, groups, subjects};
use super::derived::DerivedColumns;
use super::{accumulated, failed, too_large};
use crate::{ModelPlan, OutputPlan, RoomError, Source, TermPlan};

/// Where a term's values come from in a batch.
enum Reading {
    Number(Source),
    Banded { column: usize, coder: Box<Coder> },
    Category { column: usize },
}

/// Reads the rows of a model, pass after pass.
struct Rows<'a> {
    output: &'a OutputPlan,
    model: &'a ModelPlan,
    views: &'a Views,
    view: &'a Name,
    derived: Option<DerivedColumns>,
    readings: Vec<Reading>,
    runtime: &'a Runtime,
}

/// Some rows of a model, in the snapshot's order.
struct Part<'b> {
    subjects: Vec<SubjectRows<'b>>,
    groups: Vec<SubjectKey<'b>>,
    responses: Vec<Option<f64>>,
    terms: Vec<Vec<TermValue>>,
}

/// What rows are told to.
type See<'s> = &'s mut dyn FnMut(&Part<'_>) -> Result<(), RoomError>;

/// Fits and judges one output.
pub fn output(
    output: &OutputPlan,
    model: &ModelPlan,
    profile: &Profile,
    views: &Views,
    view: &Name,
    derived: Option<DerivedColumns>,
    runtime: &Runtime,
) -> Result<(Verdict, Option<Table>), RoomError> {
    let design = design(model)?;
    let protection = if output.subject.is_some() {
        Protection::Subjects
    } else {
        Protection::None
    };
    let mut rows = Rows {
        output,
        model,
        views,
        view,
        derived,
        readings: model.terms.iter().map(reading).collect(),
        runtime,
    };
    let fitted = fit(&design, &mut rows)?;
    let examined = match &fitted {
        Ok(estimates) => Ok(examine(&design, estimates, protection, &mut rows)?),
        Err(fault) => Err(*fault),
    };
    let fitted = match (&fitted, &examined) {
        (Ok(estimates), Ok(support)) => Ok((estimates.as_ref(), support)),
        (Err(fault), _) | (_, Err(fault)) => Err(*fault),
    };
    Ok(judge_regression(&output.name, &design, fitted, profile))
}

/// A fit, or why there is none: both follow from the rows.
type Fitted = Result<Box<Estimates>, RegressionFault>;

fn fit(design: &Design, rows: &mut Rows<'_>) -> Result<Fitted, RoomError> {
    let mut fit = Fit::new(design);
    // Ends by itself: a fit asks for a limited number of passes.
    loop {
        rows.each(&mut |part| {
            fit.observe(&part.responses, &part.terms);
            Ok(())
        })?;
        match fit.end_pass() {
            Ok(Step::Again) => {}
            Ok(Step::Done(estimates)) => return Ok(Ok(estimates)),
            Err(fault) => return Ok(Err(fault)),
        }
    }
}

fn examine(
    design: &Design,
    estimates: &Estimates,
    protection: Protection,
    rows: &mut Rows<'_>,
) -> Result<Support, RoomError> {
    let mut examination =
        Examination::new(design, estimates, protection).map_err(|e| accumulated(&e))?;
    rows.each(&mut |part| {
        examination
            .observe(&part.subjects, &part.groups, &part.responses, &part.terms)
            .map_err(|e| accumulated(&e))
    })?;
    examination.finish().map_err(|e| accumulated(&e))
}

impl Rows<'_> {
    /// Reads all rows once.
    fn each(&mut self, see: See<'_>) -> Result<(), RoomError> {
        let fields = self.views.schema(self.view).map_err(|e| failed(&e))?.len();
        let columns: Vec<usize> = (0..fields).collect();
        let mut stream = self
            .views
            .scan(self.view, &columns)
            .map_err(|e| failed(&e))?;
        let mut start = 0;
        while let Some(batch) = self.runtime.block_on(stream.next()) {
            let batch = batch.map_err(|e| failed(&e))?;
            see(&self.part(&batch, start)?)?;
            start += batch.num_rows();
        }
        if self.derived.as_ref().is_some_and(|d| !d.has_rows(start)) {
            return Err(RoomError::protocol(
                "derived columns of another length than the snapshot",
            ));
        }
        Ok(())
    }

    fn part<'b>(&mut self, batch: &'b RecordBatch, start: usize) -> Result<Part<'b>, RoomError> {
        let responses = self.numbers(batch, self.model.response, start)?;
        let mut terms = Vec::with_capacity(self.readings.len());
        for index in 0..self.readings.len() {
            terms.push(self.term(index, batch, start)?);
        }
        let subject = self.output.subject.map(|c| at(batch, c).and_then(subjects));
        let group = self.output.group.map(|c| at(batch, c).and_then(groups));
        Ok(Part {
            subjects: subject.transpose()?.unwrap_or_default(),
            groups: group.transpose()?.unwrap_or_default(),
            responses,
            terms,
        })
    }

    fn numbers(
        &self,
        batch: &RecordBatch,
        source: Source,
        start: usize,
    ) -> Result<Vec<Option<f64>>, RoomError> {
        let mut read = Numbers::default();
        match (source, &self.derived) {
            (Source::Column(index), _) => read.read(at(batch, index)?)?,
            (Source::Derived(index), Some(derived)) => {
                let (values, validity) = derived.numbers(index, start, batch.num_rows())?;
                read.set(values, validity);
            }
            (Source::Derived(_), None) => {
                return Err(RoomError::protocol("a number that nothing derives"));
            }
        }
        Ok(read.options())
    }

    fn term(
        &mut self,
        index: usize,
        batch: &RecordBatch,
        start: usize,
    ) -> Result<Vec<TermValue>, RoomError> {
        let mut codes = vec![0_u32; batch.num_rows()];
        match (self.readings.get_mut(index), &self.derived) {
            (Some(Reading::Number(source)), _) => {
                let source = *source;
                let numbers = self.numbers(batch, source, start)?;
                let value = |n: Option<f64>| n.map_or(TermValue::Absent, TermValue::Number);
                return Ok(numbers.into_iter().map(value).collect());
            }
            (Some(Reading::Banded { column, coder }), _) => {
                coder.add_codes(at(batch, *column)?, 1, &mut codes)?;
            }
            (Some(Reading::Category { column }), Some(derived)) => {
                derived.add_codes(*column, start, 1, &mut codes)?;
            }
            _ => return Err(RoomError::protocol("a term that nothing computes")),
        }
        Ok(codes.into_iter().map(TermValue::Class).collect())
    }
}

fn at(batch: &RecordBatch, index: usize) -> Result<&ArrayRef, RoomError> {
    batch
        .columns()
        .get(index)
        .ok_or_else(|| RoomError::protocol("a column that is not there"))
}

fn reading(term: &TermPlan) -> Reading {
    match term {
        TermPlan::Number { source, .. } => Reading::Number(*source),
        TermPlan::Banded {
            column, banding, ..
        } => Reading::Banded {
            column: *column,
            coder: Box::new(Coder::new(banding.clone())),
        },
        TermPlan::Category { column, .. } => Reading::Category { column: *column },
    }
}

fn design(model: &ModelPlan) -> Result<Design, RoomError> {
    let terms = model.terms.iter().map(|term| match term {
        TermPlan::Number { name, .. } => Ok(Term::Number { name: name.clone() }),
        TermPlan::Banded {
            name,
            banding,
            reference,
            ..
        } => {
            // The rest is no class of a model: it stands last, and its rows are left out.
            let mut labels = banding.labels();
            labels.pop();
            classes(name, labels, reference.as_deref())
        }
        TermPlan::Category {
            name,
            labels,
            reference,
            ..
        } => classes(name, labels.clone(), reference.as_deref()),
    });
    let terms = terms.collect::<Result<Vec<_>, _>>()?;
    Design::new(model.kind, model.intercept, terms).map_err(|e| too_large(&e))
}

fn classes(name: &Name, labels: Vec<String>, reference: Option<&str>) -> Result<Term, RoomError> {
    let place = match reference {
        None => Some(0),
        Some(reference) => labels.iter().position(|label| label == reference),
    };
    let reference =
        place.ok_or_else(|| RoomError::protocol("a reference that is none of the classes"))?;
    Ok(Term::Classes {
        name: name.clone(),
        labels,
        reference,
    })
}
