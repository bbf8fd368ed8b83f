//! From a core module to a component with its manifest inside.

use wasm_encoder::{ComponentSection, CustomSection, Module, RawSection};
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
    let section = CustomSection {
        name: MANIFEST_SECTION.into(),
        data: manifest.as_bytes().into(),
    };
    section.append_to_component(&mut component);
    Ok(component)
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
