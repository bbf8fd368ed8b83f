//! What is summed in every cell: the figures of the measures, and what lies between two figures, of one column or of two.

use yunei_model::Aggregate;

use super::AccumulateError;
use super::statistics::{Channel, ChannelRole};
use crate::shape::{InputRole, Shape};

/// Pairs of figures that are held against each other at most: those of all measures that a table may have, and masks.
pub(crate) const COMPLEMENTS_MAX: usize = 576;

/// The channels of figures that a shape needs: rows first, then what each measure adds.
pub(crate) fn channels(shape: &Shape) -> Vec<Channel> {
    let slots = shape.inputs();
    let mut channels = vec![Channel::rows()];
    for (measure, described) in shape.measures().iter().enumerate() {
        let input = |role| {
            slots
                .iter()
                .position(|s| s.measure == measure && s.role == role)
        };
        let (value, denominator, weight) = (
            input(InputRole::Value),
            input(InputRole::Denominator),
            input(InputRole::Weight),
        );
        let mut push = |role, value| {
            channels.push(Channel {
                measure: Some(measure),
                role,
                value,
                needs: denominator,
                weight,
            });
        };
        match described.aggregate {
            Aggregate::DistinctSubjects => {}
            Aggregate::Count if weight.is_some() => push(ChannelRole::Weight, None),
            Aggregate::Count => {}
            Aggregate::Sum => push(ChannelRole::Value, value),
            Aggregate::Mean => {
                push(ChannelRole::Value, value);
                if weight.is_some() {
                    push(ChannelRole::Weight, value);
                }
            }
            Aggregate::Ratio => {
                push(ChannelRole::Value, value);
                channels.push(Channel {
                    measure: Some(measure),
                    role: ChannelRole::Denominator,
                    value: denominator,
                    needs: value,
                    weight,
                });
            }
        }
    }
    channels
}

/// What a figure takes of a column beside the column itself: nothing at all where what it needs, or its weight, is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Mask {
    /// Input that it is weighed with.
    pub(crate) weight: Option<usize>,
    /// Input that must be present too.
    pub(crate) needs: Option<usize>,
}

/// Two figures of one column, of which one could be taken from the other. What is left are the rows that they weigh differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Complement {
    /// The measure of the other figure. `None` where that is the plain sum of the column, whoever shows it, or of the same measure.
    pub(crate) beside: Option<usize>,
    /// Which of those of the measure it is; of its own, the same in every shape that the measure is part of.
    place: u8,
    one: Mask,
    other: Mask,
}

impl Complement {
    /// Whether it is of one measure alone, and in another shape with that measure this one is the same.
    pub(super) const fn is_same_own(&self, other: &Self) -> bool {
        self.beside.is_none() && other.beside.is_none() && self.place == other.place
    }

    /// Whether the two are weighed differently, and not only over other rows.
    pub(crate) fn weighs(&self, shape: &Shape) -> bool {
        let column = |mask: Mask| mask.weight.map(|input| shape.column(input));
        column(self.one) != column(self.other)
    }

    /// Whether the two are weighed by different inputs, and not only over other rows.
    pub(crate) fn weighs_inputs(&self) -> bool {
        self.one.weight != self.other.weight
    }

    /// The masks of both figures.
    pub(crate) const fn masks(&self) -> [Mask; 2] {
        [self.one, self.other]
    }
}

/// A figure as a sum of products: of a column, and of what weighs it.
struct Product {
    measure: usize,
    factors: [Option<usize>; 2],
    needs: Option<usize>,
}

impl Product {
    fn of(channel: &Channel) -> Option<Self> {
        let measure = channel.measure?;
        let (factors, needs) = match channel.role {
            ChannelRole::Value | ChannelRole::Denominator => {
                ([channel.value, channel.weight], channel.needs)
            }
            ChannelRole::Weight => ([channel.weight, None], channel.value),
            ChannelRole::Rows | ChannelRole::Complement(_) => return None,
        };
        Some(Self {
            measure,
            factors,
            needs,
        })
    }

    /// Its column as a mask of the number of rows, where it is made of one alone.
    fn alone(&self) -> Option<Mask> {
        let [first, second] = self.factors;
        let only = first.xor(second)?;
        Some(Mask {
            weight: Some(only),
            needs: self.needs,
        })
    }

    /// Each of its columns, with what masks it.
    fn masked(&self) -> impl Iterator<Item = (usize, Mask)> {
        let [first, second] = self.factors;
        let needs = self.needs;
        [(first, second), (second, first)]
            .into_iter()
            .filter_map(move |(column, weight)| Some((column?, Mask { weight, needs })))
    }
}

/// The columns that a figure is a sum of, each with what masks it.
pub(crate) fn masked(channel: &Channel) -> Vec<(usize, Mask)> {
    let product = Product::of(channel);
    let columns = product.iter().flat_map(Product::masked);
    columns.collect()
}

impl Mask {
    /// Whether both are of the same columns.
    pub(crate) fn is(self, other: Self, shape: &Shape) -> bool {
        let column = |input: Option<usize>| input.map(|input| shape.column(input));
        column(self.weight) == column(other.weight) && column(self.needs) == column(other.needs)
    }
}

/// The channels of complements: each figure that is weighed, or leaves rows out, against the plain sum of its column, whoever may
/// show that one; the two columns of a ratio against each other; figures of one column under different masks; and figures of two columns.
///
/// # Errors
/// [`AccumulateError::TooLarge`] past [`COMPLEMENTS_MAX`].
pub(crate) fn complements(
    shape: &Shape,
    figures: &[Channel],
) -> Result<Vec<Channel>, AccumulateError> {
    let mut found = Found {
        shape,
        channels: Vec::new(),
    };
    let products: Vec<Product> = figures.iter().filter_map(Product::of).collect();
    for product in &products {
        for (column, mask) in product.masked() {
            found.pair((product.measure, None), Some(column), mask, Mask::default());
        }
    }
    ratios(shape, figures, &mut found);
    for (place, product) in products.iter().enumerate() {
        for other in products.iter().skip(place + 1) {
            for (column, mask) in product.masked() {
                let same =
                    |(theirs, _): &(usize, Mask)| shape.column(*theirs) == shape.column(column);
                if let Some((_, theirs)) = other.masked().find(same) {
                    let beside = (other.measure != product.measure).then_some(other.measure);
                    found.pair((product.measure, beside), Some(column), mask, theirs);
                }
            }
        }
    }
    if shape.knows_columns() {
        columns_apart(&products, &mut found);
    }
    let asked = found.channels.len();
    if asked > COMPLEMENTS_MAX {
        return Err(AccumulateError::TooLarge {
            name: "complements_max",
            limit: COMPLEMENTS_MAX,
            asked,
        });
    }
    Ok(found.channels)
}

/// Figures of two columns by the rows in which the columns differ: where few do, the difference of the figures is about those few.
fn columns_apart(products: &[Product], found: &mut Found<'_>) {
    for (place, product) in products.iter().enumerate() {
        for other in products.iter().skip(place + 1) {
            if other.measure == product.measure {
                continue;
            }
            if let (Some(one), Some(theirs)) = (product.alone(), other.alone())
                && found.are_two_columns(one, theirs)
            {
                found.pair((product.measure, Some(other.measure)), None, one, theirs);
            }
        }
    }
}

/// Where numerator and denominator are the same for all but a few, a ratio tells of those few.
fn ratios(shape: &Shape, figures: &[Channel], found: &mut Found<'_>) {
    for channel in figures {
        let measure = channel.measure.and_then(|m| shape.measures().get(m));
        let is_ratio = measure.is_some_and(|m| m.aggregate == Aggregate::Ratio);
        if let (true, ChannelRole::Value, Some(measure)) = (is_ratio, channel.role, channel.measure)
        {
            let over = Mask {
                weight: channel.value,
                needs: channel.needs,
            };
            let under = Mask {
                weight: channel.needs,
                needs: channel.value,
            };
            found.pair((measure, None), channel.weight, over, under);
        }
    }
}

/// The pairs that were found so far.
struct Found<'a> {
    shape: &'a Shape,
    channels: Vec<Channel>,
}

impl Found<'_> {
    /// Whether masks are made of two columns.
    fn are_two_columns(&self, one: Mask, other: Mask) -> bool {
        let column = |mask: Mask| mask.weight.map(|input| self.shape.column(input));
        column(one) != column(other)
    }

    /// Takes a pair, unless the masks are the same or one plain figure is meant that was held against already.
    fn pair(
        &mut self,
        (measure, beside): (usize, Option<usize>),
        value: Option<usize>,
        one: Mask,
        other: Mask,
    ) {
        let column = |input: Option<usize>| input.map(|input| self.shape.column(input));
        let same = |a: Mask, b: Mask| a.is(b, self.shape);
        let is_plain = |mask: Mask| same(mask, Mask::default());
        let again = beside.is_some() && (is_plain(one) || is_plain(other));
        let siblings: Vec<(Option<usize>, &Complement)> = self
            .channels
            .iter()
            .filter(|channel| channel.measure == Some(measure))
            .filter_map(|channel| match &channel.role {
                ChannelRole::Complement(known) if known.beside == beside => {
                    Some((channel.value, known))
                }
                _ => None,
            })
            .collect();
        let known = siblings.iter().any(|(theirs, known)| {
            column(*theirs) == column(value) && same(known.one, one) && same(known.other, other)
        });
        if same(one, other) || again || known {
            return;
        }
        // INVARIANT: there are at most COMPLEMENTS_MAX, or none are used.
        let place = u8::try_from(siblings.len()).unwrap_or(u8::MAX);
        self.channels.push(Channel {
            measure: Some(measure),
            role: ChannelRole::Complement(Complement {
                beside,
                place,
                one,
                other,
            }),
            value,
            needs: None,
            weight: None,
        });
    }
}
