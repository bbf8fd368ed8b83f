//! Builds a guest crate, or a workspace of them: `build <directory> <guests directory>`.

use std::path::PathBuf;
use std::process::ExitCode;

use yunei_module::{BuildError, Builder, Toolchain};

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(directory), Some(guests_dir)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: build <directory of a crate or workspace> <guests directory>");
        return ExitCode::from(2);
    };
    match build(&directory, &guests_dir) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            let mut source = std::error::Error::source(&error);
            while let Some(cause) = source {
                eprintln!("  because {cause}");
                source = cause.source();
            }
            ExitCode::FAILURE
        }
    }
}

fn build(directory: &std::path::Path, guests_dir: &std::path::Path) -> Result<(), BuildError> {
    let builder = Builder::new(Toolchain::detect(directory)?, guests_dir);
    for built in builder.workspace(directory, &mut |line| eprintln!("{line}"))? {
        println!("{} ({} bytes)", built.path.display(), built.bytes);
        for warning in built.warnings {
            println!("  warning: {warning}");
        }
    }
    Ok(())
}
