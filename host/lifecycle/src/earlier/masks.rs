//! Masks: a derived number may be a column for all but a few, "income below the age of 30" beside "below 31".
//!
//! Each of the two is over everybody, and they differ by who is 30. What lies between a derived number and another column is computed by
//! nobody, and whether there is anything must not show, so that people decide whenever it could: by what the tables are made of.

use yunei_model::Run;
use yunei_rooms::{JointPlan, LinkedPlan, OutputPlan, Source};

/// Whether two tables about the same rows, of different modules or parameters, have figures between which a mask may lie.
pub(super) fn may_be(
    (own, joint): (&Run, &JointPlan),
    (run, earlier): (&Run, &LinkedPlan),
) -> bool {
    let alike = run.module_digest == own.module_digest && run.parameters == own.parameters;
    let mut candidates = joint.candidates.iter();
    !alike && candidates.any(|(_, output)| are_between(output, &earlier.output))
}

/// Whether one of two tables derives numbers, and the other has figures of any column.
fn are_between(one: &OutputPlan, other: &OutputPlan) -> bool {
    let (one, other) = (columns([one]), columns([other]));
    let derives = |columns: &[Source]| columns.iter().any(is_derived);
    (derives(&one) && !other.is_empty()) || (!one.is_empty() && derives(&other))
}

/// Whether the outputs of one run have figures of a derived number and of any other column. One derived number by itself, counted,
/// summed and averaged, has nothing beside it.
pub(super) fn are_within<'a>(outputs: impl IntoIterator<Item = &'a OutputPlan>) -> bool {
    let columns = columns(outputs);
    columns.len() > 1 && columns.iter().any(is_derived)
}

/// The columns that outputs sum, each once: as values, under a quotient, or as weights.
fn columns<'a>(outputs: impl IntoIterator<Item = &'a OutputPlan>) -> Vec<Source> {
    let mut columns = Vec::new();
    for measure in outputs.into_iter().flat_map(|output| &output.measures) {
        let of_view = measure.denominator.into_iter().chain(measure.weight);
        for column in measure
            .values
            .into_iter()
            .chain(of_view.map(Source::Column))
        {
            if !columns.contains(&column) {
                columns.push(column);
            }
        }
    }
    columns
}

const fn is_derived(column: &Source) -> bool {
    matches!(column, Source::Derived(_))
}

#[cfg(test)]
mod tests {
    use yunei_model::{Aggregate, Name, OnFailure};
    use yunei_rooms::MeasurePlan;

    use super::*;

    fn output(sums: &[(Option<Source>, Option<usize>)]) -> OutputPlan {
        let name = Name::parse("output").unwrap();
        let measures = sums.iter().map(|(values, weight)| MeasurePlan {
            of_subject: false,
            name: name.clone(),
            title: None,
            aggregate: Aggregate::Sum,
            values: *values,
            denominator: None,
            weight: *weight,
        });
        OutputPlan {
            measures: measures.collect(),
            name,
            view: Some(0),
            derived: true,
            subject: None,
            group: None,
            dimensions: Vec::new(),
            own: Vec::new(),
            model: None,
            look: false,
            totals: false,
            on_failure: OnFailure::Suppress,
            noise_key: None,
        }
    }

    const COUNT: (Option<Source>, Option<usize>) = (None, None);
    const INCOME: (Option<Source>, Option<usize>) = (Some(Source::Column(2)), None);
    const BELOW_30: (Option<Source>, Option<usize>) = (Some(Source::Derived(0)), None);
    const BELOW_31: (Option<Source>, Option<usize>) = (Some(Source::Derived(1)), None);

    #[test]
    fn a_derived_number_beside_a_field_may_be_the_field_for_all_but_one() {
        let within = |outputs: &[&[(Option<Source>, Option<usize>)]]| {
            let outputs: Vec<OutputPlan> = outputs.iter().map(|sums| output(sums)).collect();
            are_within(&outputs)
        };
        assert!(within(&[&[BELOW_30, INCOME]]), "in one table");
        assert!(within(&[&[COUNT, INCOME], &[BELOW_30]]), "in two outputs");
        assert!(within(&[&[BELOW_30], &[BELOW_31]]));
        assert!(within(&[&[BELOW_30, (None, Some(2))]]), "a sum of weights");
        assert!(!within(&[&[COUNT, BELOW_30], &[BELOW_30]]));
        assert!(!within(&[
            &[COUNT, INCOME],
            &[(Some(Source::Column(3)), None)]
        ]));
        assert!(!within(&[&[COUNT]]));
    }

    #[test]
    fn between_two_runs_one_derived_number_is_enough() {
        let [count, income, below] = [COUNT, INCOME, BELOW_30].map(|sum| output(&[sum]));
        assert!(are_between(&below, &income) && are_between(&income, &below));
        assert!(are_between(&below, &below), "of other parameters");
        assert!(!are_between(&below, &count) && !are_between(&income, &income));
    }
}
