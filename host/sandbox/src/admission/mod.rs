//! Admission: what an uploaded component is, judged before anything is compiled, with every reason at once.

mod imports;
mod structure;

use serde::Serialize;
use wasmparser::{Parser, Validator};
use yunei_model::{Finding, LimitExceeded, Limits, Manifest, World};

use crate::end::escaped;
use crate::engine::FEATURES;
use structure::Structure;

/// Name of the custom section that holds the manifest.
pub const MANIFEST_SECTION: &str = "yunei:manifest";
/// Findings that are told; further ones are counted in the last.
pub const FINDINGS_MAX: usize = 64;
/// Bytes of one finding's detail.
pub const DETAIL_BYTES_MAX: usize = 512;

/// What admission found out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Inspection {
    /// Manifest, if it could be read.
    pub manifest: Option<Manifest>,
    /// The world that the component lives in, if it is exactly one.
    pub world: Option<World>,
    /// What it imports, by name.
    pub imports: Vec<String>,
    /// Every reason to refuse; empty when there is none.
    pub findings: Vec<Finding>,
}

impl Inspection {
    /// The parts of an admissible component.
    ///
    /// # Errors
    /// Every finding.
    pub fn admissible(self) -> Result<Admissible, Vec<Finding>> {
        match (self.manifest, self.world) {
            (Some(manifest), Some(world)) if self.findings.is_empty() => Ok(Admissible {
                manifest,
                world,
                imports: self.imports,
            }),
            _ => Err(self.findings),
        }
    }
}

/// A component without findings.
#[derive(Debug, Clone, PartialEq)]
pub struct Admissible {
    /// Manifest.
    pub manifest: Manifest,
    /// World.
    pub world: World,
    /// What it imports.
    pub imports: Vec<String>,
}

/// Findings, capped.
#[derive(Debug, Default)]
struct Findings {
    told: Vec<Finding>,
    untold: usize,
}

impl Findings {
    fn add(&mut self, check: &str, detail: impl AsRef<str>) {
        if self.told.len() < FINDINGS_MAX {
            self.told.push(Finding {
                check: check.to_owned(),
                detail: escaped(detail.as_ref(), DETAIL_BYTES_MAX),
            });
        } else {
            self.untold = self.untold.saturating_add(1);
        }
    }

    fn limit(&mut self, name: &str, limit: u64, found: u64) -> bool {
        match LimitExceeded::check(name, limit, 0, found) {
            Ok(_) => true,
            Err(_) => {
                let name = name.trim_end_matches("_max").replace('_', "-");
                self.add(
                    &format!("too-many-{name}"),
                    format!("{found}, and {limit} are the most"),
                );
                false
            }
        }
    }

    fn finish(mut self) -> Vec<Finding> {
        if self.untold > 0 {
            self.told.push(Finding {
                check: "more-findings".to_owned(),
                detail: format!("{} more", self.untold),
            });
        }
        self.told
    }
}

/// Inspects an upload without compiling it.
#[must_use]
pub fn inspect(bytes: &[u8], limits: &Limits) -> Inspection {
    let mut findings = Findings::default();
    let mut inspection = Inspection {
        manifest: None,
        world: None,
        imports: Vec::new(),
        findings: Vec::new(),
    };
    if is_component(bytes, limits, &mut findings) {
        let structure = structure::walk(bytes, limits, &mut findings);
        inspection.manifest = manifest(&structure, limits, &mut findings);
        inspection.imports.clone_from(&structure.imports);
        // A component past a structural limit is not worth the validator's time, nor safe from taking much of it.
        if !structure.bomb {
            let valid = validate(bytes, &mut findings);
            inspection.world = imports::check(
                bytes,
                &structure,
                valid,
                inspection.manifest.as_ref(),
                &mut findings,
            );
            // Each data subject's instance begins with all of it.
            if inspection.world == Some(World::PerSubject) {
                let limit = limits.subject_memory_bytes_max;
                findings.limit("subject_memory_bytes_max", limit, structure.memory_bytes);
            }
        }
    }
    inspection.findings = findings.finish();
    inspection
}

fn is_component(bytes: &[u8], limits: &Limits, findings: &mut Findings) -> bool {
    if bytes.len() as u64 > limits.component_bytes_max {
        findings.add(
            "too-large",
            format!(
                "{} bytes, and {} are the most",
                bytes.len(),
                limits.component_bytes_max
            ),
        );
        return false;
    }
    if Parser::is_component(bytes) {
        return true;
    }
    if Parser::is_core_wasm(bytes) {
        findings.add(
            "core-module",
            "a core module was uploaded; modules are components",
        );
    } else if bytes.starts_with(b"\0asm") {
        findings.add(
            "not-wasm",
            "an unknown version of WebAssembly, or cut short",
        );
    } else {
        findings.add("not-wasm", "no WebAssembly component");
    }
    false
}

fn validate(bytes: &[u8], findings: &mut Findings) -> bool {
    match Validator::new_with_features(FEATURES).validate_all(bytes) {
        Ok(_) => true,
        Err(error) => {
            // The walk has told already where the bytes cannot even be split into sections.
            if !findings.told.iter().any(|told| told.check == "malformed") {
                findings.add(
                    "invalid",
                    format!("{} at byte {}", error.message(), error.offset()),
                );
            }
            false
        }
    }
}

fn manifest(
    structure: &Structure<'_>,
    limits: &Limits,
    findings: &mut Findings,
) -> Option<Manifest> {
    let [section] = structure.manifests.as_slice() else {
        let check = if structure.manifests.is_empty() {
            "manifest-missing"
        } else {
            "manifest-twice"
        };
        findings.add(
            check,
            format!(
                "{} sections `{MANIFEST_SECTION}`, and one belongs",
                structure.manifests.len()
            ),
        );
        return None;
    };
    if section.len() as u64 > limits.manifest_bytes_max {
        findings.add(
            "manifest-too-large",
            format!(
                "{} bytes, and {} are the most",
                section.len(),
                limits.manifest_bytes_max
            ),
        );
        return None;
    }
    let Ok(text) = std::str::from_utf8(section) else {
        findings.add("manifest-malformed", "the manifest is not UTF-8");
        return None;
    };
    match Manifest::parse(text) {
        Ok(manifest) => Some(manifest),
        Err(yunei_model::ManifestError::Rules { broken }) => {
            for rule in broken {
                findings.add("manifest-rule", rule);
            }
            None
        }
        Err(error) => {
            findings.add("manifest-malformed", error.to_string());
            None
        }
    }
}
