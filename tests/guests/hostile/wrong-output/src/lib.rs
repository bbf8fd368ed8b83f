//! Appends batches whose parts do not fit each other, below the SDK's builders.

use yunei_guest::bindings::analysis::yunei::guest::output::create;
use yunei_guest::bindings::analysis::yunei::guest::tables::Batch;
use yunei_guest::{Column, Error, Field, Kind, Result, Values, VarBytes, open, parameter};

yunei_guest::analysis!(run);

fn text(offsets: Vec<i32>, bytes: &[u8]) -> Column {
    Column {
        validity: None,
        values: Values::Text(VarBytes {
            offsets,
            bytes: bytes.to_vec(),
        }),
    }
}

fn run() -> Result<()> {
    // What its manifest declares is imported: admission has nothing to refuse.
    drop(open("nyc-flights-2013")?);
    let good = text(vec![0, 1, 2], b"ab");
    let (rows, columns) = match parameter::<String>("attack")?.as_str() {
        "rows" => (3, vec![good]),
        "columns" => (2, vec![good.clone(), good]),
        "kind" => (
            2,
            vec![Column {
                validity: None,
                values: Values::Int32(vec![1, 2]),
            }],
        ),
        "offsets" => (2, vec![text(vec![0, 4, 2], b"ab")]),
        "not-utf8" => (2, vec![text(vec![0, 1, 2], &[0xFF, 0xFE])]),
        "validity" => (
            2,
            vec![Column {
                validity: Some(Vec::new()),
                ..good
            }],
        ),
        _ => (
            2,
            vec![Column {
                validity: Some(vec![0b01]),
                ..good
            }],
        ),
    };
    let schema = [Field {
        name: "text".to_owned(),
        kind: Kind::Text,
        nullable: false,
    }];
    let refused = |code: String| Error::Message(["refused: ", &code].concat());
    let loot = create("loot", &schema).map_err(|denial| refused(denial.code))?;
    loot.append(&Batch { rows, columns })
        .map_err(|denial| refused(denial.code))
}
