//! `yunei module new`: a crate that builds at once.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use serde_json::json;
use yunei_model::{Name, World};

use crate::exit::Exit;
use crate::failure::Input;
use crate::files;
use crate::printer::Printer;

/// Where the SDK is in a copy of Yunei's sources.
const SDK: &str = "guest-sdk/rust";

const CARGO: &str = include_str!("scaffold/Cargo.toml.txt");
const IGNORE: &str = "/target\n";
/// Of a `per-subject` module: it makes the stack small.
const SMALL_STACK: &str = include_str!("scaffold/per-subject.build.rs.txt");

/// Begins a module.
#[derive(Debug, Args)]
pub struct New {
    /// Name of the module, and of the directory made for it
    name: Name,

    /// The world that it lives in: `analysis` reads tables and writes outputs, `per-row` derives columns, `per-subject`
    /// contributes bounded values of one data subject after another
    #[arg(long, default_value = "analysis")]
    world: World,

    /// Directory of the Rust SDK; by default `guest-sdk/rust` of the sources that the new module lies in
    #[arg(long, value_name = "DIR")]
    sdk: Option<PathBuf>,

    /// Directory to make it in
    #[arg(long, value_name = "DIR", default_value = ".")]
    into: PathBuf,
}

impl New {
    /// Makes it.
    pub fn run(self, printer: Printer) -> anyhow::Result<Exit> {
        let into = self.into.canonicalize().map_err(|error| {
            Input::new(format!("there is no directory `{}`", self.into.display())).because(error)
        })?;
        let sdk = match self.sdk {
            Some(sdk) => sdk.canonicalize().ok(),
            None => into
                .ancestors()
                .map(|above| above.join(SDK))
                .find(|sdk| sdk.is_dir()),
        };
        let sdk = sdk.filter(|sdk| sdk.join("Cargo.toml").is_file());
        let sdk =
            sdk.ok_or_else(|| Input::new("the SDK was not found: say where it is with --sdk"))?;
        let directory = into.join(self.name.as_str());
        if directory.exists() {
            return Err(Input::new(format!("`{}` is there already", directory.display())).into());
        }
        let sdk = sdk
            .to_str()
            .ok_or_else(|| Input::new("the SDK's path is not UTF-8"))?;
        let quoted = toml::Value::from(sdk).to_string();
        let fill = |template: &str| {
            template
                .replace("@NAME@", self.name.as_str())
                .replace("@SDK@", &quoted)
        };
        let (manifest, source) = templates(self.world);
        std::fs::create_dir_all(directory.join("src"))
            .with_context(|| format!("cannot make `{}`", directory.display()))?;
        put(&directory, "Cargo.toml", &fill(CARGO))?;
        put(&directory, "module.toml", &fill(manifest))?;
        put(&directory, "src/lib.rs", &fill(source))?;
        put(&directory, ".gitignore", IGNORE)?;
        if self.world == World::PerSubject {
            put(&directory, "build.rs", SMALL_STACK)?;
        }
        let made = directory.display();
        let words = format!(
            "made `{made}`\n\nSay in module.toml which resources, fields and outputs it is about, then:\n\n  \
             yunei module build {made} --out {name}.wasm\n  yunei module check {name}.wasm\n  yunei module upload {name}.wasm",
            name = self.name
        );
        printer.say(&json!({ "path": directory, "world": self.world }), &words)?;
        Ok(Exit::Done)
    }
}

fn put(directory: &Path, file: &str, text: &str) -> anyhow::Result<()> {
    files::write(&directory.join(file), text.as_bytes())
}

/// Manifest and source of a module that does the least that its world allows.
const fn templates(world: World) -> (&'static str, &'static str) {
    match world {
        World::Analysis => (
            include_str!("scaffold/analysis.toml.txt"),
            include_str!("scaffold/analysis.rs.txt"),
        ),
        World::PerRow => (
            include_str!("scaffold/per-row.toml.txt"),
            include_str!("scaffold/per-row.rs.txt"),
        ),
        World::PerSubject => (
            include_str!("scaffold/per-subject.toml.txt"),
            include_str!("scaffold/per-subject.rs.txt"),
        ),
    }
}

#[cfg(test)]
mod tests;
