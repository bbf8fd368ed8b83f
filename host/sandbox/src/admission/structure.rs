//! One walk over the sections of a component: counts, names, the manifest. No type is followed here.

use wasmparser::{Encoding, Parser, Payload};
use yunei_model::Limits;

use super::{Findings, MANIFEST_SECTION};

/// Names that are kept of imports or exports, before the limit refuses the rest anyway.
const NAMES_MAX: usize = 1024;

/// Bytes of a page of a core memory.
const PAGE_BYTES: u64 = 64 << 10;

/// What the walk saw.
#[derive(Debug, Default)]
pub(super) struct Structure<'a> {
    /// Names imported by the outermost component.
    pub(super) imports: Vec<String>,
    /// Names exported by the outermost component.
    pub(super) exports: Vec<String>,
    /// Manifest sections of the outermost component.
    pub(super) manifests: Vec<&'a [u8]>,
    /// Whether a structural limit was passed.
    pub(super) bomb: bool,
    /// Bytes that all core memories have from their start.
    pub(super) memory_bytes: u64,
    counts: Counts,
}

#[derive(Debug, Default)]
struct Counts {
    depth: u64,
    depth_deepest: u64,
    core_modules: u64,
    instances: u64,
    functions: u64,
    function_bytes: u64,
    memories: u64,
    tables: u64,
    table_elements: u64,
    imports: u64,
}

/// Walks over every section, nested ones included.
pub(super) fn walk<'a>(bytes: &'a [u8], limits: &Limits, findings: &mut Findings) -> Structure<'a> {
    let mut structure = Structure::default();
    for payload in Parser::new(0).parse_all(bytes) {
        let step = payload.and_then(|payload| structure.step(payload));
        if let Err(error) = step {
            findings.add(
                "malformed",
                format!("{} at byte {}", error.message(), error.offset()),
            );
            structure.bomb = true;
            break;
        }
        // INVARIANT: a bomb is left as soon as it is one, so the walk is linear in what is admissible.
        if structure.counts.depth > limits.nesting_depth_max {
            break;
        }
    }
    structure.judge(limits, findings);
    structure
}

impl<'a> Structure<'a> {
    fn step(&mut self, payload: Payload<'a>) -> wasmparser::Result<()> {
        let counts = &mut self.counts;
        match payload {
            Payload::Version {
                encoding: Encoding::Module,
                ..
            } => add(&mut counts.core_modules, 1),
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => {
                add(&mut counts.depth, 1);
                counts.depth_deepest = counts.depth_deepest.max(counts.depth);
            }
            Payload::End(_) => counts.depth = counts.depth.saturating_sub(1),
            Payload::FunctionSection(section) => add(&mut counts.functions, section.count()),
            Payload::CodeSectionEntry(body) => {
                let range = body.range();
                let bytes = range.end.saturating_sub(range.start) as u64;
                counts.function_bytes = counts.function_bytes.max(bytes);
            }
            Payload::MemorySection(section) => {
                add(&mut counts.memories, section.count());
                for memory in section {
                    let bytes = memory?.initial.saturating_mul(PAGE_BYTES);
                    self.memory_bytes = self.memory_bytes.saturating_add(bytes);
                }
            }
            Payload::TableSection(section) => {
                add(&mut counts.tables, section.count());
                for table in section {
                    let elements = table?.ty.initial;
                    counts.table_elements = counts.table_elements.saturating_add(elements);
                }
            }
            Payload::InstanceSection(section) => add(&mut counts.instances, section.count()),
            Payload::ComponentInstanceSection(section) => {
                add(&mut counts.instances, section.count());
            }
            Payload::ComponentImportSection(section) if counts.depth == 0 => {
                add(&mut counts.imports, section.count());
                for import in section {
                    keep(&mut self.imports, import?.name.name);
                }
            }
            Payload::ComponentExportSection(section) if counts.depth == 0 => {
                for export in section {
                    keep(&mut self.exports, export?.name.name);
                }
            }
            Payload::CustomSection(section)
                if counts.depth == 0 && section.name() == MANIFEST_SECTION =>
            {
                self.manifests.push(section.data());
            }
            _ => {}
        }
        Ok(())
    }

    fn judge(&mut self, limits: &Limits, findings: &mut Findings) {
        let counts = &self.counts;
        let within = [
            (
                "nesting_depth_max",
                limits.nesting_depth_max,
                counts.depth_deepest,
            ),
            (
                "core_modules_max",
                limits.core_modules_max,
                counts.core_modules,
            ),
            ("instances_max", limits.instances_max, counts.instances),
            ("functions_max", limits.functions_max, counts.functions),
            (
                "function_bytes_max",
                limits.function_bytes_max,
                counts.function_bytes,
            ),
            ("memories_max", limits.memories_max, counts.memories),
            ("tables_max", limits.tables_max, counts.tables),
            (
                "table_elements_max",
                limits.table_elements_max,
                counts.table_elements,
            ),
            ("imports_max", limits.imports_max, counts.imports),
        ];
        for (name, limit, found) in within {
            if !findings.limit(name, limit, found) {
                self.bomb = true;
            }
        }
    }
}

fn add(count: &mut u64, more: u32) {
    *count = count.saturating_add(u64::from(more));
}

fn keep(names: &mut Vec<String>, name: &str) {
    if names.len() < NAMES_MAX {
        names.push(name.to_owned());
    }
}
