//! The guest interface as text, parsed: names, worlds and what each world may import and export.

use std::sync::LazyLock;

use wit_parser::{Resolve, WorldId, WorldItem, WorldKey};
use yunei_model::World;

use crate::SandboxError;

/// `guest-sdk/wit/yunei.wit`.
pub const TEXT: &str = include_str!("../../../guest-sdk/wit/yunei.wit");
/// Interface `data`, as components import it. A test holds this against [`TEXT`].
pub const DATA: &str = "yunei:guest/data@0.1.0";
/// Interface `query`.
pub const QUERY: &str = "yunei:guest/query@0.1.0";
/// Interface `output`.
pub const OUTPUT: &str = "yunei:guest/output@0.1.0";
/// Interface `journal`.
pub const JOURNAL: &str = "yunei:guest/journal@0.1.0";
/// Interface `inputs`.
pub const INPUTS: &str = "yunei:guest/inputs@0.1.0";
/// Interface `tables`: types alone.
pub const TABLES: &str = "yunei:guest/tables@0.1.0";

/// The parsed package.
pub(crate) struct Package {
    pub(crate) resolve: Resolve,
    worlds: Vec<(World, WorldId)>,
}

/// [`TEXT`], parsed once.
///
/// # Errors
/// [`SandboxError::Wit`], which a test rules out.
pub(crate) fn package() -> Result<&'static Package, SandboxError> {
    static PACKAGE: LazyLock<Result<Package, String>> = LazyLock::new(Package::parse);
    let wrong = |reason: &String| SandboxError::Wit {
        reason: reason.clone(),
    };
    PACKAGE.as_ref().map_err(wrong)
}

impl Package {
    fn parse() -> Result<Self, String> {
        let mut resolve = Resolve::default();
        let package = resolve
            .push_source("yunei.wit", TEXT)
            .map_err(|error| format!("{error:#}"))?;
        let worlds = World::ALL
            .iter()
            .map(|world| {
                let id = resolve
                    .select_world(&[package], Some(world.as_str()))
                    .map_err(|error| format!("{error:#}"))?;
                Ok((*world, id))
            })
            .collect::<Result<_, String>>()?;
        Ok(Self { resolve, worlds })
    }

    /// Id of a world.
    pub(crate) fn world(&self, world: World) -> Option<WorldId> {
        let found = self.worlds.iter().find(|(name, _)| *name == world);
        found.map(|(_, id)| *id)
    }

    /// Names that components of that world may import; those of interfaces, and of types that the world itself uses.
    pub(crate) fn imports(&self, world: World) -> Vec<String> {
        self.names(world, |world| &world.imports)
    }

    /// Names that components of that world must export.
    pub(crate) fn exports(&self, world: World) -> Vec<String> {
        self.names(world, |world| &world.exports)
    }

    fn names(
        &self,
        world: World,
        items: impl Fn(&wit_parser::World) -> &wit_parser::IndexMap<WorldKey, WorldItem>,
    ) -> Vec<String> {
        let Some(world) = self.world(world).and_then(|id| self.resolve.worlds.get(id)) else {
            return Vec::new();
        };
        items(world)
            .keys()
            .map(|key| self.resolve.name_world_key(key))
            .collect()
    }
}
