//! What a component shows to the outside: imports, exports, manifest.

use wasmparser::{ComponentTypeRef, Parser, Payload};
use yunei_model::World;

use crate::BuildError;

/// Name of the custom section that holds `module.toml`.
pub const MANIFEST_SECTION: &str = "yunei:manifest";

/// The package whose interfaces the domain links; nothing else is linked.
const GUEST_PACKAGE: &str = "yunei:guest/";

/// What a component shows to the outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surface {
    /// Names of what it imports: interfaces and functions. Types that a world names are no import: they give nothing.
    pub imports: Vec<String>,
    /// Names of its exports.
    pub exports: Vec<String>,
    /// Text of its manifest sections; a good component has one.
    pub manifests: Vec<String>,
}

impl Surface {
    /// Reads the outermost level of a component; nested modules are skipped.
    ///
    /// # Errors
    /// [`BuildError::Component`] when the bytes are no component.
    pub fn read(component: &[u8]) -> Result<Self, BuildError> {
        let malformed = |error: wasmparser::BinaryReaderError| BuildError::Component {
            reason: error.to_string(),
        };
        if !Parser::is_component(component) {
            return Err(BuildError::Component {
                reason: "these bytes are no component".to_owned(),
            });
        }
        let mut surface = Self {
            imports: Vec::new(),
            exports: Vec::new(),
            manifests: Vec::new(),
        };
        let mut depth = 0_u32;
        for payload in Parser::new(0).parse_all(component) {
            match payload.map_err(malformed)? {
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth = depth.saturating_sub(1),
                _ if depth > 0 => {}
                Payload::ComponentImportSection(section) => {
                    for import in section {
                        let import = import.map_err(malformed)?;
                        if !matches!(import.ty, ComponentTypeRef::Type(_)) {
                            surface.imports.push(import.name.name.to_owned());
                        }
                    }
                }
                Payload::ComponentExportSection(section) => {
                    for export in section {
                        let export = export.map_err(malformed)?;
                        surface.exports.push(export.name.name.to_owned());
                    }
                }
                Payload::CustomSection(section) if section.name() == MANIFEST_SECTION => {
                    let text = String::from_utf8_lossy(section.data()).into_owned();
                    surface.manifests.push(text);
                }
                _ => {}
            }
        }
        Ok(surface)
    }

    /// Imports from elsewhere than the guest interface: admission refuses them.
    pub fn foreign_imports(&self) -> impl Iterator<Item = &str> {
        let foreign = |name: &&String| !name.starts_with(GUEST_PACKAGE);
        self.imports.iter().filter(foreign).map(String::as_str)
    }

    /// The world whose entry point is exported; none when there is none, or more than one.
    #[must_use]
    pub fn world(&self) -> Option<World> {
        let world = |name: &String| match name.as_str() {
            "run" => Some(World::Analysis),
            "derive" => Some(World::PerRow),
            "contribute" => Some(World::PerSubject),
            _ => None,
        };
        let mut worlds = self.exports.iter().filter_map(world);
        worlds.next().filter(|_| worlds.next().is_none())
    }
}

#[cfg(test)]
mod tests;
