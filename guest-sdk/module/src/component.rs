//! From a core module to a component with its manifest inside.

use wasm_encoder::{Component, ComponentSection, CustomSection, Module, RawSection};
use wasmparser::{Parser, Payload};
use wit_component::ComponentEncoder;

use crate::{BuildError, MANIFEST_SECTION};

/// What `wit-bindgen` calls the description of a world's imports that every crate with bindings carries along.
/// The SDK has bindings of all worlds; the one that the module lives in comes whole, from its entry point.
const IMPORTS_ALONE: &str = "-with-all-of-its-exports-removed:encoded world";
/// Package of the guest interface, as in such names.
const GUEST_PACKAGE: &str = ":yunei:guest@";

/// Makes a component of a core module that was linked with bindings of the guest interface, and embeds the manifest.
///
/// # Errors
/// [`BuildError::Component`] when the core module has no entry point, or imports something that its world does not
/// give.
pub fn componentize(core_module: &[u8], manifest: &str) -> Result<Vec<u8>, BuildError> {
    let core_module = without_other_worlds(core_module)?;
    let mut component = ComponentEncoder::default()
        .validate(true)
        .module(&core_module)
        .and_then(|mut encoder| encoder.encode())
        .map_err(|error| BuildError::Component {
            reason: format!("{error:#}"),
        })?;
    embed(manifest, &mut component);
    Ok(component)
}

/// The same component with that manifest instead of its own.
///
/// # Errors
/// [`BuildError::Component`] when the bytes are no component.
pub fn with_manifest(component: &[u8], manifest: &str) -> Result<Vec<u8>, BuildError> {
    let malformed = |reason: String| BuildError::Component { reason };
    if !Parser::is_component(component) {
        return Err(malformed("these bytes are no component".to_owned()));
    }
    let mut kept = Component::new();
    // Sections of what is inside a component come along with it.
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload.map_err(|error| malformed(error.to_string()))?;
        let own = matches!(&payload, Payload::CustomSection(s) if s.name() == MANIFEST_SECTION);
        if let Some((id, range)) = payload.as_section()
            && depth == 0
            && !own
        {
            let data = component
                .get(range)
                .ok_or_else(|| malformed("a section is cut short".to_owned()))?;
            kept.section(&RawSection { id, data });
        }
        match payload {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    let mut kept = kept.finish();
    embed(manifest, &mut kept);
    Ok(kept)
}

fn embed(manifest: &str, component: &mut Vec<u8>) {
    let section = CustomSection {
        name: MANIFEST_SECTION.into(),
        data: manifest.as_bytes().into(),
    };
    section.append_to_component(component);
}

/// The same core module without descriptions of worlds that it does not live in: their types would become imports.
fn without_other_worlds(core_module: &[u8]) -> Result<Vec<u8>, BuildError> {
    let malformed = |reason: String| BuildError::Component { reason };
    let mut kept = Module::new();
    for payload in Parser::new(0).parse_all(core_module) {
        let payload = payload.map_err(|error| malformed(error.to_string()))?;
        if let Payload::CustomSection(section) = &payload
            && section.name().contains(GUEST_PACKAGE)
            && section.name().ends_with(IMPORTS_ALONE)
        {
            continue;
        }
        if let Some((id, range)) = payload.as_section() {
            let data = core_module
                .get(range)
                .ok_or_else(|| malformed("a section is cut short".to_owned()))?;
            kept.section(&RawSection { id, data });
        }
    }
    Ok(kept.finish())
}

#[cfg(test)]
mod tests;
