//! Imports and exports against the worlds of the guest interface, and the manifest against the real imports.

use yunei_model::{Manifest, World};

use super::Findings;
use super::structure::Structure;
use crate::wit::{self, Package};

/// The world that the component lives in; a finding for everything that does not fit it.
pub(super) fn check(
    bytes: &[u8],
    structure: &Structure<'_>,
    valid: bool,
    manifest: Option<&Manifest>,
    findings: &mut Findings,
) -> Option<World> {
    let package = match wit::package() {
        Ok(package) => package,
        Err(error) => {
            findings.add("interface-unreadable", error.to_string());
            return None;
        }
    };
    let world = the_world(package, structure, findings);
    check_imports(package, world, structure, findings);
    let world = world?;
    check_exports(package, world, structure, findings);
    if valid && findings.told.is_empty() {
        check_types(package, world, bytes, findings);
    }
    if let Some(manifest) = manifest {
        check_manifest(manifest, world, structure, findings);
    }
    Some(world)
}

fn the_world(
    package: &Package,
    structure: &Structure<'_>,
    findings: &mut Findings,
) -> Option<World> {
    let lived_in: Vec<World> = World::ALL
        .iter()
        .copied()
        .filter(|world| {
            let exports = package.exports(*world);
            exports.iter().any(|name| structure.exports.contains(name))
        })
        .collect();
    match lived_in.as_slice() {
        [world] => Some(*world),
        [] => {
            findings.add("world-missing", "exports the function of no world");
            None
        }
        several => {
            let names: Vec<&str> = several.iter().map(|world| world.as_str()).collect();
            findings.add(
                "world-ambiguous",
                format!("lives in several worlds: {}", names.join(", ")),
            );
            None
        }
    }
}

fn check_imports(
    package: &Package,
    world: Option<World>,
    structure: &Structure<'_>,
    findings: &mut Findings,
) {
    // Without a world, whatever some world allows is not worth a finding of its own.
    let worlds = world.map_or_else(|| World::ALL.to_vec(), |world| vec![world]);
    let allowed: Vec<String> = worlds
        .iter()
        .flat_map(|world| package.imports(*world))
        .collect();
    for name in &structure.imports {
        if name.starts_with("wasi:") {
            findings.add(
                "wasi-import",
                format!("imports `{name}`; nothing of WASI is ever linked"),
            );
        } else if !allowed.contains(name) {
            let detail = world.map_or_else(
                || format!("imports `{name}`"),
                |world| format!("imports `{name}`, which world `{world}` has not"),
            );
            findings.add("import-not-allowed", detail);
        }
    }
}

fn check_exports(
    package: &Package,
    world: World,
    structure: &Structure<'_>,
    findings: &mut Findings,
) {
    let known = package.exports(world);
    for name in &structure.exports {
        if !known.contains(name) {
            findings.add(
                "export-not-allowed",
                format!("exports `{name}`, which world `{world}` has not"),
            );
        }
    }
}

fn check_types(package: &Package, world: World, bytes: &[u8], findings: &mut Findings) {
    let Some(id) = package.world(world) else {
        return;
    };
    if let Err(error) = wit_component::targets(&package.resolve, id, bytes) {
        findings.add(
            "world-mismatch",
            format!("is not of world `{world}`: {:#}", error),
        );
    }
}

fn check_manifest(
    manifest: &Manifest,
    world: World,
    structure: &Structure<'_>,
    findings: &mut Findings,
) {
    if manifest.world != world {
        findings.add(
            "manifest-world",
            format!(
                "the manifest says `{}`, the component is `{world}`",
                manifest.world
            ),
        );
        return;
    }
    if world != World::Analysis {
        return;
    }
    let imports = |name: &str| structure.imports.iter().any(|import| import == name);
    if !imports(wit::DATA) && !imports(wit::QUERY) {
        findings.add(
            "manifest-resources",
            "the manifest declares resources, and the component imports neither `data` nor `query`",
        );
    }
    if !imports(wit::OUTPUT) {
        findings.add(
            "manifest-outputs",
            "the manifest declares outputs, and the component does not import `output`",
        );
    }
}
