//! `yunei module build`.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use serde_json::json;
use yunei_model::{Digest, Limits};
use yunei_module::{BuildError, Builder, Built, Toolchain, guests_dir};

use crate::exit::Exit;
use crate::failure::Input;
use crate::files;
use crate::printer::Printer;
use crate::sheet::{Sheet, list, number};

/// Builds one module.
#[derive(Debug, Args)]
pub struct Build {
    /// Directory of the crate; its manifest is `module.toml` there, or one directory above
    #[arg(default_value = ".")]
    directory: PathBuf,

    /// Where the component goes; by default NAME.wasm in the target directory
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Where cargo builds; shared between modules, the standard library is built once
    #[arg(long, value_name = "DIR")]
    target_dir: Option<PathBuf>,

    /// Insists on the versions in Cargo.lock
    #[arg(long)]
    locked: bool,
}

impl Build {
    /// Builds it.
    pub fn run(self, printer: Printer) -> anyhow::Result<Exit> {
        let toolchain = Toolchain::detect(&self.directory).map_err(whose_fault)?;
        let target_dir = self
            .target_dir
            .unwrap_or_else(|| guests_dir(&self.directory.join("target")));
        let builder = Builder::new(toolchain, &target_dir);
        let builder = if self.locked {
            builder.locked()
        } else {
            builder
        };
        let built = builder.module(&self.directory, &mut |line| eprintln!("{line}"));
        let built = built.map_err(whose_fault)?;
        let component = files::read(&built.path, Limits::default().component_bytes_max)?;
        let path = match self.out {
            Some(out) => {
                put(&component, &out)?;
                out
            }
            None => built.path.clone(),
        };
        for warning in &built.warnings {
            eprintln!("warning: admission would refuse it: {warning}");
        }
        told(printer, &built, &path, &Digest::of(&component))?;
        Ok(Exit::Done)
    }
}

/// What the module's author can mend is wrong input; what the machine lacks is not.
fn whose_fault(error: BuildError) -> anyhow::Error {
    match error {
        BuildError::NoToolchain | BuildError::Start { .. } => error.into(),
        error => Input::new("the module cannot be built")
            .because(error)
            .into(),
    }
}

fn put(component: &[u8], out: &Path) -> anyhow::Result<()> {
    if let Some(directory) = out
        .parent()
        .filter(|directory| !directory.as_os_str().is_empty())
    {
        std::fs::create_dir_all(directory)
            .with_context(|| format!("cannot make `{}`", directory.display()))?;
    }
    files::write(out, component)
}

fn told(printer: Printer, built: &Built, path: &Path, digest: &Digest) -> anyhow::Result<()> {
    let answer = json!({
        "path": path,
        "bytes": built.bytes,
        "digest": digest,
        "name": built.manifest.name,
        "version": built.manifest.version,
        "world": built.manifest.world,
        "imports": built.surface.imports,
        "warnings": built.warnings,
    });
    printer.sheet(&answer, |_: serde_json::Value| {
        let mut sheet = Sheet::facts();
        sheet
            .fact(
                "module",
                format!("{} {}", built.manifest.name, built.manifest.version),
            )
            .fact("world", built.manifest.world)
            .fact("imports", list(&built.surface.imports))
            .fact("component", path.display())
            .fact("bytes", number(built.bytes))
            .fact("digest", digest);
        sheet
    })
}
