//! Opening a domain over a directory, and the administrators of its first start.

use std::path::Path;
use std::sync::Arc;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use yunei_authority::Authority;
use yunei_lifecycle::{Actor, Domain, FileKeyStore, RequestTrace, Settings};
use yunei_model::{Clock, Limits, RandomIds};

/// Settings of a domain in `directory`, with the policies and the profile of the repository. There is no program to start rooms from.
///
/// # Panics
/// The directory cannot be used.
#[must_use]
pub fn settings(directory: &Path, clock: Arc<dyn Clock>) -> Settings {
    let data = Dir::open_ambient_dir(directory, ambient_authority()).unwrap();
    data.create_dir_all("keys").unwrap();
    let keys = FileKeyStore::open(data.open_dir("keys").unwrap()).unwrap();
    Settings {
        data,
        data_path: directory.to_owned(),
        program: "/nonexistent/yunei".into(),
        authority: Authority::builtin().unwrap(),
        profile: include_str!("../../../policies/disclosure/yunei.toml").to_owned(),
        log_name: "test.example/log".to_owned(),
        witnesses: None,
        cadence: yunei_lifecycle::CADENCE_DEFAULT,
        limits: Limits::default(),
        keys: Arc::new(keys),
        clock,
        ids: Arc::new(RandomIds),
    }
}

/// One of the two administrators of a domain's first start: `system` or `security`.
///
/// # Panics
/// There is none.
pub async fn administrator(domain: &Domain, directory: &Path, which: &str) -> Actor {
    let file = directory.join(format!("{which}-administrator.token"));
    let token = std::fs::read_to_string(file).unwrap();
    let trace = RequestTrace::default();
    domain.authenticate(&token, trace).await.unwrap()
}
