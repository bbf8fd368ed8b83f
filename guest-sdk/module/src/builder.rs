//! Building modules.

use std::fs;
use std::path::{Path, PathBuf};

use yunei_model::{Limits, Manifest};

use crate::cargo::{self, Artifact};
use crate::{BuildError, Surface, Toolchain, componentize};

/// Name of a manifest's file.
const MANIFEST_FILE: &str = "module.toml";

/// The directory, inside cargo's target directory, in which all guests are built: the standard library is compiled
/// for the guest target once.
#[must_use]
pub fn guests_dir(target_dir: &Path) -> PathBuf {
    target_dir.join("guests")
}

/// Builds modules.
#[derive(Debug, Clone)]
pub struct Builder {
    toolchain: Toolchain,
    guests_dir: PathBuf,
    out_dir: PathBuf,
    locked: bool,
}

/// A built module.
#[derive(Debug, Clone, PartialEq)]
pub struct Built {
    /// The component's file: `<manifest's name>.wasm`.
    pub path: PathBuf,
    /// Size of that file.
    pub bytes: u64,
    /// The manifest inside.
    pub manifest: Manifest,
    /// Imports and exports.
    pub surface: Surface,
    /// What admission would refuse, as far as it shows from outside.
    pub warnings: Vec<String>,
}

impl Builder {
    /// A builder that compiles in `guests_dir` and puts components in its folder `modules`.
    #[must_use]
    pub fn new(toolchain: Toolchain, guests_dir: &Path) -> Self {
        Self {
            toolchain,
            out_dir: guests_dir.join("modules"),
            guests_dir: guests_dir.to_owned(),
            locked: false,
        }
    }

    /// Puts components into another directory.
    #[must_use]
    pub fn out_dir(mut self, out_dir: &Path) -> Self {
        out_dir.clone_into(&mut self.out_dir);
        self
    }

    /// Insists on the versions in `Cargo.lock`.
    #[must_use]
    pub const fn locked(mut self) -> Self {
        self.locked = true;
        self
    }

    /// Builds one crate. Its manifest is `module.toml` in its directory or the one above. Cargo's own lines go to
    /// `progress`.
    ///
    /// # Errors
    /// [`BuildError`].
    pub fn module(
        &self,
        crate_dir: &Path,
        progress: &mut dyn FnMut(&str),
    ) -> Result<Built, BuildError> {
        let wanted = crate_dir
            .canonicalize()
            .map_err(|e| BuildError::file(crate_dir, e))?;
        // The manifest is checked before the minutes that compilation may take.
        find_manifest(&wanted)?;
        self.compile(&wanted, progress)?
            .iter()
            .find(|artifact| artifact.crate_dir == wanted)
            .map_or_else(|| Err(no_module(crate_dir)), |a| self.finish(a))
    }

    /// Builds every module of a workspace, in one go.
    ///
    /// # Errors
    /// [`BuildError`].
    pub fn workspace(
        &self,
        workspace: &Path,
        progress: &mut dyn FnMut(&str),
    ) -> Result<Vec<Built>, BuildError> {
        let root = workspace
            .canonicalize()
            .map_err(|e| BuildError::file(workspace, e))?;
        let built: Result<Vec<Built>, BuildError> = self
            .compile(&root, progress)?
            .iter()
            .map(|artifact| self.finish(artifact))
            .collect();
        built.and_then(|built| {
            if built.is_empty() {
                Err(no_module(workspace))
            } else {
                Ok(built)
            }
        })
    }

    fn compile(
        &self,
        directory: &Path,
        progress: &mut dyn FnMut(&str),
    ) -> Result<Vec<Artifact>, BuildError> {
        fs::create_dir_all(&self.guests_dir).map_err(|e| BuildError::file(&self.guests_dir, e))?;
        let target_dir = self
            .guests_dir
            .canonicalize()
            .map_err(|e| BuildError::file(&self.guests_dir, e))?;
        cargo::build(
            directory,
            &self.toolchain,
            &target_dir,
            self.locked,
            progress,
        )
    }

    /// Makes the component of a core module.
    fn finish(&self, artifact: &Artifact) -> Result<Built, BuildError> {
        let (manifest, text) = find_manifest(&artifact.crate_dir)?;
        let component = componentize(&read_capped(&artifact.path)?, &text)?;
        let surface = Surface::read(&component)?;
        fs::create_dir_all(&self.out_dir).map_err(|e| BuildError::file(&self.out_dir, e))?;
        let path = self.out_dir.join(format!("{}.wasm", manifest.name));
        // Written aside and renamed, so that nobody reads half a component.
        let aside = path.with_extension("wasm.new");
        fs::write(&aside, &component).map_err(|e| BuildError::file(&aside, e))?;
        fs::rename(&aside, &path).map_err(|e| BuildError::file(&path, e))?;
        Ok(Built {
            path,
            bytes: component.len() as u64,
            warnings: warnings(&manifest, &surface),
            manifest,
            surface,
        })
    }
}

fn no_module(workspace: &Path) -> BuildError {
    BuildError::NoModule {
        workspace: workspace.to_owned(),
    }
}

/// The manifest of a crate, parsed and as written.
fn find_manifest(crate_dir: &Path) -> Result<(Manifest, String), BuildError> {
    let path = crate_dir
        .ancestors()
        .take(2)
        .map(|directory| directory.join(MANIFEST_FILE))
        .find(|path| path.is_file())
        .ok_or_else(|| BuildError::NoManifest {
            crate_dir: crate_dir.to_owned(),
        })?;
    let text = fs::read_to_string(&path).map_err(|e| BuildError::file(&path, e))?;
    match Manifest::parse(&text) {
        Ok(manifest) => Ok((manifest, text)),
        Err(source) => Err(BuildError::Manifest { path, source }),
    }
}

/// Reads a file no larger than a component may be.
fn read_capped(path: &Path) -> Result<Vec<u8>, BuildError> {
    let bytes_max = Limits::default().component_bytes_max;
    let size = fs::metadata(path)
        .map_err(|e| BuildError::file(path, e))?
        .len();
    if size > bytes_max {
        return Err(BuildError::TooLarge {
            path: path.to_owned(),
            bytes_max,
        });
    }
    fs::read(path).map_err(|e| BuildError::file(path, e))
}

fn warnings(manifest: &Manifest, surface: &Surface) -> Vec<String> {
    let mut warnings: Vec<String> = surface
        .foreign_imports()
        .map(|import| format!("it imports `{import}`, which the domain never gives"))
        .collect();
    if surface.world() != Some(manifest.world) {
        let exports = surface.exports.join("`, `");
        warnings.push(format!(
            "the manifest says world `{}`, the module exports `{exports}`",
            manifest.world
        ));
    }
    warnings
}
