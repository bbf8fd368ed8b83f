//! Whatever bytes a cell leaves behind: a verdict or an error, never a panic, and nothing of the module's without people.

use yunei_model::{Derived, DerivedValue, FieldType, OwnKind};

use super::*;
use crate::OwnPlan;
use crate::cell::StoredColumn;

/// Outputs that are tried on each plan.
const CASES: u64 = 200;
/// Bytes of one output at most.
const BYTES_MAX: u64 = 4096;

/// `SplitMix64` (Steele, Lea, Flood 2014): the same bytes in every run.
struct Bytes(u64);

impl Bytes {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> usize {
        usize::try_from(self.next() % bound.max(1)).unwrap()
    }

    fn many(&mut self) -> Vec<u8> {
        let count = self.below(BYTES_MAX);
        (0..count).map(|_| self.next().to_le_bytes()[0]).collect()
    }

    /// Bytes that are frames at first sight, with a few of them changed.
    fn frames(&mut self) -> Vec<u8> {
        let kinds = [
            FieldType::Float64,
            FieldType::Int32,
            FieldType::Text,
            FieldType::Decimal,
        ];
        let column = |bytes: &mut Self| StoredColumn {
            kind: kinds[bytes.below(4)],
            validity: (bytes.below(2) == 0).then(|| bytes.many()),
            values: bytes.many(),
            text: (bytes.below(2) == 0).then(|| bytes.many()),
        };
        let count = 1 + self.below(4);
        let mut written = Vec::new();
        for _ in 0..count {
            let rows = [0, 1, 4, 120, u32::MAX][self.below(5)];
            let columns = (0..self.below(4)).map(|_| column(self)).collect();
            written.push(match self.below(4) {
                0 => Frame::Create {
                    name: name("table"),
                    fields: vec![
                        (name("place"), FieldType::Text),
                        (name("figure"), kinds[self.below(4)]),
                    ],
                },
                1 => Frame::Append {
                    output: u32::try_from(self.below(3)).unwrap(),
                    rows,
                    columns,
                },
                2 => Frame::Derived { rows, columns },
                _ => Frame::Contributions {
                    subjects: rows,
                    records: self.many(),
                },
            });
        }
        let mut bytes = super::frames(&written);
        for _ in 0..self.below(3) {
            let (place, byte) = (self.below(bytes.len() as u64), self.next().to_le_bytes()[0]);
            bytes[place] = byte;
        }
        bytes
    }
}

/// Plans whose verdict looks at what the cell wrote.
fn plans(bench: &Bench) -> [GatePlan; 4] {
    let mut derived = output();
    derived.derived = true;
    derived.measures = vec![
        measure("n", Aggregate::Count, None),
        measure("figure", Aggregate::Sum, Some(Source::Derived(0))),
    ];
    let mut derived = bench.plan(derived, Vec::new());
    derived.derived = vec![Derived {
        name: name("figure"),
        value: DerivedValue::Number {
            min: 0.0,
            max: 100.0,
        },
    }];
    let mut own = output();
    own.dimensions.push(places());
    own.own.push(OwnPlan {
        name: name("figure"),
        title: None,
        kind: OwnKind::Custom,
        column: None,
        percentile: None,
    });
    let mut look = output();
    look.look = true;
    [
        derived,
        bench.plan(own, Vec::new()),
        bench.plan(look, Vec::new()),
        super::private::plan(bench),
    ]
}

#[test]
fn any_bytes_come_to_an_error_or_to_people() {
    let bench = Bench::of(20, |p| format!("{},{}", ["a", "b"][p % 2], 10 + p % 7));
    let mut source = Bytes(0x59_75_6e_65_69);
    let mut errors = 0_u64;
    for (number, plan) in plans(&bench).iter().enumerate() {
        for case in 0..CASES {
            let bytes = if case % 4 == 0 {
                source.many()
            } else {
                source.frames()
            };
            match bench.judged(plan, &bytes) {
                Err(_) => errors += 1,
                Ok((verdict, _)) => assert_ne!(
                    verdict.decision,
                    Decision::Release,
                    "plan {number}, case {case}: {verdict:?}"
                ),
            }
        }
    }
    assert!(
        errors > CASES,
        "{errors} errors: the bytes hardly reach the gate"
    );
}
