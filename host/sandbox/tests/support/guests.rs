//! Guests as WAT. All share a memory and an allocator that only goes up until a call is over.

/// Where the guests put what they return.
pub const AREA: u32 = 1024;

/// A core module: imports, then a memory and an allocator, then functions and data.
pub fn module(imports: &str, rest: &str) -> String {
    format!(
        r#"(module
{imports}
(memory (export "memory") 2)
(global $top (mut i32) (i32.const 65536))
(func $realloc (export "cabi_realloc") (param $old i32) (param $size i32) (param $align i32) (param $new i32) (result i32)
  (local $at i32)
  (local.set $at (i32.and (i32.add (global.get $top) (i32.const 15)) (i32.const -16)))
  (global.set $top (i32.add (local.get $at) (local.get $new)))
  (block $enough
    (br_if $enough (i32.le_u (global.get $top) (i32.mul (memory.size) (i32.const 65536))))
    (br_if $enough (i32.ne (i32.const -1) (memory.grow (i32.add (i32.div_u (local.get $new) (i32.const 65536)) (i32.const 1)))))
    unreachable)
  (local.get $at))
{rest}
)"#
    )
}

/// A `per-row` module without imports, whose `derive` is `body`; parameters `$rows`, `$columns`, `$count`.
pub fn per_row(body: &str) -> String {
    module(
        "",
        &format!(
            r#"(func (export "derive") (param $rows i32) (param $columns i32) (param $count i32) (result i32)
  (local $at i32) (local $end i32)
  {body})
(func (export "cabi_post_derive") (param i32) (global.set $top (i32.const 65536)))"#
        ),
    )
}

/// A `per-subject` module without imports, whose `contribute` is `body`; `$records` and `$count` as they come, `$rows` of
/// the first batch, and `$id`, the first value of its first column, which is `int32`. `rest` stands before the function.
pub fn per_subject(rest: &str, body: &str) -> String {
    per_subject_with("", rest, body)
}

/// The same with imports.
pub fn per_subject_with(imports: &str, rest: &str, body: &str) -> String {
    module(
        imports,
        &format!(
            r#"{rest}
(func $self (export "contribute") (param $records i32) (param $count i32) (result i32)
  (local $rows i32) (local $id i32) (local $at i32)
  (local.set $rows (i32.load (local.get $records)))
  (if (local.get $rows) (then
    (local.set $id (i32.load (i32.load offset=16 (i32.load offset=4 (local.get $records)))))))
  {body})"#
        ),
    )
}

/// Doubles the first column, which must be of doubles, in place, and keeps its validity.
pub fn doubling() -> String {
    per_row(
        r"
  (local.set $at (i32.load offset=16 (local.get $columns)))
  (local.set $end (i32.add (local.get $at) (i32.shl (local.get $rows) (i32.const 3))))
  (block $done (loop $next
    (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
    (f64.store (local.get $at) (f64.mul (f64.const 2) (f64.load (local.get $at))))
    (local.set $at (i32.add (local.get $at) (i32.const 8)))
    (br $next)))
  (i32.store (i32.const 1024) (i32.const 0))
  (i32.store (i32.const 1028) (local.get $columns))
  (i32.store (i32.const 1032) (i32.const 1))
  (i32.const 1024)",
    )
}

/// Returns `columns` whatever comes in: their records, and the aligned buffers that the records point to.
pub fn per_row_returning(columns: &[Fake]) -> String {
    let count = u32::try_from(columns.len()).unwrap();
    let buffers_at = (AREA + 12 + 32 * count).next_multiple_of(16);
    let mut area = words(&[0, AREA + 12, count]);
    let mut buffers = Vec::new();
    let mut place = |bytes: &[u8]| {
        let at = buffers_at + u32::try_from(buffers.len()).unwrap();
        buffers.extend_from_slice(bytes);
        buffers.resize(buffers.len().next_multiple_of(16), 0);
        at
    };
    for column in columns {
        match &column.validity {
            Some(bits) => {
                area.extend(words(&[1, place(bits), u32::try_from(bits.len()).unwrap()]));
            }
            None => area.extend(words(&[0, 0, 0])),
        }
        area.extend(words(&[column.tag]));
        let mut lists: Vec<u32> = column
            .lists
            .iter()
            .flat_map(|(bytes, length)| [place(bytes), *length])
            .collect();
        lists.resize(4, 0);
        area.extend(words(&lists));
    }
    area.resize((buffers_at - AREA) as usize, 0);
    area.extend(buffers);
    let data: String = area.iter().map(|byte| format!("\\{byte:02x}")).collect();
    module(
        "",
        &format!(
            r#"(func (export "derive") (param i32 i32 i32) (result i32) (i32.const {AREA}))
(data (i32.const {AREA}) "{data}")"#
        ),
    )
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// A column record as a guest writes it, right or wrong.
pub struct Fake {
    pub validity: Option<Vec<u8>>,
    /// Case of `values`.
    pub tag: u32,
    /// Lists of the case: bytes, and the length that is claimed.
    pub lists: Vec<(Vec<u8>, u32)>,
}

impl Fake {
    pub fn float64(values: &[f64]) -> Self {
        Self::of(
            3,
            values.iter().flat_map(|v| v.to_le_bytes()).collect(),
            values.len(),
        )
    }

    pub fn boolean(bits: &[u8]) -> Self {
        Self::of(0, bits.to_vec(), bits.len())
    }

    pub fn decimal(words: &[u64]) -> Self {
        Self::of(
            4,
            words.iter().flat_map(|v| v.to_le_bytes()).collect(),
            words.len(),
        )
    }

    pub fn text(offsets: &[i32], bytes: &[u8]) -> Self {
        let mut fake = Self::of(
            5,
            offsets.iter().flat_map(|v| v.to_le_bytes()).collect(),
            offsets.len(),
        );
        fake.lists
            .push((bytes.to_vec(), u32::try_from(bytes.len()).unwrap()));
        fake
    }

    pub fn of(tag: u32, bytes: Vec<u8>, length: usize) -> Self {
        Self {
            validity: None,
            tag,
            lists: vec![(bytes, u32::try_from(length).unwrap())],
        }
    }

    pub fn validity(mut self, bits: &[u8]) -> Self {
        self.validity = Some(bits.to_vec());
        self
    }
}

pub const DATA: &str = r#"
(import "yunei:guest/data@0.1.0" "open" (func $open (param i32 i32 i32)))
(import "yunei:guest/data@0.1.0" "[method]table.schema" (func $schema (param i32 i32)))
(import "yunei:guest/data@0.1.0" "[method]table.scan" (func $scan (param i32 i32 i32 i32)))"#;
pub const READER: &str = r#"
(import "yunei:guest/data@0.1.0" "[method]reader.next" (func $next (param i32 i32)))
(import "yunei:guest/data@0.1.0" "[resource-drop]reader" (func $drop_reader (param i32)))"#;
pub const OUTPUT: &str = r#"
(import "yunei:guest/output@0.1.0" "create" (func $create (param i32 i32 i32 i32 i32)))
(import "yunei:guest/output@0.1.0" "[method]table.append" (func $append (param i32 i32 i32 i32 i32)))"#;
pub const JOURNAL: &str = r#"
(import "yunei:guest/journal@0.1.0" "note" (func $note (param i32 i32 i32)))"#;
pub const QUERY: &str = r#"
(import "yunei:guest/query@0.1.0" "sql" (func $sql (param i32 i32 i32)))"#;
pub const INPUTS: &str = r#"
(import "yunei:guest/inputs@0.1.0" "parameter" (func $parameter (param i32 i32 i32)))"#;

/// An `analysis` module whose `run` is `body`. Strings lie at 16 (`trips`), 24 (`out`), 32 (`fare`), 40 (`since`),
/// 48 (`select 1`), 64 (`no\n\u{202e}!`); a field record `fare: float64` at 96; the answer `ok` at 128, the answer
/// `err("no…")` at 144; host calls may answer at 256.
///
/// Admission wants a module that declares resources and outputs to import their interfaces: what `imports` lacks of
/// that is imported and left unused.
pub fn analysis(imports: &[&str], body: &str) -> String {
    let mut imports = imports.to_vec();
    if ![DATA, READER, QUERY]
        .iter()
        .any(|name| imports.contains(name))
    {
        imports.push(r#"(import "yunei:guest/data@0.1.0" "open" (func (param i32 i32 i32)))"#);
    }
    if !imports.contains(&OUTPUT) {
        imports.push(
            r#"(import "yunei:guest/output@0.1.0" "create" (func (param i32 i32 i32 i32 i32)))"#,
        );
    }
    module(
        &imports.concat(),
        &format!(
            r#"(func (export "run") (result i32)
  (local $at i32) (local $handle i32) (local $out i32)
  {body})
(data (i32.const 16) "trips")
(data (i32.const 24) "out")
(data (i32.const 32) "fare")
(data (i32.const 40) "since")
(data (i32.const 48) "select 1")
(data (i32.const 64) "no\0a\e2\80\ae!")
(data (i32.const 96) "\20\00\00\00\04\00\00\00\03\01\00\00")
(data (i32.const 128) "\00\00\00\00")
(data (i32.const 144) "\01\00\00\00\40\00\00\00\07\00\00\00")"#
        ),
    )
}

/// Copies every fare of `trips` to `out`, batch by batch.
pub fn copying() -> String {
    analysis(
        &[DATA, READER, OUTPUT],
        r"
  (call $create (i32.const 24) (i32.const 3) (i32.const 96) (i32.const 1) (i32.const 256))
  (if (i32.load8_u (i32.const 256)) (then (return (i32.const 144))))
  (local.set $out (i32.load (i32.const 260)))
  (call $open (i32.const 16) (i32.const 5) (i32.const 256))
  (if (i32.load8_u (i32.const 256)) (then (return (i32.const 144))))
  (local.set $at (i32.load (i32.const 260)))
  (call $schema (local.get $at) (i32.const 256))
  (if (i32.ne (i32.load (i32.const 260)) (i32.const 1)) (then unreachable))
  (i32.store (i32.const 300) (i32.const 0))
  (call $scan (local.get $at) (i32.const 300) (i32.const 1) (i32.const 256))
  (if (i32.load8_u (i32.const 256)) (then (return (i32.const 144))))
  (local.set $handle (i32.load (i32.const 260)))
  (block $end (loop $more
    (global.set $top (i32.const 65536))
    (call $next (local.get $handle) (i32.const 256))
    (if (i32.load8_u (i32.const 256)) (then (return (i32.const 144))))
    (br_if $end (i32.eqz (i32.load8_u (i32.const 260))))
    (call $append (local.get $out) (i32.load (i32.const 264)) (i32.load (i32.const 268)) (i32.load (i32.const 272)) (i32.const 400))
    (if (i32.load8_u (i32.const 400)) (then (return (i32.const 144))))
    (br $more)))
  (call $drop_reader (local.get $handle))
  (i32.const 128)",
    )
}
