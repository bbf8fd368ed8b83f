//! A server under the eyes of two witnesses.

use std::path::PathBuf;

use yunei_tests::{Named, Witness, quorum_policy};

use crate::common::{World, program};
use crate::verifiers::name;

/// Two witnesses that make the quorum together, and the policy that names them.
pub struct Watch {
    pub witnesses: [Witness; 2],
    policy: PathBuf,
    _directory: tempfile::TempDir,
}

impl Watch {
    /// Starts them, and the server of `world` anew under their policy.
    pub fn start(world: &mut World) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        world.server.stop().expect("stopped in order");
        let key = world.server.data().join("log.pub");
        let witnesses = ["inside", "outside"].map(|name| {
            let data = directory.path().join(name);
            let name = format!("witness.example/{name}");
            Witness::start(&program(), &data, &name, &key).expect("a witness")
        });
        let [inside, outside] = &witnesses;
        let named = [
            Named::of("inside", inside, false),
            Named::of("outside", outside, true),
        ];
        let policy = world.server.data().join("witnesses.toml");
        std::fs::write(&policy, quorum_policy(&named, 2, "")).expect("a policy");
        world.server.restart().expect("started under the policy");
        world.story.move_to(&world.server);
        Self {
            witnesses,
            policy,
            _directory: directory,
        }
    }

    /// `arguments`, and the witnesses' keys.
    pub fn keys<'k>(&'k self, arguments: &[&'k str]) -> Vec<&'k str> {
        let keys = self.witnesses.iter().map(Witness::key);
        arguments.iter().copied().chain(keys).collect()
    }

    /// `arguments`, and the policy.
    pub fn policy<'k>(&'k self, arguments: &[&'k str]) -> Vec<&'k str> {
        [arguments, &["--policy", name(&self.policy)]].concat()
    }
}
