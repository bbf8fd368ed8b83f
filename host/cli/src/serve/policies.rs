//! Policies: those built in, or those of a directory.

use std::io::Read as _;
use std::path::Path;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use yunei_authority::Authority;
use yunei_disclosure::Profile;
use yunei_lifecycle::AlertRule;
use yunei_model::Name;

use crate::failure::Input;

/// The profile that releases are held against unless another is named.
pub const PROFILE_DEFAULT: &str = "yunei";
/// The profiles built in.
const PROFILES: [&str; 6] = [
    include_str!("../../../../policies/disclosure/yunei.toml"),
    include_str!("../../../../policies/disclosure/acro.toml"),
    include_str!("../../../../policies/disclosure/datashield.toml"),
    include_str!("../../../../policies/disclosure/opensafely.toml"),
    include_str!("../../../../policies/disclosure/opensafely-midpoint.toml"),
    include_str!("../../../../policies/disclosure/sdctable.toml"),
];
/// The schema's file.
const SCHEMA: &str = "schema.cedarschema";
/// Directory of the profiles.
const DISCLOSURE: &str = "disclosure";
/// The rules of alerts built in.
const ALERTS: [&str; 13] = [
    include_str!("../../../../policies/alerts/checkpoint-lag.toml"),
    include_str!("../../../../policies/alerts/containment.toml"),
    include_str!("../../../../policies/alerts/decoy.toml"),
    include_str!("../../../../policies/alerts/denied-calls.toml"),
    include_str!("../../../../policies/alerts/denied-decisions.toml"),
    include_str!("../../../../policies/alerts/quota.toml"),
    include_str!("../../../../policies/alerts/run-hours.toml"),
    include_str!("../../../../policies/alerts/sign-in-failures.toml"),
    include_str!("../../../../policies/alerts/verification.toml"),
    include_str!("../../../../policies/alerts/volume.toml"),
    include_str!("../../../../policies/alerts/witness-fault.toml"),
    include_str!("../../../../policies/alerts/witness-lag.toml"),
    include_str!("../../../../policies/alerts/witness-silent.toml"),
];
/// Directory of the rules of alerts.
const ALERTS_DIRECTORY: &str = "alerts";
/// Bytes of one file.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// Files of policies.
const FILES_MAX: usize = 256;

/// Who may do what, and what may leave.
#[derive(Debug)]
pub struct Policies {
    /// Who may do what.
    pub authority: Authority,
    /// What may leave: the profile's text.
    pub profile: String,
    /// What raises an alert.
    pub alerts: Vec<AlertRule>,
}

impl Policies {
    /// Reads them from `directory`, or takes those built in.
    pub fn read(directory: Option<&Path>, profile: &Name) -> Result<Self, Input> {
        let Some(path) = directory else {
            return Ok(Self {
                authority: Authority::builtin().map_err(|error| {
                    Input::new("the built-in policies are wrong").because(error)
                })?,
                profile: built_in(profile)?,
                alerts: rules(ALERTS)?,
            });
        };
        let wrong = || Input::new(format!("cannot use the policies in `{}`", path.display()));
        let directory = Dir::open_ambient_dir(path, ambient_authority())
            .map_err(|error| wrong().because(error))?;
        let schema = text(&directory, SCHEMA)?;
        let files = files(&directory, ".cedar").map_err(|error| wrong().because(error))?;
        let texts: Result<Vec<String>, Input> =
            files.iter().map(|file| text(&directory, file)).collect();
        let texts = texts?;
        let named: Vec<(&str, &str)> = files
            .iter()
            .map(String::as_str)
            .zip(texts.iter().map(String::as_str))
            .collect();
        Ok(Self {
            authority: Authority::new(&schema, &named).map_err(|error| wrong().because(error))?,
            profile: text(&directory, &format!("{DISCLOSURE}/{profile}.toml"))?,
            alerts: alerts(&directory)?,
        })
    }
}

/// The rules of alerts in a directory of policies; one that has no directory of them leaves those built in.
fn alerts(directory: &Dir) -> Result<Vec<AlertRule>, Input> {
    let wrong = || Input::new("cannot use the rules of alerts among the policies");
    if !directory.exists(ALERTS_DIRECTORY) {
        return rules(ALERTS);
    }
    let directory = directory
        .open_dir(ALERTS_DIRECTORY)
        .map_err(|error| wrong().because(error))?;
    let files = files(&directory, ".toml").map_err(|error| wrong().because(error))?;
    let texts: Result<Vec<String>, Input> =
        files.iter().map(|file| text(&directory, file)).collect();
    rules(texts?)
}

fn rules<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Result<Vec<AlertRule>, Input> {
    let parsed = texts
        .into_iter()
        .map(|text| AlertRule::parse(text.as_ref()))
        .collect::<Result<_, _>>();
    parsed.map_err(|error| Input::new("a rule of alerts is wrong").because(error))
}

/// The files with that ending, in the order of their names, so that equal files have equal digests.
fn files(directory: &Dir, ending: &str) -> std::io::Result<Vec<String>> {
    let mut files = Vec::new();
    for entry in directory.entries()? {
        let name = entry?
            .file_name()
            .into_string()
            .map_err(|_| std::io::Error::other("a file's name is not UTF-8"))?;
        if name.ends_with(ending) {
            files.push(name);
        }
        if files.len() > FILES_MAX {
            return Err(std::io::Error::other(format!(
                "more than {FILES_MAX} files"
            )));
        }
    }
    files.sort();
    Ok(files)
}

fn text(directory: &Dir, file: &str) -> Result<String, Input> {
    let wrong = || Input::new(format!("cannot read `{file}` of the policies"));
    let opened = directory
        .open(file)
        .map_err(|error| wrong().because(error))?;
    let mut text = String::new();
    opened
        .take(FILE_BYTES_MAX)
        .read_to_string(&mut text)
        .map_err(|error| wrong().because(error))?;
    if text.len() as u64 == FILE_BYTES_MAX {
        return Err(wrong().because(format!("it has {FILE_BYTES_MAX} bytes or more")));
    }
    Ok(text)
}

/// The built-in profile of that name.
pub fn built_in(profile: &Name) -> Result<String, Input> {
    let mut names = Vec::new();
    for text in PROFILES {
        let parsed = Profile::parse(text)
            .map_err(|error| Input::new("a built-in profile is wrong").because(error))?;
        if parsed.name() == profile {
            return Ok(text.to_owned());
        }
        names.push(parsed.name().to_string());
    }
    Err(Input::new(format!(
        "there is no profile `{profile}`; built in are {}",
        names.join(", ")
    )))
}

#[cfg(test)]
mod tests;
