//! `yunei.toml` in the data directory: what a domain talks to.

use std::io::{ErrorKind, Read as _};

use serde::Deserialize;
use yunei_lifecycle::Collector;
use yunei_model::Name;
use yunei_outbound::Address;
use yunei_telemetry::otlp::Audience;

use crate::failure::Input;

/// The file.
const FILE: &str = "yunei.toml";
/// Bytes of the file, or of one file of headers.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// Collectors at most.
const COLLECTORS_MAX: usize = 16;
/// Headers of one collector at most.
const HEADERS_MAX: usize = 32;

/// What the file says. There need not be one.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    /// `[[collector]]`: where traces go.
    #[serde(default)]
    collector: Vec<CollectorSection>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CollectorSection {
    name: Name,
    url: String,
    kind: CollectorKind,
    headers_file: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum CollectorKind {
    Full,
    Redacted,
}

impl Configuration {
    /// Reads the file in the data directory.
    pub fn read(directory: &cap_std::fs::Dir) -> Result<Self, Input> {
        let Some(text) = text(directory, FILE)? else {
            return Ok(Self::default());
        };
        let configuration: Self =
            toml::from_str(&text).map_err(|error| wrong("is not understood").because(error))?;
        if configuration.collector.len() > COLLECTORS_MAX {
            return Err(wrong(&format!("has more than {COLLECTORS_MAX} collectors")));
        }
        Ok(configuration)
    }

    /// Where traces go, with the headers that are in files of their own.
    pub fn collectors(&self, directory: &cap_std::fs::Dir) -> Result<Vec<Collector>, Input> {
        let mut collectors: Vec<Collector> = Vec::new();
        for section in &self.collector {
            let name = &section.name;
            if collectors.iter().any(|collector| collector.name == *name) {
                return Err(wrong(&format!("has two collectors named `{name}`")));
            }
            let address: Address = section.url.parse().map_err(|error| {
                wrong(&format!("names no collector with `{name}`")).because(error)
            })?;
            collectors.push(Collector {
                name: name.clone(),
                address,
                audience: match section.kind {
                    CollectorKind::Full => Audience::Full,
                    CollectorKind::Redacted => Audience::Redacted,
                },
                headers: match &section.headers_file {
                    Some(file) => headers(directory, file)?,
                    None => Vec::new(),
                },
            });
        }
        Ok(collectors)
    }
}

/// Lines of the form `name: value`, so that a secret stands in a file of its own.
fn headers(directory: &cap_std::fs::Dir, file: &str) -> Result<Vec<(String, String)>, Input> {
    let text = text(directory, file)?
        .ok_or_else(|| wrong(&format!("names `{file}`, which is not there")))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut headers = Vec::new();
    for line in lines {
        // Never the line itself: it may be a secret.
        let malformed = || Input::new(format!("`{file}` has a line that is no `name: value`"));
        let (name, value) = line.split_once(':').ok_or_else(malformed)?;
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let shows = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
        if name.is_empty() || !name.bytes().all(fits) || !value.bytes().all(shows) {
            return Err(malformed());
        }
        headers.push((name, value.to_owned()));
    }
    if headers.len() > HEADERS_MAX {
        return Err(Input::new(format!(
            "`{file}` has more than {HEADERS_MAX} headers"
        )));
    }
    Ok(headers)
}

/// The text of a file in the data directory, if it is there.
fn text(directory: &cap_std::fs::Dir, name: &str) -> Result<Option<String>, Input> {
    let failed = |error: std::io::Error| {
        Input::new(format!("cannot read `{name}` in the data directory")).because(error)
    };
    let file = match directory.open(name) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let mut text = String::new();
    let read = file
        .take(FILE_BYTES_MAX + 1)
        .read_to_string(&mut text)
        .map_err(failed)?;
    if read as u64 > FILE_BYTES_MAX {
        return Err(Input::new(format!(
            "`{name}` has more than {FILE_BYTES_MAX} bytes"
        )));
    }
    Ok(Some(text))
}

fn wrong(what: &str) -> Input {
    Input::new(format!("`{FILE}` in the data directory {what}"))
}

#[cfg(test)]
mod tests;
